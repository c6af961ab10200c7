/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Tests of bd_blocks: taking and giving back, and chains of every length
 * around the size of a block.
 */


#include "bd_test.h"
#include "bd_blocks.h"


#define N  40


/* Pool and blocks, which must be able to move together. */
typedef struct {
    bd_blocks_t  pool;
    uint8_t      blocks[N][BD_BLOCK_SIZE];
} test_region_t;


static test_region_t *
test_region(void)
{
    test_region_t  *r;

    r = malloc(sizeof(test_region_t));
    assert_non_null(r);

    memset(r, 0xff, sizeof(test_region_t));
    bd_blocks_init(&r->pool, r->blocks, N);

    return r;
}


static void
test_blocks_take(void **state)
{
    size_t          i, j;
    uint8_t        *p;
    uint32_t        index;
    test_region_t  *r;

    (void) state;

    r = test_region();

    for (i = 1; i <= N; i++) {
        assert_int_equal(bd_blocks_take(&r->pool), i);
        assert_int_equal(r->pool.free_n, N - i);

        p = bd_block(&r->pool, (uint32_t) i);
        assert_ptr_equal(p, r->blocks[i - 1]);
        assert_int_equal(bd_block_index(&r->pool, p), i);

        for (j = 0; j < BD_BLOCK_SIZE; j++) {
            assert_int_equal(p[j], 0);
        }

        memset(p, 0x5a, BD_BLOCK_SIZE);
    }

    assert_int_equal(bd_blocks_take(&r->pool), 0);

    bd_blocks_give(&r->pool, 7);
    bd_blocks_give(&r->pool, 30);
    assert_int_equal(r->pool.free_n, 2);

    index = bd_blocks_take(&r->pool);
    assert_int_equal(index, 30);
    p = bd_block(&r->pool, index);

    for (j = 0; j < BD_BLOCK_SIZE; j++) {
        assert_int_equal(p[j], 0);
    }

    assert_int_equal(bd_blocks_take(&r->pool), 7);
    assert_int_equal(bd_blocks_take(&r->pool), 0);

    bd_blocks_reset(&r->pool);
    assert_int_equal(r->pool.free_n, N);
    assert_int_equal(bd_blocks_take(&r->pool), 1);

    free(r);
}


static void
test_blocks_chain(void **state)
{
    size_t          len;
    uint8_t        *out;
    uint32_t        first;
    test_region_t  *r;

    static uint8_t  data[N * BD_BLOCK_SIZE];

    (void) state;

    for (len = 0; len < sizeof(data); len++) {
        data[len] = (uint8_t) (len * 7 + len / 256);
    }

    r = test_region();

    assert_int_equal(BD_BLOCK_PAYLOAD, 252);

    for (len = 0; len <= N * BD_BLOCK_PAYLOAD; len++) {
        first = bd_chain_write(&r->pool, bd_slice_make(data, len));
        assert_true((first != 0) == (len != 0));
        assert_int_equal(r->pool.free_n, N - (len + 251) / 252);

        out = malloc(len + 1);
        assert_non_null(out);
        out[len] = 0xee;

        bd_chain_copy(&r->pool, first, len, out);
        assert_memory_equal(out, data, len);
        assert_int_equal(out[len], 0xee);

        free(out);

        bd_chain_free(&r->pool, first);
        assert_int_equal(r->pool.free_n, N);
    }

    free(r);
}


static void
test_blocks_none_left(void **state)
{
    uint32_t        first;
    test_region_t  *r;

    static uint8_t  data[N * BD_BLOCK_PAYLOAD + 1];

    (void) state;

    r = test_region();

    assert_int_equal(bd_chain_write(&r->pool,
                                    bd_slice_make(data, sizeof(data))), 0);
    assert_int_equal(r->pool.free_n, N);

    first = bd_chain_write(&r->pool, bd_slice_make(data, sizeof(data) - 1));
    assert_int_not_equal(first, 0);
    assert_int_equal(r->pool.free_n, 0);
    assert_int_equal(bd_chain_write(&r->pool, bd_slice("x")), 0);

    bd_chain_free(&r->pool, first);
    bd_chain_free(&r->pool, 0);
    assert_int_equal(r->pool.free_n, N);

    free(r);
}


/* Nothing in it depends on where it lies. */

static void
test_blocks_move(void **state)
{
    uint8_t         out[600];
    uint32_t        first;
    test_region_t  *r, *moved;

    static uint8_t  data[600];

    (void) state;

    memset(data, 'd', sizeof(data));

    r = test_region();
    first = bd_chain_write(&r->pool, bd_slice_make(data, sizeof(data)));

    moved = malloc(sizeof(test_region_t));
    assert_non_null(moved);
    memcpy(moved, r, sizeof(test_region_t));
    free(r);

    bd_chain_copy(&moved->pool, first, sizeof(out), out);
    assert_memory_equal(out, data, sizeof(out));

    bd_chain_free(&moved->pool, first);
    assert_int_equal(moved->pool.free_n, N);

    free(moved);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_blocks_take),
        cmocka_unit_test(test_blocks_chain),
        cmocka_unit_test(test_blocks_none_left),
        cmocka_unit_test(test_blocks_move)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
