/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The journal: jobs whose invalidation Redis could not be told of.  Until it
 * has been told, nothing of them may be served from Redis.  It has a bounded
 * number of places; when they do not suffice it overflows: then nothing at
 * all may be served from Redis until a new generation of the namespace has
 * been announced there, which outdates all entries.
 *
 * A place is claimed for a time by the worker that delivers it; one that dies
 * is replaced when the time is over.  As in bd_memory.h, all is done under the
 * caller's lock.
 */


#ifndef _BD_JOURNAL_H_INCLUDED_
#define _BD_JOURNAL_H_INCLUDED_


#include "bd_memory.h"


#define BD_JOURNAL_CLAIM_MS  1000


/* A place of the journal as the worker that delivers it remembers it. */
typedef struct {
    uint32_t           place;
    uint64_t           number;      /* of the record: changed by a later add */
    bd_invalidation_e  how;
    uint8_t            id_len;      /* 0: the overflow, a new generation */
    char               id[BD_ID_MAX];
} bd_record_t;


/*
 * Adds a job; one that is there already is there once, BD_GONE outdoing
 * BD_EXPIRED.  Returns 1 when the journal overflowed by it, else 0.
 */
int bd_journal_add(bd_memory_t *m, bd_slice_t id, bd_invalidation_e how);

/* 1 when nothing of the job may be served from Redis. */
int bd_journal_has(const bd_memory_t *m, bd_slice_t id);

/* How many jobs there are in it; an overflow counts as one. */
size_t bd_journal_length(const bd_memory_t *m);

/* Claims a record that nobody delivers.  Returns 1, or 0 when there is none. */
int bd_journal_claim(bd_memory_t *m, int64_t mono, bd_record_t *record);

/*
 * It was delivered, or could not be.  One that was added again meanwhile
 * stays.
 */
void bd_journal_done(bd_memory_t *m, const bd_record_t *record,
    int delivered);


#endif /* _BD_JOURNAL_H_INCLUDED_ */
