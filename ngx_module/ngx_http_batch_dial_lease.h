/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Leases: of all hosts of a fleet that want the same from upstream, the one
 * that holds the lease fetches, and while its lease stands it may store.  An
 * invalidation of the job makes it void (the leases of "Scaling Memcache at
 * Facebook", NSDI 2013, section 3.2.1).
 *
 * A lease is of a pair; one without an id is of the renewal of a credential.
 */


#ifndef _NGX_HTTP_BATCH_DIAL_LEASE_H_INCLUDED_
#define _NGX_HTTP_BATCH_DIAL_LEASE_H_INCLUDED_


#include "ngx_http_batch_dial_answer.h"


/*
 * A holder that dies is replaced when its lease has run out, which must be
 * within 3 s.  One that lives extends it.
 */
#define NGX_HTTP_BATCH_DIAL_LEASE_MS      2500
#define NGX_HTTP_BATCH_DIAL_LEASE_EXTEND  800


typedef struct {
    u_char      credential[BD_MAC_SIZE];
    ngx_str_t   id;                 /* borrowed; empty: of the credential */
    uint64_t    token;              /* names the holder */
    uint64_t    expiry;             /* of the job, when it was won */
} ngx_http_batch_dial_lease_t;


typedef enum {
    NGX_HTTP_BATCH_DIAL_LEASE_FAILED = 0,   /* Redis did not answer */
    NGX_HTTP_BATCH_DIAL_LEASE_WON,
    NGX_HTTP_BATCH_DIAL_LEASE_LOST,         /* another host holds it */
    NGX_HTTP_BATCH_DIAL_LEASE_NEWER         /* there is something newer than
                                               what the caller knew */
} ngx_http_batch_dial_lease_e;


/*
 * Asks for the lease.  old is the token of a dead worker of this host whose
 * lease may be taken over, or 0; known the moment (fetched_ms, or when the
 * credential was accepted) of what the caller has, or 0.  The operation is as
 * ngx_http_batch_dial_redis_command() returns it.
 */
ngx_http_batch_dial_redis_op_t *ngx_http_batch_dial_lease_acquire(
    ngx_http_batch_dial_main_conf_t *mcf, ngx_http_batch_dial_lease_t *lease,
    uint64_t old, int64_t known, ngx_http_batch_dial_redis_handler_pt handler,
    void *data);

/*
 * Reads the reply.  WON sets lease->expiry; LOST sets *left, the milliseconds
 * the other's lease has yet.  NEWER sets *entry to a new answer, unless the
 * lease is of a credential: then it has been noted that it was accepted; or to
 * NULL when what was there did not check out.
 */
ngx_http_batch_dial_lease_e ngx_http_batch_dial_lease_reply(
    ngx_http_batch_dial_main_conf_t *mcf, ngx_http_batch_dial_lease_t *lease,
    redisReply *reply, ngx_msec_t *left, int64_t *known,
    ngx_http_batch_dial_answer_t **entry);

/* Prolongs it.  The reply is the integer 0 when it does not stand any more. */
ngx_http_batch_dial_redis_op_t *ngx_http_batch_dial_lease_extend(
    ngx_http_batch_dial_main_conf_t *mcf, ngx_http_batch_dial_lease_t *lease,
    ngx_http_batch_dial_redis_handler_pt handler, void *data);

/*
 * Stores an entry if the lease stands, and gives the lease up; nobody waits
 * for it.  data has len bytes and room for a seal.  Returns NGX_OK when the
 * command was taken, NGX_DECLINED when Redis is not to be asked, NGX_ERROR.
 */
ngx_int_t ngx_http_batch_dial_lease_store(
    ngx_http_batch_dial_main_conf_t *mcf, ngx_http_batch_dial_lease_t *lease,
    u_char *data, size_t len, int64_t life);

/*
 * Gives the lease up without an entry.  outcome, which may be empty, is what
 * the other hosts that wait are told; backoff not 0: all hosts are, and leave
 * the pair alone for so many milliseconds; drop: the pair's entry goes.
 */
void ngx_http_batch_dial_lease_end(ngx_http_batch_dial_main_conf_t *mcf,
    ngx_http_batch_dial_lease_t *lease, bd_slice_t outcome,
    ngx_msec_t backoff, ngx_uint_t drop);


#endif /* _NGX_HTTP_BATCH_DIAL_LEASE_H_INCLUDED_ */
