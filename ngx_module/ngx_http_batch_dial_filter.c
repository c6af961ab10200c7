/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The place in nginx's chains of filters: outermost (see config), so that an
 * answer is seen before not_modified, range and gzip, and these do their work
 * on what is sent to a client.  What a filter does is decided by whose
 * request it is; all others go their way.
 */


#include "ngx_http_batch_dial_conf.h"
#include "ngx_http_batch_dial_context.h"
#include "ngx_http_batch_dial_fetch.h"
#include "ngx_http_batch_dial_liveness.h"
#include "ngx_http_batch_dial_request.h"


static ngx_int_t ngx_http_batch_dial_header_filter(ngx_http_request_t *r);
static void ngx_http_batch_dial_filter_observe(ngx_http_request_t *r,
    ngx_http_batch_dial_ctx_t *ctx);
static ngx_int_t ngx_http_batch_dial_body_filter(ngx_http_request_t *r,
    ngx_chain_t *in);


static ngx_http_output_header_filter_pt  ngx_http_next_header_filter;
static ngx_http_output_body_filter_pt    ngx_http_next_body_filter;


ngx_int_t
ngx_http_batch_dial_filter_init(ngx_conf_t *cf)
{
    ngx_http_next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = ngx_http_batch_dial_header_filter;

    ngx_http_next_body_filter = ngx_http_top_body_filter;
    ngx_http_top_body_filter = ngx_http_batch_dial_body_filter;

    return NGX_OK;
}


static ngx_int_t
ngx_http_batch_dial_header_filter(ngx_http_request_t *r)
{
    ngx_http_batch_dial_ctx_t  *ctx;

    ctx = ngx_http_batch_dial_get_ctx(r);

    if (ctx == NULL || r != r->main) {
        return ngx_http_next_header_filter(r);
    }

    if (ctx->own) {
        return ngx_http_batch_dial_fetch_header(ctx->own, r);
    }

    if (!ctx->observed) {
        ngx_http_batch_dial_filter_observe(r, ctx);
    }

    if ((ctx->class == BD_CLASS_WRITE || ctx->class == BD_CLASS_CREATE)
        && !ctx->settled)
    {
        return ngx_http_batch_dial_write_header(r, ctx);
    }

    if (ctx->direct) {
        ctx->cache_status.fwd_status = r->headers_out.status;
        ctx->cache_status.detail = "too-large";

        if (ngx_http_batch_dial_add_cache_status(r, &ctx->cache_status)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return ngx_http_next_header_filter(r);
}


/* What upstream thinks of the credential, by its answer to what is no read. */

static void
ngx_http_batch_dial_filter_observe(ngx_http_request_t *r,
    ngx_http_batch_dial_ctx_t *ctx)
{
    ngx_http_batch_dial_loc_conf_t   *blcf;
    ngx_http_batch_dial_main_conf_t  *mcf;

    ctx->observed = 1;

    if (!ctx->has_credential || !ngx_http_batch_dial_fetch_upstreams(r)
        || (ctx->class == BD_CLASS_READ && !ctx->direct))
    {
        return;
    }

    mcf = ngx_http_get_module_main_conf(r, ngx_http_batch_dial_module);
    blcf = ngx_http_get_module_loc_conf(r, ngx_http_batch_dial_module);

    ngx_http_batch_dial_liveness_observe(mcf, blcf, ctx->credential,
                                         ctx->began_ms, r->headers_out.status,
                                         bd_slice(""));
}


static ngx_int_t
ngx_http_batch_dial_body_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_http_batch_dial_ctx_t  *ctx;

    ctx = ngx_http_batch_dial_get_ctx(r);

    if (ctx == NULL || r != r->main) {
        return ngx_http_next_body_filter(r, in);
    }

    if (ctx->own) {
        return ngx_http_batch_dial_fetch_body(ctx->own, r, in);
    }

    if (ctx->collecting || ctx->copying || ctx->holding || ctx->broken) {
        return ngx_http_batch_dial_write_body(r, ctx, in);
    }

    return ngx_http_next_body_filter(r, in);
}


ngx_int_t
ngx_http_batch_dial_next_header(ngx_http_request_t *r)
{
    return ngx_http_next_header_filter(r);
}


ngx_int_t
ngx_http_batch_dial_next_body(ngx_http_request_t *r, ngx_chain_t *in)
{
    return ngx_http_next_body_filter(r, in);
}
