/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The read: GET and HEAD of one job, from the precontent phase on, that is
 * behind everything of nginx that may refuse a request.  This file alone
 * changes ctx->state.
 *
 *   state    event                           next
 *   START    Redis is to be asked            LOOKUP
 *            no Redis, or it is not asked    FETCH
 *   LOOKUP   a fresh entry                   READY  (hit)
 *            nothing, stale, no answer       FETCH
 *   FETCH    the fetch has ended             READY
 *   any      the client leaves               (the cleanup of ctx takes
 *                                             us off what we wait for)
 *
 * While waiting the phase handler returns NGX_AGAIN as often as nginx calls
 * it.  READY means that ctx->answer is set, and the content handler becomes
 * ours, or that the request goes upstream by itself (ctx->direct).
 *
 * Who owns what: the context is the request's; an operation of Redis belongs
 * to the client of Redis and is cancelled by the cleanup; a fetch belongs to
 * nobody but itself, we merely stand in its list; an answer is shared, our
 * reference goes with the request's pool.
 *
 * A worker that dies takes its requests along.  A reload leaves us in the old
 * worker, which stays until its requests are done.
 */


#include "ngx_http_batch_dial_module.h"


static ngx_int_t ngx_http_batch_dial_read_start(ngx_http_request_t *r,
    ngx_http_batch_dial_ctx_t *ctx);
static ngx_int_t ngx_http_batch_dial_read_wait(ngx_http_request_t *r);
static void ngx_http_batch_dial_read_looked_up(void *data, redisReply *reply);
static ngx_int_t ngx_http_batch_dial_read_fetch(ngx_http_batch_dial_ctx_t *ctx,
    ngx_http_batch_dial_cache_e cache);
static ngx_int_t ngx_http_batch_dial_read_failed(
    ngx_http_batch_dial_ctx_t *ctx);
static void ngx_http_batch_dial_read_ready(ngx_http_batch_dial_ctx_t *ctx,
    ngx_int_t rc);
static ngx_int_t ngx_http_batch_dial_read_take(ngx_http_batch_dial_ctx_t *ctx,
    ngx_http_batch_dial_answer_t *a);
static void ngx_http_batch_dial_read_drop(void *data);
static void ngx_http_batch_dial_read_resume(ngx_http_batch_dial_ctx_t *ctx);


ngx_int_t
ngx_http_batch_dial_read_handler(ngx_http_request_t *r)
{
    ngx_int_t                   rc;
    ngx_http_batch_dial_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_batch_dial_module);

    if (ctx == NULL) {

        /* with "satisfy any" another module's word ends the access phase */

        rc = ngx_http_batch_dial_access_handler(r);
        if (rc != NGX_DECLINED) {
            return rc;
        }

        ctx = ngx_http_get_module_ctx(r, ngx_http_batch_dial_module);
    }

    if (ctx == NULL || r != r->main || ctx->class != BD_CLASS_READ) {
        return NGX_DECLINED;
    }

    if (ctx->state == NGX_HTTP_BATCH_DIAL_START) {
        rc = ngx_http_batch_dial_read_start(r, ctx);

        if (rc != NGX_AGAIN) {
            ngx_http_batch_dial_read_ready(ctx, rc);
        }
    }

    if (ctx->state != NGX_HTTP_BATCH_DIAL_READY) {
        return NGX_AGAIN;
    }

    if (ctx->failed) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (ctx->direct) {
        return NGX_DECLINED;
    }

    /* past the rest of the phase: try_files would lead away from the answer,
     * mirror is the fetch's */

    r->content_handler = ngx_http_batch_dial_serve_handler;

    return NGX_OK;
}


static ngx_int_t
ngx_http_batch_dial_read_start(ngx_http_request_t *r,
    ngx_http_batch_dial_ctx_t *ctx)
{
    ngx_http_batch_dial_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(r, ngx_http_batch_dial_module);

    if (mcf->redis == NULL) {
        ctx->cache_status.fwd = BD_FWD_URI_MISS;
        return ngx_http_batch_dial_read_fetch(ctx, NGX_HTTP_BATCH_DIAL_MISS);
    }

    ctx->op = ngx_http_batch_dial_store_lookup(mcf, &ctx->id, ctx->credential,
                                           ngx_http_batch_dial_read_looked_up,
                                           ctx);
    if (ctx->op == NULL) {
        ctx->cache_status.fwd = BD_FWD_BYPASS;
        ctx->cache_status.detail = "redis-down";

        return ngx_http_batch_dial_read_fetch(ctx,
                                              NGX_HTTP_BATCH_DIAL_BYPASS);
    }

    ctx->op_start = ngx_current_msec;
    ctx->state = NGX_HTTP_BATCH_DIAL_LOOKUP;

    return ngx_http_batch_dial_read_wait(r);
}


static ngx_int_t
ngx_http_batch_dial_read_wait(ngx_http_request_t *r)
{
    ngx_event_t  *rev;

    /* to notice the client leaving; phases otherwise block reading */

    rev = r->connection->read;

    if (rev->ready) {
        ngx_post_event(rev, &ngx_posted_events);

    } else if (ngx_handle_read_event(rev, 0) != NGX_OK) {
        return NGX_ERROR;
    }

    r->read_event_handler = ngx_http_test_reading;

    return NGX_AGAIN;
}


static void
ngx_http_batch_dial_read_looked_up(void *data, redisReply *reply)
{
    ngx_http_batch_dial_ctx_t *ctx = data;

    int64_t                           left;
    ngx_int_t                         rc;
    ngx_uint_t                        failed;
    ngx_http_request_t               *r;
    ngx_http_batch_dial_answer_t     *a;
    ngx_http_batch_dial_main_conf_t  *mcf;

    r = ctx->request;
    mcf = ngx_http_get_module_main_conf(r, ngx_http_batch_dial_module);

    ctx->op = NULL;
    ctx->redis_time = ngx_current_msec - ctx->op_start;

    a = ngx_http_batch_dial_store_entry(mcf, &ctx->id, ctx->credential, reply,
                                        &failed);

    left = a ? a->entry.fetched_ms + a->entry.ttl_ms
               - ngx_http_batch_dial_now()
             : 0;

    if (left > 0) {
        ctx->cache = NGX_HTTP_BATCH_DIAL_HIT;
        ctx->tier = NGX_HTTP_BATCH_DIAL_TIER_REDIS;
        ctx->cache_status.ttl = left / 1000;
        ctx->cache_status.detail = "redis";

        ngx_http_batch_dial_count(mcf, hit);

        rc = ngx_http_batch_dial_read_take(ctx, a);

    } else if (a) {
        ngx_http_batch_dial_answer_unref(a);

        ctx->cache_status.fwd = BD_FWD_STALE;
        rc = ngx_http_batch_dial_read_fetch(ctx, NGX_HTTP_BATCH_DIAL_EXPIRED);

    } else if (failed) {
        ctx->cache_status.fwd = BD_FWD_BYPASS;
        ctx->cache_status.detail = "redis-down";
        rc = ngx_http_batch_dial_read_fetch(ctx, NGX_HTTP_BATCH_DIAL_BYPASS);

    } else {
        ctx->cache_status.fwd = BD_FWD_URI_MISS;
        rc = ngx_http_batch_dial_read_fetch(ctx, NGX_HTTP_BATCH_DIAL_MISS);
    }

    if (rc != NGX_AGAIN) {
        ngx_http_batch_dial_read_ready(ctx, rc);
        ngx_http_batch_dial_read_resume(ctx);
    }
}


/*
 * Returns NGX_AGAIN while waiting, NGX_OK when an answer is there at once,
 * or NGX_ERROR.
 */

static ngx_int_t
ngx_http_batch_dial_read_fetch(ngx_http_batch_dial_ctx_t *ctx,
    ngx_http_batch_dial_cache_e cache)
{
    ngx_http_request_t               *r;
    ngx_http_batch_dial_main_conf_t  *mcf;

    r = ctx->request;
    mcf = ngx_http_get_module_main_conf(r, ngx_http_batch_dial_module);

    ctx->cache = cache;
    ctx->tier = NGX_HTTP_BATCH_DIAL_TIER_UPSTREAM;

    switch (cache) {

    case NGX_HTTP_BATCH_DIAL_EXPIRED:
        ngx_http_batch_dial_count(mcf, expired);
        break;

    case NGX_HTTP_BATCH_DIAL_BYPASS:
        ngx_http_batch_dial_count(mcf, bypass);
        break;

    default:
        ngx_http_batch_dial_count(mcf, miss);
    }

    if (ngx_http_batch_dial_fetch_start(ctx) != NGX_OK) {
        return ngx_http_batch_dial_read_failed(ctx);
    }

    ctx->state = NGX_HTTP_BATCH_DIAL_FETCH;

    return ngx_http_batch_dial_read_wait(r);
}


/* No connection or memory left to ask upstream with. */

static ngx_int_t
ngx_http_batch_dial_read_failed(ngx_http_batch_dial_ctx_t *ctx)
{
    ngx_http_batch_dial_answer_t  *a;

    a = ngx_http_batch_dial_answer_create(ngx_cycle->log);
    if (a == NULL) {
        return NGX_ERROR;
    }

    a->problem = BD_PROBLEM_UPSTREAM_UNREACHABLE;
    a->status = NGX_HTTP_BAD_GATEWAY;

    return ngx_http_batch_dial_read_take(ctx, a);
}


void
ngx_http_batch_dial_read_fetched(ngx_http_batch_dial_ctx_t *ctx,
    ngx_http_batch_dial_answer_t *a)
{
    ngx_int_t                        rc;
    ngx_http_request_t              *r;
    ngx_http_batch_dial_loc_conf_t  *blcf;

    r = ctx->request;

    ngx_http_batch_dial_answer_ref(a);

    rc = ngx_http_batch_dial_read_take(ctx, a);

    if (a->kind == NGX_HTTP_BATCH_DIAL_ANSWER_DIRECT) {
        blcf = ngx_http_get_module_loc_conf(r, ngx_http_batch_dial_module);

        ctx->direct = 1;

        if (ngx_http_discard_request_body(r) != NGX_OK
            || ngx_http_batch_dial_canonical_uri(r, &blcf->path, &ctx->id)
               != NGX_OK
            || ngx_http_batch_dial_canonical_headers(r, r) != NGX_OK)
        {
            rc = NGX_ERROR;
        }

    } else {
        r->upstream_states = a->states;
    }

    ctx->cache_status.fwd_status = a->upstream_status;
    ctx->cache_status.stored = a->stored;

    ngx_http_batch_dial_read_ready(ctx, rc);
    ngx_http_batch_dial_read_resume(ctx);
}


static void
ngx_http_batch_dial_read_ready(ngx_http_batch_dial_ctx_t *ctx, ngx_int_t rc)
{
    ctx->state = NGX_HTTP_BATCH_DIAL_READY;
    ctx->failed = (rc != NGX_OK);
}


/*
 * Makes the caller's reference the request's.  Returns NGX_OK, or NGX_ERROR
 * with the reference dropped.
 */

static ngx_int_t
ngx_http_batch_dial_read_take(ngx_http_batch_dial_ctx_t *ctx,
    ngx_http_batch_dial_answer_t *a)
{
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(ctx->request->pool, 0);
    if (cln == NULL) {
        ngx_http_batch_dial_answer_unref(a);
        return NGX_ERROR;
    }

    cln->handler = ngx_http_batch_dial_read_drop;
    cln->data = a;

    ctx->answer = a;

    return NGX_OK;
}


static void
ngx_http_batch_dial_read_drop(void *data)
{
    ngx_http_batch_dial_answer_unref(data);
}


static void
ngx_http_batch_dial_read_resume(ngx_http_batch_dial_ctx_t *ctx)
{
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    r = ctx->request;
    c = r->connection;                  /* r may be gone below */

    ngx_http_set_log_request(c->log, r);

    if (!r->discard_body) {
        r->read_event_handler = ngx_http_block_reading;
    }

    ngx_http_core_run_phases(r);
    ngx_http_run_posted_requests(c);
}
