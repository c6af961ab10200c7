/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Writes: they pass upstream as the user configured, and before the client
 * learns that one was carried out, what the cache holds of the job is gone.
 *
 *   event                          what follows
 *   header: 4xx                    nothing was changed: passed on
 *   header: 101                    passed on, since the tunnel that follows
 *                                  passes no filter; Redis is told, nobody
 *                                  waits
 *   header: anything else          Redis is told to delete the job; header
 *                                  and body are held until it has answered,
 *                                  or the deadline of the command passes
 *   header, and Redis is not       passed on, counted
 *   to be asked
 *   Redis answers or fails         header and what is held of the body go on
 *   client leaves, or nginx        if the request may have reached upstream,
 *   gives up, before a header      Redis is told, nobody waits
 *
 * The buffers held are not taken, only kept in order: upstream is then read
 * no further than its own buffers reach, as with a client that is slow.
 */


#include "ngx_http_batch_dial_module.h"


static void ngx_http_batch_dial_write_deleted(void *data, redisReply *reply);
static void ngx_http_batch_dial_write_tell(
    ngx_http_batch_dial_main_conf_t *mcf, ngx_str_t *id);
static void ngx_http_batch_dial_write_told(void *data, redisReply *reply);
static void ngx_http_batch_dial_write_result(
    ngx_http_batch_dial_main_conf_t *mcf, redisReply *reply);
static ngx_int_t ngx_http_batch_dial_write_release(ngx_http_request_t *r,
    ngx_http_batch_dial_ctx_t *ctx);


ngx_int_t
ngx_http_batch_dial_write_header(ngx_http_request_t *r,
    ngx_http_batch_dial_ctx_t *ctx)
{
    ngx_http_batch_dial_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(r, ngx_http_batch_dial_module);

    ctx->settled = 1;

    if (mcf->redis == NULL
        || (r->headers_out.status >= NGX_HTTP_BAD_REQUEST
            && r->headers_out.status < NGX_HTTP_INTERNAL_SERVER_ERROR))
    {
        return ngx_http_batch_dial_next_header(r);
    }

    if (r->headers_out.status == NGX_HTTP_SWITCHING_PROTOCOLS) {
        ngx_http_batch_dial_write_tell(mcf, &ctx->id);
        return ngx_http_batch_dial_next_header(r);
    }

    ctx->op = ngx_http_batch_dial_store_delete(mcf, &ctx->id,
                                           ngx_http_batch_dial_write_deleted,
                                           ctx);
    if (ctx->op == NULL) {
        ngx_http_batch_dial_count(mcf, invalidations_failed);
        return ngx_http_batch_dial_next_header(r);
    }

    ctx->op_start = ngx_current_msec;
    ctx->holding = 1;
    r->buffered |= NGX_HTTP_BATCH_DIAL_BUFFERED;

    return NGX_OK;
}


ngx_int_t
ngx_http_batch_dial_write_body(ngx_http_request_t *r,
    ngx_http_batch_dial_ctx_t *ctx, ngx_chain_t *in)
{
    if (ctx->broken) {
        return NGX_ERROR;
    }

    if (in && ngx_chain_add_copy(r->pool, &ctx->held, in) != NGX_OK) {
        return NGX_ERROR;
    }

    return NGX_AGAIN;
}


static void
ngx_http_batch_dial_write_deleted(void *data, redisReply *reply)
{
    ngx_http_batch_dial_ctx_t *ctx = data;

    ngx_connection_t                 *c;
    ngx_http_request_t               *r;
    ngx_http_batch_dial_main_conf_t  *mcf;

    r = ctx->request;
    c = r->connection;                  /* r may be gone below */

    mcf = ngx_http_get_module_main_conf(r, ngx_http_batch_dial_module);

    ngx_http_set_log_request(c->log, r);

    ctx->op = NULL;
    ctx->redis_time = ngx_current_msec - ctx->op_start;

    ngx_http_batch_dial_write_result(mcf, reply);

    ctx->holding = 0;
    r->buffered &= ~NGX_HTTP_BATCH_DIAL_BUFFERED;

    if (ngx_http_batch_dial_write_release(r, ctx) == NGX_ERROR) {

        /* whoever writes next, upstream or nginx's writer, meets the error */

        ctx->broken = 1;
    }

    r->write_event_handler(r);
    ngx_http_run_posted_requests(c);
}


static ngx_int_t
ngx_http_batch_dial_write_release(ngx_http_request_t *r,
    ngx_http_batch_dial_ctx_t *ctx)
{
    ngx_int_t     rc;
    ngx_chain_t  *held, *cl;

    held = ctx->held;
    ctx->held = NULL;

    rc = ngx_http_batch_dial_next_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK) {
        return NGX_ERROR;
    }

    if (r->header_only) {

        /* nobody will send it: say that it is sent */

        for (cl = held; cl; cl = cl->next) {
            cl->buf->pos = cl->buf->last;
            cl->buf->file_pos = cl->buf->file_last;
        }

        return NGX_OK;
    }

    if (held == NULL) {
        return NGX_OK;
    }

    return ngx_http_batch_dial_next_body(r, held);
}


void
ngx_http_batch_dial_write_abandon(ngx_http_batch_dial_ctx_t *ctx)
{
    ngx_http_request_t               *r;
    ngx_http_batch_dial_main_conf_t  *mcf;

    r = ctx->request;

    if (ctx->settled || r->upstream == NULL || !r->upstream->request_sent) {
        return;
    }

    mcf = ngx_http_get_module_main_conf(r, ngx_http_batch_dial_module);

    if (mcf->redis) {
        ngx_http_batch_dial_write_tell(mcf, &ctx->id);
    }
}


static void
ngx_http_batch_dial_write_tell(ngx_http_batch_dial_main_conf_t *mcf,
    ngx_str_t *id)
{
    if (ngx_http_batch_dial_store_delete(mcf, id,
                                         ngx_http_batch_dial_write_told, mcf)
        == NULL)
    {
        ngx_http_batch_dial_count(mcf, invalidations_failed);
    }
}


static void
ngx_http_batch_dial_write_told(void *data, redisReply *reply)
{
    ngx_http_batch_dial_write_result(data, reply);
}


static void
ngx_http_batch_dial_write_result(ngx_http_batch_dial_main_conf_t *mcf,
    redisReply *reply)
{
    if (reply && reply->type == REDIS_REPLY_INTEGER) {
        ngx_http_batch_dial_count(mcf, invalidations);

    } else {
        ngx_http_batch_dial_count(mcf, invalidations_failed);
    }
}
