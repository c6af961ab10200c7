/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * A view of bytes that somebody else owns.  The core never copies or frees
 * what a slice points to; each function says how long it looks at it.
 */


#ifndef _BD_SLICE_H_INCLUDED_
#define _BD_SLICE_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>
#include <string.h>


typedef struct {
    size_t          len;
    const uint8_t  *data;
} bd_slice_t;


#define bd_slice(s)  ((bd_slice_t) { sizeof(s) - 1, (const uint8_t *) (s) })


static inline bd_slice_t
bd_slice_make(const void *data, size_t len)
{
    return (bd_slice_t) { len, data };
}


/* 1 when both views hold the same bytes, else 0. */
static inline int
bd_slice_equal(bd_slice_t a, bd_slice_t b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}


#endif /* _BD_SLICE_H_INCLUDED_ */
