/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Flights: one fetch for all who want the same.  The read joins them, the
 * cleanup of a request leaves them; the worker has them looked after, has them
 * told what the other nodes say, and ends them.
 */


#ifndef _NGX_HTTP_BATCH_DIAL_FLIGHT_H_INCLUDED_
#define _NGX_HTTP_BATCH_DIAL_FLIGHT_H_INCLUDED_


#include "ngx_http_batch_dial_answer.h"


/*
 * Makes ctx wait for the flight of its pair, which is begun if there is none.
 * alone: for a flight that nobody else joins.  The wait is over by
 * ctx->landed(), never called from inside this call, or by
 * ngx_http_batch_dial_flight_leave().  Returns NGX_OK, or NGX_ERROR when memory
 * or connections are short.
 */
ngx_int_t ngx_http_batch_dial_flight_join(ngx_http_batch_dial_ctx_t *ctx,
    ngx_uint_t alone);

/* The same of the renewal of its credential. */
ngx_int_t ngx_http_batch_dial_flight_renew(ngx_http_batch_dial_ctx_t *ctx);

/* Begins a flight of the pair that nobody waits for, if there is none. */
void ngx_http_batch_dial_flight_background(ngx_http_batch_dial_ctx_t *ctx);

/* Takes a waiter out; the flight itself goes on. */
void ngx_http_batch_dial_flight_leave(ngx_http_batch_dial_ctx_t *ctx);

/* Another node says what became of its fetch of a pair (an empty id: of its
 * renewal); outcome may be NULL: ask again. */
void ngx_http_batch_dial_flight_told(ngx_http_batch_dial_main_conf_t *mcf,
    const bd_pair_t *pair, ngx_http_batch_dial_answer_t *outcome);

/* A job has been invalidated by another node: what is fetched of it there is
 * not waited for any more. */
void ngx_http_batch_dial_flight_voided(ngx_http_batch_dial_main_conf_t *mcf,
    bd_slice_t id);

/* Looks after all flights of this worker; call from its tick, and followers
 * only: when another worker has woken it. */
void ngx_http_batch_dial_flight_tick(ngx_http_batch_dial_main_conf_t *mcf);
void ngx_http_batch_dial_flight_woken(ngx_http_batch_dial_main_conf_t *mcf);

/* Gives up what flights are left; call from exit_process. */
void ngx_http_batch_dial_flight_exit(ngx_http_batch_dial_main_conf_t *mcf);


#endif /* _NGX_HTTP_BATCH_DIAL_FLIGHT_H_INCLUDED_ */
