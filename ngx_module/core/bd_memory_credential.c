/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * What is known of credentials.  An answer that accepts proves as much for
 * the moment its request began, one that rejects for the moment it came: of
 * the two, the rejection wins whenever their order is not known.
 */


#include "bd_memory_private.h"


static bd_cell_t *bd_credential_keep(bd_memory_t *m, const bd_pair_t *pair,
    bd_part_e part, bd_slice_t data);


int
bd_memory_accept(bd_memory_t *m, const uint8_t *credential, int64_t began_ms,
    int64_t step_ms)
{
    bd_cell_t  *c;
    bd_pair_t   pair;

    pair = bd_pair_of_credential(credential);
    c = bd_cell_find(m, &pair);

    if (began_ms <= 0 || (c != NULL && (began_ms <= c->accepted_ms
                                        || began_ms <= c->rejected_ms)))
    {
        return 0;
    }

    if (c != NULL && c->accepted_ms > c->rejected_ms
        && began_ms - c->accepted_ms <= step_ms)
    {
        return 0;
    }

    c = bd_cell_open(m, &pair, c, BD_LIST_CREDENTIALS, 0);

    if (c != NULL) {
        bd_cell_cut(m, c, BD_PART_OUTCOME);

        c->accepted_ms = began_ms;
        c->rejection_until = 0;

        bd_cell_close(m, c);
    }

    return 1;
}


int
bd_memory_reject(bd_memory_t *m, const uint8_t *credential, int64_t ended_ms,
    bd_slice_t data, int64_t until)
{
    bd_cell_t  *c;
    bd_pair_t   pair;

    pair = bd_pair_of_credential(credential);
    c = bd_cell_find(m, &pair);

    if (ended_ms <= 0 || (c != NULL && ended_ms <= c->rejected_ms)) {
        return 0;
    }

    /* one that was accepted again since is not answered with its 401 */

    if (c != NULL && ended_ms < c->accepted_ms) {
        c->rejected_ms = ended_ms;
        return 1;
    }

    if (c != NULL) {
        c->rejected_ms = ended_ms;

        /* another node's word that it was rejected leaves our 401 in force */

        if (data.len == 0) {
            bd_cell_settle(m, c);
            return 1;
        }

        bd_cell_cut(m, c, BD_PART_OUTCOME);
    }

    c = bd_credential_keep(m, &pair, BD_PART_OUTCOME, data);

    if (c == NULL) {
        return 1;
    }

    c->rejected_ms = ended_ms;
    c->rejection_until = until;

    bd_cell_close(m, c);

    return 1;
}


void
bd_memory_hold(bd_memory_t *m, const uint8_t *credential, bd_slice_t data,
    int64_t until)
{
    bd_cell_t  *c;
    bd_pair_t   pair;

    pair = bd_pair_of_credential(credential);
    c = bd_cell_find(m, &pair);

    /* answers may come out of order: the longest wait asked for counts */

    if (until <= 0 || (c != NULL && until <= c->hold_until)) {
        return;
    }

    if (c != NULL) {
        bd_cell_cut(m, c, BD_PART_ENTRY);
        c->hold_until = until;
    }

    c = bd_credential_keep(m, &pair, BD_PART_ENTRY, data);

    if (c == NULL) {
        return;
    }

    c->hold_until = until;

    bd_cell_close(m, c);
}


size_t
bd_memory_hold_copy(bd_memory_t *m, const uint8_t *credential,
    uint8_t *buf, size_t size)
{
    bd_cell_t  *c;
    bd_pair_t   pair;

    pair = bd_pair_of_credential(credential);
    c = bd_cell_find(m, &pair);

    return c == NULL ? 0 : bd_cell_copy(m, c, BD_PART_ENTRY, buf, size);
}


/*
 * Opens the cell and writes data to an empty part of it.  What else there is
 * to say matters more than the bytes: without room for them the part stays
 * empty.  Returns NULL when there is no room for the cell either.
 */

static bd_cell_t *
bd_credential_keep(bd_memory_t *m, const bd_pair_t *pair, bd_part_e part,
    bd_slice_t data)
{
    bd_list_e   list;
    bd_cell_t  *c;

    c = bd_cell_find(m, pair);

    list = c != NULL && c->accepted_ms != 0 ? BD_LIST_CREDENTIALS
                                            : BD_LIST_NEGATIVES;

    c = bd_cell_open(m, pair, c, list, bd_blocks_for(data.len));

    if (c != NULL) {
        bd_cell_write(m, c, part, data);
        return c;
    }

    return bd_cell_open(m, pair, bd_cell_find(m, pair), list, 0);
}
