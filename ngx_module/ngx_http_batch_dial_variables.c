/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * $batch_dial_...: what the gateway knows of a request, for logs and headers.
 * A variable is not found while there is nothing to say.
 */


#include "ngx_http_batch_dial_module.h"


static ngx_int_t ngx_http_batch_dial_variable_cache(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_batch_dial_variable_tier(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_batch_dial_variable_job_id(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_batch_dial_variable_job_status(
    ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_batch_dial_variable_credential(
    ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_batch_dial_variable_schema(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_batch_dial_variable_schema_error(
    ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_batch_dial_variable_redis_time(
    ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_batch_dial_variable_age(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_batch_dial_variable_ttl(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_batch_dial_variable_set(
    ngx_http_variable_value_t *v, const void *data, size_t len);
static ngx_int_t ngx_http_batch_dial_variable_seconds(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, int64_t seconds);
static ngx_http_batch_dial_answer_t *ngx_http_batch_dial_variable_answer(
    ngx_http_request_t *r);


static ngx_http_variable_t  ngx_http_batch_dial_vars[] = {

    { ngx_string("batch_dial_cache"), NULL,
      ngx_http_batch_dial_variable_cache, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("batch_dial_tier"), NULL,
      ngx_http_batch_dial_variable_tier, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("batch_dial_job_id"), NULL,
      ngx_http_batch_dial_variable_job_id, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("batch_dial_job_status"), NULL,
      ngx_http_batch_dial_variable_job_status, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("batch_dial_credential"), NULL,
      ngx_http_batch_dial_variable_credential, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("batch_dial_schema"), NULL,
      ngx_http_batch_dial_variable_schema, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("batch_dial_schema_error"), NULL,
      ngx_http_batch_dial_variable_schema_error, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("batch_dial_redis_time"), NULL,
      ngx_http_batch_dial_variable_redis_time, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("batch_dial_age"), NULL,
      ngx_http_batch_dial_variable_age, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("batch_dial_ttl"), NULL,
      ngx_http_batch_dial_variable_ttl, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

      ngx_http_null_variable
};


static ngx_str_t  ngx_http_batch_dial_cache_names[] = {
    ngx_null_string,
    ngx_string("HIT"),
    ngx_string("MISS"),
    ngx_string("EXPIRED"),
    ngx_string("BYPASS"),
    ngx_string("REJECTED"),
    ngx_string("PASS")
};


static ngx_str_t  ngx_http_batch_dial_tier_names[] = {
    ngx_null_string,
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


static ngx_int_t
ngx_http_batch_dial_variable_cache(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t                  *s;
    ngx_http_batch_dial_ctx_t  *ctx;

    ctx = ngx_http_batch_dial_get_ctx(r);
    s = &ngx_http_batch_dial_cache_names[ctx ? ctx->cache : 0];

    return ngx_http_batch_dial_variable_set(v, s->data, s->len);
}


static ngx_int_t
ngx_http_batch_dial_variable_tier(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t                  *s;
    ngx_http_batch_dial_ctx_t  *ctx;

    ctx = ngx_http_batch_dial_get_ctx(r);
    s = &ngx_http_batch_dial_tier_names[ctx ? ctx->tier : 0];

    return ngx_http_batch_dial_variable_set(v, s->data, s->len);
}


static ngx_int_t
ngx_http_batch_dial_variable_job_id(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_batch_dial_ctx_t  *ctx;

    ctx = ngx_http_batch_dial_get_ctx(r);

    return ngx_http_batch_dial_variable_set(v, ctx ? ctx->id.data : NULL,
                                            ctx ? ctx->id.len : 0);
}


static ngx_int_t
ngx_http_batch_dial_variable_job_status(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    const char                    *name;
    ngx_http_batch_dial_answer_t  *a;

    a = ngx_http_batch_dial_variable_answer(r);
    name = bd_status_name(a ? a->entry.status : BD_STATUS_UNKNOWN);

    return ngx_http_batch_dial_variable_set(v, name, ngx_strlen(name));
}


static ngx_int_t
ngx_http_batch_dial_variable_credential(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    u_char                     *p;
    ngx_http_batch_dial_ctx_t  *ctx;

    ctx = ngx_http_batch_dial_get_ctx(r);

    if (ctx == NULL || !ctx->has_credential) {
        return ngx_http_batch_dial_variable_set(v, NULL, 0);
    }

    p = ngx_pnalloc(r->pool, 12);
    if (p == NULL) {
        return NGX_ERROR;
    }

    bd_hex((char *) p, ctx->credential, 6);

    return ngx_http_batch_dial_variable_set(v, p, 12);
}


static ngx_int_t
ngx_http_batch_dial_variable_schema(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t                     *s;
    ngx_http_batch_dial_answer_t  *a;

    a = ngx_http_batch_dial_variable_answer(r);
    s = &ngx_http_batch_dial_schema_names[a ? a->schema : 0];

    return ngx_http_batch_dial_variable_set(v, s->data, s->len);
}


static ngx_int_t
ngx_http_batch_dial_variable_schema_error(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    u_char                        *p, *last;
    size_t                         len;
    bd_schema_violation_t         *violation;
    ngx_http_batch_dial_answer_t  *a;

    a = ngx_http_batch_dial_variable_answer(r);

    if (a == NULL || a->violation == NULL) {
        return ngx_http_batch_dial_variable_set(v, NULL, 0);
    }

    violation = a->violation;
    len = ngx_strlen(violation->instance);

    p = ngx_pnalloc(r->pool, len + 1 + sizeof(violation->keyword));
    if (p == NULL) {
        return NGX_ERROR;
    }

    last = ngx_sprintf(p, "%s %s", violation->instance, violation->keyword);

    return ngx_http_batch_dial_variable_set(v, p, last - p);
}


static ngx_int_t
ngx_http_batch_dial_variable_redis_time(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    u_char                     *p, *last;
    ngx_http_batch_dial_ctx_t  *ctx;

    ctx = ngx_http_batch_dial_get_ctx(r);

    if (ctx == NULL || ctx->redis_time == (ngx_msec_t) -1) {
        return ngx_http_batch_dial_variable_set(v, NULL, 0);
    }

    p = ngx_pnalloc(r->pool, NGX_INT64_LEN + 4);
    if (p == NULL) {
        return NGX_ERROR;
    }

    last = ngx_sprintf(p, "%M.%03M", ctx->redis_time / 1000,
                       ctx->redis_time % 1000);

    return ngx_http_batch_dial_variable_set(v, p, last - p);
}


static ngx_int_t
ngx_http_batch_dial_variable_age(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    int64_t                        age;
    ngx_http_batch_dial_answer_t  *a;

    a = ngx_http_batch_dial_variable_answer(r);

    if (a == NULL || a->kind != NGX_HTTP_BATCH_DIAL_ANSWER_ENTRY) {
        return ngx_http_batch_dial_variable_set(v, NULL, 0);
    }

    age = (ngx_http_batch_dial_now() - a->entry.fetched_ms) / 1000;

    return ngx_http_batch_dial_variable_seconds(r, v, ngx_max(age, 0));
}


static ngx_int_t
ngx_http_batch_dial_variable_ttl(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    int64_t                        left;
    ngx_http_batch_dial_answer_t  *a;

    a = ngx_http_batch_dial_variable_answer(r);

    if (a == NULL || a->kind != NGX_HTTP_BATCH_DIAL_ANSWER_ENTRY) {
        return ngx_http_batch_dial_variable_set(v, NULL, 0);
    }

    left = a->entry.fetched_ms + a->entry.ttl_ms - ngx_http_batch_dial_now();

    return ngx_http_batch_dial_variable_seconds(r, v, left / 1000);
}


static ngx_int_t
ngx_http_batch_dial_variable_seconds(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, int64_t seconds)
{
    u_char  *p, *last;

    p = ngx_pnalloc(r->pool, NGX_INT64_LEN);
    if (p == NULL) {
        return NGX_ERROR;
    }

    last = ngx_sprintf(p, "%L", seconds);

    return ngx_http_batch_dial_variable_set(v, p, last - p);
}


static ngx_int_t
ngx_http_batch_dial_variable_set(ngx_http_variable_value_t *v,
    const void *data, size_t len)
{
    if (len == 0) {
        v->not_found = 1;
        return NGX_OK;
    }

    v->data = (u_char *) data;
    v->len = len;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}


static ngx_http_batch_dial_answer_t *
ngx_http_batch_dial_variable_answer(ngx_http_request_t *r)
{
    ngx_http_batch_dial_ctx_t  *ctx;

    ctx = ngx_http_batch_dial_get_ctx(r);

    return ctx ? ctx->answer : NULL;
}
