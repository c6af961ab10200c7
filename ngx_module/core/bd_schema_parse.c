/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Annotations and references, and what all keywords share: see
 * bd_schema_parse.h.
 */


#include <stdio.h>
#include "bd_schema_parse.h"


int
bd_schema_parse_text(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, const bd_json_value_t *value)
{
    return bd_json_is(value, BD_JSON_STRING) ? 0
           : bd_schema_error(c, &job->place, keyword->name,
                             "must be a string");
}


int
bd_schema_parse_flag(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, const bd_json_value_t *value)
{
    return bd_json_is_boolean(value) ? 0
           : bd_schema_error(c, &job->place, keyword->name,
                             "must be true or false");
}


int
bd_schema_parse_list(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, const bd_json_value_t *value)
{
    return bd_json_is(value, BD_JSON_ARRAY) ? 0
           : bd_schema_error(c, &job->place, keyword->name,
                             "must be an array");
}


int
bd_schema_parse_map(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, const bd_json_value_t *value)
{
    return bd_json_is(value, BD_JSON_OBJECT) ? 0
           : bd_schema_error(c, &job->place, keyword->name,
                             "must be an object");
}


/* A schema for the content of a string is an annotation, but a schema. */
int
bd_schema_parse_content(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, const bd_json_value_t *value)
{
    uint32_t  node;

    return bd_schema_one(c, job, keyword->name, NULL, value, &node);
}


/* Also those nobody refers to are compiled, so that misuse is found. */
int
bd_schema_parse_definitions(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, const bd_json_value_t *value)
{
    uint32_t                node;
    const bd_json_value_t  *member;

    if (bd_schema_parse_map(c, job, keyword, value) != 0) {
        return -1;
    }

    for (member = value->first; member != NULL; member = member->next) {
        if (bd_schema_one(c, job, keyword->name, &member->name, member, &node)
            != 0)
        {
            return -1;
        }
    }

    return 0;
}


int
bd_schema_parse_ref(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, const bd_json_value_t *value)
{
    int                 rc, dynamic;
    bd_buf_t            name;
    bd_schema_logic_t  *logic;
    bd_schema_place_t   target;

    if (bd_schema_parse_text(c, job, keyword, value) != 0) {
        return -1;
    }

    logic = bd_schema_logic_part(c, job);
    if (logic == NULL) {
        return -1;
    }

    name = BD_BUF_EMPTY;

    rc = bd_schema_resolve(c, &job->place, keyword->name, value->text,
                           &target, &dynamic, &name);
    bd_buf_free(&name);

    return rc ? -1 : bd_schema_node(c, &target, &logic->ref);
}


/* $dynamicRef, and $recursiveRef, which is one to an anchor without a name. */
int
bd_schema_parse_dynamic_ref(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, const bd_json_value_t *value)
{
    int                 rc, dynamic;
    json_t             *anchor;
    bd_buf_t            name;
    bd_schema_logic_t  *logic;
    bd_schema_place_t   target;

    if (bd_schema_parse_text(c, job, keyword, value) != 0) {
        return -1;
    }

    logic = bd_schema_logic_part(c, job);
    if (logic == NULL) {
        return -1;
    }

    name = BD_BUF_EMPTY;

    rc = bd_schema_resolve(c, &job->place, keyword->name, value->text,
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
        rc = bd_schema_intern(c, bd_buf_slice(&name), &logic->dynamic_name);

        if (rc == 0
            && json_object_setn_new_nocheck(c->dynamic, name.data, name.len,
                                            json_true()) != 0)
        {
            rc = bd_schema_nomem(c);
        }
    }

    logic->dynamic_keyword = keyword->name;
    bd_buf_free(&name);

    return rc;
}


/* The node of one subschema; a false one is named after its keyword. */
int
bd_schema_one(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const char *keyword, const bd_slice_t *token, const bd_json_value_t *value,
    uint32_t *node)
{
    bd_schema_place_t  place;

    if (bd_schema_below(c, &job->place, keyword, token, value, &place) != 0
        || bd_schema_node(c, &place, node) != 0)
    {
        return -1;
    }

    if (bd_json_is(value, BD_JSON_FALSE)) {
        c->schema->nodes[*node].never = token ? "false" : keyword;
    }

    return 0;
}


int
bd_schema_many(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const char *keyword, const bd_json_value_t *value, bd_schema_list_t *list)
{
    char                    number[24];
    size_t                  i;
    bd_slice_t              token;
    const bd_json_value_t  *element;

    if (!bd_json_is(value, BD_JSON_ARRAY) || value->count == 0) {
        return bd_schema_error(c, &job->place, keyword,
                               "must be an array of schemas, and not empty");
    }

    list->count = value->count;
    list->nodes = bd_arena_alloc(&c->schema->arena,
                                 list->count * sizeof(uint32_t));
    if (list->nodes == NULL) {
        return bd_schema_nomem(c);
    }

    i = 0;

    for (element = value->first; element != NULL; element = element->next) {
        token = bd_slice_make(number, (size_t) snprintf(number, sizeof(number),
                                                        "%zu", i));

        if (bd_schema_one(c, job, keyword, &token, element, &list->nodes[i++])
            != 0)
        {
            return -1;
        }
    }

    return 0;
}


/* Fills in names, which has room for all elements of value. */
int
bd_schema_names(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const char *keyword, const bd_json_value_t *value, bd_slice_t *names)
{
    size_t                  i;
    const bd_json_value_t  *name;

    if (!bd_json_is(value, BD_JSON_ARRAY)) {
        return bd_schema_error(c, &job->place, keyword,
                               "must be an array of strings");
    }

    i = 0;

    for (name = value->first; name != NULL; name = name->next) {
        if (!bd_json_is(name, BD_JSON_STRING)) {
            return bd_schema_error(c, &job->place, keyword,
                                   "must be an array of strings");
        }

        names[i++] = name->text;
    }

    return 0;
}


bd_schema_object_t *
bd_schema_object_part(bd_schema_compiler_t *c, bd_schema_job_t *job)
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


bd_schema_array_t *
bd_schema_array_part(bd_schema_compiler_t *c, bd_schema_job_t *job)
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


bd_schema_string_t *
bd_schema_string_part(bd_schema_compiler_t *c, bd_schema_job_t *job)
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


bd_schema_number_t *
bd_schema_number_part(bd_schema_compiler_t *c, bd_schema_job_t *job)
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


bd_schema_logic_t *
bd_schema_logic_part(bd_schema_compiler_t *c, bd_schema_job_t *job)
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
