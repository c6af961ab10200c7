/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Tests of bd_key: the names in Redis, byte by byte.
 */


#include "bd_test.h"
#include "bd_key.h"


/* The digits of test_credential(). */

#define HEX                                                                   \
    "070f171f272f373f474f575f676f777f878f979fa7afb7bfc7cfd7dfe7eff7ff"


static void
test_credential(uint8_t credential[BD_MAC_SIZE])
{
    size_t  i;

    for (i = 0; i < BD_MAC_SIZE; i++) {
        credential[i] = (uint8_t) (i * 8 + 7);
    }
}


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

    /* the longest of both */

    assert_int_equal(sizeof(ns) - 1, BD_NAMESPACE_MAX);
    assert_int_equal(sizeof(id) - 1, BD_ID_MAX);

    len = bd_key_job(key, bd_slice(ns), bd_slice(id));
    assert_int_equal(len, 198);
    assert_in_range(len, 1, BD_KEY_MAX);
    assert_memory_equal(key, "bd:nnnn", 7);
    assert_memory_equal(key + len - 3, "ii}", 3);

    free(key);
}


static void
test_key_credential(void **state)
{
    char     *key;
    size_t    len;
    uint8_t   credential[BD_MAC_SIZE];

    static const char  ns[] =
        "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn";

    (void) state;

    test_credential(credential);

    key = malloc(BD_KEY_MAX);
    assert_non_null(key);

    len = bd_key_credential(key, bd_slice("default"), credential);
    assert_slice_equal(bd_slice_make(key, len), "bd:default:c:{" HEX "}");

    len = bd_key_credential(key, bd_slice("a"), credential);
    assert_slice_equal(bd_slice_make(key, len), "bd:a:c:{" HEX "}");

    len = bd_key_credential(key, bd_slice(ns), credential);
    assert_in_range(len, 1, BD_KEY_MAX);
    assert_int_equal(len, 3 + 64 + 4 + 64 + 1);

    free(key);
}


static void
test_key_word(void **state)
{
    char    *key;
    size_t   len;

    (void) state;

    key = malloc(BD_KEY_MAX);
    assert_non_null(key);

    len = bd_key_word(key, bd_slice("default"), bd_slice("generation"));
    assert_slice_equal(bd_slice_make(key, len), "bd:default:generation");

    len = bd_key_word(key, bd_slice("a"), bd_slice("events"));
    assert_slice_equal(bd_slice_make(key, len), "bd:a:events");

    free(key);
}


static void
test_key_field(void **state)
{
    char     *field;
    size_t    i;
    uint8_t   credential[BD_MAC_SIZE];

    static const char *const  expected[] = { "e:" HEX, "l:" HEX, "w:" HEX };

    (void) state;

    test_credential(credential);

    assert_int_equal(BD_FIELD_SIZE, 66);

    field = malloc(BD_FIELD_SIZE);
    assert_non_null(field);

    for (i = 0; i < bd_test_count(expected); i++) {
        bd_key_field(field, expected[i][0], credential);
        assert_memory_equal(field, expected[i], BD_FIELD_SIZE);
    }

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
        cmocka_unit_test(test_key_credential),
        cmocka_unit_test(test_key_word),
        cmocka_unit_test(test_key_field),
        cmocka_unit_test(test_namespace_bytes),
        cmocka_unit_test(test_namespace_length)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
