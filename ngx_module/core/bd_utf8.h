/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * UTF-8 (RFC 3629), a code point at a time.
 */


#ifndef _BD_UTF8_H_INCLUDED_
#define _BD_UTF8_H_INCLUDED_


#include "bd_slice.h"


#define BD_UTF8_INVALID  0xffffffffu


/*
 * Takes one code point off the front of *s.  Returns it, or BD_UTF8_INVALID,
 * with *s unchanged, when s is empty or does not begin with valid UTF-8
 * (overlong forms and surrogates are not).
 */
uint32_t bd_utf8_next(bd_slice_t *s);

/* 1 when all of s is valid UTF-8, else 0. */
int bd_utf8_valid(bd_slice_t s);

/* The number of code points of s, which must be valid UTF-8. */
size_t bd_utf8_length(bd_slice_t s);

/*
 * Writes the UTF-8 of code, at most 0x10ffff, to out; returns the number of
 * bytes, 1 to 4.
 */
size_t bd_utf8_encode(char *out, uint32_t code);


#endif /* _BD_UTF8_H_INCLUDED_ */
