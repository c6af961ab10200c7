/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The zone's memory in terms of answers.  What is found is copied out under
 * the lock, once, to where it is sent from; as nothing may be allocated with
 * the lock held, room is made before by guess, and a second look is taken in
 * the rare case that it did not suffice.
 */


#include "ngx_http_batch_dial_answer.h"
#include "ngx_http_batch_dial_memory.h"


/* An entry may be so much larger than the one before it. */
#define NGX_HTTP_BATCH_DIAL_MEMORY_SPARE  64


typedef size_t (*ngx_http_batch_dial_memory_copy_pt)(bd_memory_t *m,
    const bd_pair_t *pair, u_char *buf, size_t size);


static ngx_http_batch_dial_answer_t *ngx_http_batch_dial_memory_read(
    ngx_http_batch_dial_answer_t *a, u_char *data, size_t len);
static ngx_http_batch_dial_answer_t *ngx_http_batch_dial_memory_copy(
    ngx_http_batch_dial_main_conf_t *mcf, const bd_pair_t *pair, size_t len,
    ngx_http_batch_dial_memory_copy_pt copy);
static size_t ngx_http_batch_dial_memory_copy_held(bd_memory_t *m,
    const bd_pair_t *pair, u_char *buf, size_t size);


void
ngx_http_batch_dial_memory_look(ngx_http_batch_dial_main_conf_t *mcf,
    const bd_pair_t *pair, bd_look_t *look)
{
    bd_memory_t  *m;

    m = ngx_http_batch_dial_memory_lock(mcf);

    bd_memory_look(m, pair, ngx_http_batch_dial_mono(), NULL, 0, look);

    ngx_http_batch_dial_memory_unlock(mcf);
}


ngx_http_batch_dial_answer_t *
ngx_http_batch_dial_memory_entry(ngx_http_batch_dial_main_conf_t *mcf,
    const bd_pair_t *pair, bd_look_t *look, ngx_pool_t *pool)
{
    size_t                         size;
    u_char                        *buf;
    bd_memory_t                   *m;
    ngx_http_batch_dial_answer_t  *a;

    size = mcf->entry_room;

    for ( ;; ) {
        buf = ngx_pnalloc(pool, size);

        m = ngx_http_batch_dial_memory_lock(mcf);

        bd_memory_look(m, pair, ngx_http_batch_dial_mono(), buf,
                       buf ? size : 0, look);

        ngx_http_batch_dial_memory_unlock(mcf);

        if (look->entry_len == 0 || look->entry_copied || buf == NULL) {
            break;
        }

        size = look->entry_len;
    }

    if (!look->entry_copied) {
        look->entry_len = 0;
        return NULL;
    }

    mcf->entry_room = look->entry_len + NGX_HTTP_BATCH_DIAL_MEMORY_SPARE;

    a = ngx_http_batch_dial_memory_read(
                               ngx_http_batch_dial_answer_create_in(pool), buf,
                               look->entry_len);
    if (a == NULL) {
        look->entry_len = 0;
        return NULL;
    }

    /* it may have been cut short since it was encoded */

    ngx_http_batch_dial_answer_expire(a, look->ttl_ms);

    return a;
}


/* Takes over the reference; NULL when there is nothing to read. */

static ngx_http_batch_dial_answer_t *
ngx_http_batch_dial_memory_read(ngx_http_batch_dial_answer_t *a, u_char *data,
    size_t len)
{
    if (a == NULL) {
        return NULL;
    }

    if (len == 0
        || ngx_http_batch_dial_answer_decode(a, bd_slice_make(data, len))
           != NGX_OK)
    {
        ngx_http_batch_dial_answer_unref(a);
        return NULL;
    }

    return a;
}


ngx_http_batch_dial_answer_t *
ngx_http_batch_dial_memory_outcome(ngx_http_batch_dial_main_conf_t *mcf,
    const bd_pair_t *pair, size_t len)
{
    return ngx_http_batch_dial_memory_copy(mcf, pair, len,
                                           bd_memory_outcome_copy);
}


ngx_http_batch_dial_answer_t *
ngx_http_batch_dial_memory_rejection(ngx_http_batch_dial_main_conf_t *mcf,
    const bd_pair_t *pair, size_t len)
{
    bd_pair_t  credential;

    credential.credential = pair->credential;
    credential.id = bd_slice("");

    return ngx_http_batch_dial_memory_copy(mcf, &credential, len,
                                           bd_memory_outcome_copy);
}


ngx_http_batch_dial_answer_t *
ngx_http_batch_dial_memory_held(ngx_http_batch_dial_main_conf_t *mcf,
    const bd_pair_t *pair, size_t len)
{
    return ngx_http_batch_dial_memory_copy(mcf, pair, len,
                                         ngx_http_batch_dial_memory_copy_held);
}


static size_t
ngx_http_batch_dial_memory_copy_held(bd_memory_t *m, const bd_pair_t *pair,
    u_char *buf, size_t size)
{
    return bd_memory_hold_copy(m, pair->credential, buf, size);
}


static ngx_http_batch_dial_answer_t *
ngx_http_batch_dial_memory_copy(ngx_http_batch_dial_main_conf_t *mcf,
    const bd_pair_t *pair, size_t len, ngx_http_batch_dial_memory_copy_pt copy)
{
    size_t                         n;
    u_char                        *buf;
    bd_memory_t                   *m;
    ngx_http_batch_dial_answer_t  *a;

    a = ngx_http_batch_dial_answer_create(ngx_cycle->log);
    if (a == NULL) {
        return NULL;
    }

    buf = ngx_pnalloc(a->pool, len);
    if (buf == NULL) {
        ngx_http_batch_dial_answer_unref(a);
        return NULL;
    }

    m = ngx_http_batch_dial_memory_lock(mcf);
    n = copy(m, pair, buf, len);
    ngx_http_batch_dial_memory_unlock(mcf);

    return ngx_http_batch_dial_memory_read(a, buf, n);
}
