/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Tables of values for the tests of the formats.
 */


#ifndef _TEST_BD_FORMAT_CASES_H_INCLUDED_
#define _TEST_BD_FORMAT_CASES_H_INCLUDED_


#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>
#include "bd_format.h"


typedef struct {
    const char  *text;          /* may have zero bytes inside */
    size_t       len;
    int          valid;
    const char  *why;
} bd_format_case_t;


#define bd_valid(text, why)    { text, sizeof(text) - 1, 1, why }
#define bd_invalid(text, why)  { text, sizeof(text) - 1, 0, why }

#define bd_run_cases(format, cases)                                           \
    bd_run_format_cases(format, cases, sizeof(cases) / sizeof(cases[0]))


/* The verdict on a copy that ends where its memory ends, so that the
 * sanitizer sees a byte read too far. */
static inline int
bd_format_verdict(bd_format_pt check, const char *text, size_t len)
{
    int       valid;
    uint8_t  *copy;

    copy = malloc(1 + len);
    assert_non_null(copy);

    memcpy(copy + 1, text, len);
    valid = check(bd_slice_make(copy + 1, len));
    free(copy);

    return valid;
}


/* Judges each case, and for the sanitizer's sake everything it begins with. */
static inline void
bd_run_format_cases(const char *format, const bd_format_case_t *cases,
    size_t n)
{
    int           failed;
    size_t        i, len;
    bd_format_pt  check;

    check = bd_format_lookup(bd_slice_make(format, strlen(format)));
    assert_non_null(check);

    failed = 0;

    for (i = 0; i < n; i++) {
        for (len = 0; len < cases[i].len; len++) {
            (void) bd_format_verdict(check, cases[i].text, len);
        }

        if (bd_format_verdict(check, cases[i].text, cases[i].len)
            != cases[i].valid)
        {
            print_error("%s: \"%s\" should be %s: %s\n", format,
                        cases[i].text, cases[i].valid ? "valid" : "invalid",
                        cases[i].why);
            failed++;
        }
    }

    assert_int_equal(failed, 0);
}


/* The same numbers in each run (Knuth's MMIX generator). */
static inline uint32_t
bd_random(uint64_t *state, uint32_t below)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;

    return (uint32_t) (*state >> 33) % below;
}


#endif /* _TEST_BD_FORMAT_CASES_H_INCLUDED_ */
