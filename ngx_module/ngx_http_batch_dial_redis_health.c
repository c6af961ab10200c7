/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Whether Redis is to be asked.
 *
 * Failures.  What fails is an attempt to connect (which includes AUTH, SELECT
 * and a probe), a connection lost with commands not answered, a deadline, a
 * reply that makes no sense, and an error reply by which Redis refuses to
 * serve.  Each counts once, however many commands it takes along.  Error
 * replies of one command alone (-OOM, -READONLY, -MISCONF, -NOSCRIPT,
 * -WRONGTYPE) are answers: a full or read-only Redis still answers reads.
 *
 * After a failure of the connection this worker does not connect for a while,
 * which doubles with every further one.  After BD_BREAKER_FAILURES failures
 * in a row, of all workers, the breaker opens and nobody asks, until a probe
 * is answered.  A greeting counts as such an answer only for a breaker that
 * is open: otherwise a Redis that greets and then hangs would never open it.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include "ngx_http_batch_dial_redis_health.h"
#include "ngx_http_batch_dial_redis_reader.h"


/* Milliseconds without a connection after a failure, at first and at most. */
#define NGX_HTTP_BATCH_DIAL_REDIS_BACKOFF_MIN  100
#define NGX_HTTP_BATCH_DIAL_REDIS_BACKOFF_MAX  2000


static void ngx_http_batch_dial_redis_health_watch(
    ngx_http_batch_dial_redis_health_t *health);
static void ngx_http_batch_dial_redis_health_watch_handler(ngx_event_t *ev);
static void ngx_http_batch_dial_redis_health_succeeded(
    ngx_http_batch_dial_redis_health_t *health);
static void ngx_http_batch_dial_redis_health_failed(
    ngx_http_batch_dial_redis_health_t *health, ngx_str_t *cause);
static uint32_t ngx_http_batch_dial_redis_health_random(void);


void
ngx_http_batch_dial_redis_health_init(
    ngx_http_batch_dial_redis_health_t *health)
{
    health->ident = -1;

    health->watch.handler = ngx_http_batch_dial_redis_health_watch_handler;
    health->watch.data = health;
    health->watch.log = ngx_cycle->log;
    health->watch.cancelable = 1;
}


void
ngx_http_batch_dial_redis_health_close(
    ngx_http_batch_dial_redis_health_t *health)
{
    if (health->watch.timer_set) {
        ngx_del_timer(&health->watch);
    }
}


ngx_uint_t
ngx_http_batch_dial_redis_health_may_ask(
    ngx_http_batch_dial_redis_health_t *health)
{
    if (!bd_breaker_closed(health->breaker)) {
        ngx_http_batch_dial_redis_health_watch(health);
        return 0;
    }

    if (health->opened) {
        /* closed by some worker: what this one thought of Redis is past */
        health->opened = 0;
        health->backoff = 0;
    }

    return 1;
}


ngx_uint_t
ngx_http_batch_dial_redis_health_may_connect(
    ngx_http_batch_dial_redis_health_t *health)
{
    return health->backoff == 0
           || (ngx_msec_int_t) (health->retry - ngx_current_msec) <= 0;
}


void
ngx_http_batch_dial_redis_health_connected(
    ngx_http_batch_dial_redis_health_t *health)
{
    ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                  "batch_dial: connected to %V", &health->conf->name);

    if (!bd_breaker_closed(health->breaker)) {
        ngx_http_batch_dial_redis_health_succeeded(health);
    }
}


void
ngx_http_batch_dial_redis_health_answered(
    ngx_http_batch_dial_redis_health_t *health, redisReply *reply)
{
    u_char     buf[64];
    ngx_str_t  code, cause;

    if (!ngx_http_batch_dial_redis_reply_refuses(reply)) {
        ngx_http_batch_dial_redis_health_succeeded(health);
        return;
    }

    code = ngx_http_batch_dial_redis_reply_code(reply);

    cause.data = buf;
    cause.len = ngx_snprintf(buf, sizeof(buf), "it answers \"%V\"", &code)
                - buf;

    ngx_http_batch_dial_redis_health_failed(health, &cause);
}


void
ngx_http_batch_dial_redis_health_dropped(
    ngx_http_batch_dial_redis_health_t *health, ngx_str_t *cause)
{
    health->backoff = health->backoff
                      ? ngx_min(health->backoff * 2,
                                NGX_HTTP_BATCH_DIAL_REDIS_BACKOFF_MAX)
                      : NGX_HTTP_BATCH_DIAL_REDIS_BACKOFF_MIN;

    /* up to a quarter less, so that workers and hosts do not come in step */

    health->retry = ngx_current_msec + health->backoff
                    - ngx_random() % (health->backoff / 4 + 1);

    ngx_http_batch_dial_redis_health_failed(health, cause);
}


static void
ngx_http_batch_dial_redis_health_succeeded(
    ngx_http_batch_dial_redis_health_t *health)
{
    health->backoff = 0;

    if (bd_breaker_success(health->breaker)) {
        ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                      "batch_dial: %V is asked again", &health->conf->name);
    }

    if (health->failing) {
        health->failing = 0;

        ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                      "batch_dial: %V answers again", &health->conf->name);
    }
}


/* One incident; a warning for the first of a row, and for the breaker. */

static void
ngx_http_batch_dial_redis_health_failed(
    ngx_http_batch_dial_redis_health_t *health, ngx_str_t *cause)
{
    ngx_uint_t  level;

    level = health->failing ? NGX_LOG_INFO : NGX_LOG_WARN;
    health->failing = 1;

    ngx_log_error(level, ngx_cycle->log, 0, "batch_dial: %V failed: %V",
                  &health->conf->name, cause);

    if (!bd_breaker_failure(health->breaker, ngx_current_msec,
                            ngx_http_batch_dial_redis_health_random()))
    {
        return;
    }

    (void) ngx_atomic_fetch_add(&health->stats->breaker_opened, 1);

    ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                  "batch_dial: %V is not asked until it answers again, after "
                  "%d failures in a row, the last: %V",
                  &health->conf->name, BD_BREAKER_FAILURES, cause);

    ngx_http_batch_dial_redis_health_watch(health);
}


/* The breaker is open: looks now and then whether it is our turn to probe. */

static void
ngx_http_batch_dial_redis_health_watch(
    ngx_http_batch_dial_redis_health_t *health)
{
    health->opened = 1;

    if (!health->watch.timer_set && !ngx_exiting) {
        ngx_add_timer(&health->watch, BD_BREAKER_PROBE_MIN);
    }
}


static void
ngx_http_batch_dial_redis_health_watch_handler(ngx_event_t *ev)
{
    ngx_http_batch_dial_redis_health_t  *health;

    health = ev->data;

    if (bd_breaker_closed(health->breaker)) {
        return;
    }

    ngx_http_batch_dial_redis_health_watch(health);

    if (bd_breaker_probe(health->breaker, ngx_current_msec,
                         ngx_http_batch_dial_redis_health_random()))
    {
        ngx_log_debug1(NGX_LOG_DEBUG_HTTP, ev->log, 0,
                       "batch_dial: probing %V", &health->conf->name);

        health->probe(health->data);
    }
}


static uint32_t
ngx_http_batch_dial_redis_health_random(void)
{
    /* ngx_random() has 31 bits, the breaker takes 32 */

    return (uint32_t) ngx_random() << 1;
}
