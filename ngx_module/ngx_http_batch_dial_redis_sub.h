/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The subscription of a worker to one channel of Redis: a connection of its
 * own that comes back by itself and proves that it is alive.
 */


#ifndef _NGX_HTTP_BATCH_DIAL_REDIS_SUB_H_INCLUDED_
#define _NGX_HTTP_BATCH_DIAL_REDIS_SUB_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include "ngx_http_batch_dial_redis.h"


/* Milliseconds between two PINGs ... */
#define NGX_HTTP_BATCH_DIAL_REDIS_SUB_PING     200

/* ... and without an answer to one until the connection is given up. */
#define NGX_HTTP_BATCH_DIAL_REDIS_SUB_TIMEOUT  1000


typedef struct ngx_http_batch_dial_redis_sub_s  ngx_http_batch_dial_redis_sub_t;


/* What its owner is told, always from the event loop. */
typedef struct {
    /* a new connection is subscribed: what is published from now on comes */
    void  (*subscribed)(void *data);

    /*
     * a PING sent at that moment (of ngx_current_msec) has been answered: all
     * that was published before it was sent has been delivered
     */
    void  (*alive)(void *data, ngx_msec_t sent);

    /* a message; borrowed for the call */
    void  (*message)(void *data, ngx_str_t *payload);

    /* the connection that was subscribed has ended: events may be missed */
    void  (*lost)(void *data);
} ngx_http_batch_dial_redis_sub_events_t;


/*
 * Creates the subscription and begins to connect; call from init_process.
 * channel and events are borrowed for its life.  While breaker is open it does
 * not try to connect.  Returns NULL when memory is short.
 */
ngx_http_batch_dial_redis_sub_t *ngx_http_batch_dial_redis_sub_create(
    ngx_cycle_t *cycle, ngx_http_batch_dial_redis_conf_t *conf,
    bd_breaker_t *breaker, ngx_http_batch_dial_redis_stats_t *stats,
    ngx_str_t *channel, ngx_http_batch_dial_redis_sub_events_t *events,
    void *data);

/* Closes and frees it; call from exit_process. */
void ngx_http_batch_dial_redis_sub_destroy(
    ngx_http_batch_dial_redis_sub_t *sub);


#endif /* _NGX_HTTP_BATCH_DIAL_REDIS_SUB_H_INCLUDED_ */
