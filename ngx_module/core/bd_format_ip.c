/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The formats ipv4 (RFC 2673, section 3.2) and ipv6 (RFC 4291, section 2.2).
 * Called through bd_format_lookup(), and by the URI and e-mail formats for
 * the addresses in brackets.
 *
 * inet_pton() would do, were the value a terminated string; the unit test
 * holds both against each other.
 */


#include "bd_format_check.h"


#define BD_FORMAT_IPV6_GROUPS  8


static size_t bd_format_group(const uint8_t *p, const uint8_t *last);


/*
 * Four decimal bytes.  The RFC has 1 to 3 digits without a word on leading
 * zeros; JSON Schema's test suite refuses them, since others read octal.
 */

int
bd_format_ipv4(bd_slice_t value)
{
    unsigned        byte, bytes;
    const uint8_t  *p, *last, *start;

    p = value.data;
    last = p + value.len;

    for (bytes = 1; /* void */ ; bytes++) {
        start = p;
        byte = 0;

        while (p != last && bd_format_is_digit(*p) && p - start < 3) {
            byte = byte * 10 + (unsigned) (*p++ - '0');
        }

        if (p == start || byte > 255 || (*start == '0' && p - start > 1)) {
            return 0;
        }

        if (bytes == 4) {
            return p == last;
        }

        if (p == last || *p++ != '.') {
            return 0;
        }
    }
}


/*
 * Groups of hex digits between colons; at most one "::", which stands for at
 * least one group; the last two groups may be an IPv4 address.  A zone
 * (RFC 4007) is no part of the address.
 */

int
bd_format_ipv6(bd_slice_t value)
{
    int             elided;
    size_t          len;
    unsigned        groups;
    const uint8_t  *p, *last;

    p = value.data;
    last = p + value.len;
    elided = 0;
    groups = 0;

    /* a colon that comes first is half of "::" */

    if (p != last && *p == ':' && (++p == last || *p != ':')) {
        return 0;
    }

    for ( ;; ) {
        if (p != last && *p == ':') {           /* the second of "::" */
            if (elided++) {
                return 0;
            }

            if (++p == last) {
                break;
            }
        }

        len = bd_format_group(p, last);

        if (p + len != last && p[len] == '.') {
            groups += 2;

            if (!bd_format_ipv4(bd_format_between(p, last))) {
                return 0;
            }

            break;
        }

        if (len == 0 || len > 4 || groups++ == BD_FORMAT_IPV6_GROUPS) {
            return 0;
        }

        p += len;

        if (p == last) {
            break;
        }

        if (*p++ != ':') {
            return 0;
        }
    }

    return elided ? groups < BD_FORMAT_IPV6_GROUPS
                  : groups == BD_FORMAT_IPV6_GROUPS;
}


/* The number of hex digits at p, counted up to 5: one too many. */
static size_t
bd_format_group(const uint8_t *p, const uint8_t *last)
{
    size_t  n;

    n = 0;

    while (n < 5 && p + n != last && bd_format_is_hex(p[n])) {
        n++;
    }

    return n;
}
