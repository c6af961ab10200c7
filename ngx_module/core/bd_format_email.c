/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The formats email (Mailbox of RFC 5321, section 4.1.2) and idn-email (the
 * same as RFC 6531, section 3.3 extends it).  Called through
 * bd_format_lookup().
 */


#include "bd_format_check.h"


#define BD_FORMAT_LOCAL_MAX  64     /* octets, RFC 5321, section 4.5.3.1.1 */


static int bd_format_mailbox(bd_slice_t value, int utf8);
static const uint8_t *bd_format_local_part(const uint8_t *p,
    const uint8_t *last, int utf8);
static const uint8_t *bd_format_quoted(const uint8_t *p, const uint8_t *last,
    int utf8);
static int bd_format_is_atext(uint8_t c, int utf8);
static int bd_format_address_literal(bd_slice_t literal);


int
bd_format_email(bd_slice_t value)
{
    return bd_format_mailbox(value, 0);
}


int
bd_format_idn_email(bd_slice_t value)
{
    return bd_format_mailbox(value, 1);
}


static int
bd_format_mailbox(bd_slice_t value, int utf8)
{
    bd_slice_t      domain;
    const uint8_t  *at, *last;

    last = value.data + value.len;
    at = bd_format_local_part(value.data, last, utf8);

    if (at == NULL || at == last || *at != '@'
        || at - value.data > BD_FORMAT_LOCAL_MAX)
    {
        return 0;
    }

    domain = bd_format_between(at + 1, last);

    if (domain.len != 0 && domain.data[0] == '[') {
        return bd_format_address_literal(domain);
    }

    return utf8 ? bd_format_idn_hostname(domain) : bd_format_hostname(domain);
}


/* Local-part = Dot-string / Quoted-string.  Returns what follows it, or
 * NULL. */
static const uint8_t *
bd_format_local_part(const uint8_t *p, const uint8_t *last, int utf8)
{
    const uint8_t  *atom;

    if (p != last && *p == '"') {
        return bd_format_quoted(p + 1, last, utf8);
    }

    for ( ;; ) {
        atom = p;

        while (p != last && bd_format_is_atext(*p, utf8)) {
            p++;
        }

        if (p == atom) {
            return NULL;
        }

        if (p == last || *p != '.') {
            return p;
        }

        p++;
    }
}


/* The rest of a Quoted-string after its opening quote.  Returns what follows
 * the closing one, or NULL. */
static const uint8_t *
bd_format_quoted(const uint8_t *p, const uint8_t *last, int utf8)
{
    for ( /* void */ ; p != last; p++) {
        if (*p == '"') {
            return p + 1;
        }

        if (*p >= 0x80 && utf8) {
            continue;
        }

        /* quoted-pairSMTP: RFC 6531 lets no other character in here */

        if (*p == '\\' && ++p == last) {
            return NULL;
        }

        if (*p < 0x20 || *p > 0x7e) {
            return NULL;
        }
    }

    return NULL;
}


/* atext of RFC 5322, section 3.2.3, and UTF8-non-ascii of RFC 6531. */
static int
bd_format_is_atext(uint8_t c, int utf8)
{
    if (c >= 0x80) {
        return utf8;
    }

    return bd_format_is_alnum(c)
           || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}


/*
 * address-literal of RFC 5321, section 4.1.3.  Of the General-address-literal
 * only registered tags may be used, and "IPv6" is the only one registered.
 * Addresses are taken as the formats ipv4 and ipv6 take them.  The caller has
 * seen the opening bracket.
 */

static int
bd_format_address_literal(bd_slice_t literal)
{
    static const char  tag[] = "ipv6:";

    size_t          i;
    const uint8_t  *p, *last;

    p = literal.data + 1;
    last = literal.data + literal.len - 1;

    if (*last != ']') {                 /* this may be the opening one */
        return 0;
    }

    for (i = 0; tag[i] != '\0'; i++) {
        if (p + i == last || bd_format_lower(p[i]) != (uint8_t) tag[i]) {
            return bd_format_ipv4(bd_format_between(p, last));
        }
    }

    return bd_format_ipv6(bd_format_between(p + i, last));
}
