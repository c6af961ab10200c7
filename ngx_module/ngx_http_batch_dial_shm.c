/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The shared memory zone.  zone_init() runs in the master: at a reload while
 * the old workers are still using the zone, so it only takes the pointer.
 *
 * A worker that is killed with the mutex held leaves it to the master to
 * release; whoever locks it next finds the memory marked as in change and
 * empties it (bd_memory_enter()).
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <openssl/rand.h>
#include "ngx_http_batch_dial_shm.h"


static ngx_int_t ngx_http_batch_dial_shm_init(ngx_shm_zone_t *zone,
    void *data);
static ngx_int_t ngx_http_batch_dial_shm_take(ngx_shm_zone_t *zone,
    ngx_http_batch_dial_shctx_t *sh);
static ngx_int_t ngx_http_batch_dial_shm_memory(ngx_shm_zone_t *zone,
    ngx_http_batch_dial_shctx_t *sh);


extern ngx_module_t  ngx_http_batch_dial_module;


ngx_shm_zone_t *
ngx_http_batch_dial_shm_add(ngx_conf_t *cf, ngx_str_t *name, size_t size)
{
    ngx_shm_zone_t  *zone;

    zone = ngx_shared_memory_add(cf, name, size, &ngx_http_batch_dial_module);
    if (zone == NULL) {
        return NULL;
    }

    zone->init = ngx_http_batch_dial_shm_init;

    return zone;
}


static ngx_int_t
ngx_http_batch_dial_shm_init(ngx_shm_zone_t *zone, void *data)
{
    ngx_slab_pool_t              *shpool;
    ngx_http_batch_dial_shctx_t  *sh;

    shpool = (ngx_slab_pool_t *) zone->shm.addr;

    if (data || zone->shm.exists) {
        return ngx_http_batch_dial_shm_take(zone, data ? data : shpool->data);
    }

    sh = ngx_slab_calloc(shpool, sizeof(ngx_http_batch_dial_shctx_t));
    if (sh == NULL || ngx_http_batch_dial_shm_memory(zone, sh) != NGX_OK) {
        return NGX_ERROR;
    }

    sh->version = NGX_HTTP_BATCH_DIAL_SHM_VERSION;

    shpool->data = sh;
    zone->data = sh;

    return NGX_OK;
}


static ngx_int_t
ngx_http_batch_dial_shm_take(ngx_shm_zone_t *zone,
    ngx_http_batch_dial_shctx_t *sh)
{
    if (sh->version != NGX_HTTP_BATCH_DIAL_SHM_VERSION
        || !bd_memory_valid(sh->memory, sh->size))
    {
        ngx_log_error(NGX_LOG_EMERG, zone->shm.log, 0,
                      "batch_dial: the zone was laid out by another version "
                      "of the module: restart nginx instead of reloading it");
        return NGX_ERROR;
    }

    zone->data = sh;

    return NGX_OK;
}


/* All that is left of the zone is one piece, with an order of its own. */

static ngx_int_t
ngx_http_batch_dial_shm_memory(ngx_shm_zone_t *zone,
    ngx_http_batch_dial_shctx_t *sh)
{
    void             *p;
    uint64_t          random[2];
    ngx_slab_pool_t  *shpool;

    shpool = (ngx_slab_pool_t *) zone->shm.addr;

    /* the search for the largest piece that there is fails a few times */

    shpool->log_nomem = 0;

    p = NULL;

    for (sh->size = zone->shm.size; p == NULL; sh->size -= ngx_pagesize) {

        if (sh->size < 2 * ngx_pagesize) {
            return NGX_ERROR;
        }

        p = ngx_slab_alloc(shpool, sh->size - ngx_pagesize);
    }

    if (RAND_bytes((u_char *) random, sizeof(random)) != 1) {
        return NGX_ERROR;
    }

    sh->node = random[0];
    sh->memory = bd_memory_init(p, sh->size, random[1]);

    return sh->memory ? NGX_OK : NGX_ERROR;
}


bd_memory_t *
ngx_http_batch_dial_shm_lock(ngx_shm_zone_t *zone)
{
    ngx_slab_pool_t              *shpool;
    ngx_http_batch_dial_shctx_t  *sh;

    sh = zone->data;
    shpool = (ngx_slab_pool_t *) zone->shm.addr;

    ngx_shmtx_lock(&shpool->mutex);

    /* metrics tell that it was emptied: no logging under the mutex */

    (void) bd_memory_enter(sh->memory);

    return sh->memory;
}


void
ngx_http_batch_dial_shm_unlock(ngx_shm_zone_t *zone)
{
    ngx_slab_pool_t              *shpool;
    ngx_http_batch_dial_shctx_t  *sh;

    sh = zone->data;
    shpool = (ngx_slab_pool_t *) zone->shm.addr;

    bd_memory_leave(sh->memory);

    ngx_shmtx_unlock(&shpool->mutex);
}
