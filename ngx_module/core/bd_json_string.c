/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The strings of JSON text: see bd_json.h.  One without escapes is a view of
 * the text.
 */


#include "bd_json_private.h"
#include "bd_utf8.h"


static int bd_json_other(bd_json_parser_t *p, const uint8_t *start,
    bd_slice_t *string)
    __attribute__((noinline));
static int bd_json_plain(bd_json_parser_t *p);
static int bd_json_escaped(bd_json_parser_t *p, const uint8_t *start,
    bd_slice_t *string);
static const uint8_t *bd_json_closing(const bd_json_parser_t *p);
static int bd_json_unescape(bd_json_parser_t *p, char **out);
static int bd_json_escape(bd_json_parser_t *p, uint32_t *code);
static int bd_json_hex(bd_json_parser_t *p, uint32_t *code);


/*
 * The high bit of each byte that is '"', '\\', a control, or not ASCII: right
 * for the first of them and all bytes before it, since a borrow goes upwards.
 */
static inline uint64_t
bd_json_special(const uint8_t *p)
{
    const uint64_t  ones = 0x0101010101010101u, high = ones << 7;

    uint64_t  word, quote, backslash;

    memcpy(&word, p, 8);

#if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
    word = __builtin_bswap64(word);
#endif

    quote = word ^ ones * '"';
    backslash = word ^ ones * '\\';

    return ((word - ones * 0x20) | (quote - ones) | (backslash - ones) | word)
           & high;
}


/* The first of these bytes from q on, or end. */
static inline const uint8_t *
bd_json_run(const uint8_t *q, const uint8_t *end)
{
    uint64_t  special;

    while (end - q >= 8) {
        special = bd_json_special(q);

        if (special != 0) {
            return q + __builtin_ctzll(special) / 8;
        }

        q += 8;
    }

    while (q < end && *q >= 0x20 && *q < 0x80 && *q != '"' && *q != '\\') {
        q++;
    }

    return q;
}


int
bd_json_string(bd_json_parser_t *p, bd_slice_t *string)
{
    const uint8_t  *start, *end;

    start = p->p + 1;
    end = bd_json_run(start, p->end);
    p->p = end;

    if (end == p->end || *end != '"' || p->copies) {
        return bd_json_other(p, start, string);
    }

    p->p++;
    *string = bd_slice_make(start, (size_t) (end - start));

    return 0;
}


/*
 * One that is not plain ASCII, or is to be copied; the parser stands behind
 * what is.  Not inlined: it would have the common case save all registers.
 */
static int
bd_json_other(bd_json_parser_t *p, const uint8_t *start, bd_slice_t *string)
{
    if (bd_json_plain(p) != 0) {
        return -1;
    }

    if (*p->p == '\\') {
        return bd_json_escaped(p, start, string);
    }

    *string = bd_slice_make(start, (size_t) (p->p++ - start));

    return p->copies ? bd_json_keep(p, string) : 0;
}


int
bd_json_keep(bd_json_parser_t *p, bd_slice_t *view)
{
    char  *copy;

    copy = bd_arena_copy(p->arena, *view);
    if (copy == NULL) {
        p->nomem = 1;
        return -1;
    }

    view->data = (const uint8_t *) copy;

    return 0;
}


/* Skips what is to be taken as it is, up to a quote or a backslash. */
static int
bd_json_plain(bd_json_parser_t *p)
{
    bd_slice_t      rest;
    const uint8_t  *q;

    q = bd_json_run(p->p, p->end);

    while (q < p->end && *q >= 0x80) {
        rest = bd_slice_make(q, (size_t) (p->end - q));

        if (bd_utf8_next(&rest) == BD_UTF8_INVALID) {
            return -1;
        }

        q = bd_json_run(rest.data, p->end);
    }

    p->p = q;

    return (q < p->end && *q >= 0x20) ? 0 : -1;
}


/* The rest of a string from its first escape on, which makes it shorter. */
static int
bd_json_escaped(bd_json_parser_t *p, const uint8_t *start, bd_slice_t *string)
{
    char           *buf, *out;
    const uint8_t  *end;

    end = bd_json_closing(p);
    if (end == NULL) {
        return -1;
    }

    buf = bd_arena_take(p->arena, (size_t) (end - start) + 1);
    if (buf == NULL) {
        p->nomem = 1;
        return -1;
    }

    memcpy(buf, start, (size_t) (p->p - start));
    out = buf + (p->p - start);

    if (bd_json_unescape(p, &out) != 0) {
        return -1;
    }

    *out = '\0';
    *string = bd_slice_make(buf, (size_t) (out - buf));

    return 0;
}


/* The quote that ends a string, seen from an escape in it; or NULL. */
static const uint8_t *
bd_json_closing(const bd_json_parser_t *p)
{
    const uint8_t  *q;

    for (q = p->p; p->end - q >= 2; q++) {
        if (*q == '"') {
            return q;
        }

        q += (*q == '\\');
    }

    return (q < p->end && *q == '"') ? q : NULL;
}


static int
bd_json_unescape(bd_json_parser_t *p, char **out)
{
    uint32_t        code;
    const uint8_t  *run;

    while (*p->p != '"') {
        p->p++;

        if (bd_json_escape(p, &code) != 0) {
            return -1;
        }

        *out += bd_utf8_encode(*out, code);
        run = p->p;

        if (bd_json_plain(p) != 0) {
            return -1;
        }

        memcpy(*out, run, (size_t) (p->p - run));
        *out += p->p - run;
    }

    p->p++;

    return 0;
}


/* What follows a backslash; surrogates must come in pairs. */
static int
bd_json_escape(bd_json_parser_t *p, uint32_t *code)
{
    static const char  names[] = "\"\\/bfnrt";
    static const char  values[] = "\"\\/\b\f\n\r\t";

    uint32_t     low;
    const char  *s;

    if (p->p == p->end || *p->p == '\0') {
        return -1;
    }

    s = strchr(names, *p->p);

    if (s != NULL) {
        p->p++;
        *code = (uint32_t) values[s - names];
        return 0;
    }

    if (*p->p++ != 'u' || bd_json_hex(p, code) != 0) {
        return -1;
    }

    if (*code < 0xd800 || *code >= 0xe000) {
        return 0;
    }

    if (*code >= 0xdc00 || p->end - p->p < 2
        || p->p[0] != '\\' || p->p[1] != 'u')
    {
        return -1;
    }

    p->p += 2;

    if (bd_json_hex(p, &low) != 0 || low < 0xdc00 || low >= 0xe000) {
        return -1;
    }

    *code = 0x10000 + ((*code - 0xd800) << 10) + (low - 0xdc00);

    return 0;
}


static int
bd_json_hex(bd_json_parser_t *p, uint32_t *code)
{
    int       i;
    uint32_t  ch;

    if (p->end - p->p < 4) {
        return -1;
    }

    *code = 0;

    for (i = 0; i < 4; i++) {
        ch = *p->p++;

        if (ch >= '0' && ch <= '9') {
            ch -= '0';

        } else if ((ch | 0x20) >= 'a' && (ch | 0x20) <= 'f') {
            ch = (ch | 0x20) - 'a' + 10;

        } else {
            return -1;
        }

        *code = *code << 4 | ch;
    }

    return 0;
}
