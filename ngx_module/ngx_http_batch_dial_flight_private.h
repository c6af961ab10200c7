/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The inside of a flight as a worker sees it: what flight.c, where it begins,
 * flight_lease.c, flight_result.c, where it ends, flight_watch.c, and
 * renewal.c, for those of a credential, share.  Its state is changed by the
 * first two alone.
 */


#ifndef _NGX_HTTP_BATCH_DIAL_FLIGHT_PRIVATE_H_INCLUDED_
#define _NGX_HTTP_BATCH_DIAL_FLIGHT_PRIVATE_H_INCLUDED_


#include "ngx_http_batch_dial_fetch.h"
#include "ngx_http_batch_dial_flight.h"
#include "ngx_http_batch_dial_lease.h"


typedef enum {
    NGX_HTTP_BATCH_DIAL_FLIGHT_ASKING = 0,  /* Redis, for the lease */
    NGX_HTTP_BATCH_DIAL_FLIGHT_REMOTE,      /* another host has it */
    NGX_HTTP_BATCH_DIAL_FLIGHT_FLYING,      /* the fetch is under way; of a
                                               renewal: a flight of its pair */
    NGX_HTTP_BATCH_DIAL_FLIGHT_FOLLOWING    /* another worker leads */
} ngx_http_batch_dial_flight_state_e;


struct ngx_http_batch_dial_flight_s {
    ngx_queue_t                          queue;     /* of the worker's */
    ngx_http_batch_dial_main_conf_t     *mcf;
    ngx_http_batch_dial_loc_conf_t      *blcf;

    ngx_http_batch_dial_lease_t          lease;     /* whose flight it is */
    u_char                               id_data[BD_ID_MAX];
    bd_flight_t                          handle;    /* no token: alone */
    ngx_http_batch_dial_flight_state_e   state;
    ngx_queue_t                          waiters;   /* of ctx->queue */

    ngx_http_batch_dial_redis_op_t      *op;
    ngx_uint_t                           asked;     /* how often */
    ngx_msec_t                           due;       /* to ask, or extend */
    uint64_t                             old;       /* token of the dead */
    int64_t                              known;     /* moment of what we have,
                                                       wall */

    ngx_http_batch_dial_fetch_t         *fetch;     /* not of a renewal */
    uint64_t                             epoch;     /* when it was run */
    int64_t                              run_ms;    /* mono */

    ngx_http_batch_dial_flight_t        *renewal;   /* that hangs on it */
    ngx_http_batch_dial_flight_t        *pair;      /* that it hangs on */
    ngx_event_t                          landing;   /* posted */
    ngx_http_batch_dial_answer_t        *answer;    /* to land with */

    unsigned                             leased:1;
    unsigned                             told:1;    /* while it asked */
};


/* 1 when it is the renewal of a credential. */
#define ngx_http_batch_dial_flight_renews(fl)  ((fl)->lease.id.len == 0)


/* flight */

/* Takes ctx in; leads: it is the one whose request is the fetch's model. */
void ngx_http_batch_dial_flight_admit(ngx_http_batch_dial_flight_t *fl,
    ngx_http_batch_dial_ctx_t *ctx, ngx_uint_t leads);

/* Frees a flight that nobody waits for, with all it has asked for. */
void ngx_http_batch_dial_flight_free(ngx_http_batch_dial_flight_t *fl);


/* lease */

/* Asks for the lease, or goes on without where there is no asking. */
void ngx_http_batch_dial_flight_ask(ngx_http_batch_dial_flight_t *fl);

/* Prolongs it. */
void ngx_http_batch_dial_flight_extend(ngx_http_batch_dial_flight_t *fl);


/* result */

/* The fetch has ended: the handler of flight->fetch. */
void ngx_http_batch_dial_flight_fetched(void *data,
    ngx_http_batch_dial_answer_t *a);

/* What another host was answered is ours as well; a is borrowed. */
void ngx_http_batch_dial_flight_accept(ngx_http_batch_dial_flight_t *fl,
    ngx_http_batch_dial_answer_t *a);

/*
 * The flight is over: those who wait are told, by an event.  answer, of which
 * a reference is taken, may be NULL: they have to look again.  data is the
 * answer as bytes, for the followers in other workers; may be empty.
 */
void ngx_http_batch_dial_flight_land(ngx_http_batch_dial_flight_t *fl,
    ngx_http_batch_dial_answer_t *answer, bd_slice_t data);

/* The handler of flight->landing. */
void ngx_http_batch_dial_flight_landed(ngx_event_t *ev);


/* renewal */

/* The renewal has the lease, or needs none: somebody has to go upstream. */
void ngx_http_batch_dial_renewal_go(ngx_http_batch_dial_flight_t *rn);

/* The flight that it hung on is over; answer may be NULL. */
void ngx_http_batch_dial_renewal_over(ngx_http_batch_dial_flight_t *rn,
    ngx_http_batch_dial_answer_t *answer);


#endif /* _NGX_HTTP_BATCH_DIAL_FLIGHT_PRIVATE_H_INCLUDED_ */
