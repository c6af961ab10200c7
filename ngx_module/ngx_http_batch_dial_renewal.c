/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The renewal of a credential: a flight of its own, of the credential instead
 * of a pair.  It fetches nothing itself.  Once it has the lease, or there is
 * none to be had, the first of those who wait for it goes and joins the flight
 * of its own job; when that is over, the credential has been accepted, or
 * rejected, or upstream could not be asked, and all who wait are told.
 *
 * Of a 403, 404 and the like nothing follows for the credential: then those
 * who wait look again, and the next of them goes.
 */


#include "ngx_http_batch_dial_answer.h"
#include "ngx_http_batch_dial_flight_private.h"
#include "ngx_http_batch_dial_memory.h"
#include "bd_problem.h"


static void ngx_http_batch_dial_renewal_end(ngx_http_batch_dial_flight_t *rn,
    ngx_http_batch_dial_answer_t *problem);


void
ngx_http_batch_dial_renewal_go(ngx_http_batch_dial_flight_t *rn)
{
    ngx_queue_t                   *q;
    ngx_http_batch_dial_ctx_t     *ctx;
    ngx_http_batch_dial_answer_t  *problem;

    if (ngx_queue_empty(&rn->waiters)) {

        /* all clients have left: if others wait elsewhere, one of them goes */

        ngx_http_batch_dial_renewal_end(rn, NULL);
        return;
    }

    q = ngx_queue_head(&rn->waiters);
    ctx = ngx_queue_data(q, ngx_http_batch_dial_ctx_t, queue);

    ngx_http_batch_dial_flight_leave(ctx);

    if (ngx_http_batch_dial_flight_join(ctx, 0) == NGX_OK
        && ctx->flight->renewal == NULL)
    {
        rn->pair = ctx->flight;
        rn->pair->renewal = rn;
        return;
    }

    if (ctx->flight) {

        /* another renewal hangs on it, of before this credential's leader
         * died: it will do for us */

        ngx_http_batch_dial_renewal_end(rn, NULL);
        return;
    }

    problem = ngx_http_batch_dial_answer_problem(
                                              BD_PROBLEM_UPSTREAM_UNREACHABLE);

    ngx_http_batch_dial_flight_admit(rn, ctx, 0);
    ngx_http_batch_dial_renewal_end(rn, problem);

    if (problem) {
        ngx_http_batch_dial_answer_unref(problem);
    }
}


void
ngx_http_batch_dial_renewal_over(ngx_http_batch_dial_flight_t *rn,
    ngx_http_batch_dial_answer_t *a)
{
    bd_look_t                      look;
    bd_pair_t                      pair;
    ngx_http_batch_dial_answer_t  *problem;

    problem = NULL;
    pair = ngx_http_batch_dial_pair(rn->lease.credential, &rn->lease.id);

    ngx_http_batch_dial_memory_look(rn->mcf, &pair, &look);

    if (bd_live(look.accepted_ms, look.rejected_ms, ngx_http_batch_dial_now(),
                &rn->blcf->bounds)
        == BD_LIVE)
    {
        ngx_http_batch_dial_count(rn->mcf, renewals_accepted);

    } else if (a && a->failure) {
        ngx_http_batch_dial_count(rn->mcf, renewals_failed);

        /*
         * The answer itself is of another job than theirs.  One that asks to
         * hold off has been noted: they find it when they look again.
         */

        if (look.hold_until <= ngx_http_batch_dial_mono()) {
            problem = ngx_http_batch_dial_answer_problem(
                                              BD_PROBLEM_UPSTREAM_UNREACHABLE);
        }

    } else if (a && a->status == NGX_HTTP_UNAUTHORIZED) {
        ngx_http_batch_dial_count(rn->mcf, renewals_rejected);
    }

    ngx_http_batch_dial_renewal_end(rn, problem);

    if (problem) {
        ngx_http_batch_dial_answer_unref(problem);
    }
}


static void
ngx_http_batch_dial_renewal_end(ngx_http_batch_dial_flight_t *rn,
    ngx_http_batch_dial_answer_t *problem)
{
    size_t       len;
    u_char      *p;
    bd_slice_t   bytes;

    p = problem ? ngx_http_batch_dial_answer_encode(problem, &len) : NULL;
    bytes = p ? bd_slice_make(p, len) : bd_slice("");

    if (rn->leased) {
        rn->leased = 0;
        ngx_http_batch_dial_lease_end(rn->mcf, &rn->lease, bytes, 0, 0);
    }

    ngx_http_batch_dial_flight_land(rn, problem, bytes);

    if (p) {
        ngx_free(p);
    }
}
