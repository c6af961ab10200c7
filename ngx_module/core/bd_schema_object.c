/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The keywords for objects: see bd_schema_validate.h.
 */


#include "bd_schema_validate.h"


static int bd_schema_apply_members(bd_schema_ctx_t *ctx,
    const bd_schema_frame_t *frame, const bd_json_value_t *value,
    bd_schema_seen_t *seen);
static int bd_schema_apply_one_member(bd_schema_ctx_t *ctx,
    const bd_schema_frame_t *frame, const bd_json_value_t *member,
    size_t index, size_t *required, bd_schema_seen_t *seen);
static int bd_schema_apply_name(bd_schema_ctx_t *ctx,
    const bd_schema_frame_t *frame, bd_slice_t name);
static int bd_schema_apply_dependents(bd_schema_ctx_t *ctx,
    const bd_schema_frame_t *frame, const bd_json_value_t *value,
    bd_schema_seen_t *seen);


int
bd_schema_apply_object(bd_schema_ctx_t *ctx, const bd_schema_frame_t *frame,
    const bd_json_value_t *value, bd_schema_seen_t *seen)
{
    int                        ok;
    size_t                     n;
    const bd_schema_object_t  *object;

    ok = 1;
    n = value->count;
    object = frame->node->object;

    if (n < object->min
        && !bd_schema_next(ctx, &ok,
                           bd_schema_fail(ctx, frame, "minProperties")))
    {
        return 0;
    }

    if (n > object->max
        && !bd_schema_next(ctx, &ok,
                           bd_schema_fail(ctx, frame, "maxProperties")))
    {
        return 0;
    }

    if ((object->properties.used != 0 || object->npatterns != 0
         || object->additional != BD_SCHEMA_NONE
         || object->names != BD_SCHEMA_NONE)
        && !bd_schema_next(ctx, &ok,
                           bd_schema_apply_members(ctx, frame, value, seen)))
    {
        return 0;
    }

    return bd_schema_apply_dependents(ctx, frame, value, seen) && ok;
}


static int
bd_schema_apply_members(bd_schema_ctx_t *ctx, const bd_schema_frame_t *frame,
    const bd_json_value_t *value, bd_schema_seen_t *seen)
{
    int                     ok;
    size_t                  i, required;
    const bd_json_value_t  *member;

    ok = 1;
    i = 0;
    required = 0;

    for (member = value->first; member != NULL; member = member->next) {
        if (!bd_schema_next(ctx, &ok,
                            bd_schema_apply_one_member(ctx, frame, member, i++,
                                                       &required, seen)))
        {
            return 0;
        }
    }

    if (required != frame->node->object->required) {
        return bd_schema_fail(ctx, frame, "required");
    }

    return ok;
}


/* Counts in *required the members that are. */
static int
bd_schema_apply_one_member(bd_schema_ctx_t *ctx,
    const bd_schema_frame_t *frame, const bd_json_value_t *member,
    size_t index, size_t *required, bd_schema_seen_t *seen)
{
    int                         ok, evaluated, found;
    size_t                      i;
    const bd_schema_entry_t    *entry;
    const bd_schema_object_t   *object;
    const bd_schema_pattern_t  *pattern;

    ok = 1;
    evaluated = 0;
    object = frame->node->object;

    entry = bd_schema_table_find(&object->properties, member->name);

    if (entry != NULL) {
        *required += entry->required;

        if (entry->node != BD_SCHEMA_NONE) {
            evaluated = 1;

            ok = bd_schema_apply_member(ctx, frame, entry->node, member);
        }
    }

    for (i = 0; i < object->npatterns && (ok || bd_schema_goes_on(ctx)); i++)
    {
        pattern = &object->patterns[i];
        found = 0;

        if (bd_schema_spend(ctx, 1)) {
            found = bd_regex_match(pattern->regex, member->name,
                                   &ctx->budget);
        }

        if (found == BD_REGEX_LIMIT || ctx->steps == 0) {
            return bd_schema_exhausted(ctx, frame, "patternProperties");
        }

        if (found) {
            evaluated = 1;
            ok &= bd_schema_apply_member(ctx, frame, pattern->node, member);
        }
    }

    if (!evaluated && object->additional != BD_SCHEMA_NONE) {
        evaluated = 1;
        ok &= bd_schema_apply_member(ctx, frame, object->additional, member);
    }

    if (evaluated && seen != NULL) {
        bd_schema_seen_set(seen, index);
    }

    if (object->names != BD_SCHEMA_NONE && (ok || bd_schema_goes_on(ctx))) {
        ok &= bd_schema_apply_name(ctx, frame, member->name);
    }

    return ok;
}


/* The name as a string of its own; a failure points to the member. */
static int
bd_schema_apply_name(bd_schema_ctx_t *ctx, const bd_schema_frame_t *frame,
    bd_slice_t name)
{
    bd_json_value_t  string;

    memset(&string, 0, sizeof(bd_json_value_t));
    string.type = BD_JSON_STRING;
    string.name = name;
    string.text = name;

    return bd_schema_apply_member(ctx, frame, frame->node->object->names,
                                  &string);
}


static int
bd_schema_apply_dependents(bd_schema_ctx_t *ctx,
    const bd_schema_frame_t *frame, const bd_json_value_t *value,
    bd_schema_seen_t *seen)
{
    int                           ok, result;
    size_t                        i, k;
    const bd_schema_object_t     *object;
    const bd_schema_dependent_t  *d;

    ok = 1;
    object = frame->node->object;

    for (i = 0; i < object->ndependents; i++) {
        d = &object->dependents[i];

        if (!bd_schema_spend(ctx, 1)) {
            return bd_schema_exhausted(ctx, frame, NULL);
        }

        if (bd_json_member(value, d->name) == NULL) {
            continue;
        }

        if (d->node != BD_SCHEMA_NONE) {
            result = bd_schema_apply_same(ctx, frame, d->node, NULL, value,
                                          seen);

        } else {
            if (!bd_schema_spend(ctx, d->count)) {
                return bd_schema_exhausted(ctx, frame, NULL);
            }

            for (k = 0; k < d->count; k++) {
                if (bd_json_member(value, d->names[k]) == NULL) {
                    break;
                }
            }

            result = (k == d->count)
                     || bd_schema_fail(ctx, frame, d->keyword);
        }

        if (!bd_schema_next(ctx, &ok, result)) {
            return 0;
        }
    }

    return ok;
}


int
bd_schema_apply_unevaluated(bd_schema_ctx_t *ctx,
    const bd_schema_frame_t *frame, const bd_json_value_t *value,
    bd_schema_seen_t *seen)
{
    int                     ok, result;
    size_t                  i;
    const bd_json_value_t  *child;

    ok = 1;
    i = 0;

    for (child = value->first; child != NULL; child = child->next) {

        if (!bd_schema_seen_get(seen, i)) {
            result = bd_json_is(value, BD_JSON_ARRAY)
                     ? bd_schema_apply_item(ctx, frame,
                                            frame->node->array->unevaluated,
                                            i, child)
                     : bd_schema_apply_member(ctx, frame,
                                              frame->node->object->unevaluated,
                                              child);

            if (!bd_schema_next(ctx, &ok, result)) {
                return 0;
            }
        }

        bd_schema_seen_set(seen, i++);
    }

    return ok;
}
