/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Schemas of the configuration: read and compiled once for each source and
 * way of treating formats, though many locations use it.  They live as long
 * as the configuration.
 */


#include "ngx_http_batch_dial_conf.h"
#include "bd_schema_builtin.h"


/* a schema document is read whole into memory, at configuration only */
#define NGX_HTTP_BATCH_DIAL_SCHEMA_MAX  (64 * 1024 * 1024)


typedef struct {
    ngx_str_t     file;
    ngx_str_t     pointer;
    ngx_array_t  *resolve;
    ngx_uint_t    format;
    ngx_uint_t    off;          /* the schema that allows everything */
    bd_schema_t  *schema;
} ngx_http_batch_dial_source_t;


/* what the loader of references needs */
typedef struct {
    ngx_conf_t   *cf;
    ngx_array_t  *resolve;      /* of ngx_keyval_t: prefix and folder */
} ngx_http_batch_dial_loader_t;


static ngx_uint_t ngx_http_batch_dial_schema_same(
    ngx_http_batch_dial_source_t *a, ngx_http_batch_dial_source_t *b);
static bd_schema_t *ngx_http_batch_dial_schema_compile(ngx_conf_t *cf,
    ngx_http_batch_dial_source_t *source);
static ngx_int_t ngx_http_batch_dial_schema_text(ngx_conf_t *cf,
    ngx_http_batch_dial_source_t *source, ngx_str_t *text);
static int ngx_http_batch_dial_schema_reference(void *data, const char *uri,
    bd_json_t *document, const char **error);
static ngx_int_t ngx_http_batch_dial_schema_read(ngx_conf_t *cf,
    ngx_str_t *name, ngx_str_t *text);
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
    ngx_uint_t                     i;
    ngx_http_batch_dial_source_t  *source, want;

    want.file = blcf->schema_file;
    want.pointer = blcf->schema_pointer;
    want.resolve = blcf->schema_resolve;
    want.format = blcf->schema_format;
    want.off = (blcf->schema_mode == NGX_HTTP_BATCH_DIAL_MODE_OFF);

    source = mcf->schemas.elts;

    for (i = 0; i < mcf->schemas.nelts; i++) {
        if (ngx_http_batch_dial_schema_same(&source[i], &want)) {
            blcf->schema = source[i].schema;
            return NGX_CONF_OK;
        }
    }

    want.schema = ngx_http_batch_dial_schema_compile(cf, &want);
    if (want.schema == NULL) {
        return NGX_CONF_ERROR;
    }

    source = ngx_array_push(&mcf->schemas);
    if (source == NULL) {
        bd_schema_free(want.schema);
        return NGX_CONF_ERROR;
    }

    *source = want;
    blcf->schema = want.schema;

    return NGX_CONF_OK;
}


static ngx_uint_t
ngx_http_batch_dial_schema_same(ngx_http_batch_dial_source_t *a,
    ngx_http_batch_dial_source_t *b)
{
    return a->format == b->format
           && a->off == b->off
           && a->resolve == b->resolve
           && bd_slice_equal(ngx_http_batch_dial_slice(&a->file),
                             ngx_http_batch_dial_slice(&b->file))
           && bd_slice_equal(ngx_http_batch_dial_slice(&a->pointer),
                             ngx_http_batch_dial_slice(&b->pointer));
}


/* Returns a new schema, or NULL after logging. */

static bd_schema_t *
ngx_http_batch_dial_schema_compile(ngx_conf_t *cf,
    ngx_http_batch_dial_source_t *source)
{
    ngx_str_t                      text;
    const char                    *pointer;
    bd_schema_t                   *schema;
    bd_schema_error_t              error;
    bd_schema_options_t            options;
    ngx_http_batch_dial_loader_t   loader;

    if (ngx_http_batch_dial_schema_text(cf, source, &text) != NGX_OK) {
        return NULL;
    }

    loader.cf = cf;
    loader.resolve = source->resolve;

    ngx_memzero(&options, sizeof(bd_schema_options_t));
    options.format = source->format;
    options.loader = ngx_http_batch_dial_schema_reference;
    options.loader_data = &loader;

    pointer = source->off || source->pointer.len == 0
              ? "" : (char *) source->pointer.data;

    schema = bd_schema_compile_text(ngx_http_batch_dial_slice(&text), pointer,
                                    &options, &error);
    if (schema == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V%s%V\" in "
                           "\"batch_dial_schema\" directive: expected a JSON "
                           "schema, but at \"%s\" %s",
                           &source->file, source->pointer.len ? "#" : "",
                           &source->pointer, error.pointer, error.message);
    }

    return schema;
}


/* Returns NGX_OK, or NGX_ERROR after logging. */

static ngx_int_t
ngx_http_batch_dial_schema_text(ngx_conf_t *cf,
    ngx_http_batch_dial_source_t *source, ngx_str_t *text)
{
    if (source->off) {
        ngx_str_set(text, "true");
        return NGX_OK;
    }

    if (source->file.len == 0) {
        text->data = (u_char *) bd_schema_builtins[0].data;
        text->len = bd_schema_builtins[0].len;
        return NGX_OK;
    }

    if (ngx_http_batch_dial_schema_read(cf, &source->file, text) == NGX_OK) {
        return NGX_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                       "invalid value \"%V\" in \"batch_dial_schema\" "
                       "directive: expected a file that can be read",
                       &source->file);

    return NGX_ERROR;
}


/* The loader of the schema compiler: the first prefix that has the file. */

static int
ngx_http_batch_dial_schema_reference(void *data, const char *uri,
    bd_json_t *document, const char **error)
{
    ngx_http_batch_dial_loader_t *loader = data;

    u_char        *p;
    ngx_str_t      name, text;
    ngx_uint_t     i;
    ngx_keyval_t  *kv;

    *error = "which no batch_dial_schema_resolve leads to";

    if (loader->resolve == NULL) {
        return -1;
    }

    kv = loader->resolve->elts;

    for (i = 0; i < loader->resolve->nelts; i++) {

        if (ngx_strncmp(uri, kv[i].key.data, kv[i].key.len) != 0) {
            continue;
        }

        name.len = kv[i].value.len + ngx_strlen(uri) - kv[i].key.len;
        name.data = ngx_pnalloc(loader->cf->pool, name.len + 1);
        if (name.data == NULL) {
            return -1;
        }

        p = ngx_cpymem(name.data, kv[i].value.data, kv[i].value.len);
        (void) ngx_cpystrn(p, (u_char *) uri + kv[i].key.len,
                           ngx_strlen(uri) - kv[i].key.len + 1);

        *error = "whose file is not to be read";

        if (ngx_http_batch_dial_schema_read(loader->cf, &name, &text)
            == NGX_OK)
        {
            *error = "whose file is not JSON";

            return bd_json_load(document, ngx_http_batch_dial_slice(&text),
                                BD_SCHEMA_LEVELS)
                   == 0 ? 0 : -1;
        }
    }

    return -1;
}


/* Reads all of a file.  Returns NGX_OK, or NGX_ERROR with ngx_errno set. */

static ngx_int_t
ngx_http_batch_dial_schema_read(ngx_conf_t *cf, ngx_str_t *name,
    ngx_str_t *text)
{
    ssize_t          n;
    ngx_err_t        err;
    ngx_file_t       file;
    ngx_file_info_t  fi;

    ngx_memzero(&file, sizeof(ngx_file_t));

    file.name = *name;
    file.log = cf->log;
    file.fd = ngx_open_file(name->data, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);

    if (file.fd == NGX_INVALID_FILE) {
        return NGX_ERROR;
    }

    n = -1;
    err = EFBIG;

    if (ngx_fd_info(file.fd, &fi) == NGX_FILE_ERROR) {
        err = ngx_errno;

    } else if (!ngx_is_file(&fi)) {
        err = NGX_EISDIR;

    } else if (ngx_file_size(&fi) <= NGX_HTTP_BATCH_DIAL_SCHEMA_MAX) {
        text->len = ngx_file_size(&fi);
        text->data = ngx_pnalloc(cf->pool, text->len + 1);

        err = NGX_ENOMEM;

        if (text->data) {
            n = ngx_read_file(&file, text->data, text->len, 0);
            err = ngx_errno;
        }
    }

    if (ngx_close_file(file.fd) == NGX_FILE_ERROR) {
        ngx_log_error(NGX_LOG_ALERT, cf->log, ngx_errno,
                      ngx_close_file_n " \"%V\" failed", name);
    }

    if (n != (ssize_t) text->len) {
        ngx_set_errno(err);
        return NGX_ERROR;
    }

    return NGX_OK;
}
