/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * What Redis, and by it the other nodes, are told about writes.  All
 * operations are as ngx_http_batch_dial_redis_command() returns them.
 */


#ifndef _NGX_HTTP_BATCH_DIAL_ANNOUNCE_H_INCLUDED_
#define _NGX_HTTP_BATCH_DIAL_ANNOUNCE_H_INCLUDED_


#include "ngx_http_batch_dial_store.h"


/* A write's own answer is fresh for so long: it may not be the last word. */
#define NGX_HTTP_BATCH_DIAL_THROUGH_MS  1000


/*
 * Announces a write before it leaves for upstream, so that another one beside
 * it is noticed.
 */
ngx_http_batch_dial_redis_op_t *ngx_http_batch_dial_announce_write(
    ngx_http_batch_dial_main_conf_t *mcf, ngx_str_t *id, uint64_t token,
    ngx_http_batch_dial_redis_handler_pt handler, void *data);

/* Withdraws the announcement of a write that changed nothing. */
void ngx_http_batch_dial_announce_withdraw(
    ngx_http_batch_dial_main_conf_t *mcf, ngx_str_t *id, uint64_t token);

/*
 * A job has changed: nothing is left of it.  The reply is 1 when the write of
 * that token (0: none) was still announced, that is if no other invalidation
 * came between; then it is so on.  number as for
 * ngx_http_batch_dial_event_make().
 */
ngx_http_batch_dial_redis_op_t *ngx_http_batch_dial_announce_gone(
    ngx_http_batch_dial_main_conf_t *mcf, ngx_str_t *id, uint64_t token,
    uint64_t *number, ngx_http_batch_dial_redis_handler_pt handler,
    void *data);

/*
 * Stores the entry that the write of that token was answered with, if it is
 * still announced and there is no newer one; and withdraws it.  value is
 * sealed for the entry of names.  The reply is 1 when it was stored, else 0.
 */
ngx_http_batch_dial_redis_op_t *ngx_http_batch_dial_announce_through(
    ngx_http_batch_dial_main_conf_t *mcf, ngx_http_batch_dial_names_t *names,
    uint64_t token, ngx_str_t *value, int64_t life,
    ngx_http_batch_dial_redis_handler_pt handler, void *data);

/* A job may have changed. */
ngx_http_batch_dial_redis_op_t *ngx_http_batch_dial_announce_expired(
    ngx_http_batch_dial_main_conf_t *mcf, ngx_str_t *id, uint64_t *number,
    ngx_http_batch_dial_redis_handler_pt handler, void *data);

/* Any job may have changed: a new generation, in ms since the epoch. */
ngx_http_batch_dial_redis_op_t *ngx_http_batch_dial_announce_generation(
    ngx_http_batch_dial_main_conf_t *mcf, int64_t generation,
    ngx_http_batch_dial_redis_handler_pt handler, void *data);


#endif /* _NGX_HTTP_BATCH_DIAL_ANNOUNCE_H_INCLUDED_ */
