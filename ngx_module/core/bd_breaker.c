/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The breaker.  Every function may run in several workers at once, and each
 * worker may be killed between any two of its atomic operations.  What keeps
 * that sound:
 *
 *   - open goes 0 -> 1 and 1 -> 0 by one winner only, who alone reports it;
 *   - failures is back to 0 before open is, so that a breaker just closed
 *     again takes a whole run of failures to open;
 *   - probe_at moves only by compare-and-swap from the value it was judged
 *     by, so whoever moved it has the right to probe until it comes, and
 *     nobody can take it back.
 *
 * A zeroed structure is a closed breaker.
 */


#include "bd_breaker.h"


_Static_assert(ATOMIC_INT_LOCK_FREE == 2 && ATOMIC_LLONG_LOCK_FREE == 2,
               "the breaker is shared by processes: no hidden locks");


static uint64_t bd_breaker_delay(uint32_t interval, uint32_t random);


int
bd_breaker_closed(bd_breaker_t *b)
{
    return atomic_load(&b->open) == 0;
}


int
bd_breaker_success(bd_breaker_t *b)
{
    /* looked at first: a store per reply would bounce the cache line */

    if (atomic_load(&b->failures) != 0) {
        atomic_store(&b->failures, 0);
    }

    if (atomic_load(&b->open) == 0) {
        return 0;
    }

    return atomic_exchange(&b->open, 0) == 1;
}


int
bd_breaker_failure(bd_breaker_t *b, uint64_t now, uint32_t random)
{
    uint32_t  closed;
    uint64_t  at;

    if (atomic_load(&b->open) == 1) {
        return 0;
    }

    /*
     * Not "== BD_BREAKER_FAILURES - 1": the worker that counted that one may
     * have died before it opened the breaker.
     */

    if (atomic_fetch_add(&b->failures, 1) < BD_BREAKER_FAILURES - 1) {
        return 0;
    }

    at = atomic_load(&b->probe_at);
    closed = 0;

    if (!atomic_compare_exchange_strong(&b->open, &closed, 1)) {
        return 0;
    }

    atomic_store(&b->probe_interval, BD_BREAKER_PROBE_MIN);

    /* fails when a prober was quicker than we: then its time stands */

    atomic_compare_exchange_strong(&b->probe_at, &at,
                            now + bd_breaker_delay(BD_BREAKER_PROBE_MIN,
                                                   random));

    return 1;
}


int
bd_breaker_probe(bd_breaker_t *b, uint64_t now, uint32_t random)
{
    uint32_t  interval;
    uint64_t  at;

    if (atomic_load(&b->open) == 0) {
        return 0;
    }

    at = atomic_load(&b->probe_at);

    if (now < at) {
        return 0;
    }

    interval = atomic_load(&b->probe_interval) * 2;

    if (interval < BD_BREAKER_PROBE_MIN) {
        interval = BD_BREAKER_PROBE_MIN;

    } else if (interval > BD_BREAKER_PROBE_MAX) {
        interval = BD_BREAKER_PROBE_MAX;
    }

    if (!atomic_compare_exchange_strong(&b->probe_at, &at,
                                     now + bd_breaker_delay(interval, random)))
    {
        return 0;
    }

    atomic_store(&b->probe_interval, interval);

    return 1;
}


/* The interval less up to a quarter, so that hosts do not probe in step. */

static uint64_t
bd_breaker_delay(uint32_t interval, uint32_t random)
{
    return interval - (((uint64_t) random * (interval / 4 + 1)) >> 32);
}
