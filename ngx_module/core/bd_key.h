/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Names in Redis.  A job is one hash, so that deleting one key drops the
 * entries and leases of all credentials; the braces make the id the hash tag
 * of Redis Cluster.
 *
 *   bd:<namespace>:{<id>}            the hash of a job
 *     e:<credential>                 entry of a credential (bd_entry.h)
 *     l:<credential>                 its lease
 *     w:<credential>                 somebody waits for its lease to end
 *     x                              the moment of the job's last expiry
 *     p:<token>                      a write under way
 *   bd:<namespace>:c:{<credential>}  the hash of a credential
 *     a, r                           when it was accepted, rejected
 *     h                              until when it is held off
 *     l, w                           the lease of its renewal
 *   bd:<namespace>:generation        of the namespace
 *   bd:<namespace>:events            the channel (bd_event.h)
 *
 * <credential> is the digest in 64 lower-case hex digits.
 */


#ifndef _BD_KEY_H_INCLUDED_
#define _BD_KEY_H_INCLUDED_


#include "bd_mac.h"
#include "bd_route.h"
#include "bd_slice.h"


#define BD_NAMESPACE_MAX  64
#define BD_KEY_MAX        (BD_NAMESPACE_MAX + BD_ID_MAX + 8)
#define BD_FIELD_SIZE     (2 + 2 * BD_MAC_SIZE)


/* 1 when word is 1 to BD_NAMESPACE_MAX characters of A-Z a-z 0-9 - _ . */
int bd_namespace_valid(bd_slice_t word);

/*
 * Writes the key of a job to out, which has room for BD_KEY_MAX bytes, and
 * returns its length.  ns and id have been validated.
 */
size_t bd_key_job(char *out, bd_slice_t ns, bd_slice_t id);

/* The same of the hash of a credential. */
size_t bd_key_credential(char *out, bd_slice_t ns,
    const uint8_t credential[BD_MAC_SIZE]);

/* The same of a word: the generation, the channel. */
size_t bd_key_word(char *out, bd_slice_t ns, bd_slice_t word);

/* Writes a field of a credential, "<prefix>:<credential>": BD_FIELD_SIZE
 * bytes. */
void bd_key_field(char *out, char prefix,
    const uint8_t credential[BD_MAC_SIZE]);


#endif /* _BD_KEY_H_INCLUDED_ */
