/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Tests of bd_route: the contract's table of classes, and what is an id.
 */


#include "bd_test.h"
#include "bd_route.h"

#include <stdio.h>


#define P  "/api/batch_dial_jobs"


typedef struct {
    bd_method_e  method;
    const char  *prefix;
    const char  *path;
    bd_class_e   class;
    const char  *id;
    const char  *rest;
} bd_route_case_t;


static const bd_route_case_t  cases[] = {

    /* not under the prefix */

    { BD_METHOD_GET, P, "", BD_CLASS_NONE, "", "" },
    { BD_METHOD_GET, P, "/", BD_CLASS_NONE, "", "" },
    { BD_METHOD_GET, P, "/api", BD_CLASS_NONE, "", "" },
    { BD_METHOD_GET, P, "/api/batch_dial_job", BD_CLASS_NONE, "", "" },
    { BD_METHOD_GET, P, P "2/a", BD_CLASS_NONE, "", "" },
    { BD_METHOD_GET, P, P "-a", BD_CLASS_NONE, "", "" },
    { BD_METHOD_GET, P, "/x" P "/a", BD_CLASS_NONE, "", "" },
    { BD_METHOD_GET, P, "/API/batch_dial_jobs/a", BD_CLASS_NONE, "", "" },
    { BD_METHOD_OPTIONS, P, "/other", BD_CLASS_NONE, "", "" },
    { BD_METHOD_OTHER, P, "/other", BD_CLASS_NONE, "", "" },

    /* the collection */

    { BD_METHOD_GET, P, P, BD_CLASS_PASS, "", "" },
    { BD_METHOD_GET, P, P "/", BD_CLASS_PASS, "", "" },
    { BD_METHOD_HEAD, P, P, BD_CLASS_PASS, "", "" },
    { BD_METHOD_POST, P, P, BD_CLASS_CREATE, "", "" },
    { BD_METHOD_POST, P, P "/", BD_CLASS_CREATE, "", "" },
    { BD_METHOD_OTHER, P, P "/", BD_CLASS_PASS, "", "" },

    /* a job */

    { BD_METHOD_GET, P, P "/a", BD_CLASS_READ, "a", "" },
    { BD_METHOD_GET, P, P "/job-1_Z9", BD_CLASS_READ, "job-1_Z9", "" },
    { BD_METHOD_HEAD, P, P "/a", BD_CLASS_READ, "a", "" },
    { BD_METHOD_POST, P, P "/a", BD_CLASS_WRITE, "a", "" },
    { BD_METHOD_OTHER, P, P "/a", BD_CLASS_WRITE, "a", "" },

    /* below a job */

    { BD_METHOD_GET, P, P "/a/", BD_CLASS_PASS, "a", "/" },
    { BD_METHOD_GET, P, P "/a/dials", BD_CLASS_PASS, "a", "/dials" },
    { BD_METHOD_HEAD, P, P "/a/queue", BD_CLASS_PASS, "a", "/queue" },
    { BD_METHOD_GET, P, P "/a//", BD_CLASS_PASS, "a", "//" },
    { BD_METHOD_POST, P, P "/a/paused", BD_CLASS_WRITE, "a", "/paused" },
    { BD_METHOD_POST, P, P "/a/", BD_CLASS_WRITE, "a", "/" },
    { BD_METHOD_OTHER, P, P "/a/b/c", BD_CLASS_WRITE, "a", "/b/c" },

    /* an illegal id, whatever the method */

    { BD_METHOD_GET, P, P "/a b", BD_CLASS_BAD_ID, "", "" },
    { BD_METHOD_GET, P, P "/a.json", BD_CLASS_BAD_ID, "", "" },
    { BD_METHOD_HEAD, P, P "/..a", BD_CLASS_BAD_ID, "", "" },
    { BD_METHOD_GET, P, P "//", BD_CLASS_BAD_ID, "", "" },
    { BD_METHOD_GET, P, P "//x", BD_CLASS_BAD_ID, "", "" },
    { BD_METHOD_POST, P, P "//paused", BD_CLASS_BAD_ID, "", "" },
    { BD_METHOD_POST, P, P "/a\r\nb", BD_CLASS_BAD_ID, "", "" },
    { BD_METHOD_OTHER, P, P "/a}b/paused", BD_CLASS_BAD_ID, "", "" },
    { BD_METHOD_GET, P, P "/\xc3\xa4", BD_CLASS_BAD_ID, "", "" },

    /* a preflight is nobody's business */

    { BD_METHOD_OPTIONS, P, P, BD_CLASS_UNTOUCHED, "", "" },
    { BD_METHOD_OPTIONS, P, P "/", BD_CLASS_UNTOUCHED, "", "" },
    { BD_METHOD_OPTIONS, P, P "/a", BD_CLASS_UNTOUCHED, "", "" },
    { BD_METHOD_OPTIONS, P, P "/a/paused", BD_CLASS_UNTOUCHED, "", "" },
    { BD_METHOD_OPTIONS, P, P "/a b", BD_CLASS_UNTOUCHED, "", "" },

    /* batch_dial_path / */

    { BD_METHOD_GET, "", "/", BD_CLASS_PASS, "", "" },
    { BD_METHOD_GET, "", "", BD_CLASS_PASS, "", "" },
    { BD_METHOD_GET, "", "/a", BD_CLASS_READ, "a", "" },
    { BD_METHOD_GET, "", "/a/dials", BD_CLASS_PASS, "a", "/dials" },
    { BD_METHOD_POST, "", "/a/paused", BD_CLASS_WRITE, "a", "/paused" },
    { BD_METHOD_GET, "", "//", BD_CLASS_BAD_ID, "", "" },
    { BD_METHOD_GET, "", "*", BD_CLASS_NONE, "", "" }
};


static void
test_route_table(void **state)
{
    size_t                  i;
    uint8_t                *path;
    bd_route_t              route;
    bd_slice_t              s;
    const bd_route_case_t  *c;

    (void) state;

    for (i = 0; i < bd_test_count(cases); i++) {
        c = &cases[i];
        s = bd_test_slice(c->path);
        path = bd_test_copy(s);

        bd_route_classify(c->method, bd_slice_make(path, s.len),
                          bd_test_slice(c->prefix), &route);

        if (route.class != c->class
            || !bd_slice_equal(route.id, bd_test_slice(c->id))
            || !bd_slice_equal(route.rest, bd_test_slice(c->rest)))
        {
            fail_msg("method %d, path \"%s\": class %d, id \"%.*s\"",
                     c->method, c->path, route.class, (int) route.id.len,
                     (const char *) route.id.data);
        }

        free(path);
    }
}


/* What the last request left in the structure must not shine through. */

static void
test_route_overwrites(void **state)
{
    bd_route_t  route;

    (void) state;

    memset(&route, 0xff, sizeof(route));

    bd_route_classify(BD_METHOD_GET, bd_slice("/x"), bd_slice(P), &route);

    assert_int_equal(route.class, BD_CLASS_NONE);
    assert_int_equal(route.id.len, 0);
    assert_int_equal(route.rest.len, 0);
}


static int
test_id_char(int ch)
{
    return ch != 0
           && strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                     "0123456789-_", ch) != NULL;
}


/* Every byte in every place of an id. */

static void
test_id_bytes(void **state)
{
    int      ch;
    size_t   i;
    uint8_t  id[5];

    (void) state;

    for (i = 0; i < sizeof(id); i++) {
        for (ch = 0; ch < 256; ch++) {
            memset(id, 'a', sizeof(id));
            id[i] = (uint8_t) ch;

            assert_int_equal(bd_route_id_valid(bd_slice_make(id, sizeof(id))),
                             test_id_char(ch));
        }
    }
}


static void
test_id_length(void **state)
{
    size_t      len;
    char        path[sizeof(P) + 1 + 2 * BD_ID_MAX];
    uint8_t    *id;
    bd_route_t  route;

    (void) state;

    assert_int_equal(BD_ID_MAX, 128);
    assert_false(bd_route_id_valid(bd_slice_make(NULL, 0)));

    for (len = 1; len <= 2 * BD_ID_MAX; len++) {
        id = malloc(len);
        assert_non_null(id);
        memset(id, 'x', len);

        assert_int_equal(bd_route_id_valid(bd_slice_make(id, len)),
                         len <= 128);

        snprintf(path, sizeof(path), P "/%.*s", (int) len, (char *) id);
        bd_route_classify(BD_METHOD_GET, bd_test_slice(path), bd_slice(P),
                          &route);

        assert_int_equal(route.class,
                         len <= 128 ? BD_CLASS_READ : BD_CLASS_BAD_ID);

        free(id);
    }
}


/* What comes out with an id is prefix, slash, id, rest, and nothing else. */

static void
test_route_property(void **state)
{
    size_t      i, n, len;
    uint8_t    *path;
    uint64_t    seed;
    bd_route_t  route;
    bd_slice_t  s;

    static const char  alphabet[] = "/ab-_.\0\xff{}/";

    (void) state;

    seed = 1;

    for (n = 0; n < 100000; n++) {
        len = sizeof("/p") - 1 + bd_test_random(&seed) % 12;
        path = malloc(len);
        assert_non_null(path);

        for (i = 0; i < len; i++) {
            path[i] = (uint8_t) alphabet[bd_test_random(&seed)
                                         % (sizeof(alphabet) - 1)];
        }

        memcpy(path, "/p", 2);

        s = bd_slice_make(path, len);
        bd_route_classify(bd_test_random(&seed) % 5, s, bd_slice("/p"),
                          &route);

        if (route.id.len != 0) {
            assert_true(bd_route_id_valid(route.id));
            assert_ptr_equal(route.id.data, path + 3);
            assert_ptr_equal(route.rest.data, route.id.data + route.id.len);
            assert_int_equal(3 + route.id.len + route.rest.len, len);
            assert_true(route.rest.len == 0 || route.rest.data[0] == '/');
            assert_true(route.class == BD_CLASS_READ
                        || route.class == BD_CLASS_WRITE
                        || route.class == BD_CLASS_PASS);

        } else {
            assert_int_not_equal(route.class, BD_CLASS_READ);
            assert_int_not_equal(route.class, BD_CLASS_WRITE);
        }

        free(path);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_route_table),
        cmocka_unit_test(test_route_overwrites),
        cmocka_unit_test(test_id_bytes),
        cmocka_unit_test(test_id_length),
        cmocka_unit_test(test_route_property)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
