/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * A quick hash for tables in memory.  Not for secrets; a hostile key can
 * collide, so every user bounds its probes or its work.
 */


#ifndef _BD_HASH_H_INCLUDED_
#define _BD_HASH_H_INCLUDED_


#include "bd_slice.h"


/* Folds one word into a hash (the finalizer of splitmix64). */
static inline uint64_t
bd_hash_mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) + 0x9e3779b97f4a7c15u;
    hash = (hash ^ hash >> 30) * 0xbf58476d1ce4e5b9u;

    return hash ^ hash >> 29;
}


/* The hash of len bytes, eight at a time. */
static inline uint64_t
bd_hash_bytes(const void *data, size_t len, uint64_t seed)
{
    uint64_t        hash, word;
    const uint8_t  *p;

    p = data;
    hash = seed ^ len;

    for ( /* void */ ; len >= 8; len -= 8) {
        memcpy(&word, p, 8);
        hash = bd_hash_mix(hash, word);
        p += 8;
    }

    if (len != 0) {
        word = 0;
        memcpy(&word, p, len);
        hash = bd_hash_mix(hash, word);
    }

    return hash;
}


#endif /* _BD_HASH_H_INCLUDED_ */
