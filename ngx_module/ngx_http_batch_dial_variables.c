/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * $batch_dial_...: what the gateway knows of a request, for logs and headers.
 * A variable is not found while there is nothing to say.
 */


#include "ngx_http_batch_dial_answer.h"
#include "ngx_http_batch_dial_conf.h"
#include "ngx_http_batch_dial_context.h"


typedef enum {
    NGX_HTTP_BATCH_DIAL_VAR_CACHE,
    NGX_HTTP_BATCH_DIAL_VAR_TIER,
    NGX_HTTP_BATCH_DIAL_VAR_JOB_ID,
    NGX_HTTP_BATCH_DIAL_VAR_JOB_STATUS,
    NGX_HTTP_BATCH_DIAL_VAR_CREDENTIAL,
    NGX_HTTP_BATCH_DIAL_VAR_SCHEMA,
    NGX_HTTP_BATCH_DIAL_VAR_SCHEMA_ERROR,
    NGX_HTTP_BATCH_DIAL_VAR_REDIS_TIME,
    NGX_HTTP_BATCH_DIAL_VAR_AGE,
    NGX_HTTP_BATCH_DIAL_VAR_TTL
} ngx_http_batch_dial_var_e;


static ngx_int_t ngx_http_batch_dial_variable_word(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_batch_dial_variable_made(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static u_char *ngx_http_batch_dial_variable_make(u_char *p,
    ngx_http_batch_dial_ctx_t *ctx, ngx_http_batch_dial_var_e var);
static u_char *ngx_http_batch_dial_variable_seconds(u_char *p,
    ngx_http_batch_dial_answer_t *a, ngx_http_batch_dial_var_e var);
static ngx_int_t ngx_http_batch_dial_variable_set(
    ngx_http_variable_value_t *v, u_char *data, size_t len);


static ngx_http_variable_t  ngx_http_batch_dial_vars[] = {

    { ngx_string("batch_dial_cache"), NULL,
      ngx_http_batch_dial_variable_word, NGX_HTTP_BATCH_DIAL_VAR_CACHE,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("batch_dial_tier"), NULL,
      ngx_http_batch_dial_variable_word, NGX_HTTP_BATCH_DIAL_VAR_TIER,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("batch_dial_job_id"), NULL,
      ngx_http_batch_dial_variable_word, NGX_HTTP_BATCH_DIAL_VAR_JOB_ID,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("batch_dial_job_status"), NULL,
      ngx_http_batch_dial_variable_word, NGX_HTTP_BATCH_DIAL_VAR_JOB_STATUS,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("batch_dial_credential"), NULL,
      ngx_http_batch_dial_variable_made, NGX_HTTP_BATCH_DIAL_VAR_CREDENTIAL,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("batch_dial_schema"), NULL,
      ngx_http_batch_dial_variable_word, NGX_HTTP_BATCH_DIAL_VAR_SCHEMA,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("batch_dial_schema_error"), NULL,
      ngx_http_batch_dial_variable_made, NGX_HTTP_BATCH_DIAL_VAR_SCHEMA_ERROR,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("batch_dial_redis_time"), NULL,
      ngx_http_batch_dial_variable_made, NGX_HTTP_BATCH_DIAL_VAR_REDIS_TIME,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("batch_dial_age"), NULL,
      ngx_http_batch_dial_variable_made, NGX_HTTP_BATCH_DIAL_VAR_AGE,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("batch_dial_ttl"), NULL,
      ngx_http_batch_dial_variable_made, NGX_HTTP_BATCH_DIAL_VAR_TTL,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

      ngx_http_null_variable
};


/* by the values of the enumerations */

static ngx_str_t  ngx_http_batch_dial_cache_names[] = {
    ngx_null_string,
    ngx_string("HIT"),
    ngx_string("STALE"),
    ngx_string("UPDATING"),
    ngx_string("MISS"),
    ngx_string("EXPIRED"),
    ngx_string("COALESCED"),
    ngx_string("NEGATIVE"),
    ngx_string("BYPASS"),
    ngx_string("REJECTED"),
    ngx_string("PASS")
};


static ngx_str_t  ngx_http_batch_dial_tier_names[] = {
    ngx_null_string,
    ngx_string("memory"),
    ngx_string("redis"),
    ngx_string("upstream")
};


static ngx_str_t  ngx_http_batch_dial_schema_names[] = {
    ngx_null_string,
    ngx_string("valid"),
    ngx_string("invalid"),
    ngx_string("skipped")
};


ngx_int_t
ngx_http_batch_dial_add_variables(ngx_conf_t *cf)
{
    ngx_http_variable_t  *var, *v;

    for (v = ngx_http_batch_dial_vars; v->name.len; v++) {
        var = ngx_http_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = v->get_handler;
        var->data = v->data;
    }

    return NGX_OK;
}


/* The variables whose text is there already. */

static ngx_int_t
ngx_http_batch_dial_variable_word(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t                      s;
    ngx_http_batch_dial_ctx_t     *ctx;
    ngx_http_batch_dial_answer_t  *a;

    ngx_str_null(&s);

    ctx = ngx_http_batch_dial_get_ctx(r);
    a = ctx ? ctx->answer : NULL;

    if (ctx) {
        switch (data) {

        case NGX_HTTP_BATCH_DIAL_VAR_CACHE:
            s = ngx_http_batch_dial_cache_names[ctx->cache];
            break;

        case NGX_HTTP_BATCH_DIAL_VAR_TIER:
            s = ngx_http_batch_dial_tier_names[ctx->tier];
            break;

        case NGX_HTTP_BATCH_DIAL_VAR_JOB_ID:
            s = ctx->id;
            break;

        case NGX_HTTP_BATCH_DIAL_VAR_JOB_STATUS:
            s.data = (u_char *) bd_status_name(a ? a->entry.status
                                                 : BD_STATUS_UNKNOWN);
            s.len = ngx_strlen(s.data);
            break;

        default: /* NGX_HTTP_BATCH_DIAL_VAR_SCHEMA */
            s = ngx_http_batch_dial_schema_names[a ? a->schema : 0];
        }
    }

    return ngx_http_batch_dial_variable_set(v, s.data, s.len);
}


/* Those that are written for the request. */

static ngx_int_t
ngx_http_batch_dial_variable_made(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    u_char                     *p, *last;
    size_t                      size;
    ngx_http_batch_dial_ctx_t  *ctx;

    ctx = ngx_http_batch_dial_get_ctx(r);

    if (ctx == NULL) {
        return ngx_http_batch_dial_variable_set(v, NULL, 0);
    }

    /* a credential has 12 digits, a time 3 behind its point */

    size = NGX_INT64_LEN + sizeof(".000") - 1;

    if (data == NGX_HTTP_BATCH_DIAL_VAR_SCHEMA_ERROR) {
        size = sizeof(bd_schema_violation_t);
    }

    p = ngx_pnalloc(r->pool, size);
    if (p == NULL) {
        return NGX_ERROR;
    }

    last = ngx_http_batch_dial_variable_make(p, ctx, data);

    return ngx_http_batch_dial_variable_set(v, p, last - p);
}


/* Writes to p and returns the end of it; p when there is nothing to say. */

static u_char *
ngx_http_batch_dial_variable_make(u_char *p, ngx_http_batch_dial_ctx_t *ctx,
    ngx_http_batch_dial_var_e var)
{
    ngx_http_batch_dial_answer_t  *a = ctx->answer;

    switch (var) {

    case NGX_HTTP_BATCH_DIAL_VAR_CREDENTIAL:
        if (!ctx->has_credential) {
            return p;
        }

        bd_hex((char *) p, ctx->credential, 6);

        return p + 12;

    case NGX_HTTP_BATCH_DIAL_VAR_SCHEMA_ERROR:
        if (a == NULL || a->violation == NULL) {
            return p;
        }

        return ngx_sprintf(p, "%s %s", a->violation->instance,
                           a->violation->keyword);

    case NGX_HTTP_BATCH_DIAL_VAR_REDIS_TIME:
        if (ctx->redis_time == (ngx_msec_t) -1) {
            return p;
        }

        return ngx_sprintf(p, "%M.%03M", ctx->redis_time / 1000,
                           ctx->redis_time % 1000);

    default: /* NGX_HTTP_BATCH_DIAL_VAR_AGE, NGX_HTTP_BATCH_DIAL_VAR_TTL */
        return ngx_http_batch_dial_variable_seconds(p, a, var);
    }
}


static u_char *
ngx_http_batch_dial_variable_seconds(u_char *p,
    ngx_http_batch_dial_answer_t *a, ngx_http_batch_dial_var_e var)
{
    int64_t  ms, now;

    if (a == NULL || a->kind != NGX_HTTP_BATCH_DIAL_ANSWER_ENTRY) {
        return p;
    }

    now = ngx_http_batch_dial_now();

    if (var == NGX_HTTP_BATCH_DIAL_VAR_AGE) {
        ms = ngx_max(now - a->entry.fetched_ms, 0);

    } else {
        ms = bd_fresh_left(a->entry.fetched_ms, a->entry.ttl_ms, now);

        /* rounded down: what is stale has a negative one from the start */

        ms -= ms < 0 ? 999 : 0;
    }

    return ngx_sprintf(p, "%L", ms / 1000);
}


static ngx_int_t
ngx_http_batch_dial_variable_set(ngx_http_variable_value_t *v, u_char *data,
    size_t len)
{
    if (len == 0) {
        v->not_found = 1;
        return NGX_OK;
    }

    v->data = data;
    v->len = len;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}
