/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * What upstream said of a pair, or of its credential, a short while ago, so
 * that it is not asked again: a refusal that is remembered, the answer that
 * asked to be left alone, the failure of the last fetch.  read.c calls, with
 * what it has seen in memory.
 *
 * A refusal is served as it came.  In place of the others a copy is better, if
 * it may stand in; else they come with the time that is left in Retry-After.
 */


#include "ngx_http_batch_dial_answer.h"
#include "ngx_http_batch_dial_read_private.h"
#include "bd_problem.h"


static ngx_int_t ngx_http_batch_dial_read_again(ngx_http_batch_dial_ctx_t *ctx,
    ngx_http_batch_dial_answer_t *a, int64_t until);


ngx_uint_t
ngx_http_batch_dial_read_negative(ngx_http_batch_dial_ctx_t *ctx,
    bd_look_t *look)
{
    int64_t                        until, mono;
    bd_pair_t                      pair;
    ngx_http_batch_dial_answer_t  *a;

    a = NULL;
    until = 0;
    mono = ngx_http_batch_dial_mono();
    pair = ngx_http_batch_dial_pair(ctx->credential, &ctx->id);

    if (look->rejection_len && look->rejection_until > mono
        && look->rejected_ms >= look->accepted_ms)
    {
        until = look->rejection_until;
        a = ngx_http_batch_dial_memory_rejection(
                                       ngx_http_batch_dial_read_mcf(ctx),
                                       &pair, look->rejection_len);

    } else if (look->outcome == BD_OUTCOME_REFUSAL
               && look->outcome_until > mono)
    {
        until = look->outcome_until;
        a = ngx_http_batch_dial_memory_outcome(
                                       ngx_http_batch_dial_read_mcf(ctx),
                                       &pair, look->outcome_len);
    }

    if (a == NULL || ngx_http_batch_dial_read_take(ctx, a) != NGX_OK) {
        return 0;
    }

    ngx_http_batch_dial_read_is(ctx, NGX_HTTP_BATCH_DIAL_NEGATIVE,
                                NGX_HTTP_BATCH_DIAL_TIER_MEMORY);

    ctx->shared = 1;
    ctx->cache_status.ttl = (until - mono) / 1000;
    ctx->cache_status.detail = "negative";

    return 1;
}


ngx_int_t
ngx_http_batch_dial_read_held(ngx_http_batch_dial_ctx_t *ctx, bd_look_t *look)
{
    bd_pair_t                      pair;
    ngx_http_batch_dial_answer_t  *a;

    if (ngx_http_batch_dial_read_stands_in(ctx, look,
                        &ngx_http_batch_dial_read_stats(ctx)->stale_hold_off))
    {
        return NGX_OK;
    }

    pair = ngx_http_batch_dial_pair(ctx->credential, &ctx->id);

    a = look->hold_len
        ? ngx_http_batch_dial_memory_held(ngx_http_batch_dial_read_mcf(ctx),
                                          &pair, look->hold_len)
        : NULL;

    if (a == NULL) {
        a = ngx_http_batch_dial_answer_problem(BD_PROBLEM_RATE_LIMITED);
    }

    return ngx_http_batch_dial_read_again(ctx, a, look->hold_until);
}


ngx_int_t
ngx_http_batch_dial_read_backed_off(ngx_http_batch_dial_ctx_t *ctx,
    bd_look_t *look)
{
    bd_pair_t                      pair;
    ngx_http_batch_dial_answer_t  *a;

    if (ngx_http_batch_dial_read_stands_in(ctx, look,
                         &ngx_http_batch_dial_read_stats(ctx)->stale_backoff))
    {
        return NGX_OK;
    }

    pair = ngx_http_batch_dial_pair(ctx->credential, &ctx->id);

    a = ngx_http_batch_dial_memory_outcome(ngx_http_batch_dial_read_mcf(ctx),
                                           &pair, look->outcome_len);
    if (a == NULL) {
        a = ngx_http_batch_dial_answer_problem(
                                              BD_PROBLEM_UPSTREAM_UNREACHABLE);
    }

    return ngx_http_batch_dial_read_again(ctx, a, look->outcome_until);
}


/* What upstream said last, and when it may be asked again. */

static ngx_int_t
ngx_http_batch_dial_read_again(ngx_http_batch_dial_ctx_t *ctx,
    ngx_http_batch_dial_answer_t *a, int64_t until)
{
    int64_t  left;

    if (a == NULL || ngx_http_batch_dial_read_take(ctx, a) != NGX_OK) {
        return NGX_ERROR;
    }

    left = until - ngx_http_batch_dial_mono();

    ngx_http_batch_dial_read_is(ctx, NGX_HTTP_BATCH_DIAL_NEGATIVE,
                                NGX_HTTP_BATCH_DIAL_TIER_MEMORY);

    ctx->shared = 1;
    ctx->retry_after = (ngx_uint_t) ((left + 999) / 1000);
    ctx->cache_status.ttl = left / 1000;
    ctx->cache_status.detail = "negative";

    return NGX_OK;
}
