/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Tables of names, and the equality of JSON values (JSON Schema Core 2020-12,
 * section 4.2.2): see bd_schema_node.h.
 */


#include "bd_hash.h"
#include "bd_schema_node.h"


#define BD_SCHEMA_TABLE_START  8


static int bd_schema_equal_objects(const bd_json_t *left_document,
    const json_t *left, const bd_json_t *right_document, const json_t *right,
    uint64_t *steps);
static int bd_schema_equal_numbers(const bd_json_t *left_document,
    const json_t *left, const bd_json_t *right_document, const json_t *right);
static int bd_schema_table_grow(bd_schema_table_t *table, bd_arena_t *arena);


static inline bd_slice_t
bd_schema_text(const json_t *string)
{
    return bd_slice_make(json_string_value(string),
                         json_string_length(string));
}


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
bd_schema_equal(const bd_json_t *left_document, const json_t *left,
    const bd_json_t *right_document, const json_t *right, uint64_t *steps)
{
    size_t  i, n;

    if (*steps == 0) {
        return 0;
    }

    (*steps)--;

    if (json_is_number(left) && json_is_number(right)) {
        return bd_schema_equal_numbers(left_document, left, right_document,
                                       right);
    }

    if (json_typeof(left) != json_typeof(right)) {
        return 0;
    }

    switch (json_typeof(left)) {

    case JSON_STRING:
        return bd_slice_equal(bd_schema_text(left), bd_schema_text(right));

    case JSON_ARRAY:
        n = json_array_size(left);

        if (n != json_array_size(right)) {
            return 0;
        }

        for (i = 0; i < n; i++) {
            if (!bd_schema_equal(left_document, json_array_get(left, i),
                                 right_document, json_array_get(right, i),
                                 steps))
            {
                return 0;
            }
        }

        return 1;

    case JSON_OBJECT:
        return bd_schema_equal_objects(left_document, left, right_document,
                                       right, steps);

    default:
        return 1;                       /* true, false, null */
    }
}


static int
bd_schema_equal_objects(const bd_json_t *left_document, const json_t *left,
    const bd_json_t *right_document, const json_t *right, uint64_t *steps)
{
    void    *iter;
    json_t  *object, *value;

    if (json_object_size(left) != json_object_size(right)) {
        return 0;
    }

    object = (json_t *) left;           /* the iterators take no const */

    for (iter = json_object_iter(object);
         iter != NULL;
         iter = json_object_iter_next(object, iter))
    {
        value = json_object_getn(right, json_object_iter_key(iter),
                                 json_object_iter_key_len(iter));

        if (value == NULL
            || !bd_schema_equal(left_document, json_object_iter_value(iter),
                                right_document, value, steps))
        {
            return 0;
        }
    }

    return 1;
}


static int
bd_schema_equal_numbers(const bd_json_t *left_document, const json_t *left,
    const bd_json_t *right_document, const json_t *right)
{
    bd_number_t       a, b;
    bd_json_digits_t  a_digits, b_digits;

    if (json_is_integer(left) && json_is_integer(right)) {
        return json_integer_value(left) == json_integer_value(right);
    }

    bd_json_number(left_document, left, &a, a_digits);
    bd_json_number(right_document, right, &b, b_digits);

    return bd_number_compare(&a, &b) == 0;
}


uint64_t
bd_schema_hash(const bd_json_t *document, const json_t *value, uint64_t seed,
    uint64_t *steps)
{
    void              *iter;
    size_t             i;
    json_t            *object;
    uint64_t           hash, name;
    bd_number_t        number;
    bd_json_digits_t   digits;

    if (*steps == 0) {
        return 0;
    }

    (*steps)--;

    switch (json_typeof(value)) {

    case JSON_STRING:
        return bd_hash_bytes(json_string_value(value),
                             json_string_length(value), seed + 1);

    case JSON_INTEGER:
    case JSON_REAL:
        bd_json_number(document, value, &number, digits);
        return bd_number_hash(&number, seed + 2);

    case JSON_ARRAY:
        hash = seed + 3;

        for (i = 0; i < json_array_size(value); i++) {
            hash = bd_hash_mix(hash, bd_schema_hash(document,
                                                    json_array_get(value, i),
                                                    seed, steps));
        }

        return hash;

    case JSON_OBJECT:
        hash = seed + 4;                /* the order must not matter */
        object = (json_t *) value;

        for (iter = json_object_iter(object);
             iter != NULL;
             iter = json_object_iter_next(object, iter))
        {
            name = bd_hash_bytes(json_object_iter_key(iter),
                                 json_object_iter_key_len(iter), seed);
            hash += bd_schema_hash(document, json_object_iter_value(iter),
                                   name, steps);
        }

        return bd_hash_mix(seed, hash);

    default:
        return bd_hash_mix(seed, (uint64_t) json_typeof(value));
    }
}
