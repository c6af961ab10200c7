/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * URI references (RFC 3986) and JSON pointers (RFC 6901): see
 * bd_schema_uri.h.
 */


#include "bd_schema_uri.h"


/* Views of a reference; data is NULL for a part that is not there. */
typedef struct {
    bd_slice_t  scheme;
    bd_slice_t  authority;
    bd_slice_t  path;
    bd_slice_t  query;
    bd_slice_t  fragment;
} bd_schema_uri_t;


static void bd_schema_uri_parse(bd_slice_t s, bd_schema_uri_t *uri);
static void bd_schema_uri_put(bd_buf_t *out, const bd_schema_uri_t *uri);
static void bd_schema_uri_merge(const bd_schema_uri_t *base,
    bd_slice_t reference, bd_buf_t *out);
static void bd_schema_uri_remove_dots(bd_buf_t *path);


/* The part of *s before any of the delimiters; *s is left at the first. */
static bd_slice_t
bd_schema_uri_until(bd_slice_t *s, const char *delimiters)
{
    size_t      n;
    bd_slice_t  part;

    for (n = 0; n < s->len; n++) {
        if (s->data[n] != '\0' && strchr(delimiters, s->data[n]) != NULL) {
            break;
        }
    }

    part = bd_slice_make(s->data, n);
    s->data += n;
    s->len -= n;

    return part;
}


static void
bd_schema_uri_parse(bd_slice_t s, bd_schema_uri_t *uri)
{
    bd_slice_t  rest;

    memset(uri, 0, sizeof(bd_schema_uri_t));

    rest = s;
    uri->scheme = bd_schema_uri_until(&rest, ":/?#");

    if (uri->scheme.len != 0 && rest.len != 0 && rest.data[0] == ':') {
        s = bd_slice_make(rest.data + 1, rest.len - 1);

    } else {
        uri->scheme = bd_slice_make(NULL, 0);
    }

    if (s.len >= 2 && s.data[0] == '/' && s.data[1] == '/') {
        s = bd_slice_make(s.data + 2, s.len - 2);
        uri->authority = bd_schema_uri_until(&s, "/?#");
    }

    uri->path = bd_schema_uri_until(&s, "?#");

    if (s.len != 0 && s.data[0] == '?') {
        s = bd_slice_make(s.data + 1, s.len - 1);
        uri->query = bd_schema_uri_until(&s, "#");
    }

    if (s.len != 0) {
        uri->fragment = bd_slice_make(s.data + 1, s.len - 1);
    }
}


void
bd_schema_uri_resolve(bd_slice_t base, bd_slice_t reference, bd_buf_t *out)
{
    bd_buf_t         path;
    bd_schema_uri_t  b, r;

    if (base.len == 0) {
        bd_buf_add(out, reference.data, reference.len);
        return;
    }

    bd_schema_uri_parse(base, &b);
    bd_schema_uri_parse(reference, &r);

    if (r.scheme.data != NULL) {
        bd_schema_uri_put(out, &r);
        return;
    }

    r.scheme = b.scheme;

    if (r.authority.data != NULL) {
        bd_schema_uri_put(out, &r);
        return;
    }

    r.authority = b.authority;
    path = BD_BUF_EMPTY;

    if (r.path.len == 0) {
        r.path = b.path;
        r.query = (r.query.data != NULL) ? r.query : b.query;

    } else {
        bd_schema_uri_merge(&b, r.path, &path);
        bd_schema_uri_remove_dots(&path);
        r.path = bd_buf_slice(&path);
    }

    bd_schema_uri_put(out, &r);

    out->failed |= path.failed;
    bd_buf_free(&path);
}


/* Section 5.3. */
static void
bd_schema_uri_put(bd_buf_t *out, const bd_schema_uri_t *uri)
{
    if (uri->scheme.data != NULL) {
        bd_buf_add(out, uri->scheme.data, uri->scheme.len);
        bd_buf_puts(out, ":");
    }

    if (uri->authority.data != NULL) {
        bd_buf_puts(out, "//");
        bd_buf_add(out, uri->authority.data, uri->authority.len);
    }

    bd_buf_add(out, uri->path.data, uri->path.len);

    if (uri->query.data != NULL) {
        bd_buf_puts(out, "?");
        bd_buf_add(out, uri->query.data, uri->query.len);
    }

    if (uri->fragment.data != NULL) {
        bd_buf_puts(out, "#");
        bd_buf_add(out, uri->fragment.data, uri->fragment.len);
    }
}


/* Section 5.2.3. */
static void
bd_schema_uri_merge(const bd_schema_uri_t *base, bd_slice_t reference,
    bd_buf_t *out)
{
    size_t  n;

    if (reference.data[0] != '/') {

        if (base->authority.data != NULL && base->path.len == 0) {
            bd_buf_puts(out, "/");
        }

        for (n = base->path.len; n != 0; n--) {
            if (base->path.data[n - 1] == '/') {
                break;
            }
        }

        bd_buf_add(out, base->path.data, n);
    }

    bd_buf_add(out, reference.data, reference.len);
}


/* Section 5.2.4, in place: what is written never passes what is read. */
static void
bd_schema_uri_remove_dots(bd_buf_t *path)
{
    char    *p;
    size_t   from, to, len, end;

    p = path->data;
    to = 0;

    for (from = 0; from < path->len; from = end) {

        /* a segment with the "/" before it */

        for (end = from + 1; end < path->len && p[end] != '/'; end++) {
            /* void */
        }

        len = end - from - (p[from] == '/');

        if ((len == 1 && p[end - 1] == '.')
            || (len == 2 && p[end - 1] == '.' && p[end - 2] == '.'))
        {
            if (len == 2) {
                while (to != 0 && p[--to] != '/') {
                    /* void */
                }
            }

            if (end == path->len && p[from] == '/') {
                p[to++] = '/';
            }

            continue;
        }

        memmove(p + to, p + from, end - from);
        to += end - from;
    }

    path->len = to;
}


void
bd_schema_uri_split(bd_slice_t reference, bd_slice_t *uri,
    bd_slice_t *fragment)
{
    *fragment = reference;
    *uri = bd_schema_uri_until(fragment, "#");

    if (fragment->len != 0) {
        fragment->data++;
        fragment->len--;
    }
}


static int
bd_schema_uri_hex(int ch)
{
    if (ch >= '0' && ch <= '9') {
        return ch - '0';
    }

    ch |= 0x20;

    return (ch >= 'a' && ch <= 'f') ? ch - 'a' + 10 : -1;
}


int
bd_schema_uri_decode(bd_slice_t s, bd_buf_t *out)
{
    char    ch;
    int     high, low;
    size_t  i;

    for (i = 0; i < s.len; i++) {
        ch = (char) s.data[i];

        if (ch == '%') {
            if (s.len - i < 3) {
                return -1;
            }

            high = bd_schema_uri_hex(s.data[i + 1]);
            low = bd_schema_uri_hex(s.data[i + 2]);

            if (high == -1 || low == -1) {
                return -1;
            }

            ch = (char) (high << 4 | low);
            i += 2;
        }

        bd_buf_add(out, &ch, 1);
    }

    return 0;
}


void
bd_schema_pointer_add(bd_buf_t *out, bd_slice_t token)
{
    size_t  i;

    bd_buf_puts(out, "/");

    for (i = 0; i < token.len; i++) {
        if (token.data[i] == '~') {
            bd_buf_puts(out, "~0");

        } else if (token.data[i] == '/') {
            bd_buf_puts(out, "~1");

        } else {
            bd_buf_add(out, token.data + i, 1);
        }
    }
}


int
bd_schema_pointer_next(bd_slice_t *pointer, bd_buf_t *out)
{
    size_t  i;

    if (pointer->data[0] != '/') {
        return -1;
    }

    for (i = 1; i < pointer->len && pointer->data[i] != '/'; i++) {

        if (pointer->data[i] != '~') {
            bd_buf_add(out, pointer->data + i, 1);
            continue;
        }

        i++;

        if (i == pointer->len
            || (pointer->data[i] != '0' && pointer->data[i] != '1'))
        {
            return -1;
        }

        bd_buf_puts(out, pointer->data[i] == '0' ? "~" : "/");
    }

    pointer->data += i;
    pointer->len -= i;

    return 0;
}
