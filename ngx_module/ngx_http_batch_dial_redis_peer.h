/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * One connection to Redis: name, socket, TLS, AUTH and SELECT, bytes out,
 * replies in.  It does not know what a reply belongs to, has no deadlines and
 * does not come back by itself: its owner sees to that.
 *
 *   DOWN -- connect() --> RESOLVING --> CONNECTING --> GREETING --> READY
 *
 * From any state close() leads back to DOWN.  So does every failure, and then
 * down() tells the owner.
 */


#ifndef _NGX_HTTP_BATCH_DIAL_REDIS_PEER_H_INCLUDED_
#define _NGX_HTTP_BATCH_DIAL_REDIS_PEER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include "ngx_http_batch_dial_redis.h"
#include "ngx_http_batch_dial_redis_out.h"
#include "ngx_http_batch_dial_redis_reader.h"


#define NGX_HTTP_BATCH_DIAL_REDIS_PROBE_WORDS  3

/* Of a name with more addresses the first ones are used. */
#define NGX_HTTP_BATCH_DIAL_REDIS_ADDRESSES  8


typedef enum {
    NGX_HTTP_BATCH_DIAL_REDIS_DOWN = 0,
    NGX_HTTP_BATCH_DIAL_REDIS_RESOLVING,
    NGX_HTTP_BATCH_DIAL_REDIS_CONNECTING,       /* the socket, then TLS */
    NGX_HTTP_BATCH_DIAL_REDIS_GREETING,         /* AUTH, SELECT, a probe */
    NGX_HTTP_BATCH_DIAL_REDIS_READY
} ngx_http_batch_dial_redis_state_e;


typedef enum {
    NGX_HTTP_BATCH_DIAL_REDIS_CLOSED = 0,       /* by the other side */
    NGX_HTTP_BATCH_DIAL_REDIS_FAILED,           /* was never of use */
    NGX_HTTP_BATCH_DIAL_REDIS_GARBAGE           /* replies make no sense */
} ngx_http_batch_dial_redis_end_e;


/*
 * What a peer tells its owner, always from the event loop, never from inside
 * a function of the peer.  None of them may close the peer, except that in
 * down() it is DOWN already and may be connected again.
 */
typedef struct {
    /* it is READY; what was queued leaves at the end of this turn */
    void       (*up)(void *data);

    /*
     * the next reply, borrowed; returns NGX_OK, or NGX_ERROR for a reply
     * that nothing was asked for: the peer is then closed as GARBAGE; or
     * NGX_DECLINED for one by which Redis refuses, with peer->cause set: it is
     * then closed as FAILED
     */
    ngx_int_t  (*reply)(void *data, redisReply *reply);

    /* the connection has ended; peer->cause says why; what is queued stays */
    void       (*down)(void *data, ngx_http_batch_dial_redis_end_e end);
} ngx_http_batch_dial_redis_events_t;


typedef struct {
    ngx_http_batch_dial_redis_conf_t    *conf;
    ngx_http_batch_dial_redis_stats_t   *stats;
    ngx_http_batch_dial_redis_events_t  *events;
    void                                *data;      /* of the events */

    ngx_http_batch_dial_redis_state_e    state;
    ngx_str_t                            cause;     /* of the last end */
    u_char                               cause_buf[128];

    ngx_connection_t                    *connection;
    ngx_log_t                            log;       /* of the connection */
    ngx_event_t                          flush;     /* posted, never timed */
    u_char                              *buffer;    /* bytes just received */
    ngx_http_batch_dial_redis_reader_t   reader;
    ngx_http_batch_dial_redis_out_t      hello;     /* the greeting */
    ngx_http_batch_dial_redis_out_t      out;       /* commands */
    ngx_uint_t                           awaited;   /* bits of the greeting */

    ngx_resolver_ctx_t                  *resolving;
    ngx_addr_t                          *addrs;
    ngx_uint_t                           naddrs;
    ngx_uint_t                           next;      /* address to use */
    ngx_uint_t                           tried;     /* in this attempt */
    ngx_addr_t                           resolved[
                                         NGX_HTTP_BATCH_DIAL_REDIS_ADDRESSES];
    ngx_sockaddr_t                       sockaddrs[
                                         NGX_HTTP_BATCH_DIAL_REDIS_ADDRESSES];

    unsigned                             starting:1; /* inside connect() */
    unsigned                             quiet:1;   /* set by the owner: its
                                                       failures are known, do
                                                       not log them again */
} ngx_http_batch_dial_redis_peer_t;


/* peer is zeroed memory.  Returns NGX_OK, or NGX_ERROR: no memory. */
ngx_int_t ngx_http_batch_dial_redis_peer_init(
    ngx_http_batch_dial_redis_peer_t *peer,
    ngx_http_batch_dial_redis_conf_t *conf,
    ngx_http_batch_dial_redis_stats_t *stats,
    ngx_http_batch_dial_redis_events_t *events, void *data);

/* Closes it, drops what is queued, frees what peer owns; but not peer. */
void ngx_http_batch_dial_redis_peer_free(
    ngx_http_batch_dial_redis_peer_t *peer);

/*
 * Leaves DOWN.  Returns NGX_OK: up() or down() will follow; or NGX_ERROR: it
 * could not even begin, peer->cause says why, and down() is not called.
 */
ngx_int_t ngx_http_batch_dial_redis_peer_connect(
    ngx_http_batch_dial_redis_peer_t *peer);

/*
 * Queues a command in any state; in READY it leaves at the end of this turn
 * of the event loop.  Returns NGX_OK, or NGX_ERROR: no memory.
 */
ngx_int_t ngx_http_batch_dial_redis_peer_command(
    ngx_http_batch_dial_redis_peer_t *peer, ngx_uint_t argc,
    const ngx_str_t *argv);

/*
 * The words of a probe, the read that shows whether Redis serves us, in argv
 * with room for NGX_HTTP_BATCH_DIAL_REDIS_PROBE_WORDS.  Returns how many.
 */
ngx_uint_t ngx_http_batch_dial_redis_probe_words(
    ngx_http_batch_dial_redis_conf_t *conf, ngx_str_t *argv);

/*
 * Ends the connection; down() is not called.  What is queued stays, for the
 * next connection: unless nothing of it has left it must be discarded.
 */
void ngx_http_batch_dial_redis_peer_close(
    ngx_http_batch_dial_redis_peer_t *peer);

/* Drops what is queued. */
void ngx_http_batch_dial_redis_peer_discard(
    ngx_http_batch_dial_redis_peer_t *peer);

/* How many commands have left, at least in part, on the last connection. */
ngx_uint_t ngx_http_batch_dial_redis_peer_started(
    ngx_http_batch_dial_redis_peer_t *peer);


/* What follows is for .._redis_connect.c, the part of a peer that connects. */

/* The connection is made, and safe: asks AUTH, SELECT and the probe. */
void ngx_http_batch_dial_redis_peer_greet(
    ngx_http_batch_dial_redis_peer_t *peer);

/* Formats peer->cause. */
void ngx_cdecl ngx_http_batch_dial_redis_peer_cause(
    ngx_http_batch_dial_redis_peer_t *peer, const char *fmt, ...);

/* Closes the peer and tells its owner; peer->cause has been set. */
void ngx_http_batch_dial_redis_peer_end(
    ngx_http_batch_dial_redis_peer_t *peer,
    ngx_http_batch_dial_redis_end_e end);

/* The same of a connection that is lost or cannot be made, with a cause. */
void ngx_http_batch_dial_redis_peer_fail(
    ngx_http_batch_dial_redis_peer_t *peer, const char *cause);

/* Closes the socket. */
void ngx_http_batch_dial_redis_peer_drop(
    ngx_http_batch_dial_redis_peer_t *peer);


#endif /* _NGX_HTTP_BATCH_DIAL_REDIS_PEER_H_INCLUDED_ */
