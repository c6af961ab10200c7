/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The journal.  A place is in a chain by the hash of its id, and in the order
 * of delivery: what is claimed, or could not be delivered, goes to the end, so
 * that one record that fails time and again does not keep the others back.
 *
 * An overflow stands for all that was in the journal when it happened.  What
 * is added after it gets a place again: the new generation may have been
 * announced by then, and an answer stored under it.
 */


#include "bd_memory_private.h"


static uint32_t *bd_journal_bucket(const bd_memory_t *m, bd_slice_t id);
static bd_place_t *bd_journal_place(const bd_memory_t *m, uint32_t place);
static uint32_t bd_journal_find(const bd_memory_t *m, bd_slice_t id);
static void bd_journal_append(bd_memory_t *m, uint32_t place);
static void bd_journal_unlink(bd_memory_t *m, uint32_t place);
static void bd_journal_remove(bd_memory_t *m, uint32_t place);


int
bd_journal_add(bd_memory_t *m, bd_slice_t id, bd_invalidation_e how)
{
    uint32_t       place, *bucket;
    bd_place_t    *p;
    bd_journal_t  *j;

    if (!bd_memory_id_fits(id)) {
        return 0;
    }

    j = &m->journal;
    place = bd_journal_find(m, id);

    if (place != 0) {
        p = bd_journal_place(m, place);

        if (how == BD_GONE) {
            p->how = BD_GONE;
        }

        /* whoever delivers it tells Redis of what was before this */

        p->number = ++j->numbers;
        p->claimed_until = 0;

        return 0;
    }

    place = j->free;

    if (place == 0) {
        bd_journal_init(m, 1);
        return 1;
    }

    p = bd_journal_place(m, place);
    j->free = p->hash_next;

    p->number = ++j->numbers;
    p->claimed_until = 0;
    p->how = (uint8_t) how;
    p->id_len = (uint8_t) id.len;
    memcpy(p->id, id.data, id.len);

    bucket = bd_journal_bucket(m, id);
    p->hash_next = *bucket;
    *bucket = place;

    bd_journal_append(m, place);
    j->length++;

    return 0;
}


int
bd_journal_has(const bd_memory_t *m, bd_slice_t id)
{
    return m->journal.overflow != 0
           || (m->journal.length != 0 && bd_journal_find(m, id) != 0);
}


size_t
bd_journal_length(const bd_memory_t *m)
{
    return m->journal.length + (m->journal.overflow != 0);
}


int
bd_journal_claim(bd_memory_t *m, int64_t mono, bd_record_t *record)
{
    uint32_t       place;
    bd_place_t    *p;
    bd_journal_t  *j;

    j = &m->journal;
    memset(record, 0, sizeof(bd_record_t));

    if (j->overflow != 0 && j->overflow_until <= mono) {
        j->overflow_until = mono + BD_JOURNAL_CLAIM_MS;

        record->number = j->overflow;
        record->how = BD_GONE;

        return 1;
    }

    for (place = j->first; place != 0; place = p->next) {
        p = bd_journal_place(m, place);

        if (p->claimed_until > mono) {
            continue;
        }

        p->claimed_until = mono + BD_JOURNAL_CLAIM_MS;

        record->place = place;
        record->number = p->number;
        record->how = (bd_invalidation_e) p->how;
        record->id_len = p->id_len;
        memcpy(record->id, p->id, p->id_len);

        bd_journal_unlink(m, place);
        bd_journal_append(m, place);

        return 1;
    }

    return 0;
}


void
bd_journal_done(bd_memory_t *m, const bd_record_t *record, int delivered)
{
    bd_place_t    *p;
    bd_journal_t  *j;

    j = &m->journal;

    if (record->id_len == 0) {

        if (record->number == j->overflow) {
            j->overflow_until = 0;
            j->overflow = delivered ? 0 : j->overflow;
        }

        return;
    }

    if (record->place == 0 || record->place > j->n) {
        return;
    }

    p = bd_journal_place(m, record->place);

    if (p->id_len == 0 || p->number != record->number) {
        return;
    }

    if (delivered) {
        bd_journal_remove(m, record->place);
        return;
    }

    p->claimed_until = 0;
}


/* Empties the journal; with an overflow in place of what was in it. */

void
bd_journal_init(bd_memory_t *m, int overflow)
{
    uint32_t       place;
    bd_place_t    *p;
    bd_journal_t  *j;

    j = &m->journal;

    memset(bd_memory_table(m, j->buckets_at), 0, j->n * sizeof(uint32_t));

    j->length = 0;
    j->first = 0;
    j->last = 0;
    j->free = 0;

    for (place = j->n; place != 0; place--) {
        p = bd_journal_place(m, place);

        p->id_len = 0;
        p->hash_next = j->free;
        j->free = place;
    }

    if (overflow) {
        j->overflow = ++j->numbers;
        j->overflow_until = 0;
    }
}


static uint32_t *
bd_journal_bucket(const bd_memory_t *m, bd_slice_t id)
{
    return &bd_memory_table(m, m->journal.buckets_at)
            [bd_memory_job_hash(m, id) & (m->journal.n - 1)];
}


static bd_place_t *
bd_journal_place(const bd_memory_t *m, uint32_t place)
{
    return (bd_place_t *) (void *) ((uint8_t *) m + m->journal.places_at)
           + (place - 1);
}


static uint32_t
bd_journal_find(const bd_memory_t *m, bd_slice_t id)
{
    uint32_t           place;
    const bd_place_t  *p;

    for (place = *bd_journal_bucket(m, id); place != 0; place = p->hash_next) {
        p = bd_journal_place(m, place);

        if (bd_slice_equal(bd_slice_make(p->id, p->id_len), id)) {
            return place;
        }
    }

    return 0;
}


static void
bd_journal_append(bd_memory_t *m, uint32_t place)
{
    bd_place_t    *p;
    bd_journal_t  *j;

    j = &m->journal;

    p = bd_journal_place(m, place);
    p->prev = j->last;
    p->next = 0;

    if (j->last != 0) {
        bd_journal_place(m, j->last)->next = place;

    } else {
        j->first = place;
    }

    j->last = place;
}


static void
bd_journal_unlink(bd_memory_t *m, uint32_t place)
{
    bd_place_t    *p;
    bd_journal_t  *j;

    j = &m->journal;
    p = bd_journal_place(m, place);

    if (p->prev != 0) {
        bd_journal_place(m, p->prev)->next = p->next;

    } else {
        j->first = p->next;
    }

    if (p->next != 0) {
        bd_journal_place(m, p->next)->prev = p->prev;

    } else {
        j->last = p->prev;
    }
}


static void
bd_journal_remove(bd_memory_t *m, uint32_t place)
{
    uint32_t    *link;
    bd_place_t  *p;

    p = bd_journal_place(m, place);
    link = bd_journal_bucket(m, bd_slice_make(p->id, p->id_len));

    while (*link != place) {
        link = &bd_journal_place(m, *link)->hash_next;
    }

    *link = p->hash_next;

    bd_journal_unlink(m, place);

    p->id_len = 0;
    p->hash_next = m->journal.free;
    m->journal.free = place;

    m->journal.length--;
}
