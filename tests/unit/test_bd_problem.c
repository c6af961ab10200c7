/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Tests of bd_problem: whatever goes in, a JSON parser gets it back, and not
 * a byte is written past the room given.
 */


#include "bd_test.h"
#include "bd_problem.h"

#include <jansson.h>


typedef struct {
    const char  *word;
    int          status;
} bd_problem_case_t;


static const bd_problem_case_t  types[BD_PROBLEM_N] = {
    { "missing-credential", 401 },
    { "invalid-credential", 401 },
    { "invalid-job-id", 400 },
    { "invalid-upstream-response", 502 },
    { "upstream-unreachable", 502 },
    { "upstream-timeout", 504 },
    { "lock-timeout", 504 },
    { "rate-limited", 429 }
};


/* Measures, formats to exactly that room, and parses what came out. */

static json_t *
test_format(bd_problem_e type, int status, const bd_violation_t *violations,
    size_t n)
{
    char          *out;
    size_t         len;
    json_t        *json;
    json_error_t   error;

    len = bd_problem_format(NULL, 0, type, status, violations, n);

    out = malloc(len);
    assert_non_null(out);

    assert_int_equal(bd_problem_format(out, len, type, status, violations,
                                       n), len);

    json = json_loadb(out, len, JSON_REJECT_DUPLICATES|JSON_ALLOW_NUL, &error);

    if (json == NULL) {
        fail_msg("%s in %.*s", error.text, (int) len, out);
    }

    free(out);

    return json;
}


static const char *
test_member(const json_t *json, const char *name)
{
    const char  *value;

    value = json_string_value(json_object_get(json, name));
    assert_non_null(value);

    return value;
}


static void
test_problem_types(void **state)
{
    char          urn[64];
    json_t       *json;
    bd_problem_e  type;

    (void) state;

    for (type = 0; type < BD_PROBLEM_N; type++) {
        assert_int_equal(bd_problem_status(type), types[type].status);

        json = test_format(type, types[type].status, NULL, 0);

        strcpy(urn, "urn:batch-dial:");
        strcat(urn, types[type].word);

        assert_string_equal(test_member(json, "type"), urn);
        assert_int_equal(json_integer_value(json_object_get(json, "status")),
                         types[type].status);

        assert_true(strlen(test_member(json, "title")) > 0);
        assert_true(strlen(test_member(json, "detail")) > 0);
        assert_int_equal(json_object_size(json), 4);

        json_decref(json);
    }
}


static void
test_problem_exact(void **state)
{
    char            out[512];
    size_t          len;
    bd_violation_t  violations[2];

    (void) state;

    violations[0] = (bd_violation_t) {
        bd_slice("/status"), bd_slice("enum"),
        bd_slice("/properties/status/enum")
    };
    violations[1] = (bd_violation_t) {
        bd_slice(""), bd_slice("required"), bd_slice("/required")
    };

    len = bd_problem_format(out, sizeof(out), BD_PROBLEM_INVALID_RESPONSE,
                            502, violations, 2);

    assert_slice_equal(bd_slice_make(out, len),
        "{\"type\":\"urn:batch-dial:invalid-upstream-response\","
        "\"title\":\"Upstream response invalid\","
        "\"status\":502,"
        "\"detail\":\"The upstream's answer is not one that may be passed "
        "on.\","
        "\"violations\":["
        "{\"instance\":\"/status\",\"keyword\":\"enum\","
        "\"schema\":\"/properties/status/enum\"},"
        "{\"instance\":\"\",\"keyword\":\"required\","
        "\"schema\":\"/required\"}]}");
}


/* The status is the caller's: two credentials are 400. */

static void
test_problem_status(void **state)
{
    int      status;
    json_t  *json;

    (void) state;

    for (status = 100; status < 1000; status++) {
        json = test_format(BD_PROBLEM_INVALID_CREDENTIAL, status, NULL, 0);

        assert_int_equal(json_integer_value(json_object_get(json, "status")),
                         status);

        json_decref(json);
    }
}


/* A smaller room gets the beginning; the length is that of the whole. */

static void
test_problem_room(void **state)
{
    char            whole[512], *out;
    size_t          len, size;
    bd_violation_t  violation;

    (void) state;

    violation = (bd_violation_t) {
        bd_slice("/a\"\x01\xff\xc3\xa4"), bd_slice("type"), bd_slice("/type")
    };

    len = bd_problem_format(whole, sizeof(whole), BD_PROBLEM_INVALID_RESPONSE,
                            502, &violation, 1);
    assert_in_range(len, 1, sizeof(whole));

    for (size = 0; size <= len; size++) {
        out = malloc(size);
        assert_non_null(out);

        assert_int_equal(bd_problem_format(out, size,
                                           BD_PROBLEM_INVALID_RESPONSE, 502,
                                           &violation, 1), len);
        assert_memory_equal(out, whole, size);

        free(out);
    }
}


/* The instance pointer of one violation, as a parser reads it back. */

static void
assert_instance(bd_slice_t instance, bd_slice_t expected)
{
    json_t          *json, *value;
    uint8_t         *data;
    bd_violation_t   violation;

    data = bd_test_copy(instance);

    violation = (bd_violation_t) {
        bd_slice_make(data, instance.len), bd_slice("k"), bd_slice("/s")
    };

    json = test_format(BD_PROBLEM_INVALID_RESPONSE, 502, &violation, 1);

    value = json_array_get(json_object_get(json, "violations"), 0);
    value = json_object_get(value, "instance");

    assert_true(bd_slice_equal(bd_slice_make(json_string_value(value),
                                             json_string_length(value)),
                               expected));

    json_decref(json);
    free(data);
}


static void
test_problem_ascii(void **state)
{
    int      ch;
    uint8_t  byte;

    (void) state;

    for (ch = 0; ch < 0x80; ch++) {
        byte = (uint8_t) ch;
        assert_instance(bd_slice_make(&byte, 1), bd_slice_make(&byte, 1));
    }
}


#define R  "\xef\xbf\xbd"       /* U+FFFD */


typedef struct {
    const char  *bytes;
    const char  *expected;
} bd_utf8_case_t;


/* First and last of each row of RFC 3629's table, and their neighbours. */

static const bd_utf8_case_t  utf8_cases[] = {

    { "\xc2\x80", "\xc2\x80" },
    { "\xdf\xbf", "\xdf\xbf" },
    { "\xe0\xa0\x80", "\xe0\xa0\x80" },
    { "\xec\xbf\xbf", "\xec\xbf\xbf" },
    { "\xed\x80\x80", "\xed\x80\x80" },
    { "\xed\x9f\xbf", "\xed\x9f\xbf" },
    { "\xee\x80\x80", "\xee\x80\x80" },
    { "\xef\xbf\xbf", "\xef\xbf\xbf" },
    { "\xf0\x90\x80\x80", "\xf0\x90\x80\x80" },
    { "\xf3\xbf\xbf\xbf", "\xf3\xbf\xbf\xbf" },
    { "\xf4\x80\x80\x80", "\xf4\x80\x80\x80" },
    { "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf" },

    { "\x80", R },
    { "\xbf", R },
    { "\xc0\x80", R R },                            /* overlong */
    { "\xc1\xbf", R R },
    { "\xe0\x9f\xbf", R R R },
    { "\xf0\x8f\xbf\xbf", R R R R },
    { "\xed\xa0\x80", R R R },                      /* surrogates */
    { "\xed\xbf\xbf", R R R },
    { "\xf4\x90\x80\x80", R R R R },                /* over U+10FFFF */
    { "\xf5\x80\x80\x80", R R R R },
    { "\xff\xfe", R R },
    { "\xc2", R },                                  /* cut */
    { "\xe1\x80", R R },
    { "\xf1\x80\x80", R R R },
    { "a\xc2", "a" R },
    { "ab\xe1\x80", "ab" R R },
    { "ab\xf1\x80\x80", "ab" R R R },
    { "\xc2" "a", R "a" },
    { "\xe1\x80" "a", R R "a" },
    { "\xe1\x80\xc2\x80", R R "\xc2\x80" },
    { "\xe1" "aa", R "aa" },
    { "\xf1\x80\x80" "a", R R R "a" },
    { "\xf1\x80\x80\xc0", R R R R },
    { "\xf1\x80" "aa", R R "aa" },
    { "a\x80\xc3\xa4\"", "a" R "\xc3\xa4\"" }
};


static void
test_problem_utf8(void **state)
{
    size_t  i;

    (void) state;

    for (i = 0; i < bd_test_count(utf8_cases); i++) {
        assert_instance(bd_test_slice(utf8_cases[i].bytes),
                        bd_test_slice(utf8_cases[i].expected));
    }
}


/* Any bytes in any of the three strings give JSON that a parser takes. */

static void
test_problem_hostile(void **state)
{
    size_t           i, n;
    uint8_t          bytes[3][24];
    uint64_t         seed;
    bd_violation_t   violation;

    (void) state;

    seed = 6;

    for (n = 0; n < 20000; n++) {
        for (i = 0; i < sizeof(bytes); i++) {
            ((uint8_t *) bytes)[i] = (uint8_t) bd_test_random(&seed);
        }

        violation.instance = bd_slice_make(bytes[0], n % 25);
        violation.keyword = bd_slice_make(bytes[1], n % 24);
        violation.schema = bd_slice_make(bytes[2], n % 23);

        json_decref(test_format(BD_PROBLEM_INVALID_RESPONSE, 502,
                                &violation, 1));
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_problem_types),
        cmocka_unit_test(test_problem_exact),
        cmocka_unit_test(test_problem_status),
        cmocka_unit_test(test_problem_room),
        cmocka_unit_test(test_problem_ascii),
        cmocka_unit_test(test_problem_utf8),
        cmocka_unit_test(test_problem_hostile)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
