/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Private to bd_memory*.c, bd_flight.c and bd_journal.c: how the region lies
 * in memory.  It has no pointers: all is known by an offset from its start or
 * by the index of a block.
 *
 *   struct bd_memory_s      with the workers and the events seen
 *   buckets of cells        uint32_t, by the hash of credential and id
 *   buckets of jobs         uint32_t, by the hash of the id
 *   epochs                  uint32_t, by other bits of the hash of the id
 *   buckets of the journal  uint32_t
 *   places of the journal   bd_place_t
 *   blocks                  up to the end
 */


#ifndef _BD_MEMORY_PRIVATE_H_INCLUDED_
#define _BD_MEMORY_PRIVATE_H_INCLUDED_


#include "bd_blocks.h"
#include "bd_flight.h"
#include "bd_hash.h"
#include "bd_journal.h"
#include "bd_memory.h"

#include <stdatomic.h>


/* A cell that is in none may not be pushed out: it has a flight and nothing
 * else, or is being changed. */
typedef enum {
    BD_LIST_NONE = 0,
    BD_LIST_ENTRIES,
    BD_LIST_NEGATIVES,      /* outcomes only, credentials never accepted */
    BD_LIST_CREDENTIALS,
    BD_LISTS
} bd_list_e;


/* The contents of a cell: two chains. */
typedef enum {
    BD_PART_ENTRY = 0,      /* of a credential: the answer asking to hold off */
    BD_PART_OUTCOME,        /* of a credential: its rejection */
    BD_PARTS
} bd_part_e;


/* What is known of a pair, or, without an id, of a credential. */
typedef struct {
    union {
        int64_t  fetched_ms;
        int64_t  accepted_ms;
    };

    union {
        int64_t  known_ms;
        int64_t  rejected_ms;
    };

    union {
        int64_t  outcome_until;
        int64_t  rejection_until;
    };

    union {
        int64_t  outcome_set;           /* mono */
        int64_t  hold_until;
    };

    uint32_t     hash;
    uint32_t     hash_next;
    uint32_t     job_hash;
    uint32_t     job_prev;              /* only a pair is in such a chain */
    uint32_t     job_next;
    uint32_t     newer;                 /* in its list */
    uint32_t     older;
    uint32_t     flight;                /* 0: none that may be joined */
    uint32_t     ttl_ms;
    uint32_t     chain[BD_PARTS];
    uint32_t     len[BD_PARTS];
    uint8_t      outcome;               /* bd_outcome_e */
    uint8_t      list;                  /* bd_list_e */
    uint8_t      id_len;
    uint8_t      credential[BD_MAC_SIZE];
    uint8_t      id[BD_ID_MAX];
} bd_cell_t;


_Static_assert(sizeof(bd_cell_t) <= BD_BLOCK_SIZE, "a cell is one block");
_Static_assert(BD_ID_MAX <= UINT8_MAX, "the length of an id is one byte");


typedef enum {
    BD_RECORD_RUNNING = 0,
    BD_RECORD_ENDED,
    BD_RECORD_REPLACED      /* its leader died, another one leads */
} bd_record_state_e;


/* One flight.  link keeps the token clear of the word that links blocks. */
typedef struct {
    uint32_t     link;
    uint32_t     state;                 /* bd_record_state_e */
    uint64_t     token;
    int64_t      over_mono;             /* when it ended, or its leader was
                                           found dead; 0: neither */
    bd_slots_t   followers;
    bd_worker_t  leader;
    uint32_t     cell;                  /* 0: may not be joined any more */
    uint32_t     result;
    uint32_t     result_len;
    uint32_t     prev;
    uint32_t     next;
} bd_flying_t;


_Static_assert(sizeof(bd_flying_t) <= BD_BLOCK_SIZE, "a flight is one block");


typedef struct {
    uint32_t  newest;
    uint32_t  oldest;
    uint32_t  blocks;                   /* of its cells and their contents */
} bd_list_t;


typedef struct {
    uint32_t  number;                   /* 0: the slot is free */
    int64_t   beat_mono;
} bd_worker_slot_t;


/* A time all of whose events have arrived: from since up to proved. */
typedef struct {
    int64_t  since;
    int64_t  proved;
    int64_t  until;                     /* taken as going on */
} bd_cover_t;


#define BD_SEEN_NODES   64
#define BD_SEEN_PROBES  8
#define BD_SEEN_WINDOW  512

/* The events seen of one node: bit number % BD_SEEN_WINDOW for each of the
 * last BD_SEEN_WINDOW numbers up to the greatest. */
typedef struct {
    uint64_t  node;
    uint64_t  greatest;
    uint64_t  used;                     /* 0: free; greater: used later */
    uint64_t  bits[BD_SEEN_WINDOW / 64];
} bd_seen_t;


/* A job of the journal; places are counted from 1. */
typedef struct {
    uint64_t  number;
    int64_t   claimed_until;
    uint32_t  hash_next;                /* of a free place: the next one */
    uint32_t  prev;                     /* in the order of delivery */
    uint32_t  next;
    uint8_t   how;
    uint8_t   id_len;                   /* 0: the place is free */
    uint8_t   id[BD_ID_MAX];
} bd_place_t;


typedef struct {
    uint64_t  buckets_at;
    uint64_t  places_at;
    uint64_t  numbers;                  /* given so far */
    uint64_t  overflow;                 /* its number; 0: there is none */
    int64_t   overflow_until;           /* claimed */
    uint32_t  n;                        /* places, a power of two */
    uint32_t  length;
    uint32_t  first;
    uint32_t  last;
    uint32_t  free;
} bd_journal_t;


struct bd_memory_s {
    uint64_t          magic;
    uint64_t          size;
    uint64_t          seed;

    _Atomic uint32_t  inside;           /* somebody is in the middle of it */

    uint32_t          alone;
    bd_cover_t        sure;
    bd_cover_t        other;            /* on the other side of a gap: behind
                                           it, to take its place, or before it;
                                           within it when there is none */
    uint64_t          generation;

    uint64_t          cells_at;
    uint64_t          jobs_at;
    uint64_t          epochs_at;
    uint32_t          bucket_mask;      /* of cells and of jobs */
    uint32_t          epoch_mask;
    uint64_t          epoch_base;       /* moves all epochs on at once */

    bd_list_t         lists[BD_LISTS];
    uint32_t          flying;           /* the first of all flights */
    uint32_t          numbers;          /* of workers, given so far */
    uint64_t          tokens;           /* of flights, given so far */
    uint64_t          uses;             /* of bd_memory_seen() */

    uint32_t          entries;
    uint32_t          outcomes;
    uint32_t          credentials;
    uint32_t          flights;
    uint64_t          evicted;
    uint64_t          resets;

    bd_blocks_t       blocks;
    bd_journal_t      journal;

    bd_worker_slot_t  workers[BD_WORKERS];
    bd_seen_t         seen[BD_SEEN_NODES];
};


static inline uint32_t *
bd_memory_table(const bd_memory_t *m, uint64_t at)
{
    return (uint32_t *) (void *) ((uint8_t *) m + at);
}


static inline bd_cell_t *
bd_memory_cell(const bd_memory_t *m, uint32_t index)
{
    return index == 0 ? NULL : bd_block(&m->blocks, index);
}


static inline uint64_t
bd_memory_job_hash(const bd_memory_t *m, bd_slice_t id)
{
    return bd_hash_bytes(id.data, id.len, m->seed);
}


static inline bd_pair_t
bd_pair_of_credential(const uint8_t *credential)
{
    return (bd_pair_t) { credential, { 0, NULL } };
}


/* 1 for an id that a job may have. */
static inline int
bd_memory_id_fits(bd_slice_t id)
{
    return id.len != 0 && id.len <= BD_ID_MAX;
}


/* bd_memory_cell.c */

/* Returns the cell, or NULL: nothing is known of the pair. */
bd_cell_t *bd_cell_find(const bd_memory_t *m, const bd_pair_t *pair);

/*
 * Takes the cell of a pair, c, out of its list, or makes one if c is NULL, and
 * sees to it that there are as many free blocks as wanted besides.  list is
 * where the cell is to be afterwards.  Returns the cell, to be closed, or NULL
 * when there is no room: c has then been closed.
 */
bd_cell_t *bd_cell_open(bd_memory_t *m, const bd_pair_t *pair, bd_cell_t *c,
    bd_list_e list, size_t wanted);

/* Puts a cell into the list it belongs to as the newest, or frees it. */
void bd_cell_close(bd_memory_t *m, bd_cell_t *c);

/* As bd_cell_close(), but a cell that belongs where it is stays there. */
void bd_cell_settle(bd_memory_t *m, bd_cell_t *c);

/* Writes a part, which must be empty, of an open cell; there must be room. */
void bd_cell_write(bd_memory_t *m, bd_cell_t *c, bd_part_e part,
    bd_slice_t data);

/* Empties a part; the cell must be settled or closed. */
void bd_cell_cut(bd_memory_t *m, bd_cell_t *c, bd_part_e part);

/* Copies a part; returns its length, 0 when it is empty or over size. */
size_t bd_cell_copy(const bd_memory_t *m, const bd_cell_t *c, bd_part_e part,
    uint8_t *buf, size_t size);

void bd_cell_set_outcome(bd_memory_t *m, bd_cell_t *c, bd_outcome_e outcome);

/* Makes room for blocks that no cell is to have; 0: there is none. */
int bd_memory_room(bd_memory_t *m, size_t blocks);

/* The most blocks the cells of a list may have. */
size_t bd_memory_bound(const bd_memory_t *m, bd_list_e list);


/* bd_memory_look.c */

/* 1 when an entry is of a time since which no event was missed for good. */
int bd_memory_usable(const bd_memory_t *m, const bd_cell_t *c);


/* bd_memory_events.c */

/*
 * The moment mono has come: when the host is not sure any more by what it was
 * sure of, it is from now on by what was proved behind a gap, if anything.
 */
void bd_memory_sure_settle(bd_memory_t *m, int64_t mono);


/* bd_worker.c */

/* 1 while the worker, of a slot below BD_WORKERS, is alive. */
int bd_worker_alive(const bd_memory_t *m, const bd_worker_t *worker,
    int64_t mono);

/* 1 while its slot is the worker's; any worker may be passed. */
int bd_worker_known(const bd_memory_t *m, const bd_worker_t *worker);


/* bd_flight.c */

/* 1 while the leader of the flight, a block, is alive. */
int bd_flying_alive(const bd_memory_t *m, uint32_t flight, int64_t mono);

/* The cell's flight goes on, but may not be joined any more. */
void bd_flying_void(bd_memory_t *m, bd_cell_t *c);

/* Strikes a slot from the followers; the flight may be freed by it. */
void bd_flying_unfollow(bd_memory_t *m, bd_flying_t *f, uint32_t slot);


/* bd_journal.c */

void bd_journal_init(bd_memory_t *m, int overflow);


#endif /* _BD_MEMORY_PRIVATE_H_INCLUDED_ */
