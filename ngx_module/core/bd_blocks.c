/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The pool of blocks.  Blocks that were given back are chained by their first
 * word.  Those never taken are not: to empty a pool is to reset a counter,
 * whatever its size, and memory is first touched when it is needed.
 */


#include "bd_blocks.h"


/* What the link of a block, free or in a chain, looks like. */
typedef struct {
    uint32_t  next;
    uint8_t   payload[BD_BLOCK_PAYLOAD];
} bd_link_t;


_Static_assert(sizeof(bd_link_t) == BD_BLOCK_SIZE, "a link is one block");


void
bd_blocks_init(bd_blocks_t *pool, void *memory, uint32_t n)
{
    pool->distance = (uint64_t) ((uint8_t *) memory - (uint8_t *) pool);
    pool->n = n;

    bd_blocks_reset(pool);
}


void
bd_blocks_reset(bd_blocks_t *pool)
{
    pool->free_n = pool->n;
    pool->free = 0;
    pool->fresh = 1;
}


uint32_t
bd_blocks_take(bd_blocks_t *pool)
{
    uint32_t    index;
    bd_link_t  *link;

    if (pool->free_n == 0) {
        return 0;
    }

    index = pool->free;

    if (index != 0) {
        link = bd_block(pool, index);
        pool->free = link->next;

    } else {
        index = pool->fresh++;
        link = bd_block(pool, index);
    }

    pool->free_n--;

    /* a token of a flight that was here must not be found in a content */

    memset(link, 0, sizeof(bd_link_t));

    return index;
}


void
bd_blocks_give(bd_blocks_t *pool, uint32_t index)
{
    bd_link_t  *link;

    link = bd_block(pool, index);
    link->next = pool->free;

    pool->free = index;
    pool->free_n++;
}


uint32_t
bd_chain_write(bd_blocks_t *pool, bd_slice_t data)
{
    size_t      len, left;
    uint32_t    first, *next;
    bd_link_t  *link;

    if (bd_blocks_for(data.len) > pool->free_n) {
        return 0;
    }

    first = 0;
    next = &first;

    for (left = data.len; left != 0; left -= len) {
        len = left < BD_BLOCK_PAYLOAD ? left : BD_BLOCK_PAYLOAD;

        *next = bd_blocks_take(pool);
        link = bd_block(pool, *next);
        next = &link->next;

        memcpy(link->payload, data.data + (data.len - left), len);
    }

    return first;
}


void
bd_chain_copy(const bd_blocks_t *pool, uint32_t first, size_t len,
    uint8_t *out)
{
    size_t            part;
    const bd_link_t  *link;

    for ( /* void */ ; len != 0 && first != 0; first = link->next) {
        link = bd_block(pool, first);
        part = len < BD_BLOCK_PAYLOAD ? len : BD_BLOCK_PAYLOAD;

        memcpy(out, link->payload, part);

        out += part;
        len -= part;
    }
}


void
bd_chain_free(bd_blocks_t *pool, uint32_t first)
{
    uint32_t          next;
    const bd_link_t  *link;

    for ( /* void */ ; first != 0; first = next) {
        link = bd_block(pool, first);
        next = link->next;

        bd_blocks_give(pool, first);
    }
}
