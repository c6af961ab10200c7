/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The policy of freshness, in one place.  Used by the configuration (names
 * and defaults) and by whoever stores an answer.
 */


#include "bd_ttl.h"


static const char *const  bd_status_names[BD_STATUS_N] = {
    "", "INIT", "ACTIVE", "PAUSED", "COMPLETE", "CANCELLED"
};


bd_status_e
bd_status_parse(bd_slice_t name)
{
    bd_slice_t   known;
    bd_status_e  status;

    for (status = BD_STATUS_INIT; status < BD_STATUS_N; status++) {
        known = bd_slice_make(bd_status_names[status],
                              strlen(bd_status_names[status]));

        if (bd_slice_equal(name, known)) {
            return status;
        }
    }

    return BD_STATUS_UNKNOWN;
}


const char *
bd_status_name(bd_status_e status)
{
    return bd_status_names[status];
}


void
bd_ttl_default(bd_ttl_t *ttl)
{
    /*
     * A job that was not started or is paused changes by a person's hand
     * only; the numbers of a running one are looked at.  COMPLETE and
     * CANCELLED are final, the hour bounds what a mistake can cost.
     */

    *ttl = (bd_ttl_t) {
        .ms = {
            [BD_STATUS_UNKNOWN] = 0,
            [BD_STATUS_INIT] = 5 * 1000,
            [BD_STATUS_ACTIVE] = 3 * 1000,
            [BD_STATUS_PAUSED] = 5 * 1000,
            [BD_STATUS_COMPLETE] = 3600 * 1000,
            [BD_STATUS_CANCELLED] = 3600 * 1000
        }
    };
}


uint32_t
bd_ttl_jittered(const bd_ttl_t *ttl, bd_status_e status, uint32_t random)
{
    uint32_t  ms, cut;

    ms = ttl->ms[status];

    /* random / 2^32 is in [0, 1): cut is one of 0 .. ms / 10, evenly */

    cut = (uint32_t) (((uint64_t) random * (ms / 10 + 1)) >> 32);

    return ms - cut;
}
