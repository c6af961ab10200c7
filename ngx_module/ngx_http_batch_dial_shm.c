/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The shared memory zone.  zone_init() runs in the master: at a reload while
 * the old workers are still using the zone, so it only takes the pointer.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include "ngx_http_batch_dial_shm.h"


static ngx_int_t ngx_http_batch_dial_shm_init(ngx_shm_zone_t *zone,
    void *data);


extern ngx_module_t  ngx_http_batch_dial_module;


ngx_shm_zone_t *
ngx_http_batch_dial_shm_add(ngx_conf_t *cf, size_t size)
{
    ngx_shm_zone_t  *zone;

    static ngx_str_t  name = ngx_string("batch_dial");

    zone = ngx_shared_memory_add(cf, &name, size, &ngx_http_batch_dial_module);
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
        sh = data ? data : shpool->data;

        if (sh->version != NGX_HTTP_BATCH_DIAL_SHM_VERSION) {
            ngx_log_error(NGX_LOG_EMERG, zone->shm.log, 0,
                          "batch_dial: the zone was laid out by another "
                          "version of the module: restart nginx instead of "
                          "reloading it");
            return NGX_ERROR;
        }

        zone->data = sh;

        return NGX_OK;
    }

    sh = ngx_slab_calloc(shpool, sizeof(ngx_http_batch_dial_shctx_t));
    if (sh == NULL) {
        return NGX_ERROR;
    }

    sh->version = NGX_HTTP_BATCH_DIAL_SHM_VERSION;

    shpool->data = sh;
    zone->data = sh;

    return NGX_OK;
}
