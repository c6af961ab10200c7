/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Entries in Redis: their names, how they are looked up, and what is believed
 * of a value that comes from there.  Names are those of bd_key.h, values
 * those of bd_entry.h, sealed.
 *
 * Besides what does not check out, two kinds of values are not what they were:
 * those of an older generation of the namespace, which are as good as absent,
 * and those of a job that has expired since their fetch began, which are not
 * fresh any more.
 */


#include "ngx_http_batch_dial_answer.h"
#include "ngx_http_batch_dial_memory.h"
#include "ngx_http_batch_dial_store.h"
#include "bd_entry.h"
#include "bd_key.h"
#include "bd_seal.h"


static ngx_http_batch_dial_answer_t *ngx_http_batch_dial_store_decode(
    ngx_http_batch_dial_main_conf_t *mcf, ngx_http_batch_dial_names_t *names,
    redisReply *value, ngx_pool_t *pool, ngx_uint_t *refused);
static ngx_uint_t ngx_http_batch_dial_store_outdated(
    ngx_http_batch_dial_main_conf_t *mcf, ngx_http_batch_dial_answer_t *a,
    uint64_t expiry);
static void ngx_http_batch_dial_store_ignore(void *data, redisReply *reply);


static ngx_str_t  ngx_http_batch_dial_hmget = ngx_string("HMGET");
static ngx_str_t  ngx_http_batch_dial_hdel = ngx_string("HDEL");
static ngx_str_t  ngx_http_batch_dial_expiry = ngx_string("x");


void
ngx_http_batch_dial_store_names(ngx_http_batch_dial_names_t *names,
    ngx_http_batch_dial_main_conf_t *mcf, const u_char *credential,
    ngx_str_t *id)
{
    bd_slice_t  ns;

    ns = ngx_http_batch_dial_slice(&mcf->namespace);

    names->key.data = names->key_data;
    ngx_str_null(&names->entry);

    if (id->len == 0) {

        /* the credential itself: its renewal brings no entry but a moment */

        names->key.len = bd_key_credential((char *) names->key_data, ns,
                                           credential);
        ngx_str_set(&names->entry, "a");

        return;
    }

    names->key.len = bd_key_job((char *) names->key_data, ns,
                                ngx_http_batch_dial_slice(id));

    if (credential) {
        bd_key_field((char *) names->fields[0], 'e', credential);

        names->entry.data = names->fields[0];
        names->entry.len = BD_FIELD_SIZE;
    }
}


void
ngx_http_batch_dial_store_lease_names(ngx_http_batch_dial_names_t *names)
{
    if (names->entry.len == 1) {
        ngx_str_set(&names->lease, "l");
        ngx_str_set(&names->waiters, "w");

        return;
    }

    /* they differ in their first letter */

    ngx_memcpy(names->fields[1], names->fields[0], BD_FIELD_SIZE);
    ngx_memcpy(names->fields[2], names->fields[0], BD_FIELD_SIZE);

    names->fields[1][0] = 'l';
    names->fields[2][0] = 'w';

    names->lease.data = names->fields[1];
    names->lease.len = BD_FIELD_SIZE;
    names->waiters.data = names->fields[2];
    names->waiters.len = BD_FIELD_SIZE;
}


ngx_http_batch_dial_redis_op_t *
ngx_http_batch_dial_store_lookup(ngx_http_batch_dial_main_conf_t *mcf,
    ngx_str_t *id, const u_char *credential,
    ngx_http_batch_dial_redis_handler_pt handler, void *data)
{
    ngx_str_t                    argv[4];
    ngx_http_batch_dial_names_t  names;

    ngx_http_batch_dial_store_names(&names, mcf, credential, id);

    argv[0] = ngx_http_batch_dial_hmget;
    argv[1] = names.key;
    argv[2] = names.entry;
    argv[3] = ngx_http_batch_dial_expiry;

    return ngx_http_batch_dial_redis_command(mcf->redis, 4, argv, handler,
                                             data);
}


ngx_http_batch_dial_answer_t *
ngx_http_batch_dial_store_entry(ngx_http_batch_dial_main_conf_t *mcf,
    ngx_str_t *id, const u_char *credential, redisReply *reply,
    ngx_pool_t *pool, ngx_uint_t *failed)
{
    ngx_http_batch_dial_names_t  names;

    *failed = (reply == NULL || reply->type != REDIS_REPLY_ARRAY
               || reply->elements != 2);

    if (*failed) {
        ngx_http_batch_dial_count(mcf, lookups_failed);
        return NULL;
    }

    if (reply->element[0]->type == REDIS_REPLY_NIL) {
        return NULL;
    }

    ngx_http_batch_dial_store_names(&names, mcf, credential, id);

    return ngx_http_batch_dial_store_value(mcf, &names, reply->element[0],
                                           reply->element[1], pool);
}


ngx_http_batch_dial_answer_t *
ngx_http_batch_dial_store_value(ngx_http_batch_dial_main_conf_t *mcf,
    ngx_http_batch_dial_names_t *names, redisReply *value, redisReply *expiry,
    ngx_pool_t *pool)
{
    ngx_uint_t                     refused;
    ngx_http_batch_dial_answer_t  *a;

    refused = 0;

    a = ngx_http_batch_dial_store_decode(mcf, names, value, pool, &refused);

    if (refused) {
        ngx_http_batch_dial_store_discard(mcf, &names->key, &names->entry);
    }

    if (a && ngx_http_batch_dial_store_outdated(mcf, a,
                                     ngx_http_batch_dial_store_number(expiry)))
    {
        ngx_http_batch_dial_answer_unref(a);
        return NULL;
    }

    return a;
}


static ngx_http_batch_dial_answer_t *
ngx_http_batch_dial_store_decode(ngx_http_batch_dial_main_conf_t *mcf,
    ngx_http_batch_dial_names_t *names, redisReply *value, ngx_pool_t *pool,
    ngx_uint_t *refused)
{
    bd_slice_t                     place[2], data;
    ngx_http_batch_dial_answer_t  *a;

    if (value->type != REDIS_REPLY_STRING) {
        *refused = 1;
        return NULL;
    }

    a = pool ? ngx_http_batch_dial_answer_create_in(pool)
             : ngx_http_batch_dial_answer_create(ngx_cycle->log);
    if (a == NULL) {
        return NULL;
    }

    /* the reply is gone when its handler returns: this is the one copy */

    if (ngx_http_batch_dial_answer_copy(a, &data, value->str, value->len)
        != NGX_OK)
    {
        ngx_http_batch_dial_answer_unref(a);
        return NULL;
    }

    place[0] = ngx_http_batch_dial_slice(&names->key);
    place[1] = ngx_http_batch_dial_slice(&names->entry);

    if (bd_unseal(mcf->entry_mac, place, &data) != 0
        || ngx_http_batch_dial_answer_decode(a, data) != NGX_OK
        || a->kind != NGX_HTTP_BATCH_DIAL_ANSWER_ENTRY)
    {
        *refused = 1;
        ngx_http_batch_dial_answer_unref(a);
        return NULL;
    }

    return a;
}


/* Also ends the freshness of an entry whose job has expired. */

static ngx_uint_t
ngx_http_batch_dial_store_outdated(ngx_http_batch_dial_main_conf_t *mcf,
    ngx_http_batch_dial_answer_t *a, uint64_t expiry)
{
    int64_t       fresh;
    uint64_t      generation;
    bd_entry_t   *entry;
    bd_memory_t  *m;

    entry = &a->entry;

    /* one word, which never goes back: read without the lock */

    generation = bd_memory_generation(ngx_http_batch_dial_sh(mcf)->memory);

    if (entry->generation < generation) {
        return 1;
    }

    if (entry->generation > generation) {

        /* sealed by one of us: we have missed the announcement */

        m = ngx_http_batch_dial_memory_lock(mcf);

        bd_memory_set_generation(m, entry->generation);
        bd_memory_flush(m);

        ngx_http_batch_dial_memory_unlock(mcf);
    }

    if (entry->expiry != expiry) {
        fresh = (int64_t) expiry - entry->fetched_ms;
        fresh = ngx_max(fresh, 0);

        if (bd_fresh_left(entry->fetched_ms, ngx_min(fresh, UINT32_MAX),
                          ngx_http_batch_dial_now())
            > 0)
        {
            fresh = 0;      /* the clocks do not agree */
        }

        /* what was stale by then has expired all the same */

        if (entry->ttl_ms) {
            fresh = ngx_min(fresh, (int64_t) entry->ttl_ms - 1);
        }

        ngx_http_batch_dial_answer_expire(a, ngx_min(fresh, UINT32_MAX));
    }

    return 0;
}


void
ngx_http_batch_dial_store_discard(ngx_http_batch_dial_main_conf_t *mcf,
    ngx_str_t *key, ngx_str_t *field)
{
    ngx_str_t  argv[3];

    ngx_http_batch_dial_count(mcf, entries_refused);

    ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                  "batch_dial: a value in redis did not check out and is "
                  "deleted, key \"%V\"", key);

    argv[0] = ngx_http_batch_dial_hdel;
    argv[1] = *key;
    argv[2] = *field;

    /* not taken: the value is met, and refused, again */

    (void) ngx_http_batch_dial_redis_command(mcf->redis, 3, argv,
                                             ngx_http_batch_dial_store_ignore,
                                             NULL);
}


static void
ngx_http_batch_dial_store_ignore(void *data, redisReply *reply)
{
    /* nothing depends on it */
}


uint64_t
ngx_http_batch_dial_store_number(redisReply *reply)
{
    size_t    i;
    uint64_t  n;

    if (reply->type == REDIS_REPLY_INTEGER) {
        return reply->integer < 0 ? 0 : (uint64_t) reply->integer;
    }

    if (reply->type != REDIS_REPLY_STRING) {
        return 0;
    }

    n = 0;

    /* eighteen digits are more than any moment has, and do not overflow */

    for (i = 0; i < (size_t) reply->len && i < 18; i++) {
        if (reply->str[i] < '0' || reply->str[i] > '9') {
            return 0;
        }

        n = n * 10 + (uint64_t) (reply->str[i] - '0');
    }

    return n;
}


ngx_int_t
ngx_http_batch_dial_store_seal(ngx_http_batch_dial_main_conf_t *mcf,
    ngx_str_t *key, ngx_str_t *field, u_char *data, size_t len)
{
    bd_slice_t  place[2];

    place[0] = ngx_http_batch_dial_slice(key);
    place[1] = ngx_http_batch_dial_slice(field);

    return bd_seal(mcf->entry_mac, place, data, len) == 0 ? NGX_OK : NGX_ERROR;
}


int64_t
ngx_http_batch_dial_store_life(const bd_entry_t *entry,
    ngx_http_batch_dial_loc_conf_t *blcf)
{
    int64_t  stale;

    stale = ngx_max(blcf->bounds.stale_if_error,
                    blcf->bounds.stale_while_revalidate);

    /* it begins with the fetch, not with the store: that errs to the good */

    return (int64_t) entry->ttl_ms + stale;
}
