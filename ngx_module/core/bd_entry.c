/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Stored answers to bytes and back.  What comes back from Redis may have
 * been written by an older gateway, by a stranger, or by a fault: decoding
 * checks every length against the bytes at hand before it follows it, and
 * believes nothing before the MAC has been compared.
 */


#include "bd_entry.h"


#define BD_ENTRY_FIELDS  4      /* header values, the body comes after them */


static int bd_entry_digest(bd_mac_t *mac, const bd_slice_t context[2],
    bd_slice_t data, uint8_t out[BD_MAC_SIZE]);
static int bd_entry_split(bd_entry_t *entry, bd_slice_t data);
static uint8_t *bd_entry_put(uint8_t *p, uint64_t value, size_t size);
static uint8_t *bd_entry_copy(uint8_t *p, bd_slice_t s);
static uint64_t bd_entry_get(const uint8_t *p, size_t size);


size_t
bd_entry_size(const bd_entry_t *entry)
{
    if (entry->content_type.len > BD_ENTRY_FIELD_MAX
        || entry->etag.len > BD_ENTRY_FIELD_MAX
        || entry->last_modified.len > BD_ENTRY_FIELD_MAX
        || entry->cache_control.len > BD_ENTRY_FIELD_MAX
        || entry->body.len > UINT32_MAX)
    {
        return 0;
    }

    return BD_ENTRY_HEADER_SIZE
           + entry->content_type.len
           + entry->etag.len
           + entry->last_modified.len
           + entry->cache_control.len
           + entry->body.len
           + BD_MAC_SIZE;
}


int
bd_entry_encode(const bd_entry_t *entry, bd_mac_t *mac,
    const bd_slice_t context[2], uint8_t *out)
{
    uint8_t  *p;

    p = bd_entry_copy(out, bd_slice("BD"));
    p = bd_entry_put(p, BD_ENTRY_VERSION, 1);
    p = bd_entry_put(p, entry->status, 1);
    p = bd_entry_put(p, (uint64_t) entry->fetched_ms, 8);
    p = bd_entry_put(p, entry->ttl_ms, 4);
    p = bd_entry_put(p, 0, 4);

    p = bd_entry_put(p, entry->content_type.len, 2);
    p = bd_entry_put(p, entry->etag.len, 2);
    p = bd_entry_put(p, entry->last_modified.len, 2);
    p = bd_entry_put(p, entry->cache_control.len, 2);
    p = bd_entry_put(p, entry->body.len, 4);

    p = bd_entry_copy(p, entry->content_type);
    p = bd_entry_copy(p, entry->etag);
    p = bd_entry_copy(p, entry->last_modified);
    p = bd_entry_copy(p, entry->cache_control);
    p = bd_entry_copy(p, entry->body);

    return bd_entry_digest(mac, context,
                           bd_slice_make(out, (size_t) (p - out)), p);
}


int
bd_entry_decode(bd_entry_t *entry, bd_mac_t *mac,
    const bd_slice_t context[2], bd_slice_t data)
{
    uint8_t     digest[BD_MAC_SIZE];
    bd_entry_t  e;

    if (data.len < BD_ENTRY_HEADER_SIZE + BD_MAC_SIZE) {
        return -1;
    }

    data.len -= BD_MAC_SIZE;

    if (bd_entry_split(&e, data) != 0
        || bd_entry_digest(mac, context, data, digest) != 0
        || !bd_mac_equal(digest, data.data + data.len, BD_MAC_SIZE))
    {
        return -1;
    }

    *entry = e;

    return 0;
}


/*
 * Each part is preceded by its length, or is the last: no two triples of
 * key, field and data give the same bytes.
 */

static int
bd_entry_digest(bd_mac_t *mac, const bd_slice_t context[2], bd_slice_t data,
    uint8_t out[BD_MAC_SIZE])
{
    uint8_t     lengths[16];
    bd_slice_t  parts[4];

    bd_entry_put(lengths, context[0].len, 8);
    bd_entry_put(lengths + 8, context[1].len, 8);

    parts[0] = bd_slice_make(lengths, sizeof(lengths));
    parts[1] = context[0];
    parts[2] = context[1];
    parts[3] = data;

    return bd_mac_digest(mac, parts, 4, out);
}


/* data is without the MAC and has at least the header. */

static int
bd_entry_split(bd_entry_t *entry, bd_slice_t data)
{
    size_t          i, len, left;
    uint64_t        status;
    bd_slice_t     *fields[BD_ENTRY_FIELDS];
    const uint8_t  *p, *value;

    p = data.data;
    status = p[3];

    if (p[0] != 'B' || p[1] != 'D' || p[2] != BD_ENTRY_VERSION
        || status >= BD_STATUS_N || bd_entry_get(p + 16, 4) != 0)
    {
        return -1;
    }

    entry->status = (bd_status_e) status;
    entry->fetched_ms = (int64_t) bd_entry_get(p + 4, 8);
    entry->ttl_ms = (uint32_t) bd_entry_get(p + 12, 4);

    fields[0] = &entry->content_type;
    fields[1] = &entry->etag;
    fields[2] = &entry->last_modified;
    fields[3] = &entry->cache_control;

    value = p + BD_ENTRY_HEADER_SIZE;
    left = data.len - BD_ENTRY_HEADER_SIZE;

    for (i = 0; i < BD_ENTRY_FIELDS; i++) {
        len = (size_t) bd_entry_get(p + 20 + 2 * i, 2);

        if (len > BD_ENTRY_FIELD_MAX || len > left) {
            return -1;
        }

        *fields[i] = bd_slice_make(value, len);

        value += len;
        left -= len;
    }

    if (bd_entry_get(p + 28, 4) != left) {
        return -1;
    }

    entry->body = bd_slice_make(value, left);

    return 0;
}


static uint8_t *
bd_entry_put(uint8_t *p, uint64_t value, size_t size)
{
    size_t  i;

    for (i = 0; i < size; i++) {
        *p++ = (uint8_t) (value >> (8 * i));
    }

    return p;
}


static uint64_t
bd_entry_get(const uint8_t *p, size_t size)
{
    size_t    i;
    uint64_t  value;

    value = 0;

    for (i = 0; i < size; i++) {
        value |= (uint64_t) p[i] << (8 * i);
    }

    return value;
}


/* An absent value has no data, and memcpy() takes no NULL. */

static uint8_t *
bd_entry_copy(uint8_t *p, bd_slice_t s)
{
    if (s.len == 0) {
        return p;
    }

    memcpy(p, s.data, s.len);

    return p + s.len;
}
