/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Every difference between the versions of nginx the module builds on.  No
 * other file looks at nginx_version.
 */


#ifndef _NGX_HTTP_BATCH_DIAL_COMPAT_H_INCLUDED_
#define _NGX_HTTP_BATCH_DIAL_COMPAT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


#if (nginx_version >= 1023000)

/* header lines of one name are a linked list */

#define ngx_http_batch_dial_header_link(h)  (h)->next = NULL

static ngx_inline ngx_int_t
ngx_http_batch_dial_set_cache_control(ngx_http_request_t *r,
    ngx_table_elt_t *h)
{
    r->headers_out.cache_control = h;

    return NGX_OK;
}

#else

/* header lines of one name are an array of pointers */

#define ngx_http_batch_dial_header_link(h)

static ngx_inline ngx_int_t
ngx_http_batch_dial_set_cache_control(ngx_http_request_t *r,
    ngx_table_elt_t *h)
{
    ngx_table_elt_t  **ph;

    if (ngx_array_init(&r->headers_out.cache_control, r->pool, 1,
                       sizeof(ngx_table_elt_t *))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    ph = ngx_array_push(&r->headers_out.cache_control);
    if (ph == NULL) {
        return NGX_ERROR;
    }

    *ph = h;

    return NGX_OK;
}

#endif


#endif /* _NGX_HTTP_BATCH_DIAL_COMPAT_H_INCLUDED_ */
