/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Numbers and byte strings of the formats that leave the process: little
 * endian, at any address.
 */


#ifndef _BD_BYTES_H_INCLUDED_
#define _BD_BYTES_H_INCLUDED_


#include "bd_slice.h"


/* Writes the low size bytes of value, at most 8; returns the end of them. */
static inline uint8_t *
bd_bytes_put(uint8_t *p, uint64_t value, size_t size)
{
    size_t  i;

    for (i = 0; i < size; i++) {
        *p++ = (uint8_t) (value >> (8 * i));
    }

    return p;
}


/* Reads size bytes, at most 8. */
static inline uint64_t
bd_bytes_get(const uint8_t *p, size_t size)
{
    size_t    i;
    uint64_t  value;

    value = 0;

    for (i = 0; i < size; i++) {
        value |= (uint64_t) p[i] << (8 * i);
    }

    return value;
}


/* Writes the bytes of s; returns the end of them. */
static inline uint8_t *
bd_bytes_copy(uint8_t *p, bd_slice_t s)
{
    /* an absent value has no data, and memcpy() takes no NULL */

    if (s.len == 0) {
        return p;
    }

    memcpy(p, s.data, s.len);

    return p + s.len;
}


#endif /* _BD_BYTES_H_INCLUDED_ */
