/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Freshness and liveness.  The moments come from other nodes, by way of Redis,
 * and the bounds from the operator: sums are cut off at the ends of the type
 * rather than wrapped around.
 */


#include "bd_liveness.h"
#include "bd_bytes.h"


#define BD_MOMENT_VERSION  1
#define BD_MOMENT_AT_TIME  8


static int64_t bd_sum(int64_t a, int64_t b);
static int64_t bd_age(int64_t then, int64_t now);


bd_live_e
bd_live(int64_t accepted_ms, int64_t rejected_ms, int64_t now,
    const bd_bounds_t *bounds)
{
    int64_t  age;

    /* of the same millisecond, the rejection counts */

    if (accepted_ms <= 0 || rejected_ms >= accepted_ms) {
        return BD_DEAD;
    }

    age = bd_age(accepted_ms, now);

    if (age <= bounds->reauth) {
        return BD_LIVE;
    }

    if (age <= bd_sum(bounds->reauth, bounds->stale_if_error)) {
        return BD_EXTENDED;
    }

    return BD_DEAD;
}


/*
 * As with liveness, a fetch in the future counts as now: nothing is ever
 * fresh for longer than its TTL.
 */

int64_t
bd_fresh_left(int64_t fetched_ms, uint32_t ttl_ms, int64_t now)
{
    /* no overflow: the lowest result is 0 - INT64_MAX */

    return (int64_t) ttl_ms - bd_age(fetched_ms, now);
}


/*
 * With 0 left an entry is no longer fresh: a bound of 0, which switches this
 * off, must not let it pass.
 */

int
bd_stale_if_error(int64_t left, const bd_bounds_t *bounds)
{
    return bd_sum(left, bounds->stale_if_error) > 0;
}


int
bd_stale_while_revalidate(int64_t left, const bd_bounds_t *bounds)
{
    return bd_sum(left, bounds->stale_while_revalidate) > 0;
}


void
bd_moment_encode(int64_t ms, uint8_t *out)
{
    out = bd_bytes_copy(out, bd_slice("BL"));
    out = bd_bytes_put(out, BD_MOMENT_VERSION, 1);
    out = bd_bytes_put(out, 0, 5);

    bd_bytes_put(out, (uint64_t) ms, 8);
}


int64_t
bd_moment_decode(bd_slice_t data)
{
    int64_t         ms;
    const uint8_t  *p;

    p = data.data;

    if (data.len != BD_MOMENT_SIZE
        || p[0] != 'B' || p[1] != 'L'
        || bd_bytes_get(p + 2, 6) != BD_MOMENT_VERSION)
    {
        return -1;
    }

    ms = (int64_t) bd_bytes_get(p + BD_MOMENT_AT_TIME, 8);

    return ms < 0 ? -1 : ms;
}


static int64_t
bd_sum(int64_t a, int64_t b)
{
    if (b > 0 && a > INT64_MAX - b) {
        return INT64_MAX;
    }

    if (b < 0 && a < INT64_MIN - b) {
        return INT64_MIN;
    }

    return a + b;
}


/* Milliseconds since then, never negative. */

static int64_t
bd_age(int64_t then, int64_t now)
{
    if (now <= then) {
        return 0;
    }

    if (then < 0 && now > INT64_MAX + then) {
        return INT64_MAX;
    }

    return now - then;
}
