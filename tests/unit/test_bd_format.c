/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The names of the formats, and the optional/format tests of the official
 * JSON Schema test suite, of three drafts.
 *
 * The suite is Debian's libtest-json-schema-acceptance-perl; the environment
 * variable BD_JSON_SCHEMA_SUITE names another copy's folder.
 */


#include <glob.h>
#include <jansson.h>
#include "test_bd_format_cases.h"


#define BD_SUITE  "/usr/share/perl5/auto/share/dist/Test-JSON-Schema-Acceptance"


typedef struct {
    const char  *name;
    unsigned     valid;         /* how many such values were seen */
    unsigned     invalid;
} bd_suite_format_t;


static const char  *bd_format_names[] = {
    "date-time", "date", "time", "duration", "email", "idn-email", "hostname",
    "idn-hostname", "ipv4", "ipv6", "uri", "uri-reference", "iri",
    "iri-reference", "uuid", "uri-template", "json-pointer",
    "relative-json-pointer", "regex"
};

#define BD_FORMATS  (sizeof(bd_format_names) / sizeof(bd_format_names[0]))


static void
bd_suite_glob(const char *draft, glob_t *files)
{
    int          n;
    char         pattern[512];
    const char  *suite;

    suite = getenv("BD_JSON_SCHEMA_SUITE");

    n = snprintf(pattern, sizeof(pattern), "%s/tests/%s/optional/format/*.json",
                 suite != NULL ? suite : BD_SUITE, draft);
    assert_in_range(n, 1, sizeof(pattern) - 1);

    if (glob(pattern, GLOB_ERR, NULL, files) != 0) {
        fail_msg("no test suite at %s: install "
                 "libtest-json-schema-acceptance-perl", pattern);
    }
}


static bd_suite_format_t *
bd_suite_find(bd_suite_format_t *formats, const char *name)
{
    size_t  i;

    for (i = 0; i < BD_FORMATS; i++) {
        if (strcmp(formats[i].name, name) == 0) {
            return &formats[i];
        }
    }

    return NULL;
}


/* Judges the strings of one group of tests; other types are the validator's
 * affair.  Returns how many verdicts are wrong. */
static int
bd_suite_group(const json_t *group, bd_suite_format_t *formats)
{
    int                 failed, valid;
    size_t              i;
    json_t             *test, *data;
    const char         *name;
    bd_format_pt        check;
    bd_suite_format_t  *format;

    name = json_string_value(json_object_get(json_object_get(group, "schema"),
                                             "format"));
    assert_non_null(name);

    check = bd_format_lookup(bd_slice_make(name, strlen(name)));

    if (strcmp(name, "unknown") == 0) {
        assert_null(check);
        return 0;
    }

    assert_non_null(check);

    format = bd_suite_find(formats, name);
    assert_non_null(format);

    failed = 0;

    json_array_foreach(json_object_get(group, "tests"), i, test) {
        data = json_object_get(test, "data");

        if (!json_is_string(data)) {
            continue;
        }

        valid = json_is_true(json_object_get(test, "valid"));
        *(valid ? &format->valid : &format->invalid) += 1;

        if (bd_format_verdict(check, json_string_value(data),
                              json_string_length(data)) != valid)
        {
            print_error("%s: %s\n", name, json_string_value(
                        json_object_get(test, "description")));
            failed++;
        }
    }

    return failed;
}


/* absent names the formats the draft does not have. */
static void
bd_suite_draft(const char *draft, const char *absent)
{
    int                failed;
    size_t             i, j;
    glob_t             files;
    json_t            *groups, *group;
    bd_suite_format_t  formats[BD_FORMATS];

    for (i = 0; i < BD_FORMATS; i++) {
        formats[i] = (bd_suite_format_t) { bd_format_names[i], 0, 0 };
    }

    bd_suite_glob(draft, &files);
    failed = 0;

    for (i = 0; i < files.gl_pathc; i++) {
        groups = json_load_file(files.gl_pathv[i], JSON_ALLOW_NUL, NULL);
        assert_true(json_is_array(groups));

        json_array_foreach(groups, j, group) {
            failed += bd_suite_group(group, formats);
        }

        json_decref(groups);
    }

    globfree(&files);

    assert_int_equal(failed, 0);

    for (i = 0; i < BD_FORMATS; i++) {
        if (strstr(absent, formats[i].name) != NULL) {
            assert_int_equal(formats[i].valid + formats[i].invalid, 0);
            continue;
        }

        if (formats[i].valid == 0 || formats[i].invalid == 0) {
            fail_msg("%s has no tests of %s", draft, formats[i].name);
        }
    }
}


/* The grammar has tests of its own; this is about the way there. */
static void
test_regex(void **state)
{
    static const bd_format_case_t  cases[] = {
        bd_valid("^(a|b)*\\u{1F600}$", "ECMA-262, 22.2.1"),
        bd_valid("", "ECMA-262, 22.2.1: an empty Alternative"),
        bd_invalid("(", "ECMA-262, 22.2.1"),
        bd_invalid("\\Z", "ECMA-262, 22.2.1: PCRE2's own")
    };

    bd_run_cases("regex", cases);
}


static void
test_suite_2020_12(void **state)
{
    bd_suite_draft("draft2020-12", "");
}


static void
test_suite_2019_09(void **state)
{
    bd_suite_draft("draft2019-09", "");
}


static void
test_suite_7(void **state)
{
    bd_suite_draft("draft7", "duration uuid");
}


/* Validation, section 7.3 has no other; names are compared as they are. */
static void
test_lookup(void **state)
{
    size_t  i, j;

    for (i = 0; i < BD_FORMATS; i++) {
        assert_non_null(bd_format_lookup(bd_slice_make(bd_format_names[i],
                                               strlen(bd_format_names[i]))));

        for (j = 0; j < i; j++) {
            assert_string_not_equal(bd_format_names[i], bd_format_names[j]);
        }
    }

    assert_null(bd_format_lookup(bd_slice("")));
    assert_null(bd_format_lookup(bd_slice("dat")));
    assert_null(bd_format_lookup(bd_slice("dates")));
    assert_null(bd_format_lookup(bd_slice("Date")));
    assert_null(bd_format_lookup(bd_slice("date\0")));
    assert_null(bd_format_lookup(bd_slice("int32")));
    assert_null(bd_format_lookup(bd_slice("ip-address")));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_lookup),
        cmocka_unit_test(test_regex),
        cmocka_unit_test(test_suite_2020_12),
        cmocka_unit_test(test_suite_2019_09),
        cmocka_unit_test(test_suite_7)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
