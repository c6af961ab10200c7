/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Tests of bd_buf and bd_arena, the memory of the core.
 */


#include "bd_test.h"
#include "bd_arena.h"
#include "bd_buf.h"

#include <stdalign.h>


static void
test_buf(void **state)
{
    size_t    i;
    bd_buf_t  buf;

    (void) state;

    buf = BD_BUF_EMPTY;

    bd_buf_add(&buf, "", 0);
    assert_string_equal(buf.data, "");

    for (i = 0; i < 1000; i++) {
        bd_buf_puts(&buf, "ab");
        bd_buf_put_code(&buf, 0x1f600);
        assert_int_equal(buf.len, 6 * (i + 1));
        assert_int_equal(buf.data[buf.len], '\0');
        assert_true(buf.len < buf.size);
    }

    assert_memory_equal(buf.data + 5994, "ab\xf0\x9f\x98\x80", 7);

    bd_buf_free(&buf);
    assert_null(buf.data);
}


/* A buffer that could not grow stays as it was, and says so. */
static void
test_buf_failed(void **state)
{
    bd_buf_t  buf;

    (void) state;

    buf = BD_BUF_EMPTY;
    bd_buf_puts(&buf, "a");
    bd_buf_add(&buf, "", SIZE_MAX - 10);
    assert_true(buf.failed);

    bd_buf_puts(&buf, "b");
    assert_string_equal(buf.data, "a");

    bd_buf_free(&buf);
}


static void
test_arena(void **state)
{
    char        *p, *q, *copy;
    size_t       i, k;
    bd_arena_t   arena;

    (void) state;

    memset(&arena, 0, sizeof(arena));

    for (i = 0; i < 20000; i += 1 + i / 7) {
        p = bd_arena_alloc(&arena, i);
        assert_non_null(p);
        assert_int_equal((uintptr_t) p % alignof(max_align_t), 0);

        for (k = 0; k < i; k++) {
            assert_int_equal(p[k], 0);
            p[k] = 'x';
        }

        /* what is not zeroed is memory of its own all the same */

        q = bd_arena_take(&arena, i);
        assert_non_null(q);
        assert_int_equal((uintptr_t) q % alignof(max_align_t), 0);
        assert_true(q >= p + i || q + i <= p);
        memset(q, 'y', i);
    }

    copy = bd_arena_copy(&arena, bd_slice("a\0b"));
    assert_memory_equal(copy, "a\0b", 4);
    assert_string_equal(bd_arena_copy(&arena, bd_slice_make(NULL, 0)), "");

    assert_null(bd_arena_alloc(&arena, SIZE_MAX - 5));
    assert_null(bd_arena_take(&arena, SIZE_MAX - 5));

    bd_arena_free(&arena);
    assert_null(arena.chunks);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_buf),
        cmocka_unit_test(test_buf_failed),
        cmocka_unit_test(test_arena),
    };

    return cmocka_run_group_tests_name("bd_buf", tests, NULL, NULL);
}
