/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * What a worker does beside requests: it has a place among those of the host
 * and shows that it is alive, it listens to the other nodes and to the other
 * workers, and now and then looks after what may have been lost: flights of
 * dead workers, wake-ups and events that did not come, invalidations in the
 * journal.
 *
 * While the worker is asked to exit and has requests to finish, all of it goes
 * on; its timers and connections do not keep it.
 */


#include "ngx_http_batch_dial_event.h"
#include "ngx_http_batch_dial_flight.h"
#include "ngx_http_batch_dial_invalidate.h"
#include "ngx_http_batch_dial_liveness.h"
#include "ngx_http_batch_dial_memory.h"
#include "ngx_http_batch_dial_redis_sub.h"
#include "ngx_http_batch_dial_worker.h"


#define NGX_HTTP_BATCH_DIAL_TICK  100

/*
 * For so long after a PING that was answered was sent events are taken to
 * arrive: two and a half times its interval, so that a busy moment does not
 * cost the memory's freshness.
 */
#define NGX_HTTP_BATCH_DIAL_SURE  500


struct ngx_http_batch_dial_worker_s {
    /* as in ngx_connection_t, for the debug log of the timer's event */
    void                              *unused[3];
    ngx_int_t                          ident;

    ngx_http_batch_dial_main_conf_t   *mcf;
    ngx_event_t                        tick;
    ngx_http_batch_dial_redis_sub_t   *sub;

    /* of the subscription */
    int64_t                            since;           /* mono */
    ngx_http_batch_dial_redis_stats_t  sub_stats;
    unsigned                           generation:1;    /* is known */
};


static void ngx_http_batch_dial_worker_enter(
    ngx_http_batch_dial_worker_t *w);
static ngx_int_t ngx_http_batch_dial_worker_listen(ngx_cycle_t *cycle,
    ngx_http_batch_dial_worker_t *w);
static void ngx_http_batch_dial_worker_tick(ngx_event_t *ev);
static void ngx_http_batch_dial_worker_bury(ngx_http_batch_dial_worker_t *w);
static void ngx_http_batch_dial_worker_woken(void *data);

static void ngx_http_batch_dial_worker_subscribed(void *data);
static void ngx_http_batch_dial_worker_ask(ngx_http_batch_dial_worker_t *w);
static void ngx_http_batch_dial_worker_told(
    ngx_http_batch_dial_main_conf_t *mcf, ngx_uint_t ok);
static void ngx_http_batch_dial_worker_alive(void *data, ngx_msec_t sent);
static void ngx_http_batch_dial_worker_message(void *data,
    ngx_str_t *payload);
static void ngx_http_batch_dial_worker_lost(void *data);


static ngx_http_batch_dial_redis_sub_events_t
    ngx_http_batch_dial_worker_events =
{
    ngx_http_batch_dial_worker_subscribed,
    ngx_http_batch_dial_worker_alive,
    ngx_http_batch_dial_worker_message,
    ngx_http_batch_dial_worker_lost
};


static const ngx_http_batch_dial_event_handlers_t
    ngx_http_batch_dial_worker_handlers =
{
    ngx_http_batch_dial_flight_told,
    ngx_http_batch_dial_flight_voided
};


ngx_int_t
ngx_http_batch_dial_worker_init(ngx_cycle_t *cycle,
    ngx_http_batch_dial_main_conf_t *mcf)
{
    ngx_http_batch_dial_worker_t  *w;

    w = ngx_pcalloc(cycle->pool, sizeof(ngx_http_batch_dial_worker_t));
    if (w == NULL) {
        return NGX_ERROR;
    }

    mcf->worker = w;

    w->ident = -1;
    w->mcf = mcf;

    ngx_queue_init(&mcf->flights);

    ngx_http_batch_dial_worker_enter(w);

    w->tick.handler = ngx_http_batch_dial_worker_tick;
    w->tick.data = w;
    w->tick.log = cycle->log;
    w->tick.cancelable = 1;

    ngx_add_timer(&w->tick, NGX_HTTP_BATCH_DIAL_TICK);

    return ngx_http_batch_dial_worker_listen(cycle, w);
}


static void
ngx_http_batch_dial_worker_enter(ngx_http_batch_dial_worker_t *w)
{
    int           rc;
    bd_memory_t  *m;

    m = ngx_http_batch_dial_memory_lock(w->mcf);

    rc = bd_worker_enter(m, &w->mcf->self, ngx_http_batch_dial_mono());

    /* a reload may have brought a Redis, or taken it away */

    if (w->mcf->redis_conf) {
        bd_memory_listens(m);

    } else {
        bd_memory_alone(m);
    }

    /* under the lock: slot, number and process belong together */

    if (rc == 0) {
        ngx_http_batch_dial_sh(w->mcf)->pids[w->mcf->self.slot] = ngx_pid;
    }

    ngx_http_batch_dial_memory_unlock(w->mcf);

    w->mcf->wake = (rc == 0)
                   ? ngx_http_batch_dial_wake_open((ngx_cycle_t *) ngx_cycle,
                                        ngx_http_batch_dial_sh(w->mcf)->node,
                                        w->mcf->self.slot,
                                        ngx_http_batch_dial_worker_woken, w)
                   : NULL;
}


static ngx_int_t
ngx_http_batch_dial_worker_listen(ngx_cycle_t *cycle,
    ngx_http_batch_dial_worker_t *w)
{
    ngx_http_batch_dial_shctx_t      *sh;
    ngx_http_batch_dial_main_conf_t  *mcf;

    mcf = w->mcf;
    sh = ngx_http_batch_dial_sh(mcf);

    if (mcf->redis_conf == NULL) {
        return NGX_OK;
    }

    w->sub = ngx_http_batch_dial_redis_sub_create(cycle, mcf->redis_conf,
                                          &sh->breaker, &w->sub_stats,
                                          &mcf->channel,
                                          &ngx_http_batch_dial_worker_events,
                                          w);

    return w->sub ? NGX_OK : NGX_ERROR;
}


void
ngx_http_batch_dial_worker_exit(ngx_http_batch_dial_main_conf_t *mcf)
{
    bd_memory_t                   *m;
    ngx_http_batch_dial_worker_t  *w;

    w = mcf->worker;

    if (w->tick.timer_set) {
        ngx_del_timer(&w->tick);
    }

    ngx_http_batch_dial_flight_exit(mcf);

    /* before the slot is given back: its next owner takes the name over */

    ngx_http_batch_dial_wake_close(mcf->wake);

    if (w->sub) {
        ngx_http_batch_dial_redis_sub_destroy(w->sub);
    }

    if (mcf->self.number) {
        ngx_http_batch_dial_sh(mcf)->pids[mcf->self.slot] = 0;
        ngx_http_batch_dial_sh(mcf)->proved[mcf->self.slot] = 0;

        m = ngx_http_batch_dial_memory_lock(mcf);
        bd_worker_leave(m, &mcf->self);
        ngx_http_batch_dial_memory_unlock(mcf);
    }
}


static void
ngx_http_batch_dial_worker_tick(ngx_event_t *ev)
{
    int                            lost;
    size_t                         journal;
    int64_t                        mono;
    bd_memory_t                   *m;
    ngx_http_batch_dial_worker_t  *w;

    w = ev->data;
    mono = ngx_http_batch_dial_mono();

    if (!ngx_queue_empty(&w->mcf->flights)) {
        ngx_http_batch_dial_worker_bury(w);
    }

    m = ngx_http_batch_dial_memory_lock(w->mcf);

    lost = bd_worker_beat(m, &w->mcf->self, mono);
    bd_flight_sweep(m, mono);
    journal = bd_journal_length(m);

    ngx_http_batch_dial_memory_unlock(w->mcf);

    if (lost) {

        /* it was so late that it was taken for dead */

        ngx_http_batch_dial_wake_close(w->mcf->wake);
        ngx_http_batch_dial_worker_enter(w);
    }

    if (journal && w->mcf->redis) {
        ngx_http_batch_dial_journal_deliver(w->mcf);
    }

    ngx_http_batch_dial_flight_tick(w->mcf);

    ngx_add_timer(&w->tick, NGX_HTTP_BATCH_DIAL_TICK);
}


/* Who waits need not wait until a dead worker is missed. */

static void
ngx_http_batch_dial_worker_bury(ngx_http_batch_dial_worker_t *w)
{
    ngx_pid_t                     pid;
    ngx_uint_t                    slot;
    bd_memory_t                  *m;
    bd_worker_t                   dead;
    ngx_http_batch_dial_shctx_t  *sh;

    sh = ngx_http_batch_dial_sh(w->mcf);

    for (slot = 0; slot < BD_WORKERS; slot++) {
        pid = (ngx_pid_t) sh->pids[slot];

        if (pid == 0 || slot == w->mcf->self.slot
            || kill(pid, 0) == 0 || ngx_errno != NGX_ESRCH)
        {
            continue;
        }

        m = ngx_http_batch_dial_memory_lock(w->mcf);

        /* a new worker may have taken it just now */

        dead = bd_worker_in(m, slot);

        if (sh->pids[slot] == (ngx_atomic_uint_t) pid) {
            sh->pids[slot] = 0;
            bd_worker_died(m, &dead);
        }

        ngx_http_batch_dial_memory_unlock(w->mcf);
    }
}


static void
ngx_http_batch_dial_worker_woken(void *data)
{
    ngx_http_batch_dial_worker_t *w = data;

    ngx_http_batch_dial_flight_woken(w->mcf);
}


static void
ngx_http_batch_dial_worker_subscribed(void *data)
{
    ngx_http_batch_dial_worker_t *w = data;

    /* rounded up: from that moment on, not from the one the loop began at */

    ngx_time_update();
    w->since = ngx_http_batch_dial_mono() + 1;

    ngx_http_batch_dial_count(w->mcf, subscriptions);

    ngx_http_batch_dial_worker_ask(w);
}


/* A generation that was announced while nobody listened. */

static void
ngx_http_batch_dial_worker_ask(ngx_http_batch_dial_worker_t *w)
{
    w->generation = 0;

    (void) ngx_http_batch_dial_generation_ask(w->mcf,
                                              ngx_http_batch_dial_worker_told);
}


static void
ngx_http_batch_dial_worker_told(ngx_http_batch_dial_main_conf_t *mcf,
    ngx_uint_t ok)
{
    mcf->worker->generation = ok;
}


static void
ngx_http_batch_dial_worker_alive(void *data, ngx_msec_t sent)
{
    ngx_http_batch_dial_worker_t *w = data;

    bd_memory_t  *m;

    if (!w->generation) {
        ngx_http_batch_dial_worker_ask(w);
        return;
    }

    m = ngx_http_batch_dial_memory_lock(w->mcf);
    bd_memory_sure(m, w->since, sent, (int64_t) sent
                                      + NGX_HTTP_BATCH_DIAL_SURE);
    ngx_http_batch_dial_memory_unlock(w->mcf);

    ngx_http_batch_dial_sh(w->mcf)->proved[w->mcf->self.slot] = sent;
}


static void
ngx_http_batch_dial_worker_message(void *data, ngx_str_t *payload)
{
    ngx_http_batch_dial_worker_t *w = data;

    ngx_http_batch_dial_event_apply(w->mcf, payload,
                                    &ngx_http_batch_dial_worker_handlers);
}


/*
 * The memory is sure of its events as long as one worker's subscription is;
 * when the last one has gone, it is not from now on.
 */

static void
ngx_http_batch_dial_worker_lost(void *data)
{
    ngx_http_batch_dial_worker_t *w = data;

    int64_t                       mono;
    ngx_uint_t                    slot;
    bd_memory_t                  *m;
    ngx_http_batch_dial_shctx_t  *sh;

    sh = ngx_http_batch_dial_sh(w->mcf);
    mono = ngx_http_batch_dial_mono();

    sh->proved[w->mcf->self.slot] = 0;

    for (slot = 0; slot < BD_WORKERS; slot++) {
        if (sh->proved[slot]
            && mono < (int64_t) sh->proved[slot] + NGX_HTTP_BATCH_DIAL_SURE)
        {
            return;
        }
    }

    m = ngx_http_batch_dial_memory_lock(w->mcf);
    bd_memory_unsure(m, mono);
    ngx_http_batch_dial_memory_unlock(w->mcf);
}
