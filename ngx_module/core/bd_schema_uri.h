/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Private to bd_schema*.c: URI references and JSON pointers.
 */


#ifndef _BD_SCHEMA_URI_H_INCLUDED_
#define _BD_SCHEMA_URI_H_INCLUDED_


#include "bd_buf.h"


/*
 * Appends the target of reference seen from base (RFC 3986, section 5.2) to
 * out.  Without a base the reference itself is the target.  A fragment of the
 * base is not looked at; the one of the reference is kept.
 */
void bd_schema_uri_resolve(bd_slice_t base, bd_slice_t reference,
    bd_buf_t *out);

/* Cuts a reference at its "#", which belongs to neither part. */
void bd_schema_uri_split(bd_slice_t reference, bd_slice_t *uri,
    bd_slice_t *fragment);

/* Appends s with its percent-encoded bytes decoded; -1 for a bad one. */
int bd_schema_uri_decode(bd_slice_t s, bd_buf_t *out);

/* Appends "/" and the token, escaped as RFC 6901, section 3, says. */
void bd_schema_pointer_add(bd_buf_t *out, bd_slice_t token);

/*
 * Takes the first token, and the "/" before it, off a JSON pointer that is
 * not empty.  Appends it unescaped to out.  Returns -1 for a pointer that
 * does not begin with "/" or holds a bad escape.
 */
int bd_schema_pointer_next(bd_slice_t *pointer, bd_buf_t *out);


#endif /* _BD_SCHEMA_URI_H_INCLUDED_ */
