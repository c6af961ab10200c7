/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The keywords for strings and numbers, enum and const: see
 * bd_schema_validate.h.
 */


#include "bd_schema_validate.h"
#include "bd_utf8.h"


static int bd_schema_has_length(const bd_schema_string_t *string,
    bd_slice_t text, const char **keyword);
static int bd_schema_compare_bound(const bd_json_value_t *value,
    const bd_schema_bound_t *bound);
static int bd_schema_is_multiple(const bd_json_value_t *value,
    const bd_schema_bound_t *bound);


int
bd_schema_apply_string(bd_schema_ctx_t *ctx, const bd_schema_frame_t *frame,
    const bd_json_value_t *value)
{
    int                        ok, found;
    bd_slice_t                 text;
    const char                *keyword;
    const bd_schema_string_t  *string;

    ok = 1;
    string = frame->node->string;
    text = value->text;

    if (!bd_schema_has_length(string, text, &keyword)
        && !bd_schema_next(ctx, &ok, bd_schema_fail(ctx, frame, keyword)))
    {
        return 0;
    }

    if (string->pattern != NULL) {
        found = bd_regex_match(string->pattern, text, &ctx->budget);

        if (found == BD_REGEX_LIMIT) {
            return bd_schema_exhausted(ctx, frame, "pattern");
        }

        if (!found
            && !bd_schema_next(ctx, &ok,
                               bd_schema_fail(ctx, frame, "pattern")))
        {
            return 0;
        }
    }

    if (string->format != NULL && !string->format(text)) {
        ok = bd_schema_fail(ctx, frame, "format");
    }

    return ok;
}


/* A string has at most as many code points as bytes, and a fourth at least. */
static int
bd_schema_has_length(const bd_schema_string_t *string, bd_slice_t text,
    const char **keyword)
{
    size_t  length;

    if (text.len / 4 >= string->min && text.len <= string->max) {
        return 1;
    }

    length = bd_utf8_length(text);
    *keyword = (length < string->min) ? "minLength" : "maxLength";

    return length >= string->min && length <= string->max;
}


int
bd_schema_apply_number(bd_schema_ctx_t *ctx, const bd_schema_frame_t *frame,
    const bd_json_value_t *value)
{
    int                        ok;
    const bd_schema_number_t  *number;

    ok = 1;
    number = frame->node->number;

    if (number->minimum.set
        && bd_schema_compare_bound(value, &number->minimum) < 0
        && !bd_schema_next(ctx, &ok, bd_schema_fail(ctx, frame, "minimum")))
    {
        return 0;
    }

    if (number->maximum.set
        && bd_schema_compare_bound(value, &number->maximum) > 0
        && !bd_schema_next(ctx, &ok, bd_schema_fail(ctx, frame, "maximum")))
    {
        return 0;
    }

    if (number->exclusive_minimum.set
        && bd_schema_compare_bound(value, &number->exclusive_minimum)
           <= 0
        && !bd_schema_next(ctx, &ok,
                           bd_schema_fail(ctx, frame, "exclusiveMinimum")))
    {
        return 0;
    }

    if (number->exclusive_maximum.set
        && bd_schema_compare_bound(value, &number->exclusive_maximum)
           >= 0
        && !bd_schema_next(ctx, &ok,
                           bd_schema_fail(ctx, frame, "exclusiveMaximum")))
    {
        return 0;
    }

    if (number->multiple.set
        && !bd_schema_is_multiple(value, &number->multiple))
    {
        ok = bd_schema_fail(ctx, frame, "multipleOf");
    }

    return ok;
}


static int
bd_schema_compare_bound(const bd_json_value_t *value,
    const bd_schema_bound_t *bound)
{
    bd_number_t  number;

    if (bound->is_integer && bd_json_is(value, BD_JSON_INTEGER)) {
        return (value->integer > bound->integer)
               - (value->integer < bound->integer);
    }

    bd_json_number(value, &number);

    return bd_number_compare(&number, &bound->decimal);
}


static int
bd_schema_is_multiple(const bd_json_value_t *value,
    const bd_schema_bound_t *bound)
{
    bd_number_t  number;

    if (bound->is_integer && bd_json_is(value, BD_JSON_INTEGER)) {
        return value->integer % bound->integer == 0;
    }

    bd_json_number(value, &number);

    return bd_number_is_multiple(&number, &bound->decimal);
}


int
bd_schema_apply_values(bd_schema_ctx_t *ctx, const bd_schema_frame_t *frame,
    const bd_schema_values_t *values, const bd_json_value_t *value)
{
    size_t                    i;
    uint64_t                  hash;
    const bd_schema_value_t  *other;

    if (bd_json_is(value, BD_JSON_STRING)) {
        return bd_schema_table_find(&values->strings, value->text) != NULL
               || bd_schema_fail(ctx, frame, values->keyword);
    }

    hash = bd_schema_hash(value, 0, &ctx->steps);

    for (i = (size_t) hash; values->size != 0; i++) {
        other = &values->others[i & (values->size - 1)];

        if (other->value == NULL) {
            break;
        }

        if (other->hash == hash
            && bd_schema_equal(value, other->value, &ctx->steps))
        {
            return 1;
        }
    }

    if (ctx->steps == 0) {
        return bd_schema_exhausted(ctx, frame, NULL);
    }

    return bd_schema_fail(ctx, frame, values->keyword);
}
