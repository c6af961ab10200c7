/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The context of a request, how it waits, and its one cleanup: whatever a
 * request waits for when it ends, it is taken off there.
 */


#include "ngx_http_batch_dial_answer.h"
#include "ngx_http_batch_dial_context.h"
#include "ngx_http_batch_dial_detached.h"
#include "ngx_http_batch_dial_flight.h"
#include "ngx_http_batch_dial_invalidate.h"
#include "ngx_http_batch_dial_request.h"


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

    if (ctx->flight) {
        ngx_http_batch_dial_flight_leave(ctx);
    }

    ngx_http_batch_dial_drop_cached(ctx);

    if (ctx->invalidation) {
        ngx_http_batch_dial_invalidate_detach(ctx->invalidation);
        ctx->invalidation = NULL;
    }

    if (ctx->class == BD_CLASS_WRITE || ctx->class == BD_CLASS_CREATE) {
        ngx_http_batch_dial_write_abandon(ctx);
    }
}


void
ngx_http_batch_dial_drop_cached(ngx_http_batch_dial_ctx_t *ctx)
{
    if (ctx->cached) {
        ngx_http_batch_dial_answer_unref(ctx->cached);
        ctx->cached = NULL;
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


ngx_int_t
ngx_http_batch_dial_wait(ngx_http_request_t *r)
{
    ngx_event_t  *rev;

    /* to notice the client leaving; phases otherwise block reading */

    rev = r->connection->read;

    if (rev->ready) {
        ngx_post_event(rev, &ngx_posted_events);

    } else if (ngx_handle_read_event(rev, 0) != NGX_OK) {
        return NGX_ERROR;
    }

    r->read_event_handler = ngx_http_test_reading;

    return NGX_AGAIN;
}


void
ngx_http_batch_dial_resume(ngx_http_request_t *r)
{
    ngx_connection_t  *c;

    c = r->connection;                  /* r may be gone below */

    ngx_http_set_log_request(c->log, r);

    if (!r->discard_body) {
        r->read_event_handler = ngx_http_block_reading;
    }

    ngx_http_core_run_phases(r);
    ngx_http_run_posted_requests(c);
}
