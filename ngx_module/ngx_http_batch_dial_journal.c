/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Delivers what is in the journal (bd_journal.h): as long as Redis cannot be
 * told, each attempt fails at once, for the client of Redis refuses or drops
 * the commands; once it is there again, the first one gets through.  A record
 * is claimed while its command is on its way, so that of all workers one sends
 * it; being idempotent, it does no harm if it is sent again.
 */


#include "ngx_http_batch_dial_announce.h"
#include "ngx_http_batch_dial_invalidate.h"
#include "ngx_http_batch_dial_memory.h"


/* so many at a time that their replies come while the claims last */
#define NGX_HTTP_BATCH_DIAL_JOURNAL_BATCH  64


typedef struct {
    ngx_http_batch_dial_main_conf_t  *mcf;
    int64_t                           generation;
    bd_record_t                       record;
} ngx_http_batch_dial_delivery_t;


static ngx_int_t ngx_http_batch_dial_journal_send(
    ngx_http_batch_dial_main_conf_t *mcf, bd_record_t *record);
static ngx_http_batch_dial_redis_op_t *ngx_http_batch_dial_journal_command(
    ngx_http_batch_dial_delivery_t *delivery);
static void ngx_http_batch_dial_journal_replied(void *data,
    redisReply *reply);
static void ngx_http_batch_dial_journal_settle(
    ngx_http_batch_dial_main_conf_t *mcf, bd_record_t *record,
    int64_t generation, int delivered);


void
ngx_http_batch_dial_journal_deliver(ngx_http_batch_dial_main_conf_t *mcf)
{
    ngx_uint_t    i, claimed;
    bd_memory_t  *m;
    bd_record_t   record;

    for (i = 0; i < NGX_HTTP_BATCH_DIAL_JOURNAL_BATCH; i++) {

        m = ngx_http_batch_dial_memory_lock(mcf);
        claimed = bd_journal_claim(m, ngx_http_batch_dial_mono(), &record);
        ngx_http_batch_dial_memory_unlock(mcf);

        if (!claimed) {
            return;
        }

        if (ngx_http_batch_dial_journal_send(mcf, &record) != NGX_OK) {
            ngx_http_batch_dial_journal_settle(mcf, &record, 0, 0);
            return;
        }
    }
}


static ngx_int_t
ngx_http_batch_dial_journal_send(ngx_http_batch_dial_main_conf_t *mcf,
    bd_record_t *record)
{
    ngx_http_batch_dial_delivery_t  *delivery;

    delivery = ngx_alloc(sizeof(ngx_http_batch_dial_delivery_t),
                         ngx_cycle->log);
    if (delivery == NULL) {
        return NGX_ERROR;
    }

    delivery->mcf = mcf;
    delivery->record = *record;
    delivery->generation = ngx_http_batch_dial_now();

    if (ngx_http_batch_dial_journal_command(delivery) == NULL) {
        ngx_free(delivery);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_http_batch_dial_redis_op_t *
ngx_http_batch_dial_journal_command(ngx_http_batch_dial_delivery_t *delivery)
{
    ngx_str_t     id;
    bd_record_t  *record;

    record = &delivery->record;

    id.data = (u_char *) record->id;
    id.len = record->id_len;

    if (id.len == 0) {
        return ngx_http_batch_dial_announce_generation(delivery->mcf,
                                           delivery->generation,
                                           ngx_http_batch_dial_journal_replied,
                                           delivery);
    }

    if (record->how == BD_EXPIRED) {
        return ngx_http_batch_dial_announce_expired(delivery->mcf, &id,
                                           NULL,
                                           ngx_http_batch_dial_journal_replied,
                                           delivery);
    }

    return ngx_http_batch_dial_announce_gone(delivery->mcf, &id, 0,
                                           NULL,
                                           ngx_http_batch_dial_journal_replied,
                                           delivery);
}


static void
ngx_http_batch_dial_journal_replied(void *data, redisReply *reply)
{
    ngx_http_batch_dial_delivery_t *delivery = data;

    ngx_http_batch_dial_journal_settle(delivery->mcf, &delivery->record,
                                       delivery->generation,
                                       reply && reply->type
                                                == REDIS_REPLY_INTEGER);
    ngx_free(delivery);
}


static void
ngx_http_batch_dial_journal_settle(ngx_http_batch_dial_main_conf_t *mcf,
    bd_record_t *record, int64_t generation, int delivered)
{
    bd_memory_t  *m;

    m = ngx_http_batch_dial_memory_lock(mcf);

    if (delivered && record->id_len == 0) {
        bd_memory_set_generation(m, generation);
    }

    bd_journal_done(m, record, delivered);

    ngx_http_batch_dial_memory_unlock(mcf);

    if (delivered) {
        ngx_http_batch_dial_count(mcf, journal_delivered);
    }
}
