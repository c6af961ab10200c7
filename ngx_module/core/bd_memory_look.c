/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * What is told of a pair.  Where the events of other nodes may be missing:
 *
 *   known before sure.since     some may have been missed in between: not
 *                               told, and forgotten
 *   the host is sure            told
 *   it is not, and it was
 *     known since sure.until    nothing proves it current: told as doubtful; a
 *                               refusal is in force for BD_DOUBT_MS
 *     known before              what was sure may be outdated by now: an entry
 *                               is told as expired, a refusal is not told; when
 *                               the host proves to have been sure all along,
 *                               both are as before
 *
 * A failure is no news of the job and is always told.
 */


#include "bd_memory_private.h"


static void bd_look_credential(const bd_cell_t *c, bd_look_t *look);
static void bd_look_entry(bd_memory_t *m, bd_cell_t *c, bd_look_t *look);
static void bd_look_outcome(bd_memory_t *m, bd_cell_t *c, bd_look_t *look);


void
bd_memory_look(bd_memory_t *m, const bd_pair_t *pair, int64_t mono,
    uint8_t *buf, size_t size, bd_look_t *look)
{
    bd_cell_t  *c;
    bd_pair_t   credential;

    memset(look, 0, sizeof(bd_look_t));

    bd_memory_sure_settle(m, mono);

    look->sure = bd_memory_is_sure(m, mono);
    look->epoch = bd_memory_epoch(m, pair->id);
    look->journaled = bd_journal_has(m, pair->id);

    credential = bd_pair_of_credential(pair->credential);
    c = bd_cell_find(m, &credential);

    if (c != NULL) {
        bd_look_credential(c, look);
        bd_cell_close(m, c);
    }

    c = bd_cell_find(m, pair);

    if (c == NULL) {
        return;
    }

    look->flying = c->flight != 0 && bd_flying_alive(m, c->flight, mono);

    if (c->id_len == 0) {
        return;
    }

    bd_look_entry(m, c, look);
    bd_look_outcome(m, c, look);

    look->entry_copied = look->entry_len != 0
                         && bd_cell_copy(m, c, BD_PART_ENTRY, buf, size) != 0;

    bd_cell_close(m, c);
}


size_t
bd_memory_outcome_copy(bd_memory_t *m, const bd_pair_t *pair,
    uint8_t *buf, size_t size)
{
    bd_cell_t  *c;

    c = bd_cell_find(m, pair);

    return c == NULL ? 0 : bd_cell_copy(m, c, BD_PART_OUTCOME, buf, size);
}


int
bd_memory_usable(const bd_memory_t *m, const bd_cell_t *c)
{
    return c->len[BD_PART_ENTRY] != 0 && c->known_ms >= m->sure.since;
}


static void
bd_look_credential(const bd_cell_t *c, bd_look_t *look)
{
    look->accepted_ms = c->accepted_ms;
    look->rejected_ms = c->rejected_ms;
    look->rejection_len = c->len[BD_PART_OUTCOME];
    look->rejection_until = c->rejection_until;
    look->hold_len = c->len[BD_PART_ENTRY];
    look->hold_until = c->hold_until;
}


static void
bd_look_entry(bd_memory_t *m, bd_cell_t *c, bd_look_t *look)
{
    if (!bd_memory_usable(m, c)) {
        bd_cell_cut(m, c, BD_PART_ENTRY);
        return;
    }

    look->entry_len = c->len[BD_PART_ENTRY];
    look->fetched_ms = c->fetched_ms;
    look->ttl_ms = c->ttl_ms;
    look->known_ms = c->known_ms;

    if (look->sure) {
        return;
    }

    if (c->known_ms >= m->sure.until) {
        look->doubtful = 1;

    } else {
        look->ttl_ms = 0;
    }
}


static void
bd_look_outcome(bd_memory_t *m, bd_cell_t *c, bd_look_t *look)
{
    int64_t  until;

    until = c->outcome_until;

    if (c->outcome == BD_OUTCOME_REFUSAL) {

        if (c->outcome_set < m->sure.since) {
            bd_cell_cut(m, c, BD_PART_OUTCOME);
            bd_cell_set_outcome(m, c, BD_OUTCOME_NONE);
        }

        if (!look->sure) {

            if (c->outcome_set < m->sure.until) {
                return;
            }

            if (until > c->outcome_set + BD_DOUBT_MS) {
                until = c->outcome_set + BD_DOUBT_MS;
            }
        }
    }

    if (c->outcome == BD_OUTCOME_NONE) {
        return;
    }

    look->outcome = (bd_outcome_e) c->outcome;
    look->outcome_len = c->len[BD_PART_OUTCOME];
    look->outcome_until = until;
}
