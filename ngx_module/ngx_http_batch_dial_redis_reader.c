/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Replies out of bytes: hiredis' parser, with limits, and what an error reply
 * says about Redis.  Used by a connection; knows of none.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include "ngx_http_batch_dial_redis_reader.h"


#if (HIREDIS_MAJOR >= 1)
typedef size_t  ngx_http_batch_dial_redis_count_t;
#else
typedef int     ngx_http_batch_dial_redis_count_t;
#endif


static ngx_int_t ngx_http_batch_dial_redis_reader_check(
    ngx_http_batch_dial_redis_reader_t *reader);
static void *ngx_http_batch_dial_redis_create_array(const redisReadTask *task,
    ngx_http_batch_dial_redis_count_t n);


/*
 * Redis cannot serve: it loads its data, has lost its master or its cluster,
 * or is busy with a script.  Redis will not serve us: no credentials, no
 * permission, protected mode ("-DENIED").
 */
static ngx_str_t  ngx_http_batch_dial_redis_refusals[] = {
    ngx_string("LOADING"),
    ngx_string("MASTERDOWN"),
    ngx_string("CLUSTERDOWN"),
    ngx_string("BUSY"),
    ngx_string("NOAUTH"),
    ngx_string("WRONGPASS"),
    ngx_string("NOPERM"),
    ngx_string("DENIED"),
    ngx_null_string
};


ngx_int_t
ngx_http_batch_dial_redis_reader_open(
    ngx_http_batch_dial_redis_reader_t *reader)
{
    redisReader  *parser;

    parser = redisReaderCreate();
    if (parser == NULL) {
        return NGX_ERROR;
    }

    reader->hiredis = parser->fn;
    reader->functions = *parser->fn;
    reader->functions.createArray = ngx_http_batch_dial_redis_create_array;

    parser->fn = &reader->functions;
    parser->privdata = reader;

    reader->parser = parser;
    reader->bytes = 0;
    reader->elements = 0;

    return NGX_OK;
}


void
ngx_http_batch_dial_redis_reader_close(
    ngx_http_batch_dial_redis_reader_t *reader)
{
    if (reader->parser) {
        redisReaderFree(reader->parser);
        reader->parser = NULL;
    }
}


ngx_int_t
ngx_http_batch_dial_redis_reader_feed(
    ngx_http_batch_dial_redis_reader_t *reader, u_char *data, size_t len)
{
    if (redisReaderFeed(reader->parser, (char *) data, len) != REDIS_OK) {
        return NGX_ERROR;
    }

    reader->bytes += len;

    return NGX_OK;
}


ngx_int_t
ngx_http_batch_dial_redis_reader_next(
    ngx_http_batch_dial_redis_reader_t *reader, redisReply **reply)
{
    void         *object;
    redisReader  *parser;

    parser = reader->parser;
    object = NULL;

    if (redisReaderGetReply(parser, &object) != REDIS_OK) {
        return NGX_ERROR;
    }

    if (object == NULL) {
        return ngx_http_batch_dial_redis_reader_check(reader);
    }

    /* what is left in the parser belongs to the replies after this one */

    reader->bytes = parser->len - parser->pos;
    reader->elements = 0;

    *reply = object;

    return NGX_OK;
}


/* NGX_AGAIN: what has come of a reply may become one */

static ngx_int_t
ngx_http_batch_dial_redis_reader_check(
    ngx_http_batch_dial_redis_reader_t *reader)
{
    size_t        rest;
    redisReader  *parser;

    if (reader->bytes > NGX_HTTP_BATCH_DIAL_REDIS_REPLY_BYTES) {
        return NGX_ERROR;
    }

    /* a bulk string stays in the buffer, its length before it, until whole */

    parser = reader->parser;
    rest = parser->len - parser->pos;

    if (rest > NGX_HTTP_BATCH_DIAL_REDIS_REPLY_LINE
        && memchr(parser->buf + parser->pos, LF,
                  NGX_HTTP_BATCH_DIAL_REDIS_REPLY_LINE)
           == NULL)
    {
        return NGX_ERROR;
    }

    return NGX_AGAIN;
}


static void *
ngx_http_batch_dial_redis_create_array(const redisReadTask *task,
    ngx_http_batch_dial_redis_count_t n)
{
    ngx_uint_t                           depth;
    const redisReadTask                 *outer;
    ngx_http_batch_dial_redis_reader_t  *reader;

    reader = task->privdata;
    depth = 1;

    for (outer = task->parent; outer; outer = outer->parent) {
        depth++;
    }

    /*
     * hiredis allocates the whole array before its first element has come;
     * NULL makes it give up as it does when memory is short
     */

    if ((size_t) n
        > NGX_HTTP_BATCH_DIAL_REDIS_REPLY_ELEMENTS - reader->elements
        || depth > NGX_HTTP_BATCH_DIAL_REDIS_REPLY_DEPTH)
    {
        return NULL;
    }

    reader->elements += n;

    return reader->hiredis->createArray(task, n);
}


ngx_str_t
ngx_http_batch_dial_redis_reply_code(redisReply *reply)
{
    u_char     ch;
    ngx_str_t  code;

    code.data = (u_char *) reply->str;
    code.len = 0;

    if (reply->type != REDIS_REPLY_ERROR) {
        return code;
    }

    while (code.len < reply->len && code.len < 32) {
        ch = code.data[code.len];

        if (!(ch >= 'A' && ch <= 'Z') && !(ch >= 'a' && ch <= 'z')
            && !(ch >= '0' && ch <= '9') && ch != '_' && ch != '-')
        {
            break;
        }

        code.len++;
    }

    return code;
}


ngx_uint_t
ngx_http_batch_dial_redis_reply_refuses(redisReply *reply)
{
    ngx_str_t  code, *refusal;

    code = ngx_http_batch_dial_redis_reply_code(reply);

    for (refusal = ngx_http_batch_dial_redis_refusals;
         refusal->len;
         refusal++)
    {
        if (code.len == refusal->len
            && ngx_strncmp(code.data, refusal->data, code.len) == 0)
        {
            return 1;
        }
    }

    return 0;
}
