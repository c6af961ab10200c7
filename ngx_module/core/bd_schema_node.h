/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Private to bd_schema*.c: a compiled schema.  A subschema is a node of one
 * flat array and refers to others by index, so a reference is an index too
 * and recursion needs no care.  What concerns one type of instance only is in
 * a part of its own, which most nodes do without.
 */


#ifndef _BD_SCHEMA_NODE_H_INCLUDED_
#define _BD_SCHEMA_NODE_H_INCLUDED_


#include "bd_arena.h"
#include "bd_format.h"
#include "bd_json.h"
#include "bd_regex.h"
#include "bd_schema.h"


#define BD_SCHEMA_NONE      UINT32_MAX

/* The types of values as bits, and one for reals without a fraction. */
#define BD_SCHEMA_TYPE(t)   (1u << (t))
#define BD_SCHEMA_INTEGRAL  (1u << 8)
#define BD_SCHEMA_ANY       0x1ffu


/* A name of a table: a property, or a string of an enum. */
typedef struct {
    uint64_t               hash;
    bd_slice_t             name;        /* data is NULL in a free place */
    uint32_t               node;        /* or BD_SCHEMA_NONE */
    uint32_t               required;    /* 0 or 1 */
} bd_schema_entry_t;


/* Open addressing, at most half full. */
typedef struct {
    bd_schema_entry_t     *entries;
    size_t                 size;        /* a power of 2, or 0 */
    size_t                 used;
} bd_schema_table_t;


typedef struct {
    uint32_t              *nodes;
    size_t                 count;
} bd_schema_list_t;


typedef struct {
    bd_regex_t            *regex;
    uint32_t               node;
} bd_schema_pattern_t;


/* One name of dependentRequired, dependentSchemas or dependencies. */
typedef struct {
    const char            *keyword;
    bd_slice_t             name;
    uint32_t               node;        /* or BD_SCHEMA_NONE: then names */
    bd_slice_t            *names;
    size_t                 count;
} bd_schema_dependent_t;


typedef struct {
    bd_schema_table_t      properties;
    size_t                 required;    /* entries that are */
    bd_schema_pattern_t   *patterns;
    size_t                 npatterns;
    uint32_t               additional;
    uint32_t               names;
    uint32_t               unevaluated;
    uint64_t               min;
    uint64_t               max;
    bd_schema_dependent_t *dependents;
    size_t                 ndependents;
} bd_schema_object_t;


typedef struct {
    bd_schema_list_t       prefix;
    uint32_t               items;       /* after the prefix */
    uint32_t               contains;
    uint32_t               unevaluated;
    uint64_t               min_contains;
    uint64_t               max_contains;
    uint64_t               min;
    uint64_t               max;
    unsigned               unique:1;
    unsigned               contains_evaluates:1;    /* since 2020-12 */
} bd_schema_array_t;


typedef struct {
    uint64_t               min;         /* code points */
    uint64_t               max;
    bd_regex_t            *pattern;
    bd_format_pt           format;
} bd_schema_string_t;


/* A number of the schema; integer is good when is_integer is set. */
typedef struct {
    int                    set;
    int                    is_integer;  /* fits in an int64_t */
    int64_t                integer;
    bd_number_t            decimal;
} bd_schema_bound_t;


typedef struct {
    bd_schema_bound_t      minimum;
    bd_schema_bound_t      exclusive_minimum;
    bd_schema_bound_t      maximum;
    bd_schema_bound_t      exclusive_maximum;
    bd_schema_bound_t      multiple;
} bd_schema_number_t;


typedef struct {
    uint64_t               hash;        /* bd_schema_hash() with seed 0 */
    const bd_json_value_t *value;       /* borrowed from the document, or
                                           NULL in a free place */
} bd_schema_value_t;


/* enum and const: the strings in a table, the rest in another. */
typedef struct {
    const char            *keyword;
    bd_schema_table_t      strings;
    bd_schema_value_t     *others;      /* open addressing, half full */
    size_t                 size;        /* a power of 2 */
} bd_schema_values_t;


/* What applies other schemas to the same instance. */
typedef struct {
    uint32_t               ref;
    uint32_t               dynamic;     /* where it points to at first */
    uint32_t               dynamic_name;    /* or BD_SCHEMA_NONE: it stays */
    const char            *dynamic_keyword;
    bd_schema_list_t       all;
    bd_schema_list_t       any;
    bd_schema_list_t       one;
    uint32_t               negated;
    uint32_t               condition;
    uint32_t               consequence;
    uint32_t               alternative;
} bd_schema_logic_t;


typedef struct {
    uint32_t               types;       /* BD_SCHEMA_TYPE() of those allowed */
    uint32_t               resource;
    bd_schema_object_t    *object;
    bd_schema_array_t     *array;
    bd_schema_string_t    *string;
    bd_schema_number_t    *number;
    bd_schema_values_t    *enumeration;
    bd_schema_values_t    *constant;
    bd_schema_logic_t     *logic;
    const char            *never;       /* a false schema: the keyword to
                                           name; else NULL */
    bd_slice_t             pointer;     /* from the root of its document */
} bd_schema_node_t;


/* A schema that has a URI, and the dynamic anchors within it. */
typedef struct {
    const char            *uri;         /* absolute, or "" */
    size_t                 pointer_len; /* of its root in the document */
    uint32_t              *names;       /* of dynamic anchors, interned */
    uint32_t              *anchors;     /* their nodes */
    size_t                 nanchors;
} bd_schema_resource_t;


struct bd_schema_s {
    bd_schema_node_t      *nodes;       /* the first is the root */
    size_t                 nnodes;
    bd_schema_resource_t  *resources;
    bd_json_t            **documents;   /* constants and pointers lie here */
    size_t                 ndocuments;
    bd_regex_t           **regexes;
    size_t                 nregexes;
    bd_arena_t             arena;
};


/*
 * The entry of that name, or NULL.  bd_schema_table_add() finds or makes it;
 * the name must outlive the table.  NULL from it: memory is short.
 */
const bd_schema_entry_t *bd_schema_table_find(const bd_schema_table_t *table,
    bd_slice_t name);
bd_schema_entry_t *bd_schema_table_add(bd_schema_table_t *table,
    bd_arena_t *arena, bd_slice_t name);

/*
 * 1 when the values are equal as JSON Schema means it: numbers by their
 * value.  Takes one off *steps for each pair looked at, and gives 0 when
 * there are none left.
 */
int bd_schema_equal(const bd_json_value_t *left, const bd_json_value_t *right,
    uint64_t *steps);

/* Values that are equal have the same hash.  Takes from *steps likewise. */
uint64_t bd_schema_hash(const bd_json_value_t *value, uint64_t seed,
    uint64_t *steps);


#endif /* _BD_SCHEMA_NODE_H_INCLUDED_ */
