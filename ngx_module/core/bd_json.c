/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The members of objects, and how they are found: see bd_json.h.
 *
 * Few members are compared one by one.  More have an index: a table of open
 * addressing, at most half full.  Its hash is seeded with the object's
 * address, which nobody outside can know, so no text is made of names that
 * all collide.
 */


#include "bd_hash.h"
#include "bd_json_private.h"


#define BD_JSON_FEW  16                 /* members without an index */


struct bd_json_index_s {
    size_t            size;             /* a power of 2 */
    bd_json_value_t  *members[];
};


static int bd_json_grow(bd_arena_t *arena, bd_json_value_t *object);
static bd_json_value_t **bd_json_find(const bd_json_value_t *object,
    bd_slice_t name);


/* The member of that name among few; or NULL. */
static inline const bd_json_value_t *
bd_json_among(const bd_json_value_t *member, bd_slice_t name)
{
    while (member != NULL && !bd_slice_equal(member->name, name)) {
        member = member->next;
    }

    return member;
}


void
bd_json_free(bd_json_t *document)
{
    bd_arena_free(&document->arena);
    document->root = NULL;
}


const bd_json_value_t *
bd_json_member(const bd_json_value_t *object, bd_slice_t name)
{
    if (!bd_json_is(object, BD_JSON_OBJECT)) {
        return NULL;
    }

    return object->index ? *bd_json_find(object, name)
                         : bd_json_among(object->first, name);
}


int
bd_json_add(bd_arena_t *arena, bd_json_value_t *object, bd_json_value_t *last,
    bd_json_value_t *value)
{
    bd_json_value_t  **place;

    if (object->count >= BD_JSON_FEW
        && (object->index == NULL || object->count >= object->index->size / 2)
        && bd_json_grow(arena, object) != 0)
    {
        return -1;
    }

    if (object->index == NULL) {
        if (bd_json_among(object->first, value->name) != NULL) {
            return 1;
        }

    } else {
        place = bd_json_find(object, value->name);

        if (*place != NULL) {
            return 1;
        }

        *place = value;
    }

    if (last == NULL) {
        object->first = value;

    } else {
        last->next = value;
    }

    object->count++;

    return 0;
}


/* Makes a first index, or one of twice the size, of the members there are. */
static int
bd_json_grow(bd_arena_t *arena, bd_json_value_t *object)
{
    size_t            size;
    bd_json_index_t  *index;
    bd_json_value_t  *member;

    size = object->index ? 2 * object->index->size : 4 * BD_JSON_FEW;

    index = bd_arena_alloc(arena, sizeof(bd_json_index_t)
                                  + size * sizeof(bd_json_value_t *));
    if (index == NULL) {
        return -1;
    }

    index->size = size;
    object->index = index;

    for (member = object->first; member != NULL; member = member->next) {
        *bd_json_find(object, member->name) = member;
    }

    return 0;
}


/* Where in the index the member is; or where it is to go: there is NULL. */
static bd_json_value_t **
bd_json_find(const bd_json_value_t *object, bd_slice_t name)
{
    size_t             i;
    uint64_t           seed;
    bd_json_value_t  **place;

    seed = bd_hash_mix(0, (uint64_t) (uintptr_t) object);

    for (i = (size_t) bd_hash_bytes(name.data, name.len, seed);
         /* void */ ;
         i++)
    {
        place = &object->index->members[i & (object->index->size - 1)];

        if (*place == NULL || bd_slice_equal((*place)->name, name)) {
            return place;
        }
    }
}
