/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * What upstream thinks of a credential: when it accepted it last, when it
 * rejected it, until when it asks that it be held off.  This host knows it in
 * its memory; Redis has it in a hash of the credential, for the hosts that
 * come later, and events tell the others at once:
 *
 *   field  value, sealed
 *   a      the moment the last request that was accepted began
 *   r      the moment the last rejection came
 *   h      the moment until which to hold off, then the answer that asked
 *
 * A rejection outweighs every acceptance whose request began before its
 * answer came: which of two that overlap upstream decided first is not known,
 * and to ask once more is the lesser harm.
 *
 * An acceptance that tells little news, that is soon after the last, is not
 * noted at all: with many requests per second Redis would be told as often.
 */


#include "ngx_http_batch_dial_event.h"
#include "ngx_http_batch_dial_liveness.h"
#include "ngx_http_batch_dial_memory.h"
#include "ngx_http_batch_dial_store.h"
#include "bd_event.h"
#include "bd_seal.h"


/* So small a part of batch_dial_reauth later is no news. */
#define NGX_HTTP_BATCH_DIAL_NEWS  16


/* Clocks of nodes differ by less, in milliseconds. */
#define NGX_HTTP_BATCH_DIAL_SKEW  3600000


/* Who a reply is about. */
typedef struct {
    ngx_http_batch_dial_main_conf_t  *mcf;
    void                            (*done)(
                                       ngx_http_batch_dial_main_conf_t *mcf,
                                       ngx_uint_t ok);
    u_char                            credential[BD_MAC_SIZE];
} ngx_http_batch_dial_question_t;


static void ngx_http_batch_dial_liveness_accepted(
    ngx_http_batch_dial_main_conf_t *mcf,
    ngx_http_batch_dial_loc_conf_t *blcf, const u_char *credential,
    int64_t began_ms);
static void ngx_http_batch_dial_liveness_rejected(
    ngx_http_batch_dial_main_conf_t *mcf,
    ngx_http_batch_dial_loc_conf_t *blcf, const u_char *credential,
    bd_slice_t answer);
static void ngx_http_batch_dial_liveness_tell(
    ngx_http_batch_dial_main_conf_t *mcf, const u_char *credential,
    char field, int64_t moment, bd_slice_t data, int64_t life,
    bd_event_e type, int64_t time);
static void ngx_http_batch_dial_liveness_note(
    ngx_http_batch_dial_main_conf_t *mcf,
    ngx_http_batch_dial_names_t *names, ngx_str_t *field, ngx_str_t *value,
    int64_t life, ngx_str_t *event);
static void ngx_http_batch_dial_liveness_ignore(void *data,
    redisReply *reply);
static void ngx_http_batch_dial_liveness_replied(void *data,
    redisReply *reply);
static int64_t ngx_http_batch_dial_liveness_moment(
    ngx_http_batch_dial_main_conf_t *mcf,
    ngx_http_batch_dial_names_t *names, char field, redisReply *value,
    bd_slice_t *rest);
static void ngx_http_batch_dial_generation_replied(void *data,
    redisReply *reply);
static ngx_http_batch_dial_question_t *ngx_http_batch_dial_question(
    ngx_http_batch_dial_main_conf_t *mcf, const u_char *credential);


/* ARGV: field, value, milliseconds to live, channel, event */
static ngx_str_t  ngx_http_batch_dial_note_text = ngx_string(
    "redis.call('HSET',KEYS[1],ARGV[1],ARGV[2]) "
    "if redis.call('PTTL',KEYS[1])<tonumber(ARGV[3]) then "
    "redis.call('PEXPIRE',KEYS[1],ARGV[3]) end "
    "redis.call('PUBLISH',ARGV[4],ARGV[5]) "
    "return 1");


void
ngx_http_batch_dial_liveness_observe(ngx_http_batch_dial_main_conf_t *mcf,
    ngx_http_batch_dial_loc_conf_t *blcf, const u_char *credential,
    int64_t began_ms, ngx_uint_t status, bd_slice_t answer)
{
    if (status >= NGX_HTTP_OK && status < NGX_HTTP_SPECIAL_RESPONSE) {
        ngx_http_batch_dial_liveness_accepted(mcf, blcf, credential,
                                              began_ms);

    } else if (status == NGX_HTTP_UNAUTHORIZED) {
        ngx_http_batch_dial_liveness_rejected(mcf, blcf, credential, answer);
    }
}


static void
ngx_http_batch_dial_liveness_accepted(ngx_http_batch_dial_main_conf_t *mcf,
    ngx_http_batch_dial_loc_conf_t *blcf, const u_char *credential,
    int64_t began_ms)
{
    int           news;
    bd_memory_t  *m;

    m = ngx_http_batch_dial_memory_lock(mcf);

    news = bd_memory_accept(m, credential, began_ms,
                            blcf->bounds.reauth / NGX_HTTP_BATCH_DIAL_NEWS);

    ngx_http_batch_dial_memory_unlock(mcf);

    if (news) {
        ngx_http_batch_dial_liveness_tell(mcf, credential, 'a', began_ms,
                                          bd_slice(""),
                                          blcf->bounds.reauth
                                          + blcf->bounds.stale_if_error,
                                          BD_EVENT_ACCEPTED, began_ms);
    }
}


static void
ngx_http_batch_dial_liveness_rejected(ngx_http_batch_dial_main_conf_t *mcf,
    ngx_http_batch_dial_loc_conf_t *blcf, const u_char *credential,
    bd_slice_t answer)
{
    int           news;
    int64_t       now, ttl;
    bd_memory_t  *m;

    now = ngx_http_batch_dial_now();
    ttl = ngx_http_batch_dial_error_ttl(blcf, NGX_HTTP_UNAUTHORIZED);

    if (ttl == 0) {
        answer = bd_slice("");
    }

    m = ngx_http_batch_dial_memory_lock(mcf);

    news = bd_memory_reject(m, credential, now, answer,
                            ngx_http_batch_dial_mono() + ttl);

    ngx_http_batch_dial_memory_unlock(mcf);

    if (news) {
        ngx_http_batch_dial_count(mcf, tombstones);

        ngx_http_batch_dial_liveness_tell(mcf, credential, 'r', now,
                                          bd_slice(""),
                                          blcf->bounds.reauth
                                          + blcf->bounds.stale_if_error,
                                          BD_EVENT_REJECTED, now);
    }
}


void
ngx_http_batch_dial_liveness_hold(ngx_http_batch_dial_main_conf_t *mcf,
    const u_char *credential, ngx_msec_t hold, bd_slice_t answer)
{
    int64_t       until;
    bd_memory_t  *m;

    until = ngx_http_batch_dial_now() + hold;

    m = ngx_http_batch_dial_memory_lock(mcf);

    bd_memory_hold(m, credential, answer, ngx_http_batch_dial_mono() + hold);

    ngx_http_batch_dial_memory_unlock(mcf);

    ngx_http_batch_dial_count(mcf, hold_offs);

    ngx_http_batch_dial_liveness_tell(mcf, credential, 'h', until, answer,
                                      hold, BD_EVENT_HELD, until);
}


/* Redis and the other nodes; when Redis cannot be told, nobody is. */

static void
ngx_http_batch_dial_liveness_tell(ngx_http_batch_dial_main_conf_t *mcf,
    const u_char *credential, char field, int64_t moment, bd_slice_t data,
    int64_t life, bd_event_e type, int64_t time)
{
    u_char                       *p;
    ngx_str_t                     event, value, name, id;
    ngx_http_batch_dial_names_t   names;

    if (mcf->redis == NULL) {
        return;
    }

    ngx_str_null(&id);
    ngx_http_batch_dial_store_names(&names, mcf, credential, &id);

    name.data = (u_char *) &field;
    name.len = 1;

    value.len = BD_MOMENT_SIZE + data.len;
    value.data = ngx_alloc(value.len + BD_MAC_SIZE, ngx_cycle->log);

    if (value.data == NULL) {
        return;
    }

    bd_moment_encode(moment, value.data);

    if (data.len) {
        ngx_memcpy(value.data + BD_MOMENT_SIZE, data.data, data.len);
    }

    if (ngx_http_batch_dial_store_seal(mcf, &names.key, &name, value.data,
                                       value.len)
        == NGX_OK)
    {
        value.len += BD_MAC_SIZE;

        p = ngx_http_batch_dial_event_make(mcf, type, credential, NULL, time,
                                           data, NULL, &event);
        if (p) {
            ngx_http_batch_dial_liveness_note(mcf, &names, &name, &value,
                                              life, &event);
            ngx_free(p);
        }
    }

    ngx_free(value.data);
}


static void
ngx_http_batch_dial_liveness_note(ngx_http_batch_dial_main_conf_t *mcf,
    ngx_http_batch_dial_names_t *names, ngx_str_t *field, ngx_str_t *value,
    int64_t life, ngx_str_t *event)
{
    u_char     ms[NGX_INT64_LEN];
    ngx_str_t  argv[9];

    ngx_str_set(&argv[0], "EVAL");
    argv[1] = ngx_http_batch_dial_note_text;
    ngx_str_set(&argv[2], "1");
    argv[3] = names->key;
    argv[4] = *field;
    argv[5] = *value;
    argv[6].data = ms;
    argv[6].len = ngx_sprintf(ms, "%L", ngx_max(life, 1)) - ms;
    argv[7] = mcf->channel;
    argv[8] = *event;

    (void) ngx_http_batch_dial_redis_command(mcf->redis, 9, argv,
                                          ngx_http_batch_dial_liveness_ignore,
                                          NULL);
}


static void
ngx_http_batch_dial_liveness_ignore(void *data, redisReply *reply)
{
    /* the bounds of reauth and of the memory hold without it */
}


void
ngx_http_batch_dial_liveness_ask(ngx_http_batch_dial_main_conf_t *mcf,
    const u_char *credential)
{
    ngx_str_t                        argv[5], id;
    ngx_http_batch_dial_names_t      names;
    ngx_http_batch_dial_question_t  *q;

    q = ngx_http_batch_dial_question(mcf, credential);
    if (q == NULL) {
        return;
    }

    ngx_str_null(&id);
    ngx_http_batch_dial_store_names(&names, mcf, credential, &id);

    ngx_str_set(&argv[0], "HMGET");
    argv[1] = names.key;
    ngx_str_set(&argv[2], "a");
    ngx_str_set(&argv[3], "r");
    ngx_str_set(&argv[4], "h");

    if (ngx_http_batch_dial_redis_command(mcf->redis, 5, argv,
                                         ngx_http_batch_dial_liveness_replied,
                                         q)
        == NULL)
    {
        ngx_free(q);
        return;
    }

    (void) ngx_http_batch_dial_generation_ask(mcf, NULL);
}


static void
ngx_http_batch_dial_liveness_replied(void *data, redisReply *reply)
{
    ngx_http_batch_dial_question_t *q = data;

    int64_t                       accepted, rejected, held, mono;
    ngx_str_t                     id;
    bd_slice_t                    rest, answer;
    bd_memory_t                  *m;
    ngx_http_batch_dial_names_t   names;

    if (reply == NULL || reply->type != REDIS_REPLY_ARRAY
        || reply->elements != 3)
    {
        ngx_free(q);
        return;
    }

    ngx_str_null(&id);
    ngx_http_batch_dial_store_names(&names, q->mcf, q->credential, &id);

    accepted = ngx_http_batch_dial_liveness_moment(q->mcf, &names, 'a',
                                                   reply->element[0], &rest);
    rejected = ngx_http_batch_dial_liveness_moment(q->mcf, &names, 'r',
                                                   reply->element[1], &rest);
    held = ngx_http_batch_dial_liveness_moment(q->mcf, &names, 'h',
                                               reply->element[2], &answer);

    mono = ngx_http_batch_dial_mono();
    held -= ngx_http_batch_dial_now();

    m = ngx_http_batch_dial_memory_lock(q->mcf);

    if (rejected > 0) {
        (void) bd_memory_reject(m, q->credential, rejected, bd_slice(""), 0);
    }

    if (accepted > 0) {
        (void) bd_memory_accept(m, q->credential, accepted, 0);
    }

    if (held > 0) {
        bd_memory_hold(m, q->credential, answer,
                       mono + ngx_min(held, NGX_HTTP_BATCH_DIAL_HOLD_MAX));
    }

    ngx_http_batch_dial_memory_unlock(q->mcf);

    ngx_free(q);
}


/* The moment of a field, 0 when there is none; *rest is what stands behind. */

static int64_t
ngx_http_batch_dial_liveness_moment(ngx_http_batch_dial_main_conf_t *mcf,
    ngx_http_batch_dial_names_t *names, char field, redisReply *value,
    bd_slice_t *rest)
{
    int64_t     moment;
    ngx_str_t   name;
    bd_slice_t  place[2], data;

    *rest = bd_slice("");

    if (value->type != REDIS_REPLY_STRING) {
        return 0;
    }

    place[0] = ngx_http_batch_dial_slice(&names->key);
    place[1] = bd_slice_make(&field, 1);
    data = bd_slice_make(value->str, value->len);

    if (bd_unseal(mcf->entry_mac, place, &data) != 0
        || data.len < BD_MOMENT_SIZE)
    {
        name.data = (u_char *) &field;
        name.len = 1;

        ngx_http_batch_dial_store_discard(mcf, &names->key, &name);

        return 0;
    }

    moment = bd_moment_decode(bd_slice_make(data.data, BD_MOMENT_SIZE));

    *rest = bd_slice_make(data.data + BD_MOMENT_SIZE,
                          data.len - BD_MOMENT_SIZE);

    return ngx_max(moment, 0);
}


ngx_int_t
ngx_http_batch_dial_liveness_read(ngx_http_batch_dial_main_conf_t *mcf,
    const u_char *credential, ngx_http_batch_dial_names_t *names,
    redisReply *value)
{
    int64_t       moment;
    bd_slice_t    rest;
    bd_memory_t  *m;

    moment = ngx_http_batch_dial_liveness_moment(mcf, names, 'a', value,
                                                 &rest);

    if (moment > 0) {
        m = ngx_http_batch_dial_memory_lock(mcf);
        (void) bd_memory_accept(m, credential, moment, 0);
        ngx_http_batch_dial_memory_unlock(mcf);
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_batch_dial_generation_ask(ngx_http_batch_dial_main_conf_t *mcf,
    void (*done)(ngx_http_batch_dial_main_conf_t *mcf, ngx_uint_t ok))
{
    ngx_str_t                        argv[2];
    ngx_http_batch_dial_question_t  *q;

    q = ngx_http_batch_dial_question(mcf, NULL);
    if (q == NULL) {
        return NGX_ERROR;
    }

    q->done = done;

    ngx_str_set(&argv[0], "GET");
    argv[1] = mcf->generation;

    if (ngx_http_batch_dial_redis_command(mcf->redis, 2, argv,
                                       ngx_http_batch_dial_generation_replied,
                                       q)
        == NULL)
    {
        ngx_free(q);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static void
ngx_http_batch_dial_generation_replied(void *data, redisReply *reply)
{
    ngx_http_batch_dial_question_t *q = data;

    uint64_t                          generation;
    ngx_uint_t                        ok;
    bd_memory_t                      *m;
    ngx_http_batch_dial_main_conf_t  *mcf;

    mcf = q->mcf;
    ok = (reply && (reply->type == REDIS_REPLY_STRING
                    || reply->type == REDIS_REPLY_NIL));

    if (ok) {
        generation = ngx_http_batch_dial_store_number(reply);

        m = ngx_http_batch_dial_memory_lock(mcf);

        /* not sealed: one of the far future is nobody's of us */

        if (generation > bd_memory_generation(m)
            && (int64_t) generation < ngx_http_batch_dial_now()
                                      + NGX_HTTP_BATCH_DIAL_SKEW)
        {
            bd_memory_set_generation(m, generation);
            bd_memory_flush(m);
        }

        ngx_http_batch_dial_memory_unlock(mcf);
    }

    if (q->done) {
        q->done(mcf, ok);
    }

    ngx_free(q);
}


static ngx_http_batch_dial_question_t *
ngx_http_batch_dial_question(ngx_http_batch_dial_main_conf_t *mcf,
    const u_char *credential)
{
    ngx_http_batch_dial_question_t  *q;

    q = ngx_calloc(sizeof(ngx_http_batch_dial_question_t), ngx_cycle->log);

    if (q) {
        q->mcf = mcf;

        if (credential) {
            ngx_memcpy(q->credential, credential, BD_MAC_SIZE);
        }
    }

    return q;
}
