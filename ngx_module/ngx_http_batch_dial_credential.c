/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The digest of a request's credential.  Clients that poll send the same
 * header on the same connection again and again: its last value, and what came
 * of it, are kept with the connection, and the value is wiped when that ends.
 */


#include "ngx_http_batch_dial_request.h"
#include "bd_credential.h"


/* Of the header's value: the longest token, its scheme, and a few blanks. */
#define NGX_HTTP_BATCH_DIAL_MEMO  (BD_TOKEN_MAX + sizeof("Bearer ") + 8)


typedef struct {
    size_t  len;
    u_char  digest[BD_MAC_SIZE];
    u_char  value[NGX_HTTP_BATCH_DIAL_MEMO];
} ngx_http_batch_dial_memo_t;


static ngx_http_batch_dial_memo_t *ngx_http_batch_dial_memo(
    ngx_connection_t *c);
static void ngx_http_batch_dial_memo_wipe(void *data);


ngx_int_t
ngx_http_batch_dial_credential(ngx_http_request_t *r, bd_credential_e *form,
    u_char *digest)
{
    bd_slice_t                        value, token;
    ngx_table_elt_t                  *h;
    ngx_http_batch_dial_memo_t       *memo;
    ngx_http_batch_dial_main_conf_t  *mcf;

    h = r->headers_in.authorization;    /* nginx refuses a second one */

    if (h == NULL) {
        *form = BD_CREDENTIAL_MISSING;
        return NGX_OK;
    }

    value = ngx_http_batch_dial_slice(&h->value);
    memo = ngx_http_batch_dial_memo(r->connection);

    if (memo && memo->len
        && bd_slice_equal(bd_slice_make(memo->value, memo->len), value))
    {
        *form = BD_CREDENTIAL_OK;
        ngx_memcpy(digest, memo->digest, BD_MAC_SIZE);
        return NGX_OK;
    }

    *form = bd_credential_parse(value, &token);

    if (*form != BD_CREDENTIAL_OK) {
        return NGX_OK;
    }

    mcf = ngx_http_get_module_main_conf(r, ngx_http_batch_dial_module);

    if (bd_mac_digest(mcf->credential_mac, &token, 1, digest) != 0) {
        return NGX_ERROR;
    }

    if (memo && value.len <= sizeof(memo->value)) {
        memo->len = value.len;
        ngx_memcpy(memo->value, value.data, value.len);
        ngx_memcpy(memo->digest, digest, BD_MAC_SIZE);
    }

    return NGX_OK;
}


/* The memo of a connection; NULL when memory is short. */

static ngx_http_batch_dial_memo_t *
ngx_http_batch_dial_memo(ngx_connection_t *c)
{
    ngx_pool_cleanup_t          *cln;
    ngx_http_batch_dial_memo_t  *memo;

    for (cln = c->pool->cleanup; cln; cln = cln->next) {
        if (cln->handler == ngx_http_batch_dial_memo_wipe) {
            return cln->data;
        }
    }

    cln = ngx_pool_cleanup_add(c->pool, sizeof(ngx_http_batch_dial_memo_t));
    if (cln == NULL) {
        return NULL;
    }

    memo = cln->data;
    memo->len = 0;

    cln->handler = ngx_http_batch_dial_memo_wipe;

    return memo;
}


static void
ngx_http_batch_dial_memo_wipe(void *data)
{
    ngx_explicit_memzero(data, sizeof(ngx_http_batch_dial_memo_t));
}
