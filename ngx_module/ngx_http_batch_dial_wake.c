/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Wakes other workers of this host, by datagrams to sockets with names in
 * Linux' abstract namespace: they are no files, nothing is left of them when
 * a worker dies, and no permissions are needed.  What must hold:
 *
 *   - a name is of one living worker, since a slot is; whoever else has it is
 *     a stranger to us, and the worker goes without;
 *   - what a datagram says is never looked at, and who sent it is not asked;
 *   - neither side ever waits: a queue that is full holds a datagram already.
 *
 * Called at the start and end of a worker, and whenever it has something for
 * others.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include "ngx_http_batch_dial_wake.h"


/* So many datagrams at once; then the others of this worker have their turn. */
#define NGX_HTTP_BATCH_DIAL_WAKE_RECVS  64

/* A zero byte, "batch-dial-", the zone, "-", a slot. */
#define NGX_HTTP_BATCH_DIAL_WAKE_NAME                                         \
    (sizeof("\0batch-dial-") - 1 + 16 + 1 + NGX_INT_T_LEN)


struct ngx_http_batch_dial_wake_s {
    ngx_connection_t                     *connection;
    uint64_t                              zone;
    ngx_uint_t                            slot;
    ngx_http_batch_dial_wake_handler_pt   handler;
    void                                 *data;
};


static ngx_socket_t ngx_http_batch_dial_wake_bind(ngx_cycle_t *cycle,
    uint64_t zone, ngx_uint_t slot);
static ngx_int_t ngx_http_batch_dial_wake_listen(ngx_cycle_t *cycle,
    ngx_http_batch_dial_wake_t *wake, ngx_socket_t fd);
static socklen_t ngx_http_batch_dial_wake_name(struct sockaddr_un *sun,
    uint64_t zone, ngx_uint_t slot);
static void ngx_http_batch_dial_wake_read(ngx_event_t *rev);
static void ngx_http_batch_dial_wake_one(ngx_http_batch_dial_wake_t *wake,
    ngx_uint_t slot);


ngx_http_batch_dial_wake_t *
ngx_http_batch_dial_wake_open(ngx_cycle_t *cycle, uint64_t zone,
    ngx_uint_t slot, ngx_http_batch_dial_wake_handler_pt handler, void *data)
{
    ngx_socket_t                 fd;
    ngx_http_batch_dial_wake_t  *wake;

    wake = ngx_calloc(sizeof(ngx_http_batch_dial_wake_t), cycle->log);
    if (wake == NULL) {
        return NULL;
    }

    wake->zone = zone;
    wake->slot = slot;
    wake->handler = handler;
    wake->data = data;

    fd = ngx_http_batch_dial_wake_bind(cycle, zone, slot);

    if (fd == (ngx_socket_t) -1) {
        ngx_free(wake);
        return NULL;
    }

    if (ngx_http_batch_dial_wake_listen(cycle, wake, fd) != NGX_OK) {

        if (ngx_close_socket(fd) == -1) {
            ngx_log_error(NGX_LOG_ALERT, cycle->log, ngx_socket_errno,
                          ngx_close_socket_n " failed");
        }

        ngx_free(wake);
        return NULL;
    }

    return wake;
}


static ngx_socket_t
ngx_http_batch_dial_wake_bind(ngx_cycle_t *cycle, uint64_t zone,
    ngx_uint_t slot)
{
    ngx_err_t            err;
    socklen_t            len;
    ngx_socket_t         fd;
    struct sockaddr_un   sun;

    fd = socket(AF_UNIX, SOCK_DGRAM|SOCK_NONBLOCK|SOCK_CLOEXEC, 0);

    if (fd == (ngx_socket_t) -1) {
        ngx_log_error(NGX_LOG_WARN, cycle->log, ngx_socket_errno,
                      "batch_dial: no socket to be woken by");
        return fd;
    }

    len = ngx_http_batch_dial_wake_name(&sun, zone, slot);

    if (bind(fd, (struct sockaddr *) &sun, len) == 0) {
        return fd;
    }

    err = ngx_socket_errno;

    ngx_log_error(NGX_LOG_WARN, cycle->log, err,
                  "batch_dial: cannot be woken at \"@%*s\"",
                  len - offsetof(struct sockaddr_un, sun_path) - 1,
                  sun.sun_path + 1);

    if (ngx_close_socket(fd) == -1) {
        ngx_log_error(NGX_LOG_ALERT, cycle->log, ngx_socket_errno,
                      ngx_close_socket_n " failed");
    }

    return (ngx_socket_t) -1;
}


static ngx_int_t
ngx_http_batch_dial_wake_listen(ngx_cycle_t *cycle,
    ngx_http_batch_dial_wake_t *wake, ngx_socket_t fd)
{
    ngx_connection_t  *c;

    c = ngx_get_connection(fd, cycle->log);
    if (c == NULL) {
        return NGX_ERROR;
    }

    c->data = wake;

    c->read->handler = ngx_http_batch_dial_wake_read;
    c->read->log = cycle->log;
    c->write->log = cycle->log;

    if (ngx_handle_read_event(c->read, 0) != NGX_OK) {
        ngx_free_connection(c);
        c->fd = (ngx_socket_t) -1;

        return NGX_ERROR;
    }

    wake->connection = c;

    return NGX_OK;
}


static socklen_t
ngx_http_batch_dial_wake_name(struct sockaddr_un *sun, uint64_t zone,
    ngx_uint_t slot)
{
    u_char  *p, *last;

    ngx_memzero(sun, sizeof(struct sockaddr_un));

    sun->sun_family = AF_UNIX;

    p = (u_char *) sun->sun_path;
    last = p + NGX_HTTP_BATCH_DIAL_WAKE_NAME;

    *p++ = '\0';
    p = ngx_slprintf(p, last, "batch-dial-%016xL-%ui", zone, slot);

    return p - (u_char *) sun;
}


void
ngx_http_batch_dial_wake_close(ngx_http_batch_dial_wake_t *wake)
{
    if (wake == NULL) {
        return;
    }

    ngx_close_connection(wake->connection);
    ngx_free(wake);
}


static void
ngx_http_batch_dial_wake_read(ngx_event_t *rev)
{
    u_char                       buf[1];
    ssize_t                      n;
    ngx_err_t                    err;
    ngx_uint_t                   i;
    ngx_connection_t            *c;
    ngx_http_batch_dial_wake_t  *wake;

    c = rev->data;
    wake = c->data;

    for (i = 0; i < NGX_HTTP_BATCH_DIAL_WAKE_RECVS; i++) {

        /* a longer datagram is cut, what it brings along is dropped */

        n = recv(c->fd, buf, sizeof(buf), 0);

        if (n >= 0) {
            continue;
        }

        err = ngx_socket_errno;

        if (err == NGX_EINTR) {
            continue;
        }

        if (err != NGX_EAGAIN) {
            ngx_log_error(NGX_LOG_ERR, c->log, err,
                          "batch_dial: cannot see who wakes");
        }

        rev->ready = 0;
        break;
    }

    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, c->log, 0,
                   "batch_dial: woken by %ui datagrams", i);

    if (rev->ready) {
        ngx_post_event(rev, &ngx_posted_next_events);

    } else if (ngx_handle_read_event(rev, 0) != NGX_OK) {
        ngx_log_error(NGX_LOG_ERR, c->log, 0,
                      "batch_dial: cannot be woken any more");
    }

    if (i) {
        wake->handler(wake->data);
    }
}


void
ngx_http_batch_dial_wake_send(ngx_http_batch_dial_wake_t *wake,
    const bd_slots_t *slots)
{
    uint64_t    bits;
    ngx_uint_t  i, slot;

    if (wake == NULL) {
        return;
    }

    /* mostly nobody waits in other workers */

    for (i = 0; i < BD_WORKERS / 64; i++) {

        for (bits = slots->bits[i]; bits; bits &= bits - 1) {
            slot = i * 64 + __builtin_ctzll(bits);

            if (slot != wake->slot) {
                ngx_http_batch_dial_wake_one(wake, slot);
            }
        }
    }
}


static void
ngx_http_batch_dial_wake_one(ngx_http_batch_dial_wake_t *wake, ngx_uint_t slot)
{
    ssize_t              n;
    socklen_t            len;
    struct sockaddr_un   sun;

    len = ngx_http_batch_dial_wake_name(&sun, wake->zone, slot);

    n = sendto(wake->connection->fd, "", 1, MSG_DONTWAIT|MSG_NOSIGNAL,
               (struct sockaddr *) &sun, len);

    if (n == -1) {

        /* it is gone, or has so many datagrams that it will look anyway */

        ngx_log_debug1(NGX_LOG_DEBUG_HTTP, wake->connection->log,
                       ngx_socket_errno,
                       "batch_dial: worker of slot %ui not woken", slot);
    }
}
