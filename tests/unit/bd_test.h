/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * What the unit tests share: cmocka with the headers it wants, input in
 * memory of its exact size, so that the address sanitizer sees a read of one
 * byte too many, and numbers that are random but the same in every run.
 */


#ifndef _BD_TEST_H_INCLUDED_
#define _BD_TEST_H_INCLUDED_


#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "bd_slice.h"


#define bd_test_count(a)  (sizeof(a) / sizeof((a)[0]))


/* A copy on the heap, of exactly s.len bytes; to be freed. */
static inline uint8_t *
bd_test_copy(bd_slice_t s)
{
    uint8_t  *p;

    p = malloc(s.len);
    assert_non_null(p);

    if (s.len != 0) {
        memcpy(p, s.data, s.len);
    }

    return p;
}


static inline bd_slice_t
bd_test_slice(const char *s)
{
    return bd_slice_make(s, strlen(s));
}


/* SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): any seed will do. */
static inline uint64_t
bd_test_random(uint64_t *state)
{
    uint64_t  z;

    z = (*state += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;

    return z ^ (z >> 31);
}


#define assert_slice_equal(slice, string)                                     \
    do {                                                                      \
        bd_slice_t  a_ = (slice);                                             \
        bd_slice_t  b_ = bd_test_slice(string);                               \
                                                                              \
        assert_int_equal(a_.len, b_.len);                                     \
        assert_true(bd_slice_equal(a_, b_));                                  \
    } while (0)


#endif /* _BD_TEST_H_INCLUDED_ */
