/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The fetch: one question to upstream, asked by a detached request, and what
 * its answer is worth.
 *
 *   event                                        what follows
 *   create           the detached request is made, while there is a client's
 *                    request to make it of
 *   run              it runs the location's handler
 *   drop             it is closed instead
 *   header           status and headers are noted; a body announced larger
 *                    than batch_dial_max_body ends the fetch (OVERSIZE)
 *   body             copied up to the limit, then judged when complete
 *   upstream broke   what is here is no answer (TRUNCATED)
 *   nginx's 500,     its error page is dropped, the status tells the cause
 *   502, 504
 *   end              the detached request is closed, whatever happened; the
 *                    answer is settled and the owner is told
 *
 * The owner is told by a posted event, in the same turn of the event loop:
 * the end of a request is no place to run other requests from.
 *
 * Owners: the fetch lives in the pool of its answer and holds one reference
 * of it until the owner has been told.
 */


#include "ngx_http_batch_dial_answer.h"
#include "ngx_http_batch_dial_context.h"
#include "ngx_http_batch_dial_detached.h"
#include "ngx_http_batch_dial_fetch_private.h"
#include "bd_problem.h"


static ngx_http_batch_dial_fetch_t *ngx_http_batch_dial_fetch_alloc(
    ngx_http_batch_dial_ctx_t *ctx);
static ngx_int_t ngx_http_batch_dial_fetch_attach(
    ngx_http_batch_dial_fetch_t *f, ngx_http_request_t *fr);
static void ngx_http_batch_dial_fetch_close(ngx_http_request_t *fr);
static void ngx_http_batch_dial_fetch_ended(void *data);
static void ngx_http_batch_dial_fetch_wake(ngx_event_t *ev);
static ngx_int_t ngx_http_batch_dial_fetch_etag(
    ngx_http_batch_dial_answer_t *a);
static void ngx_http_batch_dial_fetch_problem(ngx_http_batch_dial_fetch_t *f,
    bd_problem_e problem);
static void ngx_http_batch_dial_fetch_states(ngx_http_batch_dial_fetch_t *f);
static void ngx_http_batch_dial_fetch_count(ngx_http_batch_dial_fetch_t *f);


ngx_http_batch_dial_fetch_t *
ngx_http_batch_dial_fetch_create(ngx_http_batch_dial_ctx_t *ctx,
    ngx_http_batch_dial_fetch_handler_pt handler, void *data)
{
    ngx_http_request_t           *fr;
    ngx_http_batch_dial_fetch_t  *f;

    f = ngx_http_batch_dial_fetch_alloc(ctx);
    if (f == NULL) {
        return NULL;
    }

    fr = ngx_http_batch_dial_detached_create(ctx->request, &f->blcf->path,
                                             &ctx->id);
    if (fr == NULL) {
        ngx_http_batch_dial_answer_unref(f->answer);
        return NULL;
    }

    if (ngx_http_batch_dial_fetch_attach(f, fr) != NGX_OK) {
        ngx_http_batch_dial_answer_unref(f->answer);
        ngx_http_batch_dial_fetch_close(fr);
        return NULL;
    }

    f->handler = handler;
    f->data = data;

    return f;
}


static ngx_http_batch_dial_fetch_t *
ngx_http_batch_dial_fetch_alloc(ngx_http_batch_dial_ctx_t *ctx)
{
    ngx_http_request_t            *r;
    ngx_http_batch_dial_fetch_t   *f;
    ngx_http_batch_dial_answer_t  *a;

    r = ctx->request;

    a = ngx_http_batch_dial_answer_create(ngx_cycle->log);
    if (a == NULL) {
        return NULL;
    }

    f = ngx_pcalloc(a->pool, sizeof(ngx_http_batch_dial_fetch_t));

    if (f == NULL
        || (f->id.data = ngx_pstrdup(a->pool, &ctx->id)) == NULL
        || ngx_array_init(&a->headers, a->pool, 2, sizeof(ngx_keyval_t))
           != NGX_OK)
    {
        ngx_http_batch_dial_answer_unref(a);
        return NULL;
    }

    f->id.len = ctx->id.len;

    f->answer = a;
    f->mcf = ngx_http_get_module_main_conf(r, ngx_http_batch_dial_module);
    f->blcf = ngx_http_get_module_loc_conf(r, ngx_http_batch_dial_module);

    f->wake.handler = ngx_http_batch_dial_fetch_wake;
    f->wake.data = f;
    f->wake.log = ngx_cycle->log;

    ngx_memcpy(f->credential, ctx->credential, BD_MAC_SIZE);

    return f;
}


static ngx_int_t
ngx_http_batch_dial_fetch_attach(ngx_http_batch_dial_fetch_t *f,
    ngx_http_request_t *fr)
{
    ngx_http_cleanup_t         *cln;
    ngx_http_batch_dial_ctx_t  *fctx;

    fctx = ngx_http_batch_dial_create_ctx(fr, BD_CLASS_NONE, &f->id);
    if (fctx == NULL) {
        return NGX_ERROR;
    }

    cln = ngx_http_cleanup_add(fr, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_http_batch_dial_fetch_ended;
    cln->data = f;

    fctx->own = f;
    fctx->has_credential = 1;
    ngx_memcpy(fctx->credential, f->credential, BD_MAC_SIZE);

    f->request = fr;

    return NGX_OK;
}


void
ngx_http_batch_dial_fetch_run(ngx_http_batch_dial_fetch_t *f, uint64_t expiry,
    uint64_t generation)
{
    ngx_time_t          *tp;
    ngx_connection_t    *c;
    ngx_http_request_t  *fr;

    fr = f->request;
    c = fr->connection;

    f->started = ngx_http_batch_dial_now();
    f->answer->entry.expiry = expiry;
    f->answer->entry.generation = generation;

    /* $request_time and the like: not of the client's wait, but its own */

    tp = ngx_timeofday();
    fr->start_sec = tp->sec;
    fr->start_msec = tp->msec;

    /* fr may have ended on return, f may not: it waits for its wake-up */

    ngx_http_core_run_phases(fr);
    ngx_http_run_posted_requests(c);
}


void
ngx_http_batch_dial_fetch_drop(ngx_http_batch_dial_fetch_t *f)
{
    f->handler = NULL;

    /* as nginx does: one that has an upstream is not to be freed with it */

    f->request->count++;

    ngx_http_batch_dial_fetch_close(f->request);
}


static void
ngx_http_batch_dial_fetch_close(ngx_http_request_t *fr)
{
    ngx_connection_t  *c;

    c = fr->connection;

    ngx_http_finalize_request(fr, NGX_ERROR);
    ngx_http_run_posted_requests(c);
}


/* The cleanup of the fetch's own request. */

static void
ngx_http_batch_dial_fetch_ended(void *data)
{
    ngx_http_batch_dial_fetch_t *f = data;

    ngx_http_batch_dial_fetch_states(f);

    if (f->handler == NULL) {

        /* dropped: nobody is to be told */

        f->request = NULL;
        ngx_post_event(&f->wake, &ngx_posted_events);
        return;
    }

    switch (f->state) {

    case NGX_HTTP_BATCH_DIAL_FETCH_COMPLETE:
        break;

    case NGX_HTTP_BATCH_DIAL_FETCH_OVERSIZE:
        if (f->status == NGX_HTTP_OK
            && f->blcf->schema_mode == NGX_HTTP_BATCH_DIAL_MODE_ENFORCE)
        {
            ngx_http_batch_dial_fetch_problem(f, BD_PROBLEM_INVALID_RESPONSE);

        } else {

            /* the status says what it is worth, also without the body */

            if (f->status != NGX_HTTP_OK) {
                ngx_http_batch_dial_judge(f->answer, f->mcf, f->blcf, &f->id,
                                          &f->headers);
            }

            f->answer->kind = NGX_HTTP_BATCH_DIAL_ANSWER_DIRECT;
            f->answer->status = f->status;
        }

        break;

    default:
        ngx_http_batch_dial_fetch_problem(f,
                                   f->status == NGX_HTTP_GATEWAY_TIME_OUT
                                   ? BD_PROBLEM_UPSTREAM_TIMEOUT
                                   : BD_PROBLEM_UPSTREAM_UNREACHABLE);
    }

    ngx_http_batch_dial_fetch_count(f);

    f->request = NULL;

    ngx_post_event(&f->wake, &ngx_posted_events);
}


static void
ngx_http_batch_dial_fetch_wake(ngx_event_t *ev)
{
    ngx_http_batch_dial_fetch_t *f = ev->data;

    ngx_http_batch_dial_answer_t  *a;

    a = f->answer;

    if (f->handler) {
        f->handler(f->data, a);
    }

    ngx_http_batch_dial_answer_unref(a);
}


static void
ngx_http_batch_dial_fetch_problem(ngx_http_batch_dial_fetch_t *f,
    bd_problem_e problem)
{
    f->answer->kind = NGX_HTTP_BATCH_DIAL_ANSWER_PROBLEM;
    f->answer->problem = problem;
    f->answer->status = bd_problem_status(problem);
    f->answer->failure = 1;
}


void
ngx_http_batch_dial_fetch_settle(ngx_http_batch_dial_fetch_t *f)
{
    ngx_http_batch_dial_answer_t  *a;

    a = f->answer;
    a->entry.body = bd_slice_make(f->body.data, f->body.len);
    a->entry.fetched_ms = f->started;

    if (f->state == NGX_HTTP_BATCH_DIAL_FETCH_PAGE) {
        a->kind = NGX_HTTP_BATCH_DIAL_ANSWER_PASS;
        a->status = f->status;

        /* the page says how to put it, upstream what it is */

        a->failure = (a->upstream_status >= NGX_HTTP_INTERNAL_SERVER_ERROR
                      || a->upstream_status == NGX_HTTP_TOO_MANY_REQUESTS);

    } else {
        ngx_http_batch_dial_judge(a, f->mcf, f->blcf, &f->id, &f->headers);
    }

    f->state = NGX_HTTP_BATCH_DIAL_FETCH_COMPLETE;

    if (a->kind == NGX_HTTP_BATCH_DIAL_ANSWER_ENTRY
        && a->entry.etag.len == 0
        && ngx_http_batch_dial_fetch_etag(a) != NGX_OK)
    {
        a->entry.ttl_ms = 0;
    }
}


ngx_http_batch_dial_answer_t *
ngx_http_batch_dial_fetch_written(ngx_http_batch_dial_ctx_t *ctx)
{
    ngx_http_request_t            *r;
    ngx_http_batch_dial_fetch_t   *f;
    ngx_http_batch_dial_answer_t  *a;

    r = ctx->request;

    /* a fetch but for the fetching */

    f = ngx_http_batch_dial_fetch_alloc(ctx);
    if (f == NULL) {
        return NULL;
    }

    a = f->answer;

    f->started = ctx->began_ms;
    f->state = NGX_HTTP_BATCH_DIAL_FETCH_UPSTREAM;
    f->status = r->headers_out.status;
    f->body = ctx->body;

    if (ngx_http_batch_dial_fetch_headers(f, r) == NGX_OK
        && !f->headers.no_store)
    {
        a->entry.body = bd_slice_make(f->body.data, f->body.len);
        a->entry.fetched_ms = f->started;

        if (ngx_http_batch_dial_judge_written(a, f->blcf, &f->id, &f->headers)
            == NGX_OK
            && (a->entry.etag.len
                || ngx_http_batch_dial_fetch_etag(a) == NGX_OK))
        {
            return a;
        }
    }

    ngx_http_batch_dial_answer_unref(a);

    return NULL;
}


/* A strong validator, RFC 9110, section 8.8.3: half a SHA-256 of the body. */

static ngx_int_t
ngx_http_batch_dial_fetch_etag(ngx_http_batch_dial_answer_t *a)
{
    char     etag[2 + BD_MAC_SIZE];
    uint8_t  digest[BD_MAC_SIZE];

    if (bd_sha256(a->entry.body, digest) != 0) {
        return NGX_ERROR;
    }

    etag[0] = '"';
    bd_hex(etag + 1, digest, BD_MAC_SIZE / 2);
    etag[1 + BD_MAC_SIZE] = '"';

    return ngx_http_batch_dial_answer_copy(a, &a->entry.etag, etag,
                                           sizeof(etag));
}


/*
 * Keeps what $upstream_addr, $upstream_response_time and the like say of the
 * fetch for the access log of those who get its answer.
 */

static void
ngx_http_batch_dial_fetch_states(ngx_http_batch_dial_fetch_t *f)
{
    ngx_str_t                  *peer;
    ngx_uint_t                  i;
    ngx_array_t                *states;
    ngx_http_upstream_state_t  *s;

    if (f->request->upstream_states == NULL) {
        return;
    }

    states = ngx_array_create(f->answer->pool,
                              f->request->upstream_states->nelts,
                              sizeof(ngx_http_upstream_state_t));
    if (states == NULL) {
        return;
    }

    s = f->request->upstream_states->elts;

    for (i = 0; i < f->request->upstream_states->nelts; i++) {
        peer = s[i].peer;

        if (peer) {
            peer = ngx_palloc(f->answer->pool, sizeof(ngx_str_t));
            if (peer == NULL) {
                return;
            }

            peer->len = s[i].peer->len;
            peer->data = ngx_pstrdup(f->answer->pool, s[i].peer);
            if (peer->data == NULL) {
                return;
            }
        }

        *(ngx_http_upstream_state_t *) ngx_array_push(states) = s[i];
        ((ngx_http_upstream_state_t *) states->elts)[i].peer = peer;
    }

    f->answer->states = states;
}


static void
ngx_http_batch_dial_fetch_count(ngx_http_batch_dial_fetch_t *f)
{
    ngx_uint_t  status;

    status = f->answer->upstream_status;

    if (f->state != NGX_HTTP_BATCH_DIAL_FETCH_COMPLETE || status == 0) {
        ngx_http_batch_dial_count(f->mcf, upstream_lost);

    } else if (status >= NGX_HTTP_INTERNAL_SERVER_ERROR
               || status == NGX_HTTP_TOO_MANY_REQUESTS)
    {
        ngx_http_batch_dial_count(f->mcf, upstream_error);

    } else if (status >= NGX_HTTP_BAD_REQUEST) {
        ngx_http_batch_dial_count(f->mcf, upstream_refused);

    } else {
        ngx_http_batch_dial_count(f->mcf, upstream_ok);
    }
}
