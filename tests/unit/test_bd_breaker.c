/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Tests of bd_breaker: its life in one worker, what a worker killed between
 * two operations leaves behind, and many workers at once.
 */


#define _POSIX_C_SOURCE  200809L    /* pthread_barrier_t */

#include "bd_test.h"
#include "bd_breaker.h"

#include <pthread.h>


#define THREADS  4


/* No jitter, and all of it. */

#define NONE  0
#define ALL   UINT32_MAX


static void
test_open(bd_breaker_t *b, uint64_t now, uint32_t random)
{
    int  i;

    for (i = 1; i < BD_BREAKER_FAILURES; i++) {
        assert_int_equal(bd_breaker_failure(b, now, random), 0);
        assert_int_equal(bd_breaker_closed(b), 1);
    }

    assert_int_equal(bd_breaker_failure(b, now, random), 1);
    assert_int_equal(bd_breaker_closed(b), 0);
}


static void
test_breaker_opens(void **state)
{
    bd_breaker_t  b = { 0 };

    (void) state;

    assert_int_equal(BD_BREAKER_FAILURES, 5);
    assert_int_equal(bd_breaker_closed(&b), 1);
    assert_int_equal(bd_breaker_success(&b), 0);

    test_open(&b, 1000, NONE);

    /* told once only */

    assert_int_equal(bd_breaker_failure(&b, 1000, NONE), 0);
    assert_int_equal(bd_breaker_failure(&b, 1001, NONE), 0);
    assert_int_equal(bd_breaker_closed(&b), 0);
}


/* Failures count in a row only. */

static void
test_breaker_run(void **state)
{
    int           i;
    bd_breaker_t  b = { 0 };

    (void) state;

    for (i = 0; i < 100; i++) {
        assert_int_equal(bd_breaker_failure(&b, 0, NONE), 0);

        if (i % (BD_BREAKER_FAILURES - 1) == BD_BREAKER_FAILURES - 2) {
            assert_int_equal(bd_breaker_success(&b), 0);
        }
    }

    assert_int_equal(bd_breaker_success(&b), 0);

    test_open(&b, 0, NONE);
}


static void
test_breaker_closes(void **state)
{
    bd_breaker_t  b = { 0 };

    (void) state;

    test_open(&b, 1000, NONE);

    assert_int_equal(bd_breaker_success(&b), 1);
    assert_int_equal(bd_breaker_closed(&b), 1);
    assert_int_equal(bd_breaker_success(&b), 0);

    /* a whole run is needed again */

    test_open(&b, 2000, NONE);
}


/* A closed breaker is not probed. */

static void
test_breaker_closed_no_probe(void **state)
{
    bd_breaker_t  b = { 0 };

    (void) state;

    assert_int_equal(bd_breaker_probe(&b, 0, NONE), 0);
    assert_int_equal(bd_breaker_probe(&b, UINT64_MAX, NONE), 0);

    test_open(&b, 1000, NONE);
    assert_int_equal(bd_breaker_success(&b), 1);

    assert_int_equal(bd_breaker_probe(&b, 100000, NONE), 0);
}


/*
 * The waits before the first, second, ... probe without jitter and with all
 * of it; a probe that came to nothing, or whose prober died, changes nothing.
 */

static void
test_breaker_intervals(void **state)
{
    size_t        i, j;
    uint64_t      now;
    bd_breaker_t  b = { 0 };

    static const uint32_t  randoms[] = { NONE, ALL };
    static const uint32_t  waits[][7] = {
        { 100, 200, 400, 800, 1600, 2000, 2000 },
        { 75, 150, 300, 600, 1200, 1500, 1500 }
    };

    (void) state;

    now = 5000;

    for (i = 0; i < 2; i++) {
        test_open(&b, now, randoms[i]);

        for (j = 0; j < 7; j++) {
            assert_int_equal(bd_breaker_probe(&b, now, randoms[i]), 0);

            now += waits[i][j] - 1;
            assert_int_equal(bd_breaker_probe(&b, now, randoms[i]), 0);

            now += 1;
            assert_int_equal(bd_breaker_probe(&b, now, randoms[i]), 1);
            assert_int_equal(bd_breaker_probe(&b, now, randoms[i]), 0);

            if (j % 2) {
                assert_int_equal(bd_breaker_failure(&b, now, NONE), 0);
            }
        }

        /* the next outage begins with short waits again */

        assert_int_equal(bd_breaker_success(&b), 1);
    }
}


static void
test_breaker_jitter(void **state)
{
    int           i;
    uint64_t      seed, at, low, high;
    bd_breaker_t  b = { 0 };

    (void) state;

    seed = 7;
    low = UINT64_MAX;
    high = 0;

    for (i = 0; i < 10000; i++) {
        test_open(&b, 1000, (uint32_t) bd_test_random(&seed));

        at = b.probe_at;
        low = (at < low) ? at : low;
        high = (at > high) ? at : high;

        assert_int_equal(bd_breaker_success(&b), 1);
    }

    assert_int_equal(low, 1075);
    assert_int_equal(high, 1100);
}


/*
 * States that a worker leaves when killed between two operations of its own:
 * the run counted but not opened; opened, but no time for the probe yet; the
 * right to probe taken, but the interval not written; failures forgotten,
 * but not closed.
 */

static void
test_breaker_killed(void **state)
{
    bd_breaker_t  b;

    (void) state;

    b = (bd_breaker_t) { .failures = BD_BREAKER_FAILURES };
    assert_int_equal(bd_breaker_closed(&b), 1);
    assert_int_equal(bd_breaker_failure(&b, 1000, NONE), 1);
    assert_int_equal(bd_breaker_probe(&b, 1100, NONE), 1);

    b = (bd_breaker_t) { .failures = BD_BREAKER_FAILURES, .open = 1 };
    assert_int_equal(bd_breaker_probe(&b, 1000, NONE), 1);
    assert_int_equal(bd_breaker_probe(&b, 1099, NONE), 0);
    assert_int_equal(bd_breaker_probe(&b, 1100, NONE), 1);
    assert_int_equal(bd_breaker_probe(&b, 1299, NONE), 0);
    assert_int_equal(bd_breaker_success(&b), 1);

    b = (bd_breaker_t) { .open = 1, .probe_at = 1100, .probe_interval = 100 };
    assert_int_equal(bd_breaker_probe(&b, 1100, NONE), 1);
    b.probe_interval = 100;
    assert_int_equal(bd_breaker_probe(&b, 1299, NONE), 0);
    assert_int_equal(bd_breaker_probe(&b, 1300, NONE), 1);

    b = (bd_breaker_t) { .open = 1, .probe_at = 1100, .probe_interval = 100 };
    assert_int_equal(bd_breaker_failure(&b, 1000, NONE), 0);
    assert_int_equal(bd_breaker_probe(&b, 1100, NONE), 1);
    assert_int_equal(bd_breaker_success(&b), 1);
    test_open(&b, 2000, NONE);
}


typedef struct {
    bd_breaker_t       *b;
    pthread_barrier_t  *barrier;
    uint64_t            seed;
    uint32_t            rounds;
    uint32_t            opened;
    uint32_t            closed;
    uint32_t            probes;
} bd_worker_t;


/* Runs a worker in THREADS threads and adds up what they counted. */

static bd_worker_t
test_threads(void *(*run)(void *), bd_breaker_t *b, uint32_t rounds)
{
    int                i;
    pthread_t          threads[THREADS];
    bd_worker_t        workers[THREADS], sum;
    pthread_barrier_t  barrier;

    sum = (bd_worker_t) { 0 };
    assert_int_equal(pthread_barrier_init(&barrier, NULL, THREADS), 0);

    for (i = 0; i < THREADS; i++) {
        workers[i] = (bd_worker_t) {
            .b = b, .barrier = &barrier, .rounds = rounds,
            .seed = (uint64_t) i + 1
        };

        assert_int_equal(pthread_create(&threads[i], NULL, run, &workers[i]),
                         0);
    }

    for (i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);

        sum.opened += workers[i].opened;
        sum.closed += workers[i].closed;
        sum.probes += workers[i].probes;
    }

    assert_int_equal(pthread_barrier_destroy(&barrier), 0);

    return sum;
}


static void *
test_hammer(void *data)
{
    uint32_t      i;
    uint64_t      random;
    bd_worker_t  *w = data;

    for (i = 0; i < w->rounds; i++) {
        random = bd_test_random(&w->seed);

        switch (random % 16) {

        case 0:
            w->closed += (uint32_t) bd_breaker_success(w->b);
            break;

        case 1:
            w->probes += (uint32_t) bd_breaker_probe(w->b, i,
                                                     (uint32_t) (random >> 32));
            break;

        default:
            w->opened += (uint32_t) bd_breaker_failure(w->b, i,
                                                     (uint32_t) (random >> 32));
            break;
        }
    }

    return NULL;
}


/* Every opening is told once, and so is every closing. */

static void
test_breaker_hammered(void **state)
{
    bd_breaker_t  b = { 0 };
    bd_worker_t   sum;

    (void) state;

    sum = test_threads(test_hammer, &b, 200000);

    assert_true(sum.opened > 1000);
    assert_true(sum.probes > 10);
    assert_int_equal(sum.opened, sum.closed + b.open);
}


/* All try to probe in the same milliseconds, barrier by barrier. */

static void *
test_probe(void *data)
{
    uint32_t      now;
    bd_worker_t  *w = data;

    for (now = 0; now < w->rounds; now++) {
        pthread_barrier_wait(w->barrier);
        w->probes += (uint32_t) bd_breaker_probe(w->b, now, NONE);
    }

    return NULL;
}


/* At 100, 300, 700, 1500, 3100, then every 2000: one prober each time. */

static void
test_breaker_one_prober(void **state)
{
    bd_breaker_t  b = { 0 };
    bd_worker_t   sum;

    (void) state;

    test_open(&b, 0, NONE);

    sum = test_threads(test_probe, &b, 9101);

    assert_int_equal(sum.probes, 8);
}


/* All count failures of a fresh breaker at once, round by round. */

static void *
test_trip(void *data)
{
    uint32_t      i, j;
    bd_worker_t  *w = data;

    for (i = 0; i < w->rounds; i++) {
        pthread_barrier_wait(w->barrier);

        for (j = 0; j < BD_BREAKER_FAILURES; j++) {
            w->opened += (uint32_t) bd_breaker_failure(&w->b[i], 1000, NONE);
        }
    }

    return NULL;
}


static void
test_breaker_opened_once(void **state)
{
    uint32_t      i;
    bd_worker_t   sum;
    bd_breaker_t  b[500] = { 0 };

    (void) state;

    sum = test_threads(test_trip, b, bd_test_count(b));

    assert_int_equal(sum.opened, bd_test_count(b));

    for (i = 0; i < bd_test_count(b); i++) {
        assert_int_equal(bd_breaker_closed(&b[i]), 0);
        assert_int_equal(bd_breaker_probe(&b[i], 1099, NONE), 0);
        assert_int_equal(bd_breaker_probe(&b[i], 1100, NONE), 1);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_breaker_opens),
        cmocka_unit_test(test_breaker_run),
        cmocka_unit_test(test_breaker_closes),
        cmocka_unit_test(test_breaker_closed_no_probe),
        cmocka_unit_test(test_breaker_intervals),
        cmocka_unit_test(test_breaker_jitter),
        cmocka_unit_test(test_breaker_killed),
        cmocka_unit_test(test_breaker_hammered),
        cmocka_unit_test(test_breaker_one_prober),
        cmocka_unit_test(test_breaker_opened_once)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
