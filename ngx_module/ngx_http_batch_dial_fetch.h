/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The fetch: one question to upstream.  A flight makes it, runs or drops it,
 * and is told; the filter hands it what its request would send.  The write
 * borrows what it knows of upstream's answers.
 */


#ifndef _NGX_HTTP_BATCH_DIAL_FETCH_H_INCLUDED_
#define _NGX_HTTP_BATCH_DIAL_FETCH_H_INCLUDED_


#include "ngx_http_batch_dial_answer.h"


typedef void (*ngx_http_batch_dial_fetch_handler_pt)(void *data,
    ngx_http_batch_dial_answer_t *answer);

/*
 * Makes a fetch of ctx's job with ctx's credential: a request of its own that
 * goes the way of ctx's location, not started yet.
 *
 * handler is called once, from the event loop, never from inside a function
 * of the fetch; the answer is borrowed for the call.
 *
 * Returns NULL when memory or connections are short.
 */
ngx_http_batch_dial_fetch_t *ngx_http_batch_dial_fetch_create(
    ngx_http_batch_dial_ctx_t *ctx,
    ngx_http_batch_dial_fetch_handler_pt handler, void *data);

/*
 * Sends it on its way.  Its entry will say that it was fetched under that
 * expiry of the job and generation of the namespace.
 */
void ngx_http_batch_dial_fetch_run(ngx_http_batch_dial_fetch_t *f,
    uint64_t expiry, uint64_t generation);

/* Gives up a fetch that was not run; its handler is not called. */
void ngx_http_batch_dial_fetch_drop(ngx_http_batch_dial_fetch_t *f);

/*
 * The answer to a write of ctx, whose body has been collected, as a new answer
 * that may be stored; NULL when it may not.
 */
ngx_http_batch_dial_answer_t *ngx_http_batch_dial_fetch_written(
    ngx_http_batch_dial_ctx_t *ctx);

/* 1 while what a request sends is upstream's, or what proxy_cache has kept of
 * it; 0 for nginx's own pages. */
ngx_uint_t ngx_http_batch_dial_fetch_upstreams(ngx_http_request_t *r);

/* The filters of a fetch's own request: they take what comes. */
ngx_int_t ngx_http_batch_dial_fetch_header(ngx_http_batch_dial_fetch_t *f,
    ngx_http_request_t *r);
ngx_int_t ngx_http_batch_dial_fetch_body(ngx_http_batch_dial_fetch_t *f,
    ngx_http_request_t *r, ngx_chain_t *in);


#endif /* _NGX_HTTP_BATCH_DIAL_FETCH_H_INCLUDED_ */
