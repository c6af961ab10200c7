/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Memory of one owner: given out piece by piece, freed at once.
 */


#ifndef _BD_ARENA_H_INCLUDED_
#define _BD_ARENA_H_INCLUDED_


#include <stdalign.h>
#include "bd_slice.h"


typedef struct bd_arena_chunk_s  bd_arena_chunk_t;


/* One that is all zero is empty. */
typedef struct {
    bd_arena_chunk_t  *chunks;          /* the last one made first */
    unsigned char     *free;            /* what is left of one of them */
    size_t             left;
} bd_arena_t;


/* size bytes, zeroed and aligned for any type; NULL when memory is short. */
void *bd_arena_alloc(bd_arena_t *arena, size_t size);

/* A NUL-terminated copy of s, which may hold NULs itself; or NULL. */
char *bd_arena_copy(bd_arena_t *arena, bd_slice_t s);

void bd_arena_free(bd_arena_t *arena);

/* For bd_arena_take() alone: out of a new chunk; size is a multiple of the
 * alignment. */
void *bd_arena_grow(bd_arena_t *arena, size_t size);


/* As bd_arena_alloc(), but not zeroed: for what is filled in at once. */
static inline void *
bd_arena_take(bd_arena_t *arena, size_t size)
{
    void  *p;

    if (size > SIZE_MAX / 2) {
        return NULL;
    }

    size = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);

    /* not when nothing is left: also 0 bytes have an address */

    if (size >= arena->left) {
        return bd_arena_grow(arena, size);
    }

    p = arena->free;
    arena->free += size;
    arena->left -= size;

    return p;
}


#endif /* _BD_ARENA_H_INCLUDED_ */
