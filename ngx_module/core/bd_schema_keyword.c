/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The keywords, each with the drafts and the vocabulary it belongs to, and
 * how its value becomes a part of a node.  What no row names is an
 * annotation; what a row names and is misused is an error.
 */


#include <stddef.h>
#include "bd_schema_parse.h"


#define BD_SCHEMA_SINCE_7     (BD_SCHEMA_DRAFT7 | BD_SCHEMA_2019               \
                               | BD_SCHEMA_2020)
#define BD_SCHEMA_SINCE_2019  (BD_SCHEMA_2019 | BD_SCHEMA_2020)
#define BD_SCHEMA_UP_TO_2019  (BD_SCHEMA_DRAFT7 | BD_SCHEMA_2019)
#define BD_SCHEMA_ALL         (BD_SCHEMA_SINCE_7 | BD_SCHEMA_OPENAPI30)


static void bd_schema_finish(bd_schema_job_t *job);


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
    BD_SCHEMA_FLAG("nullable", BD_SCHEMA_ALL, NULLABLE),
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
    BD_SCHEMA_FLAG("exclusiveMinimum", BD_SCHEMA_OPENAPI30, VALIDATION),
    BD_SCHEMA_FLAG("exclusiveMaximum", BD_SCHEMA_OPENAPI30, VALIDATION),
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
bd_schema_lookup(const bd_schema_dialect_t *dialect, bd_slice_t name)
{
    const bd_schema_keyword_t  *keyword;

    for (keyword = bd_schema_table; keyword->name != NULL; keyword++) {
        if ((keyword->drafts & dialect->draft)
            && (keyword->vocabulary & dialect->vocabularies)
            && bd_slice_equal(name, bd_slice_make(keyword->name,
                                                  strlen(keyword->name))))
        {
            return keyword;
        }
    }

    return NULL;
}


unsigned
bd_schema_keyword_shape(const bd_schema_dialect_t *dialect, bd_slice_t name,
    const char **keyword)
{
    const bd_schema_keyword_t  *found;

    found = bd_schema_lookup(dialect, name);

    if (found == NULL) {
        return BD_SCHEMA_LEAF;
    }

    *keyword = found->name;

    return found->shapes;
}


int
bd_schema_keywords(bd_schema_compiler_t *c, uint32_t node)
{
    int                         hidden;
    bd_schema_job_t             job;
    const bd_json_value_t      *schema, *member;
    const bd_schema_keyword_t  *keyword;

    job.place = c->places[node];
    job.dialect = c->scopes[job.place.resource].dialect;
    job.node = c->schema->nodes[node];
    schema = job.place.value;

    if (bd_json_is(schema, BD_JSON_FALSE) && job.node.never == NULL) {
        job.node.never = "false";
    }

    /* up to draft-07 a reference hides what stands beside it */

    hidden = (job.dialect.draft & (BD_SCHEMA_DRAFT7 | BD_SCHEMA_OPENAPI30))
             && bd_json_member(schema, bd_slice("$ref")) != NULL;

    for (member = bd_json_first(schema);
         member != NULL;
         member = member->next)
    {
        if (hidden
            && !bd_slice_equal(member->name, bd_slice("$ref"))
            && !bd_slice_equal(member->name, bd_slice("definitions")))
        {
            continue;
        }

        keyword = bd_schema_lookup(&job.dialect, member->name);

        if (keyword != NULL && keyword->parse(c, &job, keyword, member) != 0) {
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
    bd_schema_array_t      *array;
    bd_schema_logic_t      *logic;
    bd_schema_number_t     *number;
    const bd_json_value_t  *schema;

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

        if (bd_json_is(bd_json_member(schema, bd_slice("exclusiveMinimum")),
                       BD_JSON_TRUE))
        {
            number->exclusive_minimum = number->minimum;
            number->minimum.set = 0;
        }

        if (bd_json_is(bd_json_member(schema, bd_slice("exclusiveMaximum")),
                       BD_JSON_TRUE))
        {
            number->exclusive_maximum = number->maximum;
            number->maximum.set = 0;
        }
    }
}
