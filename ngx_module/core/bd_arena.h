/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Memory of one owner: given out piece by piece, freed at once.
 */


#ifndef _BD_ARENA_H_INCLUDED_
#define _BD_ARENA_H_INCLUDED_


#include "bd_slice.h"


typedef struct bd_arena_chunk_s  bd_arena_chunk_t;


typedef struct {
    bd_arena_chunk_t  *chunks;          /* the one in use first */
} bd_arena_t;


/* size bytes, zeroed and aligned for any type; NULL when memory is short. */
void *bd_arena_alloc(bd_arena_t *arena, size_t size);

/* A NUL-terminated copy of s, which may hold NULs itself; or NULL. */
char *bd_arena_copy(bd_arena_t *arena, bd_slice_t s);

void bd_arena_free(bd_arena_t *arena);


#endif /* _BD_ARENA_H_INCLUDED_ */
