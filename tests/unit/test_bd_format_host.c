/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * hostname and idn-hostname.
 */


#include "test_bd_format_cases.h"


#define BD_L63                                                                \
    "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0"
#define BD_L61                                                                \
    "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxy"


static void
test_hostname(void **state)
{
    static const bd_format_case_t  cases[] = {
        bd_valid("a", "RFC 1123, 2.1"),
        bd_valid("3com.example", "RFC 1123, 2.1: a digit first"),
        bd_valid("A-b.C9", "RFC 1123, 2.1"),
        bd_valid("a--b", "RFC 952"),
        bd_valid("r3---sn-abc.example", "RFC 5890, 2.3.1: reserved, in use"),
        bd_valid("127.0.0.1", "digits and dots are syntax"),
        bd_valid("xn-a", "RFC 5890, 2.3.2.5: not the prefix"),
        bd_valid("xna-b", "RFC 5890, 2.3.2.5: not the prefix"),
        bd_valid("test", "one label"),
        bd_valid(BD_L63 "." BD_L63 "." BD_L63 "." BD_L61,
                 "RFC 1035, 2.3.4: 253 characters"),
        bd_invalid(BD_L63 "." BD_L63 "." BD_L63 "." BD_L61 "a",
                   "RFC 1035, 2.3.4: 254 characters"),
        bd_invalid(BD_L63 "a", "RFC 1035, 2.3.4: 64 characters"),
        bd_invalid("", "an empty label"),
        bd_invalid(".", "an empty label"),
        bd_invalid(".a", "an empty label"),
        bd_invalid("a.", "an empty label"),
        bd_invalid("a..b", "an empty label"),
        bd_invalid("-", "a hyphen at the edge"),
        bd_invalid("a.-b", "a hyphen at the edge"),
        bd_invalid("a-.b", "a hyphen at the edge"),
        bd_invalid("a b", "a space"),
        bd_invalid("a\n", "a line feed"),
        bd_invalid("a\0b", "a zero byte"),
        bd_invalid("a:80", "a port"),
        bd_invalid("*.a", "an asterisk"),
        bd_invalid("b\xc3\xbc""cher", "not ASCII"),
        bd_invalid("a\xef\xbc\x8e""b", "not ASCII"),
        bd_invalid("[::1]", "an address")
    };

    bd_run_cases("hostname", cases);
}


/* RFC 5890, section 2.3.2.1: what begins with the prefix has to be one.  Both
 * formats take them. */
static void
test_a_label(void **state)
{
    static const bd_format_case_t  cases[] = {
        bd_valid("xn--bcher-kva.example", "RFC 5891, 4.4"),
        bd_valid("XN--BCHER-KVA.example", "RFC 5890, 2.3.2.4: no case"),
        bd_valid("xn--zca", "RFC 5892, 2.6: sharp s"),
        bd_valid("xn--ll-0ea", "RFC 5892, A.3: l, middle dot, l"),
        bd_valid("xn--11b2ezcw70k", "RFC 5892, A.2: after a virama"),
        bd_invalid("xn--", "nothing encoded"),
        bd_invalid("xn--a", "RFC 3492: an unassigned result"),
        bd_invalid("xn--0", "RFC 3492: cut short"),
        bd_invalid("xn--abc-", "RFC 5891, 5.4: all ASCII"),
        bd_invalid("xn--"
                   "99999999999999999999999999999999999999999999999999999999",
                   "RFC 3492, 6.4: overflow"),
        bd_invalid("xn--ab---epa", "RFC 5891, 4.2.3.1: two hyphens"),
        bd_invalid("xn----bga", "RFC 5891, 4.2.3.1: begins with one"),
        bd_invalid("xn----9fa", "RFC 5891, 4.2.3.1: ends with one"),
        bd_invalid("xn--a-ubb", "RFC 5891, 4.2.3.2: a combining mark first"),
        bd_invalid("xn--al-0ea", "RFC 5892, A.3: a, middle dot, l"),
        bd_invalid("xn--11b2er09f", "RFC 5892, A.2: no virama"),
        bd_invalid("xn--n3h", "RFC 5892, 2.4: a symbol"),
        bd_invalid("xn--1-0hcd", "RFC 5893, 2: a digit first")
    };

    bd_run_cases("hostname", cases);
    bd_run_cases("idn-hostname", cases);
}


static void
test_u_label(void **state)
{
    static const bd_format_case_t  cases[] = {
        bd_valid("b\xc3\xbc""cher.example", "RFC 5890, 2.3.2.3"),
        bd_valid("example.com", "RFC 5890, 2.3.2.3: NR-LDH labels"),
        bd_valid("\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e.xn--zca", "mixed"),
        bd_valid("\xd7\x90\xd7\x91""1", "RFC 5893, 2: a digit last"),
        bd_valid("a.b\xe3\x80\x82""c\xef\xbc\x8e""d\xef\xbd\xa1""e",
                 "RFC 3490, 3.1: four dots"),
        bd_valid(BD_L63 "." BD_L63 "." BD_L63 "." BD_L61,
                 "RFC 1035, 2.3.4: 253 characters"),
        bd_invalid(BD_L63 "." BD_L63 "." BD_L63 "." BD_L61 "a",
                   "RFC 1035, 2.3.4: 254 characters"),
        bd_invalid("B\xc3\xbc""cher", "RFC 5892, 2.2: unstable, a capital"),
        bd_invalid("bu\xcc\x88""cher", "RFC 5891, 4.1: not NFC"),
        bd_invalid("\xe2\x98\x83", "RFC 5892, 2.4: a symbol"),
        bd_invalid("\xf0\x9f\x92\xa9", "RFC 5892, 2.4: a symbol"),
        bd_invalid("\xef\xbd\x81", "RFC 5892, 2.2: unstable, full width"),
        bd_invalid("1\xd7\x90\xd7\x91", "RFC 5893, 2: a digit first"),
        bd_invalid("\xd7\x90""a", "RFC 5893, 2: two directions"),
        bd_invalid("ab--\xc3\xa9", "RFC 5891, 4.2.3.1"),
        bd_invalid("xn--\xc3\xa9", "RFC 5891, 4.2.3.1"),
        bd_invalid("\xc3\xa9-", "RFC 5891, 4.2.3.1"),
        bd_invalid("\xc3\xa9_", "RFC 5892: not a letter or digit"),
        bd_invalid("\xc3\xa9 ", "RFC 5892: not a letter or digit"),
        bd_invalid("\xc3\xa9\0", "a zero byte"),
        bd_invalid("\xc3\xa9\0.a", "a zero byte"),
        bd_invalid("\xe3\x80\x82", "empty labels"),
        bd_invalid("a\xe3\x80\x82", "an empty label"),
        bd_invalid("a\xef\xbc\x8e\xef\xbd\xa1""b", "an empty label"),
        bd_invalid("a_b", "as hostname"),
        bd_invalid("", "an empty label")
    };

    bd_run_cases("idn-hostname", cases);
}


/* Lengths count in ASCII form: RFC 5891, section 4.2.4 and RFC 1035, 2.3.4. */
static void
test_idn_length(void **state)
{
    size_t        i, len;
    char          text[4096];
    bd_format_pt  check;

    check = bd_format_lookup(bd_slice("idn-hostname"));

    /* "xn--", 56 times "a" and "-v6e" are 64 */

    memset(text, 'a', 56);
    memcpy(text + 56, "\xc3\xa9", 2);
    assert_false(bd_format_verdict(check, text, 58));
    assert_true(bd_format_verdict(check, text + 1, 57));

    /* 57 of the same are "xn--p8s" and 56 times "a", 58 one too many */

    len = 0;

    for (i = 0; i < 1000; i++) {
        memcpy(text + len, "\xe5\xad\x97", 3);
        len += 3;
    }

    assert_true(bd_format_verdict(check, text, 57 * 3));
    assert_false(bd_format_verdict(check, text, 58 * 3));
    assert_false(bd_format_verdict(check, text, len));

    /* with its dot each is "xn--p8s.": 31 are 247 characters, 32 are 255 */

    len = 0;

    for (i = 0; i < 32; i++) {
        memcpy(text + len, "\xe5\xad\x97.", 4);
        len += 4;
    }

    assert_true(bd_format_verdict(check, text, 31 * 4 - 1));
    assert_false(bd_format_verdict(check, text, 32 * 4 - 1));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_hostname),
        cmocka_unit_test(test_a_label),
        cmocka_unit_test(test_u_label),
        cmocka_unit_test(test_idn_length)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
