/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Sending: the content handler of a read that has its answer, and problems.
 * Conditions, ranges and HEAD are nginx's own filters' work: they are given a
 * complete 200 with its validators, in one send.
 */


#include "ngx_http_batch_dial_answer.h"
#include "ngx_http_batch_dial_request.h"
#include "bd_entry.h"
#include "bd_problem.h"


static ngx_int_t ngx_http_batch_dial_serve_entry(ngx_http_request_t *r,
    ngx_http_batch_dial_ctx_t *ctx);
static ngx_int_t ngx_http_batch_dial_serve_pass(ngx_http_request_t *r,
    ngx_http_batch_dial_ctx_t *ctx);
static void ngx_http_batch_dial_serve_content_type(ngx_http_request_t *r,
    bd_slice_t type);
static ngx_int_t ngx_http_batch_dial_serve_validators(ngx_http_request_t *r,
    const bd_entry_t *entry);
static ngx_int_t ngx_http_batch_dial_serve_cache_control(
    ngx_http_request_t *r, bd_slice_t value);
static ngx_int_t ngx_http_batch_dial_serve_age(ngx_http_request_t *r,
    const bd_entry_t *entry);
static ngx_int_t ngx_http_batch_dial_serve_retry_after(
    ngx_http_request_t *r, ngx_uint_t seconds);
static ngx_int_t ngx_http_batch_dial_serve_headers(ngx_http_request_t *r,
    ngx_http_batch_dial_ctx_t *ctx);
static ngx_int_t ngx_http_batch_dial_serve_body(ngx_http_request_t *r,
    bd_slice_t body);


#define NGX_HTTP_BATCH_DIAL_CACHE_CONTROL  "private, no-cache"


ngx_int_t
ngx_http_batch_dial_serve_handler(ngx_http_request_t *r)
{
    ngx_int_t                      rc;
    ngx_http_batch_dial_ctx_t     *ctx;
    ngx_http_batch_dial_answer_t  *a;

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    ctx = ngx_http_get_module_ctx(r, ngx_http_batch_dial_module);
    a = ctx->answer;

    if (ngx_http_batch_dial_add_cache_status(r, &ctx->cache_status) != NGX_OK
        || ngx_http_batch_dial_serve_retry_after(r, ctx->retry_after)
           != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    switch (a->kind) {

    case NGX_HTTP_BATCH_DIAL_ANSWER_ENTRY:
        return ngx_http_batch_dial_serve_entry(r, ctx);

    case NGX_HTTP_BATCH_DIAL_ANSWER_PASS:
        return ngx_http_batch_dial_serve_pass(r, ctx);

    default:
        return ngx_http_batch_dial_send_problem(r, a->problem, a->violation);
    }
}


static ngx_int_t
ngx_http_batch_dial_serve_entry(ngx_http_request_t *r,
    ngx_http_batch_dial_ctx_t *ctx)
{
    const bd_entry_t  *entry = &ctx->answer->entry;

    r->headers_out.status = NGX_HTTP_OK;
    r->allow_ranges = 1;

    ngx_http_batch_dial_serve_content_type(r, entry->content_type);

    if (ngx_http_batch_dial_serve_validators(r, entry) != NGX_OK
        || ngx_http_batch_dial_serve_cache_control(r, entry->cache_control)
           != NGX_OK
        || ngx_http_batch_dial_serve_age(r, entry) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_batch_dial_serve_body(r, entry->body);
}


/* When to come again; what upstream said of it was of then, not of now. */

static ngx_int_t
ngx_http_batch_dial_serve_retry_after(ngx_http_request_t *r,
    ngx_uint_t seconds)
{
    u_char  *p, *last;

    if (seconds == 0) {
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, NGX_INT_T_LEN);
    if (p == NULL) {
        return NGX_ERROR;
    }

    last = ngx_sprintf(p, "%ui", seconds);

    return ngx_http_batch_dial_add_header(r, "Retry-After", p, last - p)
           ? NGX_OK : NGX_ERROR;
}


/* Upstream's answer as it is; what is for one client alone, for that one. */

static ngx_int_t
ngx_http_batch_dial_serve_pass(ngx_http_request_t *r,
    ngx_http_batch_dial_ctx_t *ctx)
{
    const bd_entry_t              *entry;
    ngx_http_batch_dial_answer_t  *a;

    a = ctx->answer;
    entry = &a->entry;

    r->headers_out.status = a->status;

    ngx_http_batch_dial_serve_content_type(r, entry->content_type);

    if (ngx_http_batch_dial_serve_validators(r, entry) != NGX_OK
        || ngx_http_batch_dial_serve_cache_control(r, entry->cache_control)
           != NGX_OK
        || ngx_http_batch_dial_serve_headers(r, ctx) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_batch_dial_serve_body(r, entry->body);
}


static void
ngx_http_batch_dial_serve_content_type(ngx_http_request_t *r,
    bd_slice_t type)
{
    const uint8_t  *params;

    r->headers_out.content_type.data = (u_char *) type.data;
    r->headers_out.content_type.len = type.len;

    /* gzip_types and the like compare the type without its parameters */

    params = type.len ? memchr(type.data, ';', type.len) : NULL;

    r->headers_out.content_type_len = params ? (size_t) (params - type.data)
                                             : type.len;
}


static ngx_int_t
ngx_http_batch_dial_serve_validators(ngx_http_request_t *r,
    const bd_entry_t *entry)
{
    bd_slice_t  lm;

    if (entry->etag.len) {
        r->headers_out.etag =
            ngx_http_batch_dial_add_header(r, "ETag",
                                           (u_char *) entry->etag.data,
                                           entry->etag.len);
        if (r->headers_out.etag == NULL) {
            return NGX_ERROR;
        }
    }

    lm = entry->last_modified;

    if (lm.len) {
        r->headers_out.last_modified_time =
                                ngx_parse_http_time((u_char *) lm.data, lm.len);

        r->headers_out.last_modified =
            ngx_http_batch_dial_add_header(r, "Last-Modified",
                                           (u_char *) lm.data, lm.len);
        if (r->headers_out.last_modified == NULL) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_batch_dial_serve_cache_control(ngx_http_request_t *r,
    bd_slice_t value)
{
    ngx_table_elt_t  *h;

    if (value.len == 0) {
        value = bd_slice(NGX_HTTP_BATCH_DIAL_CACHE_CONTROL);
    }

    h = ngx_http_batch_dial_add_header(r, "Cache-Control",
                                       (u_char *) value.data, value.len);
    if (h == NULL) {
        return NGX_ERROR;
    }

    return ngx_http_batch_dial_set_cache_control(r, h);
}


static ngx_int_t
ngx_http_batch_dial_serve_age(ngx_http_request_t *r, const bd_entry_t *entry)
{
    u_char   *p, *last;
    int64_t   age;

    age = (ngx_http_batch_dial_now() - entry->fetched_ms) / 1000;

    p = ngx_pnalloc(r->pool, NGX_INT64_LEN);
    if (p == NULL) {
        return NGX_ERROR;
    }

    /* another node's clock may be ahead of ours */

    last = ngx_sprintf(p, "%L", ngx_max(age, 0));

    return ngx_http_batch_dial_add_header(r, "Age", p, last - p) ? NGX_OK
                                                                  : NGX_ERROR;
}


static ngx_int_t
ngx_http_batch_dial_serve_headers(ngx_http_request_t *r,
    ngx_http_batch_dial_ctx_t *ctx)
{
    ngx_uint_t        i;
    ngx_array_t      *headers;
    ngx_keyval_t     *kv;
    ngx_table_elt_t  *h;

    headers = &ctx->answer->headers;
    kv = headers->elts;

    for (i = 0; i < headers->nelts; i++) {

        if (ctx->shared && !ngx_http_batch_dial_answer_shows(&kv[i].key)) {
            continue;
        }

        h = ngx_list_push(&r->headers_out.headers);
        if (h == NULL) {
            return NGX_ERROR;
        }

        h->hash = 1;
        h->key = kv[i].key;
        h->value = kv[i].value;
        h->lowcase_key = NULL;
        ngx_http_batch_dial_header_link(h);

        /* the headers nginx would write itself, or looks at in filters */

        if (ngx_http_batch_dial_is(&h->key, "Server")) {
            r->headers_out.server = h;

        } else if (ngx_http_batch_dial_is(&h->key, "Date")) {
            r->headers_out.date = h;

        } else if (ngx_http_batch_dial_is(&h->key, "Location")) {
            r->headers_out.location = h;

        } else if (ngx_http_batch_dial_is(&h->key, "Content-Encoding")) {
            r->headers_out.content_encoding = h;

        } else if (ngx_http_batch_dial_is(&h->key, "WWW-Authenticate")) {
            r->headers_out.www_authenticate = h;
        }
    }

    return NGX_OK;
}


/* The answer, and with it body, lives as long as the request's pool. */

static ngx_int_t
ngx_http_batch_dial_serve_body(ngx_http_request_t *r, bd_slice_t body)
{
    ngx_int_t     rc;
    ngx_buf_t    *b;
    ngx_chain_t   out;

    r->headers_out.content_length_n = body.len;

    if (r->headers_out.status == NGX_HTTP_NO_CONTENT
        || r->headers_out.status == NGX_HTTP_NOT_MODIFIED)
    {
        r->headers_out.content_length_n = -1;
        r->header_only = 1;
    }

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (body.len) {
        b->pos = (u_char *) body.data;
        b->last = b->pos + body.len;
        b->memory = 1;
    }

    b->last_buf = 1;
    b->last_in_chain = 1;

    out.buf = b;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}


ngx_int_t
ngx_http_batch_dial_send_problem(ngx_http_request_t *r, bd_problem_e type,
    const bd_schema_violation_t *violation)
{
    int              status;
    char            *p;
    size_t           len;
    ngx_uint_t       n;
    bd_violation_t   v;
    ngx_str_t        name = ngx_string("application/problem+json");

    n = 0;
    status = bd_problem_status(type);

    if (violation) {
        v.instance = bd_slice_make(violation->instance,
                                   ngx_strlen(violation->instance));
        v.keyword = bd_slice_make(violation->keyword,
                                  ngx_strlen(violation->keyword));
        v.schema = bd_slice_make(violation->schema,
                                 ngx_strlen(violation->schema));
        n = 1;
    }

    len = bd_problem_format(NULL, 0, type, status, &v, n);

    p = ngx_pnalloc(r->pool, len);
    if (p == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    (void) bd_problem_format(p, len, type, status, &v, n);

    r->headers_out.status = status;
    r->headers_out.content_type = name;
    r->headers_out.content_type_len = name.len;

    /* RFC 9111 lets a cache keep a 404 or 410 unasked */

    if (ngx_http_batch_dial_serve_cache_control(r, bd_slice("no-store"))
        != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_batch_dial_serve_body(r, bd_slice_make(p, len));
}


ngx_table_elt_t *
ngx_http_batch_dial_add_header(ngx_http_request_t *r, const char *name,
    u_char *value, size_t len)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NULL;
    }

    h->hash = 1;
    h->key.data = (u_char *) name;
    h->key.len = ngx_strlen(name);
    h->value.data = value;
    h->value.len = len;
    h->lowcase_key = NULL;
    ngx_http_batch_dial_header_link(h);

    return h;
}


ngx_int_t
ngx_http_batch_dial_add_cache_status(ngx_http_request_t *r,
    const bd_cache_status_t *cs)
{
    u_char  *p;
    size_t   len;

    p = ngx_pnalloc(r->pool, BD_CACHE_STATUS_MAX);
    if (p == NULL) {
        return NGX_ERROR;
    }

    len = bd_cache_status_format((char *) p, cs);

    return ngx_http_batch_dial_add_header(r, "Cache-Status", p, len)
           ? NGX_OK : NGX_ERROR;
}
