/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The keywords that apply schemas, or name members: see bd_schema_parse.h.
 */


#include "bd_schema_parse.h"


/* Up to 2019-09 also an array, of schemas for the first items. */
int
bd_schema_parse_items(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, const bd_json_value_t *value)
{
    bd_schema_array_t  *array;

    array = bd_schema_array_part(c, job);
    if (array == NULL) {
        return -1;
    }

    if (bd_json_is(value, BD_JSON_ARRAY)) {
        return bd_schema_many(c, job, keyword->name, value, &array->prefix);
    }

    return bd_schema_one(c, job, keyword->name, NULL, value, &array->items);
}


int
bd_schema_parse_additional_items(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, const bd_json_value_t *value)
{
    uint32_t            node;
    bd_schema_array_t  *array;

    array = bd_schema_array_part(c, job);

    if (array == NULL
        || bd_schema_one(c, job, keyword->name, NULL, value, &node) != 0)
    {
        return -1;
    }

    if (bd_json_is(bd_json_member(job->place.value, bd_slice("items")),
                   BD_JSON_ARRAY))
    {
        array->items = node;
    }

    return 0;
}


int
bd_schema_parse_prefix_items(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, const bd_json_value_t *value)
{
    bd_schema_array_t  *array;

    array = bd_schema_array_part(c, job);

    return array == NULL ? -1
           : bd_schema_many(c, job, keyword->name, value, &array->prefix);
}


int
bd_schema_parse_array_schema(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, const bd_json_value_t *value)
{
    bd_schema_array_t  *array;

    array = bd_schema_array_part(c, job);

    return array == NULL ? -1
           : bd_schema_one(c, job, keyword->name, NULL, value,
                           (uint32_t *) ((char *) array + keyword->offset));
}


int
bd_schema_parse_unique(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, const bd_json_value_t *value)
{
    bd_schema_array_t  *array;

    if (bd_schema_parse_flag(c, job, keyword, value) != 0) {
        return -1;
    }

    array = bd_schema_array_part(c, job);
    if (array == NULL) {
        return -1;
    }

    array->unique = bd_json_is(value, BD_JSON_TRUE);

    return 0;
}


int
bd_schema_parse_object_schema(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, const bd_json_value_t *value)
{
    bd_schema_object_t  *object;

    object = bd_schema_object_part(c, job);

    return object == NULL ? -1
           : bd_schema_one(c, job, keyword->name, NULL, value,
                           (uint32_t *) ((char *) object + keyword->offset));
}


int
bd_schema_parse_required(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, const bd_json_value_t *value)
{
    size_t               i, n;
    bd_slice_t          *names;
    bd_schema_entry_t   *entry;
    bd_schema_object_t  *object;

    object = bd_schema_object_part(c, job);
    if (object == NULL) {
        return -1;
    }

    n = bd_json_count(value);

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


int
bd_schema_parse_properties(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, const bd_json_value_t *value)
{
    uint32_t                node;
    bd_schema_entry_t      *entry;
    bd_schema_object_t     *object;
    const bd_json_value_t  *member;

    if (bd_schema_parse_map(c, job, keyword, value) != 0) {
        return -1;
    }

    object = bd_schema_object_part(c, job);
    if (object == NULL) {
        return -1;
    }

    for (member = value->first; member != NULL; member = member->next) {
        if (bd_schema_one(c, job, keyword->name, &member->name, member, &node)
            != 0)
        {
            return -1;
        }

        entry = bd_schema_table_add(&object->properties, &c->schema->arena,
                                    member->name);
        if (entry == NULL) {
            return bd_schema_nomem(c);
        }

        entry->node = node;
    }

    return 0;
}


int
bd_schema_parse_patterns(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, const bd_json_value_t *value)
{
    bd_schema_object_t     *object;
    bd_schema_pattern_t    *pattern;
    const bd_json_value_t  *member;

    if (bd_schema_parse_map(c, job, keyword, value) != 0) {
        return -1;
    }

    object = bd_schema_object_part(c, job);
    if (object == NULL) {
        return -1;
    }

    object->patterns = bd_arena_alloc(&c->schema->arena,
                                      value->count
                                      * sizeof(bd_schema_pattern_t));
    if (object->patterns == NULL) {
        return bd_schema_nomem(c);
    }

    for (member = value->first; member != NULL; member = member->next) {
        pattern = &object->patterns[object->npatterns++];
        pattern->regex = bd_schema_regex(c, &job->place, keyword->name,
                                         member->name);

        if (pattern->regex == NULL
            || bd_schema_one(c, job, keyword->name, &member->name, member,
                             &pattern->node)
               != 0)
        {
            return -1;
        }
    }

    return 0;
}


/* Names for dependentRequired, schemas for dependentSchemas, else both. */
int
bd_schema_parse_dependents(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, const bd_json_value_t *value)
{
    int                     names;
    bd_schema_object_t     *object;
    bd_schema_dependent_t  *dependents, *d;
    const bd_json_value_t  *element;

    if (bd_schema_parse_map(c, job, keyword, value) != 0) {
        return -1;
    }

    object = bd_schema_object_part(c, job);
    if (object == NULL) {
        return -1;
    }

    /* each of the keywords adds its own to the list */

    dependents = bd_arena_alloc(&c->schema->arena,
                                (object->ndependents + value->count)
                                * sizeof(bd_schema_dependent_t));
    if (dependents == NULL) {
        return bd_schema_nomem(c);
    }

    if (object->ndependents != 0) {
        memcpy(dependents, object->dependents,
               object->ndependents * sizeof(bd_schema_dependent_t));
    }

    object->dependents = dependents;

    for (element = value->first; element != NULL; element = element->next) {
        names = (keyword->shapes == 0
                 || (bd_json_is(element, BD_JSON_ARRAY)
                     && strcmp(keyword->name, "dependencies") == 0));

        d = &dependents[object->ndependents++];
        d->keyword = keyword->name;
        d->node = BD_SCHEMA_NONE;
        d->name = element->name;

        if (!names) {
            if (bd_schema_one(c, job, keyword->name, &d->name, element,
                              &d->node)
                != 0)
            {
                return -1;
            }

            continue;
        }

        d->count = bd_json_count(element);
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


int
bd_schema_parse_logic_schema(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, const bd_json_value_t *value)
{
    bd_schema_logic_t  *logic;

    logic = bd_schema_logic_part(c, job);

    return logic == NULL ? -1
           : bd_schema_one(c, job, keyword->name, NULL, value,
                           (uint32_t *) ((char *) logic + keyword->offset));
}


int
bd_schema_parse_logic_list(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, const bd_json_value_t *value)
{
    bd_schema_logic_t  *logic;

    logic = bd_schema_logic_part(c, job);

    return logic == NULL ? -1
           : bd_schema_many(c, job, keyword->name, value,
                            (bd_schema_list_t *) ((char *) logic
                                                  + keyword->offset));
}
