/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * An answer to a read as bytes: what Redis keeps (sealed, bd_seal.h), what
 * the memory tier keeps, and what is handed from worker to worker and from
 * node to node.  Little endian, no padding:
 *
 *   offset  size  field
 *        0     2  magic "BD"
 *        2     1  version, BD_ENTRY_VERSION
 *        3     1  kind, bd_entry_kind_e
 *        4     1  status of the job, bd_status_e
 *        5     1  problem, bd_problem_e; 0 unless it is one
 *        6     2  HTTP status
 *        8     8  fetched_ms, milliseconds since the epoch
 *       16     4  ttl_ms, fresh for that long after fetched_ms
 *       20     4  flags, BD_ENTRY_NO_STORE, ...
 *       24     8  expiry: the job's moment of expiry when its fetch began
 *       32     8  generation of the namespace when its fetch began
 *       40     2  length of Content-Type
 *       42     2  length of ETag
 *       44     2  length of Last-Modified
 *       46     2  length of Cache-Control
 *       48     4  length of the extra pairs
 *       52     4  length of the body
 *       56        the six, in that order
 *
 * Extra pairs are header fields of an answer that is passed on as it is, or
 * what a problem says of a violation: each is two lengths of 2 bytes, a name
 * and a value.
 */


#ifndef _BD_ENTRY_H_INCLUDED_
#define _BD_ENTRY_H_INCLUDED_


#include "bd_slice.h"
#include "bd_ttl.h"


#define BD_ENTRY_VERSION      2
#define BD_ENTRY_HEADER_SIZE  56
#define BD_ENTRY_FIELD_MAX    4096      /* of one header value */
#define BD_ENTRY_EXTRA_MAX    65536     /* of all extra pairs */


typedef enum {
    BD_ENTRY_JOB = 0,       /* a valid 200 */
    BD_ENTRY_PASS,          /* upstream's answer as it is */
    BD_ENTRY_PROBLEM        /* made by the gateway */
} bd_entry_kind_e;


#define BD_ENTRY_NO_STORE  0x1          /* for one client alone */


typedef struct {
    bd_entry_kind_e  kind;
    bd_status_e      status;            /* of the job */
    unsigned         problem;           /* bd_problem_e */
    unsigned         http_status;
    uint32_t         flags;
    int64_t          fetched_ms;
    uint32_t         ttl_ms;
    uint64_t         expiry;
    uint64_t         generation;
    bd_slice_t       content_type;
    bd_slice_t       etag;
    bd_slice_t       last_modified;
    bd_slice_t       cache_control;
    bd_slice_t       extra;             /* encoded pairs */
    bd_slice_t       body;
} bd_entry_t;


/* The encoded size, or 0 when a header value is over BD_ENTRY_FIELD_MAX, the
 * extra pairs are over BD_ENTRY_EXTRA_MAX, or the body is over 4 GiB. */
size_t bd_entry_size(const bd_entry_t *entry);

/* Writes bd_entry_size() bytes to out. */
void bd_entry_encode(const bd_entry_t *entry, uint8_t *out);

/*
 * Reads an encoded entry.  The slices of *entry point into data.  Any bytes
 * are safe to pass.  Returns 0, or -1 when the data is not an entry of this
 * version; *entry is then untouched.
 */
int bd_entry_decode(bd_entry_t *entry, bd_slice_t data);

/* What one extra pair takes, or 0 when name or value is over 65535 bytes. */
size_t bd_entry_pair_size(bd_slice_t name, bd_slice_t value);

/* Writes a pair to out and returns the end of it. */
uint8_t *bd_entry_pair_put(uint8_t *out, bd_slice_t name, bd_slice_t value);

/*
 * Takes the next pair off the front of *extra.  Returns 1, or 0 when there is
 * none: decoding has checked that pairs are whole.
 */
int bd_entry_pair_next(bd_slice_t *extra, bd_slice_t *name,
    bd_slice_t *value);


#endif /* _BD_ENTRY_H_INCLUDED_ */
