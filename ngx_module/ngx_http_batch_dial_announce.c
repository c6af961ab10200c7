/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * What Redis, and by it the other nodes, are told about writes: that one
 * begins, and what has become of it.  Each is one script on one key, with the
 * event published by the script itself: Redis and the nodes are told in one
 * stroke, or not at all.
 */


#include "ngx_http_batch_dial_announce.h"
#include "ngx_http_batch_dial_event.h"
#include "ngx_http_batch_dial_store.h"
#include "bd_event.h"


/* A write that takes longer is not stored through. */
#define NGX_HTTP_BATCH_DIAL_WRITE_MS  60000

/* A year: longer than any entry of an older generation stays. */
#define NGX_HTTP_BATCH_DIAL_GENERATION_MS  "31536000000"

/* "p:" and the token in 16 hex digits */
#define NGX_HTTP_BATCH_DIAL_WRITE_FIELD  (2 + 16)


static void ngx_http_batch_dial_announce_script(ngx_str_t *argv,
    ngx_str_t *text, ngx_str_t *key);
static void ngx_http_batch_dial_announce_field(u_char *out, uint64_t token);
static void ngx_http_batch_dial_announce_withdrawn(void *data,
    redisReply *reply);


/*
 * KEYS[1] the hash of a job; ARGV: field of the write, channel, event,
 * milliseconds it may take yet.  1 when it was still announced, else 0.
 */
static ngx_str_t  ngx_http_batch_dial_gone_text = ngx_string(
    "local v=redis.call('HMGET',KEYS[1],ARGV[1],'x') "
    "redis.call('DEL',KEYS[1]) "
    "redis.call('PUBLISH',ARGV[2],ARGV[3]) "
    "if not v[1] or v[1]~=(v[2] or '0') then return 0 end "
    "redis.call('HSET',KEYS[1],ARGV[1],'0') "
    "redis.call('PEXPIRE',KEYS[1],ARGV[4]) "
    "return 1");

/*
 * ... field of the write, field and value of the entry, milliseconds to live.
 * 1 when it was stored, else 0.
 */
static ngx_str_t  ngx_http_batch_dial_through_text = ngx_string(
    "local v=redis.call('HMGET',KEYS[1],ARGV[1],'x',ARGV[2]) "
    "redis.call('HDEL',KEYS[1],ARGV[1]) "
    "if not v[1] or v[1]~=(v[2] or '0') or v[3] then return 0 end "
    "redis.call('HSET',KEYS[1],ARGV[2],ARGV[3]) "
    "if redis.call('PTTL',KEYS[1])<tonumber(ARGV[4]) then "
    "redis.call('PEXPIRE',KEYS[1],ARGV[4]) end "
    "return 1");

/* ... channel, event; leases and announcements name the expiry they know. */
static ngx_str_t  ngx_http_batch_dial_expired_text = ngx_string(
    "if redis.call('EXISTS',KEYS[1])==1 then "
    "local t=redis.call('TIME') "
    "local now=t[1]*1000+math.floor(t[2]/1000) "
    "local x=tonumber(redis.call('HGET',KEYS[1],'x') or '0') "
    "if x>=now then now=x+1 end "
    "redis.call('HSET',KEYS[1],'x',string.format('%.0f',now)) end "
    "redis.call('PUBLISH',ARGV[1],ARGV[2]) "
    "return 0");

/* ... field of the write, milliseconds it may take */
static ngx_str_t  ngx_http_batch_dial_begin_text = ngx_string(
    "redis.call('HSET',KEYS[1],ARGV[1],"
    "redis.call('HGET',KEYS[1],'x') or '0') "
    "if redis.call('PTTL',KEYS[1])<tonumber(ARGV[2]) then "
    "redis.call('PEXPIRE',KEYS[1],ARGV[2]) end "
    "return 1");

/* KEYS[1] the generation; ARGV: milliseconds to live, the new one, channel,
 * event */
static ngx_str_t  ngx_http_batch_dial_generation_text = ngx_string(
    "if tonumber(redis.call('GET',KEYS[1]) or '0')<tonumber(ARGV[2]) then "
    "redis.call('SET',KEYS[1],ARGV[2],'PX',ARGV[1]) end "
    "redis.call('PUBLISH',ARGV[3],ARGV[4]) "
    "return 1");


ngx_http_batch_dial_redis_op_t *
ngx_http_batch_dial_announce_gone(ngx_http_batch_dial_main_conf_t *mcf,
    ngx_str_t *id, uint64_t token, uint64_t *number,
    ngx_http_batch_dial_redis_handler_pt handler, void *data)
{
    u_char                          *p, ms[NGX_INT64_LEN];
    u_char                           field[NGX_HTTP_BATCH_DIAL_WRITE_FIELD];
    ngx_str_t                        argv[8];
    ngx_http_batch_dial_names_t      names;
    ngx_http_batch_dial_redis_op_t  *op;

    p = ngx_http_batch_dial_event_make(mcf, BD_EVENT_GONE, NULL, id,
                                       ngx_http_batch_dial_now(),
                                       bd_slice(""), number, &argv[6]);
    if (p == NULL) {
        return NULL;
    }

    ngx_http_batch_dial_store_names(&names, mcf, NULL, id);
    ngx_http_batch_dial_announce_field(field, token);

    ngx_http_batch_dial_announce_script(argv, &ngx_http_batch_dial_gone_text,
                                        &names.key);
    argv[4].data = field;
    argv[4].len = sizeof(field);
    argv[5] = mcf->channel;
    argv[7].data = ms;
    argv[7].len = ngx_sprintf(ms, "%d", NGX_HTTP_BATCH_DIAL_WRITE_MS) - ms;

    op = ngx_http_batch_dial_redis_command(mcf->redis, 8, argv, handler, data);

    ngx_free(p);

    return op;
}


ngx_http_batch_dial_redis_op_t *
ngx_http_batch_dial_announce_through(ngx_http_batch_dial_main_conf_t *mcf,
    ngx_http_batch_dial_names_t *names, uint64_t token, ngx_str_t *value,
    int64_t life, ngx_http_batch_dial_redis_handler_pt handler, void *data)
{
    u_char     ms[NGX_INT64_LEN];
    u_char     field[NGX_HTTP_BATCH_DIAL_WRITE_FIELD];
    ngx_str_t  argv[8];

    ngx_http_batch_dial_announce_field(field, token);

    ngx_http_batch_dial_announce_script(argv, &ngx_http_batch_dial_through_text,
                                        &names->key);
    argv[4].data = field;
    argv[4].len = sizeof(field);
    argv[5] = names->entry;
    argv[6] = *value;
    argv[7].data = ms;
    argv[7].len = ngx_sprintf(ms, "%L", life) - ms;

    return ngx_http_batch_dial_redis_command(mcf->redis, 8, argv, handler,
                                             data);
}


ngx_http_batch_dial_redis_op_t *
ngx_http_batch_dial_announce_expired(ngx_http_batch_dial_main_conf_t *mcf,
    ngx_str_t *id, uint64_t *number,
    ngx_http_batch_dial_redis_handler_pt handler, void *data)
{
    u_char                          *p;
    ngx_str_t                        argv[6];
    ngx_http_batch_dial_names_t      names;
    ngx_http_batch_dial_redis_op_t  *op;

    p = ngx_http_batch_dial_event_make(mcf, BD_EVENT_EXPIRED, NULL, id,
                                       ngx_http_batch_dial_now(),
                                       bd_slice(""), number, &argv[5]);
    if (p == NULL) {
        return NULL;
    }

    ngx_http_batch_dial_store_names(&names, mcf, NULL, id);

    ngx_http_batch_dial_announce_script(argv, &ngx_http_batch_dial_expired_text,
                                        &names.key);
    argv[4] = mcf->channel;

    op = ngx_http_batch_dial_redis_command(mcf->redis, 6, argv, handler, data);

    ngx_free(p);

    return op;
}


ngx_http_batch_dial_redis_op_t *
ngx_http_batch_dial_announce_generation(ngx_http_batch_dial_main_conf_t *mcf,
    int64_t generation, ngx_http_batch_dial_redis_handler_pt handler,
    void *data)
{
    u_char                          *p, number[NGX_INT64_LEN];
    ngx_str_t                        argv[8];
    ngx_http_batch_dial_redis_op_t  *op;

    p = ngx_http_batch_dial_event_make(mcf, BD_EVENT_GENERATION, NULL, NULL,
                                       generation, bd_slice(""), NULL,
                                       &argv[7]);
    if (p == NULL) {
        return NULL;
    }

    ngx_http_batch_dial_announce_script(argv,
                                        &ngx_http_batch_dial_generation_text,
                                        &mcf->generation);
    ngx_str_set(&argv[4], NGX_HTTP_BATCH_DIAL_GENERATION_MS);
    argv[5].data = number;
    argv[5].len = ngx_sprintf(number, "%L", generation) - number;
    argv[6] = mcf->channel;

    op = ngx_http_batch_dial_redis_command(mcf->redis, 8, argv, handler, data);

    ngx_free(p);

    return op;
}


ngx_http_batch_dial_redis_op_t *
ngx_http_batch_dial_announce_write(ngx_http_batch_dial_main_conf_t *mcf,
    ngx_str_t *id, uint64_t token,
    ngx_http_batch_dial_redis_handler_pt handler, void *data)
{
    u_char                       ms[NGX_INT64_LEN];
    u_char                       field[NGX_HTTP_BATCH_DIAL_WRITE_FIELD];
    ngx_str_t                    argv[6];
    ngx_http_batch_dial_names_t  names;

    ngx_http_batch_dial_store_names(&names, mcf, NULL, id);
    ngx_http_batch_dial_announce_field(field, token);

    ngx_http_batch_dial_announce_script(argv, &ngx_http_batch_dial_begin_text,
                                        &names.key);
    argv[4].data = field;
    argv[4].len = sizeof(field);
    argv[5].data = ms;
    argv[5].len = ngx_sprintf(ms, "%uD", NGX_HTTP_BATCH_DIAL_WRITE_MS) - ms;

    return ngx_http_batch_dial_redis_command(mcf->redis, 6, argv, handler,
                                             data);
}


void
ngx_http_batch_dial_announce_withdraw(ngx_http_batch_dial_main_conf_t *mcf,
    ngx_str_t *id, uint64_t token)
{
    u_char                       field[NGX_HTTP_BATCH_DIAL_WRITE_FIELD];
    ngx_str_t                    argv[3];
    ngx_http_batch_dial_names_t  names;

    ngx_http_batch_dial_store_names(&names, mcf, NULL, id);
    ngx_http_batch_dial_announce_field(field, token);

    ngx_str_set(&argv[0], "HDEL");
    argv[1] = names.key;
    argv[2].data = field;
    argv[2].len = sizeof(field);

    /* not taken: it runs out */

    (void) ngx_http_batch_dial_redis_command(mcf->redis, 3, argv,
                                     ngx_http_batch_dial_announce_withdrawn,
                                     NULL);
}


static void
ngx_http_batch_dial_announce_withdrawn(void *data, redisReply *reply)
{
    /* nothing depends on it */
}


/* The first four words of a command: a script, and the one key it uses. */

static void
ngx_http_batch_dial_announce_script(ngx_str_t *argv, ngx_str_t *text,
    ngx_str_t *key)
{
    ngx_str_set(&argv[0], "EVAL");
    argv[1] = *text;
    ngx_str_set(&argv[2], "1");
    argv[3] = *key;
}


static void
ngx_http_batch_dial_announce_field(u_char *out, uint64_t token)
{
    (void) ngx_sprintf(out, "p:%016xL", token);
}
