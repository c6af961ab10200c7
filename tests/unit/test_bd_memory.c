/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Tests of bd_memory: each clause of the header, the order in which cells go,
 * and the bounds of what may push out what.  Sureness is in
 * test_bd_memory_sure.c, what random operations do in test_bd_memory_random.c.
 */


#include "bd_test_memory.h"


/* Bytes of any length that know whose they are. */
static uint8_t  test_data[200000];
static uint8_t  test_buf[200000];


static bd_slice_t
test_bytes(unsigned seed, size_t len)
{
    size_t  i;

    for (i = 0; i < len; i++) {
        test_data[i] = (uint8_t) (seed + i * 31 + i / 256);
    }

    return bd_slice_make(test_data, len);
}


static int
test_fill(bd_memory_t *m, const bd_pair_t *pair, unsigned seed, size_t len,
    int64_t fetched, int64_t known)
{
    return bd_memory_fill(m, pair, bd_memory_epoch(m, pair->id),
                          test_bytes(seed, len), fetched, 60000, known);
}


static int
test_refuse(bd_memory_t *m, const bd_pair_t *pair, size_t len, int64_t mono)
{
    return bd_memory_outcome(m, pair, bd_memory_epoch(m, pair->id),
                             BD_OUTCOME_REFUSAL, test_bytes(1, len), mono,
                             mono + 10000, 1);
}


static bd_look_t
test_look(bd_memory_t *m, const bd_pair_t *pair, int64_t mono)
{
    bd_look_t  look;

    memset(&look, 0xff, sizeof(look));
    bd_memory_look(m, pair, mono, test_buf, sizeof(test_buf), &look);

    return look;
}


static void
test_memory_init(void **state)
{
    uint64_t     *p;
    bd_look_t     look;
    test_pair_t   t;
    bd_memory_t  *m;

    (void) state;

    p = calloc(1, TEST_SMALL);
    assert_non_null(p);

    assert_int_equal(bd_memory_valid((bd_memory_t *) p, TEST_SMALL), 0);
    assert_null(bd_memory_init(p, TEST_SMALL - 1, 1));

    m = bd_memory_init(p, TEST_SMALL, 1);
    assert_ptr_equal(m, p);
    assert_int_equal(bd_memory_valid(m, TEST_SMALL), 1);
    assert_int_equal(bd_memory_valid(m, TEST_SMALL + 256), 0);
    test_check(m);

    /* most of even the smallest is blocks, the last one within it */

    assert_in_range(test_usage(m).blocks, 350, 512);
    assert_in_range((uint8_t *) bd_block(&m->blocks, m->blocks.n)
                    + BD_BLOCK_SIZE - (uint8_t *) p,
                    TEST_SMALL - BD_BLOCK_SIZE + 1, TEST_SMALL);

    look = test_look(m, test_pair(&t, 1, 1), 5);
    assert_int_equal(look.entry_len, 0);
    assert_int_equal(look.outcome, BD_OUTCOME_NONE);
    assert_int_equal(look.flying, 0);
    assert_int_equal(look.journaled, 0);
    assert_int_equal(look.accepted_ms, 0);
    assert_int_equal(look.hold_len, 0);
    assert_int_equal(look.epoch, bd_memory_epoch(m, t.pair.id));

    free(p);
}


static void
test_memory_entry(void **state)
{
    size_t        i;
    uint64_t      epoch;
    bd_look_t     look;
    test_pair_t   t, other;
    bd_memory_t  *m;

    static const size_t  lens[] = {
        1, 251, 252, 253, 504, 505, 716, 5000, 40000, 1
    };

    (void) state;

    m = test_memory(TEST_SMALL);
    bd_memory_alone(m);
    test_pair(&t, 1, 1);

    for (i = 0; i < bd_test_count(lens); i++) {
        assert_int_equal(test_fill(m, &t.pair, (unsigned) i, lens[i],
                                   1000 + (int64_t) i, 7), 1);
        test_check(m);

        look = test_look(m, &t.pair, 100);
        assert_int_equal(look.entry_len, lens[i]);
        assert_int_equal(look.entry_copied, 1);
        assert_int_equal(look.fetched_ms, 1000 + i);
        assert_int_equal(look.ttl_ms, 60000);
        assert_int_equal(look.known_ms, 7);
        assert_int_equal(look.doubtful, 0);
        test_bytes((unsigned) i, lens[i]);
        assert_memory_equal(test_buf, test_data, lens[i]);

        bd_memory_look(m, &t.pair, 100, test_buf, lens[i] - 1, &look);
        assert_int_equal(look.entry_len, lens[i]);
        assert_int_equal(look.entry_copied, 0);

        assert_int_equal(test_usage(m).entries, 1);
        assert_int_equal(test_usage(m).blocks_free,
                         test_usage(m).blocks - 1 - (lens[i] + 251) / 252);
    }

    /* another credential, another job */

    assert_int_equal(test_look(m, test_pair(&other, 2, 1), 1).entry_len, 0);
    assert_int_equal(test_look(m, test_pair(&other, 1, 2), 1).entry_len, 0);

    /* of a fetch that began earlier, of a later one */

    assert_int_equal(test_fill(m, &t.pair, 1, 10, 1008, 7), 0);
    assert_int_equal(test_look(m, &t.pair, 1).entry_len, 1);
    assert_int_equal(test_fill(m, &t.pair, 1, 10, 1010, 7), 1);
    assert_int_equal(test_look(m, &t.pair, 1).entry_len, 10);

    /* nothing, for nobody, of an epoch that is past */

    assert_int_equal(test_fill(m, &t.pair, 1, 0, 2000, 7), 0);
    test_pair(&other, 1, 0);
    assert_int_equal(test_fill(m, &other.pair, 1, 10, 2000, 7), 0);
    assert_int_equal(test_refuse(m, &other.pair, 10, 7), 0);

    epoch = bd_memory_epoch(m, t.pair.id);
    assert_int_equal(bd_memory_invalidate(m, t.pair.id, BD_GONE, 1), 1);
    assert_int_not_equal(bd_memory_epoch(m, t.pair.id), epoch);
    assert_int_equal(bd_memory_fill(m, &t.pair, epoch, bd_slice("x"), 3000, 1,
                                    7), 0);
    assert_int_equal(bd_memory_outcome(m, &t.pair, epoch, BD_OUTCOME_REFUSAL,
                                       bd_slice("x"), 7, 99, 1), 0);

    assert_int_equal(test_usage(m).blocks_free, test_usage(m).blocks);
    assert_int_equal(test_usage(m).evicted, 0);

    free(m);
}


/* An entry of the very fetch that is there already: what it tells is when it
 * was known to be current, and that it has expired. */

static void
test_memory_confirm(void **state)
{
    size_t        i;
    uint64_t      epoch;
    bd_look_t     look;
    test_pair_t   t;
    bd_memory_t  *m;

    static const struct {
        int64_t       known;
        uint32_t      ttl;
        int64_t       known_after;
        uint32_t      ttl_after;
    } cases[] = {
        { 100, 60000, 100, 60000 },
        { 150, 60000, 150, 60000 },
        { 120, 90000, 150, 60000 },     /* neither of them goes back */
        { 150,   500, 150,   500 },
        { 200,  1000, 200,   500 },
        { 100,     0, 200,     0 },
        { 300, 60000, 300,     0 }
    };

    (void) state;

    m = test_memory(TEST_SMALL);
    bd_memory_sure(m, 100, 100, 1000);
    test_pair(&t, 1, 1);
    epoch = bd_memory_epoch(m, t.pair.id);

    assert_int_equal(test_fill(m, &t.pair, 1, 300, 5000, 100), 1);
    assert_int_equal(bd_memory_outcome(m, &t.pair, epoch, BD_OUTCOME_FAILURE,
                                       bd_slice("503"), 100, 900, 0), 1);

    for (i = 0; i < bd_test_count(cases); i++) {

        /* whatever its bytes are, and if there were no room for them */

        assert_int_equal(bd_memory_fill(m, &t.pair, epoch,
                                        test_bytes(2, i % 2 ? 100000 : 10),
                                        5000, cases[i].ttl, cases[i].known),
                         1);
        test_check(m);

        look = test_look(m, &t.pair, 500);
        assert_int_equal(look.entry_len, 300);
        assert_int_equal(look.fetched_ms, 5000);
        assert_int_equal(look.known_ms, cases[i].known_after);
        assert_int_equal(look.ttl_ms, cases[i].ttl_after);
        assert_int_equal(look.outcome, BD_OUTCOME_FAILURE);
        assert_int_equal(look.outcome_len, 3);
        assert_int_equal(look.outcome_until, 900);
        test_bytes(1, 300);
        assert_memory_equal(test_buf, test_data, 300);
    }

    assert_int_equal(test_usage(m).entries, 1);
    assert_int_equal(test_usage(m).outcomes, 1);

    /* what must not be filled in does not confirm either */

    assert_int_equal(test_fill(m, &t.pair, 1, 300, 5000, 99), 0);
    assert_int_equal(bd_memory_fill(m, &t.pair, epoch - 1, bd_slice("x"), 5000,
                                    0, 400), 0);
    assert_int_equal(test_look(m, &t.pair, 500).known_ms, 300);

    /* an invalidation's end stays, whatever a copy elsewhere says */

    assert_int_equal(test_fill(m, &t.pair, 1, 300, 5001, 300), 1);
    assert_int_equal(test_look(m, &t.pair, 500).outcome, BD_OUTCOME_FAILURE);
    bd_memory_invalidate(m, t.pair.id, BD_EXPIRED, 5101);
    assert_int_equal(test_fill(m, &t.pair, 1, 300, 5001, 400), 1);
    look = test_look(m, &t.pair, 500);
    assert_int_equal(look.known_ms, 400);
    assert_int_equal(look.ttl_ms, 100);

    /* one that is not told any more is not confirmed, but replaced */

    bd_memory_sure(m, 1100, 1200, 1700);
    assert_int_equal(test_fill(m, &t.pair, 3, 10, 5001, 1150), 1);
    look = test_look(m, &t.pair, 1250);
    assert_int_equal(look.entry_len, 10);
    assert_int_equal(look.known_ms, 1150);
    assert_int_equal(look.ttl_ms, 60000);

    /* nor is one that has gone, though its cell has not */

    bd_memory_outcome(m, &t.pair, epoch, BD_OUTCOME_FAILURE, bd_slice("503"),
                      1155, 9999, 0);
    bd_memory_invalidate(m, t.pair.id, BD_GONE, 5101);
    assert_int_equal(test_fill(m, &t.pair, 4, 20, 5001, 1160), 1);
    look = test_look(m, &t.pair, 1250);
    assert_int_equal(look.entry_len, 20);
    assert_int_equal(look.outcome, BD_OUTCOME_FAILURE);
    assert_int_equal(look.outcome_until, 9999);
    test_check(m);

    free(m);
}


/* Ids that are too long are nobody's. */

static void
test_memory_long_id(void **state)
{
    uint8_t       id[BD_ID_MAX + 1];
    bd_pair_t     pair;
    bd_flight_t   flight;
    bd_worker_t   w;
    uint64_t      old;
    bd_memory_t  *m;

    (void) state;

    m = test_memory(TEST_SMALL);
    bd_memory_alone(m);
    bd_worker_enter(m, &w, 1);

    memset(id, 'i', sizeof(id));
    pair.credential = test_data;
    pair.id = bd_slice_make(id, sizeof(id));

    assert_int_equal(test_fill(m, &pair, 1, 10, 1, 1), 0);
    assert_int_equal(test_refuse(m, &pair, 10, 1), 0);
    assert_int_equal(test_look(m, &pair, 1).entry_len, 0);
    assert_int_equal(bd_memory_invalidate(m, pair.id, BD_GONE, 1), 0);
    assert_int_equal(bd_memory_outcome_copy(m, &pair, test_buf, 10), 0);
    bd_memory_drop(m, &pair);
    assert_int_equal(bd_flight_join(m, &pair, &w, 1, &flight, &old),
                     BD_FLIGHT_NO_ROOM);

    pair.id.len = BD_ID_MAX;
    assert_int_equal(test_fill(m, &pair, 1, 10, 1, 1), 1);
    assert_int_equal(test_look(m, &pair, 1).entry_len, 10);
    test_check(m);

    free(m);
}


static void
test_memory_outcome(void **state)
{
    uint64_t      epoch;
    bd_look_t     look;
    test_pair_t   t;
    bd_memory_t  *m;

    (void) state;

    m = test_memory(TEST_SMALL);
    bd_memory_alone(m);
    test_pair(&t, 1, 1);
    epoch = bd_memory_epoch(m, t.pair.id);

    assert_int_equal(bd_memory_outcome(m, &t.pair, epoch, BD_OUTCOME_REFUSAL,
                                       bd_slice("404"), 100, 900, 0), 1);
    look = test_look(m, &t.pair, 5000);
    assert_int_equal(look.outcome, BD_OUTCOME_REFUSAL);
    assert_int_equal(look.outcome_len, 3);
    assert_int_equal(look.outcome_until, 900);
    assert_int_equal(test_usage(m).outcomes, 1);
    assert_int_equal(bd_memory_outcome_copy(m, &t.pair, test_buf, 2), 0);
    assert_int_equal(bd_memory_outcome_copy(m, &t.pair, test_buf, 3), 3);
    assert_memory_equal(test_buf, "404", 3);
    test_check(m);

    /* both, then the entry dropped */

    assert_int_equal(test_fill(m, &t.pair, 1, 300, 1000, 7), 1);
    assert_int_equal(bd_memory_outcome(m, &t.pair, epoch, BD_OUTCOME_FAILURE,
                                       bd_slice(""), 100, 900, 0), 1);
    look = test_look(m, &t.pair, 1);
    assert_int_equal(look.entry_len, 300);
    assert_int_equal(look.outcome, BD_OUTCOME_FAILURE);
    assert_int_equal(look.outcome_len, 0);
    test_check(m);

    assert_int_equal(test_refuse(m, &t.pair, 600, 100), 1);
    look = test_look(m, &t.pair, 1);
    assert_int_equal(look.entry_len, 0);
    assert_int_equal(look.outcome, BD_OUTCOME_REFUSAL);
    assert_int_equal(look.outcome_len, 600);
    test_check(m);

    /* no room for it: the entry goes nevertheless */

    assert_int_equal(test_fill(m, &t.pair, 1, 300, 1000, 7), 1);
    assert_int_equal(test_refuse(m, &t.pair, 50000, 100), 0);
    look = test_look(m, &t.pair, 1);
    assert_int_equal(look.entry_len, 0);
    assert_int_equal(look.outcome, BD_OUTCOME_NONE);
    assert_int_equal(test_usage(m).blocks_free, test_usage(m).blocks);

    /* drop */

    test_fill(m, &t.pair, 1, 300, 1000, 7);
    test_refuse(m, &t.pair, 600, 100);
    bd_memory_drop(m, &t.pair);
    bd_memory_drop(m, &t.pair);
    assert_int_equal(test_usage(m).blocks_free, test_usage(m).blocks);
    test_check(m);

    free(m);
}


/* A fill leaves the outcome alone, be it one that there is no room for, or one
 * that takes the place of another entry. */

static void
test_memory_outcome_stays(void **state)
{
    size_t         i, j;
    uint64_t       epoch;
    bd_look_t      look;
    test_pair_t    t;
    bd_memory_t   *m;

    static const bd_outcome_e  outcomes[] = {
        BD_OUTCOME_REFUSAL, BD_OUTCOME_FAILURE
    };

    static const struct {
        size_t        len;
        int64_t       fetched;
        int           stored;
        size_t        entry_len;
    } fills[] = {
        {    300, 1000, 1,  300 },
        {   2000, 1001, 1, 2000 },
        {    300, 1000, 0, 2000 },      /* of an earlier fetch */
        { 100000, 1002, 0,    0 },      /* no room */
        {     10, 1003, 1,   10 }
    };

    (void) state;

    for (i = 0; i < bd_test_count(outcomes); i++) {
        m = test_memory(TEST_SMALL);
        bd_memory_alone(m);
        test_pair(&t, 1, 1);
        epoch = bd_memory_epoch(m, t.pair.id);

        assert_int_equal(bd_memory_outcome(m, &t.pair, epoch, outcomes[i],
                                           test_bytes(9, 300), 100, 900, 0),
                         1);
        assert_int_equal(m->lists[BD_LIST_NEGATIVES].blocks, 3);

        for (j = 0; j < bd_test_count(fills); j++) {
            assert_int_equal(test_fill(m, &t.pair, 1, fills[j].len,
                                       fills[j].fetched, 7), fills[j].stored);
            test_check(m);

            look = test_look(m, &t.pair, 1);
            assert_int_equal(look.entry_len, fills[j].entry_len);
            assert_int_equal(look.outcome, outcomes[i]);
            assert_int_equal(look.outcome_len, 300);
            assert_int_equal(look.outcome_until, 900);
            assert_int_equal(bd_memory_outcome_copy(m, &t.pair, test_buf, 300),
                             300);
            test_bytes(9, 300);
            assert_memory_equal(test_buf, test_data, 300);

            assert_int_equal(test_usage(m).outcomes, 1);
            assert_int_equal(test_usage(m).entries, fills[j].entry_len != 0);
            assert_int_equal(m->lists[BD_LIST_NEGATIVES].blocks,
                             fills[j].entry_len != 0 ? 0 : 3);
        }

        free(m);
    }
}


/* BD_OUTCOME_NONE: nothing is remembered any more, whatever was. */

static void
test_memory_outcome_none(void **state)
{
    size_t         i;
    uint8_t        id[BD_ID_MAX + 1];
    uint64_t       epoch, old;
    bd_look_t      look;
    bd_pair_t      pair;
    bd_slots_t     wake;
    test_pair_t    t;
    bd_flight_t    f;
    bd_worker_t    w;
    bd_memory_t   *m;

    static const struct {
        bd_outcome_e  outcome;
        int           entry;
        int           drop;
    } cases[] = {
        { BD_OUTCOME_NONE,    0, 0 },
        { BD_OUTCOME_NONE,    1, 0 },
        { BD_OUTCOME_NONE,    1, 1 },
        { BD_OUTCOME_REFUSAL, 0, 0 },
        { BD_OUTCOME_REFUSAL, 1, 0 },
        { BD_OUTCOME_REFUSAL, 1, 1 },
        { BD_OUTCOME_FAILURE, 0, 1 },
        { BD_OUTCOME_FAILURE, 1, 0 },
        { BD_OUTCOME_FAILURE, 1, 1 }
    };

    (void) state;

    for (i = 0; i < bd_test_count(cases); i++) {
        m = test_memory(TEST_SMALL);
        bd_memory_alone(m);
        test_pair(&t, 1, 1);
        epoch = bd_memory_epoch(m, t.pair.id);

        if (cases[i].entry) {
            assert_int_equal(test_fill(m, &t.pair, 1, 300, 1000, 7), 1);
        }

        if (cases[i].outcome != BD_OUTCOME_NONE) {
            assert_int_equal(bd_memory_outcome(m, &t.pair, epoch,
                                               cases[i].outcome,
                                               test_bytes(9, 600), 100, 900,
                                               0), 1);
        }

        /* the bytes are nothing either, as many as there may be; nor does it
         * matter that the epoch is past */

        assert_int_equal(bd_memory_outcome(m, &t.pair, epoch - 1,
                                           BD_OUTCOME_NONE,
                                           test_bytes(1, i % 2 ? 50000 : 1),
                                           200, 5000, cases[i].drop), 1);
        test_check(m);

        look = test_look(m, &t.pair, 300);
        assert_int_equal(look.entry_len,
                         cases[i].entry && !cases[i].drop ? 300 : 0);
        assert_int_equal(look.outcome, BD_OUTCOME_NONE);
        assert_int_equal(look.outcome_len, 0);
        assert_int_equal(look.outcome_until, 0);
        assert_int_equal(bd_memory_outcome_copy(m, &t.pair, test_buf, 9999),
                         0);

        assert_int_equal(test_usage(m).outcomes, 0);
        assert_int_equal(test_usage(m).blocks - test_usage(m).blocks_free,
                         cases[i].entry && !cases[i].drop ? 3 : 0);

        free(m);
    }

    /* a cell that has a flight stays with it */

    m = test_memory(TEST_SMALL);
    bd_memory_alone(m);
    bd_worker_enter(m, &w, 1);
    test_pair(&t, 1, 1);
    test_refuse(m, &t.pair, 10, 1);
    assert_int_equal(bd_flight_join(m, &t.pair, &w, 1, &f, &old),
                     BD_FLIGHT_LEADS);
    assert_int_equal(bd_memory_outcome(m, &t.pair, 0, BD_OUTCOME_NONE,
                                       bd_slice(""), 1, 1, 0), 1);
    test_check(m);
    assert_int_equal(test_look(m, &t.pair, 1).outcome, BD_OUTCOME_NONE);
    assert_int_equal(test_look(m, &t.pair, 1).flying, 1);
    bd_flight_end(m, &f, bd_slice(""), 2, &wake);
    test_check(m);

    /* a credential, and an id that is too long, have none to be forgotten */

    memset(id, 'i', sizeof(id));
    pair = (bd_pair_t) { t.credential, bd_slice_make(id, sizeof(id)) };
    assert_int_equal(bd_memory_outcome(m, &pair, 0, BD_OUTCOME_NONE,
                                       bd_slice(""), 1, 1, 0), 0);

    bd_memory_reject(m, t.credential, 5, bd_slice("401"), 77);
    pair.id.len = 0;
    assert_int_equal(bd_memory_outcome(m, &pair, 0, BD_OUTCOME_NONE,
                                       bd_slice(""), 1, 1, 1), 0);
    assert_int_equal(test_look(m, &pair, 1).rejection_len, 3);
    test_check(m);

    free(m);
}


/* A failure is nothing that was learnt of the job, so no invalidation is in its
 * way, and none makes it forgotten. */

static void
test_memory_failure(void **state)
{
    size_t        i, free_n;
    uint64_t      epoch;
    bd_look_t     look;
    test_pair_t   t, u, v;
    bd_memory_t  *m;

    static const bd_invalidation_e  hows[] = { BD_GONE, BD_EXPIRED };

    (void) state;

    for (i = 0; i < bd_test_count(hows); i++) {
        m = test_memory(TEST_SMALL);
        bd_memory_alone(m);

        /* with an entry, without one, and a refusal beside them */

        test_pair(&t, 1, 1);
        test_pair(&u, 2, 1);
        test_pair(&v, 3, 1);
        epoch = bd_memory_epoch(m, t.pair.id);

        test_fill(m, &t.pair, 1, 600, 1000, 7);
        bd_memory_outcome(m, &t.pair, epoch, BD_OUTCOME_FAILURE,
                          test_bytes(1, 300), 7, 900, 0);
        bd_memory_outcome(m, &u.pair, epoch, BD_OUTCOME_FAILURE,
                          bd_slice(""), 8, 901, 0);
        test_refuse(m, &v.pair, 10, 9);
        assert_int_equal(m->lists[BD_LIST_ENTRIES].blocks, 6);
        assert_int_equal(m->lists[BD_LIST_NEGATIVES].blocks, 3);
        free_n = test_usage(m).blocks_free;

        assert_int_equal(bd_memory_invalidate(m, t.pair.id, hows[i], 1500), 1);
        test_check(m);

        look = test_look(m, &t.pair, 10);
        assert_int_equal(look.entry_len, hows[i] == BD_GONE ? 0 : 600);
        assert_int_equal(look.outcome, BD_OUTCOME_FAILURE);
        assert_int_equal(look.outcome_len, 300);
        assert_int_equal(look.outcome_until, 900);
        assert_int_equal(bd_memory_outcome_copy(m, &t.pair, test_buf, 300),
                         300);
        test_bytes(1, 300);
        assert_memory_equal(test_buf, test_data, 300);

        look = test_look(m, &u.pair, 10);
        assert_int_equal(look.outcome, BD_OUTCOME_FAILURE);
        assert_int_equal(look.outcome_until, 901);
        assert_int_equal(test_look(m, &v.pair, 10).outcome, BD_OUTCOME_NONE);
        assert_null(bd_cell_find(m, &v.pair));

        /* without its entry the cell is among those of failures */

        assert_int_equal(test_usage(m).outcomes, 2);
        assert_int_equal(test_usage(m).entries, hows[i] != BD_GONE);
        assert_int_equal(test_usage(m).blocks_free,
                         free_n + 2 + (hows[i] == BD_GONE ? 3 : 0));
        assert_int_equal(m->lists[BD_LIST_ENTRIES].blocks,
                         hows[i] == BD_GONE ? 0 : 6);
        assert_int_equal(m->lists[BD_LIST_NEGATIVES].blocks,
                         hows[i] == BD_GONE ? 4 : 1);

        /* of an epoch that is past: a failure, but no refusal, which does not
         * even take the place of one */

        assert_int_not_equal(bd_memory_epoch(m, t.pair.id), epoch);
        assert_int_equal(bd_memory_outcome(m, &v.pair, epoch,
                                           BD_OUTCOME_REFUSAL, bd_slice("404"),
                                           11, 902, 1), 0);
        assert_int_equal(bd_memory_outcome(m, &t.pair, epoch,
                                           BD_OUTCOME_REFUSAL, bd_slice("404"),
                                           11, 902, 1), 0);
        assert_int_equal(test_look(m, &v.pair, 12).outcome, BD_OUTCOME_NONE);
        assert_int_equal(test_look(m, &t.pair, 12).outcome_until, 900);

        assert_int_equal(bd_memory_outcome(m, &v.pair, epoch,
                                           BD_OUTCOME_FAILURE, bd_slice("502"),
                                           11, 903, 0), 1);
        look = test_look(m, &v.pair, 12);
        assert_int_equal(look.outcome, BD_OUTCOME_FAILURE);
        assert_int_equal(look.outcome_until, 903);
        test_check(m);

        /* what makes it forgotten */

        assert_int_equal(test_fill(m, &t.pair, 1, 600, 2000, 7), 1);
        assert_int_equal(test_look(m, &t.pair, 12).outcome,
                         BD_OUTCOME_FAILURE);
        assert_int_equal(bd_memory_outcome(m, &t.pair, epoch, BD_OUTCOME_NONE,
                                           bd_slice(""), 12, 0, 0), 1);
        assert_int_equal(test_look(m, &t.pair, 12).outcome, BD_OUTCOME_NONE);
        assert_int_equal(test_look(m, &t.pair, 12).entry_len, 600);
        bd_memory_drop(m, &u.pair);
        assert_int_equal(test_look(m, &u.pair, 12).outcome, BD_OUTCOME_NONE);
        bd_memory_flush(m);
        assert_int_equal(test_look(m, &v.pair, 12).outcome, BD_OUTCOME_NONE);
        assert_int_equal(test_usage(m).blocks_free, test_usage(m).blocks);
        test_check(m);

        free(m);
    }
}


static void
test_memory_invalidate(void **state)
{
    unsigned      i;
    bd_look_t     look;
    test_pair_t   t;
    bd_memory_t  *m;

    (void) state;

    m = test_memory(TEST_SMALL);
    bd_memory_alone(m);

    for (i = 1; i <= 9; i++) {
        test_fill(m, test_pair(&t, i, 1), i, 300, 1000, 7);
        test_fill(m, test_pair(&t, i, 2), i, 300, 1000, 7);
    }

    test_refuse(m, test_pair(&t, 10, 1), 300, 1000);
    bd_memory_outcome(m, test_pair(&t, 11, 1), bd_memory_epoch(m, t.pair.id),
                      BD_OUTCOME_FAILURE, bd_slice("x"), 1, 2, 0);

    assert_int_equal(bd_memory_invalidate(m, test_pair(&t, 1, 3)->id, BD_GONE,
                                          1500), 0);

    assert_int_equal(bd_memory_invalidate(m, test_pair(&t, 1, 1)->id,
                                          BD_EXPIRED, 1500), 9);
    test_check(m);

    for (i = 1; i <= 11; i++) {
        look = test_look(m, test_pair(&t, i, 1), 1);
        assert_int_equal(look.entry_len, i < 10 ? 300 : 0);
        assert_int_equal(look.ttl_ms, i < 10 ? 500 : 0);
        assert_int_equal(look.outcome, i == 11 ? BD_OUTCOME_FAILURE
                                               : BD_OUTCOME_NONE);
        look = test_look(m, test_pair(&t, i, 2), 1);
        assert_int_equal(look.ttl_ms, i < 10 ? 60000 : 0);
    }

    /* one that is stale already does not become fresh; that this was no TTL's
     * end is to be seen, so that nobody is given it while it is renewed */

    bd_memory_invalidate(m, test_pair(&t, 1, 1)->id, BD_EXPIRED, 1600);
    assert_int_equal(test_look(m, &t.pair, 1).ttl_ms, 499);
    bd_memory_invalidate(m, t.pair.id, BD_EXPIRED, 900);
    assert_int_equal(test_look(m, &t.pair, 1).ttl_ms, 0);
    bd_memory_invalidate(m, t.pair.id, BD_EXPIRED, INT64_MAX);
    assert_int_equal(test_look(m, &t.pair, 1).ttl_ms, 0);
    bd_memory_invalidate(m, t.pair.id, BD_EXPIRED, INT64_MIN);

    assert_int_equal(bd_memory_invalidate(m, t.pair.id, BD_GONE, 1500), 9);
    assert_int_equal(bd_memory_invalidate(m, t.pair.id, BD_GONE, 1500), 0);
    assert_int_equal(test_usage(m).entries, 9);
    test_check(m);

    bd_memory_flush(m);
    assert_int_equal(test_usage(m).blocks_free, test_usage(m).blocks);

    free(m);
}


/* Every epoch moves on by a flush; and a job's by its invalidation alone. */

static void
test_memory_epochs(void **state)
{
    unsigned      i, same;
    uint64_t      epochs[100];
    test_pair_t   t;
    bd_memory_t  *m;

    (void) state;

    m = test_memory(TEST_LARGE);
    same = 0;

    for (i = 0; i < 100; i++) {
        epochs[i] = bd_memory_epoch(m, test_pair(&t, 1, i + 1)->id);
    }

    bd_memory_invalidate(m, t.pair.id, BD_GONE, 1);

    for (i = 0; i < 100; i++) {
        same += (epochs[i] == bd_memory_epoch(m, test_pair(&t, 1, i + 1)->id));
    }

    assert_in_range(same, 97, 99);
    assert_int_not_equal(epochs[99], bd_memory_epoch(m, t.pair.id));

    bd_memory_flush(m);

    for (i = 0; i < 100; i++) {
        assert_int_not_equal(epochs[i],
                             bd_memory_epoch(m, test_pair(&t, 1, i + 1)->id));
    }

    free(m);
}


static void
test_memory_capacity(void **state)
{
    unsigned      i;
    bd_look_t     look;
    test_pair_t   t;
    bd_memory_t  *m;

    (void) state;

    m = test_memory(TEST_LARGE);
    bd_memory_alone(m);

    for (i = 1; i <= 14000; i++) {
        test_pair(&t, i % 100, i);
        assert_int_equal(t.pair.id.len, 36);
        assert_int_equal(test_fill(m, &t.pair, i, 716, 1000, 7), 1);
    }

    assert_int_equal(test_usage(m).evicted, 0);
    assert_int_equal(test_usage(m).entries, 14000);
    test_check(m);

    for (i = 1; i <= 14000; i++) {
        look = test_look(m, test_pair(&t, i % 100, i), 1);
        assert_int_equal(look.entry_copied, 1);
        test_bytes(i, 716);
        assert_memory_equal(test_buf, test_data, 716);
    }

    bd_memory_flush(m);
    assert_int_equal(test_usage(m).blocks_free, test_usage(m).blocks);

    free(m);
}


/*
 * The least recently used one goes first; to be looked at is to be used, and
 * the order is that of the last uses.
 */

static void
test_memory_lru(void **state)
{
    unsigned      i, n;
    test_pair_t   t;
    bd_memory_t  *m;

    (void) state;

    m = test_memory(TEST_SMALL);
    bd_memory_alone(m);

    n = (unsigned) test_usage(m).blocks / 8 * 2;

    for (i = 1; i <= n; i++) {
        assert_int_equal(test_fill(m, test_pair(&t, 1, i), i, 716, 1, 1), 1);
    }

    assert_int_equal(test_usage(m).evicted, 0);

    /* leaves the even ones oldest, upwards, then the odd ones, downwards */

    for (i = n - 1; i < n; i -= 2) {
        assert_int_equal(test_look(m, test_pair(&t, 1, i), 1).entry_len, 716);
    }

    while (m->blocks.free_n >= 4) {
        test_fill(m, test_pair(&t, 9, m->blocks.free_n), 1, 716, 1, 1);
    }

    for (i = 2; i <= n; i += 2) {
        assert_non_null(bd_cell_find(m, test_pair(&t, 1, i)));
        assert_int_equal(test_fill(m, test_pair(&t, 2, i), i, 716, 1, 1), 1);
        assert_null(bd_cell_find(m, test_pair(&t, 1, i)));
        assert_int_equal(test_usage(m).evicted, i / 2);
    }

    for (i = n - 1; i < n; i -= 2) {
        assert_non_null(bd_cell_find(m, test_pair(&t, 1, i)));
        assert_int_equal(test_fill(m, test_pair(&t, 2, i), i, 716, 1, 1), 1);
        assert_null(bd_cell_find(m, test_pair(&t, 1, i)));
    }

    assert_int_equal(test_usage(m).evicted, n);
    test_check(m);

    free(m);
}


/* The long go for the short, and one of half the region is too long. */

static void
test_memory_long(void **state)
{
    size_t        most;
    unsigned      i;
    test_pair_t   t;
    bd_memory_t  *m;

    (void) state;

    m = test_memory(TEST_SMALL);
    bd_memory_alone(m);
    most = test_usage(m).blocks / 2 * 252;

    for (i = 1; i <= 20; i++) {
        assert_int_equal(test_fill(m, test_pair(&t, 1, i), i, most, 1, 1), 1);
        assert_int_equal(test_look(m, &t.pair, 1).entry_copied, 1);
        test_bytes(i, most);
        assert_memory_equal(test_buf, test_data, most);
        test_check(m);
    }

    assert_in_range(test_usage(m).entries, 1, 2);

    /* in its own place: it does not push out itself */

    for (i = 1; i <= 20; i++) {
        assert_int_equal(test_fill(m, &t.pair, i, most - i * 400, 1 + i, 1),
                         1);
        assert_int_equal(test_look(m, &t.pair, 1).entry_len, most - i * 400);
        test_check(m);
    }

    /* an outdated one is not kept in place of one that is too long */

    assert_int_equal(test_fill(m, &t.pair, 1, most + 1, 0, 1), 0);
    assert_int_equal(test_look(m, &t.pair, 1).entry_len, most - 8000);
    assert_int_equal(test_fill(m, &t.pair, 1, most + 1, 22, 1), 0);
    assert_int_equal(test_look(m, &t.pair, 1).entry_len, 0);
    test_check(m);

    free(m);
}


/* A flood of refusals and rejections pushes out each other only. */

static void
test_memory_flood(void **state)
{
    size_t        blocks, n;
    unsigned      i;
    bd_look_t     look;
    test_pair_t   t, c;
    bd_memory_t  *m;

    (void) state;

    m = test_memory(1024 * 1024);
    bd_memory_alone(m);
    blocks = test_usage(m).blocks;
    n = blocks * 3 / 4 / 4;

    test_pair(&c, 1, 0);
    bd_memory_accept(m, c.credential, 1000, 0);

    for (i = 1; i <= n; i++) {
        test_fill(m, test_pair(&t, 1, i), i, 716, 1, 1);
    }

    for (i = 1; i <= 20000; i++) {
        assert_int_equal(test_refuse(m, test_pair(&t, 2, i + 10000), i % 900,
                                     i), 1);
        bd_memory_reject(m, test_pair(&t, i + 10, 0)->credential, 5,
                         test_bytes(1, i % 300), 100);
        bd_memory_hold(m, test_pair(&t, i + 50000, 0)->credential,
                       bd_slice("x"), 100);
        assert_in_range(m->lists[BD_LIST_NEGATIVES].blocks, 1, blocks / 8);
    }

    /* the last of them are there, all entries are, and who was accepted */

    assert_int_equal(test_look(m, test_pair(&t, 2, 30000), 1).outcome,
                     BD_OUTCOME_REFUSAL);
    look = test_look(m, test_pair(&t, 20010, 1), 1);
    assert_int_equal(look.rejected_ms, 5);

    assert_int_equal(test_usage(m).evicted, 0);
    assert_int_equal(test_usage(m).entries, n);
    assert_int_equal(test_look(m, test_pair(&t, 1, 1), 1).accepted_ms, 1000);

    /* many that were accepted: they push out each other */

    for (i = 1; i <= 5000; i++) {
        test_pair(&t, i + 1000000, 0);
        assert_int_equal(bd_memory_accept(m, t.credential, 5, 0), 1);
        assert_in_range(m->lists[BD_LIST_CREDENTIALS].blocks, 1, blocks / 8);
    }

    assert_int_equal(test_look(m, &t.pair, 1).accepted_ms, 5);
    assert_int_equal(test_look(m, test_pair(&t, 1, 0), 1).accepted_ms, 0);
    assert_int_equal(test_usage(m).evicted, 0);
    test_check(m);

    /* entries push out entries, and then all else */

    for (i = 1; i <= 2 * n; i++) {
        test_fill(m, test_pair(&t, 3, i), i, 716, 1, 1);
    }

    assert_int_equal(test_look(m, test_pair(&t, 2, 30000), 1).outcome,
                     BD_OUTCOME_REFUSAL);
    test_check(m);

    free(m);
}


/*
 * Failures whose entries have gone are more than negatives may be: they stay
 * for as long as there is room, then the oldest go, before any entry, until
 * they are within their bound.
 */

static void
test_memory_over_bound(void **state)
{
    size_t        before, bound;
    unsigned      i, n, filled;
    test_pair_t   t;
    bd_memory_t  *m;

    (void) state;

    m = test_memory(TEST_SMALL);
    bd_memory_alone(m);
    bound = test_usage(m).blocks / 8;
    n = (unsigned) bound;

    for (i = 1; i <= n; i++) {
        assert_int_equal(test_fill(m, test_pair(&t, i, 1), i, 252, 1, 1), 1);
        assert_int_equal(bd_memory_outcome(m, &t.pair, 0, BD_OUTCOME_FAILURE,
                                           test_bytes(i, 252), 1, 9, 0), 1);
    }

    assert_int_equal(bd_memory_invalidate(m, t.pair.id, BD_GONE, 1), n);
    assert_int_equal(m->lists[BD_LIST_NEGATIVES].blocks, 2 * n);

    /* in the order in which they have been used since */

    for (i = 1; i <= n; i++) {
        assert_int_equal(test_look(m, test_pair(&t, i, 1), 1).outcome,
                         BD_OUTCOME_FAILURE);
    }

    filled = 0;

    while (m->blocks.free_n >= 2) {
        filled++;
        test_fill(m, test_pair(&t, 1, 1 + filled), 1, 252, 1, 1);
    }

    assert_int_equal(m->lists[BD_LIST_NEGATIVES].blocks, 2 * n);
    assert_int_equal(test_usage(m).entries, filled);

    for (i = 1; m->lists[BD_LIST_NEGATIVES].blocks > bound; i++) {
        before = m->lists[BD_LIST_NEGATIVES].blocks;
        filled++;
        assert_int_equal(test_fill(m, test_pair(&t, 1, 1 + filled), 1, 252, 1,
                                   1), 1);
        assert_int_equal(test_usage(m).evicted, 0);
        assert_int_equal(test_usage(m).entries, filled);
        assert_int_equal(m->lists[BD_LIST_NEGATIVES].blocks, before - 2);
        assert_null(bd_cell_find(m, test_pair(&t, i, 1)));
        assert_non_null(bd_cell_find(m, test_pair(&t, i + 1, 1)));
    }

    test_check(m);

    /* within it they stay, and entries go */

    before = m->lists[BD_LIST_NEGATIVES].blocks;
    assert_in_range(before, bound - 1, bound);

    for (i = 1; i <= filled; i++) {
        assert_int_equal(test_fill(m, test_pair(&t, 2, 1 + i), 1, 252, 1, 1),
                         1);
        assert_int_equal(test_usage(m).evicted, i);
        assert_int_equal(m->lists[BD_LIST_NEGATIVES].blocks, before);
    }

    test_check(m);

    free(m);
}


/* What a flight needs stays, what the cell holds may go. */

static void
test_memory_evict_flying(void **state)
{
    unsigned      i;
    uint64_t      old;
    bd_slots_t    wake;
    test_pair_t   t, flying;
    bd_worker_t   w;
    bd_flight_t   f;
    bd_memory_t  *m;

    (void) state;

    m = test_memory(TEST_SMALL);
    bd_memory_alone(m);
    bd_worker_enter(m, &w, 1);

    test_pair(&flying, 1, 1);
    test_fill(m, &flying.pair, 1, 716, 1, 1);
    assert_int_equal(bd_flight_join(m, &flying.pair, &w, 1, &f, &old),
                     BD_FLIGHT_LEADS);

    for (i = 2; i <= 1000; i++) {
        assert_int_equal(test_fill(m, test_pair(&t, 1, i), i, 716, 1, 1), 1);
    }

    test_check(m);
    assert_int_equal(bd_flight_stands(m, &f), 1);
    assert_int_equal(test_look(m, &flying.pair, 1).flying, 1);
    assert_int_equal(test_look(m, &flying.pair, 1).entry_len, 0);

    assert_int_equal(test_fill(m, &flying.pair, 2, 716, 1, 1), 1);
    bd_flight_end(m, &f, bd_slice(""), 2, &wake);
    assert_int_equal(test_look(m, &flying.pair, 1).entry_len, 716);
    test_check(m);

    free(m);
}


static void
test_memory_accept(void **state)
{
    uint8_t       c[BD_MAC_SIZE] = "credential";
    bd_look_t     look;
    bd_pair_t     own, any;
    bd_memory_t  *m;

    (void) state;

    m = test_memory(TEST_SMALL);

    own = (bd_pair_t) { c, { 0, NULL } };
    any = (bd_pair_t) { c, bd_slice("unknown") };

    assert_int_equal(bd_memory_accept(m, c, 0, 0), 0);
    assert_int_equal(bd_memory_accept(m, c, 1000, 0), 1);
    assert_int_equal(bd_memory_accept(m, c, 1000, 0), 0);
    assert_int_equal(bd_memory_accept(m, c, 900, 0), 0);
    assert_int_equal(test_look(m, &any, 1).accepted_ms, 1000);
    assert_int_equal(test_look(m, &own, 1).accepted_ms, 1000);

    assert_int_equal(bd_memory_reject(m, c, 2000, bd_slice("401"), 77), 1);
    assert_int_equal(bd_memory_reject(m, c, 2000, bd_slice("no"), 78), 0);
    assert_int_equal(bd_memory_reject(m, c, 1999, bd_slice("no"), 78), 0);
    look = test_look(m, &any, 1);
    assert_int_equal(look.accepted_ms, 1000);
    assert_int_equal(look.rejected_ms, 2000);
    assert_int_equal(look.rejection_len, 3);
    assert_int_equal(look.rejection_until, 77);
    assert_int_equal(bd_memory_outcome_copy(m, &own, test_buf, 2), 0);
    assert_int_equal(bd_memory_outcome_copy(m, &own, test_buf, 3), 3);
    assert_memory_equal(test_buf, "401", 3);
    test_check(m);

    /* the request began before the rejection came */

    assert_int_equal(bd_memory_accept(m, c, 1999, 0), 0);
    assert_int_equal(bd_memory_accept(m, c, 2000, 0), 0);

    /* a step counts from an acceptance that is in force only */

    assert_int_equal(bd_memory_accept(m, c, 2001, 5000), 1);
    assert_int_equal(bd_memory_accept(m, c, 2021, 20), 0);
    assert_int_equal(test_look(m, &own, 1).accepted_ms, 2001);
    assert_int_equal(bd_memory_accept(m, c, 2022, 20), 1);
    look = test_look(m, &any, 1);
    assert_int_equal(look.accepted_ms, 2022);
    assert_int_equal(look.rejected_ms, 2000);
    assert_int_equal(look.rejection_len, 0);

    /* a later one replaces the bytes; bytes there is no room for are none */

    assert_int_equal(bd_memory_reject(m, c, 3000, bd_slice("401"), 77), 1);
    assert_int_equal(bd_memory_reject(m, c, 3001, test_bytes(1, 600), 79), 1);
    assert_int_equal(bd_memory_outcome_copy(m, &own, test_buf, 600), 600);
    assert_int_equal(bd_memory_reject(m, c, 3002, test_bytes(1, 60000), 80),
                     1);
    look = test_look(m, &any, 1);
    assert_int_equal(look.rejected_ms, 3002);
    assert_int_equal(look.rejection_len, 0);
    test_check(m);

    /* news of a rejection before what was accepted since */

    assert_int_equal(bd_memory_accept(m, c, 5000, 0), 1);
    assert_int_equal(bd_memory_reject(m, c, 4000, bd_slice("401"), 77), 1);
    look = test_look(m, &any, 1);
    assert_int_equal(look.accepted_ms, 5000);
    assert_int_equal(look.rejected_ms, 4000);
    assert_int_equal(look.rejection_len, 0);

    /* a flush leaves credentials, accepted or not */

    c[0]++;
    assert_int_equal(bd_memory_reject(m, c, 4000, bd_slice("401"), 77), 1);
    bd_memory_flush(m);
    assert_int_equal(test_look(m, &any, 1).rejected_ms, 4000);
    c[0]--;
    assert_int_equal(test_look(m, &any, 1).accepted_ms, 5000);
    assert_int_equal(test_usage(m).credentials, 2);
    test_check(m);

    free(m);
}


/* A word that a credential was rejected, without the 401: from another node. */

static void
test_memory_reject_bare(void **state)
{
    uint8_t       c[BD_MAC_SIZE] = "credential";
    uint64_t      old;
    bd_look_t     look;
    bd_pair_t     own;
    bd_slots_t    wake;
    bd_flight_t   f;
    bd_worker_t   w;
    bd_memory_t  *m;

    (void) state;

    m = test_memory(TEST_SMALL);
    own = (bd_pair_t) { c, { 0, NULL } };

    /* nothing is known of it */

    assert_int_equal(bd_memory_reject(m, c, 1000, bd_slice(""), 70), 1);
    look = test_look(m, &own, 1);
    assert_int_equal(look.rejected_ms, 1000);
    assert_int_equal(look.rejection_len, 0);
    assert_int_equal(m->lists[BD_LIST_NEGATIVES].blocks, 1);

    /* the bytes stay, as long as they were to; until others come */

    assert_int_equal(bd_memory_reject(m, c, 2000, bd_slice("401"), 77), 1);
    assert_int_equal(bd_memory_reject(m, c, 2000, bd_slice(""), 0), 0);
    assert_int_equal(bd_memory_reject(m, c, 3000, bd_slice(""), 0), 1);
    assert_int_equal(bd_memory_reject(m, c, 3500, bd_slice(""), 99), 1);
    look = test_look(m, &own, 1);
    assert_int_equal(look.rejected_ms, 3500);
    assert_int_equal(look.rejection_len, 3);
    assert_int_equal(look.rejection_until, 77);
    assert_int_equal(bd_memory_outcome_copy(m, &own, test_buf, 3), 3);
    assert_memory_equal(test_buf, "401", 3);
    test_check(m);

    assert_int_equal(bd_memory_reject(m, c, 4000, test_bytes(1, 600), 78), 1);
    look = test_look(m, &own, 1);
    assert_int_equal(look.rejection_len, 600);
    assert_int_equal(look.rejection_until, 78);

    /* it counts against what began before it, and brings back no bytes */

    assert_int_equal(bd_memory_reject(m, c, 5000, bd_slice(""), 0), 1);
    assert_int_equal(bd_memory_accept(m, c, 5000, 0), 0);
    assert_int_equal(bd_memory_accept(m, c, 5001, 0), 1);
    assert_int_equal(bd_memory_reject(m, c, 6000, bd_slice(""), 99), 1);
    look = test_look(m, &own, 1);
    assert_int_equal(look.accepted_ms, 5001);
    assert_int_equal(look.rejected_ms, 6000);
    assert_int_equal(look.rejection_len, 0);
    assert_int_equal(look.rejection_until, 0);
    test_check(m);

    /* one that is known by a flight alone: from then on it may be pushed out */

    c[0]++;
    bd_worker_enter(m, &w, 1);
    assert_int_equal(bd_flight_join(m, &own, &w, 1, &f, &old),
                     BD_FLIGHT_LEADS);
    assert_int_equal(bd_memory_reject(m, c, 7000, bd_slice(""), 0), 1);
    assert_int_equal(m->lists[BD_LIST_NEGATIVES].blocks, 1);
    test_check(m);
    bd_flight_end(m, &f, bd_slice(""), 2, &wake);
    assert_int_equal(test_look(m, &own, 1).rejected_ms, 7000);
    test_check(m);

    free(m);
}


static void
test_memory_hold(void **state)
{
    uint8_t       c[BD_MAC_SIZE] = "credential";
    bd_look_t     look;
    bd_pair_t     any;
    bd_memory_t  *m;

    (void) state;

    m = test_memory(TEST_SMALL);
    any = (bd_pair_t) { c, bd_slice("unknown") };

    assert_int_equal(bd_memory_hold_copy(m, c, test_buf, 100), 0);

    bd_memory_hold(m, c, bd_slice("429"), 1000);
    bd_memory_hold(m, c, bd_slice("sooner"), 999);
    look = test_look(m, &any, 5000);
    assert_int_equal(look.hold_len, 3);
    assert_int_equal(look.hold_until, 1000);
    assert_int_equal(bd_memory_hold_copy(m, c, test_buf, 2), 0);
    assert_int_equal(bd_memory_hold_copy(m, c, test_buf, 3), 3);
    assert_memory_equal(test_buf, "429", 3);

    bd_memory_accept(m, c, 5, 0);
    bd_memory_reject(m, c, 6, bd_slice("4010"), 7);
    bd_memory_hold(m, c, test_bytes(3, 999), 1001);
    look = test_look(m, &any, 5000);
    assert_int_equal(look.hold_len, 999);
    assert_int_equal(look.hold_until, 1001);
    assert_int_equal(look.rejection_len, 4);
    assert_int_equal(look.accepted_ms, 5);
    assert_int_equal(test_usage(m).entries, 0);
    assert_int_equal(test_usage(m).outcomes, 0);
    test_check(m);

    free(m);
}


static void
test_memory_seen(void **state)
{
    uint64_t      i;
    bd_memory_t  *m;

    (void) state;

    m = test_memory(TEST_SMALL);

    assert_int_equal(bd_memory_seen(m, 0, 0), 0);
    assert_int_equal(bd_memory_seen(m, 0, 0), 1);

    assert_int_equal(bd_memory_seen(m, 7, 1000), 0);
    assert_int_equal(bd_memory_seen(m, 7, 1000), 1);
    assert_int_equal(bd_memory_seen(m, 8, 1000), 0);

    /* out of order */

    assert_int_equal(bd_memory_seen(m, 7, 1003), 0);
    assert_int_equal(bd_memory_seen(m, 7, 1001), 0);
    assert_int_equal(bd_memory_seen(m, 7, 999), 0);
    assert_int_equal(bd_memory_seen(m, 7, 999), 1);
    assert_int_equal(bd_memory_seen(m, 7, 1000), 1);
    assert_int_equal(bd_memory_seen(m, 7, 1001), 1);
    assert_int_equal(bd_memory_seen(m, 7, 1002), 0);
    assert_int_equal(bd_memory_seen(m, 7, 1003), 1);

    /* each is told apart from those the window's length away */

    for (i = 1004; i < 6000; i++) {
        assert_int_equal(bd_memory_seen(m, 7, i), 0);
        assert_int_equal(bd_memory_seen(m, 7, i), 1);
        assert_int_equal(bd_memory_seen(m, 7, i - 511), i - 511 >= 999);
    }

    /* a leap forgets, and what is too old is taken for new */

    assert_int_equal(bd_memory_seen(m, 7, 1000000), 0);
    assert_int_equal(bd_memory_seen(m, 7, 999999), 0);
    assert_int_equal(bd_memory_seen(m, 7, 999999), 1);
    assert_int_equal(bd_memory_seen(m, 7, 5999), 0);
    assert_int_equal(bd_memory_seen(m, 7, UINT64_MAX), 0);
    assert_int_equal(bd_memory_seen(m, 7, UINT64_MAX), 1);
    assert_int_equal(bd_memory_seen(m, 7, 0), 0);

    /* 16 nodes are remembered side by side, any number is harmless */

    for (i = 100; i < 116; i++) {
        assert_int_equal(bd_memory_seen(m, i << 40, 5), 0);
    }

    for (i = 100; i < 116; i++) {
        assert_int_equal(bd_memory_seen(m, i << 40, 5), 1);
    }

    for (i = 1000; i < 3000; i++) {
        assert_int_equal(bd_memory_seen(m, i, 5), 0);
        assert_int_equal(bd_memory_seen(m, i, 5), 1);
    }

    free(m);
}


static void
test_memory_generation(void **state)
{
    bd_memory_t  *m;

    (void) state;

    m = test_memory(TEST_SMALL);

    assert_int_equal(bd_memory_generation(m), 0);
    bd_memory_set_generation(m, 5);
    bd_memory_set_generation(m, 4);
    assert_int_equal(bd_memory_generation(m), 5);
    bd_memory_set_generation(m, UINT64_MAX);
    assert_true(bd_memory_generation(m) == UINT64_MAX);

    free(m);
}


/* A worker died inside: empty, and nothing of before is taken any more. */

static void
test_memory_died(void **state)
{
    uint64_t      epoch;
    test_pair_t   t;
    bd_memory_t  *m;

    (void) state;

    m = test_memory(TEST_SMALL);
    test_pair(&t, 1, 1);

    assert_int_equal(bd_memory_enter(m), 0);
    bd_memory_sure(m, 10, 500, 1000);
    bd_memory_sure(m, 600, 700, 1200);
    bd_memory_set_generation(m, 5);
    test_fill(m, &t.pair, 1, 300, 1, 100);
    bd_memory_accept(m, t.credential, 5, 0);
    epoch = bd_memory_epoch(m, t.pair.id);
    bd_memory_leave(m);

    assert_int_equal(bd_memory_enter(m), 0);
    assert_int_equal(test_look(m, &t.pair, 200).entry_len, 300);

    assert_int_equal(bd_memory_enter(m), 1);
    test_check(m);
    assert_int_equal(test_look(m, &t.pair, 200).entry_len, 0);
    assert_int_equal(test_look(m, &t.pair, 200).accepted_ms, 0);
    assert_int_equal(test_look(m, &t.pair, 200).journaled, 1);
    assert_int_equal(test_usage(m).blocks_free, test_usage(m).blocks);
    assert_int_equal(test_usage(m).resets, 1);
    assert_int_equal(test_usage(m).journal, 1);
    assert_int_equal(bd_memory_generation(m), 5);
    assert_int_equal(bd_memory_is_sure(m, 999), 1);
    assert_int_equal(bd_memory_is_sure(m, 1000), 0);
    assert_int_not_equal(bd_memory_epoch(m, t.pair.id), epoch);
    assert_int_equal(bd_memory_fill(m, &t.pair, epoch, bd_slice("x"), 1, 1,
                                    100), 0);
    assert_int_equal(test_fill(m, &t.pair, 1, 300, 1, 100), 1);
    bd_memory_leave(m);

    assert_int_equal(bd_memory_enter(m), 0);
    bd_memory_leave(m);
    free(m);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_memory_init),
        cmocka_unit_test(test_memory_entry),
        cmocka_unit_test(test_memory_confirm),
        cmocka_unit_test(test_memory_long_id),
        cmocka_unit_test(test_memory_outcome),
        cmocka_unit_test(test_memory_outcome_stays),
        cmocka_unit_test(test_memory_outcome_none),
        cmocka_unit_test(test_memory_failure),
        cmocka_unit_test(test_memory_invalidate),
        cmocka_unit_test(test_memory_epochs),
        cmocka_unit_test(test_memory_capacity),
        cmocka_unit_test(test_memory_lru),
        cmocka_unit_test(test_memory_long),
        cmocka_unit_test(test_memory_flood),
        cmocka_unit_test(test_memory_over_bound),
        cmocka_unit_test(test_memory_evict_flying),
        cmocka_unit_test(test_memory_accept),
        cmocka_unit_test(test_memory_reject_bare),
        cmocka_unit_test(test_memory_hold),
        cmocka_unit_test(test_memory_seen),
        cmocka_unit_test(test_memory_generation),
        cmocka_unit_test(test_memory_died)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
