/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Answers: what there is to send for a read.  An answer owns a pool, and the
 * pool owns all it points to; the last reference takes the pool with it.
 * References are held by a fetch while it runs and by each request that will
 * send the answer, until the request's own pool goes.
 */


#include "ngx_http_batch_dial_module.h"


/* holds a job of the usual size with its headers */
#define NGX_HTTP_BATCH_DIAL_ANSWER_POOL  2048


ngx_http_batch_dial_answer_t *
ngx_http_batch_dial_answer_create(ngx_log_t *log)
{
    ngx_pool_t                    *pool;
    ngx_http_batch_dial_answer_t  *a;

    pool = ngx_create_pool(NGX_HTTP_BATCH_DIAL_ANSWER_POOL, log);
    if (pool == NULL) {
        return NULL;
    }

    a = ngx_pcalloc(pool, sizeof(ngx_http_batch_dial_answer_t));
    if (a == NULL) {
        ngx_destroy_pool(pool);
        return NULL;
    }

    a->pool = pool;
    a->refs = 1;

    return a;
}


void
ngx_http_batch_dial_answer_ref(ngx_http_batch_dial_answer_t *a)
{
    a->refs++;
}


void
ngx_http_batch_dial_answer_unref(ngx_http_batch_dial_answer_t *a)
{
    if (--a->refs == 0) {
        ngx_destroy_pool(a->pool);
    }
}


ngx_int_t
ngx_http_batch_dial_answer_copy(ngx_http_batch_dial_answer_t *a,
    bd_slice_t *slice, const void *data, size_t len)
{
    u_char  *p;

    if (len == 0) {
        *slice = bd_slice("");
        return NGX_OK;
    }

    p = ngx_pnalloc(a->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(p, data, len);
    *slice = bd_slice_make(p, len);

    return NGX_OK;
}
