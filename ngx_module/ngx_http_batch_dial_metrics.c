/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The metrics page: the counters of the zone as Prometheus text (exposition
 * format 0.0.4), or as JSON when the client asks for it.  Both are written
 * from the same table, and that from the lists of stats.h and redis.h.
 */


#include "ngx_http_batch_dial_module.h"


/* what one counter may take as text, with its help */
#define NGX_HTTP_BATCH_DIAL_METRIC_SIZE  512


typedef struct {
    const char  *name;          /* without "batch_dial_" */
    const char  *label;         /* name="value", or "" */
    const char  *help;          /* "" on all but the first line of a metric */
    size_t       offset;        /* in ngx_http_batch_dial_shctx_t */
} ngx_http_batch_dial_metric_t;


static ngx_uint_t ngx_http_batch_dial_metrics_json_wanted(
    ngx_http_request_t *r);
static ngx_int_t ngx_http_batch_dial_metrics_text(ngx_http_request_t *r,
    ngx_http_batch_dial_shctx_t *sh, ngx_str_t *text);
static ngx_int_t ngx_http_batch_dial_metrics_json(ngx_http_request_t *r,
    ngx_http_batch_dial_shctx_t *sh, ngx_str_t *text);
static json_t *ngx_http_batch_dial_metrics_tree(
    ngx_http_batch_dial_shctx_t *sh);
static int ngx_http_batch_dial_metrics_add(json_t *root,
    ngx_http_batch_dial_metric_t *m, ngx_atomic_uint_t value);


static ngx_http_batch_dial_metric_t  ngx_http_batch_dial_metrics[] = {

#define ngx_http_batch_dial_counter(member, metric, label, help)              \
    { metric, label, help,                                                    \
      offsetof(ngx_http_batch_dial_shctx_t, stats.member) },
    NGX_HTTP_BATCH_DIAL_COUNTERS(ngx_http_batch_dial_counter)
#undef ngx_http_batch_dial_counter

#define ngx_http_batch_dial_counter(member, metric, label, help)              \
    { metric, label, help,                                                    \
      offsetof(ngx_http_batch_dial_shctx_t, redis.member) },
    NGX_HTTP_BATCH_DIAL_REDIS_COUNTERS(ngx_http_batch_dial_counter)
#undef ngx_http_batch_dial_counter

    { NULL, NULL, NULL, 0 }
};


#define ngx_http_batch_dial_metric_value(sh, m)                               \
    *(ngx_atomic_t *) ((u_char *) (sh) + (m)->offset)


ngx_int_t
ngx_http_batch_dial_metrics_handler(ngx_http_request_t *r)
{
    ngx_int_t                         rc;
    ngx_buf_t                        *b;
    ngx_str_t                         text;
    ngx_chain_t                       out;
    ngx_http_batch_dial_main_conf_t  *mcf;

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        return NGX_HTTP_NOT_ALLOWED;
    }

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    mcf = ngx_http_get_module_main_conf(r, ngx_http_batch_dial_module);

    if (ngx_http_batch_dial_metrics_json_wanted(r)) {
        ngx_str_set(&r->headers_out.content_type, "application/json");
        r->headers_out.content_type_len = r->headers_out.content_type.len;
        rc = ngx_http_batch_dial_metrics_json(r, mcf->zone->data, &text);

    } else {
        ngx_str_set(&r->headers_out.content_type,
                    "text/plain; version=0.0.4; charset=utf-8");

        /* gzip_types and the like compare the type alone */

        r->headers_out.content_type_len = sizeof("text/plain") - 1;
        rc = ngx_http_batch_dial_metrics_text(r, mcf->zone->data, &text);
    }

    b = ngx_calloc_buf(r->pool);

    if (rc != NGX_OK || b == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_length_n = text.len;

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    b->pos = text.data;
    b->last = text.data + text.len;
    b->memory = 1;
    b->last_buf = (r == r->main);
    b->last_in_chain = 1;

    out.buf = b;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}


/* ?format= decides; else a client that names application/json gets it. */

static ngx_uint_t
ngx_http_batch_dial_metrics_json_wanted(ngx_http_request_t *r)
{
    ngx_uint_t        i;
    ngx_str_t         format, *accept;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    if (ngx_http_arg(r, (u_char *) "format", 6, &format) == NGX_OK) {
        return ngx_http_batch_dial_is(&format, "json");
    }

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            accept = &h[i].value;

            if (ngx_http_batch_dial_is(&h[i].key, "Accept")
                && ngx_strlcasestrn(accept->data, accept->data + accept->len,
                                    (u_char *) "application/json",
                                    sizeof("application/json") - 2))
            {
                return 1;
            }
        }
    }

    return 0;
}


static ngx_int_t
ngx_http_batch_dial_metrics_text(ngx_http_request_t *r,
    ngx_http_batch_dial_shctx_t *sh, ngx_str_t *text)
{
    u_char                        *p;
    ngx_http_batch_dial_metric_t  *m;

    p = ngx_pnalloc(r->pool, sizeof(ngx_http_batch_dial_metrics)
                             / sizeof(ngx_http_batch_dial_metric_t)
                             * NGX_HTTP_BATCH_DIAL_METRIC_SIZE);
    if (p == NULL) {
        return NGX_ERROR;
    }

    text->data = p;

    for (m = ngx_http_batch_dial_metrics; m->name; m++) {

        if (m->help[0]) {
            p = ngx_sprintf(p, "# HELP batch_dial_%s %s\n"
                            "# TYPE batch_dial_%s counter\n",
                            m->name, m->help, m->name);
        }

        p = ngx_sprintf(p, m->label[0] ? "batch_dial_%s{%s} %uA\n"
                                       : "batch_dial_%s%s %uA\n",
                        m->name, m->label,
                        ngx_http_batch_dial_metric_value(sh, m));
    }

    p = ngx_sprintf(p, "# HELP batch_dial_redis_breaker_open 1 while Redis is "
                    "not asked.\n# TYPE batch_dial_redis_breaker_open gauge\n"
                    "batch_dial_redis_breaker_open %d\n",
                    !bd_breaker_closed(&sh->breaker));

    text->len = p - text->data;

    return NGX_OK;
}


static ngx_int_t
ngx_http_batch_dial_metrics_json(ngx_http_request_t *r,
    ngx_http_batch_dial_shctx_t *sh, ngx_str_t *text)
{
    char    *dump;
    json_t  *root;

    root = ngx_http_batch_dial_metrics_tree(sh);
    dump = json_dumps(root, JSON_INDENT(2)|JSON_PRESERVE_ORDER);

    json_decref(root);

    if (dump == NULL) {
        return NGX_ERROR;
    }

    text->len = ngx_strlen(dump);
    text->data = ngx_pnalloc(r->pool, text->len);

    if (text->data) {
        ngx_memcpy(text->data, dump, text->len);
    }

    free(dump);

    return text->data ? NGX_OK : NGX_ERROR;
}


/*
 * {"batch_dial_requests_total": {"hit": 1, ...}, "batch_dial_...": 0, ...}
 *
 * Returns a new reference, or NULL when memory is short.
 */

static json_t *
ngx_http_batch_dial_metrics_tree(ngx_http_batch_dial_shctx_t *sh)
{
    json_t                        *root;
    ngx_http_batch_dial_metric_t  *m;

    root = json_object();
    if (root == NULL) {
        return NULL;
    }

    for (m = ngx_http_batch_dial_metrics; m->name; m++) {
        if (ngx_http_batch_dial_metrics_add(root, m,
                                     ngx_http_batch_dial_metric_value(sh, m))
            != 0)
        {
            json_decref(root);
            return NULL;
        }
    }

    if (json_object_set_new(root, "batch_dial_redis_breaker_open",
                            json_integer(!bd_breaker_closed(&sh->breaker)))
        != 0)
    {
        json_decref(root);
        return NULL;
    }

    return root;
}


static int
ngx_http_batch_dial_metrics_add(json_t *root, ngx_http_batch_dial_metric_t *m,
    ngx_atomic_uint_t value)
{
    u_char       name[64], *last;
    json_t      *group;
    const char  *label;

    (void) ngx_snprintf(name, sizeof(name), "batch_dial_%s%Z", m->name);

    if (m->label[0] == '\0') {
        return json_object_set_new(root, (char *) name, json_integer(value));
    }

    group = json_object_get(root, (char *) name);

    if (group == NULL) {
        group = json_object();

        if (json_object_set_new(root, (char *) name, group) != 0) {
            return -1;
        }
    }

    /* the value of the label, between the quotes */

    label = ngx_strchr(m->label, '"') + 1;
    last = ngx_snprintf(name, sizeof(name) - 1, "%s", label);
    last[-1] = '\0';

    return json_object_set_new(group, (char *) name, json_integer(value));
}
