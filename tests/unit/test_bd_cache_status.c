/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Tests of bd_cache_status: the values of the contract, and the longest.
 */


#include "bd_test.h"
#include "bd_cache_status.h"


static void
assert_status(bd_cache_status_t cs, const char *expected)
{
    char    *out;
    size_t   len;

    out = malloc(BD_CACHE_STATUS_MAX);
    assert_non_null(out);

    len = bd_cache_status_format(out, &cs);
    assert_in_range(len, 1, BD_CACHE_STATUS_MAX);

    if (!bd_slice_equal(bd_slice_make(out, len), bd_test_slice(expected))) {
        fail_msg("\"%.*s\" is not \"%s\"", (int) len, out, expected);
    }

    free(out);
}


static void
test_status_hit(void **state)
{
    (void) state;

    assert_status((bd_cache_status_t) { .ttl = 4, .detail = "memory" },
                  "batch-dial; hit; ttl=4; detail=memory");
    assert_status((bd_cache_status_t) { .ttl = 4, .detail = "redis" },
                  "batch-dial; hit; ttl=4; detail=redis");
    assert_status((bd_cache_status_t) { .ttl = -3, .detail = "stale" },
                  "batch-dial; hit; ttl=-3; detail=stale");
    assert_status((bd_cache_status_t) { .ttl = 0 },
                  "batch-dial; hit; ttl=0");

    /* what belongs to a forwarded request does not show on a hit */

    assert_status((bd_cache_status_t) { .ttl = 3600, .fwd_status = 200,
                                        .stored = 1, .collapsed = 1 },
                  "batch-dial; hit; ttl=3600");
}


static void
test_status_forwarded(void **state)
{
    (void) state;

    assert_status((bd_cache_status_t) { .fwd = BD_FWD_URI_MISS,
                                        .fwd_status = 200, .stored = 1 },
                  "batch-dial; fwd=uri-miss; fwd-status=200; stored");
    assert_status((bd_cache_status_t) { .fwd = BD_FWD_URI_MISS,
                                        .fwd_status = 404 },
                  "batch-dial; fwd=uri-miss; fwd-status=404");
    assert_status((bd_cache_status_t) { .fwd = BD_FWD_URI_MISS,
                                        .collapsed = 1 },
                  "batch-dial; fwd=uri-miss; collapsed");
    assert_status((bd_cache_status_t) { .fwd = BD_FWD_STALE,
                                        .fwd_status = 200, .stored = 1,
                                        .ttl = 9 },
                  "batch-dial; fwd=stale; fwd-status=200; stored");
    assert_status((bd_cache_status_t) { .fwd = BD_FWD_STALE,
                                        .collapsed = 1 },
                  "batch-dial; fwd=stale; collapsed");
    assert_status((bd_cache_status_t) { .fwd = BD_FWD_URI_MISS,
                                        .fwd_status = 404, .collapsed = 1 },
                  "batch-dial; fwd=uri-miss; collapsed; fwd-status=404");
    assert_status((bd_cache_status_t) { .fwd = BD_FWD_STALE,
                                        .fwd_status = 200, .stored = 1,
                                        .collapsed = 1,
                                        .detail = "redis-down" },
                  "batch-dial; fwd=stale; collapsed; fwd-status=200; stored; "
                  "detail=redis-down");
    assert_status((bd_cache_status_t) { .fwd = BD_FWD_BYPASS,
                                        .detail = "redis-down" },
                  "batch-dial; fwd=bypass; detail=redis-down");
}


static void
test_status_numbers(void **state)
{
    (void) state;

    assert_status((bd_cache_status_t) { .ttl = 9 }, "batch-dial; hit; ttl=9");
    assert_status((bd_cache_status_t) { .ttl = 10 },
                  "batch-dial; hit; ttl=10");
    assert_status((bd_cache_status_t) { .ttl = INT64_MAX },
                  "batch-dial; hit; ttl=9223372036854775807");
    assert_status((bd_cache_status_t) { .ttl = INT64_MIN },
                  "batch-dial; hit; ttl=-9223372036854775808");
    assert_status((bd_cache_status_t) { .fwd = BD_FWD_STALE,
                                        .fwd_status = INT32_MIN },
                  "batch-dial; fwd=stale; fwd-status=-2147483648");
}


/* The value is whole or does without the detail, never longer than its room. */

static void
test_status_room(void **state)
{
    size_t             len, n, base, room;
    char              *out, detail[2 * BD_CACHE_STATUS_MAX];
    bd_cache_status_t  cs;

    (void) state;

    cs = (bd_cache_status_t) { .fwd = BD_FWD_URI_MISS,
                               .fwd_status = INT32_MIN,
                               .stored = 1,
                               .collapsed = 1 };

    out = malloc(BD_CACHE_STATUS_MAX);
    assert_non_null(out);

    base = bd_cache_status_format(out, &cs);
    assert_int_equal(base, 67);

    room = BD_CACHE_STATUS_MAX - base - (sizeof("; detail=") - 1);

    for (len = 0; len < sizeof(detail); len++) {
        memset(detail, 'd', len);
        detail[len] = '\0';
        cs.detail = detail;

        n = bd_cache_status_format(out, &cs);

        assert_int_equal(n, len <= room ? base + 9 + len : base);
    }

    free(out);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_status_hit),
        cmocka_unit_test(test_status_forwarded),
        cmocka_unit_test(test_status_numbers),
        cmocka_unit_test(test_status_room)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
