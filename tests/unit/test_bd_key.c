/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Tests of bd_key: the names in Redis, byte by byte.
 */


#include "bd_test.h"
#include "bd_key.h"


static void
test_key_job(void **state)
{
    char    *key;
    size_t   len;

    static const char  ns[] =
        "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn";
    static const char  id[] =
        "iiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiii"
        "iiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiii";

    (void) state;

    key = malloc(BD_KEY_MAX);
    assert_non_null(key);

    len = bd_key_job(key, bd_slice("default"), bd_slice("job-1"));
    assert_slice_equal(bd_slice_make(key, len), "bd:default:{job-1}");

    len = bd_key_job(key, bd_slice("a"), bd_slice("b"));
    assert_slice_equal(bd_slice_make(key, len), "bd:a:{b}");

    /* the longest of both fill the room exactly */

    assert_int_equal(sizeof(ns) - 1, BD_NAMESPACE_MAX);
    assert_int_equal(sizeof(id) - 1, BD_ID_MAX);

    len = bd_key_job(key, bd_slice(ns), bd_slice(id));
    assert_int_equal(len, BD_KEY_MAX);
    assert_memory_equal(key, "bd:nnnn", 7);
    assert_memory_equal(key + len - 3, "ii}", 3);

    free(key);
}


static void
test_key_entry(void **state)
{
    size_t   i;
    char    *field;
    uint8_t  credential[BD_MAC_SIZE];

    (void) state;

    for (i = 0; i < sizeof(credential); i++) {
        credential[i] = (uint8_t) (i * 8 + 7);
    }

    assert_int_equal(BD_FIELD_SIZE, 66);

    field = malloc(BD_FIELD_SIZE);
    assert_non_null(field);

    bd_key_entry(field, credential);

    assert_memory_equal(field,
                        "e:070f171f272f373f474f575f676f777f"
                        "878f979fa7afb7bfc7cfd7dfe7eff7ff", BD_FIELD_SIZE);

    free(field);
}


static void
test_namespace_bytes(void **state)
{
    int      ch;
    size_t   i;
    uint8_t  word[3];

    static const char  allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        "-_.";

    (void) state;

    for (i = 0; i < sizeof(word); i++) {
        for (ch = 0; ch < 256; ch++) {
            memset(word, 'a', sizeof(word));
            word[i] = (uint8_t) ch;

            assert_int_equal(bd_namespace_valid(bd_slice_make(word, 3)),
                             ch != 0 && strchr(allowed, ch) != NULL);
        }
    }
}


static void
test_namespace_length(void **state)
{
    size_t   len;
    uint8_t  word[2 * BD_NAMESPACE_MAX];

    (void) state;

    memset(word, 'n', sizeof(word));

    for (len = 0; len <= sizeof(word); len++) {
        assert_int_equal(bd_namespace_valid(bd_slice_make(word, len)),
                         len >= 1 && len <= 64);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_key_job),
        cmocka_unit_test(test_key_entry),
        cmocka_unit_test(test_namespace_bytes),
        cmocka_unit_test(test_namespace_length)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
