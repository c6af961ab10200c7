/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Those who look after flights from outside: the tick of the worker, other
 * workers of this host that wake it, events of the other hosts, and the end of
 * the worker, which calls all of these.  They go over the list of its flights.
 *
 * None of these takes a flight out of the list but the one it looks at, nor
 * resumes a request: a flight that is over is landing, and is left alone.
 */


#include "ngx_http_batch_dial_answer.h"
#include "ngx_http_batch_dial_flight_private.h"
#include "ngx_http_batch_dial_memory.h"


/* A result of the usual size is taken over in one go. */
#define NGX_HTTP_BATCH_DIAL_RESULT  4096


#define ngx_http_batch_dial_flight_is_due(fl)                                 \
    ((ngx_msec_int_t) (ngx_current_msec - (fl)->due) >= 0)


static void ngx_http_batch_dial_flight_check(ngx_http_batch_dial_flight_t *fl);


void
ngx_http_batch_dial_flight_told(ngx_http_batch_dial_main_conf_t *mcf,
    const bd_pair_t *pair, ngx_http_batch_dial_answer_t *outcome)
{
    ngx_queue_t                   *q, *flights;
    ngx_http_batch_dial_flight_t  *fl;

    flights = &mcf->flights;

    for (q = ngx_queue_head(flights);
         q != ngx_queue_sentinel(flights);
         q = ngx_queue_next(q))
    {
        fl = ngx_queue_data(q, ngx_http_batch_dial_flight_t, queue);

        if (fl->landing.posted
            || !bd_slice_equal(ngx_http_batch_dial_slice(&fl->lease.id),
                               pair->id)
            || ngx_memcmp(fl->lease.credential, pair->credential, BD_MAC_SIZE)
               != 0)
        {
            continue;
        }

        if (fl->state == NGX_HTTP_BATCH_DIAL_FLIGHT_ASKING) {

            /* the event was quicker than the reply */

            fl->told = 1;

            if (outcome && fl->answer == NULL) {
                fl->answer = outcome;
                ngx_http_batch_dial_answer_ref(outcome);
            }

        } else if (fl->state != NGX_HTTP_BATCH_DIAL_FLIGHT_REMOTE) {
            continue;

        } else if (outcome) {
            ngx_http_batch_dial_flight_accept(fl, outcome);

        } else {
            ngx_http_batch_dial_flight_ask(fl);
        }
    }
}


void
ngx_http_batch_dial_flight_voided(ngx_http_batch_dial_main_conf_t *mcf,
    bd_slice_t id)
{
    ngx_queue_t                   *q, *flights;
    ngx_http_batch_dial_flight_t  *fl;

    flights = &mcf->flights;

    for (q = ngx_queue_head(flights);
         q != ngx_queue_sentinel(flights);
         q = ngx_queue_next(q))
    {
        fl = ngx_queue_data(q, ngx_http_batch_dial_flight_t, queue);

        if (fl->state == NGX_HTTP_BATCH_DIAL_FLIGHT_REMOTE
            && !fl->landing.posted
            && bd_slice_equal(ngx_http_batch_dial_slice(&fl->lease.id), id))
        {
            ngx_http_batch_dial_flight_ask(fl);
        }
    }
}


void
ngx_http_batch_dial_flight_tick(ngx_http_batch_dial_main_conf_t *mcf)
{
    ngx_queue_t                   *q, *next, *flights;
    ngx_http_batch_dial_flight_t  *fl;

    flights = &mcf->flights;

    /* none of these takes a flight but its own out, nor resumes a request */

    for (q = ngx_queue_head(flights);
         q != ngx_queue_sentinel(flights);
         q = next)
    {
        next = ngx_queue_next(q);
        fl = ngx_queue_data(q, ngx_http_batch_dial_flight_t, queue);

        if (fl->landing.posted) {
            continue;
        }

        switch (fl->state) {

        case NGX_HTTP_BATCH_DIAL_FLIGHT_FOLLOWING:
            ngx_http_batch_dial_flight_check(fl);
            break;

        case NGX_HTTP_BATCH_DIAL_FLIGHT_REMOTE:
            if (ngx_http_batch_dial_flight_is_due(fl)) {
                ngx_http_batch_dial_flight_ask(fl);
            }

            break;

        default:
            if (fl->leased && fl->op == NULL
                && ngx_http_batch_dial_flight_is_due(fl))
            {
                ngx_http_batch_dial_flight_extend(fl);
            }
        }
    }
}


void
ngx_http_batch_dial_flight_woken(ngx_http_batch_dial_main_conf_t *mcf)
{
    ngx_queue_t                   *q, *next, *flights;
    ngx_http_batch_dial_flight_t  *fl;

    flights = &mcf->flights;

    for (q = ngx_queue_head(flights);
         q != ngx_queue_sentinel(flights);
         q = next)
    {
        next = ngx_queue_next(q);
        fl = ngx_queue_data(q, ngx_http_batch_dial_flight_t, queue);

        if (fl->state == NGX_HTTP_BATCH_DIAL_FLIGHT_FOLLOWING
            && !fl->landing.posted)
        {
            ngx_http_batch_dial_flight_check(fl);
        }
    }
}


/* What has become of the flight of another worker. */

static void
ngx_http_batch_dial_flight_check(ngx_http_batch_dial_flight_t *fl)
{
    size_t                         len, size;
    u_char                        *p, buf[NGX_HTTP_BATCH_DIAL_RESULT];
    bd_memory_t                   *m;
    bd_flight_state_e              state;
    ngx_http_batch_dial_answer_t  *a;

    p = buf;
    size = sizeof(buf);

    for ( ;; ) {
        m = ngx_http_batch_dial_memory_lock(fl->mcf);

        state = bd_flight_look(m, &fl->handle,
                               &fl->mcf->self,
                               ngx_http_batch_dial_mono(), p, size, &len);

        ngx_http_batch_dial_memory_unlock(fl->mcf);

        if (state != BD_FLIGHT_ENDED || len <= size || p != buf) {
            break;
        }

        p = ngx_alloc(len, ngx_cycle->log);
        if (p == NULL) {
            return;     /* the next tick looks again */
        }

        size = len;
    }

    if (state != BD_FLIGHT_RUNNING) {
        a = (state == BD_FLIGHT_ENDED && len && len <= size)
            ? ngx_http_batch_dial_answer_of(bd_slice_make(p, len)) : NULL;

        ngx_http_batch_dial_flight_land(fl, a, bd_slice(""));

        if (a) {
            ngx_http_batch_dial_answer_unref(a);
        }
    }

    if (p != buf) {
        ngx_free(p);
    }
}


void
ngx_http_batch_dial_flight_exit(ngx_http_batch_dial_main_conf_t *mcf)
{
    ngx_queue_t                   *q, *flights;
    ngx_http_batch_dial_flight_t  *fl;

    flights = &mcf->flights;

    /* without requests that wait, and with fetches that were not run */

    while (!ngx_queue_empty(flights)) {
        q = ngx_queue_head(flights);
        fl = ngx_queue_data(q, ngx_http_batch_dial_flight_t, queue);

        if (fl->landing.posted) {
            ngx_delete_posted_event(&fl->landing);
        }

        ngx_http_batch_dial_flight_free(fl);
    }
}
