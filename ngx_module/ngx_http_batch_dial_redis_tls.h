/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * TLS to Redis, by nginx: the context of a configuration, the handshake of a
 * connection, and whether the other side is who the URL names.
 */


#ifndef _NGX_HTTP_BATCH_DIAL_REDIS_TLS_H_INCLUDED_
#define _NGX_HTTP_BATCH_DIAL_REDIS_TLS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include "ngx_http_batch_dial_redis.h"


/*
 * Creates conf->ssl: TLS 1.2 or newer, trusting the certificates in ca_file,
 * or the system's when it is empty.  A relative ca_file is made absolute.
 * Returns NGX_CONF_OK, or NGX_CONF_ERROR after one log line.
 */
char *ngx_http_batch_dial_redis_tls_configure(ngx_conf_t *cf,
    ngx_http_batch_dial_redis_conf_t *conf, ngx_str_t *ca_file);

/*
 * Begins the handshake on c, which has a pool.  Returns NGX_OK or NGX_ERROR
 * when it has ended, NGX_AGAIN when handler is going to be called at its end.
 */
ngx_int_t ngx_http_batch_dial_redis_tls_start(ngx_connection_t *c,
    ngx_http_batch_dial_redis_conf_t *conf, ngx_connection_handler_pt handler);

/*
 * After the handshake, before the first byte of ours: NULL when the other
 * side has a valid certificate for the host of the URL, else what is wrong,
 * in static memory.
 */
const char *ngx_http_batch_dial_redis_tls_verify(ngx_connection_t *c,
    ngx_http_batch_dial_redis_conf_t *conf);


#endif /* _NGX_HTTP_BATCH_DIAL_REDIS_TLS_H_INCLUDED_ */
