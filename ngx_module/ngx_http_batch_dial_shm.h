/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The shared memory zone: what the workers of a host know together.
 */


#ifndef _NGX_HTTP_BATCH_DIAL_SHM_H_INCLUDED_
#define _NGX_HTTP_BATCH_DIAL_SHM_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include "bd_breaker.h"
#include "ngx_http_batch_dial_redis.h"
#include "ngx_http_batch_dial_stats.h"


/* Goes up with every change of what lies in the zone. */
#define NGX_HTTP_BATCH_DIAL_SHM_VERSION  1

#define NGX_HTTP_BATCH_DIAL_ZONE_DEFAULT  (16 * 1024 * 1024)
#define NGX_HTTP_BATCH_DIAL_ZONE_MIN      (256 * 1024)


/* The root of the zone.  zone->data points at it in every process. */
typedef struct {
    uint32_t                           version;
    ngx_http_batch_dial_stats_t        stats;
    ngx_http_batch_dial_redis_stats_t  redis;
    bd_breaker_t                       breaker;
} ngx_http_batch_dial_shctx_t;


/*
 * Adds the zone of the http block to the cycle.
 * Returns the zone, or NULL after logging.
 */
ngx_shm_zone_t *ngx_http_batch_dial_shm_add(ngx_conf_t *cf, size_t size);


#endif /* _NGX_HTTP_BATCH_DIAL_SHM_H_INCLUDED_ */
