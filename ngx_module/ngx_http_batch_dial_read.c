/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The read: GET and HEAD of one job, from the precontent phase on, that is
 * behind everything of nginx that may refuse a request.  This file alone
 * changes the state of a read; what is served is in read_answer.c, and of what
 * upstream said a short while ago, in read_negative.c.
 *
 *   state    event                                      next
 *   START    a refusal is remembered                    READY  (negative)
 *            memory has it, fresh, and the credential   READY  (hit)
 *            is live
 *            else, and Redis may be asked               LOOKUP
 *            else                                       as after LOOKUP
 *   LOOKUP   Redis has it, fresh, and the credential    READY  (hit)
 *            is live
 *            upstream is to be left alone               READY  (stale, or what
 *                                                       it said last)
 *            fresh, but the credential is not live      WAIT   (its renewal)
 *            stale, and may be served meanwhile         READY  (updating)
 *            else                                       WAIT   (the flight)
 *   WAIT     landed with an answer                      READY
 *            landed with a failure, or waited too long  READY  (stale, or the
 *                                                       failure)
 *            landed with nothing                        START
 *   any      the client leaves                          (the cleanup of ctx
 *                                                       takes us off what we
 *                                                       wait for)
 *
 * While waiting the phase handler returns NGX_AGAIN as often as nginx calls
 * it.  READY means that ctx->answer is set, and the content handler becomes
 * ours, or that the request goes upstream by itself (ctx->direct).
 *
 * Who owns what: the context is the request's; an operation of Redis belongs
 * to the client of Redis and is cancelled by the cleanup; a flight belongs to
 * nobody but itself, we merely stand in its list; an answer is shared, our
 * references go with the context and with the request's pool.
 *
 * A worker that dies takes its requests along.  A reload leaves us in the old
 * worker, which stays until its requests are done.
 */


#include "ngx_http_batch_dial_answer.h"
#include "ngx_http_batch_dial_context.h"
#include "ngx_http_batch_dial_flight.h"
#include "ngx_http_batch_dial_liveness.h"
#include "ngx_http_batch_dial_read_private.h"
#include "ngx_http_batch_dial_request.h"
#include "ngx_http_batch_dial_store.h"
#include "bd_problem.h"


static ngx_int_t ngx_http_batch_dial_read_start(
    ngx_http_batch_dial_ctx_t *ctx);
static ngx_int_t ngx_http_batch_dial_read_lookup(
    ngx_http_batch_dial_ctx_t *ctx, bd_look_t *look);
static void ngx_http_batch_dial_read_looked_up(void *data, redisReply *reply);
static void ngx_http_batch_dial_read_fill(ngx_http_batch_dial_ctx_t *ctx,
    ngx_http_batch_dial_answer_t *a, bd_look_t *look);
static void ngx_http_batch_dial_read_found(ngx_http_batch_dial_ctx_t *ctx,
    ngx_http_batch_dial_answer_t *a, ngx_http_batch_dial_tier_e tier);
static ngx_uint_t ngx_http_batch_dial_read_hit(ngx_http_batch_dial_ctx_t *ctx,
    bd_look_t *look);
static ngx_int_t ngx_http_batch_dial_read_decide(
    ngx_http_batch_dial_ctx_t *ctx, bd_look_t *look);
static ngx_int_t ngx_http_batch_dial_read_join(ngx_http_batch_dial_ctx_t *ctx,
    ngx_int_t rc);
static void ngx_http_batch_dial_read_landed(ngx_http_batch_dial_ctx_t *ctx,
    ngx_http_batch_dial_answer_t *a);
static void ngx_http_batch_dial_read_ready(ngx_http_batch_dial_ctx_t *ctx,
    ngx_int_t rc);


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

    if (ctx == NULL || r != r->main) {
        return NGX_DECLINED;
    }

    if (ctx->class == BD_CLASS_WRITE) {
        return ngx_http_batch_dial_write_handler(r, ctx);
    }

    if (ctx->class != BD_CLASS_READ) {
        return NGX_DECLINED;
    }

    if (ctx->state == NGX_HTTP_BATCH_DIAL_START) {
        rc = ngx_http_batch_dial_read_start(ctx);

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


/*
 * This and what it calls return NGX_AGAIN while waiting, NGX_OK when an answer
 * is there at once, or NGX_ERROR.
 */

static ngx_int_t
ngx_http_batch_dial_read_start(ngx_http_batch_dial_ctx_t *ctx)
{
    bd_look_t                         look;
    bd_pair_t                         pair;
    ngx_http_batch_dial_answer_t     *entry;
    ngx_http_batch_dial_main_conf_t  *mcf;
    ngx_http_batch_dial_loc_conf_t   *blcf;

    mcf = ngx_http_batch_dial_read_mcf(ctx);
    blcf = ngx_http_batch_dial_read_blcf(ctx);

    ctx->landed = ngx_http_batch_dial_read_landed;
    entry = NULL;

    if (blcf->memory) {
        pair = ngx_http_batch_dial_pair(ctx->credential, &ctx->id);
        entry = ngx_http_batch_dial_memory_entry(mcf, &pair, &look,
                                                 ctx->request->pool);

    } else {
        ngx_http_batch_dial_read_look(ctx, &look);
    }

    if (ngx_http_batch_dial_read_negative(ctx, &look)) {
        return NGX_OK;
    }

    if (entry) {
        ngx_http_batch_dial_read_found(ctx, entry,
                                       NGX_HTTP_BATCH_DIAL_TIER_MEMORY);

        if (ngx_http_batch_dial_read_hit(ctx, &look)) {
            return NGX_OK;
        }
    }

    if (mcf->redis) {
        if (!look.journaled
            && ngx_http_batch_dial_read_lookup(ctx, &look) == NGX_OK)
        {
            return ngx_http_batch_dial_wait(ctx->request);
        }

        ctx->bypass = 1;
    }

    return ngx_http_batch_dial_read_decide(ctx, &look);
}


static ngx_int_t
ngx_http_batch_dial_read_lookup(ngx_http_batch_dial_ctx_t *ctx,
    bd_look_t *look)
{
    ngx_http_batch_dial_main_conf_t  *mcf;

    mcf = ngx_http_batch_dial_read_mcf(ctx);

    /* the replies to these come first */

    if (!look->sure
        || ngx_http_batch_dial_read_live(ctx, look) != BD_LIVE)
    {
        ngx_http_batch_dial_liveness_ask(mcf, ctx->credential);
    }

    ctx->op = ngx_http_batch_dial_store_lookup(mcf, &ctx->id, ctx->credential,
                                           ngx_http_batch_dial_read_looked_up,
                                           ctx);
    if (ctx->op == NULL) {
        return NGX_DECLINED;
    }

    ctx->op_start = ngx_current_msec;
    ctx->epoch = look->epoch;
    ctx->asked_ms = ngx_http_batch_dial_mono();
    ctx->state = NGX_HTTP_BATCH_DIAL_LOOKUP;

    return NGX_OK;
}


static void
ngx_http_batch_dial_read_looked_up(void *data, redisReply *reply)
{
    ngx_http_batch_dial_ctx_t *ctx = data;

    ngx_int_t                         rc;
    bd_look_t                         look;
    ngx_uint_t                        failed;
    ngx_http_batch_dial_answer_t     *a;
    ngx_http_batch_dial_main_conf_t  *mcf;

    mcf = ngx_http_batch_dial_read_mcf(ctx);

    ctx->op = NULL;
    ctx->redis_time = ngx_current_msec - ctx->op_start;

    a = ngx_http_batch_dial_store_entry(mcf, &ctx->id, ctx->credential, reply,
                                        ctx->request->pool, &failed);
    ctx->bypass = failed;

    if (a) {
        ngx_http_batch_dial_read_fill(ctx, a, &look);

    } else {
        ngx_http_batch_dial_read_look(ctx, &look);
    }

    if (a && look.epoch == ctx->epoch && !look.journaled) {
        ngx_http_batch_dial_read_found(ctx, a, NGX_HTTP_BATCH_DIAL_TIER_REDIS);

    } else if (a) {
        ngx_http_batch_dial_answer_unref(a);
    }

    if (look.epoch != ctx->epoch) {

        /* the job has been invalidated since Redis was asked */

        ngx_http_batch_dial_drop_cached(ctx);
    }

    rc = ngx_http_batch_dial_read_hit(ctx, &look)
         ? NGX_OK : ngx_http_batch_dial_read_decide(ctx, &look);

    if (rc != NGX_AGAIN) {
        ngx_http_batch_dial_read_ready(ctx, rc);
        ngx_http_batch_dial_resume(ctx->request);
    }
}


/*
 * Brings what was found in Redis to this host: the entry, and that the
 * credential was accepted when it was fetched.  Then looks at what is known.
 */

static void
ngx_http_batch_dial_read_fill(ngx_http_batch_dial_ctx_t *ctx,
    ngx_http_batch_dial_answer_t *a, bd_look_t *look)
{
    int                               filled;
    size_t                            len;
    u_char                           *p;
    bd_pair_t                         pair;
    bd_memory_t                      *m;
    ngx_http_batch_dial_main_conf_t  *mcf;
    ngx_http_batch_dial_loc_conf_t   *blcf;

    mcf = ngx_http_batch_dial_read_mcf(ctx);
    blcf = ngx_http_batch_dial_read_blcf(ctx);

    filled = -1;
    pair = ngx_http_batch_dial_pair(ctx->credential, &ctx->id);
    p = blcf->memory ? ngx_http_batch_dial_answer_encode(a, &len) : NULL;

    m = ngx_http_batch_dial_memory_lock(mcf);

    (void) bd_memory_accept(m, ctx->credential, a->entry.fetched_ms, 0);

    if (p) {
        filled = bd_memory_fill(m, &pair, ctx->epoch, bd_slice_make(p, len),
                                a->entry.fetched_ms, a->entry.ttl_ms,
                                ctx->asked_ms);
    }

    bd_memory_look(m, &pair, ngx_http_batch_dial_mono(), NULL, 0, look);

    ngx_http_batch_dial_memory_unlock(mcf);

    if (p) {
        ngx_free(p);
    }

    if (filled > 0) {
        ngx_http_batch_dial_count(mcf, memory_stores);

    } else if (filled == 0) {
        ngx_http_batch_dial_count(mcf, memory_stores_fenced);
    }
}


/* Keeps the entry, if it is not older than one found before. */

static void
ngx_http_batch_dial_read_found(ngx_http_batch_dial_ctx_t *ctx,
    ngx_http_batch_dial_answer_t *a, ngx_http_batch_dial_tier_e tier)
{
    ctx->known_ms = ngx_max(ctx->known_ms, a->entry.fetched_ms);

    if (ctx->cached) {

        if (a->entry.fetched_ms < ctx->cached->entry.fetched_ms) {
            ngx_http_batch_dial_answer_unref(a);
            return;
        }

        ngx_http_batch_dial_drop_cached(ctx);
    }

    ctx->cached = a;
    ctx->cached_tier = tier;
}


static ngx_uint_t
ngx_http_batch_dial_read_hit(ngx_http_batch_dial_ctx_t *ctx, bd_look_t *look)
{
    int64_t  left;

    if (ctx->cached == NULL
        || ngx_http_batch_dial_read_live(ctx, look) != BD_LIVE)
    {
        return 0;
    }

    left = ngx_http_batch_dial_read_left(ctx, look);

    if (left <= 0) {
        return 0;
    }

    ngx_http_batch_dial_read_serve_cached(ctx, NGX_HTTP_BATCH_DIAL_HIT, left);

    return 1;
}


static ngx_int_t
ngx_http_batch_dial_read_decide(ngx_http_batch_dial_ctx_t *ctx,
    bd_look_t *look)
{
    int64_t                          left, mono;
    ngx_http_batch_dial_loc_conf_t  *blcf;

    mono = ngx_http_batch_dial_mono();
    blcf = ngx_http_batch_dial_read_blcf(ctx);

    if (look->hold_until > mono) {
        return ngx_http_batch_dial_read_held(ctx, look);
    }

    if (look->outcome == BD_OUTCOME_FAILURE && look->outcome_until > mono) {
        return ngx_http_batch_dial_read_backed_off(ctx, look);
    }

    if (ctx->cached == NULL || ctx->alone) {
        return ngx_http_batch_dial_read_join(ctx,
                           ngx_http_batch_dial_flight_join(ctx, ctx->alone));
    }

    left = ngx_http_batch_dial_read_left(ctx, look);

    if (left > 0) {
        return ngx_http_batch_dial_read_join(ctx,
                                       ngx_http_batch_dial_flight_renew(ctx));
    }

    if (!ctx->cached->expired
        && bd_stale_while_revalidate(left, &blcf->bounds)
        && ngx_http_batch_dial_read_live(ctx, look) == BD_LIVE)
    {
        ngx_http_batch_dial_flight_background(ctx);
        ngx_http_batch_dial_count(ngx_http_batch_dial_read_mcf(ctx),
                                  stale_revalidate);

        ngx_http_batch_dial_read_serve_cached(ctx,
                                              NGX_HTTP_BATCH_DIAL_UPDATING,
                                              left);
        return NGX_OK;
    }

    return ngx_http_batch_dial_read_join(ctx,
                                      ngx_http_batch_dial_flight_join(ctx, 0));
}


static ngx_int_t
ngx_http_batch_dial_read_join(ngx_http_batch_dial_ctx_t *ctx, ngx_int_t rc)
{
    ngx_http_batch_dial_answer_t  *a;

    if (rc == NGX_OK) {
        ctx->state = NGX_HTTP_BATCH_DIAL_WAIT;
        return ngx_http_batch_dial_wait(ctx->request);
    }

    /* no connection or memory left to ask upstream with */

    a = ngx_http_batch_dial_answer_problem(BD_PROBLEM_UPSTREAM_UNREACHABLE);
    if (a == NULL) {
        return NGX_ERROR;
    }

    ctx->leads = 1;
    rc = ngx_http_batch_dial_read_failed(ctx, a);
    ngx_http_batch_dial_answer_unref(a);

    return rc;
}


static void
ngx_http_batch_dial_read_landed(ngx_http_batch_dial_ctx_t *ctx,
    ngx_http_batch_dial_answer_t *a)
{
    ngx_int_t  rc;

    if (a && a->no_store && !a->failure && (!ctx->leads || a->kept)) {

        /* it is for the one whose fetch it was */

        ctx->alone = 1;
        a = NULL;
    }

    if (a == NULL) {
        ngx_http_batch_dial_drop_cached(ctx);
        ctx->state = NGX_HTTP_BATCH_DIAL_START;

    } else {

        rc = a->failure ? ngx_http_batch_dial_read_failed(ctx, a)
                        : ngx_http_batch_dial_read_answered(ctx, a);

        ngx_http_batch_dial_read_ready(ctx, rc);
    }

    ngx_http_batch_dial_resume(ctx->request);
}


static void
ngx_http_batch_dial_read_ready(ngx_http_batch_dial_ctx_t *ctx, ngx_int_t rc)
{
    ctx->state = NGX_HTTP_BATCH_DIAL_READY;
    ctx->failed = (rc != NGX_OK || ctx->answer == NULL);

    /* waiting itself may have failed: nothing is to come any more */

    if (ctx->op) {
        ngx_http_batch_dial_redis_cancel(ctx->op);
        ctx->op = NULL;
    }

    if (ctx->flight) {
        ngx_http_batch_dial_flight_leave(ctx);
    }
}
