/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * A pool of blocks of one size, and contents of any length in chains of them:
 * a block of a chain is the index of the next one (4 bytes) and
 * BD_BLOCK_PAYLOAD bytes.  Blocks are known by an index from 1 on; 0 is none.
 *
 * Where the blocks lie is kept as a distance from the pool itself, so that
 * pool and blocks may be mapped anywhere, if together.
 */


#ifndef _BD_BLOCKS_H_INCLUDED_
#define _BD_BLOCKS_H_INCLUDED_


#include "bd_slice.h"


#define BD_BLOCK_SIZE     256
#define BD_BLOCK_PAYLOAD  (BD_BLOCK_SIZE - sizeof(uint32_t))


typedef struct {
    uint64_t  distance;         /* bytes from here to the first block */
    uint32_t  n;
    uint32_t  free_n;
    uint32_t  free;             /* the first of those given back */
    uint32_t  fresh;            /* from this index on none was ever taken */
} bd_blocks_t;


/* Blocks 1 to n, all free, at memory, which lies after the pool. */
void bd_blocks_init(bd_blocks_t *pool, void *memory, uint32_t n);

/* All blocks are free again.  Trusts nothing but distance and n. */
void bd_blocks_reset(bd_blocks_t *pool);

/* Returns the index of a block, which is all zeros, or 0: there is none. */
uint32_t bd_blocks_take(bd_blocks_t *pool);
void bd_blocks_give(bd_blocks_t *pool, uint32_t index);


/* How many blocks a content takes. */
static inline size_t
bd_blocks_for(size_t len)
{
    return len / BD_BLOCK_PAYLOAD + (len % BD_BLOCK_PAYLOAD != 0);
}


/* index is of this pool, 1 to n. */
static inline void *
bd_block(const bd_blocks_t *pool, uint32_t index)
{
    return (uint8_t *) pool + pool->distance
           + (size_t) (index - 1) * BD_BLOCK_SIZE;
}


/* The index of a block of the pool. */
static inline uint32_t
bd_block_index(const bd_blocks_t *pool, const void *block)
{
    return (uint32_t) ((size_t) ((const uint8_t *) block
                                 - (const uint8_t *) bd_block(pool, 1))
                       / BD_BLOCK_SIZE) + 1;
}


/*
 * Writes data to a new chain.  Returns its first block; 0 when data is empty,
 * or when there are too few blocks: none is taken then.
 */
uint32_t bd_chain_write(bd_blocks_t *pool, bd_slice_t data);

/* Copies a chain of len bytes to out. */
void bd_chain_copy(const bd_blocks_t *pool, uint32_t first, size_t len,
    uint8_t *out);

/* Gives all blocks of a chain back; first may be 0. */
void bd_chain_free(bd_blocks_t *pool, uint32_t first);


#endif /* _BD_BLOCKS_H_INCLUDED_ */
