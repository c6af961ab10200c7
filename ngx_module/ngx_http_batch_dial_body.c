/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Collects a body: copies it out of buffers, which belong to somebody else,
 * into one piece that grows by doubling.
 */


#include "ngx_http_batch_dial_body.h"


/* a body that does not say how long it is starts with this much room */
#define NGX_HTTP_BATCH_DIAL_BODY_FIRST  2048


static ngx_int_t ngx_http_batch_dial_body_room(
    ngx_http_batch_dial_body_t *body, size_t need);


ngx_int_t
ngx_http_batch_dial_body_init(ngx_http_batch_dial_body_t *body,
    ngx_pool_t *pool, size_t max, off_t expected)
{
    body->pool = pool;
    body->data = NULL;
    body->len = 0;
    body->size = 0;
    body->max = max;

    if (expected > (off_t) max) {
        return NGX_DECLINED;
    }

    return ngx_http_batch_dial_body_room(body,
                                         expected > 0 ? (size_t) expected
                                         : NGX_HTTP_BATCH_DIAL_BODY_FIRST);
}


ngx_int_t
ngx_http_batch_dial_body_append(ngx_http_batch_dial_body_t *body, ngx_buf_t *b)
{
    off_t    size;
    ssize_t  n;

    if (ngx_buf_special(b)) {
        return NGX_OK;
    }

    size = ngx_buf_size(b);

    if (size > (off_t) (body->max - body->len)) {
        return NGX_DECLINED;
    }

    if (ngx_http_batch_dial_body_room(body, body->len + (size_t) size)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_buf_in_memory(b)) {
        ngx_memcpy(body->data + body->len, b->pos, (size_t) size);

    } else {

        /* proxy_store and error pages come as files */

        n = ngx_read_file(b->file, body->data + body->len, (size_t) size,
                          b->file_pos);
        if (n != (ssize_t) size) {
            return NGX_ERROR;
        }
    }

    body->len += (size_t) size;

    return NGX_OK;
}


static ngx_int_t
ngx_http_batch_dial_body_room(ngx_http_batch_dial_body_t *body, size_t need)
{
    u_char  *p;
    size_t   size;

    if (need <= body->size) {
        return NGX_OK;
    }

    size = ngx_max(need, 2 * body->size);

    p = ngx_pnalloc(body->pool, size);
    if (p == NULL) {
        return NGX_ERROR;
    }

    if (body->len) {
        ngx_memcpy(p, body->data, body->len);
        ngx_pfree(body->pool, body->data);
    }

    body->data = p;
    body->size = size;

    return NGX_OK;
}
