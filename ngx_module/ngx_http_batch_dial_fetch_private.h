/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The inside of a fetch: what fetch.c, which starts and ends it, and
 * capture.c, which takes what upstream sends, share.
 */


#ifndef _NGX_HTTP_BATCH_DIAL_FETCH_PRIVATE_H_INCLUDED_
#define _NGX_HTTP_BATCH_DIAL_FETCH_PRIVATE_H_INCLUDED_


#include "ngx_http_batch_dial_fetch.h"
#include "ngx_http_batch_dial_judge.h"


typedef enum {
    NGX_HTTP_BATCH_DIAL_FETCH_ASKING = 0,   /* no answer has begun */
    NGX_HTTP_BATCH_DIAL_FETCH_UPSTREAM,     /* upstream's answer is read */
    NGX_HTTP_BATCH_DIAL_FETCH_PAGE,         /* one of nginx's own is, such as
                                               an intercepted error's page */
    NGX_HTTP_BATCH_DIAL_FETCH_FAILED,       /* nginx says why in f->status */
    NGX_HTTP_BATCH_DIAL_FETCH_TRUNCATED,
    NGX_HTTP_BATCH_DIAL_FETCH_OVERSIZE,
    NGX_HTTP_BATCH_DIAL_FETCH_COMPLETE      /* the answer is settled */
} ngx_http_batch_dial_fetch_state_e;


struct ngx_http_batch_dial_fetch_s {
    ngx_http_batch_dial_answer_t       *answer;
    ngx_http_request_t                 *request;    /* NULL once it ended */
    ngx_event_t                         wake;

    ngx_http_batch_dial_fetch_handler_pt  handler;  /* NULL: dropped */
    void                               *data;

    ngx_http_batch_dial_main_conf_t    *mcf;
    ngx_http_batch_dial_loc_conf_t     *blcf;
    ngx_str_t                           id;
    u_char                              credential[BD_MAC_SIZE];
    int64_t                             started;    /* ms since the epoch */

    ngx_http_batch_dial_fetch_state_e   state;
    ngx_uint_t                          status;     /* of the answer read */
    ngx_http_batch_dial_headers_t       headers;
    ngx_http_batch_dial_body_t          body;       /* in the answer's pool */
};


/* Takes note of the headers of r's answer.  Returns NGX_OK or NGX_ERROR. */
ngx_int_t ngx_http_batch_dial_fetch_headers(ngx_http_batch_dial_fetch_t *f,
    ngx_http_request_t *r);

/* The answer is complete: judges it. */
void ngx_http_batch_dial_fetch_settle(ngx_http_batch_dial_fetch_t *f);


#endif /* _NGX_HTTP_BATCH_DIAL_FETCH_PRIVATE_H_INCLUDED_ */
