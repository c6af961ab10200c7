/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Invalidation: nothing of a job is served any more as it was.  For writes and
 * purges, and for the worker, which has the journal delivered.
 */


#ifndef _NGX_HTTP_BATCH_DIAL_INVALIDATE_H_INCLUDED_
#define _NGX_HTTP_BATCH_DIAL_INVALIDATE_H_INCLUDED_


#include "ngx_http_batch_dial_answer.h"


typedef enum {
    NGX_HTTP_BATCH_DIAL_CAUSE_WRITE = 0,
    NGX_HTTP_BATCH_DIAL_CAUSE_UNKNOWN,      /* a write's outcome is */
    NGX_HTTP_BATCH_DIAL_CAUSE_CREATE,
    NGX_HTTP_BATCH_DIAL_CAUSE_PURGE
} ngx_http_batch_dial_cause_e;


typedef struct {
    ngx_uint_t  stands;     /* as far as Redis and this host know, no other
                               invalidation came between the announcement of
                               the write and this one */
    uint64_t    epoch;      /* the job's, as of this one */
} ngx_http_batch_dial_settled_t;


typedef void (*ngx_http_batch_dial_invalidated_pt)(void *data,
    const ngx_http_batch_dial_settled_t *settled);

/*
 * Invalidates a job on this host, in Redis and on the other nodes.  token is
 * that of the write's announcement, or 0, and epoch the job's epoch of then.
 * handler, which may be NULL, is called once, from the event loop, when it has
 * been done, or been put into the journal.
 *
 * Returns the invalidation to wait for; or NULL when all is done already and
 * handler will not be called: then *settled, if not NULL, is set.
 */
ngx_http_batch_dial_invalidation_t *ngx_http_batch_dial_invalidate(
    ngx_http_batch_dial_main_conf_t *mcf, ngx_str_t *id,
    ngx_http_batch_dial_cause_e cause, uint64_t token, uint64_t epoch,
    ngx_http_batch_dial_settled_t *settled,
    ngx_http_batch_dial_invalidated_pt handler, void *data);

/* Makes sure that the handler is not called; the rest goes on. */
void ngx_http_batch_dial_invalidate_detach(
    ngx_http_batch_dial_invalidation_t *inv);

/*
 * Stores the answer to a write whose invalidation stands, for the one who
 * wrote, unless something has happened since.  epoch is the job's as of the
 * invalidation.
 */
void ngx_http_batch_dial_write_through(ngx_http_batch_dial_main_conf_t *mcf,
    ngx_http_batch_dial_loc_conf_t *blcf, ngx_str_t *id,
    const u_char *credential, uint64_t token, uint64_t epoch,
    ngx_http_batch_dial_answer_t *a);

/* Tells Redis of what is in the journal, if it is there again. */
void ngx_http_batch_dial_journal_deliver(
    ngx_http_batch_dial_main_conf_t *mcf);


#endif /* _NGX_HTTP_BATCH_DIAL_INVALIDATE_H_INCLUDED_ */
