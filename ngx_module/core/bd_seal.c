/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Seals.  What comes back from Redis may have been written by a stranger or
 * damaged by a fault: nothing of it is looked at before its seal has been
 * compared.
 */


#include "bd_seal.h"
#include "bd_bytes.h"


static int bd_seal_digest(bd_mac_t *mac, const bd_slice_t place[2],
    bd_slice_t data, uint8_t out[BD_MAC_SIZE]);


int
bd_seal(bd_mac_t *mac, const bd_slice_t place[2], uint8_t *data, size_t len)
{
    return bd_seal_digest(mac, place, bd_slice_make(data, len), data + len);
}


int
bd_unseal(bd_mac_t *mac, const bd_slice_t place[2], bd_slice_t *data)
{
    uint8_t     digest[BD_MAC_SIZE];
    bd_slice_t  inner;

    if (data->len < BD_MAC_SIZE) {
        return -1;
    }

    inner = bd_slice_make(data->data, data->len - BD_MAC_SIZE);

    if (bd_seal_digest(mac, place, inner, digest) != 0
        || !bd_mac_equal(digest, inner.data + inner.len, BD_MAC_SIZE))
    {
        return -1;
    }

    *data = inner;

    return 0;
}


/*
 * Each part is preceded by its length, or is the last: no two places and
 * data give the same bytes.
 */

static int
bd_seal_digest(bd_mac_t *mac, const bd_slice_t place[2], bd_slice_t data,
    uint8_t out[BD_MAC_SIZE])
{
    uint8_t     lengths[16];
    bd_slice_t  parts[4];

    bd_bytes_put(lengths, place[0].len, 8);
    bd_bytes_put(lengths + 8, place[1].len, 8);

    parts[0] = bd_slice_make(lengths, sizeof(lengths));
    parts[1] = place[0];
    parts[2] = place[1];
    parts[3] = data;

    return bd_mac_digest(mac, parts, 4, out);
}
