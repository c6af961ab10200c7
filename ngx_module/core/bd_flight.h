/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Flights: of all workers of a host that want the same from upstream, one
 * leads and fetches, the others wait for its result.  A flight is of a pair;
 * one of a pair without an id is the renewal of a credential.
 *
 *   event                                   what follows
 *   join, none under way                    the caller leads a new one
 *   join, one under way                     the caller follows
 *   join, and its leader is dead            the caller leads a new one; who
 *                                           follows the old one is told so
 *   end                                     the result waits for the followers
 *   the job is invalidated                  the flight goes on, but nobody
 *                                           joins it any more
 *   all followers have taken the result,    the flight is freed
 *   or BD_FLIGHT_KEEP_MS have passed
 *
 * Workers are known by a slot, which the next worker may take over, and by a
 * number that is never used again.  A worker is dead when its slot has
 * another number, or when it has not shown itself for BD_WORKER_DEAD_MS.
 *
 * As in bd_memory.h, all is done under the caller's lock.
 */


#ifndef _BD_FLIGHT_H_INCLUDED_
#define _BD_FLIGHT_H_INCLUDED_


#include "bd_memory.h"


#define BD_WORKERS         256
#define BD_WORKER_DEAD_MS  2000     /* a leader must be replaced within 3 s */
#define BD_FLIGHT_KEEP_MS  2000     /* for followers that are slow to look */


/* A worker as the others see it. */
typedef struct {
    uint32_t  slot;
    uint32_t  number;               /* 0: none */
} bd_worker_t;


/* A flight as a worker remembers it; token is never used twice. */
typedef struct {
    uint32_t  block;
    uint64_t  token;                /* 0: none */
} bd_flight_t;


/* A set of slots. */
typedef struct {
    uint64_t  bits[BD_WORKERS / 64];
} bd_slots_t;

#define bd_slots_has(s, slot)  ((s)->bits[(slot) / 64] >> ((slot) % 64) & 1)


/*
 * Takes a free slot, or one of a dead worker.  Returns 0, or -1 when all are
 * taken: *worker then has the number 0 and may only look.
 */
int bd_worker_enter(bd_memory_t *m, bd_worker_t *worker, int64_t mono);

/* Shows that the worker is alive.  Returns 0, or -1 when it has lost its slot:
 * it was taken for dead, and has to enter again. */
int bd_worker_beat(bd_memory_t *m, const bd_worker_t *worker, int64_t mono);

/* Gives the slot back: the worker's flights are as those of a dead one. */
void bd_worker_leave(bd_memory_t *m, const bd_worker_t *worker);

/*
 * A worker was found dead by other means (its process is gone): what its slot
 * had under that number is dead at once.
 */
void bd_worker_died(bd_memory_t *m, const bd_worker_t *worker);

/* The worker that has a slot now, alive or not; number 0: none, or there is no
 * such slot. */
bd_worker_t bd_worker_in(const bd_memory_t *m, uint32_t slot);


typedef enum {
    BD_FLIGHT_LEADS = 0,    /* the caller fetches and ends it */
    BD_FLIGHT_MINE,         /* under way, led by the caller's own worker */
    BD_FLIGHT_FOLLOWS,      /* under way, led by another worker */
    BD_FLIGHT_NO_ROOM       /* go alone; also: the worker has no slot */
} bd_flight_e;

/*
 * Joins the flight of a pair, or begins one.  With BD_FLIGHT_LEADS, *old is
 * the token of the dead leader's flight that this one replaces, or 0.
 */
bd_flight_e bd_flight_join(bd_memory_t *m, const bd_pair_t *pair,
    const bd_worker_t *worker, int64_t mono, bd_flight_t *flight,
    uint64_t *old);

/* 1 while the flight may be joined, and its result stored. */
int bd_flight_stands(const bd_memory_t *m, const bd_flight_t *flight);

/*
 * The leader ends its flight.  data is the result for followers in other
 * workers, empty: they have to ask again.  *wake is the set of slots that
 * wait.  A flight that is not there any more (taken over) wakes nobody.
 */
void bd_flight_end(bd_memory_t *m, const bd_flight_t *flight, bd_slice_t data,
    int64_t mono, bd_slots_t *wake);


typedef enum {
    BD_FLIGHT_RUNNING = 0,
    BD_FLIGHT_ENDED,        /* *len bytes are its result; 0: ask again */
    BD_FLIGHT_DEAD          /* its leader is, or it is not there any more */
} bd_flight_state_e;

/*
 * What has become of a flight that the worker follows.  A result of up to
 * size bytes is copied to buf; with a longer one *len says its length and
 * nothing is copied: come again with more.  Once it has been copied, or is
 * empty, the worker follows no longer.
 */
bd_flight_state_e bd_flight_look(bd_memory_t *m, const bd_flight_t *flight,
    const bd_worker_t *worker, int64_t mono, uint8_t *buf, size_t size,
    size_t *len);

/* The worker no longer follows. */
void bd_flight_leave(bd_memory_t *m, const bd_flight_t *flight,
    const bd_worker_t *worker);

/* Frees ended flights that nobody fetches, and those of dead leaders that
 * nobody follows; call now and then. */
void bd_flight_sweep(bd_memory_t *m, int64_t mono);


#endif /* _BD_FLIGHT_H_INCLUDED_ */
