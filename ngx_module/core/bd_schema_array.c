/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The keywords for arrays: see bd_schema_validate.h.
 */


#include <stdlib.h>
#include "bd_hash.h"
#include "bd_schema_validate.h"


#define BD_SCHEMA_FEW_ITEMS  8          /* compared each with each */


static int bd_schema_apply_items(bd_schema_ctx_t *ctx,
    const bd_schema_frame_t *frame, const bd_json_value_t *value,
    bd_schema_seen_t *seen);
static int bd_schema_apply_contains(bd_schema_ctx_t *ctx,
    const bd_schema_frame_t *frame, const bd_json_value_t *value,
    bd_schema_seen_t *seen);
static int bd_schema_apply_unique(bd_schema_ctx_t *ctx,
    const bd_schema_frame_t *frame, const bd_json_value_t *value);
static int bd_schema_has_twins(bd_schema_ctx_t *ctx,
    const bd_json_value_t *array);
static int bd_schema_has_twins_hashed(bd_schema_ctx_t *ctx,
    const bd_json_value_t *array);


int
bd_schema_apply_array(bd_schema_ctx_t *ctx, const bd_schema_frame_t *frame,
    const bd_json_value_t *value, bd_schema_seen_t *seen)
{
    int                       ok;
    size_t                    n;
    const bd_schema_array_t  *array;

    ok = 1;
    n = value->count;
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
    const bd_json_value_t *value, bd_schema_seen_t *seen)
{
    int                       ok;
    size_t                    i;
    uint32_t                  node;
    const bd_json_value_t    *item;
    const bd_schema_array_t  *array;

    ok = 1;
    i = 0;
    array = frame->node->array;

    for (item = value->first; item != NULL; item = item->next) {
        node = (i < array->prefix.count) ? array->prefix.nodes[i]
                                         : array->items;

        if (node == BD_SCHEMA_NONE) {
            break;
        }

        if (!bd_schema_next(ctx, &ok,
                            bd_schema_apply_item(ctx, frame, node, i, item)))
        {
            return 0;
        }

        if (seen != NULL) {
            bd_schema_seen_set(seen, i);
        }

        i++;
    }

    return ok;
}


static int
bd_schema_apply_contains(bd_schema_ctx_t *ctx, const bd_schema_frame_t *frame,
    const bd_json_value_t *value, bd_schema_seen_t *seen)
{
    int                       found;
    size_t                    i;
    uint64_t                  matched;
    const bd_json_value_t    *item;
    const bd_schema_array_t  *array;

    i = 0;
    matched = 0;
    array = frame->node->array;

    if (!array->contains_evaluates) {
        seen = NULL;
    }

    for (item = value->first; item != NULL; item = item->next) {

        if (seen == NULL && matched >= array->min_contains
            && (array->max_contains == UINT64_MAX
                || matched > array->max_contains))
        {
            break;
        }

        ctx->quiet++;
        found = bd_schema_apply_item(ctx, frame, array->contains, i, item);
        ctx->quiet--;

        if (ctx->stopped) {
            return 0;
        }

        matched += (uint64_t) found;

        if (found && seen != NULL) {
            bd_schema_seen_set(seen, i);
        }

        i++;
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
    const bd_json_value_t *value)
{
    int  twins;

    twins = (value->count <= BD_SCHEMA_FEW_ITEMS)
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
bd_schema_has_twins(bd_schema_ctx_t *ctx, const bd_json_value_t *array)
{
    const bd_json_value_t  *item, *other;

    for (item = array->first; item != NULL; item = item->next) {
        for (other = array->first; other != item; other = other->next) {
            if (bd_schema_equal(item, other, &ctx->steps)) {
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
bd_schema_has_twins_hashed(bd_schema_ctx_t *ctx, const bd_json_value_t *array)
{
    size_t                   k, size;
    uint64_t                 seed, hash, *hashes;
    const bd_json_value_t   *item, **items;

    for (size = 4 * BD_SCHEMA_FEW_ITEMS; size < 2 * array->count; size *= 2) {
        /* void */
    }

    items = calloc(size, sizeof(const bd_json_value_t *));
    hashes = malloc(size * sizeof(uint64_t));

    if (items == NULL || hashes == NULL) {
        ctx->stopped = 1;
        ctx->nomem = 1;
        goto none;
    }

    seed = bd_hash_mix(0, (uint64_t) (uintptr_t) array);

    for (item = array->first; item != NULL; item = item->next) {
        hash = bd_schema_hash(item, seed, &ctx->steps);

        for (k = (size_t) hash & (size - 1);
             items[k] != NULL && bd_schema_spend(ctx, 1);
             k = (k + 1) & (size - 1))
        {
            if (hashes[k] == hash
                && bd_schema_equal(item, items[k], &ctx->steps))
            {
                free(items);
                free(hashes);
                return 1;
            }
        }

        if (ctx->steps == 0) {
            break;
        }

        items[k] = item;
        hashes[k] = hash;
    }

none:

    free(items);
    free(hashes);

    return 0;
}
