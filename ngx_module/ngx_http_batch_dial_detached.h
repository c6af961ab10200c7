/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Requests that are no client's, for fetches: how one is made, which variables
 * it takes over from the client's request, and what upstream sees of it.  The
 * read that goes upstream by itself is made canonical as well.
 */


#ifndef _NGX_HTTP_BATCH_DIAL_DETACHED_H_INCLUDED_
#define _NGX_HTTP_BATCH_DIAL_DETACHED_H_INCLUDED_


#include "ngx_http_batch_dial_module.h"


/* detached */

/* Opens what detached requests need; call from init_process. */
ngx_int_t ngx_http_batch_dial_detached_init(ngx_cycle_t *cycle,
    ngx_http_batch_dial_main_conf_t *mcf);

/*
 * Creates a request that is no client's: on a connection object of its own,
 * with a copy of everything of r that its location may look at, canonical
 * URI and headers, ready to go on behind r's present phase handler.
 *
 * Returns the request, or NULL when memory or connections are short.  It
 * ends as every request does; ngx_http_cleanup_add() tells.
 */
ngx_http_request_t *ngx_http_batch_dial_detached_create(ngx_http_request_t *r,
    ngx_str_t *path, ngx_str_t *id);


/* inherit */

/* Sorts the variables of the configuration; call from init_process. */
ngx_int_t ngx_http_batch_dial_inherit_init(ngx_cycle_t *cycle,
    ngx_http_batch_dial_main_conf_t *mcf);

/* Gives fr, made of r, its variables.  Returns NGX_OK or NGX_ERROR. */
ngx_int_t ngx_http_batch_dial_inherit_variables(ngx_http_request_t *fr,
    ngx_http_request_t *r);


/* canonical: what upstream sees of a read */

/*
 * Makes r's URI <path>/<id> without a query, and nothing else of what the
 * client wrote.  Returns NGX_OK or NGX_ERROR.
 */
ngx_int_t ngx_http_batch_dial_canonical_uri(ngx_http_request_t *r,
    ngx_str_t *path, ngx_str_t *id);

/*
 * Makes r's header list a copy of from's without the headers that upstream
 * is not to see; r may be from.  Returns NGX_OK or NGX_ERROR.
 */
ngx_int_t ngx_http_batch_dial_canonical_headers(ngx_http_request_t *r,
    ngx_http_request_t *from);

/* Copies src to r->pool, terminated by a NUL that len does not count. */
ngx_int_t ngx_http_batch_dial_copy_str(ngx_http_request_t *r, ngx_str_t *dst,
    ngx_str_t *src);


#endif /* _NGX_HTTP_BATCH_DIAL_DETACHED_H_INCLUDED_ */
