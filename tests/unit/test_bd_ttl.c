/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Tests of bd_ttl: names, the contract's defaults, the bounds of the jitter.
 */


#include "bd_test.h"
#include "bd_ttl.h"


static void
test_status_names(void **state)
{
    size_t       len;
    bd_slice_t   name;
    bd_status_e  status;

    static const char *const  names[] = {
        "", "INIT", "ACTIVE", "PAUSED", "COMPLETE", "CANCELLED"
    };

    (void) state;

    assert_int_equal(BD_STATUS_N, bd_test_count(names));

    for (status = BD_STATUS_UNKNOWN; status < BD_STATUS_N; status++) {
        name = bd_test_slice(names[status]);

        assert_string_equal(bd_status_name(status), names[status]);
        assert_int_equal(bd_status_parse(name), status);

        for (len = 0; len < name.len; len++) {
            assert_int_equal(bd_status_parse(bd_slice_make(name.data, len)),
                             BD_STATUS_UNKNOWN);
        }
    }
}


static void
test_status_unknown(void **state)
{
    size_t  i;

    static const char *const  names[] = {
        "active", "Active", "ACTIVE ", " ACTIVE", "ACTIVES", "CANCELED",
        "COMPLETED", "UNKNOWN", "RUNNING", "\xff"
    };

    (void) state;

    for (i = 0; i < bd_test_count(names); i++) {
        assert_int_equal(bd_status_parse(bd_test_slice(names[i])),
                         BD_STATUS_UNKNOWN);
    }

    assert_int_equal(bd_status_parse(bd_slice_make(NULL, 0)),
                     BD_STATUS_UNKNOWN);
    assert_int_equal(bd_status_parse(bd_slice("INIT\0")), BD_STATUS_UNKNOWN);
}


static void
test_ttl_default(void **state)
{
    bd_ttl_t  ttl;

    (void) state;

    memset(&ttl, 0xff, sizeof(ttl));
    bd_ttl_default(&ttl);

    assert_int_equal(ttl.ms[BD_STATUS_UNKNOWN], 0);
    assert_int_equal(ttl.ms[BD_STATUS_INIT], 5000);
    assert_int_equal(ttl.ms[BD_STATUS_ACTIVE], 3000);
    assert_int_equal(ttl.ms[BD_STATUS_PAUSED], 5000);
    assert_int_equal(ttl.ms[BD_STATUS_COMPLETE], 3600000);
    assert_int_equal(ttl.ms[BD_STATUS_CANCELLED], 3600000);
}


/* Never longer, never shorter by more than 10 %, both bounds reached. */

static void
test_ttl_jitter(void **state)
{
    size_t    i, n;
    bd_ttl_t  ttl;
    uint32_t  ms, result;
    uint64_t  seed;

    static const uint32_t  configured[] = {
        1, 2, 9, 10, 11, 19, 20, 999, 1000, 3000, 5000, 3600000, UINT32_MAX
    };

    (void) state;

    seed = 3;
    bd_ttl_default(&ttl);

    for (i = 0; i < bd_test_count(configured); i++) {
        ms = configured[i];
        ttl.ms[BD_STATUS_ACTIVE] = ms;

        assert_int_equal(bd_ttl_jittered(&ttl, BD_STATUS_ACTIVE, 0), ms);
        assert_int_equal(bd_ttl_jittered(&ttl, BD_STATUS_ACTIVE, UINT32_MAX),
                         ms - ms / 10);

        for (n = 0; n < 1000; n++) {
            result = bd_ttl_jittered(&ttl, BD_STATUS_ACTIVE,
                                     (uint32_t) bd_test_random(&seed));

            assert_in_range(result, ms - ms / 10, ms);
            assert_int_not_equal(result, 0);
        }
    }
}


/* The point of it: jobs fetched together run out spread over the tenth. */

static void
test_ttl_jitter_spreads(void **state)
{
    size_t    n, half;
    bd_ttl_t  ttl;
    uint64_t  seed;

    (void) state;

    seed = 4;
    half = 0;
    bd_ttl_default(&ttl);

    for (n = 0; n < 10000; n++) {
        half += bd_ttl_jittered(&ttl, BD_STATUS_COMPLETE,
                                (uint32_t) bd_test_random(&seed))
                < 3600000 - 180000;
    }

    assert_in_range(half, 4700, 5300);
}


static void
test_ttl_zero(void **state)
{
    bd_ttl_t  ttl;

    (void) state;

    bd_ttl_default(&ttl);
    ttl.ms[BD_STATUS_PAUSED] = 0;

    assert_int_equal(bd_ttl_jittered(&ttl, BD_STATUS_PAUSED, 0), 0);
    assert_int_equal(bd_ttl_jittered(&ttl, BD_STATUS_PAUSED, UINT32_MAX), 0);
    assert_int_equal(bd_ttl_jittered(&ttl, BD_STATUS_UNKNOWN, 77), 0);
    assert_int_not_equal(bd_ttl_jittered(&ttl, BD_STATUS_INIT, 77), 0);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_status_names),
        cmocka_unit_test(test_status_unknown),
        cmocka_unit_test(test_ttl_default),
        cmocka_unit_test(test_ttl_jitter),
        cmocka_unit_test(test_ttl_jitter_spreads),
        cmocka_unit_test(test_ttl_zero)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
