/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Writes: they pass upstream as the user configured, and before the client
 * learns that one was carried out, what the caches hold of the job is gone.
 * How that is waited for, and what is stored of the answer, is in
 * write_settle.c.  The read's handler calls, the filters, and the cleanup.
 *
 *   event                          what follows
 *   precontent phase               the write is announced to Redis, and waits
 *                                  for the reply or the command's deadline:
 *                                  only what is announced is stored through
 *   header: 4xx                    nothing was changed: passed on
 *   header: 101                    passed on, since the tunnel that follows
 *                                  passes no filter; the job is invalidated,
 *                                  nobody waits
 *   header: 5xx                    the outcome is unknown: the job expires;
 *                                  header and body are held until it has
 *   header: anything else          the job is invalidated; header and body
 *                                  are held until it has been
 *   it has been invalidated        header and what is held of the body go on
 *   body, of a 200 that may be     copied as it passes; when it is complete it
 *   the job                        is stored through, if no other write has
 *                                  come between
 *   client leaves, or nginx        if the request may have reached upstream,
 *   gives up, before a header      the job expires, nobody waits
 *
 * The creation of a job is a write whose job is known by the answer alone, so
 * header and body are collected until it is complete: what was refused of that
 * id before is not to be remembered.  One that is too large, or breaks off,
 * goes on as it is.
 *
 * Buffers that are held are not taken, only kept in order: upstream is then
 * read no further than its own buffers reach, as with a client that is slow.
 */


#include "ngx_http_batch_dial_announce.h"
#include "ngx_http_batch_dial_context.h"
#include "ngx_http_batch_dial_fetch.h"
#include "ngx_http_batch_dial_memory.h"
#include "ngx_http_batch_dial_request.h"
#include "ngx_http_batch_dial_write_private.h"
#include "bd_json.h"


static void ngx_http_batch_dial_write_announced(void *data, redisReply *reply);

static ngx_uint_t ngx_http_batch_dial_write_refused(
    ngx_http_batch_dial_ctx_t *ctx, ngx_uint_t status);
static ngx_uint_t ngx_http_batch_dial_write_sent(ngx_http_request_t *r);
static ngx_uint_t ngx_http_batch_dial_write_may_copy(ngx_http_request_t *r,
    ngx_http_batch_dial_ctx_t *ctx);

static ngx_int_t ngx_http_batch_dial_write_collect(ngx_http_request_t *r,
    ngx_http_batch_dial_ctx_t *ctx, ngx_chain_t *in);
static ngx_int_t ngx_http_batch_dial_write_created(ngx_http_request_t *r,
    ngx_http_batch_dial_ctx_t *ctx);
static ngx_int_t ngx_http_batch_dial_write_push(ngx_http_request_t *r,
    ngx_http_batch_dial_ctx_t *ctx, ngx_uint_t last);
static void ngx_http_batch_dial_write_copy(ngx_http_batch_dial_ctx_t *ctx,
    ngx_chain_t *in);


ngx_int_t
ngx_http_batch_dial_write_handler(ngx_http_request_t *r,
    ngx_http_batch_dial_ctx_t *ctx)
{
    int                               journaled;
    bd_slice_t                        id;
    bd_memory_t                      *m;
    ngx_http_batch_dial_main_conf_t  *mcf;

    if (ctx->state == NGX_HTTP_BATCH_DIAL_BEGIN) {
        return NGX_AGAIN;
    }

    if (ctx->state == NGX_HTTP_BATCH_DIAL_READY
        || !(r->method & (NGX_HTTP_PUT|NGX_HTTP_POST|NGX_HTTP_PATCH)))
    {
        return NGX_DECLINED;
    }

    mcf = ngx_http_get_module_main_conf(r, ngx_http_batch_dial_module);
    id = ngx_http_batch_dial_slice(&ctx->id);

    m = ngx_http_batch_dial_memory_lock(mcf);
    ctx->epoch = bd_memory_epoch(m, id);
    journaled = bd_journal_has(m, id);
    ngx_http_batch_dial_memory_unlock(mcf);

    ctx->state = NGX_HTTP_BATCH_DIAL_READY;

    if (mcf->redis == NULL || journaled) {
        return NGX_DECLINED;
    }

    ctx->token = (uint64_t) ngx_random() << 33 ^ (uint64_t) ngx_random() << 1
                 ^ (uint64_t) (uintptr_t) ctx;

    ctx->op = ngx_http_batch_dial_announce_write(mcf, &ctx->id, ctx->token,
                                          ngx_http_batch_dial_write_announced,
                                          ctx);
    if (ctx->op == NULL) {
        ctx->token = 0;
        return NGX_DECLINED;
    }

    ctx->op_start = ngx_current_msec;
    ctx->state = NGX_HTTP_BATCH_DIAL_BEGIN;

    return ngx_http_batch_dial_wait(r);
}


static void
ngx_http_batch_dial_write_announced(void *data, redisReply *reply)
{
    ngx_http_batch_dial_ctx_t *ctx = data;

    ctx->op = NULL;
    ctx->redis_time = ngx_current_msec - ctx->op_start;

    if (reply == NULL || reply->type != REDIS_REPLY_INTEGER) {
        ctx->token = 0;
    }

    ctx->state = NGX_HTTP_BATCH_DIAL_READY;

    ngx_http_batch_dial_resume(ctx->request);
}


ngx_int_t
ngx_http_batch_dial_write_header(ngx_http_request_t *r,
    ngx_http_batch_dial_ctx_t *ctx)
{
    ngx_uint_t                        status;
    ngx_http_batch_dial_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(r, ngx_http_batch_dial_module);
    status = r->headers_out.status;

    if (ngx_http_batch_dial_write_refused(ctx, status)) {
        ctx->settled = 1;

        if (ctx->token) {
            ngx_http_batch_dial_announce_withdraw(mcf, &ctx->id, ctx->token);
        }

        return ngx_http_batch_dial_next_header(r);
    }

    if (ctx->class == BD_CLASS_CREATE) {
        ctx->settled = 1;
        ctx->collecting = ngx_http_batch_dial_write_may_copy(r, ctx);

        return ctx->collecting ? NGX_OK : ngx_http_batch_dial_next_header(r);
    }

    if (status == NGX_HTTP_SWITCHING_PROTOCOLS) {
        ctx->settled = 1;

        (void) ngx_http_batch_dial_invalidate(mcf, &ctx->id,
                                              NGX_HTTP_BATCH_DIAL_CAUSE_WRITE,
                                              0, 0, NULL, NULL, NULL);

        return ngx_http_batch_dial_next_header(r);
    }

    ctx->copying = (status == NGX_HTTP_OK
                    && ngx_http_batch_dial_write_may_copy(r, ctx));

    if (ngx_http_batch_dial_write_settle(r, ctx, &ctx->id,
                                    status < NGX_HTTP_INTERNAL_SERVER_ERROR
                                    ? NGX_HTTP_BATCH_DIAL_CAUSE_WRITE
                                    : NGX_HTTP_BATCH_DIAL_CAUSE_UNKNOWN)
        == NGX_AGAIN)
    {
        return NGX_OK;
    }

    return ngx_http_batch_dial_next_header(r);
}


/*
 * 1 when nothing was changed; of a creation: nothing that we would know.  What
 * counts is what upstream said, not the page nginx may put in its place.
 */

static ngx_uint_t
ngx_http_batch_dial_write_refused(ngx_http_batch_dial_ctx_t *ctx,
    ngx_uint_t status)
{
    ngx_http_upstream_t  *u;

    if (ctx->class == BD_CLASS_CREATE) {
        return status < NGX_HTTP_OK || status >= NGX_HTTP_SPECIAL_RESPONSE;
    }

    u = ctx->request->upstream;

    if (u && !ngx_http_batch_dial_fetch_upstreams(ctx->request)
        && ngx_http_batch_dial_write_sent(ctx->request))
    {
        status = u->headers_in.status_n;
    }

    return status >= NGX_HTTP_BAD_REQUEST
           && status < NGX_HTTP_INTERNAL_SERVER_ERROR;
}


/* 1 when upstream may have got the request, one of its servers at least. */

static ngx_uint_t
ngx_http_batch_dial_write_sent(ngx_http_request_t *r)
{
    return r->upstream
           && (r->upstream->request_sent
               || (r->upstream_states && r->upstream_states->nelts > 1));
}


/* 1 when the answer may be a job, of a size we are ready to hold. */

static ngx_uint_t
ngx_http_batch_dial_write_may_copy(ngx_http_request_t *r,
    ngx_http_batch_dial_ctx_t *ctx)
{
    ngx_http_batch_dial_loc_conf_t  *blcf;

    blcf = ngx_http_get_module_loc_conf(r, ngx_http_batch_dial_module);

    return r->headers_out.status != NGX_HTTP_NO_CONTENT
           && ngx_http_batch_dial_fetch_upstreams(r)
           && ngx_http_batch_dial_body_init(&ctx->body, r->pool,
                                            blcf->max_body,
                                            r->headers_out.content_length_n)
              == NGX_OK;
}


ngx_int_t
ngx_http_batch_dial_write_body(ngx_http_request_t *r,
    ngx_http_batch_dial_ctx_t *ctx, ngx_chain_t *in)
{
    if (ctx->broken) {
        return NGX_ERROR;
    }

    if (ctx->collecting) {
        return ngx_http_batch_dial_write_collect(r, ctx, in);
    }

    if (ctx->copying) {
        ngx_http_batch_dial_write_copy(ctx, in);
    }

    if (!ctx->holding) {
        return ngx_http_batch_dial_next_body(r, in);
    }

    if (in && ngx_chain_add_copy(r->pool, &ctx->held, in) != NGX_OK) {
        return NGX_ERROR;
    }

    return NGX_AGAIN;
}


/* Of a creation: header and body wait until the body is complete. */

static ngx_int_t
ngx_http_batch_dial_write_collect(ngx_http_request_t *r,
    ngx_http_batch_dial_ctx_t *ctx, ngx_chain_t *in)
{
    ngx_int_t     rc;
    ngx_uint_t    last;
    ngx_chain_t  *cl;

    last = 0;

    for (cl = in; cl; cl = cl->next) {

        rc = ngx_http_batch_dial_body_append(&ctx->body, cl->buf);

        if (rc == NGX_ERROR) {
            return NGX_ERROR;
        }

        if (rc == NGX_DECLINED) {
            break;
        }

        cl->buf->pos = cl->buf->last;
        cl->buf->file_pos = cl->buf->file_last;

        last |= cl->buf->last_buf;
    }

    if (!last && cl == NULL
        && (in == NULL || ngx_http_batch_dial_fetch_upstreams(r)))
    {
        return NGX_OK;
    }

    /* complete; or too large, or nginx has closed an upstream that broke */

    ctx->collecting = 0;

    if (ngx_http_batch_dial_write_push(r, ctx, last) != NGX_OK
        || ngx_chain_add_copy(r->pool, &ctx->held, cl) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (last && ngx_http_batch_dial_write_created(r, ctx) == NGX_AGAIN) {
        return NGX_AGAIN;
    }

    return ngx_http_batch_dial_write_release(r, ctx);
}


/* The answer to the creation of a job says which it is. */

static ngx_int_t
ngx_http_batch_dial_write_created(ngx_http_request_t *r,
    ngx_http_batch_dial_ctx_t *ctx)
{
    bd_json_t               document;
    ngx_int_t               rc;
    ngx_str_t               id;
    const bd_json_value_t  *member;

    rc = NGX_OK;

    if (bd_json_parse(&document, bd_slice_make(ctx->body.data, ctx->body.len),
                      NGX_HTTP_BATCH_DIAL_WRITE_DEPTH)
        != 0)
    {
        return NGX_OK;
    }

    member = bd_json_member(document.root, bd_slice("id"));

    if (bd_json_is(member, BD_JSON_STRING)
        && bd_route_id_valid(member->text))
    {
        id.data = (u_char *) member->text.data;
        id.len = member->text.len;

        rc = ngx_http_batch_dial_write_settle(r, ctx, &id,
                                             NGX_HTTP_BATCH_DIAL_CAUSE_CREATE);
    }

    bd_json_free(&document);

    return rc;
}


/* Puts what has been collected at the end of what is held. */

static ngx_int_t
ngx_http_batch_dial_write_push(ngx_http_request_t *r,
    ngx_http_batch_dial_ctx_t *ctx, ngx_uint_t last)
{
    ngx_buf_t    *b;
    ngx_chain_t   link;

    if (ctx->body.len == 0 && !last) {
        return NGX_OK;
    }

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NGX_ERROR;
    }

    if (ctx->body.len) {
        b->pos = ctx->body.data;
        b->last = b->pos + ctx->body.len;
        b->memory = 1;
    }

    b->last_buf = last;
    b->last_in_chain = last;
    b->flush = !last;

    link.buf = b;
    link.next = NULL;

    return ngx_chain_add_copy(r->pool, &ctx->held, &link);
}


/* A body that is too large is no job, and not stored. */

static void
ngx_http_batch_dial_write_copy(ngx_http_batch_dial_ctx_t *ctx, ngx_chain_t *in)
{
    ngx_chain_t  *cl;

    for (cl = in; cl; cl = cl->next) {

        if (ngx_http_batch_dial_body_append(&ctx->body, cl->buf) != NGX_OK) {
            ctx->copying = 0;
            return;
        }

        if (cl->buf->last_buf) {
            ctx->copying = 0;
            ctx->complete = 1;

            if (!ctx->holding) {
                ngx_http_batch_dial_write_keep(ctx);
            }

            return;
        }
    }
}


void
ngx_http_batch_dial_write_abandon(ngx_http_batch_dial_ctx_t *ctx)
{
    ngx_http_request_t               *r;
    ngx_http_batch_dial_main_conf_t  *mcf;

    r = ctx->request;

    if (ctx->settled || ctx->class != BD_CLASS_WRITE
        || !ngx_http_batch_dial_write_sent(r))
    {
        return;
    }

    mcf = ngx_http_get_module_main_conf(r, ngx_http_batch_dial_module);

    (void) ngx_http_batch_dial_invalidate(mcf, &ctx->id,
                                          NGX_HTTP_BATCH_DIAL_CAUSE_UNKNOWN,
                                          0, 0, NULL, NULL, NULL);
}
