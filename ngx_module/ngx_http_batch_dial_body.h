/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * A body that is collected, up to a size, out of nginx's buffers.
 */


#ifndef _NGX_HTTP_BATCH_DIAL_BODY_H_INCLUDED_
#define _NGX_HTTP_BATCH_DIAL_BODY_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


typedef struct {
    ngx_pool_t  *pool;
    u_char      *data;
    size_t       len;
    size_t       size;          /* room at data */
    size_t       max;
} ngx_http_batch_dial_body_t;


/*
 * Makes room for a body of expected bytes, or one that does not say how long
 * it is (less than 0).  Returns NGX_OK, NGX_DECLINED when that is more than
 * max, or NGX_ERROR.
 */
ngx_int_t ngx_http_batch_dial_body_init(ngx_http_batch_dial_body_t *body,
    ngx_pool_t *pool, size_t max, off_t expected);

/*
 * Adds a copy of what a buffer holds, in memory or in a file; the buffer stays
 * as it is.  Returns NGX_OK, NGX_DECLINED when the body would become larger
 * than max, or NGX_ERROR.
 */
ngx_int_t ngx_http_batch_dial_body_append(ngx_http_batch_dial_body_t *body,
    ngx_buf_t *b);


#endif /* _NGX_HTTP_BATCH_DIAL_BODY_H_INCLUDED_ */
