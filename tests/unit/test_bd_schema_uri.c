/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Tests of bd_schema_uri: the examples of RFC 3986, section 5.4, and JSON
 * pointers.
 */


#include "bd_test.h"
#include "bd_schema_uri.h"


#define BASE  "http://a/b/c/d;p?q"


static const char *const  cases[][3] = {

    /* section 5.4.1 */

    { BASE, "g:h", "g:h" },
    { BASE, "g", "http://a/b/c/g" },
    { BASE, "./g", "http://a/b/c/g" },
    { BASE, "g/", "http://a/b/c/g/" },
    { BASE, "/g", "http://a/g" },
    { BASE, "//g", "http://g" },
    { BASE, "?y", "http://a/b/c/d;p?y" },
    { BASE, "g?y", "http://a/b/c/g?y" },
    { BASE, "#s", "http://a/b/c/d;p?q#s" },
    { BASE, "g#s", "http://a/b/c/g#s" },
    { BASE, "g?y#s", "http://a/b/c/g?y#s" },
    { BASE, ";x", "http://a/b/c/;x" },
    { BASE, "g;x", "http://a/b/c/g;x" },
    { BASE, "g;x?y#s", "http://a/b/c/g;x?y#s" },
    { BASE, "", "http://a/b/c/d;p?q" },
    { BASE, ".", "http://a/b/c/" },
    { BASE, "./", "http://a/b/c/" },
    { BASE, "..", "http://a/b/" },
    { BASE, "../", "http://a/b/" },
    { BASE, "../g", "http://a/b/g" },
    { BASE, "../..", "http://a/" },
    { BASE, "../../", "http://a/" },
    { BASE, "../../g", "http://a/g" },

    /* section 5.4.2 */

    { BASE, "../../../g", "http://a/g" },
    { BASE, "../../../../g", "http://a/g" },
    { BASE, "/./g", "http://a/g" },
    { BASE, "/../g", "http://a/g" },
    { BASE, "g.", "http://a/b/c/g." },
    { BASE, ".g", "http://a/b/c/.g" },
    { BASE, "g..", "http://a/b/c/g.." },
    { BASE, "..g", "http://a/b/c/..g" },
    { BASE, "./../g", "http://a/b/g" },
    { BASE, "./g/.", "http://a/b/c/g/" },
    { BASE, "g/./h", "http://a/b/c/g/h" },
    { BASE, "g/../h", "http://a/b/c/h" },
    { BASE, "g;x=1/./y", "http://a/b/c/g;x=1/y" },
    { BASE, "g;x=1/../y", "http://a/b/c/y" },
    { BASE, "g?y/./x", "http://a/b/c/g?y/./x" },
    { BASE, "g?y/../x", "http://a/b/c/g?y/../x" },
    { BASE, "g#s/./x", "http://a/b/c/g#s/./x" },
    { BASE, "g#s/../x", "http://a/b/c/g#s/../x" },

    /* others */

    { "http://a", "g", "http://a/g" },
    { "http://a?q", "", "http://a?q" },
    { "urn:a:b", "#c", "urn:a:b#c" },
    { "urn:a:b", "urn:c", "urn:c" },
    { "", "../c", "../c" },
    { "http://a/b#f", "c", "http://a/c" },
    { "file:///x/y", "z", "file:///x/z" },
};


static void
test_resolve(void **state)
{
    size_t    i;
    bd_buf_t  out;

    (void) state;

    for (i = 0; i < bd_test_count(cases); i++) {
        out = BD_BUF_EMPTY;
        bd_schema_uri_resolve(bd_test_slice(cases[i][0]),
                              bd_test_slice(cases[i][1]), &out);
        assert_false(out.failed);

        if (!bd_slice_equal(bd_buf_slice(&out), bd_test_slice(cases[i][2]))) {
            fail_msg("%s from %s: %s", cases[i][1], cases[i][0], out.data);
        }

        bd_buf_free(&out);
    }
}


static void
test_split(void **state)
{
    bd_slice_t  uri, fragment;

    (void) state;

    bd_schema_uri_split(bd_slice("a#b#c"), &uri, &fragment);
    assert_slice_equal(uri, "a");
    assert_slice_equal(fragment, "b#c");

    bd_schema_uri_split(bd_slice("a"), &uri, &fragment);
    assert_slice_equal(uri, "a");
    assert_slice_equal(fragment, "");

    bd_schema_uri_split(bd_slice("#"), &uri, &fragment);
    assert_slice_equal(uri, "");
    assert_slice_equal(fragment, "");
}


static void
test_decode(void **state)
{
    size_t    i;
    bd_buf_t  out;

    static const char *const  bad[] = { "%", "%1", "a%", "%g0", "%0g", "%%41" };

    (void) state;

    out = BD_BUF_EMPTY;
    assert_int_equal(bd_schema_uri_decode(bd_slice("/a%25b%C3%a9"), &out), 0);
    assert_slice_equal(bd_buf_slice(&out), "/a%b\xc3\xa9");
    bd_buf_free(&out);

    for (i = 0; i < bd_test_count(bad); i++) {
        out = BD_BUF_EMPTY;
        assert_int_equal(bd_schema_uri_decode(bd_test_slice(bad[i]), &out),
                         -1);
        bd_buf_free(&out);
    }
}


static void
test_pointer(void **state)
{
    bd_buf_t    out;
    bd_slice_t  pointer;

    (void) state;

    out = BD_BUF_EMPTY;
    bd_schema_pointer_add(&out, bd_slice("a~/b"));
    bd_schema_pointer_add(&out, bd_slice(""));
    assert_slice_equal(bd_buf_slice(&out), "/a~0~1b/");
    bd_buf_free(&out);

    pointer = bd_slice("/a~0~1b//~01");

    assert_int_equal(bd_schema_pointer_next(&pointer, &out), 0);
    assert_slice_equal(bd_buf_slice(&out), "a~/b");
    out.len = 0;
    assert_int_equal(bd_schema_pointer_next(&pointer, &out), 0);
    assert_int_equal(out.len, 0);
    assert_int_equal(bd_schema_pointer_next(&pointer, &out), 0);
    assert_slice_equal(bd_buf_slice(&out), "~1");
    assert_int_equal(pointer.len, 0);

    pointer = bd_slice("a");
    assert_int_equal(bd_schema_pointer_next(&pointer, &out), -1);
    pointer = bd_slice("/~2");
    assert_int_equal(bd_schema_pointer_next(&pointer, &out), -1);
    pointer = bd_slice("/~");
    assert_int_equal(bd_schema_pointer_next(&pointer, &out), -1);

    bd_buf_free(&out);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_resolve),
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_decode),
        cmocka_unit_test(test_pointer),
    };

    return cmocka_run_group_tests_name("bd_schema_uri", tests, NULL, NULL);
}
