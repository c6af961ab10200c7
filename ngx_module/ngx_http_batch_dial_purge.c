/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Purge: PURGE or DELETE of /.../<id> drops a job everywhere, as a write to it
 * would, and answers 204 when that is done, or is in the journal.  Who may, is
 * for nginx's own access checks to say.
 */


#include "ngx_http_batch_dial_context.h"
#include "ngx_http_batch_dial_invalidate.h"
#include "ngx_http_batch_dial_request.h"
#include "bd_problem.h"


static ngx_int_t ngx_http_batch_dial_purge_id(ngx_http_request_t *r,
    ngx_str_t *id);
static void ngx_http_batch_dial_purged(void *data,
    const ngx_http_batch_dial_settled_t *settled);
static ngx_int_t ngx_http_batch_dial_purge_send(ngx_http_request_t *r);


ngx_int_t
ngx_http_batch_dial_purge_handler(ngx_http_request_t *r)
{
    ngx_int_t                         rc;
    ngx_str_t                         id;
    ngx_http_batch_dial_ctx_t        *ctx;
    ngx_http_batch_dial_main_conf_t  *mcf;

    static ngx_str_t  purge = ngx_string("PURGE");

    if (r->method != NGX_HTTP_DELETE
        && (r->method_name.len != purge.len
            || ngx_strncmp(r->method_name.data, purge.data, purge.len) != 0))
    {
        return NGX_HTTP_NOT_ALLOWED;
    }

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    if (ngx_http_batch_dial_purge_id(r, &id) != NGX_OK) {
        return ngx_http_batch_dial_send_problem(r, BD_PROBLEM_INVALID_JOB_ID,
                                                NULL);
    }

    ctx = ngx_http_batch_dial_create_ctx(r, BD_CLASS_NONE, &id);
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    mcf = ngx_http_get_module_main_conf(r, ngx_http_batch_dial_module);

    ctx->invalidation = ngx_http_batch_dial_invalidate(mcf, &id,
                                              NGX_HTTP_BATCH_DIAL_CAUSE_PURGE,
                                              0, 0, NULL,
                                              ngx_http_batch_dial_purged,
                                              ctx);
    if (ctx->invalidation == NULL) {
        return ngx_http_batch_dial_purge_send(r);
    }

    /* the invalidation's end finalizes the request, for this reference */

    r->main->count++;

    return NGX_DONE;
}


/* What follows the last slash. */

static ngx_int_t
ngx_http_batch_dial_purge_id(ngx_http_request_t *r, ngx_str_t *id)
{
    u_char  *p, *last;

    last = r->uri.data + r->uri.len;

    for (p = last; p > r->uri.data && p[-1] != '/'; p--) { /* void */ }

    id->data = p;
    id->len = last - p;

    return bd_route_id_valid(ngx_http_batch_dial_slice(id)) ? NGX_OK
                                                            : NGX_DECLINED;
}


static void
ngx_http_batch_dial_purged(void *data,
    const ngx_http_batch_dial_settled_t *settled)
{
    ngx_http_batch_dial_ctx_t *ctx = data;

    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    r = ctx->request;
    c = r->connection;                  /* r may be gone below */

    ngx_http_set_log_request(c->log, r);

    ctx->invalidation = NULL;

    ngx_http_finalize_request(r, ngx_http_batch_dial_purge_send(r));
    ngx_http_run_posted_requests(c);
}


static ngx_int_t
ngx_http_batch_dial_purge_send(ngx_http_request_t *r)
{
    r->headers_out.status = NGX_HTTP_NO_CONTENT;
    r->headers_out.content_length_n = -1;
    r->header_only = 1;

    return ngx_http_send_header(r);
}
