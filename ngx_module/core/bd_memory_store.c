/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * What changes entries and outcomes.
 */


#include "bd_memory_private.h"


static void bd_memory_confirm(bd_cell_t *c, uint32_t ttl_ms,
    int64_t known_ms);
static void bd_memory_forget_outcome(bd_memory_t *m, bd_cell_t *c);
static void bd_memory_forget(bd_memory_t *m, bd_cell_t *c);
static void bd_memory_expire(bd_cell_t *c, int64_t wall);
static void bd_memory_flush_list(bd_memory_t *m, bd_list_e list);


int
bd_memory_fill(bd_memory_t *m, const bd_pair_t *pair, uint64_t epoch,
    bd_slice_t data, int64_t fetched_ms, uint32_t ttl_ms, int64_t known_ms)
{
    size_t      blocks;
    bd_cell_t  *c;

    if (!bd_memory_id_fits(pair->id) || data.len == 0
        || epoch != bd_memory_epoch(m, pair->id) || known_ms < m->sure.since)
    {
        return 0;
    }

    c = bd_cell_find(m, pair);

    if (c != NULL) {

        /* one that is not told any more does not count */

        if (bd_memory_usable(m, c) && c->fetched_ms > fetched_ms) {
            return 0;
        }

        if (bd_memory_usable(m, c) && c->fetched_ms == fetched_ms) {
            bd_memory_confirm(c, ttl_ms, known_ms);
            return 1;
        }

        bd_cell_cut(m, c, BD_PART_ENTRY);
    }

    blocks = bd_blocks_for(data.len);

    if (blocks > m->blocks.n / 2) {
        if (c != NULL) {
            bd_cell_settle(m, c);
        }

        return 0;
    }

    c = bd_cell_open(m, pair, c, BD_LIST_ENTRIES, blocks);

    if (c == NULL) {
        return 0;
    }

    bd_cell_write(m, c, BD_PART_ENTRY, data);
    c->fetched_ms = fetched_ms;
    c->known_ms = known_ms;
    c->ttl_ms = ttl_ms;

    bd_cell_close(m, c);

    return 1;
}


static void
bd_memory_confirm(bd_cell_t *c, uint32_t ttl_ms, int64_t known_ms)
{
    if (known_ms > c->known_ms) {
        c->known_ms = known_ms;
    }

    /* it may have expired since it was stored */

    if (ttl_ms < c->ttl_ms) {
        c->ttl_ms = ttl_ms;
    }
}


int
bd_memory_outcome(bd_memory_t *m, const bd_pair_t *pair, uint64_t epoch,
    bd_outcome_e outcome, bd_slice_t data, int64_t mono, int64_t until,
    int drop)
{
    size_t      blocks;
    bd_list_e   list;
    bd_cell_t  *c;

    if (!bd_memory_id_fits(pair->id)
        || (outcome == BD_OUTCOME_REFUSAL
            && epoch != bd_memory_epoch(m, pair->id)))
    {
        return 0;
    }

    c = bd_cell_find(m, pair);
    list = BD_LIST_NEGATIVES;

    if (c != NULL) {
        bd_memory_forget_outcome(m, c);

        if (drop) {
            bd_cell_cut(m, c, BD_PART_ENTRY);
        }

        if (c->len[BD_PART_ENTRY] != 0) {
            list = BD_LIST_ENTRIES;
        }
    }

    blocks = bd_blocks_for(data.len);

    if (outcome == BD_OUTCOME_NONE
        || blocks > bd_memory_bound(m, BD_LIST_NEGATIVES))
    {
        if (c != NULL) {
            bd_cell_settle(m, c);
        }

        return outcome == BD_OUTCOME_NONE;
    }

    c = bd_cell_open(m, pair, c, list, blocks);

    if (c == NULL) {
        return 0;
    }

    bd_cell_set_outcome(m, c, outcome);
    bd_cell_write(m, c, BD_PART_OUTCOME, data);
    c->outcome_set = mono;
    c->outcome_until = until;

    bd_cell_close(m, c);

    return 1;
}


void
bd_memory_drop(bd_memory_t *m, const bd_pair_t *pair)
{
    bd_cell_t  *c;

    c = bd_cell_find(m, pair);

    if (c != NULL && c->id_len != 0) {
        bd_memory_forget(m, c);
    }
}


size_t
bd_memory_invalidate(bd_memory_t *m, bd_slice_t id, bd_invalidation_e how,
    int64_t wall)
{
    size_t      n;
    uint64_t    hash;
    bd_cell_t  *c, *next;

    if (!bd_memory_id_fits(id)) {
        return 0;
    }

    hash = bd_memory_job_hash(m, id);
    bd_memory_table(m, m->epochs_at)[hash >> 32 & m->epoch_mask]++;

    n = 0;
    c = bd_memory_cell(m, bd_memory_table(m, m->jobs_at)
                          [(uint32_t) hash & m->bucket_mask]);

    for ( /* void */ ; c != NULL; c = next) {
        next = bd_memory_cell(m, c->job_next);

        if (!bd_slice_equal(bd_slice_make(c->id, c->id_len), id)) {
            continue;
        }

        n += (c->len[BD_PART_ENTRY] != 0);

        bd_flying_void(m, c);

        if (how == BD_GONE) {
            bd_cell_cut(m, c, BD_PART_ENTRY);

        } else {
            bd_memory_expire(c, wall);
        }

        /* of a failure nothing was learnt that a write could have changed */

        if (c->outcome == BD_OUTCOME_REFUSAL) {
            bd_memory_forget_outcome(m, c);
        }

        bd_cell_settle(m, c);
    }

    return n;
}


void
bd_memory_flush(bd_memory_t *m)
{
    bd_cell_t    *c;
    bd_flying_t  *f;

    m->epoch_base += (uint64_t) 1 << 32;

    bd_memory_flush_list(m, BD_LIST_ENTRIES);
    bd_memory_flush_list(m, BD_LIST_NEGATIVES);

    for (f = m->flying == 0 ? NULL : bd_block(&m->blocks, m->flying);
         f != NULL;
         f = f->next == 0 ? NULL : bd_block(&m->blocks, f->next))
    {
        c = bd_memory_cell(m, f->cell);

        if (c != NULL) {
            bd_flying_void(m, c);
            bd_cell_settle(m, c);
        }
    }
}


static void
bd_memory_forget_outcome(bd_memory_t *m, bd_cell_t *c)
{
    bd_cell_cut(m, c, BD_PART_OUTCOME);
    bd_cell_set_outcome(m, c, BD_OUTCOME_NONE);
}


static void
bd_memory_forget(bd_memory_t *m, bd_cell_t *c)
{
    bd_cell_cut(m, c, BD_PART_ENTRY);
    bd_memory_forget_outcome(m, c);
    bd_cell_settle(m, c);
}


/* An entry that would be fresh at wall ends to be so then. */

static void
bd_memory_expire(bd_cell_t *c, int64_t wall)
{
    if (wall <= c->fetched_ms) {
        c->ttl_ms = 0;

    } else if ((uint64_t) wall - (uint64_t) c->fetched_ms < c->ttl_ms) {
        c->ttl_ms = (uint32_t) (wall - c->fetched_ms);

    } else if (c->ttl_ms != 0) {

        /* it was stale: that it has expired shows in a shorter TTL */

        c->ttl_ms--;
    }
}


/* Of a pair, not of a credential: those that were never accepted are in a
 * list with the outcomes. */

static void
bd_memory_flush_list(bd_memory_t *m, bd_list_e list)
{
    bd_cell_t  *c, *older;

    for (c = bd_memory_cell(m, m->lists[list].newest); c != NULL; c = older) {
        older = bd_memory_cell(m, c->older);

        if (c->id_len != 0) {
            bd_memory_forget(m, c);
        }
    }
}
