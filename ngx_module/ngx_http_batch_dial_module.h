/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * What the files of the glue share: configurations, the context of a
 * request, and the few functions that cross files.
 *
 * Dependencies point one way: core <- shm, redis <- store <- answer, fetch
 * <- access, read, serve, write, filter <- module, conf.
 */


#ifndef _NGX_HTTP_BATCH_DIAL_MODULE_H_INCLUDED_
#define _NGX_HTTP_BATCH_DIAL_MODULE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include "bd_cache_control.h"
#include "bd_cache_status.h"
#include "bd_credential.h"
#include "bd_entry.h"
#include "bd_key.h"
#include "bd_mac.h"
#include "bd_problem.h"
#include "bd_route.h"
#include "bd_schema.h"
#include "bd_ttl.h"
#include "ngx_http_batch_dial_compat.h"
#include "ngx_http_batch_dial_redis.h"
#include "ngx_http_batch_dial_shm.h"


typedef struct ngx_http_batch_dial_fetch_s  ngx_http_batch_dial_fetch_t;


/* What $batch_dial_cache says; 0: nothing was decided. */
typedef enum {
    NGX_HTTP_BATCH_DIAL_UNDECIDED = 0,
    NGX_HTTP_BATCH_DIAL_HIT,
    NGX_HTTP_BATCH_DIAL_MISS,
    NGX_HTTP_BATCH_DIAL_EXPIRED,
    NGX_HTTP_BATCH_DIAL_BYPASS,
    NGX_HTTP_BATCH_DIAL_REJECTED,
    NGX_HTTP_BATCH_DIAL_PASS
} ngx_http_batch_dial_cache_e;


typedef enum {
    NGX_HTTP_BATCH_DIAL_TIER_NONE = 0,
    NGX_HTTP_BATCH_DIAL_TIER_REDIS,
    NGX_HTTP_BATCH_DIAL_TIER_UPSTREAM
} ngx_http_batch_dial_tier_e;


typedef enum {
    NGX_HTTP_BATCH_DIAL_SCHEMA_NONE = 0,    /* nothing to judge */
    NGX_HTTP_BATCH_DIAL_SCHEMA_VALID,
    NGX_HTTP_BATCH_DIAL_SCHEMA_INVALID,
    NGX_HTTP_BATCH_DIAL_SCHEMA_SKIPPED
} ngx_http_batch_dial_schema_e;


/* the bit of image_filter, which has no use for JSON */
#define NGX_HTTP_BATCH_DIAL_BUFFERED      0x08

#define NGX_HTTP_BATCH_DIAL_MODE_ENFORCE  0
#define NGX_HTTP_BATCH_DIAL_MODE_REPORT   1
#define NGX_HTTP_BATCH_DIAL_MODE_OFF      2


typedef struct {
    ngx_str_t                          namespace;
    ngx_str_t                          secret_file;
    size_t                             zone_size;
    ngx_shm_zone_t                    *zone;

    ngx_str_t                          redis_password_file;
    ngx_str_t                          redis_ca_file;
    ngx_http_batch_dial_redis_conf_t  *redis_conf;  /* NULL: no Redis */

    bd_mac_t                          *credential_mac;
    bd_mac_t                          *entry_mac;
    ngx_array_t                        schemas;     /* compiled, by source */

    /* what a detached request does with each indexed variable */
    u_char                            *variables;
    ngx_fd_t                           detached_fd; /* of this worker */

    ngx_http_batch_dial_redis_t       *redis;       /* of this worker */

    unsigned                           used:1;
} ngx_http_batch_dial_main_conf_t;


typedef struct {
    ngx_flag_t                         enable;
    ngx_str_t                          path;        /* no trailing slash */
    ngx_str_t                          schema_file; /* empty: built in */
    ngx_str_t                          schema_pointer;
    ngx_array_t                       *schema_resolve;  /* of ngx_keyval_t */
    ngx_uint_t                         schema_format;
    ngx_uint_t                         schema_mode;
    bd_schema_t                       *schema;
    bd_ttl_t                           ttl;
    uint32_t                           ttl_set;     /* bit per status */
    size_t                             max_body;
} ngx_http_batch_dial_loc_conf_t;


/*
 * What there is to send for a read, wherever it came from.  An answer lives
 * in a pool of its own and is shared by reference: whoever needs it past the
 * event that gave it to him takes a reference and drops it when done.
 */

typedef enum {
    NGX_HTTP_BATCH_DIAL_ANSWER_PROBLEM = 0, /* made by the gateway */
    NGX_HTTP_BATCH_DIAL_ANSWER_ENTRY,       /* a 200 that may be stored */
    NGX_HTTP_BATCH_DIAL_ANSWER_PASS,        /* upstream's, as it is */
    NGX_HTTP_BATCH_DIAL_ANSWER_DIRECT       /* too large to hold: the client's
                                               request goes upstream itself */
} ngx_http_batch_dial_answer_e;


typedef struct {
    ngx_pool_t                        *pool;
    ngx_uint_t                         refs;

    ngx_http_batch_dial_answer_e       kind;
    ngx_uint_t                         status;          /* to the client */
    ngx_uint_t                         upstream_status; /* 0: none came */

    bd_entry_t                         entry;       /* slices into pool */
    ngx_array_t                        headers;     /* of ngx_keyval_t; PASS */

    bd_problem_e                       problem;
    bd_schema_violation_t             *violation;   /* or NULL */

    ngx_array_t                       *states;      /* $upstream_... of the
                                                       fetch, or NULL */
    ngx_http_batch_dial_schema_e       schema;
    unsigned                           stored:1;
} ngx_http_batch_dial_answer_t;


/*
 * The context of a client's request.  A request of class READ goes through
 * START -> LOOKUP -> FETCH -> READY, leaving out what is not needed; see
 * ngx_http_batch_dial_read.c.
 */

typedef enum {
    NGX_HTTP_BATCH_DIAL_START = 0,
    NGX_HTTP_BATCH_DIAL_LOOKUP,     /* waiting for Redis */
    NGX_HTTP_BATCH_DIAL_FETCH,      /* waiting for a fetch */
    NGX_HTTP_BATCH_DIAL_READY       /* answer is set, or goes direct */
} ngx_http_batch_dial_state_e;


typedef struct {
    ngx_http_request_t                *request;
    bd_class_e                         class;
    ngx_http_batch_dial_state_e        state;
    ngx_str_t                          id;          /* in r->pool */
    u_char                             credential[BD_MAC_SIZE];

    ngx_http_batch_dial_redis_op_t    *op;          /* what we wait for */
    ngx_msec_t                         op_start;
    ngx_msec_t                         redis_time;  /* -1: not asked */

    ngx_http_batch_dial_fetch_t       *own;         /* r is this fetch's */
    ngx_http_batch_dial_fetch_t       *fetch;       /* joined; or NULL */
    ngx_queue_t                        queue;       /* in its waiters */

    ngx_http_batch_dial_answer_t      *answer;      /* a reference of ours */

    ngx_http_batch_dial_cache_e        cache;
    ngx_http_batch_dial_tier_e         tier;
    bd_cache_status_t                  cache_status;

    ngx_chain_t                       *held;        /* of a write's answer */
    unsigned                           has_credential:1;
    unsigned                           direct:1;    /* a read that goes
                                                       upstream by itself */
    unsigned                           settled:1;   /* a write's outcome has
                                                       been dealt with */
    unsigned                           holding:1;   /* header and body of it */
    unsigned                           broken:1;    /* sending it failed */
    unsigned                           failed:1;    /* a read: 500 */
} ngx_http_batch_dial_ctx_t;


/* context */

/*
 * Creates the context of r, empty but for what is passed; id is copied.
 * Returns NULL when memory is short.
 */
ngx_http_batch_dial_ctx_t *ngx_http_batch_dial_create_ctx(
    ngx_http_request_t *r, bd_class_e class, ngx_str_t *id);

/*
 * The context of r, also after an internal redirect has cleared the
 * request's list of contexts; NULL when there is none.
 */
ngx_http_batch_dial_ctx_t *ngx_http_batch_dial_get_ctx(ngx_http_request_t *r);


/* answer */

/*
 * Creates an answer in a pool of its own, with one reference.
 * Returns NULL when memory is short.
 */
ngx_http_batch_dial_answer_t *ngx_http_batch_dial_answer_create(
    ngx_log_t *log);
void ngx_http_batch_dial_answer_ref(ngx_http_batch_dial_answer_t *a);
void ngx_http_batch_dial_answer_unref(ngx_http_batch_dial_answer_t *a);

/*
 * Copies data into the answer's pool and points *slice at the copy.
 * Returns NGX_OK or NGX_ERROR.
 */
ngx_int_t ngx_http_batch_dial_answer_copy(ngx_http_batch_dial_answer_t *a,
    bd_slice_t *slice, const void *data, size_t len);


/* access */

ngx_int_t ngx_http_batch_dial_access_handler(ngx_http_request_t *r);


/* read */

ngx_int_t ngx_http_batch_dial_read_handler(ngx_http_request_t *r);

/*
 * Ends the wait of a request for a fetch, from the event loop: its state
 * becomes READY.  The request may be gone on return.
 */
void ngx_http_batch_dial_read_fetched(ngx_http_batch_dial_ctx_t *ctx,
    ngx_http_batch_dial_answer_t *answer);


/* canonical: what upstream sees of a read */

/*
 * Makes r's URI <path>/<id> without a query, and nothing else of what the
 * client wrote.  Returns NGX_OK or NGX_ERROR.
 */
ngx_int_t ngx_http_batch_dial_canonical_uri(ngx_http_request_t *r,
    ngx_str_t *path, ngx_str_t *id);

/*
 * Makes r's header list a copy of from's without the headers that upstream
 * is not to see; r may be from.  Returns NGX_OK or NGX_ERROR.
 */
ngx_int_t ngx_http_batch_dial_canonical_headers(ngx_http_request_t *r,
    ngx_http_request_t *from);

/* Copies src to r->pool, terminated by a NUL that len does not count. */
ngx_int_t ngx_http_batch_dial_copy_str(ngx_http_request_t *r, ngx_str_t *dst,
    ngx_str_t *src);


/* fetch */

/*
 * Starts a fetch of ctx's job with ctx's credential: a request of its own
 * that goes the way of ctx's location.  ctx waits for it until
 * ngx_http_batch_dial_read_fetched(), never called from inside this call, or
 * ngx_http_batch_dial_fetch_leave().
 *
 * Returns NGX_OK, or NGX_ERROR when memory or connections are short.
 */
ngx_int_t ngx_http_batch_dial_fetch_start(ngx_http_batch_dial_ctx_t *ctx);

/* Takes a waiter out; the fetch itself goes on. */
void ngx_http_batch_dial_fetch_leave(ngx_http_batch_dial_ctx_t *ctx);

/* The filters of a fetch's own request: they take what comes. */
ngx_int_t ngx_http_batch_dial_fetch_header(ngx_http_batch_dial_fetch_t *f,
    ngx_http_request_t *r);
ngx_int_t ngx_http_batch_dial_fetch_body(ngx_http_batch_dial_fetch_t *f,
    ngx_http_request_t *r, ngx_chain_t *in);


/* serve */

ngx_int_t ngx_http_batch_dial_serve_handler(ngx_http_request_t *r);

/*
 * Sends a problem and returns what a content handler returns.  violation may
 * be NULL.
 */
ngx_int_t ngx_http_batch_dial_send_problem(ngx_http_request_t *r,
    bd_problem_e type, const bd_schema_violation_t *violation);

/*
 * Adds a response header; value is not copied.
 * Returns the header line or NULL.
 */
ngx_table_elt_t *ngx_http_batch_dial_add_header(ngx_http_request_t *r,
    const char *name, u_char *value, size_t len);

/* Adds Cache-Status.  Returns NGX_OK or NGX_ERROR. */
ngx_int_t ngx_http_batch_dial_add_cache_status(ngx_http_request_t *r,
    const bd_cache_status_t *cs);


/* write */

ngx_int_t ngx_http_batch_dial_write_header(ngx_http_request_t *r,
    ngx_http_batch_dial_ctx_t *ctx);
ngx_int_t ngx_http_batch_dial_write_body(ngx_http_request_t *r,
    ngx_http_batch_dial_ctx_t *ctx, ngx_chain_t *in);

/* The client left, or nginx gave up: settles what is not settled. */
void ngx_http_batch_dial_write_abandon(ngx_http_batch_dial_ctx_t *ctx);


/* filter */

ngx_int_t ngx_http_batch_dial_filter_init(ngx_conf_t *cf);
ngx_int_t ngx_http_batch_dial_next_header(ngx_http_request_t *r);
ngx_int_t ngx_http_batch_dial_next_body(ngx_http_request_t *r,
    ngx_chain_t *in);


/* store: what is asked of Redis */

/*
 * Asks for the entry of (id, credential).  The operation is as
 * ngx_http_batch_dial_redis_command() returns it.
 */
ngx_http_batch_dial_redis_op_t *ngx_http_batch_dial_store_lookup(
    ngx_http_batch_dial_main_conf_t *mcf, ngx_str_t *id,
    const u_char *credential, ngx_http_batch_dial_redis_handler_pt handler,
    void *data);

/*
 * Reads the reply of a lookup.  Returns a new answer; or NULL for none, with
 * *failed set when Redis failed rather than had nothing.  A value that does
 * not check out is counted and deleted.
 */
ngx_http_batch_dial_answer_t *ngx_http_batch_dial_store_entry(
    ngx_http_batch_dial_main_conf_t *mcf, ngx_str_t *id,
    const u_char *credential, redisReply *reply, ngx_uint_t *failed);

/*
 * Sends an entry to Redis and does not wait.  Returns NGX_OK when the command
 * was taken, NGX_DECLINED when Redis is not to be asked, NGX_ERROR.
 */
ngx_int_t ngx_http_batch_dial_store_put(ngx_http_batch_dial_main_conf_t *mcf,
    ngx_str_t *id, const u_char *credential, const bd_entry_t *entry);

/* Deletes a job with all its entries; as ..._store_lookup(). */
ngx_http_batch_dial_redis_op_t *ngx_http_batch_dial_store_delete(
    ngx_http_batch_dial_main_conf_t *mcf, ngx_str_t *id,
    ngx_http_batch_dial_redis_handler_pt handler, void *data);


/* configuration */

extern ngx_command_t  ngx_http_batch_dial_commands[];

void *ngx_http_batch_dial_create_main_conf(ngx_conf_t *cf);
char *ngx_http_batch_dial_init_main_conf(ngx_conf_t *cf, void *conf);
/*
 * What has to wait for the end of http{}; call it from postconfiguration.
 * Returns NGX_OK, or NGX_ERROR after logging.
 */
ngx_int_t ngx_http_batch_dial_complete(ngx_conf_t *cf,
    ngx_http_batch_dial_main_conf_t *mcf);

void *ngx_http_batch_dial_create_loc_conf(ngx_conf_t *cf);
char *ngx_http_batch_dial_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);

ngx_int_t ngx_http_batch_dial_schemas_init(ngx_conf_t *cf,
    ngx_http_batch_dial_main_conf_t *mcf);

/*
 * Compiles the schema of a location, or takes the one compiled before from
 * the same source.  Returns NGX_CONF_OK, or NGX_CONF_ERROR after logging.
 */
char *ngx_http_batch_dial_schema_load(ngx_conf_t *cf,
    ngx_http_batch_dial_main_conf_t *mcf,
    ngx_http_batch_dial_loc_conf_t *blcf);


/* variables, metrics, detached */

ngx_int_t ngx_http_batch_dial_add_variables(ngx_conf_t *cf);
ngx_int_t ngx_http_batch_dial_metrics_handler(ngx_http_request_t *r);

/* Sorts the variables of the configuration; call from init_process. */
ngx_int_t ngx_http_batch_dial_inherit_init(ngx_cycle_t *cycle,
    ngx_http_batch_dial_main_conf_t *mcf);

/* Gives fr, made of r, its variables.  Returns NGX_OK or NGX_ERROR. */
ngx_int_t ngx_http_batch_dial_inherit_variables(ngx_http_request_t *fr,
    ngx_http_request_t *r);

/* Opens what detached requests need; call from init_process. */
ngx_int_t ngx_http_batch_dial_detached_init(ngx_cycle_t *cycle,
    ngx_http_batch_dial_main_conf_t *mcf);

/*
 * Creates a request that is no client's: on a connection object of its own,
 * with a copy of everything of r that its location may look at, canonical
 * URI and headers, ready to go on behind r's present phase handler.
 *
 * Returns the request, or NULL when memory or connections are short.  It
 * ends as every request does; ngx_http_cleanup_add() tells.
 */
ngx_http_request_t *ngx_http_batch_dial_detached_create(ngx_http_request_t *r,
    ngx_str_t *path, ngx_str_t *id);


static ngx_inline bd_slice_t
ngx_http_batch_dial_slice(ngx_str_t *s)
{
    return bd_slice_make(s->data, s->len);
}


/* 1 when s is the literal, without regard to case. */

#define ngx_http_batch_dial_is(s, literal)                                    \
    ((s)->len == sizeof(literal) - 1                                          \
     && ngx_strncasecmp((s)->data, (u_char *) literal, sizeof(literal) - 1)   \
        == 0)


/* Milliseconds since the epoch, as of this turn of the event loop. */

static ngx_inline int64_t
ngx_http_batch_dial_now(void)
{
    ngx_time_t  *tp = ngx_timeofday();

    return (int64_t) tp->sec * 1000 + tp->msec;
}


#define ngx_http_batch_dial_count(mcf, member)                                \
    (void) ngx_atomic_fetch_add(                                              \
        &((ngx_http_batch_dial_shctx_t *) (mcf)->zone->data)->stats.member, 1)


extern ngx_module_t  ngx_http_batch_dial_module;


#endif /* _NGX_HTTP_BATCH_DIAL_MODULE_H_INCLUDED_ */
