/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The inside of a write: what write.c, which sees its request and its answer
 * pass, uses of write_settle.c, which deals with its outcome.
 */


#ifndef _NGX_HTTP_BATCH_DIAL_WRITE_PRIVATE_H_INCLUDED_
#define _NGX_HTTP_BATCH_DIAL_WRITE_PRIVATE_H_INCLUDED_


#include "ngx_http_batch_dial_invalidate.h"


/* Deep enough for any job; what is deeper is none. */
#define NGX_HTTP_BATCH_DIAL_WRITE_DEPTH  64


/*
 * Invalidates the job.  Returns NGX_AGAIN when header and body have to be held
 * until it is done, NGX_OK when it is.
 */
ngx_int_t ngx_http_batch_dial_write_settle(ngx_http_request_t *r,
    ngx_http_batch_dial_ctx_t *ctx, ngx_str_t *id,
    ngx_http_batch_dial_cause_e cause);

/* Sends the header, and what is held of the body.  Returns what a filter
 * returns. */
ngx_int_t ngx_http_batch_dial_write_release(ngx_http_request_t *r,
    ngx_http_batch_dial_ctx_t *ctx);

/* The answer is complete, and the job has been invalidated: stores it, if it
 * may be. */
void ngx_http_batch_dial_write_keep(ngx_http_batch_dial_ctx_t *ctx);


#endif /* _NGX_HTTP_BATCH_DIAL_WRITE_PRIVATE_H_INCLUDED_ */
