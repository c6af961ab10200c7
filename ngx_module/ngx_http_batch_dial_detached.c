/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * A request that is no client's.  A fetch must outlive the client that caused
 * it, yet it must go upstream the way the user configured: through the
 * location's proxy_pass, its headers, variables, TLS and keepalive.  So it is
 * a request like any other, on a connection object without a peer, made from
 * a client's request that has reached the precontent phase; it goes on with
 * the phases behind ours.
 *
 * Nothing of it may point into the client's request or connection: both may
 * be gone while it runs.  What is copied:
 *
 *   configuration      srv_conf, loc_conf ("if" blocks have their own)
 *   URI, headers       canonical (canonical.c)
 *   addresses          of the client, for $remote_addr and the error log
 *   captures           of the regex location: $1, $2, named ones
 *   variables          inherit.c says which, and why
 *
 * The connection object needs a descriptor, and one that is never readable: an
 * eventfd, one for all of a worker's.  It is never added to epoll (its events
 * are marked active), nothing is ever written to it, since our filters take
 * all output, and no connection closes it (c->shared, as with UDP listeners):
 * to open and close one each time would be 7 % of a miss.
 *
 * No access log line is written for it: the client's request has one.
 */


#include "ngx_http_batch_dial_detached.h"
#include <sys/eventfd.h>


static ngx_connection_t *ngx_http_batch_dial_detached_connection(
    ngx_http_request_t *r);
static ngx_int_t ngx_http_batch_dial_detached_address(ngx_connection_t *c,
    ngx_http_request_t *r);
static void ngx_http_batch_dial_detached_close(ngx_connection_t *c);
static ngx_int_t ngx_http_batch_dial_detached_fill(ngx_http_request_t *fr,
    ngx_http_request_t *r, ngx_str_t *path, ngx_str_t *id);
static ngx_int_t ngx_http_batch_dial_detached_headers(ngx_http_request_t *fr,
    ngx_http_request_t *r);
static ngx_int_t ngx_http_batch_dial_detached_captures(ngx_http_request_t *fr,
    ngx_http_request_t *r);
static void ngx_http_batch_dial_detached_event(ngx_event_t *ev);
static void ngx_http_batch_dial_detached_ended(void *data);
static u_char *ngx_http_batch_dial_detached_log(ngx_log_t *log, u_char *buf,
    size_t len);


ngx_int_t
ngx_http_batch_dial_detached_init(ngx_cycle_t *cycle,
    ngx_http_batch_dial_main_conf_t *mcf)
{
    ngx_pool_cleanup_t       *cln;
    ngx_pool_cleanup_file_t  *file;

    cln = ngx_pool_cleanup_add(cycle->pool, sizeof(ngx_pool_cleanup_file_t));
    if (cln == NULL) {
        return NGX_ERROR;
    }

    mcf->detached_fd = eventfd(0, EFD_NONBLOCK|EFD_CLOEXEC);
    if (mcf->detached_fd == NGX_INVALID_FILE) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, ngx_errno,
                      "batch_dial: eventfd() failed");
        return NGX_ERROR;
    }

    file = cln->data;
    file->fd = mcf->detached_fd;
    file->name = (u_char *) "eventfd of detached requests";
    file->log = cycle->log;

    cln->handler = ngx_pool_cleanup_file;

    return NGX_OK;
}


ngx_http_request_t *
ngx_http_batch_dial_detached_create(ngx_http_request_t *r, ngx_str_t *path,
    ngx_str_t *id)
{
    ngx_connection_t    *c;
    ngx_http_cleanup_t  *cln;
    ngx_http_request_t  *fr;

    c = ngx_http_batch_dial_detached_connection(r);
    if (c == NULL) {
        return NULL;
    }

    fr = ngx_http_create_request(c);
    if (fr == NULL) {
        ngx_http_batch_dial_detached_close(c);
        return NULL;
    }

    c->data = fr;

    fr->logged = 1;

    cln = ngx_http_cleanup_add(fr, 0);

    if (cln == NULL
        || ngx_http_batch_dial_detached_fill(fr, r, path, id) != NGX_OK)
    {
        ngx_http_free_request(fr, 0);
        ngx_http_batch_dial_detached_close(c);
        return NULL;
    }

    cln->handler = ngx_http_batch_dial_detached_ended;
    cln->data = c;

    return fr;
}


static ngx_connection_t *
ngx_http_batch_dial_detached_connection(ngx_http_request_t *r)
{
    ngx_log_t                        *log;
    ngx_connection_t                 *c;
    ngx_http_log_ctx_t               *lctx;
    ngx_http_connection_t            *hc;
    ngx_http_batch_dial_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(r, ngx_http_batch_dial_module);

    c = ngx_get_connection(mcf->detached_fd, r->connection->log);
    if (c == NULL) {
        return NULL;
    }

    c->shared = 1;

#if (NGX_STAT_STUB)
    (void) ngx_atomic_fetch_add(ngx_stat_active, 1);
#endif

    c->pool = ngx_create_pool(1024, ngx_cycle->log);
    if (c->pool == NULL) {
        ngx_http_batch_dial_detached_close(c);
        return NULL;
    }

    hc = ngx_pcalloc(c->pool, sizeof(ngx_http_connection_t));
    log = ngx_palloc(c->pool, sizeof(ngx_log_t));
    lctx = ngx_pcalloc(c->pool, sizeof(ngx_http_log_ctx_t));
    c->buffer = ngx_calloc_buf(c->pool);

    if (hc == NULL || log == NULL || lctx == NULL || c->buffer == NULL
        || ngx_http_batch_dial_detached_address(c, r) != NGX_OK)
    {
        ngx_http_batch_dial_detached_close(c);
        return NULL;
    }

    hc->addr_conf = r->http_connection->addr_conf;
    hc->conf_ctx = r->http_connection->conf_ctx;
    c->data = hc;

    /* as ngx_http_init_connection() does for a client */

    *log = ngx_cycle->new_log;
    log->connection = r->connection->number;
    log->handler = ngx_http_batch_dial_detached_log;
    log->data = lctx;
    log->action = "asking upstream";

    lctx->connection = c;

    c->log = log;
    c->pool->log = log;
    c->read->log = log;
    c->write->log = log;
    c->log_error = NGX_ERROR_INFO;
    c->number = r->connection->number;
    c->start_time = ngx_current_msec;

    c->recv = ngx_recv;
    c->send = ngx_send;
    c->recv_chain = ngx_recv_chain;
    c->send_chain = ngx_send_chain;

    c->read->handler = ngx_http_batch_dial_detached_event;
    c->write->handler = ngx_http_batch_dial_detached_event;
    c->read->active = 1;
    c->write->active = 1;
    c->write->ready = 1;

    /* so that nginx does not linger when it closes: "lingering_close always"
     * would call shutdown() on an eventfd */

    c->read->eof = 1;

    /* a non-buffered proxy would set TCP_NODELAY on our eventfd */

    c->tcp_nodelay = NGX_TCP_NODELAY_DISABLED;

    return c;
}


static ngx_int_t
ngx_http_batch_dial_detached_address(ngx_connection_t *c,
    ngx_http_request_t *r)
{
    ngx_connection_t  *cc;

    cc = r->connection;

    c->sockaddr = ngx_palloc(c->pool, cc->socklen);
    c->addr_text.data = ngx_pnalloc(c->pool, cc->addr_text.len + 1);
    c->local_sockaddr = ngx_palloc(c->pool, sizeof(ngx_sockaddr_t));

    if (c->sockaddr == NULL || c->addr_text.data == NULL
        || c->local_sockaddr == NULL)
    {
        return NGX_ERROR;
    }

    ngx_memcpy(c->sockaddr, cc->sockaddr, cc->socklen);
    c->socklen = cc->socklen;
    c->type = cc->type;

    ngx_memcpy(c->addr_text.data, cc->addr_text.data, cc->addr_text.len);
    c->addr_text.len = cc->addr_text.len;

    /* a wildcard listener learns its address by a call on the descriptor,
     * which ours does not answer: let the client's connection tell */

    if (ngx_connection_local_sockaddr(cc, NULL, 0) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_memcpy(c->local_sockaddr, cc->local_sockaddr, cc->local_socklen);
    c->local_socklen = cc->local_socklen;

    return NGX_OK;
}


/* Only for a connection that no request has taken over. */

static void
ngx_http_batch_dial_detached_close(ngx_connection_t *c)
{
    ngx_pool_t  *pool;

    pool = c->pool;
    c->destroyed = 1;
    c->log = ngx_cycle->log;
    c->read->log = c->log;
    c->write->log = c->log;

#if (NGX_STAT_STUB)
    (void) ngx_atomic_fetch_add(ngx_stat_active, -1);
#endif

    ngx_close_connection(c);

    if (pool) {
        ngx_destroy_pool(pool);
    }
}


static ngx_int_t
ngx_http_batch_dial_detached_fill(ngx_http_request_t *fr,
    ngx_http_request_t *r, ngx_str_t *path, ngx_str_t *id)
{
    u_char                    *p;
    ngx_http_core_loc_conf_t  *clcf;

    static ngx_str_t  get = ngx_string("GET");

    fr->srv_conf = r->srv_conf;
    fr->loc_conf = r->loc_conf;

    clcf = ngx_http_get_module_loc_conf(fr, ngx_http_core_module);
    ngx_set_connection_log(fr->connection, clcf->error_log);

    fr->method = NGX_HTTP_GET;
    fr->method_name = get;
    fr->http_version = r->http_version;
    fr->start_sec = r->start_sec;
    fr->start_msec = r->start_msec;

    if (ngx_http_batch_dial_canonical_uri(fr, path, id) != NGX_OK
        || ngx_http_batch_dial_detached_headers(fr, r) != NGX_OK
        || ngx_http_batch_dial_detached_captures(fr, r) != NGX_OK
        || ngx_http_batch_dial_inherit_variables(fr, r) != NGX_OK)
    {
        return NGX_ERROR;
    }

    /* for $request and the error log */

    fr->request_line.data = ngx_pnalloc(fr->pool, sizeof("GET  HTTP/1.1")
                                                  + fr->uri.len);
    if (fr->request_line.data == NULL
        || ngx_http_batch_dial_copy_str(fr, &fr->http_protocol,
                                        &r->http_protocol)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    p = ngx_sprintf(fr->request_line.data, "GET %V HTTP/1.1%Z", &fr->uri);
    fr->request_line.len = p - fr->request_line.data - 1;

    fr->content_handler = r->content_handler;
    fr->phase_handler = r->phase_handler + 1;
    fr->write_event_handler = ngx_http_core_run_phases;
    fr->http_state = NGX_HTTP_PROCESS_REQUEST_STATE;
    fr->valid_location = 1;
    fr->lingering_close = 0;
    fr->keepalive = 0;

#if (NGX_STAT_STUB)
    (void) ngx_atomic_fetch_add(ngx_stat_reading, -1);
    fr->stat_reading = 0;
    (void) ngx_atomic_fetch_add(ngx_stat_requests, -1);
#endif

    return NGX_OK;
}


static ngx_int_t
ngx_http_batch_dial_detached_headers(ngx_http_request_t *fr,
    ngx_http_request_t *r)
{
    ngx_uint_t                  i;
    ngx_list_part_t            *part;
    ngx_table_elt_t            *h;
    ngx_http_header_t          *hh;
    ngx_http_core_main_conf_t  *cmcf;

    if (ngx_http_batch_dial_canonical_headers(fr, r) != NGX_OK) {
        return NGX_ERROR;
    }

    /* with the name set, the handler of Host looks for no virtual server */

    if (ngx_http_batch_dial_copy_str(fr, &fr->headers_in.server,
                                     &r->headers_in.server)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    cmcf = ngx_http_get_module_main_conf(fr, ngx_http_core_module);

    for (part = &fr->headers_in.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            hh = ngx_hash_find(&cmcf->headers_in_hash, h[i].hash,
                               h[i].lowcase_key, h[i].key.len);

            if (hh && hh->handler(fr, &h[i], hh->offset) != NGX_OK) {
                return NGX_ERROR;
            }
        }
    }

    fr->headers_in.chunked = 0;
    fr->headers_in.content_length_n = -1;

    return NGX_OK;
}


static ngx_int_t
ngx_http_batch_dial_detached_captures(ngx_http_request_t *fr,
    ngx_http_request_t *r)
{
#if (NGX_PCRE)

    size_t      last;
    ngx_str_t   src, dst;
    ngx_uint_t  i;

    if (r->ncaptures == 0) {
        return NGX_OK;
    }

    fr->captures = ngx_palloc(fr->pool, r->ncaptures * sizeof(int));
    if (fr->captures == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(fr->captures, r->captures, r->ncaptures * sizeof(int));

    /* offsets into captures_data; its own length is not kept anywhere */

    last = 0;

    for (i = 0; i < r->ncaptures; i++) {
        last = ngx_max(last, (size_t) ngx_max(r->captures[i], 0));
    }

    src.data = r->captures_data;
    src.len = last;

    if (ngx_http_batch_dial_copy_str(fr, &dst, &src) != NGX_OK) {
        return NGX_ERROR;
    }

    fr->captures_data = dst.data;
    fr->ncaptures = r->ncaptures;

#endif

    return NGX_OK;
}


/*
 * No event of the descriptor comes here, but nginx's own do: timers, and the
 * end of worker_shutdown_timeout, which sets c->close.
 */

static void
ngx_http_batch_dial_detached_event(ngx_event_t *ev)
{
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    c = ev->data;
    r = c->data;

    if (c->close) {

        /* upstream's cleanup gives up a reference while the others run */

        r->main->count++;
        ngx_http_finalize_request(r, NGX_HTTP_CLIENT_CLOSED_REQUEST);

    } else if (ev->write) {
        r->write_event_handler(r);

    } else {
        r->read_event_handler(r);
    }

    ngx_http_run_posted_requests(c);
}


static void
ngx_http_batch_dial_detached_ended(void *data)
{
    ngx_connection_t *c = data;

    /* no reset_timedout_connection: there is nobody to send a reset to */

    c->timedout = 0;
}


static u_char *
ngx_http_batch_dial_detached_log(ngx_log_t *log, u_char *buf, size_t len)
{
    u_char              *p;
    ngx_http_request_t  *r;
    ngx_http_log_ctx_t  *ctx;

    p = buf;
    ctx = log->data;

    if (log->action) {
        p = ngx_snprintf(buf, len, " while %s", log->action);
        len -= p - buf;
        buf = p;
    }

    p = ngx_snprintf(buf, len, ", batch_dial fetch, client: %V",
                     &ctx->connection->addr_text);
    len -= p - buf;

    r = ctx->request;

    if (r) {
        return r->log_handler(r, ctx->current_request, p, len);
    }

    return p;
}
