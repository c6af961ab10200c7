/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Fuzzes the parser of JSON against jansson's own: the two must agree, but
 * for the nesting, the size of numbers and U+0000 in names.
 */


#define _POSIX_C_SOURCE  200809L

#include "bd_fuzz.h"
#include "bd_json.h"

#include <jansson.h>


#define FUZZ_DEPTH  64


static int fuzz_depth(json_t *value);
static int fuzz_excused(const json_error_t *error);
static void fuzz_equal(const bd_json_value_t *value, json_t *other);
static void fuzz_equal_numbers(const bd_json_value_t *value, json_t *other);
static void fuzz_same(const bd_json_value_t *viewed,
    const bd_json_value_t *loaded);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int            rc;
    json_t        *other;
    bd_json_t      document, loaded;
    json_error_t   error;

    rc = bd_json_parse(&document, bd_slice_make(data, size), FUZZ_DEPTH);

    other = json_loadb((const char *) data, size,
                       JSON_REJECT_DUPLICATES | JSON_DECODE_ANY
                       | JSON_ALLOW_NUL, &error);

    bd_fuzz_check(rc == 0 || rc == 1);
    bd_fuzz_check(bd_json_load(&loaded, bd_slice_make(data, size), FUZZ_DEPTH)
                  == rc);

    if (rc == 0) {
        fuzz_same(document.root, loaded.root);

        bd_fuzz_check(other != NULL || fuzz_excused(&error));

        if (other != NULL) {
            fuzz_equal(document.root, other);
        }

        bd_json_free(&document);
        bd_json_free(&loaded);

    } else {
        /* jansson takes a NUL after the value for the end of the text */

        bd_fuzz_check(other == NULL || fuzz_depth(other) > FUZZ_DEPTH
                      || memchr(data, '\0', size) != NULL);
    }

    json_decref(other);

    return 0;
}


static int
fuzz_depth(json_t *value)
{
    int          depth, deepest;
    size_t       i;
    json_t      *child;
    const char  *key;

    deepest = 0;

    if (json_is_array(value)) {
        json_array_foreach(value, i, child) {
            depth = fuzz_depth(child);
            deepest = (depth > deepest) ? depth : deepest;
        }

        return deepest + 1;
    }

    if (json_is_object(value)) {
        json_object_foreach(value, key, child) {
            depth = fuzz_depth(child);
            deepest = (depth > deepest) ? depth : deepest;
        }

        return deepest + 1;
    }

    return 0;
}


static int
fuzz_excused(const json_error_t *error)
{
    return json_error_code(error) == json_error_numeric_overflow
           || json_error_code(error) == json_error_null_byte_in_key;
}


/* What both parsers took means the same to both. */
static void
fuzz_equal(const bd_json_value_t *value, json_t *other)
{
    size_t                  i;
    json_t                 *found;
    const bd_json_value_t  *child;

    if (bd_json_is_number(value)) {
        fuzz_equal_numbers(value, other);
        return;
    }

    bd_fuzz_check((int) value->type == (int) json_typeof(other));

    if (bd_json_is(value, BD_JSON_STRING)) {
        bd_fuzz_check(bd_slice_equal(value->text,
                                     bd_slice_make(json_string_value(other),
                                                 json_string_length(other))));
    }

    i = 0;

    for (child = bd_json_first(value); child != NULL; child = child->next) {

        if (bd_json_is(value, BD_JSON_ARRAY)) {
            found = json_array_get(other, i);

        } else {
            found = json_object_getn(other, (const char *) child->name.data,
                                     child->name.len);
            bd_fuzz_check(bd_json_member(value, child->name) == child);
        }

        bd_fuzz_check(found != NULL);
        fuzz_equal(child, found);
        i++;
    }

    bd_fuzz_check(i == bd_json_count(value));
    bd_fuzz_check(i == (json_is_array(other) ? json_array_size(other)
                                             : json_object_size(other)));
}


/* The exact value equals itself, and its double is jansson's. */
static void
fuzz_equal_numbers(const bd_json_value_t *value, json_t *other)
{
    char         *text;
    bd_number_t   number;

    bd_json_number(value, &number);
    bd_fuzz_check(bd_number_compare(&number, &number) == 0);

    if (bd_json_is(value, BD_JSON_INTEGER)) {
        bd_fuzz_check(bd_number_is_integer(&number));
        bd_fuzz_check(json_is_integer(other)
                      && json_integer_value(other) == value->integer);
        return;
    }

    text = strndup((const char *) value->text.data, value->text.len);
    bd_fuzz_check(text != NULL);
    bd_fuzz_check(json_is_real(other)
                  && json_real_value(other) == strtod(text, NULL));
    free(text);
}


/* A loaded document is the parsed one, each string of it terminated. */
static void
fuzz_same(const bd_json_value_t *viewed, const bd_json_value_t *loaded)
{
    bd_fuzz_check(viewed->type == loaded->type);
    bd_fuzz_check(bd_json_count(viewed) == bd_json_count(loaded));
    bd_fuzz_check(bd_slice_equal(viewed->name, loaded->name));
    bd_fuzz_check(loaded->name.data == NULL
                  || loaded->name.data[loaded->name.len] == '\0');

    if (bd_json_is(viewed, BD_JSON_STRING) || bd_json_is_number(viewed)) {
        bd_fuzz_check(bd_slice_equal(viewed->text, loaded->text));
        bd_fuzz_check(loaded->text.data[loaded->text.len] == '\0');
    }

    loaded = bd_json_first(loaded);

    for (viewed = bd_json_first(viewed);
         viewed != NULL;
         viewed = viewed->next)
    {
        fuzz_same(viewed, loaded);
        loaded = loaded->next;
    }
}
