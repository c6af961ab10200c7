/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The Authorization header of RFC 6750: scheme Bearer, any case, one or more
 * spaces, a token68 of 1 to 512 bytes.  The token itself is never kept: the
 * gateway knows a credential by its digest only.
 */


#ifndef _BD_CREDENTIAL_H_INCLUDED_
#define _BD_CREDENTIAL_H_INCLUDED_


#include "bd_slice.h"


#define BD_TOKEN_MAX  512


typedef enum {
    BD_CREDENTIAL_OK = 0,
    BD_CREDENTIAL_MISSING,      /* empty value, or another scheme */
    BD_CREDENTIAL_MALFORMED     /* Bearer, but not followed by one token68 */
} bd_credential_e;


/*
 * Reads the value of an Authorization header.  On BD_CREDENTIAL_OK *token
 * points into value; otherwise it is untouched.
 */
bd_credential_e bd_credential_parse(bd_slice_t value, bd_slice_t *token);


#endif /* _BD_CREDENTIAL_H_INCLUDED_ */
