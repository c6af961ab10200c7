/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The shared memory zone: what the workers of a host know together.  Its
 * root, with the counters and the breaker, is of single words changed
 * atomically; the memory beside it (bd_memory.h) is used under the zone's
 * mutex.
 */


#ifndef _NGX_HTTP_BATCH_DIAL_SHM_H_INCLUDED_
#define _NGX_HTTP_BATCH_DIAL_SHM_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include "bd_breaker.h"
#include "bd_flight.h"
#include "bd_journal.h"
#include "bd_memory.h"
#include "ngx_http_batch_dial_redis.h"
#include "ngx_http_batch_dial_stats.h"


/* Goes up with every change of what lies in the zone. */
#define NGX_HTTP_BATCH_DIAL_SHM_VERSION  2

#define NGX_HTTP_BATCH_DIAL_ZONE_DEFAULT  (16 * 1024 * 1024)
#define NGX_HTTP_BATCH_DIAL_ZONE_MIN      (256 * 1024)


/* The root of the zone.  zone->data points at it in every process. */
typedef struct {
    uint32_t                           version;
    uint64_t                           node;        /* random: this zone */
    ngx_atomic_t                       events;      /* published so far */
    ngx_http_batch_dial_stats_t        stats;
    ngx_http_batch_dial_redis_stats_t  redis;
    bd_breaker_t                       breaker;

    /* of the workers' processes, by slot; 0: none */
    ngx_atomic_t                       pids[BD_WORKERS];

    /* when their subscriptions were last proved alive, mono; 0: they are not */
    ngx_atomic_t                       proved[BD_WORKERS];

    size_t                             size;        /* of memory */
    bd_memory_t                       *memory;
} ngx_http_batch_dial_shctx_t;


/*
 * Adds the zone of the http block to the cycle.
 * Returns the zone, or NULL after logging.
 */
ngx_shm_zone_t *ngx_http_batch_dial_shm_add(ngx_conf_t *cf, ngx_str_t *name,
    size_t size);

/*
 * Locks the zone and gives its memory for use until ..._unlock(): no calls of
 * nginx in between.  If a worker had died with the lock held the memory has
 * been emptied.
 */
bd_memory_t *ngx_http_batch_dial_shm_lock(ngx_shm_zone_t *zone);
void ngx_http_batch_dial_shm_unlock(ngx_shm_zone_t *zone);


#endif /* _NGX_HTTP_BATCH_DIAL_SHM_H_INCLUDED_ */
