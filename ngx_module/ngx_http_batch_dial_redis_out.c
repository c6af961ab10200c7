/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Commands on their way to Redis.  Each command is a chain link of its own,
 * so that a body of a megabyte is copied once, by hiredis' formatter, and
 * many small commands still leave in one writev().  Of its two formatters it
 * is that of sds strings: the other one writes each length by sprintf().
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <hiredis/hiredis.h>
#include "ngx_http_batch_dial_redis_out.h"


typedef struct {
    ngx_chain_t   link;             /* first: links are cast back */
    ngx_buf_t     buf;
    sds           text;
} ngx_http_batch_dial_redis_text_t;


static void ngx_http_batch_dial_redis_out_shift(
    ngx_http_batch_dial_redis_out_t *out);


void
ngx_http_batch_dial_redis_out_init(ngx_http_batch_dial_redis_out_t *out)
{
    out->first = NULL;
    out->last = &out->first;
    out->bytes = 0;
    out->sent = 0;
}


ngx_int_t
ngx_http_batch_dial_redis_out_append(ngx_http_batch_dial_redis_out_t *out,
    ngx_uint_t argc, const ngx_str_t *argv)
{
    long long                          len;       /* an int before 1.1 */
    size_t                             lens[NGX_HTTP_BATCH_DIAL_REDIS_WORDS];
    ngx_uint_t                         i;
    const char                        *words[NGX_HTTP_BATCH_DIAL_REDIS_WORDS];
    ngx_http_batch_dial_redis_text_t  *text;

    if (argc == 0 || argc > NGX_HTTP_BATCH_DIAL_REDIS_WORDS) {
        return NGX_ERROR;
    }

    for (i = 0; i < argc; i++) {
        words[i] = (const char *) argv[i].data;
        lens[i] = argv[i].len;
    }

    text = ngx_calloc(sizeof(ngx_http_batch_dial_redis_text_t),
                      ngx_cycle->log);
    if (text == NULL) {
        return NGX_ERROR;
    }

    len = redisFormatSdsCommandArgv(&text->text, (int) argc, words, lens);
    if (len < 0) {
        ngx_free(text);
        return NGX_ERROR;
    }

    text->buf.start = (u_char *) text->text;
    text->buf.pos = text->buf.start;
    text->buf.last = text->buf.start + len;
    text->buf.end = text->buf.last;
    text->buf.memory = 1;

    text->link.buf = &text->buf;

    *out->last = &text->link;
    out->last = &text->link.next;
    out->bytes += len;

    return NGX_OK;
}


ngx_int_t
ngx_http_batch_dial_redis_out_send(ngx_http_batch_dial_redis_out_t *out,
    ngx_connection_t *c)
{
    ngx_chain_t  *cl, *rest;

    /* TLS gathers commands into records until one asks to be flushed */

    for (cl = out->first; cl; cl = cl->next) {
        cl->buf->flush = (cl->next == NULL);
    }

    rest = c->send_chain(c, out->first, 0);

    if (rest == NGX_CHAIN_ERROR) {
        return NGX_ERROR;
    }

    while (out->first != rest) {
        ngx_http_batch_dial_redis_out_shift(out);
        out->sent++;
    }

    return (rest || c->buffered) ? NGX_AGAIN : NGX_OK;
}


ngx_uint_t
ngx_http_batch_dial_redis_out_started(ngx_http_batch_dial_redis_out_t *out)
{
    ngx_buf_t  *b;

    if (out->first == NULL) {
        return out->sent;
    }

    b = out->first->buf;

    return out->sent + (b->pos != b->start);
}


void
ngx_http_batch_dial_redis_out_rewind(ngx_http_batch_dial_redis_out_t *out)
{
    out->sent = 0;
}


void
ngx_http_batch_dial_redis_out_discard(ngx_http_batch_dial_redis_out_t *out)
{
    while (out->first) {
        ngx_http_batch_dial_redis_out_shift(out);
    }
}


static void
ngx_http_batch_dial_redis_out_shift(ngx_http_batch_dial_redis_out_t *out)
{
    ngx_http_batch_dial_redis_text_t  *text;

    text = (ngx_http_batch_dial_redis_text_t *) out->first;

    out->first = text->link.next;
    out->bytes -= text->buf.last - text->buf.start;

    if (out->first == NULL) {
        out->last = &out->first;
    }

    redisFreeSdsCommand(text->text);
    ngx_free(text);
}
