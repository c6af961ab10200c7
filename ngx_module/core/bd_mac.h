/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * HMAC-SHA-256 (RFC 2104, FIPS 180-4) by OpenSSL's EVP_MAC, with the keyed
 * state prepared once: a digest of a short message then neither fetches an
 * algorithm nor sets up a key.
 */


#ifndef _BD_MAC_H_INCLUDED_
#define _BD_MAC_H_INCLUDED_


#include "bd_slice.h"


#define BD_MAC_SIZE  32


typedef struct bd_mac_s  bd_mac_t;


/*
 * Creates a keyed state.  The key used is HMAC(secret, label), so that
 * states of different labels are independent though the operator gives one
 * secret.  secret and label are only read during the call.
 *
 * Returns a new object, to be freed by bd_mac_free(), or NULL when OpenSSL
 * fails or memory is short.  An object must not be used by two threads.
 */
bd_mac_t *bd_mac_create(bd_slice_t secret, bd_slice_t label);
void bd_mac_free(bd_mac_t *mac);

/*
 * Writes the digest of the n parts, one after another, to out.  The caller
 * sees to it that the parts cannot be confused (fixed sizes or lengths).
 * Returns 0, or -1 when OpenSSL fails.
 */
int bd_mac_digest(bd_mac_t *mac, const bd_slice_t *parts, size_t n,
    uint8_t out[BD_MAC_SIZE]);

/* Writes the SHA-256 of data to out.  Returns 0, or -1 when OpenSSL fails. */
int bd_sha256(bd_slice_t data, uint8_t out[BD_MAC_SIZE]);

/* Compares in constant time: 1 when equal, else 0. */
int bd_mac_equal(const uint8_t *a, const uint8_t *b, size_t len);

/* Writes 2 * len lower-case hex digits, no terminator. */
void bd_hex(char *out, const uint8_t *data, size_t len);


#endif /* _BD_MAC_H_INCLUDED_ */
