/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Tests of bd_event: the layout byte by byte; what was changed, cut or made
 * for another channel is refused; and, with the seal made right, what no
 * event of this version can be.
 */


#include "bd_test.h"
#include "bd_event.h"
#include "bd_seal.h"


#define CHANNEL  "bd:default:events"


typedef struct {
    bd_mac_t    *mac;
    bd_slice_t   channel;
    bd_event_t   event;
    uint8_t     *data;
    size_t       len;
} bd_event_test_t;


/* An event with all its parts, encoded to memory of its exact size. */

static int
test_setup(void **state)
{
    size_t  i;

    static bd_event_test_t  t;

    t.mac = bd_mac_create(bd_slice("0123456789abcdef"), bd_slice("entry"));
    if (t.mac == NULL) {
        return -1;
    }

    t.channel = bd_slice(CHANNEL);

    t.event = (bd_event_t) {
        .type = BD_EVENT_ENDED,
        .node = 0x1122334455667788,
        .number = 0x99aabbccddeeff00,
        .time = 0x0123456789abcdef,
        .id = bd_slice("job-1"),
        .data = bd_slice("data")
    };

    for (i = 0; i < BD_MAC_SIZE; i++) {
        t.event.credential[i] = (uint8_t) i;
    }

    t.len = bd_event_size(&t.event);
    t.data = malloc(t.len);

    if (t.data == NULL
        || bd_event_encode(&t.event, t.mac, t.channel, t.data) != 0)
    {
        return -1;
    }

    *state = &t;

    return 0;
}


static int
test_teardown(void **state)
{
    bd_event_test_t  *t = *state;

    free(t->data);
    bd_mac_free(t->mac);

    return 0;
}


static void
assert_event_equal(const bd_event_t *a, const bd_event_t *b)
{
    assert_int_equal(a->type, b->type);
    assert_true(a->node == b->node);
    assert_true(a->number == b->number);
    assert_true(a->time == b->time);
    assert_memory_equal(a->credential, b->credential, BD_MAC_SIZE);
    assert_true(bd_slice_equal(a->id, b->id));
    assert_true(bd_slice_equal(a->data, b->data));
}


/* Refused, and nothing written to the structure. */

static void
assert_refused(bd_event_test_t *t, bd_slice_t data)
{
    bd_event_t  event, before;

    memset(&event, 0x5a, sizeof(event));
    before = event;

    assert_int_equal(bd_event_decode(&event, t->mac, t->channel, data), -1);
    assert_memory_equal(&event, &before, sizeof(event));
}


/* Puts the right seal under the first len bytes. */

static void
test_seal(bd_event_test_t *t, uint8_t *data, size_t len)
{
    bd_slice_t  place[2];

    place[0] = t->channel;
    place[1] = bd_slice("");

    assert_int_equal(bd_seal(t->mac, place, data, len), 0);
}


/* Made by another implementation: tests/integration/lib/event.py. */

static void
test_event_golden(void **state)
{
    bd_event_test_t  *t = *state;

    static const char  expected[] =
        "BE" "\x01" "\x04" "\x05" "\0\0\0"
        "\x88\x77\x66\x55\x44\x33\x22\x11"
        "\x00\xff\xee\xdd\xcc\xbb\xaa\x99"
        "\xef\xcd\xab\x89\x67\x45\x23\x01"
        "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"
        "\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f"
        "job-1" "data"
        "\x74\xb6\xf3\xb7\x91\x89\x6a\x41\xbb\x19\x7d\x0f\xc0\xa8\xfa\xfe"
        "\x3f\xec\xe2\xfc\x8d\xa5\x2b\xc4\x61\x99\x80\x56\x72\x2e\xd0\xc1";

    assert_int_equal(t->len, sizeof(expected) - 1);
    assert_memory_equal(t->data, expected, t->len);
}


/* The slices point into the data, one after another. */

static void
test_event_decode(void **state)
{
    bd_event_t        event;
    bd_event_test_t  *t = *state;

    assert_int_equal(bd_event_decode(&event, t->mac, t->channel,
                                     bd_slice_make(t->data, t->len)), 0);

    assert_event_equal(&event, &t->event);

    assert_ptr_equal(event.id.data, t->data + BD_EVENT_HEADER_SIZE);
    assert_ptr_equal(event.data.data, t->data + BD_EVENT_HEADER_SIZE + 5);
}


/* The numbers of the types are part of the format. */

static void
test_event_types(void **state)
{
    (void) state;

    assert_int_equal(BD_EVENT_GONE, 1);
    assert_int_equal(BD_EVENT_EXPIRED, 2);
    assert_int_equal(BD_EVENT_STORED, 3);
    assert_int_equal(BD_EVENT_ENDED, 4);
    assert_int_equal(BD_EVENT_ACCEPTED, 5);
    assert_int_equal(BD_EVENT_REJECTED, 6);
    assert_int_equal(BD_EVENT_HELD, 7);
    assert_int_equal(BD_EVENT_GENERATION, 8);
}


/* Every byte with every other value. */

static void
test_event_corrupted(void **state)
{
    int               x;
    size_t            i;
    uint8_t          *data;
    bd_event_test_t  *t = *state;

    data = bd_test_copy(bd_slice_make(t->data, t->len));

    for (i = 0; i < t->len; i++) {
        for (x = 1; x < 256; x++) {
            data[i] = t->data[i] ^ (uint8_t) x;
            assert_refused(t, bd_slice_make(data, t->len));
        }

        data[i] = t->data[i];
    }

    free(data);
}


/* Every beginning of it, as it is and with the seal made right. */

static void
test_event_cut(void **state)
{
    size_t            len;
    uint8_t          *data;
    bd_event_t        event;
    bd_event_test_t  *t = *state;

    assert_refused(t, bd_slice_make(NULL, 0));

    for (len = 0; len < t->len; len++) {
        data = bd_test_copy(bd_slice_make(t->data, len));
        assert_refused(t, bd_slice_make(data, len));
        free(data);
    }

    for (len = 0; len < t->len - BD_MAC_SIZE; len++) {
        data = malloc(len + BD_MAC_SIZE);
        assert_non_null(data);

        memcpy(data, t->data, len);
        test_seal(t, data, len);

        if (len < BD_EVENT_HEADER_SIZE + 5) {
            assert_refused(t, bd_slice_make(data, len + BD_MAC_SIZE));

        } else {
            assert_int_equal(bd_event_decode(&event, t->mac, t->channel,
                                             bd_slice_make(data,
                                                           len + BD_MAC_SIZE)),
                             0);
            assert_int_equal(event.data.len, len - BD_EVENT_HEADER_SIZE - 5);
        }

        free(data);
    }
}


/* What is sealed for a key and field that read the same is no event. */

static void
test_event_channel(void **state)
{
    bd_event_t        event;
    bd_slice_t        data, place[2];
    bd_event_test_t  *t = *state;

    data = bd_slice_make(t->data, t->len);

    assert_int_equal(bd_event_decode(&event, t->mac,
                                     bd_slice("bd:other:events"), data), -1);

    data.data = bd_test_copy(data);

    place[0] = bd_slice("bd:default:");
    place[1] = bd_slice("events");

    assert_int_equal(bd_seal(t->mac, place, (uint8_t *) data.data,
                             t->len - BD_MAC_SIZE), 0);
    assert_refused(t, data);

    place[0] = bd_slice("");
    place[1] = bd_slice(CHANNEL);

    assert_int_equal(bd_seal(t->mac, place, (uint8_t *) data.data,
                             t->len - BD_MAC_SIZE), 0);
    assert_refused(t, data);

    free((uint8_t *) data.data);
}


/* Of another secret: another fleet. */

static void
test_event_other_mac(void **state)
{
    bd_mac_t         *mac;
    bd_event_t        event;
    bd_event_test_t  *t = *state;

    mac = bd_mac_create(bd_slice("0123456789abcdeg"), bd_slice("entry"));
    assert_non_null(mac);

    assert_int_equal(bd_event_decode(&event, mac, t->channel,
                                     bd_slice_make(t->data, t->len)), -1);

    bd_mac_free(mac);
}


/*
 * A header that does not make sense is refused though the seal is right: the
 * first eight bytes with every value.  The rest may be anything.
 */

static void
test_event_sealed_header(void **state)
{
    int               x, good;
    size_t            i;
    uint8_t          *data;
    bd_event_t        event;
    bd_event_test_t  *t = *state;

    data = bd_test_copy(bd_slice_make(t->data, t->len));

    for (i = 0; i < BD_EVENT_HEADER_SIZE; i++) {
        for (x = 0; x < 256; x++) {
            data[i] = (uint8_t) x;
            test_seal(t, data, t->len - BD_MAC_SIZE);

            switch (i) {

            case 3:
                good = (x >= 1 && x <= 8);
                break;

            case 4:
                good = (x <= 9);
                break;

            default:
                good = (i >= 8 || data[i] == t->data[i]);
            }

            if (!good) {
                assert_refused(t, bd_slice_make(data, t->len));
                continue;
            }

            assert_int_equal(bd_event_decode(&event, t->mac, t->channel,
                                             bd_slice_make(data, t->len)), 0);

            if (i == 3) {
                assert_int_equal(event.type, x);
            }

            if (i == 4) {
                assert_int_equal(event.id.len, x);
                assert_int_equal(event.data.len, 9 - x);
            }
        }

        data[i] = t->data[i];
    }

    free(data);
}


/* An id that no job can have is refused, and one that is too long. */

static void
test_event_sealed_id(void **state)
{
    size_t            len, size;
    uint8_t           id[BD_ID_MAX + 1], *data;
    bd_event_t        event, decoded;
    bd_event_test_t  *t = *state;

    memset(id, 'i', sizeof(id));

    for (len = BD_ID_MAX - 1; len <= BD_ID_MAX + 1; len++) {
        event = t->event;
        event.id = bd_slice_make(id, len);

        size = bd_event_size(&event);
        data = malloc(size);
        assert_non_null(data);

        assert_int_equal(bd_event_encode(&event, t->mac, t->channel, data), 0);

        if (len > BD_ID_MAX) {
            assert_refused(t, bd_slice_make(data, size));

        } else {
            assert_int_equal(bd_event_decode(&decoded, t->mac, t->channel,
                                             bd_slice_make(data, size)), 0);
            assert_event_equal(&decoded, &event);
        }

        free(data);
    }

    data = bd_test_copy(bd_slice_make(t->data, t->len));

    data[BD_EVENT_HEADER_SIZE + 4] = '}';
    test_seal(t, data, t->len - BD_MAC_SIZE);
    assert_refused(t, bd_slice_make(data, t->len));

    data[BD_EVENT_HEADER_SIZE + 4] = '\0';
    test_seal(t, data, t->len - BD_MAC_SIZE);
    assert_refused(t, bd_slice_make(data, t->len));

    free(data);
}


/* Events of all shapes come back as they were. */

static void
test_event_round_trip(void **state)
{
    size_t            i, n, len;
    uint8_t           id[BD_ID_MAX], *data, bytes[4096];
    uint64_t          seed;
    bd_event_t        event, decoded;
    bd_event_test_t  *t = *state;

    seed = 6;

    memset(id, '_', sizeof(id));

    for (i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t) bd_test_random(&seed);
    }

    for (n = 0; n < 2000; n++) {
        memset(&event, 0, sizeof(event));

        event.type = BD_EVENT_GONE + bd_test_random(&seed) % 8;
        event.node = bd_test_random(&seed);
        event.number = bd_test_random(&seed);
        event.time = (int64_t) bd_test_random(&seed);

        if (n % 2) {
            memcpy(event.credential, bytes + n, BD_MAC_SIZE);
        }

        if (n % 3) {
            event.id = bd_slice_make(id, bd_test_random(&seed) % 129);
        }

        if (n % 5) {
            event.data = bd_slice_make(bytes, bd_test_random(&seed) % 4097);
        }

        len = bd_event_size(&event);
        assert_int_equal(len, 64 + event.id.len + event.data.len + 32);

        data = malloc(len);
        assert_non_null(data);

        assert_int_equal(bd_event_encode(&event, t->mac, t->channel, data), 0);
        assert_int_equal(bd_event_decode(&decoded, t->mac, t->channel,
                                         bd_slice_make(data, len)), 0);
        assert_event_equal(&decoded, &event);

        free(data);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_event_golden),
        cmocka_unit_test(test_event_decode),
        cmocka_unit_test(test_event_types),
        cmocka_unit_test(test_event_corrupted),
        cmocka_unit_test(test_event_cut),
        cmocka_unit_test(test_event_channel),
        cmocka_unit_test(test_event_other_mac),
        cmocka_unit_test(test_event_sealed_header),
        cmocka_unit_test(test_event_sealed_id),
        cmocka_unit_test(test_event_round_trip)
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
