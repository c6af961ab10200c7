/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Tests of the compiler of schemas: what is refused and where, references,
 * dialects.  What the keywords mean is the matter of the official suite.
 */


#include "bd_test.h"
#include "bd_buf.h"
#include "bd_schema.h"
#include "bd_schema_builtin.h"

#include <jansson.h>
#include <stdio.h>


typedef struct {
    const char  *schema;
    const char  *pointer;               /* where the misuse is */
} bd_misuse_t;


static const bd_misuse_t  misuses[] = {
    { "17", "" },
    { "null", "" },
    { "{\"type\":\"int\"}", "/type" },
    { "{\"type\":[]}", "/type" },
    { "{\"type\":[\"string\",1]}", "/type" },
    { "{\"type\":\"string\\u0000\"}", "/type" },
    { "{\"enum\":{}}", "/enum" },
    { "{\"required\":\"id\"}", "/required" },
    { "{\"required\":[1]}", "/required" },
    { "{\"properties\":[]}", "/properties" },
    { "{\"properties\":{\"a/b\":{\"x~\":0,\"items\":3}}}",
      "/properties/a~1b/items" },
    { "{\"patternProperties\":{\"(\":true}}", "/patternProperties" },
    { "{\"additionalProperties\":null}", "/additionalProperties" },
    { "{\"propertyNames\":1}", "/propertyNames" },
    { "{\"dependentRequired\":{\"a\":\"b\"}}", "/dependentRequired" },
    { "{\"dependentSchemas\":{\"a\":[]}}", "/dependentSchemas/a" },
    { "{\"minProperties\":-1}", "/minProperties" },
    { "{\"maxProperties\":1.5}", "/maxProperties" },
    { "{\"minLength\":\"1\"}", "/minLength" },
    { "{\"maxLength\":1e-1}", "/maxLength" },
    { "{\"minItems\":-0.5}", "/minItems" },
    { "{\"uniqueItems\":1}", "/uniqueItems" },
    { "{\"items\":[{}]}", "/items" },
    { "{\"prefixItems\":[]}", "/prefixItems" },
    { "{\"prefixItems\":{}}", "/prefixItems" },
    { "{\"allOf\":[true,1]}", "/allOf/1" },
    { "{\"anyOf\":[]}", "/anyOf" },
    { "{\"oneOf\":true}", "/oneOf" },
    { "{\"not\":[]}", "/not" },
    { "{\"if\":0}", "/if" },
    { "{\"then\":0}", "/then" },
    { "{\"minimum\":\"0\"}", "/minimum" },
    { "{\"exclusiveMaximum\":true}", "/exclusiveMaximum" },
    { "{\"multipleOf\":0}", "/multipleOf" },
    { "{\"multipleOf\":-2}", "/multipleOf" },
    { "{\"multipleOf\":12345678901234567890123456789012345678}",
      "/multipleOf" },
    { "{\"pattern\":\"(\"}", "/pattern" },
    { "{\"pattern\":1}", "/pattern" },
    { "{\"format\":1}", "/format" },
    { "{\"$ref\":1}", "/$ref" },
    { "{\"$ref\":\"#/nowhere\"}", "/$ref" },
    { "{\"$ref\":\"#anchor\"}", "/$ref" },
    { "{\"$ref\":\"#a\",\"$defs\":{\"a\":{\"$anchor\":\"a\\u0000b\"}}}",
      "/$ref" },
    { "{\"$ref\":\"#/%zz\"}", "/$ref" },
    { "{\"$ref\":\"#/$defs/~2\",\"$defs\":{\"~2\":{}}}", "/$ref" },
    { "{\"$ref\":\"http://example.com/\"}", "/$ref" },
    { "{\"$ref\":\"other.json\"}", "/$ref" },
    { "{\"$ref\":\"#/allOf/01\",\"allOf\":[{},{}]}", "/$ref" },
    { "{\"$dynamicRef\":\"#x\"}", "/$dynamicRef" },
    { "{\"$id\":\"http://example.com/#a\"}", "/$id" },
    { "{\"$id\":7}", "/$id" },
    { "{\"$defs\":{\"a\":{\"$anchor\":\"x\"},\"b\":{\"$anchor\":\"x\"}}}",
      "/$defs/b/$anchor" },
    { "{\"$defs\":{\"a\":{\"$id\":\"urn:x\"},\"b\":{\"$id\":\"urn:x\"}}}",
      "/$defs/b/$id" },
    { "{\"$schema\":\"http://json-schema.org/draft-04/schema#\"}",
      "/$schema" },
    { "{\"$defs\":{\"unused\":{\"type\":\"strin\"}}}",
      "/$defs/unused/type" },
    { "{\"definitions\":{\"unused\":{\"type\":\"strin\"}}}",
      "/definitions/unused/type" },
    { "{\"contentSchema\":5}", "/contentSchema" },
    { "{\"title\":5}", "/title" },
    { "{\"deprecated\":\"yes\"}", "/deprecated" },
    { "{\"examples\":{}}", "/examples" },
    { "{\"$vocabulary\":[]}", "/$vocabulary" },
    { "{\"nullable\":\"yes\"}", "/nullable" },

    /* circles that consume no instance */

    { "{\"$ref\":\"#\"}", "" },
    { "{\"allOf\":[{\"$ref\":\"#\"}]}", "" },
    { "{\"not\":{\"anyOf\":[true,{\"$ref\":\"#/not\"}]}}", "/not" },
    { "{\"$ref\":\"#/$defs/a\",\"$defs\":{\"a\":{\"if\":{\"$ref\":"
      "\"#/$defs/b\"}},\"b\":{\"dependentSchemas\":{\"x\":{\"$ref\":"
      "\"#/$defs/a\"}}}}}", "/$defs/a" },
};


/* Each of these compiles; none of the keywords is one here. */
static const char *const  taken[] = {
    "true", "false", "{}", "{\"x-anything\":{\"type\":5}}",
    "{\"$schema\":\"http://json-schema.org/draft-07/schema#\","
        "\"prefixItems\":5,\"$anchor\":5,\"dependentRequired\":5,"
        "\"unevaluatedItems\":5,\"items\":[{}],\"additionalItems\":false}",
    "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\","
        "\"nullable\":5,\"additionalItems\":5,\"$recursiveRef\":5}",
    "{\"minLength\":2.0,\"maxLength\":1e30}",
    "{\"$ref\":\"#/x-here\",\"x-here\":{\"type\":\"string\"}}",
    "{\"items\":{\"$ref\":\"#\"},\"properties\":{\"a\":{\"$ref\":\"#\"}}}",
    "{\"enum\":[]}",
    "{\"type\\u0000\":5,\"items\\u0000x\":{\"$ref\":5}}",
    "{\"const\":{\"$ref\":5,\"$id\":\"urn:x\"},\"enum\":[{\"$id\":\"urn:x\"}]}"
};


typedef struct {
    const char  *schema;
    const char  *pointer;
    const char  *valid;
    const char  *invalid;
} bd_meaning_t;


static const bd_meaning_t  meanings[] = {

    /* a part of a document */

    { "{\"a\":[{\"type\":\"null\"},{\"type\":\"string\"}]}", "/a/1", "\"\"",
      "1" },
    { "{\"a/b\":{\"~\":{\"type\":\"string\"}}}", "/a~1b/~0", "\"\"", "1" },

    /* nullable, where there is no other $schema, beside a type */

    { "{\"type\":\"string\",\"nullable\":true}", "", "null", "1" },
    { "{\"nullable\":true,\"type\":\"string\"}", "", "null", "1" },
    { "{\"nullable\":false,\"type\":\"string\"}", "", "\"\"", "null" },
    { "{\"nullable\":true,\"enum\":[\"a\"]}", "", "\"a\"", "null" },
    { "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\","
      "\"type\":\"string\",\"nullable\":true}", "", "\"\"", "null" },

    /* OpenAPI 3.0: no schema as a whole, its own exclusiveMinimum */

    { "{\"openapi\":\"3.0.3\",\"items\":5,\"components\":{\"schemas\":{"
      "\"A\":{\"$ref\":\"#/components/schemas/B\",\"type\":\"string\"},"
      "\"B\":{\"type\":\"integer\",\"minimum\":3,\"exclusiveMinimum\":true,"
      "\"nullable\":true}}}}", "/components/schemas/A", "null", "3" },
    { "{\"openapi\":\"3.0.3\",\"S\":{\"maximum\":3,\"exclusiveMaximum\":"
      "false,\"const\":5}}", "/S", "3", "4" },
    { "{\"openapi\":\"3.0.0\",\"S\":{\"maximum\":3,\"exclusiveMaximum\":"
      "true}}", "/S", "2", "3" },

    /* OpenAPI 3.1: 2020-12, or what it says */

    { "{\"openapi\":\"3.1.0\",\"S\":{\"type\":[\"string\",\"null\"],"
      "\"$ref\":\"#/T\",\"example\":5},\"T\":{\"maxLength\":1}}", "/S",
      "\"a\"", "\"ab\"" },
    { "{\"openapi\":\"3.1.0\",\"S\":{\"type\":\"string\",\"nullable\":true}}",
      "/S", "\"a\"", "null" },
    { "{\"openapi\":\"3.1.0\",\"jsonSchemaDialect\":"
      "\"http://json-schema.org/draft-07/schema#\","
      "\"S\":{\"items\":[{\"type\":\"null\"}]}}", "/S", "[null]", "[1]" },
    { "{\"openapi\":\"3.1.0\",\"jsonSchemaDialect\":"
      "\"https://spec.openapis.org/oas/3.1/dialect/base\","
      "\"S\":{\"prefixItems\":[{\"type\":\"null\"}]}}", "/S", "[null]",
      "[1]" },

    /* the meta-schemas are at hand */

    { "{\"$ref\":\"http://json-schema.org/draft-07/schema#\"}", "",
      "{\"type\":\"string\"}", "{\"type\":5}" },
    { "{\"$ref\":\"https://json-schema.org/draft/2019-09/schema\"}", "",
      "{\"items\":[{}]}", "{\"items\":[{\"type\":5}]}" },
    { "{\"$ref\":\"https://json-schema.org/draft/2020-12/schema\"}", "",
      "{\"items\":{}}", "{\"items\":{\"not\":{\"type\":5}}}" },
    { "{\"$ref\":\"https://json-schema.org/draft/2020-12/meta/"
      "format-assertion\"}", "", "{\"format\":\"\"}", "{\"format\":5}" },
    { "{\"$ref\":\"https://spec.openapis.org/oas/3.1/dialect/base\"}", "",
      "{\"xml\":{\"name\":\"\"}}", "{\"properties\":{\"a\":{\"xml\":5}}}" },

    /* numbers of a schema are exact, too */

    { "{\"maximum\":18446744073709551616}", "", "18446744073709551616",
      "18446744073709551617" },
    { "{\"const\":1e400}", "", "10e399", "1e401" },
    { "{\"enum\":[12345678901234567890.5]}", "", "123456789012345678905e-1",
      "12345678901234567890" },
    { "{\"multipleOf\":0.01}", "", "4.35", "4.355" },
    { "{\"type\":\"integer\"}", "", "1e400", "1e-400" },
};


static bd_schema_t *
compile(const char *schema, const char *pointer, bd_schema_error_t *error)
{
    bd_schema_options_t  options;

    memset(&options, 0, sizeof(options));
    memset(error, 0x5a, sizeof(*error));

    return bd_schema_compile_text(bd_test_slice(schema), pointer, &options,
                                  error);
}


static int
judge(const bd_schema_t *schema, const char *text)
{
    bd_schema_violation_t  violation;

    return bd_schema_judge(schema, bd_test_slice(text), NULL, &violation);
}


static void
test_misuse(void **state)
{
    size_t              i;
    bd_schema_error_t   error;

    (void) state;

    for (i = 0; i < bd_test_count(misuses); i++) {
        if (compile(misuses[i].schema, "", &error) != NULL) {
            fail_msg("compiles: %s", misuses[i].schema);
        }

        assert_string_equal(error.pointer, misuses[i].pointer);
        assert_true(strlen(error.message) > 8);
        assert_null(strchr(error.message, '\n'));
    }
}


static void
test_taken(void **state)
{
    size_t              i;
    bd_schema_t        *schema;
    bd_schema_error_t   error;

    (void) state;

    for (i = 0; i < bd_test_count(taken); i++) {
        schema = compile(taken[i], "", &error);

        if (schema == NULL) {
            fail_msg("%s: %s: %s", taken[i], error.pointer, error.message);
        }

        bd_schema_free(schema);
    }

    bd_schema_free(NULL);
}


static void
test_meaning(void **state)
{
    size_t               i;
    bd_schema_t         *schema;
    bd_schema_error_t    error;
    const bd_meaning_t  *m;

    (void) state;

    for (i = 0; i < bd_test_count(meanings); i++) {
        m = &meanings[i];
        schema = compile(m->schema, m->pointer, &error);

        if (schema == NULL) {
            fail_msg("%s: %s: %s", m->schema, error.pointer, error.message);
        }

        if (judge(schema, m->valid) != 0 || judge(schema, m->invalid) != 1) {
            fail_msg("%s", m->schema);
        }

        bd_schema_free(schema);
    }
}


static void
test_not_json(void **state)
{
    bd_schema_error_t  error;

    (void) state;

    assert_null(compile("{", "", &error));
    assert_string_equal(error.pointer, "");

    assert_null(compile("{\"type\":\"null\",\"type\":\"null\"}", "", &error));
    assert_null(compile("{}", "/a", &error));
    assert_null(compile("{}", "a", &error));
    assert_null(compile("[{}]", "/1", &error));
}


/* 250 levels are a schema, more are not; and no stack overflows. */
static void
test_deep(void **state)
{
    static const size_t  levels[] = { 250, 260, 10000, 1000000 };

    size_t              i, n;
    bd_buf_t            text;
    bd_schema_t        *schema;
    bd_schema_error_t   error;

    (void) state;

    for (i = 0; i < bd_test_count(levels); i++) {
        text = BD_BUF_EMPTY;

        for (n = 0; n < levels[i]; n++) {
            bd_buf_puts(&text, "{\"not\":");
        }

        bd_buf_puts(&text, "true");

        for (n = 0; n < levels[i]; n++) {
            bd_buf_puts(&text, "}");
        }

        assert_false(text.failed);

        schema = compile(text.data, "", &error);
        assert_int_equal(schema != NULL, levels[i] == 250);

        bd_schema_free(schema);
        bd_buf_free(&text);
    }
}


typedef struct {
    int  calls;
} bd_loads_t;


static int
load(void *data, const char *uri, bd_json_t *document, const char **error)
{
    bd_loads_t  *loads;

    loads = data;
    loads->calls++;

    if (strcmp(uri, "http://example.com/a/b.json") == 0) {
        return bd_json_load(document, bd_slice("{\"$ref\":\"c.json#x\"}"), 99);
    }

    if (strcmp(uri, "http://example.com/a/c.json") == 0) {
        return bd_json_load(document,
                            bd_slice("{\"$defs\":{\"X\":{\"$anchor\":\"x\","
                                     "\"type\":\"null\"}}}"), 99);
    }

    if (strcmp(uri, "http://example.com/bad.json") == 0) {
        return bd_json_load(document, bd_slice("{\"type\":5}"), 99);
    }

    /* one leads to the next, without an end */

    if (strncmp(uri, "urn:chain:", 10) == 0) {
        char  text[100];

        (void) snprintf(text, sizeof(text), "{\"$schema\":\"urn:chain:%d\"}",
                        loads->calls);
        return bd_json_load(document, bd_test_slice(text), 99);
    }

    *error = "which is a riddle";

    return -1;
}


static void
test_loader(void **state)
{
    bd_loads_t            loads;
    bd_schema_t          *schema;
    bd_schema_error_t     error;
    bd_schema_options_t   options;

    (void) state;

    memset(&options, 0, sizeof(options));
    memset(&loads, 0, sizeof(loads));
    options.loader = load;
    options.loader_data = &loads;

    schema = bd_schema_compile_text(
        bd_slice("{\"$id\":\"http://example.com/a/\",\"allOf\":["
                 "{\"$ref\":\"b.json\"},{\"$ref\":\"x/../b.json#\"}]}"),
        "", &options, &error);
    assert_non_null(schema);
    assert_int_equal(loads.calls, 2);
    assert_int_equal(judge(schema, "null"), 0);
    assert_int_equal(judge(schema, "1"), 1);
    bd_schema_free(schema);

    assert_null(bd_schema_compile_text(
        bd_slice("{\"$ref\":\"http://example.com/bad.json\"}"), "", &options,
        &error));
    assert_string_equal(error.pointer, "/type");
    assert_non_null(strstr(error.message, "<http://example.com/bad.json>"));

    assert_null(bd_schema_compile_text(
        bd_slice("{\"items\":{\"$ref\":\"http://example.com/none\"}}"), "",
        &options, &error));
    assert_string_equal(error.pointer, "/items/$ref");
    assert_non_null(strstr(error.message, "which is a riddle"));

    assert_null(bd_schema_compile_text(
        bd_slice("{\"$schema\":\"urn:chain:0\"}"), "", &options, &error));
    assert_true(loads.calls < 50);
}


/* Each document that is built in is a schema, and valid by its $schema. */
static void
test_builtins(void **state)
{
    char                        declared[200];
    json_t                     *document;
    bd_schema_t                *schema;
    bd_schema_error_t           error;
    bd_schema_options_t         options;
    const bd_schema_builtin_t  *builtin;

    (void) state;

    memset(&options, 0, sizeof(options));

    for (builtin = bd_schema_builtins; builtin->uri != NULL; builtin++) {
        schema = bd_schema_compile_text(bd_slice_make(builtin->data,
                                                      builtin->len),
                                        "", &options, &error);
        assert_non_null(schema);
        bd_schema_free(schema);

        document = json_loadb((const char *) builtin->data, builtin->len, 0,
                              NULL);
        (void) snprintf(declared, sizeof(declared), "{\"$ref\":\"%s\"}",
                        json_string_value(json_object_get(document,
                                                          "$schema")));
        json_decref(document);

        schema = compile(declared, "", &error);
        assert_non_null(schema);
        assert_int_equal(bd_schema_judge(schema,
                                         bd_slice_make(builtin->data,
                                                       builtin->len), NULL,
                                         &(bd_schema_violation_t) { "", "",
                                                                    "" }), 0);
        bd_schema_free(schema);
    }

    assert_true(builtin - bd_schema_builtins >= 19);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_misuse),
        cmocka_unit_test(test_taken),
        cmocka_unit_test(test_meaning),
        cmocka_unit_test(test_not_json),
        cmocka_unit_test(test_deep),
        cmocka_unit_test(test_loader),
        cmocka_unit_test(test_builtins),
    };

    return cmocka_run_group_tests_name("bd_schema_compile", tests, NULL,
                                       NULL);
}
