/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Escapes and classes of characters (ECMA-262, section 22.2.1): see
 * bd_regex_parse.h.
 */


#include <stdio.h>
#include "bd_regex_parse.h"
#include "bd_utf8.h"


/* WhiteSpace and LineTerminator of ECMA-262, sections 12.2 and 12.3. */
#define BD_REGEX_SPACE                                                        \
    "\\x{9}-\\x{d}\\x{20}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}"        \
    "\\x{2029}\\x{202f}\\x{205f}\\x{3000}\\x{feff}"
#define BD_REGEX_NOT_SPACE                                                    \
    "\\x{0}-\\x{8}\\x{e}-\\x{1f}\\x{21}-\\x{9f}\\x{a1}-\\x{167f}"             \
    "\\x{1681}-\\x{1fff}\\x{200b}-\\x{2027}\\x{202a}-\\x{202e}"               \
    "\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}\\x{3001}-\\x{fefe}"               \
    "\\x{ff00}-\\x{10ffff}"

#define BD_REGEX_NOTHING   "(?!)"
#define BD_REGEX_ANYTHING  "[\\x{0}-\\x{10ffff}]"


static int bd_regex_class_atom(bd_regex_parser_t *p, uint32_t *code);
static int bd_regex_unicode_escape(bd_regex_parser_t *p, uint32_t *code);
static int bd_regex_hex(bd_regex_parser_t *p, unsigned digits, uint32_t *code);
static void bd_regex_put_range(bd_regex_parser_t *p, uint32_t low,
    uint32_t high);


int
bd_regex_class(bd_regex_parser_t *p)
{
    int       negated;
    size_t    start, first;
    uint32_t  low, high;

    start = p->out->len;

    (void) bd_regex_take(p, "[");
    negated = bd_regex_take(p, "^");

    bd_buf_puts(p->out, negated ? "[^" : "[");
    first = p->out->len;

    while (!bd_regex_take(p, "]")) {

        if (bd_regex_class_atom(p, &low) != 0) {
            return -1;
        }

        if (bd_regex_peek(p) != '-' || p->rest.len < 2
            || p->rest.data[1] == ']')
        {
            if (low != BD_REGEX_END) {
                bd_regex_put_range(p, low, low);
            }

            continue;
        }

        (void) bd_regex_take(p, "-");

        if (bd_regex_class_atom(p, &high) != 0) {
            return -1;
        }

        if (low != BD_REGEX_END && high != BD_REGEX_END) {
            if (low > high) {
                return -1;
            }

            bd_regex_put_range(p, low, high);
            continue;
        }

        /* one end is a set: "-" stands for itself */

        if (p->mode == BD_REGEX_STRICT) {
            return -1;
        }

        bd_regex_put_range(p, '-', '-');

        if (low != BD_REGEX_END) {
            bd_regex_put_range(p, low, low);
        }

        if (high != BD_REGEX_END) {
            bd_regex_put_range(p, high, high);
        }
    }

    if (p->out->len == first) {
        p->out->len = start;
        bd_buf_puts(p->out, negated ? BD_REGEX_ANYTHING : BD_REGEX_NOTHING);
        return 0;
    }

    bd_buf_puts(p->out, "]");

    return 0;
}


/* One element of a class; a set is written at once (BD_REGEX_END). */
static int
bd_regex_class_atom(bd_regex_parser_t *p, uint32_t *code)
{
    int  rc;

    if (!bd_regex_take(p, "\\")) {
        *code = bd_utf8_next(&p->rest);
        return (*code == BD_UTF8_INVALID) ? -1 : 0;
    }

    *code = BD_REGEX_END;

    rc = bd_regex_set_escape(p, 1);
    if (rc <= 0) {
        return rc;
    }

    return bd_regex_character_escape(p, 1, code);
}


/* \d \D \s \S \w \W \p{} \P{}: 0 when written, 1 when it is none of them. */
int
bd_regex_set_escape(bd_regex_parser_t *p, int in_class)
{
    int         ch;
    bd_slice_t  name;

    ch = bd_regex_peek(p);

    switch (ch) {

    case 'd':
    case 'D':
    case 'w':
    case 'W':
        bd_buf_puts(p->out, "\\");
        bd_buf_add(p->out, p->rest.data, 1);
        (void) bd_utf8_next(&p->rest);
        return 0;

    case 's':
    case 'S':
        (void) bd_utf8_next(&p->rest);
        bd_buf_puts(p->out, in_class ? "" : "[");
        bd_buf_puts(p->out, ch == 's' ? BD_REGEX_SPACE : BD_REGEX_NOT_SPACE);
        bd_buf_puts(p->out, in_class ? "" : "]");
        return 0;

    case 'p':
    case 'P':
        (void) bd_utf8_next(&p->rest);

        if (!bd_regex_take(p, "{")) {
            return -1;
        }

        name.data = p->rest.data;

        while (bd_regex_peek(p) != '}') {
            if (bd_utf8_next(&p->rest) == BD_UTF8_INVALID) {
                return -1;
            }
        }

        name.len = (size_t) (p->rest.data - name.data);
        (void) bd_regex_take(p, "}");

        return bd_regex_property(name, ch == 'P', p->out);
    }

    return 1;
}


/* An escape that stands for one character. */
int
bd_regex_character_escape(bd_regex_parser_t *p, int in_class, uint32_t *code)
{
    static const char  controls[] = "fnrtv";
    static const char  values[] = "\f\n\r\t\v";

    int          ch;
    const char  *s;

    ch = bd_regex_peek(p);

    if (ch == -1 || ch >= 0x80) {
        return -1;
    }

    if (ch == 'u') {
        return bd_regex_unicode_escape(p, code);
    }

    (void) bd_utf8_next(&p->rest);

    s = ch ? strchr(controls, ch) : NULL;
    if (s != NULL) {
        *code = (uint32_t) values[s - controls];
        return 0;
    }

    switch (ch) {

    case 'b':
        *code = '\b';
        return in_class ? 0 : -1;

    case 'c':
        ch = bd_regex_peek(p);

        if (!((ch | 0x20) >= 'a' && (ch | 0x20) <= 'z')) {
            return -1;
        }

        (void) bd_utf8_next(&p->rest);
        *code = (uint32_t) ch & 0x1f;
        return 0;

    case '0':
        *code = 0;
        return bd_regex_is_digit(bd_regex_peek(p)) ? -1 : 0;

    case 'x':
        return bd_regex_hex(p, 2, code);
    }

    *code = (uint32_t) ch;

    if (ch != 0 && strchr("^$\\.*+?()[]{}|/", ch) != NULL) {
        return 0;
    }

    if (ch == '-' && in_class) {
        return 0;
    }

    if (p->mode == BD_REGEX_STRICT) {
        return -1;
    }

    return (ch > 0x20 && ch < 0x7f && !bd_regex_is_digit(ch) && ch != '_'
            && !((ch | 0x20) >= 'a' && (ch | 0x20) <= 'z'))
           || ch == ' ' || ch == '_' ? 0 : -1;
}


/* uXXXX, a pair of surrogates so written, or u{X...}. */
static int
bd_regex_unicode_escape(bd_regex_parser_t *p, uint32_t *code)
{
    uint32_t    low;
    bd_slice_t  start;

    (void) bd_regex_take(p, "u");

    if (bd_regex_take(p, "{")) {
        return bd_regex_hex(p, 0, code);
    }

    if (bd_regex_hex(p, 4, code) != 0) {
        return -1;
    }

    start = p->rest;

    if (*code >= 0xd800 && *code < 0xdc00 && bd_regex_take(p, "\\u")) {

        if (bd_regex_peek(p) != '{' && bd_regex_hex(p, 4, &low) == 0
            && low >= 0xdc00 && low < 0xe000)
        {
            *code = 0x10000 + ((*code - 0xd800) << 10) + (low - 0xdc00);
            return 0;
        }

        p->rest = start;
    }

    return 0;
}


/* That many hexadecimal digits, or with 0 one or more of them and a "}". */
static int
bd_regex_hex(bd_regex_parser_t *p, unsigned digits, uint32_t *code)
{
    int       ch;
    unsigned  n;

    *code = 0;

    for (n = 0; digits == 0 || n < digits; n++) {
        ch = bd_regex_peek(p);

        if (digits == 0 && n != 0 && ch == '}') {
            (void) bd_regex_take(p, "}");
            return 0;
        }

        if (bd_regex_is_digit(ch)) {
            ch -= '0';

        } else if ((ch | 0x20) >= 'a' && (ch | 0x20) <= 'f') {
            ch = (ch | 0x20) - 'a' + 10;

        } else {
            return -1;
        }

        (void) bd_utf8_next(&p->rest);
        *code = *code << 4 | (uint32_t) ch;

        if (*code > 0x10ffff) {
            return -1;
        }
    }

    return 0;
}


/* A character outside of a class; no UTF-8 text holds a lone surrogate. */
void
bd_regex_put_code(bd_regex_parser_t *p, uint32_t code)
{
    if (code >= 0xd800 && code < 0xe000) {
        bd_buf_puts(p->out, BD_REGEX_NOTHING);
        return;
    }

    bd_regex_put_number(p, "\\x{%x}", code);
}


/* Characters within a class, less the surrogates. */
static void
bd_regex_put_range(bd_regex_parser_t *p, uint32_t low, uint32_t high)
{
    if (low >= 0xd800 && low < 0xe000) {
        low = 0xe000;
    }

    if (high >= 0xd800 && high < 0xe000) {
        high = 0xd7ff;
    }

    if (low <= high) {
        bd_regex_put_number(p, "\\x{%x}", low);
        bd_buf_puts(p->out, "-");
        bd_regex_put_number(p, "\\x{%x}", high);
    }
}


void
bd_regex_put_number(bd_regex_parser_t *p, const char *format, unsigned n)
{
    char  text[24];

    (void) snprintf(text, sizeof(text), format, n);
    bd_buf_puts(p->out, text);
}
