/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * JSON text (RFC 8259) to values, in one pass that also refuses what parsers
 * tend to let through: a repeated member, nesting over a bound of the
 * caller's, text that is not UTF-8.  Numbers of any size are taken, and
 * U+0000 in strings and names.
 *
 * The values lie in one arena, which the document owns and which is freed at
 * once; nobody changes them after the parse.  Numbers keep their truth: each
 * has the text it was written as.
 */


#ifndef _BD_JSON_H_INCLUDED_
#define _BD_JSON_H_INCLUDED_


#include "bd_arena.h"
#include "bd_number.h"


typedef enum {
    BD_JSON_OBJECT = 0,                 /* these two have values in them */
    BD_JSON_ARRAY,
    BD_JSON_STRING,
    BD_JSON_INTEGER,                    /* fits in 64 bits, and is written
                                           without fraction and exponent */
    BD_JSON_REAL,                       /* any other number */
    BD_JSON_TRUE,
    BD_JSON_FALSE,
    BD_JSON_NULL
} bd_json_type_e;


typedef struct bd_json_index_s  bd_json_index_t;
typedef struct bd_json_value_s  bd_json_value_t;


/* Siblings are linked in the order of the text. */
struct bd_json_value_s {
    bd_json_type_e            type;
    bd_slice_t                name;     /* of a member; else empty */
    bd_json_value_t          *next;     /* sibling, or NULL */

    union {
        struct {
            bd_slice_t        text;     /* of a string; of a number, as it
                                           was written */
            int64_t           integer;  /* of a BD_JSON_INTEGER */
        };

        struct {                        /* of objects and arrays */
            bd_json_value_t  *first;    /* member or item, or NULL */
            size_t            count;
            bd_json_index_t  *index;    /* of many members; else NULL */
        };
    };
};


/* A parsed document. */
typedef struct {
    bd_json_value_t          *root;
    bd_arena_t                arena;
} bd_json_t;


/*
 * Parses text.  An array or object may lie in at most depth - 1 others.
 * Strings, names and numbers of the values view the text, which must stay
 * where it is as long as they are used; those with escapes are in the arena.
 *
 * Returns 0; 1 when text is not such a document; -1 when memory is short.
 * Only after 0 there is something to free.
 */
int bd_json_parse(bd_json_t *document, bd_slice_t text, unsigned depth);

/*
 * The same for a document that outlives its text: strings, names and numbers
 * are copies in the arena, each with a NUL behind it, which its length does
 * not count.
 */
int bd_json_load(bd_json_t *document, bd_slice_t text, unsigned depth);

/* Frees all values of the document, and empties it. */
void bd_json_free(bd_json_t *document);

/*
 * The member of that name: borrowed from the document.  NULL when there is
 * none, and for a value that is no object, or NULL.
 */
const bd_json_value_t *bd_json_member(const bd_json_value_t *object,
    bd_slice_t name);


/* 1 when there is a value and it is of that type, else 0. */
static inline int
bd_json_is(const bd_json_value_t *value, bd_json_type_e type)
{
    return value != NULL && value->type == type;
}


static inline int
bd_json_is_number(const bd_json_value_t *value)
{
    return bd_json_is(value, BD_JSON_INTEGER)
           || bd_json_is(value, BD_JSON_REAL);
}


static inline int
bd_json_is_boolean(const bd_json_value_t *value)
{
    return bd_json_is(value, BD_JSON_TRUE)
           || bd_json_is(value, BD_JSON_FALSE);
}


/* The first member or item; NULL when there is none, or can be none. */
static inline const bd_json_value_t *
bd_json_first(const bd_json_value_t *value)
{
    return value->type <= BD_JSON_ARRAY ? value->first : NULL;
}


/* How many members or items there are; 0 when there can be none. */
static inline size_t
bd_json_count(const bd_json_value_t *value)
{
    return value->type <= BD_JSON_ARRAY ? value->count : 0;
}


/* The exact value of a number, which views the same text. */
static inline void
bd_json_number(const bd_json_value_t *value, bd_number_t *number)
{
    bd_number_read(number, value->text);
}


#endif /* _BD_JSON_H_INCLUDED_ */
