/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The metrics page: the numbers of the zone as Prometheus text (exposition
 * format 0.0.4), or as JSON when the client asks for it.  They are taken once
 * for each page; both formats are written from the same table, and that from
 * the lists of stats.h and the one below.
 */


#include "ngx_http_batch_dial_memory.h"
#include "ngx_http_batch_dial_request.h"
#include <jansson.h>


/*
 * What is not counted in the zone but looked up there, when a page is made.
 *
 *   X(member, metric without "batch_dial_", type, label or "", help)
 */

#define NGX_HTTP_BATCH_DIAL_LOOKED_UP(X)                                      \
    X(breaker_open, "redis_breaker_open", "gauge", "",                        \
      "1 while Redis is not asked.")                                          \
    X(events_sure, "events_sure", "gauge", "",                                \
      "1 while the events of the other nodes are known to arrive.")           \
    X(journal, "journal_length", "gauge", "",                                 \
      "Jobs whose invalidation Redis has yet to be told of.")                 \
    X(flights, "flights", "gauge", "", "Fetches under way on this host.")     \
    X(blocks_free, "memory_blocks", "gauge", "state=\"free\"",                \
      "Blocks of 256 bytes of the zone.")                                     \
    X(blocks_used, "memory_blocks", "gauge", "state=\"used\"", "")            \
    X(entries, "memory_entries", "gauge", "", "Entries of the memory tier.")  \
    X(outcomes, "memory_outcomes", "gauge", "",                               \
      "Refusals and failures that are remembered.")                           \
    X(credentials, "memory_credentials", "gauge", "",                         \
      "Credentials that something is known of.")                              \
    X(evicted, "memory_evictions_total", "counter", "",                       \
      "Entries pushed out of memory by others.")                              \
    X(resets, "memory_resets_total", "counter", "",                           \
      "How often memory was emptied, as a worker had died in the middle of "  \
      "a change.")


/* What there is to tell, at one moment. */
typedef struct {
    ngx_http_batch_dial_stats_t        stats;
    ngx_http_batch_dial_redis_stats_t  redis;

#define ngx_http_batch_dial_number(member, metric, type, label, help)         \
    ngx_atomic_t                       member;
    NGX_HTTP_BATCH_DIAL_LOOKED_UP(ngx_http_batch_dial_number)
#undef ngx_http_batch_dial_number
} ngx_http_batch_dial_numbers_t;


typedef struct {
    const char  *name;
    const char  *type;
    const char  *label;         /* name="value",..., or "" */
    const char  *help;          /* "" on all but the first line of a metric */
    size_t       offset;        /* in ngx_http_batch_dial_numbers_t */
} ngx_http_batch_dial_metric_t;


static void ngx_http_batch_dial_metrics_take(ngx_http_request_t *r,
    ngx_http_batch_dial_numbers_t *numbers);
static ngx_uint_t ngx_http_batch_dial_metrics_json_wanted(
    ngx_http_request_t *r);
static ngx_int_t ngx_http_batch_dial_metrics_text(ngx_http_request_t *r,
    ngx_http_batch_dial_numbers_t *numbers, ngx_str_t *text);
static ngx_int_t ngx_http_batch_dial_metrics_json(ngx_http_request_t *r,
    ngx_http_batch_dial_numbers_t *numbers, ngx_str_t *text);
static json_t *ngx_http_batch_dial_metrics_tree(
    ngx_http_batch_dial_numbers_t *numbers);
static int ngx_http_batch_dial_metrics_add(json_t *root,
    ngx_http_batch_dial_metric_t *m, ngx_atomic_uint_t value);
static json_t *ngx_http_batch_dial_metrics_member(json_t *node,
    const char *name);


static ngx_http_batch_dial_metric_t  ngx_http_batch_dial_metrics[] = {

#define ngx_http_batch_dial_counter(member, metric, label, help)              \
    { "batch_dial_" metric, "counter", label, help,                           \
      offsetof(ngx_http_batch_dial_numbers_t, stats.member) },
    NGX_HTTP_BATCH_DIAL_COUNTERS(ngx_http_batch_dial_counter)
#undef ngx_http_batch_dial_counter

#define ngx_http_batch_dial_counter(member, metric, label, help)              \
    { "batch_dial_" metric, "counter", label, help,                           \
      offsetof(ngx_http_batch_dial_numbers_t, redis.member) },
    NGX_HTTP_BATCH_DIAL_REDIS_COUNTERS(ngx_http_batch_dial_counter)
#undef ngx_http_batch_dial_counter

#define ngx_http_batch_dial_number(member, metric, type, label, help)         \
    { "batch_dial_" metric, type, label, help,                                \
      offsetof(ngx_http_batch_dial_numbers_t, member) },
    NGX_HTTP_BATCH_DIAL_LOOKED_UP(ngx_http_batch_dial_number)
#undef ngx_http_batch_dial_number

    { NULL, NULL, NULL, NULL, 0 }
};


/*
 * What one line may take as text with the two before it: name, type, label
 * and help are literals, so the page has a size the compiler knows.
 */

#define ngx_http_batch_dial_metric_size(metric, label, help)                  \
    + sizeof("# HELP batch_dial_ \n# TYPE batch_dial_ counter\n"              \
             "batch_dial_{} \n")                                              \
    + 3 * sizeof(metric) + sizeof(help) + sizeof(label) + NGX_ATOMIC_T_LEN

#define ngx_http_batch_dial_counter(member, metric, label, help)              \
    ngx_http_batch_dial_metric_size(metric, label, help)
#define ngx_http_batch_dial_number(member, metric, type, label, help)         \
    ngx_http_batch_dial_metric_size(metric, label, help)

static const size_t  ngx_http_batch_dial_metrics_size = 0
    NGX_HTTP_BATCH_DIAL_COUNTERS(ngx_http_batch_dial_counter)
    NGX_HTTP_BATCH_DIAL_REDIS_COUNTERS(ngx_http_batch_dial_counter)
    NGX_HTTP_BATCH_DIAL_LOOKED_UP(ngx_http_batch_dial_number);

#undef ngx_http_batch_dial_counter
#undef ngx_http_batch_dial_number


#define ngx_http_batch_dial_metric_value(numbers, m)                          \
    *(ngx_atomic_t *) ((u_char *) (numbers) + (m)->offset)


ngx_int_t
ngx_http_batch_dial_metrics_handler(ngx_http_request_t *r)
{
    ngx_int_t                       rc;
    ngx_buf_t                      *b;
    ngx_str_t                       text;
    ngx_chain_t                     out;
    ngx_http_batch_dial_numbers_t  *numbers;

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        return NGX_HTTP_NOT_ALLOWED;
    }

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    numbers = ngx_palloc(r->pool, sizeof(ngx_http_batch_dial_numbers_t));
    if (numbers == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_http_batch_dial_metrics_take(r, numbers);

    if (ngx_http_batch_dial_metrics_json_wanted(r)) {
        ngx_str_set(&r->headers_out.content_type, "application/json");
        r->headers_out.content_type_len = r->headers_out.content_type.len;
        rc = ngx_http_batch_dial_metrics_json(r, numbers, &text);

    } else {
        ngx_str_set(&r->headers_out.content_type,
                    "text/plain; version=0.0.4; charset=utf-8");

        /* gzip_types and the like compare the type alone */

        r->headers_out.content_type_len = sizeof("text/plain") - 1;
        rc = ngx_http_batch_dial_metrics_text(r, numbers, &text);
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


static void
ngx_http_batch_dial_metrics_take(ngx_http_request_t *r,
    ngx_http_batch_dial_numbers_t *numbers)
{
    bd_memory_t                      *memory;
    bd_memory_usage_t                 usage;
    ngx_http_batch_dial_shctx_t      *sh;
    ngx_http_batch_dial_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(r, ngx_http_batch_dial_module);
    sh = mcf->zone->data;

    memory = ngx_http_batch_dial_memory_lock(mcf);

    bd_memory_usage(memory, &usage);
    numbers->events_sure = bd_memory_is_sure(memory, ngx_current_msec);

    ngx_http_batch_dial_memory_unlock(mcf);

    numbers->stats = sh->stats;
    numbers->redis = sh->redis;
    numbers->breaker_open = !bd_breaker_closed(&sh->breaker);

    numbers->journal = usage.journal;
    numbers->flights = usage.flights;
    numbers->blocks_free = usage.blocks_free;
    numbers->blocks_used = usage.blocks - usage.blocks_free;
    numbers->entries = usage.entries;
    numbers->outcomes = usage.outcomes;
    numbers->credentials = usage.credentials;
    numbers->evicted = usage.evicted;
    numbers->resets = usage.resets;
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
    ngx_http_batch_dial_numbers_t *numbers, ngx_str_t *text)
{
    u_char                        *p;
    ngx_http_batch_dial_metric_t  *m;

    p = ngx_pnalloc(r->pool, ngx_http_batch_dial_metrics_size);
    if (p == NULL) {
        return NGX_ERROR;
    }

    text->data = p;

    for (m = ngx_http_batch_dial_metrics; m->name; m++) {

        if (m->help[0]) {
            p = ngx_sprintf(p, "# HELP %s %s\n# TYPE %s %s\n",
                            m->name, m->help, m->name, m->type);
        }

        p = ngx_sprintf(p, m->label[0] ? "%s{%s} %uA\n" : "%s%s %uA\n",
                        m->name, m->label,
                        ngx_http_batch_dial_metric_value(numbers, m));
    }

    text->len = p - text->data;

    return NGX_OK;
}


static ngx_int_t
ngx_http_batch_dial_metrics_json(ngx_http_request_t *r,
    ngx_http_batch_dial_numbers_t *numbers, ngx_str_t *text)
{
    char    *dump;
    json_t  *root;

    root = ngx_http_batch_dial_metrics_tree(numbers);
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
 * {"batch_dial_requests_total": {"hit": 1, ...}, "batch_dial_...": 0,
 *  "batch_dial_flights_total": {"host": {"led": 1, ...}, ...}, ...}
 *
 * Returns a new reference, or NULL when memory is short.
 */

static json_t *
ngx_http_batch_dial_metrics_tree(ngx_http_batch_dial_numbers_t *numbers)
{
    json_t                        *root;
    ngx_http_batch_dial_metric_t  *m;

    root = json_object();
    if (root == NULL) {
        return NULL;
    }

    for (m = ngx_http_batch_dial_metrics; m->name; m++) {
        if (ngx_http_batch_dial_metrics_add(root, m,
                                ngx_http_batch_dial_metric_value(numbers, m))
            != 0)
        {
            json_decref(root);
            return NULL;
        }
    }

    return root;
}


/* Each value of a label, between its quotes, is a level of its own. */

static int
ngx_http_batch_dial_metrics_add(json_t *root, ngx_http_batch_dial_metric_t *m,
    ngx_atomic_uint_t value)
{
    char         word[32];
    json_t      *node;
    const char  *p, *last, *name;

    node = root;
    name = m->name;

    for (p = ngx_strchr(m->label, '"'); p; p = ngx_strchr(last + 1, '"')) {

        node = ngx_http_batch_dial_metrics_member(node, name);
        if (node == NULL) {
            return -1;
        }

        last = ngx_strchr(++p, '"');
        (void) ngx_cpystrn((u_char *) word, (u_char *) p,
                           ngx_min((size_t) (last - p) + 1, sizeof(word)));
        name = word;
    }

    return json_object_set_new(node, name, json_integer(value));
}


/* The object of that name in node, borrowed; made when it is not there. */

static json_t *
ngx_http_batch_dial_metrics_member(json_t *node, const char *name)
{
    json_t  *member;

    member = json_object_get(node, name);

    if (member == NULL
        && json_object_set_new(node, name, json_object()) == 0)
    {
        member = json_object_get(node, name);
    }

    return member;
}
