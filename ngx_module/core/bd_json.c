/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * JSON text to jansson's values: see bd_json.h.  Recursive descent; the
 * caller's depth bounds the stack.
 */


#include <stdlib.h>
#include "bd_buf.h"
#include "bd_json_private.h"
#include "bd_utf8.h"


#define BD_JSON_INTEGER_DIGITS  18      /* so many always fit a long long */


typedef struct {
    const uint8_t  *p;
    const uint8_t  *end;
    unsigned        depth;              /* that may still be entered */
    bd_json_t      *document;
    bd_buf_t        unescaped;
    int             nomem;
} bd_json_parser_t;


static json_t *bd_json_value(bd_json_parser_t *p);
static json_t *bd_json_object(bd_json_parser_t *p);
static int bd_json_member(bd_json_parser_t *p, json_t *object, size_t n);
static json_t *bd_json_array(bd_json_parser_t *p);
static int bd_json_string(bd_json_parser_t *p, bd_slice_t *string);
static int bd_json_escaped(bd_json_parser_t *p, const uint8_t *start,
    bd_slice_t *string);
static int bd_json_escape(bd_json_parser_t *p);
static int bd_json_hex(bd_json_parser_t *p, uint32_t *code);
static json_t *bd_json_number_value(bd_json_parser_t *p);
static json_t *bd_json_real(bd_json_parser_t *p, bd_slice_t text);


static inline void
bd_json_space(bd_json_parser_t *p)
{
    while (p->p < p->end
           && (*p->p == ' ' || *p->p == '\n' || *p->p == '\r'
               || *p->p == '\t'))
    {
        p->p++;
    }
}


static inline int
bd_json_is_digit(const bd_json_parser_t *p)
{
    return p->p < p->end && *p->p >= '0' && *p->p <= '9';
}


/* Notes that memory is short when a constructor of jansson gave NULL. */
static inline json_t *
bd_json_made(bd_json_parser_t *p, json_t *value)
{
    p->nomem |= (value == NULL);

    return value;
}


int
bd_json_parse(bd_json_t *document, bd_slice_t text, unsigned depth)
{
    json_t            *root;
    bd_json_parser_t   p;

    memset(document, 0, sizeof(bd_json_t));

    if (text.len == 0) {
        return 1;
    }

    p.p = text.data;
    p.end = text.data + text.len;
    p.depth = depth;
    p.document = document;
    p.unescaped = BD_BUF_EMPTY;
    p.nomem = 0;

    bd_json_space(&p);
    root = bd_json_value(&p);
    bd_json_space(&p);

    bd_buf_free(&p.unescaped);

    document->root = root;

    if (root != NULL && p.p == p.end) {
        return 0;
    }

    bd_json_free(document);

    return p.nomem ? -1 : 1;
}


int
bd_json_load(bd_json_t *document, bd_slice_t text, unsigned depth)
{
    int    rc;
    char  *copy;

    copy = malloc(text.len + 1);
    if (copy == NULL) {
        return -1;
    }

    if (text.len != 0) {
        memcpy(copy, text.data, text.len);
    }

    rc = bd_json_parse(document, bd_slice_make(copy, text.len), depth);

    if (rc == 0) {
        document->text = copy;

    } else {
        free(copy);
    }

    return rc;
}


void
bd_json_free(bd_json_t *document)
{
    json_decref(document->root);
    free(document->numbers);
    free(document->text);

    memset(document, 0, sizeof(bd_json_t));
}


/* The value that begins here; NULL when there is none. */
static json_t *
bd_json_value(bd_json_parser_t *p)
{
    size_t      left;
    bd_slice_t  string;

    left = (size_t) (p->end - p->p);

    if (left == 0) {
        return NULL;
    }

    switch (*p->p) {

    case '{':
        return bd_json_object(p);

    case '[':
        return bd_json_array(p);

    case '"':
        if (bd_json_string(p, &string) != 0) {
            return NULL;
        }

        return bd_json_made(p, json_stringn_nocheck((const char *) string.data,
                                                    string.len));

    case 't':
        if (left < 4 || memcmp(p->p, "true", 4) != 0) {
            return NULL;
        }

        p->p += 4;
        return json_true();

    case 'f':
        if (left < 5 || memcmp(p->p, "false", 5) != 0) {
            return NULL;
        }

        p->p += 5;
        return json_false();

    case 'n':
        if (left < 4 || memcmp(p->p, "null", 4) != 0) {
            return NULL;
        }

        p->p += 4;
        return json_null();
    }

    return bd_json_number_value(p);
}


static json_t *
bd_json_object(bd_json_parser_t *p)
{
    size_t   n;
    json_t  *object;

    if (p->depth == 0) {
        return NULL;
    }

    object = bd_json_made(p, json_object());
    if (object == NULL) {
        return NULL;
    }

    p->p++;
    p->depth--;
    bd_json_space(p);

    if (p->p < p->end && *p->p == '}') {
        goto done;
    }

    for (n = 1; bd_json_member(p, object, n) == 0; n++) {
        if (p->p == p->end) {
            break;
        }

        if (*p->p == '}') {
            goto done;
        }

        if (*p->p != ',') {
            break;
        }

        p->p++;
        bd_json_space(p);
    }

    json_decref(object);

    return NULL;

done:

    p->p++;
    p->depth++;

    return object;
}


/* Adds what must become the n-th member, and skips the space after it. */
static int
bd_json_member(bd_json_parser_t *p, json_t *object, size_t n)
{
    int          rc;
    char         small[64], *name;
    json_t      *value;
    bd_slice_t   string;

    if (p->p == p->end || *p->p != '"' || bd_json_string(p, &string) != 0) {
        return -1;
    }

    bd_json_space(p);

    if (p->p == p->end || *p->p != ':') {
        return -1;
    }

    p->p++;
    bd_json_space(p);

    name = NULL;

    if (p->unescaped.len != 0) {

        /* the value may need the buffer that the name lies in */

        name = (string.len <= sizeof(small)) ? small : malloc(string.len);
        if (name == NULL) {
            p->nomem = 1;
            return -1;
        }

        memcpy(name, string.data, string.len);
        string.data = (const uint8_t *) name;
    }

    rc = -1;

    value = bd_json_value(p);
    if (value == NULL) {
        goto done;
    }

    if (json_object_setn_new_nocheck(object, (const char *) string.data,
                                     string.len, value)
        != 0)
    {
        p->nomem = 1;
        goto done;
    }

    /* a repeated member takes the place of the first */

    if (json_object_size(object) == n) {
        bd_json_space(p);
        rc = 0;
    }

done:

    if (name != small) {
        free(name);
    }

    return rc;
}


static json_t *
bd_json_array(bd_json_parser_t *p)
{
    json_t  *array, *value;

    if (p->depth == 0) {
        return NULL;
    }

    array = bd_json_made(p, json_array());
    if (array == NULL) {
        return NULL;
    }

    p->p++;
    p->depth--;
    bd_json_space(p);

    if (p->p < p->end && *p->p == ']') {
        goto done;
    }

    for ( ;; ) {
        value = bd_json_value(p);
        if (value == NULL) {
            break;
        }

        if (json_array_append_new(array, value) != 0) {
            p->nomem = 1;
            break;
        }

        bd_json_space(p);

        if (p->p == p->end) {
            break;
        }

        if (*p->p == ']') {
            goto done;
        }

        if (*p->p != ',') {
            break;
        }

        p->p++;
        bd_json_space(p);
    }

    json_decref(array);

    return NULL;

done:

    p->p++;
    p->depth++;

    return array;
}


/* 1 when a byte of the word is '"', '\\', a control, or not ASCII. */
static inline int
bd_json_is_special(uint64_t word)
{
    const uint64_t  ones = 0x0101010101010101u, high = ones << 7;

    uint64_t  quote, backslash;

    quote = word ^ ones * '"';
    backslash = word ^ ones * '\\';

    return (((word - ones * 0x20) | (quote - ones) | (backslash - ones) | word)
            & high) != 0;
}


/*
 * Takes a string and its quotes.  *string views the text, or the buffer of
 * the parser when there were escapes.
 */
static int
bd_json_string(bd_json_parser_t *p, bd_slice_t *string)
{
    uint64_t        word;
    bd_slice_t      rest;
    const uint8_t  *start;

    start = ++p->p;
    p->unescaped.len = 0;

    for ( ;; ) {
        while (p->end - p->p >= 8) {
            memcpy(&word, p->p, 8);

            if (bd_json_is_special(word)) {
                break;
            }

            p->p += 8;
        }

        while (p->p < p->end && *p->p >= 0x20 && *p->p < 0x80
               && *p->p != '"' && *p->p != '\\')
        {
            p->p++;
        }

        if (p->p == p->end || *p->p < 0x20) {
            return -1;
        }

        if (*p->p == '"') {
            *string = bd_slice_make(start, (size_t) (p->p++ - start));
            return 0;
        }

        if (*p->p == '\\') {
            return bd_json_escaped(p, start, string);
        }

        rest = bd_slice_make(p->p, (size_t) (p->end - p->p));

        if (bd_utf8_next(&rest) == BD_UTF8_INVALID) {
            return -1;
        }

        p->p = rest.data;
    }
}


/* The rest of a string from its first escape on. */
static int
bd_json_escaped(bd_json_parser_t *p, const uint8_t *start, bd_slice_t *string)
{
    bd_slice_t      rest;
    const uint8_t  *run;

    run = start;

    for ( ;; ) {
        if (p->p == p->end || *p->p < 0x20) {
            return -1;
        }

        if (*p->p == '"' || *p->p == '\\') {
            bd_buf_add(&p->unescaped, run, (size_t) (p->p - run));

            if (*p->p++ == '"') {
                break;
            }

            if (bd_json_escape(p) != 0) {
                return -1;
            }

            run = p->p;
            continue;
        }

        rest = bd_slice_make(p->p, (size_t) (p->end - p->p));

        if (bd_utf8_next(&rest) == BD_UTF8_INVALID) {
            return -1;
        }

        p->p = rest.data;
    }

    if (p->unescaped.failed) {
        p->nomem = 1;
        return -1;
    }

    *string = bd_buf_slice(&p->unescaped);

    return 0;
}


/* What follows a backslash; surrogates must come in pairs. */
static int
bd_json_escape(bd_json_parser_t *p)
{
    static const char  names[] = "\"\\/bfnrt";
    static const char  values[] = "\"\\/\b\f\n\r\t";

    uint32_t     code, low;
    const char  *s;

    if (p->p == p->end || *p->p == '\0') {
        return -1;
    }

    s = strchr(names, *p->p);

    if (s != NULL) {
        p->p++;
        bd_buf_add(&p->unescaped, values + (s - names), 1);
        return 0;
    }

    if (*p->p++ != 'u' || bd_json_hex(p, &code) != 0) {
        return -1;
    }

    if (code >= 0xd800 && code < 0xe000) {

        if (code >= 0xdc00 || p->end - p->p < 2
            || p->p[0] != '\\' || p->p[1] != 'u')
        {
            return -1;
        }

        p->p += 2;

        if (bd_json_hex(p, &low) != 0 || low < 0xdc00 || low >= 0xe000) {
            return -1;
        }

        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }

    bd_buf_put_code(&p->unescaped, code);

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


static json_t *
bd_json_number_value(bd_json_parser_t *p)
{
    int             real;
    json_int_t      value;
    const uint8_t  *start, *first;

    real = 0;
    value = 0;
    start = p->p;

    p->p += (*p->p == '-');
    first = p->p;

    while (bd_json_is_digit(p)) {
        if (p->p - first < BD_JSON_INTEGER_DIGITS) {
            value = value * 10 + (*p->p - '0');
        }

        p->p++;
    }

    if (p->p == first || (*first == '0' && p->p - first > 1)) {
        return NULL;
    }

    real = (p->p - first > BD_JSON_INTEGER_DIGITS);

    if (p->p < p->end && *p->p == '.') {
        p->p++;
        real = 1;

        if (!bd_json_is_digit(p)) {
            return NULL;
        }

        while (bd_json_is_digit(p)) {
            p->p++;
        }
    }

    if (p->p < p->end && (*p->p | 0x20) == 'e') {
        p->p++;
        real = 1;

        if (p->p < p->end && (*p->p == '+' || *p->p == '-')) {
            p->p++;
        }

        if (!bd_json_is_digit(p)) {
            return NULL;
        }

        while (bd_json_is_digit(p)) {
            p->p++;
        }
    }

    if (!real) {
        return bd_json_made(p, json_integer(*start == '-' ? -value : value));
    }

    return bd_json_real(p, bd_slice_make(start, (size_t) (p->p - start)));
}


/* A number that the quick way does not do; still an integer, if it can be. */
static json_t *
bd_json_real(bd_json_parser_t *p, bd_slice_t text)
{
    json_t       *value;
    uint64_t      magnitude;
    bd_number_t   number;
    bd_slice_t    digits;

    if (text.len <= 20 && memchr(text.data, '.', text.len) == NULL
        && memchr(text.data, 'e', text.len) == NULL
        && memchr(text.data, 'E', text.len) == NULL)
    {
        bd_number_read(&number, text);

        magnitude = 0;
        digits = text;

        if (digits.data[0] == '-') {
            digits.data++;
            digits.len--;
        }

        if (digits.len == 19) {
            for ( /* void */ ; digits.len != 0; digits.len--) {
                magnitude = magnitude * 10 + (uint64_t) (*digits.data++ - '0');
            }

            if (number.negative && magnitude - 1 <= INT64_MAX) {
                return bd_json_made(p, json_integer(-(json_int_t)
                                                    (magnitude - 1) - 1));
            }

            if (!number.negative && magnitude <= INT64_MAX) {
                return bd_json_made(p, json_integer((json_int_t) magnitude));
            }
        }
    }

    value = bd_json_made(p, json_real(bd_json_double(text)));

    if (value != NULL && bd_json_remember(p->document, value, text) != 0) {
        json_decref(value);
        return bd_json_made(p, NULL);
    }

    return value;
}
