/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Seals what is given to Redis: an HMAC-SHA-256 behind the bytes, bound to the
 * place they are for (a key and a field, or a channel).  A value that was
 * made elsewhere, changed, cut, or copied to another place does not check out.
 *
 * The HMAC is over: length of the first part of the place (8 bytes, little
 * endian), length of the second (8), the two, and the bytes.
 */


#ifndef _BD_SEAL_H_INCLUDED_
#define _BD_SEAL_H_INCLUDED_


#include "bd_mac.h"
#include "bd_slice.h"


/*
 * Writes BD_MAC_SIZE bytes behind the len bytes at data.  Returns 0, or -1
 * when OpenSSL fails.
 */
int bd_seal(bd_mac_t *mac, const bd_slice_t place[2], uint8_t *data,
    size_t len);

/*
 * Checks sealed bytes.  Returns 0 with *data shortened by the seal, or -1:
 * they are not to be believed, and *data is untouched.
 */
int bd_unseal(bd_mac_t *mac, const bd_slice_t place[2], bd_slice_t *data);


#endif /* _BD_SEAL_H_INCLUDED_ */
