/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * UTF-8: see bd_utf8.h.
 */


#include "bd_utf8.h"


uint32_t
bd_utf8_next(bd_slice_t *s)
{
    size_t    i, n;
    uint32_t  code, least;

    if (s->len == 0) {
        return BD_UTF8_INVALID;
    }

    code = s->data[0];

    if (code < 0x80) {
        n = 1;
        least = 0;

    } else if (code >= 0xc2 && code < 0xe0) {
        n = 2;
        least = 0x80;
        code &= 0x1f;

    } else if (code >= 0xe0 && code < 0xf0) {
        n = 3;
        least = 0x800;
        code &= 0x0f;

    } else if (code >= 0xf0 && code < 0xf5) {
        n = 4;
        least = 0x10000;
        code &= 0x07;

    } else {
        return BD_UTF8_INVALID;
    }

    if (s->len < n) {
        return BD_UTF8_INVALID;
    }

    for (i = 1; i < n; i++) {
        if ((s->data[i] & 0xc0) != 0x80) {
            return BD_UTF8_INVALID;
        }

        code = code << 6 | (s->data[i] & 0x3f);
    }

    if (code < least || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) {
        return BD_UTF8_INVALID;
    }

    s->data += n;
    s->len -= n;

    return code;
}


int
bd_utf8_valid(bd_slice_t s)
{
    while (s.len != 0) {
        if (bd_utf8_next(&s) == BD_UTF8_INVALID) {
            return 0;
        }
    }

    return 1;
}


size_t
bd_utf8_length(bd_slice_t s)
{
    size_t  i, n;

    n = 0;

    for (i = 0; i < s.len; i++) {
        n += (s.data[i] & 0xc0) != 0x80;
    }

    return n;
}


size_t
bd_utf8_encode(char *out, uint32_t code)
{
    if (code < 0x80) {
        out[0] = (char) code;
        return 1;
    }

    if (code < 0x800) {
        out[0] = (char) (0xc0 | code >> 6);
        out[1] = (char) (0x80 | (code & 0x3f));
        return 2;
    }

    if (code < 0x10000) {
        out[0] = (char) (0xe0 | code >> 12);
        out[1] = (char) (0x80 | (code >> 6 & 0x3f));
        out[2] = (char) (0x80 | (code & 0x3f));
        return 3;
    }

    out[0] = (char) (0xf0 | code >> 18);
    out[1] = (char) (0x80 | (code >> 12 & 0x3f));
    out[2] = (char) (0x80 | (code >> 6 & 0x3f));
    out[3] = (char) (0x80 | (code & 0x3f));

    return 4;
}
