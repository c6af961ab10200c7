/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * How a write is settled: its job is invalidated, header and body of its answer
 * being held until that is done; and a complete answer is then stored through,
 * if it may be.  write.c calls; the rest is done by the handler of the
 * invalidation, from the event loop: it sends what was held, and lets whoever
 * writes to the client, upstream or nginx itself, go on.
 */


#include "ngx_http_batch_dial_answer.h"
#include "ngx_http_batch_dial_fetch.h"
#include "ngx_http_batch_dial_request.h"
#include "ngx_http_batch_dial_write_private.h"
#include "bd_json.h"


static void ngx_http_batch_dial_write_invalidated(void *data,
    const ngx_http_batch_dial_settled_t *settled);
static void ngx_http_batch_dial_write_settled(ngx_http_batch_dial_ctx_t *ctx,
    const ngx_http_batch_dial_settled_t *settled);

static ngx_uint_t ngx_http_batch_dial_write_agrees(
    ngx_http_batch_dial_ctx_t *ctx, bd_status_e status);
static ngx_int_t ngx_http_batch_dial_write_request(ngx_http_request_t *r,
    bd_slice_t *body);


ngx_int_t
ngx_http_batch_dial_write_settle(ngx_http_request_t *r,
    ngx_http_batch_dial_ctx_t *ctx, ngx_str_t *id,
    ngx_http_batch_dial_cause_e cause)
{
    ngx_http_batch_dial_settled_t     settled;
    ngx_http_batch_dial_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(r, ngx_http_batch_dial_module);

    ctx->settled = 1;
    ctx->op_start = ngx_current_msec;

    ctx->invalidation = ngx_http_batch_dial_invalidate(mcf, id, cause,
                                        ctx->token, ctx->epoch, &settled,
                                        ngx_http_batch_dial_write_invalidated,
                                        ctx);
    if (ctx->invalidation == NULL) {
        ngx_http_batch_dial_write_settled(ctx, &settled);
        return NGX_OK;
    }

    ctx->holding = 1;
    r->buffered |= NGX_HTTP_BATCH_DIAL_BUFFERED;

    return NGX_AGAIN;
}


static void
ngx_http_batch_dial_write_invalidated(void *data,
    const ngx_http_batch_dial_settled_t *settled)
{
    ngx_http_batch_dial_ctx_t *ctx = data;

    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    r = ctx->request;
    c = r->connection;                  /* r may be gone below */

    ngx_http_set_log_request(c->log, r);

    ctx->invalidation = NULL;
    ctx->redis_time = ngx_current_msec - ctx->op_start;

    ngx_http_batch_dial_write_settled(ctx, settled);

    ctx->holding = 0;
    r->buffered &= ~NGX_HTTP_BATCH_DIAL_BUFFERED;

    if (ngx_http_batch_dial_write_release(r, ctx) == NGX_ERROR) {

        /* whoever writes next, upstream or nginx's writer, meets the error */

        ctx->broken = 1;
    }

    r->write_event_handler(r);
    ngx_http_run_posted_requests(c);
}


static void
ngx_http_batch_dial_write_settled(ngx_http_batch_dial_ctx_t *ctx,
    const ngx_http_batch_dial_settled_t *settled)
{
    ctx->stands = settled->stands;
    ctx->epoch = settled->epoch;

    if (ctx->complete) {
        ngx_http_batch_dial_write_keep(ctx);
    }
}


ngx_int_t
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
ngx_http_batch_dial_write_keep(ngx_http_batch_dial_ctx_t *ctx)
{
    ngx_http_request_t               *r;
    ngx_http_batch_dial_answer_t     *a;
    ngx_http_batch_dial_main_conf_t  *mcf;
    ngx_http_batch_dial_loc_conf_t   *blcf;

    r = ctx->request;
    mcf = ngx_http_get_module_main_conf(r, ngx_http_batch_dial_module);
    blcf = ngx_http_get_module_loc_conf(r, ngx_http_batch_dial_module);

    if (!ctx->stands) {
        ngx_http_batch_dial_count(mcf, write_through_refused);
        return;
    }

    a = ngx_http_batch_dial_fetch_written(ctx);
    if (a == NULL) {
        return;
    }

    if (ngx_http_batch_dial_write_agrees(ctx, a->entry.status)) {
        ngx_http_batch_dial_write_through(mcf, blcf, &ctx->id,
                                          ctx->credential, ctx->token,
                                          ctx->epoch, a);
    }

    ngx_http_batch_dial_answer_unref(a);
}


/*
 * A call to /paused says what the job is to be; its answer is stored when it
 * says that the job is that.
 */

static ngx_uint_t
ngx_http_batch_dial_write_agrees(ngx_http_batch_dial_ctx_t *ctx,
    bd_status_e status)
{
    bd_json_t               document;
    bd_slice_t              body;
    ngx_uint_t              agrees;
    const bd_json_value_t  *member;

    if (!ctx->pauses) {
        return 1;
    }

    if (ngx_http_batch_dial_write_request(ctx->request, &body) != NGX_OK
        || bd_json_parse(&document, body, NGX_HTTP_BATCH_DIAL_WRITE_DEPTH)
           != 0)
    {
        return 0;
    }

    member = bd_json_member(document.root, bd_slice("paused"));

    agrees = (bd_json_is(member, BD_JSON_TRUE) && status == BD_STATUS_PAUSED)
             || (bd_json_is(member, BD_JSON_FALSE)
                 && status == BD_STATUS_ACTIVE);

    bd_json_free(&document);

    return agrees;
}


/* The body of the request, if nginx has kept it in memory. */

static ngx_int_t
ngx_http_batch_dial_write_request(ngx_http_request_t *r, bd_slice_t *body)
{
    size_t        len;
    u_char       *p;
    ngx_chain_t  *cl;

    if (r->request_body == NULL || r->request_body->bufs == NULL
        || r->request_body->temp_file || r->request_body_no_buffering)
    {
        return NGX_DECLINED;
    }

    len = 0;

    /* what was sent upstream is taken, but still there: from its start on */

    for (cl = r->request_body->bufs; cl; cl = cl->next) {
        if (!ngx_buf_in_memory(cl->buf)) {
            return NGX_DECLINED;
        }

        len += cl->buf->last - cl->buf->start;
    }

    p = ngx_pnalloc(r->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    *body = bd_slice_make(p, len);

    for (cl = r->request_body->bufs; cl; cl = cl->next) {
        p = ngx_cpymem(p, cl->buf->start, cl->buf->last - cl->buf->start);
    }

    return NGX_OK;
}
