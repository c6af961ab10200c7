/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Tests of bd_number: exact comparison, integers and multiples.
 */


#include "bd_test.h"
#include "bd_number.h"

#include <stdio.h>


typedef struct {
    const char  *left;
    const char  *right;
    int          order;
} bd_number_case_t;


static const bd_number_case_t  cases[] = {
    { "0", "0", 0 },
    { "0", "-0.000e5", 0 },
    { "1", "1.0", 0 },
    { "1", "10e-1", 0 },
    { "100", "1E+2", 0 },
    { "0.00123", "1.23e-3", 0 },
    { "-12.50", "-0.125e2", 0 },
    { "1", "2", -1 },
    { "-1", "1", -1 },
    { "-2", "-1", -1 },
    { "0", "1e-400", -1 },
    { "-1e-400", "0", -1 },
    { "9", "10", -1 },
    { "0.1", "0.10000000000000000001", -1 },
    { "9007199254740992", "9007199254740993", -1 },
    { "18446744073709551615", "18446744073709551616", -1 },
    { "1e308", "1e309", -1 },
    { "1e400", "1e99999999999999999999999999", -1 },
    { "1e-99999999999999999999999999", "1e-400", -1 },
    { "0.5", "0.49999999999999999999", 1 },
};


static const char *const  integers[] = {
    "0", "-0", "0.0", "1", "-7", "1.0", "1.50e1", "1e400", "0e-9",
    "12345678901234567890123", "123.000e0", "1200e-2"
};


static const char *const  fractions[] = {
    "0.5", "1.5", "-0.1", "1e-1", "12e-2", "1e-400", "1234567890.00000001"
};


typedef struct {
    const char  *number;
    const char  *divisor;
    int          multiple;
} bd_multiple_case_t;


static const bd_multiple_case_t  multiples[] = {
    { "0", "7", 1 },
    { "-0.0", "0.1", 1 },
    { "4", "2", 1 },
    { "-4", "2", 1 },
    { "7", "2", 0 },
    { "0.3", "0.1", 1 },
    { "4.35", "0.01", 1 },
    { "4.355", "0.01", 0 },
    { "0.0075", "0.0001", 1 },
    { "0.00751", "0.0001", 0 },
    { "19.99", "0.01", 1 },
    { "1e308", "0.123456789", 0 },
    { "1e308", "0.5", 1 },
    { "1e999999999999", "1024", 1 },
    { "1e999999999999", "3", 0 },
    { "3e999999999999", "3", 1 },
    { "1e9", "1024", 0 },
    { "1e10", "1024", 1 },
    { "1e-1", "1", 0 },
    { "18446744073709551616", "4294967296", 1 },
    { "18446744073709551617", "4294967296", 0 },
    { "2469135780246913578024691357802469135",
      "1234567890123456789012345678901234567.5", 1 },
    { "1000000000000000000000000000000000000",
      "1234567890123456789012345678901234567", 0 },
};


static bd_number_t
read_number(const char *text)
{
    bd_number_t  number;

    bd_number_read(&number, bd_test_slice(text));

    return number;
}


static void
test_compare(void **state)
{
    size_t       i;
    bd_number_t  a, b;

    (void) state;

    for (i = 0; i < bd_test_count(cases); i++) {
        a = read_number(cases[i].left);
        b = read_number(cases[i].right);

        assert_int_equal(bd_number_compare(&a, &b), cases[i].order);
        assert_int_equal(bd_number_compare(&b, &a), -cases[i].order);
        assert_int_equal(bd_number_compare(&a, &a), 0);
    }
}


static void
test_hash(void **state)
{
    size_t       i;
    bd_number_t  a, b;

    (void) state;

    for (i = 0; i < bd_test_count(cases); i++) {
        a = read_number(cases[i].left);
        b = read_number(cases[i].right);

        assert_int_equal(bd_number_hash(&a, 1) == bd_number_hash(&b, 1),
                         cases[i].order == 0);
        assert_true(bd_number_hash(&a, 1) != bd_number_hash(&a, 2));
    }
}


static void
test_integer(void **state)
{
    size_t       i;
    bd_number_t  number;

    (void) state;

    for (i = 0; i < bd_test_count(integers); i++) {
        number = read_number(integers[i]);
        assert_true(bd_number_is_integer(&number));
    }

    for (i = 0; i < bd_test_count(fractions); i++) {
        number = read_number(fractions[i]);
        assert_false(bd_number_is_integer(&number));
    }
}


static void
test_uint64(void **state)
{
    size_t       i;
    bd_number_t  number;

    static const struct {
        const char  *text;
        uint64_t     value;
    } values[] = {
        { "0", 0 }, { "-0", 0 }, { "7", 7 }, { "2.0", 2 }, { "1.50e1", 15 },
        { "1e18", 1000000000000000000 }, { "1200e-2", 12 },
        { "9999999999999999999", 9999999999999999999u },
        { "9223372036854775807", INT64_MAX },
        { "10000000000000000000000000e-24", 10 },
        { "1e19", UINT64_MAX }, { "18446744073709551616", UINT64_MAX },
        { "1e99999999999999999999999999", UINT64_MAX },
    };

    (void) state;

    for (i = 0; i < bd_test_count(values); i++) {
        number = read_number(values[i].text);
        assert_true(bd_number_uint64(&number) == values[i].value);
    }
}


static void
test_multiple(void **state)
{
    size_t       i;
    bd_number_t  number, divisor;

    (void) state;

    for (i = 0; i < bd_test_count(multiples); i++) {
        number = read_number(multiples[i].number);
        divisor = read_number(multiples[i].divisor);

        assert_int_equal(bd_number_is_multiple(&number, &divisor),
                         multiples[i].multiple);
    }
}


/* Against 128-bit arithmetic: a product has its factor, one more has not. */
static void
test_multiple_random(void **state)
{
    char         text[48], factor[32];
    int          i;
    uint64_t     seed, a, b;
    bd_number_t  number, divisor;

    (void) state;

    seed = 1;

    for (i = 0; i < 20000; i++) {
        a = bd_test_random(&seed) >> (33 + i % 24);
        b = (bd_test_random(&seed) >> (33 + i % 29)) + 2;

        (void) snprintf(factor, sizeof(factor), "%llue-%d",
                        (unsigned long long) b, i % 7);
        bd_number_read(&divisor, bd_test_slice(factor));

        (void) snprintf(text, sizeof(text), "%llue-%d",
                        (unsigned long long) (a * b), i % 7);
        bd_number_read(&number, bd_test_slice(text));
        assert_true(bd_number_is_multiple(&number, &divisor));

        (void) snprintf(text, sizeof(text), "%llue-%d",
                        (unsigned long long) (a * b + 1), i % 7);
        bd_number_read(&number, bd_test_slice(text));
        assert_false(bd_number_is_multiple(&number, &divisor));
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_compare),
        cmocka_unit_test(test_hash),
        cmocka_unit_test(test_integer),
        cmocka_unit_test(test_uint64),
        cmocka_unit_test(test_multiple),
        cmocka_unit_test(test_multiple_random),
    };

    return cmocka_run_group_tests_name("bd_number", tests, NULL, NULL);
}
