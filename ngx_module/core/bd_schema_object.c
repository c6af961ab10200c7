/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The keywords for objects and for arrays: see bd_schema_validate.h.
 */


#include <stdlib.h>
#include "bd_hash.h"
#include "bd_schema_validate.h"


#define BD_SCHEMA_FEW_ITEMS  8          /* compared each with each */


static int bd_schema_apply_members(bd_schema_ctx_t *ctx,
    const bd_schema_frame_t *frame, json_t *value, bd_schema_seen_t *seen);
static int bd_schema_apply_one_member(bd_schema_ctx_t *ctx,
    const bd_schema_frame_t *frame, void *iter, size_t index,
    size_t *required, bd_schema_seen_t *seen);
static int bd_schema_apply_name(bd_schema_ctx_t *ctx,
    const bd_schema_frame_t *frame, bd_slice_t name);
static int bd_schema_apply_dependents(bd_schema_ctx_t *ctx,
    const bd_schema_frame_t *frame, json_t *value, bd_schema_seen_t *seen);
static int bd_schema_apply_items(bd_schema_ctx_t *ctx,
    const bd_schema_frame_t *frame, json_t *value, bd_schema_seen_t *seen);
static int bd_schema_apply_contains(bd_schema_ctx_t *ctx,
    const bd_schema_frame_t *frame, json_t *value, bd_schema_seen_t *seen);
static int bd_schema_apply_unique(bd_schema_ctx_t *ctx,
    const bd_schema_frame_t *frame, json_t *value);
static int bd_schema_has_twins(bd_schema_ctx_t *ctx, json_t *array);
static int bd_schema_has_twins_hashed(bd_schema_ctx_t *ctx, json_t *array);


int
bd_schema_apply_object(bd_schema_ctx_t *ctx, const bd_schema_frame_t *frame,
    json_t *value, bd_schema_seen_t *seen)
{
    int                        ok;
    size_t                     n;
    const bd_schema_object_t  *object;

    ok = 1;
    n = json_object_size(value);
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
    json_t *value, bd_schema_seen_t *seen)
{
    int      ok;
    void    *iter;
    size_t   i, required;

    ok = 1;
    i = 0;
    required = 0;

    for (iter = json_object_iter(value);
         iter != NULL;
         iter = json_object_iter_next(value, iter))
    {
        if (!bd_schema_next(ctx, &ok,
                            bd_schema_apply_one_member(ctx, frame, iter, i++,
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
    const bd_schema_frame_t *frame, void *iter, size_t index,
    size_t *required, bd_schema_seen_t *seen)
{
    int                         ok, evaluated, found;
    size_t                      i;
    json_t                     *value;
    bd_slice_t                  name;
    const bd_schema_entry_t    *entry;
    const bd_schema_object_t   *object;
    const bd_schema_pattern_t  *pattern;

    ok = 1;
    evaluated = 0;
    object = frame->node->object;
    value = json_object_iter_value(iter);
    name = bd_slice_make(json_object_iter_key(iter),
                         json_object_iter_key_len(iter));

    entry = bd_schema_table_find(&object->properties, name);

    if (entry != NULL) {
        *required += entry->required;

        if (entry->node != BD_SCHEMA_NONE) {
            evaluated = 1;

            ok = bd_schema_apply_member(ctx, frame, entry->node,
                                        (const char *) name.data, name.len,
                                        value);
        }
    }

    for (i = 0; i < object->npatterns && (ok || bd_schema_goes_on(ctx)); i++)
    {
        pattern = &object->patterns[i];
        found = 0;

        if (bd_schema_spend(ctx, 1)) {
            found = bd_regex_match(pattern->regex, name, &ctx->budget);
        }

        if (found == BD_REGEX_LIMIT || ctx->steps == 0) {
            return bd_schema_exhausted(ctx, frame, "patternProperties");
        }

        if (found) {
            evaluated = 1;
            ok &= bd_schema_apply_member(ctx, frame, pattern->node,
                                         (const char *) name.data, name.len,
                                         value);
        }
    }

    if (!evaluated && object->additional != BD_SCHEMA_NONE) {
        evaluated = 1;
        ok &= bd_schema_apply_member(ctx, frame, object->additional,
                                     (const char *) name.data, name.len,
                                     value);
    }

    if (evaluated && seen != NULL) {
        bd_schema_seen_set(seen, index);
    }

    if (object->names != BD_SCHEMA_NONE && (ok || bd_schema_goes_on(ctx))) {
        ok &= bd_schema_apply_name(ctx, frame, name);
    }

    return ok;
}


/* The name as a string of its own; a failure points to the member. */
static int
bd_schema_apply_name(bd_schema_ctx_t *ctx, const bd_schema_frame_t *frame,
    bd_slice_t name)
{
    int      ok;
    json_t  *string;

    string = json_stringn_nocheck((const char *) name.data, name.len);

    if (string == NULL) {
        ctx->stopped = 1;
        ctx->nomem = 1;
        return 0;
    }

    ok = bd_schema_apply_member(ctx, frame, frame->node->object->names,
                                (const char *) name.data, name.len, string);
    json_decref(string);

    return ok;
}


static int
bd_schema_apply_dependents(bd_schema_ctx_t *ctx,
    const bd_schema_frame_t *frame, json_t *value, bd_schema_seen_t *seen)
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

        if (json_object_getn(value, (const char *) d->name.data, d->name.len)
            == NULL)
        {
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
                if (json_object_getn(value, (const char *) d->names[k].data,
                                     d->names[k].len)
                    == NULL)
                {
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
    const bd_schema_frame_t *frame, json_t *value, bd_schema_seen_t *seen)
{
    int      ok;
    void    *iter;
    size_t   i;

    ok = 1;

    if (json_is_array(value)) {

        for (i = 0; i < json_array_size(value); i++) {
            if (!bd_schema_seen_get(seen, i)
                && !bd_schema_next(ctx, &ok,
                                   bd_schema_apply_item(ctx, frame,
                                       frame->node->array->unevaluated, i,
                                       json_array_get(value, i))))
            {
                return 0;
            }

            bd_schema_seen_set(seen, i);
        }

        return ok;
    }

    i = 0;

    for (iter = json_object_iter(value);
         iter != NULL;
         iter = json_object_iter_next(value, iter))
    {
        if (!bd_schema_seen_get(seen, i)
            && !bd_schema_next(ctx, &ok,
                               bd_schema_apply_member(ctx, frame,
                                   frame->node->object->unevaluated,
                                   json_object_iter_key(iter),
                                   json_object_iter_key_len(iter),
                                   json_object_iter_value(iter))))
        {
            return 0;
        }

        bd_schema_seen_set(seen, i++);
    }

    return ok;
}


int
bd_schema_apply_array(bd_schema_ctx_t *ctx, const bd_schema_frame_t *frame,
    json_t *value, bd_schema_seen_t *seen)
{
    int                       ok;
    size_t                    n;
    const bd_schema_array_t  *array;

    ok = 1;
    n = json_array_size(value);
    array = frame->node->array;

    if (n < array->min
        && !bd_schema_next(ctx, &ok, bd_schema_fail(ctx, frame, "minItems")))
    {
        return 0;
    }

    if (n > array->max
        && !bd_schema_next(ctx, &ok, bd_schema_fail(ctx, frame, "maxItems")))
    {
        return 0;
    }

    if (!bd_schema_next(ctx, &ok,
                        bd_schema_apply_items(ctx, frame, value, seen)))
    {
        return 0;
    }

    if (array->contains != BD_SCHEMA_NONE
        && !bd_schema_next(ctx, &ok,
                           bd_schema_apply_contains(ctx, frame, value, seen)))
    {
        return 0;
    }

    if (array->unique) {
        ok &= bd_schema_apply_unique(ctx, frame, value);
    }

    return ok;
}


static int
bd_schema_apply_items(bd_schema_ctx_t *ctx, const bd_schema_frame_t *frame,
    json_t *value, bd_schema_seen_t *seen)
{
    int                       ok;
    size_t                    i, n;
    uint32_t                  node;
    const bd_schema_array_t  *array;

    ok = 1;
    array = frame->node->array;
    n = json_array_size(value);

    if (array->items == BD_SCHEMA_NONE && n > array->prefix.count) {
        n = array->prefix.count;
    }

    for (i = 0; i < n; i++) {
        node = (i < array->prefix.count) ? array->prefix.nodes[i]
                                         : array->items;

        if (!bd_schema_next(ctx, &ok,
                            bd_schema_apply_item(ctx, frame, node, i,
                                                 json_array_get(value, i))))
        {
            return 0;
        }

        if (seen != NULL) {
            bd_schema_seen_set(seen, i);
        }
    }

    return ok;
}


static int
bd_schema_apply_contains(bd_schema_ctx_t *ctx, const bd_schema_frame_t *frame,
    json_t *value, bd_schema_seen_t *seen)
{
    int                       found;
    size_t                    i;
    uint64_t                  matched;
    const bd_schema_array_t  *array;

    matched = 0;
    array = frame->node->array;

    if (!array->contains_evaluates) {
        seen = NULL;
    }

    for (i = 0; i < json_array_size(value); i++) {

        if (seen == NULL && matched >= array->min_contains
            && (array->max_contains == UINT64_MAX
                || matched > array->max_contains))
        {
            break;
        }

        ctx->quiet++;
        found = bd_schema_apply_item(ctx, frame, array->contains, i,
                                     json_array_get(value, i));
        ctx->quiet--;

        if (ctx->stopped) {
            return 0;
        }

        matched += (uint64_t) found;

        if (found && seen != NULL) {
            bd_schema_seen_set(seen, i);
        }
    }

    if (matched < array->min_contains) {
        return bd_schema_fail(ctx, frame, array->min_contains == 1
                                          ? "contains" : "minContains");
    }

    if (matched > array->max_contains) {
        return bd_schema_fail(ctx, frame, "maxContains");
    }

    return 1;
}


static int
bd_schema_apply_unique(bd_schema_ctx_t *ctx, const bd_schema_frame_t *frame,
    json_t *value)
{
    int  twins;

    twins = (json_array_size(value) <= BD_SCHEMA_FEW_ITEMS)
            ? bd_schema_has_twins(ctx, value)
            : bd_schema_has_twins_hashed(ctx, value);

    if (ctx->nomem) {
        return 0;
    }

    if (ctx->steps == 0) {
        return bd_schema_exhausted(ctx, frame, NULL);
    }

    return twins ? bd_schema_fail(ctx, frame, "uniqueItems") : 1;
}


static int
bd_schema_has_twins(bd_schema_ctx_t *ctx, json_t *array)
{
    size_t  i, k;

    for (i = 1; i < json_array_size(array); i++) {
        for (k = 0; k < i; k++) {
            if (bd_schema_equal(ctx->document, json_array_get(array, i),
                                ctx->document, json_array_get(array, k),
                                &ctx->steps))
            {
                return 1;
            }
        }
    }

    return 0;
}


/*
 * Many items go through a table, at most half full.  The hash is seeded with
 * an address, which nobody outside can know; whoever still makes collisions
 * runs out of steps.
 */
static int
bd_schema_has_twins_hashed(bd_schema_ctx_t *ctx, json_t *array)
{
    size_t     i, k, n, size;
    uint64_t   seed, hash, *hashes;
    json_t   **items;

    n = json_array_size(array);

    for (size = 4 * BD_SCHEMA_FEW_ITEMS; size < 2 * n; size *= 2) {
        /* void */
    }

    items = calloc(size, sizeof(json_t *));
    hashes = malloc(size * sizeof(uint64_t));

    if (items == NULL || hashes == NULL) {
        ctx->stopped = 1;
        ctx->nomem = 1;
        goto none;
    }

    seed = bd_hash_mix(0, (uint64_t) (uintptr_t) array);

    for (i = 0; i < n; i++) {
        hash = bd_schema_hash(ctx->document, json_array_get(array, i), seed,
                              &ctx->steps);

        for (k = (size_t) hash & (size - 1);
             items[k] != NULL && bd_schema_spend(ctx, 1);
             k = (k + 1) & (size - 1))
        {
            if (hashes[k] == hash
                && bd_schema_equal(ctx->document, json_array_get(array, i),
                                   ctx->document, items[k], &ctx->steps))
            {
                free(items);
                free(hashes);
                return 1;
            }
        }

        if (ctx->steps == 0) {
            break;
        }

        items[k] = json_array_get(array, i);
        hashes[k] = hash;
    }

none:

    free(items);
    free(hashes);

    return 0;
}
