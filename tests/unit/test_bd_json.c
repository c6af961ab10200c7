/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Tests of bd_json: what is JSON, and that numbers keep their truth.  The
 * fuzz target fuzz_json compares it with jansson's own parser.
 */


#include "bd_test.h"
#include "bd_json.h"

#include <float.h>
#include <stdio.h>


static const bd_slice_t  taken[] = {
    bd_slice("0"), bd_slice("-0"), bd_slice("1.5e+3"), bd_slice("\"\""),
    bd_slice("true"), bd_slice("false"), bd_slice("null"), bd_slice("[]"),
    bd_slice("{}"), bd_slice(" \t\r\n[ 1 , 2 ] "), bd_slice("{\"\":1}"),
    bd_slice("{ \"a\" : { \"a\" : 1 } , \"b\" : [ { } ] }"),
    bd_slice("\"\\u0000\\ud83d\\ude00\\\"\\\\\\/\\b\\f\\n\\r\\t\""),
    bd_slice("{\"a\\u0000b\":1,\"a\":2}"), bd_slice("\"\x7f\""),
    bd_slice("\"\xc3\xa9\xe6\xbc\xa2\xf0\x9f\x98\x80\xef\xbf\xbf\""),
    bd_slice("1e400"), bd_slice("-1e999999999999999999999"),
    bd_slice("123456789012345678901234567890")
};


static const bd_slice_t  refused[] = {
    bd_slice(""), bd_slice(" "), bd_slice("{"), bd_slice("}"), bd_slice("["),
    bd_slice("]"), bd_slice("[1,]"), bd_slice("[,1]"), bd_slice("[1 2]"),
    bd_slice("[1}"), bd_slice("{\"a\":1]"), bd_slice("{\"a\":1,}"),
    bd_slice("{\"a\" 1}"), bd_slice("{\"a\":}"), bd_slice("{a:1}"),
    bd_slice("{1:1}"), bd_slice("{\"a\":1,\"a\":2}"),
    bd_slice("{\"a\":1,\"b\":2,\"\\u0061\":3}"), bd_slice("{\"a\":1 \"b\":2}"),
    bd_slice("1 2"), bd_slice("{} x"), bd_slice("{}\0"), bd_slice("null\0"),
    bd_slice("01"), bd_slice("-"), bd_slice("+1"), bd_slice(".5"),
    bd_slice("1."), bd_slice("1.e5"), bd_slice("1e"), bd_slice("1e+"),
    bd_slice("0x10"), bd_slice("NaN"), bd_slice("Infinity"), bd_slice("-x"),
    bd_slice("tru"), bd_slice("truE"), bd_slice("nul"), bd_slice("fals"),
    bd_slice("\""), bd_slice("\"a"), bd_slice("\"\n\""), bd_slice("\"\0\""),
    bd_slice("\"\\\""), bd_slice("\"\\"), bd_slice("\"\\x\""),
    bd_slice("\"\\\0\""), bd_slice("\"\\u12\""), bd_slice("\"\\u12g4\""),
    bd_slice("\"\\ud83d\""), bd_slice("\"\\ude00\""),
    bd_slice("\"\\ud83d\\n\""), bd_slice("\"\\ud83d\\ud83d\""),
    bd_slice("\"\\ud83dxx\""), bd_slice("\"\xc3\""), bd_slice("\"\xc3(\""),
    bd_slice("\"\xc0\xaf\""), bd_slice("\"\xed\xa0\x80\""),
    bd_slice("\"\xf4\x90\x80\x80\""), bd_slice("\"aaaaaaaaaa\xff\""),
    bd_slice("\"\\n\xff\""), bd_slice("\"\\n\n\""), bd_slice("\xef\xbb\xbf{}"),
    bd_slice("'a'"), bd_slice("/**/1"), bd_slice("{\"a\":1"),
    bd_slice("[1"), bd_slice("{\"a\"")
};


typedef struct {
    const char  *text;
    const char  *same;                  /* the number it is, to the digit */
} bd_json_case_t;


static const bd_json_case_t  numbers[] = {
    { "0", "0" }, { "-0", "0" }, { "17", "17" }, { "1.0", "1" },
    { "0.1", "0.1" }, { "1e2", "100" }, { "9223372036854775807",
    "9223372036854775807" }, { "-9223372036854775807",
    "-9223372036854775807" }, { "-9223372036854775808",
    "-9223372036854775808" }, { "9223372036854775808",
    "9223372036854775808" }, { "123456789012345678901234567890.5",
    "123456789012345678901234567890.5" }, { "1e400", "1e400" },
    { "0.1000000000000000055511151231257827",
      "0.1000000000000000055511151231257827" }
};


static int
parse(bd_slice_t text, bd_json_t *document)
{
    int       rc;
    uint8_t  *copy;

    copy = bd_test_copy(text);
    rc = bd_json_load(document, bd_slice_make(copy, text.len), 64);
    free(copy);

    return rc;
}


static void
test_taken(void **state)
{
    size_t     i;
    bd_json_t  document;

    (void) state;

    for (i = 0; i < bd_test_count(taken); i++) {
        assert_int_equal(parse(taken[i], &document), 0);
        assert_non_null(document.root);
        bd_json_free(&document);
        assert_null(document.root);
    }
}


static void
test_refused(void **state)
{
    size_t     i;
    bd_json_t  document;

    (void) state;

    for (i = 0; i < bd_test_count(refused); i++) {
        if (parse(refused[i], &document) != 1) {
            fail_msg("is no JSON: %zu, %.*s", i, (int) refused[i].len,
                     (const char *) refused[i].data);
        }
    }
}


static void
test_strings(void **state)
{
    json_t      *value;
    bd_json_t    document;

    (void) state;

    assert_int_equal(parse(bd_slice("{\"\\u0061\\n\":\"\\u00e9\\ud83d\\ude00"
                                    "x\\u0000y\",\"b\":[\"plain\"]}"),
                           &document), 0);

    value = json_object_get(document.root, "a\n");
    assert_int_equal(json_string_length(value), 9);
    assert_memory_equal(json_string_value(value),
                        "\xc3\xa9\xf0\x9f\x98\x80x\0y", 9);

    value = json_array_get(json_object_get(document.root, "b"), 0);
    assert_string_equal(json_string_value(value), "plain");

    bd_json_free(&document);
}


/* A name with an escape, longer than what is kept on the stack. */
static void
test_long_name(void **state)
{
    char       text[300], name[101];
    bd_json_t  document;

    (void) state;

    memset(name, 'n', 100);
    name[100] = '\0';

    (void) snprintf(text, sizeof(text), "{\"%s\\n\":\"\\t\"}", name);
    assert_int_equal(parse(bd_test_slice(text), &document), 0);

    (void) snprintf(text, sizeof(text), "%s\n", name);
    assert_string_equal(json_string_value(json_object_get(document.root,
                                                          text)), "\t");
    bd_json_free(&document);
}


static void
test_depth(void **state)
{
    char       text[2000];
    size_t     i, n;
    bd_json_t  document;

    (void) state;

    for (n = 63; n <= 66; n++) {
        memset(text, '[', n);
        memset(text + n, ']', n);

        assert_int_equal(parse(bd_slice_make(text, 2 * n), &document), n > 64);

        if (n <= 64) {
            bd_json_free(&document);
        }

        for (i = 0; i < n; i++) {
            memcpy(text + 5 * i, "{\"\":[", 5);
        }

        assert_int_equal(parse(bd_slice_make(text, 5 * n), &document), 1);
    }
}


static void
test_numbers(void **state)
{
    size_t             i;
    json_t            *other;
    bd_json_t          document, bare;
    bd_number_t        number, same;
    bd_json_digits_t   digits;

    (void) state;

    for (i = 0; i < bd_test_count(numbers); i++) {
        assert_int_equal(parse(bd_test_slice(numbers[i].text), &document), 0);

        bd_json_number(&document, document.root, &number, digits);
        bd_number_read(&same, bd_test_slice(numbers[i].same));
        assert_int_equal(bd_number_compare(&number, &same), 0);

        bd_json_free(&document);
    }

    /* both ends of a long long are integers, what is beyond is not */

    assert_int_equal(parse(bd_slice("[-9223372036854775808,"
                                    "9223372036854775807,"
                                    "-9223372036854775809,"
                                    "9223372036854775808]"), &document), 0);

    for (i = 0; i < 4; i++) {
        assert_int_equal(json_is_integer(json_array_get(document.root, i)),
                         i < 2);
    }

    assert_true(json_integer_value(json_array_get(document.root, 0))
                == INT64_MIN);
    assert_true(json_integer_value(json_array_get(document.root, 1))
                == INT64_MAX);
    bd_json_free(&document);

    /* without a text: the shortest decimal */

    memset(&bare, 0, sizeof(bare));
    other = json_real(0.1);
    bd_json_number(&bare, other, &number, digits);
    bd_number_read(&same, bd_slice("0.1"));
    assert_int_equal(bd_number_compare(&number, &same), 0);
    json_decref(other);
}


/* The doubles are those strtod() gives, or the greatest. */
static void
test_reals(void **state)
{
    char       text[64];
    int        i;
    uint64_t   seed;
    bd_json_t  document;

    (void) state;

    seed = 7;

    for (i = 0; i < 20000; i++) {
        (void) snprintf(text, sizeof(text), "%s%llu.%llue%d",
                        i % 2 ? "-" : "",
                        (unsigned long long) bd_test_random(&seed) >> i % 64,
                        (unsigned long long) bd_test_random(&seed) >> i % 61,
                        (int) (bd_test_random(&seed) % 640) - 320);

        assert_int_equal(parse(bd_test_slice(text), &document), 0);
        assert_true(json_real_value(document.root) == strtod(text, NULL)
                    || json_real_value(document.root) == DBL_MAX
                    || json_real_value(document.root) == -DBL_MAX);
        bd_json_free(&document);
    }

    assert_int_equal(parse(bd_slice("1e400"), &document), 0);
    assert_true(json_real_value(document.root) == DBL_MAX);
    bd_json_free(&document);

    assert_int_equal(parse(bd_slice("-1e400"), &document), 0);
    assert_true(json_real_value(document.root) == -DBL_MAX);
    bd_json_free(&document);
}


/* Enough reals for the table of texts to grow, each with its own. */
static void
test_many_reals(void **state)
{
    char               text[32000];
    int                n;
    size_t             i;
    bd_json_t          document;
    bd_number_t        number, same;
    bd_json_digits_t   digits;

    (void) state;

    n = 0;

    for (i = 0; i < 1000; i++) {
        n += snprintf(text + n, sizeof(text) - (size_t) n, "%c%zu.%zu0000001",
                      i ? ',' : '[', i, i);
    }

    text[n++] = ']';

    assert_int_equal(parse(bd_slice_make(text, (size_t) n), &document), 0);

    for (i = 0; i < 1000; i++) {
        (void) snprintf(text, sizeof(text), "%zu.%zu0000001", i, i);
        bd_number_read(&same, bd_test_slice(text));

        bd_json_number(&document, json_array_get(document.root, i), &number,
                       digits);
        assert_int_equal(bd_number_compare(&number, &same), 0);
    }

    bd_json_free(&document);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_taken),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_long_name),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_reals),
        cmocka_unit_test(test_many_reals),
    };

    return cmocka_run_group_tests_name("bd_json", tests, NULL, NULL);
}
