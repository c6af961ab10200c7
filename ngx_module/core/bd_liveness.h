/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The rules of freshness and liveness (the contract, section 4), as pure
 * functions; and the record that Redis keeps of a credential.  Milliseconds
 * throughout, "now" on the wall clock.
 *
 * The record is a value of 16 bytes, sealed: magic "BL", version 1, 5 zeros,
 * a moment (8, little endian).
 */


#ifndef _BD_LIVENESS_H_INCLUDED_
#define _BD_LIVENESS_H_INCLUDED_


#include "bd_slice.h"


/* The bounds of a location. */
typedef struct {
    int64_t  reauth;                    /* ms */
    int64_t  stale_if_error;
    int64_t  stale_while_revalidate;
} bd_bounds_t;


typedef enum {
    BD_DEAD = 0,        /* not known to be accepted: nothing is served */
    BD_EXTENDED,        /* accepted once, within reauth + stale_if_error: to be
                           served while upstream cannot be asked */
    BD_LIVE             /* accepted within reauth */
} bd_live_e;


/*
 * Whether a credential may be served from the cache.  One that was rejected
 * after it was accepted is dead, however short ago that was.  A moment in
 * the future (clocks of nodes differ) counts as now.
 */
bd_live_e bd_live(int64_t accepted_ms, int64_t rejected_ms, int64_t now,
    const bd_bounds_t *bounds);

/*
 * Milliseconds an entry is fresh for yet; 0 or negative: stale for so long.  A
 * fetch in the future counts as now.
 */
int64_t bd_fresh_left(int64_t fetched_ms, uint32_t ttl_ms, int64_t now);

/*
 * 1 when an entry with so much left may stand in for a failed fetch, or be
 * served while one is under way in the background: as long as it is stale for
 * less than the bound, or fresh.
 */
int bd_stale_if_error(int64_t left, const bd_bounds_t *bounds);
int bd_stale_while_revalidate(int64_t left, const bd_bounds_t *bounds);


#define BD_MOMENT_SIZE  16

/* Writes a moment as BD_MOMENT_SIZE bytes. */
void bd_moment_encode(int64_t ms, uint8_t *out);

/* Returns the moment, or -1 when data is none. */
int64_t bd_moment_decode(bd_slice_t data);


#endif /* _BD_LIVENESS_H_INCLUDED_ */
