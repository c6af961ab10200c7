/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The formats uuid (RFC 4122, section 3), json-pointer (RFC 6901, section 5)
 * and relative-json-pointer (draft-bhutton-relative-json-pointer-00, section
 * 3).  Called through bd_format_lookup().
 */


#include "bd_format_check.h"


static const uint8_t *bd_format_integer(const uint8_t *p,
    const uint8_t *last);


/* The version and the variant are for those who make one to look after. */
int
bd_format_uuid(bd_slice_t value)
{
    static const char  form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

    size_t  i;

    if (value.len != sizeof(form) - 1) {
        return 0;
    }

    for (i = 0; i < value.len; i++) {
        if (form[i] == '-' ? value.data[i] != '-'
                           : !bd_format_is_hex(value.data[i]))
        {
            return 0;
        }
    }

    return 1;
}


int
bd_format_json_pointer(bd_slice_t value)
{
    const uint8_t  *p, *last;

    p = value.data;
    last = p + value.len;

    if (p != last && *p != '/') {
        return 0;
    }

    for ( /* void */ ; p != last; p++) {
        if (*p == '~' && (++p == last || (*p != '0' && *p != '1'))) {
            return 0;
        }
    }

    return 1;
}


/* Levels to go up, an index to move by, and "#" or a JSON pointer. */
int
bd_format_relative_json_pointer(bd_slice_t value)
{
    const uint8_t  *p, *last;

    last = value.data + value.len;
    p = bd_format_integer(value.data, last);

    if (p != NULL && p != last && (*p == '+' || *p == '-')) {
        p = bd_format_integer(p + 1, last);
    }

    if (p == NULL) {
        return 0;
    }

    if (p != last && *p == '#') {
        return p + 1 == last;
    }

    return bd_format_json_pointer(bd_format_between(p, last));
}


/* non-negative-integer: digits without a leading zero.  Returns what follows
 * it, or NULL. */
static const uint8_t *
bd_format_integer(const uint8_t *p, const uint8_t *last)
{
    if (p == last || !bd_format_is_digit(*p)) {
        return NULL;
    }

    if (*p == '0') {
        return p + 1;
    }

    while (p != last && bd_format_is_digit(*p)) {
        p++;
    }

    return p;
}
