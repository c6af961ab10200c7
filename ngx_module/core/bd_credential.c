/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Grammar of RFC 9110, section 11.4, with the one scheme of RFC 6750:
 *
 *   credentials = auth-scheme 1*SP token68
 *   auth-scheme = token
 *   token68     = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" )
 *                 *"="
 *
 * Called once per request in the access phase, with the value as nginx cut
 * it out of the header.
 */


#include "bd_credential.h"

#include <strings.h>


static int bd_credential_alnum(uint8_t ch);
static int bd_credential_tchar(uint8_t ch);
static int bd_credential_token68(bd_slice_t token);


bd_credential_e
bd_credential_parse(bd_slice_t value, bd_slice_t *token)
{
    size_t      i;
    bd_slice_t  rest, scheme;

    scheme = bd_slice("Bearer");

    for (i = 0; i < value.len && bd_credential_tchar(value.data[i]); i++) {
        /* void */
    }

    if (i != scheme.len
        || strncasecmp((const char *) value.data, (const char *) scheme.data,
                       i) != 0)
    {
        return BD_CREDENTIAL_MISSING;
    }

    while (i < value.len && value.data[i] == ' ') {
        i++;
    }

    rest = bd_slice_make(value.data + i, value.len - i);

    if (i == scheme.len || !bd_credential_token68(rest)) {
        return BD_CREDENTIAL_MALFORMED;
    }

    *token = rest;

    return BD_CREDENTIAL_OK;
}


static int
bd_credential_token68(bd_slice_t token)
{
    size_t   i;
    uint8_t  ch;

    if (token.len == 0 || token.len > BD_TOKEN_MAX) {
        return 0;
    }

    for (i = 0; i < token.len; i++) {
        ch = token.data[i];

        if (!bd_credential_alnum(ch)
            && (ch == '\0' || strchr("-._~+/", ch) == NULL))
        {
            break;
        }
    }

    if (i == 0) {
        return 0;
    }

    while (i < token.len && token.data[i] == '=') {
        i++;
    }

    return i == token.len;
}


/* A character of a token, RFC 9110, section 5.6.2. */

static int
bd_credential_tchar(uint8_t ch)
{
    return bd_credential_alnum(ch)
           || (ch != '\0' && strchr("!#$%&'*+-.^_`|~", ch) != NULL);
}


static int
bd_credential_alnum(uint8_t ch)
{
    return (ch >= 'A' && ch <= 'Z')
           || (ch >= 'a' && ch <= 'z')
           || (ch >= '0' && ch <= '9');
}
