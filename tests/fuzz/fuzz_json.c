/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Fuzzes the parser of JSON against jansson's own: the two must agree, but
 * for the nesting, the size of numbers and U+0000 in names.
 */


#include "bd_fuzz.h"
#include "bd_json.h"


#define FUZZ_DEPTH  64


static int fuzz_depth(json_t *value);
static int fuzz_excused(const json_error_t *error);
static void fuzz_numbers(const bd_json_t *document, json_t *value);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int            rc;
    json_t        *other;
    bd_json_t      document;
    json_error_t   error;

    rc = bd_json_parse(&document, bd_slice_make(data, size), FUZZ_DEPTH);

    other = json_loadb((const char *) data, size,
                       JSON_REJECT_DUPLICATES | JSON_DECODE_ANY
                       | JSON_ALLOW_NUL, &error);

    bd_fuzz_check(rc == 0 || rc == 1);

    if (rc == 0) {
        fuzz_numbers(&document, document.root);

        bd_fuzz_check(other != NULL || fuzz_excused(&error));
        bd_fuzz_check(other == NULL || json_equal(document.root, other));

        bd_json_free(&document);

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


/* Every number has an exact value, which equals itself. */
static void
fuzz_numbers(const bd_json_t *document, json_t *value)
{
    void              *iter;
    size_t             i;
    bd_number_t        number;
    bd_json_digits_t   digits;

    if (json_is_number(value)) {
        bd_json_number(document, value, &number, digits);
        bd_fuzz_check(bd_number_compare(&number, &number) == 0);
        bd_fuzz_check(!json_is_integer(value)
                      || bd_number_is_integer(&number));
    }

    for (i = 0; i < json_array_size(value); i++) {
        fuzz_numbers(document, json_array_get(value, i));
    }

    for (iter = json_object_iter(value);
         iter != NULL;
         iter = json_object_iter_next(value, iter))
    {
        fuzz_numbers(document, json_object_iter_value(iter));
    }
}
