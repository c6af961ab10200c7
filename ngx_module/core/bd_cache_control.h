/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * What the gateway wants to know of a Cache-Control response header
 * (RFC 9111, section 5.2).  Directives are matched without regard to case,
 * arguments may be quoted, and what is malformed is passed over up to the
 * next comma outside quotes.
 */


#ifndef _BD_CACHE_CONTROL_H_INCLUDED_
#define _BD_CACHE_CONTROL_H_INCLUDED_


#include "bd_slice.h"


/*
 * 1 when the header value carries the directive no-store (with or without an
 * argument, which it should not have), else 0.
 */
int bd_cache_control_no_store(bd_slice_t value);

/*
 * Reads a Retry-After value (RFC 9110, section 10.2.3) given as seconds, or
 * an IMF-fixdate seen from now (seconds since the epoch).  Returns the
 * seconds to wait, clamped to [0, max], or -1 when it is neither.
 */
int64_t bd_retry_after(bd_slice_t value, int64_t now, int64_t max);


#endif /* _BD_CACHE_CONTROL_H_INCLUDED_ */
