/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * For how long an answer is fresh: by the status of the job.  A running job
 * changes from second to second, a finished one never again, so one TTL for
 * all would be wrong for most.
 */


#ifndef _BD_TTL_H_INCLUDED_
#define _BD_TTL_H_INCLUDED_


#include "bd_slice.h"


typedef enum {
    BD_STATUS_UNKNOWN = 0,      /* a schema of the operator's may allow more */
    BD_STATUS_INIT,
    BD_STATUS_ACTIVE,
    BD_STATUS_PAUSED,
    BD_STATUS_COMPLETE,
    BD_STATUS_CANCELLED,
    BD_STATUS_N
} bd_status_e;


typedef struct {
    uint32_t  ms[BD_STATUS_N];  /* fresh for; 0: not stored */
} bd_ttl_t;


/* The status of that name, exact case, or BD_STATUS_UNKNOWN. */
bd_status_e bd_status_parse(bd_slice_t name);

/* The name of a status, in static memory; "" for BD_STATUS_UNKNOWN. */
const char *bd_status_name(bd_status_e status);

/* Fills in the defaults of the contract; BD_STATUS_UNKNOWN is not stored. */
void bd_ttl_default(bd_ttl_t *ttl);

/*
 * The freshness of an answer in milliseconds, shortened by up to 10 % so that
 * jobs fetched together do not run out together.  random is any 32-bit
 * number; the result is 0 when the status is not to be stored, else at least
 * 1 and never more than the configured time.
 */
uint32_t bd_ttl_jittered(const bd_ttl_t *ttl, bd_status_e status,
    uint32_t random);


#endif /* _BD_TTL_H_INCLUDED_ */
