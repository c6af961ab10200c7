/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * A growable run of bytes, used while a configuration is compiled.  A buffer
 * that could not grow stays failed, so a writer checks once, at the end.
 */


#ifndef _BD_BUF_H_INCLUDED_
#define _BD_BUF_H_INCLUDED_


#include "bd_slice.h"


typedef struct {
    char    *data;              /* NUL-terminated once something was added */
    size_t   len;
    size_t   size;
    int      failed;            /* memory was short: data is incomplete */
} bd_buf_t;


#define BD_BUF_EMPTY  ((bd_buf_t) { NULL, 0, 0, 0 })


/* Appends len bytes and keeps data NUL-terminated. */
void bd_buf_add(bd_buf_t *buf, const void *data, size_t len);

/* The same for a terminated string, and for the UTF-8 of a code point. */
void bd_buf_puts(bd_buf_t *buf, const char *s);
void bd_buf_put_code(bd_buf_t *buf, uint32_t code);

/* Frees what the buffer holds and empties it. */
void bd_buf_free(bd_buf_t *buf);

/* What has been written, valid until the next call on the buffer. */
static inline bd_slice_t
bd_buf_slice(const bd_buf_t *buf)
{
    return bd_slice_make(buf->data, buf->len);
}


#endif /* _BD_BUF_H_INCLUDED_ */
