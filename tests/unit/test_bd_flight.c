/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Tests of bd_flight: workers and their slots, and the table of what follows
 * from what at the head of bd_flight.h.
 */


#include "bd_test_memory.h"


/* Two workers that are alive at 1000, and one flight led by the first. */
typedef struct {
    bd_memory_t  *m;
    bd_worker_t   a;
    bd_worker_t   b;
    bd_worker_t   c;
    bd_flight_t   flight;
    test_pair_t   pair;
} test_host_t;


static uint8_t      test_buf[10000];
static const char   test_result[1000] = "a result of more than one block";


static void
test_host(test_host_t *h)
{
    uint64_t  old;

    h->m = test_memory(TEST_SMALL);

    assert_int_equal(bd_worker_enter(h->m, &h->a, 1000), 0);
    assert_int_equal(bd_worker_enter(h->m, &h->b, 1000), 0);
    assert_int_equal(bd_worker_enter(h->m, &h->c, 1000), 0);

    assert_int_equal(bd_flight_join(h->m, test_pair(&h->pair, 1, 1), &h->a,
                                    1000, &h->flight, &old),
                     BD_FLIGHT_LEADS);
    assert_int_equal(old, 0);
    assert_int_not_equal(h->flight.token, 0);
}


static bd_flight_e
test_join(test_host_t *h, const bd_worker_t *w, int64_t mono,
    bd_flight_t *flight)
{
    uint64_t  old;

    return bd_flight_join(h->m, &h->pair.pair, w, mono, flight, &old);
}


static bd_flight_state_e
test_look(test_host_t *h, const bd_worker_t *w, int64_t mono, size_t *len)
{
    return bd_flight_look(h->m, &h->flight, w, mono, test_buf,
                          sizeof(test_buf), len);
}


/* Nothing is left of any flight. */

static void
test_done(test_host_t *h)
{
    test_check(h->m);
    assert_int_equal(test_usage(h->m).flights, 0);
    assert_int_equal(test_usage(h->m).blocks_free, test_usage(h->m).blocks);
    free(h->m);
}


static void
test_flight_workers(void **state)
{
    unsigned      i;
    bd_memory_t  *m;
    bd_worker_t   w[BD_WORKERS], more;

    (void) state;

    m = test_memory(TEST_SMALL);

    for (i = 0; i < BD_WORKERS; i++) {
        assert_int_equal(bd_worker_enter(m, &w[i], 1000), 0);
        assert_int_equal(w[i].slot, i);
        assert_int_equal(w[i].number, i + 1);
    }

    assert_int_equal(bd_worker_enter(m, &more, 1000), -1);
    assert_int_equal(more.number, 0);
    assert_int_equal(bd_worker_beat(m, &more, 1000), -1);
    bd_worker_leave(m, &more);

    /* who is in a slot, dead or alive */

    for (i = 0; i < BD_WORKERS; i++) {
        more = bd_worker_in(m, i);
        assert_int_equal(more.slot, i);
        assert_int_equal(more.number, w[i].number);
    }

    assert_int_equal(bd_worker_in(m, BD_WORKERS).number, 0);
    assert_int_equal(bd_worker_in(m, UINT32_MAX).number, 0);

    /* a slot that was given back */

    bd_worker_leave(m, &w[5]);
    assert_int_equal(bd_worker_in(m, 5).number, 0);
    assert_int_equal(bd_worker_enter(m, &more, 1000), 0);
    assert_int_equal(more.slot, 5);
    assert_int_equal(more.number, BD_WORKERS + 1);
    assert_int_equal(bd_worker_beat(m, &w[5], 1000), -1);
    bd_worker_leave(m, &w[5]);
    assert_int_equal(bd_worker_beat(m, &more, 1000), 0);

    /* a slot whose worker is dead */

    for (i = 0; i < BD_WORKERS; i++) {
        bd_worker_beat(m, i == 5 ? &more : &w[i], i == 9 ? 1001 : 1002);
    }

    assert_int_equal(bd_worker_enter(m, &more, 1000 + BD_WORKER_DEAD_MS), -1);
    assert_int_equal(bd_worker_enter(m, &more, 1001 + BD_WORKER_DEAD_MS), 0);
    assert_int_equal(more.slot, 9);
    assert_int_equal(bd_worker_beat(m, &w[9], 3001), -1);

    /* one that was found dead by its process */

    bd_worker_died(m, &w[9]);
    assert_int_equal(bd_worker_beat(m, &more, 3001), 0);
    bd_worker_died(m, &w[10]);
    assert_int_equal(bd_worker_beat(m, &w[10], 3001), -1);

    free(m);
}


static void
test_flight_follow(void **state)
{
    size_t        len;
    bd_look_t     look;
    bd_slots_t    wake;
    bd_flight_t   f;
    test_host_t   h;

    (void) state;

    test_host(&h);

    bd_memory_look(h.m, &h.pair.pair, 1000, NULL, 0, &look);
    assert_int_equal(look.flying, 1);
    assert_int_equal(bd_flight_stands(h.m, &h.flight), 1);
    assert_int_equal(test_usage(h.m).flights, 1);

    assert_int_equal(test_join(&h, &h.a, 1001, &f), BD_FLIGHT_MINE);
    assert_int_equal(f.token, h.flight.token);
    assert_int_equal(test_join(&h, &h.b, 1001, &f), BD_FLIGHT_FOLLOWS);
    assert_int_equal(f.token, h.flight.token);
    assert_int_equal(f.block, h.flight.block);
    assert_int_equal(test_join(&h, &h.c, 1001, &f), BD_FLIGHT_FOLLOWS);
    assert_int_equal(test_join(&h, &h.b, 1001, &f), BD_FLIGHT_FOLLOWS);

    assert_int_equal(test_look(&h, &h.b, 1002, &len), BD_FLIGHT_RUNNING);

    bd_flight_end(h.m, &h.flight, bd_slice(test_result), 1100, &wake);
    assert_int_equal(bd_slots_has(&wake, h.a.slot), 0);
    assert_int_equal(bd_slots_has(&wake, h.b.slot), 1);
    assert_int_equal(bd_slots_has(&wake, h.c.slot), 1);
    assert_int_equal(bd_flight_stands(h.m, &h.flight), 0);
    test_check(h.m);

    bd_memory_look(h.m, &h.pair.pair, 1000, NULL, 0, &look);
    assert_int_equal(look.flying, 0);

    /* ended once */

    bd_flight_end(h.m, &h.flight, bd_slice("x"), 1100, &wake);
    assert_int_equal(bd_slots_has(&wake, h.b.slot), 0);

    /* too small a buffer: come again */

    assert_int_equal(bd_flight_look(h.m, &h.flight, &h.b, 1101, test_buf,
                                    sizeof(test_result) - 2, &len),
                     BD_FLIGHT_ENDED);
    assert_int_equal(len, sizeof(test_result) - 1);

    assert_int_equal(test_look(&h, &h.b, 1101, &len), BD_FLIGHT_ENDED);
    assert_int_equal(len, sizeof(test_result) - 1);
    assert_memory_equal(test_buf, test_result, len);
    test_check(h.m);

    /* a new one meanwhile is another flight */

    assert_int_equal(test_join(&h, &h.b, 1102, &f), BD_FLIGHT_LEADS);
    assert_int_not_equal(f.token, h.flight.token);
    bd_flight_end(h.m, &f, bd_slice(""), 1103, &wake);

    assert_int_equal(test_look(&h, &h.c, 1104, &len), BD_FLIGHT_ENDED);
    assert_int_equal(len, sizeof(test_result) - 1);
    assert_int_equal(test_look(&h, &h.c, 1104, &len), BD_FLIGHT_DEAD);

    test_done(&h);
}


/* Nobody follows: nothing is kept. */

static void
test_flight_alone(void **state)
{
    bd_slots_t   wake;
    test_host_t  h;

    (void) state;

    test_host(&h);
    bd_flight_end(h.m, &h.flight, bd_slice(test_result), 1100, &wake);
    test_done(&h);

    test_host(&h);
    assert_int_equal(test_join(&h, &h.b, 1001, &h.flight), BD_FLIGHT_FOLLOWS);
    bd_flight_leave(h.m, &h.flight, &h.b);
    bd_flight_leave(h.m, &h.flight, &h.c);
    bd_flight_end(h.m, &h.flight, bd_slice(test_result), 1100, &wake);
    test_done(&h);
}


static void
test_flight_empty_result(void **state)
{
    size_t        len;
    bd_slots_t    wake;
    bd_flight_t   f;
    test_host_t   h;

    static uint8_t  huge[TEST_SMALL];

    (void) state;

    test_host(&h);
    assert_int_equal(test_join(&h, &h.b, 1001, &f), BD_FLIGHT_FOLLOWS);
    bd_flight_end(h.m, &h.flight, bd_slice(""), 1100, &wake);
    assert_int_equal(bd_slots_has(&wake, h.b.slot), 1);
    assert_int_equal(test_look(&h, &h.b, 1101, &len), BD_FLIGHT_ENDED);
    assert_int_equal(len, 0);
    test_done(&h);

    /* as is one there is no room for */

    test_host(&h);
    assert_int_equal(test_join(&h, &h.b, 1001, &f), BD_FLIGHT_FOLLOWS);
    bd_flight_end(h.m, &h.flight, bd_slice_make(huge, sizeof(huge)), 1100,
                  &wake);
    assert_int_equal(test_look(&h, &h.b, 1101, &len), BD_FLIGHT_ENDED);
    assert_int_equal(len, 0);
    test_done(&h);
}


static void
test_flight_leader_dead(void **state)
{
    int           how;
    size_t        len;
    int64_t       mono;
    uint64_t      old;
    bd_look_t     look;
    bd_slots_t    wake;
    bd_flight_t   f, new;
    test_host_t   h;

    (void) state;

    for (how = 0; how < 3; how++) {
        test_host(&h);
        assert_int_equal(test_join(&h, &h.b, 1001, &f), BD_FLIGHT_FOLLOWS);
        mono = 1002;

        if (how == 0) {
            mono = 1000 + BD_WORKER_DEAD_MS;
            bd_worker_beat(h.m, &h.b, mono);
            bd_worker_beat(h.m, &h.c, mono);

        } else if (how == 1) {
            bd_worker_died(h.m, &h.a);

        } else {
            bd_worker_leave(h.m, &h.a);
        }

        bd_memory_look(h.m, &h.pair.pair, mono, NULL, 0, &look);
        assert_int_equal(look.flying, 0);

        assert_int_equal(test_look(&h, &h.b, mono, &len), BD_FLIGHT_DEAD);

        assert_int_equal(bd_flight_join(h.m, &h.pair.pair, &h.c, mono, &new,
                                        &old), BD_FLIGHT_LEADS);
        assert_int_equal(old, h.flight.token);
        assert_int_not_equal(new.token, old);
        assert_int_equal(bd_flight_stands(h.m, &h.flight), 0);
        assert_int_equal(bd_flight_stands(h.m, &new), 1);
        test_check(h.m);

        assert_int_equal(test_join(&h, &h.b, mono, &f), BD_FLIGHT_FOLLOWS);
        assert_int_equal(f.token, new.token);

        /* the old leader was but slow */

        bd_flight_end(h.m, &h.flight, bd_slice("x"), mono, &wake);
        assert_int_equal(bd_slots_has(&wake, h.b.slot), 0);
        assert_int_equal(bd_flight_stands(h.m, &new), 1);

        if (how != 0) {
            assert_int_equal(test_join(&h, &h.a, mono, &f), BD_FLIGHT_NO_ROOM);
        }

        bd_flight_end(h.m, &new, bd_slice(""), mono, &wake);
        assert_int_equal(bd_slots_has(&wake, h.b.slot), 1);
        bd_worker_leave(h.m, &h.b);
        test_done(&h);
    }
}


/* Whoever follows the flight that was replaced is told so. */

static void
test_flight_replaced(void **state)
{
    size_t        len;
    uint64_t      old;
    bd_slots_t    wake;
    bd_flight_t   f, new;
    test_host_t   h;

    (void) state;

    test_host(&h);
    assert_int_equal(test_join(&h, &h.b, 1001, &f), BD_FLIGHT_FOLLOWS);
    bd_worker_died(h.m, &h.a);
    assert_int_equal(bd_flight_join(h.m, &h.pair.pair, &h.c, 1002, &new, &old),
                     BD_FLIGHT_LEADS);
    assert_int_equal(old, f.token);
    bd_flight_end(h.m, &new, bd_slice("result"), 1003, &wake);

    test_check(h.m);
    assert_int_equal(test_usage(h.m).flights, 1);
    assert_int_equal(test_look(&h, &h.b, 1004, &len), BD_FLIGHT_DEAD);
    test_done(&h);
}


static void
test_flight_invalidated(void **state)
{
    size_t        len;
    bd_slots_t    wake;
    bd_flight_t   f, new;
    test_host_t   h;

    (void) state;

    test_host(&h);
    assert_int_equal(test_join(&h, &h.b, 1001, &f), BD_FLIGHT_FOLLOWS);

    bd_memory_invalidate(h.m, h.pair.pair.id, BD_GONE, 1);
    assert_int_equal(bd_flight_stands(h.m, &h.flight), 0);
    assert_int_equal(test_look(&h, &h.b, 1002, &len), BD_FLIGHT_RUNNING);
    test_check(h.m);

    assert_int_equal(test_join(&h, &h.c, 1002, &new), BD_FLIGHT_LEADS);
    assert_int_equal(bd_flight_stands(h.m, &new), 1);

    /* those who came before have their result */

    bd_flight_end(h.m, &h.flight, bd_slice("result"), 1003, &wake);
    assert_int_equal(bd_slots_has(&wake, h.b.slot), 1);
    assert_int_equal(bd_flight_stands(h.m, &new), 1);
    assert_int_equal(test_look(&h, &h.b, 1004, &len), BD_FLIGHT_ENDED);
    assert_int_equal(len, 6);

    bd_memory_flush(h.m);
    assert_int_equal(bd_flight_stands(h.m, &new), 0);
    bd_flight_end(h.m, &new, bd_slice("result"), 1003, &wake);
    test_done(&h);
}


static void
test_flight_sweep(void **state)
{
    size_t        len;
    bd_slots_t    wake;
    bd_flight_t   f;
    test_host_t   h;

    (void) state;

    /* a result that nobody fetches */

    test_host(&h);
    assert_int_equal(test_join(&h, &h.b, 1001, &f), BD_FLIGHT_FOLLOWS);
    bd_flight_end(h.m, &h.flight, bd_slice(test_result), 1100, &wake);
    bd_flight_sweep(h.m, 1099 + BD_FLIGHT_KEEP_MS);
    assert_int_equal(test_usage(h.m).flights, 1);
    bd_flight_sweep(h.m, 1100 + BD_FLIGHT_KEEP_MS);
    assert_int_equal(test_look(&h, &h.b, 4000, &len), BD_FLIGHT_DEAD);
    test_done(&h);

    /* a leader that died; one that is alive may take its time */

    test_host(&h);
    bd_worker_beat(h.m, &h.a, 9000);
    bd_flight_sweep(h.m, 9001);
    bd_flight_sweep(h.m, 9000 + BD_WORKER_DEAD_MS);
    bd_worker_beat(h.m, &h.a, 12000);
    bd_flight_sweep(h.m, 12001);
    bd_flight_sweep(h.m, 12000 + BD_WORKER_DEAD_MS);
    bd_flight_sweep(h.m, 11999 + BD_WORKER_DEAD_MS + BD_FLIGHT_KEEP_MS);
    assert_int_equal(test_usage(h.m).flights, 1);
    assert_int_equal(bd_flight_stands(h.m, &h.flight), 1);
    bd_flight_sweep(h.m, 12000 + BD_WORKER_DEAD_MS + BD_FLIGHT_KEEP_MS);
    test_done(&h);

    /* a leader that died after its job was invalidated */

    test_host(&h);
    bd_memory_invalidate(h.m, h.pair.pair.id, BD_GONE, 1);
    bd_worker_died(h.m, &h.a);
    bd_flight_sweep(h.m, 2000);
    bd_flight_sweep(h.m, 2000 + BD_FLIGHT_KEEP_MS);
    test_done(&h);
}


/* A slot that was taken over follows nothing of what its last holder did. */

static void
test_flight_slot_taken(void **state)
{
    bd_slots_t    wake;
    bd_flight_t   f;
    bd_worker_t   d;
    test_host_t   h;

    (void) state;

    test_host(&h);
    assert_int_equal(test_join(&h, &h.b, 1001, &f), BD_FLIGHT_FOLLOWS);
    bd_worker_beat(h.m, &h.a, 3000);
    bd_worker_beat(h.m, &h.c, 3000);

    do {
        assert_int_equal(bd_worker_enter(h.m, &d, 3000), 0);
    } while (d.slot == d.number - 1);

    assert_int_equal(d.slot, h.b.slot);

    bd_flight_end(h.m, &h.flight, bd_slice("x"), 3001, &wake);
    assert_int_equal(bd_slots_has(&wake, d.slot), 0);
    test_done(&h);
}


/* The renewal of a credential, beside the flight of a job. */

static void
test_flight_credential(void **state)
{
    uint64_t      old;
    bd_look_t     look;
    bd_slots_t    wake;
    bd_flight_t   f, g;
    test_host_t   h;
    test_pair_t   t;

    (void) state;

    test_host(&h);
    test_pair(&t, 1, 0);

    assert_int_equal(bd_flight_join(h.m, &t.pair, &h.b, 1001, &f, &old),
                     BD_FLIGHT_LEADS);
    assert_int_equal(bd_flight_join(h.m, &t.pair, &h.c, 1001, &g, &old),
                     BD_FLIGHT_FOLLOWS);
    bd_memory_look(h.m, &t.pair, 1001, NULL, 0, &look);
    assert_int_equal(look.flying, 1);

    /* invalidating a job is none of it, a flush is */

    bd_memory_invalidate(h.m, h.pair.pair.id, BD_GONE, 1);
    assert_int_equal(bd_flight_stands(h.m, &f), 1);
    bd_memory_flush(h.m);
    assert_int_equal(bd_flight_stands(h.m, &f), 0);

    bd_flight_end(h.m, &f, bd_slice(""), 1002, &wake);
    assert_int_equal(bd_slots_has(&wake, h.c.slot), 1);
    bd_flight_end(h.m, &h.flight, bd_slice(""), 1002, &wake);
    bd_flight_leave(h.m, &f, &h.c);
    test_done(&h);
}


static void
test_flight_no_room(void **state)
{
    size_t        n, len;
    uint64_t      old;
    bd_slots_t    wake;
    bd_flight_t   f, *all;
    bd_flight_e   how;
    bd_worker_t   nobody;
    test_host_t   h;
    test_pair_t   t;

    (void) state;

    test_host(&h);

    all = calloc(test_usage(h.m).blocks, sizeof(bd_flight_t));
    assert_non_null(all);

    for (n = 0; ; n++) {
        how = bd_flight_join(h.m, test_pair(&t, 1, (unsigned) n + 10), &h.a,
                             1001, &all[n], &old);

        if (how == BD_FLIGHT_NO_ROOM) {
            break;
        }

        assert_int_equal(how, BD_FLIGHT_LEADS);
    }

    assert_int_equal(all[n].token, 0);
    assert_in_range(n, test_usage(h.m).blocks / 2 - 2,
                    test_usage(h.m).blocks / 2);
    test_check(h.m);

    /* nothing else finds room either, and nothing breaks */

    assert_int_equal(bd_memory_fill(h.m, &t.pair,
                                    bd_memory_epoch(h.m, t.pair.id),
                                    bd_slice("entry"), 1, 1, 1), 0);
    assert_int_equal(test_join(&h, &h.b, 1001, &f), BD_FLIGHT_FOLLOWS);
    bd_flight_end(h.m, &h.flight, bd_slice(test_result), 1002, &wake);
    assert_int_equal(test_look(&h, &h.b, 1003, &len), BD_FLIGHT_ENDED);
    test_check(h.m);

    while (n-- != 0) {
        bd_flight_end(h.m, &all[n], bd_slice(test_result), 1002, &wake);
    }

    /* workers without a slot, and any bytes */

    nobody.slot = 0;
    nobody.number = 0;
    assert_int_equal(test_join(&h, &nobody, 1001, &f), BD_FLIGHT_NO_ROOM);
    nobody.slot = UINT32_MAX;
    nobody.number = 1;
    assert_int_equal(test_join(&h, &nobody, 1001, &f), BD_FLIGHT_NO_ROOM);
    assert_int_equal(bd_flight_look(h.m, &f, &nobody, 1, NULL, 0, &len),
                     BD_FLIGHT_DEAD);

    f.block = UINT32_MAX;
    f.token = UINT64_MAX;
    assert_int_equal(bd_flight_stands(h.m, &f), 0);
    bd_flight_leave(h.m, &f, &nobody);

    free(all);
    test_done(&h);
}


/* A token of before the memory was emptied is not found in it again. */

static void
test_flight_emptied(void **state)
{
    size_t        len;
    bd_slots_t    wake;
    bd_flight_t   f, old;
    test_host_t   h;

    (void) state;

    test_host(&h);
    old = h.flight;
    assert_int_equal(test_join(&h, &h.b, 1001, &f), BD_FLIGHT_FOLLOWS);

    assert_int_equal(bd_memory_enter(h.m), 0);
    assert_int_equal(bd_memory_enter(h.m), 1);
    bd_memory_leave(h.m);

    assert_int_equal(test_usage(h.m).flights, 0);
    assert_int_equal(test_look(&h, &h.b, 1002, &len), BD_FLIGHT_DEAD);

    /* workers keep their slots */

    assert_int_equal(bd_worker_beat(h.m, &h.a, 1002), 0);
    assert_int_equal(test_join(&h, &h.b, 1003, &f), BD_FLIGHT_LEADS);
    assert_int_equal(f.block, old.block);
    assert_int_equal(bd_flight_stands(h.m, &old), 0);
    bd_flight_end(h.m, &old, bd_slice("x"), 1004, &wake);
    assert_int_equal(bd_flight_stands(h.m, &f), 1);
    bd_flight_end(h.m, &f, bd_slice("x"), 1004, &wake);
    test_done(&h);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_flight_workers),
        cmocka_unit_test(test_flight_follow),
        cmocka_unit_test(test_flight_alone),
        cmocka_unit_test(test_flight_empty_result),
        cmocka_unit_test(test_flight_leader_dead),
        cmocka_unit_test(test_flight_replaced),
        cmocka_unit_test(test_flight_invalidated),
        cmocka_unit_test(test_flight_sweep),
        cmocka_unit_test(test_flight_slot_taken),
        cmocka_unit_test(test_flight_credential),
        cmocka_unit_test(test_flight_no_room),
        cmocka_unit_test(test_flight_emptied)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
