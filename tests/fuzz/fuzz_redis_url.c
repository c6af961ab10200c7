/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Fuzzes bd_redis_url_parse().  A url that is taken is written anew from its
 * parts, and must then mean the same; one that is refused leaves the result
 * alone.
 */


#include "bd_fuzz.h"
#include "bd_redis_url.h"

#include <stdio.h>


static void fuzz_within(bd_slice_t part, const uint8_t *data, size_t size);
static size_t fuzz_write(char *out, size_t size, const bd_redis_url_t *u);
static char *fuzz_percent(char *p, bd_slice_t s);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char            *url;
    size_t           room, len;
    uint8_t         *buf, *buf2;
    const char      *error;
    bd_redis_url_t   u, again, before;

    buf = malloc(size);
    bd_fuzz_check(buf != NULL);

    memset(&u, 0x5a, sizeof(u));
    before = u;

    error = bd_redis_url_parse(bd_slice_make(data, size), buf, &u);

    if (error != NULL) {
        bd_fuzz_check(*error != '\0');
        bd_fuzz_check(memcmp(&u, &before, sizeof(u)) == 0);
        free(buf);
        return 0;
    }

    fuzz_within(u.host, data, size);
    fuzz_within(u.user, buf, size);
    fuzz_within(u.password, buf, size);
    bd_fuzz_check(u.host.len != 0 && u.db <= INT32_MAX);

    room = 3 * size + 64;
    url = malloc(room);
    buf2 = malloc(room);
    bd_fuzz_check(url != NULL && buf2 != NULL);

    len = fuzz_write(url, room, &u);
    error = bd_redis_url_parse(bd_slice_make(url, len), buf2, &again);

    bd_fuzz_check(error == NULL);
    bd_fuzz_check(u.tls == again.tls && u.local == again.local);
    bd_fuzz_check(u.port == again.port && u.db == again.db);
    bd_fuzz_check(bd_slice_equal(u.host, again.host));
    bd_fuzz_check(bd_slice_equal(u.user, again.user));
    bd_fuzz_check(bd_slice_equal(u.password, again.password));

    free(buf2);
    free(url);
    free(buf);

    return 0;
}


static void
fuzz_within(bd_slice_t part, const uint8_t *data, size_t size)
{
    bd_fuzz_check(part.len == 0
                  || (part.data >= data
                      && part.data + part.len <= data + size));
}


static size_t
fuzz_write(char *out, size_t size, const bd_redis_url_t *u)
{
    int    ipv6;
    char  *p, *last;

    last = out + size;

    if (u->local) {
        return (size_t) snprintf(out, size, "unix:%.*s?db=%u",
                                 (int) u->host.len,
                                 (const char *) u->host.data, u->db);
    }

    p = out + snprintf(out, size, "redis%s://", u->tls ? "s" : "");

    if (u->user.len != 0 || u->password.len != 0) {
        p = fuzz_percent(p, u->user);
        *p++ = ':';
        p = fuzz_percent(p, u->password);
        *p++ = '@';
    }

    ipv6 = memchr(u->host.data, ':', u->host.len) != NULL;

    p += snprintf(p, (size_t) (last - p), "%s%.*s%s:%u/%u", ipv6 ? "[" : "",
                  (int) u->host.len, (const char *) u->host.data,
                  ipv6 ? "]" : "", u->port, u->db);

    return (size_t) (p - out);
}


static char *
fuzz_percent(char *p, bd_slice_t s)
{
    size_t  i;

    for (i = 0; i < s.len; i++) {
        p += sprintf(p, "%%%02x", s.data[i]);
    }

    return p;
}
