/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * What all files of the glue share: configurations, the context of a request,
 * and a few helpers.  What a file does for others is declared in a header of
 * its subject, which says who they are.
 *
 * Dependencies point one way: core <- shm, redis, wake <- answer <- memory
 * <- event <- store <- liveness, announce <- lease, invalidate, journal
 * <- context, detached, judge <- fetch <- flight <- access, serve <- write,
 * purge <- read, filter <- worker, directives <- conf <- module.
 *
 * Who is told of something by one below him has given it a handler: those who
 * wait for Redis, for a fetch, for a flight (ctx->landed) or an invalidation,
 * and the flights that an event is about.  Two calls go upwards by name: the
 * one cleanup of a request, in context, takes it off its flight and settles its
 * write; and write sends what it held by the next filters, which filter knows.
 */


#ifndef _NGX_HTTP_BATCH_DIAL_MODULE_H_INCLUDED_
#define _NGX_HTTP_BATCH_DIAL_MODULE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include "bd_cache_status.h"
#include "bd_liveness.h"
#include "bd_mac.h"
#include "bd_route.h"
#include "bd_schema.h"
#include "bd_ttl.h"
#include "ngx_http_batch_dial_body.h"
#include "ngx_http_batch_dial_compat.h"
#include "ngx_http_batch_dial_redis.h"
#include "ngx_http_batch_dial_shm.h"
#include "ngx_http_batch_dial_wake.h"


typedef struct ngx_http_batch_dial_answer_s  ngx_http_batch_dial_answer_t;
typedef struct ngx_http_batch_dial_ctx_s     ngx_http_batch_dial_ctx_t;
typedef struct ngx_http_batch_dial_fetch_s   ngx_http_batch_dial_fetch_t;
typedef struct ngx_http_batch_dial_flight_s  ngx_http_batch_dial_flight_t;
typedef struct ngx_http_batch_dial_names_s   ngx_http_batch_dial_names_t;
typedef struct ngx_http_batch_dial_worker_s  ngx_http_batch_dial_worker_t;
typedef struct ngx_http_batch_dial_invalidation_s
    ngx_http_batch_dial_invalidation_t;


/* What $batch_dial_cache says; 0: nothing was decided. */
typedef enum {
    NGX_HTTP_BATCH_DIAL_UNDECIDED = 0,
    NGX_HTTP_BATCH_DIAL_HIT,
    NGX_HTTP_BATCH_DIAL_STALE,
    NGX_HTTP_BATCH_DIAL_UPDATING,
    NGX_HTTP_BATCH_DIAL_MISS,
    NGX_HTTP_BATCH_DIAL_EXPIRED,
    NGX_HTTP_BATCH_DIAL_COALESCED,
    NGX_HTTP_BATCH_DIAL_NEGATIVE,
    NGX_HTTP_BATCH_DIAL_BYPASS,
    NGX_HTTP_BATCH_DIAL_REJECTED,
    NGX_HTTP_BATCH_DIAL_PASS
} ngx_http_batch_dial_cache_e;


typedef enum {
    NGX_HTTP_BATCH_DIAL_TIER_NONE = 0,
    NGX_HTTP_BATCH_DIAL_TIER_MEMORY,
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

/* After a fetch that failed the pair is left alone for so long. */
#define NGX_HTTP_BATCH_DIAL_BACKOFF       1000

/* For how long upstream may ask to be left alone, at the most; and for how
 * long a 429 asks that does not say. */
#define NGX_HTTP_BATCH_DIAL_HOLD_MAX      60000
#define NGX_HTTP_BATCH_DIAL_HOLD_429      2000

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

    ngx_str_t                          channel;     /* names in Redis */
    ngx_str_t                          generation;

    /* of this worker */

    ngx_fd_t                           detached_fd;
    ngx_http_batch_dial_redis_t       *redis;       /* NULL: no Redis */
    size_t                             entry_room;  /* what the last took */
    ngx_http_batch_dial_worker_t      *worker;
    bd_worker_t                        self;        /* its place on the host */
    ngx_queue_t                        flights;     /* of .._flight_t */
    ngx_http_batch_dial_wake_t        *wake;        /* by which others wake it,
                                                       or NULL */

    unsigned                           used:1;
} ngx_http_batch_dial_main_conf_t;


/* For how long a refusal is remembered. */
typedef struct {
    ngx_uint_t                         status;
    ngx_msec_t                         ttl;         /* 0: not at all */
} ngx_http_batch_dial_error_ttl_t;


typedef struct {
    ngx_flag_t                         enable;
    ngx_flag_t                         memory;      /* the memory tier */
    ngx_msec_t                         reauth;
    ngx_msec_t                         stale_if_error;
    ngx_msec_t                         stale_while_revalidate;
    bd_bounds_t                        bounds;      /* the three of them */
    ngx_msec_t                         lock_timeout;
    ngx_array_t                       *error_ttl;   /* of .._error_ttl_t, in
                                                       full once merged */
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
 * The context of a client's request.  A request of class READ goes through
 * START -> LOOKUP -> WAIT -> READY, leaving out what is not needed; see
 * ngx_http_batch_dial_read.c.
 */

typedef enum {
    NGX_HTTP_BATCH_DIAL_START = 0,
    NGX_HTTP_BATCH_DIAL_LOOKUP,     /* waiting for Redis */
    NGX_HTTP_BATCH_DIAL_WAIT,       /* waiting for a flight */
    NGX_HTTP_BATCH_DIAL_BEGIN,      /* a write, waiting for Redis */
    NGX_HTTP_BATCH_DIAL_READY       /* answer is set, or goes direct */
} ngx_http_batch_dial_state_e;


/*
 * Ends the wait of a request for a flight, from the event loop.  answer is
 * borrowed; NULL: the request has to look again.  The request may be gone on
 * return.
 */
typedef void (*ngx_http_batch_dial_landed_pt)(ngx_http_batch_dial_ctx_t *ctx,
    ngx_http_batch_dial_answer_t *answer);


struct ngx_http_batch_dial_ctx_s {
    ngx_http_request_t                *request;
    bd_class_e                         class;
    ngx_http_batch_dial_state_e        state;
    ngx_str_t                          id;          /* in r->pool */
    u_char                             credential[BD_MAC_SIZE];

    ngx_http_batch_dial_redis_op_t    *op;          /* what we wait for */
    ngx_msec_t                         op_start;
    ngx_msec_t                         redis_time;  /* -1: not asked */

    ngx_http_batch_dial_fetch_t       *own;         /* r is this fetch's */

    /* a read */

    ngx_http_batch_dial_flight_t      *flight;      /* waited for; or NULL */
    ngx_http_batch_dial_landed_pt      landed;      /* who is told */
    ngx_queue_t                        queue;       /* in its waiters */
    ngx_event_t                        timeout;     /* of the wait */
    ngx_msec_t                         wait_start;  /* of the first wait */
    uint64_t                           epoch;       /* of the job: when Redis
                                                       was asked; of a write:
                                                       when it began, or was
                                                       settled */
    int64_t                            asked_ms;    /* mono: when Redis was */
    int64_t                            known_ms;    /* fetched_ms of the entry
                                                       found last; 0: none */

    ngx_http_batch_dial_answer_t      *cached;      /* a reference of ours: the
                                                       entry found */
    ngx_http_batch_dial_tier_e         cached_tier;
    ngx_http_batch_dial_answer_t      *answer;      /* a reference of ours */
    ngx_uint_t                         retry_after; /* seconds; 0: not said */

    /* a write */

    ngx_http_batch_dial_invalidation_t  *invalidation;
    ngx_http_batch_dial_body_t         body;        /* of its answer */
    uint64_t                           token;       /* of the write in Redis;
                                                       0: not stored through */
    int64_t                            began_ms;    /* wall */

    ngx_http_batch_dial_cache_e        cache;
    ngx_http_batch_dial_tier_e         tier;
    bd_cache_status_t                  cache_status;

    ngx_chain_t                       *held;        /* of a write's answer */
    unsigned                           has_credential:1;
    unsigned                           observed:1;  /* what upstream thinks of
                                                       the credential */
    unsigned                           direct:1;    /* a read that goes
                                                       upstream by itself */
    unsigned                           bypass:1;    /* Redis was not to be
                                                       asked, or has failed */
    unsigned                           alone:1;     /* is to join none */
    unsigned                           leads:1;     /* the flight it joined */
    unsigned                           shared:1;    /* answer is another's */
    unsigned                           failed:1;    /* a read: 500 */
    unsigned                           pauses:1;    /* a write to /paused */
    unsigned                           settled:1;   /* a write's outcome has
                                                       been dealt with */
    unsigned                           copying:1;   /* its answer's body */
    unsigned                           complete:1;  /* that has ended */
    unsigned                           stands:1;    /* no other came between */
    unsigned                           collecting:1; /* a creation's answer */
    unsigned                           holding:1;   /* header and body of it */
    unsigned                           broken:1;    /* sending it failed */
};


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


/* The same of a clock that all workers of the host share. */

#define ngx_http_batch_dial_mono()  ((int64_t) ngx_current_msec)


/* 1 when a refusal of that status says that the job is not there. */

static ngx_inline ngx_uint_t
ngx_http_batch_dial_drops(ngx_uint_t status)
{
    return status == NGX_HTTP_FORBIDDEN || status == NGX_HTTP_NOT_FOUND
           || status == 410;
}


/* What an array of them says of a status; or NULL. */

static ngx_inline ngx_http_batch_dial_error_ttl_t *
ngx_http_batch_dial_error_ttl_find(ngx_array_t *a, ngx_uint_t status)
{
    ngx_uint_t                        i;
    ngx_http_batch_dial_error_ttl_t  *e = a->elts;

    for (i = 0; i < a->nelts; i++) {
        if (e[i].status == status) {
            return &e[i];
        }
    }

    return NULL;
}


/* For how long a refusal of that status is remembered; 0: not at all. */

static ngx_inline ngx_msec_t
ngx_http_batch_dial_error_ttl(ngx_http_batch_dial_loc_conf_t *blcf,
    ngx_uint_t status)
{
    ngx_http_batch_dial_error_ttl_t  *e;

    e = ngx_http_batch_dial_error_ttl_find(blcf->error_ttl, status);

    return e ? e->ttl : 0;
}


#define ngx_http_batch_dial_sh(mcf)                                           \
    ((ngx_http_batch_dial_shctx_t *) (mcf)->zone->data)

#define ngx_http_batch_dial_count(mcf, member)                                \
    (void) ngx_atomic_fetch_add(&ngx_http_batch_dial_sh(mcf)->stats.member, 1)


static ngx_inline bd_pair_t
ngx_http_batch_dial_pair(const u_char *credential, ngx_str_t *id)
{
    bd_pair_t  pair;

    pair.credential = credential;
    pair.id = bd_slice_make(id->data, id->len);

    return pair;
}


extern ngx_module_t  ngx_http_batch_dial_module;


#endif /* _NGX_HTTP_BATCH_DIAL_MODULE_H_INCLUDED_ */
