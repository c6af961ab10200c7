/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * When to ask Redis and when to leave it alone: a circuit breaker.  Closed,
 * everybody asks.  After BD_BREAKER_FAILURES failures in a row it opens and
 * nobody waits for Redis any more; one prober at a time then tries in the
 * background, at growing intervals, and the first success closes it.
 *
 * The state lies in shared memory and is used by all workers without a lock:
 * every member is one machine word changed by atomic operations, so that a
 * worker killed at any point leaves a state from which the others go on.
 * Times are milliseconds of a monotonic clock that all workers share.
 */


#ifndef _BD_BREAKER_H_INCLUDED_
#define _BD_BREAKER_H_INCLUDED_


#include <stdatomic.h>
#include <stdint.h>


#define BD_BREAKER_FAILURES   5
#define BD_BREAKER_PROBE_MIN  100       /* ms to the first probe; doubled */
#define BD_BREAKER_PROBE_MAX  2000      /* with each, up to this */


typedef struct {
    _Atomic uint32_t  failures;         /* in a row, since the last success */
    _Atomic uint32_t  open;
    _Atomic uint64_t  probe_at;         /* when the next probe may start */
    _Atomic uint32_t  probe_interval;   /* the last one, before jitter */
} bd_breaker_t;                         /* all 0: closed */


/*
 * All four may be called by any worker at any time.  now is the present on
 * the clock of probe_at, random any 32-bit number: an interval is shortened
 * by up to a quarter with it.
 */

/* 1 when Redis may be asked on behalf of a client. */
int bd_breaker_closed(bd_breaker_t *b);

/* Records a success.  Returns 1 when this closed an open breaker. */
int bd_breaker_success(bd_breaker_t *b);

/* Records a failure.  Returns 1 when this opened it. */
int bd_breaker_failure(bd_breaker_t *b, uint64_t now, uint32_t random);

/*
 * 1 when the caller shall probe now.  Of all callers one gets the right, and
 * until its interval has passed no other: a prober that dies is replaced.
 */
int bd_breaker_probe(bd_breaker_t *b, uint64_t now, uint32_t random);


#endif /* _BD_BREAKER_H_INCLUDED_ */
