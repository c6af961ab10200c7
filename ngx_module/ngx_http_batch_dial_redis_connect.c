/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * How a connection to Redis is made: RESOLVING and CONNECTING of a peer, up
 * to the point where it can be greeted.  Every address of a name is tried in
 * turn, beginning with the one that worked last.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <ngx_event_connect.h>
#include "ngx_http_batch_dial_redis_connect.h"
#include "ngx_http_batch_dial_redis_tls.h"


static void ngx_http_batch_dial_redis_connect_resolve(
    ngx_http_batch_dial_redis_peer_t *peer);
static void ngx_http_batch_dial_redis_connect_resolved(
    ngx_resolver_ctx_t *ctx);
static void ngx_http_batch_dial_redis_connect_open(
    ngx_http_batch_dial_redis_peer_t *peer);
static ngx_int_t ngx_http_batch_dial_redis_connect_socket(
    ngx_http_batch_dial_redis_peer_t *peer, ngx_addr_t *addr);
static void ngx_http_batch_dial_redis_connect_handler(ngx_event_t *ev);
static ngx_err_t ngx_http_batch_dial_redis_connect_error(ngx_connection_t *c);
static void ngx_http_batch_dial_redis_connect_done(
    ngx_http_batch_dial_redis_peer_t *peer);
static void ngx_http_batch_dial_redis_connect_secured(ngx_connection_t *c);


void
ngx_http_batch_dial_redis_connect_start(ngx_http_batch_dial_redis_peer_t *peer)
{
    peer->tried = 0;

    if (peer->conf->addrs) {
        peer->addrs = peer->conf->addrs;
        peer->naddrs = peer->conf->naddrs;

        ngx_http_batch_dial_redis_connect_open(peer);
        return;
    }

    ngx_http_batch_dial_redis_connect_resolve(peer);
}


void
ngx_http_batch_dial_redis_connect_stop(ngx_http_batch_dial_redis_peer_t *peer)
{
    if (peer->resolving) {
        ngx_resolve_name_done(peer->resolving);
        peer->resolving = NULL;
    }

    /* an address that does not answer shall not be the first again */

    if (peer->connection
        && peer->state == NGX_HTTP_BATCH_DIAL_REDIS_CONNECTING)
    {
        peer->next++;
    }
}


static void
ngx_http_batch_dial_redis_connect_resolve(
    ngx_http_batch_dial_redis_peer_t *peer)
{
    ngx_resolver_ctx_t  *ctx;

    ctx = ngx_resolve_start(peer->conf->resolver, NULL);

    if (ctx == NULL || ctx == NGX_NO_RESOLVER) {
        ngx_http_batch_dial_redis_peer_fail(peer, "no resolver to ask");
        return;
    }

    ctx->name = peer->conf->host;
    ctx->handler = ngx_http_batch_dial_redis_connect_resolved;
    ctx->data = peer;
    ctx->cancelable = 1;

    /* the owner's deadline ends it: ctx->timeout stays 0, none */

    peer->state = NGX_HTTP_BATCH_DIAL_REDIS_RESOLVING;
    peer->resolving = ctx;

    /* a name in the resolver's cache calls the handler before it returns */

    if (ngx_resolve_name(ctx) != NGX_OK) {
        peer->resolving = NULL;

        ngx_http_batch_dial_redis_peer_fail(peer, "resolver failed");
    }
}


static void
ngx_http_batch_dial_redis_connect_resolved(ngx_resolver_ctx_t *ctx)
{
    ngx_uint_t                         i;
    ngx_addr_t                        *addr;
    ngx_http_batch_dial_redis_peer_t  *peer;

    peer = ctx->data;

    if (ctx->state) {
        ngx_http_batch_dial_redis_peer_cause(peer, "name not resolved: %s",
                                           ngx_resolver_strerror(ctx->state));
    }

    /* the addresses are the resolver's: they are copied */

    peer->addrs = peer->resolved;
    peer->naddrs = ctx->state ? 0
                              : ngx_min(ctx->naddrs,
                                        NGX_HTTP_BATCH_DIAL_REDIS_ADDRESSES);

    for (i = 0; i < peer->naddrs; i++) {
        ngx_memcpy(&peer->sockaddrs[i], ctx->addrs[i].sockaddr,
                   ctx->addrs[i].socklen);

        addr = &peer->resolved[i];

        addr->sockaddr = &peer->sockaddrs[i].sockaddr;
        addr->socklen = ctx->addrs[i].socklen;
        addr->name = peer->conf->name;

        ngx_inet_set_port(addr->sockaddr, peer->conf->url.port);
    }

    peer->resolving = NULL;
    ngx_resolve_name_done(ctx);

    ngx_http_batch_dial_redis_connect_open(peer);
}


/* Connects to the first address that does not fail at once. */

static void
ngx_http_batch_dial_redis_connect_open(ngx_http_batch_dial_redis_peer_t *peer)
{
    ngx_int_t    rc;
    ngx_addr_t  *addr;

    for ( /* void */ ; peer->tried < peer->naddrs; peer->tried++) {

        addr = &peer->addrs[peer->next % peer->naddrs];

        rc = ngx_http_batch_dial_redis_connect_socket(peer, addr);

        if (rc == NGX_OK) {
            ngx_http_batch_dial_redis_connect_done(peer);
            return;
        }

        if (rc == NGX_AGAIN) {
            return;
        }

        peer->next++;
    }

    ngx_http_batch_dial_redis_peer_end(peer, NGX_HTTP_BATCH_DIAL_REDIS_FAILED);
}


static ngx_int_t
ngx_http_batch_dial_redis_connect_socket(
    ngx_http_batch_dial_redis_peer_t *peer, ngx_addr_t *addr)
{
    ngx_int_t               rc;
    ngx_connection_t       *c;
    ngx_peer_connection_t   pc;

    ngx_memzero(&pc, sizeof(ngx_peer_connection_t));

    pc.sockaddr = addr->sockaddr;
    pc.socklen = addr->socklen;
    pc.name = &addr->name;
    pc.get = ngx_event_get_peer;
    pc.log = &peer->log;
    pc.log_error = NGX_ERROR_INFO;
    pc.so_keepalive = (addr->sockaddr->sa_family != AF_UNIX);

    rc = ngx_event_connect_peer(&pc);

    if (rc != NGX_OK && rc != NGX_AGAIN) {
        ngx_http_batch_dial_redis_peer_cause(peer, "cannot connect");
        return NGX_ERROR;
    }

    c = pc.connection;

    c->data = peer;
    c->read->handler = ngx_http_batch_dial_redis_connect_handler;
    c->write->handler = ngx_http_batch_dial_redis_connect_handler;

    peer->connection = c;
    peer->log.connection = c->number;
    peer->state = NGX_HTTP_BATCH_DIAL_REDIS_CONNECTING;

    return rc;
}


static void
ngx_http_batch_dial_redis_connect_handler(ngx_event_t *ev)
{
    ngx_err_t                          err;
    ngx_connection_t                  *c;
    ngx_http_batch_dial_redis_peer_t  *peer;

    c = ev->data;
    peer = c->data;

    err = ngx_http_batch_dial_redis_connect_error(c);

    if (err == 0) {
        ngx_http_batch_dial_redis_connect_done(peer);
        return;
    }

    ngx_log_error(NGX_LOG_ERR, c->log, err, "connect() failed");

    ngx_http_batch_dial_redis_peer_cause(peer, "cannot connect");
    ngx_http_batch_dial_redis_peer_drop(peer);

    peer->next++;
    peer->tried++;

    ngx_http_batch_dial_redis_connect_open(peer);
}


static ngx_err_t
ngx_http_batch_dial_redis_connect_error(ngx_connection_t *c)
{
    int        err;
    socklen_t  len;

    err = 0;
    len = sizeof(int);

    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, (void *) &err, &len) == -1) {
        err = ngx_socket_errno;
    }

    return err;
}


static void
ngx_http_batch_dial_redis_connect_done(ngx_http_batch_dial_redis_peer_t *peer)
{
    ngx_int_t          rc;
    ngx_connection_t  *c;

    c = peer->connection;

    /* Nagle's algorithm would hold back the second command of a worker */

    if (ngx_tcp_nodelay(c) != NGX_OK) {
        ngx_http_batch_dial_redis_peer_fail(peer, "connection lost");
        return;
    }

    if (peer->conf->ssl == NULL) {
        ngx_http_batch_dial_redis_peer_greet(peer);
        return;
    }

    c->pool = ngx_create_pool(1024, &peer->log);

    rc = NGX_ERROR;

    if (c->pool) {
        rc = ngx_http_batch_dial_redis_tls_start(c, peer->conf,
                                    ngx_http_batch_dial_redis_connect_secured);
    }

    if (rc == NGX_ERROR) {
        ngx_http_batch_dial_redis_peer_fail(peer, "TLS handshake failed");
        return;
    }

    if (rc == NGX_OK) {
        ngx_http_batch_dial_redis_connect_secured(c);
    }
}


static void
ngx_http_batch_dial_redis_connect_secured(ngx_connection_t *c)
{
    const char                        *error;
    ngx_http_batch_dial_redis_peer_t  *peer;

    peer = c->data;

    error = ngx_http_batch_dial_redis_tls_verify(c, peer->conf);

    if (error) {
        ngx_http_batch_dial_redis_peer_fail(peer, error);
        return;
    }

    ngx_http_batch_dial_redis_peer_greet(peer);
}
