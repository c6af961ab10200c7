/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Error bodies: problem details for HTTP APIs, RFC 9457.  They name what is
 * wrong and where, never a value from a body and never a token.
 */


#ifndef _BD_PROBLEM_H_INCLUDED_
#define _BD_PROBLEM_H_INCLUDED_


#include "bd_slice.h"


typedef enum {
    BD_PROBLEM_MISSING_CREDENTIAL = 0,  /* 401 */
    BD_PROBLEM_INVALID_CREDENTIAL,      /* 401, or 400 for two of them */
    BD_PROBLEM_INVALID_JOB_ID,          /* 400 */
    BD_PROBLEM_INVALID_RESPONSE,        /* 502 */
    BD_PROBLEM_UPSTREAM_UNREACHABLE,    /* 502 */
    BD_PROBLEM_UPSTREAM_TIMEOUT,        /* 504 */
    BD_PROBLEM_LOCK_TIMEOUT,            /* 504 */
    BD_PROBLEM_RATE_LIMITED,            /* 429 */
    BD_PROBLEM_N
} bd_problem_e;


/* Where a body breaks the schema: JSON pointers and a keyword. */
typedef struct {
    bd_slice_t  instance;
    bd_slice_t  keyword;
    bd_slice_t  schema;
} bd_violation_t;


/* The usual status of a type. */
int bd_problem_status(bd_problem_e type);

/*
 * Writes the body to out: type, title, status, detail, and with n > 0 the
 * member violations.  Strings are escaped as JSON; bytes that are not UTF-8
 * become U+FFFD.
 *
 * Returns the length the whole body has.  Nothing is written past size: with
 * out NULL and size 0 the call measures.
 */
size_t bd_problem_format(char *out, size_t size, bd_problem_e type, int status,
    const bd_violation_t *violations, size_t n);


#endif /* _BD_PROBLEM_H_INCLUDED_ */
