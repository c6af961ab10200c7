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
#define BD_REGEX_END       0xfffffffeu
#define BD_REGEX_NUMBER    1000000000u  /* larger numbers count as this one */

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


typedef struct {
    bd_slice_t        rest;
    bd_buf_t         *out;
    bd_regex_mode_e   mode;
    int               second;           /* groups are known */
    unsigned          depth;
    unsigned          ngroups;          /* opened so far */
    unsigned          total;            /* of the first reading */
    bd_slice_t       *names;            /* by group; an empty one has none */
    size_t            names_size;
} bd_regex_parser_t;


/* What an escape or an element of a class turned out to be. */
typedef struct {
    uint32_t          code;             /* or BD_REGEX_END: a set */
} bd_regex_atom_t;


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
static int bd_regex_class(bd_regex_parser_t *p);
static int bd_regex_class_atom(bd_regex_parser_t *p, bd_regex_atom_t *atom);
static int bd_regex_set_escape(bd_regex_parser_t *p, int in_class);
static int bd_regex_character_escape(bd_regex_parser_t *p, int in_class,
    uint32_t *code);
static int bd_regex_unicode_escape(bd_regex_parser_t *p, uint32_t *code);
static int bd_regex_hex(bd_regex_parser_t *p, unsigned digits, uint32_t *code);
static unsigned bd_regex_number(bd_regex_parser_t *p);
static void bd_regex_put_code(bd_regex_parser_t *p, uint32_t code);
static void bd_regex_put_range(bd_regex_parser_t *p, uint32_t low,
    uint32_t high);
static void bd_regex_put_number(bd_regex_parser_t *p, const char *format,
    unsigned n);


static inline int
bd_regex_peek(bd_regex_parser_t *p)
{
    return p->rest.len ? p->rest.data[0] : -1;
}


static inline int
bd_regex_is_digit(int ch)
{
    return ch >= '0' && ch <= '9';
}


/* Takes the bytes of s off the pattern when it begins with them. */
static int
bd_regex_take(bd_regex_parser_t *p, const char *s)
{
    size_t  len;

    len = strlen(s);

    if (p->rest.len < len || memcmp(p->rest.data, s, len) != 0) {
        return 0;
    }

    p->rest.data += len;
    p->rest.len -= len;

    return 1;
}


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


static int
bd_regex_class(bd_regex_parser_t *p)
{
    int              negated;
    size_t           start, first;
    bd_regex_atom_t  low, high;

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
            if (low.code != BD_REGEX_END) {
                bd_regex_put_range(p, low.code, low.code);
            }

            continue;
        }

        (void) bd_regex_take(p, "-");

        if (bd_regex_class_atom(p, &high) != 0) {
            return -1;
        }

        if (low.code != BD_REGEX_END && high.code != BD_REGEX_END) {
            if (low.code > high.code) {
                return -1;
            }

            bd_regex_put_range(p, low.code, high.code);
            continue;
        }

        /* one end is a set: "-" stands for itself */

        if (p->mode == BD_REGEX_STRICT) {
            return -1;
        }

        bd_regex_put_range(p, '-', '-');

        if (low.code != BD_REGEX_END) {
            bd_regex_put_range(p, low.code, low.code);
        }

        if (high.code != BD_REGEX_END) {
            bd_regex_put_range(p, high.code, high.code);
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


/* One element of a class; a set is written at once. */
static int
bd_regex_class_atom(bd_regex_parser_t *p, bd_regex_atom_t *atom)
{
    int  rc;

    if (!bd_regex_take(p, "\\")) {
        atom->code = bd_utf8_next(&p->rest);
        return (atom->code == BD_UTF8_INVALID) ? -1 : 0;
    }

    atom->code = BD_REGEX_END;

    rc = bd_regex_set_escape(p, 1);
    if (rc <= 0) {
        return rc;
    }

    return bd_regex_character_escape(p, 1, &atom->code);
}


/* \d \D \s \S \w \W \p{} \P{}: 0 when written, 1 when it is none of them. */
static int
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
static int
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


/* A character outside of a class; no UTF-8 text holds a lone surrogate. */
static void
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


static void
bd_regex_put_number(bd_regex_parser_t *p, const char *format, unsigned n)
{
    char  text[24];

    (void) snprintf(text, sizeof(text), format, n);
    bd_buf_puts(p->out, text);
}
