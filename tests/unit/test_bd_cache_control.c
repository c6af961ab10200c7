/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Tests of bd_cache_control: no-store among anything, and Retry-After in
 * both its forms.
 */


#include "bd_test.h"
#include "bd_cache_control.h"

#include <time.h>


static void
assert_no_store(const char *value, int expected)
{
    uint8_t     *data;
    bd_slice_t   s;

    s = bd_test_slice(value);
    data = bd_test_copy(s);

    if (bd_cache_control_no_store(bd_slice_make(data, s.len)) != expected) {
        fail_msg("no-store in \"%s\" is not %d", value, expected);
    }

    free(data);
}


static void
test_no_store(void **state)
{
    size_t  i;

    static const char *const  with[] = {
        "no-store",
        "No-Store",
        "NO-STORE",
        " no-store ",
        "\tno-store\t",
        ",no-store",
        ",, ,no-store,,",
        "private,no-store",
        "private, no-store",
        "no-store, max-age=0",
        "max-age=3, must-revalidate , no-store",
        "private=\"a, b\", no-store",
        "private=\"a\\\"\", no-store",
        "private=\"a\\\\\", no-store",
        "x=\"\", no-store",
        "no-store=1",
        "no-store=\"a, b\"",
        "no-store =",
        "= =, no-store",
        "\xff\x01, no-store"
    };

    static const char *const  without[] = {
        "",
        " ",
        ",",
        "no-cache",
        "no-stor",
        "no-store2",
        "no-stores, x",
        "xno-store",
        "x-no-store",
        "no store",
        "no_store",
        "x=no-store",
        "x = no-store",
        "private=\"no-store\"",
        "private=\"a, no-store\"",
        "private=\"a, no-store, b\", max-age=1",
        "private=\"a\\\", no-store\"",
        "private=\"a, no-store",
        "private=\"\\",
        "no-store;x",
        "no-store x",
        "\"no-store\"",
        "private no-store"
    };

    (void) state;

    for (i = 0; i < bd_test_count(with); i++) {
        assert_no_store(with[i], 1);
    }

    for (i = 0; i < bd_test_count(without); i++) {
        assert_no_store(without[i], 0);
    }

    assert_int_equal(bd_cache_control_no_store(bd_slice_make(NULL, 0)), 0);
    assert_int_equal(bd_cache_control_no_store(bd_slice("no-store\0")), 0);
}


/* A directive is found by its whole name only, wherever the value is cut. */

static void
test_no_store_cut(void **state)
{
    size_t    len;
    uint8_t  *data;

    static const char  value[] = "private, no-store";

    (void) state;

    for (len = 0; len < sizeof(value); len++) {
        data = bd_test_copy(bd_slice_make(value, len));

        assert_int_equal(bd_cache_control_no_store(bd_slice_make(data, len)),
                         len == sizeof(value) - 1);
        free(data);
    }
}


typedef struct {
    const char  *value;
    int64_t      now;
    int64_t      max;
    int64_t      expected;
} bd_retry_case_t;


/* 784111777 is Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110. */

static const bd_retry_case_t  retry_cases[] = {

    { "0", 0, 60, 0 },
    { "1", 0, 60, 1 },
    { "59", 0, 60, 59 },
    { "60", 0, 60, 60 },
    { "61", 0, 60, 60 },
    { "007", 0, 60, 7 },
    { "120", 0, 3600, 120 },
    { "9", 0, 5, 5 },
    { "9", 0, 0, 0 },
    { "4294967296", 0, 60, 60 },
    { "9223372036854775807", 0, INT64_MAX, INT64_MAX },
    { "9223372036854775808", 0, INT64_MAX, INT64_MAX },
    { "9223372036854775806", 0, INT64_MAX, INT64_MAX - 1 },
    { "99999999999999999999999999999999999999", 0, 60, 60 },
    { "99999999999999999999999999999999999999", 0, INT64_MAX, INT64_MAX },

    { "", 0, 60, -1 },
    { " 1", 0, 60, -1 },
    { "1 ", 0, 60, -1 },
    { "-1", 0, 60, -1 },
    { "+1", 0, 60, -1 },
    { "1.5", 0, 60, -1 },
    { "1s", 0, 60, -1 },
    { "0x1", 0, 60, -1 },
    { "99999999999999999999999999999999999999x", 0, 60, -1 },
    { "soon", 0, 60, -1 },

    { "Sun, 06 Nov 1994 08:49:37 GMT", 784111777, 60, 0 },
    { "Sun, 06 Nov 1994 08:49:37 GMT", 784111776, 60, 1 },
    { "Sun, 06 Nov 1994 08:49:37 GMT", 784111778, 60, 0 },
    { "Sun, 06 Nov 1994 08:49:37 GMT", 784111718, 60, 59 },
    { "Sun, 06 Nov 1994 08:49:37 GMT", 784111717, 60, 60 },
    { "Sun, 06 Nov 1994 08:49:37 GMT", 784111716, 60, 60 },
    { "Sun, 06 Nov 1994 08:49:37 GMT", 2000000000, 60, 0 },
    { "Fri, 31 Dec 9999 23:59:59 GMT", 784111777, 60, 60 },
    { "Sat, 01 Jan 0000 00:00:00 GMT", 784111777, 60, 0 },
    { "Thu, 01 Jan 1970 00:00:00 GMT", -5, 60, 5 },

    /* a leap second, a leap day, a wrong name of the day */

    { "Sat, 31 Dec 2016 23:59:60 GMT", 1483228790, 60, 10 },
    { "Thu, 29 Feb 2024 00:00:01 GMT", 1709164800, 60, 1 },
    { "Tue, 29 Feb 2000 00:00:01 GMT", 951782400, 60, 1 },
    { "Mon, 06 Nov 1994 08:49:37 GMT", 784111770, 60, 7 },

    { "Wed, 29 Feb 2023 00:00:01 GMT", 0, 60, -1 },
    { "Mon, 29 Feb 2100 00:00:01 GMT", 0, 60, -1 },
    { "Sun, 00 Nov 1994 08:49:37 GMT", 0, 60, -1 },
    { "Sun, 31 Nov 1994 08:49:37 GMT", 0, 60, -1 },
    { "Sun, 32 Dec 1994 08:49:37 GMT", 0, 60, -1 },
    { "Sun, 06 Nov 1994 24:00:00 GMT", 0, 60, -1 },
    { "Sun, 06 Nov 1994 08:60:37 GMT", 0, 60, -1 },
    { "Sun, 06 Nov 1994 08:49:61 GMT", 0, 60, -1 },
    { "Sun, 06 nov 1994 08:49:37 GMT", 0, 60, -1 },
    { "sun, 06 Nov 1994 08:49:37 GMT", 0, 60, -1 },
    { "Sun, 06 Nov 1994 08:49:37 UTC", 0, 60, -1 },
    { "Sun, 06 Nov 1994 08:49:37 gmt", 0, 60, -1 },
    { "Sun, 6 Nov 1994 08:49:37 GMT", 0, 60, -1 },
    { "Sun, +6 Nov 1994 08:49:37 GMT", 0, 60, -1 },
    { "Sun, 06 Nov -994 08:49:37 GMT", 0, 60, -1 },
    { "Sun, 06 Nov 1994 08:49:37 GMT ", 0, 60, -1 },
    { "Sunday, 06-Nov-94 08:49:37 GMT", 0, 60, -1 },
    { "Sun Nov  6 08:49:37 1994", 0, 60, -1 }
};


static void
test_retry_after(void **state)
{
    size_t                  i;
    int64_t                 result;
    uint8_t                *data;
    bd_slice_t              value;
    const bd_retry_case_t  *c;

    (void) state;

    for (i = 0; i < bd_test_count(retry_cases); i++) {
        c = &retry_cases[i];
        value = bd_test_slice(c->value);
        data = bd_test_copy(value);

        result = bd_retry_after(bd_slice_make(data, value.len), c->now,
                                c->max);

        if (result != c->expected) {
            fail_msg("\"%s\" at %lld gives %lld", c->value,
                     (long long) c->now, (long long) result);
        }

        free(data);
    }

    assert_true(bd_retry_after(bd_slice_make(NULL, 0), 0, 60) == -1);
}


/* Every day from 1970 to 2170, against the C library. */

static void
test_retry_after_calendar(void **state)
{
    char        value[64];
    time_t      t;
    struct tm  *tm;

    (void) state;

    for (t = 0; t < (time_t) 73050 * 86400; t += 86400 + 1) {
        tm = gmtime(&t);
        assert_non_null(tm);
        assert_int_equal(strftime(value, sizeof(value),
                                  "%a, %d %b %Y %H:%M:%S GMT", tm), 29);

        assert_true(bd_retry_after(bd_test_slice(value), t - 7, 60) == 7);
    }

    /* the last one: date -u -d 9999-12-31 +%s */

    assert_true(bd_retry_after(bd_slice("Fri, 31 Dec 9999 00:00:00 GMT"),
                               253402214400 - 3, 60) == 3);
}


/* A date cut anywhere is none; with a byte changed it still is safe. */

static void
test_retry_after_hostile(void **state)
{
    int      ch;
    size_t   i;
    uint8_t *data;
    int64_t  result;

    static const char  date[] = "Sun, 06 Nov 1994 08:49:37 GMT";

    (void) state;

    for (i = 0; i < sizeof(date) - 1; i++) {
        data = bd_test_copy(bd_slice_make(date, i));
        assert_true(bd_retry_after(bd_slice_make(data, i), 784111770, 60)
                    == -1);
        free(data);
    }

    data = bd_test_copy(bd_slice(date));

    for (i = 0; i < sizeof(date) - 1; i++) {
        for (ch = 0; ch < 256; ch++) {
            data[i] = (uint8_t) ch;
            result = bd_retry_after(bd_slice_make(data, sizeof(date) - 1),
                                    784111770, 60);

            assert_in_range(result + 1, 0, 61);

            /* what is neither a letter nor a digit has its one place */

            if (ch < '0' || ch > 'z') {
                assert_true((result == 7) == (ch == date[i]));
            }
        }

        data[i] = (uint8_t) date[i];
    }

    free(data);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_no_store),
        cmocka_unit_test(test_no_store_cut),
        cmocka_unit_test(test_retry_after),
        cmocka_unit_test(test_retry_after_calendar),
        cmocka_unit_test(test_retry_after_hostile)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
