/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Tests of the validator: the verdict with its pointers, the built-in schema,
 * all failures, and the bounds.  What the keywords mean is the matter of the
 * official suite.
 */


#include "bd_test.h"
#include "bd_schema.h"
#include "bd_schema_builtin.h"

#include <stdio.h>
#include <time.h>


#define JOB                                                                   \
    "{\"id\":\"j1\",\"name\":\"n\",\"maxConcurrentDials\":3,"                 \
    "\"callAgentId\":\"a\",\"createdAt\":\"2026-03-14T09:26:53.589Z\","       \
    "\"status\":\"ACTIVE\""

#define SLOT  "{\"startTime\":\"09:00\",\"endTime\":\"17:00\"}"


typedef struct {
    const char  *text;
    const char  *instance;              /* NULL: valid */
    const char  *keyword;
    const char  *schema;
} bd_verdict_t;


static const bd_verdict_t  jobs[] = {
    { JOB "}", NULL, NULL, NULL },
    { JOB ",\"fromPhoneNumberIds\":null,\"schedule\":null}", NULL, NULL,
      NULL },
    { JOB ",\"fromPhoneNumberIds\":[],\"more\":[{}]}", NULL, NULL, NULL },
    { JOB ",\"schedule\":{\"timezone\":\"UTC\",\"days\":[{\"dayOfWeek\":1,"
      "\"timeSlots\":[" SLOT "]}]}}", NULL, NULL, NULL },
    { JOB ",\"huge\":123456789012345678901234567890,\"far\":1e400}", NULL,
      NULL, NULL },
    { JOB ",\"nul\":\"\\u0000\",\"a\\u0000b\":1}", NULL, NULL, NULL },
    { "{\"id\":1}", "/id", "type", "/properties/id/type" },
    { "{}", "", "required", "/required" },
    { "[]", "", "type", "/type" },
    { JOB ",\"fromPhoneNumberIds\":[\"a\",1]}", "/fromPhoneNumberIds/1",
      "type", "/properties/fromPhoneNumberIds/items/type" },
    { JOB ",\"schedule\":{\"timezone\":\"UTC\"}}", "/schedule", "required",
      "/properties/schedule/required" },
    { JOB ",\"schedule\":{\"timezone\":\"UTC\",\"days\":[{\"dayOfWeek\":1.5,"
      "\"timeSlots\":[]}]}}", "/schedule/days/0/dayOfWeek", "type",
      "/properties/schedule/properties/days/items/properties/dayOfWeek/type" },
    { "{\"status\":\"active\"}", "/status", "enum",
      "/properties/status/enum" },
    { "{\"status\":null}", "/status", "type", "/properties/status/type" },
    { "{\"createdAt\":\"2026-02-30T00:00:00Z\"}", "/createdAt", "format",
      "/properties/createdAt/format" },
    { "{\"maxConcurrentDials\":2.5}", "/maxConcurrentDials", "type",
      "/properties/maxConcurrentDials/type" },
    { "", "", "json", "" },
    { "nonsense", "", "json", "" },
    { JOB "} ", NULL, NULL, NULL },
    { JOB "}x", "", "json", "" },
    { JOB ",\"id\":\"j1\"}", "", "json", "" },
    { JOB ",\"x\":{\"a\":1,\"\\u0061\":1}}", "", "json", "" },
    { JOB ",\"x\":\"\xff\"}", "", "json", "" },
    { JOB, "", "json", "" },
};


typedef struct {
    const char    *schema;
    bd_verdict_t   verdict;
} bd_pointer_case_t;


static const bd_pointer_case_t  pointers[] = {
    { "false", { "1", "", "false", "" } },
    { "{\"properties\":{\"a\":false}}",
      { "{\"a\":1}", "/a", "false", "/properties/a" } },
    { "{\"additionalProperties\":false}",
      { "{\"a/b~c\":1}", "/a~1b~0c", "additionalProperties",
        "/additionalProperties" } },
    { "{\"unevaluatedItems\":false}",
      { "[1]", "/0", "unevaluatedItems", "/unevaluatedItems" } },
    { "{\"items\":false}", { "[1]", "/0", "items", "/items" } },
    { "{\"$ref\":\"#/$defs/a\",\"$defs\":{\"a\":{\"minimum\":3}}}",
      { "1", "", "minimum", "/$defs/a/minimum" } },
    { "{\"anyOf\":[{\"type\":\"null\"},{\"minimum\":3}]}",
      { "1", "", "anyOf", "/anyOf" } },
    { "{\"oneOf\":[true,true]}", { "1", "", "oneOf", "/oneOf" } },
    { "{\"not\":{\"type\":\"integer\"}}", { "1", "", "not", "/not" } },
    { "{\"if\":true,\"then\":{\"const\":2}}",
      { "1", "", "const", "/then/const" } },
    { "{\"allOf\":[true,{\"maximum\":0}]}",
      { "1", "", "maximum", "/allOf/1/maximum" } },
    { "{\"propertyNames\":{\"maxLength\":1}}",
      { "{\"ab\":1}", "/ab", "maxLength", "/propertyNames/maxLength" } },
    { "{\"patternProperties\":{\"^a/\":{\"type\":\"null\"}}}",
      { "{\"a/\":1}", "/a~1", "type", "/patternProperties/^a~1/type" } },
    { "{\"dependentRequired\":{\"a\":[\"b\"]}}",
      { "{\"a\":1}", "", "dependentRequired", "/dependentRequired" } },
    { "{\"contains\":{\"type\":\"null\"}}",
      { "[1]", "", "contains", "/contains" } },
    { "{\"contains\":true,\"minContains\":2}",
      { "[1]", "", "minContains", "/minContains" } },
    { "{\"properties\":{\"\":{\"type\":\"null\"}}}",
      { "{\"\":1}", "/", "type", "/properties//type" } },
    { "{\"additionalProperties\":false}",
      { "{\"a\\u0000b\\n\":1}", "/a\xef\xbf\xbd" "b\n", "additionalProperties",
        "/additionalProperties" } },
};


static bd_schema_t *
compile(const char *schema)
{
    bd_schema_t          *compiled;
    bd_schema_error_t     error;
    bd_schema_options_t   options;

    memset(&options, 0, sizeof(options));

    compiled = bd_schema_compile_text(bd_test_slice(schema), "", &options,
                                      &error);
    if (compiled == NULL) {
        fail_msg("%s: %s: %s", schema, error.pointer, error.message);
    }

    return compiled;
}


/* The text in memory of its own, and nothing of it in the verdict. */
static void
check(const bd_schema_t *schema, const bd_verdict_t *verdict)
{
    int                     rc;
    uint8_t                *copy;
    bd_json_t               document;
    bd_slice_t              text;
    bd_schema_violation_t   violation;

    text = bd_test_slice(verdict->text);
    copy = bd_test_copy(text);
    memset(&violation, 0x5a, sizeof(violation));

    rc = bd_schema_judge(schema, bd_slice_make(copy, text.len), &document,
                         &violation);

    if (rc != (verdict->instance != NULL)) {
        fail_msg("%d for %s", rc, verdict->text);
    }

    if (rc == 0) {
        assert_non_null(document.root);
        bd_json_free(&document);
    }

    free(copy);

    if (rc == 1) {
        assert_string_equal(violation.instance, verdict->instance);
        assert_string_equal(violation.keyword, verdict->keyword);
        assert_string_equal(violation.schema, verdict->schema);
    }
}


static void
test_job(void **state)
{
    size_t               i;
    bd_schema_t         *schema;
    bd_schema_error_t    error;
    bd_schema_options_t  options;

    (void) state;

    memset(&options, 0, sizeof(options));

    schema = bd_schema_compile_text(bd_slice_make(bd_schema_builtins[0].data,
                                                  bd_schema_builtins[0].len),
                                    "", &options, &error);
    assert_non_null(schema);

    for (i = 0; i < bd_test_count(jobs); i++) {
        check(schema, &jobs[i]);
    }

    bd_schema_free(schema);
}


static void
test_pointers(void **state)
{
    size_t        i;
    bd_schema_t  *schema;

    (void) state;

    for (i = 0; i < bd_test_count(pointers); i++) {
        schema = compile(pointers[i].schema);
        check(schema, &pointers[i].verdict);
        bd_schema_free(schema);
    }
}


static void
test_format(void **state)
{
    bd_schema_t            *schema;
    bd_schema_error_t       error;
    bd_schema_options_t     options;
    bd_schema_violation_t   violation;

    (void) state;

    memset(&options, 0, sizeof(options));
    options.format = BD_SCHEMA_FORMAT_ANNOTATE;

    schema = bd_schema_compile_text(bd_slice("{\"format\":\"date\"}"), "",
                                    &options, &error);
    assert_non_null(schema);
    assert_int_equal(bd_schema_judge(schema, bd_slice("\"x\""), NULL,
                                     &violation), 0);
    bd_schema_free(schema);

    schema = compile("{\"format\":\"date\"}");
    assert_int_equal(bd_schema_judge(schema, bd_slice("\"x\""), NULL,
                                     &violation), 1);
    assert_string_equal(violation.keyword, "format");
    bd_schema_free(schema);
}


/* A pointer is cut where a character ends. */
static void
test_cut(void **state)
{
    int                     n;
    char                    text[2000];
    size_t                  i, length;
    bd_schema_t            *schema;
    bd_schema_violation_t   violation;

    (void) state;

    schema = compile("{\"additionalProperties\":false}");

    for (length = 505; length < 515; length++) {
        n = snprintf(text, sizeof(text), "{\"");

        for (i = 0; i < length; i++) {
            text[n++] = 'a';
        }

        n += snprintf(text + n, sizeof(text) - (size_t) n,
                      "\xf0\x9f\x98\x80\":1}");

        assert_int_equal(bd_schema_judge(schema,
                                         bd_slice_make(text, (size_t) n),
                                         NULL, &violation), 1);

        i = length + 1;
        i = (i + 4 < BD_SCHEMA_POINTER_MAX) ? i + 4 : i;
        i = (i < BD_SCHEMA_POINTER_MAX) ? i : BD_SCHEMA_POINTER_MAX - 1;
        assert_int_equal(strlen(violation.instance), i);
    }

    bd_schema_free(schema);
}


typedef struct {
    char    text[2000];
    size_t  count;
} bd_lines_t;


static void
collect(void *data, const bd_schema_finding_t *finding)
{
    size_t       n;
    bd_lines_t  *lines;

    lines = data;
    lines->count++;

    n = strlen(lines->text);
    (void) snprintf(lines->text + n, sizeof(lines->text) - n,
                    "%s|%s|%s|%s|%s\n", finding->instance, finding->keyword,
                    finding->schema, finding->path, finding->uri);
}


static void
check_all(const char *schema, const char *text, const char *expected)
{
    bd_lines_t     lines;
    bd_schema_t   *compiled;

    memset(&lines, 0, sizeof(lines));
    compiled = compile(schema);

    assert_int_equal(bd_schema_judge_all(compiled, bd_test_slice(text),
                                         collect, &lines),
                     expected[0] != '\0');
    assert_string_equal(lines.text, expected);

    bd_schema_free(compiled);
}


static void
test_all(void **state)
{
    (void) state;

    check_all("{\"type\":\"string\"}", "\"a\"", "");

    check_all("{\"type\":\"string\",\"enum\":[1],\"maximum\":1}", "2",
              "|type|/type|/type|#/type\n"
              "|enum|/enum|/enum|#/enum\n"
              "|maximum|/maximum|/maximum|#/maximum\n");

    check_all("{\"$id\":\"urn:a\",\"properties\":{\"a b\":{\"$ref\":\"#x\"}},"
              "\"$defs\":{\"X\":{\"$anchor\":\"x\",\"type\":\"null\"}}}",
              "{\"a b\":1}",
              "/a b|type|/$defs/X/type|/properties/a b/$ref/type"
              "|urn:a#/$defs/X/type\n");

    check_all("{\"$defs\":{\"X\":{\"$id\":\"urn:x\",\"items\":{\"maximum\":0"
              "}}},\"$ref\":\"urn:x\",\"required\":[\"a\"]}", "[1,0,2]",
              "/0|maximum|/$defs/X/items/maximum|/$ref/items/maximum"
              "|urn:x#/items/maximum\n"
              "/2|maximum|/$defs/X/items/maximum|/$ref/items/maximum"
              "|urn:x#/items/maximum\n");

    /* branches count when none is valid, a condition never */

    check_all("{\"anyOf\":[{\"minimum\":5},{\"type\":\"null\"}]}", "1",
              "|minimum|/anyOf/0/minimum|/anyOf/0/minimum|#/anyOf/0/minimum\n"
              "|type|/anyOf/1/type|/anyOf/1/type|#/anyOf/1/type\n"
              "|anyOf|/anyOf|/anyOf|#/anyOf\n");
    check_all("{\"anyOf\":[{\"minimum\":5},true]}", "1", "");
    check_all("{\"oneOf\":[{\"minimum\":5},true,true]}", "1",
              "|oneOf|/oneOf|/oneOf|#/oneOf\n");
    check_all("{\"if\":{\"minimum\":5},\"then\":false,\"else\":"
              "{\"maximum\":0}}", "1",
              "|maximum|/else/maximum|/else/maximum|#/else/maximum\n");
    check_all("{\"not\":{\"not\":{\"minimum\":5}}}", "1",
              "|not|/not|/not|#/not\n");

    check_all("{\"additionalProperties\":{\"type\":\"null\"}}",
              "{\"%\xc3\xa9\\u0000\":1}",
              "/%\xc3\xa9\xef\xbf\xbd|type|/additionalProperties/type"
              "|/additionalProperties/type|#/additionalProperties/type\n");
    check_all("{\"properties\":{\"% \":{\"type\":\"null\"}}}",
              "{\"% \":1}",
              "/% |type|/properties/% /type|/properties/% /type"
              "|#/properties/%25%20/type\n");

    check_all("true", "{", "|json|||\n");
}


/* The bounds: each of these is answered at once, and not by a crash. */
static void
test_bounds(void **state)
{
    char                   *text;
    size_t                  i, n;
    clock_t                 start;
    bd_schema_t            *schema;
    bd_schema_violation_t   violation;

    static const struct {
        const char  *schema;
        const char  *open;              /* this 60 times, then close */
        const char  *close;
        const char  *keyword;
    } cases[] = {
        { "{\"allOf\":[{\"items\":{\"$ref\":\"#\"}},{\"items\":{\"$ref\":"
          "\"#\"}}]}", "[", "]", "limit" },
        { "{\"anyOf\":[{\"items\":{\"$ref\":\"#\"},\"not\":{}},{\"items\":"
          "{\"$ref\":\"#\"},\"not\":{}}]}", "[", "]", "limit" },
        { "{\"not\":{\"items\":{\"allOf\":[{\"$ref\":\"#/not\"},{\"$ref\":"
          "\"#/not\"}]}}}", "[", "]", "limit" },
        { "{\"$id\":\"urn:r\",\"$dynamicAnchor\":\"x\",\"properties\":{\"a\":"
          "{\"$ref\":\"urn:b\"}},\"allOf\":[{\"$ref\":\"urn:b\"}],"
          "\"$defs\":{\"b\":{\"$id\":\"urn:b\",\"$defs\":{\"d\":"
          "{\"$dynamicAnchor\":\"x\"}},\"allOf\":[{\"$dynamicRef\":\"#x\"}]}"
          "}}", "{\"a\":", "}", "limit" },
    };

    (void) state;

    text = malloc(10000);
    assert_non_null(text);

    for (i = 0; i < bd_test_count(cases); i++) {
        text[0] = '\0';

        for (n = 0; n < 60; n++) {
            strcat(text, cases[i].open);
        }

        strcat(text, "[]");

        for (n = 0; n < 60; n++) {
            strcat(text, cases[i].close);
        }

        schema = compile(cases[i].schema);
        start = clock();

        assert_int_equal(bd_schema_judge(schema, bd_test_slice(text), NULL,
                                         &violation), 1);
        assert_string_equal(violation.keyword, cases[i].keyword);
        assert_true(clock() - start < CLOCKS_PER_SEC);

        bd_schema_free(schema);
    }

    memset(text, '[', 10000);
    schema = compile("true");
    assert_int_equal(bd_schema_judge(schema, bd_slice_make(text, 10000), NULL,
                                     &violation), 1);
    assert_string_equal(violation.keyword, "json");
    bd_schema_free(schema);

    memset(text, 'a', 10000);
    text[0] = '"';
    text[9998] = 'b';
    text[9999] = '"';
    schema = compile("{\"not\":{\"pattern\":\"^(a+)+$\"}}");
    assert_int_equal(bd_schema_judge(schema, bd_slice_make(text, 10000), NULL,
                                     &violation), 1);
    assert_string_equal(violation.keyword, "pattern");
    assert_string_equal(violation.schema, "/not/pattern");
    bd_schema_free(schema);

    free(text);
}


/* 100 000 items, all different or not, of every type. */
static void
test_unique(void **state)
{
    char                   *text;
    int                     k;
    size_t                  i, n, size;
    clock_t                 start;
    bd_schema_t            *schema;
    bd_schema_violation_t   violation;

    static const char *const  formats[] = {
        "%s%zu", "%s\"%zu\"", "%s%zu.5", "%s[%zu]", "%s{\"a\":%zu}"
    };

    (void) state;

    size = 2000000;
    text = malloc(size);
    assert_non_null(text);

    schema = compile("{\"uniqueItems\":true}");

    for (i = 0; i < bd_test_count(formats); i++) {
        n = 0;

        for (k = 0; k < 100000; k++) {
            n += (size_t) snprintf(text + n, size - n, formats[i],
                                   k ? "," : "[", (size_t) k);
        }

        text[n++] = ']';
        start = clock();

        assert_int_equal(bd_schema_judge(schema, bd_slice_make(text, n), NULL,
                                         &violation), 0);

        /* the last item is one that was there */

        n--;
        n += (size_t) snprintf(text + n, size - n, formats[i], ",",
                               (size_t) 77);
        text[n++] = ']';

        assert_int_equal(bd_schema_judge(schema, bd_slice_make(text, n), NULL,
                                         &violation), 1);
        assert_string_equal(violation.keyword, "uniqueItems");
        assert_true(clock() - start < 4 * CLOCKS_PER_SEC);
    }

    bd_schema_free(schema);
    free(text);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_job),
        cmocka_unit_test(test_pointers),
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_all),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_unique),
    };

    return cmocka_run_group_tests_name("bd_schema_validate", tests, NULL,
                                       NULL);
}
