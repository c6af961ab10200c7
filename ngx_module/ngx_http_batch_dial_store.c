/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * What the gateway asks of Redis: the commands, and what their replies mean.
 * Names are those of bd_key.h, values those of bd_entry.h.
 *
 * A store is a script, since the field and the expiry of its key must be set
 * in one stroke: a key without an expiry would stay for ever.  It goes as
 * EVAL with its text: at 150 bytes, and on misses only, that costs Redis less
 * than a second command after NOSCRIPT would cost us in state to keep.
 */


#include "ngx_http_batch_dial_module.h"


/* the name of a job and of one credential's entry in it */
typedef struct {
    ngx_str_t  key;
    ngx_str_t  field;
    u_char     key_data[BD_KEY_MAX];
    u_char     field_data[BD_FIELD_SIZE];
} ngx_http_batch_dial_name_t;


static void ngx_http_batch_dial_store_name(ngx_http_batch_dial_name_t *name,
    ngx_http_batch_dial_main_conf_t *mcf, ngx_str_t *id,
    const u_char *credential);
static ngx_http_batch_dial_answer_t *ngx_http_batch_dial_store_decode(
    ngx_http_batch_dial_main_conf_t *mcf, ngx_http_batch_dial_name_t *name,
    redisReply *value, ngx_uint_t *refused);
static void ngx_http_batch_dial_store_put_done(void *data, redisReply *reply);
static void ngx_http_batch_dial_store_discard(
    ngx_http_batch_dial_main_conf_t *mcf, ngx_http_batch_dial_name_t *name);
static void ngx_http_batch_dial_store_ignore(void *data, redisReply *reply);


static ngx_str_t  ngx_http_batch_dial_hmget = ngx_string("HMGET");
static ngx_str_t  ngx_http_batch_dial_hdel = ngx_string("HDEL");
static ngx_str_t  ngx_http_batch_dial_del = ngx_string("DEL");
static ngx_str_t  ngx_http_batch_dial_eval = ngx_string("EVAL");
static ngx_str_t  ngx_http_batch_dial_one = ngx_string("1");


/*
 * KEYS[1] the hash of the job; ARGV: field, value, and for how many
 * milliseconds the value is of use.  The key lives as long as the longest
 * lived of its fields.
 */
static ngx_str_t  ngx_http_batch_dial_put_script = ngx_string(
    "redis.call('HSET',KEYS[1],ARGV[1],ARGV[2]) "
    "if redis.call('PTTL',KEYS[1])<tonumber(ARGV[3]) then "
    "redis.call('PEXPIRE',KEYS[1],ARGV[3]) end "
    "return 1");


ngx_http_batch_dial_redis_op_t *
ngx_http_batch_dial_store_lookup(ngx_http_batch_dial_main_conf_t *mcf,
    ngx_str_t *id, const u_char *credential,
    ngx_http_batch_dial_redis_handler_pt handler, void *data)
{
    ngx_str_t                   argv[3];
    ngx_http_batch_dial_name_t  name;

    ngx_http_batch_dial_store_name(&name, mcf, id, credential);

    argv[0] = ngx_http_batch_dial_hmget;
    argv[1] = name.key;
    argv[2] = name.field;

    return ngx_http_batch_dial_redis_command(mcf->redis, 3, argv, handler,
                                             data);
}


ngx_http_batch_dial_answer_t *
ngx_http_batch_dial_store_entry(ngx_http_batch_dial_main_conf_t *mcf,
    ngx_str_t *id, const u_char *credential, redisReply *reply,
    ngx_uint_t *failed)
{
    ngx_uint_t                     refused;
    ngx_http_batch_dial_name_t     name;
    ngx_http_batch_dial_answer_t  *a;

    *failed = 0;

    if (reply == NULL || reply->type != REDIS_REPLY_ARRAY
        || reply->elements != 1)
    {
        *failed = 1;
        ngx_http_batch_dial_count(mcf, lookups_failed);

        return NULL;
    }

    if (reply->element[0]->type == REDIS_REPLY_NIL) {
        return NULL;
    }

    ngx_http_batch_dial_store_name(&name, mcf, id, credential);

    refused = 0;

    a = ngx_http_batch_dial_store_decode(mcf, &name, reply->element[0],
                                         &refused);
    if (refused) {
        ngx_http_batch_dial_count(mcf, entries_refused);

        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                      "batch_dial: a value in redis did not check out and "
                      "is deleted, job \"%V\"", id);

        ngx_http_batch_dial_store_discard(mcf, &name);
    }

    return a;
}


static void
ngx_http_batch_dial_store_name(ngx_http_batch_dial_name_t *name,
    ngx_http_batch_dial_main_conf_t *mcf, ngx_str_t *id,
    const u_char *credential)
{
    name->key.data = name->key_data;
    name->key.len = bd_key_job((char *) name->key_data,
                               ngx_http_batch_dial_slice(&mcf->namespace),
                               ngx_http_batch_dial_slice(id));

    if (credential) {
        bd_key_entry((char *) name->field_data, credential);

        name->field.data = name->field_data;
        name->field.len = BD_FIELD_SIZE;
    }
}


static ngx_http_batch_dial_answer_t *
ngx_http_batch_dial_store_decode(ngx_http_batch_dial_main_conf_t *mcf,
    ngx_http_batch_dial_name_t *name, redisReply *value, ngx_uint_t *refused)
{
    bd_slice_t                     context[2], data;
    ngx_http_batch_dial_answer_t  *a;

    if (value->type != REDIS_REPLY_STRING) {
        *refused = 1;
        return NULL;
    }

    a = ngx_http_batch_dial_answer_create(ngx_cycle->log);
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

    context[0] = ngx_http_batch_dial_slice(&name->key);
    context[1] = ngx_http_batch_dial_slice(&name->field);

    if (bd_entry_decode(&a->entry, mcf->entry_mac, context, data) != 0) {
        *refused = 1;
        ngx_http_batch_dial_answer_unref(a);
        return NULL;
    }

    a->kind = NGX_HTTP_BATCH_DIAL_ANSWER_ENTRY;
    a->status = NGX_HTTP_OK;

    return a;
}


ngx_int_t
ngx_http_batch_dial_store_put(ngx_http_batch_dial_main_conf_t *mcf,
    ngx_str_t *id, const u_char *credential, const bd_entry_t *entry)
{
    size_t                           size;
    u_char                          *value, *last, ttl[NGX_INT64_LEN];
    ngx_int_t                        rc;
    ngx_str_t                        argv[7];
    bd_slice_t                       context[2];
    ngx_http_batch_dial_name_t       name;
    ngx_http_batch_dial_redis_op_t  *op;

    size = bd_entry_size(entry);
    if (size == 0) {
        return NGX_ERROR;
    }

    value = ngx_alloc(size, ngx_cycle->log);
    if (value == NULL) {
        return NGX_ERROR;
    }

    ngx_http_batch_dial_store_name(&name, mcf, id, credential);

    context[0] = ngx_http_batch_dial_slice(&name.key);
    context[1] = ngx_http_batch_dial_slice(&name.field);

    rc = NGX_ERROR;

    if (bd_entry_encode(entry, mcf->entry_mac, context, value) == 0) {
        last = ngx_sprintf(ttl, "%uD", entry->ttl_ms);

        argv[0] = ngx_http_batch_dial_eval;
        argv[1] = ngx_http_batch_dial_put_script;
        argv[2] = ngx_http_batch_dial_one;
        argv[3] = name.key;
        argv[4] = name.field;
        argv[5].data = value;
        argv[5].len = size;
        argv[6].data = ttl;
        argv[6].len = last - ttl;

        op = ngx_http_batch_dial_redis_command(mcf->redis, 7, argv,
                                           ngx_http_batch_dial_store_put_done,
                                           mcf);
        rc = op ? NGX_OK : NGX_DECLINED;
    }

    ngx_free(value);

    return rc;
}


static void
ngx_http_batch_dial_store_put_done(void *data, redisReply *reply)
{
    ngx_http_batch_dial_main_conf_t *mcf = data;

    if (reply && reply->type == REDIS_REPLY_INTEGER) {
        ngx_http_batch_dial_count(mcf, stores);

    } else {
        ngx_http_batch_dial_count(mcf, stores_failed);
    }
}


static void
ngx_http_batch_dial_store_discard(ngx_http_batch_dial_main_conf_t *mcf,
    ngx_http_batch_dial_name_t *name)
{
    ngx_str_t  argv[3];

    argv[0] = ngx_http_batch_dial_hdel;
    argv[1] = name->key;
    argv[2] = name->field;

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


ngx_http_batch_dial_redis_op_t *
ngx_http_batch_dial_store_delete(ngx_http_batch_dial_main_conf_t *mcf,
    ngx_str_t *id, ngx_http_batch_dial_redis_handler_pt handler, void *data)
{
    ngx_str_t                   argv[2];
    ngx_http_batch_dial_name_t  name;

    ngx_http_batch_dial_store_name(&name, mcf, id, NULL);

    argv[0] = ngx_http_batch_dial_del;
    argv[1] = name.key;

    return ngx_http_batch_dial_redis_command(mcf->redis, 2, argv, handler,
                                             data);
}
