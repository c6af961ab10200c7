/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * What is known of the events of other nodes: since and until when all of
 * them have arrived, which ones have, and the generation.
 */


#include "bd_memory_private.h"


static int bd_memory_sure_waits(const bd_memory_t *m);
static int bd_cover_join(bd_cover_t *to, const bd_cover_t *from);
static bd_seen_t *bd_seen_find(bd_memory_t *m, uint64_t node);
static void bd_seen_move_on(bd_seen_t *s, uint64_t number);


/*
 * What time it is is not known here, but a moment that has been proved is past:
 * when sureness had run out by then, it has by now.
 *
 * There is room for one time beyond a gap.  Of two the later one is kept: it is
 * the one that goes on.
 */

void
bd_memory_sure(bd_memory_t *m, int64_t since, int64_t proved, int64_t until)
{
    bd_cover_t  proof;

    if (m->alone || proved < since) {
        return;
    }

    proof.since = since;
    proof.proved = proved;
    proof.until = until;

    bd_memory_sure_settle(m, proved);

    if (bd_cover_join(&m->sure, &proof)) {
        (void) bd_cover_join(&m->sure, &m->other);

    } else if (!bd_cover_join(&m->other, &proof)
               && since > m->sure.proved && proved > m->other.proved)
    {
        m->other = proof;
    }

    bd_memory_sure_settle(m, proved);
}


void
bd_memory_sure_settle(bd_memory_t *m, int64_t mono)
{
    bd_cover_t  before;

    if (mono >= m->sure.until && bd_memory_sure_waits(m)) {
        before = m->sure;
        m->sure = m->other;
        m->other = before;
    }
}


void
bd_memory_unsure(bd_memory_t *m, int64_t mono)
{
    bd_memory_sure_settle(m, mono);

    if (mono < m->sure.until) {
        m->sure.until = mono;
    }

    if (mono < m->other.until) {
        m->other.until = mono;
    }
}


int
bd_memory_is_sure(const bd_memory_t *m, int64_t mono)
{
    return m->alone || mono < m->sure.until
           || (mono < m->other.until && bd_memory_sure_waits(m));
}


void
bd_memory_alone(bd_memory_t *m)
{
    m->alone = 1;
}


void
bd_memory_listens(bd_memory_t *m)
{
    m->alone = 0;
}


/*
 * Workers receive the same events at different times, and those of one node
 * may overtake each other on its connections.  A number too old to be
 * remembered, or of a node that had to be forgotten, is taken for new: to
 * apply an event again is harmless, to miss one is not.
 */

int
bd_memory_seen(bd_memory_t *m, uint64_t node, uint64_t number)
{
    uint64_t    bit, *word;
    bd_seen_t  *s;

    s = bd_seen_find(m, node);

    if (s->used == 0) {
        s->node = node;
        s->greatest = number;
    }

    s->used = ++m->uses;

    if (number > s->greatest) {
        bd_seen_move_on(s, number);

    } else if (s->greatest - number >= BD_SEEN_WINDOW) {
        return 0;
    }

    bit = (uint64_t) 1 << number % 64;
    word = &s->bits[number % BD_SEEN_WINDOW / 64];

    if (*word & bit) {
        return 1;
    }

    *word |= bit;

    return 0;
}


uint64_t
bd_memory_generation(const bd_memory_t *m)
{
    return m->generation;
}


void
bd_memory_set_generation(bd_memory_t *m, uint64_t generation)
{
    if (generation > m->generation) {
        m->generation = generation;
    }
}


/* 1 when there is a time behind the gap. */

static int
bd_memory_sure_waits(const bd_memory_t *m)
{
    return m->other.since > m->sure.proved;
}


/* 1 when the two overlap, or touch: to is then both of them. */

static int
bd_cover_join(bd_cover_t *to, const bd_cover_t *from)
{
    if (from->since > to->proved || from->proved < to->since) {
        return 0;
    }

    if (from->since < to->since) {
        to->since = from->since;
    }

    if (from->proved > to->proved) {
        to->proved = from->proved;
    }

    if (from->until > to->until) {
        to->until = from->until;
    }

    return 1;
}


/* The place of a node, or an emptied one: of the few it may have, the one
 * that was used longest ago. */

static bd_seen_t *
bd_seen_find(bd_memory_t *m, uint64_t node)
{
    size_t      i, at;
    bd_seen_t  *s, *oldest;

    at = (size_t) bd_hash_mix(m->seed, node);
    oldest = NULL;

    for (i = 0; i < BD_SEEN_PROBES; i++) {
        s = &m->seen[(at + i) % BD_SEEN_NODES];

        if (s->used != 0 && s->node == node) {
            return s;
        }

        if (oldest == NULL || s->used < oldest->used) {
            oldest = s;
        }
    }

    memset(oldest, 0, sizeof(bd_seen_t));

    return oldest;
}


/* The numbers up to the new greatest one have not been seen. */

static void
bd_seen_move_on(bd_seen_t *s, uint64_t number)
{
    if (number - s->greatest >= BD_SEEN_WINDOW) {
        memset(s->bits, 0, sizeof(s->bits));
        s->greatest = number;
    }

    while (s->greatest < number) {
        s->greatest++;
        s->bits[s->greatest % BD_SEEN_WINDOW / 64] &=
                                     ~((uint64_t) 1 << s->greatest % 64);
    }
}
