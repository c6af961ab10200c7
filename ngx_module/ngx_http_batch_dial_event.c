/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Events between the nodes of a fleet (bd_event.h).  Each is received by every
 * worker of every node; the first of a host applies it to the memory they
 * share.  One of this host is noted as seen by who made it: what it says he
 * does here himself.  What a worker alone knows, its flights, each of them
 * looks after: its handlers are called.
 *
 * Whatever comes over the channel and is not sealed by this fleet is dropped
 * and counted.
 */


#include "ngx_http_batch_dial_answer.h"
#include "ngx_http_batch_dial_event.h"
#include "ngx_http_batch_dial_memory.h"
#include "bd_entry.h"
#include "bd_event.h"


static void ngx_http_batch_dial_event_remember(
    ngx_http_batch_dial_main_conf_t *mcf, const bd_event_t *event);
static void ngx_http_batch_dial_event_ended(bd_memory_t *m,
    const bd_event_t *event, const bd_pair_t *pair);
static int64_t ngx_http_batch_dial_event_left(const bd_event_t *event,
    int64_t max);
static void ngx_http_batch_dial_event_tell(
    ngx_http_batch_dial_main_conf_t *mcf, const bd_event_t *event,
    const ngx_http_batch_dial_event_handlers_t *handlers);


u_char *
ngx_http_batch_dial_event_make(ngx_http_batch_dial_main_conf_t *mcf,
    bd_event_e type, const u_char *credential, ngx_str_t *id, int64_t time,
    bd_slice_t data, uint64_t *number, ngx_str_t *event)
{
    u_char                       *p;
    bd_event_t                    e;
    bd_memory_t                  *m;
    ngx_http_batch_dial_shctx_t  *sh;

    sh = ngx_http_batch_dial_sh(mcf);

    ngx_memzero(&e, sizeof(bd_event_t));

    e.type = type;
    e.node = sh->node;
    e.number = ngx_atomic_fetch_add(&sh->events, 1) + 1;
    e.time = time;
    e.data = data;

    if (id) {
        e.id = ngx_http_batch_dial_slice(id);
    }

    if (credential) {
        ngx_memcpy(e.credential, credential, BD_MAC_SIZE);
    }

    event->len = bd_event_size(&e);
    event->data = p = ngx_alloc(event->len, ngx_cycle->log);

    if (p == NULL) {
        return NULL;
    }

    if (bd_event_encode(&e, mcf->entry_mac,
                        ngx_http_batch_dial_slice(&mcf->channel), p)
        != 0)
    {
        ngx_free(p);
        return NULL;
    }

    if (number) {
        *number = e.number;

    } else {
        m = ngx_http_batch_dial_memory_lock(mcf);
        (void) bd_memory_seen(m, e.node, e.number);
        ngx_http_batch_dial_memory_unlock(mcf);
    }

    ngx_http_batch_dial_count(mcf, events_published);

    return p;
}


void
ngx_http_batch_dial_event_apply(ngx_http_batch_dial_main_conf_t *mcf,
    ngx_str_t *payload, const ngx_http_batch_dial_event_handlers_t *handlers)
{
    bd_event_t  event;

    if (bd_event_decode(&event, mcf->entry_mac,
                        ngx_http_batch_dial_slice(&mcf->channel),
                        ngx_http_batch_dial_slice(payload))
        != 0)
    {
        ngx_http_batch_dial_count(mcf, events_refused);
        return;
    }

    ngx_log_debug3(NGX_LOG_DEBUG_HTTP, ngx_cycle->log, 0,
                   "batch_dial: event %d, job \"%*s\"", event.type,
                   event.id.len, event.id.data);

    ngx_http_batch_dial_event_remember(mcf, &event);
    ngx_http_batch_dial_event_tell(mcf, &event, handlers);
}


/* What the host is to know, once. */

static void
ngx_http_batch_dial_event_remember(ngx_http_batch_dial_main_conf_t *mcf,
    const bd_event_t *event)
{
    int64_t       mono, left;
    bd_pair_t     pair;
    bd_memory_t  *m;

    pair.credential = event->credential;
    pair.id = event->id;
    mono = ngx_http_batch_dial_mono();

    m = ngx_http_batch_dial_memory_lock(mcf);

    if (bd_memory_seen(m, event->node, event->number)) {
        ngx_http_batch_dial_memory_unlock(mcf);
        ngx_http_batch_dial_count(mcf, events_repeated);
        return;
    }

    switch (event->type) {

    case BD_EVENT_GONE:
        (void) bd_memory_invalidate(m, event->id, BD_GONE, event->time);
        break;

    case BD_EVENT_EXPIRED:
        (void) bd_memory_invalidate(m, event->id, BD_EXPIRED, event->time);
        break;

    case BD_EVENT_ENDED:
        ngx_http_batch_dial_event_ended(m, event, &pair);
        break;

    case BD_EVENT_ACCEPTED:
        (void) bd_memory_accept(m, event->credential, event->time, 0);
        break;

    case BD_EVENT_REJECTED:

        /* what upstream said then is not told: ask it again */

        (void) bd_memory_reject(m, event->credential, event->time,
                                bd_slice(""), 0);
        break;

    case BD_EVENT_HELD:
        left = ngx_http_batch_dial_event_left(event,
                                              NGX_HTTP_BATCH_DIAL_HOLD_MAX);
        if (left > 0) {
            bd_memory_hold(m, event->credential, event->data, mono + left);
        }

        break;

    case BD_EVENT_GENERATION:
        bd_memory_set_generation(m, event->time);
        bd_memory_flush(m);
        break;

    default:
        break;
    }

    ngx_http_batch_dial_memory_unlock(mcf);

    ngx_http_batch_dial_count(mcf, events_applied);

    if (event->type == BD_EVENT_REJECTED) {
        ngx_http_batch_dial_count(mcf, tombstones_event);
    }

    if (event->type == BD_EVENT_HELD) {
        ngx_http_batch_dial_count(mcf, hold_offs_event);
    }
}


/* A failure is backed off from here as well; what is refused is not there. */

static void
ngx_http_batch_dial_event_ended(bd_memory_t *m, const bd_event_t *event,
    const bd_pair_t *pair)
{
    int64_t     mono, left;
    bd_entry_t  outcome;

    if (event->id.len == 0 || event->data.len == 0
        || bd_entry_decode(&outcome, event->data) != 0)
    {
        return;
    }

    if (event->time > 0) {
        mono = ngx_http_batch_dial_mono();
        left = ngx_http_batch_dial_event_left(event,
                                              NGX_HTTP_BATCH_DIAL_BACKOFF);
        if (left > 0) {
            (void) bd_memory_outcome(m, pair, bd_memory_epoch(m, pair->id),
                                     BD_OUTCOME_FAILURE, event->data, mono,
                                     mono + left, 0);
        }

    } else if (ngx_http_batch_dial_drops(outcome.http_status)) {
        bd_memory_drop(m, pair);
    }
}


/*
 * Milliseconds to the moment that an event tells, max at the most.  It is a
 * moment and not a time, since Redis may have kept the event for a while.
 */

static int64_t
ngx_http_batch_dial_event_left(const bd_event_t *event, int64_t max)
{
    return ngx_min(event->time - ngx_http_batch_dial_now(), max);
}


/* What each worker has to do for itself. */

static void
ngx_http_batch_dial_event_tell(ngx_http_batch_dial_main_conf_t *mcf,
    const bd_event_t *event,
    const ngx_http_batch_dial_event_handlers_t *handlers)
{
    bd_pair_t                      pair;
    ngx_http_batch_dial_answer_t  *outcome;

    pair.credential = event->credential;
    pair.id = event->id;
    outcome = NULL;

    switch (event->type) {

    case BD_EVENT_ENDED:
        if (event->data.len) {
            outcome = ngx_http_batch_dial_answer_of(event->data);
        }

        break;

    case BD_EVENT_STORED:
    case BD_EVENT_ACCEPTED:
    case BD_EVENT_REJECTED:
        break;

    case BD_EVENT_GONE:
    case BD_EVENT_EXPIRED:
        handlers->voided(mcf, event->id);
        return;

    default:
        return;
    }

    handlers->told(mcf, &pair, outcome);

    if (outcome) {
        ngx_http_batch_dial_answer_unref(outcome);
    }
}
