/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Which requests the gateway looks at, and how (the contract's table of
 * classes).  Works on the path as nginx normalised it: decoded, dot segments
 * resolved, without the query string.
 */


#ifndef _BD_ROUTE_H_INCLUDED_
#define _BD_ROUTE_H_INCLUDED_


#include "bd_slice.h"


#define BD_ID_MAX  128


typedef enum {
    BD_CLASS_NONE = 0,      /* not under the prefix: not ours */
    BD_CLASS_READ,          /* GET, HEAD P/<id> */
    BD_CLASS_WRITE,         /* another method on P/<id> or P/<id>/... */
    BD_CLASS_PASS,          /* anything else under P, P and P/ */
    BD_CLASS_CREATE,        /* POST P and P/: a job whose id is in the answer */
    BD_CLASS_UNTOUCHED,     /* OPTIONS under P */
    BD_CLASS_BAD_ID         /* an illegal <id>, whatever the method */
} bd_class_e;


typedef enum {
    BD_METHOD_OTHER = 0,
    BD_METHOD_GET,
    BD_METHOD_HEAD,
    BD_METHOD_POST,
    BD_METHOD_OPTIONS
} bd_method_e;


typedef struct {
    bd_class_e  class;
    bd_slice_t  id;         /* into path; empty unless READ, WRITE, or PASS
                               under an id */
    bd_slice_t  rest;       /* what follows the id: "", "/paused", ... */
} bd_route_t;


/*
 * Classifies one request.  prefix is batch_dial_path without a trailing
 * slash, so "/" is the empty prefix.  The slices of *route, which is written
 * whatever comes, point into path.
 */
void bd_route_classify(bd_method_e method, bd_slice_t path, bd_slice_t prefix,
    bd_route_t *route);

/* 1 when id is 1 to BD_ID_MAX characters of A-Z a-z 0-9 - _, else 0. */
int bd_route_id_valid(bd_slice_t id);


#endif /* _BD_ROUTE_H_INCLUDED_ */
