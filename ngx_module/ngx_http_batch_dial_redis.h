/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The Redis client of a worker: hiredis for the protocol, nginx for the
 * transport.  One connection; the commands of one turn of the event loop
 * leave in one write; a command that is not answered in time takes the
 * connection with it, since replies are positional.
 */


#ifndef _NGX_HTTP_BATCH_DIAL_REDIS_H_INCLUDED_
#define _NGX_HTTP_BATCH_DIAL_REDIS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <hiredis/hiredis.h>
#include "bd_breaker.h"
#include "bd_redis_url.h"


typedef struct ngx_http_batch_dial_redis_s     ngx_http_batch_dial_redis_t;
typedef struct ngx_http_batch_dial_redis_op_s  ngx_http_batch_dial_redis_op_t;


/* What the directives say; lives as long as the configuration. */
typedef struct {
    bd_redis_url_t   url;
    ngx_str_t        name;              /* for log lines: no user, no password */
    ngx_msec_t       connect_timeout;
    ngx_msec_t       timeout;           /* of a command once connected */
    ngx_addr_t      *addrs;             /* resolved at configuration, or
                                           NULL: resolver is asked */
    ngx_uint_t       naddrs;
    ngx_resolver_t  *resolver;
    ngx_msec_t       resolver_timeout;
    ngx_ssl_t       *ssl;               /* rediss:// only */
} ngx_http_batch_dial_redis_conf_t;


/*
 * Called once per command that redis_command() took, from the event loop,
 * never from inside redis_command().  reply is borrowed for the call; it is
 * NULL when the command was not answered: connection lost, deadline passed,
 * reply not understood.  Error replies of Redis come as REDIS_REPLY_ERROR.
 * Whether Redis has carried out an unanswered command is not known.
 */
typedef void (*ngx_http_batch_dial_redis_handler_pt)(void *data,
    redisReply *reply);


/*
 * Creates the client of this worker; call from init_process.  It connects
 * at the first command.  breaker lies in shared memory.
 * Returns NULL when memory is short.
 */
ngx_http_batch_dial_redis_t *ngx_http_batch_dial_redis_create(
    ngx_cycle_t *cycle, ngx_http_batch_dial_redis_conf_t *conf,
    bd_breaker_t *breaker);

/*
 * Closes the connection and frees the client; call from exit_process.
 * Commands not yet answered are dropped, their handlers are not called.
 */
void ngx_http_batch_dial_redis_destroy(ngx_http_batch_dial_redis_t *redis);

/*
 * Queues one command of argc words; they are copied.  It is sent at the end
 * of this turn of the event loop.
 *
 * Returns the operation, owned by the client and valid until the handler is
 * called, or NULL when Redis is not to be asked now (breaker open, reconnect
 * backing off, too much queued, memory short); the handler is then not called.
 */
ngx_http_batch_dial_redis_op_t *ngx_http_batch_dial_redis_command(
    ngx_http_batch_dial_redis_t *redis, ngx_uint_t argc,
    const ngx_str_t *argv, ngx_http_batch_dial_redis_handler_pt handler,
    void *data);

/*
 * Makes sure that the handler of op is not called.  The command itself may
 * still be carried out.  Safe from a request's cleanup.
 */
void ngx_http_batch_dial_redis_cancel(ngx_http_batch_dial_redis_op_t *op);


#endif /* _NGX_HTTP_BATCH_DIAL_REDIS_H_INCLUDED_ */
