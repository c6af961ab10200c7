/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Fuzzes bd_event_decode().  The input is decoded as it is; then with the
 * right seal put under it, since nothing gets behind the seal by chance.  What
 * then decodes must encode to the very same bytes.
 */


#include "bd_fuzz.h"
#include "bd_event.h"
#include "bd_seal.h"


static bd_mac_t *fuzz_mac(void);
static void fuzz_decode(bd_mac_t *mac, bd_slice_t channel, bd_slice_t data);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t     *sealed;
    bd_mac_t    *mac;
    bd_slice_t   place[2];

    mac = fuzz_mac();
    place[0] = bd_slice("bd:default:events");
    place[1] = bd_slice("");

    fuzz_decode(mac, place[0], bd_slice_make(data, size));

    sealed = malloc(size + BD_MAC_SIZE);
    bd_fuzz_check(sealed != NULL);

    if (size != 0) {
        memcpy(sealed, data, size);
    }

    bd_fuzz_check(bd_seal(mac, place, sealed, size) == 0);

    fuzz_decode(mac, place[0], bd_slice_make(sealed, size + BD_MAC_SIZE));

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
fuzz_decode(bd_mac_t *mac, bd_slice_t channel, bd_slice_t data)
{
    uint8_t     *out;
    bd_event_t   event;

    if (bd_event_decode(&event, mac, channel, data) != 0) {
        return;
    }

    bd_fuzz_check(event.id.len == 0 || bd_route_id_valid(event.id));
    bd_fuzz_check(bd_event_size(&event) == data.len);

    out = malloc(data.len);
    bd_fuzz_check(out != NULL);

    bd_fuzz_check(bd_event_encode(&event, mac, channel, out) == 0);
    bd_fuzz_check(memcmp(out, data.data, data.len) == 0);

    free(out);
}
