/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Builds the names in Redis.  Only validated words go in, so no name can be
 * made to look like another one: the namespace and the id contain neither
 * colons nor braces.
 */


#include "bd_key.h"


static int bd_namespace_char(uint8_t ch);
static char *bd_key_put(char *p, bd_slice_t s);


int
bd_namespace_valid(bd_slice_t word)
{
    size_t  i;

    if (word.len == 0 || word.len > BD_NAMESPACE_MAX) {
        return 0;
    }

    for (i = 0; i < word.len; i++) {
        if (!bd_namespace_char(word.data[i])) {
            return 0;
        }
    }

    return 1;
}


size_t
bd_key_job(char *out, bd_slice_t ns, bd_slice_t id)
{
    char  *p;

    p = bd_key_put(out, bd_slice("bd:"));
    p = bd_key_put(p, ns);
    p = bd_key_put(p, bd_slice(":{"));
    p = bd_key_put(p, id);
    p = bd_key_put(p, bd_slice("}"));

    return (size_t) (p - out);
}


size_t
bd_key_credential(char *out, bd_slice_t ns,
    const uint8_t credential[BD_MAC_SIZE])
{
    char  *p;

    p = bd_key_put(out, bd_slice("bd:"));
    p = bd_key_put(p, ns);
    p = bd_key_put(p, bd_slice(":c:{"));

    bd_hex(p, credential, BD_MAC_SIZE);

    p = bd_key_put(p + 2 * BD_MAC_SIZE, bd_slice("}"));

    return (size_t) (p - out);
}


size_t
bd_key_word(char *out, bd_slice_t ns, bd_slice_t word)
{
    char  *p;

    p = bd_key_put(out, bd_slice("bd:"));
    p = bd_key_put(p, ns);
    p = bd_key_put(p, bd_slice(":"));
    p = bd_key_put(p, word);

    return (size_t) (p - out);
}


void
bd_key_field(char *out, char prefix, const uint8_t credential[BD_MAC_SIZE])
{
    *out++ = prefix;
    *out++ = ':';

    bd_hex(out, credential, BD_MAC_SIZE);
}


static int
bd_namespace_char(uint8_t ch)
{
    return (ch >= 'A' && ch <= 'Z')
           || (ch >= 'a' && ch <= 'z')
           || (ch >= '0' && ch <= '9')
           || ch == '-'
           || ch == '_'
           || ch == '.';
}


static char *
bd_key_put(char *p, bd_slice_t s)
{
    memcpy(p, s.data, s.len);

    return p + s.len;
}
