/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * How a flight ends: what its fetch has brought, or another host tells, is
 * noted of the credential, kept in the memory of this host, and stored in
 * Redis; then the flight lands.  Called by the fetch, and by the other files of
 * the flight.
 *
 * What is kept is in memory before anybody is told to look there; and who waits
 * is told by the posted event alone, when no function of the flight is under
 * way any more.
 */


#include "ngx_http_batch_dial_answer.h"
#include "ngx_http_batch_dial_flight_private.h"
#include "ngx_http_batch_dial_liveness.h"
#include "ngx_http_batch_dial_memory.h"
#include "ngx_http_batch_dial_store.h"
#include "bd_problem.h"


/* The body of a larger outcome is for the one alone whose fetch it was. */
#define NGX_HTTP_BATCH_DIAL_TOLD_MAX  16384


static u_char *ngx_http_batch_dial_flight_encode(
    ngx_http_batch_dial_answer_t *a, size_t *len);
static void ngx_http_batch_dial_flight_observe(
    ngx_http_batch_dial_flight_t *fl, ngx_http_batch_dial_answer_t *a,
    bd_slice_t data);
static void ngx_http_batch_dial_flight_store(ngx_http_batch_dial_flight_t *fl,
    ngx_http_batch_dial_answer_t *a, u_char *data, size_t len);

static void ngx_http_batch_dial_flight_keep(ngx_http_batch_dial_flight_t *fl,
    ngx_http_batch_dial_answer_t *a, bd_slice_t data);


void
ngx_http_batch_dial_flight_fetched(void *data, ngx_http_batch_dial_answer_t *a)
{
    ngx_http_batch_dial_flight_t *fl = data;

    size_t       len;
    u_char      *p;
    bd_slice_t   bytes;

    fl->fetch = NULL;

    if (fl->op) {
        ngx_http_batch_dial_redis_cancel(fl->op);
        fl->op = NULL;
    }

    p = ngx_http_batch_dial_flight_encode(a, &len);
    bytes = p ? bd_slice_make(p, len) : bd_slice("");

    ngx_http_batch_dial_flight_observe(fl, a, bytes);
    ngx_http_batch_dial_flight_keep(fl, a, bytes);
    ngx_http_batch_dial_flight_store(fl, a, p, len);
    ngx_http_batch_dial_flight_land(fl, a, bytes);

    if (p) {
        ngx_free(p);
    }
}


/*
 * As those see it whose own fetch it was not.  What is for one client alone,
 * or too large to be handed about, sends them off to ask for themselves; but of
 * a failure all must know.
 */

static u_char *
ngx_http_batch_dial_flight_encode(ngx_http_batch_dial_answer_t *a, size_t *len)
{
    u_char                        *p;
    ngx_uint_t                     large;
    ngx_http_batch_dial_answer_t   other;

    other = *a;
    p = NULL;

    large = (a->kind == NGX_HTTP_BATCH_DIAL_ANSWER_DIRECT
             || (a->kind == NGX_HTTP_BATCH_DIAL_ANSWER_PASS
                 && a->entry.body.len > NGX_HTTP_BATCH_DIAL_TOLD_MAX));

    if (large && !a->failure) {
        other.kind = NGX_HTTP_BATCH_DIAL_ANSWER_PASS;
        other.no_store = 1;
    }

    if (!a->failure || !(a->no_store || large)) {
        p = ngx_http_batch_dial_answer_encode(&other, len);
    }

    if (p || !a->failure) {
        return p;
    }

    other.kind = NGX_HTTP_BATCH_DIAL_ANSWER_PROBLEM;
    other.problem = BD_PROBLEM_UPSTREAM_UNREACHABLE;
    other.status = bd_problem_status(other.problem);
    other.violation = NULL;
    other.no_store = 0;

    return ngx_http_batch_dial_answer_encode(&other, len);
}


static void
ngx_http_batch_dial_flight_observe(ngx_http_batch_dial_flight_t *fl,
    ngx_http_batch_dial_answer_t *a, bd_slice_t data)
{
    if (a->upstream_status == 0
        || (a->kind == NGX_HTTP_BATCH_DIAL_ANSWER_PROBLEM
            && a->problem != BD_PROBLEM_INVALID_RESPONSE))
    {
        return;
    }

    /* what others are told of it is not what they would be sent */

    if (a->no_store || a->kind == NGX_HTTP_BATCH_DIAL_ANSWER_DIRECT) {
        data = bd_slice("");
    }

    ngx_http_batch_dial_liveness_observe(fl->mcf, fl->blcf,
                                         fl->lease.credential,
                                         a->entry.fetched_ms,
                                         a->upstream_status, data);
    if (a->hold) {
        ngx_http_batch_dial_liveness_hold(fl->mcf, fl->lease.credential,
                                          a->hold, data);
    }
}


/* Redis, and by it the hosts that wait. */

static void
ngx_http_batch_dial_flight_store(ngx_http_batch_dial_flight_t *fl,
    ngx_http_batch_dial_answer_t *a, u_char *data, size_t len)
{
    ngx_msec_t  backoff;

    if (!fl->leased) {
        return;
    }

    fl->leased = 0;

    if (a->kind == NGX_HTTP_BATCH_DIAL_ANSWER_ENTRY && a->entry.ttl_ms
        && !a->no_store && data)
    {
        if (ngx_http_batch_dial_lease_store(fl->mcf, &fl->lease, data, len,
                                  ngx_http_batch_dial_store_life(&a->entry,
                                                                 fl->blcf))
            == NGX_OK)
        {
            a->stored = 1;
        }

        return;
    }

    backoff = (a->failure && a->hold == 0 && data)
              ? NGX_HTTP_BATCH_DIAL_BACKOFF : 0;

    ngx_http_batch_dial_lease_end(fl->mcf, &fl->lease,
                                  data ? bd_slice_make(data, len)
                                       : bd_slice(""),
                                  backoff,
                                  ngx_http_batch_dial_drops(a->status));
}


/* What another host was answered is ours as well. */

void
ngx_http_batch_dial_flight_accept(ngx_http_batch_dial_flight_t *fl,
    ngx_http_batch_dial_answer_t *a)
{
    size_t       len;
    u_char      *p;
    bd_slice_t   bytes;

    p = ngx_http_batch_dial_answer_encode(a, &len);
    bytes = p ? bd_slice_make(p, len) : bd_slice("");

    /* a failure has been noted with its event, for a time of its own */

    if (!ngx_http_batch_dial_flight_renews(fl) && !a->failure) {
        ngx_http_batch_dial_flight_keep(fl, a, bytes);
    }

    ngx_http_batch_dial_flight_land(fl, a, bytes);

    if (p) {
        ngx_free(p);
    }
}


/* The memory of this host. */

static void
ngx_http_batch_dial_flight_keep(ngx_http_batch_dial_flight_t *fl,
    ngx_http_batch_dial_answer_t *a, bd_slice_t data)
{
    int           kept;
    int64_t       mono, ttl;
    bd_pair_t     pair;
    bd_memory_t  *m;

    kept = -1;
    mono = ngx_http_batch_dial_mono();
    pair = ngx_http_batch_dial_pair(fl->lease.credential, &fl->lease.id);
    ttl = ngx_http_batch_dial_error_ttl(fl->blcf, a->status);

    if (a->status == NGX_HTTP_UNAUTHORIZED || a->no_store) {
        ttl = 0;    /* a 401 is of the credential */
    }

    m = ngx_http_batch_dial_memory_lock(fl->mcf);

    if (a->kind == NGX_HTTP_BATCH_DIAL_ANSWER_ENTRY) {

        /* what the fetches before came to is past */

        (void) bd_memory_outcome(m, &pair, fl->epoch, BD_OUTCOME_NONE,
                                 bd_slice(""), mono, mono, 0);

        if (fl->blcf->memory && a->entry.ttl_ms && !a->no_store && data.len) {
            kept = bd_memory_fill(m, &pair, fl->epoch, data,
                                  a->entry.fetched_ms, a->entry.ttl_ms,
                                  fl->run_ms);
        }

    } else if (a->failure) {

        if (a->hold == 0 && data.len) {
            (void) bd_memory_outcome(m, &pair, fl->epoch, BD_OUTCOME_FAILURE,
                                     data, fl->run_ms,
                                     mono + NGX_HTTP_BATCH_DIAL_BACKOFF, 0);
        }

    } else if (a->kind == NGX_HTTP_BATCH_DIAL_ANSWER_PASS
               && ttl > 0 && data.len)
    {
        (void) bd_memory_outcome(m, &pair, fl->epoch, BD_OUTCOME_REFUSAL,
                                 data, fl->run_ms, mono + ttl,
                                 ngx_http_batch_dial_drops(a->status));

    } else if (ngx_http_batch_dial_drops(a->status)) {
        bd_memory_drop(m, &pair);
    }

    ngx_http_batch_dial_memory_unlock(fl->mcf);

    if (kept > 0) {
        a->stored = 1;
        ngx_http_batch_dial_count(fl->mcf, memory_stores);

    } else if (kept == 0) {
        ngx_http_batch_dial_count(fl->mcf, memory_stores_fenced);
    }
}


void
ngx_http_batch_dial_flight_land(ngx_http_batch_dial_flight_t *fl,
    ngx_http_batch_dial_answer_t *a, bd_slice_t data)
{
    bd_slots_t    wake;
    bd_memory_t  *m;

    if (fl->handle.token
        && fl->state != NGX_HTTP_BATCH_DIAL_FLIGHT_FOLLOWING)
    {
        m = ngx_http_batch_dial_memory_lock(fl->mcf);
        bd_flight_end(m, &fl->handle, data, ngx_http_batch_dial_mono(), &wake);
        ngx_http_batch_dial_memory_unlock(fl->mcf);

        ngx_http_batch_dial_wake_send(fl->mcf->wake, &wake);
    }

    if (a) {
        ngx_http_batch_dial_answer_ref(a);
    }

    if (fl->answer) {
        ngx_http_batch_dial_answer_unref(fl->answer);
    }

    fl->answer = a;

    ngx_post_event(&fl->landing, &ngx_posted_events);
}


void
ngx_http_batch_dial_flight_landed(ngx_event_t *ev)
{
    ngx_http_batch_dial_flight_t *fl = ev->data;

    ngx_queue_t                   *q;
    ngx_http_batch_dial_ctx_t     *ctx;
    ngx_http_batch_dial_answer_t  *a;

    a = fl->answer;

    /* nobody is to find it any more, whatever follows */

    ngx_queue_remove(&fl->queue);
    ngx_queue_init(&fl->queue);

    if (fl->renewal) {
        fl->renewal->pair = NULL;
        ngx_http_batch_dial_renewal_over(fl->renewal, a);
    }

    /* one that is resumed may make any other one leave */

    while (!ngx_queue_empty(&fl->waiters)) {
        q = ngx_queue_head(&fl->waiters);
        ctx = ngx_queue_data(q, ngx_http_batch_dial_ctx_t, queue);

        ngx_queue_remove(q);
        ctx->flight = NULL;

        if (ctx->timeout.timer_set) {
            ngx_del_timer(&ctx->timeout);
        }

        ctx->landed(ctx, a);
    }

    ngx_http_batch_dial_flight_free(fl);
}
