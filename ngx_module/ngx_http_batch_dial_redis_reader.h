/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Replies out of bytes: hiredis' parser, with limits.  A Redis that has gone
 * mad, or somebody in its place, must not be able to make a worker take all
 * memory, so one reply has a bounded size and a bounded number of elements.
 */


#ifndef _NGX_HTTP_BATCH_DIAL_REDIS_READER_H_INCLUDED_
#define _NGX_HTTP_BATCH_DIAL_REDIS_READER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <hiredis/hiredis.h>


/*
 * Bytes of one reply on the wire: far above any reply we ask for (a value is
 * a body of batch_dial_max_body), far below what would hurt a host.
 */
#define NGX_HTTP_BATCH_DIAL_REDIS_REPLY_BYTES     (64 * 1024 * 1024)

/*
 * Bytes without a line's end where a line has begun: hiredis looks for the
 * end from the beginning at each piece, so an endless line would cost the
 * square of its length.
 */
#define NGX_HTTP_BATCH_DIAL_REDIS_REPLY_LINE      65536

/*
 * Elements of one reply, nested ones included: an element of four bytes on
 * the wire becomes an object of some hundred, so bytes alone are no bound.
 */
#define NGX_HTTP_BATCH_DIAL_REDIS_REPLY_ELEMENTS  65536

/*
 * Arrays in arrays; none of our replies has more than two.  hiredis 0.14 takes
 * seven, 1.x any number, and frees them by recursion.
 */
#define NGX_HTTP_BATCH_DIAL_REDIS_REPLY_DEPTH     7


/* The bytes of one connection; not to be moved while open. */
typedef struct {
    redisReader                *parser;     /* NULL when closed */
    redisReplyObjectFunctions   functions;  /* hiredis' own, arrays limited */
    redisReplyObjectFunctions  *hiredis;
    size_t                      bytes;      /* of the reply being read */
    size_t                      elements;   /* of the reply being read */
} ngx_http_batch_dial_redis_reader_t;


/* Begins with an empty stream.  Returns NGX_OK, or NGX_ERROR: no memory. */
ngx_int_t ngx_http_batch_dial_redis_reader_open(
    ngx_http_batch_dial_redis_reader_t *reader);

/* Forgets everything; may be called when not open. */
void ngx_http_batch_dial_redis_reader_close(
    ngx_http_batch_dial_redis_reader_t *reader);

/* Takes a copy of bytes.  Returns NGX_OK, or NGX_ERROR: no memory. */
ngx_int_t ngx_http_batch_dial_redis_reader_feed(
    ngx_http_batch_dial_redis_reader_t *reader, u_char *data, size_t len);

/*
 * NGX_OK and the next reply, to be freed by freeReplyObject(); NGX_AGAIN when
 * it has not come whole; NGX_ERROR when the bytes are no reply or exceed a
 * limit: the stream is then of no further use.
 */
ngx_int_t ngx_http_batch_dial_redis_reader_next(
    ngx_http_batch_dial_redis_reader_t *reader, redisReply **reply);

/*
 * The first word of an error reply, "LOADING", for log lines: letters, digits
 * and "_-" only, at most 32 of them.  What follows it in the reply may quote
 * the command and is never logged.  For a reply that is no error: "".  The
 * string points into reply.
 */
ngx_str_t ngx_http_batch_dial_redis_reply_code(redisReply *reply);

/*
 * 1 when reply is an error by which Redis says that it will not serve us:
 * neither this command nor the next.  The other errors (a full or read-only
 * Redis, an unknown script, a wrong type) are of one command alone; a Redis
 * that answers them still answers reads.
 */
ngx_uint_t ngx_http_batch_dial_redis_reply_refuses(redisReply *reply);


#endif /* _NGX_HTTP_BATCH_DIAL_REDIS_READER_H_INCLUDED_ */
