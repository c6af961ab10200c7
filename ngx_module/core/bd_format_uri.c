/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The formats uri and uri-reference (RFC 3986), iri and iri-reference
 * (RFC 3987).  Called through bd_format_lookup().
 *
 * The generic syntax alone is looked at: no rule of a scheme, and a host that
 * is no address is any reg-name, "999.999.999.999" too.  The delimiters split
 * a reference without backtracking (RFC 3986, appendix B), and each part has
 * one set of characters.
 */


#include "bd_format_check.h"
#include "bd_utf8.h"


#define BD_FORMAT_URI_ABSOLUTE  1       /* with a scheme */
#define BD_FORMAT_URI_IRI       2       /* ucschar wherever unreserved is */
#define BD_FORMAT_URI_PRIVATE   4       /* iprivate, that is in a query */


static int bd_format_uri_check(bd_slice_t value, unsigned flags);
static const uint8_t *bd_format_uri_scheme(const uint8_t *p,
    const uint8_t *last);
static int bd_format_uri_path(const uint8_t *p, const uint8_t *last,
    int scheme, unsigned flags);
static int bd_format_uri_authority(const uint8_t *p, const uint8_t *last,
    unsigned flags);
static int bd_format_uri_literal(const uint8_t *p, const uint8_t *last);
static int bd_format_uri_span(const uint8_t *p, const uint8_t *last,
    const char *delimiters, unsigned flags);
static size_t bd_format_uri_char(const uint8_t *p, const uint8_t *last,
    const char *delimiters, unsigned flags);


int
bd_format_uri(bd_slice_t value)
{
    return bd_format_uri_check(value, BD_FORMAT_URI_ABSOLUTE);
}


int
bd_format_uri_reference(bd_slice_t value)
{
    return bd_format_uri_check(value, 0);
}


int
bd_format_iri(bd_slice_t value)
{
    return bd_format_uri_check(value,
                               BD_FORMAT_URI_ABSOLUTE|BD_FORMAT_URI_IRI);
}


int
bd_format_iri_reference(bd_slice_t value)
{
    return bd_format_uri_check(value, BD_FORMAT_URI_IRI);
}


static int
bd_format_uri_check(bd_slice_t value, unsigned flags)
{
    unsigned        query_flags;
    const uint8_t  *p, *last, *path, *query, *fragment;

    p = value.data;
    last = p + value.len;

    path = bd_format_uri_scheme(p, last);

    if (path == p && (flags & BD_FORMAT_URI_ABSOLUTE)) {
        return 0;
    }

    fragment = bd_format_find(path, last, '#');
    query = bd_format_find(path, fragment, '?');

    query_flags = flags;

    if (flags & BD_FORMAT_URI_IRI) {
        query_flags |= BD_FORMAT_URI_PRIVATE;
    }

    return bd_format_uri_path(path, query, path != p, flags)
           && (query == fragment
               || bd_format_uri_span(query + 1, fragment, ":@/?", query_flags))
           && (fragment == last
               || bd_format_uri_span(fragment + 1, last, ":@/?", flags));
}


/* scheme ":" (section 3.1).  Returns what follows it, or p when there is no
 * scheme. */
static const uint8_t *
bd_format_uri_scheme(const uint8_t *p, const uint8_t *last)
{
    const uint8_t  *next;

    if (p == last || !bd_format_is_alpha(*p)) {
        return p;
    }

    for (next = p + 1; next != last; next++) {
        if (*next == ':') {
            return next + 1;
        }

        if (!bd_format_is_alnum(*next)
            && *next != '+' && *next != '-' && *next != '.')
        {
            return p;
        }
    }

    return p;
}


/* hier-part, or relative-part when there is no scheme (sections 3, 4.2). */
static int
bd_format_uri_path(const uint8_t *p, const uint8_t *last, int scheme,
    unsigned flags)
{
    const uint8_t  *segment;

    if (last - p >= 2 && p[0] == '/' && p[1] == '/') {
        p += 2;
        segment = bd_format_find(p, last, '/');

        return bd_format_uri_authority(p, segment, flags)
               && bd_format_uri_span(segment, last, ":@/", flags);
    }

    if (!scheme) {

        /* path-noscheme: a colon here would have ended a scheme */

        segment = bd_format_find(p, last, '/');

        if (bd_format_find(p, segment, ':') != segment) {
            return 0;
        }
    }

    return bd_format_uri_span(p, last, ":@/", flags);
}


/* [ userinfo "@" ] host [ ":" port ] (section 3.2). */
static int
bd_format_uri_authority(const uint8_t *p, const uint8_t *last,
    unsigned flags)
{
    const uint8_t  *at, *port;

    at = bd_format_find(p, last, '@');

    if (at != last) {
        if (!bd_format_uri_span(p, at, ":", flags)) {
            return 0;
        }

        p = at + 1;
    }

    if (p != last && *p == '[') {
        port = bd_format_find(p, last, ']');

        if (port == last || !bd_format_uri_literal(p + 1, port)) {
            return 0;
        }

        port++;

    } else {

        /* reg-name has all that IPv4address has */

        port = bd_format_find(p, last, ':');

        if (!bd_format_uri_span(p, port, "", flags)) {
            return 0;
        }
    }

    if (port == last) {
        return 1;
    }

    if (*port != ':') {
        return 0;
    }

    while (++port != last && bd_format_is_digit(*port)) { /* void */ }

    return port == last;
}


/* IPv6address / IPvFuture (section 3.2.2). */
static int
bd_format_uri_literal(const uint8_t *p, const uint8_t *last)
{
    const uint8_t  *version;

    if (p == last || bd_format_lower(*p) != 'v') {
        return bd_format_ipv6(bd_format_between(p, last));
    }

    version = ++p;

    while (p != last && bd_format_is_hex(*p)) {
        p++;
    }

    return p != version && last - p >= 2 && *p == '.'
           && bd_format_uri_span(p + 1, last, ":", 0)
           && bd_format_find(p, last, '%') == last;
}


/* 1 when p..last is nothing but unreserved, sub-delims, pct-encoded and the
 * delimiters named. */
static int
bd_format_uri_span(const uint8_t *p, const uint8_t *last,
    const char *delimiters, unsigned flags)
{
    size_t  len;

    while (p != last) {
        len = bd_format_uri_char(p, last, delimiters, flags);

        if (len == 0) {
            return 0;
        }

        p += len;
    }

    return 1;
}


/* The length of the character of that set at p, or 0. */
static size_t
bd_format_uri_char(const uint8_t *p, const uint8_t *last,
    const char *delimiters, unsigned flags)
{
    size_t  len;

    if (bd_format_is_alnum(*p)) {
        return 1;
    }

    if (*p == '%') {
        return bd_format_pct_encoded(p, last);
    }

    if (*p < 0x80) {
        return *p != '\0'
               && (strchr("-._~" "!$&'()*+,;=", *p) != NULL
                   || strchr(delimiters, *p) != NULL);
    }

    if (!(flags & BD_FORMAT_URI_IRI)) {
        return 0;
    }

    switch (bd_format_ucs(p, last, &len)) {

    case BD_FORMAT_UCS_CHAR:
        return len;

    case BD_FORMAT_UCS_PRIVATE:
        return (flags & BD_FORMAT_URI_PRIVATE) ? len : 0;

    default:
        return 0;
    }
}


size_t
bd_format_pct_encoded(const uint8_t *p, const uint8_t *last)
{
    return last - p >= 3
           && *p == '%' && bd_format_is_hex(p[1]) && bd_format_is_hex(p[2])
           ? 3 : 0;
}


bd_format_ucs_e
bd_format_ucs(const uint8_t *p, const uint8_t *last, size_t *len)
{
    uint32_t    c;
    bd_slice_t  rest;

    rest = bd_format_between(p, last);
    c = bd_utf8_next(&rest);

    if (c == BD_UTF8_INVALID) {
        return BD_FORMAT_UCS_NONE;
    }

    *len = (size_t) (rest.data - p);

    if (c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e)) {
        return BD_FORMAT_UCS_BIDI;
    }

    if ((c >= 0xe000 && c <= 0xf8ff)
        || (c >= 0xf0000 && (c & 0xffff) <= 0xfffd))
    {
        return BD_FORMAT_UCS_PRIVATE;
    }

    if ((c >= 0xa0 && c <= 0xd7ff)
        || (c >= 0xf900 && c <= 0xfdcf)
        || (c >= 0xfdf0 && c <= 0xffef)
        || (c >= 0x10000 && c <= 0xdfffd && (c & 0xffff) <= 0xfffd)
        || (c >= 0xe1000 && c <= 0xefffd))
    {
        return BD_FORMAT_UCS_CHAR;
    }

    return BD_FORMAT_UCS_NONE;
}
