/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Tests of bd_journal: adding, claiming, delivering, and overflowing.
 */


#include "bd_test_memory.h"


static bd_slice_t
test_id(char *buf, unsigned n)
{
    return bd_slice_make(buf, (size_t) snprintf(buf, BD_ID_MAX, "id-%u", n));
}


static void
test_journal_add(void **state)
{
    uint8_t       long_id[BD_ID_MAX + 1];
    bd_memory_t  *m;
    bd_record_t   r;

    (void) state;

    m = test_memory(TEST_SMALL);

    assert_int_equal(bd_journal_length(m), 0);
    assert_int_equal(bd_journal_has(m, bd_slice("a")), 0);
    assert_int_equal(bd_journal_claim(m, 10, &r), 0);

    assert_int_equal(bd_journal_add(m, bd_slice("a"), BD_EXPIRED), 0);
    assert_int_equal(bd_journal_add(m, bd_slice("a"), BD_EXPIRED), 0);
    assert_int_equal(bd_journal_length(m), 1);
    assert_int_equal(test_usage(m).journal, 1);
    assert_int_equal(bd_journal_has(m, bd_slice("a")), 1);
    assert_int_equal(bd_journal_has(m, bd_slice("b")), 0);
    assert_int_equal(bd_journal_has(m, bd_slice("")), 0);

    /* the stronger one wins, in whatever order */

    bd_journal_add(m, bd_slice("a"), BD_GONE);
    bd_journal_add(m, bd_slice("a"), BD_EXPIRED);
    assert_int_equal(bd_journal_claim(m, 10, &r), 1);
    assert_int_equal(r.how, BD_GONE);
    assert_int_equal(r.id_len, 1);
    assert_int_equal(r.id[0], 'a');

    bd_journal_add(m, bd_slice("b"), BD_EXPIRED);
    assert_int_equal(bd_journal_claim(m, 10, &r), 1);
    assert_int_equal(r.how, BD_EXPIRED);
    assert_int_equal(r.id[0], 'b');

    /* what is no id, and the longest one */

    memset(long_id, 'x', sizeof(long_id));
    assert_int_equal(bd_journal_add(m, bd_slice(""), BD_GONE), 0);
    assert_int_equal(bd_journal_add(m, bd_slice_make(long_id, BD_ID_MAX + 1),
                                    BD_GONE), 0);
    assert_int_equal(bd_journal_length(m), 2);
    bd_journal_add(m, bd_slice_make(long_id, BD_ID_MAX), BD_GONE);
    assert_int_equal(bd_journal_claim(m, 10, &r), 1);
    assert_int_equal(r.id_len, BD_ID_MAX);
    assert_memory_equal(r.id, long_id, BD_ID_MAX);

    /* a flush of the memory is none of the journal */

    bd_memory_flush(m);
    assert_int_equal(bd_journal_length(m), 3);

    free(m);
}


static void
test_journal_claim(void **state)
{
    bd_memory_t  *m;
    bd_record_t   a, b, again, none;

    (void) state;

    m = test_memory(TEST_SMALL);

    bd_journal_add(m, bd_slice("a"), BD_GONE);
    bd_journal_add(m, bd_slice("b"), BD_GONE);

    assert_int_equal(bd_journal_claim(m, 100, &a), 1);
    assert_int_equal(bd_journal_claim(m, 100, &b), 1);
    assert_int_equal(a.id[0], 'a');
    assert_int_equal(b.id[0], 'b');
    assert_int_equal(bd_journal_claim(m, 100, &none), 0);
    assert_int_equal(bd_journal_claim(m, 99 + BD_JOURNAL_CLAIM_MS, &none), 0);

    /* could not be delivered: at once */

    bd_journal_done(m, &b, 0);
    assert_int_equal(bd_journal_claim(m, 101, &b), 1);
    assert_int_equal(b.id[0], 'b');

    /* the worker that claimed it died: when the time is over */

    assert_int_equal(bd_journal_claim(m, 100 + BD_JOURNAL_CLAIM_MS, &again), 1);
    assert_int_equal(again.id[0], 'a');

    /* or was slow: it is delivered twice, and gone once */

    bd_journal_done(m, &a, 1);
    assert_int_equal(bd_journal_has(m, bd_slice("a")), 0);
    bd_journal_done(m, &again, 1);
    bd_journal_done(m, &again, 0);
    assert_int_equal(bd_journal_length(m), 1);

    bd_journal_done(m, &b, 1);
    assert_int_equal(bd_journal_length(m), 0);
    assert_int_equal(bd_journal_claim(m, 5000, &none), 0);

    /* any bytes are safe */

    memset(&none, 0xff, sizeof(none));
    bd_journal_done(m, &none, 1);
    none.place = 0;
    bd_journal_done(m, &none, 1);

    free(m);
}


/* What is added while it is being delivered is delivered again. */

static void
test_journal_added_again(void **state)
{
    bd_memory_t  *m;
    bd_record_t   first, second;

    (void) state;

    m = test_memory(TEST_SMALL);

    bd_journal_add(m, bd_slice("a"), BD_EXPIRED);
    assert_int_equal(bd_journal_claim(m, 100, &first), 1);
    bd_journal_add(m, bd_slice("a"), BD_GONE);

    bd_journal_done(m, &first, 1);
    assert_int_equal(bd_journal_has(m, bd_slice("a")), 1);

    assert_int_equal(bd_journal_claim(m, 101, &second), 1);
    assert_int_equal(second.how, BD_GONE);
    bd_journal_done(m, &first, 0);
    assert_int_equal(bd_journal_claim(m, 102, &first), 0);
    bd_journal_done(m, &second, 1);
    assert_int_equal(bd_journal_length(m), 0);

    /* a place that is another job's by now */

    bd_journal_add(m, bd_slice("b"), BD_GONE);
    bd_journal_done(m, &second, 1);
    assert_int_equal(bd_journal_has(m, bd_slice("b")), 1);

    free(m);
}


/* One that always fails does not keep the others back. */

static void
test_journal_fair(void **state)
{
    unsigned      i, n;
    bd_memory_t  *m;
    bd_record_t   r;

    (void) state;

    m = test_memory(TEST_SMALL);
    n = 0;

    bd_journal_add(m, bd_slice("bad"), BD_GONE);
    bd_journal_add(m, bd_slice("x"), BD_GONE);
    bd_journal_add(m, bd_slice("y"), BD_GONE);

    for (i = 0; i < 4; i++) {
        assert_int_equal(bd_journal_claim(m, 100, &r), 1);
        n += (r.id_len == 1);
        bd_journal_done(m, &r, r.id_len == 1);
    }

    assert_int_equal(n, 2);
    assert_int_equal(bd_journal_length(m), 1);

    free(m);
}


static void
test_journal_overflow(void **state)
{
    char          id[BD_ID_MAX];
    unsigned      i;
    bd_memory_t  *m;
    bd_record_t   r, old, stale;

    (void) state;

    m = test_memory(TEST_SMALL);

    for (i = 0; i < 64; i++) {
        assert_int_equal(bd_journal_add(m, test_id(id, i), BD_GONE), 0);
    }

    assert_int_equal(bd_journal_length(m), 64);
    assert_int_equal(bd_journal_claim(m, 100, &stale), 1);

    /* those that are there find their place in a full one */

    assert_int_equal(bd_journal_add(m, test_id(id, 0), BD_GONE), 0);
    assert_int_equal(bd_journal_add(m, test_id(id, 64), BD_GONE), 1);

    assert_int_equal(bd_journal_length(m), 1);
    assert_int_equal(bd_journal_has(m, test_id(id, 64)), 1);
    assert_int_equal(bd_journal_has(m, bd_slice("any")), 1);
    assert_int_equal(bd_journal_has(m, bd_slice("")), 1);

    bd_journal_done(m, &stale, 1);
    assert_int_equal(bd_journal_length(m), 1);

    assert_int_equal(bd_journal_claim(m, 100, &r), 1);
    assert_int_equal(r.id_len, 0);
    old = r;
    assert_int_equal(bd_journal_claim(m, 100, &r), 0);

    /* added since: it is not covered by a generation announced before */

    assert_int_equal(bd_journal_add(m, bd_slice("late"), BD_GONE), 0);
    assert_int_equal(bd_journal_length(m), 2);

    bd_journal_done(m, &old, 1);
    assert_int_equal(bd_journal_has(m, bd_slice("any")), 0);
    assert_int_equal(bd_journal_has(m, bd_slice("late")), 1);
    assert_int_equal(bd_journal_claim(m, 101, &r), 1);
    assert_int_equal(r.id_len, 4);
    bd_journal_done(m, &r, 1);
    assert_int_equal(bd_journal_length(m), 0);

    bd_journal_done(m, &old, 1);
    assert_int_equal(bd_journal_length(m), 0);

    free(m);
}


static void
test_journal_overflow_again(void **state)
{
    char          id[BD_ID_MAX];
    unsigned      i, n;
    bd_memory_t  *m;
    bd_record_t   first, second;

    (void) state;

    m = test_memory(TEST_SMALL);
    n = 0;

    for (i = 0; i < 65; i++) {
        n += (unsigned) bd_journal_add(m, test_id(id, i), BD_GONE);
    }

    assert_int_equal(n, 1);
    assert_int_equal(bd_journal_claim(m, 100, &first), 1);
    bd_journal_done(m, &first, 0);
    assert_int_equal(bd_journal_claim(m, 100, &first), 1);

    for (i = 0; i < 65; i++) {
        n += (unsigned) bd_journal_add(m, test_id(id, i), BD_GONE);
    }

    assert_int_equal(n, 2);

    /* the first generation does not cover what came after it */

    bd_journal_done(m, &first, 1);
    assert_int_equal(bd_journal_has(m, bd_slice("any")), 1);

    assert_int_equal(bd_journal_claim(m, 101, &second), 1);
    assert_int_equal(second.id_len, 0);
    bd_journal_done(m, &second, 1);
    assert_int_equal(bd_journal_length(m), 0);

    for (i = 0; i < 64; i++) {
        assert_int_equal(bd_journal_add(m, test_id(id, i), BD_GONE), 0);
    }

    free(m);
}


static void
test_journal_large(void **state)
{
    char          id[BD_ID_MAX];
    unsigned      i;
    bd_memory_t  *m;

    (void) state;

    m = test_memory(TEST_LARGE);

    for (i = 0; i < 1024; i++) {
        assert_int_equal(bd_journal_add(m, test_id(id, i), BD_GONE), 0);
    }

    assert_int_equal(bd_journal_add(m, test_id(id, i), BD_GONE), 1);

    free(m);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_journal_add),
        cmocka_unit_test(test_journal_claim),
        cmocka_unit_test(test_journal_added_again),
        cmocka_unit_test(test_journal_fair),
        cmocka_unit_test(test_journal_overflow),
        cmocka_unit_test(test_journal_overflow_again),
        cmocka_unit_test(test_journal_large)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
