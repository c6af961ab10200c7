/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The directives that say what a body is judged by: which schema, how its
 * references and formats are taken, and what becomes of what is invalid.
 */


#include "ngx_http_batch_dial_directives.h"


ngx_conf_enum_t  ngx_http_batch_dial_formats[] = {
    { ngx_string("assert"), BD_SCHEMA_FORMAT_ASSERT },
    { ngx_string("annotate"), BD_SCHEMA_FORMAT_ANNOTATE },
    { ngx_null_string, 0 }
};


ngx_conf_enum_t  ngx_http_batch_dial_modes[] = {
    { ngx_string("enforce"), NGX_HTTP_BATCH_DIAL_MODE_ENFORCE },
    { ngx_string("report"), NGX_HTTP_BATCH_DIAL_MODE_REPORT },
    { ngx_string("off"), NGX_HTTP_BATCH_DIAL_MODE_OFF },
    { ngx_null_string, 0 }
};


/* <file>[#/json/pointer]; the file is read when the format is known, too. */

char *
ngx_http_batch_dial_schema(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_batch_dial_loc_conf_t *blcf = conf;

    u_char     *hash;
    ngx_str_t  *value = cf->args->elts;

    if (blcf->schema_file.data) {
        return "is duplicate";
    }

    blcf->schema_file = value[1];
    ngx_str_set(&blcf->schema_pointer, "");

    hash = ngx_strlchr(value[1].data, value[1].data + value[1].len, '#');

    if (hash) {
        blcf->schema_file.len = hash - value[1].data;
        blcf->schema_pointer.data = hash + 1;
        blcf->schema_pointer.len = value[1].data + value[1].len - hash - 1;
    }

    if (blcf->schema_file.len == 0
        || (blcf->schema_pointer.len && blcf->schema_pointer.data[0] != '/'))
    {
        return ngx_http_batch_dial_refuse(cf, &value[1],
                                          "file or file#/json/pointer");
    }

    if (hash) {
        *hash = '\0';
    }

    if (ngx_conf_full_name(cf->cycle, &blcf->schema_file, 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* <uri-prefix> <folder>: where a schema's references lead to; adds up. */

char *
ngx_http_batch_dial_schema_resolve(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_batch_dial_loc_conf_t *blcf = conf;

    ngx_str_t     *value = cf->args->elts;
    ngx_keyval_t  *kv;

    if (value[1].len == 0 || ngx_strchr(value[1].data, ':') == NULL) {
        return ngx_http_batch_dial_refuse(cf, &value[1],
                                          "the start of an absolute URI");
    }

    if (value[2].len == 0) {
        return ngx_http_batch_dial_refuse(cf, &value[2], "a folder");
    }

    if (blcf->schema_resolve == NGX_CONF_UNSET_PTR) {
        blcf->schema_resolve = ngx_array_create(cf->pool, 2,
                                                sizeof(ngx_keyval_t));
        if (blcf->schema_resolve == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    kv = ngx_array_push(blcf->schema_resolve);
    if (kv == NULL) {
        return NGX_CONF_ERROR;
    }

    kv->key = value[1];
    kv->value = value[2];

    return ngx_conf_full_name(cf->cycle, &kv->value, 1) == NGX_OK
           ? NGX_CONF_OK : NGX_CONF_ERROR;
}


char *
ngx_http_batch_dial_enum(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    u_char           *p, expected[64];
    ngx_str_t        *value = cf->args->elts;
    ngx_uint_t       *np = (ngx_uint_t *) ((char *) conf + cmd->offset);
    ngx_conf_enum_t  *e;

    if (*np != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    p = expected;

    for (e = cmd->post; e->name.len; e++) {
        if (e->name.len == value[1].len
            && ngx_strcasecmp(e->name.data, value[1].data) == 0)
        {
            *np = e->value;
            return NGX_CONF_OK;
        }

        p = ngx_sprintf(p, "%s\"%V\"", p == expected ? "" : ", ", &e->name);
    }

    *p = '\0';

    return ngx_http_batch_dial_refuse(cf, &value[1], (char *) expected);
}
