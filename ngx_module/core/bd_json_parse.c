/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * JSON text to values: see bd_json.h.  Recursive descent; the caller's depth
 * bounds the stack.
 */


#include "bd_json_private.h"


#define BD_JSON_INTEGER_DIGITS  19      /* so many fit in an uint64_t */


static int bd_json_begin(bd_json_t *document, bd_slice_t text, unsigned depth,
    int copies);
static int bd_json_value(bd_json_parser_t *p, bd_json_value_t *value);
static int bd_json_word(bd_json_parser_t *p, bd_json_value_t *value,
    bd_slice_t word, bd_json_type_e type);
static int bd_json_object(bd_json_parser_t *p, bd_json_value_t *object);
static bd_json_value_t *bd_json_next_member(bd_json_parser_t *p,
    bd_json_value_t *object, bd_json_value_t *last);
static int bd_json_array(bd_json_parser_t *p, bd_json_value_t *array);
static int bd_json_enter(bd_json_parser_t *p, bd_json_value_t *value,
    bd_json_type_e type);
static int bd_json_more(bd_json_parser_t *p, uint8_t close);
static int bd_json_number_value(bd_json_parser_t *p, bd_json_value_t *value);
static int bd_json_digits(bd_json_parser_t *p);


static inline void
bd_json_space(bd_json_parser_t *p)
{
    while (p->p < p->end && *p->p <= ' '
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


/* A value that has no type yet; NULL when memory is short. */
static inline bd_json_value_t *
bd_json_new(bd_json_parser_t *p)
{
    bd_json_value_t  *value;

    value = bd_arena_take(p->arena, sizeof(bd_json_value_t));

    if (value == NULL) {
        p->nomem = 1;
        return NULL;
    }

    value->name = bd_slice_make(NULL, 0);
    value->next = NULL;

    return value;
}


int
bd_json_parse(bd_json_t *document, bd_slice_t text, unsigned depth)
{
    return bd_json_begin(document, text, depth, 0);
}


int
bd_json_load(bd_json_t *document, bd_slice_t text, unsigned depth)
{
    return bd_json_begin(document, text, depth, 1);
}


static int
bd_json_begin(bd_json_t *document, bd_slice_t text, unsigned depth, int copies)
{
    bd_json_parser_t  p;

    memset(document, 0, sizeof(bd_json_t));

    if (text.len == 0) {
        return 1;
    }

    p.p = text.data;
    p.end = text.data + text.len;
    p.depth = depth;
    p.copies = copies;
    p.nomem = 0;
    p.arena = &document->arena;

    document->root = bd_json_new(&p);
    bd_json_space(&p);

    if (document->root != NULL && bd_json_value(&p, document->root) == 0) {
        bd_json_space(&p);

        if (p.p == p.end) {
            return 0;
        }
    }

    bd_json_free(document);

    return p.nomem ? -1 : 1;
}


/* Takes the value that begins here; -1 when there is none. */
static int
bd_json_value(bd_json_parser_t *p, bd_json_value_t *value)
{
    if (p->p == p->end) {
        return -1;
    }

    switch (*p->p) {

    case '{':
        return bd_json_object(p, value);

    case '[':
        return bd_json_array(p, value);

    case '"':
        value->type = BD_JSON_STRING;
        return bd_json_string(p, &value->text);

    case 't':
        return bd_json_word(p, value, bd_slice("true"), BD_JSON_TRUE);

    case 'f':
        return bd_json_word(p, value, bd_slice("false"), BD_JSON_FALSE);

    case 'n':
        return bd_json_word(p, value, bd_slice("null"), BD_JSON_NULL);
    }

    return bd_json_number_value(p, value);
}


static int
bd_json_word(bd_json_parser_t *p, bd_json_value_t *value, bd_slice_t word,
    bd_json_type_e type)
{
    if ((size_t) (p->end - p->p) < word.len
        || memcmp(p->p, word.data, word.len) != 0)
    {
        return -1;
    }

    p->p += word.len;
    value->type = type;

    return 0;
}


static int
bd_json_object(bd_json_parser_t *p, bd_json_value_t *object)
{
    int               more;
    bd_json_value_t  *last;

    if (bd_json_enter(p, object, BD_JSON_OBJECT) != 0) {
        return -1;
    }

    if (p->p < p->end && *p->p == '}') {
        p->p++;
        return 0;
    }

    last = NULL;
    p->depth--;

    do {
        last = bd_json_next_member(p, object, last);
        if (last == NULL) {
            return -1;
        }

        more = bd_json_more(p, '}');
    } while (more == 1);

    p->depth++;

    return more;
}


/* Adds the member that begins here behind the last; or NULL. */
static bd_json_value_t *
bd_json_next_member(bd_json_parser_t *p, bd_json_value_t *object,
    bd_json_value_t *last)
{
    int               rc;
    bd_slice_t        name;
    bd_json_value_t  *member;

    if (p->p == p->end || *p->p != '"' || bd_json_string(p, &name) != 0) {
        return NULL;
    }

    bd_json_space(p);

    if (p->p == p->end || *p->p != ':') {
        return NULL;
    }

    p->p++;
    bd_json_space(p);

    member = bd_json_new(p);
    if (member == NULL) {
        return NULL;
    }

    member->name = name;
    rc = bd_json_add(p->arena, object, last, member);

    if (rc != 0) {
        p->nomem |= (rc == -1);
        return NULL;
    }

    return bd_json_value(p, member) == 0 ? member : NULL;
}


static int
bd_json_array(bd_json_parser_t *p, bd_json_value_t *array)
{
    int               more;
    bd_json_value_t  *item, **next;

    if (bd_json_enter(p, array, BD_JSON_ARRAY) != 0) {
        return -1;
    }

    if (p->p < p->end && *p->p == ']') {
        p->p++;
        return 0;
    }

    next = &array->first;
    p->depth--;

    do {
        item = bd_json_new(p);

        if (item == NULL || bd_json_value(p, item) != 0) {
            return -1;
        }

        *next = item;
        next = &item->next;
        array->count++;

        more = bd_json_more(p, ']');
    } while (more == 1);

    p->depth++;

    return more;
}


/* Makes an empty object or array, and takes its first character. */
static int
bd_json_enter(bd_json_parser_t *p, bd_json_value_t *value, bd_json_type_e type)
{
    if (p->depth == 0) {
        return -1;
    }

    value->type = type;
    value->first = NULL;
    value->count = 0;
    value->index = NULL;

    p->p++;
    bd_json_space(p);

    return 0;
}


/* What follows a member or an item: 1 is another, 0 the end; -1 is neither. */
static int
bd_json_more(bd_json_parser_t *p, uint8_t close)
{
    bd_json_space(p);

    if (p->p == p->end || (*p->p != ',' && *p->p != close)) {
        return -1;
    }

    if (*p->p++ == close) {
        return 0;
    }

    bd_json_space(p);

    return 1;
}


static int
bd_json_number_value(bd_json_parser_t *p, bd_json_value_t *value)
{
    size_t          n;
    uint64_t        magnitude;
    const uint8_t  *start, *first;

    magnitude = 0;
    start = p->p;

    p->p += (*p->p == '-');
    first = p->p;

    while (bd_json_is_digit(p)) {
        magnitude = magnitude * 10 + (uint64_t) (*p->p++ - '0');
    }

    n = (size_t) (p->p - first);

    if (n == 0 || (*first == '0' && n > 1)) {
        return -1;
    }

    /* what has more digits has overflowed */

    value->type = (n <= BD_JSON_INTEGER_DIGITS
                   && magnitude <= (uint64_t) INT64_MAX + (first != start))
                  ? BD_JSON_INTEGER : BD_JSON_REAL;
    value->integer = (int64_t) (first != start ? 0 - magnitude : magnitude);

    if (p->p < p->end && *p->p == '.') {
        p->p++;
        value->type = BD_JSON_REAL;

        if (bd_json_digits(p) != 0) {
            return -1;
        }
    }

    if (p->p < p->end && (*p->p | 0x20) == 'e') {
        p->p++;
        value->type = BD_JSON_REAL;

        if (p->p < p->end && (*p->p == '+' || *p->p == '-')) {
            p->p++;
        }

        if (bd_json_digits(p) != 0) {
            return -1;
        }
    }

    value->text = bd_slice_make(start, (size_t) (p->p - start));

    return p->copies ? bd_json_keep(p, &value->text) : 0;
}


/* One or more. */
static int
bd_json_digits(bd_json_parser_t *p)
{
    if (!bd_json_is_digit(p)) {
        return -1;
    }

    do {
        p->p++;
    } while (bd_json_is_digit(p));

    return 0;
}
