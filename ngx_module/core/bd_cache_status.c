/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Writes Cache-Status.  It stands on every answer to a read, hits included,
 * hence no printf() here.
 */


#include "bd_cache_status.h"

#include <string.h>


static char *bd_cache_status_put(char *p, const char *s);
static char *bd_cache_status_number(char *p, int64_t n);
static char *bd_cache_status_forward(char *p, const bd_cache_status_t *cs);


size_t
bd_cache_status_format(char *out, const bd_cache_status_t *cs)
{
    char    *p;
    size_t   room;

    static const char  detail[] = "; detail=";

    p = bd_cache_status_put(out, "batch-dial");

    if (cs->fwd == BD_FWD_NONE) {
        p = bd_cache_status_put(p, "; hit; ttl=");
        p = bd_cache_status_number(p, cs->ttl);

    } else {
        p = bd_cache_status_forward(p, cs);
    }

    /* all the rest is at most 67 bytes, only detail could be too long */

    room = BD_CACHE_STATUS_MAX - (size_t) (p - out);

    if (cs->detail != NULL
        && strlen(cs->detail) + sizeof(detail) - 1 <= room)
    {
        p = bd_cache_status_put(p, detail);
        p = bd_cache_status_put(p, cs->detail);
    }

    return (size_t) (p - out);
}


static char *
bd_cache_status_forward(char *p, const bd_cache_status_t *cs)
{
    static const char *const  reasons[] = {
        [BD_FWD_URI_MISS] = "uri-miss",
        [BD_FWD_STALE] = "stale",
        [BD_FWD_BYPASS] = "bypass"
    };

    p = bd_cache_status_put(p, "; fwd=");
    p = bd_cache_status_put(p, reasons[cs->fwd]);

    if (cs->collapsed) {
        p = bd_cache_status_put(p, "; collapsed");
    }

    if (cs->fwd_status != 0) {
        p = bd_cache_status_put(p, "; fwd-status=");
        p = bd_cache_status_number(p, cs->fwd_status);
    }

    if (cs->stored) {
        p = bd_cache_status_put(p, "; stored");
    }

    return p;
}


static char *
bd_cache_status_put(char *p, const char *s)
{
    size_t  len;

    len = strlen(s);
    memcpy(p, s, len);

    return p + len;
}


static char *
bd_cache_status_number(char *p, int64_t n)
{
    char       digits[20];
    size_t     i;
    uint64_t   u;

    u = (uint64_t) n;

    if (n < 0) {
        *p++ = '-';
        u = 0 - u;
    }

    i = sizeof(digits);

    do {
        digits[--i] = (char) ('0' + u % 10);
        u /= 10;
    } while (u != 0);

    memcpy(p, digits + i, sizeof(digits) - i);

    return p + sizeof(digits) - i;
}
