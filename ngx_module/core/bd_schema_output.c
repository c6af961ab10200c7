/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * What is said of a failure: pointers and names, never a value of the
 * instance.
 */


#include <stdio.h>
#include "bd_schema_uri.h"
#include "bd_schema_validate.h"
#include "bd_utf8.h"


/* Stands for U+0000, which would end a string: REPLACEMENT CHARACTER. */
#define BD_SCHEMA_NUL  0xfffd


static void bd_schema_put_instance(bd_buf_t *out,
    const bd_schema_frame_t *frame);
static void bd_schema_put_path(bd_buf_t *out, const bd_schema_frame_t *frame);
static void bd_schema_put_keyword(bd_buf_t *out, const char *keyword);
static void bd_schema_note(bd_schema_ctx_t *ctx,
    const bd_schema_frame_t *frame, const char *keyword, const char *last);
static void bd_schema_put_string(bd_buf_t *out, const bd_buf_t *from);
static void bd_schema_put_fragment(bd_buf_t *out, const bd_schema_t *schema,
    const bd_schema_node_t *node, const char *last);
static void bd_schema_cut(char *to, size_t size, const bd_buf_t *from);


/*
 * A false schema has no keyword below it (then keyword is NULL): the place
 * is that of the schema itself, and the name is that of the keyword it is
 * the value of.
 */
int
bd_schema_fail(bd_schema_ctx_t *ctx, const bd_schema_frame_t *frame,
    const char *keyword)
{
    const char  *name;

    if (ctx->quiet != 0 || (ctx->failed && ctx->findings == NULL)) {
        return 0;
    }

    name = keyword ? keyword : frame->node->never;

    bd_schema_note(ctx, frame, name, keyword ? keyword : "");
    ctx->failed = 1;

    return 0;
}


int
bd_schema_exhausted(bd_schema_ctx_t *ctx, const bd_schema_frame_t *frame,
    const char *keyword)
{
    if (!ctx->stopped) {
        ctx->stopped = 1;

        if (ctx->findings != NULL || !ctx->failed) {
            bd_schema_note(ctx, frame, keyword ? keyword : "limit",
                           keyword ? keyword : "");
            ctx->failed = 1;
        }
    }

    return 0;
}


/* Writes down a failure; last is the last token of the keyword's place. */
static void
bd_schema_note(bd_schema_ctx_t *ctx, const bd_schema_frame_t *frame,
    const char *keyword, const char *last)
{
    bd_buf_t                 instance, place;
    const bd_schema_node_t  *node;

    node = frame->node;

    instance = BD_BUF_EMPTY;
    bd_schema_put_instance(&instance, frame);

    place = BD_BUF_EMPTY;
    bd_buf_add(&place, node->pointer.data, node->pointer.len);
    bd_schema_put_keyword(&place, last);

    if (instance.failed || place.failed) {
        ctx->nomem = 1;
        ctx->stopped = 1;
    }

    if (ctx->findings == NULL) {
        bd_schema_cut(ctx->violation->instance,
                      sizeof(ctx->violation->instance), &instance);
        bd_schema_cut(ctx->violation->schema, sizeof(ctx->violation->schema),
                      &place);
        (void) snprintf(ctx->violation->keyword,
                        sizeof(ctx->violation->keyword), "%s", keyword);

    } else {
        bd_schema_put_string(ctx->findings, &instance);
        bd_buf_add(ctx->findings, keyword, strlen(keyword) + 1);
        bd_schema_put_string(ctx->findings, &place);

        place.len = 0;
        bd_schema_put_path(&place, frame);
        bd_schema_put_keyword(&place, last);
        bd_schema_put_string(ctx->findings, &place);

        bd_buf_puts(ctx->findings,
                    ctx->schema->resources[node->resource].uri);
        bd_schema_put_fragment(ctx->findings, ctx->schema, node, last);
        bd_buf_add(ctx->findings, "", 1);
    }

    bd_buf_free(&instance);
    bd_buf_free(&place);
}


/* Adds from and a terminator, and takes care that there is but one. */
static void
bd_schema_put_string(bd_buf_t *out, const bd_buf_t *from)
{
    size_t  i;

    for (i = 0; i < from->len; i++) {
        if (from->data[i] == '\0') {
            bd_buf_put_code(out, BD_SCHEMA_NUL);

        } else {
            bd_buf_add(out, from->data + i, 1);
        }
    }

    bd_buf_add(out, "", 1);
}


/* The pointer from the root of the node's resource, as RFC 6901, section 6. */
static void
bd_schema_put_fragment(bd_buf_t *out, const bd_schema_t *schema,
    const bd_schema_node_t *node, const char *last)
{
    static const char  plain[] = "-._~!$&'()*+,;=:@/?";

    int      ch;
    char     coded[4];
    size_t   i;

    bd_buf_puts(out, "#");

    for (i = schema->resources[node->resource].pointer_len;
         i < node->pointer.len;
         i++)
    {
        ch = node->pointer.data[i];

        if ((ch >= '0' && ch <= '9') || (ch >= 'A' && ch <= 'Z')
            || (ch >= 'a' && ch <= 'z')
            || (ch != 0 && strchr(plain, ch) != NULL))
        {
            bd_buf_add(out, node->pointer.data + i, 1);

        } else {
            (void) snprintf(coded, sizeof(coded), "%%%02X", (unsigned) ch);
            bd_buf_puts(out, coded);
        }
    }

    bd_schema_put_keyword(out, last);
}


static void
bd_schema_put_keyword(bd_buf_t *out, const char *keyword)
{
    if (keyword[0] != '\0') {
        bd_buf_puts(out, "/");
        bd_buf_puts(out, keyword);
    }
}


/* The way to a frame's instance, from the root; no deeper than the frames. */
static void
bd_schema_put_instance(bd_buf_t *out, const bd_schema_frame_t *frame)
{
    char  number[24];

    if (frame->up != NULL) {
        bd_schema_put_instance(out, frame->up);
    }

    if (frame->step == BD_SCHEMA_MEMBER) {
        bd_schema_pointer_add(out, frame->key);

    } else if (frame->step == BD_SCHEMA_ITEM) {
        (void) snprintf(number, sizeof(number), "/%zu", frame->index);
        bd_buf_puts(out, number);
    }
}


/*
 * The way to a frame's schema as it was gone.  Below a schema that is not
 * reached by a reference the pointer goes on from that of the frame above.
 */
static void
bd_schema_put_path(bd_buf_t *out, const bd_schema_frame_t *frame)
{
    bd_slice_t  pointer;

    if (frame->up == NULL) {
        return;
    }

    bd_schema_put_path(out, frame->up);

    if (frame->via != NULL) {
        bd_schema_put_keyword(out, frame->via);
        return;
    }

    pointer = frame->node->pointer;

    bd_buf_add(out, pointer.data + frame->up->node->pointer.len,
               pointer.len - frame->up->node->pointer.len);
}


/* As much as there is room for, in whole code points. */
static void
bd_schema_cut(char *to, size_t size, const bd_buf_t *from)
{
    char        utf8[4];
    size_t      n;
    uint32_t    code;
    bd_slice_t  rest;

    rest = bd_buf_slice(from);

    while (rest.len != 0) {
        code = bd_utf8_next(&rest);
        n = bd_utf8_encode(utf8, code ? code : BD_SCHEMA_NUL);

        if (n >= size) {
            break;
        }

        memcpy(to, utf8, n);
        to += n;
        size -= n;
    }

    *to = '\0';
}
