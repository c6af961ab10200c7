/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The keywords, each with the drafts and the vocabulary it belongs to, and
 * how its value becomes a part of a node.  What no row names is an
 * annotation; what a row names and is misused is an error.
 */


#include <stddef.h>
#include <stdio.h>
#include "bd_schema_compile.h"


#define BD_SCHEMA_SINCE_7     (BD_SCHEMA_DRAFT7 | BD_SCHEMA_2019               \
                               | BD_SCHEMA_2020)
#define BD_SCHEMA_SINCE_2019  (BD_SCHEMA_2019 | BD_SCHEMA_2020)
#define BD_SCHEMA_UP_TO_2019  (BD_SCHEMA_DRAFT7 | BD_SCHEMA_2019)
#define BD_SCHEMA_ALL         (BD_SCHEMA_SINCE_7 | BD_SCHEMA_OPENAPI30)


typedef struct bd_schema_keyword_s  bd_schema_keyword_t;


/* The node that is being made; its parts are in the arena. */
typedef struct {
    bd_schema_place_t     place;
    bd_schema_dialect_t   dialect;
    bd_schema_node_t      node;
} bd_schema_job_t;


typedef int (*bd_schema_keyword_pt)(bd_schema_compiler_t *c,
    bd_schema_job_t *job, const bd_schema_keyword_t *keyword, json_t *value);


/* offset is that of the field in the part of the node parse() works on. */
struct bd_schema_keyword_s {
    const char            *name;
    unsigned               drafts;
    unsigned               vocabulary;
    unsigned               shapes;
    bd_schema_keyword_pt   parse;
    size_t                 offset;
};


static int bd_schema_parse_text(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, json_t *value);
static int bd_schema_parse_flag(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, json_t *value);
static int bd_schema_parse_list(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, json_t *value);
static int bd_schema_parse_map(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, json_t *value);
static int bd_schema_parse_content(bd_schema_compiler_t *c,
    bd_schema_job_t *job, const bd_schema_keyword_t *keyword, json_t *value);
static int bd_schema_parse_definitions(bd_schema_compiler_t *c,
    bd_schema_job_t *job, const bd_schema_keyword_t *keyword, json_t *value);
static int bd_schema_parse_ref(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, json_t *value);
static int bd_schema_parse_dynamic_ref(bd_schema_compiler_t *c,
    bd_schema_job_t *job, const bd_schema_keyword_t *keyword, json_t *value);
static int bd_schema_parse_type(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, json_t *value);
static int bd_schema_parse_nullable(bd_schema_compiler_t *c,
    bd_schema_job_t *job, const bd_schema_keyword_t *keyword, json_t *value);
static int bd_schema_parse_enum(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, json_t *value);
static int bd_schema_parse_const(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, json_t *value);
static int bd_schema_parse_bound(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, json_t *value);
static int bd_schema_parse_exclusive(bd_schema_compiler_t *c,
    bd_schema_job_t *job, const bd_schema_keyword_t *keyword, json_t *value);
static int bd_schema_parse_multiple(bd_schema_compiler_t *c,
    bd_schema_job_t *job, const bd_schema_keyword_t *keyword, json_t *value);
static int bd_schema_parse_string_count(bd_schema_compiler_t *c,
    bd_schema_job_t *job, const bd_schema_keyword_t *keyword, json_t *value);
static int bd_schema_parse_array_count(bd_schema_compiler_t *c,
    bd_schema_job_t *job, const bd_schema_keyword_t *keyword, json_t *value);
static int bd_schema_parse_object_count(bd_schema_compiler_t *c,
    bd_schema_job_t *job, const bd_schema_keyword_t *keyword, json_t *value);
static int bd_schema_parse_pattern(bd_schema_compiler_t *c,
    bd_schema_job_t *job, const bd_schema_keyword_t *keyword, json_t *value);
static int bd_schema_parse_format(bd_schema_compiler_t *c,
    bd_schema_job_t *job, const bd_schema_keyword_t *keyword, json_t *value);
static int bd_schema_parse_items(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, json_t *value);
static int bd_schema_parse_additional_items(bd_schema_compiler_t *c,
    bd_schema_job_t *job, const bd_schema_keyword_t *keyword, json_t *value);
static int bd_schema_parse_prefix_items(bd_schema_compiler_t *c,
    bd_schema_job_t *job, const bd_schema_keyword_t *keyword, json_t *value);
static int bd_schema_parse_array_schema(bd_schema_compiler_t *c,
    bd_schema_job_t *job, const bd_schema_keyword_t *keyword, json_t *value);
static int bd_schema_parse_unique(bd_schema_compiler_t *c,
    bd_schema_job_t *job, const bd_schema_keyword_t *keyword, json_t *value);
static int bd_schema_parse_object_schema(bd_schema_compiler_t *c,
    bd_schema_job_t *job, const bd_schema_keyword_t *keyword, json_t *value);
static int bd_schema_parse_required(bd_schema_compiler_t *c,
    bd_schema_job_t *job, const bd_schema_keyword_t *keyword, json_t *value);
static int bd_schema_parse_properties(bd_schema_compiler_t *c,
    bd_schema_job_t *job, const bd_schema_keyword_t *keyword, json_t *value);
static int bd_schema_parse_patterns(bd_schema_compiler_t *c,
    bd_schema_job_t *job, const bd_schema_keyword_t *keyword, json_t *value);
static int bd_schema_parse_dependents(bd_schema_compiler_t *c,
    bd_schema_job_t *job, const bd_schema_keyword_t *keyword, json_t *value);
static int bd_schema_parse_logic_schema(bd_schema_compiler_t *c,
    bd_schema_job_t *job, const bd_schema_keyword_t *keyword, json_t *value);
static int bd_schema_parse_logic_list(bd_schema_compiler_t *c,
    bd_schema_job_t *job, const bd_schema_keyword_t *keyword, json_t *value);

static int bd_schema_one(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const char *keyword, const bd_slice_t *token, json_t *value,
    uint32_t *node);
static int bd_schema_many(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const char *keyword, json_t *value, bd_schema_list_t *list);
static int bd_schema_names(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const char *keyword, json_t *value, bd_slice_t *names);
static bd_schema_values_t *bd_schema_values(bd_schema_compiler_t *c,
    bd_schema_job_t *job, const char *keyword, size_t n);
static int bd_schema_add_value(bd_schema_compiler_t *c,
    bd_schema_values_t *values, json_t *value);
static int bd_schema_bound(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const char *keyword, json_t *value, bd_schema_bound_t *bound);
static int bd_schema_count(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const char *keyword, json_t *value, uint64_t *count);
static void bd_schema_finish(bd_schema_job_t *job);
static bd_schema_object_t *bd_schema_object(bd_schema_compiler_t *c,
    bd_schema_job_t *job);
static bd_schema_array_t *bd_schema_array(bd_schema_compiler_t *c,
    bd_schema_job_t *job);
static bd_schema_string_t *bd_schema_string(bd_schema_compiler_t *c,
    bd_schema_job_t *job);
static bd_schema_number_t *bd_schema_number(bd_schema_compiler_t *c,
    bd_schema_job_t *job);
static bd_schema_logic_t *bd_schema_logic(bd_schema_compiler_t *c,
    bd_schema_job_t *job);


#define BD_SCHEMA_TEXT(name, drafts, vocabulary)                              \
    { name, drafts, BD_SCHEMA_ ## vocabulary, 0, bd_schema_parse_text, 0 }
#define BD_SCHEMA_FLAG(name, drafts, vocabulary)                              \
    { name, drafts, BD_SCHEMA_ ## vocabulary, 0, bd_schema_parse_flag, 0 }
#define BD_SCHEMA_PART(name, drafts, vocabulary, shapes, parse, part, field)  \
    { name, drafts, BD_SCHEMA_ ## vocabulary, shapes,                         \
      bd_schema_parse_ ## parse, offsetof(bd_schema_ ## part ## _t, field) }
#define BD_SCHEMA_WHOLE(name, drafts, vocabulary, shapes, parse)              \
    { name, drafts, BD_SCHEMA_ ## vocabulary, shapes,                         \
      bd_schema_parse_ ## parse, 0 }


static const bd_schema_keyword_t  bd_schema_table[] = {

    BD_SCHEMA_TEXT("$id", BD_SCHEMA_SINCE_7, CORE),
    BD_SCHEMA_TEXT("$schema", BD_SCHEMA_SINCE_7, CORE),
    BD_SCHEMA_TEXT("$comment", BD_SCHEMA_SINCE_7, CORE),
    BD_SCHEMA_TEXT("$anchor", BD_SCHEMA_SINCE_2019, CORE),
    BD_SCHEMA_TEXT("$dynamicAnchor", BD_SCHEMA_2020, CORE),
    BD_SCHEMA_FLAG("$recursiveAnchor", BD_SCHEMA_2019, CORE),
    BD_SCHEMA_WHOLE("$vocabulary", BD_SCHEMA_SINCE_2019, CORE, 0, map),
    BD_SCHEMA_WHOLE("$defs", BD_SCHEMA_SINCE_2019, CORE,
                    BD_SCHEMA_SUBSCHEMA_MAP, definitions),
    BD_SCHEMA_WHOLE("definitions", BD_SCHEMA_SINCE_7, CORE,
                    BD_SCHEMA_SUBSCHEMA_MAP, definitions),
    BD_SCHEMA_WHOLE("$ref", BD_SCHEMA_ALL, CORE, 0, ref),
    BD_SCHEMA_WHOLE("$dynamicRef", BD_SCHEMA_2020, CORE, 0, dynamic_ref),
    BD_SCHEMA_WHOLE("$recursiveRef", BD_SCHEMA_2019, CORE, 0, dynamic_ref),

    BD_SCHEMA_TEXT("title", BD_SCHEMA_ALL, META_DATA),
    BD_SCHEMA_TEXT("description", BD_SCHEMA_ALL, META_DATA),
    BD_SCHEMA_FLAG("readOnly", BD_SCHEMA_ALL, META_DATA),
    BD_SCHEMA_FLAG("writeOnly", BD_SCHEMA_ALL, META_DATA),
    BD_SCHEMA_FLAG("deprecated", BD_SCHEMA_SINCE_2019 | BD_SCHEMA_OPENAPI30,
                   META_DATA),
    BD_SCHEMA_WHOLE("examples", BD_SCHEMA_SINCE_7, META_DATA, 0, list),

    BD_SCHEMA_TEXT("contentEncoding", BD_SCHEMA_SINCE_7, CONTENT),
    BD_SCHEMA_TEXT("contentMediaType", BD_SCHEMA_SINCE_7, CONTENT),
    BD_SCHEMA_WHOLE("contentSchema", BD_SCHEMA_SINCE_2019, CONTENT,
                    BD_SCHEMA_SUBSCHEMA, content),

    BD_SCHEMA_WHOLE("type", BD_SCHEMA_ALL, VALIDATION, 0, type),
    BD_SCHEMA_WHOLE("nullable", BD_SCHEMA_ALL, NULLABLE, 0, nullable),
    BD_SCHEMA_WHOLE("enum", BD_SCHEMA_ALL, VALIDATION, 0, enum),
    BD_SCHEMA_WHOLE("const", BD_SCHEMA_SINCE_7, VALIDATION, 0, const),

    BD_SCHEMA_PART("minimum", BD_SCHEMA_ALL, VALIDATION, 0, bound, number,
                   minimum),
    BD_SCHEMA_PART("maximum", BD_SCHEMA_ALL, VALIDATION, 0, bound, number,
                   maximum),
    BD_SCHEMA_PART("exclusiveMinimum", BD_SCHEMA_SINCE_7, VALIDATION, 0, bound,
                   number, exclusive_minimum),
    BD_SCHEMA_PART("exclusiveMaximum", BD_SCHEMA_SINCE_7, VALIDATION, 0, bound,
                   number, exclusive_maximum),
    BD_SCHEMA_PART("exclusiveMinimum", BD_SCHEMA_OPENAPI30, VALIDATION, 0,
                   exclusive, number, exclusive_minimum),
    BD_SCHEMA_PART("exclusiveMaximum", BD_SCHEMA_OPENAPI30, VALIDATION, 0,
                   exclusive, number, exclusive_maximum),
    BD_SCHEMA_PART("multipleOf", BD_SCHEMA_ALL, VALIDATION, 0, multiple,
                   number, multiple),

    BD_SCHEMA_PART("minLength", BD_SCHEMA_ALL, VALIDATION, 0, string_count,
                   string, min),
    BD_SCHEMA_PART("maxLength", BD_SCHEMA_ALL, VALIDATION, 0, string_count,
                   string, max),
    BD_SCHEMA_WHOLE("pattern", BD_SCHEMA_ALL, VALIDATION, 0, pattern),
    BD_SCHEMA_WHOLE("format", BD_SCHEMA_ALL, FORMAT, 0, format),

    BD_SCHEMA_PART("minItems", BD_SCHEMA_ALL, VALIDATION, 0, array_count,
                   array, min),
    BD_SCHEMA_PART("maxItems", BD_SCHEMA_ALL, VALIDATION, 0, array_count,
                   array, max),
    BD_SCHEMA_PART("minContains", BD_SCHEMA_SINCE_2019, VALIDATION, 0,
                   array_count, array, min_contains),
    BD_SCHEMA_PART("maxContains", BD_SCHEMA_SINCE_2019, VALIDATION, 0,
                   array_count, array, max_contains),
    BD_SCHEMA_WHOLE("uniqueItems", BD_SCHEMA_ALL, VALIDATION, 0, unique),
    BD_SCHEMA_WHOLE("prefixItems", BD_SCHEMA_2020, APPLICATOR,
                    BD_SCHEMA_SUBSCHEMAS, prefix_items),
    BD_SCHEMA_WHOLE("items", BD_SCHEMA_UP_TO_2019, APPLICATOR,
                    BD_SCHEMA_SUBSCHEMA | BD_SCHEMA_SUBSCHEMAS, items),
    BD_SCHEMA_PART("items", BD_SCHEMA_2020 | BD_SCHEMA_OPENAPI30, APPLICATOR,
                   BD_SCHEMA_SUBSCHEMA, array_schema, array, items),
    BD_SCHEMA_WHOLE("additionalItems", BD_SCHEMA_UP_TO_2019, APPLICATOR,
                    BD_SCHEMA_SUBSCHEMA, additional_items),
    BD_SCHEMA_PART("contains", BD_SCHEMA_SINCE_7, APPLICATOR,
                   BD_SCHEMA_SUBSCHEMA, array_schema, array, contains),
    BD_SCHEMA_PART("unevaluatedItems", BD_SCHEMA_SINCE_2019, UNEVALUATED,
                   BD_SCHEMA_SUBSCHEMA, array_schema, array, unevaluated),

    BD_SCHEMA_PART("minProperties", BD_SCHEMA_ALL, VALIDATION, 0, object_count,
                   object, min),
    BD_SCHEMA_PART("maxProperties", BD_SCHEMA_ALL, VALIDATION, 0, object_count,
                   object, max),
    BD_SCHEMA_WHOLE("required", BD_SCHEMA_ALL, VALIDATION, 0, required),
    BD_SCHEMA_WHOLE("dependentRequired", BD_SCHEMA_SINCE_2019, VALIDATION, 0,
                    dependents),
    BD_SCHEMA_WHOLE("dependentSchemas", BD_SCHEMA_SINCE_2019, APPLICATOR,
                    BD_SCHEMA_SUBSCHEMA_MAP, dependents),
    BD_SCHEMA_WHOLE("dependencies", BD_SCHEMA_SINCE_7, APPLICATOR,
                    BD_SCHEMA_SUBSCHEMA_MAP, dependents),
    BD_SCHEMA_WHOLE("properties", BD_SCHEMA_ALL, APPLICATOR,
                    BD_SCHEMA_SUBSCHEMA_MAP, properties),
    BD_SCHEMA_WHOLE("patternProperties", BD_SCHEMA_SINCE_7, APPLICATOR,
                    BD_SCHEMA_SUBSCHEMA_MAP, patterns),
    BD_SCHEMA_PART("additionalProperties", BD_SCHEMA_ALL, APPLICATOR,
                   BD_SCHEMA_SUBSCHEMA, object_schema, object, additional),
    BD_SCHEMA_PART("propertyNames", BD_SCHEMA_SINCE_7, APPLICATOR,
                   BD_SCHEMA_SUBSCHEMA, object_schema, object, names),
    BD_SCHEMA_PART("unevaluatedProperties", BD_SCHEMA_SINCE_2019, UNEVALUATED,
                   BD_SCHEMA_SUBSCHEMA, object_schema, object, unevaluated),

    BD_SCHEMA_PART("allOf", BD_SCHEMA_ALL, APPLICATOR, BD_SCHEMA_SUBSCHEMAS,
                   logic_list, logic, all),
    BD_SCHEMA_PART("anyOf", BD_SCHEMA_ALL, APPLICATOR, BD_SCHEMA_SUBSCHEMAS,
                   logic_list, logic, any),
    BD_SCHEMA_PART("oneOf", BD_SCHEMA_ALL, APPLICATOR, BD_SCHEMA_SUBSCHEMAS,
                   logic_list, logic, one),
    BD_SCHEMA_PART("not", BD_SCHEMA_ALL, APPLICATOR, BD_SCHEMA_SUBSCHEMA,
                   logic_schema, logic, negated),
    BD_SCHEMA_PART("if", BD_SCHEMA_SINCE_7, APPLICATOR, BD_SCHEMA_SUBSCHEMA,
                   logic_schema, logic, condition),
    BD_SCHEMA_PART("then", BD_SCHEMA_SINCE_7, APPLICATOR, BD_SCHEMA_SUBSCHEMA,
                   logic_schema, logic, consequence),
    BD_SCHEMA_PART("else", BD_SCHEMA_SINCE_7, APPLICATOR, BD_SCHEMA_SUBSCHEMA,
                   logic_schema, logic, alternative),

    { NULL, 0, 0, 0, NULL, 0 }
};


/* The row of a keyword in a dialect, or NULL. */
static const bd_schema_keyword_t *
bd_schema_lookup(const bd_schema_dialect_t *dialect, const char *name)
{
    const bd_schema_keyword_t  *keyword;

    for (keyword = bd_schema_table; keyword->name != NULL; keyword++) {
        if ((keyword->drafts & dialect->draft)
            && (keyword->vocabulary & dialect->vocabularies)
            && strcmp(keyword->name, name) == 0)
        {
            return keyword;
        }
    }

    return NULL;
}


unsigned
bd_schema_keyword_shape(const bd_schema_dialect_t *dialect, const char *name)
{
    const bd_schema_keyword_t  *keyword;

    keyword = bd_schema_lookup(dialect, name);

    return keyword ? keyword->shapes : BD_SCHEMA_LEAF;
}


int
bd_schema_keywords(bd_schema_compiler_t *c, uint32_t node)
{
    void                       *iter;
    json_t                     *schema;
    const char                 *name;
    bd_schema_job_t             job;
    const bd_schema_keyword_t  *keyword;

    job.place = c->places[node];
    job.dialect = c->scopes[job.place.resource].dialect;
    job.node = c->schema->nodes[node];
    schema = job.place.value;

    if (json_is_false(schema) && job.node.never == NULL) {
        job.node.never = "false";
    }

    for (iter = json_is_object(schema) ? json_object_iter(schema) : NULL;
         iter != NULL;
         iter = json_object_iter_next(schema, iter))
    {
        name = json_object_iter_key(iter);

        /* up to draft-07 a reference hides what stands beside it */

        if ((job.dialect.draft & (BD_SCHEMA_DRAFT7 | BD_SCHEMA_OPENAPI30))
            && json_object_get(schema, "$ref") != NULL
            && strcmp(name, "$ref") != 0 && strcmp(name, "definitions") != 0)
        {
            continue;
        }

        keyword = bd_schema_lookup(&job.dialect, name);

        if (keyword != NULL
            && keyword->parse(c, &job, keyword, json_object_iter_value(iter))
               != 0)
        {
            return -1;
        }
    }

    bd_schema_finish(&job);

    c->schema->nodes[node] = job.node;

    return 0;
}


/* What needs a second keyword to mean something. */
static void
bd_schema_finish(bd_schema_job_t *job)
{
    json_t              *schema;
    bd_schema_array_t   *array;
    bd_schema_logic_t   *logic;
    bd_schema_number_t  *number;

    schema = job->place.value;
    array = job->node.array;
    logic = job->node.logic;
    number = job->node.number;

    if (array != NULL) {
        array->contains_evaluates = (job->dialect.draft == BD_SCHEMA_2020);
    }

    if (logic != NULL && logic->condition == BD_SCHEMA_NONE) {
        logic->consequence = BD_SCHEMA_NONE;
        logic->alternative = BD_SCHEMA_NONE;
    }

    if (job->dialect.draft == BD_SCHEMA_OPENAPI30 && number != NULL) {

        if (json_is_true(json_object_get(schema, "exclusiveMinimum"))) {
            number->exclusive_minimum = number->minimum;
            number->minimum.set = 0;
        }

        if (json_is_true(json_object_get(schema, "exclusiveMaximum"))) {
            number->exclusive_maximum = number->maximum;
            number->maximum.set = 0;
        }
    }
}


static int
bd_schema_parse_text(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, json_t *value)
{
    return json_is_string(value) ? 0
           : bd_schema_error(c, &job->place, keyword->name,
                             "must be a string");
}


static int
bd_schema_parse_flag(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, json_t *value)
{
    return json_is_boolean(value) ? 0
           : bd_schema_error(c, &job->place, keyword->name,
                             "must be true or false");
}


static int
bd_schema_parse_list(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, json_t *value)
{
    return json_is_array(value) ? 0
           : bd_schema_error(c, &job->place, keyword->name,
                             "must be an array");
}


static int
bd_schema_parse_map(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, json_t *value)
{
    return json_is_object(value) ? 0
           : bd_schema_error(c, &job->place, keyword->name,
                             "must be an object");
}


/* A schema for the content of a string is an annotation, but a schema. */
static int
bd_schema_parse_content(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, json_t *value)
{
    uint32_t  node;

    return bd_schema_one(c, job, keyword->name, NULL, value, &node);
}


/* Also those nobody refers to are compiled, so that misuse is found. */
static int
bd_schema_parse_definitions(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, json_t *value)
{
    void        *iter;
    uint32_t     node;
    bd_slice_t   name;

    if (bd_schema_parse_map(c, job, keyword, value) != 0) {
        return -1;
    }

    for (iter = json_object_iter(value);
         iter != NULL;
         iter = json_object_iter_next(value, iter))
    {
        name = bd_slice_make(json_object_iter_key(iter),
                             json_object_iter_key_len(iter));

        if (bd_schema_one(c, job, keyword->name, &name,
                          json_object_iter_value(iter), &node)
            != 0)
        {
            return -1;
        }
    }

    return 0;
}


static int
bd_schema_parse_ref(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, json_t *value)
{
    int                 rc, dynamic;
    bd_buf_t            name;
    bd_schema_logic_t  *logic;
    bd_schema_place_t   target;

    if (bd_schema_parse_text(c, job, keyword, value) != 0) {
        return -1;
    }

    logic = bd_schema_logic(c, job);
    if (logic == NULL) {
        return -1;
    }

    name = BD_BUF_EMPTY;

    rc = bd_schema_resolve(c, &job->place, keyword->name,
                           bd_slice_make(json_string_value(value),
                                         json_string_length(value)),
                           &target, &dynamic, &name);
    bd_buf_free(&name);

    return rc ? -1 : bd_schema_node(c, &target, &logic->ref);
}


/* $dynamicRef, and $recursiveRef, which is one to an anchor without a name. */
static int
bd_schema_parse_dynamic_ref(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, json_t *value)
{
    int                 rc, dynamic;
    json_t             *anchor;
    bd_buf_t            name;
    bd_schema_logic_t  *logic;
    bd_schema_place_t   target;

    if (bd_schema_parse_text(c, job, keyword, value) != 0) {
        return -1;
    }

    logic = bd_schema_logic(c, job);
    if (logic == NULL) {
        return -1;
    }

    name = BD_BUF_EMPTY;

    rc = bd_schema_resolve(c, &job->place, keyword->name,
                           bd_slice_make(json_string_value(value),
                                         json_string_length(value)),
                           &target, &dynamic, &name);

    if (rc == 0 && job->dialect.draft == BD_SCHEMA_2019) {
        anchor = json_object_get(c->scopes[target.resource].anchors, "");
        dynamic = json_is_true(json_array_get(anchor, 1));
        name.len = 0;
        bd_buf_add(&name, "", 0);
    }

    if (rc == 0) {
        rc = bd_schema_node(c, &target, &logic->dynamic);
    }

    if (rc == 0 && dynamic) {
        rc = bd_schema_intern(c, name.data, &logic->dynamic_name);

        if (rc == 0
            && json_object_set_new_nocheck(c->dynamic, name.data, json_true())
               != 0)
        {
            rc = bd_schema_nomem(c);
        }
    }

    logic->dynamic_keyword = keyword->name;
    bd_buf_free(&name);

    return rc;
}


static int
bd_schema_parse_type(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, json_t *value)
{
    static const struct {
        const char  *name;
        unsigned     types;
    } known[] = {
        { "object", BD_SCHEMA_TYPE(JSON_OBJECT) },
        { "array", BD_SCHEMA_TYPE(JSON_ARRAY) },
        { "string", BD_SCHEMA_TYPE(JSON_STRING) },
        { "boolean", BD_SCHEMA_TYPE(JSON_TRUE) | BD_SCHEMA_TYPE(JSON_FALSE) },
        { "null", BD_SCHEMA_TYPE(JSON_NULL) },
        { "integer", BD_SCHEMA_TYPE(JSON_INTEGER) | BD_SCHEMA_INTEGRAL },
        { "number", BD_SCHEMA_TYPE(JSON_INTEGER) | BD_SCHEMA_TYPE(JSON_REAL)
                    | BD_SCHEMA_INTEGRAL }
    };

    size_t       i, n, k;
    json_t      *element;
    const char  *name;

    n = json_is_array(value) ? json_array_size(value) : 1;
    job->node.types = 0;

    for (i = 0; i < n; i++) {
        element = json_is_array(value) ? json_array_get(value, i) : value;
        name = json_is_string(element) ? json_string_value(element) : "";

        for (k = 0; k < sizeof(known) / sizeof(known[0]); k++) {
            if (strcmp(name, known[k].name) == 0) {
                job->node.types |= known[k].types;
                break;
            }
        }

        if (k == sizeof(known) / sizeof(known[0])) {
            n = 0;
        }
    }

    if (n == 0) {
        return bd_schema_error(c, &job->place, keyword->name,
                               "must name one or more of the types object,"
                               " array, string, number, integer, boolean,"
                               " null");
    }

    /* the members of an object come in any order, so look both ways */

    if ((job->dialect.vocabularies & BD_SCHEMA_NULLABLE)
        && json_is_true(json_object_get(job->place.value, "nullable")))
    {
        job->node.types |= BD_SCHEMA_TYPE(JSON_NULL);
    }

    return 0;
}


/* Does its work beside a type only, which sees to it. */
static int
bd_schema_parse_nullable(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, json_t *value)
{
    return bd_schema_parse_flag(c, job, keyword, value);
}


static int
bd_schema_parse_enum(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, json_t *value)
{
    size_t               i;
    json_t              *element;
    bd_schema_values_t  *values;

    if (bd_schema_parse_list(c, job, keyword, value) != 0) {
        return -1;
    }

    values = bd_schema_values(c, job, keyword->name, json_array_size(value));
    if (values == NULL) {
        return bd_schema_nomem(c);
    }

    json_array_foreach(value, i, element) {
        if (bd_schema_add_value(c, values, element) != 0) {
            return bd_schema_nomem(c);
        }
    }

    job->node.enumeration = values;

    return 0;
}


static int
bd_schema_parse_const(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, json_t *value)
{
    bd_schema_values_t  *values;

    values = bd_schema_values(c, job, keyword->name, 1);

    if (values == NULL || bd_schema_add_value(c, values, value) != 0) {
        return bd_schema_nomem(c);
    }

    job->node.constant = values;

    return 0;
}


/* An empty set with room for n values; NULL when memory is short. */
static bd_schema_values_t *
bd_schema_values(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const char *keyword, size_t n)
{
    bd_schema_values_t  *values;

    values = bd_arena_alloc(&c->schema->arena, sizeof(bd_schema_values_t));
    if (values == NULL) {
        return NULL;
    }

    values->keyword = keyword;
    values->document = c->schema->documents[job->place.document];

    for (values->size = 2; values->size < 2 * n; values->size *= 2) {
        /* void */
    }

    values->others = bd_arena_alloc(&c->schema->arena,
                                    values->size * sizeof(bd_schema_value_t));

    return values->others ? values : NULL;
}


static int
bd_schema_add_value(bd_schema_compiler_t *c, bd_schema_values_t *values,
    json_t *value)
{
    size_t      i;
    uint64_t    hash, steps;
    bd_slice_t  text;

    if (json_is_string(value)) {
        text = bd_slice_make(json_string_value(value),
                             json_string_length(value));

        return bd_schema_table_add(&values->strings, &c->schema->arena, text)
               ? 0 : -1;
    }

    steps = UINT64_MAX;
    hash = bd_schema_hash(values->document, value, 0, &steps);

    for (i = (size_t) hash;
         values->others[i & (values->size - 1)].value != NULL;
         i++)
    {
        /* void */
    }

    values->others[i & (values->size - 1)].hash = hash;
    values->others[i & (values->size - 1)].value = value;

    return 0;
}


static int
bd_schema_parse_bound(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, json_t *value)
{
    bd_schema_number_t  *number;

    number = bd_schema_number(c, job);
    if (number == NULL) {
        return -1;
    }

    return bd_schema_bound(c, job, keyword->name, value,
                           (bd_schema_bound_t *) ((char *) number
                                                  + keyword->offset));
}


/* OpenAPI 3.0 has them as flags of minimum and maximum. */
static int
bd_schema_parse_exclusive(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, json_t *value)
{
    return bd_schema_parse_flag(c, job, keyword, value);
}


static int
bd_schema_parse_multiple(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, json_t *value)
{
    bd_number_t  *divisor;

    if (bd_schema_parse_bound(c, job, keyword, value) != 0) {
        return -1;
    }

    divisor = &job->node.number->multiple.decimal;

    if (divisor->negative || divisor->count == 0) {
        return bd_schema_error(c, &job->place, keyword->name,
                               "must be greater than 0");
    }

    if (divisor->count > BD_NUMBER_DIVISOR_DIGITS) {
        return bd_schema_error(c, &job->place, keyword->name,
                               "must have at most %d digits",
                               BD_NUMBER_DIVISOR_DIGITS);
    }

    return 0;
}


static int
bd_schema_bound(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const char *keyword, json_t *value, bd_schema_bound_t *bound)
{
    char             *digits;
    bd_json_t        *document;

    if (!json_is_number(value)) {
        return bd_schema_error(c, &job->place, keyword, "must be a number");
    }

    digits = bd_arena_alloc(&c->schema->arena, sizeof(bd_json_digits_t));
    if (digits == NULL) {
        return bd_schema_nomem(c);
    }

    document = c->schema->documents[job->place.document];

    bd_json_number(document, value, &bound->decimal, digits);

    bound->set = 1;
    bound->is_integer = json_is_integer(value);
    bound->integer = json_integer_value(value);

    return 0;
}


/* A number of things: an integer not below 0, also written as 2.0. */
static int
bd_schema_count(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const char *keyword, json_t *value, uint64_t *count)
{
    double             real;
    bd_number_t        number;
    bd_json_digits_t   digits;

    if (json_is_number(value)) {
        bd_json_number(c->schema->documents[job->place.document], value,
                       &number, digits);

        if (!number.negative && bd_number_is_integer(&number)) {
            real = json_number_value(value);

            *count = json_is_integer(value)
                     ? (uint64_t) json_integer_value(value)
                     : real < 1e18 ? (uint64_t) real : UINT64_MAX;
            return 0;
        }
    }

    return bd_schema_error(c, &job->place, keyword,
                           "must be an integer not less than 0");
}


static int
bd_schema_parse_string_count(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, json_t *value)
{
    bd_schema_string_t  *string;

    string = bd_schema_string(c, job);

    return string == NULL ? -1
           : bd_schema_count(c, job, keyword->name, value,
                             (uint64_t *) ((char *) string
                                           + keyword->offset));
}


static int
bd_schema_parse_array_count(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, json_t *value)
{
    bd_schema_array_t  *array;

    array = bd_schema_array(c, job);

    return array == NULL ? -1
           : bd_schema_count(c, job, keyword->name, value,
                             (uint64_t *) ((char *) array + keyword->offset));
}


static int
bd_schema_parse_object_count(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, json_t *value)
{
    bd_schema_object_t  *object;

    object = bd_schema_object(c, job);

    return object == NULL ? -1
           : bd_schema_count(c, job, keyword->name, value,
                             (uint64_t *) ((char *) object
                                           + keyword->offset));
}


static int
bd_schema_parse_pattern(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, json_t *value)
{
    bd_schema_string_t  *string;

    if (bd_schema_parse_text(c, job, keyword, value) != 0) {
        return -1;
    }

    string = bd_schema_string(c, job);
    if (string == NULL) {
        return -1;
    }

    string->pattern = bd_schema_regex(c, &job->place, keyword->name,
                                      bd_slice_make(json_string_value(value),
                                                    json_string_length(value)));

    return string->pattern ? 0 : -1;
}


static int
bd_schema_parse_format(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, json_t *value)
{
    bd_format_pt         format;
    bd_schema_string_t  *string;

    if (bd_schema_parse_text(c, job, keyword, value) != 0) {
        return -1;
    }

    if (c->options->format == BD_SCHEMA_FORMAT_ANNOTATE
        && !(job->dialect.vocabularies & BD_SCHEMA_FORMAT_MUST))
    {
        return 0;
    }

    format = bd_format_lookup(bd_slice_make(json_string_value(value),
                                            json_string_length(value)));
    if (format == NULL) {
        return 0;
    }

    string = bd_schema_string(c, job);
    if (string == NULL) {
        return -1;
    }

    string->format = format;

    return 0;
}


/* Up to 2019-09 also an array, of schemas for the first items. */
static int
bd_schema_parse_items(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, json_t *value)
{
    bd_schema_array_t  *array;

    array = bd_schema_array(c, job);
    if (array == NULL) {
        return -1;
    }

    if (json_is_array(value)) {
        return bd_schema_many(c, job, keyword->name, value, &array->prefix);
    }

    return bd_schema_one(c, job, keyword->name, NULL, value, &array->items);
}


static int
bd_schema_parse_additional_items(bd_schema_compiler_t *c,
    bd_schema_job_t *job, const bd_schema_keyword_t *keyword, json_t *value)
{
    uint32_t            node;
    bd_schema_array_t  *array;

    array = bd_schema_array(c, job);

    if (array == NULL
        || bd_schema_one(c, job, keyword->name, NULL, value, &node) != 0)
    {
        return -1;
    }

    if (json_is_array(json_object_get(job->place.value, "items"))) {
        array->items = node;
    }

    return 0;
}


static int
bd_schema_parse_prefix_items(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, json_t *value)
{
    bd_schema_array_t  *array;

    array = bd_schema_array(c, job);

    return array == NULL ? -1
           : bd_schema_many(c, job, keyword->name, value, &array->prefix);
}


static int
bd_schema_parse_array_schema(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, json_t *value)
{
    bd_schema_array_t  *array;

    array = bd_schema_array(c, job);

    return array == NULL ? -1
           : bd_schema_one(c, job, keyword->name, NULL, value,
                           (uint32_t *) ((char *) array + keyword->offset));
}


static int
bd_schema_parse_unique(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, json_t *value)
{
    bd_schema_array_t  *array;

    if (bd_schema_parse_flag(c, job, keyword, value) != 0) {
        return -1;
    }

    array = bd_schema_array(c, job);
    if (array == NULL) {
        return -1;
    }

    array->unique = json_is_true(value);

    return 0;
}


static int
bd_schema_parse_object_schema(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, json_t *value)
{
    bd_schema_object_t  *object;

    object = bd_schema_object(c, job);

    return object == NULL ? -1
           : bd_schema_one(c, job, keyword->name, NULL, value,
                           (uint32_t *) ((char *) object + keyword->offset));
}


static int
bd_schema_parse_required(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, json_t *value)
{
    size_t               i, n;
    bd_slice_t          *names;
    bd_schema_entry_t   *entry;
    bd_schema_object_t  *object;

    object = bd_schema_object(c, job);
    if (object == NULL) {
        return -1;
    }

    n = json_array_size(value);

    names = bd_arena_alloc(&c->schema->arena, n * sizeof(bd_slice_t));
    if (names == NULL) {
        return bd_schema_nomem(c);
    }

    if (bd_schema_names(c, job, keyword->name, value, names) != 0) {
        return -1;
    }

    for (i = 0; i < n; i++) {
        entry = bd_schema_table_add(&object->properties, &c->schema->arena,
                                    names[i]);
        if (entry == NULL) {
            return bd_schema_nomem(c);
        }

        object->required += !entry->required;
        entry->required = 1;
    }

    return 0;
}


/* Fills in names, which has room for all elements of value. */
static int
bd_schema_names(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const char *keyword, json_t *value, bd_slice_t *names)
{
    size_t   i;
    json_t  *name;

    if (!json_is_array(value)) {
        return bd_schema_error(c, &job->place, keyword,
                               "must be an array of strings");
    }

    json_array_foreach(value, i, name) {
        if (!json_is_string(name)) {
            return bd_schema_error(c, &job->place, keyword,
                                   "must be an array of strings");
        }

        names[i] = bd_slice_make(json_string_value(name),
                                 json_string_length(name));
    }

    return 0;
}


static int
bd_schema_parse_properties(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, json_t *value)
{
    void                *iter;
    uint32_t             node;
    bd_slice_t           name;
    bd_schema_entry_t   *entry;
    bd_schema_object_t  *object;

    if (bd_schema_parse_map(c, job, keyword, value) != 0) {
        return -1;
    }

    object = bd_schema_object(c, job);
    if (object == NULL) {
        return -1;
    }

    for (iter = json_object_iter(value);
         iter != NULL;
         iter = json_object_iter_next(value, iter))
    {
        name = bd_slice_make(json_object_iter_key(iter),
                             json_object_iter_key_len(iter));

        if (bd_schema_one(c, job, keyword->name, &name,
                          json_object_iter_value(iter), &node)
            != 0)
        {
            return -1;
        }

        entry = bd_schema_table_add(&object->properties, &c->schema->arena,
                                    name);
        if (entry == NULL) {
            return bd_schema_nomem(c);
        }

        entry->node = node;
    }

    return 0;
}


static int
bd_schema_parse_patterns(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, json_t *value)
{
    void                 *iter;
    bd_slice_t            name;
    bd_schema_object_t   *object;
    bd_schema_pattern_t  *pattern;

    if (bd_schema_parse_map(c, job, keyword, value) != 0) {
        return -1;
    }

    object = bd_schema_object(c, job);
    if (object == NULL) {
        return -1;
    }

    object->patterns = bd_arena_alloc(&c->schema->arena,
                                      json_object_size(value)
                                      * sizeof(bd_schema_pattern_t));
    if (object->patterns == NULL) {
        return bd_schema_nomem(c);
    }

    for (iter = json_object_iter(value);
         iter != NULL;
         iter = json_object_iter_next(value, iter))
    {
        name = bd_slice_make(json_object_iter_key(iter),
                             json_object_iter_key_len(iter));

        pattern = &object->patterns[object->npatterns++];
        pattern->regex = bd_schema_regex(c, &job->place, keyword->name, name);

        if (pattern->regex == NULL
            || bd_schema_one(c, job, keyword->name, &name,
                             json_object_iter_value(iter), &pattern->node)
               != 0)
        {
            return -1;
        }
    }

    return 0;
}


/* Names for dependentRequired, schemas for dependentSchemas, else both. */
static int
bd_schema_parse_dependents(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, json_t *value)
{
    int                     names;
    void                   *iter;
    json_t                 *element;
    bd_schema_object_t     *object;
    bd_schema_dependent_t  *dependents, *d;

    if (bd_schema_parse_map(c, job, keyword, value) != 0) {
        return -1;
    }

    object = bd_schema_object(c, job);
    if (object == NULL) {
        return -1;
    }

    /* each of the keywords adds its own to the list */

    dependents = bd_arena_alloc(&c->schema->arena,
                                (object->ndependents + json_object_size(value))
                                * sizeof(bd_schema_dependent_t));
    if (dependents == NULL) {
        return bd_schema_nomem(c);
    }

    if (object->ndependents != 0) {
        memcpy(dependents, object->dependents,
               object->ndependents * sizeof(bd_schema_dependent_t));
    }

    object->dependents = dependents;

    for (iter = json_object_iter(value);
         iter != NULL;
         iter = json_object_iter_next(value, iter))
    {
        element = json_object_iter_value(iter);
        names = (keyword->shapes == 0
                 || (json_is_array(element)
                     && strcmp(keyword->name, "dependencies") == 0));

        d = &dependents[object->ndependents++];
        d->keyword = keyword->name;
        d->node = BD_SCHEMA_NONE;
        d->name = bd_slice_make(json_object_iter_key(iter),
                                json_object_iter_key_len(iter));

        if (!names) {
            if (bd_schema_one(c, job, keyword->name, &d->name, element,
                              &d->node)
                != 0)
            {
                return -1;
            }

            continue;
        }

        d->count = json_array_size(element);
        d->names = bd_arena_alloc(&c->schema->arena,
                                  d->count * sizeof(bd_slice_t));
        if (d->names == NULL) {
            return bd_schema_nomem(c);
        }

        if (bd_schema_names(c, job, keyword->name, element, d->names) != 0) {
            return -1;
        }
    }

    return 0;
}


static int
bd_schema_parse_logic_schema(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, json_t *value)
{
    bd_schema_logic_t  *logic;

    logic = bd_schema_logic(c, job);

    return logic == NULL ? -1
           : bd_schema_one(c, job, keyword->name, NULL, value,
                           (uint32_t *) ((char *) logic + keyword->offset));
}


static int
bd_schema_parse_logic_list(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, json_t *value)
{
    bd_schema_logic_t  *logic;

    logic = bd_schema_logic(c, job);

    return logic == NULL ? -1
           : bd_schema_many(c, job, keyword->name, value,
                            (bd_schema_list_t *) ((char *) logic
                                                  + keyword->offset));
}


/* The node of one subschema; a false one is named after its keyword. */
static int
bd_schema_one(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const char *keyword, const bd_slice_t *token, json_t *value,
    uint32_t *node)
{
    bd_schema_place_t  place;

    if (bd_schema_below(c, &job->place, keyword, token, value, &place) != 0
        || bd_schema_node(c, &place, node) != 0)
    {
        return -1;
    }

    if (json_is_false(value)) {
        c->schema->nodes[*node].never = token ? "false" : keyword;
    }

    return 0;
}


static int
bd_schema_many(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const char *keyword, json_t *value, bd_schema_list_t *list)
{
    char         number[24];
    size_t       i;
    json_t      *element;
    bd_slice_t   token;

    if (!json_is_array(value) || json_array_size(value) == 0) {
        return bd_schema_error(c, &job->place, keyword,
                               "must be an array of schemas, and not empty");
    }

    list->count = json_array_size(value);
    list->nodes = bd_arena_alloc(&c->schema->arena,
                                 list->count * sizeof(uint32_t));
    if (list->nodes == NULL) {
        return bd_schema_nomem(c);
    }

    json_array_foreach(value, i, element) {
        token = bd_slice_make(number, (size_t) snprintf(number, sizeof(number),
                                                        "%zu", i));

        if (bd_schema_one(c, job, keyword, &token, element, &list->nodes[i])
            != 0)
        {
            return -1;
        }
    }

    return 0;
}


static bd_schema_object_t *
bd_schema_object(bd_schema_compiler_t *c, bd_schema_job_t *job)
{
    bd_schema_object_t  *object;

    if (job->node.object != NULL) {
        return job->node.object;
    }

    object = bd_arena_alloc(&c->schema->arena, sizeof(bd_schema_object_t));
    if (object == NULL) {
        (void) bd_schema_nomem(c);
        return NULL;
    }

    object->additional = BD_SCHEMA_NONE;
    object->names = BD_SCHEMA_NONE;
    object->unevaluated = BD_SCHEMA_NONE;
    object->max = UINT64_MAX;

    job->node.object = object;

    return object;
}


static bd_schema_array_t *
bd_schema_array(bd_schema_compiler_t *c, bd_schema_job_t *job)
{
    bd_schema_array_t  *array;

    if (job->node.array != NULL) {
        return job->node.array;
    }

    array = bd_arena_alloc(&c->schema->arena, sizeof(bd_schema_array_t));
    if (array == NULL) {
        (void) bd_schema_nomem(c);
        return NULL;
    }

    array->items = BD_SCHEMA_NONE;
    array->contains = BD_SCHEMA_NONE;
    array->unevaluated = BD_SCHEMA_NONE;
    array->min_contains = 1;
    array->max_contains = UINT64_MAX;
    array->max = UINT64_MAX;

    job->node.array = array;

    return array;
}


static bd_schema_string_t *
bd_schema_string(bd_schema_compiler_t *c, bd_schema_job_t *job)
{
    bd_schema_string_t  *string;

    if (job->node.string != NULL) {
        return job->node.string;
    }

    string = bd_arena_alloc(&c->schema->arena, sizeof(bd_schema_string_t));
    if (string == NULL) {
        (void) bd_schema_nomem(c);
        return NULL;
    }

    string->max = UINT64_MAX;

    job->node.string = string;

    return string;
}


static bd_schema_number_t *
bd_schema_number(bd_schema_compiler_t *c, bd_schema_job_t *job)
{
    if (job->node.number == NULL) {
        job->node.number = bd_arena_alloc(&c->schema->arena,
                                          sizeof(bd_schema_number_t));
        if (job->node.number == NULL) {
            (void) bd_schema_nomem(c);
        }
    }

    return job->node.number;
}


static bd_schema_logic_t *
bd_schema_logic(bd_schema_compiler_t *c, bd_schema_job_t *job)
{
    bd_schema_logic_t  *logic;

    if (job->node.logic != NULL) {
        return job->node.logic;
    }

    logic = bd_arena_alloc(&c->schema->arena, sizeof(bd_schema_logic_t));
    if (logic == NULL) {
        (void) bd_schema_nomem(c);
        return NULL;
    }

    logic->ref = BD_SCHEMA_NONE;
    logic->dynamic = BD_SCHEMA_NONE;
    logic->dynamic_name = BD_SCHEMA_NONE;
    logic->negated = BD_SCHEMA_NONE;
    logic->condition = BD_SCHEMA_NONE;
    logic->consequence = BD_SCHEMA_NONE;
    logic->alternative = BD_SCHEMA_NONE;

    job->node.logic = logic;

    return logic;
}
