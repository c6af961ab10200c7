/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Schemas of the configuration: read and compiled once for each source and
 * way of treating formats, though many locations use it.  They live as long
 * as the configuration.
 */


#include "ngx_http_batch_dial_module.h"
#include "bd_schema_builtin.h"


typedef struct {
    ngx_str_t     file;
    ngx_str_t     pointer;
    ngx_uint_t    format;
    ngx_uint_t    off;          /* the schema that allows everything */
    bd_schema_t  *schema;
} ngx_http_batch_dial_source_t;


static json_t *ngx_http_batch_dial_schema_document(ngx_conf_t *cf,
    ngx_http_batch_dial_source_t *source);
static void ngx_http_batch_dial_schemas_free(void *data);


ngx_int_t
ngx_http_batch_dial_schemas_init(ngx_conf_t *cf,
    ngx_http_batch_dial_main_conf_t *mcf)
{
    ngx_pool_cleanup_t  *cln;

    if (ngx_array_init(&mcf->schemas, cf->pool, 2,
                       sizeof(ngx_http_batch_dial_source_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_http_batch_dial_schemas_free;
    cln->data = &mcf->schemas;

    return NGX_OK;
}


static void
ngx_http_batch_dial_schemas_free(void *data)
{
    ngx_array_t *schemas = data;

    ngx_uint_t                     i;
    ngx_http_batch_dial_source_t  *source;

    source = schemas->elts;

    for (i = 0; i < schemas->nelts; i++) {
        bd_schema_free(source[i].schema);
    }
}


char *
ngx_http_batch_dial_schema_load(ngx_conf_t *cf,
    ngx_http_batch_dial_main_conf_t *mcf,
    ngx_http_batch_dial_loc_conf_t *blcf)
{
    json_t                        *document;
    ngx_uint_t                     i;
    bd_schema_t                   *schema;
    bd_schema_error_t              error;
    bd_schema_options_t            options;
    ngx_http_batch_dial_source_t  *source, want;

    want.file = blcf->schema_file;
    want.pointer = blcf->schema_pointer;
    want.format = blcf->schema_format;
    want.off = (blcf->schema_mode == NGX_HTTP_BATCH_DIAL_MODE_OFF);

    source = mcf->schemas.elts;

    for (i = 0; i < mcf->schemas.nelts; i++) {
        if (source[i].format == want.format
            && source[i].off == want.off
            && source[i].file.len == want.file.len
            && source[i].pointer.len == want.pointer.len
            && ngx_memcmp(source[i].file.data, want.file.data,
                          want.file.len)
               == 0
            && ngx_memcmp(source[i].pointer.data, want.pointer.data,
                          want.pointer.len)
               == 0)
        {
            blcf->schema = source[i].schema;
            return NGX_CONF_OK;
        }
    }

    document = ngx_http_batch_dial_schema_document(cf, &want);
    if (document == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(&options, sizeof(bd_schema_options_t));
    options.format = want.format;

    schema = bd_schema_compile(document,
                               want.off || want.pointer.len == 0
                               ? "" : (char *) want.pointer.data,
                               &options, &error);
    json_decref(document);

    if (schema == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V%s%V\" in "
                           "\"batch_dial_schema\" directive: at \"%s\" %s",
                           &want.file, want.pointer.len ? "#" : "",
                           &want.pointer, error.pointer, error.message);
        return NGX_CONF_ERROR;
    }

    source = ngx_array_push(&mcf->schemas);
    if (source == NULL) {
        bd_schema_free(schema);
        return NGX_CONF_ERROR;
    }

    *source = want;
    source->schema = schema;
    blcf->schema = schema;

    return NGX_CONF_OK;
}


/* Returns a new reference, or NULL after logging. */

static json_t *
ngx_http_batch_dial_schema_document(ngx_conf_t *cf,
    ngx_http_batch_dial_source_t *source)
{
    json_t        *document;
    json_error_t   error;

    if (source->off) {
        return json_true();
    }

    if (source->file.len == 0) {
        document = json_loadb((char *) bd_schema_builtins[0].data,
                              bd_schema_builtins[0].len,
                              JSON_REJECT_DUPLICATES, &error);

    } else {
        document = json_load_file((char *) source->file.data,
                                  JSON_REJECT_DUPLICATES|JSON_DECODE_ANY,
                                  &error);
    }

    if (document == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\" in \"batch_dial_schema\" "
                           "directive: expected a JSON document, but line %d: "
                           "%s", &source->file, error.line, error.text);
    }

    return document;
}
