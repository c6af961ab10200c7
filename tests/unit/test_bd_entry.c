/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Tests of bd_entry: the layout byte by byte, and that whatever was changed,
 * cut, moved to another key or made by a stranger is refused.
 */


#include "bd_test.h"
#include "bd_entry.h"


#define BODY  "{\"id\":\"job-1\",\"status\":\"ACTIVE\"}"


typedef struct {
    bd_mac_t    *mac;
    bd_slice_t   context[2];
    bd_entry_t   entry;
    uint8_t     *data;
    size_t       len;
} bd_entry_test_t;


/* An entry with all its parts, encoded to memory of its exact size. */

static int
test_setup(void **state)
{
    static bd_entry_test_t  t;

    t.mac = bd_mac_create(bd_slice("0123456789abcdef"), bd_slice("entry"));
    if (t.mac == NULL) {
        return -1;
    }

    t.context[0] = bd_slice("bd:default:{job-1}");
    t.context[1] = bd_slice("e:00ff");

    t.entry = (bd_entry_t) {
        .status = BD_STATUS_ACTIVE,
        .fetched_ms = 0x0123456789abcdef,
        .ttl_ms = 3000,
        .content_type = bd_slice("application/json"),
        .etag = bd_slice("\"abc\""),
        .last_modified = bd_slice("Sun, 06 Nov 1994 08:49:37 GMT"),
        .cache_control = bd_slice("private"),
        .body = bd_slice(BODY)
    };

    t.len = bd_entry_size(&t.entry);
    t.data = malloc(t.len);

    if (t.data == NULL
        || bd_entry_encode(&t.entry, t.mac, t.context, t.data) != 0)
    {
        return -1;
    }

    *state = &t;

    return 0;
}


static int
test_teardown(void **state)
{
    bd_entry_test_t  *t = *state;

    free(t->data);
    bd_mac_free(t->mac);

    return 0;
}


static void
assert_entry_equal(const bd_entry_t *a, const bd_entry_t *b)
{
    assert_int_equal(a->status, b->status);
    assert_true(a->fetched_ms == b->fetched_ms);
    assert_int_equal(a->ttl_ms, b->ttl_ms);
    assert_true(bd_slice_equal(a->content_type, b->content_type));
    assert_true(bd_slice_equal(a->etag, b->etag));
    assert_true(bd_slice_equal(a->last_modified, b->last_modified));
    assert_true(bd_slice_equal(a->cache_control, b->cache_control));
    assert_true(bd_slice_equal(a->body, b->body));
}


/* Refused, and nothing written to the structure. */

static void
assert_refused(bd_entry_test_t *t, bd_slice_t data)
{
    bd_entry_t  entry, before;

    memset(&entry, 0x5a, sizeof(entry));
    before = entry;

    assert_int_equal(bd_entry_decode(&entry, t->mac, t->context, data), -1);
    assert_memory_equal(&entry, &before, sizeof(entry));
}


/* Puts the right MAC under the first len bytes: what a key holder could do. */

static void
test_seal(bd_entry_test_t *t, uint8_t *data, size_t len)
{
    size_t      i;
    uint8_t     lengths[16];
    bd_slice_t  parts[4];

    memset(lengths, 0, sizeof(lengths));

    for (i = 0; i < 2; i++) {
        assert_in_range(t->context[i].len, 0, 255);
        lengths[8 * i] = (uint8_t) t->context[i].len;
    }

    parts[0] = bd_slice_make(lengths, sizeof(lengths));
    parts[1] = t->context[0];
    parts[2] = t->context[1];
    parts[3] = bd_slice_make(data, len);

    assert_int_equal(bd_mac_digest(t->mac, parts, 4, data + len), 0);
}


static void
test_entry_layout(void **state)
{
    uint8_t          sealed[512];
    bd_entry_test_t  *t = *state;

    static const char  expected[] =
        "BD" "\x01" "\x02"
        "\xef\xcd\xab\x89\x67\x45\x23\x01"
        "\xb8\x0b\x00\x00"
        "\x00\x00\x00\x00"
        "\x10\x00" "\x05\x00" "\x1d\x00" "\x07\x00"
        "\x20\x00\x00\x00"
        "application/json" "\"abc\"" "Sun, 06 Nov 1994 08:49:37 GMT"
        "private" BODY;

    assert_int_equal(t->len, sizeof(expected) - 1 + BD_MAC_SIZE);
    assert_memory_equal(t->data, expected, sizeof(expected) - 1);

    memcpy(sealed, expected, sizeof(expected) - 1);
    test_seal(t, sealed, sizeof(expected) - 1);

    assert_memory_equal(t->data, sealed, t->len);
}


/* The slices point into the data, one after another. */

static void
test_entry_decode(void **state)
{
    bd_entry_t        entry;
    bd_entry_test_t  *t = *state;

    assert_int_equal(bd_entry_decode(&entry, t->mac, t->context,
                                     bd_slice_make(t->data, t->len)), 0);

    assert_entry_equal(&entry, &t->entry);

    assert_ptr_equal(entry.content_type.data, t->data + 32);
    assert_ptr_equal(entry.body.data + entry.body.len,
                     t->data + t->len - BD_MAC_SIZE);
}


/* Every byte with every other value. */

static void
test_entry_corrupted(void **state)
{
    int               x;
    size_t            i;
    uint8_t          *data;
    bd_entry_test_t  *t = *state;

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


/* Every beginning and every end of it, and what has a byte too many. */

static void
test_entry_cut(void **state)
{
    size_t            len;
    uint8_t          *data;
    bd_entry_test_t  *t = *state;

    assert_refused(t, bd_slice_make(NULL, 0));

    for (len = 0; len < t->len; len++) {
        data = bd_test_copy(bd_slice_make(t->data, len));
        assert_refused(t, bd_slice_make(data, len));
        free(data);

        data = bd_test_copy(bd_slice_make(t->data + t->len - len, len));
        assert_refused(t, bd_slice_make(data, len));
        free(data);
    }

    data = malloc(t->len + 1);
    assert_non_null(data);

    memcpy(data, t->data, t->len);
    data[t->len] = 0;
    assert_refused(t, bd_slice_make(data, t->len + 1));

    memcpy(data + 1, t->data, t->len);
    data[0] = 'B';
    assert_refused(t, bd_slice_make(data, t->len + 1));

    free(data);
}


/* Another key, another field, and bytes moved from one to the other. */

static void
test_entry_context(void **state)
{
    size_t            i;
    bd_entry_t        entry;
    bd_slice_t        context[2], data;
    bd_entry_test_t  *t = *state;

    static const char  joined[] = "bd:default:{job-1}e:00ff";

    data = bd_slice_make(t->data, t->len);

    for (i = 0; i < sizeof(joined); i++) {
        context[0] = bd_slice_make(joined, i);
        context[1] = bd_slice_make(joined + i, sizeof(joined) - 1 - i);

        assert_int_equal(bd_entry_decode(&entry, t->mac, context, data),
                         i == t->context[0].len ? 0 : -1);
    }

    context[0] = bd_slice("bd:default:{job-2}");
    context[1] = t->context[1];
    assert_int_equal(bd_entry_decode(&entry, t->mac, context, data), -1);

    context[0] = t->context[1];
    context[1] = t->context[0];
    assert_int_equal(bd_entry_decode(&entry, t->mac, context, data), -1);
}


/* Written under another secret, or under another label of the same. */

static void
test_entry_other_mac(void **state)
{
    size_t            i;
    bd_mac_t         *mac;
    bd_entry_t        entry;
    bd_entry_test_t  *t = *state;

    static const char *const  keys[][2] = {
        { "0123456789abcdef", "credential" },
        { "0123456789abcdeg", "entry" }
    };

    for (i = 0; i < bd_test_count(keys); i++) {
        mac = bd_mac_create(bd_test_slice(keys[i][0]),
                            bd_test_slice(keys[i][1]));
        assert_non_null(mac);

        assert_int_equal(bd_entry_decode(&entry, mac, t->context,
                                         bd_slice_make(t->data, t->len)), -1);

        bd_mac_free(mac);
    }
}


/*
 * A header that does not make sense is refused though the MAC is right: by
 * all bytes of the header but those of fetched_ms and ttl_ms, which may be
 * anything, and of status, which has more than one value.
 */

static void
test_entry_sealed_header(void **state)
{
    int               x;
    size_t            i;
    uint8_t          *data;
    bd_entry_t        entry;
    bd_entry_test_t  *t = *state;

    data = bd_test_copy(bd_slice_make(t->data, t->len));

    for (i = 0; i < BD_ENTRY_HEADER_SIZE; i++) {
        for (x = 1; x < 256; x++) {
            data[i] = t->data[i] ^ (uint8_t) x;
            test_seal(t, data, t->len - BD_MAC_SIZE);

            if ((i >= 4 && i < 16) || (i == 3 && data[i] < BD_STATUS_N)) {
                assert_int_equal(bd_entry_decode(&entry, t->mac, t->context,
                                                 bd_slice_make(data, t->len)),
                                 0);

            } else {
                assert_refused(t, bd_slice_make(data, t->len));
            }
        }

        data[i] = t->data[i];
    }

    free(data);
}


/* Lengths of header values that all fit, but one is over the limit. */

static void
test_entry_sealed_limit(void **state)
{
    size_t            i, len, total;
    uint8_t          *data;
    bd_entry_t        entry;
    bd_entry_test_t  *t = *state;

    for (i = 0; i < 4; i++) {
        for (len = BD_ENTRY_FIELD_MAX; len <= BD_ENTRY_FIELD_MAX + 1; len++) {
            total = BD_ENTRY_HEADER_SIZE + len;

            data = calloc(1, total + BD_MAC_SIZE);
            assert_non_null(data);

            memcpy(data, "BD\x01", 3);
            data[20 + 2 * i] = (uint8_t) len;
            data[21 + 2 * i] = (uint8_t) (len >> 8);
            test_seal(t, data, total);

            assert_int_equal(bd_entry_decode(&entry, t->mac, t->context,
                                             bd_slice_make(data, total
                                                           + BD_MAC_SIZE)),
                             len == BD_ENTRY_FIELD_MAX ? 0 : -1);

            free(data);
        }
    }
}


/* All parts absent; then times at their ends. */

static void
test_entry_empty(void **state)
{
    uint8_t           data[BD_ENTRY_HEADER_SIZE + BD_MAC_SIZE];
    bd_entry_t        entry, decoded;
    bd_entry_test_t  *t = *state;

    memset(&entry, 0, sizeof(entry));

    assert_int_equal(bd_entry_size(&entry), sizeof(data));
    assert_int_equal(bd_entry_encode(&entry, t->mac, t->context, data), 0);
    assert_int_equal(bd_entry_decode(&decoded, t->mac, t->context,
                                     bd_slice_make(data, sizeof(data))), 0);
    assert_entry_equal(&decoded, &entry);

    entry.fetched_ms = INT64_MIN;
    entry.ttl_ms = UINT32_MAX;
    entry.status = BD_STATUS_CANCELLED;

    assert_int_equal(bd_entry_encode(&entry, t->mac, t->context, data), 0);
    assert_int_equal(bd_entry_decode(&decoded, t->mac, t->context,
                                     bd_slice_make(data, sizeof(data))), 0);
    assert_entry_equal(&decoded, &entry);
}


static void
test_entry_size(void **state)
{
    size_t       i;
    uint8_t      byte;
    bd_entry_t   entry;
    bd_slice_t  *fields[4];

    (void) state;

    memset(&entry, 0, sizeof(entry));

    fields[0] = &entry.content_type;
    fields[1] = &entry.etag;
    fields[2] = &entry.last_modified;
    fields[3] = &entry.cache_control;

    for (i = 0; i < 4; i++) {
        *fields[i] = bd_slice_make(&byte, 4096);
        assert_int_equal(bd_entry_size(&entry), 32 + 4096 + 32);

        *fields[i] = bd_slice_make(&byte, 4097);
        assert_int_equal(bd_entry_size(&entry), 0);

        *fields[i] = bd_slice_make(&byte, SIZE_MAX);
        assert_int_equal(bd_entry_size(&entry), 0);

        *fields[i] = bd_slice_make(NULL, 0);
    }

    entry.body = bd_slice_make(&byte, UINT32_MAX);
    assert_true(bd_entry_size(&entry) == (size_t) UINT32_MAX + 64);

    entry.body = bd_slice_make(&byte, (size_t) UINT32_MAX + 1);
    assert_int_equal(bd_entry_size(&entry), 0);
}


/* Entries of all shapes come back as they were. */

static void
test_entry_round_trip(void **state)
{
    size_t            i, n, len;
    uint8_t          *data, bytes[BD_ENTRY_FIELD_MAX];
    uint64_t          seed;
    bd_entry_t        entry, decoded;
    bd_slice_t       *fields[5];
    bd_entry_test_t  *t = *state;

    seed = 5;

    for (i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t) bd_test_random(&seed);
    }

    fields[0] = &entry.content_type;
    fields[1] = &entry.etag;
    fields[2] = &entry.last_modified;
    fields[3] = &entry.cache_control;
    fields[4] = &entry.body;

    for (n = 0; n < 2000; n++) {
        memset(&entry, 0, sizeof(entry));

        entry.status = bd_test_random(&seed) % BD_STATUS_N;
        entry.fetched_ms = (int64_t) bd_test_random(&seed);
        entry.ttl_ms = (uint32_t) bd_test_random(&seed);

        for (i = 0; i < 5; i++) {
            len = bd_test_random(&seed) % (n % 10 == 0 ? 4097 : 20);
            *fields[i] = bd_slice_make(bytes, len);
        }

        len = bd_entry_size(&entry);
        data = malloc(len);
        assert_non_null(data);

        assert_int_equal(bd_entry_encode(&entry, t->mac, t->context, data), 0);
        assert_int_equal(bd_entry_decode(&decoded, t->mac, t->context,
                                         bd_slice_make(data, len)), 0);
        assert_entry_equal(&decoded, &entry);

        free(data);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_entry_layout),
        cmocka_unit_test(test_entry_decode),
        cmocka_unit_test(test_entry_corrupted),
        cmocka_unit_test(test_entry_cut),
        cmocka_unit_test(test_entry_context),
        cmocka_unit_test(test_entry_other_mac),
        cmocka_unit_test(test_entry_sealed_header),
        cmocka_unit_test(test_entry_sealed_limit),
        cmocka_unit_test(test_entry_empty),
        cmocka_unit_test(test_entry_size),
        cmocka_unit_test(test_entry_round_trip)
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
