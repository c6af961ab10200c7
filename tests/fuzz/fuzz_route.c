/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Fuzzes bd_route_classify().  The first byte of the input is the method and
 * how many of the next are the prefix; the path is all the rest, or, one bit
 * decides, the prefix and the rest, so that it is under the prefix often.
 */


#include "bd_fuzz.h"
#include "bd_route.h"


static void fuzz_id(bd_method_e method, bd_slice_t path, bd_slice_t prefix,
    const bd_route_t *route);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t       n;
    bd_route_t   route;
    bd_slice_t   path, prefix;
    bd_method_e  method;

    if (size == 0) {
        return 0;
    }

    method = (bd_method_e) (data[0] % (BD_METHOD_OPTIONS + 1));
    n = data[0] >> 4;

    if (n > size - 1) {
        n = size - 1;
    }

    prefix = bd_slice_make(data + 1, n);
    path = bd_slice_make(data + 1, size - 1);

    if (data[0] & 0x08) {
        path = bd_slice_make(data + 1 + n, size - 1 - n);
    }

    memset(&route, 0x5a, sizeof(route));
    bd_route_classify(method, path, prefix, &route);

    if (route.class == BD_CLASS_NONE) {
        bd_fuzz_check(path.len < n || memcmp(path.data, prefix.data, n) != 0
                      || (path.len > n && path.data[n] != '/'));
    }

    bd_fuzz_check((route.class == BD_CLASS_UNTOUCHED)
                  == (method == BD_METHOD_OPTIONS
                      && route.class != BD_CLASS_NONE));

    if (route.id.len != 0) {
        fuzz_id(method, path, prefix, &route);

    } else {
        bd_fuzz_check(route.rest.len == 0);
        bd_fuzz_check(route.class != BD_CLASS_READ
                      && route.class != BD_CLASS_WRITE);
        bd_fuzz_check(route.class != BD_CLASS_CREATE
                      || method == BD_METHOD_POST);
        bd_fuzz_check(route.class != BD_CLASS_PASS
                      || method != BD_METHOD_POST);
    }

    return 0;
}


/* The path is the prefix, a slash, the id, the rest, and nothing else. */

static void
fuzz_id(bd_method_e method, bd_slice_t path, bd_slice_t prefix,
    const bd_route_t *route)
{
    int  get;

    get = (method == BD_METHOD_GET || method == BD_METHOD_HEAD);

    bd_fuzz_check(bd_route_id_valid(route->id));
    bd_fuzz_check(route->id.data == path.data + prefix.len + 1);
    bd_fuzz_check(route->rest.data == route->id.data + route->id.len);
    bd_fuzz_check(route->rest.data + route->rest.len == path.data + path.len);
    bd_fuzz_check(route->rest.len == 0 || route->rest.data[0] == '/');

    bd_fuzz_check((route->class == BD_CLASS_WRITE) == !get);
    bd_fuzz_check((route->class == BD_CLASS_READ)
                  == (get && route->rest.len == 0));
    bd_fuzz_check((route->class == BD_CLASS_PASS)
                  == (get && route->rest.len != 0));
}
