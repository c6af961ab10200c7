/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * How a connection to Redis is made.  Called by the peer alone.
 */


#ifndef _NGX_HTTP_BATCH_DIAL_REDIS_CONNECT_H_INCLUDED_
#define _NGX_HTTP_BATCH_DIAL_REDIS_CONNECT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include "ngx_http_batch_dial_redis_peer.h"


/*
 * Goes from DOWN towards GREETING: ends, at once or later, in the peer's
 * greet() or in its end().
 */
void ngx_http_batch_dial_redis_connect_start(
    ngx_http_batch_dial_redis_peer_t *peer);

/* Gives up; the socket is left to the peer.  Does nothing from GREETING on. */
void ngx_http_batch_dial_redis_connect_stop(
    ngx_http_batch_dial_redis_peer_t *peer);


#endif /* _NGX_HTTP_BATCH_DIAL_REDIS_CONNECT_H_INCLUDED_ */
