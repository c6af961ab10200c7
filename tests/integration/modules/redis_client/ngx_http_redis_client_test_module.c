/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Drives the Redis client, and a subscription, alone, for their tests.
 *
 *   redis_test <url> [connect_timeout=<time>] [timeout=<time>];     http
 *   redis_test_password <word>;                                     http
 *   redis_test_ca_file <path>;                                      http
 *   redis_test_probe_key <key>;                                     http
 *   redis_test_channel <name>;                                      http
 *   redis_test_command;                                             location
 *   redis_test_stats;                                               location
 *   redis_test_subscription;                                        location
 *   redis_test_message;                                             location
 *   redis_test_breaker;                                             location
 *
 * A request to a redis_test_command location runs the command of the argument
 * "cmd", words parted by "+", with a last word of "fill" bytes if given.  The
 * answer is 200 and the reply as text, 503 when the client refused the
 * command, 504 when it was not answered.  With "then" the handler of the
 * first command issues that one, and its reply is the answer.  With "spare" a
 * second command is issued at once and cancelled by the handler of the first.
 *
 * With redis_test_channel a worker subscribes to it.  The other locations tell
 * what this worker's subscription has told, and answer the last message; the
 * last one opens the breaker with the argument "open", else closes it, behind
 * the client's back: it does not begin to probe.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include "ngx_http_batch_dial_redis.h"
#include "ngx_http_batch_dial_redis_conf.h"
#include "ngx_http_batch_dial_redis_sub.h"


#define NGX_HTTP_REDIS_CLIENT_TEST_WORDS  16


typedef struct {
    bd_breaker_t                         breaker;
    ngx_http_batch_dial_redis_stats_t    stats;
} ngx_http_redis_client_test_shared_t;


typedef struct {
    ngx_http_batch_dial_redis_conf_t     redis;
    ngx_str_t                            password;
    ngx_str_t                            ca_file;
    ngx_str_t                            channel;
    ngx_shm_zone_t                      *zone;
} ngx_http_redis_client_test_conf_t;


/* What the subscription of this worker has told. */
typedef struct {
    ngx_uint_t                           subscribed;
    ngx_uint_t                           lost;
    ngx_uint_t                           alive;
    ngx_msec_t                           sent;      /* by the last alive() */
    ngx_uint_t                           messages;
    ngx_str_t                            message;   /* the last, on the heap */
} ngx_http_redis_client_test_told_t;


typedef struct {
    ngx_http_request_t                  *request;
    ngx_http_batch_dial_redis_op_t      *op;
    ngx_http_batch_dial_redis_op_t      *spare;
    ngx_str_t                            then;
} ngx_http_redis_client_test_ctx_t;


static ngx_int_t ngx_http_redis_client_test_handler(ngx_http_request_t *r);
static ngx_http_batch_dial_redis_op_t *ngx_http_redis_client_test_ask(
    ngx_http_request_t *r, ngx_str_t *text, size_t fill,
    ngx_http_batch_dial_redis_handler_pt handler);
static void ngx_http_redis_client_test_reply(void *data, redisReply *reply);
static void ngx_http_redis_client_test_spare(void *data, redisReply *reply);
static void ngx_http_redis_client_test_cleanup(void *data);
static ngx_uint_t ngx_http_redis_client_test_text(ngx_http_request_t *r,
    redisReply *reply, ngx_str_t *text);
static size_t ngx_http_redis_client_test_size(redisReply *reply);
static u_char *ngx_http_redis_client_test_print(u_char *p, redisReply *reply);
static ngx_int_t ngx_http_redis_client_test_stats(ngx_http_request_t *r);
static ngx_int_t ngx_http_redis_client_test_subscription(
    ngx_http_request_t *r);
static ngx_int_t ngx_http_redis_client_test_message(ngx_http_request_t *r);
static ngx_int_t ngx_http_redis_client_test_breaker(ngx_http_request_t *r);
static ngx_int_t ngx_http_redis_client_test_send(ngx_http_request_t *r,
    ngx_uint_t status, ngx_str_t *text);
static ngx_int_t ngx_http_redis_client_test_arg(ngx_http_request_t *r,
    char *name, ngx_str_t *value);

static void ngx_http_redis_client_test_on_subscribed(void *data);
static void ngx_http_redis_client_test_on_alive(void *data, ngx_msec_t sent);
static void ngx_http_redis_client_test_on_message(void *data,
    ngx_str_t *payload);
static void ngx_http_redis_client_test_on_lost(void *data);

static void *ngx_http_redis_client_test_create_conf(ngx_conf_t *cf);
static char *ngx_http_redis_client_test_url(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static char *ngx_http_redis_client_test_set_handler(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static ngx_int_t ngx_http_redis_client_test_init(ngx_conf_t *cf);
static ngx_int_t ngx_http_redis_client_test_init_zone(ngx_shm_zone_t *zone,
    void *data);
static ngx_int_t ngx_http_redis_client_test_init_process(ngx_cycle_t *cycle);
static void ngx_http_redis_client_test_exit_process(ngx_cycle_t *cycle);


static ngx_http_batch_dial_redis_t        *ngx_http_redis_client_test;
static ngx_http_batch_dial_redis_sub_t    *ngx_http_redis_client_test_sub;
static ngx_http_redis_client_test_told_t   ngx_http_redis_client_test_told;


static ngx_http_batch_dial_redis_sub_events_t
    ngx_http_redis_client_test_events =
{
    ngx_http_redis_client_test_on_subscribed,
    ngx_http_redis_client_test_on_alive,
    ngx_http_redis_client_test_on_message,
    ngx_http_redis_client_test_on_lost
};


static ngx_command_t  ngx_http_redis_client_test_commands[] = {

    { ngx_string("redis_test"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE123,
      ngx_http_redis_client_test_url,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("redis_test_password"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_http_redis_client_test_conf_t, password),
      NULL },

    { ngx_string("redis_test_ca_file"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_http_redis_client_test_conf_t, ca_file),
      NULL },

    { ngx_string("redis_test_probe_key"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_http_redis_client_test_conf_t, redis.probe_key),
      NULL },

    { ngx_string("redis_test_channel"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_http_redis_client_test_conf_t, channel),
      NULL },

    { ngx_string("redis_test_command"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_http_redis_client_test_set_handler,
      0,
      0,
      ngx_http_redis_client_test_handler },

    { ngx_string("redis_test_stats"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_http_redis_client_test_set_handler,
      0,
      0,
      ngx_http_redis_client_test_stats },

    { ngx_string("redis_test_subscription"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_http_redis_client_test_set_handler,
      0,
      0,
      ngx_http_redis_client_test_subscription },

    { ngx_string("redis_test_message"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_http_redis_client_test_set_handler,
      0,
      0,
      ngx_http_redis_client_test_message },

    { ngx_string("redis_test_breaker"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_http_redis_client_test_set_handler,
      0,
      0,
      ngx_http_redis_client_test_breaker },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_redis_client_test_module_ctx = {
    NULL,                                  /* preconfiguration */
    ngx_http_redis_client_test_init,       /* postconfiguration */

    ngx_http_redis_client_test_create_conf, /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    NULL,                                  /* create location configuration */
    NULL                                   /* merge location configuration */
};


ngx_module_t  ngx_http_redis_client_test_module = {
    NGX_MODULE_V1,
    &ngx_http_redis_client_test_module_ctx, /* module context */
    ngx_http_redis_client_test_commands,   /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    ngx_http_redis_client_test_init_process, /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    ngx_http_redis_client_test_exit_process, /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static ngx_int_t
ngx_http_redis_client_test_handler(ngx_http_request_t *r)
{
    ngx_int_t                          rc, fill;
    ngx_str_t                          command, spare, value;
    ngx_http_cleanup_t                *cln;
    ngx_http_redis_client_test_ctx_t  *ctx;

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    ctx = ngx_pcalloc(r->pool, sizeof(ngx_http_redis_client_test_ctx_t));
    cln = ngx_http_cleanup_add(r, 0);

    if (ctx == NULL || cln == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->request = r;
    cln->handler = ngx_http_redis_client_test_cleanup;
    cln->data = ctx;

    ngx_http_set_ctx(r, ctx, ngx_http_redis_client_test_module);

    if (ngx_http_redis_client_test_arg(r, "cmd", &command) != NGX_OK) {
        return NGX_HTTP_BAD_REQUEST;
    }

    (void) ngx_http_redis_client_test_arg(r, "then", &ctx->then);

    fill = 0;

    if (ngx_http_redis_client_test_arg(r, "fill", &value) == NGX_OK) {
        fill = ngx_atoi(value.data, value.len);

        if (fill == NGX_ERROR) {
            return NGX_HTTP_BAD_REQUEST;
        }
    }

    ctx->op = ngx_http_redis_client_test_ask(r, &command, fill,
                                             ngx_http_redis_client_test_reply);
    if (ctx->op == NULL) {
        ngx_str_set(&value, "refused");
        return ngx_http_redis_client_test_send(r,
                                   NGX_HTTP_SERVICE_UNAVAILABLE, &value);
    }

    if (ngx_http_redis_client_test_arg(r, "spare", &spare) == NGX_OK) {
        ctx->spare = ngx_http_redis_client_test_ask(r, &spare, 0,
                                             ngx_http_redis_client_test_spare);
    }

    r->read_event_handler = ngx_http_test_reading;
    r->main->count++;

    return NGX_DONE;
}


static ngx_http_batch_dial_redis_op_t *
ngx_http_redis_client_test_ask(ngx_http_request_t *r, ngx_str_t *text,
    size_t fill, ngx_http_batch_dial_redis_handler_pt handler)
{
    u_char      *p, *last;
    ngx_str_t    argv[NGX_HTTP_REDIS_CLIENT_TEST_WORDS];
    ngx_uint_t   argc;

    p = text->data;
    last = p + text->len;

    for (argc = 0; argc < NGX_HTTP_REDIS_CLIENT_TEST_WORDS - 1; argc++) {
        argv[argc].data = p;
        p = ngx_strlchr(p, last, '+');
        argv[argc].len = (p ? p : last) - argv[argc].data;

        if (p++ == NULL) {
            argc++;
            break;
        }
    }

    if (fill) {
        argv[argc].len = fill;
        argv[argc].data = ngx_pnalloc(r->pool, fill);
        if (argv[argc].data == NULL) {
            return NULL;
        }

        ngx_memset(argv[argc].data, 'x', fill);
        argc++;
    }

    return ngx_http_batch_dial_redis_command(ngx_http_redis_client_test, argc,
                                             argv, handler,
                          ngx_http_get_module_ctx(r,
                                           ngx_http_redis_client_test_module));
}


static void
ngx_http_redis_client_test_reply(void *data, redisReply *reply)
{
    ngx_http_redis_client_test_ctx_t  *ctx = data;

    ngx_str_t            text, then;
    ngx_uint_t           status;
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    r = ctx->request;
    c = r->connection;

    ctx->op = NULL;

    if (ctx->spare) {
        ngx_http_batch_dial_redis_cancel(ctx->spare);
        ctx->spare = NULL;
    }

    if (ctx->then.len) {
        then = ctx->then;
        ctx->then.len = 0;

        ctx->op = ngx_http_redis_client_test_ask(r, &then, 0,
                                             ngx_http_redis_client_test_reply);
        if (ctx->op) {
            return;
        }

        status = NGX_HTTP_SERVICE_UNAVAILABLE;
        ngx_str_set(&text, "refused");

    } else {
        status = ngx_http_redis_client_test_text(r, reply, &text);
    }

    ngx_http_finalize_request(r,
                       ngx_http_redis_client_test_send(r, status, &text));
    ngx_http_run_posted_requests(c);
}


/* of a command that is always cancelled: to be called is a failure */

static void
ngx_http_redis_client_test_spare(void *data, redisReply *reply)
{
    ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, 0,
                  "handler of a cancelled command was called");
}


static void
ngx_http_redis_client_test_cleanup(void *data)
{
    ngx_http_redis_client_test_ctx_t  *ctx = data;

    if (ctx->op) {
        ngx_http_batch_dial_redis_cancel(ctx->op);
    }

    if (ctx->spare) {
        ngx_http_batch_dial_redis_cancel(ctx->spare);
    }
}


static ngx_uint_t
ngx_http_redis_client_test_text(ngx_http_request_t *r, redisReply *reply,
    ngx_str_t *text)
{
    if (reply == NULL) {
        ngx_str_set(text, "unanswered");
        return NGX_HTTP_GATEWAY_TIME_OUT;
    }

    text->data = ngx_pnalloc(r->pool, ngx_http_redis_client_test_size(reply));
    if (text->data == NULL) {
        ngx_str_set(text, "no memory");
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    text->len = ngx_http_redis_client_test_print(text->data, reply)
                - text->data;

    return NGX_HTTP_OK;
}


static size_t
ngx_http_redis_client_test_size(redisReply *reply)
{
    size_t      size;
    ngx_uint_t  i;

    if (reply->type != REDIS_REPLY_ARRAY) {
        return reply->len + NGX_INT64_LEN + sizeof("nil");
    }

    size = sizeof("[]");

    for (i = 0; i < reply->elements; i++) {
        size += ngx_http_redis_client_test_size(reply->element[i]) + 1;
    }

    return size;
}


static u_char *
ngx_http_redis_client_test_print(u_char *p, redisReply *reply)
{
    ngx_uint_t  i;

    switch (reply->type) {

    case REDIS_REPLY_NIL:
        return ngx_cpymem(p, "nil", 3);

    case REDIS_REPLY_INTEGER:
        return ngx_sprintf(p, "%L", (int64_t) reply->integer);

    case REDIS_REPLY_ARRAY:
        *p++ = '[';

        for (i = 0; i < reply->elements; i++) {
            p = ngx_http_redis_client_test_print(p, reply->element[i]);
            *p++ = ',';
        }

        *p++ = ']';

        return p;

    case REDIS_REPLY_ERROR:
        *p++ = '-';
        break;
    }

    return ngx_cpymem(p, reply->str, reply->len);
}


static ngx_int_t
ngx_http_redis_client_test_stats(ngx_http_request_t *r)
{
    ngx_str_t                             text;
    ngx_http_redis_client_test_conf_t    *tcf;
    ngx_http_redis_client_test_shared_t  *shared;

    tcf = ngx_http_get_module_main_conf(r, ngx_http_redis_client_test_module);
    shared = tcf->zone->data;

    text.data = ngx_pnalloc(r->pool, 512);
    if (text.data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    text.len = ngx_snprintf(text.data, 512,
                            "{\"connections\":%uA,\"connect_failures\":%uA,"
                            "\"commands\":%uA,\"writes\":%uA,"
                            "\"timeouts\":%uA,\"protocol_errors\":%uA,"
                            "\"breaker_opened\":%uA,\"breaker_open\":%d,"
                            "\"pid\":%P}",
                            shared->stats.connections,
                            shared->stats.connect_failures,
                            shared->stats.commands,
                            shared->stats.writes,
                            shared->stats.timeouts,
                            shared->stats.protocol_errors,
                            shared->stats.breaker_opened,
                            !bd_breaker_closed(&shared->breaker),
                            ngx_pid)
               - text.data;

    return ngx_http_redis_client_test_send(r, NGX_HTTP_OK, &text);
}


static ngx_int_t
ngx_http_redis_client_test_subscription(ngx_http_request_t *r)
{
    ngx_str_t                           text;
    ngx_http_redis_client_test_told_t  *told;

    told = &ngx_http_redis_client_test_told;

    text.data = ngx_pnalloc(r->pool, 512);
    if (text.data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    text.len = ngx_snprintf(text.data, 512,
                            "{\"subscribed\":%ui,\"lost\":%ui,\"alive\":%ui,"
                            "\"sent\":%M,\"messages\":%ui,\"pid\":%P}",
                            told->subscribed, told->lost, told->alive,
                            told->sent, told->messages, ngx_pid)
               - text.data;

    return ngx_http_redis_client_test_send(r, NGX_HTTP_OK, &text);
}


static ngx_int_t
ngx_http_redis_client_test_message(ngx_http_request_t *r)
{
    ngx_str_t  text;

    text.len = ngx_http_redis_client_test_told.message.len;

    if (text.len == 0) {
        return NGX_HTTP_NO_CONTENT;
    }

    text.data = ngx_pnalloc(r->pool, text.len);
    if (text.data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_memcpy(text.data, ngx_http_redis_client_test_told.message.data,
               text.len);

    return ngx_http_redis_client_test_send(r, NGX_HTTP_OK, &text);
}


static ngx_int_t
ngx_http_redis_client_test_breaker(ngx_http_request_t *r)
{
    ngx_str_t                             value;
    ngx_uint_t                            i;
    ngx_http_redis_client_test_conf_t    *tcf;
    ngx_http_redis_client_test_shared_t  *shared;

    tcf = ngx_http_get_module_main_conf(r, ngx_http_redis_client_test_module);
    shared = tcf->zone->data;

    if (ngx_http_redis_client_test_arg(r, "open", &value) == NGX_OK) {

        for (i = 0; i < BD_BREAKER_FAILURES; i++) {
            (void) bd_breaker_failure(&shared->breaker, ngx_current_msec, 0);
        }

    } else {
        (void) bd_breaker_success(&shared->breaker);
    }

    return NGX_HTTP_NO_CONTENT;
}


static ngx_int_t
ngx_http_redis_client_test_send(ngx_http_request_t *r, ngx_uint_t status,
    ngx_str_t *text)
{
    ngx_int_t     rc;
    ngx_buf_t    *b;
    ngx_chain_t   out;

    r->headers_out.status = status;
    r->headers_out.content_length_n = text->len;

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    b->pos = text->data;
    b->last = text->data + text->len;
    b->memory = text->len ? 1 : 0;
    b->last_buf = 1;
    b->last_in_chain = 1;

    out.buf = b;
    out.next = NULL;

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    return ngx_http_output_filter(r, &out);
}


static ngx_int_t
ngx_http_redis_client_test_arg(ngx_http_request_t *r, char *name,
    ngx_str_t *value)
{
    u_char     *dst, *src;
    ngx_str_t   raw;

    if (ngx_http_arg(r, (u_char *) name, ngx_strlen(name), &raw) != NGX_OK) {
        return NGX_DECLINED;
    }

    dst = ngx_pnalloc(r->pool, raw.len);
    if (dst == NULL) {
        return NGX_ERROR;
    }

    value->data = dst;
    src = raw.data;

    ngx_unescape_uri(&dst, &src, raw.len, 0);

    value->len = dst - value->data;

    return NGX_OK;
}


static void
ngx_http_redis_client_test_on_subscribed(void *data)
{
    ngx_http_redis_client_test_told_t  *told = data;

    if (ngx_http_redis_client_test_sub == NULL) {
        ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, 0,
                      "handler was called from inside create");
    }

    told->subscribed++;
}


static void
ngx_http_redis_client_test_on_lost(void *data)
{
    ngx_http_redis_client_test_told_t  *told = data;

    told->lost++;

    if (told->lost > told->subscribed) {
        ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, 0,
                      "lost what was not subscribed");
    }
}


static void
ngx_http_redis_client_test_on_alive(void *data, ngx_msec_t sent)
{
    ngx_http_redis_client_test_told_t  *told = data;

    if (told->subscribed == 0
        || (told->alive && (ngx_msec_int_t) (sent - told->sent) < 0)
        || (ngx_msec_int_t) (ngx_current_msec - sent) < 0)
    {
        ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, 0,
                      "alive at %M after %M", sent, told->sent);
    }

    told->alive++;
    told->sent = sent;
}


static void
ngx_http_redis_client_test_on_message(void *data, ngx_str_t *payload)
{
    ngx_http_redis_client_test_told_t  *told = data;

    u_char  *p;

    p = ngx_alloc(payload->len + 1, ngx_cycle->log);
    if (p == NULL) {
        return;
    }

    if (told->message.data) {
        ngx_free(told->message.data);
    }

    ngx_memcpy(p, payload->data, payload->len);

    told->message.data = p;
    told->message.len = payload->len;
    told->messages++;
}


static void *
ngx_http_redis_client_test_create_conf(ngx_conf_t *cf)
{
    ngx_http_redis_client_test_conf_t  *tcf;

    tcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_redis_client_test_conf_t));
    if (tcf == NULL) {
        return NULL;
    }

    tcf->redis.connect_timeout = 100;
    tcf->redis.timeout = 50;

    return tcf;
}


static char *
ngx_http_redis_client_test_url(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_redis_client_test_conf_t  *tcf = conf;

    u_char      *buf;
    ngx_str_t   *value, time;
    ngx_uint_t   i;
    const char  *error;

    value = cf->args->elts;

    buf = ngx_pnalloc(cf->pool, value[1].len);
    if (buf == NULL) {
        return NGX_CONF_ERROR;
    }

    error = bd_redis_url_parse(bd_slice_make(value[1].data, value[1].len),
                               buf, &tcf->redis.url);
    if (error) {
        return (char *) error;
    }

    for (i = 2; i < cf->args->nelts; i++) {
        if (ngx_strncmp(value[i].data, "connect_timeout=", 16) == 0) {
            time.data = value[i].data + 16;
            time.len = value[i].len - 16;
            tcf->redis.connect_timeout = ngx_parse_time(&time, 0);

        } else {
            time.data = value[i].data + 8;
            time.len = value[i].len - 8;
            tcf->redis.timeout = ngx_parse_time(&time, 0);
        }
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_redis_client_test_set_handler(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = (ngx_http_handler_pt) cmd->post;

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_redis_client_test_init(ngx_conf_t *cf)
{
    ngx_str_t                           name = ngx_string("redis_test");
    ngx_http_redis_client_test_conf_t  *tcf;

    tcf = ngx_http_conf_get_module_main_conf(cf,
                                           ngx_http_redis_client_test_module);

    if (ngx_http_batch_dial_redis_configure(cf, &tcf->redis, &tcf->password,
                                            &tcf->ca_file)
        != NGX_CONF_OK)
    {
        return NGX_ERROR;
    }

    tcf->zone = ngx_shared_memory_add(cf, &name, 64 * 1024,
                                      &ngx_http_redis_client_test_module);
    if (tcf->zone == NULL) {
        return NGX_ERROR;
    }

    tcf->zone->init = ngx_http_redis_client_test_init_zone;

    return NGX_OK;
}


static ngx_int_t
ngx_http_redis_client_test_init_zone(ngx_shm_zone_t *zone, void *data)
{
    ngx_slab_pool_t  *pool;

    if (data) {
        zone->data = data;
        return NGX_OK;
    }

    pool = (ngx_slab_pool_t *) zone->shm.addr;

    zone->data = ngx_slab_calloc(pool,
                                 sizeof(ngx_http_redis_client_test_shared_t));

    return zone->data ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_http_redis_client_test_init_process(ngx_cycle_t *cycle)
{
    ngx_http_redis_client_test_conf_t    *tcf;
    ngx_http_redis_client_test_shared_t  *shared;

    tcf = ngx_http_cycle_get_module_main_conf(cycle,
                                           ngx_http_redis_client_test_module);
    shared = tcf->zone->data;

    ngx_http_redis_client_test = ngx_http_batch_dial_redis_create(cycle,
                                                          &tcf->redis,
                                                          &shared->breaker,
                                                          &shared->stats);

    if (ngx_http_redis_client_test == NULL) {
        return NGX_ERROR;
    }

    /* the manager and the loader of caches come here, but end without exit */

    if (tcf->channel.len == 0 || ngx_process != NGX_PROCESS_WORKER) {
        return NGX_OK;
    }

    ngx_http_redis_client_test_sub =
        ngx_http_batch_dial_redis_sub_create(cycle, &tcf->redis,
                                             &shared->breaker, &shared->stats,
                                             &tcf->channel,
                                           &ngx_http_redis_client_test_events,
                                           &ngx_http_redis_client_test_told);

    return ngx_http_redis_client_test_sub ? NGX_OK : NGX_ERROR;
}


static void
ngx_http_redis_client_test_exit_process(ngx_cycle_t *cycle)
{
    if (ngx_http_redis_client_test_sub) {
        ngx_http_batch_dial_redis_sub_destroy(ngx_http_redis_client_test_sub);
    }

    if (ngx_http_redis_client_test_told.message.data) {
        ngx_free(ngx_http_redis_client_test_told.message.data);
    }

    ngx_http_batch_dial_redis_destroy(ngx_http_redis_client_test);
}
