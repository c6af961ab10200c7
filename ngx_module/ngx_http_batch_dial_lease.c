/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Leases in Redis.  A lease is a field of the hash that its entry is in:
 *
 *   <token>:<deadline>:<expiry>
 *
 * the holder in 16 hex digits, when it runs out by the clock of Redis, and
 * the job's moment of expiry when it was won.  It stands while it is there and
 * the job has not expired since; that its deadline has passed only lets
 * another one take it.  Deleting the hash makes it void in the same stroke.
 *
 * Who finds a lease taken leaves a mark beside it; only then the end of the
 * lease is announced on the channel.  That an entry was stored is announced by
 * a command of its own: hardly ever somebody waits, and to seal an event for
 * each store costs more than the command.  Should the worker die in between,
 * those who wait ask again by themselves.
 *
 * All of it is done by scripts, each on one key, since each looks before it
 * writes.  They go as EVAL with their text: with misses only, and short.
 */


#include "ngx_http_batch_dial_event.h"
#include "ngx_http_batch_dial_lease.h"
#include "ngx_http_batch_dial_liveness.h"
#include "ngx_http_batch_dial_store.h"
#include "bd_event.h"


/* more words than any command here has */
#define NGX_HTTP_BATCH_DIAL_LEASE_WORDS  12


typedef struct {
    ngx_http_batch_dial_names_t  names;
    ngx_uint_t                   argc;
    ngx_str_t                    argv[NGX_HTTP_BATCH_DIAL_LEASE_WORDS];
    u_char                       token[16];
    u_char                       old[16];
    u_char                       known[8];
    u_char                       number[NGX_INT64_LEN];
} ngx_http_batch_dial_script_t;


/* What is told of a store when Redis has answered. */
typedef struct {
    ngx_http_batch_dial_main_conf_t  *mcf;
    u_char                            credential[BD_MAC_SIZE];
    size_t                            len;
    u_char                            id[BD_ID_MAX];
} ngx_http_batch_dial_stored_t;


static void ngx_http_batch_dial_lease_script(
    ngx_http_batch_dial_script_t *s, ngx_http_batch_dial_main_conf_t *mcf,
    ngx_http_batch_dial_lease_t *lease, ngx_str_t *text);
static void ngx_http_batch_dial_lease_word(ngx_http_batch_dial_script_t *s,
    u_char *data, size_t len);
static void ngx_http_batch_dial_lease_number(
    ngx_http_batch_dial_script_t *s, int64_t n);
static void ngx_http_batch_dial_lease_token(u_char *out, uint64_t token);
static ngx_int_t ngx_http_batch_dial_lease_newer(
    ngx_http_batch_dial_main_conf_t *mcf, ngx_http_batch_dial_lease_t *lease,
    redisReply *value, redisReply *expiry, int64_t *known,
    ngx_http_batch_dial_answer_t **entry);
static void ngx_http_batch_dial_lease_stored(void *data, redisReply *reply);
static void ngx_http_batch_dial_lease_tell(
    ngx_http_batch_dial_stored_t *stored);
static void ngx_http_batch_dial_lease_told(void *data, redisReply *reply);
static void ngx_http_batch_dial_lease_ended(void *data, redisReply *reply);


/*
 * KEYS[1] the hash; ARGV: lease, mark, entry (fields), token, milliseconds,
 * token of the dead or "", the moment known as 8 bytes or "".
 *
 * {1, expiry} won; {0, left} lost; {2, entry, expiry} something newer.
 */
static ngx_str_t  ngx_http_batch_dial_acquire_text = ngx_string(
    "local t=redis.call('TIME') "
    "local now=t[1]*1000+math.floor(t[2]/1000) "
    "local v=redis.call('HMGET',KEYS[1],ARGV[1],ARGV[3],'x') "
    "local x=v[3] or '0' "
    "if v[1] then "
    "local k,d,e=string.match(v[1],'^(%x+):(%d+):(%d+)$') "
    "if k and tonumber(d)>now and e==x and k~=ARGV[6] then "
    "redis.call('HSET',KEYS[1],ARGV[2],'1') "
    "return {0,tonumber(d)-now} end end "
    "if v[2] and string.sub(v[2],9,16)~=ARGV[7] then "
    "return {2,v[2],x} end "
    "redis.call('HSET',KEYS[1],ARGV[1],"
    "ARGV[4]..':'..string.format('%.0f',now+ARGV[5])..':'..x) "
    "if redis.call('PTTL',KEYS[1])<tonumber(ARGV[5]) then "
    "redis.call('PEXPIRE',KEYS[1],ARGV[5]) end "
    "return {1,x}");

/* ... lease, mark, entry, token, milliseconds.  1, or 0: it does not stand. */
static ngx_str_t  ngx_http_batch_dial_extend_text = ngx_string(
    "local v=redis.call('HMGET',KEYS[1],ARGV[1],'x') "
    "local k,e=string.match(v[1] or '','^(%x+):%d+:(%d+)$') "
    "if k~=ARGV[4] or e~=(v[2] or '0') then return 0 end "
    "local t=redis.call('TIME') "
    "local now=t[1]*1000+math.floor(t[2]/1000) "
    "redis.call('HSET',KEYS[1],ARGV[1],"
    "k..':'..string.format('%.0f',now+ARGV[5])..':'..e) "
    "if redis.call('PTTL',KEYS[1])<tonumber(ARGV[5]) then "
    "redis.call('PEXPIRE',KEYS[1],ARGV[5]) end "
    "return 1");

/*
 * ... lease, mark, entry, token, value, milliseconds to live.  1, or 2: and
 * somebody waits; or 0: the lease does not stand.
 */
static ngx_str_t  ngx_http_batch_dial_store_text = ngx_string(
    "local v=redis.call('HMGET',KEYS[1],ARGV[1],'x') "
    "local k,e=string.match(v[1] or '','^(%x+):%d+:(%d+)$') "
    "if k~=ARGV[4] or e~=(v[2] or '0') then return 0 end "
    "redis.call('HSET',KEYS[1],ARGV[3],ARGV[5]) "
    "if redis.call('PTTL',KEYS[1])<tonumber(ARGV[6]) then "
    "redis.call('PEXPIRE',KEYS[1],ARGV[6]) end "
    "return redis.call('HDEL',KEYS[1],ARGV[1],ARGV[2])");

/*
 * ... lease, mark, entry, token, "1" to drop the entry, "1" to tell all hosts,
 * channel, event.  1, or 0: the lease was another's.
 */
static ngx_str_t  ngx_http_batch_dial_end_text = ngx_string(
    "local l=redis.call('HGET',KEYS[1],ARGV[1]) "
    "if string.match(l or '','^(%x+):')~=ARGV[4] then return 0 end "
    "local n=redis.call('HDEL',KEYS[1],ARGV[1],ARGV[2]) "
    "if ARGV[5]=='1' and redis.call('HDEL',KEYS[1],ARGV[3])==1 then n=2 end "
    "if n==2 or ARGV[6]=='1' then "
    "redis.call('PUBLISH',ARGV[7],ARGV[8]) end "
    "return 1");


ngx_http_batch_dial_redis_op_t *
ngx_http_batch_dial_lease_acquire(ngx_http_batch_dial_main_conf_t *mcf,
    ngx_http_batch_dial_lease_t *lease, uint64_t old, int64_t known,
    ngx_http_batch_dial_redis_handler_pt handler, void *data)
{
    ngx_uint_t                    i;
    ngx_http_batch_dial_script_t  s;

    ngx_http_batch_dial_lease_script(&s, mcf, lease,
                                     &ngx_http_batch_dial_acquire_text);
    ngx_http_batch_dial_lease_number(&s, NGX_HTTP_BATCH_DIAL_LEASE_MS);

    ngx_http_batch_dial_lease_token(s.old, old);
    ngx_http_batch_dial_lease_word(&s, s.old, old ? sizeof(s.old) : 0);

    /* as bd_entry.h and bd_liveness.h have it, at the same place */

    for (i = 0; i < 8; i++) {
        s.known[i] = (u_char) ((uint64_t) known >> (8 * i));
    }

    ngx_http_batch_dial_lease_word(&s, s.known, known ? sizeof(s.known) : 0);

    return ngx_http_batch_dial_redis_command(mcf->redis, s.argc, s.argv,
                                             handler, data);
}


ngx_http_batch_dial_lease_e
ngx_http_batch_dial_lease_reply(ngx_http_batch_dial_main_conf_t *mcf,
    ngx_http_batch_dial_lease_t *lease, redisReply *reply, ngx_msec_t *left,
    int64_t *known, ngx_http_batch_dial_answer_t **entry)
{
    redisReply  **element;

    if (reply == NULL || reply->type != REDIS_REPLY_ARRAY
        || reply->elements < 2
        || reply->element[0]->type != REDIS_REPLY_INTEGER)
    {
        ngx_http_batch_dial_count(mcf, leases_failed);
        return NGX_HTTP_BATCH_DIAL_LEASE_FAILED;
    }

    element = reply->element;

    switch (element[0]->integer) {

    case 1:
        ngx_http_batch_dial_count(mcf, leases_won);
        lease->expiry = ngx_http_batch_dial_store_number(element[1]);
        return NGX_HTTP_BATCH_DIAL_LEASE_WON;

    case 0:
        ngx_http_batch_dial_count(mcf, leases_lost);
        *left = (ngx_msec_t) ngx_http_batch_dial_store_number(element[1]);
        return NGX_HTTP_BATCH_DIAL_LEASE_LOST;

    default:

        if (reply->elements == 3
            && ngx_http_batch_dial_lease_newer(mcf, lease, element[1],
                                               element[2], known, entry)
               == NGX_OK)
        {
            return NGX_HTTP_BATCH_DIAL_LEASE_NEWER;
        }

        ngx_http_batch_dial_count(mcf, leases_failed);
        return NGX_HTTP_BATCH_DIAL_LEASE_FAILED;
    }
}


static ngx_int_t
ngx_http_batch_dial_lease_newer(ngx_http_batch_dial_main_conf_t *mcf,
    ngx_http_batch_dial_lease_t *lease, redisReply *value, redisReply *expiry,
    int64_t *known, ngx_http_batch_dial_answer_t **entry)
{
    ngx_uint_t                   i;
    ngx_http_batch_dial_names_t  names;

    *entry = NULL;

    if (value->type != REDIS_REPLY_STRING) {
        return NGX_ERROR;
    }

    /* whatever it is worth, the next time it is known */

    *known = 0;

    for (i = 0; i < 8 && 8 + i < (ngx_uint_t) value->len; i++) {
        *known |= (int64_t) ((uint64_t) (u_char) value->str[8 + i] << (8 * i));
    }

    ngx_http_batch_dial_store_names(&names, mcf, lease->credential,
                                    &lease->id);

    if (lease->id.len == 0) {
        return ngx_http_batch_dial_liveness_read(mcf, lease->credential,
                                                 &names, value);
    }

    *entry = ngx_http_batch_dial_store_value(mcf, &names, value, expiry,
                                             NULL);

    return NGX_OK;
}


ngx_http_batch_dial_redis_op_t *
ngx_http_batch_dial_lease_extend(ngx_http_batch_dial_main_conf_t *mcf,
    ngx_http_batch_dial_lease_t *lease,
    ngx_http_batch_dial_redis_handler_pt handler, void *data)
{
    ngx_http_batch_dial_script_t  s;

    ngx_http_batch_dial_lease_script(&s, mcf, lease,
                                     &ngx_http_batch_dial_extend_text);
    ngx_http_batch_dial_lease_number(&s, NGX_HTTP_BATCH_DIAL_LEASE_MS);

    return ngx_http_batch_dial_redis_command(mcf->redis, s.argc, s.argv,
                                             handler, data);
}


ngx_int_t
ngx_http_batch_dial_lease_store(ngx_http_batch_dial_main_conf_t *mcf,
    ngx_http_batch_dial_lease_t *lease, u_char *data, size_t len, int64_t life)
{
    ngx_http_batch_dial_script_t  s;
    ngx_http_batch_dial_stored_t  stored;

    ngx_http_batch_dial_lease_script(&s, mcf, lease,
                                     &ngx_http_batch_dial_store_text);

    if (ngx_http_batch_dial_store_seal(mcf, &s.names.key, &s.names.entry, data,
                                       len)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_http_batch_dial_lease_word(&s, data, len + BD_MAC_SIZE);
    ngx_http_batch_dial_lease_number(&s, life);

    stored.mcf = mcf;
    stored.len = lease->id.len;
    ngx_memcpy(stored.id, lease->id.data, lease->id.len);
    ngx_memcpy(stored.credential, lease->credential, BD_MAC_SIZE);

    return ngx_http_batch_dial_redis_command_with(mcf->redis, s.argc, s.argv,
                                            ngx_http_batch_dial_lease_stored,
                                            &stored, sizeof(stored))
           ? NGX_OK : NGX_DECLINED;
}


static void
ngx_http_batch_dial_lease_stored(void *data, redisReply *reply)
{
    ngx_http_batch_dial_stored_t *stored = data;

    ngx_http_batch_dial_main_conf_t  *mcf;

    mcf = stored->mcf;

    if (reply == NULL || reply->type != REDIS_REPLY_INTEGER) {
        ngx_http_batch_dial_count(mcf, stores_failed);

    } else if (reply->integer) {
        ngx_http_batch_dial_count(mcf, stores);

        if (reply->integer == 2) {
            ngx_http_batch_dial_lease_tell(stored);
        }

    } else {
        ngx_http_batch_dial_count(mcf, stores_fenced);
    }
}


static void
ngx_http_batch_dial_lease_tell(ngx_http_batch_dial_stored_t *stored)
{
    u_char     *p;
    ngx_str_t   id, argv[3];

    id.data = stored->id;
    id.len = stored->len;

    p = ngx_http_batch_dial_event_make(stored->mcf, BD_EVENT_STORED,
                                       stored->credential, &id, 0,
                                       bd_slice(""), NULL, &argv[2]);
    if (p == NULL) {
        return;
    }

    ngx_str_set(&argv[0], "PUBLISH");
    argv[1] = stored->mcf->channel;

    (void) ngx_http_batch_dial_redis_command(stored->mcf->redis, 3, argv,
                                             ngx_http_batch_dial_lease_told,
                                             NULL);
    ngx_free(p);
}


static void
ngx_http_batch_dial_lease_told(void *data, redisReply *reply)
{
    /* untold, they ask again by themselves */
}


void
ngx_http_batch_dial_lease_end(ngx_http_batch_dial_main_conf_t *mcf,
    ngx_http_batch_dial_lease_t *lease, bd_slice_t outcome,
    ngx_msec_t backoff, ngx_uint_t drop)
{
    u_char                        *p;
    int64_t                        until;
    ngx_str_t                      event;
    ngx_http_batch_dial_script_t   s;

    until = backoff ? ngx_http_batch_dial_now() + (int64_t) backoff : 0;

    p = ngx_http_batch_dial_event_make(mcf, BD_EVENT_ENDED, lease->credential,
                                       &lease->id, until, outcome, NULL,
                                       &event);
    if (p == NULL) {
        return;     /* it runs out */
    }

    ngx_http_batch_dial_lease_script(&s, mcf, lease,
                                     &ngx_http_batch_dial_end_text);

    ngx_http_batch_dial_lease_word(&s, (u_char *) "1", drop ? 1 : 0);
    ngx_http_batch_dial_lease_word(&s, (u_char *) "1", backoff ? 1 : 0);
    ngx_http_batch_dial_lease_word(&s, mcf->channel.data, mcf->channel.len);
    ngx_http_batch_dial_lease_word(&s, event.data, event.len);

    /* not taken: it runs out */

    (void) ngx_http_batch_dial_redis_command(mcf->redis, s.argc, s.argv,
                                             ngx_http_batch_dial_lease_ended,
                                             mcf);
    ngx_free(p);
}


static void
ngx_http_batch_dial_lease_ended(void *data, redisReply *reply)
{
    ngx_http_batch_dial_main_conf_t *mcf = data;

    if (reply && reply->type == REDIS_REPLY_INTEGER && reply->integer == 0) {
        ngx_http_batch_dial_count(mcf, leases_voided);
    }
}


/* The command up to the token, which all of them have in common. */

static void
ngx_http_batch_dial_lease_script(ngx_http_batch_dial_script_t *s,
    ngx_http_batch_dial_main_conf_t *mcf, ngx_http_batch_dial_lease_t *lease,
    ngx_str_t *text)
{
    ngx_http_batch_dial_store_names(&s->names, mcf, lease->credential,
                                    &lease->id);
    ngx_http_batch_dial_store_lease_names(&s->names);
    ngx_http_batch_dial_lease_token(s->token, lease->token);

    s->argc = 0;

    ngx_http_batch_dial_lease_word(s, (u_char *) "EVAL", 4);
    ngx_http_batch_dial_lease_word(s, text->data, text->len);
    ngx_http_batch_dial_lease_word(s, (u_char *) "1", 1);
    ngx_http_batch_dial_lease_word(s, s->names.key.data, s->names.key.len);
    ngx_http_batch_dial_lease_word(s, s->names.lease.data,
                                   s->names.lease.len);
    ngx_http_batch_dial_lease_word(s, s->names.waiters.data,
                                   s->names.waiters.len);
    ngx_http_batch_dial_lease_word(s, s->names.entry.data,
                                   s->names.entry.len);
    ngx_http_batch_dial_lease_word(s, s->token, sizeof(s->token));
}


static void
ngx_http_batch_dial_lease_word(ngx_http_batch_dial_script_t *s, u_char *data,
    size_t len)
{
    s->argv[s->argc].data = data;
    s->argv[s->argc].len = len;
    s->argc++;
}


/* Once per command. */

static void
ngx_http_batch_dial_lease_number(ngx_http_batch_dial_script_t *s, int64_t n)
{
    u_char  *last;

    last = ngx_sprintf(s->number, "%L", n);

    ngx_http_batch_dial_lease_word(s, s->number, last - s->number);
}


static void
ngx_http_batch_dial_lease_token(u_char *out, uint64_t token)
{
    u_char      bytes[8];
    ngx_uint_t  i;

    for (i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (u_char) (token >> (56 - 8 * i));
    }

    bd_hex((char *) out, bytes, sizeof(bytes));
}
