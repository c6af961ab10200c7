/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The context of a request: made by whoever deals with the request first, and
 * how it waits and goes on.
 */


#ifndef _NGX_HTTP_BATCH_DIAL_CONTEXT_H_INCLUDED_
#define _NGX_HTTP_BATCH_DIAL_CONTEXT_H_INCLUDED_


#include "ngx_http_batch_dial_module.h"


/*
 * Creates the context of r, empty but for what is passed; id is copied.
 * Returns NULL when memory is short.
 */
ngx_http_batch_dial_ctx_t *ngx_http_batch_dial_create_ctx(
    ngx_http_request_t *r, bd_class_e class, ngx_str_t *id);

/*
 * The context of r, also after an internal redirect has cleared the
 * request's list of contexts; NULL when there is none.
 */
ngx_http_batch_dial_ctx_t *ngx_http_batch_dial_get_ctx(ngx_http_request_t *r);

/* Gives up the entry that was found, if there is one. */
void ngx_http_batch_dial_drop_cached(ngx_http_batch_dial_ctx_t *ctx);

/* Makes a request wait in its phase; returns what the handler returns. */
ngx_int_t ngx_http_batch_dial_wait(ngx_http_request_t *r);

/* Goes on with a request's phases, from the event loop; it may be gone on
 * return. */
void ngx_http_batch_dial_resume(ngx_http_request_t *r);


#endif /* _NGX_HTTP_BATCH_DIAL_CONTEXT_H_INCLUDED_ */
