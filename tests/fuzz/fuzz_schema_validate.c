/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Fuzzes the validator: the first line of the input is a schema, the rest an
 * instance.  All failures are looked for as well as the first; both must come
 * to the same verdict.
 */


#include "bd_fuzz.h"
#include "bd_schema.h"


typedef struct {
    size_t  count;
    int     limit;                      /* the work was cut short */
} fuzz_findings_t;


static void fuzz_collect(void *data, const bd_schema_finding_t *finding);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int                     first, all;
    bd_slice_t              text;
    bd_schema_t            *schema;
    const uint8_t          *newline;
    fuzz_findings_t         findings;
    bd_schema_error_t       error;
    bd_schema_options_t     options;
    bd_schema_violation_t   violation;

    newline = size ? memchr(data, '\n', size) : NULL;
    if (newline == NULL) {
        return 0;
    }

    memset(&options, 0, sizeof(options));
    memset(&findings, 0, sizeof(findings));

    schema = bd_schema_compile_text(bd_slice_make(data,
                                                  (size_t) (newline - data)),
                                    "", &options, &error);
    if (schema == NULL) {
        return 0;
    }

    text = bd_slice_make(newline + 1, (size_t) (data + size - newline - 1));

    first = bd_schema_judge(schema, text, NULL, &violation);
    all = bd_schema_judge_all(schema, text, fuzz_collect, &findings);

    bd_fuzz_check(first == 0 || first == 1);
    bd_fuzz_check(first == all || findings.limit);
    bd_fuzz_check((all == 1) == (findings.count != 0));

    bd_schema_free(schema);

    return 0;
}


/* The strings are read to their ends, for the sanitizer to see. */
static void
fuzz_collect(void *data, const bd_schema_finding_t *finding)
{
    fuzz_findings_t  *findings;

    findings = data;
    findings->count++;

    findings->limit |= (strcmp(finding->keyword, "limit") == 0
                        || strstr(finding->keyword, "attern") != NULL);

    bd_fuzz_check(strlen(finding->instance) + strlen(finding->schema)
                  + strlen(finding->path) + strlen(finding->uri)
                  < 1000000000);
}
