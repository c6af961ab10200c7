/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * libFuzzer target: the formats.  An input is a line with the name of a
 * format and then a value; any other input goes to all of them.  Besides what
 * the sanitizers see, formats that contain one another must agree.
 */


#include <stdlib.h>
#include "bd_format.h"


static const char  *fuzz_names[] = {
    "date-time", "date", "time", "duration", "email", "idn-email", "hostname",
    "idn-hostname", "ipv4", "ipv6", "uri", "uri-reference", "iri",
    "iri-reference", "uuid", "uri-template", "json-pointer",
    "relative-json-pointer", "regex"
};

/* What conforms to the first conforms to the second. */
static const char  *fuzz_subsets[][2] = {
    { "email", "idn-email" },
    { "hostname", "idn-hostname" },
    { "ipv4", "hostname" },
    { "uri", "iri" },
    { "uri", "uri-reference" },
    { "iri", "iri-reference" },
    { "uri-reference", "iri-reference" }
};


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static int
fuzz_check(const char *name, bd_slice_t value)
{
    return bd_format_lookup(bd_slice_make(name, strlen(name)))(value);
}


static void
fuzz_all(bd_slice_t value)
{
    size_t  i;

    for (i = 0; i < sizeof(fuzz_names) / sizeof(fuzz_names[0]); i++) {
        (void) fuzz_check(fuzz_names[i], value);
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t          i;
    bd_slice_t      value;
    bd_format_pt    check;
    const uint8_t  *line;

    if (size == 0) {
        return 0;
    }

    value = bd_slice_make(data, size);
    line = memchr(data, '\n', size);
    check = NULL;

    if (line != NULL) {
        check = bd_format_lookup(bd_slice_make(data, (size_t) (line - data)));
    }

    if (check != NULL) {
        value = bd_slice_make(line + 1, (size_t) (data + size - line - 1));
        (void) check(value);

    } else {
        fuzz_all(value);
    }

    for (i = 0; i < sizeof(fuzz_subsets) / sizeof(fuzz_subsets[0]); i++) {
        if (fuzz_check(fuzz_subsets[i][0], value)
            && !fuzz_check(fuzz_subsets[i][1], value))
        {
            abort();
        }
    }

    return 0;
}
