/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Answers to bytes and back.  A seal says who wrote the bytes, not that he
 * made no mistake, and another version of the gateway has the same secret:
 * decoding checks every length against the bytes at hand before it follows
 * it, and every value against what there is.
 */


#include "bd_entry.h"
#include "bd_bytes.h"
#include "bd_problem.h"


/* Where the numbers are, see the table in the header. */

#define BD_ENTRY_AT_KIND           3
#define BD_ENTRY_AT_STATUS         4
#define BD_ENTRY_AT_PROBLEM        5
#define BD_ENTRY_AT_HTTP_STATUS    6
#define BD_ENTRY_AT_FETCHED        8
#define BD_ENTRY_AT_TTL            16
#define BD_ENTRY_AT_FLAGS          20
#define BD_ENTRY_AT_EXPIRY         24
#define BD_ENTRY_AT_GENERATION     32
#define BD_ENTRY_AT_FIELD_LENGTHS  40
#define BD_ENTRY_AT_EXTRA_LENGTH   48
#define BD_ENTRY_AT_BODY_LENGTH    52

#define BD_ENTRY_FIELDS            4    /* header values, before the rest */
#define BD_ENTRY_PAIR_HEADER       4    /* the two lengths of a pair */


static int bd_entry_numbers(bd_entry_t *entry, const uint8_t *p);
static int bd_entry_split(bd_entry_t *entry, bd_slice_t data);
static int bd_entry_pairs_whole(bd_slice_t extra);


size_t
bd_entry_size(const bd_entry_t *entry)
{
    if (entry->content_type.len > BD_ENTRY_FIELD_MAX
        || entry->etag.len > BD_ENTRY_FIELD_MAX
        || entry->last_modified.len > BD_ENTRY_FIELD_MAX
        || entry->cache_control.len > BD_ENTRY_FIELD_MAX
        || entry->extra.len > BD_ENTRY_EXTRA_MAX
        || entry->body.len > UINT32_MAX)
    {
        return 0;
    }

    return BD_ENTRY_HEADER_SIZE
           + entry->content_type.len
           + entry->etag.len
           + entry->last_modified.len
           + entry->cache_control.len
           + entry->extra.len
           + entry->body.len;
}


void
bd_entry_encode(const bd_entry_t *entry, uint8_t *out)
{
    uint8_t  *p;

    p = bd_bytes_copy(out, bd_slice("BD"));
    p = bd_bytes_put(p, BD_ENTRY_VERSION, 1);
    p = bd_bytes_put(p, entry->kind, 1);
    p = bd_bytes_put(p, entry->status, 1);
    p = bd_bytes_put(p, entry->problem, 1);
    p = bd_bytes_put(p, entry->http_status, 2);
    p = bd_bytes_put(p, (uint64_t) entry->fetched_ms, 8);
    p = bd_bytes_put(p, entry->ttl_ms, 4);
    p = bd_bytes_put(p, entry->flags, 4);
    p = bd_bytes_put(p, entry->expiry, 8);
    p = bd_bytes_put(p, entry->generation, 8);

    p = bd_bytes_put(p, entry->content_type.len, 2);
    p = bd_bytes_put(p, entry->etag.len, 2);
    p = bd_bytes_put(p, entry->last_modified.len, 2);
    p = bd_bytes_put(p, entry->cache_control.len, 2);
    p = bd_bytes_put(p, entry->extra.len, 4);
    p = bd_bytes_put(p, entry->body.len, 4);

    p = bd_bytes_copy(p, entry->content_type);
    p = bd_bytes_copy(p, entry->etag);
    p = bd_bytes_copy(p, entry->last_modified);
    p = bd_bytes_copy(p, entry->cache_control);
    p = bd_bytes_copy(p, entry->extra);

    bd_bytes_copy(p, entry->body);
}


int
bd_entry_decode(bd_entry_t *entry, bd_slice_t data)
{
    bd_entry_t  e;

    if (data.len < BD_ENTRY_HEADER_SIZE
        || bd_entry_numbers(&e, data.data) != 0
        || bd_entry_split(&e, data) != 0
        || !bd_entry_pairs_whole(e.extra))
    {
        return -1;
    }

    *entry = e;

    return 0;
}


static int
bd_entry_numbers(bd_entry_t *entry, const uint8_t *p)
{
    if (p[0] != 'B' || p[1] != 'D' || p[2] != BD_ENTRY_VERSION
        || p[BD_ENTRY_AT_KIND] > BD_ENTRY_PROBLEM
        || p[BD_ENTRY_AT_STATUS] >= BD_STATUS_N)
    {
        return -1;
    }

    entry->kind = (bd_entry_kind_e) p[BD_ENTRY_AT_KIND];
    entry->status = (bd_status_e) p[BD_ENTRY_AT_STATUS];
    entry->problem = p[BD_ENTRY_AT_PROBLEM];
    entry->http_status = (unsigned) bd_bytes_get(p + BD_ENTRY_AT_HTTP_STATUS,
                                                 2);
    entry->fetched_ms = (int64_t) bd_bytes_get(p + BD_ENTRY_AT_FETCHED, 8);
    entry->ttl_ms = (uint32_t) bd_bytes_get(p + BD_ENTRY_AT_TTL, 4);
    entry->flags = (uint32_t) bd_bytes_get(p + BD_ENTRY_AT_FLAGS, 4);
    entry->expiry = bd_bytes_get(p + BD_ENTRY_AT_EXPIRY, 8);
    entry->generation = bd_bytes_get(p + BD_ENTRY_AT_GENERATION, 8);

    if (entry->problem >= (entry->kind == BD_ENTRY_PROBLEM ? BD_PROBLEM_N : 1)
        || entry->http_status < 100
        || entry->http_status > 599
        || (entry->flags & ~(uint32_t) BD_ENTRY_NO_STORE) != 0)
    {
        return -1;
    }

    return 0;
}


/* Cuts what follows the header; the parts must fill it exactly. */

static int
bd_entry_split(bd_entry_t *entry, bd_slice_t data)
{
    size_t          i, len, left;
    bd_slice_t     *fields[BD_ENTRY_FIELDS];
    const uint8_t  *p, *value;

    p = data.data;

    fields[0] = &entry->content_type;
    fields[1] = &entry->etag;
    fields[2] = &entry->last_modified;
    fields[3] = &entry->cache_control;

    value = p + BD_ENTRY_HEADER_SIZE;
    left = data.len - BD_ENTRY_HEADER_SIZE;

    for (i = 0; i < BD_ENTRY_FIELDS; i++) {
        len = (size_t) bd_bytes_get(p + BD_ENTRY_AT_FIELD_LENGTHS + 2 * i, 2);

        if (len > BD_ENTRY_FIELD_MAX || len > left) {
            return -1;
        }

        *fields[i] = bd_slice_make(value, len);

        value += len;
        left -= len;
    }

    len = (size_t) bd_bytes_get(p + BD_ENTRY_AT_EXTRA_LENGTH, 4);

    if (len > BD_ENTRY_EXTRA_MAX || len > left) {
        return -1;
    }

    entry->extra = bd_slice_make(value, len);

    value += len;
    left -= len;

    if (bd_bytes_get(p + BD_ENTRY_AT_BODY_LENGTH, 4) != left) {
        return -1;
    }

    entry->body = bd_slice_make(value, left);

    return 0;
}


static int
bd_entry_pairs_whole(bd_slice_t extra)
{
    bd_slice_t  name, value;

    while (bd_entry_pair_next(&extra, &name, &value)) {
        /* void */
    }

    return extra.len == 0;
}


size_t
bd_entry_pair_size(bd_slice_t name, bd_slice_t value)
{
    if (name.len > UINT16_MAX || value.len > UINT16_MAX) {
        return 0;
    }

    return BD_ENTRY_PAIR_HEADER + name.len + value.len;
}


uint8_t *
bd_entry_pair_put(uint8_t *out, bd_slice_t name, bd_slice_t value)
{
    out = bd_bytes_put(out, name.len, 2);
    out = bd_bytes_put(out, value.len, 2);
    out = bd_bytes_copy(out, name);

    return bd_bytes_copy(out, value);
}


/* Decoding uses this too: a pair that is not whole is none. */

int
bd_entry_pair_next(bd_slice_t *extra, bd_slice_t *name, bd_slice_t *value)
{
    size_t          name_len, value_len, size;
    const uint8_t  *p;

    if (extra->len < BD_ENTRY_PAIR_HEADER) {
        return 0;
    }

    p = extra->data;
    name_len = (size_t) bd_bytes_get(p, 2);
    value_len = (size_t) bd_bytes_get(p + 2, 2);
    size = BD_ENTRY_PAIR_HEADER + name_len + value_len;

    if (size > extra->len) {
        return 0;
    }

    *name = bd_slice_make(p + BD_ENTRY_PAIR_HEADER, name_len);
    *value = bd_slice_make(p + BD_ENTRY_PAIR_HEADER + name_len, value_len);
    *extra = bd_slice_make(p + size, extra->len - size);

    return 1;
}
