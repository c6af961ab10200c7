/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Configurations: created, inherited, and what follows from them: keys from
 * the secret, the zone, the connection data of Redis, compiled schemas.  What
 * is a time is inherited in directives_ttl.c.
 */


#include "ngx_http_batch_dial_conf.h"
#include "ngx_http_batch_dial_directives.h"
#include "ngx_http_batch_dial_redis_conf.h"
#include "bd_key.h"


#define NGX_HTTP_BATCH_DIAL_MAX_BODY    (256 * 1024)
#define NGX_HTTP_BATCH_DIAL_ENTRY_ROOM  1024    /* until one has been seen */
#define NGX_HTTP_BATCH_DIAL_SECRET_MIN  16
#define NGX_HTTP_BATCH_DIAL_SECRET_MAX  4096


static ngx_int_t ngx_http_batch_dial_init_zone(ngx_conf_t *cf,
    ngx_http_batch_dial_main_conf_t *mcf);
static ngx_int_t ngx_http_batch_dial_init_name(ngx_conf_t *cf,
    ngx_http_batch_dial_main_conf_t *mcf, ngx_str_t *name, bd_slice_t word);
static ngx_int_t ngx_http_batch_dial_init_redis(ngx_conf_t *cf,
    ngx_http_batch_dial_main_conf_t *mcf);
static ngx_int_t ngx_http_batch_dial_init_macs(ngx_conf_t *cf,
    ngx_http_batch_dial_main_conf_t *mcf);
static ngx_int_t ngx_http_batch_dial_derived_secret(ngx_conf_t *cf,
    ngx_http_batch_dial_main_conf_t *mcf, ngx_str_t *secret);
static ngx_int_t ngx_http_batch_dial_read_secret(ngx_conf_t *cf,
    const char *directive, ngx_str_t *name, size_t min, ngx_str_t *secret);
static bd_mac_t *ngx_http_batch_dial_create_mac(ngx_conf_t *cf,
    ngx_str_t *secret, bd_slice_t label);
static void ngx_http_batch_dial_free_mac(void *data);


void *
ngx_http_batch_dial_create_main_conf(ngx_conf_t *cf)
{
    ngx_http_batch_dial_main_conf_t  *mcf;

    /* set by ngx_pcalloc(): all of it is empty */

    mcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_batch_dial_main_conf_t));
    if (mcf == NULL) {
        return NULL;
    }

    mcf->entry_room = NGX_HTTP_BATCH_DIAL_ENTRY_ROOM;

    if (ngx_http_batch_dial_schemas_init(cf, mcf) != NGX_OK) {
        return NULL;
    }

    return mcf;
}


char *
ngx_http_batch_dial_init_main_conf(ngx_conf_t *cf, void *conf)
{
    ngx_http_batch_dial_main_conf_t *mcf = conf;

    if (!mcf->used) {
        return NGX_CONF_OK;
    }

    if (mcf->namespace.data == NULL) {
        ngx_str_set(&mcf->namespace, "default");
    }

    if (ngx_http_batch_dial_init_name(cf, mcf, &mcf->channel,
                                      bd_slice("events"))
        != NGX_OK
        || ngx_http_batch_dial_init_name(cf, mcf, &mcf->generation,
                                         bd_slice("generation"))
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (ngx_http_batch_dial_init_zone(cf, mcf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (ngx_http_batch_dial_init_macs(cf, mcf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/*
 * The zone is named after the fleet.  Of a reload that leads into another one
 * old and new workers are in one at a time: what the one hears proves nothing
 * of the other.
 */

static ngx_int_t
ngx_http_batch_dial_init_zone(ngx_conf_t *cf,
    ngx_http_batch_dial_main_conf_t *mcf)
{
    size_t          len;
    ngx_str_t       name;
    bd_redis_url_t  none, *url;

    ngx_memzero(&none, sizeof(bd_redis_url_t));
    none.host = bd_slice("");

    url = mcf->redis_conf ? &mcf->redis_conf->url : &none;

    len = sizeof("batch_dial::@:/") - 1 + mcf->namespace.len + url->host.len
          + 2 * NGX_INT_T_LEN;

    name.data = ngx_pnalloc(cf->pool, len);
    if (name.data == NULL) {
        return NGX_ERROR;
    }

    name.len = ngx_sprintf(name.data, "batch_dial:%V@%*s:%ui/%ui",
                           &mcf->namespace, url->host.len, url->host.data,
                           (ngx_uint_t) url->port, (ngx_uint_t) url->db)
               - name.data;

    mcf->zone = ngx_http_batch_dial_shm_add(cf, &name,
                                       mcf->zone_size ? mcf->zone_size
                                       : NGX_HTTP_BATCH_DIAL_ZONE_DEFAULT);

    return mcf->zone ? NGX_OK : NGX_ERROR;
}


/* A name in Redis that is of the namespace as a whole. */

static ngx_int_t
ngx_http_batch_dial_init_name(ngx_conf_t *cf,
    ngx_http_batch_dial_main_conf_t *mcf, ngx_str_t *name, bd_slice_t word)
{
    name->data = ngx_pnalloc(cf->pool, BD_KEY_MAX);
    if (name->data == NULL) {
        return NGX_ERROR;
    }

    name->len = bd_key_word((char *) name->data,
                            ngx_http_batch_dial_slice(&mcf->namespace), word);

    return NGX_OK;
}


/* Once all of http{} is read: "resolver" may stand behind us. */

ngx_int_t
ngx_http_batch_dial_complete(ngx_conf_t *cf,
    ngx_http_batch_dial_main_conf_t *mcf)
{
    if (mcf->redis_conf) {
        return ngx_http_batch_dial_init_redis(cf, mcf);
    }

    if (mcf->redis_password_file.data || mcf->redis_ca_file.data) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"%s\" directive without \"batch_dial_redis\"",
                      mcf->redis_password_file.data
                      ? "batch_dial_redis_password_file"
                      : "batch_dial_redis_ca_file");
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_batch_dial_init_redis(ngx_conf_t *cf,
    ngx_http_batch_dial_main_conf_t *mcf)
{
    u_char     *p;
    ngx_str_t   password;

    ngx_str_null(&password);

    if (mcf->redis_password_file.data
        && ngx_http_batch_dial_read_secret(cf,
                                           "batch_dial_redis_password_file",
                                           &mcf->redis_password_file, 1,
                                           &password)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    /* a probe reads a key of ours, though of no job: it has no hash tag */

    p = ngx_pnalloc(cf->pool, BD_KEY_MAX);
    if (p == NULL) {
        return NGX_ERROR;
    }

    mcf->redis_conf->probe_key.data = p;
    mcf->redis_conf->probe_key.len = ngx_sprintf(p, "bd:%V:probe",
                                                 &mcf->namespace) - p;

    return ngx_http_batch_dial_redis_configure(cf, mcf->redis_conf, &password,
                                               &mcf->redis_ca_file)
           == NGX_CONF_OK ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_http_batch_dial_init_macs(ngx_conf_t *cf,
    ngx_http_batch_dial_main_conf_t *mcf)
{
    ngx_int_t  rc;
    ngx_str_t  secret;

    if (mcf->secret_file.data) {
        rc = ngx_http_batch_dial_read_secret(cf, "batch_dial_secret_file",
                                             &mcf->secret_file,
                                             NGX_HTTP_BATCH_DIAL_SECRET_MIN,
                                             &secret);

    } else {
        rc = ngx_http_batch_dial_derived_secret(cf, mcf, &secret);
    }

    if (rc != NGX_OK) {
        return NGX_ERROR;
    }

    mcf->credential_mac = ngx_http_batch_dial_create_mac(cf, &secret,
                                              bd_slice("credential"));
    mcf->entry_mac = ngx_http_batch_dial_create_mac(cf, &secret,
                                              bd_slice("entry"));

    ngx_explicit_memzero(secret.data, secret.len);

    if (mcf->credential_mac == NULL || mcf->entry_mac == NULL) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "batch_dial: HMAC-SHA-256 is not to be had from "
                      "OpenSSL");
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_batch_dial_derived_secret(ngx_conf_t *cf,
    ngx_http_batch_dial_main_conf_t *mcf, ngx_str_t *secret)
{
    u_char  *p;

    ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                  "no \"batch_dial_secret_file\": the key for credentials is "
                  "derived from the namespace, which is no secret");

    p = ngx_pnalloc(cf->pool, sizeof("batch-dial:") - 1 + mcf->namespace.len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    secret->data = p;
    secret->len = ngx_sprintf(p, "batch-dial:%V", &mcf->namespace) - p;

    return NGX_OK;
}


/*
 * Reads a file of one secret; the line end an editor leaves behind it is not
 * part of it.
 */

static ngx_int_t
ngx_http_batch_dial_read_secret(ngx_conf_t *cf, const char *directive,
    ngx_str_t *name, size_t min, ngx_str_t *secret)
{
    u_char      *p;
    ssize_t      n;
    ngx_file_t   file;

    ngx_memzero(&file, sizeof(ngx_file_t));

    file.name = *name;
    file.log = cf->log;

    file.fd = ngx_open_file(name->data, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);

    if (file.fd == NGX_INVALID_FILE) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, ngx_errno,
                      "invalid value \"%V\" in \"%s\" directive: expected a "
                      "file that can be read", name, directive);
        return NGX_ERROR;
    }

    p = ngx_pnalloc(cf->pool, NGX_HTTP_BATCH_DIAL_SECRET_MAX + 1);

    n = p ? ngx_read_file(&file, p, NGX_HTTP_BATCH_DIAL_SECRET_MAX + 1, 0)
          : NGX_ERROR;

    if (ngx_close_file(file.fd) == NGX_FILE_ERROR) {
        ngx_log_error(NGX_LOG_ALERT, cf->log, ngx_errno,
                      ngx_close_file_n " \"%V\" failed", name);
    }

    if (p == NULL) {
        return NGX_ERROR;
    }

    while (n > 0 && (p[n - 1] == '\n' || p[n - 1] == '\r')) {
        n--;
    }

    if (n < (ssize_t) min || n > NGX_HTTP_BATCH_DIAL_SECRET_MAX) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "invalid value \"%V\" in \"%s\" directive: expected a "
                      "file of %uz to %d bytes", name, directive, min,
                      NGX_HTTP_BATCH_DIAL_SECRET_MAX);
        return NGX_ERROR;
    }

    secret->data = p;
    secret->len = n;

    return NGX_OK;
}


static bd_mac_t *
ngx_http_batch_dial_create_mac(ngx_conf_t *cf, ngx_str_t *secret,
    bd_slice_t label)
{
    bd_mac_t            *mac;
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        return NULL;
    }

    mac = bd_mac_create(ngx_http_batch_dial_slice(secret), label);

    if (mac) {
        cln->handler = ngx_http_batch_dial_free_mac;
        cln->data = mac;
    }

    return mac;
}


static void
ngx_http_batch_dial_free_mac(void *data)
{
    bd_mac_free(data);
}


void *
ngx_http_batch_dial_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_batch_dial_loc_conf_t  *blcf;

    blcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_batch_dial_loc_conf_t));
    if (blcf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     path, schema_file, schema_pointer = { 0, NULL }
     *     schema, error_ttl = NULL
     *     ttl_set = 0, bounds = { 0, 0, 0 }
     */

    blcf->enable = NGX_CONF_UNSET;
    blcf->memory = NGX_CONF_UNSET;
    blcf->stale_while_revalidate = NGX_CONF_UNSET_MSEC;
    blcf->stale_if_error = NGX_CONF_UNSET_MSEC;
    blcf->reauth = NGX_CONF_UNSET_MSEC;
    blcf->lock_timeout = NGX_CONF_UNSET_MSEC;
    blcf->schema_resolve = NGX_CONF_UNSET_PTR;
    blcf->schema_format = NGX_CONF_UNSET_UINT;
    blcf->schema_mode = NGX_CONF_UNSET_UINT;
    blcf->max_body = NGX_CONF_UNSET_SIZE;

    return blcf;
}


char *
ngx_http_batch_dial_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_batch_dial_loc_conf_t *prev = parent;
    ngx_http_batch_dial_loc_conf_t *conf = child;

    ngx_http_batch_dial_main_conf_t  *mcf;

    ngx_conf_merge_value(conf->enable, prev->enable, 0);
    ngx_conf_merge_value(conf->memory, prev->memory, 1);
    ngx_conf_merge_uint_value(conf->schema_format, prev->schema_format,
                              BD_SCHEMA_FORMAT_ASSERT);
    ngx_conf_merge_uint_value(conf->schema_mode, prev->schema_mode,
                              NGX_HTTP_BATCH_DIAL_MODE_ENFORCE);
    ngx_conf_merge_size_value(conf->max_body, prev->max_body,
                              NGX_HTTP_BATCH_DIAL_MAX_BODY);

    ngx_conf_merge_str_value(conf->path, prev->path, "/api/batch_dial_jobs");

    if (conf->schema_file.data == NULL) {
        conf->schema_file = prev->schema_file;
        conf->schema_pointer = prev->schema_pointer;
    }

    ngx_conf_merge_ptr_value(conf->schema_resolve, prev->schema_resolve, NULL);

    if (ngx_http_batch_dial_merge_times(cf, conf, prev) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    if (!conf->enable) {
        return NGX_CONF_OK;
    }

    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_batch_dial_module);

    return ngx_http_batch_dial_schema_load(cf, mcf, conf);
}
