/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * From what the directives say to what the client needs.  Runs in the master
 * only: it may wait for a name and read files.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include "ngx_http_batch_dial_redis_conf.h"
#include "ngx_http_batch_dial_redis_tls.h"


static char *ngx_http_batch_dial_redis_conf_password(ngx_conf_t *cf,
    ngx_http_batch_dial_redis_conf_t *conf, ngx_str_t *password);
static ngx_int_t ngx_http_batch_dial_redis_conf_name(ngx_conf_t *cf,
    ngx_http_batch_dial_redis_conf_t *conf);
static char *ngx_http_batch_dial_redis_conf_address(ngx_conf_t *cf,
    ngx_http_batch_dial_redis_conf_t *conf);
static ngx_int_t ngx_http_batch_dial_redis_conf_literal(ngx_conf_t *cf,
    ngx_http_batch_dial_redis_conf_t *conf);
static char *ngx_http_batch_dial_redis_conf_lookup(ngx_conf_t *cf,
    ngx_http_batch_dial_redis_conf_t *conf);


char *
ngx_http_batch_dial_redis_configure(ngx_conf_t *cf,
    ngx_http_batch_dial_redis_conf_t *conf, ngx_str_t *password,
    ngx_str_t *ca_file)
{
    char  *rv;

    if (ngx_http_batch_dial_redis_conf_name(cf, conf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    rv = ngx_http_batch_dial_redis_conf_password(cf, conf, password);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    rv = ngx_http_batch_dial_redis_conf_address(cf, conf);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    if (conf->url.tls) {
        return ngx_http_batch_dial_redis_tls_configure(cf, conf, ca_file);
    }

    /* who names an authority believes to have TLS */

    if (ca_file->len) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\" in "
                           "\"batch_dial_redis_ca_file\", expected only with "
                           "a rediss:// URL in \"batch_dial_redis\"", ca_file);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* host: terminated for OpenSSL; name: for people, without user and password */

static ngx_int_t
ngx_http_batch_dial_redis_conf_name(ngx_conf_t *cf,
    ngx_http_batch_dial_redis_conf_t *conf)
{
    u_char          *p;
    size_t           len;
    bd_redis_url_t  *url;

    url = &conf->url;
    len = url->host.len;

    p = ngx_pnalloc(cf->pool, len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    conf->host.data = p;
    conf->host.len = len;

    p = ngx_cpymem(p, url->host.data, len);
    *p = '\0';

    len += sizeof("rediss://[]:65535/") + NGX_INT32_LEN;

    p = ngx_pnalloc(cf->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    conf->name.data = p;

    if (url->local) {
        p = ngx_sprintf(p, "unix:%V", &conf->host);

    } else {
        p = ngx_sprintf(p,
                        ngx_strchr(conf->host.data, ':') ? "%s[%V]:%ui"
                                                         : "%s%V:%ui",
                        url->tls ? "rediss://" : "redis://",
                        &conf->host, (ngx_uint_t) url->port);
    }

    conf->name.len = p - conf->name.data;

    return NGX_OK;
}


static char *
ngx_http_batch_dial_redis_conf_password(ngx_conf_t *cf,
    ngx_http_batch_dial_redis_conf_t *conf, ngx_str_t *password)
{
    if (password->len == 0) {
        return NGX_CONF_OK;
    }

    if (conf->url.password.len) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"batch_dial_redis\" \"%V\" has a password, "
                           "expected none beside "
                           "\"batch_dial_redis_password_file\"",
                           &conf->name);
        return NGX_CONF_ERROR;
    }

    conf->url.password = bd_slice_make(password->data, password->len);

    return NGX_CONF_OK;
}


static char *
ngx_http_batch_dial_redis_conf_address(ngx_conf_t *cf,
    ngx_http_batch_dial_redis_conf_t *conf)
{
    ngx_int_t                  rc;
    ngx_http_core_loc_conf_t  *clcf;

    if (conf->url.local) {
        return ngx_http_batch_dial_redis_conf_lookup(cf, conf);
    }

    rc = ngx_http_batch_dial_redis_conf_literal(cf, conf);

    if (rc != NGX_DECLINED) {
        return rc == NGX_OK ? NGX_CONF_OK : NGX_CONF_ERROR;
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    /* without "resolver" http{} gets one that asks nobody */

    if (clcf->resolver == NULL || clcf->resolver->connections.nelts == 0) {
        return ngx_http_batch_dial_redis_conf_lookup(cf, conf);
    }

    conf->resolver = clcf->resolver;

    return NGX_CONF_OK;
}


/* NGX_DECLINED: the host is a name */

static ngx_int_t
ngx_http_batch_dial_redis_conf_literal(ngx_conf_t *cf,
    ngx_http_batch_dial_redis_conf_t *conf)
{
    ngx_int_t    rc;
    ngx_addr_t  *addr;

    addr = ngx_palloc(cf->pool, sizeof(ngx_addr_t));
    if (addr == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_parse_addr(cf->pool, addr, conf->host.data, conf->host.len);

    if (rc == NGX_OK) {
        ngx_inet_set_port(addr->sockaddr, conf->url.port);

        addr->name = conf->name;

        conf->addrs = addr;
        conf->naddrs = 1;
        conf->literal = 1;
    }

    return rc;
}


static char *
ngx_http_batch_dial_redis_conf_lookup(ngx_conf_t *cf,
    ngx_http_batch_dial_redis_conf_t *conf)
{
    ngx_url_t  u;

    ngx_memzero(&u, sizeof(ngx_url_t));

    /* a socket is named as nginx names it, a host without its port */

    u.url = conf->url.local ? conf->name : conf->host;
    u.default_port = conf->url.port;

    if (ngx_parse_url(cf->pool, &u) != NGX_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\" in \"batch_dial_redis\": %s, "
                           "expected %s",
                           &conf->name, u.err ? u.err : "no memory",
                           conf->url.local
                           ? "a path that fits a socket address"
                           : "an address, a name that can be resolved now, or "
                             "a \"resolver\" in http");
        return NGX_CONF_ERROR;
    }

    conf->addrs = u.addrs;
    conf->naddrs = u.naddrs;

    return NGX_CONF_OK;
}
