/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * One connection to Redis: its greeting, its bytes out and in, its end.  How
 * it is made is in .._redis_connect.c.  What must hold:
 *
 *   - c->data is the peer, and peer->connection is c until it is closed;
 *   - every end but the owner's own close() goes through .._peer_end();
 *   - commands leave only in READY, that is after AUTH and SELECT have
 *     succeeded: none may reach a wrong database.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include "ngx_http_batch_dial_redis_connect.h"
#include "ngx_http_batch_dial_redis_peer.h"


/* One recv().  A value of a megabyte takes sixteen of them ... */
#define NGX_HTTP_BATCH_DIAL_REDIS_RECV   65536

/* ... and after so many of them the others of this worker have their turn. */
#define NGX_HTTP_BATCH_DIAL_REDIS_RECVS  16


/* The steps of the greeting, in the order in which they are asked. */
#define NGX_HTTP_BATCH_DIAL_REDIS_AUTH    0x1
#define NGX_HTTP_BATCH_DIAL_REDIS_SELECT  0x2
#define NGX_HTTP_BATCH_DIAL_REDIS_PROBE   0x4


static void ngx_http_batch_dial_redis_peer_log(
    ngx_http_batch_dial_redis_peer_t *peer);
static u_char *ngx_http_batch_dial_redis_peer_log_error(ngx_log_t *log,
    u_char *buf, size_t len);

static ngx_int_t ngx_http_batch_dial_redis_peer_hello(
    ngx_http_batch_dial_redis_peer_t *peer);
static ngx_int_t ngx_http_batch_dial_redis_peer_auth(
    ngx_http_batch_dial_redis_peer_t *peer);
static ngx_int_t ngx_http_batch_dial_redis_peer_greeted(
    ngx_http_batch_dial_redis_peer_t *peer, redisReply *reply);

static void ngx_http_batch_dial_redis_peer_read(ngx_event_t *rev);
static ngx_int_t ngx_http_batch_dial_redis_peer_replies(
    ngx_http_batch_dial_redis_peer_t *peer);
static void ngx_http_batch_dial_redis_peer_flush(ngx_event_t *ev);
static void ngx_http_batch_dial_redis_peer_writable(ngx_event_t *wev);
static void ngx_http_batch_dial_redis_peer_write(
    ngx_http_batch_dial_redis_peer_t *peer);


ngx_int_t
ngx_http_batch_dial_redis_peer_init(ngx_http_batch_dial_redis_peer_t *peer,
    ngx_http_batch_dial_redis_conf_t *conf,
    ngx_http_batch_dial_redis_stats_t *stats,
    ngx_http_batch_dial_redis_events_t *events, void *data)
{
    peer->conf = conf;
    peer->stats = stats;
    peer->events = events;
    peer->data = data;

    peer->buffer = ngx_alloc(NGX_HTTP_BATCH_DIAL_REDIS_RECV, ngx_cycle->log);
    if (peer->buffer == NULL) {
        return NGX_ERROR;
    }

    peer->flush.handler = ngx_http_batch_dial_redis_peer_flush;
    peer->flush.data = peer;
    peer->flush.log = &peer->log;

    ngx_http_batch_dial_redis_out_init(&peer->hello);
    ngx_http_batch_dial_redis_out_init(&peer->out);

    return NGX_OK;
}


void
ngx_http_batch_dial_redis_peer_free(ngx_http_batch_dial_redis_peer_t *peer)
{
    ngx_http_batch_dial_redis_peer_close(peer);
    ngx_http_batch_dial_redis_peer_discard(peer);

    ngx_free(peer->buffer);
}


ngx_int_t
ngx_http_batch_dial_redis_peer_connect(ngx_http_batch_dial_redis_peer_t *peer)
{
    ngx_http_batch_dial_redis_peer_log(peer);

    ngx_http_batch_dial_redis_out_rewind(&peer->out);

    peer->starting = 1;
    ngx_http_batch_dial_redis_connect_start(peer);
    peer->starting = 0;

    return peer->state == NGX_HTTP_BATCH_DIAL_REDIS_DOWN ? NGX_ERROR : NGX_OK;
}


/*
 * The log of the connection is a copy of the worker's of this moment, so that
 * what nginx itself says of the connection can be given a context, and can
 * be silenced while a known failure lasts: an alert is never.
 */

static void
ngx_http_batch_dial_redis_peer_log(ngx_http_batch_dial_redis_peer_t *peer)
{
    peer->log = *ngx_cycle->log;
    peer->log.handler = ngx_http_batch_dial_redis_peer_log_error;
    peer->log.data = peer;

    if (peer->quiet && peer->log.log_level < NGX_LOG_DEBUG) {
        peer->log.log_level = ngx_min(peer->log.log_level, NGX_LOG_ALERT);
    }
}


static u_char *
ngx_http_batch_dial_redis_peer_log_error(ngx_log_t *log, u_char *buf,
    size_t len)
{
    ngx_http_batch_dial_redis_peer_t  *peer;

    peer = log->data;

    return ngx_snprintf(buf, len, ", batch_dial redis: \"%V\"",
                        &peer->conf->name);
}


void
ngx_http_batch_dial_redis_peer_greet(ngx_http_batch_dial_redis_peer_t *peer)
{
    ngx_connection_t  *c;

    c = peer->connection;

    c->read->handler = ngx_http_batch_dial_redis_peer_read;
    c->write->handler = ngx_http_batch_dial_redis_peer_writable;

    peer->state = NGX_HTTP_BATCH_DIAL_REDIS_GREETING;

    if (ngx_http_batch_dial_redis_reader_open(&peer->reader) != NGX_OK
        || ngx_http_batch_dial_redis_peer_hello(peer) != NGX_OK)
    {
        ngx_http_batch_dial_redis_peer_fail(peer, "no memory");
        return;
    }

    ngx_post_event(&peer->flush, &ngx_posted_events);

    /* a Redis with too many clients speaks first */

    if (c->read->ready) {
        ngx_post_event(c->read, &ngx_posted_events);
    }
}


static ngx_int_t
ngx_http_batch_dial_redis_peer_hello(ngx_http_batch_dial_redis_peer_t *peer)
{
    u_char           db[NGX_INT_T_LEN];
    ngx_str_t        argv[NGX_HTTP_BATCH_DIAL_REDIS_PROBE_WORDS];
    ngx_uint_t       argc;
    bd_redis_url_t  *url;

    url = &peer->conf->url;
    peer->awaited = NGX_HTTP_BATCH_DIAL_REDIS_PROBE;

    if (url->user.len || url->password.len) {
        peer->awaited |= NGX_HTTP_BATCH_DIAL_REDIS_AUTH;

        if (ngx_http_batch_dial_redis_peer_auth(peer) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    if (url->db) {
        peer->awaited |= NGX_HTTP_BATCH_DIAL_REDIS_SELECT;

        ngx_str_set(&argv[0], "SELECT");
        argv[1].data = db;
        argv[1].len = ngx_sprintf(db, "%ui", (ngx_uint_t) url->db) - db;

        if (ngx_http_batch_dial_redis_out_append(&peer->hello, 2, argv)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    argc = ngx_http_batch_dial_redis_probe_words(peer->conf, argv);

    return ngx_http_batch_dial_redis_out_append(&peer->hello, argc, argv);
}


static ngx_int_t
ngx_http_batch_dial_redis_peer_auth(ngx_http_batch_dial_redis_peer_t *peer)
{
    ngx_str_t        argv[3];
    ngx_uint_t       argc;
    bd_redis_url_t  *url;

    url = &peer->conf->url;

    ngx_str_set(&argv[0], "AUTH");
    argc = 1;

    if (url->user.len) {
        argv[argc].len = url->user.len;
        argv[argc++].data = (u_char *) url->user.data;
    }

    argv[argc].len = url->password.len;
    argv[argc++].data = (u_char *) url->password.data;

    return ngx_http_batch_dial_redis_out_append(&peer->hello, argc, argv);
}


/* NGX_DECLINED: Redis refuses */

static ngx_int_t
ngx_http_batch_dial_redis_peer_greeted(ngx_http_batch_dial_redis_peer_t *peer,
    redisReply *reply)
{
    ngx_str_t    code;
    ngx_uint_t   step;
    const char  *name;

    if (peer->hello.first) {
        ngx_http_batch_dial_redis_peer_cause(peer, "reply before the command");
        return NGX_ERROR;
    }

    step = peer->awaited & -peer->awaited;
    peer->awaited &= ~step;

    if (reply->type == REDIS_REPLY_ERROR) {
        name = (step == NGX_HTTP_BATCH_DIAL_REDIS_AUTH) ? "AUTH"
               : (step == NGX_HTTP_BATCH_DIAL_REDIS_SELECT) ? "SELECT"
               : peer->conf->probe_key.len ? "HMGET" : "PING";

        code = ngx_http_batch_dial_redis_reply_code(reply);

        ngx_http_batch_dial_redis_peer_cause(peer, "%s was answered \"%V\"",
                                             name, &code);
        return NGX_DECLINED;
    }

    if (peer->awaited) {
        return NGX_OK;
    }

    peer->state = NGX_HTTP_BATCH_DIAL_REDIS_READY;

    (void) ngx_atomic_fetch_add(&peer->stats->connections, 1);

    peer->events->up(peer->data);

    if (peer->out.first) {
        ngx_post_event(&peer->flush, &ngx_posted_events);
    }

    return NGX_OK;
}


static void
ngx_http_batch_dial_redis_peer_read(ngx_event_t *rev)
{
    ssize_t                            n;
    ngx_uint_t                         i;
    ngx_connection_t                  *c;
    ngx_http_batch_dial_redis_peer_t  *peer;

    c = rev->data;
    peer = c->data;

    if (c->close) {
        /* nginx closes idle connections: the worker is to exit */
        ngx_http_batch_dial_redis_peer_fail(peer, "worker exits");
        return;
    }

    for (i = 0; i < NGX_HTTP_BATCH_DIAL_REDIS_RECVS; i++) {

        n = c->recv(c, peer->buffer, NGX_HTTP_BATCH_DIAL_REDIS_RECV);

        if (n == NGX_AGAIN) {
            break;
        }

        if (n == 0 || n == NGX_ERROR) {
            ngx_http_batch_dial_redis_peer_fail(peer,
                                                n ? "connection reset"
                                                  : "connection closed");
            return;
        }

        if (ngx_http_batch_dial_redis_reader_feed(&peer->reader, peer->buffer,
                                                  n)
            != NGX_OK)
        {
            ngx_http_batch_dial_redis_peer_fail(peer, "no memory");
            return;
        }

        if (ngx_http_batch_dial_redis_peer_replies(peer) != NGX_OK) {
            return;
        }

        if (!rev->ready) {
            break;
        }
    }

    if (i == NGX_HTTP_BATCH_DIAL_REDIS_RECVS) {
        ngx_post_event(rev, &ngx_posted_next_events);
        return;
    }

    if (ngx_handle_read_event(rev, 0) != NGX_OK) {
        ngx_http_batch_dial_redis_peer_fail(peer, "no more events");
    }
}


/* NGX_ERROR: the connection has been ended */

static ngx_int_t
ngx_http_batch_dial_redis_peer_replies(ngx_http_batch_dial_redis_peer_t *peer)
{
    ngx_int_t    rc;
    redisReply  *reply;

    for ( ;; ) {

        rc = ngx_http_batch_dial_redis_reader_next(&peer->reader, &reply);

        if (rc == NGX_AGAIN) {
            return NGX_OK;
        }

        if (rc == NGX_ERROR) {
            ngx_http_batch_dial_redis_peer_cause(peer, "reply not understood");
            break;
        }

        if (peer->state == NGX_HTTP_BATCH_DIAL_REDIS_READY) {
            rc = peer->events->reply(peer->data, reply);

            if (rc == NGX_ERROR) {
                ngx_http_batch_dial_redis_peer_cause(peer, "unasked reply");
            }

        } else {
            rc = ngx_http_batch_dial_redis_peer_greeted(peer, reply);
        }

        freeReplyObject(reply);

        if (rc != NGX_OK) {
            break;
        }
    }

    ngx_http_batch_dial_redis_peer_end(peer, rc == NGX_DECLINED
                                       ? NGX_HTTP_BATCH_DIAL_REDIS_FAILED
                                       : NGX_HTTP_BATCH_DIAL_REDIS_GARBAGE);
    return NGX_ERROR;
}


ngx_int_t
ngx_http_batch_dial_redis_peer_command(ngx_http_batch_dial_redis_peer_t *peer,
    ngx_uint_t argc, const ngx_str_t *argv)
{
    if (ngx_http_batch_dial_redis_out_append(&peer->out, argc, argv)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    /*
     * Posted events run when all I/O events of this turn have: the commands
     * of all of them leave together.
     */

    if (peer->state == NGX_HTTP_BATCH_DIAL_REDIS_READY) {
        ngx_post_event(&peer->flush, &ngx_posted_events);
    }

    return NGX_OK;
}


ngx_uint_t
ngx_http_batch_dial_redis_probe_words(ngx_http_batch_dial_redis_conf_t *conf,
    ngx_str_t *argv)
{
    if (conf->probe_key.len == 0) {
        ngx_str_set(&argv[0], "PING");
        return 1;
    }

    ngx_str_set(&argv[0], "HMGET");
    argv[1] = conf->probe_key;
    ngx_str_set(&argv[2], "probe");

    return 3;
}


static void
ngx_http_batch_dial_redis_peer_flush(ngx_event_t *ev)
{
    ngx_http_batch_dial_redis_peer_write(ev->data);
}


static void
ngx_http_batch_dial_redis_peer_writable(ngx_event_t *wev)
{
    ngx_connection_t  *c;

    c = wev->data;

    ngx_http_batch_dial_redis_peer_write(c->data);
}


static void
ngx_http_batch_dial_redis_peer_write(ngx_http_batch_dial_redis_peer_t *peer)
{
    ngx_int_t                         rc;
    ngx_connection_t                 *c;
    ngx_http_batch_dial_redis_out_t  *out;

    c = peer->connection;

    out = (peer->state == NGX_HTTP_BATCH_DIAL_REDIS_READY) ? &peer->out
                                                           : &peer->hello;

    if (!c->write->ready || (out->first == NULL && !c->buffered)) {
        return;
    }

    if (peer->state == NGX_HTTP_BATCH_DIAL_REDIS_READY) {
        (void) ngx_atomic_fetch_add(&peer->stats->writes, 1);
    }

    rc = ngx_http_batch_dial_redis_out_send(out, c);

    if (rc == NGX_OK
        || (rc == NGX_AGAIN && ngx_handle_write_event(c->write, 0) == NGX_OK))
    {
        return;
    }

    ngx_http_batch_dial_redis_peer_fail(peer, "cannot write");
}


ngx_uint_t
ngx_http_batch_dial_redis_peer_started(ngx_http_batch_dial_redis_peer_t *peer)
{
    return ngx_http_batch_dial_redis_out_started(&peer->out);
}


void
ngx_http_batch_dial_redis_peer_discard(ngx_http_batch_dial_redis_peer_t *peer)
{
    ngx_http_batch_dial_redis_out_discard(&peer->out);
}


void ngx_cdecl
ngx_http_batch_dial_redis_peer_cause(ngx_http_batch_dial_redis_peer_t *peer,
    const char *fmt, ...)
{
    u_char   *last;
    va_list   args;

    last = peer->cause_buf + sizeof(peer->cause_buf);

    va_start(args, fmt);
    last = ngx_vslprintf(peer->cause_buf, last, fmt, args);
    va_end(args);

    peer->cause.data = peer->cause_buf;
    peer->cause.len = last - peer->cause_buf;
}


void
ngx_http_batch_dial_redis_peer_fail(ngx_http_batch_dial_redis_peer_t *peer,
    const char *cause)
{
    ngx_http_batch_dial_redis_peer_cause(peer, "%s", cause);
    ngx_http_batch_dial_redis_peer_end(peer,
                                       NGX_HTTP_BATCH_DIAL_REDIS_CLOSED);
}


void
ngx_http_batch_dial_redis_peer_end(ngx_http_batch_dial_redis_peer_t *peer,
    ngx_http_batch_dial_redis_end_e end)
{
    /* what ends before it was ready has failed, whoever ended it */

    if (peer->state != NGX_HTTP_BATCH_DIAL_REDIS_READY) {
        end = ngx_max(end, NGX_HTTP_BATCH_DIAL_REDIS_FAILED);
    }

    ngx_http_batch_dial_redis_peer_close(peer);

    /* the caller of connect() is told by its return code */

    if (!peer->starting) {
        peer->events->down(peer->data, end);
    }
}


void
ngx_http_batch_dial_redis_peer_close(ngx_http_batch_dial_redis_peer_t *peer)
{
    ngx_http_batch_dial_redis_connect_stop(peer);

    if (peer->connection) {
        ngx_http_batch_dial_redis_peer_drop(peer);
    }

    if (peer->flush.posted) {
        ngx_delete_posted_event(&peer->flush);
    }

    ngx_http_batch_dial_redis_out_discard(&peer->hello);
    ngx_http_batch_dial_redis_reader_close(&peer->reader);

    peer->state = NGX_HTTP_BATCH_DIAL_REDIS_DOWN;
}


void
ngx_http_batch_dial_redis_peer_drop(ngx_http_batch_dial_redis_peer_t *peer)
{
    ngx_pool_t        *pool;
    ngx_connection_t  *c;

    c = peer->connection;
    pool = c->pool;

    peer->connection = NULL;

    if (c->ssl) {

        /*
         * TLS says good-bye where that cannot block, on an idle connection;
         * on any other it could come to wait for a socket that is closed
         */

        c->ssl->no_wait_shutdown = 1;
        c->error |= !c->idle;

        (void) ngx_ssl_shutdown(c);
    }

    ngx_close_connection(c);

    if (pool) {
        ngx_destroy_pool(pool);
    }
}
