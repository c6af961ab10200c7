/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Reads a pattern by the grammar of ECMA-262 (2023), section 22.2.1, with
 * the flag "u", and writes it for PCRE2.  The pattern is read twice: the
 * first time to count and name its groups, which a back-reference may name
 * before they come.
 */


#include <stdio.h>
#include <stdlib.h>
#include "bd_regex_parse.h"
#include "bd_utf8.h"


#define BD_REGEX_DEPTH     200          /* PCRE2 takes 250 */
#define BD_REGEX_NUMBER    1000000000u  /* larger numbers count as this one */


static int bd_regex_disjunction(bd_regex_parser_t *p);
static int bd_regex_term(bd_regex_parser_t *p);
static int bd_regex_group(bd_regex_parser_t *p, int *quantifiable);
static int bd_regex_capture(bd_regex_parser_t *p, bd_slice_t name);
static int bd_regex_quantifier(bd_regex_parser_t *p);
static int bd_regex_braces(bd_regex_parser_t *p, bd_buf_t *text);
static int bd_regex_atom_escape(bd_regex_parser_t *p);
static int bd_regex_backreference(bd_regex_parser_t *p);
static int bd_regex_named_reference(bd_regex_parser_t *p);
static int bd_regex_group_name(bd_regex_parser_t *p, bd_slice_t *name);
static unsigned bd_regex_number(bd_regex_parser_t *p);


int
bd_regex_translate(bd_slice_t pattern, bd_regex_mode_e mode, bd_buf_t *out)
{
    int                rc;
    bd_buf_t           scratch;
    bd_regex_parser_t  p;

    if (!bd_utf8_valid(pattern)) {
        return -1;
    }

    scratch = BD_BUF_EMPTY;

    memset(&p, 0, sizeof(p));
    p.rest = pattern;
    p.out = &scratch;
    p.mode = mode;

    rc = bd_regex_disjunction(&p);

    if (rc == 0 && p.rest.len == 0) {
        p.rest = pattern;
        p.out = out;
        p.second = 1;
        p.total = p.ngroups;
        p.ngroups = 0;

        rc = bd_regex_disjunction(&p);

    } else {
        rc = -1;                        /* a ")" that closes nothing */
    }

    out->failed |= scratch.failed;

    bd_buf_free(&scratch);
    free(p.names);

    return rc;
}


static int
bd_regex_disjunction(bd_regex_parser_t *p)
{
    int  ch;

    if (++p->depth > BD_REGEX_DEPTH) {
        return -1;
    }

    for ( ;; ) {
        ch = bd_regex_peek(p);

        if (ch == -1 || ch == ')') {
            p->depth--;
            return 0;
        }

        if (bd_regex_take(p, "|")) {
            bd_buf_puts(p->out, "|");
            continue;
        }

        if (bd_regex_term(p) != 0) {
            return -1;
        }
    }
}


static int
bd_regex_term(bd_regex_parser_t *p)
{
    int       ch, quantifiable;
    uint32_t  code;

    ch = bd_regex_peek(p);

    switch (ch) {

    case '^':
    case '$':
        bd_buf_puts(p->out, ch == '^' ? "\\A" : "\\z");
        (void) bd_utf8_next(&p->rest);
        return 0;

    case '(':
        if (bd_regex_group(p, &quantifiable) != 0) {
            return -1;
        }

        return quantifiable ? bd_regex_quantifier(p) : 0;

    case '[':
        if (bd_regex_class(p) != 0) {
            return -1;
        }

        return bd_regex_quantifier(p);

    case '.':
        (void) bd_utf8_next(&p->rest);
        bd_buf_puts(p->out, "[^\\x{a}\\x{d}\\x{2028}\\x{2029}]");
        return bd_regex_quantifier(p);

    case '\\':
        (void) bd_utf8_next(&p->rest);

        if (bd_regex_peek(p) == 'b' || bd_regex_peek(p) == 'B') {
            bd_buf_puts(p->out, bd_regex_peek(p) == 'b' ? "\\b" : "\\B");
            (void) bd_utf8_next(&p->rest);
            return 0;
        }

        if (bd_regex_atom_escape(p) != 0) {
            return -1;
        }

        return bd_regex_quantifier(p);

    case '*':
    case '+':
    case '?':
        return -1;

    case '{':
        if (p->mode == BD_REGEX_STRICT || bd_regex_braces(p, NULL) == 0) {
            return -1;
        }

        break;

    case '}':
    case ']':
        if (p->mode == BD_REGEX_STRICT) {
            return -1;
        }

        break;
    }

    code = bd_utf8_next(&p->rest);
    bd_regex_put_code(p, code);

    return bd_regex_quantifier(p);
}


static int
bd_regex_group(bd_regex_parser_t *p, int *quantifiable)
{
    static const char *const  opens[] = { "(?:", "(?=", "(?!", "(?<=", "(?<!" };

    size_t      i;
    bd_slice_t  name;

    *quantifiable = 1;

    for (i = 0; i < sizeof(opens) / sizeof(opens[0]); i++) {
        if (bd_regex_take(p, opens[i])) {
            *quantifiable = (i == 0);
            bd_buf_puts(p->out, opens[i]);
            break;
        }
    }

    if (i == sizeof(opens) / sizeof(opens[0])) {
        name = bd_slice("");

        if (bd_regex_take(p, "(?")
            && (!bd_regex_take(p, "<") || bd_regex_group_name(p, &name) != 0))
        {
            return -1;
        }

        if (name.len == 0) {
            (void) bd_regex_take(p, "(");
        }

        if (bd_regex_capture(p, name) != 0) {
            return -1;
        }

        bd_buf_puts(p->out, "(");
    }

    if (bd_regex_disjunction(p) != 0 || !bd_regex_take(p, ")")) {
        return -1;
    }

    bd_buf_puts(p->out, ")");

    return 0;
}


/* Numbers a new group, and on the first reading notes its name. */
static int
bd_regex_capture(bd_regex_parser_t *p, bd_slice_t name)
{
    size_t       i, size;
    bd_slice_t  *names;

    if (!p->second) {
        for (i = 0; name.len != 0 && i < p->ngroups; i++) {
            if (bd_slice_equal(p->names[i], name)) {
                return -1;
            }
        }

        if (p->ngroups == p->names_size) {
            size = p->names_size ? 2 * p->names_size : 8;

            names = realloc(p->names, size * sizeof(bd_slice_t));
            if (names == NULL) {
                p->out->failed = 1;
                return -1;
            }

            p->names = names;
            p->names_size = size;
        }

        p->names[p->ngroups] = name;
    }

    p->ngroups++;

    return 0;
}


static int
bd_regex_quantifier(bd_regex_parser_t *p)
{
    static const char *const  marks[] = { "*", "+", "?" };

    size_t  i;

    for (i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        if (bd_regex_take(p, marks[i])) {
            bd_buf_puts(p->out, marks[i]);
            break;
        }
    }

    if (i == sizeof(marks) / sizeof(marks[0])) {
        if (bd_regex_peek(p) != '{') {
            return 0;
        }

        if (bd_regex_braces(p, p->out) != 0) {
            return (p->mode == BD_REGEX_STRICT) ? -1 : 0;
        }
    }

    if (bd_regex_take(p, "?")) {
        bd_buf_puts(p->out, "?");
    }

    return 0;
}


/*
 * Takes {n}, {n,} or {n,m} and writes it to text; without a text only looks.
 * Returns -1, with nothing taken, for anything else.
 */
static int
bd_regex_braces(bd_regex_parser_t *p, bd_buf_t *text)
{
    char        out[48];
    unsigned    low, high;
    bd_slice_t  start;

    start = p->rest;

    if (!bd_regex_take(p, "{") || !bd_regex_is_digit(bd_regex_peek(p))) {
        goto none;
    }

    low = bd_regex_number(p);
    (void) snprintf(out, sizeof(out), "{%u}", low);

    if (bd_regex_take(p, ",")) {
        (void) snprintf(out, sizeof(out), "{%u,}", low);

        if (bd_regex_is_digit(bd_regex_peek(p))) {
            high = bd_regex_number(p);

            if (high < low) {
                goto none;
            }

            (void) snprintf(out, sizeof(out), "{%u,%u}", low, high);
        }
    }

    if (!bd_regex_take(p, "}")) {
        goto none;
    }

    if (text == NULL) {
        p->rest = start;

    } else {
        bd_buf_puts(text, out);
    }

    return 0;

none:

    p->rest = start;

    return -1;
}


/* What follows a backslash outside of a class. */
static int
bd_regex_atom_escape(bd_regex_parser_t *p)
{
    int       ch, rc;
    uint32_t  code;

    ch = bd_regex_peek(p);

    if (ch >= '1' && ch <= '9') {
        return bd_regex_backreference(p);
    }

    if (bd_regex_take(p, "k")) {
        return bd_regex_named_reference(p);
    }

    rc = bd_regex_set_escape(p, 0);
    if (rc <= 0) {
        return rc;
    }

    if (bd_regex_character_escape(p, 0, &code) != 0) {
        return -1;
    }

    bd_regex_put_code(p, code);

    return 0;
}


static int
bd_regex_backreference(bd_regex_parser_t *p)
{
    unsigned  n;

    n = bd_regex_number(p);

    if (p->second) {
        if (n > p->total) {
            return -1;
        }

        bd_regex_put_number(p, "\\g{%u}", n);
    }

    return 0;
}


static int
bd_regex_named_reference(bd_regex_parser_t *p)
{
    unsigned    i;
    bd_slice_t  name;

    if (!bd_regex_take(p, "<") || bd_regex_group_name(p, &name) != 0) {
        return -1;
    }

    if (!p->second) {
        return 0;
    }

    for (i = 0; i < p->total; i++) {
        if (bd_slice_equal(p->names[i], name)) {
            bd_regex_put_number(p, "\\g{%u}", i + 1);
            return 0;
        }
    }

    return -1;
}


/*
 * Takes a name and its ">".  ID_Start and ID_Continue beyond ASCII are not
 * told apart: every letter outside of ASCII may begin a name.
 */
static int
bd_regex_group_name(bd_regex_parser_t *p, bd_slice_t *name)
{
    int             first;
    uint32_t        code;
    const uint8_t  *start;

    start = p->rest.data;
    first = 1;

    for ( ;; ) {
        *name = bd_slice_make(start, (size_t) (p->rest.data - start));

        if (bd_regex_take(p, ">")) {
            return first ? -1 : 0;
        }

        code = bd_utf8_next(&p->rest);

        if (!(code == '$' || code == '_'
              || ((code | 0x20) >= 'a' && (code | 0x20) <= 'z')
              || (code >= '0' && code <= '9' && !first)
              || (code >= 0x80 && code <= 0x10ffff)))
        {
            return -1;
        }

        first = 0;
    }
}


static unsigned
bd_regex_number(bd_regex_parser_t *p)
{
    unsigned  n;

    for (n = 0; bd_regex_is_digit(bd_regex_peek(p)); p->rest.data++,
                                                     p->rest.len--)
    {
        if (n < BD_REGEX_NUMBER / 10) {
            n = n * 10 + (unsigned) (p->rest.data[0] - '0');

        } else {
            n = BD_REGEX_NUMBER;
        }
    }

    return n;
}
