/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The Redis client of a worker: which command a reply belongs to, how long
 * it may take, when Redis is asked at all, and what counts as its failure.
 *
 * Deadlines.  One timer: while the peer connects it is the end of
 * connect_timeout; while it is ready the deadline of the oldest command, and
 * not set when there is none; while it is down not set.  A command's
 * clock starts when it is queued, or when the peer gets ready if that is
 * later; so none waits longer than connect_timeout + timeout.
 *
 * Failures.  What fails is an attempt to connect (which includes AUTH, SELECT
 * and a probe), a connection lost with commands not answered, a deadline, a
 * reply that makes no sense, and an error reply by which Redis refuses to
 * serve.  Each counts once, however many commands it takes along.  A
 * connection that Redis closes while it owes us nothing is no failure: the
 * next command connects again, and one that was queued but had not left moves
 * to the new connection.  Error replies of one command alone (-OOM, -READONLY,
 * -MISCONF, -NOSCRIPT, -WRONGTYPE) are answers: a full or read-only Redis
 * still answers reads.
 *
 * After a failure of the connection commands are refused for a while that
 * doubles with every further one; after BD_BREAKER_FAILURES failures in a row
 * of all workers the breaker refuses them, until a probe is answered.  A
 * greeting counts as such an answer only for a breaker that is open:
 * otherwise a Redis that greets and then hangs would never open it.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include "ngx_http_batch_dial_redis.h"
#include "ngx_http_batch_dial_redis_peer.h"


/* A worker that owes Redis so much is not helped by owing it more. */
#define NGX_HTTP_BATCH_DIAL_REDIS_QUEUE_OPS    100000
#define NGX_HTTP_BATCH_DIAL_REDIS_QUEUE_BYTES  (16 * 1024 * 1024)

/* Milliseconds without a connection after a failure, at first and at most. */
#define NGX_HTTP_BATCH_DIAL_REDIS_BACKOFF_MIN  100
#define NGX_HTTP_BATCH_DIAL_REDIS_BACKOFF_MAX  2000


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
    bd_breaker_t                          *breaker;

    ngx_http_batch_dial_redis_peer_t       peer;
    ngx_queue_t                            ops;         /* oldest first */
    ngx_uint_t                             nops;
    ngx_uint_t                             answered;    /* on this connection */

    ngx_event_t                            deadline;
    ngx_event_t                            probe;

    ngx_msec_t                             backoff;     /* 0: none */
    ngx_msec_t                             retry;       /* when it ends */

    unsigned                               failing:1;   /* since last answer */
    unsigned                               opened:1;    /* breaker, as seen */
    unsigned                               resumed:1;   /* queue has outlived
                                                           a connection */
};


static void ngx_http_batch_dial_redis_init_timers(
    ngx_http_batch_dial_redis_t *redis);
static ngx_uint_t ngx_http_batch_dial_redis_usable(
    ngx_http_batch_dial_redis_t *redis);
static ngx_int_t ngx_http_batch_dial_redis_connect(
    ngx_http_batch_dial_redis_t *redis);
static ngx_http_batch_dial_redis_op_t *ngx_http_batch_dial_redis_submit(
    ngx_http_batch_dial_redis_t *redis, ngx_uint_t argc,
    const ngx_str_t *argv, ngx_http_batch_dial_redis_handler_pt handler,
    void *data);
static ngx_http_batch_dial_redis_op_t *ngx_http_batch_dial_redis_dequeue(
    ngx_http_batch_dial_redis_t *redis);

static void ngx_http_batch_dial_redis_up(void *data);
static ngx_int_t ngx_http_batch_dial_redis_reply(void *data,
    redisReply *reply);
static void ngx_http_batch_dial_redis_down(void *data,
    ngx_http_batch_dial_redis_end_e end);
static void ngx_http_batch_dial_redis_deadline(ngx_event_t *ev);

static void ngx_http_batch_dial_redis_judge(
    ngx_http_batch_dial_redis_t *redis, redisReply *reply);
static void ngx_http_batch_dial_redis_succeeded(
    ngx_http_batch_dial_redis_t *redis);
static void ngx_http_batch_dial_redis_failed(
    ngx_http_batch_dial_redis_t *redis, ngx_str_t *cause);
static void ngx_http_batch_dial_redis_back_off(
    ngx_http_batch_dial_redis_t *redis);
static void ngx_http_batch_dial_redis_lost(
    ngx_http_batch_dial_redis_t *redis);

static void ngx_http_batch_dial_redis_watch(
    ngx_http_batch_dial_redis_t *redis);
static void ngx_http_batch_dial_redis_probe_handler(ngx_event_t *ev);
static uint32_t ngx_http_batch_dial_redis_random(void);


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
    redis->breaker = breaker;

    ngx_queue_init(&redis->ops);
    ngx_http_batch_dial_redis_init_timers(redis);

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


static void
ngx_http_batch_dial_redis_init_timers(ngx_http_batch_dial_redis_t *redis)
{
    redis->deadline.handler = ngx_http_batch_dial_redis_deadline;
    redis->deadline.data = redis;
    redis->deadline.log = ngx_cycle->log;
    redis->deadline.cancelable = 1;

    redis->probe.handler = ngx_http_batch_dial_redis_probe_handler;
    redis->probe.data = redis;
    redis->probe.log = ngx_cycle->log;
    redis->probe.cancelable = 1;
}


void
ngx_http_batch_dial_redis_destroy(ngx_http_batch_dial_redis_t *redis)
{
    if (redis->deadline.timer_set) {
        ngx_del_timer(&redis->deadline);
    }

    if (redis->probe.timer_set) {
        ngx_del_timer(&redis->probe);
    }

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

    if (!ngx_http_batch_dial_redis_usable(redis)) {
        return NULL;
    }

    op = ngx_http_batch_dial_redis_submit(redis, argc, argv, handler, data);
    if (op == NULL) {
        return NULL;
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
    if (!bd_breaker_closed(redis->breaker)) {
        ngx_http_batch_dial_redis_watch(redis);
        return 0;
    }

    if (redis->opened) {
        /* closed by some worker: what this one thought of Redis is past */
        redis->opened = 0;
        redis->backoff = 0;
    }

    if (redis->peer.state != NGX_HTTP_BATCH_DIAL_REDIS_DOWN) {
        return redis->nops < NGX_HTTP_BATCH_DIAL_REDIS_QUEUE_OPS
               && redis->peer.out.bytes
                  < NGX_HTTP_BATCH_DIAL_REDIS_QUEUE_BYTES;
    }

    if (redis->backoff
        && (ngx_msec_int_t) (redis->retry - ngx_current_msec) > 0)
    {
        return 0;
    }

    return ngx_http_batch_dial_redis_connect(redis) == NGX_OK;
}


static ngx_int_t
ngx_http_batch_dial_redis_connect(ngx_http_batch_dial_redis_t *redis)
{
    redis->answered = 0;

    if (ngx_http_batch_dial_redis_peer_connect(&redis->peer) != NGX_OK) {
        (void) ngx_atomic_fetch_add(&redis->stats->connect_failures, 1);

        ngx_http_batch_dial_redis_back_off(redis);
        ngx_http_batch_dial_redis_failed(redis, &redis->peer.cause);

        return NGX_ERROR;
    }

    ngx_add_timer(&redis->deadline, redis->conf->connect_timeout);

    return NGX_OK;
}


static ngx_http_batch_dial_redis_op_t *
ngx_http_batch_dial_redis_submit(ngx_http_batch_dial_redis_t *redis,
    ngx_uint_t argc, const ngx_str_t *argv,
    ngx_http_batch_dial_redis_handler_pt handler, void *data)
{
    ngx_http_batch_dial_redis_op_t  *op;

    op = ngx_alloc(sizeof(ngx_http_batch_dial_redis_op_t), ngx_cycle->log);
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
    op->handler = handler;
    op->data = data;

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
    ngx_queue_t                     *q;
    ngx_http_batch_dial_redis_t     *redis;
    ngx_http_batch_dial_redis_op_t  *op;

    redis = data;

    ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                  "batch_dial: connected to %V", &redis->conf->name);

    ngx_del_timer(&redis->deadline);

    redis->peer.connection->idle = ngx_queue_empty(&redis->ops);

    if (!bd_breaker_closed(redis->breaker)) {
        ngx_http_batch_dial_redis_succeeded(redis);
    }

    for (q = ngx_queue_head(&redis->ops);
         q != ngx_queue_sentinel(&redis->ops);
         q = ngx_queue_next(q))
    {
        op = ngx_queue_data(q, ngx_http_batch_dial_redis_op_t, queue);
        op->start = ngx_current_msec;
    }

    if (redis->nops) {
        ngx_add_timer(&redis->deadline, redis->conf->timeout);

    } else {
        redis->deadline.cancelable = 1;
    }
}


static ngx_int_t
ngx_http_batch_dial_redis_reply(void *data, redisReply *reply)
{
    void                                  *op_data;
    ngx_http_batch_dial_redis_t           *redis;
    ngx_http_batch_dial_redis_op_t        *op;
    ngx_http_batch_dial_redis_handler_pt   handler;

    redis = data;

    if (redis->answered
        >= ngx_http_batch_dial_redis_peer_started(&redis->peer))
    {
        return NGX_ERROR;
    }

    redis->answered++;

    ngx_http_batch_dial_redis_judge(redis, reply);

    op = ngx_http_batch_dial_redis_dequeue(redis);

    handler = op->handler;
    op_data = op->data;

    ngx_free(op);

    if (redis->nops == 0) {
        ngx_del_timer(&redis->deadline);

        redis->deadline.cancelable = 1;
        redis->peer.connection->idle = 1;
    }

    /* last, for it may ask for more */

    if (handler) {
        handler(op_data, reply);
    }

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

        /* once only: else a Redis that closes at once would be asked forever */

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

    ngx_http_batch_dial_redis_back_off(redis);
    ngx_http_batch_dial_redis_failed(redis, &redis->peer.cause);
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

    ngx_http_batch_dial_redis_back_off(redis);
    ngx_http_batch_dial_redis_failed(redis, &cause);
    ngx_http_batch_dial_redis_lost(redis);
}


static void
ngx_http_batch_dial_redis_judge(ngx_http_batch_dial_redis_t *redis,
    redisReply *reply)
{
    u_char     buf[64];
    ngx_str_t  code, cause;

    if (!ngx_http_batch_dial_redis_reply_refuses(reply)) {
        ngx_http_batch_dial_redis_succeeded(redis);
        return;
    }

    code = ngx_http_batch_dial_redis_reply_code(reply);

    cause.data = buf;
    cause.len = ngx_snprintf(buf, sizeof(buf), "it answers \"%V\"", &code)
                - buf;

    ngx_http_batch_dial_redis_failed(redis, &cause);
}


static void
ngx_http_batch_dial_redis_succeeded(ngx_http_batch_dial_redis_t *redis)
{
    redis->resumed = 0;
    redis->backoff = 0;

    if (bd_breaker_success(redis->breaker)) {
        ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                      "batch_dial: %V is asked again", &redis->conf->name);
    }

    if (redis->failing) {
        redis->failing = 0;
        redis->peer.quiet = 0;

        ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                      "batch_dial: %V answers again", &redis->conf->name);
    }
}


/* One incident; a warning for the first of a row, and for the breaker. */

static void
ngx_http_batch_dial_redis_failed(ngx_http_batch_dial_redis_t *redis,
    ngx_str_t *cause)
{
    ngx_uint_t  level;

    level = redis->failing ? NGX_LOG_INFO : NGX_LOG_WARN;

    ngx_log_error(level, ngx_cycle->log, 0, "batch_dial: %V failed: %V",
                  &redis->conf->name, cause);

    redis->failing = 1;
    redis->peer.quiet = 1;

    if (!bd_breaker_failure(redis->breaker, ngx_current_msec,
                            ngx_http_batch_dial_redis_random()))
    {
        return;
    }

    (void) ngx_atomic_fetch_add(&redis->stats->breaker_opened, 1);

    ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                  "batch_dial: %V is not asked until it answers again, after "
                  "%d failures in a row, the last: %V",
                  &redis->conf->name, BD_BREAKER_FAILURES, cause);

    ngx_http_batch_dial_redis_watch(redis);
}


static void
ngx_http_batch_dial_redis_back_off(ngx_http_batch_dial_redis_t *redis)
{
    redis->backoff = redis->backoff
                     ? ngx_min(redis->backoff * 2,
                               NGX_HTTP_BATCH_DIAL_REDIS_BACKOFF_MAX)
                     : NGX_HTTP_BATCH_DIAL_REDIS_BACKOFF_MIN;

    /* up to a quarter less, so that workers and hosts do not come in step */

    redis->retry = ngx_current_msec + redis->backoff
                   - ngx_random() % (redis->backoff / 4 + 1);
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


/* The breaker is open: looks now and then whether it is our turn to probe. */

static void
ngx_http_batch_dial_redis_watch(ngx_http_batch_dial_redis_t *redis)
{
    redis->opened = 1;

    if (!redis->probe.timer_set && !ngx_exiting) {
        ngx_add_timer(&redis->probe, BD_BREAKER_PROBE_MIN);
    }
}


static void
ngx_http_batch_dial_redis_probe_handler(ngx_event_t *ev)
{
    ngx_uint_t                    argc;
    ngx_str_t                     argv[NGX_HTTP_BATCH_DIAL_REDIS_PROBE_WORDS];
    ngx_http_batch_dial_redis_t  *redis;

    redis = ev->data;

    if (bd_breaker_closed(redis->breaker)) {
        return;
    }

    ngx_http_batch_dial_redis_watch(redis);

    if (!bd_breaker_probe(redis->breaker, ngx_current_msec,
                          ngx_http_batch_dial_redis_random()))
    {
        return;
    }

    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, ev->log, 0,
                   "batch_dial: probing %V", &redis->conf->name);

    if (redis->peer.state == NGX_HTTP_BATCH_DIAL_REDIS_DOWN) {
        (void) ngx_http_batch_dial_redis_connect(redis);
        return;
    }

    /* what the reply says of Redis is judged like that of any command */

    if (redis->peer.state == NGX_HTTP_BATCH_DIAL_REDIS_READY) {
        argc = ngx_http_batch_dial_redis_probe_words(redis->conf, argv);
        (void) ngx_http_batch_dial_redis_submit(redis, argc, argv, NULL, NULL);
    }
}


static uint32_t
ngx_http_batch_dial_redis_random(void)
{
    /* ngx_random() has 31 bits, the breaker takes 32 */

    return (uint32_t) ngx_random() << 1;
}
