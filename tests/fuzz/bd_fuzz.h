/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * What the fuzz targets share.  A target is one function of libFuzzer's; it
 * stops the process when something does not hold, also without assert().
 */


#ifndef _BD_FUZZ_H_INCLUDED_
#define _BD_FUZZ_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>


#define bd_fuzz_check(condition)                                              \
    do {                                                                      \
        if (!(condition)) {                                                   \
            abort();                                                          \
        }                                                                     \
    } while (0)


/* Called by libFuzzer with each input; returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


#endif /* _BD_FUZZ_H_INCLUDED_ */
