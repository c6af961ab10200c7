/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The inside of a read: what read.c, which takes it from state to state,
 * read_answer.c, which says what is served, and read_negative.c, for what
 * upstream said before, share.  Those two change no state.
 */


#ifndef _NGX_HTTP_BATCH_DIAL_READ_PRIVATE_H_INCLUDED_
#define _NGX_HTTP_BATCH_DIAL_READ_PRIVATE_H_INCLUDED_


#include "ngx_http_batch_dial_memory.h"


#define ngx_http_batch_dial_read_mcf(ctx)                                     \
    ((ngx_http_batch_dial_main_conf_t *)                                      \
     ngx_http_get_module_main_conf((ctx)->request, ngx_http_batch_dial_module))

#define ngx_http_batch_dial_read_blcf(ctx)                                    \
    ((ngx_http_batch_dial_loc_conf_t *)                                       \
     ngx_http_get_module_loc_conf((ctx)->request, ngx_http_batch_dial_module))

#define ngx_http_batch_dial_read_stats(ctx)                                   \
    (&ngx_http_batch_dial_sh(ngx_http_batch_dial_read_mcf(ctx))->stats)


/* negative */

/* What upstream refused a short while ago it need not be asked again: 1 when
 * that is the answer. */
ngx_uint_t ngx_http_batch_dial_read_negative(ngx_http_batch_dial_ctx_t *ctx,
    bd_look_t *look);

/*
 * Upstream asks not to be asked with this credential; or the last fetch of this
 * pair failed a moment ago.  A copy is the answer, or what upstream said last.
 * Returns NGX_OK or NGX_ERROR.
 */
ngx_int_t ngx_http_batch_dial_read_held(ngx_http_batch_dial_ctx_t *ctx,
    bd_look_t *look);
ngx_int_t ngx_http_batch_dial_read_backed_off(ngx_http_batch_dial_ctx_t *ctx,
    bd_look_t *look);


/* answer */

/*
 * Serves what is cached in place of what cannot be had: 1 when it may be,
 * which for a stale copy has that cause.
 */
ngx_uint_t ngx_http_batch_dial_read_stands_in(ngx_http_batch_dial_ctx_t *ctx,
    bd_look_t *look, ngx_atomic_t *cause);

/* Upstream told nothing of the job, or we waited for too long: a copy is the
 * answer, or the failure, which is borrowed.  Returns NGX_OK or NGX_ERROR. */
ngx_int_t ngx_http_batch_dial_read_failed(ngx_http_batch_dial_ctx_t *ctx,
    ngx_http_batch_dial_answer_t *a);

/* Upstream's answer, which is borrowed.  Returns NGX_OK or NGX_ERROR. */
ngx_int_t ngx_http_batch_dial_read_answered(ngx_http_batch_dial_ctx_t *ctx,
    ngx_http_batch_dial_answer_t *a);

/* Makes the entry found the answer. */
void ngx_http_batch_dial_read_serve_cached(ngx_http_batch_dial_ctx_t *ctx,
    ngx_http_batch_dial_cache_e cache, int64_t left);

/* Says, and counts, what the cache did. */
void ngx_http_batch_dial_read_is(ngx_http_batch_dial_ctx_t *ctx,
    ngx_http_batch_dial_cache_e cache, ngx_http_batch_dial_tier_e tier);

/*
 * Makes the caller's reference the request's.  Returns NGX_OK, or NGX_ERROR
 * with the reference dropped.
 */
ngx_int_t ngx_http_batch_dial_read_take(ngx_http_batch_dial_ctx_t *ctx,
    ngx_http_batch_dial_answer_t *a);

/* Milliseconds for which what is cached is fresh yet. */
int64_t ngx_http_batch_dial_read_left(ngx_http_batch_dial_ctx_t *ctx,
    bd_look_t *look);

/* Whether the credential is, as far as is known here. */
bd_live_e ngx_http_batch_dial_read_live(ngx_http_batch_dial_ctx_t *ctx,
    bd_look_t *look);

/* What is known of the pair. */
void ngx_http_batch_dial_read_look(ngx_http_batch_dial_ctx_t *ctx,
    bd_look_t *look);


#endif /* _NGX_HTTP_BATCH_DIAL_READ_PRIVATE_H_INCLUDED_ */
