/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Invalidation: what must be over before the answer to a write is released.
 *
 *   event                        what follows
 *   begun                        one script for Redis: the hash of the job
 *                                goes (or its moment of expiry is set), which
 *                                voids its leases; the event is published
 *   Redis has answered           the memory of this host is invalidated
 *   Redis failed, or is not      the job is put into the journal and the
 *   to be asked                  memory invalidated in one stroke
 *   Redis is there again         what is in the journal is delivered
 *
 * Redis comes first: a read that found the job in Redis before holds the
 * epoch of before, and what it found is not put into memory.  Were the memory
 * first, a read in between could put back what Redis had yet.
 *
 * An invalidation belongs to nobody but itself: it ends with the reply, also
 * when the request that caused it is gone.  If its worker dies before, another
 * one of this host does the rest when the event comes.
 *
 * Write-through.  The answer to a write may be stored, once it is complete, if
 * nothing else can have happened to the job since before the write left: it
 * announced itself (field p:<token>, with the job's expiry as value), any other
 * invalidation removes the announcement, and what is announced no more is not
 * stored.  In memory the epoch does the same.
 */


#include "ngx_http_batch_dial_announce.h"
#include "ngx_http_batch_dial_answer.h"
#include "ngx_http_batch_dial_event.h"
#include "ngx_http_batch_dial_invalidate.h"
#include "ngx_http_batch_dial_memory.h"
#include "ngx_http_batch_dial_store.h"


struct ngx_http_batch_dial_invalidation_s {
    ngx_http_batch_dial_main_conf_t     *mcf;
    ngx_http_batch_dial_cause_e          cause;
    bd_invalidation_e                    how;
    ngx_str_t                            id;
    u_char                               id_data[BD_ID_MAX];

    uint64_t                             token;     /* of the write, or 0 */
    uint64_t                             epoch;     /* when it began */
    uint64_t                             event;     /* its number; 0: none */

    ngx_http_batch_dial_invalidated_pt   handler;
    void                                *data;
};


static ngx_http_batch_dial_invalidation_t *
    ngx_http_batch_dial_invalidation_create(
    ngx_http_batch_dial_main_conf_t *mcf, ngx_str_t *id,
    ngx_http_batch_dial_cause_e cause);
static ngx_int_t ngx_http_batch_dial_invalidation_send(
    ngx_http_batch_dial_invalidation_t *inv);
static void ngx_http_batch_dial_invalidation_replied(void *data,
    redisReply *reply);
static void ngx_http_batch_dial_invalidation_apply(
    ngx_http_batch_dial_invalidation_t *inv, ngx_uint_t told,
    ngx_uint_t stood, ngx_http_batch_dial_settled_t *settled);
static ngx_int_t ngx_http_batch_dial_through_send(
    ngx_http_batch_dial_main_conf_t *mcf,
    ngx_http_batch_dial_loc_conf_t *blcf, ngx_str_t *id,
    const u_char *credential, uint64_t token, ngx_http_batch_dial_answer_t *a,
    u_char *data, size_t len);
static void ngx_http_batch_dial_through_sent(void *data, redisReply *reply);
static void ngx_http_batch_dial_invalidation_count(
    ngx_http_batch_dial_invalidation_t *inv, ngx_uint_t told);


ngx_http_batch_dial_invalidation_t *
ngx_http_batch_dial_invalidate(ngx_http_batch_dial_main_conf_t *mcf,
    ngx_str_t *id, ngx_http_batch_dial_cause_e cause, uint64_t token,
    uint64_t epoch, ngx_http_batch_dial_settled_t *settled,
    ngx_http_batch_dial_invalidated_pt handler, void *data)
{
    bd_memory_t                         *m;
    ngx_http_batch_dial_settled_t        result;
    ngx_http_batch_dial_invalidation_t  *inv;

    result.stands = 0;
    result.epoch = 0;

    inv = ngx_http_batch_dial_invalidation_create(mcf, id, cause);

    if (inv) {
        inv->token = token;
        inv->epoch = epoch;

        if (mcf->redis
            && ngx_http_batch_dial_invalidation_send(inv) == NGX_OK)
        {
            inv->handler = handler;
            inv->data = data;

            return inv;
        }

        ngx_http_batch_dial_invalidation_apply(inv, mcf->redis == NULL,
                                               mcf->redis == NULL, &result);
        ngx_free(inv);

    } else {

        /* at least here, and later in Redis */

        m = ngx_http_batch_dial_memory_lock(mcf);

        (void) bd_memory_invalidate(m, ngx_http_batch_dial_slice(id), BD_GONE,
                                    ngx_http_batch_dial_now());
        if (mcf->redis) {
            (void) bd_journal_add(m, ngx_http_batch_dial_slice(id), BD_GONE);
        }

        ngx_http_batch_dial_memory_unlock(mcf);
    }

    if (settled) {
        *settled = result;
    }

    return NULL;
}


static ngx_http_batch_dial_invalidation_t *
ngx_http_batch_dial_invalidation_create(ngx_http_batch_dial_main_conf_t *mcf,
    ngx_str_t *id, ngx_http_batch_dial_cause_e cause)
{
    ngx_http_batch_dial_invalidation_t  *inv;

    inv = ngx_calloc(sizeof(ngx_http_batch_dial_invalidation_t),
                     ngx_cycle->log);
    if (inv == NULL) {
        return NULL;
    }

    inv->mcf = mcf;
    inv->cause = cause;
    inv->how = (cause == NGX_HTTP_BATCH_DIAL_CAUSE_UNKNOWN) ? BD_EXPIRED
                                                            : BD_GONE;
    inv->id.data = inv->id_data;
    inv->id.len = ngx_min(id->len, BD_ID_MAX);
    ngx_memcpy(inv->id_data, id->data, inv->id.len);

    return inv;
}


static ngx_int_t
ngx_http_batch_dial_invalidation_send(ngx_http_batch_dial_invalidation_t *inv)
{
    ngx_http_batch_dial_redis_op_t  *op;

    if (inv->how == BD_EXPIRED) {
        op = ngx_http_batch_dial_announce_expired(inv->mcf, &inv->id,
                                     &inv->event,
                                     ngx_http_batch_dial_invalidation_replied,
                                     inv);

    } else {
        op = ngx_http_batch_dial_announce_gone(inv->mcf, &inv->id, inv->token,
                                     &inv->event,
                                     ngx_http_batch_dial_invalidation_replied,
                                     inv);
    }

    return op ? NGX_OK : NGX_ERROR;
}


static void
ngx_http_batch_dial_invalidation_replied(void *data, redisReply *reply)
{
    ngx_http_batch_dial_invalidation_t *inv = data;

    ngx_uint_t                     told;
    ngx_http_batch_dial_settled_t  settled;

    told = (reply && reply->type == REDIS_REPLY_INTEGER);

    ngx_http_batch_dial_invalidation_apply(inv, told, told && reply->integer,
                                           &settled);

    if (inv->handler) {
        inv->handler(inv->data, &settled);
    }

    ngx_free(inv);
}


/*
 * The memory of this host.  told: Redis knows; else it goes into the journal.
 * stood: as far as Redis knows, no other write came between.
 */

static void
ngx_http_batch_dial_invalidation_apply(ngx_http_batch_dial_invalidation_t *inv,
    ngx_uint_t told, ngx_uint_t stood, ngx_http_batch_dial_settled_t *settled)
{
    int           full;
    uint64_t      epoch;
    bd_slice_t    id;
    bd_memory_t  *m;

    full = 0;
    id = ngx_http_batch_dial_slice(&inv->id);

    m = ngx_http_batch_dial_memory_lock(inv->mcf);

    /* another worker may have heard of it, and done so, before us */

    epoch = inv->epoch;

    if (inv->event && bd_memory_seen(m, ngx_http_batch_dial_sh(inv->mcf)->node,
                                     inv->event))
    {
        epoch++;
    }

    settled->stands = stood && bd_memory_epoch(m, id) == epoch;

    (void) bd_memory_invalidate(m, id, inv->how, ngx_http_batch_dial_now());

    settled->epoch = bd_memory_epoch(m, id);

    if (!told) {
        full = bd_journal_add(m, id, inv->how);
    }

    ngx_http_batch_dial_memory_unlock(inv->mcf);

    if (full) {
        ngx_http_batch_dial_count(inv->mcf, journal_overflows);

        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                      "batch_dial: the journal is full: nothing is served "
                      "from redis until it is there again");
    }

    ngx_http_batch_dial_invalidation_count(inv, told);
}


static void
ngx_http_batch_dial_invalidation_count(ngx_http_batch_dial_invalidation_t *inv,
    ngx_uint_t told)
{
    ngx_atomic_t                 *counter;
    ngx_http_batch_dial_stats_t  *stats;

    stats = &ngx_http_batch_dial_sh(inv->mcf)->stats;

    switch (inv->cause) {

    case NGX_HTTP_BATCH_DIAL_CAUSE_UNKNOWN:
        counter = told ? &stats->inval_unknown
                       : &stats->inval_unknown_journaled;
        break;

    case NGX_HTTP_BATCH_DIAL_CAUSE_CREATE:
        counter = told ? &stats->inval_create : &stats->inval_create_journaled;
        break;

    case NGX_HTTP_BATCH_DIAL_CAUSE_PURGE:
        counter = told ? &stats->inval_purge : &stats->inval_purge_journaled;
        break;

    default:
        counter = told ? &stats->inval_write : &stats->inval_write_journaled;
    }

    (void) ngx_atomic_fetch_add(counter, 1);
}


void
ngx_http_batch_dial_invalidate_detach(ngx_http_batch_dial_invalidation_t *inv)
{
    inv->handler = NULL;
}


void
ngx_http_batch_dial_write_through(ngx_http_batch_dial_main_conf_t *mcf,
    ngx_http_batch_dial_loc_conf_t *blcf, ngx_str_t *id,
    const u_char *credential, uint64_t token, uint64_t epoch,
    ngx_http_batch_dial_answer_t *a)
{
    int           stored;
    size_t        len;
    u_char       *p;
    int64_t       took;
    bd_pair_t     pair;
    bd_memory_t  *m;

    stored = 0;
    pair = ngx_http_batch_dial_pair(credential, id);

    /* it is as old as the write, but fresh from its answer on */

    took = ngx_http_batch_dial_now() - a->entry.fetched_ms;

    a->entry.ttl_ms = ngx_min(a->entry.ttl_ms, NGX_HTTP_BATCH_DIAL_THROUGH_MS);
    a->entry.ttl_ms += (uint32_t) ngx_max(ngx_min(took, 3600000), 0);

    m = ngx_http_batch_dial_memory_lock(mcf);
    a->entry.generation = bd_memory_generation(m);
    ngx_http_batch_dial_memory_unlock(mcf);

    p = ngx_http_batch_dial_answer_encode(a, &len);
    if (p == NULL) {
        return;
    }

    if (blcf->memory) {
        m = ngx_http_batch_dial_memory_lock(mcf);

        stored = bd_memory_fill(m, &pair, epoch, bd_slice_make(p, len),
                                a->entry.fetched_ms, a->entry.ttl_ms,
                                ngx_http_batch_dial_mono());

        ngx_http_batch_dial_memory_unlock(mcf);
    }

    if (token) {
        stored |= ngx_http_batch_dial_through_send(mcf, blcf, id, credential,
                                                   token, a, p, len)
                  == NGX_OK;
    }

    ngx_free(p);

    if (stored) {
        ngx_http_batch_dial_count(mcf, written_through);

    } else {
        ngx_http_batch_dial_count(mcf, write_through_refused);
    }
}


static ngx_int_t
ngx_http_batch_dial_through_send(ngx_http_batch_dial_main_conf_t *mcf,
    ngx_http_batch_dial_loc_conf_t *blcf, ngx_str_t *id,
    const u_char *credential, uint64_t token, ngx_http_batch_dial_answer_t *a,
    u_char *data, size_t len)
{
    ngx_str_t                        value;
    ngx_http_batch_dial_names_t      names;
    ngx_http_batch_dial_redis_op_t  *op;

    ngx_http_batch_dial_store_names(&names, mcf, credential, id);

    if (ngx_http_batch_dial_store_seal(mcf, &names.key, &names.entry, data,
                                       len)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    value.data = data;
    value.len = len + BD_MAC_SIZE;

    /* nobody waits for it: what follows on this connection comes after */

    op = ngx_http_batch_dial_announce_through(mcf, &names, token, &value,
                                  ngx_http_batch_dial_store_life(&a->entry,
                                                                 blcf),
                                  ngx_http_batch_dial_through_sent, NULL);

    return op ? NGX_OK : NGX_ERROR;
}


static void
ngx_http_batch_dial_through_sent(void *data, redisReply *reply)
{
    /* nothing depends on it */
}
