/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The context of a request, and its one cleanup: whatever a request waits for
 * when it ends, it is taken off there.
 */


#include "ngx_http_batch_dial_module.h"


static void ngx_http_batch_dial_cleanup(void *data);


ngx_http_batch_dial_ctx_t *
ngx_http_batch_dial_create_ctx(ngx_http_request_t *r, bd_class_e class,
    ngx_str_t *id)
{
    ngx_http_cleanup_t         *cln;
    ngx_http_batch_dial_ctx_t  *ctx;

    ctx = ngx_pcalloc(r->pool, sizeof(ngx_http_batch_dial_ctx_t));
    if (ctx == NULL) {
        return NULL;
    }

    ctx->request = r;
    ctx->class = class;
    ctx->redis_time = (ngx_msec_t) -1;

    /* a copy: r->uri, where it comes from, may be replaced later on */

    if (id->len && ngx_http_batch_dial_copy_str(r, &ctx->id, id) != NGX_OK) {
        return NULL;
    }

    cln = ngx_http_cleanup_add(r, 0);
    if (cln == NULL) {
        return NULL;
    }

    cln->handler = ngx_http_batch_dial_cleanup;
    cln->data = ctx;

    ngx_http_set_ctx(r, ctx, ngx_http_batch_dial_module);

    return ctx;
}


/* Runs before the request's pool goes, also when the client has left. */

static void
ngx_http_batch_dial_cleanup(void *data)
{
    ngx_http_batch_dial_ctx_t *ctx = data;

    if (ctx->op) {
        ngx_http_batch_dial_redis_cancel(ctx->op);
        ctx->op = NULL;
    }

    if (ctx->fetch) {
        ngx_http_batch_dial_fetch_leave(ctx);
    }

    if (ctx->class == BD_CLASS_WRITE) {
        ngx_http_batch_dial_write_abandon(ctx);
    }
}


ngx_http_batch_dial_ctx_t *
ngx_http_batch_dial_get_ctx(ngx_http_request_t *r)
{
    ngx_http_cleanup_t         *cln;
    ngx_http_batch_dial_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_batch_dial_module);

    if (ctx || !r->internal || r != r->main) {
        return ctx;
    }

    for (cln = r->cleanup; cln; cln = cln->next) {
        if (cln->handler == ngx_http_batch_dial_cleanup) {
            return cln->data;
        }
    }

    return NULL;
}
