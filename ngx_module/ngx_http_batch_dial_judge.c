/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * What an answer of upstream is worth: whether it may be passed on, whether
 * it may be stored, and for how long.
 *
 *   upstream's answer           enforce         report          off
 *   not a 200                   passed          passed          passed
 *   200, valid                  entry           entry           -
 *   200, invalid                502             passed          -
 *   200, not judged             -               -               entry if it
 *                                               is the job's, else passed
 *
 * Valid means: application/json, not coded, one JSON document without
 * repeated members, that conforms to the schema, and whose id is the one that
 * was asked for.  An entry is stored unless upstream said no-store or the TTL
 * of its status is 0.
 *
 * A failure is an answer that tells nothing of the job, so that a stale copy is
 * better: 5xx, 429, and what becomes a 502.
 */


#include "ngx_http_batch_dial_answer.h"
#include "ngx_http_batch_dial_judge.h"
#include "bd_problem.h"


static void ngx_http_batch_dial_judge_trouble(
    ngx_http_batch_dial_answer_t *a,
    const ngx_http_batch_dial_headers_t *headers);
static ngx_int_t ngx_http_batch_dial_judge_body(
    ngx_http_batch_dial_answer_t *a, ngx_http_batch_dial_loc_conf_t *blcf,
    ngx_str_t *id, const ngx_http_batch_dial_headers_t *headers,
    bd_schema_violation_t *v);
static ngx_int_t ngx_http_batch_dial_judge_job(ngx_http_batch_dial_answer_t *a,
    const bd_json_value_t *job, ngx_str_t *id, bd_schema_violation_t *v);
static void ngx_http_batch_dial_violation(bd_schema_violation_t *v,
    const char *instance, const char *keyword, const char *schema);
static void ngx_http_batch_dial_judge_invalid(ngx_http_batch_dial_answer_t *a,
    ngx_http_batch_dial_main_conf_t *mcf,
    ngx_http_batch_dial_loc_conf_t *blcf, ngx_str_t *id,
    const bd_schema_violation_t *v);


void
ngx_http_batch_dial_judge(ngx_http_batch_dial_answer_t *a,
    ngx_http_batch_dial_main_conf_t *mcf,
    ngx_http_batch_dial_loc_conf_t *blcf, ngx_str_t *id,
    const ngx_http_batch_dial_headers_t *headers)
{
    bd_schema_violation_t  v;

    a->kind = NGX_HTTP_BATCH_DIAL_ANSWER_PASS;
    a->status = headers->status;
    a->no_store = headers->no_store;

    if (headers->status != NGX_HTTP_OK) {
        ngx_http_batch_dial_judge_trouble(a, headers);
        return;
    }

    if (ngx_http_batch_dial_judge_body(a, blcf, id, headers, &v) == NGX_OK) {
        a->kind = NGX_HTTP_BATCH_DIAL_ANSWER_ENTRY;

        /* random() has but 31 bits, and the jitter takes 32 */

        a->entry.ttl_ms = headers->no_store
                          ? 0
                          : bd_ttl_jittered(&blcf->ttl, a->entry.status,
                                            (uint32_t) ngx_random() << 1);
    }

    if (blcf->schema_mode == NGX_HTTP_BATCH_DIAL_MODE_OFF) {
        a->schema = NGX_HTTP_BATCH_DIAL_SCHEMA_SKIPPED;
        ngx_http_batch_dial_count(mcf, schema_skipped);
        return;
    }

    if (a->kind == NGX_HTTP_BATCH_DIAL_ANSWER_ENTRY) {
        a->schema = NGX_HTTP_BATCH_DIAL_SCHEMA_VALID;
        ngx_http_batch_dial_count(mcf, schema_valid);
        return;
    }

    ngx_http_batch_dial_judge_invalid(a, mcf, blcf, id, &v);
}


ngx_int_t
ngx_http_batch_dial_judge_written(ngx_http_batch_dial_answer_t *a,
    ngx_http_batch_dial_loc_conf_t *blcf, ngx_str_t *id,
    const ngx_http_batch_dial_headers_t *headers)
{
    bd_schema_violation_t  v;

    if (headers->status != NGX_HTTP_OK
        || ngx_http_batch_dial_judge_body(a, blcf, id, headers, &v) != NGX_OK)
    {
        return NGX_DECLINED;
    }

    a->kind = NGX_HTTP_BATCH_DIAL_ANSWER_ENTRY;
    a->status = NGX_HTTP_OK;
    a->entry.ttl_ms = blcf->ttl.ms[a->entry.status];

    return a->entry.ttl_ms ? NGX_OK : NGX_DECLINED;
}


/* 5xx and 429 tell nothing of the job; some ask for a pause. */

static void
ngx_http_batch_dial_judge_trouble(ngx_http_batch_dial_answer_t *a,
    const ngx_http_batch_dial_headers_t *headers)
{
    int64_t  seconds;

    a->failure = (headers->status >= NGX_HTTP_INTERNAL_SERVER_ERROR
                  || headers->status == NGX_HTTP_TOO_MANY_REQUESTS);

    seconds = headers->retry_after;

    if (headers->status == NGX_HTTP_TOO_MANY_REQUESTS) {
        a->hold = seconds < 0 ? NGX_HTTP_BATCH_DIAL_HOLD_429
                              : (ngx_msec_t) seconds * 1000;

    } else if (headers->status == NGX_HTTP_SERVICE_UNAVAILABLE
               && seconds > 0)
    {
        a->hold = (ngx_msec_t) seconds * 1000;
    }
}


/* Returns NGX_OK, or NGX_DECLINED with the violation. */

static ngx_int_t
ngx_http_batch_dial_judge_body(ngx_http_batch_dial_answer_t *a,
    ngx_http_batch_dial_loc_conf_t *blcf, ngx_str_t *id,
    const ngx_http_batch_dial_headers_t *headers, bd_schema_violation_t *v)
{
    int        rc;
    bd_json_t  document;
    ngx_int_t  verdict;

    if (!headers->json) {
        ngx_http_batch_dial_violation(v, "", "contentMediaType", "");
        return NGX_DECLINED;
    }

    if (headers->coded) {
        ngx_http_batch_dial_violation(v, "", "contentEncoding", "");
        return NGX_DECLINED;
    }

    /* in the mode "off" the schema is the one that allows everything */

    rc = bd_schema_judge(blcf->schema, a->entry.body, &document, v);

    if (rc != 0) {
        if (rc < 0) {
            ngx_http_batch_dial_violation(v, "", "json", "");
        }

        return NGX_DECLINED;
    }

    verdict = ngx_http_batch_dial_judge_job(a, document.root, id, v);

    bd_json_free(&document);

    return verdict;
}


static ngx_int_t
ngx_http_batch_dial_judge_job(ngx_http_batch_dial_answer_t *a,
    const bd_json_value_t *job, ngx_str_t *id, bd_schema_violation_t *v)
{
    const bd_json_value_t  *member;

    member = bd_json_member(job, bd_slice("id"));

    if (!bd_json_is(member, BD_JSON_STRING)
        || !bd_slice_equal(member->text, ngx_http_batch_dial_slice(id)))
    {
        ngx_http_batch_dial_violation(v, "/id", "const", "");
        return NGX_DECLINED;
    }

    member = bd_json_member(job, bd_slice("status"));

    a->entry.status = bd_json_is(member, BD_JSON_STRING)
                      ? bd_status_parse(member->text) : BD_STATUS_UNKNOWN;

    return NGX_OK;
}


static void
ngx_http_batch_dial_violation(bd_schema_violation_t *v, const char *instance,
    const char *keyword, const char *schema)
{
    ngx_cpystrn((u_char *) v->instance, (u_char *) instance,
                sizeof(v->instance));
    ngx_cpystrn((u_char *) v->keyword, (u_char *) keyword,
                sizeof(v->keyword));
    ngx_cpystrn((u_char *) v->schema, (u_char *) schema, sizeof(v->schema));
}


static void
ngx_http_batch_dial_judge_invalid(ngx_http_batch_dial_answer_t *a,
    ngx_http_batch_dial_main_conf_t *mcf,
    ngx_http_batch_dial_loc_conf_t *blcf, ngx_str_t *id,
    const bd_schema_violation_t *v)
{
    u_char  where[3 * BD_SCHEMA_POINTER_MAX];
    size_t  len;

    a->schema = NGX_HTTP_BATCH_DIAL_SCHEMA_INVALID;
    ngx_http_batch_dial_count(mcf, schema_invalid);

    a->violation = ngx_palloc(a->pool, sizeof(bd_schema_violation_t));
    if (a->violation) {
        *a->violation = *v;
    }

    /* the pointer holds names of members, and those are upstream's bytes */

    len = ngx_strlen(v->instance);
    len = ngx_min(len, BD_SCHEMA_POINTER_MAX / 2);
    len = (u_char *) ngx_escape_json(where, (u_char *) v->instance, len)
          - where;

    ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                  "batch_dial: upstream answered job \"%V\" with an invalid "
                  "body: \"%*s\" breaks \"%s\" (%s)", id, len, where,
                  v->keyword, v->schema);

    if (blcf->schema_mode == NGX_HTTP_BATCH_DIAL_MODE_ENFORCE) {
        a->kind = NGX_HTTP_BATCH_DIAL_ANSWER_PROBLEM;
        a->problem = BD_PROBLEM_INVALID_RESPONSE;
        a->status = NGX_HTTP_BAD_GATEWAY;
        a->failure = 1;
    }
}
