/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The argument of batch_dial_redis, read once at configuration.  Strict: what
 * is unclear is refused, for a password that silently ends at an unescaped
 * character costs its owner an afternoon.
 *
 *   "redis://" / "rediss://"  [ user ":" password "@" ] host [ ":" port ]
 *                             [ "/" [ db ] ]
 *   "unix:"  absolute-path  [ "?db=" db ]
 */


#include "bd_redis_url.h"

#include <strings.h>


#define BD_REDIS_PORT    6379
#define BD_REDIS_DB_MAX  INT32_MAX      /* Redis keeps the number in an int */


static const char *bd_redis_url_unix(bd_slice_t rest, bd_redis_url_t *u);
static const char *bd_redis_url_tcp(bd_slice_t rest, uint8_t *buf,
    bd_redis_url_t *u);
static const char *bd_redis_url_userinfo(bd_slice_t info, uint8_t *buf,
    bd_redis_url_t *u);
static const char *bd_redis_url_hostport(bd_slice_t s, bd_redis_url_t *u);
static const char *bd_redis_url_ipv6(bd_slice_t s, bd_redis_url_t *u);
static const char *bd_redis_url_port(bd_slice_t s, bd_redis_url_t *u);
static const char *bd_redis_url_db(bd_slice_t s, bd_redis_url_t *u);
static int bd_redis_url_control(bd_slice_t s);
static int bd_redis_url_scheme(bd_slice_t *url, bd_slice_t scheme);
static int bd_redis_url_cut(bd_slice_t *s, uint8_t ch, bd_slice_t *before);
static int bd_redis_url_chars(bd_slice_t s, const char *extra);
static int bd_redis_url_decode(bd_slice_t s, uint8_t *buf, bd_slice_t *out);
static int bd_redis_url_hex(uint8_t ch);
static int bd_redis_url_number(bd_slice_t s, uint32_t max, uint32_t *number);


const char *
bd_redis_url_parse(bd_slice_t url, uint8_t *buf, bd_redis_url_t *out)
{
    const char      *error;
    bd_redis_url_t   u;

    u = (bd_redis_url_t) { .port = BD_REDIS_PORT };

    if (bd_redis_url_control(url)) {
        return "the url contains a control character";
    }

    if (bd_redis_url_scheme(&url, bd_slice("unix:"))) {
        u.local = 1;
        u.port = 0;
        error = bd_redis_url_unix(url, &u);

    } else if (bd_redis_url_scheme(&url, bd_slice("redis://"))) {
        error = bd_redis_url_tcp(url, buf, &u);

    } else if (bd_redis_url_scheme(&url, bd_slice("rediss://"))) {
        u.tls = 1;
        error = bd_redis_url_tcp(url, buf, &u);

    } else {
        error = "the url begins with none of \"redis://\", \"rediss://\", "
                "\"unix:\"";
    }

    if (error == NULL) {
        *out = u;
    }

    return error;
}


/* rest is what follows "unix:". */

static const char *
bd_redis_url_unix(bd_slice_t rest, bd_redis_url_t *u)
{
    int         parameters;
    bd_slice_t  name;

    parameters = bd_redis_url_cut(&rest, '?', &u->host);

    if (!parameters) {
        u->host = rest;
    }

    if (u->host.len == 0 || u->host.data[0] != '/') {
        return "the path of the unix socket is not absolute";
    }

    if (!parameters) {
        return NULL;
    }

    if (!bd_redis_url_cut(&rest, '=', &name)
        || !bd_slice_equal(name, bd_slice("db")))
    {
        return "\"db=number\" is the only parameter of a unix socket";
    }

    return bd_redis_url_db(rest, u);
}


/* rest is what follows the two slashes. */

static const char *
bd_redis_url_tcp(bd_slice_t rest, uint8_t *buf, bd_redis_url_t *u)
{
    bd_slice_t   authority, info;
    const char  *error;

    if (rest.len != 0 && memchr(rest.data, '?', rest.len) != NULL) {
        return "only a unix socket takes parameters";
    }

    if (!bd_redis_url_cut(&rest, '/', &authority)) {
        authority = rest;
        rest.len = 0;
    }

    if (bd_redis_url_cut(&authority, '@', &info)) {
        error = bd_redis_url_userinfo(info, buf, u);
        if (error != NULL) {
            return error;
        }
    }

    error = bd_redis_url_hostport(authority, u);
    if (error != NULL) {
        return error;
    }

    /* "redis://host/" is as good as "redis://host" */

    return (rest.len != 0) ? bd_redis_url_db(rest, u) : NULL;
}


static const char *
bd_redis_url_userinfo(bd_slice_t info, uint8_t *buf, bd_redis_url_t *u)
{
    bd_slice_t  user;

    /* "redis://word@host": a password to redis-cli, a user to RFC 3986 */

    if (!bd_redis_url_cut(&info, ':', &user)) {
        return "what stands before \"@\" is not \"user:password\"";
    }

    if (user.len == 0 && info.len == 0) {
        return "there is neither a user nor a password before \"@\"";
    }

    if (!bd_redis_url_decode(user, buf, &u->user)
        || !bd_redis_url_decode(info, buf + user.len, &u->password))
    {
        return "\"%\" is not followed by two hexadecimal digits in the user "
               "or the password";
    }

    return NULL;
}


static const char *
bd_redis_url_hostport(bd_slice_t s, bd_redis_url_t *u)
{
    int  port;

    if (s.len != 0 && s.data[0] == '[') {
        return bd_redis_url_ipv6(bd_slice_make(s.data + 1, s.len - 1), u);
    }

    port = bd_redis_url_cut(&s, ':', &u->host);

    if (!port) {
        u->host = s;
    }

    if (u->host.len == 0) {
        return "the host is empty";
    }

    if (!bd_redis_url_chars(u->host, "-._")) {
        return "the host contains a character that no host name has";
    }

    return port ? bd_redis_url_port(s, u) : NULL;
}


/* s is what follows the opening bracket. */

static const char *
bd_redis_url_ipv6(bd_slice_t s, bd_redis_url_t *u)
{
    if (!bd_redis_url_cut(&s, ']', &u->host)) {
        return "\"[\" is without its \"]\"";
    }

    /* whoever makes it an address looks at the groups */

    if (u->host.len == 0
        || memchr(u->host.data, ':', u->host.len) == NULL
        || !bd_redis_url_chars(u->host, ":."))
    {
        return "what stands in brackets is not an IPv6 address";
    }

    if (s.len == 0) {
        return NULL;
    }

    if (s.data[0] != ':') {
        return "\"]\" is not followed by a port";
    }

    return bd_redis_url_port(bd_slice_make(s.data + 1, s.len - 1), u);
}


static const char *
bd_redis_url_port(bd_slice_t s, bd_redis_url_t *u)
{
    uint32_t  port;

    if (!bd_redis_url_number(s, UINT16_MAX, &port) || port == 0) {
        return "the port is not a number from 1 to 65535";
    }

    u->port = (uint16_t) port;

    return NULL;
}


static const char *
bd_redis_url_db(bd_slice_t s, bd_redis_url_t *u)
{
    if (!bd_redis_url_number(s, BD_REDIS_DB_MAX, &u->db)) {
        return "the database is not a number from 0 to 2147483647";
    }

    return NULL;
}


static int
bd_redis_url_control(bd_slice_t s)
{
    size_t  i;

    for (i = 0; i < s.len; i++) {
        if (s.data[i] < 0x20 || s.data[i] == 0x7f) {
            return 1;
        }
    }

    return 0;
}


/* Takes the scheme, in any case, off the url.  Returns 1, or 0. */

static int
bd_redis_url_scheme(bd_slice_t *url, bd_slice_t scheme)
{
    if (url->len < scheme.len
        || strncasecmp((const char *) url->data, (const char *) scheme.data,
                       scheme.len) != 0)
    {
        return 0;
    }

    *url = bd_slice_make(url->data + scheme.len, url->len - scheme.len);

    return 1;
}


/*
 * Splits *s at the first ch: *before takes what comes before it, *s is left
 * with what comes after.  Returns 1; or 0 when there is none, changing
 * nothing.
 */

static int
bd_redis_url_cut(bd_slice_t *s, uint8_t ch, bd_slice_t *before)
{
    size_t          len;
    const uint8_t  *p;

    p = (s->len != 0) ? memchr(s->data, ch, s->len) : NULL;
    if (p == NULL) {
        return 0;
    }

    len = (size_t) (p - s->data);

    *before = bd_slice_make(s->data, len);
    *s = bd_slice_make(p + 1, s->len - len - 1);

    return 1;
}


/* 1 when s is letters and digits of ASCII and what extra lists. */

static int
bd_redis_url_chars(bd_slice_t s, const char *extra)
{
    size_t   i;
    uint8_t  ch;

    for (i = 0; i < s.len; i++) {
        ch = s.data[i];

        if (!(ch >= 'A' && ch <= 'Z')
            && !(ch >= 'a' && ch <= 'z')
            && !(ch >= '0' && ch <= '9')
            && strchr(extra, ch) == NULL)
        {
            return 0;
        }
    }

    return 1;
}


/* Percent-decodes s (RFC 3986, section 2.1) to buf.  Returns 1, or 0. */

static int
bd_redis_url_decode(bd_slice_t s, uint8_t *buf, bd_slice_t *out)
{
    int       high, low;
    size_t    i;
    uint8_t  *p;

    p = buf;

    for (i = 0; i < s.len; i++) {

        if (s.data[i] != '%') {
            *p++ = s.data[i];
            continue;
        }

        if (s.len - i < 3) {
            return 0;
        }

        high = bd_redis_url_hex(s.data[++i]);
        low = bd_redis_url_hex(s.data[++i]);

        if (high < 0 || low < 0) {
            return 0;
        }

        *p++ = (uint8_t) (high << 4 | low);
    }

    *out = bd_slice_make(buf, (size_t) (p - buf));

    return 1;
}


static int
bd_redis_url_hex(uint8_t ch)
{
    if (ch >= '0' && ch <= '9') {
        return ch - '0';
    }

    ch |= 0x20;

    return (ch >= 'a' && ch <= 'f') ? ch - 'a' + 10 : -1;
}


/* Reads a decimal number of at most max.  Returns 1, or 0. */

static int
bd_redis_url_number(bd_slice_t s, uint32_t max, uint32_t *number)
{
    size_t    i;
    uint64_t  n;

    n = 0;

    for (i = 0; i < s.len; i++) {

        if (s.data[i] < '0' || s.data[i] > '9') {
            return 0;
        }

        n = n * 10 + (s.data[i] - '0');

        if (n > max) {
            return 0;
        }
    }

    *number = (uint32_t) n;

    return s.len != 0;
}
