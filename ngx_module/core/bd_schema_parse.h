/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Private to the compiler of schemas: what turns the value of one keyword into
 * a part of a node.
 */


#ifndef _BD_SCHEMA_PARSE_H_INCLUDED_
#define _BD_SCHEMA_PARSE_H_INCLUDED_


#include "bd_schema_compile.h"


typedef struct bd_schema_keyword_s  bd_schema_keyword_t;


/* The node that is being made; its parts are in the arena. */
typedef struct {
    bd_schema_place_t     place;
    bd_schema_dialect_t   dialect;
    bd_schema_node_t      node;
} bd_schema_job_t;


/*
 * Works on the value of a keyword; 0, or -1 with the error filled in: the
 * keyword is misused, or memory is short.
 */
typedef int bd_schema_parse_t(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, const bd_json_value_t *value);


/* offset is that of the field in the part of the node parse() works on. */
struct bd_schema_keyword_s {
    const char            *name;
    unsigned               drafts;
    unsigned               vocabulary;
    unsigned               shapes;
    bd_schema_parse_t     *parse;
    size_t                 offset;
};


/* bd_schema_parse.c: annotations and references */
bd_schema_parse_t  bd_schema_parse_text,
    bd_schema_parse_flag,
    bd_schema_parse_list,
    bd_schema_parse_map,
    bd_schema_parse_content,
    bd_schema_parse_definitions,
    bd_schema_parse_ref,
    bd_schema_parse_dynamic_ref;

/* bd_schema_parse_value.c: assertions on one value */
bd_schema_parse_t  bd_schema_parse_type,
    bd_schema_parse_enum,
    bd_schema_parse_const,
    bd_schema_parse_bound,
    bd_schema_parse_multiple,
    bd_schema_parse_string_count,
    bd_schema_parse_array_count,
    bd_schema_parse_object_count,
    bd_schema_parse_pattern,
    bd_schema_parse_format;

/* bd_schema_parse_apply.c: what applies schemas, or names members */
bd_schema_parse_t  bd_schema_parse_items,
    bd_schema_parse_additional_items,
    bd_schema_parse_prefix_items,
    bd_schema_parse_array_schema,
    bd_schema_parse_unique,
    bd_schema_parse_object_schema,
    bd_schema_parse_required,
    bd_schema_parse_properties,
    bd_schema_parse_patterns,
    bd_schema_parse_dependents,
    bd_schema_parse_logic_schema,
    bd_schema_parse_logic_list;


/* The node of one subschema; a false one is named after its keyword. */
int bd_schema_one(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const char *keyword, const bd_slice_t *token, const bd_json_value_t *value,
    uint32_t *node);

/* The nodes of an array of subschemas, which must not be empty. */
int bd_schema_many(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const char *keyword, const bd_json_value_t *value, bd_schema_list_t *list);

/* Fills in names, which has room for all elements of value. */
int bd_schema_names(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const char *keyword, const bd_json_value_t *value, bd_slice_t *names);

/* The part of the node for a type, made when it is not there; or NULL. */
bd_schema_object_t *bd_schema_object_part(bd_schema_compiler_t *c,
    bd_schema_job_t *job);
bd_schema_array_t *bd_schema_array_part(bd_schema_compiler_t *c,
    bd_schema_job_t *job);
bd_schema_string_t *bd_schema_string_part(bd_schema_compiler_t *c,
    bd_schema_job_t *job);
bd_schema_number_t *bd_schema_number_part(bd_schema_compiler_t *c,
    bd_schema_job_t *job);
bd_schema_logic_t *bd_schema_logic_part(bd_schema_compiler_t *c,
    bd_schema_job_t *job);


#endif /* _BD_SCHEMA_PARSE_H_INCLUDED_ */
