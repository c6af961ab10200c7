/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Commands on their way to Redis.  Each command is a chain link of its own,
 * in one piece with its text, so that a body of a megabyte is copied once, and
 * many small commands still leave in one writev().
 *
 * The text is not hiredis' work: its formatter takes another allocation and a
 * printf() for each word, which were 3 % of a hit.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include "ngx_http_batch_dial_redis_out.h"


/* room for "*" or "$", a length and CRLF */
#define NGX_HTTP_BATCH_DIAL_REDIS_LENGTH  (1 + NGX_SIZE_T_LEN + 2)


typedef struct {
    ngx_chain_t   link;             /* first: links are cast back */
    ngx_buf_t     buf;              /* of the text, which follows */
} ngx_http_batch_dial_redis_text_t;


static ngx_http_batch_dial_redis_text_t *
    ngx_http_batch_dial_redis_out_create(ngx_uint_t argc,
    const ngx_str_t *argv);
static u_char *ngx_http_batch_dial_redis_out_length(u_char *p, u_char type,
    size_t len);
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
    ngx_http_batch_dial_redis_text_t  *text;

    if (argc == 0 || argc > NGX_HTTP_BATCH_DIAL_REDIS_WORDS) {
        return NGX_ERROR;
    }

    text = ngx_http_batch_dial_redis_out_create(argc, argv);
    if (text == NULL) {
        return NGX_ERROR;
    }

    *out->last = &text->link;
    out->last = &text->link.next;
    out->bytes += ngx_buf_size(&text->buf);

    return NGX_OK;
}


/* An array of bulk strings, as redis.io/docs has it: "*1 $4 PING" in lines. */

static ngx_http_batch_dial_redis_text_t *
ngx_http_batch_dial_redis_out_create(ngx_uint_t argc, const ngx_str_t *argv)
{
    u_char                            *p;
    size_t                             size;
    ngx_uint_t                         i;
    ngx_http_batch_dial_redis_text_t  *text;

    size = sizeof(ngx_http_batch_dial_redis_text_t)
           + NGX_HTTP_BATCH_DIAL_REDIS_LENGTH;

    for (i = 0; i < argc; i++) {
        size += NGX_HTTP_BATCH_DIAL_REDIS_LENGTH + argv[i].len + 2;
    }

    text = ngx_alloc(size, ngx_cycle->log);
    if (text == NULL) {
        return NULL;
    }

    ngx_memzero(text, sizeof(ngx_http_batch_dial_redis_text_t));

    text->buf.start = (u_char *) (text + 1);
    text->buf.pos = text->buf.start;
    text->buf.memory = 1;

    p = ngx_http_batch_dial_redis_out_length(text->buf.start, '*', argc);

    for (i = 0; i < argc; i++) {
        p = ngx_http_batch_dial_redis_out_length(p, '$', argv[i].len);
        p = ngx_cpymem(p, argv[i].data, argv[i].len);
        *p++ = CR;
        *p++ = LF;
    }

    text->buf.last = p;
    text->buf.end = p;

    text->link.buf = &text->buf;

    return text;
}


static u_char *
ngx_http_batch_dial_redis_out_length(u_char *p, u_char type, size_t len)
{
    *p++ = type;
    p = ngx_sprintf(p, "%uz", len);
    *p++ = CR;
    *p++ = LF;

    return p;
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

    ngx_free(text);
}
