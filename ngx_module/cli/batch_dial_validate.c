/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * batch-dial-validate: the schema gate as a command.
 *
 * Exits 0 when every FILE is valid, 1 when one is not, 2 on an unusable
 * schema, an unreadable FILE or wrong arguments.
 */


#define _POSIX_C_SOURCE  200809L

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include "bd_buf.h"
#include "bd_schema.h"


#define BD_VALID       0
#define BD_INVALID     1
#define BD_UNUSABLE    2



/* A prefix of URIs, and what takes its place in the name of a file. */
typedef struct {
    bd_slice_t             prefix;
    const char            *path;
} bd_resolve_t;


typedef struct {
    bd_schema_options_t    schema;
    bd_resolve_t          *resolves;
    size_t                 nresolves;
    int                    all;
    int                    json;
} bd_options_t;


/* The report on one FILE. */
typedef struct {
    const char            *file;
    json_t                *errors;
    int                    failed;      /* memory was short */
} bd_report_t;


static int bd_parse_option(bd_options_t *options, const char *arg);
static int bd_usage(void);
static bd_schema_t *bd_compile(const bd_options_t *options, const char *arg);
static int bd_load(void *data, const char *uri, bd_json_t *document,
    const char **error);
static int bd_read(const char *path, bd_buf_t *out);
static int bd_validate(const bd_options_t *options, const bd_schema_t *schema,
    const char *file);
static int bd_judge_json(const bd_schema_t *schema, bd_slice_t text);
static void bd_collect_json(void *data, const bd_schema_finding_t *finding);
static void bd_collect_line(void *data, const bd_schema_finding_t *finding);
static void bd_print_violation(const char *file, const char *instance,
    const char *keyword, const char *schema);
static void bd_print_escaped(FILE *out, const char *s);


int
main(int argc, char **argv)
{
    int            i, rc, worst;
    bd_schema_t   *schema;
    bd_options_t   options;

    memset(&options, 0, sizeof(bd_options_t));

    options.resolves = calloc((size_t) argc, sizeof(bd_resolve_t));
    if (options.resolves == NULL) {
        perror("batch-dial-validate");
        return BD_UNUSABLE;
    }

    options.schema.loader = bd_load;
    options.schema.loader_data = &options;

    for (i = 1; i < argc && argv[i][0] == '-'; i++) {
        if (strcmp(argv[i], "--") == 0) {
            i++;
            break;
        }

        if (bd_parse_option(&options, argv[i]) != 0) {
            free(options.resolves);
            return bd_usage();
        }
    }

    if (i == argc) {
        free(options.resolves);
        return bd_usage();
    }

    schema = bd_compile(&options, argv[i++]);
    worst = (schema == NULL) ? BD_UNUSABLE : BD_VALID;

    for ( /* void */ ; schema != NULL && i < argc; i++) {
        rc = bd_validate(&options, schema, argv[i]);
        worst = (rc > worst) ? rc : worst;
    }

    bd_schema_free(schema);
    free(options.resolves);

    if (fflush(stdout) != 0) {
        perror("batch-dial-validate: standard output");
        return BD_UNUSABLE;
    }

    return worst;
}


static int
bd_parse_option(bd_options_t *options, const char *arg)
{
    static const char  resolve[] = "--resolve=";

    const char    *equals;
    bd_resolve_t  *r;

    if (strcmp(arg, "--format=assert") == 0) {
        options->schema.format = BD_SCHEMA_FORMAT_ASSERT;
        return 0;
    }

    if (strcmp(arg, "--format=annotate") == 0) {
        options->schema.format = BD_SCHEMA_FORMAT_ANNOTATE;
        return 0;
    }

    if (strcmp(arg, "--all") == 0) {
        options->all = 1;
        return 0;
    }

    if (strcmp(arg, "--output=json") == 0) {
        options->json = 1;
        return 0;
    }

    if (strncmp(arg, resolve, sizeof(resolve) - 1) != 0) {
        return -1;
    }

    /* a URI may hold "=", so the last one ends it */

    arg += sizeof(resolve) - 1;
    equals = strrchr(arg, '=');

    if (equals == NULL) {
        return -1;
    }

    r = &options->resolves[options->nresolves++];
    r->prefix = bd_slice_make(arg, (size_t) (equals - arg));
    r->path = equals + 1;

    return 0;
}


static int
bd_usage(void)
{
    fputs("usage: batch-dial-validate [--format=assert|annotate] [--all]"
          " [--output=json]\n"
          "           [--resolve=URI-PREFIX=DIR]... SCHEMA[#/pointer]"
          " FILE...\n", stderr);

    return BD_UNUSABLE;
}


static bd_schema_t *
bd_compile(const bd_options_t *options, const char *arg)
{
    char                *path;
    bd_buf_t             text;
    const char          *hash, *pointer;
    bd_schema_t         *schema;
    bd_schema_error_t    error;

    hash = strchr(arg, '#');
    pointer = hash ? hash + 1 : "";

    path = strndup(arg, hash ? (size_t) (hash - arg) : strlen(arg));
    text = BD_BUF_EMPTY;
    schema = NULL;

    if (path == NULL || bd_read(path, &text) != 0) {
        fputs("batch-dial-validate: ", stderr);
        bd_print_escaped(stderr, arg);
        fprintf(stderr, ": %s\n", strerror(errno));

    } else {
        schema = bd_schema_compile_text(bd_buf_slice(&text), pointer,
                                        &options->schema, &error);
    }

    if (schema == NULL && path != NULL && text.data != NULL) {
        fputs("batch-dial-validate: ", stderr);
        bd_print_escaped(stderr, path);
        fputs("#", stderr);
        bd_print_escaped(stderr, error.pointer);
        fputs(": ", stderr);
        bd_print_escaped(stderr, error.message);
        fputs("\n", stderr);
    }

    bd_buf_free(&text);
    free(path);

    return schema;
}


/* The loader of the schema compiler: the first prefix that has the file. */
static int
bd_load(void *data, const char *uri, bd_json_t *document, const char **error)
{
    int                  rc;
    size_t               i;
    bd_buf_t             path, text;
    const bd_options_t  *options;
    const bd_resolve_t  *r;

    options = data;
    *error = "which no --resolve leads to";

    for (i = 0; i < options->nresolves; i++) {
        r = &options->resolves[i];

        if (strncmp(uri, (const char *) r->prefix.data, r->prefix.len) != 0) {
            continue;
        }

        path = BD_BUF_EMPTY;
        text = BD_BUF_EMPTY;

        bd_buf_puts(&path, r->path);
        bd_buf_puts(&path, uri + r->prefix.len);

        *error = "whose file is not to be read";
        rc = path.failed ? -1 : bd_read(path.data, &text);

        if (rc == 0) {
            *error = "whose file is not JSON";
            rc = bd_json_load(document, bd_buf_slice(&text),
                              BD_SCHEMA_LEVELS) ? 1 : 0;
        }

        bd_buf_free(&path);
        bd_buf_free(&text);

        if (rc != -1) {
            return rc ? -1 : 0;
        }
    }

    return -1;
}


/* The whole file; -1 with errno when it is not to be read. */
static int
bd_read(const char *path, bd_buf_t *out)
{
    int     failed;
    char    buf[16384];
    FILE   *file;
    size_t  n;

    file = fopen(path, "rb");
    if (file == NULL) {
        return -1;
    }

    bd_buf_add(out, "", 0);

    do {
        n = fread(buf, 1, sizeof(buf), file);
        bd_buf_add(out, buf, n);
    } while (n != 0);

    failed = ferror(file) ? errno : out->failed ? ENOMEM : 0;

    (void) fclose(file);

    if (failed) {
        bd_buf_free(out);
        errno = failed;
        return -1;
    }

    return 0;
}


static int
bd_validate(const bd_options_t *options, const bd_schema_t *schema,
    const char *file)
{
    int                     rc;
    bd_buf_t                text;
    bd_report_t             report;
    bd_schema_violation_t   violation;

    text = BD_BUF_EMPTY;

    if (bd_read(file, &text) != 0) {
        fputs("batch-dial-validate: ", stderr);
        bd_print_escaped(stderr, file);
        fprintf(stderr, ": %s\n", strerror(errno));
        return BD_UNUSABLE;
    }

    report.file = file;

    if (options->json) {
        rc = bd_judge_json(schema, bd_buf_slice(&text));

    } else if (options->all) {
        rc = bd_schema_judge_all(schema, bd_buf_slice(&text), bd_collect_line,
                                 &report);

    } else {
        rc = bd_schema_judge(schema, bd_buf_slice(&text), NULL, &violation);

        if (rc == 1) {
            bd_print_violation(file, violation.instance, violation.keyword,
                               violation.schema);
        }
    }

    bd_buf_free(&text);

    if (rc == 0 && !options->json) {
        bd_print_escaped(stdout, file);
        puts(": valid");
    }

    if (rc == -1) {
        fputs("batch-dial-validate: memory is short\n", stderr);
        return BD_UNUSABLE;
    }

    return rc ? BD_INVALID : BD_VALID;
}


/* The "basic" form of JSON Schema Core 2020-12, section 12.4.2, on a line. */
static int
bd_judge_json(const bd_schema_t *schema, bd_slice_t text)
{
    int           rc;
    json_t       *output;
    bd_report_t   report;

    memset(&report, 0, sizeof(bd_report_t));
    report.errors = json_array();

    rc = bd_schema_judge_all(schema, text, bd_collect_json, &report);

    output = json_pack("{sb}", "valid", rc == 0);

    if (output == NULL || report.failed
        || (rc == 1
            && json_object_set(output, "errors", report.errors) != 0))
    {
        rc = -1;
    }

    if (rc != -1) {
        (void) json_dumpf(output, stdout, JSON_COMPACT);
        puts("");
    }

    json_decref(output);
    json_decref(report.errors);

    return rc;
}


static void
bd_collect_json(void *data, const bd_schema_finding_t *finding)
{
    bd_report_t  *report;

    report = data;

    if (json_array_append_new(report->errors,
                              json_pack("{s:b,s:s,s:s,s:s,s:s++}",
                                        "valid", 0,
                                        "keywordLocation", finding->path,
                                        "absoluteKeywordLocation",
                                        finding->uri,
                                        "instanceLocation", finding->instance,
                                        "error", "fails \"", finding->keyword,
                                        "\""))
        != 0)
    {
        report->failed = 1;
    }
}


static void
bd_collect_line(void *data, const bd_schema_finding_t *finding)
{
    bd_report_t  *report;

    report = data;

    bd_print_violation(report->file, finding->instance, finding->keyword,
                       finding->schema);
}


static void
bd_print_violation(const char *file, const char *instance,
    const char *keyword, const char *schema)
{
    bd_print_escaped(stdout, file);
    fputs(": invalid: ", stdout);
    bd_print_escaped(stdout, instance);
    fputs(": ", stdout);
    fputs(keyword, stdout);

    if (strcmp(keyword, "json") != 0) {
        fputs(" (", stdout);
        bd_print_escaped(stdout, schema);
        fputs(")", stdout);
    }

    puts("");
}


/* Control characters as JSON writes them: a terminal must not obey them. */
static void
bd_print_escaped(FILE *out, const char *s)
{
    static const char  controls[] = "\b\f\n\r\t";
    static const char  names[] = "bfnrt";

    const char  *p;

    for ( /* void */ ; *s != '\0'; s++) {
        p = strchr(controls, *s);

        if (p != NULL) {
            fprintf(out, "\\%c", names[p - controls]);

        } else if ((unsigned char) *s < 0x20 || *s == 0x7f) {
            fprintf(out, "\\u%04x", (unsigned) *s);

        } else {
            fputc(*s, out);
        }
    }
}
