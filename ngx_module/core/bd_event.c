/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Events to bytes and back.  Whoever may publish in Redis can send to the
 * channel; what has no seal of this fleet is not looked into.  What has one
 * may still be of another version.
 */


#include "bd_event.h"
#include "bd_bytes.h"
#include "bd_seal.h"


/* Where the values are, see the table in the header. */

#define BD_EVENT_AT_TYPE        3
#define BD_EVENT_AT_ID_LENGTH   4
#define BD_EVENT_AT_RESERVED    5
#define BD_EVENT_AT_NODE        8
#define BD_EVENT_AT_NUMBER      16
#define BD_EVENT_AT_TIME        24
#define BD_EVENT_AT_CREDENTIAL  32


static int bd_event_parse(bd_event_t *event, bd_slice_t data);


size_t
bd_event_size(const bd_event_t *event)
{
    return BD_EVENT_HEADER_SIZE + event->id.len + event->data.len
           + BD_MAC_SIZE;
}


/* The id, when there is one, has been validated, so its length fits. */

int
bd_event_encode(const bd_event_t *event, bd_mac_t *mac, bd_slice_t channel,
    uint8_t *out)
{
    uint8_t     *p;
    bd_slice_t   place[2];

    p = bd_bytes_copy(out, bd_slice("BE"));
    p = bd_bytes_put(p, BD_EVENT_VERSION, 1);
    p = bd_bytes_put(p, event->type, 1);
    p = bd_bytes_put(p, event->id.len, 1);
    p = bd_bytes_put(p, 0, 3);
    p = bd_bytes_put(p, event->node, 8);
    p = bd_bytes_put(p, event->number, 8);
    p = bd_bytes_put(p, (uint64_t) event->time, 8);
    p = bd_bytes_copy(p, bd_slice_make(event->credential, BD_MAC_SIZE));
    p = bd_bytes_copy(p, event->id);
    p = bd_bytes_copy(p, event->data);

    place[0] = channel;
    place[1] = bd_slice("");

    return bd_seal(mac, place, out, (size_t) (p - out));
}


int
bd_event_decode(bd_event_t *event, bd_mac_t *mac, bd_slice_t channel,
    bd_slice_t data)
{
    bd_event_t  e;
    bd_slice_t  place[2];

    place[0] = channel;
    place[1] = bd_slice("");

    if (bd_unseal(mac, place, &data) != 0 || bd_event_parse(&e, data) != 0) {
        return -1;
    }

    *event = e;

    return 0;
}


/* data is without the seal. */

static int
bd_event_parse(bd_event_t *event, bd_slice_t data)
{
    size_t          len, left;
    const uint8_t  *p;

    if (data.len < BD_EVENT_HEADER_SIZE) {
        return -1;
    }

    p = data.data;
    len = p[BD_EVENT_AT_ID_LENGTH];
    left = data.len - BD_EVENT_HEADER_SIZE;

    if (p[0] != 'B' || p[1] != 'E' || p[2] != BD_EVENT_VERSION
        || p[BD_EVENT_AT_TYPE] < BD_EVENT_GONE
        || p[BD_EVENT_AT_TYPE] > BD_EVENT_GENERATION
        || bd_bytes_get(p + BD_EVENT_AT_RESERVED, 3) != 0
        || len > left)
    {
        return -1;
    }

    event->type = (bd_event_e) p[BD_EVENT_AT_TYPE];
    event->node = bd_bytes_get(p + BD_EVENT_AT_NODE, 8);
    event->number = bd_bytes_get(p + BD_EVENT_AT_NUMBER, 8);
    event->time = (int64_t) bd_bytes_get(p + BD_EVENT_AT_TIME, 8);

    memcpy(event->credential, p + BD_EVENT_AT_CREDENTIAL, BD_MAC_SIZE);

    event->id = bd_slice_make(p + BD_EVENT_HEADER_SIZE, len);
    event->data = bd_slice_make(p + BD_EVENT_HEADER_SIZE + len, left - len);

    /* ids become parts of keys, and have room for BD_ID_MAX bytes */

    if (len != 0 && !bd_route_id_valid(event->id)) {
        return -1;
    }

    return 0;
}
