/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Tests of bd_entry: the layout byte by byte, and that whatever was cut, or
 * does not make sense, is refused.
 */


#include "bd_test.h"
#include "bd_entry.h"


#define BODY   "{\"id\":\"job-1\",\"status\":\"ACTIVE\"}"
#define EXTRA  "\x03\x00\x01\x00" "agev" "\x00\x00\x00\x00"

#define FIELDS  6       /* slices of an entry */
#define HEAD    56


typedef struct {
    bd_entry_t   entry;
    uint8_t     *data;
    size_t       len;
} bd_entry_test_t;


/* An entry with all its parts, encoded to memory of its exact size. */

static int
test_setup(void **state)
{
    static bd_entry_test_t  t;

    t.entry = (bd_entry_t) {
        .kind = BD_ENTRY_PROBLEM,
        .status = BD_STATUS_ACTIVE,
        .problem = 3,
        .http_status = 502,
        .flags = BD_ENTRY_NO_STORE,
        .fetched_ms = 0x0123456789abcdef,
        .ttl_ms = 3000,
        .expiry = 0x1122334455667788,
        .generation = 0x99aabbccddeeff00,
        .content_type = bd_slice("application/json"),
        .etag = bd_slice("\"abc\""),
        .last_modified = bd_slice("Sun, 06 Nov 1994 08:49:37 GMT"),
        .cache_control = bd_slice("private"),
        .extra = bd_slice(EXTRA),
        .body = bd_slice(BODY)
    };

    t.len = bd_entry_size(&t.entry);
    t.data = malloc(t.len);

    if (t.data == NULL) {
        return -1;
    }

    bd_entry_encode(&t.entry, t.data);

    *state = &t;

    return 0;
}


static int
test_teardown(void **state)
{
    bd_entry_test_t  *t = *state;

    free(t->data);

    return 0;
}


static void
assert_entry_equal(const bd_entry_t *a, const bd_entry_t *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->status, b->status);
    assert_int_equal(a->problem, b->problem);
    assert_int_equal(a->http_status, b->http_status);
    assert_int_equal(a->flags, b->flags);
    assert_true(a->fetched_ms == b->fetched_ms);
    assert_int_equal(a->ttl_ms, b->ttl_ms);
    assert_true(a->expiry == b->expiry);
    assert_true(a->generation == b->generation);
    assert_true(bd_slice_equal(a->content_type, b->content_type));
    assert_true(bd_slice_equal(a->etag, b->etag));
    assert_true(bd_slice_equal(a->last_modified, b->last_modified));
    assert_true(bd_slice_equal(a->cache_control, b->cache_control));
    assert_true(bd_slice_equal(a->extra, b->extra));
    assert_true(bd_slice_equal(a->body, b->body));
}


/* Refused, and nothing written to the structure. */

static void
assert_refused(bd_slice_t data)
{
    bd_entry_t  entry, before;

    memset(&entry, 0x5a, sizeof(entry));
    before = entry;

    assert_int_equal(bd_entry_decode(&entry, data), -1);
    assert_memory_equal(&entry, &before, sizeof(entry));
}


static void
test_slices(bd_entry_t *entry, bd_slice_t *slices[FIELDS])
{
    slices[0] = &entry->content_type;
    slices[1] = &entry->etag;
    slices[2] = &entry->last_modified;
    slices[3] = &entry->cache_control;
    slices[4] = &entry->extra;
    slices[5] = &entry->body;
}


static void
test_entry_golden(void **state)
{
    bd_entry_test_t  *t = *state;

    static const char  expected[] =
        "BD" "\x02" "\x02" "\x02" "\x03" "\xf6\x01"
        "\xef\xcd\xab\x89\x67\x45\x23\x01"
        "\xb8\x0b\x00\x00"
        "\x01\x00\x00\x00"
        "\x88\x77\x66\x55\x44\x33\x22\x11"
        "\x00\xff\xee\xdd\xcc\xbb\xaa\x99"
        "\x10\x00" "\x05\x00" "\x1d\x00" "\x07\x00"
        "\x0c\x00\x00\x00"
        "\x20\x00\x00\x00"
        "application/json" "\"abc\"" "Sun, 06 Nov 1994 08:49:37 GMT"
        "private" EXTRA BODY;

    assert_int_equal(t->len, sizeof(expected) - 1);
    assert_memory_equal(t->data, expected, t->len);
}


/* The numbers of kinds and statuses are part of the format. */

static void
test_entry_numbers(void **state)
{
    (void) state;

    assert_int_equal(BD_ENTRY_JOB, 0);
    assert_int_equal(BD_ENTRY_PASS, 1);
    assert_int_equal(BD_ENTRY_PROBLEM, 2);

    assert_int_equal(BD_STATUS_UNKNOWN, 0);
    assert_int_equal(BD_STATUS_INIT, 1);
    assert_int_equal(BD_STATUS_ACTIVE, 2);
    assert_int_equal(BD_STATUS_PAUSED, 3);
    assert_int_equal(BD_STATUS_COMPLETE, 4);
    assert_int_equal(BD_STATUS_CANCELLED, 5);
}


/* The slices point into the data, one after another. */

static void
test_entry_decode(void **state)
{
    size_t            i;
    bd_entry_t        entry;
    bd_slice_t       *slices[FIELDS];
    const uint8_t    *p;
    bd_entry_test_t  *t = *state;

    assert_int_equal(bd_entry_decode(&entry, bd_slice_make(t->data, t->len)),
                     0);

    assert_entry_equal(&entry, &t->entry);

    test_slices(&entry, slices);

    p = t->data + HEAD;

    for (i = 0; i < FIELDS; i++) {
        assert_ptr_equal(slices[i]->data, p);
        p += slices[i]->len;
    }

    assert_ptr_equal(p, t->data + t->len);
}


/* Every beginning of it, and what has a byte too many. */

static void
test_entry_cut(void **state)
{
    size_t            len;
    uint8_t          *data;
    bd_entry_test_t  *t = *state;

    assert_refused(bd_slice_make(NULL, 0));

    for (len = 0; len < t->len; len++) {
        data = bd_test_copy(bd_slice_make(t->data, len));
        assert_refused(bd_slice_make(data, len));
        free(data);
    }

    data = malloc(t->len + 1);
    assert_non_null(data);

    memcpy(data, t->data, t->len);
    data[t->len] = 0;
    assert_refused(bd_slice_make(data, t->len + 1));

    free(data);
}


/* What may stand at an offset of the header of a problem. */

static int
test_header_good(size_t at, const uint8_t *data, uint8_t was)
{
    unsigned  http_status;

    http_status = data[6] | data[7] << 8;

    switch (at) {

    case 3:
        return data[at] == 2;       /* another kind has no problem */

    case 4:
        return data[at] <= 5;

    case 5:
        return data[at] <= 7;

    case 6:
    case 7:
        return http_status >= 100 && http_status <= 599;

    case 20:
        return data[at] <= 1;

    default:
        return (at >= 8 && at < 20) || (at >= 24 && at < 40)
               || data[at] == was;
    }
}


/* Every byte of the header with every value. */

static void
test_entry_header(void **state)
{
    int               x;
    size_t            i;
    uint8_t          *data;
    bd_entry_t        entry;
    bd_entry_test_t  *t = *state;

    data = bd_test_copy(bd_slice_make(t->data, t->len));

    for (i = 0; i < BD_ENTRY_HEADER_SIZE; i++) {
        for (x = 0; x < 256; x++) {
            data[i] = (uint8_t) x;

            if (test_header_good(i, data, t->data[i])) {
                assert_int_equal(bd_entry_decode(&entry,
                                                 bd_slice_make(data, t->len)),
                                 0);

            } else {
                assert_refused(bd_slice_make(data, t->len));
            }
        }

        data[i] = t->data[i];
    }

    free(data);
}


/* Only what is a problem says which. */

static void
test_entry_kinds(void **state)
{
    int               x;
    uint8_t          *data;
    unsigned          kind;
    bd_entry_t        entry;
    bd_entry_test_t  *t = *state;

    data = bd_test_copy(bd_slice_make(t->data, t->len));

    for (kind = 0; kind < 4; kind++) {
        for (x = 0; x < 256; x++) {
            data[3] = (uint8_t) kind;
            data[5] = (uint8_t) x;

            if (kind <= 2 && x <= (kind == 2 ? 7 : 0)) {
                assert_int_equal(bd_entry_decode(&entry,
                                                 bd_slice_make(data, t->len)),
                                 0);
                assert_int_equal(entry.kind, kind);
                assert_int_equal(entry.problem, x);

            } else {
                assert_refused(bd_slice_make(data, t->len));
            }
        }
    }

    free(data);
}


/* All HTTP statuses. */

static void
test_entry_http_status(void **state)
{
    unsigned          n;
    uint8_t          *data;
    bd_entry_t        entry;
    bd_entry_test_t  *t = *state;

    data = bd_test_copy(bd_slice_make(t->data, t->len));

    for (n = 0; n < 65536; n++) {
        data[6] = (uint8_t) n;
        data[7] = (uint8_t) (n >> 8);

        if (n >= 100 && n <= 599) {
            assert_int_equal(bd_entry_decode(&entry,
                                             bd_slice_make(data, t->len)), 0);
            assert_int_equal(entry.http_status, n);

        } else {
            assert_int_equal(bd_entry_decode(&entry,
                                             bd_slice_make(data, t->len)), -1);
        }
    }

    free(data);
}


/* Lengths that all fit, but one is over the limit. */

static void
test_entry_limits(void **state)
{
    size_t       i, at, len, limit, total;
    uint8_t     *data;
    bd_entry_t   entry;

    (void) state;

    for (i = 0; i < 5; i++) {
        at = 40 + 2 * i;
        limit = (i == 4) ? 65536 : 4096;

        for (len = limit; len <= limit + 1; len++) {
            total = BD_ENTRY_HEADER_SIZE + len;

            data = calloc(1, total);
            assert_non_null(data);

            memcpy(data, "BD\x02\0\0\0\xc8", 7);
            data[at] = (uint8_t) len;
            data[at + 1] = (uint8_t) (len >> 8);

            if (i == 4) {
                data[at + 2] = (uint8_t) (len >> 16);

                /* one pair that fills it: 32768 bytes, and the others */

                data[HEAD + 1] = 0x80;
                data[HEAD + 2] = (uint8_t) (len - 4 - 0x8000);
                data[HEAD + 3] = (uint8_t) ((len - 4 - 0x8000) >> 8);
            }

            assert_int_equal(bd_entry_decode(&entry,
                                             bd_slice_make(data, total)),
                             len == limit ? 0 : -1);

            free(data);
        }
    }
}


/* Lengths that reach over the end, at their highest. */

static void
test_entry_lengths_highest(void **state)
{
    size_t   i;
    uint8_t  data[BD_ENTRY_HEADER_SIZE];

    (void) state;

    for (i = 40; i < 56; i++) {
        memset(data, 0, sizeof(data));
        memcpy(data, "BD\x02\0\0\0\xc8", 7);

        data[i] = 1;
        assert_refused(bd_slice_make(data, sizeof(data)));

        memset(data + i, 0xff, sizeof(data) - i);
        assert_refused(bd_slice_make(data, sizeof(data)));
    }
}


/* Extra pairs cut at every byte, while all lengths around them agree. */

static void
test_entry_pairs_cut(void **state)
{
    size_t       len, size;
    uint8_t     *data;
    bd_entry_t   entry, decoded;

    (void) state;

    for (len = 0; len < sizeof(EXTRA); len++) {
        memset(&entry, 0, sizeof(entry));
        entry.http_status = 200;
        entry.extra = bd_slice_make(EXTRA, len);
        entry.body = bd_slice(BODY);

        size = bd_entry_size(&entry);
        data = malloc(size);
        assert_non_null(data);

        bd_entry_encode(&entry, data);

        if (len == 0 || len == 8 || len == 12) {
            assert_int_equal(bd_entry_decode(&decoded,
                                             bd_slice_make(data, size)), 0);
            assert_entry_equal(&decoded, &entry);

        } else {
            assert_refused(bd_slice_make(data, size));
        }

        free(data);
    }
}


/* All parts absent; then numbers at their ends. */

static void
test_entry_empty(void **state)
{
    uint8_t     *data;
    bd_entry_t   entry, decoded;

    (void) state;

    memset(&entry, 0, sizeof(entry));
    entry.http_status = 100;

    assert_int_equal(bd_entry_size(&entry), BD_ENTRY_HEADER_SIZE);

    data = malloc(BD_ENTRY_HEADER_SIZE);
    assert_non_null(data);

    bd_entry_encode(&entry, data);
    assert_int_equal(bd_entry_decode(&decoded, bd_slice_make(data, HEAD)), 0);
    assert_entry_equal(&decoded, &entry);

    entry.kind = BD_ENTRY_PROBLEM;
    entry.status = BD_STATUS_CANCELLED;
    entry.problem = 7;
    entry.http_status = 599;
    entry.flags = BD_ENTRY_NO_STORE;
    entry.fetched_ms = INT64_MIN;
    entry.ttl_ms = UINT32_MAX;
    entry.expiry = UINT64_MAX;
    entry.generation = UINT64_MAX;

    bd_entry_encode(&entry, data);
    assert_int_equal(bd_entry_decode(&decoded, bd_slice_make(data, HEAD)), 0);
    assert_entry_equal(&decoded, &entry);

    free(data);
}


static void
test_entry_size(void **state)
{
    size_t       i, limit;
    uint8_t      byte;
    bd_entry_t   entry;
    bd_slice_t  *slices[FIELDS];

    (void) state;

    memset(&entry, 0, sizeof(entry));

    test_slices(&entry, slices);

    for (i = 0; i < FIELDS; i++) {
        limit = (i == 5) ? UINT32_MAX : (i == 4) ? 65536 : 4096;

        *slices[i] = bd_slice_make(&byte, limit);
        assert_true(bd_entry_size(&entry) == 56 + limit);

        *slices[i] = bd_slice_make(&byte, limit + 1);
        assert_int_equal(bd_entry_size(&entry), 0);

        *slices[i] = bd_slice_make(&byte, SIZE_MAX);
        assert_int_equal(bd_entry_size(&entry), 0);

        *slices[i] = bd_slice_make(NULL, 0);
    }
}


/* Entries of all shapes come back as they were. */

static void
test_entry_round_trip(void **state)
{
    size_t       i, n, len;
    uint8_t     *data, *end, extra[2048], bytes[BD_ENTRY_FIELD_MAX];
    uint64_t     seed;
    bd_entry_t   entry, decoded;
    bd_slice_t  *slices[FIELDS];

    (void) state;

    seed = 5;

    for (i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t) bd_test_random(&seed);
    }

    test_slices(&entry, slices);

    for (n = 0; n < 2000; n++) {
        memset(&entry, 0, sizeof(entry));

        entry.kind = bd_test_random(&seed) % 3;
        entry.status = bd_test_random(&seed) % BD_STATUS_N;
        entry.http_status = 100 + bd_test_random(&seed) % 500;
        entry.flags = bd_test_random(&seed) % 2;
        entry.fetched_ms = (int64_t) bd_test_random(&seed);
        entry.ttl_ms = (uint32_t) bd_test_random(&seed);
        entry.expiry = bd_test_random(&seed);
        entry.generation = bd_test_random(&seed);

        if (entry.kind == BD_ENTRY_PROBLEM) {
            entry.problem = bd_test_random(&seed) % 8;
        }

        for (i = 0; i < FIELDS; i++) {
            len = bd_test_random(&seed) % (n % 10 == 0 ? 4097 : 20);
            *slices[i] = bd_slice_make(bytes, len);
        }

        end = extra;

        for (i = bd_test_random(&seed) % 4; i != 0; i--) {
            end = bd_entry_pair_put(end,
                             bd_slice_make(bytes, bd_test_random(&seed) % 300),
                             bd_slice_make(bytes, bd_test_random(&seed) % 300));
        }

        entry.extra = bd_slice_make(extra, (size_t) (end - extra));

        len = bd_entry_size(&entry);
        data = malloc(len);
        assert_non_null(data);

        bd_entry_encode(&entry, data);
        assert_int_equal(bd_entry_decode(&decoded, bd_slice_make(data, len)),
                         0);
        assert_entry_equal(&decoded, &entry);

        free(data);
    }
}


static void
test_pair_size(void **state)
{
    uint8_t     byte;
    bd_slice_t  one, most, over;

    (void) state;

    one = bd_slice_make(&byte, 1);
    most = bd_slice_make(&byte, 65535);
    over = bd_slice_make(&byte, 65536);

    assert_int_equal(bd_entry_pair_size(bd_slice(""), bd_slice("")), 4);
    assert_int_equal(bd_entry_pair_size(bd_slice("age"), bd_slice("v")), 8);
    assert_int_equal(bd_entry_pair_size(most, most), 4 + 2 * 65535);
    assert_int_equal(bd_entry_pair_size(over, one), 0);
    assert_int_equal(bd_entry_pair_size(one, over), 0);
    assert_int_equal(bd_entry_pair_size(bd_slice_make(&byte, SIZE_MAX), one),
                     0);
}


static void
test_pair_put(void **state)
{
    uint8_t  *data, *end;

    (void) state;

    data = malloc(sizeof(EXTRA) - 1);
    assert_non_null(data);

    end = bd_entry_pair_put(data, bd_slice("age"), bd_slice("v"));
    assert_ptr_equal(end, data + 8);

    end = bd_entry_pair_put(end, bd_slice_make(NULL, 0),
                            bd_slice_make(NULL, 0));
    assert_ptr_equal(end, data + 12);

    assert_memory_equal(data, EXTRA, sizeof(EXTRA) - 1);

    free(data);
}


static void
test_pair_next(void **state)
{
    uint8_t     *data;
    bd_slice_t   extra, name, value;

    (void) state;

    data = bd_test_copy(bd_slice(EXTRA));
    extra = bd_slice_make(data, sizeof(EXTRA) - 1);

    assert_int_equal(bd_entry_pair_next(&extra, &name, &value), 1);
    assert_slice_equal(name, "age");
    assert_slice_equal(value, "v");

    assert_int_equal(bd_entry_pair_next(&extra, &name, &value), 1);
    assert_int_equal(name.len, 0);
    assert_int_equal(value.len, 0);

    assert_int_equal(extra.len, 0);
    assert_int_equal(bd_entry_pair_next(&extra, &name, &value), 0);

    extra = bd_slice_make(NULL, 0);
    assert_int_equal(bd_entry_pair_next(&extra, &name, &value), 0);

    /* lengths of two bytes */

    free(data);
    data = calloc(1, 4 + 0x0201 + 0x0102);
    assert_non_null(data);

    memcpy(data, "\x01\x02\x02\x01", 4);
    data[4 + 0x0201] = 'v';
    extra = bd_slice_make(data, 4 + 0x0201 + 0x0102);

    assert_int_equal(bd_entry_pair_next(&extra, &name, &value), 1);
    assert_int_equal(name.len, 0x0201);
    assert_int_equal(value.len, 0x0102);
    assert_int_equal(value.data[0], 'v');
    assert_int_equal(extra.len, 0);

    free(data);
}


/* A pair that is not whole is none, and nothing is read behind its end. */

static void
test_pair_next_cut(void **state)
{
    size_t       len;
    uint8_t     *data;
    bd_slice_t   extra, name, value;

    (void) state;

    for (len = 0; len < 8; len++) {
        data = bd_test_copy(bd_slice_make(EXTRA, len));
        extra = bd_slice_make(data, len);

        assert_int_equal(bd_entry_pair_next(&extra, &name, &value), 0);
        assert_ptr_equal(extra.data, data);
        assert_int_equal(extra.len, len);

        free(data);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_entry_golden),
        cmocka_unit_test(test_entry_numbers),
        cmocka_unit_test(test_entry_decode),
        cmocka_unit_test(test_entry_cut),
        cmocka_unit_test(test_entry_header),
        cmocka_unit_test(test_entry_kinds),
        cmocka_unit_test(test_entry_http_status),
        cmocka_unit_test(test_entry_limits),
        cmocka_unit_test(test_entry_lengths_highest),
        cmocka_unit_test(test_entry_pairs_cut),
        cmocka_unit_test(test_entry_empty),
        cmocka_unit_test(test_entry_size),
        cmocka_unit_test(test_entry_round_trip),
        cmocka_unit_test(test_pair_size),
        cmocka_unit_test(test_pair_put),
        cmocka_unit_test(test_pair_next),
        cmocka_unit_test(test_pair_next_cut)
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
