/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Flights: one fetch for all who want the same of upstream, on this worker, on
 * this host, and in the fleet.  The memory knows which worker of the host
 * leads (bd_flight.h), the lease in Redis which host does; flights are what a
 * worker does about it.
 *
 * Here they begin and are joined, and those who wait come and leave: the read
 * calls, and the cleanup of a request.  How the lease is had is in
 * flight_lease.c, how a flight ends in flight_result.c; tick, other workers and
 * events come in by flight_watch.c.  The state is changed here (FOLLOWING) and
 * in flight_lease.c (the others) alone.
 *
 *   state      event                             next
 *   -          join: nobody leads                ASKING: we lead the host
 *              join: another worker leads        FOLLOWING
 *              join: this worker leads           (the flight there is)
 *   ASKING     lease won; Redis failed, or       FLYING: the fetch is run
 *              is not to be asked
 *              another host holds it             REMOTE
 *              something newer is in Redis       lands with it, if fresh;
 *                                                else ASKING again
 *   REMOTE     the other host tells an outcome   lands with it
 *              the job was invalidated           lands with nothing
 *              it has stored, or ended without   ASKING again
 *              telling, or its time is over
 *   FLYING     the fetch has ended               lands with its answer
 *              now and then                      the lease is extended
 *   FOLLOWING  woken, or the tick: ended         lands with the result
 *              the leader is dead                lands with nothing: those who
 *                                                wait look again, one leads
 *
 * Landing is by a posted event, and only from there requests are resumed.
 * A flight belongs to nobody but itself.  Who waits stands in its list and may
 * leave at any time; one that leads goes on without anybody, one that follows
 * ends.  Its fetch is made when it begins, while there is a request to make
 * it of, so that it can be run when the client is gone.
 *
 * An invalidation voids a flight in memory and its lease in Redis: nobody
 * joins it any more, what it brings is not stored, and those who had joined
 * get it, as they asked before.
 *
 * A worker that dies leaves its flights to be found dead by the others.  One
 * that is to exit stays until its fetches have ended.
 */


#include "ngx_http_batch_dial_answer.h"
#include "ngx_http_batch_dial_flight_private.h"
#include "ngx_http_batch_dial_memory.h"
#include "bd_problem.h"


static bd_flight_e ngx_http_batch_dial_flight_enter(
    ngx_http_batch_dial_ctx_t *ctx, ngx_str_t *id, bd_flight_t *handle,
    uint64_t *old);
static ngx_http_batch_dial_flight_t *ngx_http_batch_dial_flight_lead(
    ngx_http_batch_dial_ctx_t *ctx, ngx_str_t *id, bd_flight_t *handle,
    uint64_t old);
static ngx_int_t ngx_http_batch_dial_flight_follow(
    ngx_http_batch_dial_ctx_t *ctx, ngx_str_t *id, bd_flight_t *handle);
static ngx_http_batch_dial_flight_t *ngx_http_batch_dial_flight_create(
    ngx_http_batch_dial_ctx_t *ctx, ngx_str_t *id, bd_flight_t *handle);
static ngx_http_batch_dial_flight_t *ngx_http_batch_dial_flight_find(
    ngx_http_batch_dial_main_conf_t *mcf, uint64_t token);
static void ngx_http_batch_dial_flight_expire(ngx_event_t *ev);


ngx_int_t
ngx_http_batch_dial_flight_join(ngx_http_batch_dial_ctx_t *ctx,
    ngx_uint_t alone)
{
    uint64_t                       old;
    bd_flight_t                    handle;
    bd_flight_e                    role;
    ngx_http_batch_dial_flight_t  *fl;

    old = 0;
    handle.block = 0;
    handle.token = 0;

    role = alone ? BD_FLIGHT_NO_ROOM
                 : ngx_http_batch_dial_flight_enter(ctx, &ctx->id, &handle,
                                                    &old);

    if (role == BD_FLIGHT_MINE || role == BD_FLIGHT_FOLLOWS) {
        return ngx_http_batch_dial_flight_follow(ctx, &ctx->id, &handle);
    }

    fl = ngx_http_batch_dial_flight_lead(ctx, &ctx->id, &handle, old);
    if (fl == NULL) {
        return NGX_ERROR;
    }

    ngx_http_batch_dial_flight_admit(fl, ctx, 1);
    ngx_http_batch_dial_flight_ask(fl);

    return NGX_OK;
}


ngx_int_t
ngx_http_batch_dial_flight_renew(ngx_http_batch_dial_ctx_t *ctx)
{
    uint64_t                       old;
    ngx_str_t                      id;
    bd_flight_t                    handle;
    bd_flight_e                    role;
    ngx_http_batch_dial_flight_t  *rn;

    ngx_str_null(&id);

    role = ngx_http_batch_dial_flight_enter(ctx, &id, &handle, &old);

    switch (role) {

    case BD_FLIGHT_NO_ROOM:
        return ngx_http_batch_dial_flight_join(ctx, 0);

    case BD_FLIGHT_LEADS:
        rn = ngx_http_batch_dial_flight_lead(ctx, &id, &handle, old);
        if (rn == NULL) {
            return NGX_ERROR;
        }

        ngx_http_batch_dial_flight_admit(rn, ctx, 0);
        ngx_http_batch_dial_flight_ask(rn);

        return NGX_OK;

    default:
        return ngx_http_batch_dial_flight_follow(ctx, &id, &handle);
    }
}


void
ngx_http_batch_dial_flight_background(ngx_http_batch_dial_ctx_t *ctx)
{
    uint64_t                          old;
    bd_flight_t                       handle;
    bd_memory_t                      *m;
    ngx_http_batch_dial_flight_t     *fl;
    ngx_http_batch_dial_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(ctx->request,
                                        ngx_http_batch_dial_module);

    switch (ngx_http_batch_dial_flight_enter(ctx, &ctx->id, &handle, &old)) {

    case BD_FLIGHT_LEADS:
        fl = ngx_http_batch_dial_flight_lead(ctx, &ctx->id, &handle, old);
        if (fl) {
            ngx_http_batch_dial_flight_ask(fl);
        }

        break;

    case BD_FLIGHT_FOLLOWS:
        if (ngx_http_batch_dial_flight_find(mcf, handle.token) == NULL) {
            m = ngx_http_batch_dial_memory_lock(mcf);
            bd_flight_leave(m, &handle, &mcf->self);
            ngx_http_batch_dial_memory_unlock(mcf);
        }

        break;

    default:
        break;
    }
}


static bd_flight_e
ngx_http_batch_dial_flight_enter(ngx_http_batch_dial_ctx_t *ctx, ngx_str_t *id,
    bd_flight_t *handle, uint64_t *old)
{
    bd_pair_t                         pair;
    bd_flight_e                       role;
    bd_memory_t                      *m;
    ngx_http_batch_dial_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(ctx->request,
                                        ngx_http_batch_dial_module);

    pair = ngx_http_batch_dial_pair(ctx->credential, id);

    m = ngx_http_batch_dial_memory_lock(mcf);

    role = bd_flight_join(m, &pair, &mcf->self,
                          ngx_http_batch_dial_mono(), handle, old);

    ngx_http_batch_dial_memory_unlock(mcf);

    if (role == BD_FLIGHT_LEADS) {
        ngx_http_batch_dial_count(mcf, flights_host_led);

        if (*old) {
            ngx_http_batch_dial_count(mcf, leaders_replaced);
        }

    } else if (role == BD_FLIGHT_NO_ROOM) {
        handle->token = 0;
        *old = 0;
    }

    return role;
}


static ngx_http_batch_dial_flight_t *
ngx_http_batch_dial_flight_lead(ngx_http_batch_dial_ctx_t *ctx, ngx_str_t *id,
    bd_flight_t *handle, uint64_t old)
{
    bd_look_t                         look;
    bd_pair_t                         pair;
    bd_slots_t                        wake;
    bd_memory_t                      *m;
    ngx_http_batch_dial_flight_t     *fl;
    ngx_http_batch_dial_main_conf_t  *mcf;

    fl = ngx_http_batch_dial_flight_create(ctx, id, handle);

    if (fl && id->len) {
        fl->fetch = ngx_http_batch_dial_fetch_create(ctx,
                                           ngx_http_batch_dial_flight_fetched,
                                           fl);
        if (fl->fetch == NULL) {
            ngx_http_batch_dial_flight_free(fl);
            fl = NULL;
        }
    }

    if (fl) {
        fl->old = old;
        fl->known = ctx->known_ms;

        if (id->len == 0) {
            pair = ngx_http_batch_dial_pair(ctx->credential, id);
            ngx_http_batch_dial_memory_look(fl->mcf, &pair, &look);
            fl->known = look.accepted_ms;
        }

        return fl;
    }

    if (handle->token) {
        mcf = ngx_http_get_module_main_conf(ctx->request,
                                            ngx_http_batch_dial_module);

        m = ngx_http_batch_dial_memory_lock(mcf);
        bd_flight_end(m, handle, bd_slice(""), ngx_http_batch_dial_mono(),
                      &wake);
        ngx_http_batch_dial_memory_unlock(mcf);

        ngx_http_batch_dial_wake_send(mcf->wake, &wake);
    }

    return NULL;
}


static ngx_int_t
ngx_http_batch_dial_flight_follow(ngx_http_batch_dial_ctx_t *ctx,
    ngx_str_t *id, bd_flight_t *handle)
{
    bd_memory_t                      *m;
    ngx_http_batch_dial_flight_t     *fl;
    ngx_http_batch_dial_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(ctx->request,
                                        ngx_http_batch_dial_module);

    fl = ngx_http_batch_dial_flight_find(mcf, handle->token);

    if (fl == NULL) {
        fl = ngx_http_batch_dial_flight_create(ctx, id, handle);
        if (fl == NULL) {

            /* the leader need not keep its result for us */

            m = ngx_http_batch_dial_memory_lock(mcf);
            bd_flight_leave(m, handle, &mcf->self);
            ngx_http_batch_dial_memory_unlock(mcf);

            return NGX_ERROR;
        }

        fl->state = NGX_HTTP_BATCH_DIAL_FLIGHT_FOLLOWING;
    }

    ngx_http_batch_dial_count(mcf, flights_host_joined);

    ngx_http_batch_dial_flight_admit(fl, ctx, 0);

    return NGX_OK;
}


static ngx_http_batch_dial_flight_t *
ngx_http_batch_dial_flight_create(ngx_http_batch_dial_ctx_t *ctx,
    ngx_str_t *id, bd_flight_t *handle)
{
    ngx_http_batch_dial_flight_t  *fl;

    fl = ngx_calloc(sizeof(ngx_http_batch_dial_flight_t), ngx_cycle->log);
    if (fl == NULL) {
        return NULL;
    }

    fl->mcf = ngx_http_get_module_main_conf(ctx->request,
                                            ngx_http_batch_dial_module);
    fl->blcf = ngx_http_get_module_loc_conf(ctx->request,
                                            ngx_http_batch_dial_module);
    fl->handle = *handle;

    fl->lease.token = handle->token;
    fl->lease.id.data = fl->id_data;
    fl->lease.id.len = id->len;
    ngx_memcpy(fl->id_data, id->data, id->len);
    ngx_memcpy(fl->lease.credential, ctx->credential, BD_MAC_SIZE);

    fl->landing.handler = ngx_http_batch_dial_flight_landed;
    fl->landing.data = fl;
    fl->landing.log = ngx_cycle->log;

    ngx_queue_init(&fl->waiters);
    ngx_queue_insert_tail(&fl->mcf->flights, &fl->queue);

    return fl;
}


static ngx_http_batch_dial_flight_t *
ngx_http_batch_dial_flight_find(ngx_http_batch_dial_main_conf_t *mcf,
    uint64_t token)
{
    ngx_queue_t                   *q, *flights;
    ngx_http_batch_dial_flight_t  *fl;

    flights = &mcf->flights;

    for (q = ngx_queue_head(flights);
         q != ngx_queue_sentinel(flights);
         q = ngx_queue_next(q))
    {
        fl = ngx_queue_data(q, ngx_http_batch_dial_flight_t, queue);

        if (fl->handle.token == token && !fl->landing.posted) {
            return fl;
        }
    }

    return NULL;
}


void
ngx_http_batch_dial_flight_admit(ngx_http_batch_dial_flight_t *fl,
    ngx_http_batch_dial_ctx_t *ctx, ngx_uint_t leads)
{
    ngx_msec_t  waited;

    ctx->flight = fl;
    ctx->leads = leads;

    ngx_queue_insert_tail(&fl->waiters, &ctx->queue);

    if (ctx->wait_start == 0) {
        ctx->wait_start = ngx_current_msec;
    }

    waited = ngx_current_msec - ctx->wait_start;

    ctx->timeout.handler = ngx_http_batch_dial_flight_expire;
    ctx->timeout.data = ctx;
    ctx->timeout.log = ctx->request->connection->log;

    ngx_add_timer(&ctx->timeout,
                  waited < fl->blcf->lock_timeout
                  ? fl->blcf->lock_timeout - waited : 1);
}


static void
ngx_http_batch_dial_flight_expire(ngx_event_t *ev)
{
    ngx_http_batch_dial_ctx_t *ctx = ev->data;

    ngx_http_batch_dial_answer_t     *a;
    ngx_http_batch_dial_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(ctx->request,
                                        ngx_http_batch_dial_module);

    if (ctx->flight->state == NGX_HTTP_BATCH_DIAL_FLIGHT_REMOTE) {
        ngx_http_batch_dial_count(mcf, flights_fleet_timeout);

    } else {
        ngx_http_batch_dial_count(mcf, flights_host_timeout);
    }

    ngx_http_batch_dial_flight_leave(ctx);

    a = ngx_http_batch_dial_answer_problem(BD_PROBLEM_LOCK_TIMEOUT);

    ctx->landed(ctx, a);

    if (a) {
        ngx_http_batch_dial_answer_unref(a);
    }
}


void
ngx_http_batch_dial_flight_leave(ngx_http_batch_dial_ctx_t *ctx)
{
    bd_memory_t                   *m;
    ngx_http_batch_dial_flight_t  *fl;

    fl = ctx->flight;

    ngx_queue_remove(&ctx->queue);
    ctx->flight = NULL;

    if (ctx->timeout.timer_set) {
        ngx_del_timer(&ctx->timeout);
    }

    if (fl->state != NGX_HTTP_BATCH_DIAL_FLIGHT_FOLLOWING
        || fl->landing.posted
        || fl->renewal
        || !ngx_queue_empty(&fl->waiters))
    {
        return;
    }

    m = ngx_http_batch_dial_memory_lock(fl->mcf);
    bd_flight_leave(m, &fl->handle, &fl->mcf->self);
    ngx_http_batch_dial_memory_unlock(fl->mcf);

    ngx_http_batch_dial_flight_free(fl);
}


void
ngx_http_batch_dial_flight_free(ngx_http_batch_dial_flight_t *fl)
{
    ngx_queue_remove(&fl->queue);

    if (fl->op) {
        ngx_http_batch_dial_redis_cancel(fl->op);
    }

    if (fl->fetch) {
        ngx_http_batch_dial_fetch_drop(fl->fetch);
    }

    if (fl->answer) {
        ngx_http_batch_dial_answer_unref(fl->answer);
    }

    ngx_free(fl);
}
