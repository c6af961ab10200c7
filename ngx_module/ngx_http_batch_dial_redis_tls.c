/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * TLS to Redis, by nginx.  As nginx does for its upstreams, the handshake
 * itself accepts any certificate and the result is judged after it: nothing
 * of ours, least of all the password, is sent before that.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include "ngx_http_batch_dial_redis_tls.h"


/* Chains of real authorities have two or three links above the server. */
#define NGX_HTTP_BATCH_DIAL_REDIS_TLS_DEPTH  9


static ngx_int_t ngx_http_batch_dial_redis_tls_trust(ngx_conf_t *cf,
    SSL_CTX *ctx, ngx_str_t *ca_file);
static ngx_uint_t ngx_http_batch_dial_redis_tls_names(X509 *cert,
    ngx_http_batch_dial_redis_conf_t *conf);


char *
ngx_http_batch_dial_redis_tls_configure(ngx_conf_t *cf,
    ngx_http_batch_dial_redis_conf_t *conf, ngx_str_t *ca_file)
{
    ngx_ssl_t           *ssl;
    ngx_pool_cleanup_t  *cln;

    ssl = ngx_pcalloc(cf->pool, sizeof(ngx_ssl_t));
    if (ssl == NULL) {
        return NGX_CONF_ERROR;
    }

    ssl->log = cf->log;

    if (ngx_ssl_create(ssl, NGX_SSL_TLSv1_2|NGX_SSL_TLSv1_3, NULL) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        ngx_ssl_cleanup_ctx(ssl);
        return NGX_CONF_ERROR;
    }

    cln->handler = ngx_ssl_cleanup_ctx;
    cln->data = ssl;

    if (ngx_http_batch_dial_redis_tls_trust(cf, ssl->ctx, ca_file) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    conf->ssl = ssl;

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_batch_dial_redis_tls_trust(ngx_conf_t *cf, SSL_CTX *ctx,
    ngx_str_t *ca_file)
{
    int  rc;

    SSL_CTX_set_verify_depth(ctx, NGX_HTTP_BATCH_DIAL_REDIS_TLS_DEPTH);

    if (ca_file->len == 0) {
        rc = SSL_CTX_set_default_verify_paths(ctx);

    } else {
        if (ngx_conf_full_name(cf->cycle, ca_file, 1) != NGX_OK) {
            return NGX_ERROR;
        }

        rc = SSL_CTX_load_verify_locations(ctx, (char *) ca_file->data, NULL);
    }

    /* OpenSSL may leave errors in its queue even when it succeeds */

    ERR_clear_error();

    if (rc == 1) {
        return NGX_OK;
    }

    if (ca_file->len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"batch_dial_redis\": the system's certificates "
                           "cannot be read, expected "
                           "\"batch_dial_redis_ca_file\"");

    } else {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\" in "
                           "\"batch_dial_redis_ca_file\", expected a readable "
                           "file with PEM certificates", ca_file);
    }

    return NGX_ERROR;
}


ngx_int_t
ngx_http_batch_dial_redis_tls_start(ngx_connection_t *c,
    ngx_http_batch_dial_redis_conf_t *conf, ngx_connection_handler_pt handler)
{
    ngx_int_t  rc;

    if (ngx_ssl_create_connection(conf->ssl, c, NGX_SSL_BUFFER|NGX_SSL_CLIENT)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    /* RFC 6066, section 3: literal addresses are no server names */

    if (!conf->literal
        && SSL_set_tlsext_host_name(c->ssl->connection,
                                    (char *) conf->host.data)
           == 0)
    {
        return NGX_ERROR;
    }

    rc = ngx_ssl_handshake(c);

    if (rc == NGX_AGAIN) {
        c->ssl->handler = handler;
    }

    return rc;
}


const char *
ngx_http_batch_dial_redis_tls_verify(ngx_connection_t *c,
    ngx_http_batch_dial_redis_conf_t *conf)
{
    long         rc;
    X509        *cert;
    ngx_uint_t   named;

    if (!c->ssl->handshaked) {
        return "TLS handshake failed";
    }

    rc = SSL_get_verify_result(c->ssl->connection);

    if (rc != X509_V_OK) {
        return X509_verify_cert_error_string(rc);
    }

    /* without a certificate the verify result is OK as well */

    cert = SSL_get_peer_certificate(c->ssl->connection);
    if (cert == NULL) {
        return "no TLS certificate";
    }

    named = ngx_http_batch_dial_redis_tls_names(cert, conf);

    X509_free(cert);

    return named ? NULL : "TLS certificate of another name";
}


static ngx_uint_t
ngx_http_batch_dial_redis_tls_names(X509 *cert,
    ngx_http_batch_dial_redis_conf_t *conf)
{
    char  *host;

    host = (char *) conf->host.data;

    if (conf->literal) {
        return X509_check_ip_asc(cert, host, 0) == 1;
    }

    return X509_check_host(cert, host, conf->host.len, 0, NULL) == 1;
}
