/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The access phase: what class a request is of, and whether it carries a
 * credential at all.  Who the credential belongs to, only upstream knows.
 *
 * A request that is refused is answered from here rather than by a return
 * code: its body is problem+json, and "satisfy any" must not let it by, since
 * without a credential there is no entry it could be served from.
 */


#include "ngx_http_batch_dial_context.h"
#include "ngx_http_batch_dial_request.h"
#include "bd_credential.h"
#include "bd_problem.h"


static ngx_int_t ngx_http_batch_dial_check_credential(ngx_http_request_t *r,
    ngx_http_batch_dial_ctx_t *ctx);
static ngx_int_t ngx_http_batch_dial_challenge(ngx_http_request_t *r,
    const char *value, size_t len);
static ngx_int_t ngx_http_batch_dial_reject(ngx_http_request_t *r,
    ngx_http_batch_dial_ctx_t *ctx, bd_problem_e type);
static bd_method_e ngx_http_batch_dial_method(ngx_http_request_t *r);


#define NGX_HTTP_BATCH_DIAL_REALM  "Bearer realm=\"batch_dial_jobs\""

#define ngx_http_batch_dial_challenge_literal(r, s)                           \
    ngx_http_batch_dial_challenge(r, s, sizeof(s) - 1)


ngx_int_t
ngx_http_batch_dial_access_handler(ngx_http_request_t *r)
{
    ngx_str_t                        id;
    bd_route_t                       route;
    ngx_http_batch_dial_ctx_t       *ctx;
    ngx_http_batch_dial_loc_conf_t  *blcf;

    blcf = ngx_http_get_module_loc_conf(r, ngx_http_batch_dial_module);

    if (!blcf->enable || r != r->main) {
        return NGX_DECLINED;
    }

    ctx = ngx_http_batch_dial_get_ctx(r);

    if (ctx && (ctx->own || ctx->class == BD_CLASS_WRITE
                || ctx->class == BD_CLASS_CREATE))
    {

        /* redirected within nginx, by try_files, error_page and the like: a
         * fetch is still that fetch, and a write is to be settled once */

        ngx_http_set_ctx(r, ctx, ngx_http_batch_dial_module);
        return NGX_DECLINED;
    }

    bd_route_classify(ngx_http_batch_dial_method(r),
                      ngx_http_batch_dial_slice(&r->uri),
                      ngx_http_batch_dial_slice(&blcf->path), &route);

    if (route.class == BD_CLASS_NONE || route.class == BD_CLASS_UNTOUCHED) {
        return NGX_DECLINED;
    }

    id.data = (u_char *) route.id.data;
    id.len = route.id.len;

    ctx = ngx_http_batch_dial_create_ctx(r, route.class, &id);
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->began_ms = ngx_http_batch_dial_now();
    ctx->pauses = bd_slice_equal(route.rest, bd_slice("/paused"));

    return ngx_http_batch_dial_check_credential(r, ctx);
}


static ngx_int_t
ngx_http_batch_dial_check_credential(ngx_http_request_t *r,
    ngx_http_batch_dial_ctx_t *ctx)
{
    bd_credential_e                   form;
    ngx_http_batch_dial_main_conf_t  *mcf;

    if (ngx_http_batch_dial_credential(r, &form, ctx->credential) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    switch (form) {

    case BD_CREDENTIAL_MISSING:
        if (ngx_http_batch_dial_challenge_literal(r, NGX_HTTP_BATCH_DIAL_REALM)
            != NGX_OK)
        {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        return ngx_http_batch_dial_reject(r, ctx,
                              BD_PROBLEM_MISSING_CREDENTIAL);

    case BD_CREDENTIAL_MALFORMED:
        if (ngx_http_batch_dial_challenge_literal(r, NGX_HTTP_BATCH_DIAL_REALM
                                                  ", error=\"invalid_token\"")
            != NGX_OK)
        {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        return ngx_http_batch_dial_reject(r, ctx,
                              BD_PROBLEM_INVALID_CREDENTIAL);

    case BD_CREDENTIAL_OK:
        break;
    }

    ctx->has_credential = 1;

    if (ctx->class == BD_CLASS_BAD_ID) {
        return ngx_http_batch_dial_reject(r, ctx, BD_PROBLEM_INVALID_JOB_ID);
    }

    if (ctx->class != BD_CLASS_READ) {
        mcf = ngx_http_get_module_main_conf(r, ngx_http_batch_dial_module);

        ctx->cache = NGX_HTTP_BATCH_DIAL_PASS;
        ngx_http_batch_dial_count(mcf, pass);
    }

    return NGX_DECLINED;
}


static ngx_int_t
ngx_http_batch_dial_challenge(ngx_http_request_t *r, const char *value,
    size_t len)
{
    r->headers_out.www_authenticate =
        ngx_http_batch_dial_add_header(r, "WWW-Authenticate",
                                       (u_char *) value, len);

    return r->headers_out.www_authenticate ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_http_batch_dial_reject(ngx_http_request_t *r,
    ngx_http_batch_dial_ctx_t *ctx, bd_problem_e type)
{
    ngx_int_t                         rc;
    ngx_http_batch_dial_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(r, ngx_http_batch_dial_module);

    ctx->cache = NGX_HTTP_BATCH_DIAL_REJECTED;
    ngx_http_batch_dial_count(mcf, rejected);

    rc = ngx_http_discard_request_body(r);

    if (rc == NGX_OK) {
        rc = ngx_http_batch_dial_send_problem(r, type, NULL);
    }

    ngx_http_finalize_request(r, rc);

    return NGX_DONE;
}


static bd_method_e
ngx_http_batch_dial_method(ngx_http_request_t *r)
{
    switch (r->method) {

    case NGX_HTTP_GET:
        return BD_METHOD_GET;

    case NGX_HTTP_HEAD:
        return BD_METHOD_HEAD;

    case NGX_HTTP_POST:
        return BD_METHOD_POST;

    case NGX_HTTP_OPTIONS:
        return BD_METHOD_OPTIONS;

    default:
        return BD_METHOD_OTHER;
    }
}
