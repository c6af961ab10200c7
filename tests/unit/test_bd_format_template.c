/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * uri-template: RFC 6570, section 2.
 */


#include "test_bd_format_cases.h"


static void
test_literals(void **state)
{
    static const bd_format_case_t  cases[] = {
        bd_valid("", "2"),
        bd_valid("http://example.com/~a?b=c&d[]=e#f", "2.1"),
        bd_valid("!#$&()*+,-./09:;=?@AZ[]_az~", "2.1"),
        bd_valid("it's", "2.1 with erratum 6937"),
        bd_valid("%41%c3%A9", "2.1: pct-encoded"),
        bd_valid("\xc3\xa9\xf0\x9f\x92\xa9", "2.1: ucschar"),
        bd_valid("\xee\x80\x80\xf3\xb0\x80\x80", "2.1: iprivate"),
        bd_valid("\xe2\x80\x8e", "2.1: ucschar, bidirectional or not"),
        bd_invalid("a b", "2.1: a space"),
        bd_invalid("\"", "2.1"),
        bd_invalid("<", "2.1"),
        bd_invalid(">", "2.1"),
        bd_invalid("\\", "2.1"),
        bd_invalid("^", "2.1"),
        bd_invalid("`", "2.1"),
        bd_invalid("|", "2.1"),
        bd_invalid("}", "2.1"),
        bd_invalid("\x1f", "2.1: a control character"),
        bd_invalid("\x7f", "2.1: a control character"),
        bd_invalid("\0", "2.1: a zero byte"),
        bd_invalid("%", "2.1"),
        bd_invalid("%4", "2.1"),
        bd_invalid("%4g", "2.1"),
        bd_invalid("\xc2\x9f", "2.1: a control character"),
        bd_invalid("\xef\xbf\xbf", "2.1: no character")
    };

    bd_run_cases("uri-template", cases);
}


static void
test_expressions(void **state)
{
    static const bd_format_case_t  cases[] = {
        bd_valid("{var}", "1.2, level 1"),
        bd_valid("{+path}/here", "1.2, level 2"),
        bd_valid("X{#var}", "1.2, level 2"),
        bd_valid("map?{x,y}", "1.2, level 3"),
        bd_valid("{#x,hello,y}", "1.2, level 3"),
        bd_valid("X{.x,y}", "1.2, level 3"),
        bd_valid("{/var,x}/here", "1.2, level 3"),
        bd_valid("{;x,y,empty}", "1.2, level 3"),
        bd_valid("{?x,y}", "1.2, level 3"),
        bd_valid("?fixed=yes{&x}", "1.2, level 3"),
        bd_valid("{/list*,path:4}", "1.2, level 4"),
        bd_valid("{a}{b}", "2"),
        bd_valid("{=a}{,a}{!a}{@a}{|a}", "2.2: op-reserve"),
        bd_valid("{a.b_c.9}", "2.3"),
        bd_valid("{%41.%ff}", "2.3: pct-encoded"),
        bd_valid("{a%41b%ff*}", "2.3: pct-encoded"),
        bd_valid("{_}", "2.3"),
        bd_valid("{a:1}{a:9999}", "2.4.1"),
        bd_invalid("{", "2.2: not closed"),
        bd_invalid("{a", "2.2: not closed"),
        bd_invalid("{a*", "2.2: not closed"),
        bd_invalid("{a,", "2.2: not closed"),
        bd_invalid("{}", "2.2: no variable"),
        bd_invalid("{+}", "2.2: no variable"),
        bd_invalid("{a,}", "2.2: no variable"),
        bd_invalid("{a,,b}", "2.2: no variable"),
        bd_invalid("{++a}", "2.2: two operators"),
        bd_invalid("{a,+b}", "2.2: the operator comes first"),
        bd_invalid("{{a}}", "2.2: nested"),
        bd_invalid("{a}}", "2.1"),
        bd_invalid("{a b}", "2.3"),
        bd_invalid("{a-b}", "2.3"),
        bd_invalid("{$a}", "2.3"),
        bd_invalid("{\xc3\xa9}", "2.3: ASCII"),
        bd_invalid("{\0a}", "2.3: a zero byte"),
        bd_invalid("{..a}", "2.3: an empty part"),
        bd_invalid("{a.}", "2.3: an empty part"),
        bd_invalid("{a..b}", "2.3: an empty part"),
        bd_invalid("{a.*}", "2.3: an empty part"),
        bd_invalid("{a%}", "2.3: pct-encoded"),
        bd_invalid("{%4}", "2.3: pct-encoded"),
        bd_invalid("{a:}", "2.4.1: no number"),
        bd_invalid("{a:0}", "2.4.1: from 1"),
        bd_invalid("{a:01}", "2.4.1: from 1"),
        bd_invalid("{a:10000}", "2.4.1: to 9999"),
        bd_invalid("{a:-1}", "2.4.1"),
        bd_invalid("{a:b}", "2.4.1"),
        bd_invalid("{a**}", "2.4: one modifier"),
        bd_invalid("{a:1*}", "2.4: one modifier"),
        bd_invalid("{a*:1}", "2.4: one modifier"),
        bd_invalid("{a=b}", "2.4: no default values")
    };

    bd_run_cases("uri-template", cases);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_literals),
        cmocka_unit_test(test_expressions)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
