/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Private to bd_regex*.c: from the syntax of ECMA-262 to that of PCRE2.
 */


#ifndef _BD_REGEX_PARSE_H_INCLUDED_
#define _BD_REGEX_PARSE_H_INCLUDED_


#include "bd_buf.h"


typedef enum {
    BD_REGEX_STRICT = 0,
    BD_REGEX_LAX                /* see bd_regex_compile() */
} bd_regex_mode_e;


#define BD_REGEX_END  0xfffffffeu        /* of no character: a set */


/* A pattern that is being read. */
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
static inline int
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


/*
 * Appends to out what PCRE2 (UTF mode, DOLLAR_ENDONLY, MATCH_UNSET_BACKREF)
 * must compile to match as ECMA-262 says.  Returns 0; -1 when pattern does
 * not follow the grammar.  Short memory shows in out->failed.
 */
int bd_regex_translate(bd_slice_t pattern, bd_regex_mode_e mode,
    bd_buf_t *out);

/*
 * Appends the PCRE2 form of \p{name} (of \P{name} when negated) to out.
 * Returns 0, or -1 for a property ECMA-262 does not know.
 */
int bd_regex_property(bd_slice_t name, int negated, bd_buf_t *out);

/* bd_regex_escape.c */

/* Takes a class, from its "[" to its "]"; -1 for a bad one. */
int bd_regex_class(bd_regex_parser_t *p);

/*
 * What follows a backslash: one of \d \D \s \S \w \W \p{} \P{}, written
 * at once (0; 1 when it is none of them), or a single character.
 */
int bd_regex_set_escape(bd_regex_parser_t *p, int in_class);
int bd_regex_character_escape(bd_regex_parser_t *p, int in_class,
    uint32_t *code);

/* Writes a character outside of a class, or any number by that format. */
void bd_regex_put_code(bd_regex_parser_t *p, uint32_t code);
void bd_regex_put_number(bd_regex_parser_t *p, const char *format,
    unsigned n);


#endif /* _BD_REGEX_PARSE_H_INCLUDED_ */
