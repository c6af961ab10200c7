/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Growable bytes: see bd_buf.h.
 */


#include <stdlib.h>
#include "bd_buf.h"
#include "bd_utf8.h"


#define BD_BUF_START  64


static int bd_buf_reserve(bd_buf_t *buf, size_t len);


void
bd_buf_add(bd_buf_t *buf, const void *data, size_t len)
{
    if (bd_buf_reserve(buf, len) != 0) {
        return;
    }

    if (len != 0) {
        memcpy(buf->data + buf->len, data, len);
        buf->len += len;
    }

    buf->data[buf->len] = '\0';
}


void
bd_buf_puts(bd_buf_t *buf, const char *s)
{
    bd_buf_add(buf, s, strlen(s));
}


void
bd_buf_put_code(bd_buf_t *buf, uint32_t code)
{
    char  utf8[4];

    bd_buf_add(buf, utf8, bd_utf8_encode(utf8, code));
}


void
bd_buf_free(bd_buf_t *buf)
{
    free(buf->data);
    *buf = BD_BUF_EMPTY;
}


/* Makes room for len bytes and the terminator; 0, or -1 when it cannot. */
static int
bd_buf_reserve(bd_buf_t *buf, size_t len)
{
    char    *data;
    size_t   size;

    if (buf->failed) {
        return -1;
    }

    if (len < buf->size && buf->len < buf->size - len) {
        return 0;
    }

    size = buf->size ? buf->size : BD_BUF_START;

    while (size <= len || size - len <= buf->len) {
        if (size > SIZE_MAX / 2) {
            buf->failed = 1;
            return -1;
        }

        size *= 2;
    }

    data = realloc(buf->data, size);
    if (data == NULL) {
        buf->failed = 1;
        return -1;
    }

    buf->data = data;
    buf->size = size;

    return 0;
}
