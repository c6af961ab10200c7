/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The assertions on one value: see bd_schema_parse.h.
 */


#include "bd_schema_parse.h"


static bd_schema_values_t *bd_schema_values(bd_schema_compiler_t *c,
    bd_schema_job_t *job, const char *keyword, size_t n);
static int bd_schema_add_value(bd_schema_compiler_t *c,
    bd_schema_values_t *values, json_t *value);
static int bd_schema_bound(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const char *keyword, json_t *value, bd_schema_bound_t *bound);
static int bd_schema_count(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const char *keyword, json_t *value, uint64_t *count);


int
bd_schema_parse_type(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, json_t *value)
{
    static const struct {
        const char  *name;
        unsigned     types;
    } known[] = {
        { "object", BD_SCHEMA_TYPE(JSON_OBJECT) },
        { "array", BD_SCHEMA_TYPE(JSON_ARRAY) },
        { "string", BD_SCHEMA_TYPE(JSON_STRING) },
        { "boolean", BD_SCHEMA_TYPE(JSON_TRUE) | BD_SCHEMA_TYPE(JSON_FALSE) },
        { "null", BD_SCHEMA_TYPE(JSON_NULL) },
        { "integer", BD_SCHEMA_TYPE(JSON_INTEGER) | BD_SCHEMA_INTEGRAL },
        { "number", BD_SCHEMA_TYPE(JSON_INTEGER) | BD_SCHEMA_TYPE(JSON_REAL)
                    | BD_SCHEMA_INTEGRAL }
    };

    size_t       i, n, k;
    json_t      *element;
    const char  *name;

    n = json_is_array(value) ? json_array_size(value) : 1;
    job->node.types = 0;

    for (i = 0; i < n; i++) {
        element = json_is_array(value) ? json_array_get(value, i) : value;
        name = json_is_string(element) ? json_string_value(element) : "";

        for (k = 0; k < sizeof(known) / sizeof(known[0]); k++) {
            if (strcmp(name, known[k].name) == 0) {
                job->node.types |= known[k].types;
                break;
            }
        }

        if (k == sizeof(known) / sizeof(known[0])) {
            n = 0;
        }
    }

    if (n == 0) {
        return bd_schema_error(c, &job->place, keyword->name,
                               "must name one or more of the types object,"
                               " array, string, number, integer, boolean,"
                               " null");
    }

    /* the members of an object come in any order, so look both ways */

    if ((job->dialect.vocabularies & BD_SCHEMA_NULLABLE)
        && json_is_true(json_object_get(job->place.value, "nullable")))
    {
        job->node.types |= BD_SCHEMA_TYPE(JSON_NULL);
    }

    return 0;
}


int
bd_schema_parse_enum(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, json_t *value)
{
    size_t               i;
    json_t              *element;
    bd_schema_values_t  *values;

    if (bd_schema_parse_list(c, job, keyword, value) != 0) {
        return -1;
    }

    values = bd_schema_values(c, job, keyword->name, json_array_size(value));
    if (values == NULL) {
        return bd_schema_nomem(c);
    }

    json_array_foreach(value, i, element) {
        if (bd_schema_add_value(c, values, element) != 0) {
            return bd_schema_nomem(c);
        }
    }

    job->node.enumeration = values;

    return 0;
}


int
bd_schema_parse_const(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, json_t *value)
{
    bd_schema_values_t  *values;

    values = bd_schema_values(c, job, keyword->name, 1);

    if (values == NULL || bd_schema_add_value(c, values, value) != 0) {
        return bd_schema_nomem(c);
    }

    job->node.constant = values;

    return 0;
}


int
bd_schema_parse_bound(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, json_t *value)
{
    bd_schema_number_t  *number;

    number = bd_schema_number_part(c, job);
    if (number == NULL) {
        return -1;
    }

    return bd_schema_bound(c, job, keyword->name, value,
                           (bd_schema_bound_t *) ((char *) number
                                                  + keyword->offset));
}


int
bd_schema_parse_multiple(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, json_t *value)
{
    bd_number_t  *divisor;

    if (bd_schema_parse_bound(c, job, keyword, value) != 0) {
        return -1;
    }

    divisor = &job->node.number->multiple.decimal;

    if (divisor->negative || divisor->count == 0) {
        return bd_schema_error(c, &job->place, keyword->name,
                               "must be greater than 0");
    }

    if (divisor->count > BD_NUMBER_DIVISOR_DIGITS) {
        return bd_schema_error(c, &job->place, keyword->name,
                               "must have at most %d digits",
                               BD_NUMBER_DIVISOR_DIGITS);
    }

    return 0;
}


int
bd_schema_parse_string_count(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, json_t *value)
{
    bd_schema_string_t  *string;

    string = bd_schema_string_part(c, job);

    return string == NULL ? -1
           : bd_schema_count(c, job, keyword->name, value,
                             (uint64_t *) ((char *) string
                                           + keyword->offset));
}


int
bd_schema_parse_array_count(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, json_t *value)
{
    bd_schema_array_t  *array;

    array = bd_schema_array_part(c, job);

    return array == NULL ? -1
           : bd_schema_count(c, job, keyword->name, value,
                             (uint64_t *) ((char *) array + keyword->offset));
}


int
bd_schema_parse_object_count(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, json_t *value)
{
    bd_schema_object_t  *object;

    object = bd_schema_object_part(c, job);

    return object == NULL ? -1
           : bd_schema_count(c, job, keyword->name, value,
                             (uint64_t *) ((char *) object
                                           + keyword->offset));
}


int
bd_schema_parse_pattern(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, json_t *value)
{
    bd_schema_string_t  *string;

    if (bd_schema_parse_text(c, job, keyword, value) != 0) {
        return -1;
    }

    string = bd_schema_string_part(c, job);
    if (string == NULL) {
        return -1;
    }

    string->pattern = bd_schema_regex(c, &job->place, keyword->name,
                                      bd_slice_make(json_string_value(value),
                                                    json_string_length(value)));

    return string->pattern ? 0 : -1;
}


int
bd_schema_parse_format(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, json_t *value)
{
    bd_format_pt         format;
    bd_schema_string_t  *string;

    if (bd_schema_parse_text(c, job, keyword, value) != 0) {
        return -1;
    }

    if (c->options->format == BD_SCHEMA_FORMAT_ANNOTATE
        && !(job->dialect.vocabularies & BD_SCHEMA_FORMAT_MUST))
    {
        return 0;
    }

    format = bd_format_lookup(bd_slice_make(json_string_value(value),
                                            json_string_length(value)));
    if (format == NULL) {
        return 0;
    }

    string = bd_schema_string_part(c, job);
    if (string == NULL) {
        return -1;
    }

    string->format = format;

    return 0;
}


/* An empty set with room for n values; NULL when memory is short. */
static bd_schema_values_t *
bd_schema_values(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const char *keyword, size_t n)
{
    bd_schema_values_t  *values;

    values = bd_arena_alloc(&c->schema->arena, sizeof(bd_schema_values_t));
    if (values == NULL) {
        return NULL;
    }

    values->keyword = keyword;
    values->document = c->schema->documents[job->place.document];

    for (values->size = 2; values->size < 2 * n; values->size *= 2) {
        /* void */
    }

    values->others = bd_arena_alloc(&c->schema->arena,
                                    values->size * sizeof(bd_schema_value_t));

    return values->others ? values : NULL;
}


static int
bd_schema_add_value(bd_schema_compiler_t *c, bd_schema_values_t *values,
    json_t *value)
{
    size_t      i;
    uint64_t    hash, steps;
    bd_slice_t  text;

    if (json_is_string(value)) {
        text = bd_slice_make(json_string_value(value),
                             json_string_length(value));

        return bd_schema_table_add(&values->strings, &c->schema->arena, text)
               ? 0 : -1;
    }

    steps = UINT64_MAX;
    hash = bd_schema_hash(values->document, value, 0, &steps);

    for (i = (size_t) hash;
         values->others[i & (values->size - 1)].value != NULL;
         i++)
    {
        /* void */
    }

    values->others[i & (values->size - 1)].hash = hash;
    values->others[i & (values->size - 1)].value = value;

    return 0;
}


static int
bd_schema_bound(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const char *keyword, json_t *value, bd_schema_bound_t *bound)
{
    char             *digits;
    bd_json_t        *document;

    if (!json_is_number(value)) {
        return bd_schema_error(c, &job->place, keyword, "must be a number");
    }

    digits = bd_arena_alloc(&c->schema->arena, sizeof(bd_json_digits_t));
    if (digits == NULL) {
        return bd_schema_nomem(c);
    }

    document = c->schema->documents[job->place.document];

    bd_json_number(document, value, &bound->decimal, digits);

    bound->set = 1;
    bound->is_integer = json_is_integer(value);
    bound->integer = json_integer_value(value);

    return 0;
}


/* A number of things: an integer not below 0, also written as 2.0. */
static int
bd_schema_count(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const char *keyword, json_t *value, uint64_t *count)
{
    bd_number_t       number;
    bd_json_digits_t  digits;

    if (json_is_number(value)) {
        bd_json_number(c->schema->documents[job->place.document], value,
                       &number, digits);

        if (!number.negative && bd_number_is_integer(&number)) {
            *count = bd_number_uint64(&number);
            return 0;
        }
    }

    return bd_schema_error(c, &job->place, keyword,
                           "must be an integer not less than 0");
}
