/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Fuzzes the compiler of schemas: the input is the text of one.  What
 * compiles judges the input itself as an instance.
 */


#include "bd_fuzz.h"
#include "bd_schema.h"


static void fuzz_judge(const bd_schema_t *schema, bd_slice_t text);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bd_schema_t          *schema;
    bd_schema_error_t     error;
    bd_schema_options_t   options;

    memset(&options, 0, sizeof(options));
    memset(&error, 0x5a, sizeof(error));

    schema = bd_schema_compile_text(bd_slice_make(data, size), "", &options,
                                    &error);

    if (schema == NULL) {
        bd_fuzz_check(memchr(error.pointer, '\0', sizeof(error.pointer)));
        bd_fuzz_check(memchr(error.message, '\0', sizeof(error.message)));
        bd_fuzz_check(error.message[0] != '\0');
        return 0;
    }

    fuzz_judge(schema, bd_slice_make(data, size));
    fuzz_judge(schema, bd_slice("[[1,2.50,\"a\"],{\"a\":{\"b\":null}}]"));

    bd_schema_free(schema);

    return 0;
}


static void
fuzz_judge(const bd_schema_t *schema, bd_slice_t text)
{
    int                     rc;
    bd_json_t               document;
    bd_schema_violation_t   violation;

    memset(&violation, 0x5a, sizeof(violation));

    rc = bd_schema_judge(schema, text, &document, &violation);

    bd_fuzz_check(rc == 0 || rc == 1);

    if (rc == 1) {
        bd_fuzz_check(memchr(violation.instance, '\0',
                             sizeof(violation.instance)));
        bd_fuzz_check(memchr(violation.keyword, '\0',
                             sizeof(violation.keyword)));
        bd_fuzz_check(memchr(violation.schema, '\0',
                             sizeof(violation.schema)));
        bd_fuzz_check(violation.keyword[0] != '\0');
    }

    if (rc == 0) {
        bd_fuzz_check(document.root != NULL);
        bd_json_free(&document);
    }
}
