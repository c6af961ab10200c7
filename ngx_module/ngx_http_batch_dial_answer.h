/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Answers: what there is to send for a read, counted by reference, and as
 * bytes.  Everything above the zone and Redis deals in them.
 */


#ifndef _NGX_HTTP_BATCH_DIAL_ANSWER_H_INCLUDED_
#define _NGX_HTTP_BATCH_DIAL_ANSWER_H_INCLUDED_


#include "ngx_http_batch_dial_module.h"
#include "bd_entry.h"
#include "bd_problem.h"


/*
 * What there is to send for a read, wherever it came from.  An answer lives
 * in a pool of its own and is shared by reference: whoever needs it past the
 * event that gave it to him takes a reference and drops it when done.
 */

typedef enum {
    NGX_HTTP_BATCH_DIAL_ANSWER_PROBLEM = 0, /* made by the gateway */
    NGX_HTTP_BATCH_DIAL_ANSWER_ENTRY,       /* a 200 that may be stored */
    NGX_HTTP_BATCH_DIAL_ANSWER_PASS,        /* upstream's, as it is */
    NGX_HTTP_BATCH_DIAL_ANSWER_DIRECT       /* too large to hold: the client's
                                               request goes upstream itself */
} ngx_http_batch_dial_answer_e;


struct ngx_http_batch_dial_answer_s {
    ngx_pool_t                        *pool;
    ngx_uint_t                         refs;

    ngx_http_batch_dial_answer_e       kind;
    ngx_uint_t                         status;          /* to the client */
    ngx_uint_t                         upstream_status; /* 0: none came */

    bd_entry_t                         entry;       /* slices into pool */
    ngx_array_t                        headers;     /* of ngx_keyval_t; PASS */

    bd_problem_e                       problem;
    bd_schema_violation_t             *violation;   /* or NULL */

    ngx_array_t                       *states;      /* $upstream_... of the
                                                       fetch, or NULL */
    ngx_http_batch_dial_schema_e       schema;
    ngx_msec_t                         hold;        /* upstream asks to be
                                                       left alone so long */
    unsigned                           stored:1;
    unsigned                           failure:1;   /* upstream told nothing of
                                                       the job: a stale copy is
                                                       better */
    unsigned                           no_store:1;  /* for one client alone */
    unsigned                           expired:1;   /* by more than time: its
                                                       ttl_ms is cut */
    unsigned                           kept:1;      /* read from bytes: another
                                                       has fetched it */
    unsigned                           borrowed:1;  /* the pool is a
                                                       request's */
    uint32_t                           full_ttl_ms; /* before it expired */
};


/*
 * Creates an answer in a pool of its own, with one reference.
 * Returns NULL when memory is short.
 */
ngx_http_batch_dial_answer_t *ngx_http_batch_dial_answer_create(
    ngx_log_t *log);

/* The same in a request's pool: it is for that request alone. */
ngx_http_batch_dial_answer_t *ngx_http_batch_dial_answer_create_in(
    ngx_pool_t *pool);

/* One who needs it more, or less; the last takes it along. */
void ngx_http_batch_dial_answer_ref(ngx_http_batch_dial_answer_t *a);
void ngx_http_batch_dial_answer_unref(ngx_http_batch_dial_answer_t *a);

/* A new answer that is a problem, or NULL when memory is short. */
ngx_http_batch_dial_answer_t *ngx_http_batch_dial_answer_problem(
    bd_problem_e problem);

/*
 * Copies data into the answer's pool and points *slice at the copy.
 * Returns NGX_OK or NGX_ERROR.
 */
ngx_int_t ngx_http_batch_dial_answer_copy(ngx_http_batch_dial_answer_t *a,
    bd_slice_t *slice, const void *data, size_t len);

/*
 * The answer as bytes (bd_entry.h), as others than the client it was fetched
 * for may see it, with room for a seal behind them; to be freed by
 * ngx_free().  Returns NULL when memory is short or the answer is too large
 * to be kept.
 */
u_char *ngx_http_batch_dial_answer_encode(ngx_http_batch_dial_answer_t *a,
    size_t *len);

/*
 * Reads the bytes into the answer, which then points into them: they lie in
 * its pool.  Returns NGX_OK or NGX_ERROR.
 */
ngx_int_t ngx_http_batch_dial_answer_decode(ngx_http_batch_dial_answer_t *a,
    bd_slice_t data);

/* 1 for a header field of upstream's that others may see than the client it
 * was sent to: without these status or body could not be understood. */
ngx_uint_t ngx_http_batch_dial_answer_shows(ngx_str_t *name);

/*
 * An entry has expired by a write, or since events may be missed: it is fresh
 * for so long only.
 */
void ngx_http_batch_dial_answer_expire(ngx_http_batch_dial_answer_t *a,
    uint32_t ttl_ms);

/* A new answer made of a copy of the bytes; or NULL. */
ngx_http_batch_dial_answer_t *ngx_http_batch_dial_answer_of(bd_slice_t data);


#endif /* _NGX_HTTP_BATCH_DIAL_ANSWER_H_INCLUDED_ */
