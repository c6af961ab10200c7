/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Answers: what there is to send for a read.  An answer owns a pool, and the
 * pool owns all it points to; the last reference takes the pool with it.
 * References are held by a fetch while it runs and by each request that will
 * send the answer, until the request's own pool goes.
 *
 * As bytes an answer is kept, and handed on, without what concerns the client
 * it was fetched for alone: of upstream's other headers only those go along
 * without which it could not be understood.
 */


#include "ngx_http_batch_dial_answer.h"
#include "bd_entry.h"
#include "bd_problem.h"


/* holds a job of the usual size with its headers */
#define NGX_HTTP_BATCH_DIAL_ANSWER_POOL  2048


static size_t ngx_http_batch_dial_answer_extra(
    ngx_http_batch_dial_answer_t *a, u_char *out);
static ngx_int_t ngx_http_batch_dial_answer_headers(
    ngx_http_batch_dial_answer_t *a, bd_slice_t extra);
static ngx_int_t ngx_http_batch_dial_answer_violation(
    ngx_http_batch_dial_answer_t *a, bd_slice_t extra);


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


ngx_http_batch_dial_answer_t *
ngx_http_batch_dial_answer_create_in(ngx_pool_t *pool)
{
    ngx_http_batch_dial_answer_t  *a;

    a = ngx_pcalloc(pool, sizeof(ngx_http_batch_dial_answer_t));

    if (a) {
        a->pool = pool;
        a->refs = 1;
        a->borrowed = 1;
    }

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
    if (--a->refs == 0 && !a->borrowed) {
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


ngx_http_batch_dial_answer_t *
ngx_http_batch_dial_answer_problem(bd_problem_e problem)
{
    ngx_http_batch_dial_answer_t  *a;

    a = ngx_http_batch_dial_answer_create(ngx_cycle->log);
    if (a == NULL) {
        return NULL;
    }

    a->problem = problem;
    a->status = bd_problem_status(problem);
    a->failure = 1;

    return a;
}


u_char *
ngx_http_batch_dial_answer_encode(ngx_http_batch_dial_answer_t *a, size_t *len)
{
    u_char      *p, *extra;
    size_t       extra_len;
    bd_entry_t   e;

    e = a->entry;
    extra = NULL;
    extra_len = ngx_http_batch_dial_answer_extra(a, NULL);

    if (extra_len) {
        extra = ngx_alloc(extra_len, ngx_cycle->log);
        if (extra == NULL) {
            return NULL;
        }

        (void) ngx_http_batch_dial_answer_extra(a, extra);
    }

    e.extra = bd_slice_make(extra, extra_len);
    e.http_status = a->status;
    e.flags = a->no_store ? BD_ENTRY_NO_STORE : 0;
    e.problem = 0;

    if (a->expired) {
        e.ttl_ms = a->full_ttl_ms;
    }

    switch (a->kind) {

    case NGX_HTTP_BATCH_DIAL_ANSWER_ENTRY:
        e.kind = BD_ENTRY_JOB;
        break;

    case NGX_HTTP_BATCH_DIAL_ANSWER_PASS:
        e.kind = BD_ENTRY_PASS;
        break;

    default:
        e.kind = BD_ENTRY_PROBLEM;
        e.problem = a->problem;
        e.body = bd_slice("");
    }

    if (a->no_store) {
        e.body = bd_slice("");      /* they will have to ask themselves */
    }

    *len = bd_entry_size(&e);
    p = *len ? ngx_alloc(*len + BD_MAC_SIZE, ngx_cycle->log) : NULL;

    if (p) {
        bd_entry_encode(&e, p);
    }

    ngx_free(extra);

    return p;
}


/* The size of the extra pairs; they are written unless out is NULL. */

static size_t
ngx_http_batch_dial_answer_extra(ngx_http_batch_dial_answer_t *a, u_char *out)
{
    size_t        len;
    bd_slice_t    v[3];
    ngx_uint_t    i;
    ngx_keyval_t  *kv;

    len = 0;

    if (a->kind == NGX_HTTP_BATCH_DIAL_ANSWER_PROBLEM && a->violation) {
        v[0] = bd_slice_make(a->violation->instance,
                             ngx_strlen(a->violation->instance));
        v[1] = bd_slice_make(a->violation->keyword,
                             ngx_strlen(a->violation->keyword));
        v[2] = bd_slice_make(a->violation->schema,
                             ngx_strlen(a->violation->schema));

        for (i = 0; i < 3; i++) {
            len += bd_entry_pair_size(bd_slice(""), v[i]);

            if (out) {
                out = bd_entry_pair_put(out, bd_slice(""), v[i]);
            }
        }
    }

    if (a->kind != NGX_HTTP_BATCH_DIAL_ANSWER_PASS) {
        return len;
    }

    kv = a->headers.elts;

    for (i = 0; i < a->headers.nelts; i++) {

        if (!ngx_http_batch_dial_answer_shows(&kv[i].key)) {
            continue;
        }

        len += bd_entry_pair_size(ngx_http_batch_dial_slice(&kv[i].key),
                                  ngx_http_batch_dial_slice(&kv[i].value));

        if (out) {
            out = bd_entry_pair_put(out,
                                    ngx_http_batch_dial_slice(&kv[i].key),
                                    ngx_http_batch_dial_slice(&kv[i].value));
        }
    }

    return len;
}


ngx_uint_t
ngx_http_batch_dial_answer_shows(ngx_str_t *name)
{
    return ngx_http_batch_dial_is(name, "WWW-Authenticate")
           || ngx_http_batch_dial_is(name, "Content-Encoding")
           || ngx_http_batch_dial_is(name, "Location")
           || ngx_http_batch_dial_is(name, "Allow");
}


ngx_int_t
ngx_http_batch_dial_answer_decode(ngx_http_batch_dial_answer_t *a,
    bd_slice_t data)
{
    if (bd_entry_decode(&a->entry, data) != 0) {
        return NGX_ERROR;
    }

    a->kept = 1;
    a->status = a->entry.http_status;
    a->no_store = (a->entry.flags & BD_ENTRY_NO_STORE) != 0;

    switch (a->entry.kind) {

    case BD_ENTRY_JOB:
        a->kind = NGX_HTTP_BATCH_DIAL_ANSWER_ENTRY;
        return NGX_OK;

    case BD_ENTRY_PASS:
        a->kind = NGX_HTTP_BATCH_DIAL_ANSWER_PASS;
        a->failure = (a->status >= NGX_HTTP_INTERNAL_SERVER_ERROR
                      || a->status == NGX_HTTP_TOO_MANY_REQUESTS);
        return ngx_http_batch_dial_answer_headers(a, a->entry.extra);

    default:
        a->kind = NGX_HTTP_BATCH_DIAL_ANSWER_PROBLEM;
        a->problem = a->entry.problem;
        a->failure = 1;
        return ngx_http_batch_dial_answer_violation(a, a->entry.extra);
    }
}


static ngx_int_t
ngx_http_batch_dial_answer_headers(ngx_http_batch_dial_answer_t *a,
    bd_slice_t extra)
{
    bd_slice_t     name, value;
    ngx_keyval_t  *kv;

    if (ngx_array_init(&a->headers, a->pool, 2, sizeof(ngx_keyval_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    while (bd_entry_pair_next(&extra, &name, &value)) {
        kv = ngx_array_push(&a->headers);
        if (kv == NULL) {
            return NGX_ERROR;
        }

        kv->key.data = (u_char *) name.data;
        kv->key.len = name.len;
        kv->value.data = (u_char *) value.data;
        kv->value.len = value.len;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_batch_dial_answer_violation(ngx_http_batch_dial_answer_t *a,
    bd_slice_t extra)
{
    bd_slice_t              name, value;
    bd_schema_violation_t  *v;

    if (extra.len == 0) {
        return NGX_OK;
    }

    v = ngx_pcalloc(a->pool, sizeof(bd_schema_violation_t));
    if (v == NULL) {
        return NGX_ERROR;
    }

    /* in the order of ..._answer_extra() */

    if (bd_entry_pair_next(&extra, &name, &value)) {
        ngx_memcpy(v->instance, value.data,
                   ngx_min(value.len, sizeof(v->instance) - 1));
    }

    if (bd_entry_pair_next(&extra, &name, &value)) {
        ngx_memcpy(v->keyword, value.data,
                   ngx_min(value.len, sizeof(v->keyword) - 1));
    }

    if (bd_entry_pair_next(&extra, &name, &value)) {
        ngx_memcpy(v->schema, value.data,
                   ngx_min(value.len, sizeof(v->schema) - 1));
    }

    a->violation = v;

    return NGX_OK;
}


void
ngx_http_batch_dial_answer_expire(ngx_http_batch_dial_answer_t *a,
    uint32_t ttl_ms)
{
    if (ttl_ms < a->entry.ttl_ms) {
        a->expired = 1;
        a->full_ttl_ms = a->entry.ttl_ms;
        a->entry.ttl_ms = ttl_ms;
    }
}


ngx_http_batch_dial_answer_t *
ngx_http_batch_dial_answer_of(bd_slice_t data)
{
    bd_slice_t                     copy;
    ngx_http_batch_dial_answer_t  *a;

    a = ngx_http_batch_dial_answer_create(ngx_cycle->log);
    if (a == NULL) {
        return NULL;
    }

    if (ngx_http_batch_dial_answer_copy(a, &copy, data.data, data.len)
        != NGX_OK
        || ngx_http_batch_dial_answer_decode(a, copy) != NGX_OK)
    {
        ngx_http_batch_dial_answer_unref(a);
        return NULL;
    }

    return a;
}
