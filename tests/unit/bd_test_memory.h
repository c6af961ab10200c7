/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * What the tests of the shared memory share: regions, pairs of numbers, and a
 * check that every block is where it is counted.
 */


#ifndef _BD_TEST_MEMORY_H_INCLUDED_
#define _BD_TEST_MEMORY_H_INCLUDED_


#include "bd_test.h"
#include "bd_memory_private.h"

#include <stdio.h>


#define TEST_SMALL  (128 * 1024)
#define TEST_LARGE  16500000


typedef struct {
    uint8_t    credential[BD_MAC_SIZE];
    char       id[BD_ID_MAX];
    bd_pair_t  pair;
} test_pair_t;


static inline bd_memory_t *
test_memory(size_t size)
{
    void         *p;
    bd_memory_t  *m;

    p = malloc(size);
    assert_non_null(p);

    /* whatever was there before must not matter */

    memset(p, 0xa5, size);

    m = bd_memory_init(p, size, 0x1234567890abcdef);
    assert_ptr_equal(m, p);
    assert_int_equal(bd_memory_valid(m, size), 1);

    return m;
}


/* job 0: no id; ids are as long as a UUID. */

static inline const bd_pair_t *
test_pair(test_pair_t *t, unsigned credential, unsigned job)
{
    memset(t, 0, sizeof(test_pair_t));
    memcpy(t->credential, &credential, sizeof(credential));

    t->pair.credential = t->credential;

    if (job != 0) {
        t->pair.id.len = (size_t) snprintf(t->id, sizeof(t->id),
                                           "job-%032u", job);
        t->pair.id.data = (const uint8_t *) t->id;
    }

    return &t->pair;
}


static inline bd_memory_usage_t
test_usage(const bd_memory_t *m)
{
    bd_memory_usage_t  usage;

    bd_memory_usage(m, &usage);

    return usage;
}


static inline size_t
test_chain(const bd_memory_t *m, uint32_t first)
{
    size_t  n;

    for (n = 0; first != 0; n++) {
        assert_in_range(first, 1, m->blocks.fresh - 1);
        first = *(uint32_t *) bd_block(&m->blocks, first);
    }

    return n;
}


/* Walks all there is: lists, buckets, flights and free blocks must agree. */

static inline void
test_check(const bd_memory_t *m)
{
    size_t              i, all, entries, outcomes, listed[BD_LISTS] = { 0 };
    size_t              blocks, credentials, cells, flights, jobs;
    uint32_t            index, newer;
    const bd_cell_t    *c;
    const bd_flying_t  *f;

    all = entries = outcomes = credentials = cells = flights = jobs = 0;

    for (i = 0; i <= m->bucket_mask; i++) {
        for (index = bd_memory_table(m, m->cells_at)[i];
             index != 0;
             index = c->hash_next)
        {
            c = bd_memory_cell(m, index);
            assert_int_equal(c->hash & m->bucket_mask, i);

            blocks = 1;
            blocks += test_chain(m, c->chain[0]);
            blocks += test_chain(m, c->chain[1]);
            assert_int_equal(blocks, 1 + bd_blocks_for(c->len[0])
                                     + bd_blocks_for(c->len[1]));

            all += blocks;
            listed[c->list] += blocks;
            cells++;
            entries += (c->id_len != 0 && c->len[0] != 0);
            outcomes += (c->outcome != 0);
            credentials += (c->id_len == 0);
            jobs += (c->id_len != 0);

            /* one that is in no list has a flight, and only that */

            if (c->list == BD_LIST_NONE) {
                assert_true(c->flight != 0 && blocks == 1);
                assert_int_equal(c->outcome, BD_OUTCOME_NONE);
                assert_true(c->id_len != 0
                            || (c->accepted_ms == 0 && c->rejected_ms == 0
                                && c->hold_until == 0));
            }

            /* an entry is in the list of entries, else the cell is not */

            assert_int_equal(c->list == BD_LIST_ENTRIES,
                             c->id_len != 0 && c->len[0] != 0);

            if (c->flight != 0) {
                f = bd_block(&m->blocks, c->flight);
                assert_int_equal(f->cell, index);
            }
        }

        for (index = bd_memory_table(m, m->jobs_at)[i], newer = 0;
             index != 0;
             newer = index, index = c->job_next)
        {
            c = bd_memory_cell(m, index);
            assert_int_equal(c->job_hash & m->bucket_mask, i);
            assert_int_equal(c->job_prev, newer);
            jobs--;
        }
    }

    assert_int_equal(jobs, 0);

    for (i = 0; i < BD_LISTS; i++) {
        assert_int_equal(m->lists[i].blocks, listed[i]);
        newer = 0;

        for (index = m->lists[i].newest; index != 0; index = c->older) {
            c = bd_memory_cell(m, index);
            assert_int_equal(c->list, i);
            assert_int_equal(c->newer, newer);
            newer = index;
        }

        assert_int_equal(m->lists[i].oldest, newer);
    }

    for (index = m->flying, newer = 0; index != 0; index = f->next) {
        f = bd_block(&m->blocks, index);
        assert_int_equal(f->prev, newer);
        newer = index;
        flights++;
        all += 1 + test_chain(m, f->result);

        if (f->cell != 0) {
            assert_int_equal(bd_memory_cell(m, f->cell)->flight, index);
        }
    }

    assert_int_equal(m->flights, flights);
    assert_int_equal(m->entries, entries);
    assert_int_equal(m->outcomes, outcomes);
    assert_int_equal(m->credentials, credentials);

    assert_int_equal(m->blocks.free_n + all, m->blocks.n);
    assert_int_equal(test_chain(m, m->blocks.free)
                     + m->blocks.n + 1 - m->blocks.fresh, m->blocks.free_n);
}


#endif /* _BD_TEST_MEMORY_H_INCLUDED_ */
