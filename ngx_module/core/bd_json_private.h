/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Private to bd_json.c, bd_json_parse.c and bd_json_string.c.
 */


#ifndef _BD_JSON_PRIVATE_H_INCLUDED_
#define _BD_JSON_PRIVATE_H_INCLUDED_


#include "bd_json.h"


typedef struct {
    const uint8_t  *p;
    const uint8_t  *end;
    unsigned        depth;              /* that may still be entered */
    int             copies;             /* nothing views the text */
    int             nomem;
    bd_arena_t     *arena;
} bd_json_parser_t;


/*
 * bd_json.c: makes value, which has a name, the last member of object; last
 * is the one before it, or NULL.  Returns 0; 1 when there is a member of that
 * name; -1 when memory is short.
 */
int bd_json_add(bd_arena_t *arena, bd_json_value_t *object,
    bd_json_value_t *last, bd_json_value_t *value);

/*
 * bd_json_string.c: takes a string and its quotes off the text.  Returns 0;
 * -1 when it is none, or (then nomem is set) memory is short.
 */
int bd_json_string(bd_json_parser_t *p, bd_slice_t *string);

/* Makes a copy of what views the text; 0, or -1 with nomem set. */
int bd_json_keep(bd_json_parser_t *p, bd_slice_t *view);


#endif /* _BD_JSON_PRIVATE_H_INCLUDED_ */
