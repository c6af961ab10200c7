/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Cells: how they are found, the lists by which the least recently used go,
 * and how room is made.
 *
 * A cell that is being changed is in no list, so that it is not pushed out to
 * make room for itself.  The blocks of a cell, with its contents, are counted
 * by the list it is in; there is a count for no list, too.
 */


#include "bd_memory_private.h"


static bd_cell_t *bd_cell_create(bd_memory_t *m, const bd_pair_t *pair);
static void bd_cell_remove(bd_memory_t *m, bd_cell_t *c);
static void bd_cell_chain_job(bd_memory_t *m, bd_cell_t *c, uint32_t index);
static void bd_cell_unchain_job(bd_memory_t *m, bd_cell_t *c);
static bd_list_e bd_cell_belongs(const bd_cell_t *c);
static uint32_t bd_cell_blocks(const bd_cell_t *c);
static void bd_cell_enlist(bd_memory_t *m, bd_cell_t *c, bd_list_e list);
static void bd_cell_unlist(bd_memory_t *m, bd_cell_t *c);
static int bd_cell_evict(bd_memory_t *m, bd_list_e list);


bd_cell_t *
bd_cell_find(const bd_memory_t *m, const bd_pair_t *pair)
{
    uint32_t    hash;
    bd_cell_t  *c;

    if (pair->id.len > BD_ID_MAX) {
        return NULL;
    }

    hash = (uint32_t) bd_hash_bytes(pair->credential, BD_MAC_SIZE,
                                    bd_memory_job_hash(m, pair->id));

    c = bd_memory_cell(m, bd_memory_table(m, m->cells_at)
                          [hash & m->bucket_mask]);

    for ( /* void */ ; c != NULL; c = bd_memory_cell(m, c->hash_next)) {
        if (c->hash == hash
            && memcmp(c->credential, pair->credential, BD_MAC_SIZE) == 0
            && bd_slice_equal(bd_slice_make(c->id, c->id_len), pair->id))
        {
            return c;
        }
    }

    return NULL;
}


bd_cell_t *
bd_cell_open(bd_memory_t *m, const bd_pair_t *pair, bd_cell_t *c,
    bd_list_e list, size_t wanted)
{
    size_t  blocks, bound;

    bound = bd_memory_bound(m, list);
    blocks = wanted + 1;

    if (c != NULL) {
        bd_cell_unlist(m, c);
        blocks = wanted + bd_cell_blocks(c);
    }

    if (wanted > bound || blocks > bound) {
        goto no_room;
    }

    while (m->lists[list].blocks + blocks > bound) {
        if (!bd_cell_evict(m, list)) {
            goto no_room;
        }
    }

    if (!bd_memory_room(m, wanted + (c == NULL))) {
        goto no_room;
    }

    return c != NULL ? c : bd_cell_create(m, pair);

no_room:

    if (c != NULL) {
        bd_cell_close(m, c);
    }

    return NULL;
}


void
bd_cell_close(bd_memory_t *m, bd_cell_t *c)
{
    bd_list_e  list;

    bd_cell_unlist(m, c);

    list = bd_cell_belongs(c);

    if (list != BD_LIST_NONE) {
        bd_cell_enlist(m, c, list);

    } else if (c->flight == 0) {
        bd_cell_remove(m, c);
    }
}


void
bd_cell_settle(bd_memory_t *m, bd_cell_t *c)
{
    if (c->list == BD_LIST_NONE || c->list != bd_cell_belongs(c)) {
        bd_cell_close(m, c);
    }
}


void
bd_cell_write(bd_memory_t *m, bd_cell_t *c, bd_part_e part, bd_slice_t data)
{
    c->chain[part] = bd_chain_write(&m->blocks, data);

    if (c->chain[part] == 0) {
        return;
    }

    c->len[part] = (uint32_t) data.len;
    m->lists[c->list].blocks += (uint32_t) bd_blocks_for(data.len);
    m->entries += (part == BD_PART_ENTRY && c->id_len != 0);
}


void
bd_cell_cut(bd_memory_t *m, bd_cell_t *c, bd_part_e part)
{
    if (c->len[part] == 0) {
        return;
    }

    bd_chain_free(&m->blocks, c->chain[part]);

    m->lists[c->list].blocks -= (uint32_t) bd_blocks_for(c->len[part]);
    m->entries -= (part == BD_PART_ENTRY && c->id_len != 0);

    c->chain[part] = 0;
    c->len[part] = 0;
}


size_t
bd_cell_copy(const bd_memory_t *m, const bd_cell_t *c, bd_part_e part,
    uint8_t *buf, size_t size)
{
    if (c->len[part] > size) {
        return 0;
    }

    bd_chain_copy(&m->blocks, c->chain[part], c->len[part], buf);

    return c->len[part];
}


void
bd_cell_set_outcome(bd_memory_t *m, bd_cell_t *c, bd_outcome_e outcome)
{
    m->outcomes -= (c->outcome != BD_OUTCOME_NONE);
    m->outcomes += (outcome != BD_OUTCOME_NONE);

    c->outcome = (uint8_t) outcome;
}


int
bd_memory_room(bd_memory_t *m, size_t blocks)
{
    size_t  i;

    static const bd_list_e  order[] = {
        BD_LIST_ENTRIES, BD_LIST_NEGATIVES, BD_LIST_CREDENTIALS
    };

    if (blocks > m->blocks.n) {
        return 0;
    }

    /* cells that lost their entry come to the negatives over their bound */

    while (m->blocks.free_n < blocks
           && m->lists[BD_LIST_NEGATIVES].blocks
              > bd_memory_bound(m, BD_LIST_NEGATIVES)
           && bd_cell_evict(m, BD_LIST_NEGATIVES))
    { /* void */ }

    for (i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        while (m->blocks.free_n < blocks) {
            if (!bd_cell_evict(m, order[i])) {
                break;
            }
        }
    }

    return m->blocks.free_n >= blocks;
}


size_t
bd_memory_bound(const bd_memory_t *m, bd_list_e list)
{
    return list == BD_LIST_NEGATIVES || list == BD_LIST_CREDENTIALS
           ? m->blocks.n / 8 : m->blocks.n;
}


/* There must be a free block. */

static bd_cell_t *
bd_cell_create(bd_memory_t *m, const bd_pair_t *pair)
{
    uint32_t    index, *bucket;
    uint64_t    job;
    bd_cell_t  *c;

    index = bd_blocks_take(&m->blocks);
    c = bd_memory_cell(m, index);

    job = bd_memory_job_hash(m, pair->id);
    c->job_hash = (uint32_t) job;
    c->hash = (uint32_t) bd_hash_bytes(pair->credential, BD_MAC_SIZE, job);

    memcpy(c->credential, pair->credential, BD_MAC_SIZE);

    c->id_len = (uint8_t) pair->id.len;

    if (pair->id.len != 0) {
        memcpy(c->id, pair->id.data, pair->id.len);
        bd_cell_chain_job(m, c, index);

    } else {
        m->credentials++;
    }

    bucket = &bd_memory_table(m, m->cells_at)[c->hash & m->bucket_mask];
    c->hash_next = *bucket;
    *bucket = index;

    m->lists[BD_LIST_NONE].blocks++;

    return c;
}


/* The cell is in no list and has neither contents nor a flight. */

static void
bd_cell_remove(bd_memory_t *m, bd_cell_t *c)
{
    uint32_t  index, *link;

    index = bd_block_index(&m->blocks, c);
    link = &bd_memory_table(m, m->cells_at)[c->hash & m->bucket_mask];

    while (*link != index) {
        link = &bd_memory_cell(m, *link)->hash_next;
    }

    *link = c->hash_next;

    if (c->id_len != 0) {
        bd_cell_unchain_job(m, c);

    } else {
        m->credentials--;
    }

    m->lists[BD_LIST_NONE].blocks--;

    bd_blocks_give(&m->blocks, index);
}


static void
bd_cell_chain_job(bd_memory_t *m, bd_cell_t *c, uint32_t index)
{
    uint32_t  *bucket;

    bucket = &bd_memory_table(m, m->jobs_at)[c->job_hash & m->bucket_mask];
    c->job_next = *bucket;

    if (c->job_next != 0) {
        bd_memory_cell(m, c->job_next)->job_prev = index;
    }

    *bucket = index;
}


static void
bd_cell_unchain_job(bd_memory_t *m, bd_cell_t *c)
{
    if (c->job_prev != 0) {
        bd_memory_cell(m, c->job_prev)->job_next = c->job_next;

    } else {
        bd_memory_table(m, m->jobs_at)[c->job_hash & m->bucket_mask] =
                                                                c->job_next;
    }

    if (c->job_next != 0) {
        bd_memory_cell(m, c->job_next)->job_prev = c->job_prev;
    }
}


/*
 * A credential that was never accepted is a random token as likely as not: it
 * must not push out those that were.
 */

static bd_list_e
bd_cell_belongs(const bd_cell_t *c)
{
    if (c->id_len != 0) {
        return c->len[BD_PART_ENTRY] != 0 ? BD_LIST_ENTRIES
               : c->outcome != BD_OUTCOME_NONE ? BD_LIST_NEGATIVES
               : BD_LIST_NONE;
    }

    if (c->accepted_ms != 0) {
        return BD_LIST_CREDENTIALS;
    }

    return c->rejected_ms != 0 || c->hold_until != 0 ? BD_LIST_NEGATIVES
                                                     : BD_LIST_NONE;
}


static uint32_t
bd_cell_blocks(const bd_cell_t *c)
{
    return (uint32_t) (1 + bd_blocks_for(c->len[BD_PART_ENTRY])
                       + bd_blocks_for(c->len[BD_PART_OUTCOME]));
}


/* From no list to one. */

static void
bd_cell_enlist(bd_memory_t *m, bd_cell_t *c, bd_list_e list)
{
    uint32_t    index;
    bd_list_t  *l;

    index = bd_block_index(&m->blocks, c);
    l = &m->lists[list];

    c->list = (uint8_t) list;
    c->newer = 0;
    c->older = l->newest;

    if (l->newest != 0) {
        bd_memory_cell(m, l->newest)->newer = index;

    } else {
        l->oldest = index;
    }

    l->newest = index;

    l->blocks += bd_cell_blocks(c);
    m->lists[BD_LIST_NONE].blocks -= bd_cell_blocks(c);
}


/* From a list, if the cell is in one, to none. */

static void
bd_cell_unlist(bd_memory_t *m, bd_cell_t *c)
{
    bd_list_t  *l;

    if (c->list == BD_LIST_NONE) {
        return;
    }

    l = &m->lists[c->list];

    if (c->newer != 0) {
        bd_memory_cell(m, c->newer)->older = c->older;

    } else {
        l->newest = c->older;
    }

    if (c->older != 0) {
        bd_memory_cell(m, c->older)->newer = c->newer;

    } else {
        l->oldest = c->newer;
    }

    c->list = BD_LIST_NONE;

    l->blocks -= bd_cell_blocks(c);
    m->lists[BD_LIST_NONE].blocks += bd_cell_blocks(c);
}


/* Empties the least recently used cell of a list; 0 when it has none. */

static int
bd_cell_evict(bd_memory_t *m, bd_list_e list)
{
    bd_cell_t  *c;

    c = bd_memory_cell(m, m->lists[list].oldest);

    if (c == NULL) {
        return 0;
    }

    m->evicted += (list == BD_LIST_ENTRIES);

    bd_cell_unlist(m, c);
    bd_cell_cut(m, c, BD_PART_ENTRY);
    bd_cell_cut(m, c, BD_PART_OUTCOME);
    bd_cell_set_outcome(m, c, BD_OUTCOME_NONE);

    c->accepted_ms = 0;
    c->rejected_ms = 0;
    c->hold_until = 0;

    bd_cell_close(m, c);

    return 1;
}
