/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * ipv4 and ipv6, by hand and against inet_pton().
 */


#define _DEFAULT_SOURCE         /* inet_pton() */

#include <arpa/inet.h>
#include "test_bd_format_cases.h"


static void
test_ipv4(void **state)
{
    static const bd_format_case_t  cases[] = {
        bd_valid("0.0.0.0", "RFC 2673, 3.2"),
        bd_valid("255.255.255.255", "RFC 2673, 3.2"),
        bd_invalid("1.2.3.256", "over a byte"),
        bd_invalid("1.2.3.1000", "over three digits"),
        bd_invalid("1.2.3.00", "a leading zero"),
        bd_invalid("01.2.3.4", "a leading zero"),
        bd_invalid("1.2.3", "three bytes"),
        bd_invalid("1.2.3.", "an empty byte"),
        bd_invalid(".1.2.3", "an empty byte"),
        bd_invalid("1..2.3", "an empty byte"),
        bd_invalid("1.2.3.4.", "more after it"),
        bd_invalid("1.2.3.4\n", "more after it"),
        bd_invalid("1.2.3.4\0", "more after it"),
        bd_invalid("1.2.3.0x4", "hexadecimal"),
        bd_invalid("1.2.3.-4", "a sign"),
        bd_invalid("1.2.3.4/8", "a mask"),
        bd_invalid("", "nothing")
    };

    bd_run_cases("ipv4", cases);
}


static void
test_ipv6(void **state)
{
    static const bd_format_case_t  cases[] = {
        bd_valid("ABCD:EF01:2345:6789:abcd:ef01:2345:6789",
                 "RFC 4291, 2.2, form 1"),
        bd_valid("2001:DB8:0:0:8:800:200C:417A", "RFC 4291, 2.2, form 1"),
        bd_valid("FF01::101", "RFC 4291, 2.2, form 2"),
        bd_valid("::", "RFC 4291, 2.2, form 2"),
        bd_valid("1:2:3:4:5:6:7::", "one group may be left out"),
        bd_valid("::2:3:4:5:6:7:8", "one group may be left out"),
        bd_valid("1:2:3::5:6:7:8", "one group may be left out"),
        bd_valid("0:0:0:0:0:0:13.1.68.3", "RFC 4291, 2.2, form 3"),
        bd_valid("::FFFF:129.144.52.38", "RFC 4291, 2.2, form 3"),
        bd_valid("::1.2.3.4", "RFC 4291, 2.2, form 3"),
        bd_valid("1:2:3:4:5::1.2.3.4", "one group may be left out"),
        bd_invalid("1:2:3:4::5:6:7:8", "no group is left out"),
        bd_invalid("::1:2:3:4:5:6:7:8", "no group is left out"),
        bd_invalid("1:2:3:4:5:6:7:8::", "no group is left out"),
        bd_invalid("1:2:3:4:5:6::1.2.3.4", "no group is left out"),
        bd_invalid("::1:2:3:4:5:6:1.2.3.4", "no group is left out"),
        bd_invalid("1:2:3:4:5:6:7:1.2.3.4", "nine groups"),
        bd_invalid("1:2:3:4:5:1.2.3.4", "seven groups"),
        bd_invalid("1:2:3:4:5:6:7:8:9", "nine groups"),
        bd_invalid("1:2:3:4:5:6:7", "seven groups"),
        bd_invalid("::1::", "twice"),
        bd_invalid(":::", "three colons"),
        bd_invalid("1:::2", "three colons"),
        bd_invalid(":", "one colon"),
        bd_invalid(":1::", "one colon first"),
        bd_invalid("::1:", "one colon last"),
        bd_invalid("1.2.3.4::", "IPv4 first"),
        bd_invalid("::1.2.3.4:1", "IPv4 in the middle"),
        bd_invalid("::1.2.3.04", "as ipv4"),
        bd_invalid("::1.2.3", "as ipv4"),
        bd_invalid("::.1.2.3", "as ipv4"),
        bd_invalid("::12345", "five digits"),
        bd_invalid("::g", "no digit"),
        bd_invalid("fe80::1%lo", "RFC 4007: the zone is not of the address"),
        bd_invalid("[::1]", "brackets are of the URI"),
        bd_invalid("::1\0", "more after it"),
        bd_invalid("", "nothing")
    };

    bd_run_cases("ipv6", cases);
}


/* Random strings of what addresses are made of, half of them real addresses
 * with a byte changed, get the verdict of inet_pton(). */
static void
test_against_inet_pton(void **state)
{
    static const char   alphabet[] = "0123456789abfF::::....";
    static const char  *seeds[] = {
        "1.2.3.4", "255.249.10.100", "::", "1::", "::1", "::ffff:1.2.3.4",
        "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:1.2.3.4", "fe80::1:2", "a:b::c:d"
    };

    int            expected, valid[2];
    char           text[64];
    size_t         len, i;
    uint64_t       seed;
    unsigned       round, family;
    unsigned char  address[16];

    seed = 1;
    valid[0] = 0;
    valid[1] = 0;

    for (round = 0; round < 300000; round++) {
        if (round % 2 == 0) {
            len = bd_random(&seed, 24);

            for (i = 0; i < len; i++) {
                text[i] = alphabet[bd_random(&seed, sizeof(alphabet) - 1)];
            }

            text[len] = '\0';

        } else {
            strcpy(text, seeds[bd_random(&seed, 10)]);
            len = strlen(text);
            text[bd_random(&seed, (uint32_t) len)] =
                alphabet[bd_random(&seed, sizeof(alphabet) - 1)];
        }

        for (family = 0; family < 2; family++) {
            expected = inet_pton(family == 0 ? AF_INET : AF_INET6, text,
                                 address) == 1;
            valid[family] += expected;

            if (bd_format_verdict(bd_format_lookup(family == 0
                                                   ? bd_slice("ipv4")
                                                   : bd_slice("ipv6")),
                                  text, len)
                != expected)
            {
                fail_msg("\"%s\" should be %s", text,
                         expected ? "valid" : "invalid");
            }
        }
    }

    assert_true(valid[0] > 5000 && valid[1] > 5000);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_ipv4),
        cmocka_unit_test(test_ipv6),
        cmocka_unit_test(test_against_inet_pton)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
