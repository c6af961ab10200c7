/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The processor time of jansson's parse alone, and of parse plus validation
 * here, in one process and by turns: bench_schema SCHEMA JOB ROUNDS.  Prints
 * a line of nanoseconds for each round.
 */


#define _POSIX_C_SOURCE  200809L

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "bd_buf.h"
#include "bd_schema.h"


#define BENCH_TURNS  2000


static void bench_read(const char *path, bd_buf_t *text);
static double bench_now(void);
static double bench_jansson(bd_slice_t text, size_t flags);
static double bench_parse(bd_slice_t text);
static double bench_judge(const bd_schema_t *schema, bd_slice_t text);


int
main(int argc, char **argv)
{
    int                   round;
    bd_buf_t              schema_text, job;
    bd_schema_t          *schema;
    bd_schema_error_t     error;
    bd_schema_options_t   options;

    if (argc != 4) {
        fputs("usage: bench_schema SCHEMA JOB ROUNDS\n", stderr);
        return 2;
    }

    memset(&options, 0, sizeof(options));
    bench_read(argv[1], &schema_text);
    bench_read(argv[2], &job);

    schema = bd_schema_compile_text(bd_buf_slice(&schema_text), "", &options,
                                    &error);
    if (schema == NULL) {
        fprintf(stderr, "%s: %s\n", error.pointer, error.message);
        return 2;
    }

    for (round = 0; round < atoi(argv[3]); round++) {
        printf("jansson %.1f\n", bench_jansson(bd_buf_slice(&job), 0));
        printf("jansson-reject-duplicates %.1f\n",
               bench_jansson(bd_buf_slice(&job), JSON_REJECT_DUPLICATES));
        printf("batch-dial-parse %.1f\n", bench_parse(bd_buf_slice(&job)));
        printf("batch-dial %.1f\n", bench_judge(schema, bd_buf_slice(&job)));
    }

    bd_schema_free(schema);
    bd_buf_free(&schema_text);
    bd_buf_free(&job);

    return 0;
}


static void
bench_read(const char *path, bd_buf_t *text)
{
    char    buf[4096];
    FILE   *file;
    size_t  n;

    *text = BD_BUF_EMPTY;

    file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        exit(2);
    }

    while ((n = fread(buf, 1, sizeof(buf), file)) != 0) {
        bd_buf_add(text, buf, n);
    }

    (void) fclose(file);
}


/* The processor time of this process, in nanoseconds. */
static double
bench_now(void)
{
    struct timespec  t;

    (void) clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);

    return (double) t.tv_sec * 1e9 + (double) t.tv_nsec;
}


static double
bench_jansson(bd_slice_t text, size_t flags)
{
    int      i;
    double   start;
    json_t  *root;

    start = bench_now();

    for (i = 0; i < BENCH_TURNS; i++) {
        root = json_loadb((const char *) text.data, text.len, flags, NULL);

        if (root == NULL) {
            abort();
        }

        json_decref(root);
    }

    return (bench_now() - start) / BENCH_TURNS;
}


static double
bench_parse(bd_slice_t text)
{
    int        i;
    double     start;
    bd_json_t  document;

    start = bench_now();

    for (i = 0; i < BENCH_TURNS; i++) {
        if (bd_json_parse(&document, text, BD_SCHEMA_DEPTH_MAX) != 0) {
            abort();
        }

        bd_json_free(&document);
    }

    return (bench_now() - start) / BENCH_TURNS;
}


static double
bench_judge(const bd_schema_t *schema, bd_slice_t text)
{
    int                     i;
    double                  start;
    bd_schema_violation_t   violation;

    start = bench_now();

    for (i = 0; i < BENCH_TURNS; i++) {
        if (bd_schema_judge(schema, text, NULL, &violation) != 0) {
            abort();
        }
    }

    return (bench_now() - start) / BENCH_TURNS;
}
