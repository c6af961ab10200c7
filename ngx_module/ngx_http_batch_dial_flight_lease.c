/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * A flight and its lease: it is asked for until this host has it, has to do
 * without, or another one tells what is wanted.  Then the fetch is run, and the
 * lease prolonged.  Called when a flight begins, and by those who look after
 * it (flight_watch.c).
 *
 * While flight->leased is set, the lease is to be given up or used; whoever
 * does so, or finds that it does not stand any more, clears it.
 */


#include "ngx_http_batch_dial_answer.h"
#include "ngx_http_batch_dial_flight_private.h"
#include "ngx_http_batch_dial_memory.h"
#include "bd_entry.h"


/* Another host is asked again after so many milliseconds at the latest, should
 * its event be lost. */
#define NGX_HTTP_BATCH_DIAL_REMOTE_MS  1000

/* What others keep telling us is newer, but is of no use, ends here. */
#define NGX_HTTP_BATCH_DIAL_ASKED_MAX  5


static void ngx_http_batch_dial_flight_asked(void *data, redisReply *reply);
static void ngx_http_batch_dial_flight_newer(ngx_http_batch_dial_flight_t *fl,
    ngx_http_batch_dial_answer_t *entry);
static ngx_uint_t ngx_http_batch_dial_flight_serves(
    ngx_http_batch_dial_flight_t *fl, ngx_http_batch_dial_answer_t *entry,
    bd_look_t *look);
static void ngx_http_batch_dial_flight_go(ngx_http_batch_dial_flight_t *fl);
static ngx_uint_t ngx_http_batch_dial_flight_may_go(
    ngx_http_batch_dial_flight_t *fl);
static void ngx_http_batch_dial_flight_give_up(
    ngx_http_batch_dial_flight_t *fl);

static void ngx_http_batch_dial_flight_extended(void *data, redisReply *reply);


void
ngx_http_batch_dial_flight_ask(ngx_http_batch_dial_flight_t *fl)
{
    int           stands, journaled;
    bd_slice_t    id;
    bd_memory_t  *m;

    id = ngx_http_batch_dial_slice(&fl->lease.id);

    m = ngx_http_batch_dial_memory_lock(fl->mcf);

    stands = (fl->handle.token == 0 || bd_flight_stands(m, &fl->handle));
    journaled = bd_journal_has(m, id);
    fl->epoch = bd_memory_epoch(m, id);

    ngx_http_batch_dial_memory_unlock(fl->mcf);

    fl->run_ms = ngx_http_batch_dial_mono();

    if (!stands) {

        /* void before it was run: those who wait join the one after it */

        ngx_http_batch_dial_flight_land(fl, NULL, bd_slice(""));
        return;
    }

    if (fl->mcf->redis && fl->handle.token && !journaled
        && fl->asked++ < NGX_HTTP_BATCH_DIAL_ASKED_MAX)
    {
        fl->state = NGX_HTTP_BATCH_DIAL_FLIGHT_ASKING;
        fl->told = 0;

        fl->op = ngx_http_batch_dial_lease_acquire(fl->mcf, &fl->lease,
                                             fl->old, fl->known,
                                             ngx_http_batch_dial_flight_asked,
                                             fl);
        if (fl->op) {
            return;
        }
    }

    ngx_http_batch_dial_flight_go(fl);
}


static void
ngx_http_batch_dial_flight_asked(void *data, redisReply *reply)
{
    ngx_http_batch_dial_flight_t *fl = data;

    ngx_msec_t                     left;
    ngx_http_batch_dial_answer_t  *entry;

    fl->op = NULL;

    switch (ngx_http_batch_dial_lease_reply(fl->mcf, &fl->lease, reply, &left,
                                            &fl->known, &entry))
    {
    case NGX_HTTP_BATCH_DIAL_LEASE_WON:
        ngx_http_batch_dial_count(fl->mcf, flights_fleet_led);

        fl->leased = 1;
        fl->due = ngx_current_msec + NGX_HTTP_BATCH_DIAL_LEASE_EXTEND;

        ngx_http_batch_dial_flight_go(fl);
        break;

    case NGX_HTTP_BATCH_DIAL_LEASE_LOST:
        ngx_http_batch_dial_count(fl->mcf, flights_fleet_joined);

        fl->asked = 0;
        fl->state = NGX_HTTP_BATCH_DIAL_FLIGHT_REMOTE;
        fl->due = ngx_current_msec + ngx_min(left + 1,
                                             NGX_HTTP_BATCH_DIAL_REMOTE_MS);

        /* the event may have been quicker than the reply */

        if (fl->answer) {
            ngx_http_batch_dial_flight_accept(fl, fl->answer);

        } else if (fl->told) {
            ngx_http_batch_dial_flight_ask(fl);
        }

        break;

    case NGX_HTTP_BATCH_DIAL_LEASE_NEWER:
        ngx_http_batch_dial_flight_newer(fl, entry);
        break;

    default:
        ngx_http_batch_dial_flight_go(fl);
    }
}


/* Another host was quicker: what it has brought may do for us. */

static void
ngx_http_batch_dial_flight_newer(ngx_http_batch_dial_flight_t *fl,
    ngx_http_batch_dial_answer_t *entry)
{
    bd_look_t  look;
    bd_pair_t  pair;

    pair = ngx_http_batch_dial_pair(fl->lease.credential, &fl->lease.id);

    ngx_http_batch_dial_memory_look(fl->mcf, &pair, &look);

    if (ngx_http_batch_dial_flight_renews(fl)) {

        if (bd_live(look.accepted_ms, look.rejected_ms,
                    ngx_http_batch_dial_now(), &fl->blcf->bounds)
            == BD_LIVE)
        {
            ngx_http_batch_dial_flight_land(fl, NULL, bd_slice(""));
            return;
        }

    } else if (entry && ngx_http_batch_dial_flight_serves(fl, entry, &look)) {
        ngx_http_batch_dial_flight_accept(fl, entry);
        ngx_http_batch_dial_answer_unref(entry);
        return;
    }

    if (entry) {
        ngx_http_batch_dial_answer_unref(entry);
    }

    ngx_http_batch_dial_flight_ask(fl);
}


/* That it was fetched shows that the credential was accepted then. */

static ngx_uint_t
ngx_http_batch_dial_flight_serves(ngx_http_batch_dial_flight_t *fl,
    ngx_http_batch_dial_answer_t *entry, bd_look_t *look)
{
    int64_t      now;
    bd_entry_t  *e;

    e = &entry->entry;
    now = ngx_http_batch_dial_now();

    return bd_fresh_left(e->fetched_ms, e->ttl_ms, now) > 0
           && bd_live(ngx_max(e->fetched_ms, look->accepted_ms),
                      look->rejected_ms, now, &fl->blcf->bounds) == BD_LIVE;
}


static void
ngx_http_batch_dial_flight_go(ngx_http_batch_dial_flight_t *fl)
{
    uint64_t                    generation;
    ngx_queue_t                *q;
    ngx_http_batch_dial_ctx_t  *ctx;

    /* one word, which never goes back: read without the lock, and before the
     * epoch, so that an entry may pass for older than it is but not for newer;
     * without a lease none is stored */

    generation = bd_memory_generation(
                                  ngx_http_batch_dial_sh(fl->mcf)->memory);

    fl->state = NGX_HTTP_BATCH_DIAL_FLIGHT_FLYING;

    if (fl->asked && !ngx_http_batch_dial_flight_may_go(fl)) {
        ngx_http_batch_dial_flight_give_up(fl);
        return;
    }

    if (ngx_http_batch_dial_flight_renews(fl)) {
        ngx_http_batch_dial_renewal_go(fl);
        return;
    }

    /* the timeouts of the location bound a fetch of one's own */

    for (q = ngx_queue_head(&fl->waiters);
         q != ngx_queue_sentinel(&fl->waiters);
         q = ngx_queue_next(q))
    {
        ctx = ngx_queue_data(q, ngx_http_batch_dial_ctx_t, queue);

        if (ctx->leads && ctx->timeout.timer_set) {
            ngx_del_timer(&ctx->timeout);
        }
    }

    ngx_http_batch_dial_fetch_run(fl->fetch, fl->lease.expiry, generation);
}


/* 0: while Redis was asked, another was told to leave upstream alone. */

static ngx_uint_t
ngx_http_batch_dial_flight_may_go(ngx_http_batch_dial_flight_t *fl)
{
    bd_look_t  look;
    bd_pair_t  pair;

    pair = ngx_http_batch_dial_pair(fl->lease.credential, &fl->lease.id);

    ngx_http_batch_dial_memory_look(fl->mcf, &pair, &look);

    fl->run_ms = ngx_http_batch_dial_mono();
    fl->epoch = look.epoch;

    return look.hold_until <= fl->run_ms
           && (look.outcome != BD_OUTCOME_FAILURE
               || look.outcome_until <= fl->run_ms);
}


/* Those who wait look again, and see why. */

static void
ngx_http_batch_dial_flight_give_up(ngx_http_batch_dial_flight_t *fl)
{
    if (fl->leased) {
        fl->leased = 0;
        ngx_http_batch_dial_lease_end(fl->mcf, &fl->lease, bd_slice(""), 0, 0);
    }

    ngx_http_batch_dial_flight_land(fl, NULL, bd_slice(""));
}


void
ngx_http_batch_dial_flight_extend(ngx_http_batch_dial_flight_t *fl)
{
    fl->due = ngx_current_msec + NGX_HTTP_BATCH_DIAL_LEASE_EXTEND;
    fl->op = ngx_http_batch_dial_lease_extend(fl->mcf, &fl->lease,
                                          ngx_http_batch_dial_flight_extended,
                                          fl);
}


static void
ngx_http_batch_dial_flight_extended(void *data, redisReply *reply)
{
    ngx_http_batch_dial_flight_t *fl = data;

    fl->op = NULL;

    if (reply && reply->type == REDIS_REPLY_INTEGER && reply->integer == 0) {
        ngx_http_batch_dial_count(fl->mcf, leases_voided);
        fl->leased = 0;
    }
}
