/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Tests of bd_regex: what is a regular expression, what it matches, and that
 * no search takes long.
 */


#include "bd_test.h"
#include "bd_regex.h"

#include <time.h>


static const char *const  valid[] = {
    "", "a|b|", "^$", "\\b\\B", "(a)(?:b)(?=c)(?!d)(?<=e)(?<!f)", "a*b+c?d??",
    "a{2}b{2,}c{2,3}?", "[]", "[^]", "[a-z\\d_-]", "[\\b\\-\\]]", "\\cA\\x41",
    "\\u0041\\u{1F600}\\uD83D\\uDE00\\uD83D", "\\0", "\\^\\$\\\\\\.\\*\\+\\?",
    "\\(\\)\\[\\]\\{\\}\\|\\/", "(?<name>a)\\k<name>", "\\k<n>(?<n>a)",
    "(a)\\1", "\\2(a)(b)", "\\p{L}\\P{Lu}\\p{Letter}\\p{gc=Nd}",
    "\\p{General_Category=Uppercase_Letter}", "\\p{Script=Greek}",
    "\\p{sc=Grek}\\p{scx=Han}", "\\p{Any}\\p{ASCII}\\P{Assigned}\\p{Alpha}",
    "\\p{digit}\\p{punct}", "-", ",", "\xc3\xa9", "(?<\xc3\xa9t\xc3\xa9>a)",
    "[\xc3\xa9-\xc3\xaf]", "[\\w]", "a{0}", "a{99999999999}"
};


static const char *const  invalid[] = {
    "(", ")", "(?", "(?<", "(?<>a)", "(?<1>a)", "(?<n>a)(?<n>b)", "(?a)",
    "(?i:a)", "(?P<n>a)", "(?>a)", "(?#a)", "*", "+a", "?", "a**", "a{2,1}",
    "{", "}", "]", "[", "[z-a]", "[\\d-z]", "[a-\\d]", "\\", "\\a", "\\Z",
    "\\A", "\\z", "\\G", "\\h", "\\-", "\\_", "\\1", "(a)\\2", "\\01",
    "\\x4", "\\u12", "\\u{}", "\\u{110000}", "\\u{1F600", "\\c", "\\c1",
    "\\k", "\\kn", "\\k<n>", "\\k<m>(?<n>a)", "\\p", "\\pL", "\\p{}",
    "\\p{l}", "\\p{Greek}", "\\p{Script=greek}", "\\p{Script=}",
    "\\p{Script=Latin1}", "\\p{sc}", "\\p{x=Lu}", "\\p{gc=Greek}",
    "\\p{L&}", "\\p{L", "a{", "a{1", "a{,3}", "^*", "(?=a)*", "\\b+",
    "\xc3", "\\\xc3\xa9", "[\\B]", "(?<n", "x{3}{2}"
};


typedef struct {
    const char  *pattern;
    const char  *subject;
    int          match;
} bd_regex_case_t;


static const bd_regex_case_t  cases[] = {

    { "", "", 1 },
    { "b", "abc", 1 },
    { "^b", "abc", 0 },
    { "^a.c$", "abc", 1 },
    { "a|^b", "xa", 1 },

    /* the end is the end */

    { "^a$", "a\n", 0 },
    { "^a\\n$", "a\n", 1 },
    { "^a$", "a\nb", 0 },

    /* a dot is no line terminator */

    { "^.$", "\n", 0 },
    { "^.$", "\r", 0 },
    { "^.$", "\xe2\x80\xa8", 0 },
    { "^.$", "\xe2\x80\xa9", 0 },
    { "^.$", "\xc2\x85", 1 },
    { "^.$", "\x0b", 1 },

    /* code points, not bytes or units */

    { "^.$", "\xf0\x9f\x98\x80", 1 },
    { "^\\uD83D\\uDE00$", "\xf0\x9f\x98\x80", 1 },
    { "^\\u{1F600}+$", "\xf0\x9f\x98\x80\xf0\x9f\x98\x80", 1 },
    { "^[\\uD83D\\uDE00-\\uD83D\\uDE02]$", "\xf0\x9f\x98\x81", 1 },
    { "\\uD83D", "\xf0\x9f\x98\x80", 0 },
    { "^[\\uD800-\\uE000]$", "\xee\x80\x80", 1 },
    { "^[^\\uD83D]$", "a", 1 },
    { "[\\uD83D]", "a", 0 },

    /* classes of characters: ASCII, but for white space */

    { "^\\d$", "\xdf\x80", 0 },
    { "^\\D$", "\xdf\x80", 1 },
    { "^\\w$", "\xc3\xa9", 0 },
    { "^\\W$", "\xc3\xa9", 1 },
    { "^\\s$", "\xc2\xa0", 1 },
    { "^\\s$", "\xef\xbb\xbf", 1 },
    { "^\\s$", "\xe2\x80\xa9", 1 },
    { "^\\s$", "\xe2\x80\x83", 1 },
    { "^\\s$", "\x0b", 1 },
    { "^\\s$", "\x01", 0 },
    { "^\\S$", "\xc2\xa0", 0 },
    { "^\\S$", "\xe1\xa0\x8e", 1 },
    { "^[\\s]$", "\xc2\xa0", 1 },
    { "^[^\\s]$", "\xc2\xa0", 0 },
    { "^[\\S]$", "\xc2\xa0", 0 },
    { "^[\\S\\s]$", "\xc2\xa0", 1 },

    /* nothing, and anything */

    { "[]", "a", 0 },
    { "^[^]$", "\n", 1 },
    { "^a[]?$", "a", 1 },

    /* properties */

    { "^\\p{Letter}cole$", "\xc3\xa9" "cole", 1 },
    { "^\\p{Script=Greek}$", "\xce\xb1", 1 },
    { "^\\P{Script=Greek}$", "\xce\xb1", 0 },
    { "^\\p{scx=Greek}$", "\xcd\x82", 1 },
    { "^\\p{gc=Decimal_Number}$", "\xdf\x80", 1 },
    { "^[\\p{Lu}\\p{Nd}]+$", "A1", 1 },
    { "^[^\\p{Lu}]$", "A", 0 },
    { "^\\p{LC}$", "a", 1 },
    { "^\\p{Assigned}$", "a", 1 },
    { "^\\P{Assigned}$", "a", 0 },
    { "^\\p{ASCII}$", "\xc3\xa9", 0 },
    { "^\\p{Any}$", "\xc3\xa9", 1 },

    /* groups and references */

    { "^(a)(b)\\2\\1$", "abba", 1 },
    { "^(?<x>a)(?<y>b)\\k<y>\\k<x>$", "abba", 1 },
    { "^\\k<x>(?<x>a)$", "a", 1 },
    { "^(?:(a)|b)\\1$", "b", 1 },
    { "^(a\\1)$", "a", 1 },
    { "(?<=a)b", "ab", 1 },
    { "(?<!a)b", "ab", 0 },
    { "^(?=a)[ab]$", "a", 1 },

    /* what only PCRE2 knows is text, or was refused above */

    { "^#$", "#", 1 },
    { "^a b$", "ab", 0 },
    { "^\\cJ$", "\n", 1 },
    { "^[[:alpha:]]$", "a", 0 },
    { "^[[:alpha:]]$", "p]", 1 },
    { "^[\\b]$", "\b", 1 },

    /* laxities of patterns without the flag u */

    { "^[\\w-.]+$", "a-.b", 1 },
    { "^[a-\\d]+$", "a-1", 1 },
    { "^\\-\\_\\@\\ $", "-_@ ", 1 },
    { "^a{,3}$", "a{,3}", 1 },
    { "^{}]$", "{}]", 1 },
};


static const char *const  bombs[] = {
    "^(a+)+$", "(a+)+[cd]", "a*c", "(a|a)*[cd]", "(a|aa)+$",
    "^(a*)*(a*)*[cd]", "([a-z]+)*[cd]", "(?=(a+))a*\\1[cd]", "(.*)*\\1[cd]",
    "^(?:a?){50}a{50}$", "(a{1,50}){1,50}[cd]"
};


static int
matches(const char *pattern, bd_slice_t subject)
{
    int           rc;
    uint8_t      *copy;
    uint32_t      budget;
    bd_regex_t   *regex;
    const char   *error;

    regex = bd_regex_compile(bd_test_slice(pattern), &error);
    assert_non_null(regex);

    budget = BD_REGEX_BUDGET;
    copy = bd_test_copy(subject);
    rc = bd_regex_match(regex, bd_slice_make(copy, subject.len), &budget);

    free(copy);
    bd_regex_free(regex);

    return rc;
}


static void
test_valid(void **state)
{
    size_t   i;
    uint8_t  *copy;

    (void) state;

    for (i = 0; i < bd_test_count(valid); i++) {
        copy = bd_test_copy(bd_test_slice(valid[i]));

        if (!bd_regex_valid(bd_slice_make(copy, strlen(valid[i])))) {
            fail_msg("is valid: %s", valid[i]);
        }

        free(copy);
    }

    for (i = 0; i < bd_test_count(invalid); i++) {
        copy = bd_test_copy(bd_test_slice(invalid[i]));

        if (bd_regex_valid(bd_slice_make(copy, strlen(invalid[i])))) {
            fail_msg("is not valid: %s", invalid[i]);
        }

        free(copy);
    }
}


static void
test_match(void **state)
{
    size_t  i;

    (void) state;

    for (i = 0; i < bd_test_count(cases); i++) {
        if (matches(cases[i].pattern, bd_test_slice(cases[i].subject))
            != cases[i].match)
        {
            fail_msg("pattern %zu, %s", i, cases[i].pattern);
        }
    }
}


/* U+0000 is a character like others, in the pattern and in the subject. */
static void
test_nul(void **state)
{
    (void) state;

    assert_int_equal(matches("^a\\0b$", bd_slice("a\0b")), 1);
    assert_int_equal(matches("^a.b$", bd_slice("a\0b")), 1);
    assert_int_equal(matches("^ab$", bd_slice("a\0b")), 0);
    assert_true(bd_regex_valid(bd_slice("a\0b")));
    assert_false(bd_regex_valid(bd_slice("\\\0")));
}


static void
test_refused(void **state)
{
    char         deep[2002];
    const char  *error;

    (void) state;

    error = NULL;
    assert_null(bd_regex_compile(bd_slice("(?<=a*)b"), &error));
    assert_non_null(error);

    error = NULL;
    assert_null(bd_regex_compile(bd_slice("(((a{999}){999}){999}){999}"),
                                 &error));
    assert_non_null(error);

    error = NULL;
    assert_null(bd_regex_compile(bd_slice("\\Z"), &error));
    assert_non_null(error);

    memset(deep, '(', 1000);
    memset(deep + 1000, ')', 1000);
    deep[2000] = '\0';
    assert_false(bd_regex_valid(bd_test_slice(deep)));
    assert_true(bd_regex_valid(bd_slice_make(deep + 801, 398)));
}


/* The processor time, and far more of it than an idle machine takes. */
static void
test_bombs(void **state)
{
    char     subject[10001];
    size_t   i;
    clock_t  start;

    (void) state;

    memset(subject, 'a', sizeof(subject));
    subject[sizeof(subject) - 1] = 'b';

    for (i = 0; i < bd_test_count(bombs); i++) {
        start = clock();

        assert_int_not_equal(matches(bombs[i],
                                     bd_slice_make(subject, sizeof(subject))),
                             1);

        if (clock() - start > CLOCKS_PER_SEC / 2) {
            fail_msg("took long: %s", bombs[i]);
        }
    }
}


/* A search that ends after some work is not cut short, but for the budget. */
static void
test_budget(void **state)
{
    char          subject[1000];
    int           i, limited;
    uint32_t      budget;
    bd_slice_t    text;
    bd_regex_t   *regex;
    const char   *error;

    (void) state;

    memset(subject, 'a', sizeof(subject));
    text = bd_slice_make(subject, sizeof(subject));

    regex = bd_regex_compile(bd_slice("a*[cd]"), &error);
    assert_non_null(regex);

    limited = 0;
    budget = BD_REGEX_BUDGET;

    for (i = 0; i < 3; i++) {
        limited += bd_regex_match(regex, text, &budget) == BD_REGEX_LIMIT;
    }

    assert_int_equal(limited, 1);
    assert_int_equal(budget, 0);

    bd_regex_free(regex);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_valid),
        cmocka_unit_test(test_match),
        cmocka_unit_test(test_nul),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_bombs),
        cmocka_unit_test(test_budget),
    };

    return cmocka_run_group_tests_name("bd_regex", tests, NULL, NULL);
}
