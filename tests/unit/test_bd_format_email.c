/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * email and idn-email.
 */


#include "test_bd_format_cases.h"


#define BD_64                                                                 \
    "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz01"


/* RFC 5321, section 4.1.2, which both formats have. */
static void
test_mailbox(void **state)
{
    static const bd_format_case_t  cases[] = {
        bd_valid("a@b", "one label"),
        bd_valid("!#$%&'*+-/=?^_`{|}~@example.com",
                 "RFC 5322, 3.2.3: atext"),
        bd_valid("\"\"@example.com", "*QcontentSMTP"),
        bd_valid("\" a b,<>@()[]:;.~\"@example.com", "qtextSMTP"),
        bd_valid("\"\\\"\\\\\\a\\ \"@example.com", "quoted-pairSMTP"),
        bd_valid(BD_64 "@example.com", "4.5.3.1.1: 64 octets"),
        bd_valid("a@127.0.0.1", "a Domain of digits"),
        bd_valid("a@xn--bcher-kva.example", "RFC 5890: an A-label"),
        bd_invalid(BD_64 "a@example.com", "4.5.3.1.1: 65 octets"),
        bd_invalid("", "nothing"),
        bd_invalid("a", "no at sign"),
        bd_invalid("\"a\"", "no at sign"),
        bd_invalid("@", "nothing around it"),
        bd_invalid("@example.com", "no Local-part"),
        bd_invalid("a@", "no Domain"),
        bd_invalid("a@b@c", "two at signs"),
        bd_invalid("a b@c", "a space in an atom"),
        bd_invalid("a.@b", "an empty atom"),
        bd_invalid(".a@b", "an empty atom"),
        bd_invalid("a..b@c", "an empty atom"),
        bd_invalid("a(comment)@b", "RFC 5322 alone has comments"),
        bd_invalid("A <a@b>", "RFC 5322 alone has names"),
        bd_invalid("a@b, c@d", "RFC 5322 alone has lists"),
        bd_invalid("\"a@b", "no closing quote"),
        bd_invalid("\"a\\", "no closing quote"),
        bd_invalid("\"a\\\"@b", "no closing quote"),
        bd_invalid("\"a\"b@c", "more after the quote"),
        bd_invalid("\"a\".b@c", "RFC 5322 alone has words and dots"),
        bd_invalid("a\"b\"@c", "a quote in an atom"),
        bd_invalid("\"a\tb\"@c", "qtextSMTP has no control characters"),
        bd_invalid("\"a\\\tb\"@c", "nor has quoted-pairSMTP"),
        bd_invalid("\"a\x7f\"@c", "qtextSMTP ends at 126"),
        bd_invalid("a\0@b", "a zero byte"),
        bd_invalid("\"a\0\"@b", "a zero byte"),
        bd_invalid("a@b\0", "a zero byte"),
        bd_invalid("a@b.", "no trailing dot"),
        bd_invalid("a@b\n", "more after it"),
        bd_invalid("a@-b", "Let-dig"),
        bd_invalid("a@b_c", "Ldh-str")
    };

    bd_run_cases("email", cases);
    bd_run_cases("idn-email", cases);
}


/* RFC 5321, section 4.1.3. */
static void
test_address_literal(void **state)
{
    static const bd_format_case_t  cases[] = {
        bd_valid("a@[192.0.2.1]", "IPv4-address-literal"),
        bd_valid("a@[IPv6:2001:db8::1]", "IPv6-address-literal"),
        bd_valid("a@[ipv6:::ffff:192.0.2.1]", "RFC 5234, 2.3: no case"),
        bd_invalid("a@[2001:db8::1]", "no tag"),
        bd_invalid("a@[IPv6:192.0.2.1]", "a tag too many"),
        bd_invalid("a@[IPv6:]", "no address"),
        bd_invalid("a@[IPv6", "no address"),
        bd_invalid("a@[IPv6]", "no address"),
        bd_invalid("a@[]", "no address"),
        bd_invalid("a@[", "no address"),
        bd_invalid("a@]", "no address"),
        bd_invalid("a@[192.0.2.1", "no closing bracket"),
        bd_invalid("a@[192.0.2.1]b", "more after it"),
        bd_invalid("a@b[192.0.2.1]", "more before it"),
        bd_invalid("a@[x400:abc]", "no registered tag"),
        bd_invalid("a@[example.com]", "a name")
    };

    bd_run_cases("email", cases);
    bd_run_cases("idn-email", cases);
}


/* RFC 6531, section 3.3. */
static void
test_internationalized(void **state)
{
    static const bd_format_case_t  both[] = {
        bd_valid("\xc3\xa9@example.com", "atext =/ UTF8-non-ascii"),
        bd_valid("a.\xf0\x9f\x92\xa9@example.com", "atext =/ UTF8-non-ascii"),
        bd_valid("\"\xc3\xa9 \xc3\xa9\"@example.com",
                 "qtextSMTP =/ UTF8-non-ascii"),
        bd_valid("a@b\xc3\xbc""cher.example", "sub-domain =/ U-label"),
        bd_invalid("\"\\\xc3\xa9\"@example.com", "no quoted-pairSMTP"),
        bd_invalid("a@\xe2\x98\x83.example", "RFC 5892, 2.4: a symbol"),
        bd_invalid("a\xef\xbc\xa0""b", "U+FF20 is no at sign")
    };

    size_t        i;
    bd_format_pt  email;

    bd_run_cases("idn-email", both);

    email = bd_format_lookup(bd_slice("email"));

    for (i = 0; i < sizeof(both) / sizeof(both[0]); i++) {
        assert_false(bd_format_verdict(email, both[i].text, both[i].len));
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_mailbox),
        cmocka_unit_test(test_address_literal),
        cmocka_unit_test(test_internationalized)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
