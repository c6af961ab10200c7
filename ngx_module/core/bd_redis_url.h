/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Where Redis is: redis://[user:pass@]host[:port][/db], rediss://... for
 * TLS, unix:/path[?db=N].  User and password are percent-decoded, the path
 * of a socket is taken as it stands; IPv6 addresses stand in brackets; the
 * default port is 6379, the database 0.
 * "redis://:pass@host" has a password and no user, as redis-cli reads it.
 */


#ifndef _BD_REDIS_URL_H_INCLUDED_
#define _BD_REDIS_URL_H_INCLUDED_


#include "bd_slice.h"


typedef struct {
    unsigned    tls:1;
    unsigned    local:1;        /* a unix socket: host is its path */
    bd_slice_t  host;           /* into url; without brackets */
    uint16_t    port;           /* 0 of a unix socket */
    uint32_t    db;
    bd_slice_t  user;           /* into buf */
    bd_slice_t  password;       /* into buf */
} bd_redis_url_t;


/*
 * Parses url.  buf has room for url.len bytes and takes the decoded user and
 * password; it lives as long as *out.
 *
 * Returns NULL, or what is wrong with the url as a phrase in static memory
 * ("the port is not a number from 1 to 65535"), never quoting the password.
 */
const char *bd_redis_url_parse(bd_slice_t url, uint8_t *buf,
    bd_redis_url_t *out);


#endif /* _BD_REDIS_URL_H_INCLUDED_ */
