/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Tests of bd_liveness: the rules to the millisecond, and at the ends of the
 * type, where the sanitizer watches.
 */


#include "bd_test.h"
#include "bd_liveness.h"


/* The ends of the type, and what is near to the moments below. */

static const int64_t  extremes[] = {
    INT64_MIN, INT64_MIN + 1, -1000, -1, 0, 1, 1000, INT64_MAX - 1, INT64_MAX
};

static const bd_bounds_t  bounds = {
    .reauth = 30000,
    .stale_if_error = 300000,
    .stale_while_revalidate = 2000
};


static void
test_live(void **state)
{
    (void) state;

    assert_int_equal(bd_live(1000, 0, 1000, &bounds), BD_LIVE);
    assert_int_equal(bd_live(1000, 0, 31000, &bounds), BD_LIVE);
    assert_int_equal(bd_live(1000, 0, 31001, &bounds), BD_EXTENDED);
    assert_int_equal(bd_live(1000, 0, 331000, &bounds), BD_EXTENDED);
    assert_int_equal(bd_live(1000, 0, 331001, &bounds), BD_DEAD);

    /* in the future */

    assert_int_equal(bd_live(1000, 0, 999, &bounds), BD_LIVE);
    assert_int_equal(bd_live(INT64_MAX, 0, 0, &bounds), BD_LIVE);
}


static void
test_live_never_accepted(void **state)
{
    (void) state;

    assert_int_equal(bd_live(0, 0, 0, &bounds), BD_DEAD);
    assert_int_equal(bd_live(0, -1, 0, &bounds), BD_DEAD);
    assert_int_equal(bd_live(-1, -2, 0, &bounds), BD_DEAD);
    assert_int_equal(bd_live(-1, 0, 0, &bounds), BD_DEAD);
    assert_int_equal(bd_live(INT64_MIN, INT64_MIN, 0, &bounds), BD_DEAD);
    assert_int_equal(bd_live(1, 0, 1, &bounds), BD_LIVE);
}


static void
test_live_rejected(void **state)
{
    (void) state;

    assert_int_equal(bd_live(1000, 999, 1000, &bounds), BD_LIVE);
    assert_int_equal(bd_live(1000, 1000, 1000, &bounds), BD_DEAD);
    assert_int_equal(bd_live(1000, 1001, 1000, &bounds), BD_DEAD);
    assert_int_equal(bd_live(1000, INT64_MAX, 1000, &bounds), BD_DEAD);

    /* not even while upstream cannot be asked */

    assert_int_equal(bd_live(1000, 1000, 40000, &bounds), BD_DEAD);
    assert_int_equal(bd_live(1000, 999, 40000, &bounds), BD_EXTENDED);
}


/* A bound of 0 leaves the very millisecond, and nothing beyond it. */

static void
test_live_no_bounds(void **state)
{
    bd_bounds_t  b;

    (void) state;

    memset(&b, 0, sizeof(b));

    assert_int_equal(bd_live(1000, 0, 1000, &b), BD_LIVE);
    assert_int_equal(bd_live(1000, 0, 1001, &b), BD_DEAD);

    b.stale_if_error = 5;

    assert_int_equal(bd_live(1000, 0, 1001, &b), BD_EXTENDED);
    assert_int_equal(bd_live(1000, 0, 1005, &b), BD_EXTENDED);
    assert_int_equal(bd_live(1000, 0, 1006, &b), BD_DEAD);

    b.reauth = INT64_MAX;

    assert_int_equal(bd_live(1, 0, INT64_MAX, &b), BD_LIVE);

    /* the sum of the bounds is over the end */

    b.reauth = 5;
    b.stale_if_error = INT64_MAX;

    assert_int_equal(bd_live(1, 0, 6, &b), BD_LIVE);
    assert_int_equal(bd_live(1, 0, INT64_MAX, &b), BD_EXTENDED);

    b.reauth = INT64_MIN;
    b.stale_if_error = -1;

    assert_int_equal(bd_live(1, 0, 1, &b), BD_DEAD);
}


static void
test_fresh_left(void **state)
{
    (void) state;

    assert_int_equal(bd_fresh_left(1000, 3000, 1000), 3000);
    assert_int_equal(bd_fresh_left(1000, 3000, 1001), 2999);
    assert_int_equal(bd_fresh_left(1000, 3000, 4000), 0);
    assert_int_equal(bd_fresh_left(1000, 3000, 4001), -1);
    assert_int_equal(bd_fresh_left(1000, 0, 1000), 0);
    assert_int_equal(bd_fresh_left(0, UINT32_MAX, 0), UINT32_MAX);

    /* in the future: never for longer than the TTL */

    assert_int_equal(bd_fresh_left(1000, 3000, 999), 3000);
    assert_int_equal(bd_fresh_left(INT64_MAX, 3000, INT64_MIN), 3000);

    assert_int_equal(bd_fresh_left(0, 0, INT64_MAX), -INT64_MAX);
    assert_int_equal(bd_fresh_left(INT64_MIN, 1, -2), 2 - INT64_MAX);
    assert_int_equal(bd_fresh_left(INT64_MIN, 1, -1), 1 - INT64_MAX);
    assert_int_equal(bd_fresh_left(INT64_MIN, 1, 0), 1 - INT64_MAX);
    assert_int_equal(bd_fresh_left(INT64_MIN, 1, INT64_MAX), 1 - INT64_MAX);
}


static void
test_stale(void **state)
{
    (void) state;

    assert_int_equal(bd_stale_if_error(INT64_MAX, &bounds), 1);
    assert_int_equal(bd_stale_if_error(1, &bounds), 1);
    assert_int_equal(bd_stale_if_error(0, &bounds), 1);
    assert_int_equal(bd_stale_if_error(-299999, &bounds), 1);
    assert_int_equal(bd_stale_if_error(-300000, &bounds), 0);
    assert_int_equal(bd_stale_if_error(INT64_MIN, &bounds), 0);

    assert_int_equal(bd_stale_while_revalidate(INT64_MAX, &bounds), 1);
    assert_int_equal(bd_stale_while_revalidate(1, &bounds), 1);
    assert_int_equal(bd_stale_while_revalidate(0, &bounds), 1);
    assert_int_equal(bd_stale_while_revalidate(-1999, &bounds), 1);
    assert_int_equal(bd_stale_while_revalidate(-2000, &bounds), 0);
    assert_int_equal(bd_stale_while_revalidate(INT64_MIN, &bounds), 0);
}


/* Switched off: only what is fresh. */

static void
test_stale_off(void **state)
{
    bd_bounds_t  b;

    (void) state;

    memset(&b, 0, sizeof(b));

    assert_int_equal(bd_stale_if_error(1, &b), 1);
    assert_int_equal(bd_stale_if_error(0, &b), 0);
    assert_int_equal(bd_stale_if_error(-1, &b), 0);

    assert_int_equal(bd_stale_while_revalidate(1, &b), 1);
    assert_int_equal(bd_stale_while_revalidate(0, &b), 0);
    assert_int_equal(bd_stale_while_revalidate(-1, &b), 0);
}


/* All numbers together: the sanitizer stops at an overflow. */

static void
test_no_overflow(void **state)
{
    size_t       a, r, n, b, s;
    bd_live_e    live;
    bd_bounds_t  x;

    (void) state;

    for (a = 0; a < bd_test_count(extremes); a++) {
        for (n = 0; n < bd_test_count(extremes); n++) {
            assert_true(bd_fresh_left(extremes[a], 7, extremes[n]) <= 7);

            x = (bd_bounds_t) { .stale_if_error = extremes[n],
                                .stale_while_revalidate = extremes[n] };

            assert_int_equal(bd_stale_if_error(extremes[a], &x),
                             bd_stale_while_revalidate(extremes[a], &x));

            for (r = 0; r < bd_test_count(extremes); r++) {
                for (b = 0; b < bd_test_count(extremes); b++) {
                    for (s = 0; s < bd_test_count(extremes); s++) {
                        x = (bd_bounds_t) { .reauth = extremes[b],
                                            .stale_if_error = extremes[s] };

                        live = bd_live(extremes[a], extremes[r], extremes[n],
                                       &x);

                        if (extremes[r] >= extremes[a] || extremes[a] <= 0) {
                            assert_int_equal(live, BD_DEAD);
                        }
                    }
                }
            }
        }
    }
}


static void
test_moment_layout(void **state)
{
    size_t    i;
    uint8_t  *data;

    static const struct {
        int64_t      ms;
        const char  *bytes;
    } moments[] = {
        { 0x0123456789abcdef,
          "BL\x01\0\0\0\0\0\xef\xcd\xab\x89\x67\x45\x23\x01" },
        { 0, "BL\x01\0\0\0\0\0\0\0\0\0\0\0\0\0" },
        { INT64_MAX, "BL\x01\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\x7f" }
    };

    (void) state;

    data = malloc(BD_MOMENT_SIZE);
    assert_non_null(data);

    for (i = 0; i < bd_test_count(moments); i++) {
        bd_moment_encode(moments[i].ms, data);
        assert_memory_equal(data, moments[i].bytes, 16);

        assert_int_equal(bd_moment_decode(bd_slice_make(data,
                                                        BD_MOMENT_SIZE)),
                         moments[i].ms);
    }

    free(data);
}


/* Every byte of the first eight changed; a negative moment; a wrong length. */

static void
test_moment_refused(void **state)
{
    int       x;
    size_t    i, len;
    uint8_t  *data, moment[BD_MOMENT_SIZE + 1];

    (void) state;

    memset(moment, 0, sizeof(moment));

    for (i = 0; i < 8; i++) {
        bd_moment_encode(1000, moment);

        for (x = 1; x < 256; x++) {
            moment[i] ^= (uint8_t) x;
            assert_int_equal(bd_moment_decode(bd_slice_make(moment, 16)), -1);
            moment[i] ^= (uint8_t) x;
        }
    }

    assert_int_equal(bd_moment_decode(bd_slice_make(moment, 16)), 1000);

    for (len = 0; len <= sizeof(moment); len++) {
        data = bd_test_copy(bd_slice_make(moment, len));
        assert_int_equal(bd_moment_decode(bd_slice_make(data, len)),
                         len == 16 ? 1000 : -1);
        free(data);
    }

    assert_int_equal(bd_moment_decode(bd_slice_make(NULL, 0)), -1);

    bd_moment_encode(-2, moment);
    assert_int_equal(bd_moment_decode(bd_slice_make(moment, 16)), -1);

    bd_moment_encode(INT64_MIN, moment);
    assert_int_equal(bd_moment_decode(bd_slice_make(moment, 16)), -1);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_live),
        cmocka_unit_test(test_live_never_accepted),
        cmocka_unit_test(test_live_rejected),
        cmocka_unit_test(test_live_no_bounds),
        cmocka_unit_test(test_fresh_left),
        cmocka_unit_test(test_stale),
        cmocka_unit_test(test_stale_off),
        cmocka_unit_test(test_no_overflow),
        cmocka_unit_test(test_moment_layout),
        cmocka_unit_test(test_moment_refused)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
