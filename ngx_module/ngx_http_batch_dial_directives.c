/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The directives: their table and what they accept.  A value that is refused
 * is refused in one line that names the directive, the value and what was
 * expected.  What follows from the values is worked out in conf.c.
 */


#include "ngx_http_batch_dial_module.h"


/* fits the 32 bits of an entry */
#define NGX_HTTP_BATCH_DIAL_TTL_MAX         (24 * 24 * 3600 * 1000)

/* a body is held in memory, once for each fetch under way */
#define NGX_HTTP_BATCH_DIAL_MAX_BODY_LIMIT  (64 * 1024 * 1024)


static char *ngx_http_batch_dial_enable(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_batch_dial_path(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_batch_dial_zone(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_batch_dial_redis(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_batch_dial_redis_option(ngx_conf_t *cf,
    ngx_http_batch_dial_redis_conf_t *rcf, ngx_str_t *word);
static ngx_str_t *ngx_http_batch_dial_redact(ngx_conf_t *cf, ngx_str_t *url);
static u_char *ngx_http_batch_dial_no_port(ngx_str_t *url);
static char *ngx_http_batch_dial_file(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_batch_dial_namespace(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_batch_dial_schema(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_batch_dial_schema_resolve(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static char *ngx_http_batch_dial_enum(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_batch_dial_ttl(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_batch_dial_max_body(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_batch_dial_metrics(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_batch_dial_refuse(ngx_conf_t *cf, ngx_str_t *value,
    const char *expected);


static ngx_conf_enum_t  ngx_http_batch_dial_formats[] = {
    { ngx_string("assert"), BD_SCHEMA_FORMAT_ASSERT },
    { ngx_string("annotate"), BD_SCHEMA_FORMAT_ANNOTATE },
    { ngx_null_string, 0 }
};


static ngx_conf_enum_t  ngx_http_batch_dial_modes[] = {
    { ngx_string("enforce"), NGX_HTTP_BATCH_DIAL_MODE_ENFORCE },
    { ngx_string("report"), NGX_HTTP_BATCH_DIAL_MODE_REPORT },
    { ngx_string("off"), NGX_HTTP_BATCH_DIAL_MODE_OFF },
    { ngx_null_string, 0 }
};


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

      ngx_null_command
};


/* One line for every refusal. */

static char *
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

    ngx_str_t                        *value = cf->args->elts;
    ngx_http_batch_dial_main_conf_t  *mcf;

    if (blcf->enable != NGX_CONF_UNSET) {
        return "is duplicate";
    }

    if (ngx_strcasecmp(value[1].data, (u_char *) "off") == 0) {
        blcf->enable = 0;
        return NGX_CONF_OK;
    }

    if (ngx_strcasecmp(value[1].data, (u_char *) "on") != 0) {
        return ngx_http_batch_dial_refuse(cf, &value[1], "\"on\" or \"off\"");
    }

    blcf->enable = 1;

    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_batch_dial_module);
    mcf->used = 1;

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


static char *
ngx_http_batch_dial_redis(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_batch_dial_main_conf_t *mcf = conf;

    u_char                            *buf;
    const char                        *error;
    ngx_str_t                         *value = cf->args->elts;
    ngx_uint_t                         i;
    ngx_http_batch_dial_redis_conf_t  *rcf;

    if (mcf->redis_conf) {
        return "is duplicate";
    }

    rcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_batch_dial_redis_conf_t));
    buf = ngx_pnalloc(cf->pool, value[1].len + 1);

    if (rcf == NULL || buf == NULL) {
        return NGX_CONF_ERROR;
    }

    mcf->redis_conf = rcf;

    error = bd_redis_url_parse(ngx_http_batch_dial_slice(&value[1]), buf,
                               &rcf->url);
    if (error) {

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\" in \"batch_dial_redis\" "
                           "directive: %s, expected redis://[user:pass@]host"
                           "[:port][/db], rediss://... or unix:/path[?db=N]",
                           ngx_http_batch_dial_redact(cf, &value[1]), error);
        return NGX_CONF_ERROR;
    }

    rcf->connect_timeout = NGX_CONF_UNSET_MSEC;
    rcf->timeout = NGX_CONF_UNSET_MSEC;

    for (i = 2; i < cf->args->nelts; i++) {
        if (ngx_http_batch_dial_redis_option(cf, rcf, &value[i])
            != NGX_CONF_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    ngx_conf_init_msec_value(rcf->connect_timeout, 100);
    ngx_conf_init_msec_value(rcf->timeout, 50);

    return NGX_CONF_OK;
}


/*
 * The url as it may be logged: what is before the last "@" may be secret, and
 * so may what should be a port, when the "@host" was forgotten.
 */

static ngx_str_t *
ngx_http_batch_dial_redact(ngx_conf_t *cf, ngx_str_t *url)
{
    u_char     *p, *from, *last;
    ngx_str_t  *s;

    static ngx_str_t  hidden = ngx_string("...");

    last = url->data + url->len;
    from = last;

    for (p = last; p > url->data && from == last; p--) {
        if (p[-1] == '@') {
            from = p - 1;
        }
    }

    p = from == last ? ngx_http_batch_dial_no_port(url) : url->data;

    if (p == NULL) {
        return url;
    }

    s = ngx_palloc(cf->pool, sizeof(ngx_str_t));
    if (s == NULL) {
        return &hidden;
    }

    s->len = p - url->data + 3 + (last - from);
    s->data = ngx_pnalloc(cf->pool, s->len);
    if (s->data == NULL) {
        return &hidden;
    }

    (void) ngx_sprintf(s->data, "%*s...%*s", p - url->data, url->data,
                       last - from, from);

    return s;
}


/* What follows the ":" of a url without "@", unless it is a port. */

static u_char *
ngx_http_batch_dial_no_port(ngx_str_t *url)
{
    u_char  *p, *last, *port;

    last = url->data + url->len;

    p = ngx_strnstr(url->data, "://", url->len);

    if (p == NULL || p + 3 == last || p[3] == '[') {
        return NULL;
    }

    port = ngx_strlchr(p + 3, last, ':');
    if (port == NULL) {
        return NULL;
    }

    port++;

    for (p = port; p < last && *p >= '0' && *p <= '9'; p++) { /* void */ }

    return p == last || *p == '/' ? NULL : port;
}


static char *
ngx_http_batch_dial_redis_option(ngx_conf_t *cf,
    ngx_http_batch_dial_redis_conf_t *rcf, ngx_str_t *word)
{
    ngx_str_t    s;
    ngx_msec_t  *value;

    s = *word;

    if (ngx_strncmp(s.data, "connect_timeout=", 16) == 0) {
        s.data += 16;
        s.len -= 16;
        value = &rcf->connect_timeout;

    } else if (ngx_strncmp(s.data, "timeout=", 8) == 0) {
        s.data += 8;
        s.len -= 8;
        value = &rcf->timeout;

    } else {
        return ngx_http_batch_dial_refuse(cf, word,
                                          "connect_timeout=time or "
                                          "timeout=time");
    }

    if (*value != NGX_CONF_UNSET_MSEC) {
        return ngx_http_batch_dial_refuse(cf, word, "each option once");
    }

    *value = ngx_parse_time(&s, 0);

    if (*value == (ngx_msec_t) NGX_ERROR || *value == 0) {
        return ngx_http_batch_dial_refuse(cf, word,
                                          "a time such as 50ms, at least 1ms");
    }

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


/* <file>[#/json/pointer]; the file is read when the format is known, too. */

static char *
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

static char *
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


static char *
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


static char *
ngx_http_batch_dial_ttl(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_batch_dial_loc_conf_t *blcf = conf;

    u_char       *eq;
    ngx_str_t    *value = cf->args->elts;
    ngx_str_t     s;
    ngx_int_t     time;
    ngx_uint_t    i;
    bd_status_e   status;

    if (blcf->ttl_set) {
        return "is duplicate";
    }

    for (i = 1; i < cf->args->nelts; i++) {

        eq = ngx_strlchr(value[i].data, value[i].data + value[i].len, '=');
        status = BD_STATUS_UNKNOWN;
        time = NGX_ERROR;

        if (eq) {
            status = bd_status_parse(bd_slice_make(value[i].data,
                                                   eq - value[i].data));
            s.data = eq + 1;
            s.len = value[i].data + value[i].len - s.data;
            time = ngx_parse_time(&s, 0);
        }

        if (status == BD_STATUS_UNKNOWN || time == NGX_ERROR
            || time > NGX_HTTP_BATCH_DIAL_TTL_MAX)
        {
            return ngx_http_batch_dial_refuse(cf, &value[i],
                       "STATUS=time with a status of INIT, ACTIVE, PAUSED, "
                       "COMPLETE, CANCELLED and a time of at most 24d");
        }

        if (blcf->ttl_set & (1u << status)) {
            return ngx_http_batch_dial_refuse(cf, &value[i],
                                              "each status once");
        }

        blcf->ttl.ms[status] = (uint32_t) time;
        blcf->ttl_set |= 1u << status;
    }

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
    ngx_http_core_loc_conf_t         *clcf;
    ngx_http_batch_dial_main_conf_t  *mcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->handler == ngx_http_batch_dial_metrics_handler) {
        return "is duplicate";
    }

    clcf->handler = ngx_http_batch_dial_metrics_handler;

    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_batch_dial_module);
    mcf->used = 1;

    return NGX_CONF_OK;
}
