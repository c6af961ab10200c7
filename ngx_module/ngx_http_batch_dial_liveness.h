/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * What upstream thinks of a credential: noted by whoever has its answer
 * (flight, filter), asked for by the read; the lease notes here what it found
 * in Redis.  And the generation of the namespace, which the worker asks for.
 */


#ifndef _NGX_HTTP_BATCH_DIAL_LIVENESS_H_INCLUDED_
#define _NGX_HTTP_BATCH_DIAL_LIVENESS_H_INCLUDED_


#include "ngx_http_batch_dial_store.h"


/*
 * Upstream answered a request with a credential, begun at began_ms (wall), by
 * that status: a 2xx or a 401 is noted here, in Redis and on the other nodes.
 * answer, which may be NULL, is a 401 to be remembered.
 */
void ngx_http_batch_dial_liveness_observe(
    ngx_http_batch_dial_main_conf_t *mcf,
    ngx_http_batch_dial_loc_conf_t *blcf, const u_char *credential,
    int64_t began_ms, ngx_uint_t status, bd_slice_t answer);

/* Upstream asks that a credential be held off, by that answer. */
void ngx_http_batch_dial_liveness_hold(ngx_http_batch_dial_main_conf_t *mcf,
    const u_char *credential, ngx_msec_t hold, bd_slice_t answer);

/*
 * Asks Redis what other nodes know of a credential, and which generation of
 * the namespace it is; the replies, which come before those of commands sent
 * later, go to the memory.
 */
void ngx_http_batch_dial_liveness_ask(ngx_http_batch_dial_main_conf_t *mcf,
    const u_char *credential);

/* The generation alone; done is called with 1, or 0 when Redis failed.
 * Returns NGX_OK, or NGX_ERROR: done is not called. */
ngx_int_t ngx_http_batch_dial_generation_ask(
    ngx_http_batch_dial_main_conf_t *mcf,
    void (*done)(ngx_http_batch_dial_main_conf_t *mcf, ngx_uint_t ok));

/*
 * Takes note of the value of the field "a" of a credential, which is the entry
 * of its names.  Returns NGX_OK whatever it is.
 */
ngx_int_t ngx_http_batch_dial_liveness_read(
    ngx_http_batch_dial_main_conf_t *mcf, const u_char *credential,
    ngx_http_batch_dial_names_t *names, redisReply *value);


#endif /* _NGX_HTTP_BATCH_DIAL_LIVENESS_H_INCLUDED_ */
