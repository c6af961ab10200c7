/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Tables of names, and the equality of JSON values (JSON Schema Core 2020-12,
 * section 4.2.2): see bd_schema_node.h.
 */


#include "bd_hash.h"
#include "bd_schema_node.h"


#define BD_SCHEMA_TABLE_START  8


static int bd_schema_equal_arrays(const bd_json_value_t *left,
    const bd_json_value_t *right, uint64_t *steps);
static int bd_schema_equal_objects(const bd_json_value_t *left,
    const bd_json_value_t *right, uint64_t *steps);
static int bd_schema_equal_numbers(const bd_json_value_t *left,
    const bd_json_value_t *right);
static int bd_schema_table_grow(bd_schema_table_t *table, bd_arena_t *arena);


const bd_schema_entry_t *
bd_schema_table_find(const bd_schema_table_t *table, bd_slice_t name)
{
    size_t              i;
    uint64_t            hash;
    bd_schema_entry_t  *entry;

    if (table->size == 0) {
        return NULL;
    }

    hash = bd_hash_bytes(name.data, name.len, 0);

    for (i = (size_t) hash; /* void */ ; i++) {
        entry = &table->entries[i & (table->size - 1)];

        if (entry->name.data == NULL) {
            return NULL;
        }

        if (entry->hash == hash && bd_slice_equal(entry->name, name)) {
            return entry;
        }
    }
}


bd_schema_entry_t *
bd_schema_table_add(bd_schema_table_t *table, bd_arena_t *arena,
    bd_slice_t name)
{
    size_t              i;
    uint64_t            hash;
    bd_schema_entry_t  *entry;

    if (table->used >= table->size / 2
        && bd_schema_table_grow(table, arena) != 0)
    {
        return NULL;
    }

    hash = bd_hash_bytes(name.data, name.len, 0);

    for (i = (size_t) hash; /* void */ ; i++) {
        entry = &table->entries[i & (table->size - 1)];

        if (entry->name.data == NULL) {
            break;
        }

        if (entry->hash == hash && bd_slice_equal(entry->name, name)) {
            return entry;
        }
    }

    entry->hash = hash;
    entry->name = name;
    entry->node = BD_SCHEMA_NONE;
    table->used++;

    return entry;
}


static int
bd_schema_table_grow(bd_schema_table_t *table, bd_arena_t *arena)
{
    size_t              i, j, size;
    bd_schema_entry_t  *entries;

    size = table->size ? 2 * table->size : BD_SCHEMA_TABLE_START;

    entries = bd_arena_alloc(arena, size * sizeof(bd_schema_entry_t));
    if (entries == NULL) {
        return -1;
    }

    for (i = 0; i < table->size; i++) {
        if (table->entries[i].name.data == NULL) {
            continue;
        }

        j = (size_t) table->entries[i].hash;

        while (entries[j & (size - 1)].name.data != NULL) {
            j++;
        }

        entries[j & (size - 1)] = table->entries[i];
    }

    table->entries = entries;
    table->size = size;

    return 0;
}


int
bd_schema_equal(const bd_json_value_t *left, const bd_json_value_t *right,
    uint64_t *steps)
{
    if (*steps == 0) {
        return 0;
    }

    (*steps)--;

    if (bd_json_is_number(left) && bd_json_is_number(right)) {
        return bd_schema_equal_numbers(left, right);
    }

    if (left->type != right->type) {
        return 0;
    }

    switch (left->type) {

    case BD_JSON_STRING:
        return bd_slice_equal(left->text, right->text);

    case BD_JSON_ARRAY:
        return bd_schema_equal_arrays(left, right, steps);

    case BD_JSON_OBJECT:
        return bd_schema_equal_objects(left, right, steps);

    default:
        return 1;                       /* true, false, null */
    }
}


static int
bd_schema_equal_arrays(const bd_json_value_t *left,
    const bd_json_value_t *right, uint64_t *steps)
{
    if (left->count != right->count) {
        return 0;
    }

    right = right->first;

    for (left = left->first; left != NULL; left = left->next) {
        if (!bd_schema_equal(left, right, steps)) {
            return 0;
        }

        right = right->next;
    }

    return 1;
}


static int
bd_schema_equal_objects(const bd_json_value_t *left,
    const bd_json_value_t *right, uint64_t *steps)
{
    const bd_json_value_t  *value;

    if (left->count != right->count) {
        return 0;
    }

    for (left = left->first; left != NULL; left = left->next) {
        value = bd_json_member(right, left->name);

        if (value == NULL || !bd_schema_equal(left, value, steps)) {
            return 0;
        }
    }

    return 1;
}


static int
bd_schema_equal_numbers(const bd_json_value_t *left,
    const bd_json_value_t *right)
{
    bd_number_t  a, b;

    if (bd_json_is(left, BD_JSON_INTEGER)
        && bd_json_is(right, BD_JSON_INTEGER))
    {
        return left->integer == right->integer;
    }

    bd_json_number(left, &a);
    bd_json_number(right, &b);

    return bd_number_compare(&a, &b) == 0;
}


uint64_t
bd_schema_hash(const bd_json_value_t *value, uint64_t seed, uint64_t *steps)
{
    uint64_t                hash, name;
    bd_number_t             number;
    const bd_json_value_t  *child;

    if (*steps == 0) {
        return 0;
    }

    (*steps)--;

    switch (value->type) {

    case BD_JSON_STRING:
        return bd_hash_bytes(value->text.data, value->text.len, seed + 1);

    case BD_JSON_INTEGER:
    case BD_JSON_REAL:
        bd_json_number(value, &number);
        return bd_number_hash(&number, seed + 2);

    case BD_JSON_ARRAY:
        hash = seed + 3;

        for (child = value->first; child != NULL; child = child->next) {
            hash = bd_hash_mix(hash, bd_schema_hash(child, seed, steps));
        }

        return hash;

    case BD_JSON_OBJECT:
        hash = seed + 4;                /* the order must not matter */

        for (child = value->first; child != NULL; child = child->next) {
            name = bd_hash_bytes(child->name.data, child->name.len, seed);
            hash += bd_schema_hash(child, name, steps);
        }

        return bd_hash_mix(seed, hash);

    default:
        return bd_hash_mix(seed, (uint64_t) value->type);
    }
}
