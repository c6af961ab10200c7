/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * JSON text (RFC 8259) to jansson's values, in one pass that also refuses
 * what jansson's own parser lets through or cannot be told about: a repeated
 * member (without a second lookup), and nesting over a bound of the caller's.
 * And it takes what jansson refuses though it is JSON: numbers of any size,
 * and U+0000 in names.
 *
 * Numbers keep their truth: for each one that is not an integer of 64 bits
 * the document remembers the source text.
 */


#ifndef _BD_JSON_H_INCLUDED_
#define _BD_JSON_H_INCLUDED_


#include <jansson.h>
#include "bd_number.h"


typedef struct {
    const json_t  *value;
    bd_slice_t     text;
} bd_json_number_t;


/* A parsed document, or one made of values only: then numbers is NULL. */
typedef struct {
    json_t            *root;
    bd_json_number_t  *numbers;         /* open addressing, by value */
    size_t             numbers_size;    /* a power of 2, or 0 */
    size_t             numbers_used;
    char              *text;            /* of bd_json_load(), owned */
} bd_json_t;


/* Room for the digits of a number that has no source text. */
typedef char  bd_json_digits_t[32];


/*
 * Parses text, which must stay where it is while the numbers of the document
 * are asked for.  An array or object may lie in at most depth - 1 others.
 * In the values, a number beyond a long long is a real, nearest or (beyond a
 * double) the greatest there is.
 *
 * Returns 0; 1 when text is not such a document; -1 when memory is short.
 * Only after 0 there is something to free.
 */
int bd_json_parse(bd_json_t *document, bd_slice_t text, unsigned depth);
void bd_json_free(bd_json_t *document);

/* The same on a copy of text, which the document keeps. */
int bd_json_load(bd_json_t *document, bd_slice_t text, unsigned depth);

/*
 * The exact value of a number of the document.  Without a source text it is
 * the shortest decimal that reads back as the same double.  digits is used
 * when it must be written out, and must live as long as *number.
 */
void bd_json_number(const bd_json_t *document, const json_t *value,
    bd_number_t *number, bd_json_digits_t digits);


#endif /* _BD_JSON_H_INCLUDED_ */
