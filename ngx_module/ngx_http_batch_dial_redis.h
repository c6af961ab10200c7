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


/*
 * What the directives say; lives as long as the configuration.  The caller
 * sets url, the timeouts and probe_key; the rest is made from them by
 * ngx_http_batch_dial_redis_configure().
 */
typedef struct {
    bd_redis_url_t   url;
    ngx_str_t        name;              /* for log lines: no credentials */
    ngx_str_t        host;              /* of url, terminated by a zero */
    ngx_msec_t       connect_timeout;   /* of name, connect, TLS and AUTH */
    ngx_msec_t       timeout;           /* of a command once connected */
    ngx_str_t        probe_key;         /* what a probe reads, by HMGET, to
                                           need the very rights of a read;
                                           empty: a probe is a PING */
    ngx_addr_t      *addrs;             /* resolved at configuration, or
                                           NULL: resolver is asked */
    ngx_uint_t       naddrs;
    ngx_resolver_t  *resolver;
    ngx_ssl_t       *ssl;               /* rediss:// only */
    unsigned         literal:1;         /* host is an IP address */
} ngx_http_batch_dial_redis_conf_t;


/* Counters of all workers, in shared memory. */
typedef struct {
    ngx_atomic_t     connections;       /* made, greeted and usable */
    ngx_atomic_t     connect_failures;
    ngx_atomic_t     commands;          /* taken for sending */
    ngx_atomic_t     writes;            /* in which the commands left */
    ngx_atomic_t     timeouts;          /* connections dropped for a command
                                           not answered in time */
    ngx_atomic_t     protocol_errors;   /* connections dropped for garbage */
    ngx_atomic_t     breaker_opened;
} ngx_http_batch_dial_redis_stats_t;


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
 * at the first command.  breaker and stats lie in shared memory.
 * Returns NULL when memory is short.
 */
ngx_http_batch_dial_redis_t *ngx_http_batch_dial_redis_create(
    ngx_cycle_t *cycle, ngx_http_batch_dial_redis_conf_t *conf,
    bd_breaker_t *breaker, ngx_http_batch_dial_redis_stats_t *stats);

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
 * The same, with size bytes at data copied: the handler is given the copy,
 * which lasts until it returns, and is freed with a command whose handler is
 * not called.
 */
ngx_http_batch_dial_redis_op_t *ngx_http_batch_dial_redis_command_with(
    ngx_http_batch_dial_redis_t *redis, ngx_uint_t argc,
    const ngx_str_t *argv, ngx_http_batch_dial_redis_handler_pt handler,
    const void *data, size_t size);

/*
 * Makes sure that the handler of op is not called.  The command itself may
 * still be carried out.  Safe from a request's cleanup.
 */
void ngx_http_batch_dial_redis_cancel(ngx_http_batch_dial_redis_op_t *op);


#endif /* _NGX_HTTP_BATCH_DIAL_REDIS_H_INCLUDED_ */
