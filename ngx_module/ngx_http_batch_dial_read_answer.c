/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * What is served to a read: the entry that was found, as a hit or in place of
 * what cannot be had, or what a flight has brought; and what is said of it in
 * Cache-Status, variables and counters.  For read.c and read_negative.c, which
 * know why.
 *
 * An answer is set once.  When that fails, ctx->answer stays NULL, and read.c
 * makes a 500 of it.
 */


#include "ngx_http_batch_dial_answer.h"
#include "ngx_http_batch_dial_detached.h"
#include "ngx_http_batch_dial_read_private.h"
#include "bd_entry.h"
#include "bd_problem.h"


static ngx_int_t ngx_http_batch_dial_read_direct(
    ngx_http_batch_dial_ctx_t *ctx);
static void ngx_http_batch_dial_read_drop(void *data);
static int64_t ngx_http_batch_dial_read_seconds(int64_t ms);


ngx_uint_t
ngx_http_batch_dial_read_stands_in(ngx_http_batch_dial_ctx_t *ctx,
    bd_look_t *look, ngx_atomic_t *cause)
{
    int64_t                          left;
    ngx_http_batch_dial_loc_conf_t  *blcf;

    if (ctx->cached == NULL
        || ngx_http_batch_dial_read_live(ctx, look) == BD_DEAD)
    {
        return 0;
    }

    blcf = ngx_http_batch_dial_read_blcf(ctx);
    left = ngx_http_batch_dial_read_left(ctx, look);

    if (left > 0) {
        ngx_http_batch_dial_read_serve_cached(ctx, NGX_HTTP_BATCH_DIAL_HIT,
                                              left);
        return 1;
    }

    if (!bd_stale_if_error(left, &blcf->bounds)
        && !bd_stale_while_revalidate(left, &blcf->bounds))
    {
        return 0;
    }

    (void) ngx_atomic_fetch_add(cause, 1);

    ngx_http_batch_dial_read_serve_cached(ctx, NGX_HTTP_BATCH_DIAL_STALE,
                                          left);
    return 1;
}


ngx_int_t
ngx_http_batch_dial_read_failed(ngx_http_batch_dial_ctx_t *ctx,
    ngx_http_batch_dial_answer_t *a)
{
    bd_look_t                     look;
    ngx_atomic_t                 *cause;
    ngx_http_batch_dial_stats_t  *stats;

    stats = ngx_http_batch_dial_read_stats(ctx);
    cause = &stats->stale_error;

    if (a->kind == NGX_HTTP_BATCH_DIAL_ANSWER_PROBLEM) {

        if (a->problem == BD_PROBLEM_LOCK_TIMEOUT) {
            cause = &stats->stale_lock_timeout;

        } else if (a->problem == BD_PROBLEM_INVALID_RESPONSE) {
            cause = &stats->stale_invalid;
        }
    }

    ngx_http_batch_dial_read_look(ctx, &look);

    return ngx_http_batch_dial_read_stands_in(ctx, &look, cause)
           ? NGX_OK : ngx_http_batch_dial_read_answered(ctx, a);
}


ngx_int_t
ngx_http_batch_dial_read_answered(ngx_http_batch_dial_ctx_t *ctx,
    ngx_http_batch_dial_answer_t *a)
{
    ngx_http_batch_dial_cache_e  cache;

    ngx_http_batch_dial_answer_ref(a);

    if (ngx_http_batch_dial_read_take(ctx, a) != NGX_OK) {
        return NGX_ERROR;
    }

    ctx->shared = !ctx->leads || a->kept;

    if (ctx->bypass) {
        cache = NGX_HTTP_BATCH_DIAL_BYPASS;
        ctx->cache_status.fwd = BD_FWD_BYPASS;
        ctx->cache_status.detail = "redis-down";

    } else if (ctx->cached) {
        cache = NGX_HTTP_BATCH_DIAL_EXPIRED;
        ctx->cache_status.fwd = BD_FWD_STALE;

    } else {
        cache = NGX_HTTP_BATCH_DIAL_MISS;
        ctx->cache_status.fwd = BD_FWD_URI_MISS;
    }

    if (ctx->shared) {
        cache = NGX_HTTP_BATCH_DIAL_COALESCED;
        ctx->cache_status.collapsed = 1;

    } else {
        ctx->request->upstream_states = a->states;
        ctx->cache_status.fwd_status = a->upstream_status;
        ctx->cache_status.stored = a->stored;
    }

    ngx_http_batch_dial_read_is(ctx, cache, NGX_HTTP_BATCH_DIAL_TIER_UPSTREAM);

    return a->kind == NGX_HTTP_BATCH_DIAL_ANSWER_DIRECT
           ? ngx_http_batch_dial_read_direct(ctx) : NGX_OK;
}


/* Too large to be held: the client's own request goes upstream. */

static ngx_int_t
ngx_http_batch_dial_read_direct(ngx_http_batch_dial_ctx_t *ctx)
{
    ngx_http_request_t              *r;
    ngx_http_batch_dial_loc_conf_t  *blcf;

    r = ctx->request;
    blcf = ngx_http_batch_dial_read_blcf(ctx);

    r->upstream_states = NULL;
    ctx->direct = 1;

    if (ngx_http_discard_request_body(r) != NGX_OK
        || ngx_http_batch_dial_canonical_uri(r, &blcf->path, &ctx->id)
           != NGX_OK
        || ngx_http_batch_dial_canonical_headers(r, r) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


void
ngx_http_batch_dial_read_serve_cached(ngx_http_batch_dial_ctx_t *ctx,
    ngx_http_batch_dial_cache_e cache, int64_t left)
{
    ngx_http_batch_dial_answer_t  *a;

    a = ctx->cached;
    ctx->cached = NULL;

    if (ngx_http_batch_dial_read_take(ctx, a) != NGX_OK) {
        return;
    }

    ngx_http_batch_dial_read_is(ctx, cache, ctx->cached_tier);

    ctx->cache_status.ttl = ngx_http_batch_dial_read_seconds(left);

    if (left <= 0) {
        ctx->cache_status.detail = "stale";
        return;
    }

    if (ctx->cached_tier == NGX_HTTP_BATCH_DIAL_TIER_MEMORY) {
        ctx->cache_status.detail = "memory";
        ngx_http_batch_dial_count(ngx_http_batch_dial_read_mcf(ctx),
                                  hit_memory);

    } else {
        ctx->cache_status.detail = "redis";
        ngx_http_batch_dial_count(ngx_http_batch_dial_read_mcf(ctx),
                                  hit_redis);
    }
}


void
ngx_http_batch_dial_read_is(ngx_http_batch_dial_ctx_t *ctx,
    ngx_http_batch_dial_cache_e cache, ngx_http_batch_dial_tier_e tier)
{
    ngx_atomic_t                 *counter;
    ngx_http_batch_dial_stats_t  *stats;

    stats = ngx_http_batch_dial_read_stats(ctx);

    ctx->cache = cache;
    ctx->tier = tier;

    switch (cache) {

    case NGX_HTTP_BATCH_DIAL_HIT:
        counter = &stats->hit;
        break;

    case NGX_HTTP_BATCH_DIAL_STALE:
        counter = &stats->stale;
        break;

    case NGX_HTTP_BATCH_DIAL_UPDATING:
        counter = &stats->updating;
        break;

    case NGX_HTTP_BATCH_DIAL_NEGATIVE:
        counter = &stats->negative;
        break;

    case NGX_HTTP_BATCH_DIAL_COALESCED:
        counter = &stats->coalesced;
        break;

    case NGX_HTTP_BATCH_DIAL_EXPIRED:
        (void) ngx_atomic_fetch_add(&stats->expired, 1);
        return;

    case NGX_HTTP_BATCH_DIAL_BYPASS:
        (void) ngx_atomic_fetch_add(&stats->bypass, 1);
        return;

    default:
        (void) ngx_atomic_fetch_add(&stats->miss, 1);
        return;
    }

    /* these have cost upstream nothing */

    (void) ngx_atomic_fetch_add(counter, 1);
    (void) ngx_atomic_fetch_add(&stats->saved, 1);
}


ngx_int_t
ngx_http_batch_dial_read_take(ngx_http_batch_dial_ctx_t *ctx,
    ngx_http_batch_dial_answer_t *a)
{
    ngx_pool_cleanup_t  *cln;

    if (!a->borrowed) {
        cln = ngx_pool_cleanup_add(ctx->request->pool, 0);
        if (cln == NULL) {
            ngx_http_batch_dial_answer_unref(a);
            return NGX_ERROR;
        }

        cln->handler = ngx_http_batch_dial_read_drop;
        cln->data = a;
    }

    ctx->answer = a;

    return NGX_OK;
}


static void
ngx_http_batch_dial_read_drop(void *data)
{
    ngx_http_batch_dial_answer_unref(data);
}


int64_t
ngx_http_batch_dial_read_left(ngx_http_batch_dial_ctx_t *ctx, bd_look_t *look)
{
    int64_t      left, doubt;
    bd_entry_t  *e;

    e = &ctx->cached->entry;
    left = bd_fresh_left(e->fetched_ms, e->ttl_ms, ngx_http_batch_dial_now());

    if (ctx->cached_tier == NGX_HTTP_BATCH_DIAL_TIER_MEMORY
        && look->doubtful)
    {
        doubt = look->known_ms + BD_DOUBT_MS - ngx_http_batch_dial_mono();
        left = ngx_min(left, doubt);
    }

    return left;
}


/* Rounded down, so that what is stale for a moment is so by -1. */

static int64_t
ngx_http_batch_dial_read_seconds(int64_t ms)
{
    return ms >= 0 ? ms / 1000 : -((-ms + 999) / 1000);
}


bd_live_e
ngx_http_batch_dial_read_live(ngx_http_batch_dial_ctx_t *ctx, bd_look_t *look)
{
    return bd_live(look->accepted_ms, look->rejected_ms,
                   ngx_http_batch_dial_now(),
                   &ngx_http_batch_dial_read_blcf(ctx)->bounds);
}


void
ngx_http_batch_dial_read_look(ngx_http_batch_dial_ctx_t *ctx, bd_look_t *look)
{
    bd_pair_t  pair;

    pair = ngx_http_batch_dial_pair(ctx->credential, &ctx->id);

    ngx_http_batch_dial_memory_look(ngx_http_batch_dial_read_mcf(ctx), &pair,
                                    look);
}
