/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * What a fetch's own request would send to its client, were there one, is
 * captured here: the filters take all of it and pass nothing on.
 *
 * nginx decides what is complete: last_buf comes only when Content-Length was
 * reached, the last chunk was seen, or a connection that delimits the body was
 * closed in order.  When upstream breaks after its header, nginx sends a flush
 * without last_buf, with u->cleanup already cleared.
 */


#include "ngx_http_batch_dial_answer.h"
#include "ngx_http_batch_dial_fetch_private.h"
#include "bd_cache_control.h"
#include "bd_entry.h"


static ngx_uint_t ngx_http_batch_dial_capture_json(ngx_str_t *type);
static ngx_int_t ngx_http_batch_dial_capture_line(
    ngx_http_batch_dial_fetch_t *f, ngx_table_elt_t *h);
static ngx_int_t ngx_http_batch_dial_capture_cache_control(
    ngx_http_batch_dial_fetch_t *f, bd_slice_t value);
static ngx_int_t ngx_http_batch_dial_capture_other(
    ngx_http_batch_dial_fetch_t *f, ngx_table_elt_t *h);


/*
 * Takes note of the headers and says NGX_OK without sending any.  NGX_ERROR
 * ends the fetch.
 */

ngx_int_t
ngx_http_batch_dial_fetch_header(ngx_http_batch_dial_fetch_t *f,
    ngx_http_request_t *r)
{
    off_t                 len;
    ngx_http_upstream_t  *u;

    u = r->upstream;
    f->status = r->headers_out.status;

    if (f->status == 0) {

        /* no status line: nginx takes it for HTTP/0.9, which has but this */

        f->status = NGX_HTTP_OK;
    }

    if (ngx_http_batch_dial_fetch_upstreams(r)) {
        f->state = NGX_HTTP_BATCH_DIAL_FETCH_UPSTREAM;
        f->answer->upstream_status = f->status;

    } else if (u && u->headers_in.status_n >= NGX_HTTP_SPECIAL_RESPONSE) {

        /* proxy_intercept_errors */

        f->state = NGX_HTTP_BATCH_DIAL_FETCH_PAGE;
        f->answer->upstream_status = u->headers_in.status_n;

    } else if (f->status == NGX_HTTP_INTERNAL_SERVER_ERROR
               || f->status == NGX_HTTP_BAD_GATEWAY
               || f->status == NGX_HTTP_GATEWAY_TIME_OUT)
    {
        /* 500: no connection or memory left to ask upstream with */

        f->state = NGX_HTTP_BATCH_DIAL_FETCH_FAILED;
        return NGX_OK;

    } else {
        f->state = NGX_HTTP_BATCH_DIAL_FETCH_PAGE;
    }

    if (ngx_http_batch_dial_fetch_headers(f, r) != NGX_OK) {
        return NGX_ERROR;
    }

    len = r->headers_out.content_length_n;

    if (len > (off_t) f->blcf->max_body) {
        f->state = NGX_HTTP_BATCH_DIAL_FETCH_OVERSIZE;
        return NGX_ERROR;
    }

    return ngx_http_batch_dial_body_init(&f->body, f->answer->pool,
                                         f->blcf->max_body, len);
}


/* 1 while what comes is upstream's, or what proxy_cache has kept of it. */

ngx_uint_t
ngx_http_batch_dial_fetch_upstreams(ngx_http_request_t *r)
{
    if (r->upstream == NULL) {
        return 0;
    }

#if (NGX_HTTP_CACHE)
    if (r->cached) {
        return 1;
    }
#endif

    /* nginx clears it before it answers in upstream's stead */

    return r->upstream->cleanup != NULL;
}


ngx_int_t
ngx_http_batch_dial_fetch_headers(ngx_http_batch_dial_fetch_t *f,
    ngx_http_request_t *r)
{
    ngx_str_t        *type;
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    type = &r->headers_out.content_type;

    f->headers.status = f->status;
    f->headers.retry_after = -1;
    f->headers.json = ngx_http_batch_dial_capture_json(type);

    if (ngx_http_batch_dial_answer_copy(f->answer,
                                        &f->answer->entry.content_type,
                                        type->data, type->len)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (part = &r->headers_out.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {

            /* 0: hidden by proxy_hide_header and the like */

            if (h[i].hash
                && ngx_http_batch_dial_capture_line(f, &h[i]) != NGX_OK)
            {
                return NGX_ERROR;
            }
        }
    }

    return NGX_OK;
}


/* application/json, whatever its parameters. */

static ngx_uint_t
ngx_http_batch_dial_capture_json(ngx_str_t *type)
{
    u_char  c;
    size_t  len;

    static u_char  json[] = "application/json";

    len = sizeof(json) - 1;

    if (type->len < len || ngx_strncasecmp(type->data, json, len) != 0) {
        return 0;
    }

    c = type->len > len ? type->data[len] : ';';

    return c == ';' || c == ' ' || c == '\t';
}


static ngx_int_t
ngx_http_batch_dial_capture_line(ngx_http_batch_dial_fetch_t *f,
    ngx_table_elt_t *h)
{
    bd_entry_t  *entry;

    entry = &f->answer->entry;

    if (ngx_http_batch_dial_is(&h->key, "ETag")) {
        return ngx_http_batch_dial_answer_copy(f->answer, &entry->etag,
                                               h->value.data, h->value.len);
    }

    if (ngx_http_batch_dial_is(&h->key, "Last-Modified")) {
        return ngx_http_batch_dial_answer_copy(f->answer,
                                               &entry->last_modified,
                                               h->value.data, h->value.len);
    }

    if (ngx_http_batch_dial_is(&h->key, "Cache-Control")) {
        return ngx_http_batch_dial_capture_cache_control(f,
                                        ngx_http_batch_dial_slice(&h->value));
    }

    if (ngx_http_batch_dial_is(&h->key, "Retry-After")) {
        f->headers.retry_after =
            bd_retry_after(ngx_http_batch_dial_slice(&h->value), ngx_time(),
                           NGX_HTTP_BATCH_DIAL_HOLD_MAX / 1000);
    }

    /* nginx writes these anew */

    if (ngx_http_batch_dial_is(&h->key, "Content-Type")
        || ngx_http_batch_dial_is(&h->key, "Content-Length")
        || ngx_http_batch_dial_is(&h->key, "Accept-Ranges"))
    {
        return NGX_OK;
    }

    if (ngx_http_batch_dial_is(&h->key, "Content-Encoding")
        && h->value.len
        && !ngx_http_batch_dial_is(&h->value, "identity"))
    {
        f->headers.coded = 1;
    }

    /* a 200 is an entry or a problem, and neither shows them */

    if (f->state == NGX_HTTP_BATCH_DIAL_FETCH_UPSTREAM
        && f->status == NGX_HTTP_OK
        && f->blcf->schema_mode == NGX_HTTP_BATCH_DIAL_MODE_ENFORCE)
    {
        return NGX_OK;
    }

    return ngx_http_batch_dial_capture_other(f, h);
}


/* Several lines of a list are one list, RFC 9110, section 5.3. */

static ngx_int_t
ngx_http_batch_dial_capture_cache_control(ngx_http_batch_dial_fetch_t *f,
    bd_slice_t value)
{
    u_char      *p;
    bd_slice_t  *slice;

    slice = &f->answer->entry.cache_control;

    if (bd_cache_control_no_store(value)) {
        f->headers.no_store = 1;
    }

    if (slice->len == 0) {
        return ngx_http_batch_dial_answer_copy(f->answer, slice, value.data,
                                               value.len);
    }

    p = ngx_pnalloc(f->answer->pool, slice->len + 2 + value.len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    *slice = bd_slice_make(p, ngx_sprintf(p, "%*s, %*s",
                                          slice->len, slice->data,
                                          value.len, value.data)
                              - p);

    return NGX_OK;
}


/* Not replayed from the cache, but part of an error as it is. */

static ngx_int_t
ngx_http_batch_dial_capture_other(ngx_http_batch_dial_fetch_t *f,
    ngx_table_elt_t *h)
{
    ngx_keyval_t  *kv;

    kv = ngx_array_push(&f->answer->headers);
    if (kv == NULL) {
        return NGX_ERROR;
    }

    kv->key.len = h->key.len;
    kv->key.data = ngx_pstrdup(f->answer->pool, &h->key);
    kv->value.len = h->value.len;
    kv->value.data = ngx_pstrdup(f->answer->pool, &h->value);

    return kv->key.data && kv->value.data ? NGX_OK : NGX_ERROR;
}


/* Takes all buffers, so that upstream is read on; keeps what is needed. */

ngx_int_t
ngx_http_batch_dial_fetch_body(ngx_http_batch_dial_fetch_t *f,
    ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_buf_t    *b;
    ngx_uint_t    last;
    ngx_chain_t  *cl;

    last = 0;

    for (cl = in; cl; cl = cl->next) {
        b = cl->buf;

        if (f->state == NGX_HTTP_BATCH_DIAL_FETCH_UPSTREAM
            || f->state == NGX_HTTP_BATCH_DIAL_FETCH_PAGE)
        {
            switch (ngx_http_batch_dial_body_append(&f->body, b)) {

            case NGX_OK:
                break;

            case NGX_DECLINED:
                f->state = NGX_HTTP_BATCH_DIAL_FETCH_OVERSIZE;
                return NGX_ERROR;

            default:
                return NGX_ERROR;
            }
        }

        b->pos = b->last;
        b->file_pos = b->file_last;

        if (b->last_buf) {
            last = 1;
        }
    }

    switch (f->state) {

    case NGX_HTTP_BATCH_DIAL_FETCH_UPSTREAM:

        if (!last && in && !ngx_http_batch_dial_fetch_upstreams(r)) {

            /* nginx has closed upstream, and what came is not all of it */

            f->state = NGX_HTTP_BATCH_DIAL_FETCH_TRUNCATED;
            break;
        }

        /* fall through */

    case NGX_HTTP_BATCH_DIAL_FETCH_PAGE:

        if (last) {
            ngx_http_batch_dial_fetch_settle(f);
        }

        break;

    default:
        break;
    }

    return NGX_OK;
}
