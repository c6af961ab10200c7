/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The region as a whole: how it is laid out, how a worker enters and leaves
 * it, and how it is emptied when one died inside.
 *
 * What is kept when it is emptied are single words, each of which is right
 * whatever its writer was about to do next: the generation, since and until
 * when the host is sure, the slots of the workers, the counters.  Where the
 * words of sureness do not fit each other, they claim too much of a time that
 * nothing is left of, and nothing else.
 */


#include "bd_memory_private.h"


#define BD_MEMORY_MAGIC   (0x6264206d656d0000u + BD_MEMORY_VERSION)
#define BD_MEMORY_MIN     (128 * 1024)
#define BD_BLOCKS_MAX     0x40000000u

/* There is one epoch for each so many bytes of the region, and one place in
 * the journal, within bounds. */
#define BD_EPOCH_SHARE    512
#define BD_EPOCHS_MIN     256
#define BD_EPOCHS_MAX     4096
#define BD_PLACE_SHARE    2048
#define BD_PLACES_MIN     64
#define BD_PLACES_MAX     1024


static size_t bd_memory_layout(bd_memory_t *m, size_t size);
static void bd_memory_empty(bd_memory_t *m);
static size_t bd_memory_power(size_t n, size_t min, size_t max);


bd_memory_t *
bd_memory_init(void *memory, size_t size, uint64_t seed)
{
    size_t        at, n;
    bd_memory_t  *m;

    if (size < BD_MEMORY_MIN) {
        return NULL;
    }

    m = memory;
    memset(m, 0, sizeof(bd_memory_t));

    m->size = size;
    m->seed = seed;

    at = bd_memory_layout(m, size);

    memset((uint8_t *) m + sizeof(bd_memory_t), 0, at - sizeof(bd_memory_t));

    n = (size - at) / BD_BLOCK_SIZE;

    if (n > BD_BLOCKS_MAX) {
        n = BD_BLOCKS_MAX;
    }

    bd_blocks_init(&m->blocks, (uint8_t *) m + at, (uint32_t) n);
    bd_journal_init(m, 0);

    m->magic = BD_MEMORY_MAGIC;

    return m;
}


int
bd_memory_valid(const bd_memory_t *m, size_t size)
{
    return size >= BD_MEMORY_MIN
           && m->magic == BD_MEMORY_MAGIC && m->size == size;
}


/*
 * A worker that is killed has done what comes before the point it was killed
 * at and nothing after it, so it is the compiler alone that must not move
 * changes out from between the two; other workers see the changes in order by
 * the lock.
 */

int
bd_memory_enter(bd_memory_t *m)
{
    int  died;

    died = atomic_load_explicit(&m->inside, memory_order_relaxed) != 0;

    atomic_store_explicit(&m->inside, 1, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst);

    if (died) {
        m->resets++;
        bd_memory_empty(m);
    }

    return died;
}


void
bd_memory_leave(bd_memory_t *m)
{
    atomic_signal_fence(memory_order_seq_cst);
    atomic_store_explicit(&m->inside, 0, memory_order_relaxed);
}


uint64_t
bd_memory_epoch(const bd_memory_t *m, bd_slice_t id)
{
    uint64_t  hash;

    /* not the bits that choose the bucket */

    hash = bd_memory_job_hash(m, id);

    return m->epoch_base
           + bd_memory_table(m, m->epochs_at)[hash >> 32 & m->epoch_mask];
}


void
bd_memory_usage(const bd_memory_t *m, bd_memory_usage_t *usage)
{
    usage->blocks = m->blocks.n;
    usage->blocks_free = m->blocks.free_n;
    usage->entries = m->entries;
    usage->outcomes = m->outcomes;
    usage->credentials = m->credentials;
    usage->flights = m->flights;
    usage->journal = bd_journal_length(m);
    usage->evicted = (size_t) m->evicted;
    usage->resets = (size_t) m->resets;
}


/* Says where all lies; returns where the blocks begin. */

static size_t
bd_memory_layout(bd_memory_t *m, size_t size)
{
    size_t  at, buckets, epochs, places;

    buckets = bd_memory_power(size / BD_BLOCK_SIZE, 1, BD_BLOCKS_MAX);
    epochs = bd_memory_power(size / BD_EPOCH_SHARE, BD_EPOCHS_MIN,
                             BD_EPOCHS_MAX);
    places = bd_memory_power(size / BD_PLACE_SHARE, BD_PLACES_MIN,
                             BD_PLACES_MAX);

    m->bucket_mask = (uint32_t) buckets - 1;
    m->epoch_mask = (uint32_t) epochs - 1;
    m->journal.n = (uint32_t) places;

    /* counts are even, so that what follows a table is aligned to 8 */

    at = sizeof(bd_memory_t);

    m->cells_at = at;
    at += buckets * sizeof(uint32_t);

    m->jobs_at = at;
    at += buckets * sizeof(uint32_t);

    m->epochs_at = at;
    at += epochs * sizeof(uint32_t);

    m->journal.buckets_at = at;
    at += places * sizeof(uint32_t);

    m->journal.places_at = at;
    at += places * sizeof(bd_place_t);

    return at;
}


/*
 * Nothing of what is read here may have been half-written: it is fixed since
 * the region was laid out, or a single word.
 */

static void
bd_memory_empty(bd_memory_t *m)
{
    size_t  buckets;

    /* the counters of single jobs stay below 2^32 */

    m->epoch_base += (uint64_t) 1 << 32;

    buckets = (size_t) m->bucket_mask + 1;
    memset(bd_memory_table(m, m->cells_at), 0, buckets * sizeof(uint32_t));
    memset(bd_memory_table(m, m->jobs_at), 0, buckets * sizeof(uint32_t));

    memset(&m->other, 0, sizeof(m->other));
    memset(m->lists, 0, sizeof(m->lists));
    memset(m->seen, 0, sizeof(m->seen));

    m->flying = 0;
    m->entries = 0;
    m->outcomes = 0;
    m->credentials = 0;
    m->flights = 0;

    bd_blocks_reset(&m->blocks);
    bd_journal_init(m, 1);
}


/* The greatest power of two up to n, within bounds. */

static size_t
bd_memory_power(size_t n, size_t min, size_t max)
{
    size_t  power;

    for (power = min; power * 2 <= n && power < max; power *= 2) {
        /* void */
    }

    return power;
}
