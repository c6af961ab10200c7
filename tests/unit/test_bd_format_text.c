/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * uuid, json-pointer and relative-json-pointer.
 */


#include "test_bd_format_cases.h"


static void
test_uuid(void **state)
{
    static const bd_format_case_t  cases[] = {
        bd_valid("f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "RFC 4122, 3"),
        bd_valid("F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6", "RFC 4122, 3"),
        bd_valid("ffffffff-ffff-ffff-ffff-ffffffffffff", "any variant"),
        bd_invalid("urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "a URN"),
        bd_invalid("{f81d4fae-7dec-11d0-a765-00a0c91e6bf6}", "braces"),
        bd_invalid("f81d4fae-7dec-11d0-a765-00a0c91e6bf", "35 characters"),
        bd_invalid("f81d4fae-7dec-11d0-a765-00a0c91e6bf6a", "37 characters"),
        bd_invalid("f81d4fae+7dec-11d0-a765-00a0c91e6bf6", "no hyphen"),
        bd_invalid("f81d4fae-7dec-11d0-a7-500a0c91e6bf6a", "a moved hyphen"),
        bd_invalid("f81d4fae-7dec-11d0-a765-00a0c91e6bfg", "no digit"),
        bd_invalid("", "nothing")
    };

    bd_run_cases("uuid", cases);
}


static void
test_json_pointer(void **state)
{
    static const bd_format_case_t  cases[] = {
        bd_valid("", "RFC 6901, 5"),
        bd_valid("/", "RFC 6901, 5"),
        bd_valid("//", "RFC 6901, 3: empty tokens"),
        bd_valid("/a~1b/m~0n", "RFC 6901, 5"),
        bd_valid("/~01", "RFC 6901, 4"),
        bd_valid("/\xc3\xa9\0\"\\", "RFC 6901, 3: anything unescaped"),
        bd_invalid("a", "RFC 6901, 3: no slash first"),
        bd_invalid("a/b", "RFC 6901, 3: no slash first"),
        bd_invalid("#/a", "RFC 6901, 6: a fragment"),
        bd_invalid("~0", "RFC 6901, 3: no slash first"),
        bd_invalid("/~", "RFC 6901, 3"),
        bd_invalid("/~2", "RFC 6901, 3"),
        bd_invalid("/~/", "RFC 6901, 3"),
        bd_invalid("/~0~", "RFC 6901, 3"),
        bd_invalid("/~~0", "RFC 6901, 3")
    };

    bd_run_cases("json-pointer", cases);
}


/* draft-bhutton-relative-json-pointer-00, section 3. */
static void
test_relative_json_pointer(void **state)
{
    static const bd_format_case_t  cases[] = {
        bd_valid("0", "the value itself"),
        bd_valid("10/a~1b", "up and down"),
        bd_valid("99999999999999999999999999999999", "any integer"),
        bd_valid("0#", "the name"),
        bd_valid("0//", "empty tokens"),
        bd_valid("0+1", "index-manipulation"),
        bd_valid("1-10/a", "index-manipulation"),
        bd_valid("0-0#", "index-manipulation"),
        bd_invalid("", "no integer"),
        bd_invalid("#", "no integer"),
        bd_invalid("/a", "no integer"),
        bd_invalid("+1", "no integer"),
        bd_invalid("-1", "no integer"),
        bd_invalid("00", "a leading zero"),
        bd_invalid("01", "a leading zero"),
        bd_invalid("0+01", "a leading zero"),
        bd_invalid("0+", "no integer"),
        bd_invalid("0+-1", "no integer"),
        bd_invalid("0+1+1", "once"),
        bd_invalid("0##", "more after it"),
        bd_invalid("0#/a", "more after it"),
        bd_invalid("0a", "no slash first"),
        bd_invalid("0/~", "as json-pointer"),
        bd_invalid("0\0", "a zero byte"),
        bd_invalid(" 0", "more before it")
    };

    bd_run_cases("relative-json-pointer", cases);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_uuid),
        cmocka_unit_test(test_json_pointer),
        cmocka_unit_test(test_relative_json_pointer)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
