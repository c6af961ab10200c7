/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Events: what the nodes of a fleet tell each other over the channel
 * bd:<namespace>:events.  Sealed (bd_seal.h, place: the channel and an empty
 * part).  Little endian, no padding:
 *
 *   offset  size  field
 *        0     2  magic "BE"
 *        2     1  version, BD_EVENT_VERSION
 *        3     1  type, bd_event_e
 *        4     1  length of the id
 *        5     3  reserved, 0
 *        8     8  node: a random number of the host's memory
 *       16     8  number: of the event, counted by the node
 *       24     8  time: by type
 *       32    32  credential, zeros where an event has none
 *       64        the id, then data up to the end
 *
 *   type                time                       data
 *   GONE, EXPIRED       wall ms of the moment      -
 *   STORED              -                          -
 *   ENDED               until when to back off,    the outcome (bd_entry.h), or
 *                       wall ms; or 0              nothing: ask again
 *   ACCEPTED            when its request began     -
 *   REJECTED            when its answer came       -
 *   HELD                until when to hold off,    the answer (bd_entry.h)
 *                       wall ms
 *   GENERATION          the generation             -
 */


#ifndef _BD_EVENT_H_INCLUDED_
#define _BD_EVENT_H_INCLUDED_


#include "bd_mac.h"
#include "bd_route.h"
#include "bd_slice.h"


#define BD_EVENT_VERSION      1
#define BD_EVENT_HEADER_SIZE  64


typedef enum {
    BD_EVENT_GONE = 1,      /* a job is invalidated */
    BD_EVENT_EXPIRED,       /* ... for a write of unknown outcome */
    BD_EVENT_STORED,        /* a fetch ended: its entry is in Redis */
    BD_EVENT_ENDED,         /* a fetch, or a renewal, ended without one */
    BD_EVENT_ACCEPTED,
    BD_EVENT_REJECTED,
    BD_EVENT_HELD,
    BD_EVENT_GENERATION
} bd_event_e;


typedef struct {
    bd_event_e  type;
    uint64_t    node;
    uint64_t    number;
    int64_t     time;
    uint8_t     credential[BD_MAC_SIZE];
    bd_slice_t  id;         /* may be empty */
    bd_slice_t  data;       /* may be empty */
} bd_event_t;


/* The size of a sealed event. */
size_t bd_event_size(const bd_event_t *event);

/* Writes bd_event_size() bytes to out.  Returns 0, or -1: OpenSSL failed. */
int bd_event_encode(const bd_event_t *event, bd_mac_t *mac,
    bd_slice_t channel, uint8_t *out);

/*
 * Reads an event; its slices point into data.  Any bytes are safe to pass.
 * Returns 0, or -1 when it is none of this version and fleet; *event is then
 * untouched.
 */
int bd_event_decode(bd_event_t *event, bd_mac_t *mac, bd_slice_t channel,
    bd_slice_t data);


#endif /* _BD_EVENT_H_INCLUDED_ */
