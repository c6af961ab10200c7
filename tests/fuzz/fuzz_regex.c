/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Fuzzes regular expressions: the first line of the input is a pattern, the
 * rest what is searched.
 */


#include "bd_fuzz.h"
#include "bd_regex.h"
#include "bd_utf8.h"


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int              rc;
    uint32_t         budget;
    bd_slice_t       pattern, subject;
    bd_regex_t      *regex;
    const char      *error;
    const uint8_t   *newline;

    newline = size ? memchr(data, '\n', size) : NULL;
    if (newline == NULL) {
        return 0;
    }

    pattern = bd_slice_make(data, (size_t) (newline - data));
    subject = bd_slice_make(newline + 1,
                            (size_t) (data + size - newline - 1));

    error = NULL;
    regex = bd_regex_compile(pattern, &error);

    if (regex == NULL) {
        bd_fuzz_check(error != NULL);
        (void) bd_regex_valid(pattern);
        return 0;
    }

    if (bd_utf8_valid(subject)) {
        budget = BD_REGEX_BUDGET;
        rc = bd_regex_match(regex, subject, &budget);
        bd_fuzz_check(rc == 0 || rc == 1 || rc == BD_REGEX_LIMIT);
    }

    bd_regex_free(regex);

    return 0;
}
