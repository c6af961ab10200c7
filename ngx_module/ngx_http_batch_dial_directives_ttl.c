/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The directives that say for how long something holds: what they accept,
 * what holds without them, and what a level inherits.  A list changes only
 * what it names; the rest comes from the level above, or from the defaults.
 */


#include "ngx_http_batch_dial_directives.h"


/* fits the 32 bits of an entry; Redis and the timers of nginx take it too */
#define NGX_HTTP_BATCH_DIAL_TIME_MAX      (24 * 24 * 3600 * 1000)

/* a client that waits holds a connection */
#define NGX_HTTP_BATCH_DIAL_LOCK_MAX      (3600 * 1000)

#define NGX_HTTP_BATCH_DIAL_REAUTH        (30 * 1000)
#define NGX_HTTP_BATCH_DIAL_IF_ERROR      (5 * 60 * 1000)
#define NGX_HTTP_BATCH_DIAL_LOCK_TIMEOUT  (10 * 1000)


static void ngx_http_batch_dial_merge_ttl(ngx_http_batch_dial_loc_conf_t *conf,
    ngx_http_batch_dial_loc_conf_t *prev);
static char *ngx_http_batch_dial_merge_error_ttl(ngx_conf_t *cf,
    ngx_http_batch_dial_loc_conf_t *conf,
    ngx_http_batch_dial_loc_conf_t *prev);
static ngx_int_t ngx_http_batch_dial_error_ttl_add(ngx_array_t *a,
    ngx_http_batch_dial_error_ttl_t *e, ngx_uint_t n);
static ngx_int_t ngx_http_batch_dial_parse_code(ngx_str_t *word, ngx_str_t *s);


/* 0 would have every read ask upstream, and nothing would be cached */
ngx_http_batch_dial_time_t  ngx_http_batch_dial_reauth_bounds = {
    1, NGX_HTTP_BATCH_DIAL_TIME_MAX,
    "a time from 1ms to 24d (with 0 no read could be served from the cache)"
};


/* 0 is no wait at all: whoever came second would always fail */
ngx_http_batch_dial_time_t  ngx_http_batch_dial_lock_bounds = {
    1, NGX_HTTP_BATCH_DIAL_LOCK_MAX, "a time from 1ms to 1h"
};


ngx_http_batch_dial_time_t  ngx_http_batch_dial_stale_bounds = {
    0, NGX_HTTP_BATCH_DIAL_TIME_MAX, "a time of at most 24d"
};


/*
 * Ids that do not exist and jobs that are closed to a credential stay so for
 * a while; a credential may be restored, and each 401 concerns all its jobs.
 */

static ngx_http_batch_dial_error_ttl_t  ngx_http_batch_dial_error_ttls[] = {
    { 400, 30 * 1000 },
    { 401, 10 * 1000 },
    { 403, 30 * 1000 },
    { 404, 30 * 1000 },
    { 410, 30 * 1000 },
    { 422, 30 * 1000 }
};


#define NGX_HTTP_BATCH_DIAL_ERROR_TTLS                                        \
    (sizeof(ngx_http_batch_dial_error_ttls)                                   \
     / sizeof(ngx_http_batch_dial_error_ttl_t))


char *
ngx_http_batch_dial_time(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_int_t                    time;
    ngx_str_t                   *value = cf->args->elts;
    ngx_msec_t                  *msp;
    ngx_http_batch_dial_time_t  *bounds = cmd->post;

    msp = (ngx_msec_t *) ((char *) conf + cmd->offset);

    if (*msp != NGX_CONF_UNSET_MSEC) {
        return "is duplicate";
    }

    time = ngx_parse_time(&value[1], 0);

    if (time == NGX_ERROR || time < bounds->min || time > bounds->max) {
        return ngx_http_batch_dial_refuse(cf, &value[1], bounds->expected);
    }

    *msp = time;

    return NGX_CONF_OK;
}


char *
ngx_http_batch_dial_ttl(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_batch_dial_loc_conf_t *blcf = conf;

    u_char       *eq;
    ngx_str_t    *value = cf->args->elts;
    ngx_str_t     s;
    ngx_int_t     time;
    ngx_uint_t    i;
    bd_status_e   status;

    if (blcf->ttl_set) {
        return "is duplicate";
    }

    for (i = 1; i < cf->args->nelts; i++) {

        eq = ngx_strlchr(value[i].data, value[i].data + value[i].len, '=');
        status = BD_STATUS_UNKNOWN;
        time = NGX_ERROR;

        if (eq) {
            status = bd_status_parse(bd_slice_make(value[i].data,
                                                   eq - value[i].data));
            s.data = eq + 1;
            s.len = value[i].data + value[i].len - s.data;
            time = ngx_parse_time(&s, 0);
        }

        if (status == BD_STATUS_UNKNOWN || time == NGX_ERROR
            || time > NGX_HTTP_BATCH_DIAL_TIME_MAX)
        {
            return ngx_http_batch_dial_refuse(cf, &value[i],
                       "STATUS=time with a status of INIT, ACTIVE, PAUSED, "
                       "COMPLETE, CANCELLED and a time of at most 24d");
        }

        if (blcf->ttl_set & (1u << status)) {
            return ngx_http_batch_dial_refuse(cf, &value[i],
                                              "each status once");
        }

        blcf->ttl.ms[status] = (uint32_t) time;
        blcf->ttl_set |= 1u << status;
    }

    return NGX_CONF_OK;
}


char *
ngx_http_batch_dial_set_error_ttl(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_batch_dial_loc_conf_t *blcf = conf;

    ngx_str_t                        *value = cf->args->elts;
    ngx_str_t                         s;
    ngx_int_t                         code, time;
    ngx_uint_t                        i;
    ngx_http_batch_dial_error_ttl_t  *e;

    if (blcf->error_ttl) {
        return "is duplicate";
    }

    blcf->error_ttl = ngx_array_create(cf->pool, cf->args->nelts - 1,
                                     sizeof(ngx_http_batch_dial_error_ttl_t));
    if (blcf->error_ttl == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 1; i < cf->args->nelts; i++) {

        code = ngx_http_batch_dial_parse_code(&value[i], &s);
        time = code == NGX_ERROR ? NGX_ERROR : ngx_parse_time(&s, 0);

        if (time == NGX_ERROR || time > NGX_HTTP_BATCH_DIAL_TIME_MAX) {
            return ngx_http_batch_dial_refuse(cf, &value[i],
                       "CODE=time with a code of 400 to 499, other than 408 "
                       "and 429, and a time of at most 24d");
        }

        if (ngx_http_batch_dial_error_ttl_find(blcf->error_ttl, code)) {
            return ngx_http_batch_dial_refuse(cf, &value[i],
                                              "each code once");
        }

        e = ngx_array_push(blcf->error_ttl);
        if (e == NULL) {
            return NGX_CONF_ERROR;
        }

        e->status = code;
        e->ttl = time;
    }

    return NGX_CONF_OK;
}


/*
 * The code of CODE=time, and in *s the time.  408 and 429 say that another
 * attempt may well succeed: they are failures, not refusals.
 *
 * Returns NGX_ERROR when it is no code that is remembered.
 */

static ngx_int_t
ngx_http_batch_dial_parse_code(ngx_str_t *word, ngx_str_t *s)
{
    ngx_int_t  code;

    if (word->len < 4 || word->data[3] != '=') {
        return NGX_ERROR;
    }

    code = ngx_atoi(word->data, 3);

    if (code < 400 || code > 499
        || code == NGX_HTTP_REQUEST_TIME_OUT
        || code == NGX_HTTP_TOO_MANY_REQUESTS)
    {
        return NGX_ERROR;
    }

    s->data = word->data + 4;
    s->len = word->len - 4;

    return code;
}


char *
ngx_http_batch_dial_merge_times(ngx_conf_t *cf,
    ngx_http_batch_dial_loc_conf_t *conf,
    ngx_http_batch_dial_loc_conf_t *prev)
{
    ngx_conf_merge_msec_value(conf->stale_while_revalidate,
                              prev->stale_while_revalidate, 0);
    ngx_conf_merge_msec_value(conf->stale_if_error, prev->stale_if_error,
                              NGX_HTTP_BATCH_DIAL_IF_ERROR);
    ngx_conf_merge_msec_value(conf->reauth, prev->reauth,
                              NGX_HTTP_BATCH_DIAL_REAUTH);
    ngx_conf_merge_msec_value(conf->lock_timeout, prev->lock_timeout,
                              NGX_HTTP_BATCH_DIAL_LOCK_TIMEOUT);

    conf->bounds.reauth = conf->reauth;
    conf->bounds.stale_if_error = conf->stale_if_error;
    conf->bounds.stale_while_revalidate = conf->stale_while_revalidate;

    ngx_http_batch_dial_merge_ttl(conf, prev);

    return ngx_http_batch_dial_merge_error_ttl(cf, conf, prev);
}


static void
ngx_http_batch_dial_merge_ttl(ngx_http_batch_dial_loc_conf_t *conf,
    ngx_http_batch_dial_loc_conf_t *prev)
{
    bd_ttl_t    defaults;
    ngx_uint_t  i;

    bd_ttl_default(&defaults);

    for (i = 0; i < BD_STATUS_N; i++) {

        if (conf->ttl_set & (1u << i)) {
            continue;
        }

        conf->ttl.ms[i] = (prev->ttl_set & (1u << i)) ? prev->ttl.ms[i]
                                                      : defaults.ms[i];
        conf->ttl_set |= 1u << i;
    }
}


/* That of http{} is never merged itself: prev's list need not be in full. */

static char *
ngx_http_batch_dial_merge_error_ttl(ngx_conf_t *cf,
    ngx_http_batch_dial_loc_conf_t *conf,
    ngx_http_batch_dial_loc_conf_t *prev)
{
    if (conf->error_ttl == NULL) {
        conf->error_ttl = ngx_array_create(cf->pool,
                                     NGX_HTTP_BATCH_DIAL_ERROR_TTLS,
                                     sizeof(ngx_http_batch_dial_error_ttl_t));
        if (conf->error_ttl == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    if (prev->error_ttl
        && ngx_http_batch_dial_error_ttl_add(conf->error_ttl,
                                             prev->error_ttl->elts,
                                             prev->error_ttl->nelts)
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    return ngx_http_batch_dial_error_ttl_add(conf->error_ttl,
                                             ngx_http_batch_dial_error_ttls,
                                             NGX_HTTP_BATCH_DIAL_ERROR_TTLS)
           == NGX_OK ? NGX_CONF_OK : NGX_CONF_ERROR;
}


/* Adds the n of e whose status is not there yet. */

static ngx_int_t
ngx_http_batch_dial_error_ttl_add(ngx_array_t *a,
    ngx_http_batch_dial_error_ttl_t *e, ngx_uint_t n)
{
    ngx_uint_t                        i;
    ngx_http_batch_dial_error_ttl_t  *added;

    for (i = 0; i < n; i++) {

        if (ngx_http_batch_dial_error_ttl_find(a, e[i].status)) {
            continue;
        }

        added = ngx_array_push(a);
        if (added == NULL) {
            return NGX_ERROR;
        }

        *added = e[i];
    }

    return NGX_OK;
}
