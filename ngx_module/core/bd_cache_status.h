/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The Cache-Status response header, RFC 9211: one member, "batch-dial".
 */


#ifndef _BD_CACHE_STATUS_H_INCLUDED_
#define _BD_CACHE_STATUS_H_INCLUDED_


#include <stdint.h>
#include <stddef.h>


#define BD_CACHE_STATUS_MAX  128


typedef enum {
    BD_FWD_NONE = 0,        /* a hit */
    BD_FWD_URI_MISS,
    BD_FWD_STALE,
    BD_FWD_BYPASS
} bd_fwd_e;


typedef struct {
    bd_fwd_e     fwd;
    int          fwd_status;    /* what upstream answered; 0: left out */
    unsigned     stored:1;
    unsigned     collapsed:1;
    int64_t      ttl;           /* of a hit: seconds left, < 0 when stale */
    const char  *detail;        /* "memory", "stale", ...; or NULL */
} bd_cache_status_t;


/*
 * Writes the header value, at most BD_CACHE_STATUS_MAX bytes, no terminator,
 * and returns its length: "batch-dial; hit; ttl=4; detail=memory",
 * "batch-dial; fwd=uri-miss; fwd-status=200; stored",
 * "batch-dial; fwd=stale; collapsed", ...
 */
size_t bd_cache_status_format(char *out, const bd_cache_status_t *cs);


#endif /* _BD_CACHE_STATUS_H_INCLUDED_ */
