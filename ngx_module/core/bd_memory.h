/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * What the workers of a host know together, in one region of shared memory:
 *
 *   cells        one per (credential, job): the entry of the memory tier, and
 *                the outcome of a fetch that brought none (a refusal that is
 *                remembered, a failure that is backed off from)
 *   credentials  one per credential: when upstream accepted and rejected it
 *                last, until when it asks to be left alone
 *   flights      one per fetch under way (bd_flight.h)
 *   journal      jobs whose invalidation Redis has not been told of
 *                (bd_journal.h)
 *   epochs       a counter per bucket of job ids, bumped by invalidations: what
 *                was read before one must not be filled in after it
 *   sureness     since when the events of other nodes are known to have
 *                reached this host, and until when that may be relied on
 *
 * The region is a header, tables, and blocks of BD_BLOCK_SIZE bytes.  A cell
 * or a flight is one block, contents are chains of blocks; so nothing is
 * fragmented, and the least recently used go until there is room.  Refusals
 * have a list and a bound of their own: random ids and tokens push out each
 * other, never the entries.
 *
 * All functions are called with the region locked by the caller, who passes
 * the present in: wall is milliseconds since the epoch, mono milliseconds of
 * a monotonic clock all workers of the host share.  Between bd_memory_enter()
 * and bd_memory_leave() the region is in change; who finds it so when he
 * enters knows that a worker died inside, and empties it: nothing half-written
 * is ever served.
 */


#ifndef _BD_MEMORY_H_INCLUDED_
#define _BD_MEMORY_H_INCLUDED_


#include "bd_blocks.h"
#include "bd_mac.h"
#include "bd_route.h"
#include "bd_slice.h"


/* Goes up with every change of what lies in the region. */
#define BD_MEMORY_VERSION  2


typedef struct bd_memory_s  bd_memory_t;


/* Whom a cell or flight is of; an empty id: of the credential itself. */
typedef struct {
    const uint8_t  *credential;         /* BD_MAC_SIZE bytes */
    bd_slice_t      id;                 /* at most BD_ID_MAX bytes */
} bd_pair_t;


typedef enum {
    BD_GONE = 0,        /* a write was carried out: nothing of it is left */
    BD_EXPIRED          /* its outcome is unknown: entries are stale */
} bd_invalidation_e;


typedef enum {
    BD_OUTCOME_NONE = 0,
    BD_OUTCOME_REFUSAL,     /* upstream's 4xx */
    BD_OUTCOME_FAILURE      /* no answer, 5xx, an invalid body: back off */
} bd_outcome_e;


/* What is known of a pair and its credential at one moment. */
typedef struct {
    uint64_t      epoch;            /* of the job, for bd_memory_fill() */
    int           journaled;        /* Redis may hold what is outdated */
    int           sure;             /* the events of other nodes are known to
                                       arrive: bd_memory_is_sure() */

    size_t        entry_len;        /* 0: no entry */
    int           entry_copied;     /* 0: the buffer was too small */
    int64_t       fetched_ms;       /* wall: when its fetch began */
    uint32_t      ttl_ms;           /* fresh for so long after that */
    int           doubtful;         /* fresh for BD_DOUBT_MS at the most, as
                                       events of other nodes may be missing:
                                       see bd_memory_sure() */
    int64_t       known_ms;         /* mono: when it was known to be current */

    bd_outcome_e  outcome;          /* NONE: nothing below is told of it */
    size_t        outcome_len;
    int64_t       outcome_until;    /* mono; in the past: not in force */

    int           flying;           /* a flight is under way for the pair */

    int64_t       accepted_ms;      /* wall; 0: never, or not known */
    int64_t       rejected_ms;      /* wall; 0: never, or not known */
    size_t        rejection_len;    /* the 401 that is remembered */
    int64_t       rejection_until;  /* mono */
    size_t        hold_len;         /* the answer that asked for it; 0: none */
    int64_t       hold_until;       /* mono; in the past: not held off */
} bd_look_t;


/* While a host is not sure of its events, what it fetches is fresh for this
 * long at the most. */
#define BD_DOUBT_MS  3000


/*
 * Lays the region out; size bytes at memory, aligned to 8.  seed makes the
 * hashes of this region unpredictable.  Returns the memory, which begins at
 * the address given, or NULL when size is too small (below 128 KB).
 */
bd_memory_t *bd_memory_init(void *memory, size_t size, uint64_t seed);

/* 1 when the region was laid out by this version for this size. */
int bd_memory_valid(const bd_memory_t *m, size_t size);

/*
 * Marks the region as in change.  Returns 0, or 1 when another worker had
 * died in the middle of one: the region has then been emptied (cells,
 * credentials, flights; the journal is turned into an overflow, which is
 * safe), and epochs have moved on.
 */
int bd_memory_enter(bd_memory_t *m);
void bd_memory_leave(bd_memory_t *m);


/* The epoch of a job: changes with every invalidation that may concern it. */
uint64_t bd_memory_epoch(const bd_memory_t *m, bd_slice_t id);

/*
 * Tells all that is known of a pair.  The entry is copied to buf when it has
 * at most size bytes.  Counts as a use.  What is outdated by time alone is
 * told all the same; an entry that must not be used at all, as events may
 * have been missed since it was known to be current, is not.
 */
void bd_memory_look(bd_memory_t *m, const bd_pair_t *pair, int64_t mono,
    uint8_t *buf, size_t size, bd_look_t *look);

/*
 * Stores an entry: data[len], fetched_ms, ttl_ms.  epoch is that of before
 * the entry was asked for; known_ms the moment it was known to be current (the
 * start of the fetch, or of the lookup in Redis).  An outcome that the pair
 * has stays.  An entry of the very fetch that is there already only shows that
 * it is current still.  Returns 1 when it was stored; 0 when the
 * job has been invalidated since, may have been (events were missed after
 * known_ms), an entry of a later fetch is there, or there is no room for it: an
 * entry of an earlier fetch has then gone nevertheless.
 */
int bd_memory_fill(bd_memory_t *m, const bd_pair_t *pair, uint64_t epoch,
    bd_slice_t data, int64_t fetched_ms, uint32_t ttl_ms, int64_t known_ms);

/*
 * Remembers an outcome, which was learnt at mono, until a moment, in place of
 * what was remembered; BD_OUTCOME_NONE: what was remembered is forgotten, and
 * nothing is from now on.  drop: the entry of the pair goes.  epoch as for
 * bd_memory_fill(), of a refusal alone: the others tell nothing of the job.
 * Returns 1, or 0 when it was not remembered: invalidated since, then nothing
 * has changed; or no room, then what was remembered and the entry to be dropped
 * have gone nevertheless.
 */
int bd_memory_outcome(bd_memory_t *m, const bd_pair_t *pair, uint64_t epoch,
    bd_outcome_e outcome, bd_slice_t data, int64_t mono, int64_t until,
    int drop);

/*
 * Copies the bytes of the outcome (id not empty), or of the rejection (id
 * empty) of a pair to buf of size bytes.  Returns the length, or 0 when there
 * is none or size is too small.
 */
size_t bd_memory_outcome_copy(bd_memory_t *m, const bd_pair_t *pair,
    uint8_t *buf, size_t size);

/* Forgets entry and outcome of one pair. */
void bd_memory_drop(bd_memory_t *m, const bd_pair_t *pair);

/*
 * Invalidates a job: its epoch moves on, its flights are no longer joined and
 * their results not stored, its refusals are forgotten; its entries are gone,
 * or expired as of wall.  Returns how many entries were concerned.
 */
size_t bd_memory_invalidate(bd_memory_t *m, bd_slice_t id,
    bd_invalidation_e how, int64_t wall);

/* Forgets every entry and outcome and voids every flight, and all epochs move
 * on.  What is known of credentials stays. */
void bd_memory_flush(bd_memory_t *m);


/* credentials */

/*
 * Upstream accepted a credential: by a request that began at began_ms.
 * Returns 1 when that is news, and noted: later than what was known, and not
 * made void by a rejection whose answer came later than began_ms.  Of a
 * credential that passes for accepted it is none within step_ms of what was
 * known.
 */
int bd_memory_accept(bd_memory_t *m, const uint8_t *credential,
    int64_t began_ms, int64_t step_ms);

/*
 * Upstream rejected a credential: the answer came at ended_ms.  data is
 * remembered until a moment; when it is empty, what was remembered stays.
 * Returns 1 when that is news.
 */
int bd_memory_reject(bd_memory_t *m, const uint8_t *credential,
    int64_t ended_ms, bd_slice_t data, int64_t until);

/* Upstream asks that a credential be held off; data: its answer.  The latest
 * moment asked for counts, whichever answer comes last. */
void bd_memory_hold(bd_memory_t *m, const uint8_t *credential,
    bd_slice_t data, int64_t until);

/* As bd_memory_outcome_copy(), of the answer that asked to hold off. */
size_t bd_memory_hold_copy(bd_memory_t *m, const uint8_t *credential,
    uint8_t *buf, size_t size);


/* sureness of events, and events seen */

/*
 * A worker's subscription, which exists unbroken since a moment, has proved
 * that all events published since then and up to the moment proved, which is
 * past, have arrived; until a moment the host may be taken as sure for that.
 * All three are mono.  What is not exact is to be rounded so that less is
 * claimed: since up, proved and until down.
 *
 * The subscriptions of all workers count together.  When one that began later
 * than what has been proved so far is the only one to go on, there is a gap
 * in which events may have been missed: as soon as the sureness of before it
 * has run out, what was known before that subscription is not used any more,
 * unless another one proves to have been there all the while.
 *
 *   what a proof covers                     what follows
 *   touches what is covered already         that is extended, at both ends
 *   lies behind it, and the host is sure    remembered; used when the host is
 *                                           not sure any more, added when
 *                                           another proof closes the gap
 *   lies behind it, the host is not sure    the cover begins anew with it
 *   lies before it                          nothing, unless another proof
 *                                           closes the gap
 */
void bd_memory_sure(bd_memory_t *m, int64_t since, int64_t proved,
    int64_t until);

/* The last subscription has ended: from now on the host is not sure. */
void bd_memory_unsure(bd_memory_t *m, int64_t mono);

/* 1 when the events of other nodes are known to arrive: a proof says so at
 * mono, or there is no Redis. */
int bd_memory_is_sure(const bd_memory_t *m, int64_t mono);

/* There is no Redis, hence nobody whose events could be missed; proofs make no
 * difference from now on. */
void bd_memory_alone(bd_memory_t *m);

/* There is one, since a reload. */
void bd_memory_listens(bd_memory_t *m);

/*
 * 1 when the event of that number has been seen before; remembers it.  Each
 * worker of a host receives each event, one applies it: before it leaves the
 * region, so that no event is remembered as seen by one who died before he
 * applied it.  Of a node the last 512 numbers are remembered; one that is
 * older may be taken for new.
 */
int bd_memory_seen(bd_memory_t *m, uint64_t node, uint64_t number);

/* The generation of the namespace, in ms since the epoch; never goes back. */
uint64_t bd_memory_generation(const bd_memory_t *m);
void bd_memory_set_generation(bd_memory_t *m, uint64_t generation);


/* What is in use, for the metrics page. */
typedef struct {
    size_t  blocks;             /* there are */
    size_t  blocks_free;
    size_t  entries;
    size_t  outcomes;
    size_t  credentials;
    size_t  flights;
    size_t  journal;            /* jobs in it; overflown: one more */
    size_t  evicted;            /* entries pushed out so far */
    size_t  resets;             /* emptied since a worker died inside */
} bd_memory_usage_t;

void bd_memory_usage(const bd_memory_t *m, bd_memory_usage_t *usage);


#endif /* _BD_MEMORY_H_INCLUDED_ */
