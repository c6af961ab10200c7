/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Fuzzes bd_entry_decode().  The input is decoded as it is; then with the
 * right MAC put under it, since nothing gets behind the MAC by chance.  What
 * then decodes must encode to the very same bytes.
 */


#include "bd_fuzz.h"
#include "bd_entry.h"


static bd_mac_t *fuzz_mac(void);
static void fuzz_seal(bd_mac_t *mac, const bd_slice_t context[2],
    uint8_t *data, size_t len);
static void fuzz_round_trip(bd_mac_t *mac, const bd_slice_t context[2],
    const bd_entry_t *entry, bd_slice_t data);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t     *sealed;
    bd_mac_t    *mac;
    bd_entry_t   entry;
    bd_slice_t   context[2], s;

    mac = fuzz_mac();
    context[0] = bd_slice("bd:default:{job-1}");
    context[1] = bd_slice("e:00ff");

    if (bd_entry_decode(&entry, mac, context, bd_slice_make(data, size)) == 0)
    {
        fuzz_round_trip(mac, context, &entry, bd_slice_make(data, size));
    }

    sealed = malloc(size + BD_MAC_SIZE);
    bd_fuzz_check(sealed != NULL);

    if (size != 0) {
        memcpy(sealed, data, size);
    }

    fuzz_seal(mac, context, sealed, size);
    s = bd_slice_make(sealed, size + BD_MAC_SIZE);

    if (bd_entry_decode(&entry, mac, context, s) == 0) {
        fuzz_round_trip(mac, context, &entry, s);
    }

    free(sealed);

    return 0;
}


/* One state for all inputs; the process ends with it. */

static bd_mac_t *
fuzz_mac(void)
{
    static bd_mac_t  *mac;

    if (mac == NULL) {
        mac = bd_mac_create(bd_slice("0123456789abcdef"), bd_slice("entry"));
        bd_fuzz_check(mac != NULL);
    }

    return mac;
}


static void
fuzz_seal(bd_mac_t *mac, const bd_slice_t context[2], uint8_t *data,
    size_t len)
{
    uint8_t     lengths[16] = { 0 };
    bd_slice_t  parts[4];

    lengths[0] = (uint8_t) context[0].len;
    lengths[8] = (uint8_t) context[1].len;

    parts[0] = bd_slice_make(lengths, sizeof(lengths));
    parts[1] = context[0];
    parts[2] = context[1];
    parts[3] = bd_slice_make(data, len);

    bd_fuzz_check(bd_mac_digest(mac, parts, 4, data + len) == 0);
}


static void
fuzz_round_trip(bd_mac_t *mac, const bd_slice_t context[2],
    const bd_entry_t *entry, bd_slice_t data)
{
    uint8_t  *out;

    bd_fuzz_check(bd_entry_size(entry) == data.len);

    out = malloc(data.len);
    bd_fuzz_check(out != NULL);

    bd_fuzz_check(bd_entry_encode(entry, mac, context, out) == 0);
    bd_fuzz_check(memcmp(out, data.data, data.len) == 0);

    free(out);
}
