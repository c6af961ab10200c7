/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Memory of one owner: see bd_arena.h.
 */


#include <stdalign.h>
#include <stdlib.h>
#include "bd_arena.h"


#define BD_ARENA_CHUNK  4000


struct bd_arena_chunk_s {
    bd_arena_chunk_t     *next;
    size_t                used;
    size_t                size;
    alignas(max_align_t)
    unsigned char         data[];
};


void *
bd_arena_alloc(bd_arena_t *arena, size_t size)
{
    void              *p;
    size_t             wanted;
    bd_arena_chunk_t  *chunk;

    if (size > SIZE_MAX / 2) {
        return NULL;
    }

    size = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    chunk = arena->chunks;

    if (chunk == NULL || chunk->size - chunk->used < size) {
        wanted = (size > BD_ARENA_CHUNK) ? size : BD_ARENA_CHUNK;

        chunk = calloc(1, sizeof(bd_arena_chunk_t) + wanted);
        if (chunk == NULL) {
            return NULL;
        }

        chunk->size = wanted;
        chunk->next = arena->chunks;
        arena->chunks = chunk;
    }

    p = chunk->data + chunk->used;
    chunk->used += size;

    return p;
}


char *
bd_arena_copy(bd_arena_t *arena, bd_slice_t s)
{
    char  *copy;

    copy = bd_arena_alloc(arena, s.len + 1);

    if (copy != NULL && s.len != 0) {
        memcpy(copy, s.data, s.len);
    }

    return copy;
}


void
bd_arena_free(bd_arena_t *arena)
{
    bd_arena_chunk_t  *chunk, *next;

    for (chunk = arena->chunks; chunk != NULL; chunk = next) {
        next = chunk->next;
        free(chunk);
    }

    arena->chunks = NULL;
}
