/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The assertions on one value: see bd_schema_parse.h.
 */


#include "bd_schema_parse.h"


static unsigned bd_schema_types(const bd_json_value_t *name);
static bd_schema_values_t *bd_schema_values(bd_schema_compiler_t *c,
    const char *keyword, size_t n);
static int bd_schema_add_value(bd_schema_compiler_t *c,
    bd_schema_values_t *values, const bd_json_value_t *value);
static int bd_schema_bound(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const char *keyword, const bd_json_value_t *value,
    bd_schema_bound_t *bound);
static int bd_schema_count(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const char *keyword, const bd_json_value_t *value, uint64_t *count);


int
bd_schema_parse_type(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, const bd_json_value_t *value)
{
    int                     list;
    unsigned                types;
    const bd_json_value_t  *name;

    list = bd_json_is(value, BD_JSON_ARRAY);
    types = 0;
    job->node.types = 0;

    for (name = list ? value->first : value;
         name != NULL;
         name = list ? name->next : NULL)
    {
        types = bd_schema_types(name);
        if (types == 0) {
            break;
        }

        job->node.types |= types;
    }

    if (types == 0) {
        return bd_schema_error(c, &job->place, keyword->name,
                               "must name one or more of the types object,"
                               " array, string, number, integer, boolean,"
                               " null");
    }

    /* the members of an object come in any order, so look both ways */

    if ((job->dialect.vocabularies & BD_SCHEMA_NULLABLE)
        && bd_json_is(bd_json_member(job->place.value, bd_slice("nullable")),
                      BD_JSON_TRUE))
    {
        job->node.types |= BD_SCHEMA_TYPE(BD_JSON_NULL);
    }

    return 0;
}


/* The bits of the type of that name; 0 when it is none. */
static unsigned
bd_schema_types(const bd_json_value_t *name)
{
    static const struct {
        bd_slice_t  name;
        unsigned    types;
    } known[] = {
        { bd_slice("object"), BD_SCHEMA_TYPE(BD_JSON_OBJECT) },
        { bd_slice("array"), BD_SCHEMA_TYPE(BD_JSON_ARRAY) },
        { bd_slice("string"), BD_SCHEMA_TYPE(BD_JSON_STRING) },
        { bd_slice("boolean"), BD_SCHEMA_TYPE(BD_JSON_TRUE)
                               | BD_SCHEMA_TYPE(BD_JSON_FALSE) },
        { bd_slice("null"), BD_SCHEMA_TYPE(BD_JSON_NULL) },
        { bd_slice("integer"), BD_SCHEMA_TYPE(BD_JSON_INTEGER)
                               | BD_SCHEMA_INTEGRAL },
        { bd_slice("number"), BD_SCHEMA_TYPE(BD_JSON_INTEGER)
                              | BD_SCHEMA_TYPE(BD_JSON_REAL)
                              | BD_SCHEMA_INTEGRAL }
    };

    size_t  i;

    if (!bd_json_is(name, BD_JSON_STRING)) {
        return 0;
    }

    for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (bd_slice_equal(name->text, known[i].name)) {
            return known[i].types;
        }
    }

    return 0;
}


int
bd_schema_parse_enum(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, const bd_json_value_t *value)
{
    bd_schema_values_t     *values;
    const bd_json_value_t  *element;

    if (bd_schema_parse_list(c, job, keyword, value) != 0) {
        return -1;
    }

    values = bd_schema_values(c, keyword->name, value->count);
    if (values == NULL) {
        return bd_schema_nomem(c);
    }

    for (element = value->first; element != NULL; element = element->next) {
        if (bd_schema_add_value(c, values, element) != 0) {
            return bd_schema_nomem(c);
        }
    }

    job->node.enumeration = values;

    return 0;
}


int
bd_schema_parse_const(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, const bd_json_value_t *value)
{
    bd_schema_values_t  *values;

    values = bd_schema_values(c, keyword->name, 1);

    if (values == NULL || bd_schema_add_value(c, values, value) != 0) {
        return bd_schema_nomem(c);
    }

    job->node.constant = values;

    return 0;
}


int
bd_schema_parse_bound(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, const bd_json_value_t *value)
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
    const bd_schema_keyword_t *keyword, const bd_json_value_t *value)
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
    const bd_schema_keyword_t *keyword, const bd_json_value_t *value)
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
    const bd_schema_keyword_t *keyword, const bd_json_value_t *value)
{
    bd_schema_array_t  *array;

    array = bd_schema_array_part(c, job);

    return array == NULL ? -1
           : bd_schema_count(c, job, keyword->name, value,
                             (uint64_t *) ((char *) array + keyword->offset));
}


int
bd_schema_parse_object_count(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, const bd_json_value_t *value)
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
    const bd_schema_keyword_t *keyword, const bd_json_value_t *value)
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
                                      value->text);

    return string->pattern ? 0 : -1;
}


int
bd_schema_parse_format(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const bd_schema_keyword_t *keyword, const bd_json_value_t *value)
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

    format = bd_format_lookup(value->text);
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
bd_schema_values(bd_schema_compiler_t *c, const char *keyword, size_t n)
{
    bd_schema_values_t  *values;

    values = bd_arena_alloc(&c->schema->arena, sizeof(bd_schema_values_t));
    if (values == NULL) {
        return NULL;
    }

    values->keyword = keyword;

    for (values->size = 2; values->size < 2 * n; values->size *= 2) {
        /* void */
    }

    values->others = bd_arena_alloc(&c->schema->arena,
                                    values->size * sizeof(bd_schema_value_t));

    return values->others ? values : NULL;
}


static int
bd_schema_add_value(bd_schema_compiler_t *c, bd_schema_values_t *values,
    const bd_json_value_t *value)
{
    size_t    i;
    uint64_t  hash, steps;

    if (bd_json_is(value, BD_JSON_STRING)) {
        return bd_schema_table_add(&values->strings, &c->schema->arena,
                                   value->text)
               ? 0 : -1;
    }

    steps = UINT64_MAX;
    hash = bd_schema_hash(value, 0, &steps);

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
    const char *keyword, const bd_json_value_t *value,
    bd_schema_bound_t *bound)
{
    if (!bd_json_is_number(value)) {
        return bd_schema_error(c, &job->place, keyword, "must be a number");
    }

    bd_json_number(value, &bound->decimal);

    bound->set = 1;
    bound->is_integer = bd_json_is(value, BD_JSON_INTEGER);
    bound->integer = value->integer;

    return 0;
}


/* A number of things: an integer not below 0, also written as 2.0. */
static int
bd_schema_count(bd_schema_compiler_t *c, bd_schema_job_t *job,
    const char *keyword, const bd_json_value_t *value, uint64_t *count)
{
    bd_number_t  number;

    if (bd_json_is_number(value)) {
        bd_json_number(value, &number);

        if (!number.negative && bd_number_is_integer(&number)) {
            *count = bd_number_uint64(&number);
            return 0;
        }
    }

    return bd_schema_error(c, &job->place, keyword,
                           "must be an integer not less than 0");
}
