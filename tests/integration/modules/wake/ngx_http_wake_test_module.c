/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Drives the wake-up of workers alone, for its tests.
 *
 *   wake_test <zone, hexadecimal> <first slot>;                     http
 *   wake_test_send;                                                 location
 *   wake_test_stats;                                                location
 *
 * A worker takes the first slot, from the given one on, whose process is gone.
 * A request to a wake_test_send location wakes the slots of the argument
 * "slots", numbers parted by "+", and is answered with the microsecond before
 * it did.  The other location tells of the worker that answers, and of all
 * slots: how often their workers have been woken, and at which microsecond
 * last.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include "ngx_http_batch_dial_wake.h"


#define NGX_HTTP_WAKE_TEST_SLOTS  4


typedef struct {
    ngx_atomic_t                 pid;       /* 0: nobody */
    ngx_atomic_t                 woken;
    ngx_atomic_t                 at;        /* microsecond of the last */
} ngx_http_wake_test_slot_t;


typedef struct {
    uint64_t                     number;    /* of the zone */
    ngx_uint_t                   first;
    ngx_shm_zone_t              *zone;
} ngx_http_wake_test_conf_t;


static ngx_int_t ngx_http_wake_test_send(ngx_http_request_t *r);
static ngx_int_t ngx_http_wake_test_stats(ngx_http_request_t *r);
static ngx_int_t ngx_http_wake_test_answer(ngx_http_request_t *r,
    ngx_str_t *text);
static void ngx_http_wake_test_woken(void *data);
static ngx_atomic_uint_t ngx_http_wake_test_now(void);

static void *ngx_http_wake_test_create_conf(ngx_conf_t *cf);
static char *ngx_http_wake_test_zone(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_wake_test_set_handler(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static ngx_int_t ngx_http_wake_test_init_zone(ngx_shm_zone_t *zone,
    void *data);
static ngx_int_t ngx_http_wake_test_init_process(ngx_cycle_t *cycle);
static void ngx_http_wake_test_exit_process(ngx_cycle_t *cycle);


static ngx_http_batch_dial_wake_t  *ngx_http_wake_test;
static ngx_http_wake_test_slot_t   *ngx_http_wake_test_own;


static ngx_command_t  ngx_http_wake_test_commands[] = {

    { ngx_string("wake_test"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE2,
      ngx_http_wake_test_zone,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("wake_test_send"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_http_wake_test_set_handler,
      0,
      0,
      ngx_http_wake_test_send },

    { ngx_string("wake_test_stats"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_http_wake_test_set_handler,
      0,
      0,
      ngx_http_wake_test_stats },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_wake_test_module_ctx = {
    NULL,                                  /* preconfiguration */
    NULL,                                  /* postconfiguration */

    ngx_http_wake_test_create_conf,        /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    NULL,                                  /* create location configuration */
    NULL                                   /* merge location configuration */
};


ngx_module_t  ngx_http_wake_test_module = {
    NGX_MODULE_V1,
    &ngx_http_wake_test_module_ctx,        /* module context */
    ngx_http_wake_test_commands,           /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    ngx_http_wake_test_init_process,       /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    ngx_http_wake_test_exit_process,       /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static ngx_int_t
ngx_http_wake_test_send(ngx_http_request_t *r)
{
    u_char      *p, *last, *end;
    ngx_str_t    value, text;
    ngx_int_t    slot;
    bd_slots_t   slots;

    if (ngx_http_arg(r, (u_char *) "slots", 5, &value) != NGX_OK) {
        return NGX_HTTP_BAD_REQUEST;
    }

    ngx_memzero(&slots, sizeof(bd_slots_t));

    last = value.data + value.len;

    for (p = value.data; p < last; p = end + 1) {

        end = ngx_strlchr(p, last, '+');
        end = end ? end : last;

        slot = ngx_atoi(p, end - p);

        if (slot == NGX_ERROR || slot >= BD_WORKERS) {
            return NGX_HTTP_BAD_REQUEST;
        }

        slots.bits[slot / 64] |= (uint64_t) 1 << (slot % 64);
    }

    text.data = ngx_pnalloc(r->pool, NGX_ATOMIC_T_LEN);
    if (text.data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    text.len = ngx_sprintf(text.data, "%uA", ngx_http_wake_test_now())
               - text.data;

    ngx_http_batch_dial_wake_send(ngx_http_wake_test, &slots);

    return ngx_http_wake_test_answer(r, &text);
}


static ngx_int_t
ngx_http_wake_test_stats(ngx_http_request_t *r)
{
    u_char                     *p, *last;
    ngx_str_t                   text;
    ngx_uint_t                  i;
    ngx_http_wake_test_conf_t  *wcf;
    ngx_http_wake_test_slot_t  *slots;

    wcf = ngx_http_get_module_main_conf(r, ngx_http_wake_test_module);
    slots = wcf->zone->data;

    text.data = ngx_pnalloc(r->pool, 1024);
    if (text.data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    p = text.data;
    last = p + 1024;

    p = ngx_slprintf(p, last, "{\"pid\":%P,\"open\":%d,\"slots\":{", ngx_pid,
                     ngx_http_wake_test != NULL);

    for (i = 0; i < NGX_HTTP_WAKE_TEST_SLOTS; i++) {
        p = ngx_slprintf(p, last,
                         "%s\"%ui\":{\"pid\":%uA,\"woken\":%uA,\"at\":%uA}",
                         i ? "," : "", wcf->first + i, slots[i].pid,
                         slots[i].woken, slots[i].at);
    }

    p = ngx_slprintf(p, last, "}}");

    text.len = p - text.data;

    return ngx_http_wake_test_answer(r, &text);
}


static ngx_int_t
ngx_http_wake_test_answer(ngx_http_request_t *r, ngx_str_t *text)
{
    ngx_int_t     rc;
    ngx_buf_t    *b;
    ngx_chain_t   out;

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    b->pos = text->data;
    b->last = text->data + text->len;
    b->memory = 1;
    b->last_buf = (r == r->main);
    b->last_in_chain = 1;

    out.buf = b;
    out.next = NULL;

    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_length_n = text->len;

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    return ngx_http_output_filter(r, &out);
}


static void
ngx_http_wake_test_woken(void *data)
{
    ngx_http_wake_test_slot_t *slot = data;

    slot->at = ngx_http_wake_test_now();

    (void) ngx_atomic_fetch_add(&slot->woken, 1);
}


static ngx_atomic_uint_t
ngx_http_wake_test_now(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);

    return (ngx_atomic_uint_t) ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}


static void *
ngx_http_wake_test_create_conf(ngx_conf_t *cf)
{
    /* set by ngx_pcalloc(): wcf->zone = NULL */

    return ngx_pcalloc(cf->pool, sizeof(ngx_http_wake_test_conf_t));
}


static char *
ngx_http_wake_test_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_wake_test_conf_t *wcf = conf;

    ngx_str_t  *value;
    ngx_str_t   name = ngx_string("wake_test");

    value = cf->args->elts;

    wcf->number = strtoull((char *) value[1].data, NULL, 16);
    wcf->first = ngx_atoi(value[2].data, value[2].len);

    wcf->zone = ngx_shared_memory_add(cf, &name, 64 * 1024,
                                      &ngx_http_wake_test_module);
    if (wcf->zone == NULL) {
        return NGX_CONF_ERROR;
    }

    wcf->zone->init = ngx_http_wake_test_init_zone;

    return NGX_CONF_OK;
}


static char *
ngx_http_wake_test_set_handler(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = (ngx_http_handler_pt) cmd->post;

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_wake_test_init_zone(ngx_shm_zone_t *zone, void *data)
{
    ngx_slab_pool_t  *pool;

    if (data) {
        zone->data = data;
        return NGX_OK;
    }

    pool = (ngx_slab_pool_t *) zone->shm.addr;

    zone->data = ngx_slab_calloc(pool, NGX_HTTP_WAKE_TEST_SLOTS
                                       * sizeof(ngx_http_wake_test_slot_t));

    return zone->data ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_http_wake_test_init_process(ngx_cycle_t *cycle)
{
    ngx_uint_t                  i;
    ngx_atomic_uint_t           pid;
    ngx_http_wake_test_conf_t  *wcf;
    ngx_http_wake_test_slot_t  *slots;

    if (ngx_process != NGX_PROCESS_WORKER) {
        return NGX_OK;
    }

    wcf = ngx_http_cycle_get_module_main_conf(cycle,
                                              ngx_http_wake_test_module);
    slots = wcf->zone->data;

    for (i = 0; i < NGX_HTTP_WAKE_TEST_SLOTS; i++) {
        pid = slots[i].pid;

        if ((pid == 0 || (kill(pid, 0) == -1 && ngx_errno == NGX_ESRCH))
            && ngx_atomic_cmp_set(&slots[i].pid, pid, ngx_pid))
        {
            ngx_http_wake_test_own = &slots[i];

            ngx_http_wake_test = ngx_http_batch_dial_wake_open(cycle,
                                                     wcf->number,
                                                     wcf->first + i,
                                                     ngx_http_wake_test_woken,
                                                     &slots[i]);
            return NGX_OK;
        }
    }

    return NGX_ERROR;
}


static void
ngx_http_wake_test_exit_process(ngx_cycle_t *cycle)
{
    if (ngx_http_wake_test_own == NULL) {
        return;
    }

    ngx_http_batch_dial_wake_close(ngx_http_wake_test);

    ngx_http_wake_test_own->pid = 0;
}
