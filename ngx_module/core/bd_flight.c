/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Flights.  Each has a record, one block, in a list of all; the cell of its
 * pair points to it while it may be joined, and it to the cell.  A worker that
 * remembers a flight finds it by its token: records come and go, and the
 * block may be anything by then.
 */


#include "bd_memory_private.h"


static bd_flying_t *bd_flying_find(const bd_memory_t *m,
    const bd_flight_t *flight);
static uint32_t bd_flying_create(bd_memory_t *m, bd_cell_t *c,
    const bd_worker_t *leader);
static void bd_flying_free(bd_memory_t *m, bd_flying_t *f);
static void bd_flying_land(bd_memory_t *m, bd_flying_t *f);
static uint64_t bd_flying_replace(bd_memory_t *m, bd_cell_t *c, int64_t mono);
static int bd_flying_followed(const bd_flying_t *f);
static int bd_flying_swept(bd_memory_t *m, bd_flying_t *f, int64_t mono);


bd_flight_e
bd_flight_join(bd_memory_t *m, const bd_pair_t *pair,
    const bd_worker_t *worker, int64_t mono, bd_flight_t *flight,
    uint64_t *old)
{
    bd_cell_t    *c;
    bd_flying_t  *f;

    flight->block = 0;
    flight->token = 0;
    *old = 0;

    /* one whose slot was taken over leads nothing: it would pass for dead */

    if (pair->id.len > BD_ID_MAX || !bd_worker_known(m, worker)) {
        return BD_FLIGHT_NO_ROOM;
    }

    c = bd_cell_find(m, pair);

    if (c != NULL && c->flight != 0) {
        f = bd_block(&m->blocks, c->flight);

        flight->block = c->flight;
        flight->token = f->token;

        if (f->leader.number == worker->number) {
            return BD_FLIGHT_MINE;
        }

        if (bd_worker_alive(m, &f->leader, mono)) {
            f->followers.bits[worker->slot / 64] |=
                                           (uint64_t) 1 << worker->slot % 64;
            return BD_FLIGHT_FOLLOWS;
        }

        flight->block = 0;
        flight->token = 0;
    }

    c = bd_cell_open(m, pair, c, BD_LIST_ENTRIES, 1);

    if (c == NULL) {
        return BD_FLIGHT_NO_ROOM;
    }

    if (c->flight != 0) {
        *old = bd_flying_replace(m, c, mono);
    }

    flight->block = bd_flying_create(m, c, worker);
    flight->token = ((bd_flying_t *) bd_block(&m->blocks,
                                              flight->block))->token;
    bd_cell_close(m, c);

    return BD_FLIGHT_LEADS;
}


int
bd_flight_stands(const bd_memory_t *m, const bd_flight_t *flight)
{
    const bd_flying_t  *f;

    f = bd_flying_find(m, flight);

    return f != NULL && f->cell != 0;
}


void
bd_flight_end(bd_memory_t *m, const bd_flight_t *flight, bd_slice_t data,
    int64_t mono, bd_slots_t *wake)
{
    bd_flying_t  *f;

    memset(wake, 0, sizeof(bd_slots_t));

    f = bd_flying_find(m, flight);

    if (f == NULL || f->state != BD_RECORD_RUNNING) {
        return;
    }

    *wake = f->followers;

    bd_flying_land(m, f);

    if (!bd_flying_followed(f)) {
        bd_flying_free(m, f);
        return;
    }

    f->state = BD_RECORD_ENDED;
    f->over_mono = mono;

    /* without room for the result the followers ask again */

    if (bd_blocks_for(data.len) <= m->blocks.n / 2
        && bd_memory_room(m, bd_blocks_for(data.len)))
    {
        f->result = bd_chain_write(&m->blocks, data);
        f->result_len = f->result != 0 ? (uint32_t) data.len : 0;
    }
}


bd_flight_state_e
bd_flight_look(bd_memory_t *m, const bd_flight_t *flight,
    const bd_worker_t *worker, int64_t mono, uint8_t *buf, size_t size,
    size_t *len)
{
    bd_flying_t        *f;
    bd_flight_state_e   state;

    *len = 0;

    f = bd_flying_find(m, flight);

    if (f == NULL) {
        return BD_FLIGHT_DEAD;
    }

    state = BD_FLIGHT_DEAD;

    if (f->state == BD_RECORD_RUNNING) {
        if (bd_worker_alive(m, &f->leader, mono)) {
            return BD_FLIGHT_RUNNING;
        }

    } else if (f->state == BD_RECORD_ENDED) {
        state = BD_FLIGHT_ENDED;
        *len = f->result_len;

        if (f->result_len > size) {
            return state;
        }

        bd_chain_copy(&m->blocks, f->result, f->result_len, buf);
    }

    bd_flight_leave(m, flight, worker);

    return state;
}


void
bd_flight_leave(bd_memory_t *m, const bd_flight_t *flight,
    const bd_worker_t *worker)
{
    bd_flying_t  *f;

    f = bd_flying_find(m, flight);

    if (f != NULL && bd_worker_known(m, worker)) {
        bd_flying_unfollow(m, f, worker->slot);
    }
}


void
bd_flight_sweep(bd_memory_t *m, int64_t mono)
{
    uint32_t      index, next;
    bd_flying_t  *f;

    for (index = m->flying; index != 0; index = next) {
        f = bd_block(&m->blocks, index);
        next = f->next;

        if (bd_flying_swept(m, f, mono)) {
            bd_flying_land(m, f);
            bd_flying_free(m, f);
        }
    }
}


int
bd_flying_alive(const bd_memory_t *m, uint32_t flight, int64_t mono)
{
    const bd_flying_t  *f;

    f = bd_block(&m->blocks, flight);

    return bd_worker_alive(m, &f->leader, mono);
}


void
bd_flying_void(bd_memory_t *m, bd_cell_t *c)
{
    bd_flying_t  *f;

    if (c->flight != 0) {
        f = bd_block(&m->blocks, c->flight);

        f->cell = 0;
        c->flight = 0;
    }
}


/*
 * A flight that is over goes with its last follower.  One under way does not,
 * even if its leader is dead: who replaces it is to learn its token.
 */

void
bd_flying_unfollow(bd_memory_t *m, bd_flying_t *f, uint32_t slot)
{
    f->followers.bits[slot / 64] &= ~((uint64_t) 1 << slot % 64);

    if (f->state != BD_RECORD_RUNNING && !bd_flying_followed(f)) {
        bd_flying_free(m, f);
    }
}


static bd_flying_t *
bd_flying_find(const bd_memory_t *m, const bd_flight_t *flight)
{
    bd_flying_t  *f;

    if (flight->token == 0
        || flight->block == 0 || flight->block >= m->blocks.fresh)
    {
        return NULL;
    }

    f = bd_block(&m->blocks, flight->block);

    return f->token == flight->token ? f : NULL;
}


/* There must be a free block. */

static uint32_t
bd_flying_create(bd_memory_t *m, bd_cell_t *c, const bd_worker_t *leader)
{
    uint32_t      index;
    bd_flying_t  *f;

    index = bd_blocks_take(&m->blocks);
    f = bd_block(&m->blocks, index);

    /* the mix is one to one: another token for each count */

    do {
        f->token = bd_hash_mix(m->seed, ++m->tokens);
    } while (f->token == 0);

    f->leader = *leader;
    f->cell = bd_block_index(&m->blocks, c);
    f->next = m->flying;

    if (f->next != 0) {
        ((bd_flying_t *) bd_block(&m->blocks, f->next))->prev = index;
    }

    m->flying = index;
    m->flights++;

    c->flight = index;

    return index;
}


/* No cell points to it any more. */

static void
bd_flying_free(bd_memory_t *m, bd_flying_t *f)
{
    if (f->prev != 0) {
        ((bd_flying_t *) bd_block(&m->blocks, f->prev))->next = f->next;

    } else {
        m->flying = f->next;
    }

    if (f->next != 0) {
        ((bd_flying_t *) bd_block(&m->blocks, f->next))->prev = f->prev;
    }

    m->flights--;

    bd_chain_free(&m->blocks, f->result);

    f->token = 0;
    bd_blocks_give(&m->blocks, bd_block_index(&m->blocks, f));
}


/* The flight, if it may be joined, is not any more; its cell may go. */

static void
bd_flying_land(bd_memory_t *m, bd_flying_t *f)
{
    bd_cell_t  *c;

    c = bd_memory_cell(m, f->cell);

    if (c != NULL) {
        bd_flying_void(m, c);
        bd_cell_settle(m, c);
    }
}


/* Takes a flight, whose leader is dead, from its cell; returns its token. */

static uint64_t
bd_flying_replace(bd_memory_t *m, bd_cell_t *c, int64_t mono)
{
    uint64_t      token;
    bd_flying_t  *f;

    f = bd_block(&m->blocks, c->flight);
    token = f->token;

    bd_flying_void(m, c);

    f->state = BD_RECORD_REPLACED;
    f->over_mono = mono;

    if (!bd_flying_followed(f)) {
        bd_flying_free(m, f);
    }

    return token;
}


static int
bd_flying_followed(const bd_flying_t *f)
{
    size_t  i;

    for (i = 0; i < BD_WORKERS / 64; i++) {
        if (f->followers.bits[i] != 0) {
            return 1;
        }
    }

    return 0;
}


/* Followers that come after BD_FLIGHT_KEEP_MS find nothing, which tells them
 * that the flight is dead; so does one whose leader has been for so long. */

static int
bd_flying_swept(bd_memory_t *m, bd_flying_t *f, int64_t mono)
{
    if (f->state == BD_RECORD_RUNNING) {

        if (bd_worker_alive(m, &f->leader, mono)) {
            f->over_mono = 0;
            return 0;
        }

        if (f->over_mono == 0) {
            f->over_mono = mono;
            return 0;
        }
    }

    return mono - f->over_mono >= BD_FLIGHT_KEEP_MS;
}
