/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The bodies of the errors the gateway makes itself.  The glue measures,
 * allocates from the request's pool, and writes.  Pointers into a body name
 * members the upstream chose, so they are escaped like any hostile string.
 */


#include "bd_problem.h"


typedef struct {
    int          status;
    const char  *word;
    const char  *title;
    const char  *detail;
} bd_problem_type_t;


/* Counts all, writes what fits. */
typedef struct {
    char        *out;
    size_t       size;
    size_t       len;
} bd_problem_writer_t;


static void bd_problem_violations(bd_problem_writer_t *w,
    const bd_violation_t *violations, size_t n);
static void bd_problem_member(bd_problem_writer_t *w, const char *name,
    bd_slice_t value);
static void bd_problem_escape(bd_problem_writer_t *w, uint8_t ch);
static size_t bd_problem_utf8(const uint8_t *p, size_t left);
static void bd_problem_text(bd_problem_writer_t *w, const char *s);
static void bd_problem_bytes(bd_problem_writer_t *w, const void *data,
    size_t len);
static bd_slice_t bd_problem_slice(const char *s);


static const bd_problem_type_t  bd_problem_types[BD_PROBLEM_N] = {

    [BD_PROBLEM_MISSING_CREDENTIAL] = {
        401, "missing-credential", "Credential missing",
        "The request carries no bearer token in an Authorization header." },

    [BD_PROBLEM_INVALID_CREDENTIAL] = {
        401, "invalid-credential", "Credential invalid",
        "The Authorization header does not hold one well-formed bearer "
        "token." },

    [BD_PROBLEM_INVALID_JOB_ID] = {
        400, "invalid-job-id", "Job id invalid",
        "A job id is 1 to 128 characters of A-Z, a-z, 0-9, '-' and '_'." },

    [BD_PROBLEM_INVALID_RESPONSE] = {
        502, "invalid-upstream-response", "Upstream response invalid",
        "The upstream's answer is not one that may be passed on." },

    [BD_PROBLEM_UPSTREAM_UNREACHABLE] = {
        502, "upstream-unreachable", "Upstream unreachable",
        "The upstream could not be reached or closed the connection." },

    [BD_PROBLEM_UPSTREAM_TIMEOUT] = {
        504, "upstream-timeout", "Upstream timed out",
        "The upstream did not answer in time." },

    [BD_PROBLEM_LOCK_TIMEOUT] = {
        504, "lock-timeout", "Wait for another request timed out",
        "The same job is already being fetched, and that took too long." },

    [BD_PROBLEM_RATE_LIMITED] = {
        429, "rate-limited", "Rate limited",
        "The upstream asked to be left alone for the time given in "
        "Retry-After." }
};


int
bd_problem_status(bd_problem_e type)
{
    return bd_problem_types[type].status;
}


size_t
bd_problem_format(char *out, size_t size, bd_problem_e type, int status,
    const bd_violation_t *violations, size_t n)
{
    char                      digits[3];
    bd_problem_writer_t       w;
    const bd_problem_type_t  *t;

    t = &bd_problem_types[type];
    w = (bd_problem_writer_t) { out, size, 0 };

    /* an HTTP status has three digits */

    digits[0] = (char) ('0' + status / 100 % 10);
    digits[1] = (char) ('0' + status / 10 % 10);
    digits[2] = (char) ('0' + status % 10);

    bd_problem_text(&w, "{\"type\":\"urn:batch-dial:");
    bd_problem_text(&w, t->word);
    bd_problem_text(&w, "\",");
    bd_problem_member(&w, "title", bd_problem_slice(t->title));
    bd_problem_text(&w, ",\"status\":");
    bd_problem_bytes(&w, digits, sizeof(digits));
    bd_problem_text(&w, ",");
    bd_problem_member(&w, "detail", bd_problem_slice(t->detail));

    if (n > 0) {
        bd_problem_violations(&w, violations, n);
    }

    bd_problem_text(&w, "}");

    return w.len;
}


static void
bd_problem_violations(bd_problem_writer_t *w, const bd_violation_t *violations,
    size_t n)
{
    size_t  i;

    bd_problem_text(w, ",\"violations\":[");

    for (i = 0; i < n; i++) {
        bd_problem_text(w, (i == 0) ? "{" : ",{");
        bd_problem_member(w, "instance", violations[i].instance);
        bd_problem_text(w, ",");
        bd_problem_member(w, "keyword", violations[i].keyword);
        bd_problem_text(w, ",");
        bd_problem_member(w, "schema", violations[i].schema);
        bd_problem_text(w, "}");
    }

    bd_problem_text(w, "]");
}


static void
bd_problem_member(bd_problem_writer_t *w, const char *name, bd_slice_t value)
{
    size_t  i, len;

    bd_problem_text(w, "\"");
    bd_problem_text(w, name);
    bd_problem_text(w, "\":\"");

    for (i = 0; i < value.len; i += len) {
        len = bd_problem_utf8(value.data + i, value.len - i);

        if (len == 0) {
            bd_problem_text(w, "\xef\xbf\xbd");     /* U+FFFD */
            len = 1;

        } else if (len == 1) {
            bd_problem_escape(w, value.data[i]);

        } else {
            bd_problem_bytes(w, value.data + i, len);
        }
    }

    bd_problem_text(w, "\"");
}


/* One character of ASCII inside a string, RFC 8259, section 7. */

static void
bd_problem_escape(bd_problem_writer_t *w, uint8_t ch)
{
    char  hex[2];

    if (ch == '"' || ch == '\\') {
        bd_problem_text(w, "\\");
        bd_problem_bytes(w, &ch, 1);

    } else if (ch < 0x20) {
        hex[0] = (char) ('0' + (ch >> 4));
        hex[1] = "0123456789abcdef"[ch & 0xf];

        bd_problem_text(w, "\\u00");
        bd_problem_bytes(w, hex, 2);

    } else {
        bd_problem_bytes(w, &ch, 1);
    }
}


/*
 * The length of the well-formed UTF-8 sequence at p, or 0: the table of
 * RFC 3629, section 4, which leaves out overlong forms and surrogates.
 */

static size_t
bd_problem_utf8(const uint8_t *p, size_t left)
{
    size_t   i, len;
    uint8_t  low, high;

    low = 0x80;
    high = 0xbf;

    if (p[0] < 0x80) {
        return 1;

    } else if (p[0] >= 0xc2 && p[0] <= 0xdf) {
        len = 2;

    } else if (p[0] >= 0xe0 && p[0] <= 0xef) {
        len = 3;
        low = (p[0] == 0xe0) ? 0xa0 : low;
        high = (p[0] == 0xed) ? 0x9f : high;

    } else if (p[0] >= 0xf0 && p[0] <= 0xf4) {
        len = 4;
        low = (p[0] == 0xf0) ? 0x90 : low;
        high = (p[0] == 0xf4) ? 0x8f : high;

    } else {
        return 0;
    }

    if (left < len || p[1] < low || p[1] > high) {
        return 0;
    }

    for (i = 2; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }
    }

    return len;
}


static void
bd_problem_text(bd_problem_writer_t *w, const char *s)
{
    bd_problem_bytes(w, s, strlen(s));
}


static void
bd_problem_bytes(bd_problem_writer_t *w, const void *data, size_t len)
{
    size_t  room;

    if (w->len < w->size) {
        room = w->size - w->len;
        memcpy(w->out + w->len, data, (len < room) ? len : room);
    }

    w->len += len;
}


static bd_slice_t
bd_problem_slice(const char *s)
{
    return bd_slice_make(s, strlen(s));
}
