/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * A stored answer as bytes: what Redis keeps.  Little endian, no padding:
 *
 *   offset  size  field
 *        0     2  magic "BD"
 *        2     1  version, BD_ENTRY_VERSION
 *        3     1  status of the job, bd_status_e
 *        4     8  fetched_ms, milliseconds since the epoch
 *       12     4  ttl_ms, fresh for that long after fetched_ms
 *       16     4  reserved, 0
 *       20     2  length of Content-Type
 *       22     2  length of ETag
 *       24     2  length of Last-Modified
 *       26     2  length of Cache-Control
 *       28     4  length of the body
 *       32        the five, in that order
 *      end    32  HMAC-SHA-256 over context and all bytes before it
 *
 * The context (the Redis key and the field) is not stored: a value copied
 * to another key does not check out there.
 */


#ifndef _BD_ENTRY_H_INCLUDED_
#define _BD_ENTRY_H_INCLUDED_


#include "bd_mac.h"
#include "bd_slice.h"
#include "bd_ttl.h"


#define BD_ENTRY_VERSION      1
#define BD_ENTRY_HEADER_SIZE  32
#define BD_ENTRY_FIELD_MAX    4096      /* of one header value */


typedef struct {
    bd_status_e  status;
    int64_t      fetched_ms;
    uint32_t     ttl_ms;
    bd_slice_t   content_type;
    bd_slice_t   etag;
    bd_slice_t   last_modified;
    bd_slice_t   cache_control;
    bd_slice_t   body;
} bd_entry_t;


/* The encoded size, or 0 when a header value is over BD_ENTRY_FIELD_MAX or
 * the body over 4 GiB. */
size_t bd_entry_size(const bd_entry_t *entry);

/*
 * Writes bd_entry_size() bytes to out.  context is the pair (key, field);
 * lengths are digested with it, so the two cannot be shifted against each
 * other.  Returns 0, or -1 when OpenSSL fails.
 */
int bd_entry_encode(const bd_entry_t *entry, bd_mac_t *mac,
    const bd_slice_t context[2], uint8_t *out);

/*
 * Reads an encoded entry.  The slices of *entry point into data.  Any bytes
 * are safe to pass.
 *
 * Returns 0, or -1 when the data is not an entry of this version made under
 * this mac for this context; *entry is then untouched.
 */
int bd_entry_decode(bd_entry_t *entry, bd_mac_t *mac,
    const bd_slice_t context[2], bd_slice_t data);


#endif /* _BD_ENTRY_H_INCLUDED_ */
