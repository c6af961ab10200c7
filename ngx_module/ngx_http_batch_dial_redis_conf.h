/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * From what the directives say to what the client needs: addresses, the
 * password, the TLS context.
 */


#ifndef _NGX_HTTP_BATCH_DIAL_REDIS_CONF_H_INCLUDED_
#define _NGX_HTTP_BATCH_DIAL_REDIS_CONF_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include "ngx_http_batch_dial_redis.h"


/*
 * Completes conf, of which url and the timeouts are set.  Call it when all of
 * http{} has been read (postconfiguration), since "resolver" may come late.
 *
 * password is the one of batch_dial_redis_password_file, ca_file the value of
 * batch_dial_redis_ca_file; either may be empty.  Both, and the memory that
 * url points into, have to live as long as conf.
 *
 * A literal address and a unix socket are used as they are.  A name is asked
 * of http's resolver whenever a worker connects; where there is no resolver
 * it is looked up here, once, as proxy_pass does.
 *
 * Returns NGX_CONF_OK, or NGX_CONF_ERROR after one log line.
 */
char *ngx_http_batch_dial_redis_configure(ngx_conf_t *cf,
    ngx_http_batch_dial_redis_conf_t *conf, ngx_str_t *password,
    ngx_str_t *ca_file);


#endif /* _NGX_HTTP_BATCH_DIAL_REDIS_CONF_H_INCLUDED_ */
