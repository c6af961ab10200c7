/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Tests of bd_utf8: every code point there and back, and what is none.
 */


#include "bd_test.h"
#include "bd_utf8.h"


static const bd_slice_t  invalid[] = {
    bd_slice("\x80"), bd_slice("\xbf"), bd_slice("\xc0\x80"),
    bd_slice("\xc1\xbf"), bd_slice("\xc3"), bd_slice("\xc3\x28"),
    bd_slice("\xe0\x80\x80"), bd_slice("\xe0\x9f\xbf"), bd_slice("\xe6\xbc"),
    bd_slice("\xed\xa0\x80"), bd_slice("\xed\xbf\xbf"),
    bd_slice("\xf0\x8f\xbf\xbf"), bd_slice("\xf0\x9f\x98"),
    bd_slice("\xf4\x90\x80\x80"), bd_slice("\xf5\x80\x80\x80"),
    bd_slice("\xff"), bd_slice("a\xe6\x28\xa2")
};


static void
test_round_trip(void **state)
{
    char         utf8[4];
    size_t       n;
    uint32_t     code, got;
    bd_slice_t   s;

    (void) state;

    for (code = 0; code <= 0x10ffff; code++) {
        n = bd_utf8_encode(utf8, code);
        s = bd_slice_make(utf8, n);
        got = bd_utf8_next(&s);

        if (code >= 0xd800 && code < 0xe000) {
            assert_true(got == BD_UTF8_INVALID && s.len == n);
            continue;
        }

        assert_true(got == code && s.len == 0);
        assert_int_equal(bd_utf8_length(bd_slice_make(utf8, n)), 1);
    }
}


static void
test_invalid(void **state)
{
    size_t    i;
    uint8_t  *copy;

    (void) state;

    for (i = 0; i < bd_test_count(invalid); i++) {
        copy = bd_test_copy(invalid[i]);
        assert_false(bd_utf8_valid(bd_slice_make(copy, invalid[i].len)));
        free(copy);
    }

    assert_true(bd_utf8_valid(bd_slice("")));
    assert_true(bd_utf8_valid(bd_slice("a\0\xc3\xa9\xf0\x9f\x98\x80")));
    assert_int_equal(bd_utf8_length(bd_slice("a\0\xc3\xa9\xf0\x9f\x98\x80")),
                     4);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_invalid),
    };

    return cmocka_run_group_tests_name("bd_utf8", tests, NULL, NULL);
}
