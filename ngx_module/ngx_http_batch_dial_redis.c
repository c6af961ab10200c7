/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The Redis client of a worker: which command a reply belongs to, how long
 * it may take, and what becomes of it when the connection ends.  Whether Redis
 * is asked at all is a matter of its health (.._redis_health.c).
 *
 * Deadlines.  One timer: while the peer connects it is the end of
 * connect_timeout; while it is ready the deadline of the oldest command, and
 * not set when there is none; while it is down not set.  A command's
 * clock starts when it is queued, or when the peer gets ready if that is
 * later; so none waits longer than connect_timeout + timeout.
 *
 * Ends.  A connection that ends takes all its commands with it: replies are
 * positional.  But one that Redis closes while it owes us nothing is no
 * failure: the next command connects again, and those that were queued but
 * had not left move to the new connection.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include "ngx_http_batch_dial_redis.h"
#include "ngx_http_batch_dial_redis_health.h"
#include "ngx_http_batch_dial_redis_peer.h"


/* A worker that owes Redis so much is not helped by owing it more. */
#define NGX_HTTP_BATCH_DIAL_REDIS_QUEUE_OPS    100000
#define NGX_HTTP_BATCH_DIAL_REDIS_QUEUE_BYTES  (16 * 1024 * 1024)


struct ngx_http_batch_dial_redis_op_s {
    ngx_queue_t                            queue;
    ngx_msec_t                             start;
    ngx_http_batch_dial_redis_handler_pt   handler;     /* NULL: cancelled */
    void                                  *data;
};


struct ngx_http_batch_dial_redis_s {
    /* as in ngx_connection_t, for the debug log of the timers' events */
    void                                  *unused[3];
    ngx_int_t                              ident;

    ngx_http_batch_dial_redis_conf_t      *conf;
    ngx_http_batch_dial_redis_stats_t     *stats;

    ngx_http_batch_dial_redis_health_t     health;
    ngx_http_batch_dial_redis_peer_t       peer;

    ngx_queue_t                            ops;         /* oldest first */
    ngx_uint_t                             nops;
    ngx_uint_t                             answered;    /* since connected */
    ngx_event_t                            deadline;

    unsigned                               resumed:1;   /* ops have outlived
                                                           a connection */
};


static ngx_uint_t ngx_http_batch_dial_redis_usable(
    ngx_http_batch_dial_redis_t *redis);
static ngx_int_t ngx_http_batch_dial_redis_connect(
    ngx_http_batch_dial_redis_t *redis);
static ngx_http_batch_dial_redis_op_t *ngx_http_batch_dial_redis_submit(
    ngx_http_batch_dial_redis_t *redis, ngx_uint_t argc,
    const ngx_str_t *argv, size_t size);
static ngx_http_batch_dial_redis_op_t *ngx_http_batch_dial_redis_dequeue(
    ngx_http_batch_dial_redis_t *redis);

static void ngx_http_batch_dial_redis_up(void *data);
static ngx_int_t ngx_http_batch_dial_redis_reply(void *data,
    redisReply *reply);
static void ngx_http_batch_dial_redis_down(void *data,
    ngx_http_batch_dial_redis_end_e end);
static void ngx_http_batch_dial_redis_deadline(ngx_event_t *ev);

static void ngx_http_batch_dial_redis_lost(
    ngx_http_batch_dial_redis_t *redis);
static void ngx_http_batch_dial_redis_probe(void *data);


static ngx_http_batch_dial_redis_events_t  ngx_http_batch_dial_redis_events = {
    ngx_http_batch_dial_redis_up,
    ngx_http_batch_dial_redis_reply,
    ngx_http_batch_dial_redis_down
};


ngx_http_batch_dial_redis_t *
ngx_http_batch_dial_redis_create(ngx_cycle_t *cycle,
    ngx_http_batch_dial_redis_conf_t *conf, bd_breaker_t *breaker,
    ngx_http_batch_dial_redis_stats_t *stats)
{
    ngx_http_batch_dial_redis_t  *redis;

    redis = ngx_calloc(sizeof(ngx_http_batch_dial_redis_t), cycle->log);
    if (redis == NULL) {
        return NULL;
    }

    redis->ident = -1;
    redis->conf = conf;
    redis->stats = stats;

    redis->health.conf = conf;
    redis->health.stats = stats;
    redis->health.breaker = breaker;
    redis->health.probe = ngx_http_batch_dial_redis_probe;
    redis->health.data = redis;

    ngx_http_batch_dial_redis_health_init(&redis->health);

    redis->deadline.handler = ngx_http_batch_dial_redis_deadline;
    redis->deadline.data = redis;
    redis->deadline.log = ngx_cycle->log;
    redis->deadline.cancelable = 1;

    ngx_queue_init(&redis->ops);

    if (ngx_http_batch_dial_redis_peer_init(&redis->peer, conf, stats,
                                            &ngx_http_batch_dial_redis_events,
                                            redis)
        != NGX_OK)
    {
        ngx_free(redis);
        return NULL;
    }

    return redis;
}


void
ngx_http_batch_dial_redis_destroy(ngx_http_batch_dial_redis_t *redis)
{
    if (redis->deadline.timer_set) {
        ngx_del_timer(&redis->deadline);
    }

    ngx_http_batch_dial_redis_health_close(&redis->health);

    while (!ngx_queue_empty(&redis->ops)) {
        ngx_free(ngx_http_batch_dial_redis_dequeue(redis));
    }

    ngx_http_batch_dial_redis_peer_free(&redis->peer);

    ngx_free(redis);
}


ngx_http_batch_dial_redis_op_t *
ngx_http_batch_dial_redis_command(ngx_http_batch_dial_redis_t *redis,
    ngx_uint_t argc, const ngx_str_t *argv,
    ngx_http_batch_dial_redis_handler_pt handler, void *data)
{
    ngx_http_batch_dial_redis_op_t  *op;

    op = ngx_http_batch_dial_redis_command_with(redis, argc, argv, handler,
                                                NULL, 0);
    if (op) {
        op->data = data;
    }

    return op;
}


ngx_http_batch_dial_redis_op_t *
ngx_http_batch_dial_redis_command_with(ngx_http_batch_dial_redis_t *redis,
    ngx_uint_t argc, const ngx_str_t *argv,
    ngx_http_batch_dial_redis_handler_pt handler, const void *data,
    size_t size)
{
    ngx_http_batch_dial_redis_op_t  *op;

    if (!ngx_http_batch_dial_redis_usable(redis)) {
        return NULL;
    }

    op = ngx_http_batch_dial_redis_submit(redis, argc, argv, size);
    if (op == NULL) {
        return NULL;
    }

    op->handler = handler;

    if (size) {
        ngx_memcpy(op->data, data, size);
    }

    /* a request waits: a worker that is to exit has to wait as well */

    redis->deadline.cancelable = 0;

    (void) ngx_atomic_fetch_add(&redis->stats->commands, 1);

    return op;
}


/* Also connects.  No handler is called: where nothing is up, nothing waits. */

static ngx_uint_t
ngx_http_batch_dial_redis_usable(ngx_http_batch_dial_redis_t *redis)
{
    if (!ngx_http_batch_dial_redis_health_may_ask(&redis->health)) {
        return 0;
    }

    if (redis->peer.state != NGX_HTTP_BATCH_DIAL_REDIS_DOWN) {
        return redis->nops < NGX_HTTP_BATCH_DIAL_REDIS_QUEUE_OPS
               && redis->peer.out.bytes
                  < NGX_HTTP_BATCH_DIAL_REDIS_QUEUE_BYTES;
    }

    return ngx_http_batch_dial_redis_health_may_connect(&redis->health)
           && ngx_http_batch_dial_redis_connect(redis) == NGX_OK;
}


static ngx_int_t
ngx_http_batch_dial_redis_connect(ngx_http_batch_dial_redis_t *redis)
{
    redis->answered = 0;
    redis->peer.quiet = redis->health.failing;

    if (ngx_http_batch_dial_redis_peer_connect(&redis->peer) != NGX_OK) {
        (void) ngx_atomic_fetch_add(&redis->stats->connect_failures, 1);

        ngx_http_batch_dial_redis_health_dropped(&redis->health,
                                                 &redis->peer.cause);

        return NGX_ERROR;
    }

    ngx_add_timer(&redis->deadline, redis->conf->connect_timeout);

    return NGX_OK;
}


static ngx_http_batch_dial_redis_op_t *
ngx_http_batch_dial_redis_submit(ngx_http_batch_dial_redis_t *redis,
    ngx_uint_t argc, const ngx_str_t *argv, size_t size)
{
    ngx_http_batch_dial_redis_op_t  *op;

    op = ngx_alloc(sizeof(ngx_http_batch_dial_redis_op_t) + size,
                   ngx_cycle->log);
    if (op == NULL) {
        return NULL;
    }

    if (ngx_http_batch_dial_redis_peer_command(&redis->peer, argc, argv)
        != NGX_OK)
    {
        ngx_free(op);
        return NULL;
    }

    op->start = ngx_current_msec;
    op->handler = NULL;
    op->data = op + 1;

    if (redis->peer.state == NGX_HTTP_BATCH_DIAL_REDIS_READY
        && redis->nops == 0)
    {
        ngx_add_timer(&redis->deadline, redis->conf->timeout);
        redis->peer.connection->idle = 0;
    }

    ngx_queue_insert_tail(&redis->ops, &op->queue);
    redis->nops++;

    return op;
}


static ngx_http_batch_dial_redis_op_t *
ngx_http_batch_dial_redis_dequeue(ngx_http_batch_dial_redis_t *redis)
{
    ngx_queue_t  *q;

    q = ngx_queue_head(&redis->ops);

    ngx_queue_remove(q);
    redis->nops--;

    return ngx_queue_data(q, ngx_http_batch_dial_redis_op_t, queue);
}


void
ngx_http_batch_dial_redis_cancel(ngx_http_batch_dial_redis_op_t *op)
{
    /* replies are positional: op stays in its place until its own is read */

    op->handler = NULL;
}


static void
ngx_http_batch_dial_redis_up(void *data)
{
    ngx_http_batch_dial_redis_t  *redis;

    redis = data;

    ngx_http_batch_dial_redis_health_connected(&redis->health);

    ngx_del_timer(&redis->deadline);

    redis->peer.connection->idle = ngx_queue_empty(&redis->ops);

    /* the clock of all that waited starts now */

    if (redis->nops) {
        ngx_add_timer(&redis->deadline, redis->conf->timeout);

    } else {
        redis->deadline.cancelable = 1;
    }
}


static ngx_int_t
ngx_http_batch_dial_redis_reply(void *data, redisReply *reply)
{
    ngx_http_batch_dial_redis_t     *redis;
    ngx_http_batch_dial_redis_op_t  *op;

    redis = data;

    if (redis->answered
        >= ngx_http_batch_dial_redis_peer_started(&redis->peer))
    {
        return NGX_ERROR;
    }

    redis->answered++;
    redis->resumed = 0;

    ngx_http_batch_dial_redis_health_answered(&redis->health, reply);

    op = ngx_http_batch_dial_redis_dequeue(redis);

    if (redis->nops == 0) {
        ngx_del_timer(&redis->deadline);

        redis->deadline.cancelable = 1;
        redis->peer.connection->idle = 1;
    }

    /* last, for it may ask for more */

    if (op->handler) {
        op->handler(op->data, reply);
    }

    ngx_free(op);

    return NGX_OK;
}


static void
ngx_http_batch_dial_redis_down(void *data, ngx_http_batch_dial_redis_end_e end)
{
    ngx_http_batch_dial_redis_t  *redis;

    redis = data;

    if (redis->deadline.timer_set) {
        ngx_del_timer(&redis->deadline);
    }

    if (end == NGX_HTTP_BATCH_DIAL_REDIS_CLOSED
        && redis->answered
           == ngx_http_batch_dial_redis_peer_started(&redis->peer)
        && !redis->resumed)
    {
        ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                      "batch_dial: disconnected from %V: %V",
                      &redis->conf->name, &redis->peer.cause);

        if (redis->nops == 0) {
            return;
        }

        /* once only: a Redis might close every connection it greets */

        redis->resumed = 1;

        if (ngx_http_batch_dial_redis_connect(redis) != NGX_OK) {
            ngx_http_batch_dial_redis_lost(redis);
        }

        return;
    }

    if (end == NGX_HTTP_BATCH_DIAL_REDIS_FAILED) {
        (void) ngx_atomic_fetch_add(&redis->stats->connect_failures, 1);
    }

    if (end == NGX_HTTP_BATCH_DIAL_REDIS_GARBAGE) {
        (void) ngx_atomic_fetch_add(&redis->stats->protocol_errors, 1);
    }

    ngx_http_batch_dial_redis_health_dropped(&redis->health,
                                             &redis->peer.cause);
    ngx_http_batch_dial_redis_lost(redis);
}


static void
ngx_http_batch_dial_redis_deadline(ngx_event_t *ev)
{
    ngx_str_t                        cause;
    ngx_msec_int_t                   left;
    ngx_http_batch_dial_redis_t     *redis;
    ngx_http_batch_dial_redis_op_t  *op;

    redis = ev->data;

    if (redis->peer.state == NGX_HTTP_BATCH_DIAL_REDIS_READY) {

        op = ngx_queue_data(ngx_queue_head(&redis->ops),
                            ngx_http_batch_dial_redis_op_t, queue);

        left = (ngx_msec_int_t) (op->start + redis->conf->timeout
                                 - ngx_current_msec);

        if (left > 0) {
            /* the command that set the timer has been answered meanwhile */
            ngx_add_timer(ev, (ngx_msec_t) left);
            return;
        }

        ngx_str_set(&cause, "no answer in time");
        (void) ngx_atomic_fetch_add(&redis->stats->timeouts, 1);

    } else {
        ngx_str_set(&cause, "connecting took too long");
        (void) ngx_atomic_fetch_add(&redis->stats->connect_failures, 1);
    }

    ngx_http_batch_dial_redis_peer_close(&redis->peer);

    ngx_http_batch_dial_redis_health_dropped(&redis->health,
                                             &cause);
    ngx_http_batch_dial_redis_lost(redis);
}


/* The peer is down: all commands fail, those it has not sent as well. */

static void
ngx_http_batch_dial_redis_lost(ngx_http_batch_dial_redis_t *redis)
{
    ngx_queue_t                      ops, *q;
    ngx_http_batch_dial_redis_op_t  *op;

    ngx_http_batch_dial_redis_peer_discard(&redis->peer);

    redis->resumed = 0;
    redis->deadline.cancelable = 1;

    if (redis->nops == 0) {
        return;
    }

    /* apart from the queue, since a handler may queue the next command */

    ngx_queue_init(&ops);
    ngx_queue_add(&ops, &redis->ops);
    ngx_queue_init(&redis->ops);
    redis->nops = 0;

    while (!ngx_queue_empty(&ops)) {
        q = ngx_queue_head(&ops);
        ngx_queue_remove(q);

        op = ngx_queue_data(q, ngx_http_batch_dial_redis_op_t, queue);

        /* read now: the handlers before may have cancelled it */

        if (op->handler) {
            op->handler(op->data, NULL);
        }

        ngx_free(op);
    }
}


static void
ngx_http_batch_dial_redis_probe(void *data)
{
    ngx_uint_t                    argc;
    ngx_str_t                     argv[NGX_HTTP_BATCH_DIAL_REDIS_PROBE_WORDS];
    ngx_http_batch_dial_redis_t  *redis;

    redis = data;

    if (redis->peer.state == NGX_HTTP_BATCH_DIAL_REDIS_DOWN) {
        (void) ngx_http_batch_dial_redis_connect(redis);
        return;
    }

    /* what the reply says of Redis is judged like that of any command */

    if (redis->peer.state == NGX_HTTP_BATCH_DIAL_REDIS_READY) {
        argc = ngx_http_batch_dial_redis_probe_words(redis->conf, argv);
        (void) ngx_http_batch_dial_redis_submit(redis, argc, argv, 0);
    }
}
