/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Tests of what bd_memory makes of proofs that subscriptions are alive: what
 * is told of entries and outcomes of any age, how proofs of several workers go
 * together, and, by random subscriptions, that nothing is ever told as current
 * which no subscription has watched over.
 */


#include "bd_test_memory.h"


/* Moments of the random tests, and how long a proof is good for. */
#define MOMENTS  20000
#define LEASE    50
#define WORKERS  3
#define LATE     40


static uint8_t  test_buf[64];


static int
test_fill(bd_memory_t *m, const bd_pair_t *pair, int64_t known)
{
    return bd_memory_fill(m, pair, bd_memory_epoch(m, pair->id),
                          bd_slice("entry"), known, 60000, known);
}


static int
test_refuse(bd_memory_t *m, const bd_pair_t *pair, int64_t mono)
{
    return bd_memory_outcome(m, pair, bd_memory_epoch(m, pair->id),
                             BD_OUTCOME_REFUSAL, bd_slice("404"), mono,
                             mono + 10000, 0);
}


static bd_look_t
test_look(bd_memory_t *m, const bd_pair_t *pair, int64_t mono)
{
    bd_look_t  look;

    memset(&look, 0xff, sizeof(look));
    bd_memory_look(m, pair, mono, test_buf, sizeof(test_buf), &look);

    assert_int_equal(look.sure, bd_memory_is_sure(m, mono));

    return look;
}


/* What a look may tell of an entry. */
typedef enum {
    HIDDEN = 0,
    EXPIRED,
    DOUBTFUL,
    FRESH
} test_told_e;


/* Of an entry known at a moment, by a look at mono. */

static test_told_e
test_told(bd_memory_t *m, int64_t known, int64_t mono)
{
    bd_look_t    look;
    test_pair_t  t;

    look = test_look(m, test_pair(&t, 1, (unsigned) known), mono);

    if (look.entry_len == 0) {
        return HIDDEN;
    }

    assert_int_equal(look.known_ms, known);

    if (look.doubtful) {
        assert_int_equal(look.sure, 0);
        assert_int_equal(look.ttl_ms, 60000);
        return DOUBTFUL;
    }

    if (look.ttl_ms == 0) {
        assert_int_equal(look.sure, 0);
        return EXPIRED;
    }

    assert_int_equal(look.ttl_ms, 60000);
    assert_int_equal(look.sure, 1);

    return FRESH;
}


static void
test_known(bd_memory_t *m, int64_t known)
{
    test_pair_t  t;

    assert_int_equal(test_fill(m, test_pair(&t, 1, (unsigned) known), known),
                     1);
}


/* The three states of sureness, at entries of three ages. */

static void
test_sure_entry(void **state)
{
    size_t        i, j;
    bd_look_t     look;
    test_pair_t   t;
    bd_memory_t  *m;

    static const struct {
        int64_t   known;
        int64_t   mono;
        size_t    len;
        uint32_t  ttl;
        int       doubtful;
    } cases[] = {
        { 1999, 2500, 0,     0, 0 },        /* sure since 2000, until 3000 */
        { 2000, 2500, 5, 60000, 0 },
        { 2400, 2999, 5, 60000, 0 },
        { 1999, 3000, 0,     0, 0 },        /* not sure any more */
        { 2000, 3000, 5,     0, 0 },
        { 2999, 3000, 5,     0, 0 },
        { 3000, 3001, 5, 60000, 1 },
        { 3500, 9000, 5, 60000, 1 }
    };

    (void) state;

    for (i = 0; i < bd_test_count(cases); i++) {
        m = test_memory(TEST_SMALL);
        test_pair(&t, 1, 1);

        if (cases[i].known < 2000) {
            assert_int_equal(test_fill(m, &t.pair, cases[i].known), 1);
        }

        bd_memory_sure(m, 2000, 2100, 3000);
        bd_memory_sure(m, 2000, 2050, 2900);

        if (cases[i].known >= 2000) {
            assert_int_equal(test_fill(m, &t.pair, cases[i].known), 1);
        }

        /* twice: to look changes nothing */

        for (j = 0; j < 2; j++) {
            look = test_look(m, &t.pair, cases[i].mono);
            assert_int_equal(look.sure, cases[i].mono < 3000);
            assert_int_equal(look.entry_len, cases[i].len);
            assert_int_equal(look.ttl_ms, cases[i].ttl);
            assert_int_equal(look.doubtful, cases[i].doubtful);
        }

        test_check(m);
        free(m);
    }
}


static void
test_sure_again(void **state)
{
    bd_look_t     look;
    test_pair_t   t;
    bd_memory_t  *m;

    (void) state;

    m = test_memory(TEST_SMALL);
    test_pair(&t, 1, 1);

    /* never sure so far; it is told of pairs nothing is known of, too */

    assert_int_equal(bd_memory_is_sure(m, 0), 0);
    assert_int_equal(test_look(m, &t.pair, 0).sure, 0);
    test_fill(m, &t.pair, 100);
    look = test_look(m, &t.pair, 200);
    assert_int_equal(look.entry_len, 5);
    assert_int_equal(look.doubtful, 1);

    /* what does not prove anything */

    bd_memory_sure(m, 1000, 999, 2000);
    assert_int_equal(bd_memory_is_sure(m, 1000), 0);
    assert_int_equal(test_look(m, &t.pair, 1000).doubtful, 1);

    bd_memory_sure(m, 1000, 1000, 2000);
    assert_int_equal(bd_memory_is_sure(m, 1999), 1);
    assert_int_equal(bd_memory_is_sure(m, 2000), 0);
    assert_int_equal(test_look(m, &t.pair, 1500).entry_len, 0);
    assert_int_equal(test_look(m, &t.pair, 1500).sure, 1);

    /* what is known since before events were missed is not taken */

    assert_int_equal(test_fill(m, &t.pair, 999), 0);
    assert_int_equal(test_fill(m, &t.pair, 1000), 1);

    /* late, but the subscription was alive all along */

    assert_int_equal(test_look(m, &t.pair, 2500).ttl_ms, 0);
    bd_memory_sure(m, 1000, 2500, 3000);
    assert_int_equal(test_look(m, &t.pair, 2600).ttl_ms, 60000);

    /* a new one, when it is over; a later fetch of before it does not stand in
     * the way of a fill */

    assert_int_equal(bd_memory_fill(m, &t.pair, bd_memory_epoch(m, t.pair.id),
                                    bd_slice("later"), 9999, 60000, 2600), 1);
    bd_memory_sure(m, 3100, 3200, 3700);
    assert_int_equal(test_fill(m, &t.pair, 3099), 0);
    assert_int_equal(test_fill(m, &t.pair, 3100), 1);
    assert_int_equal(test_look(m, &t.pair, 3300).known_ms, 3100);
    assert_int_equal(test_look(m, &t.pair, 3300).ttl_ms, 60000);

    test_check(m);
    free(m);
}


/* Whatever is proved, before and after. */

static void
test_sure_alone(void **state)
{
    bd_memory_t  *m;

    (void) state;

    m = test_memory(TEST_SMALL);
    bd_memory_alone(m);
    assert_int_equal(bd_memory_is_sure(m, 0), 1);
    assert_int_equal(bd_memory_is_sure(m, INT64_MAX), 1);

    test_known(m, 100);
    bd_memory_sure(m, 1000, 1100, 1600);
    assert_int_equal(test_told(m, 100, 1200), FRESH);
    bd_memory_sure(m, 2000, 2100, 2600);
    assert_int_equal(test_told(m, 100, 5000), FRESH);
    assert_int_equal(test_told(m, 100, INT64_MAX), FRESH);
    test_known(m, 50);

    free(m);

    m = test_memory(TEST_SMALL);
    bd_memory_sure(m, 1000, 1100, 1600);
    test_known(m, 1200);
    assert_int_equal(test_told(m, 1200, 2000), EXPIRED);
    bd_memory_alone(m);
    assert_int_equal(test_told(m, 1200, 2000), FRESH);

    free(m);
}


/* A reload that brings a Redis: from then on proofs count, and without one the
 * host is not sure. */

static void
test_sure_listens(void **state)
{
    test_pair_t   t;
    bd_memory_t  *m;

    (void) state;

    m = test_memory(TEST_SMALL);
    bd_memory_alone(m);
    test_known(m, 100);
    assert_int_equal(test_refuse(m, test_pair(&t, 9, 9), 100), 1);
    assert_int_equal(test_told(m, 100, 1200), FRESH);
    assert_int_equal(test_look(m, &t.pair, 1200).outcome_until, 10100);

    bd_memory_listens(m);
    assert_int_equal(bd_memory_is_sure(m, 0), 0);
    assert_int_equal(bd_memory_is_sure(m, 1200), 0);
    assert_int_equal(test_told(m, 100, 1200), DOUBTFUL);
    assert_int_equal(test_look(m, &t.pair, 1200).outcome_until,
                     100 + BD_DOUBT_MS);

    /* what was known before the first subscription is not told any more */

    bd_memory_sure(m, 2000, 2100, 2600);
    assert_int_equal(bd_memory_is_sure(m, 2100), 1);
    assert_int_equal(test_told(m, 100, 2100), HIDDEN);
    assert_int_equal(test_look(m, &t.pair, 2100).outcome, BD_OUTCOME_NONE);
    test_known(m, 2050);
    assert_int_equal(test_told(m, 2050, 2599), FRESH);
    assert_int_equal(test_told(m, 2050, 2600), EXPIRED);

    /* it goes and comes, again and again */

    bd_memory_alone(m);
    assert_int_equal(test_told(m, 2050, 2700), FRESH);
    bd_memory_alone(m);
    bd_memory_listens(m);
    assert_int_equal(test_told(m, 2050, 2700), EXPIRED);
    bd_memory_listens(m);
    assert_int_equal(test_told(m, 2050, 2700), EXPIRED);

    /* an old worker's subscription has been there all the while */

    bd_memory_sure(m, 2000, 2750, 3250);
    assert_int_equal(test_told(m, 2050, 2800), FRESH);
    bd_memory_listens(m);
    assert_int_equal(test_told(m, 2050, 2800), FRESH);

    free(m);
}


static void
test_sure_outcome(void **state)
{
    uint64_t      epoch;
    bd_look_t     look;
    test_pair_t   t, f;
    bd_memory_t  *m;

    (void) state;

    m = test_memory(TEST_SMALL);
    test_pair(&t, 1, 1);
    test_pair(&f, 1, 2);
    epoch = bd_memory_epoch(m, f.pair.id);

    /* set while not sure: for a while only */

    assert_int_equal(test_refuse(m, &t.pair, 500), 1);
    bd_memory_outcome(m, &f.pair, epoch, BD_OUTCOME_FAILURE, bd_slice("x"),
                      500, 9999, 0);
    look = test_look(m, &t.pair, 600);
    assert_int_equal(look.outcome, BD_OUTCOME_REFUSAL);
    assert_int_equal(look.outcome_until, 500 + BD_DOUBT_MS);

    /* set before a new subscription: not any more */

    bd_memory_sure(m, 1000, 1000, 2000);
    assert_int_equal(test_look(m, &t.pair, 1100).outcome, BD_OUTCOME_NONE);
    assert_int_equal(test_look(m, &f.pair, 1100).outcome, BD_OUTCOME_FAILURE);
    assert_int_equal(test_look(m, &f.pair, 1100).outcome_until, 9999);

    /* set while sure: as long as it is */

    assert_int_equal(test_refuse(m, &t.pair, 1200), 1);
    assert_int_equal(test_look(m, &t.pair, 1300).outcome_until, 11200);
    assert_int_equal(test_look(m, &t.pair, 2100).outcome, BD_OUTCOME_NONE);
    bd_memory_sure(m, 1000, 2100, 3000);
    assert_int_equal(test_look(m, &t.pair, 2200).outcome_until, 11200);

    /* set when it was over */

    assert_int_equal(test_refuse(m, &t.pair, 3000), 1);
    assert_int_equal(test_look(m, &t.pair, 3100).outcome_until,
                     3000 + BD_DOUBT_MS);

    /* set before a gap that was short */

    bd_memory_sure(m, 1000, 3200, 3700);
    assert_int_equal(test_look(m, &t.pair, 3300).outcome_until, 13000);
    bd_memory_sure(m, 3400, 3500, 4000);
    assert_int_equal(test_look(m, &t.pair, 3699).outcome_until, 13000);
    assert_int_equal(test_look(m, &t.pair, 3700).outcome, BD_OUTCOME_NONE);
    assert_int_equal(test_look(m, &f.pair, 3700).outcome, BD_OUTCOME_FAILURE);

    test_check(m);
    free(m);
}


/* The only worker subscribes anew before the host ceases to be sure. */

static void
test_sure_gap(void **state)
{
    int           i;
    bd_memory_t  *m;

    (void) state;

    for (i = 0; i < 3; i++) {
        m = test_memory(TEST_SMALL);

        bd_memory_sure(m, 100, 1000, 1500);
        test_known(m, 500);
        test_known(m, 1100);

        /* as long as it was sure for it stays so, and no longer */

        bd_memory_sure(m, 1200, 1250, 1750);
        test_known(m, 1260);
        assert_int_equal(test_told(m, 500, 1300), FRESH);
        assert_int_equal(test_told(m, 500, 1499), FRESH);
        assert_int_equal(bd_memory_is_sure(m, 1500), 1);
        assert_int_equal(bd_memory_is_sure(m, 1749), 1);
        assert_int_equal(bd_memory_is_sure(m, 1750), 0);

        /* it is a look that finds it to be over, or a proof, or both are too
         * late */

        if (i == 1) {
            bd_memory_sure(m, 1200, 1500, 2000);
        }

        if (i < 2) {
            assert_int_equal(test_told(m, 1260, 1500), FRESH);
            assert_int_equal(test_told(m, 500, 1500), HIDDEN);
            assert_int_equal(test_told(m, 1100, 1500), HIDDEN);
        }

        assert_int_equal(test_told(m, 1260, 2000), EXPIRED);
        assert_int_equal(test_told(m, 500, 2000), HIDDEN);
        assert_int_equal(test_told(m, 1100, 2000), HIDDEN);

        bd_memory_sure(m, 1200, 2100, 2600);
        assert_int_equal(test_told(m, 1260, 2200), FRESH);

        test_check(m);
        free(m);
    }
}


/* The last subscription ends long before its proof would have run out. */

static void
test_sure_unsure(void **state)
{
    bd_look_t     look;
    test_pair_t   t, f;
    bd_memory_t  *m;

    (void) state;

    m = test_memory(TEST_SMALL);
    test_pair(&t, 1, 5000);
    test_pair(&f, 2, 5000);

    /* when there has been no proof yet, and again and again */

    bd_memory_unsure(m, 10);
    assert_int_equal(bd_memory_is_sure(m, 10), 0);

    bd_memory_sure(m, 100, 1000, 1500);
    test_known(m, 500);
    test_known(m, 1199);
    test_known(m, 1200);
    assert_int_equal(test_refuse(m, &t.pair, 1100), 1);
    bd_memory_outcome(m, &f.pair, bd_memory_epoch(m, f.pair.id),
                      BD_OUTCOME_FAILURE, bd_slice("x"), 1100, 9999, 0);
    assert_int_equal(test_told(m, 1199, 1199), FRESH);

    bd_memory_unsure(m, 1200);
    assert_int_equal(bd_memory_is_sure(m, 1199), 1);
    assert_int_equal(bd_memory_is_sure(m, 1200), 0);
    assert_int_equal(test_told(m, 500, 1200), EXPIRED);
    assert_int_equal(test_told(m, 1199, 1200), EXPIRED);
    assert_int_equal(test_told(m, 1200, 1200), DOUBTFUL);
    assert_int_equal(test_look(m, &t.pair, 1200).outcome, BD_OUTCOME_NONE);
    look = test_look(m, &f.pair, 1200);
    assert_int_equal(look.outcome, BD_OUTCOME_FAILURE);
    assert_int_equal(look.outcome_until, 9999);

    /* it does not go on by being told again */

    bd_memory_unsure(m, 1300);
    test_known(m, 1250);
    assert_int_equal(test_told(m, 1250, 1300), DOUBTFUL);

    /* who proves to have been there all along makes good for it */

    bd_memory_sure(m, 100, 1310, 1810);
    assert_int_equal(test_told(m, 500, 1400), FRESH);
    assert_int_equal(test_told(m, 1250, 1400), FRESH);
    assert_int_equal(test_look(m, &t.pair, 1400).outcome, BD_OUTCOME_REFUSAL);

    /* a new one does not, at once: nothing of before has to run out */

    bd_memory_unsure(m, 1410);
    bd_memory_sure(m, 1420, 1430, 1930);
    test_known(m, 1425);
    assert_int_equal(bd_memory_is_sure(m, 1430), 1);
    assert_int_equal(test_told(m, 1425, 1430), FRESH);
    assert_int_equal(test_told(m, 1250, 1430), HIDDEN);
    assert_int_equal(test_look(m, &t.pair, 1430).outcome, BD_OUTCOME_NONE);
    assert_int_equal(test_look(m, &f.pair, 1430).outcome, BD_OUTCOME_FAILURE);

    test_check(m);
    free(m);
}


/* So does what was proved behind a gap, be it used already or not. */

static void
test_sure_unsure_gap(void **state)
{
    int           i;
    test_pair_t   t;
    bd_memory_t  *m;

    (void) state;

    for (i = 0; i < 2; i++) {
        m = test_memory(TEST_SMALL);

        bd_memory_sure(m, 100, 1000, 1500);
        test_known(m, 500);
        bd_memory_sure(m, 1200, 1250, 1750);
        test_known(m, 1260);

        bd_memory_unsure(m, i == 0 ? 1300 : 1600);
        assert_int_equal(test_fill(m, test_pair(&t, 2, 1), 1199), i == 0);
        assert_int_equal(bd_memory_is_sure(m, i == 0 ? 1299 : 1599), 1);
        assert_int_equal(bd_memory_is_sure(m, i == 0 ? 1300 : 1600), 0);
        assert_int_equal(bd_memory_is_sure(m, 1700), 0);
        assert_int_equal(test_told(m, 1260, 1700), EXPIRED);
        assert_int_equal(test_told(m, 500, 1700), HIDDEN);

        bd_memory_sure(m, 1200, 1710, 2210);
        assert_int_equal(test_told(m, 1260, 1720), FRESH);

        test_check(m);
        free(m);
    }

    /* there is nobody whose events could be missed */

    m = test_memory(TEST_SMALL);
    bd_memory_alone(m);
    test_known(m, 100);
    bd_memory_unsure(m, 200);
    assert_int_equal(bd_memory_is_sure(m, 200), 1);
    assert_int_equal(test_told(m, 100, 300), FRESH);
    free(m);
}


/* Again and again, without a proof in between that is late enough. */

static void
test_sure_flapping(void **state)
{
    int64_t       at;
    bd_memory_t  *m;

    (void) state;

    m = test_memory(TEST_SMALL);

    bd_memory_sure(m, 100, 1000, 1500);
    test_known(m, 500);

    for (at = 1100; at < 1500; at += 100) {
        bd_memory_sure(m, at, at + 10, at + 510);
        test_known(m, at + 10);
        assert_int_equal(test_told(m, 500, at + 20), FRESH);
    }

    /* one of those before is late */

    bd_memory_sure(m, 1200, 1220, 1720);

    /* only since the last one of them */

    bd_memory_sure(m, 1600, 1610, 2110);
    assert_int_equal(test_told(m, 500, 1620), HIDDEN);
    assert_int_equal(test_told(m, 1310, 1620), HIDDEN);
    assert_int_equal(test_told(m, 1410, 1620), FRESH);
    assert_int_equal(test_told(m, 1410, 1909), FRESH);
    assert_int_equal(test_told(m, 1410, 1910), HIDDEN);
    assert_int_equal(bd_memory_is_sure(m, 2109), 1);
    assert_int_equal(bd_memory_is_sure(m, 2110), 0);

    free(m);
}


/* One of two workers subscribes anew, the other one was there all along. */

static void
test_sure_continuous(void **state)
{
    int           i;
    int64_t       at;
    bd_memory_t  *m;

    (void) state;

    m = test_memory(TEST_SMALL);

    bd_memory_sure(m, 100, 1000, 1500);
    bd_memory_sure(m, 110, 1010, 1510);
    test_known(m, 105);
    test_known(m, 500);

    for (at = 1200, i = 0; i < 20; at += 200, i++) {
        bd_memory_sure(m, at - 10, at, at + 500);
        bd_memory_sure(m, 110, at + 5, at + 505);

        assert_int_equal(test_told(m, 105, at + 10), FRESH);
        assert_int_equal(test_told(m, 500, at + 504), FRESH);
    }

    /* the new one takes it on where the old one stops */

    bd_memory_sure(m, at - 10, at, at + 500);
    bd_memory_sure(m, 110, at - 10, at + 490);
    bd_memory_sure(m, at - 10, at + 2000, at + 2500);
    assert_int_equal(test_told(m, 105, at + 2499), FRESH);

    /* the old one is late: what has not been forgotten is told again */

    bd_memory_sure(m, at + 3000, at + 3100, at + 3600);
    assert_int_equal(test_told(m, 105, at + 3100), HIDDEN);
    bd_memory_sure(m, at - 10, at + 2999, at + 3499);
    bd_memory_sure(m, at - 10, at + 3000, at + 3500);
    assert_int_equal(test_told(m, 105, at + 3100), HIDDEN);
    assert_int_equal(test_told(m, 500, at + 3599), FRESH);

    test_check(m);
    free(m);
}


/* Both at once, or one just after the other has gone. */

static void
test_sure_both(void **state)
{
    bd_memory_t  *m;

    (void) state;

    m = test_memory(TEST_SMALL);

    bd_memory_sure(m, 100, 1000, 1500);
    bd_memory_sure(m, 110, 1010, 1510);
    test_known(m, 500);

    bd_memory_sure(m, 1100, 1200, 1700);
    bd_memory_sure(m, 1150, 1250, 1750);
    bd_memory_sure(m, 1150, 1400, 1900);
    test_known(m, 1100);
    assert_int_equal(test_told(m, 500, 1509), FRESH);
    assert_int_equal(test_told(m, 500, 1510), HIDDEN);
    assert_int_equal(test_told(m, 1100, 1899), FRESH);

    /* proofs that were on their way for long change nothing: of the time
     * before, of the gap, of what is known to have been there */

    bd_memory_sure(m, 110, 1050, 1550);
    bd_memory_sure(m, 1060, 1090, 1590);
    bd_memory_sure(m, 1100, 1150, 1650);
    test_known(m, 1120);
    assert_int_equal(test_told(m, 1100, 1899), FRESH);
    assert_int_equal(test_told(m, 1120, 1900), EXPIRED);
    assert_int_equal(test_fill(m, &(bd_pair_t) { test_buf, bd_slice("x") },
                               1099), 0);

    test_check(m);
    free(m);
}


/* A gap that is closed from either side, and by parts. */

static void
test_sure_closed(void **state)
{
    size_t        i, j;
    bd_memory_t  *m;

    /* proofs of 1900 and before, by since and proved, in any order */

    static const int64_t  proofs[3][2] = {
        { 100, 1200 }, { 1150, 1300 }, { 1250, 1450 }
    };

    static const size_t  orders[][3] = {
        { 0, 1, 2 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 1, 0 }
    };

    (void) state;

    for (i = 0; i < bd_test_count(orders); i++) {
        m = test_memory(TEST_SMALL);

        bd_memory_sure(m, 100, 1000, 1500);
        test_known(m, 500);

        for (j = 0; j < 3; j++) {
            bd_memory_sure(m, proofs[orders[i][j]][0], proofs[orders[i][j]][1],
                           proofs[orders[i][j]][1] + 500);
        }

        assert_int_equal(test_told(m, 500, 1949), FRESH);
        assert_int_equal(test_told(m, 500, 1950), EXPIRED);

        free(m);
    }

    /* touching is enough, one less is not */

    for (i = 0; i < 2; i++) {
        m = test_memory(TEST_SMALL);

        bd_memory_sure(m, 100, 1000, 1500);
        test_known(m, 500);
        bd_memory_sure(m, 1000 + (int64_t) i, 1400, 1900);
        assert_int_equal(test_told(m, 500, 1899), i == 0 ? FRESH : HIDDEN);

        free(m);
    }
}


/* A subscription, in a random test. */
typedef struct {
    int64_t   since;            /* 0: there is none */
    int64_t   sent;             /* 0: no proof is on its way */
    int64_t   sent_since;
    int64_t   arrives;
} test_worker_t;


typedef struct {
    bd_memory_t    *m;
    uint64_t        random;
    test_worker_t   workers[WORKERS];
    int64_t         proved;                 /* the last of all */
    uint8_t         covered[MOMENTS + 1];   /* from a moment to the next */
    unsigned        told[FRESH + 1];
} test_fleet_t;


static int64_t
test_below(test_fleet_t *t, int64_t n)
{
    return (int64_t) (bd_test_random(&t->random) % (uint64_t) n);
}


/* What a worker does at a moment; a proof may come late, even when its
 * subscription is there no more. */

static void
test_worker_step(test_fleet_t *t, test_worker_t *w, int64_t mono)
{
    if (w->sent != 0 && mono >= w->arrives) {
        bd_memory_sure(t->m, w->sent_since, w->sent, w->sent + LEASE);

        memset(t->covered + w->sent_since, 1,
               (size_t) (w->sent - w->sent_since));

        t->proved = w->sent > t->proved ? w->sent : t->proved;
        w->sent = 0;
    }

    if (w->since == 0) {
        if (test_below(t, 30) == 0) {
            w->since = mono;
        }

        return;
    }

    if (w->sent == 0 && test_below(t, 5) == 0) {
        w->sent_since = w->since;
        w->sent = mono;
        w->arrives = mono + (test_below(t, 9) == 0 ? test_below(t, LATE) : 1);
    }

    if (test_below(t, 150) == 0) {
        w->since = 0;
    }
}


/*
 * Of an entry that is told as current, every moment since it was known is
 * covered up to one proved not longer than a lease ago.
 */

static void
test_fleet_check(test_fleet_t *t, int64_t known, int64_t mono)
{
    int64_t      at;
    test_told_e  told;

    told = test_told(t->m, known, mono);
    t->told[told]++;

    assert_int_equal(bd_memory_is_sure(t->m, mono),
                     t->proved != 0 && mono < t->proved + LEASE);

    if (told == FRESH) {
        for (at = known; at <= mono - LEASE; at++) {
            assert_int_equal(t->covered[at], 1);
        }

    } else if (told == DOUBTFUL) {
        assert_true(known >= t->proved + LEASE || t->proved == 0);
    }
}


static void
test_sure_random(void **state)
{
    size_t         i, seed;
    int64_t        mono, known;
    unsigned       told[FRESH + 1] = { 0 };
    test_pair_t    k;
    test_fleet_t  *t;

    (void) state;

    for (seed = 1; seed <= 20; seed++) {
        t = calloc(1, sizeof(test_fleet_t));
        assert_non_null(t);

        t->m = test_memory(1024 * 1024);
        t->random = seed;

        for (mono = 1; mono < MOMENTS; mono++) {
            for (i = 0; i < 1 + seed % WORKERS; i++) {
                test_worker_step(t, &t->workers[i], mono);
            }

            (void) test_fill(t->m, test_pair(&k, 1, (unsigned) mono), mono);

            if (test_below(t, 3) == 0) {
                known = mono - test_below(t, mono < 300 ? mono : 300);
                test_fleet_check(t, known, mono);
            }
        }

        for (i = HIDDEN; i <= FRESH; i++) {
            told[i] += t->told[i];
        }

        test_check(t->m);

        free(t->m);
        free(t);
    }

    for (i = HIDDEN; i <= FRESH; i++) {
        assert_true(told[i] > MOMENTS / 100);
    }
}


/* One worker is always there and none is late: nothing is ever lost. */

static void
test_sure_random_kept(void **state)
{
    size_t         i;
    int64_t        mono;
    test_fleet_t  *t;

    (void) state;

    t = calloc(1, sizeof(test_fleet_t));
    assert_non_null(t);

    t->m = test_memory(TEST_SMALL);
    t->random = 1;

    bd_memory_sure(t->m, 1, 1, 1 + LEASE);
    test_known(t->m, 1);

    for (mono = 2; mono < MOMENTS; mono++) {
        for (i = 0; i < WORKERS; i++) {
            test_worker_step(t, &t->workers[i], mono);
        }

        if (mono % (LEASE / 2) == 0) {
            bd_memory_sure(t->m, 1, mono - 1, mono - 1 + LEASE);
        }

        assert_int_equal(test_told(t->m, 1, mono), FRESH);
    }

    free(t->m);
    free(t);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_sure_entry),
        cmocka_unit_test(test_sure_again),
        cmocka_unit_test(test_sure_alone),
        cmocka_unit_test(test_sure_listens),
        cmocka_unit_test(test_sure_outcome),
        cmocka_unit_test(test_sure_gap),
        cmocka_unit_test(test_sure_unsure),
        cmocka_unit_test(test_sure_unsure_gap),
        cmocka_unit_test(test_sure_flapping),
        cmocka_unit_test(test_sure_continuous),
        cmocka_unit_test(test_sure_both),
        cmocka_unit_test(test_sure_closed),
        cmocka_unit_test(test_sure_random),
        cmocka_unit_test(test_sure_random_kept)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
