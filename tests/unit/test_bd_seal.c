/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Tests of bd_seal: a seal byte by byte, and that whatever was changed, cut,
 * moved to another place or made by a stranger is refused.
 */


#include "bd_test.h"
#include "bd_seal.h"


#define DATA  "data"


typedef struct {
    bd_mac_t    *mac;
    bd_slice_t   place[2];
    uint8_t      data[sizeof(DATA) - 1 + BD_MAC_SIZE];
} bd_seal_test_t;


static int
test_setup(void **state)
{
    static bd_seal_test_t  t;

    t.mac = bd_mac_create(bd_slice("0123456789abcdef"), bd_slice("entry"));
    if (t.mac == NULL) {
        return -1;
    }

    t.place[0] = bd_slice("bd:default:{job-1}");
    t.place[1] = bd_slice("e:00ff");

    memcpy(t.data, DATA, sizeof(DATA) - 1);

    if (bd_seal(t.mac, t.place, t.data, sizeof(DATA) - 1) != 0) {
        return -1;
    }

    *state = &t;

    return 0;
}


static int
test_teardown(void **state)
{
    bd_seal_test_t  *t = *state;

    bd_mac_free(t->mac);

    return 0;
}


/* Refused, and the slice is what it was. */

static void
assert_refused(bd_seal_test_t *t, bd_slice_t data)
{
    bd_slice_t  s;

    s = data;

    assert_int_equal(bd_unseal(t->mac, t->place, &s), -1);
    assert_ptr_equal(s.data, data.data);
    assert_int_equal(s.len, data.len);
}


/* Made by another implementation: tests/integration/lib/entry.py. */

static void
test_seal_golden(void **state)
{
    uint8_t          empty[BD_MAC_SIZE];
    bd_slice_t       nowhere[2];
    bd_seal_test_t  *t = *state;

    static const char  expected[] =
        "data"
        "\x10\x0d\x89\xe0\x36\xd4\xbd\x6c\xbc\x5b\x9e\x5c\x31\x60\x88\xcb"
        "\xfa\x81\xd4\xc5\x0f\x54\x14\x9b\xda\x8b\xdd\x9a\x69\x91\x1a\x0b";
    static const char  expected_empty[] =
        "\xa0\xb5\x72\xe5\x54\x78\xf7\x04\x1b\xe9\x96\x2a\x21\x22\x1b\xbe"
        "\x68\x85\xa1\x8d\x31\xbd\xb8\x0d\x9a\x2a\xef\x3d\x88\xfe\x4c\x68";

    assert_int_equal(sizeof(t->data), sizeof(expected) - 1);
    assert_memory_equal(t->data, expected, sizeof(t->data));

    nowhere[0] = bd_slice_make(NULL, 0);
    nowhere[1] = bd_slice_make(NULL, 0);

    assert_int_equal(bd_seal(t->mac, nowhere, empty, 0), 0);
    assert_memory_equal(empty, expected_empty, sizeof(empty));
}


static void
test_unseal(void **state)
{
    uint8_t          empty[BD_MAC_SIZE];
    bd_slice_t       s;
    bd_seal_test_t  *t = *state;

    s = bd_slice_make(t->data, sizeof(t->data));

    assert_int_equal(bd_unseal(t->mac, t->place, &s), 0);
    assert_ptr_equal(s.data, t->data);
    assert_slice_equal(s, DATA);

    assert_int_equal(bd_seal(t->mac, t->place, empty, 0), 0);

    s = bd_slice_make(empty, sizeof(empty));

    assert_int_equal(bd_unseal(t->mac, t->place, &s), 0);
    assert_ptr_equal(s.data, empty);
    assert_int_equal(s.len, 0);
}


/* Every byte with every other value. */

static void
test_seal_corrupted(void **state)
{
    int              x;
    size_t           i;
    uint8_t          data[sizeof(DATA) - 1 + BD_MAC_SIZE];
    bd_seal_test_t  *t = *state;

    memcpy(data, t->data, sizeof(data));

    for (i = 0; i < sizeof(data); i++) {
        for (x = 1; x < 256; x++) {
            data[i] = t->data[i] ^ (uint8_t) x;
            assert_refused(t, bd_slice_make(data, sizeof(data)));
        }

        data[i] = t->data[i];
    }
}


/* Every beginning and every end of it, and what has a byte too many. */

static void
test_seal_cut(void **state)
{
    size_t           len;
    uint8_t         *data, longer[sizeof(DATA) + BD_MAC_SIZE];
    bd_seal_test_t  *t = *state;

    assert_refused(t, bd_slice_make(NULL, 0));

    for (len = 0; len < sizeof(t->data); len++) {
        data = bd_test_copy(bd_slice_make(t->data, len));
        assert_refused(t, bd_slice_make(data, len));
        free(data);

        data = bd_test_copy(bd_slice_make(t->data + sizeof(t->data) - len,
                                          len));
        assert_refused(t, bd_slice_make(data, len));
        free(data);
    }

    memcpy(longer, t->data, sizeof(t->data));
    longer[sizeof(t->data)] = 0;
    assert_refused(t, bd_slice_make(longer, sizeof(longer)));

    memcpy(longer + 1, t->data, sizeof(t->data));
    longer[0] = 'd';
    assert_refused(t, bd_slice_make(longer, sizeof(longer)));
}


/*
 * Another key, another field, bytes moved from one to the other, and from the
 * data to the place.
 */

static void
test_seal_place(void **state)
{
    size_t           i;
    bd_slice_t       place[2], s;
    bd_seal_test_t  *t = *state;

    static const char  joined[] = "bd:default:{job-1}e:00ff";

    for (i = 0; i < sizeof(joined); i++) {
        place[0] = bd_slice_make(joined, i);
        place[1] = bd_slice_make(joined + i, sizeof(joined) - 1 - i);

        s = bd_slice_make(t->data, sizeof(t->data));

        assert_int_equal(bd_unseal(t->mac, place, &s),
                         i == t->place[0].len ? 0 : -1);
    }

    s = bd_slice_make(t->data, sizeof(t->data));

    place[0] = bd_slice("bd:default:{job-2}");
    place[1] = t->place[1];
    assert_int_equal(bd_unseal(t->mac, place, &s), -1);

    place[0] = t->place[0];
    place[1] = bd_slice("e:00fe");
    assert_int_equal(bd_unseal(t->mac, place, &s), -1);

    place[0] = t->place[1];
    place[1] = t->place[0];
    assert_int_equal(bd_unseal(t->mac, place, &s), -1);

    place[0] = t->place[0];
    place[1] = bd_slice("e:00ffd");
    s = bd_slice_make(t->data + 1, sizeof(t->data) - 1);
    assert_int_equal(bd_unseal(t->mac, place, &s), -1);
}


/* Made under another secret, or under another label of the same. */

static void
test_seal_other_mac(void **state)
{
    size_t           i;
    bd_mac_t        *mac;
    bd_slice_t       s;
    bd_seal_test_t  *t = *state;

    static const char *const  keys[][2] = {
        { "0123456789abcdef", "credential" },
        { "0123456789abcdeg", "entry" }
    };

    for (i = 0; i < bd_test_count(keys); i++) {
        mac = bd_mac_create(bd_test_slice(keys[i][0]),
                            bd_test_slice(keys[i][1]));
        assert_non_null(mac);

        s = bd_slice_make(t->data, sizeof(t->data));
        assert_int_equal(bd_unseal(mac, t->place, &s), -1);

        bd_mac_free(mac);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_seal_golden),
        cmocka_unit_test(test_unseal),
        cmocka_unit_test(test_seal_corrupted),
        cmocka_unit_test(test_seal_cut),
        cmocka_unit_test(test_seal_place),
        cmocka_unit_test(test_seal_other_mac)
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
