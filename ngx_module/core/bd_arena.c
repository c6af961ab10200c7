/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Memory of one owner: see bd_arena.h.
 */


#include <stdlib.h>
#include "bd_arena.h"


#define BD_ARENA_CHUNK  4000


struct bd_arena_chunk_s {
    bd_arena_chunk_t     *next;
    alignas(max_align_t)
    unsigned char         data[];
};


void *
bd_arena_alloc(bd_arena_t *arena, size_t size)
{
    void  *p;

    p = bd_arena_take(arena, size);

    if (p != NULL) {
        memset(p, 0, size);
    }

    return p;
}


/* What is larger than a chunk has one of its own, and the other goes on. */
void *
bd_arena_grow(bd_arena_t *arena, size_t size)
{
    size_t             wanted;
    bd_arena_chunk_t  *chunk;

    wanted = (size > BD_ARENA_CHUNK) ? size : BD_ARENA_CHUNK;

    chunk = malloc(sizeof(bd_arena_chunk_t) + wanted);
    if (chunk == NULL) {
        return NULL;
    }

    chunk->next = arena->chunks;
    arena->chunks = chunk;

    if (size < wanted) {
        arena->free = chunk->data + size;
        arena->left = wanted - size;
    }

    return chunk->data;
}


char *
bd_arena_copy(bd_arena_t *arena, bd_slice_t s)
{
    char  *copy;

    copy = bd_arena_take(arena, s.len + 1);
    if (copy == NULL) {
        return NULL;
    }

    if (s.len != 0) {
        memcpy(copy, s.data, s.len);
    }

    copy[s.len] = '\0';

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

    memset(arena, 0, sizeof(bd_arena_t));
}
