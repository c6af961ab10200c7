/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Tests of bd_json: what is JSON, where the values lie, how members are
 * found, and that numbers keep their truth.  The fuzz target fuzz_json
 * compares it with jansson's own parser.
 */


#include "bd_test.h"
#include "bd_buf.h"
#include "bd_json.c"

#include <stdio.h>


/* The arena's memory is short after so many more calls; -1: never. */
static int  calls_left = -1;


static void *
failing_malloc(size_t size)
{
    if (calls_left == 0) {
        return NULL;
    }

    calls_left -= (calls_left > 0);

    return malloc(size);
}


#define malloc  failing_malloc
#include "bd_arena.c"
#undef malloc


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


/* The value that a way of names and indexes leads to. */
static const bd_json_value_t *
at(const bd_json_value_t *value, size_t i)
{
    assert_int_equal(value->type, BD_JSON_ARRAY);

    for (value = value->first; i != 0; i--) {
        assert_non_null(value);
        value = value->next;
    }

    return value;
}


static void
test_types(void **state)
{
    size_t                  i;
    bd_json_t               document;
    const bd_json_value_t  *value;

    static const bd_json_type_e  types[] = {
        BD_JSON_OBJECT, BD_JSON_ARRAY, BD_JSON_STRING, BD_JSON_INTEGER,
        BD_JSON_REAL, BD_JSON_TRUE, BD_JSON_FALSE, BD_JSON_NULL
    };

    (void) state;

    assert_int_equal(parse(bd_slice("[{},[],\"\",0,0.0,true,false,null]"),
                           &document), 0);
    assert_int_equal(bd_json_count(document.root), 8);

    for (i = 0; i < bd_test_count(types); i++) {
        value = at(document.root, i);

        assert_int_equal(value->type, types[i]);
        assert_int_equal(bd_json_is(value, types[i]), 1);
        assert_int_equal(bd_json_is_number(value), i == 3 || i == 4);
        assert_int_equal(bd_json_is_boolean(value), i == 5 || i == 6);
        assert_int_equal(bd_json_count(value), 0);
        assert_null(bd_json_first(value));
        assert_null(bd_json_member(value, bd_slice("")));
        assert_int_equal(value->name.len, 0);
    }

    assert_null(at(document.root, 8));
    assert_int_equal(bd_json_is(NULL, BD_JSON_NULL), 0);
    assert_null(bd_json_member(NULL, bd_slice("a")));
    assert_ptr_equal(bd_json_first(document.root), at(document.root, 0));

    bd_json_free(&document);
}


/* Members in the order of the text, under names with U+0000 too. */
static void
test_members(void **state)
{
    bd_json_t               document;
    const bd_json_value_t  *member;

    (void) state;

    assert_int_equal(parse(bd_slice("{\"b\":1,\"a\\u0000x\":2,\"a\":3,"
                                    "\"\":4}"), &document), 0);

    member = bd_json_first(document.root);
    assert_slice_equal(member->name, "b");
    member = member->next;
    assert_true(bd_slice_equal(member->name, bd_slice("a\0x")));
    member = member->next;
    assert_slice_equal(member->name, "a");
    assert_int_equal(member->integer, 3);
    member = member->next;
    assert_slice_equal(member->name, "");
    assert_non_null(member->name.data);
    assert_null(member->next);

    assert_ptr_equal(bd_json_member(document.root, bd_slice("")), member);
    assert_int_equal(bd_json_member(document.root, bd_slice("a"))->integer,
                     3);
    assert_int_equal(bd_json_member(document.root, bd_slice("a\0x"))->integer,
                     2);
    assert_null(bd_json_member(document.root, bd_slice("a\0")));
    assert_null(bd_json_member(document.root, bd_slice("c")));

    bd_json_free(&document);
}


static void
test_strings(void **state)
{
    bd_json_t               document;
    const bd_json_value_t  *value;

    (void) state;

    assert_int_equal(parse(bd_slice("{\"\\u0061\\n\":\"\\u00e9\\ud83d\\ude00"
                                    "x\\u0000y\",\"b\":[\"plain\","
                                    "\"\xc3\xa9\\t\xf0\x9f\x98\x80 and a"
                                    " long tail\\\\\\\"\\/\"]}"),
                           &document), 0);

    value = bd_json_member(document.root, bd_slice("a\n"));
    assert_non_null(value);
    assert_true(bd_slice_equal(value->text, bd_slice("\xc3\xa9\xf0\x9f\x98"
                                                     "\x80x\0y")));

    value = bd_json_member(document.root, bd_slice("b"));
    assert_slice_equal(at(value, 0)->text, "plain");
    assert_slice_equal(at(value, 1)->text, "\xc3\xa9\t\xf0\x9f\x98\x80 and a"
                                           " long tail\\\"/");
    bd_json_free(&document);
}


/* A character that matters is seen at each place of a word, and behind it. */
static void
test_places(void **state)
{
    int        rc;
    char       text[64];
    size_t     i, k, n;
    bd_json_t  document;

    static const struct {
        const char  *piece;
        int          rc;
        const char  *meant;
    } pieces[] = {
        { "a", 0, "a" }, { "\\n", 0, "\n" }, { "\\\"", 0, "\"" },
        { "\\\\", 0, "\\" }, { "\xc3\xa9", 0, "\xc3\xa9" },
        { "\\u00e9", 0, "\xc3\xa9" }, { "\"", 1, NULL }, { "\n", 1, NULL },
        { "\x1f", 1, NULL }, { "\xff", 1, NULL }, { "\\x", 1, NULL },
        { "\x80", 1, NULL }, { "\x7f!#[]", 0, "\x7f!#[]" },
    };

    (void) state;

    for (i = 0; i < bd_test_count(pieces); i++) {
        for (k = 0; k < 20; k++) {
            for (n = 0; n < 20; n++) {
                (void) snprintf(text, sizeof(text), "\"%.*s%s%.*s\"", (int) k,
                                "0123456789abcdefghij", pieces[i].piece,
                                (int) n, "0123456789abcdefghij");

                rc = parse(bd_test_slice(text), &document);
                assert_int_equal(rc, pieces[i].rc);

                if (rc == 0) {
                    (void) snprintf(text, sizeof(text), "%.*s%s%.*s", (int) k,
                                    "0123456789abcdefghij", pieces[i].meant,
                                    (int) n, "0123456789abcdefghij");
                    assert_slice_equal(document.root->text, text);
                    bd_json_free(&document);
                }
            }
        }
    }
}


static int
lies_in(bd_slice_t view, bd_slice_t text)
{
    return view.data >= text.data
           && view.data + view.len <= text.data + text.len;
}


/* What has no escape is a view of the text, what has one is not. */
static void
test_views(void **state)
{
    uint8_t                *copy;
    bd_json_t               document;
    bd_slice_t              text;
    const bd_json_value_t  *value;

    (void) state;

    text = bd_slice("{\"plain\":\"text\",\"\\u0065scaped\":\"a\\tb\","
                    "\"n\":-12,\"r\":1.50}");
    copy = bd_test_copy(text);
    text.data = copy;

    assert_int_equal(bd_json_parse(&document, text, 64), 0);

    value = bd_json_first(document.root);
    assert_true(lies_in(value->name, text) && lies_in(value->text, text));
    value = value->next;
    assert_false(lies_in(value->name, text) || lies_in(value->text, text));
    assert_slice_equal(value->name, "escaped");
    value = value->next;
    assert_true(lies_in(value->text, text));
    assert_slice_equal(value->text, "-12");
    value = value->next;
    assert_true(lies_in(value->text, text));
    assert_slice_equal(value->text, "1.50");

    bd_json_free(&document);
    free(copy);
}


/* A loaded document lives on without its text; all in it is terminated. */
static void
test_loaded(void **state)
{
    size_t                  i;
    bd_json_t               document;
    const bd_json_value_t  *value;

    static const char *const  members[][2] = {
        { "plain", "text" }, { "escaped", "a\tb" }, { "n", "-12" },
        { "r", "1.50" }, { "", "" }
    };

    (void) state;

    assert_int_equal(parse(bd_slice("{\"plain\":\"text\",\"\\u0065scaped\":"
                                    "\"a\\tb\",\"n\":-12,\"r\":1.50,\"\":\"\","
                                    "\"a\\u0000b\":\"\\u0000\"}"),
                           &document), 0);

    value = bd_json_first(document.root);

    for (i = 0; i < bd_test_count(members); i++) {
        assert_string_equal((const char *) value->name.data, members[i][0]);
        assert_string_equal((const char *) value->text.data, members[i][1]);
        assert_int_equal(value->name.len, strlen(members[i][0]));
        assert_int_equal(value->text.len, strlen(members[i][1]));
        value = value->next;
    }

    assert_int_equal(value->name.len, 3);
    assert_memory_equal(value->name.data, "a\0b", 4);
    assert_int_equal(value->text.len, 1);
    assert_memory_equal(value->text.data, "\0", 2);

    bd_json_free(&document);
}


/* Writes an object of members "m0": 0, ..., and of last, if not NULL. */
static bd_buf_t
object_of(size_t n, const char *last)
{
    char      member[64];
    size_t    i;
    bd_buf_t  text;

    text = BD_BUF_EMPTY;

    for (i = 0; i < n; i++) {
        (void) snprintf(member, sizeof(member), "%c\"m%zu\":%zu",
                        i ? ',' : '{', i, i);
        bd_buf_puts(&text, member);
    }

    if (last != NULL) {
        bd_buf_puts(&text, ",\"");
        bd_buf_puts(&text, last);
        bd_buf_puts(&text, "\":null");
    }

    bd_buf_puts(&text, "}");
    assert_false(text.failed);

    return text;
}


/* Each member is found, and one that is there twice, whatever the size. */
static void
test_sizes(void **state)
{
    char                    name[32];
    size_t                  i, k;
    bd_buf_t                text;
    bd_json_t               document;
    const bd_json_value_t  *member;

    static const size_t  sizes[] = {
        1, 2, 8, 15, 16, 17, 18, 31, 32, 33, 34, 64, 65, 1000, 4097
    };

    (void) state;

    for (i = 0; i < bd_test_count(sizes); i++) {
        text = object_of(sizes[i], NULL);
        assert_int_equal(bd_json_parse(&document, bd_buf_slice(&text), 1), 0);
        assert_int_equal(bd_json_count(document.root), sizes[i]);

        member = bd_json_first(document.root);

        for (k = 0; k < sizes[i]; k++) {
            (void) snprintf(name, sizeof(name), "m%zu", k);
            assert_slice_equal(member->name, name);
            assert_int_equal(member->integer, k);
            assert_ptr_equal(bd_json_member(document.root,
                                            bd_test_slice(name)), member);
            member = member->next;
        }

        assert_null(member);
        assert_null(bd_json_member(document.root, bd_slice("m")));

        (void) snprintf(name, sizeof(name), "m%zu", k);
        assert_null(bd_json_member(document.root, bd_test_slice(name)));

        bd_json_free(&document);
        bd_buf_free(&text);

        /* one more that is new, the first again, the last again */

        text = object_of(sizes[i], name);
        assert_int_equal(bd_json_parse(&document, bd_buf_slice(&text), 1), 0);
        assert_int_equal(bd_json_count(document.root), sizes[i] + 1);
        bd_json_free(&document);
        bd_buf_free(&text);

        text = object_of(sizes[i], "\\u006d0");
        assert_int_equal(bd_json_parse(&document, bd_buf_slice(&text), 1), 1);
        bd_buf_free(&text);

        (void) snprintf(name, sizeof(name), "m%zu", k - 1);
        text = object_of(sizes[i], name);
        assert_int_equal(bd_json_parse(&document, bd_buf_slice(&text), 1), 1);
        bd_buf_free(&text);
    }
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
    size_t                  i;
    bd_json_t               document;
    bd_number_t             number, same;
    const bd_json_value_t  *value;

    static const struct {
        bd_json_type_e  type;
        int64_t         integer;
    } kinds[] = {
        { BD_JSON_INTEGER, INT64_MIN }, { BD_JSON_INTEGER, INT64_MAX },
        { BD_JSON_REAL, 0 }, { BD_JSON_REAL, 0 }, { BD_JSON_INTEGER, 0 },
        { BD_JSON_INTEGER, -17 }, { BD_JSON_REAL, 0 }, { BD_JSON_REAL, 0 },
        { BD_JSON_REAL, 0 }, { BD_JSON_REAL, 0 },
        { BD_JSON_INTEGER, 999999999999999999 }
    };

    (void) state;

    for (i = 0; i < bd_test_count(numbers); i++) {
        assert_int_equal(parse(bd_test_slice(numbers[i].text), &document), 0);
        assert_slice_equal(document.root->text, numbers[i].text);

        bd_json_number(document.root, &number);
        bd_number_read(&same, bd_test_slice(numbers[i].same));
        assert_int_equal(bd_number_compare(&number, &same), 0);

        bd_json_free(&document);
    }

    /* both ends of 64 bits are integers, what is beyond is not; nor is what
     * has a fraction or an exponent, or would come to 0 in 64 bits */

    assert_int_equal(parse(bd_slice("[-9223372036854775808,"
                                    "9223372036854775807,"
                                    "-9223372036854775809,"
                                    "9223372036854775808,-0,-17,1.0,1e2,"
                                    "18446744073709551616,-0.0,"
                                    "999999999999999999]"), &document), 0);

    for (i = 0; i < bd_test_count(kinds); i++) {
        value = at(document.root, i);
        assert_int_equal(value->type, kinds[i].type);

        if (value->type == BD_JSON_INTEGER) {
            assert_true(value->integer == kinds[i].integer);
        }
    }

    bd_json_free(&document);
}


/* The most places of an index that stand one behind the other and are taken:
 * no member or name is looked for at more. */
static size_t
longest_run(const bd_json_value_t *object)
{
    size_t                  i, run, longest;
    const bd_json_index_t  *index;

    index = object->index;
    assert_non_null(index);
    assert_true(index->size >= 2 * object->count);
    assert_true(index->size <= 8 * object->count);

    run = 0;
    longest = 0;

    for (i = 0; i < 2 * index->size; i++) {
        run = index->members[i & (index->size - 1)] ? run + 1 : 0;
        longest = (run > longest) ? run : longest;
    }

    return longest;
}


/* The work for many members is in proportion to their number. */
static void
test_many(void **state)
{
    bd_buf_t                text;
    bd_json_t               document;
    const bd_json_value_t  *member;

    (void) state;

    text = object_of(100000, NULL);
    assert_int_equal(bd_json_parse(&document, bd_buf_slice(&text), 1), 0);
    assert_int_equal(bd_json_count(document.root), 100000);
    assert_true(longest_run(document.root) < 1000);

    for (member = bd_json_first(document.root);
         member != NULL;
         member = member->next)
    {
        assert_ptr_equal(bd_json_member(document.root, member->name), member);
    }

    bd_json_free(&document);
    bd_buf_free(&text);
}


/* 1000 names that collide, were the seed of the hash known to be 0. */
static void
test_collisions(void **state)
{
    char        name[20];
    size_t      i, n;
    bd_buf_t    text;
    bd_json_t   document;

    (void) state;

    text = BD_BUF_EMPTY;

    for (i = 0, n = 0; n < 1000; i++) {
        (void) snprintf(name, sizeof(name), "%016zx", i);

        if ((bd_hash_bytes(name, 16, 0) & 0x7ff) == 0) {
            bd_buf_puts(&text, n++ ? ",\"" : "{\"");
            bd_buf_puts(&text, name);
            bd_buf_puts(&text, "\":0");
        }
    }

    bd_buf_puts(&text, "}");
    assert_false(text.failed);

    assert_int_equal(bd_json_parse(&document, bd_buf_slice(&text), 1), 0);
    assert_true(longest_run(document.root) < 250);

    bd_json_free(&document);
    bd_buf_free(&text);
}


/* Each allocation fails in turn: that is told, and nothing is left behind. */
static void
test_nomem(void **state)
{
    int         i, rc, calls[2];
    bd_buf_t    text;
    bd_json_t   document;

    static int (*const parsers[])(bd_json_t *, bd_slice_t, unsigned) = {
        bd_json_parse, bd_json_load
    };

    (void) state;

    text = object_of(1000, "\\u0061 name\":[\"a string\\n\",{}],\"b");

    for (i = 0; i < 2; i++) {
        calls[i] = 0;

        do {
            calls_left = calls[i]++;
            rc = parsers[i](&document, bd_buf_slice(&text), 3);

            if (rc != 0) {
                assert_int_equal(rc, -1);
                assert_int_equal(calls_left, 0);
                assert_null(document.root);
                assert_null(document.arena.chunks);
            }
        } while (rc != 0);

        calls_left = -1;
        bd_json_free(&document);
    }

    assert_true(calls[0] > 10 && calls[1] > calls[0]);

    bd_buf_free(&text);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_taken),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_views),
        cmocka_unit_test(test_loaded),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_collisions),
        cmocka_unit_test(test_nomem),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_numbers),
    };

    return cmocka_run_group_tests_name("bd_json", tests, NULL, NULL);
}
