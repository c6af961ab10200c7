/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The contract's table of classes as one function.  Called in the access
 * phase, before anything else of the gateway looks at the request: a path
 * that leaves here as READ or WRITE carries an id that is safe to put into a
 * Redis key and into the upstream's request line.
 */


#include "bd_route.h"


static int bd_route_under(bd_slice_t path, bd_slice_t prefix);
static int bd_route_id_char(uint8_t ch);


void
bd_route_classify(bd_method_e method, bd_slice_t path, bd_slice_t prefix,
    bd_route_t *route)
{
    const uint8_t  *p, *last, *slash;

    *route = (bd_route_t) { .class = BD_CLASS_NONE };

    if (!bd_route_under(path, prefix)) {
        return;
    }

    if (method == BD_METHOD_OPTIONS) {
        route->class = BD_CLASS_UNTOUCHED;
        return;
    }

    /* "/" and one more byte, else there is no place for an id */

    if (path.len < prefix.len + 2) {
        route->class = (method == BD_METHOD_POST) ? BD_CLASS_CREATE
                                                  : BD_CLASS_PASS;
        return;
    }

    p = path.data + prefix.len + 1;
    last = path.data + path.len;

    slash = memchr(p, '/', (size_t) (last - p));
    if (slash == NULL) {
        slash = last;
    }

    if (!bd_route_id_valid(bd_slice_make(p, (size_t) (slash - p)))) {
        route->class = BD_CLASS_BAD_ID;
        return;
    }

    route->id = bd_slice_make(p, (size_t) (slash - p));
    route->rest = bd_slice_make(slash, (size_t) (last - slash));

    if (method != BD_METHOD_GET && method != BD_METHOD_HEAD) {
        route->class = BD_CLASS_WRITE;
        return;
    }

    route->class = (route->rest.len == 0) ? BD_CLASS_READ : BD_CLASS_PASS;
}


int
bd_route_id_valid(bd_slice_t id)
{
    size_t  i;

    if (id.len == 0 || id.len > BD_ID_MAX) {
        return 0;
    }

    for (i = 0; i < id.len; i++) {
        if (!bd_route_id_char(id.data[i])) {
            return 0;
        }
    }

    return 1;
}


/* The path is the prefix, or goes on with a slash: /jobs2 is not /jobs. */

static int
bd_route_under(bd_slice_t path, bd_slice_t prefix)
{
    if (path.len < prefix.len) {
        return 0;
    }

    if (!bd_slice_equal(bd_slice_make(path.data, prefix.len), prefix)) {
        return 0;
    }

    return path.len == prefix.len || path.data[prefix.len] == '/';
}


/* A bit per character, as it is asked for each of an id: A-Z a-z 0-9 - _ */

static int
bd_route_id_char(uint8_t ch)
{
    static const uint64_t  allowed[4] = {
        0x03ff200000000000, 0x07fffffe87fffffe, 0, 0
    };

    return (int) (allowed[ch >> 6] >> (ch & 63) & 1);
}
