/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The judgement on a complete answer of upstream to a read.
 */


#ifndef _NGX_HTTP_BATCH_DIAL_JUDGE_H_INCLUDED_
#define _NGX_HTTP_BATCH_DIAL_JUDGE_H_INCLUDED_


#include "ngx_http_batch_dial_answer.h"


/* What the headers of an answer say that its body does not. */
typedef struct {
    ngx_uint_t  status;
    unsigned    json:1;             /* Content-Type is application/json */
    unsigned    coded:1;            /* a Content-Encoding but identity */
    unsigned    no_store:1;
    int64_t     retry_after;        /* seconds; -1: not said */
} ngx_http_batch_dial_headers_t;


/*
 * Judges a->entry.body and sets what becomes of it: a->kind, a->schema,
 * a->violation, whether it is a failure, for how long upstream asks to be left
 * alone, and of the entry the status of the job and a TTL (0: not to be
 * stored).  id is the job that was asked for.
 */
void ngx_http_batch_dial_judge(ngx_http_batch_dial_answer_t *a,
    ngx_http_batch_dial_main_conf_t *mcf,
    ngx_http_batch_dial_loc_conf_t *blcf, ngx_str_t *id,
    const ngx_http_batch_dial_headers_t *headers);


/*
 * The same of an answer to a write, which is not the client's to be judged but
 * ours to be stored.  Returns NGX_OK when it may be, else NGX_DECLINED.
 */
ngx_int_t ngx_http_batch_dial_judge_written(ngx_http_batch_dial_answer_t *a,
    ngx_http_batch_dial_loc_conf_t *blcf, ngx_str_t *id,
    const ngx_http_batch_dial_headers_t *headers);


#endif /* _NGX_HTTP_BATCH_DIAL_JUDGE_H_INCLUDED_ */
