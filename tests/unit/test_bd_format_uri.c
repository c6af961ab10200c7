/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * uri, uri-reference, iri and iri-reference.
 */


#include "test_bd_format_cases.h"


/* What all four say of a value with a scheme; RFC 3986. */
static const bd_format_case_t  bd_absolute[] = {
    bd_valid("ftp://ftp.is.co.za/rfc/rfc1808.txt", "1.1.2"),
    bd_valid("ldap://[2001:db8::7]/c=GB?objectClass?one", "1.1.2"),
    bd_valid("mailto:John.Doe@example.com", "1.1.2"),
    bd_valid("tel:+1-816-555-1212", "1.1.2"),
    bd_valid("telnet://192.0.2.16:80/", "1.1.2"),
    bd_valid("urn:oasis:names:specification:docbook:dtd:xml:4.1.2", "1.1.2"),
    bd_valid("a:", "3.3: path-empty"),
    bd_valid("a:/", "3.3: path-absolute"),
    bd_valid("a:b:c@d", "3.3: path-rootless"),
    bd_valid("a+-.9:b", "3.1"),
    bd_valid("a://", "3.2.2: an empty host"),
    bd_valid("file:///etc/hosts", "3.2.2: an empty host"),
    bd_valid("a://:80", "3.2.2: an empty host"),
    bd_valid("a://u@", "3.2.2: an empty host"),
    bd_valid("a://@b", "3.2.1: an empty userinfo"),
    bd_valid("a://b:", "3.2.3: an empty port"),
    bd_valid("a://b:99999999", "3.2.3: *DIGIT"),
    bd_valid("a://999.999.999.999/", "3.2.2: a reg-name"),
    bd_valid("a://b_c~%20!$&'()*+,;=/", "3.2.2: a reg-name"),
    bd_valid("a://u:p:%40;x@b", "3.2.1"),
    bd_valid("a://[v1F.a:b!~]:1/", "3.2.2: IPvFuture"),
    bd_valid("a://[V0.:]", "3.2.2: IPvFuture"),
    bd_valid("a://[::ffff:1.2.3.4]", "3.2.2"),
    bd_valid("a://b//c///", "3.3: empty segments"),
    bd_valid("a:b?/?:@", "3.4"),
    bd_valid("a:b??", "3.4"),
    bd_valid("a:b#/?:@", "3.5"),
    bd_valid("a:?#", "3.4, 3.5: empty ones"),
    bd_valid("a:%00%ff", "2.1"),
    bd_invalid("1a:b", "3.1: begins with a letter"),
    bd_invalid("a_b:c", "3.1"),
    bd_invalid(":b", "3.1: an empty scheme"),
    bd_invalid("a:%", "2.1"),
    bd_invalid("a:%a", "2.1"),
    bd_invalid("a:%ag", "2.1"),
    bd_invalid("a:%ga", "2.1"),
    bd_invalid("a:b c", "2: a space"),
    bd_invalid("a:b\\c", "2: a backslash"),
    bd_invalid("a:\"", "2"),
    bd_invalid("a:<>", "2"),
    bd_invalid("a:{}", "2"),
    bd_invalid("a:^", "2"),
    bd_invalid("a:`", "2"),
    bd_invalid("a:|", "2"),
    bd_invalid("a:[b]", "3.3: brackets are of the host"),
    bd_invalid("a:?[b]", "3.4: brackets are of the host"),
    bd_invalid("a:#[b]", "3.5: brackets are of the host"),
    bd_invalid("a:#b#c", "3.5: one fragment"),
    bd_invalid("a:b\0", "2: a zero byte"),
    bd_invalid("a:\x7f", "2: a control character"),
    bd_invalid("a:b\n", "2: a control character"),
    bd_invalid("a://b:c", "3.2.3: *DIGIT"),
    bd_invalid("a://b:1:2", "3.2.3: *DIGIT"),
    bd_invalid("a://u@v@b", "3.2.1: one at sign"),
    bd_invalid("a://2001:db8::7", "3.2.2: no brackets"),
    bd_invalid("a://[::1", "3.2.2: no closing bracket"),
    bd_invalid("a://[", "3.2.2: no closing bracket"),
    bd_invalid("a://[]", "3.2.2: no address"),
    bd_invalid("a://[::1]b", "3.2.2: more after it"),
    bd_invalid("a://[::1]:b", "3.2.3: *DIGIT"),
    bd_invalid("a://b[::1]", "3.2.2: more before it"),
    bd_invalid("a://[1.2.3.4]", "3.2.2: IPv4 has no brackets"),
    bd_invalid("a://[::1%25eth0]", "3.2.2 has no zone"),
    bd_invalid("a://[v1]", "3.2.2: IPvFuture"),
    bd_invalid("a://[v1.]", "3.2.2: IPvFuture"),
    bd_invalid("a://[v.a]", "3.2.2: IPvFuture"),
    bd_invalid("a://[vg.a]", "3.2.2: IPvFuture"),
    bd_invalid("a://[v1.%20]", "3.2.2: IPvFuture"),
    bd_invalid("a://[v1.\"a]", "3.2.2: IPvFuture"),
    bd_invalid("a://[v1.a\"]", "3.2.2: IPvFuture"),
    bd_invalid("a://b\\c", "3.2.2"),
    bd_invalid("a://b[c@d", "3.2.1"),
    bd_invalid("\\\\a\\b", "2: backslashes")
};


/* References without a scheme; RFC 3986, section 4.2. */
static const bd_format_case_t  bd_relative[] = {
    bd_valid("", "4.4: the same document"),
    bd_valid("a", "path-noscheme"),
    bd_valid("./a:b", "a dot-segment before the colon"),
    bd_valid("a/b:c", "a colon in the second segment"),
    bd_valid("1a/b:c", "a colon in the second segment"),
    bd_valid("/a:b", "path-absolute"),
    bd_valid("//a/b", "a network-path reference"),
    bd_valid("//a:1?b#c", "a network-path reference"),
    bd_valid("?a:b", "path-empty"),
    bd_valid("#a:b", "path-empty"),
    bd_valid("..", "path-noscheme"),
    bd_valid("a@b", "path-noscheme"),
    bd_invalid("1a:b", "a colon in the first segment"),
    bd_invalid("%41:b", "a colon in the first segment"),
    bd_invalid("//a:b", "3.2.3: *DIGIT"),
    bd_invalid("//[a", "3.2.2"),
    bd_invalid("a%", "2.1"),
    bd_invalid("/a b", "2")
};


/* RFC 3987, section 2.2, ucschar: its ranges at their ends. */
static const bd_format_case_t  bd_international[] = {
    bd_valid("a://u\xc3\xa9@b\xc3\xbc""cher/\xc3\xa9?\xc3\xa9#\xc3\xa9",
             "where unreserved is"),
    bd_valid("a:\xc2\xa0\xed\x9f\xbf", "A0-D7FF"),
    bd_valid("a:\xef\xa4\x80\xef\xb7\x8f", "F900-FDCF"),
    bd_valid("a:\xef\xb7\xb0\xef\xbf\xaf", "FDF0-FFEF"),
    bd_valid("a:\xf0\x90\x80\x80\xf0\x9f\xbf\xbd", "10000-1FFFD"),
    bd_valid("a:\xf3\x90\x80\x80\xf3\x9f\xbf\xbd", "D0000-DFFFD"),
    bd_valid("a:\xf3\xa1\x80\x80\xf3\xaf\xbf\xbd", "E1000-EFFFD"),
    bd_valid("a:?\xee\x80\x80\xef\xa3\xbf", "iprivate: E000-F8FF"),
    bd_valid("a:?\xf3\xb0\x80\x80\xf3\xbf\xbf\xbd", "iprivate: F0000-FFFFD"),
    bd_valid("a:?\xf4\x80\x80\x80\xf4\x8f\xbf\xbd", "iprivate: 10xxxx"),
    bd_valid("a:\xe2\x80\x8d\xe2\x80\x90\xe2\x80\xa9\xe2\x80\xaf",
             "the neighbours of what section 4.1 refuses"),
    bd_invalid("a:\xee\x80\x80", "iprivate in a path"),
    bd_invalid("a:#\xee\x80\x80", "iprivate in a fragment"),
    bd_invalid("a://\xee\x80\x80", "iprivate in a host"),
    bd_invalid("a:\xc2\x9f", "9F, a control character"),
    bd_invalid("a:\xef\xb7\x90", "FDD0, no character"),
    bd_invalid("a:\xef\xbf\xb0", "FFF0"),
    bd_invalid("a:\xf0\x9f\xbf\xbe", "1FFFE, no character"),
    bd_invalid("a:\xf3\x9f\xbf\xbe", "DFFFE, no character"),
    bd_invalid("a:\xf3\xa0\x80\x81", "E0001, a tag"),
    bd_invalid("a:\xf3\xaf\xbf\xbe", "EFFFE, no character"),
    bd_invalid("a:?\xf3\xbf\xbf\xbe", "FFFFE, no character"),
    bd_invalid("a:\xe2\x80\x8e", "section 4.1: LRM"),
    bd_invalid("a:\xe2\x80\x8f", "section 4.1: RLM"),
    bd_invalid("a:\xe2\x80\xaa", "section 4.1: LRE"),
    bd_invalid("a:?\xe2\x80\xae", "section 4.1: RLO"),
    bd_invalid("\xc3\xa9:a", "a scheme is ASCII"),
    bd_invalid("a://b:\xd9\xa1", "a port is ASCII"),
    bd_invalid("a://[v1.\xc3\xa9]", "IPvFuture is ASCII")
};


static void
test_absolute(void **state)
{
    bd_run_cases("uri", bd_absolute);
    bd_run_cases("uri-reference", bd_absolute);
    bd_run_cases("iri", bd_absolute);
    bd_run_cases("iri-reference", bd_absolute);
}


static void
test_relative(void **state)
{
    size_t                   i;
    bd_format_pt             uri, iri;
    const bd_format_case_t  *c;

    bd_run_cases("uri-reference", bd_relative);
    bd_run_cases("iri-reference", bd_relative);

    uri = bd_format_lookup(bd_slice("uri"));
    iri = bd_format_lookup(bd_slice("iri"));

    for (i = 0; i < sizeof(bd_relative) / sizeof(bd_relative[0]); i++) {
        c = &bd_relative[i];

        assert_false(bd_format_verdict(uri, c->text, c->len));
        assert_false(bd_format_verdict(iri, c->text, c->len));
    }
}


static void
test_international(void **state)
{
    size_t                   i;
    bd_format_pt             uri, reference;
    const bd_format_case_t  *c;

    bd_run_cases("iri", bd_international);
    bd_run_cases("iri-reference", bd_international);

    uri = bd_format_lookup(bd_slice("uri"));
    reference = bd_format_lookup(bd_slice("uri-reference"));

    for (i = 0; i < sizeof(bd_international) / sizeof(bd_international[0]);
         i++)
    {
        c = &bd_international[i];

        assert_false(bd_format_verdict(uri, c->text, c->len));
        assert_false(bd_format_verdict(reference, c->text, c->len));
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_absolute),
        cmocka_unit_test(test_relative),
        cmocka_unit_test(test_international)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
