/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * What is asked of Redis about entries, and what is believed of the replies;
 * and the names and seals of all that is kept there.  For the read, and for
 * whoever writes to Redis: lease, announce, liveness, invalidate.
 */


#ifndef _NGX_HTTP_BATCH_DIAL_STORE_H_INCLUDED_
#define _NGX_HTTP_BATCH_DIAL_STORE_H_INCLUDED_


#include "ngx_http_batch_dial_answer.h"
#include "bd_key.h"


/* The names of a pair in Redis, each a view of the bytes below it. */
struct ngx_http_batch_dial_names_s {
    ngx_str_t  key;
    ngx_str_t  entry;
    ngx_str_t  lease;
    ngx_str_t  waiters;
    u_char     key_data[BD_KEY_MAX];
    u_char     fields[3][BD_FIELD_SIZE];
};

/* The key and, unless credential is NULL, the field of the entry. */
void ngx_http_batch_dial_store_names(ngx_http_batch_dial_names_t *names,
    ngx_http_batch_dial_main_conf_t *mcf, const u_char *credential,
    ngx_str_t *id);

/* The other two fields, once the first is made. */
void ngx_http_batch_dial_store_lease_names(
    ngx_http_batch_dial_names_t *names);

/*
 * Asks for the entry of (id, credential).  The operation is as
 * ngx_http_batch_dial_redis_command() returns it.
 */
ngx_http_batch_dial_redis_op_t *ngx_http_batch_dial_store_lookup(
    ngx_http_batch_dial_main_conf_t *mcf, ngx_str_t *id,
    const u_char *credential, ngx_http_batch_dial_redis_handler_pt handler,
    void *data);

/*
 * Reads the reply of a lookup.  Returns a new answer, in the pool of a request
 * unless that is NULL; or NULL for none, with *failed set when Redis failed
 * rather than had nothing.  A value that does not check out is counted and
 * deleted; the entry of a job that has expired since is not fresh.
 */
ngx_http_batch_dial_answer_t *ngx_http_batch_dial_store_entry(
    ngx_http_batch_dial_main_conf_t *mcf, ngx_str_t *id,
    const u_char *credential, redisReply *reply, ngx_pool_t *pool,
    ngx_uint_t *failed);

/* The same of the two elements of such a reply. */
ngx_http_batch_dial_answer_t *ngx_http_batch_dial_store_value(
    ngx_http_batch_dial_main_conf_t *mcf, ngx_http_batch_dial_names_t *names,
    redisReply *value, redisReply *expiry, ngx_pool_t *pool);

/* A value in Redis does not check out: counts it, tells, and deletes it. */
void ngx_http_batch_dial_store_discard(ngx_http_batch_dial_main_conf_t *mcf,
    ngx_str_t *key, ngx_str_t *field);

/* A number in a reply: an integer, or digits; 0 when it is none. */
uint64_t ngx_http_batch_dial_store_number(redisReply *reply);

/* Seals len bytes for the names' key and that field.  NGX_OK or NGX_ERROR. */
ngx_int_t ngx_http_batch_dial_store_seal(
    ngx_http_batch_dial_main_conf_t *mcf, ngx_str_t *key, ngx_str_t *field,
    u_char *data, size_t len);

/* For how long Redis keeps an entry: as long as it may be served. */
int64_t ngx_http_batch_dial_store_life(const bd_entry_t *entry,
    ngx_http_batch_dial_loc_conf_t *blcf);


#endif /* _NGX_HTTP_BATCH_DIAL_STORE_H_INCLUDED_ */
