/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The subscription of a worker to one channel of Redis.  What must hold:
 *
 *   - one command at most is not answered: SUBSCRIBE, then one PING after the
 *     other.  So a reply that is no message belongs to that command;
 *   - the moment told to alive() is never later than the one at which the
 *     PING left: it is taken when the PING is queued;
 *   - the connection is never marked idle, and all timers are cancelable: a
 *     worker that is to exit keeps its subscription, for requests that wait,
 *     and is not kept by it.
 *
 * One timer.  What it is for follows from the state:
 *
 *   peer             awaited    when it fires
 *   DOWN             -          connects; while the breaker is open looks again
 *   up to GREETING   SUBSCRIBE  connect_timeout has passed: gives up
 *   READY            SUBSCRIBE  no confirmation: gives up
 *   READY            nothing    sends a PING
 *   READY            PING       no PONG: gives up
 *
 * Failures.  The next attempt follows after a time that doubles with each,
 * and that the first PONG resets.  Of a connection that was good the loss is
 * no sign that Redis is gone: the first attempt after it follows at once.
 * The breaker is only looked at: what fails here is no command of anybody.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include "ngx_http_batch_dial_redis_peer.h"
#include "ngx_http_batch_dial_redis_sub.h"


/* Milliseconds from a failure to the next attempt, at first and at most. */
#define NGX_HTTP_BATCH_DIAL_REDIS_SUB_BACKOFF_MIN  100
#define NGX_HTTP_BATCH_DIAL_REDIS_SUB_BACKOFF_MAX  2000

/* "At once": spread a little, for all workers of a fleet lose Redis at once. */
#define NGX_HTTP_BATCH_DIAL_REDIS_SUB_AT_ONCE      10

/* Milliseconds between two looks at a breaker that is open. */
#define NGX_HTTP_BATCH_DIAL_REDIS_SUB_LOOK         100

/*
 * Milliseconds for the confirmation of SUBSCRIBE, at least: nobody waits for
 * it, so it need not be as quick as a command.
 */
#define NGX_HTTP_BATCH_DIAL_REDIS_SUB_CONFIRM      200


typedef enum {
    NGX_HTTP_BATCH_DIAL_REDIS_SUB_NOTHING = 0,
    NGX_HTTP_BATCH_DIAL_REDIS_SUB_CONFIRMATION,
    NGX_HTTP_BATCH_DIAL_REDIS_SUB_PONG
} ngx_http_batch_dial_redis_sub_awaited_e;


struct ngx_http_batch_dial_redis_sub_s {
    /* as in ngx_connection_t, for the debug log of the timer's event */
    void                                     *unused[3];
    ngx_int_t                                 ident;

    ngx_http_batch_dial_redis_conf_t         *conf;
    ngx_http_batch_dial_redis_stats_t        *stats;
    bd_breaker_t                             *breaker;
    ngx_str_t                                *channel;

    ngx_http_batch_dial_redis_sub_events_t   *events;
    void                                     *data;     /* of the events */

    ngx_http_batch_dial_redis_peer_t          peer;
    ngx_event_t                               timer;

    ngx_http_batch_dial_redis_sub_awaited_e   awaited;
    ngx_uint_t                                answered; /* since connected */
    ngx_msec_t                                sent;     /* the last PING */
    ngx_msec_t                                since;    /* confirmed */
    ngx_msec_t                                backoff;  /* the last; 0: none */

    unsigned                                  subscribed:1;
    unsigned                                  proven:1; /* PONG has come on
                                                           this connection */
    unsigned                                  failing:1;
    unsigned                                  opened:1; /* the breaker, when
                                                           looked at last */
};


static void ngx_http_batch_dial_redis_sub_timer(ngx_event_t *ev);
static void ngx_http_batch_dial_redis_sub_wait(
    ngx_http_batch_dial_redis_sub_t *sub, ngx_msec_t time);
static void ngx_http_batch_dial_redis_sub_connect(
    ngx_http_batch_dial_redis_sub_t *sub);
static void ngx_http_batch_dial_redis_sub_ping(
    ngx_http_batch_dial_redis_sub_t *sub);

static void ngx_http_batch_dial_redis_sub_up(void *data);
static ngx_int_t ngx_http_batch_dial_redis_sub_reply(void *data,
    redisReply *reply);
static ngx_int_t ngx_http_batch_dial_redis_sub_message(
    ngx_http_batch_dial_redis_sub_t *sub, redisReply *reply);
static ngx_int_t ngx_http_batch_dial_redis_sub_confirmation(
    ngx_http_batch_dial_redis_sub_t *sub, redisReply *reply);
static ngx_int_t ngx_http_batch_dial_redis_sub_pong(
    ngx_http_batch_dial_redis_sub_t *sub, redisReply *reply);
static ngx_uint_t ngx_http_batch_dial_redis_sub_kind(redisReply *reply,
    size_t elements, const char *kind);
static ngx_uint_t ngx_http_batch_dial_redis_sub_of_channel(
    ngx_http_batch_dial_redis_sub_t *sub, redisReply *reply);
static void ngx_http_batch_dial_redis_sub_down(void *data,
    ngx_http_batch_dial_redis_end_e end);

static void ngx_http_batch_dial_redis_sub_give_up(
    ngx_http_batch_dial_redis_sub_t *sub);
static void ngx_http_batch_dial_redis_sub_lost(
    ngx_http_batch_dial_redis_sub_t *sub, ngx_str_t *cause);


static ngx_http_batch_dial_redis_events_t
    ngx_http_batch_dial_redis_sub_events =
{
    ngx_http_batch_dial_redis_sub_up,
    ngx_http_batch_dial_redis_sub_reply,
    ngx_http_batch_dial_redis_sub_down
};


ngx_http_batch_dial_redis_sub_t *
ngx_http_batch_dial_redis_sub_create(ngx_cycle_t *cycle,
    ngx_http_batch_dial_redis_conf_t *conf, bd_breaker_t *breaker,
    ngx_http_batch_dial_redis_stats_t *stats, ngx_str_t *channel,
    ngx_http_batch_dial_redis_sub_events_t *events, void *data)
{
    ngx_http_batch_dial_redis_sub_t  *sub;

    sub = ngx_calloc(sizeof(ngx_http_batch_dial_redis_sub_t), cycle->log);
    if (sub == NULL) {
        return NULL;
    }

    sub->ident = -1;
    sub->conf = conf;
    sub->stats = stats;
    sub->breaker = breaker;
    sub->channel = channel;
    sub->events = events;
    sub->data = data;

    sub->timer.handler = ngx_http_batch_dial_redis_sub_timer;
    sub->timer.data = sub;
    sub->timer.log = ngx_cycle->log;
    sub->timer.cancelable = 1;

    if (ngx_http_batch_dial_redis_peer_init(&sub->peer, conf, stats,
                                         &ngx_http_batch_dial_redis_sub_events,
                                            sub)
        != NGX_OK)
    {
        ngx_free(sub);
        return NULL;
    }

    /* the event loop has to run before anything may be told to the owner */

    ngx_http_batch_dial_redis_sub_wait(sub, 0);

    return sub;
}


void
ngx_http_batch_dial_redis_sub_destroy(ngx_http_batch_dial_redis_sub_t *sub)
{
    if (sub->timer.timer_set) {
        ngx_del_timer(&sub->timer);
    }

    ngx_http_batch_dial_redis_peer_free(&sub->peer);

    ngx_free(sub);
}


static void
ngx_http_batch_dial_redis_sub_timer(ngx_event_t *ev)
{
    ngx_http_batch_dial_redis_sub_t  *sub;

    sub = ev->data;

    if (sub->peer.state == NGX_HTTP_BATCH_DIAL_REDIS_DOWN) {
        ngx_http_batch_dial_redis_sub_connect(sub);
        return;
    }

    if (sub->awaited == NGX_HTTP_BATCH_DIAL_REDIS_SUB_NOTHING) {
        ngx_http_batch_dial_redis_sub_ping(sub);
        return;
    }

    ngx_http_batch_dial_redis_sub_give_up(sub);
}


static void
ngx_http_batch_dial_redis_sub_wait(ngx_http_batch_dial_redis_sub_t *sub,
    ngx_msec_t time)
{
    /* nginx leaves a timer that is set alone when little would change */

    if (sub->timer.timer_set) {
        ngx_del_timer(&sub->timer);
    }

    ngx_add_timer(&sub->timer, time);
}


static void
ngx_http_batch_dial_redis_sub_connect(ngx_http_batch_dial_redis_sub_t *sub)
{
    ngx_int_t  rc;
    ngx_str_t  cause, argv[2];

    if (!bd_breaker_closed(sub->breaker)) {
        sub->opened = 1;

        ngx_http_batch_dial_redis_sub_wait(sub,
                                          NGX_HTTP_BATCH_DIAL_REDIS_SUB_LOOK);
        return;
    }

    if (sub->opened) {
        /* closed by some worker: what this one thought of Redis is past */
        sub->opened = 0;
        sub->backoff = 0;
    }

    sub->awaited = NGX_HTTP_BATCH_DIAL_REDIS_SUB_CONFIRMATION;
    sub->answered = 0;
    sub->subscribed = 0;
    sub->proven = 0;
    sub->peer.quiet = sub->failing;

    ngx_str_set(&argv[0], "SUBSCRIBE");
    argv[1] = *sub->channel;

    if (ngx_http_batch_dial_redis_peer_command(&sub->peer, 2, argv)
        != NGX_OK)
    {
        ngx_str_set(&cause, "no memory");
        ngx_http_batch_dial_redis_sub_lost(sub, &cause);
        return;
    }

    rc = ngx_http_batch_dial_redis_peer_connect(&sub->peer);

    if (rc != NGX_OK) {
        (void) ngx_atomic_fetch_add(&sub->stats->connect_failures, 1);

        ngx_http_batch_dial_redis_sub_lost(sub, &sub->peer.cause);
        return;
    }

    ngx_http_batch_dial_redis_sub_wait(sub, sub->conf->connect_timeout);
}


static void
ngx_http_batch_dial_redis_sub_ping(ngx_http_batch_dial_redis_sub_t *sub)
{
    ngx_str_t  cause, argv[1];

    ngx_str_set(&argv[0], "PING");

    if (ngx_http_batch_dial_redis_peer_command(&sub->peer, 1, argv)
        != NGX_OK)
    {
        ngx_http_batch_dial_redis_peer_close(&sub->peer);

        ngx_str_set(&cause, "no memory");
        ngx_http_batch_dial_redis_sub_lost(sub, &cause);
        return;
    }

    sub->awaited = NGX_HTTP_BATCH_DIAL_REDIS_SUB_PONG;
    sub->sent = ngx_current_msec;

    ngx_http_batch_dial_redis_sub_wait(sub,
                                       NGX_HTTP_BATCH_DIAL_REDIS_SUB_TIMEOUT);
}


static void
ngx_http_batch_dial_redis_sub_up(void *data)
{
    ngx_http_batch_dial_redis_sub_t  *sub;

    sub = data;

    ngx_http_batch_dial_redis_sub_wait(sub,
                           ngx_max(sub->conf->timeout,
                                   NGX_HTTP_BATCH_DIAL_REDIS_SUB_CONFIRM));
}


static ngx_int_t
ngx_http_batch_dial_redis_sub_reply(void *data, redisReply *reply)
{
    ngx_str_t                         code;
    ngx_http_batch_dial_redis_sub_t  *sub;

    sub = data;

    if (ngx_http_batch_dial_redis_sub_kind(reply, 3, "message")) {
        return ngx_http_batch_dial_redis_sub_message(sub, reply);
    }

    if (sub->awaited == NGX_HTTP_BATCH_DIAL_REDIS_SUB_NOTHING
        || sub->answered
           >= ngx_http_batch_dial_redis_peer_started(&sub->peer))
    {
        return NGX_ERROR;
    }

    sub->answered++;

    if (reply->type == REDIS_REPLY_ERROR) {
        code = ngx_http_batch_dial_redis_reply_code(reply);

        ngx_http_batch_dial_redis_peer_cause(&sub->peer,
                                             "%s was answered \"%V\"",
                                             sub->subscribed ? "PING"
                                                             : "SUBSCRIBE",
                                             &code);
        return NGX_DECLINED;
    }

    if (sub->awaited == NGX_HTTP_BATCH_DIAL_REDIS_SUB_CONFIRMATION) {
        return ngx_http_batch_dial_redis_sub_confirmation(sub, reply);
    }

    return ngx_http_batch_dial_redis_sub_pong(sub, reply);
}


static ngx_int_t
ngx_http_batch_dial_redis_sub_message(ngx_http_batch_dial_redis_sub_t *sub,
    redisReply *reply)
{
    ngx_str_t  payload;

    if (!sub->subscribed
        || !ngx_http_batch_dial_redis_sub_of_channel(sub, reply)
        || reply->element[2]->type != REDIS_REPLY_STRING)
    {
        return NGX_ERROR;
    }

    payload.data = (u_char *) reply->element[2]->str;
    payload.len = reply->element[2]->len;

    sub->events->message(sub->data, &payload);

    return NGX_OK;
}


static ngx_int_t
ngx_http_batch_dial_redis_sub_confirmation(
    ngx_http_batch_dial_redis_sub_t *sub, redisReply *reply)
{
    if (!ngx_http_batch_dial_redis_sub_kind(reply, 3, "subscribe")
        || !ngx_http_batch_dial_redis_sub_of_channel(sub, reply)
        || reply->element[2]->type != REDIS_REPLY_INTEGER)
    {
        return NGX_ERROR;
    }

    sub->awaited = NGX_HTTP_BATCH_DIAL_REDIS_SUB_NOTHING;
    sub->since = ngx_current_msec;
    sub->subscribed = 1;
    sub->failing = 0;

    ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                  "batch_dial: subscribed at %V", &sub->conf->name);

    /* the first PING leaves in this turn of the event loop */

    ngx_http_batch_dial_redis_sub_wait(sub, 0);

    sub->events->subscribed(sub->data);

    return NGX_OK;
}


static ngx_int_t
ngx_http_batch_dial_redis_sub_pong(ngx_http_batch_dial_redis_sub_t *sub,
    redisReply *reply)
{
    ngx_msec_int_t  left;

    /* an array where one is subscribed; a proxy might not know that */

    if (!ngx_http_batch_dial_redis_sub_kind(reply, 2, "pong")
        && !(reply->type == REDIS_REPLY_STATUS
             && reply->len == 4
             && ngx_strncmp(reply->str, "PONG", 4) == 0))
    {
        return NGX_ERROR;
    }

    sub->awaited = NGX_HTTP_BATCH_DIAL_REDIS_SUB_NOTHING;
    sub->backoff = 0;
    sub->proven = 1;

    left = (ngx_msec_int_t) (sub->sent + NGX_HTTP_BATCH_DIAL_REDIS_SUB_PING
                             - ngx_current_msec);

    ngx_http_batch_dial_redis_sub_wait(sub, ngx_max(left, 0));

    sub->events->alive(sub->data, sub->sent);

    return NGX_OK;
}


/* 1 for an array of so many elements of which the first is the string kind */

static ngx_uint_t
ngx_http_batch_dial_redis_sub_kind(redisReply *reply, size_t elements,
    const char *kind)
{
    redisReply  *first;

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != elements) {
        return 0;
    }

    first = reply->element[0];

    return first->type == REDIS_REPLY_STRING
           && first->len == ngx_strlen(kind)
           && ngx_memcmp(first->str, kind, first->len) == 0;
}


static ngx_uint_t
ngx_http_batch_dial_redis_sub_of_channel(ngx_http_batch_dial_redis_sub_t *sub,
    redisReply *reply)
{
    redisReply  *second;

    second = reply->element[1];

    return second->type == REDIS_REPLY_STRING
           && second->len == sub->channel->len
           && ngx_memcmp(second->str, sub->channel->data, second->len) == 0;
}


static void
ngx_http_batch_dial_redis_sub_down(void *data,
    ngx_http_batch_dial_redis_end_e end)
{
    ngx_http_batch_dial_redis_sub_t  *sub;

    sub = data;

    if (end == NGX_HTTP_BATCH_DIAL_REDIS_FAILED) {
        (void) ngx_atomic_fetch_add(&sub->stats->connect_failures, 1);
    }

    if (end == NGX_HTTP_BATCH_DIAL_REDIS_GARBAGE) {
        (void) ngx_atomic_fetch_add(&sub->stats->protocol_errors, 1);
    }

    ngx_http_batch_dial_redis_sub_lost(sub, &sub->peer.cause);
}


static void
ngx_http_batch_dial_redis_sub_give_up(ngx_http_batch_dial_redis_sub_t *sub)
{
    ngx_str_t  cause;

    if (sub->peer.state == NGX_HTTP_BATCH_DIAL_REDIS_READY) {
        ngx_str_set(&cause, "no answer in time");
        (void) ngx_atomic_fetch_add(&sub->stats->timeouts, 1);

    } else {
        ngx_str_set(&cause, "connecting took too long");
        (void) ngx_atomic_fetch_add(&sub->stats->connect_failures, 1);
    }

    ngx_http_batch_dial_redis_peer_close(&sub->peer);

    ngx_http_batch_dial_redis_sub_lost(sub, &cause);
}


/* The peer is down: a warning for the first of a row, and the next attempt. */

static void
ngx_http_batch_dial_redis_sub_lost(ngx_http_batch_dial_redis_sub_t *sub,
    ngx_str_t *cause)
{
    ngx_uint_t  level;
    ngx_msec_t  delay;

    level = sub->failing ? NGX_LOG_INFO : NGX_LOG_WARN;
    sub->failing = 1;

    if (sub->subscribed) {
        ngx_log_error(level, ngx_cycle->log, 0,
                      "batch_dial: subscription at %V lost: %V",
                      &sub->conf->name, cause);

    } else {
        ngx_log_error(level, ngx_cycle->log, 0,
                      "batch_dial: subscribing at %V failed: %V",
                      &sub->conf->name, cause);
    }

    ngx_http_batch_dial_redis_peer_discard(&sub->peer);

    if (sub->subscribed) {
        sub->events->lost(sub->data);
    }

    /* one that did not live for long may be of a server that closes all */

    if (sub->proven
        && ngx_current_msec - sub->since
           >= NGX_HTTP_BATCH_DIAL_REDIS_SUB_BACKOFF_MIN)
    {
        delay = 1 + ngx_random() % NGX_HTTP_BATCH_DIAL_REDIS_SUB_AT_ONCE;

    } else {
        sub->backoff = sub->backoff
                       ? ngx_min(sub->backoff * 2,
                                 NGX_HTTP_BATCH_DIAL_REDIS_SUB_BACKOFF_MAX)
                       : NGX_HTTP_BATCH_DIAL_REDIS_SUB_BACKOFF_MIN;

        /* up to a quarter less, so that workers do not come in step */

        delay = sub->backoff - ngx_random() % (sub->backoff / 4 + 1);
    }

    sub->subscribed = 0;
    sub->proven = 0;

    ngx_http_batch_dial_redis_sub_wait(sub, delay);
}
