/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Whether Redis is to be asked: what a worker has seen of it lately, the
 * breaker that all workers share, and the log lines when that changes.
 */


#ifndef _NGX_HTTP_BATCH_DIAL_REDIS_HEALTH_H_INCLUDED_
#define _NGX_HTTP_BATCH_DIAL_REDIS_HEALTH_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include "ngx_http_batch_dial_redis.h"


typedef struct {
    /* as in ngx_connection_t, for the debug log of the timer's event */
    void                               *unused[3];
    ngx_int_t                           ident;

    ngx_http_batch_dial_redis_conf_t   *conf;
    ngx_http_batch_dial_redis_stats_t  *stats;
    bd_breaker_t                       *breaker;

    void                              (*probe)(void *data);
    void                               *data;
    ngx_event_t                         watch;

    ngx_msec_t                          backoff;        /* 0: none */
    ngx_msec_t                          retry;          /* when it ends */

    unsigned                            failing:1;      /* since last answer */
    unsigned                            opened:1;       /* the breaker, when
                                                           looked at last */
} ngx_http_batch_dial_redis_health_t;


/*
 * health is zeroed memory; conf, stats and breaker are set by the caller,
 * probe too: it is called with data, from the event loop, when the breaker is
 * open and it falls to this worker to ask whether Redis answers again.
 */
void ngx_http_batch_dial_redis_health_init(
    ngx_http_batch_dial_redis_health_t *health);

void ngx_http_batch_dial_redis_health_close(
    ngx_http_batch_dial_redis_health_t *health);

/* 1 unless the breaker is open. */
ngx_uint_t ngx_http_batch_dial_redis_health_may_ask(
    ngx_http_batch_dial_redis_health_t *health);

/* 1 unless the last connection failed a short while ago. */
ngx_uint_t ngx_http_batch_dial_redis_health_may_connect(
    ngx_http_batch_dial_redis_health_t *health);

/* A new connection has been greeted. */
void ngx_http_batch_dial_redis_health_connected(
    ngx_http_batch_dial_redis_health_t *health);

/* A command has been answered. */
void ngx_http_batch_dial_redis_health_answered(
    ngx_http_batch_dial_redis_health_t *health, redisReply *reply);

/* A connection has failed, or could not be made. */
void ngx_http_batch_dial_redis_health_dropped(
    ngx_http_batch_dial_redis_health_t *health, ngx_str_t *cause);


#endif /* _NGX_HTTP_BATCH_DIAL_REDIS_HEALTH_H_INCLUDED_ */
