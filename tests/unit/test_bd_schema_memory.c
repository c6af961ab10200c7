/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * What it takes to judge a job by the built-in schema: one piece of memory,
 * in which the parsed job lies, and nothing for the validation.  The address
 * sanitizer's allocator says how often it was called.
 */


#include "bd_test.h"
#include "bd_schema.h"
#include "bd_schema_builtin.h"


#define JOB                                                                   \
    "{\"id\":\"6f9619ff-8b86-d011-b42d-00cf4fc964ff\",\"name\":\"Spring\","   \
    "\"status\":\"ACTIVE\",\"maxConcurrentDials\":12,\"callAgentId\":"        \
    "\"0b2e8d3c-3f0c-4b57-9a6b-6a6c1c3f5e11\",\"createdAt\":"                 \
    "\"2026-03-14T09:26:53.589Z\",\"fromPhoneNumberIds\":["                   \
    "\"b1c7e7a0-5a35-4a0e-8a51-59c6b6f6f001\","                               \
    "\"b1c7e7a0-5a35-4a0e-8a51-59c6b6f6f002\"],\"schedule\":{\"timezone\":"   \
    "\"America/New_York\",\"days\":[{\"dayOfWeek\":1,\"timeSlots\":["         \
    "{\"startTime\":\"09:00\",\"endTime\":\"12:00\"},{\"startTime\":"         \
    "\"13:00\",\"endTime\":\"17:30\"}]},{\"dayOfWeek\":2,\"timeSlots\":["     \
    "{\"startTime\":\"09:00\",\"endTime\":\"12:00\"}]}]}}"


/* Of the sanitizer's allocator_interface.h, which gcc does not install. */
int __sanitizer_install_malloc_and_free_hooks(
    void (*malloc_hook)(const volatile void *, size_t),
    void (*free_hook)(const volatile void *));


static size_t  allocations;


static void
count_malloc(const volatile void *p, size_t size)
{
    (void) p;
    (void) size;

    allocations++;
}


static void
ignore_free(const volatile void *p)
{
    (void) p;
}


static void
test_job(void **state)
{
    size_t                  parsing, judging;
    bd_json_t               document;
    bd_slice_t              text;
    bd_schema_t            *schema;
    bd_schema_error_t       error;
    bd_schema_options_t     options;
    bd_schema_violation_t   violation;

    (void) state;

    text = bd_slice(JOB);
    memset(&options, 0, sizeof(options));

    schema = bd_schema_compile_text(bd_slice_make(bd_schema_builtins[0].data,
                                                  bd_schema_builtins[0].len),
                                    "", &options, &error);
    assert_non_null(schema);

    allocations = 0;
    assert_int_equal(bd_json_parse(&document, text, BD_SCHEMA_DEPTH_MAX), 0);
    parsing = allocations;
    bd_json_free(&document);

    allocations = 0;
    assert_int_equal(bd_schema_judge(schema, text, NULL, &violation), 0);
    judging = allocations;

    assert_int_equal(parsing, 1);
    assert_int_equal(judging, 1);

    /* nor is there anything left when the job is kept, and then freed */

    assert_int_equal(bd_schema_judge(schema, text, &document, &violation), 0);
    assert_int_equal(bd_json_is(bd_json_member(document.root, bd_slice("id")),
                                BD_JSON_STRING), 1);
    bd_json_free(&document);

    bd_schema_free(schema);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_job),
    };

    if (__sanitizer_install_malloc_and_free_hooks(count_malloc, ignore_free)
        == 0)
    {
        return 1;
    }

    return cmocka_run_group_tests_name("bd_schema_memory", tests, NULL, NULL);
}
