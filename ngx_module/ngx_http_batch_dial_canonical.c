/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * What upstream sees of a read.  Reads of one (credential, job) share one
 * answer, so upstream must be asked in the same way whoever asks: the URI is
 * rebuilt from the validated id, and no header goes along that could make
 * upstream answer with a part (Range), with nothing (If-...), in a coding we
 * cannot judge (Accept-Encoding), or to somebody else than the credential the
 * answer is stored under (Cookie, the other credential headers).
 */


#include "ngx_http_batch_dial_detached.h"


static ngx_uint_t ngx_http_batch_dial_canonical_drops(ngx_table_elt_t *h);


static ngx_str_t  ngx_http_batch_dial_dropped_headers[] = {
    ngx_string("range"),
    ngx_string("accept-encoding"),
    ngx_string("cookie"),

    ngx_string("api_key"),
    ngx_string("api-key"),
    ngx_string("x-api-key"),
    ngx_string("proxy-authorization"),

    /* a fetch has no body, and a connection of its own */

    ngx_string("content-length"),
    ngx_string("transfer-encoding"),
    ngx_string("content-encoding"),
    ngx_string("content-type"),
    ngx_string("expect"),
    ngx_string("connection"),
    ngx_string("keep-alive"),
    ngx_string("te"),
    ngx_string("trailer"),
    ngx_string("upgrade"),
    ngx_string("http2-settings"),

    ngx_null_string
};


ngx_int_t
ngx_http_batch_dial_canonical_uri(ngx_http_request_t *r, ngx_str_t *path,
    ngx_str_t *id)
{
    u_char  *p;
    size_t   len;

    len = path->len + 1 + id->len;

    r->uri.data = ngx_pnalloc(r->pool, len + 1);
    if (r->uri.data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(r->uri.data, path->data, path->len);
    *p++ = '/';
    p = ngx_cpymem(p, id->data, id->len);
    *p = '\0';

    r->uri.len = len;
    r->unparsed_uri = r->uri;

    ngx_str_null(&r->args);
    ngx_str_null(&r->exten);

    /* proxy_pass without a URI part then builds it from r->uri */

    r->valid_unparsed_uri = 0;

    return NGX_OK;
}


ngx_int_t
ngx_http_batch_dial_canonical_headers(ngx_http_request_t *r,
    ngx_http_request_t *from)
{
    ngx_list_t        headers;
    ngx_uint_t        i;
    ngx_str_t         lowcase;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h, *dst;

    /* hardly ever more than the client's first part, of twenty, holds */

    if (ngx_list_init(&headers, r->pool,
                      ngx_max(from->headers_in.headers.part.nelts, 1),
                      sizeof(ngx_table_elt_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (part = &from->headers_in.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (ngx_http_batch_dial_canonical_drops(&h[i])) {
                continue;
            }

            dst = ngx_list_push(&headers);
            if (dst == NULL) {
                return NGX_ERROR;
            }

            *dst = h[i];
            ngx_http_batch_dial_header_link(dst);

            lowcase.len = h[i].key.len;
            lowcase.data = h[i].lowcase_key;

            if (ngx_http_batch_dial_copy_str(r, &dst->key, &h[i].key)
                != NGX_OK
                || ngx_http_batch_dial_copy_str(r, &dst->value, &h[i].value)
                   != NGX_OK
                || ngx_http_batch_dial_copy_str(r, &lowcase, &lowcase)
                   != NGX_OK)
            {
                return NGX_ERROR;
            }

            dst->lowcase_key = lowcase.data;
        }
    }

    r->headers_in.headers = headers;

    /* a list of one part points into itself */

    if (headers.last == &headers.part) {
        r->headers_in.headers.last = &r->headers_in.headers.part;
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_http_batch_dial_canonical_drops(ngx_table_elt_t *h)
{
    ngx_str_t  *s;

    if (h->key.len > 3 && ngx_strncmp(h->lowcase_key, "if-", 3) == 0) {
        return 1;
    }

    for (s = ngx_http_batch_dial_dropped_headers; s->len; s++) {
        if (s->len == h->key.len
            && ngx_strncmp(h->lowcase_key, s->data, s->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


ngx_int_t
ngx_http_batch_dial_copy_str(ngx_http_request_t *r, ngx_str_t *dst,
    ngx_str_t *src)
{
    u_char  *p;

    /* nginx reads some of its strings up to a NUL, so all get one */

    p = ngx_pnalloc(r->pool, src->len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(p, src->data, src->len);
    p[src->len] = '\0';

    dst->data = p;
    dst->len = src->len;

    return NGX_OK;
}
