/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The variables a detached request inherits from the client's request it was
 * made of.  A location may use any variable in proxy_pass or
 * proxy_set_header; in a detached request each of them must have the value a
 * reader of the configuration expects, and none may carry bytes of the
 * client's request line upstream.
 */


#include "ngx_http_batch_dial_detached.h"


/* what becomes of a variable that the client's request has */
#define NGX_HTTP_BATCH_DIAL_VAR_ANEW      0     /* found anew when asked */
#define NGX_HTTP_BATCH_DIAL_VAR_COPY      1     /* copied if it is known */
#define NGX_HTTP_BATCH_DIAL_VAR_EVALUATE  2     /* found now, and copied */


static u_char ngx_http_batch_dial_variable_policy(ngx_str_t *name);
static ngx_uint_t ngx_http_batch_dial_name_listed(ngx_str_t *name,
    ngx_str_t *list);


/*
 * Derived from the request line, the headers or the answer: the fetch has its
 * own of these.  A name that ends in "_" is a prefix.
 */

static ngx_str_t  ngx_http_batch_dial_variables_anew[] = {
    ngx_string("http_"),
    ngx_string("cookie_"),
    ngx_string("arg_"),
    ngx_string("sent_http_"),
    ngx_string("sent_trailer_"),
    ngx_string("upstream_"),
    ngx_string("batch_dial_"),
    ngx_string("request_body_"),
    ngx_string("proxy_add_x_forwarded_for"),
    ngx_string("proxy_host"),
    ngx_string("proxy_port"),
    ngx_string("proxy_internal_body_length"),
    ngx_string("proxy_internal_chunked"),
    ngx_string("request"),
    ngx_string("request_uri"),
    ngx_string("request_method"),
    ngx_string("request_body"),
    ngx_string("request_filename"),
    ngx_string("request_length"),
    ngx_string("request_time"),
    ngx_string("request_completion"),
    ngx_string("uri"),
    ngx_string("document_uri"),
    ngx_string("args"),
    ngx_string("query_string"),
    ngx_string("is_args"),
    ngx_string("content_length"),
    ngx_string("content_type"),
    ngx_string("status"),
    ngx_string("body_bytes_sent"),
    ngx_string("bytes_sent"),
    ngx_string("limit_rate"),
    ngx_null_string
};


/* What only the client's connection knows. */

static ngx_str_t  ngx_http_batch_dial_variables_evaluate[] = {
    ngx_string("ssl_"),
    ngx_string("proxy_protocol_"),
    ngx_string("realip_"),
    ngx_string("tcpinfo_"),
    ngx_string("scheme"),
    ngx_string("https"),
    ngx_string("http2"),
    ngx_string("http3"),
    ngx_string("server_addr"),
    ngx_string("server_port"),
    ngx_string("server_protocol"),
    ngx_string("remote_port"),
    ngx_string("remote_user"),
    ngx_string("connection"),
    ngx_string("connection_requests"),
    ngx_string("connection_time"),
    ngx_string("pipe"),
    ngx_string("request_id"),
    ngx_null_string
};


ngx_int_t
ngx_http_batch_dial_inherit_init(ngx_cycle_t *cycle,
    ngx_http_batch_dial_main_conf_t *mcf)
{
    ngx_uint_t                  i;
    ngx_http_variable_t        *v;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_core_module);

    mcf->variables = ngx_palloc(cycle->pool, cmcf->variables.nelts + 1);
    if (mcf->variables == NULL) {
        return NGX_ERROR;
    }

    v = cmcf->variables.elts;

    for (i = 0; i < cmcf->variables.nelts; i++) {
        mcf->variables[i] = ngx_http_batch_dial_variable_policy(&v[i].name);
    }

    return NGX_OK;
}


/* What is in neither list is the user's (set, map, auth_request_set, ...). */

static u_char
ngx_http_batch_dial_variable_policy(ngx_str_t *name)
{
    if (ngx_http_batch_dial_name_listed(name,
                                        ngx_http_batch_dial_variables_anew))
    {
        return NGX_HTTP_BATCH_DIAL_VAR_ANEW;
    }

    if (ngx_http_batch_dial_name_listed(name,
                                     ngx_http_batch_dial_variables_evaluate))
    {
        return NGX_HTTP_BATCH_DIAL_VAR_EVALUATE;
    }

    return NGX_HTTP_BATCH_DIAL_VAR_COPY;
}


static ngx_uint_t
ngx_http_batch_dial_name_listed(ngx_str_t *name, ngx_str_t *list)
{
    for (/* void */; list->len; list++) {

        if (name->len < list->len
            || ngx_strncmp(name->data, list->data, list->len) != 0)
        {
            continue;
        }

        if (name->len == list->len || list->data[list->len - 1] == '_') {
            return 1;
        }
    }

    return 0;
}


ngx_int_t
ngx_http_batch_dial_inherit_variables(ngx_http_request_t *fr,
    ngx_http_request_t *r)
{
    ngx_str_t                         src, dst;
    ngx_uint_t                        i;
    ngx_http_variable_value_t        *vv;
    ngx_http_core_main_conf_t        *cmcf;
    ngx_http_batch_dial_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(r, ngx_http_batch_dial_module);
    cmcf = ngx_http_get_module_main_conf(r, ngx_http_core_module);

    for (i = 0; i < cmcf->variables.nelts; i++) {

        switch (mcf->variables[i]) {

        case NGX_HTTP_BATCH_DIAL_VAR_ANEW:
            continue;

        case NGX_HTTP_BATCH_DIAL_VAR_EVALUATE:
            vv = ngx_http_get_indexed_variable(r, i);
            break;

        default:
            vv = &r->variables[i];
        }

        if (vv == NULL || (!vv->valid && !vv->not_found)) {
            continue;
        }

        fr->variables[i] = *vv;

        if (!vv->valid) {
            continue;
        }

        src.data = vv->data;
        src.len = vv->len;

        if (ngx_http_batch_dial_copy_str(fr, &dst, &src) != NGX_OK) {
            return NGX_ERROR;
        }

        fr->variables[i].data = dst.data;

        if (mcf->variables[i] == NGX_HTTP_BATCH_DIAL_VAR_EVALUATE) {

            /* asked again, it would look at a connection that has no peer */

            fr->variables[i].no_cacheable = 0;
        }
    }

    return NGX_OK;
}
