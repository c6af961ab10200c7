/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Fuzzes bd_entry_decode().  What decodes must encode to the very same bytes,
 * and its extra pairs, put one after another, must give the same extra pairs.
 */


#include "bd_fuzz.h"
#include "bd_entry.h"


static void fuzz_round_trip(const bd_entry_t *entry, bd_slice_t data);
static void fuzz_pairs(bd_slice_t extra);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bd_entry_t  entry;

    if (bd_entry_decode(&entry, bd_slice_make(data, size)) == 0) {
        fuzz_round_trip(&entry, bd_slice_make(data, size));
        fuzz_pairs(entry.extra);
    }

    /* pairs are safe to read also where decoding has not been */

    fuzz_pairs(bd_slice_make(data, size));

    return 0;
}


static void
fuzz_round_trip(const bd_entry_t *entry, bd_slice_t data)
{
    uint8_t  *out;

    bd_fuzz_check(bd_entry_size(entry) == data.len);

    out = malloc(data.len);
    bd_fuzz_check(out != NULL);

    bd_entry_encode(entry, out);
    bd_fuzz_check(memcmp(out, data.data, data.len) == 0);

    free(out);
}


static void
fuzz_pairs(bd_slice_t extra)
{
    uint8_t        *out, *p;
    bd_slice_t      name, value;
    const uint8_t  *begin;

    begin = extra.data;

    out = malloc(extra.len);
    bd_fuzz_check(out != NULL || extra.len == 0);

    p = out;

    while (bd_entry_pair_next(&extra, &name, &value)) {
        p = bd_entry_pair_put(p, name, value);

        bd_fuzz_check((size_t) (p - out) == (size_t) (extra.data - begin));
    }

    if (p != out) {
        bd_fuzz_check(memcmp(out, begin, (size_t) (p - out)) == 0);
    }

    free(out);
}
