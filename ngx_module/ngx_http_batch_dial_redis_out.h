/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Commands on their way to Redis: a queue of encoded commands that leaves by
 * one send of the connection, however many there are.
 */


#ifndef _NGX_HTTP_BATCH_DIAL_REDIS_OUT_H_INCLUDED_
#define _NGX_HTTP_BATCH_DIAL_REDIS_OUT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/* More words than any command of ours has. */
#define NGX_HTTP_BATCH_DIAL_REDIS_WORDS  64


typedef struct {
    ngx_chain_t   *first;
    ngx_chain_t  **last;
    size_t         bytes;           /* of the commands not wholly sent */
    ngx_uint_t     sent;            /* commands wholly sent, since rewind */
} ngx_http_batch_dial_redis_out_t;


void ngx_http_batch_dial_redis_out_init(ngx_http_batch_dial_redis_out_t *out);

/*
 * Encodes a command of argc words, at most NGX_HTTP_BATCH_DIAL_REDIS_WORDS,
 * and queues it; the words are copied.  Returns NGX_OK, or NGX_ERROR: too
 * many words or no memory.
 */
ngx_int_t ngx_http_batch_dial_redis_out_append(
    ngx_http_batch_dial_redis_out_t *out, ngx_uint_t argc,
    const ngx_str_t *argv);

/*
 * Sends what the connection takes.  Returns NGX_OK when all has left,
 * NGX_AGAIN when the connection has to become writable again first,
 * NGX_ERROR when it is lost.
 */
ngx_int_t ngx_http_batch_dial_redis_out_send(
    ngx_http_batch_dial_redis_out_t *out, ngx_connection_t *c);

/* How many commands have left at least in part since rewind. */
ngx_uint_t ngx_http_batch_dial_redis_out_started(
    ngx_http_batch_dial_redis_out_t *out);

/*
 * Counts from zero again, for a new connection.  No command may have been
 * sent in part.
 */
void ngx_http_batch_dial_redis_out_rewind(
    ngx_http_batch_dial_redis_out_t *out);

/* Drops what is queued, also a command sent in part. */
void ngx_http_batch_dial_redis_out_discard(
    ngx_http_batch_dial_redis_out_t *out);


#endif /* _NGX_HTTP_BATCH_DIAL_REDIS_OUT_H_INCLUDED_ */
