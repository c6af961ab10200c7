/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The module: what nginx is told of it, and what starts and stops with a
 * worker.
 */


#include "ngx_http_batch_dial_conf.h"
#include "ngx_http_batch_dial_detached.h"
#include "ngx_http_batch_dial_module.h"
#include "ngx_http_batch_dial_request.h"
#include "ngx_http_batch_dial_worker.h"
#include <jansson.h>


static ngx_int_t ngx_http_batch_dial_init(ngx_conf_t *cf);
static ngx_int_t ngx_http_batch_dial_add_handler(ngx_conf_t *cf,
    ngx_http_phases phase, ngx_http_handler_pt handler);
static ngx_int_t ngx_http_batch_dial_init_process(ngx_cycle_t *cycle);
static void ngx_http_batch_dial_exit_process(ngx_cycle_t *cycle);


static ngx_http_module_t  ngx_http_batch_dial_module_ctx = {
    ngx_http_batch_dial_add_variables,     /* preconfiguration */
    ngx_http_batch_dial_init,              /* postconfiguration */

    ngx_http_batch_dial_create_main_conf,  /* create main configuration */
    ngx_http_batch_dial_init_main_conf,    /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_http_batch_dial_create_loc_conf,   /* create location configuration */
    ngx_http_batch_dial_merge_loc_conf     /* merge location configuration */
};


ngx_module_t  ngx_http_batch_dial_module = {
    NGX_MODULE_V1,
    &ngx_http_batch_dial_module_ctx,       /* module context */
    ngx_http_batch_dial_commands,          /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    ngx_http_batch_dial_init_process,      /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    ngx_http_batch_dial_exit_process,      /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static ngx_int_t
ngx_http_batch_dial_init(ngx_conf_t *cf)
{
    ngx_http_batch_dial_main_conf_t  *mcf;

    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_batch_dial_module);

    if (!mcf->used) {
        return NGX_OK;
    }

    if (ngx_http_batch_dial_complete(cf, mcf) != NGX_OK
        || ngx_http_batch_dial_add_handler(cf, NGX_HTTP_ACCESS_PHASE,
                                           ngx_http_batch_dial_access_handler)
           != NGX_OK
        || ngx_http_batch_dial_add_handler(cf, NGX_HTTP_PRECONTENT_PHASE,
                                           ngx_http_batch_dial_read_handler)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_batch_dial_filter_init(cf);
}


/*
 * A phase runs its handlers in the reverse of their order here.  The check of
 * the credential goes before nginx's own guards.  The read goes last, behind
 * mirror and try_files: these are for the client's request, once, and not
 * for the fetch, which begins with the phase after the handler's.
 */

static ngx_int_t
ngx_http_batch_dial_add_handler(ngx_conf_t *cf, ngx_http_phases phase,
    ngx_http_handler_pt handler)
{
    ngx_uint_t                  n;
    ngx_http_handler_pt        *h;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    h = ngx_array_push(&cmcf->phases[phase].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    if (phase == NGX_HTTP_PRECONTENT_PHASE) {
        n = cmcf->phases[phase].handlers.nelts - 1;
        h = cmcf->phases[phase].handlers.elts;

        ngx_memmove(h + 1, h, n * sizeof(ngx_http_handler_pt));
    }

    *h = handler;

    return NGX_OK;
}


static ngx_int_t
ngx_http_batch_dial_init_process(ngx_cycle_t *cycle)
{
    ngx_http_batch_dial_shctx_t      *sh;
    ngx_http_batch_dial_main_conf_t  *mcf;

    mcf = ngx_http_cycle_get_module_main_conf(cycle,
                                              ngx_http_batch_dial_module);

    if (mcf == NULL || !mcf->used
        || (ngx_process != NGX_PROCESS_WORKER
            && ngx_process != NGX_PROCESS_SINGLE))
    {
        return NGX_OK;
    }

    /* once, before jansson's first table: later it is not safe */

    json_object_seed(0);

    if (ngx_http_batch_dial_inherit_init(cycle, mcf) != NGX_OK
        || ngx_http_batch_dial_detached_init(cycle, mcf) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (mcf->redis_conf) {
        sh = ngx_http_batch_dial_sh(mcf);

        mcf->redis = ngx_http_batch_dial_redis_create(cycle, mcf->redis_conf,
                                                      &sh->breaker,
                                                      &sh->redis);
        if (mcf->redis == NULL) {
            return NGX_ERROR;
        }
    }

    return ngx_http_batch_dial_worker_init(cycle, mcf);
}


static void
ngx_http_batch_dial_exit_process(ngx_cycle_t *cycle)
{
    ngx_http_batch_dial_main_conf_t  *mcf;

    mcf = ngx_http_cycle_get_module_main_conf(cycle,
                                              ngx_http_batch_dial_module);

    if (mcf && mcf->worker) {
        ngx_http_batch_dial_worker_exit(mcf);
        mcf->worker = NULL;
    }

    if (mcf && mcf->redis) {
        ngx_http_batch_dial_redis_destroy(mcf->redis);
        mcf->redis = NULL;
    }
}
