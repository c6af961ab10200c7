/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The directives: their table, and the setters of those that are simple; the
 * others have files of their own.  A value that is refused is refused in one
 * line that names the directive, the value and what was expected.  What
 * follows from the values is worked out in conf.c.
 */


#include "ngx_http_batch_dial_conf.h"
#include "ngx_http_batch_dial_directives.h"
#include "ngx_http_batch_dial_request.h"
#include "bd_key.h"


/* a body is held in memory, once for each fetch under way */
#define NGX_HTTP_BATCH_DIAL_MAX_BODY_LIMIT  (64 * 1024 * 1024)


static char *ngx_http_batch_dial_enable(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_batch_dial_flag(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_batch_dial_path(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_batch_dial_zone(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_batch_dial_file(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_batch_dial_namespace(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_batch_dial_max_body(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_batch_dial_metrics(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_batch_dial_purge(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_batch_dial_content(ngx_conf_t *cf,
    ngx_http_handler_pt handler);


#define NGX_HTTP_BATCH_DIAL_ANYWHERE                                          \
    NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF


ngx_command_t  ngx_http_batch_dial_commands[] = {

    { ngx_string("batch_dial"),
      NGX_HTTP_BATCH_DIAL_ANYWHERE|NGX_CONF_TAKE1,
      ngx_http_batch_dial_enable,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_batch_dial_loc_conf_t, enable),
      NULL },

    { ngx_string("batch_dial_path"),
      NGX_HTTP_BATCH_DIAL_ANYWHERE|NGX_CONF_TAKE1,
      ngx_http_batch_dial_path,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("batch_dial_zone"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_http_batch_dial_zone,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("batch_dial_memory"),
      NGX_HTTP_BATCH_DIAL_ANYWHERE|NGX_CONF_TAKE1,
      ngx_http_batch_dial_flag,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_batch_dial_loc_conf_t, memory),
      NULL },

    { ngx_string("batch_dial_redis"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE123,
      ngx_http_batch_dial_redis,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("batch_dial_redis_password_file"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_http_batch_dial_file,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_http_batch_dial_main_conf_t, redis_password_file),
      NULL },

    { ngx_string("batch_dial_redis_ca_file"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_http_batch_dial_file,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_http_batch_dial_main_conf_t, redis_ca_file),
      NULL },

    { ngx_string("batch_dial_namespace"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_http_batch_dial_namespace,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("batch_dial_secret_file"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_http_batch_dial_file,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_http_batch_dial_main_conf_t, secret_file),
      NULL },

    { ngx_string("batch_dial_schema"),
      NGX_HTTP_BATCH_DIAL_ANYWHERE|NGX_CONF_TAKE1,
      ngx_http_batch_dial_schema,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("batch_dial_schema_resolve"),
      NGX_HTTP_BATCH_DIAL_ANYWHERE|NGX_CONF_TAKE2,
      ngx_http_batch_dial_schema_resolve,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("batch_dial_schema_format"),
      NGX_HTTP_BATCH_DIAL_ANYWHERE|NGX_CONF_TAKE1,
      ngx_http_batch_dial_enum,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_batch_dial_loc_conf_t, schema_format),
      &ngx_http_batch_dial_formats },

    { ngx_string("batch_dial_schema_mode"),
      NGX_HTTP_BATCH_DIAL_ANYWHERE|NGX_CONF_TAKE1,
      ngx_http_batch_dial_enum,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_batch_dial_loc_conf_t, schema_mode),
      &ngx_http_batch_dial_modes },

    { ngx_string("batch_dial_ttl"),
      NGX_HTTP_BATCH_DIAL_ANYWHERE|NGX_CONF_1MORE,
      ngx_http_batch_dial_ttl,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("batch_dial_error_ttl"),
      NGX_HTTP_BATCH_DIAL_ANYWHERE|NGX_CONF_1MORE,
      ngx_http_batch_dial_set_error_ttl,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("batch_dial_stale_while_revalidate"),
      NGX_HTTP_BATCH_DIAL_ANYWHERE|NGX_CONF_TAKE1,
      ngx_http_batch_dial_time,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_batch_dial_loc_conf_t, stale_while_revalidate),
      &ngx_http_batch_dial_stale_bounds },

    { ngx_string("batch_dial_stale_if_error"),
      NGX_HTTP_BATCH_DIAL_ANYWHERE|NGX_CONF_TAKE1,
      ngx_http_batch_dial_time,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_batch_dial_loc_conf_t, stale_if_error),
      &ngx_http_batch_dial_stale_bounds },

    { ngx_string("batch_dial_reauth"),
      NGX_HTTP_BATCH_DIAL_ANYWHERE|NGX_CONF_TAKE1,
      ngx_http_batch_dial_time,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_batch_dial_loc_conf_t, reauth),
      &ngx_http_batch_dial_reauth_bounds },

    { ngx_string("batch_dial_lock_timeout"),
      NGX_HTTP_BATCH_DIAL_ANYWHERE|NGX_CONF_TAKE1,
      ngx_http_batch_dial_time,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_batch_dial_loc_conf_t, lock_timeout),
      &ngx_http_batch_dial_lock_bounds },

    { ngx_string("batch_dial_max_body"),
      NGX_HTTP_BATCH_DIAL_ANYWHERE|NGX_CONF_TAKE1,
      ngx_http_batch_dial_max_body,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("batch_dial_metrics"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_http_batch_dial_metrics,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("batch_dial_purge"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_http_batch_dial_purge,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


char *
ngx_http_batch_dial_refuse(ngx_conf_t *cf, ngx_str_t *value,
    const char *expected)
{
    ngx_str_t  *args = cf->args->elts;

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid value \"%V\" in \"%V\" directive: "
                       "expected %s", value, &args[0], expected);

    return NGX_CONF_ERROR;
}


static char *
ngx_http_batch_dial_enable(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_batch_dial_loc_conf_t *blcf = conf;

    char                             *rv;
    ngx_http_batch_dial_main_conf_t  *mcf;

    rv = ngx_http_batch_dial_flag(cf, cmd, conf);

    if (rv == NGX_CONF_OK && blcf->enable) {
        mcf = ngx_http_conf_get_module_main_conf(cf,
                                                 ngx_http_batch_dial_module);
        mcf->used = 1;
    }

    return rv;
}


/* As ngx_conf_set_flag_slot(), but for the line that refuses. */

static char *
ngx_http_batch_dial_flag(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_str_t   *value = cf->args->elts;
    ngx_flag_t  *flag = (ngx_flag_t *) ((char *) conf + cmd->offset);

    if (*flag != NGX_CONF_UNSET) {
        return "is duplicate";
    }

    if (ngx_strcasecmp(value[1].data, (u_char *) "on") == 0) {
        *flag = 1;

    } else if (ngx_strcasecmp(value[1].data, (u_char *) "off") == 0) {
        *flag = 0;

    } else {
        return ngx_http_batch_dial_refuse(cf, &value[1], "\"on\" or \"off\"");
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_batch_dial_path(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_batch_dial_loc_conf_t *blcf = conf;

    ngx_str_t  *value = cf->args->elts;
    ngx_str_t   path;

    if (blcf->path.data) {
        return "is duplicate";
    }

    path = value[1];

    if (path.len == 0 || path.data[0] != '/'
        || ngx_strlchr(path.data, path.data + path.len, '?')
        || ngx_strlchr(path.data, path.data + path.len, '#')
        || ngx_strnstr(path.data, "//", path.len)
        || ngx_strnstr(path.data, "/.", path.len))
    {
        return ngx_http_batch_dial_refuse(cf, &value[1],
                   "a normalised path that starts with \"/\"");
    }

    if (path.data[path.len - 1] == '/') {
        path.len--;
    }

    blcf->path = path;

    return NGX_CONF_OK;
}


static char *
ngx_http_batch_dial_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_batch_dial_main_conf_t *mcf = conf;

    ssize_t     size;
    ngx_str_t  *value = cf->args->elts;

    if (mcf->zone_size) {
        return "is duplicate";
    }

    size = ngx_parse_size(&value[1]);

    if (size < NGX_HTTP_BATCH_DIAL_ZONE_MIN) {
        return ngx_http_batch_dial_refuse(cf, &value[1],
                                          "a size of at least 256k");
    }

    mcf->zone_size = size;

    return NGX_CONF_OK;
}


/* A file of the operator's, relative to the configuration. */

static char *
ngx_http_batch_dial_file(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_str_t  *value = cf->args->elts;
    ngx_str_t  *file = (ngx_str_t *) ((char *) conf + cmd->offset);

    if (file->data) {
        return "is duplicate";
    }

    if (value[1].len == 0) {
        return ngx_http_batch_dial_refuse(cf, &value[1], "a file name");
    }

    *file = value[1];

    if (ngx_conf_full_name(cf->cycle, file, 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_batch_dial_namespace(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_batch_dial_main_conf_t *mcf = conf;

    ngx_str_t  *value = cf->args->elts;

    if (mcf->namespace.data) {
        return "is duplicate";
    }

    if (!bd_namespace_valid(ngx_http_batch_dial_slice(&value[1]))) {
        return ngx_http_batch_dial_refuse(cf, &value[1],
                   "a word of 1 to 64 characters of A-Z a-z 0-9 - _ .");
    }

    mcf->namespace = value[1];

    return NGX_CONF_OK;
}


static char *
ngx_http_batch_dial_max_body(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_batch_dial_loc_conf_t *blcf = conf;

    ssize_t     size;
    ngx_str_t  *value = cf->args->elts;

    if (blcf->max_body != NGX_CONF_UNSET_SIZE) {
        return "is duplicate";
    }

    size = ngx_parse_size(&value[1]);

    if (size < 1 || size > NGX_HTTP_BATCH_DIAL_MAX_BODY_LIMIT) {
        return ngx_http_batch_dial_refuse(cf, &value[1],
                                          "a size from 1 to 64m");
    }

    blcf->max_body = size;

    return NGX_CONF_OK;
}


static char *
ngx_http_batch_dial_metrics(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    return ngx_http_batch_dial_content(cf,
                                       ngx_http_batch_dial_metrics_handler);
}


static char *
ngx_http_batch_dial_purge(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    return ngx_http_batch_dial_content(cf, ngx_http_batch_dial_purge_handler);
}


/* The location is answered by handler, and by nobody else. */

static char *
ngx_http_batch_dial_content(ngx_conf_t *cf, ngx_http_handler_pt handler)
{
    ngx_http_core_loc_conf_t         *clcf;
    ngx_http_batch_dial_main_conf_t  *mcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->handler == handler) {
        return "is duplicate";
    }

    if (clcf->handler) {
        return "is in a location that another directive answers";
    }

    clcf->handler = handler;

    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_batch_dial_module);
    mcf->used = 1;

    return NGX_CONF_OK;
}
