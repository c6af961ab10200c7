/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * batch_dial_redis: a URL and its options.  A URL that is refused is quoted
 * without what may be a password.
 */


#include "ngx_http_batch_dial_directives.h"


static char *ngx_http_batch_dial_redis_option(ngx_conf_t *cf,
    ngx_http_batch_dial_redis_conf_t *rcf, ngx_str_t *word);
static ngx_str_t *ngx_http_batch_dial_redact(ngx_conf_t *cf, ngx_str_t *url);
static u_char *ngx_http_batch_dial_no_port(ngx_str_t *url);


char *
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
