/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The slots of the workers (bd_flight.h).  A slot taken over keeps nothing of
 * its last holder: it is struck from the followers of every flight.
 */


#include "bd_memory_private.h"


static bd_worker_slot_t *bd_worker_slot(bd_memory_t *m,
    const bd_worker_t *worker);
static int bd_worker_slot_alive(const bd_worker_slot_t *s, int64_t mono);
static void bd_worker_unfollow(bd_memory_t *m, uint32_t slot);


int
bd_worker_enter(bd_memory_t *m, bd_worker_t *worker, int64_t mono)
{
    uint32_t           i, slot;
    bd_worker_slot_t  *s;

    worker->slot = 0;
    worker->number = 0;

    slot = BD_WORKERS;

    for (i = 0; i < BD_WORKERS; i++) {
        s = &m->workers[i];

        if (s->number == 0) {
            slot = i;
            break;
        }

        if (slot == BD_WORKERS && !bd_worker_slot_alive(s, mono)) {
            slot = i;
        }
    }

    if (slot == BD_WORKERS) {
        return -1;
    }

    bd_worker_unfollow(m, slot);

    /* counted before it is given: no number is ever given twice */

    if (++m->numbers == 0) {
        m->numbers = 1;
    }

    s = &m->workers[slot];
    s->beat_mono = mono;
    s->number = m->numbers;

    worker->slot = slot;
    worker->number = s->number;

    return 0;
}


int
bd_worker_beat(bd_memory_t *m, const bd_worker_t *worker, int64_t mono)
{
    bd_worker_slot_t  *s;

    s = bd_worker_slot(m, worker);

    if (s == NULL) {
        return -1;
    }

    s->beat_mono = mono;

    return 0;
}


void
bd_worker_leave(bd_memory_t *m, const bd_worker_t *worker)
{
    bd_worker_slot_t  *s;

    s = bd_worker_slot(m, worker);

    if (s != NULL) {
        s->number = 0;
        bd_worker_unfollow(m, worker->slot);
    }
}


void
bd_worker_died(bd_memory_t *m, const bd_worker_t *worker)
{
    bd_worker_leave(m, worker);
}


bd_worker_t
bd_worker_in(const bd_memory_t *m, uint32_t slot)
{
    return (bd_worker_t) {
        .slot = slot,
        .number = slot < BD_WORKERS ? m->workers[slot].number : 0
    };
}


int
bd_worker_alive(const bd_memory_t *m, const bd_worker_t *worker, int64_t mono)
{
    const bd_worker_slot_t  *s;

    s = &m->workers[worker->slot];

    return s->number == worker->number && bd_worker_slot_alive(s, mono);
}


int
bd_worker_known(const bd_memory_t *m, const bd_worker_t *worker)
{
    return worker->number != 0 && worker->slot < BD_WORKERS
           && m->workers[worker->slot].number == worker->number;
}


/* NULL when the slot is another worker's by now, or nobody's. */

static bd_worker_slot_t *
bd_worker_slot(bd_memory_t *m, const bd_worker_t *worker)
{
    return bd_worker_known(m, worker) ? &m->workers[worker->slot] : NULL;
}


static int
bd_worker_slot_alive(const bd_worker_slot_t *s, int64_t mono)
{
    return s->number != 0 && mono - s->beat_mono < BD_WORKER_DEAD_MS;
}


static void
bd_worker_unfollow(bd_memory_t *m, uint32_t slot)
{
    uint32_t      index, next;
    bd_flying_t  *f;

    for (index = m->flying; index != 0; index = next) {
        f = bd_block(&m->blocks, index);
        next = f->next;

        bd_flying_unfollow(m, f, slot);
    }
}
