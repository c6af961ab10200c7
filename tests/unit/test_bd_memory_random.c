/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Tests of bd_memory by random operations, against a model that is a plain
 * array of pairs: in a region where there is room for all, where the two have
 * to agree, and in one where there is not, where the memory may know less but
 * never anything else.  And workers killed at any point.
 */


#define _DEFAULT_SOURCE     /* usleep(), MAP_ANONYMOUS */

#include "bd_test_memory.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>


#define JOBS         12
#define CREDENTIALS  4
#define WORKERS      3
#define STEPS        40000
#define MOST         5000


typedef struct {
    size_t        len;          /* 0: no entry */
    unsigned      seed;
    int64_t       fetched;
    uint32_t      ttl;
    int64_t       known;

    bd_outcome_e  outcome;
    size_t        outcome_len;
    unsigned      outcome_seed;
    int64_t       outcome_set;
    int64_t       outcome_until;

    uint64_t      epoch;        /* as of some moment, and how often its job */
    unsigned      version;      /* had been invalidated by then */

    int           led;          /* a flight may be joined */
    unsigned      leader;
    bd_flight_t   flight;
} model_pair_t;


typedef struct {
    int64_t       accepted;
    int64_t       rejected;
    size_t        rejection_len;
    unsigned      rejection_seed;
    int64_t       rejection_until;
    size_t        hold_len;
    int64_t       hold_until;
} model_credential_t;


typedef struct {
    bd_memory_t         *m;
    int                  exact;
    uint64_t             random;
    int64_t              mono;
    int64_t              wall;
    int                  alone;
    bd_cover_t           sure;
    bd_cover_t           next;      /* until 0: none */
    int64_t              subscribed;
    unsigned             versions[JOBS];
    model_pair_t         pairs[CREDENTIALS][JOBS];
    model_credential_t   credentials[CREDENTIALS];
    bd_worker_t          workers[WORKERS];
    unsigned             told;      /* entries that were looked up */
    unsigned             confirmed; /* by a fill of the same fetch */
    unsigned             kept;      /* failures, by an invalidation */
    unsigned             void_told; /* failures of an epoch that was past */
    unsigned             left;      /* outcomes, by a fill */
    unsigned             forgotten; /* outcomes, by BD_OUTCOME_NONE */
    unsigned             by_itself; /* entries, sure only as it was alone */
} model_t;


static uint8_t  test_data[MOST + 1];
static uint8_t  test_buf[MOST + 1];


static unsigned
test_below(model_t *t, unsigned n)
{
    return (unsigned) (bd_test_random(&t->random) % n);
}


static bd_slice_t
test_bytes(unsigned seed, size_t len)
{
    size_t  i;

    for (i = 0; i < len; i++) {
        test_data[i] = (uint8_t) (seed + i * 31 + i / 256);
    }

    return bd_slice_make(test_data, len);
}


static size_t
test_len(model_t *t)
{
    return test_below(t, test_below(t, 4) == 0 ? MOST : 800);
}


/* Of one subscription after another: what was before a gap stays there. */

static void
model_settle(model_t *t)
{
    if (t->next.until != 0 && t->mono >= t->sure.until) {
        t->sure = t->next;
        t->next.until = 0;
    }
}


static void
model_prove(model_t *t)
{
    bd_memory_sure(t->m, t->subscribed, t->mono, t->mono + 60);

    if (t->alone) {
        return;
    }

    model_settle(t);

    if (t->subscribed <= t->sure.proved) {
        t->sure.proved = t->mono;
        t->sure.until = t->mono + 60;
        return;
    }

    t->next.since = t->subscribed;
    t->next.proved = t->mono;
    t->next.until = t->mono + 60;

    model_settle(t);
}


/* The last subscription ends, and goes on after all or is made anew. */

static void
model_unsure(model_t *t)
{
    bd_memory_unsure(t->m, t->mono);

    model_settle(t);

    if (t->mono < t->sure.until) {
        t->sure.until = t->mono;
    }

    if (t->mono < t->next.until) {
        t->next.until = t->mono;
    }

    if (test_below(t, 2)) {
        t->mono++;
        t->subscribed = t->mono;
    }
}


/* Redis comes and goes by reloads; without one no proof counts. */

static void
model_reload(model_t *t)
{
    t->alone = !t->alone;

    if (t->alone) {
        bd_memory_alone(t->m);

    } else {
        bd_memory_listens(t->m);
    }
}


static int
model_is_sure(const model_t *t)
{
    return t->alone || t->mono < t->sure.until;
}


/* 1 when the memory holds the entry still; it may have been pushed out. */

static int
model_held(const model_t *t, const bd_pair_t *pair)
{
    const bd_cell_t  *c;

    c = bd_cell_find(t->m, pair);

    return c != NULL && c->len[BD_PART_ENTRY] != 0;
}


static void
model_fill(model_t *t, model_pair_t *p, const bd_pair_t *pair, unsigned job)
{
    int       confirms, expected, stored, usable;
    size_t    len;
    int64_t   fetched, known;
    uint32_t  ttl;
    unsigned  seed;

    len = test_len(t) + 1;
    seed = test_below(t, 256);
    ttl = 900 + test_below(t, 200);
    fetched = test_below(t, 3) == 0 ? p->fetched
                                    : t->wall - test_below(t, 50);
    known = t->mono - test_below(t, 50);

    usable = p->len != 0 && p->known >= t->sure.since;

    expected = p->version == t->versions[job]
               && p->epoch == bd_memory_epoch(t->m, pair->id)
               && known >= t->sure.since
               && (!usable || p->fetched <= fetched);

    confirms = expected && usable && p->fetched == fetched
               && (t->exact || model_held(t, pair));

    stored = bd_memory_fill(t->m, pair, p->epoch, test_bytes(seed, len),
                            fetched, ttl, known);

    if (t->exact) {
        assert_int_equal(stored, expected);

    } else if (stored) {
        assert_int_equal(p->version, t->versions[job]);
        assert_true(known >= t->sure.since);
    }

    if (confirms) {
        assert_int_equal(stored, 1);
        p->known = known > p->known ? known : p->known;
        p->ttl = ttl < p->ttl ? ttl : p->ttl;
        t->confirmed++;

    } else if (stored) {
        p->len = len;
        p->seed = seed;
        p->fetched = fetched;
        p->ttl = ttl;
        p->known = known;
        t->left += (p->outcome != BD_OUTCOME_NONE);

    } else if (expected) {
        p->len = 0;
    }
}


static void
model_outcome(model_t *t, model_pair_t *p, const bd_pair_t *pair,
    unsigned job)
{
    int           drop, expected, stored;
    size_t        len;
    unsigned      seed;
    bd_outcome_e  outcome;

    len = test_len(t);
    seed = test_below(t, 256);
    drop = (int) test_below(t, 2);
    outcome = test_below(t, 5) == 0 ? BD_OUTCOME_NONE
              : test_below(t, 2) ? BD_OUTCOME_REFUSAL : BD_OUTCOME_FAILURE;

    expected = p->version == t->versions[job]
               && p->epoch == bd_memory_epoch(t->m, pair->id);

    if (!expected && outcome == BD_OUTCOME_FAILURE) {
        expected = 1;
        t->void_told++;
    }

    if (outcome == BD_OUTCOME_NONE) {
        expected = 1;
        t->forgotten += (p->outcome != BD_OUTCOME_NONE);
    }

    stored = bd_memory_outcome(t->m, pair, p->epoch, outcome,
                               test_bytes(seed, len), t->mono, t->mono + 4000,
                               drop);

    assert_true(t->exact || outcome == BD_OUTCOME_NONE
                ? stored == expected : stored <= expected);

    if (!expected) {
        return;
    }

    p->len = drop ? 0 : p->len;
    p->outcome = stored ? outcome : BD_OUTCOME_NONE;
    p->outcome_len = len;
    p->outcome_seed = seed;
    p->outcome_set = t->mono;
    p->outcome_until = t->mono + 4000;
}


static void
model_check_outcome(model_t *t, model_pair_t *p, const bd_pair_t *pair,
    const bd_look_t *look)
{
    int      hidden;
    int64_t  until;

    until = p->outcome_until;
    hidden = 0;

    if (p->outcome == BD_OUTCOME_REFUSAL) {
        hidden = p->outcome_set < t->sure.since;

        if (!model_is_sure(t)) {
            hidden = hidden || p->outcome_set < t->sure.until;

            if (until > p->outcome_set + BD_DOUBT_MS) {
                until = p->outcome_set + BD_DOUBT_MS;
            }
        }
    }

    if (hidden || (!t->exact && look->outcome == BD_OUTCOME_NONE)) {
        assert_int_equal(look->outcome, BD_OUTCOME_NONE);
        return;
    }

    assert_int_equal(look->outcome, p->outcome);

    if (p->outcome != BD_OUTCOME_NONE) {
        assert_int_equal(look->outcome_len, p->outcome_len);
        assert_int_equal(look->outcome_until, until);
        assert_int_equal(bd_memory_outcome_copy(t->m, pair, test_buf, MOST),
                         p->outcome_len);
        test_bytes(p->outcome_seed, p->outcome_len);
        assert_memory_equal(test_buf, test_data, p->outcome_len);
    }
}


static void
model_look(model_t *t, model_pair_t *p, const bd_pair_t *pair,
    const model_credential_t *c)
{
    int        sure;
    uint32_t   ttl;
    bd_look_t  look;
    bd_pair_t  own;

    bd_memory_look(t->m, pair, t->mono, test_buf, MOST, &look);

    model_settle(t);
    sure = model_is_sure(t);
    assert_int_equal(look.sure, sure);

    if (p->len == 0 || p->known < t->sure.since
        || (!t->exact && look.entry_len == 0))
    {
        assert_int_equal(look.entry_len, 0);

    } else {
        ttl = sure || p->known >= t->sure.until ? p->ttl : 0;

        assert_int_equal(look.entry_len, p->len);
        assert_int_equal(look.entry_copied, 1);
        assert_int_equal(look.fetched_ms, p->fetched);
        assert_int_equal(look.known_ms, p->known);
        assert_int_equal(look.ttl_ms, ttl);
        assert_int_equal(look.doubtful, !sure && p->known >= t->sure.until);
        test_bytes(p->seed, p->len);
        assert_memory_equal(test_buf, test_data, p->len);
        t->told++;
        t->by_itself += (t->alone && t->mono >= t->sure.until);
    }

    model_check_outcome(t, p, pair, &look);

    assert_int_equal(look.flying, p->led);

    if (t->exact) {
        assert_int_equal(look.accepted_ms, c->accepted);
        assert_int_equal(look.rejected_ms, c->rejected);
        assert_int_equal(look.rejection_len, c->rejection_len);
        assert_int_equal(look.rejection_until, c->rejection_until);
        assert_int_equal(look.hold_len, c->hold_len);
        assert_int_equal(look.hold_until, c->hold_until);

        own = bd_pair_of_credential(pair->credential);
        assert_int_equal(bd_memory_outcome_copy(t->m, &own, test_buf, MOST),
                         c->rejection_len);
        test_bytes(c->rejection_seed, c->rejection_len);
        assert_memory_equal(test_buf, test_data, c->rejection_len);
    }
}


static void
model_invalidate(model_t *t, const bd_pair_t *pair, unsigned job)
{
    size_t              i, n, expected;
    model_pair_t       *p;
    bd_invalidation_e   how;

    how = test_below(t, 2) ? BD_GONE : BD_EXPIRED;
    expected = 0;

    n = bd_memory_invalidate(t->m, pair->id, how, t->wall);
    t->versions[job]++;

    for (i = 0; i < CREDENTIALS; i++) {
        p = &t->pairs[i][job];

        expected += (p->len != 0);
        p->led = 0;

        if (p->outcome == BD_OUTCOME_FAILURE) {
            t->kept++;

        } else {
            p->outcome = BD_OUTCOME_NONE;
        }

        if (how == BD_GONE) {
            p->len = 0;

        } else if (t->wall - p->fetched < p->ttl) {
            p->ttl = (uint32_t) (t->wall - p->fetched);

        } else if (p->ttl != 0) {
            p->ttl--;
        }
    }

    /* those not told any more may be gone, or not */

    assert_in_range(n, 0, expected);
}


static void
model_flush(model_t *t)
{
    size_t  i, j;

    bd_memory_flush(t->m);

    for (i = 0; i < CREDENTIALS; i++) {
        for (j = 0; j < JOBS; j++) {
            t->versions[j]++;
            t->pairs[i][j].len = 0;
            t->pairs[i][j].outcome = BD_OUTCOME_NONE;
            t->pairs[i][j].led = 0;
        }
    }
}


static void
model_credential(model_t *t, model_credential_t *c, const uint8_t *key)
{
    int       known, news;
    size_t    len;
    int64_t   when;
    unsigned  seed, what;

    what = test_below(t, 3);
    when = t->wall - test_below(t, 50);
    len = test_below(t, 3) == 0 ? 0 : test_len(t);

    if (what == 0) {
        news = when > c->accepted && when > c->rejected;
        assert_true(bd_memory_accept(t->m, key, when, 0) == news || !t->exact);

        if (news) {
            c->accepted = when;
            c->rejection_len = 0;
            c->rejection_until = 0;
        }

    } else if (what == 1) {
        seed = test_below(t, 256);
        news = when > c->rejected;
        assert_true(bd_memory_reject(t->m, key, when, test_bytes(seed, len),
                                     when + 9)
                    == news || !t->exact);

        if (news) {
            known = c->rejected != 0 || c->accepted != 0 || c->hold_until != 0;
            c->rejected = when;

            if (when >= c->accepted && (len != 0 || !known)) {
                c->rejection_len = len;
                c->rejection_seed = seed;
                c->rejection_until = when + 9;
            }
        }

    } else {
        bd_memory_hold(t->m, key, test_bytes(2, len), when);

        if (when > c->hold_until) {
            c->hold_until = when;
            c->hold_len = len;
        }
    }
}


static void
model_join(model_t *t, model_pair_t *p, const bd_pair_t *pair)
{
    unsigned      w;
    uint64_t      old;
    bd_slots_t    wake;
    bd_flight_t   flight;
    bd_flight_e   how;

    w = test_below(t, WORKERS);

    if (p->flight.token != 0 && test_below(t, 2)) {
        bd_flight_end(t->m, &p->flight, test_bytes(1, test_len(t)), t->mono,
                      &wake);
        assert_int_equal(bd_slots_has(&wake, p->leader), 0);
        p->flight.token = 0;
        p->led = 0;
        return;
    }

    how = bd_flight_join(t->m, pair, &t->workers[w], t->mono, &flight, &old);
    assert_int_equal(old, 0);

    if (p->led) {
        assert_int_equal(how, w == p->leader ? BD_FLIGHT_MINE
                                             : BD_FLIGHT_FOLLOWS);
        assert_int_equal(flight.token, p->flight.token);
        return;
    }

    assert_int_equal(how, BD_FLIGHT_LEADS);

    /* of one that was void before, its leader forgets it */

    bd_flight_end(t->m, &p->flight, test_bytes(1, 5), t->mono, &wake);

    p->led = 1;
    p->leader = w;
    p->flight = flight;
}


static void
model_time(model_t *t)
{
    size_t  i;

    t->mono += test_below(t, 20);
    t->wall += test_below(t, 20);

    for (i = 0; i < WORKERS; i++) {
        bd_worker_beat(t->m, &t->workers[i], t->mono);
    }

    if (test_below(t, 60) == 0) {
        t->mono++;
        t->subscribed = t->mono;

    } else if (test_below(t, 60) == 0) {
        model_unsure(t);

    } else if (test_below(t, 4) == 0) {
        model_prove(t);
    }

    if (test_below(t, t->alone ? 10 : 100) == 0) {
        model_reload(t);
    }

    if (test_below(t, 40) == 0) {
        bd_flight_sweep(t->m, t->mono);
    }
}


/* Others that want room, too. */

static void
model_crowd(model_t *t)
{
    test_pair_t  k;

    test_pair(&k, 100 + test_below(t, 1000), 100 + test_below(t, 1000));

    bd_memory_fill(t->m, &k.pair, bd_memory_epoch(t->m, k.pair.id),
                   test_bytes(3, test_len(t) + 1), 1, 1, t->mono);
}


static void
model_step(model_t *t)
{
    unsigned        credential, job, what;
    test_pair_t     k;
    model_pair_t   *p;

    what = test_below(t, 100);
    job = test_below(t, JOBS);
    credential = test_below(t, CREDENTIALS);
    test_pair(&k, credential, job + 1);
    p = &t->pairs[credential][job];

    if (!t->exact && what % 4 == 0) {
        model_crowd(t);
    }

    if (what < 30) {
        model_look(t, p, &k.pair, &t->credentials[credential]);

    } else if (what < 40) {
        p->epoch = bd_memory_epoch(t->m, k.pair.id);
        p->version = t->versions[job];

    } else if (what < 60) {
        model_fill(t, p, &k.pair, job);

    } else if (what < 68) {
        model_outcome(t, p, &k.pair, job);

    } else if (what < 74) {
        model_credential(t, &t->credentials[credential], k.credential);

    } else if (what < 76) {
        bd_memory_drop(t->m, &k.pair);
        p->len = 0;
        p->outcome = BD_OUTCOME_NONE;

    } else if (what < 80) {
        model_invalidate(t, &k.pair, job);

    } else if (what < 90) {
        model_join(t, p, &k.pair);

    } else if (what < 99 || test_below(t, 5) != 0) {
        model_time(t);

    } else {
        model_flush(t);
    }
}


static void
model_end(model_t *t)
{
    size_t       i, j;
    bd_slots_t   wake;

    for (i = 0; i < CREDENTIALS; i++) {
        for (j = 0; j < JOBS; j++) {
            bd_flight_end(t->m, &t->pairs[i][j].flight, bd_slice("x"),
                          t->mono, &wake);
        }
    }

    bd_flight_sweep(t->m, t->mono + BD_FLIGHT_KEEP_MS);
    bd_memory_flush(t->m);
    test_check(t->m);

    assert_int_equal(test_usage(t->m).flights, 0);
    assert_int_equal(test_usage(t->m).entries, 0);
    assert_int_equal(test_usage(t->m).outcomes, 0);
    assert_int_equal(test_usage(t->m).blocks_free
                     + t->m->lists[BD_LIST_NEGATIVES].blocks
                     + t->m->lists[BD_LIST_CREDENTIALS].blocks,
                     test_usage(t->m).blocks);
}


static void
model_run(size_t size, int exact, uint64_t seed)
{
    size_t    i;
    model_t  *t;

    t = calloc(1, sizeof(model_t));
    assert_non_null(t);

    t->m = test_memory(size);
    t->exact = exact;
    t->random = seed;
    t->mono = 1000;
    t->wall = 1000000;

    for (i = 0; i < WORKERS; i++) {
        assert_int_equal(bd_worker_enter(t->m, &t->workers[i], t->mono), 0);
    }

    for (i = 0; i < STEPS; i++) {
        assert_int_equal(bd_memory_enter(t->m), 0);
        model_step(t);
        bd_memory_leave(t->m);

        if (i % 64 == 0) {
            test_check(t->m);
        }
    }

    assert_true(t->told > STEPS / 50);
    assert_true(t->confirmed > STEPS / 500);
    assert_true(t->kept > STEPS / 500);
    assert_true(t->void_told > STEPS / 500);
    assert_true(t->left > STEPS / 500);
    assert_true(t->forgotten > STEPS / 500);
    assert_true(t->by_itself > STEPS / 2000);
    assert_true(exact ? t->m->evicted == 0 : t->m->evicted > STEPS / 100);

    model_end(t);

    free(t->m);
    free(t);
}


static void
test_random_exact(void **state)
{
    (void) state;

    model_run(4 * 1024 * 1024, 1, 1);
    model_run(TEST_LARGE, 1, 2);
}


static void
test_random_small(void **state)
{
    (void) state;

    model_run(TEST_SMALL, 0, 3);
    model_run(TEST_SMALL, 0, 4);
    model_run(TEST_SMALL + 1000, 0, 5);
}


/* Anything at all, again and again, until it is killed. */

static void
test_child(bd_memory_t *m, uint64_t seed)
{
    model_t        t;
    uint64_t       old;
    bd_slots_t     wake;
    bd_flight_t    f;
    bd_record_t    record;
    test_pair_t    k;

    memset(&t, 0, sizeof(t));
    t.random = seed;

    bd_memory_enter(m);
    bd_worker_enter(m, &t.workers[0], 1);

    for ( ;; ) {
        test_pair(&k, test_below(&t, 50), test_below(&t, 100) + 1);

        bd_memory_fill(m, &k.pair, bd_memory_epoch(m, k.pair.id),
                       test_bytes(1, test_len(&t)), 1, 1, 1);
        bd_memory_outcome(m, &k.pair, bd_memory_epoch(m, k.pair.id),
                          (bd_outcome_e) test_below(&t, 3),
                          test_bytes(1, test_len(&t)), 1, 1,
                          (int) test_below(&t, 2));
        bd_memory_accept(m, k.credential, test_below(&t, 9), 0);
        bd_memory_reject(m, k.credential, test_below(&t, 9),
                         test_bytes(1, test_len(&t)), 1);

        if (bd_flight_join(m, &k.pair, &t.workers[0], 1, &f, &old)
            == BD_FLIGHT_LEADS && test_below(&t, 2))
        {
            bd_flight_end(m, &f, test_bytes(1, test_len(&t)), 1, &wake);
        }

        test_pair(&k, 1, test_below(&t, 100) + 1);
        bd_memory_invalidate(m, k.pair.id, BD_GONE, 1);
        bd_journal_add(m, k.pair.id, BD_GONE);
        bd_journal_claim(m, 1, &record);
        bd_journal_done(m, &record, (int) test_below(&t, 2));
        bd_memory_seen(m, test_below(&t, 9), test_below(&t, 9999));

        if (test_below(&t, 100) == 0) {
            bd_memory_flush(m);
        }
    }
}


/* Each one dies inside, somewhere; the next one finds an empty memory. */

static void
test_random_killed(void **state)
{
    int           status;
    pid_t         pid;
    size_t        i;
    void         *p;
    uint64_t      random;
    bd_look_t     look;
    bd_memory_t  *m;
    test_pair_t   k;

    (void) state;

    p = mmap(NULL, TEST_SMALL, PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(p != MAP_FAILED);

    m = bd_memory_init(p, TEST_SMALL, 1);
    random = 1;

    for (i = 1; i <= 100; i++) {
        pid = fork();
        assert_true(pid >= 0);

        if (pid == 0) {
            test_child(m, i);
        }

        usleep((useconds_t) (2000 + bd_test_random(&random) % 3000));
        kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);

        if (!bd_memory_enter(m)) {
            bd_memory_leave(m);         /* it had not come that far */
            continue;
        }

        test_check(m);
        assert_int_equal(test_usage(m).blocks_free, test_usage(m).blocks);
        assert_int_equal(test_usage(m).journal, 1);

        test_pair(&k, 1, 1);
        assert_int_equal(bd_memory_fill(m, &k.pair,
                                        bd_memory_epoch(m, k.pair.id),
                                        bd_slice("entry"), 1, 1, 1), 1);
        bd_memory_look(m, &k.pair, 1, test_buf, MOST, &look);
        assert_int_equal(look.entry_len, 5);
        assert_int_equal(look.journaled, 1);
        bd_memory_leave(m);
    }

    assert_true(test_usage(m).resets > 50);
    munmap(p, TEST_SMALL);
}


/* Whatever was half-written: all that changes, but for what is kept. */

static void
test_random_garbage(void **state)
{
    size_t             i, j, words;
    uint64_t           random, *p;
    bd_memory_t       *m, kept;
    const size_t       from = offsetof(bd_memory_t, lists);
    const size_t       to = offsetof(bd_memory_t, evicted);

    (void) state;

    m = test_memory(TEST_SMALL);
    kept = *m;
    random = 7;

    for (i = 0; i < 50; i++) {
        p = (uint64_t *) (void *) ((uint8_t *) m + m->cells_at);
        words = (TEST_SMALL - m->cells_at) / 8;

        for (j = 0; j < words; j++) {
            p[j] = bd_test_random(&random);
        }

        memset((uint8_t *) m + from, (int) random, to - from);
        memset(m->seen, (int) random, sizeof(m->seen));

        m->tokens = kept.tokens;
        m->blocks.free = m->blocks.fresh = m->blocks.free_n =
                                                        (uint32_t) random;
        m->journal.first = m->journal.last = m->journal.free =
                         m->journal.length = (uint32_t) random;

        bd_memory_enter(m);
        assert_int_equal(bd_memory_enter(m), 1);
        test_check(m);
        assert_int_equal(test_usage(m).blocks_free, test_usage(m).blocks);
        assert_int_equal(bd_journal_length(m), 1);
        bd_memory_leave(m);
    }

    free(m);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_random_exact),
        cmocka_unit_test(test_random_small),
        cmocka_unit_test(test_random_killed),
        cmocka_unit_test(test_random_garbage)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
