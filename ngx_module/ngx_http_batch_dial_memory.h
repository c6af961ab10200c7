/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The zone's memory, in terms of answers: for those who look at what this host
 * knows, and for all who take its lock.  Nothing may be allocated, and nothing
 * of nginx called, while the lock is held.
 */


#ifndef _NGX_HTTP_BATCH_DIAL_MEMORY_H_INCLUDED_
#define _NGX_HTTP_BATCH_DIAL_MEMORY_H_INCLUDED_


#include "ngx_http_batch_dial_answer.h"


static ngx_inline bd_memory_t *
ngx_http_batch_dial_memory_lock(ngx_http_batch_dial_main_conf_t *mcf)
{
    return ngx_http_batch_dial_shm_lock(mcf->zone);
}


static ngx_inline void
ngx_http_batch_dial_memory_unlock(ngx_http_batch_dial_main_conf_t *mcf)
{
    ngx_http_batch_dial_shm_unlock(mcf->zone);
}


/* What is known of a pair. */
void ngx_http_batch_dial_memory_look(ngx_http_batch_dial_main_conf_t *mcf,
    const bd_pair_t *pair, bd_look_t *look);

/*
 * The same, and its entry.  Returns it as a new answer in a request's pool, or
 * NULL when there is none or memory is short.
 */
ngx_http_batch_dial_answer_t *ngx_http_batch_dial_memory_entry(
    ngx_http_batch_dial_main_conf_t *mcf, const bd_pair_t *pair,
    bd_look_t *look, ngx_pool_t *pool);

/*
 * A new answer with what is remembered of a pair, or of its credential, of
 * about len bytes; or NULL when it has gone.
 */
ngx_http_batch_dial_answer_t *ngx_http_batch_dial_memory_outcome(
    ngx_http_batch_dial_main_conf_t *mcf, const bd_pair_t *pair, size_t len);
ngx_http_batch_dial_answer_t *ngx_http_batch_dial_memory_rejection(
    ngx_http_batch_dial_main_conf_t *mcf, const bd_pair_t *pair, size_t len);
ngx_http_batch_dial_answer_t *ngx_http_batch_dial_memory_held(
    ngx_http_batch_dial_main_conf_t *mcf, const bd_pair_t *pair, size_t len);


#endif /* _NGX_HTTP_BATCH_DIAL_MEMORY_H_INCLUDED_ */
