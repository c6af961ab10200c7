/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Who deals with a client's request: the handlers of phases and locations,
 * the filters, and what they use of each other.  nginx calls them, as module,
 * directives and filter have told it.
 *
 * In a phase handler NGX_DECLINED means that it has nothing to do with the
 * request, NGX_AGAIN that the request waits.
 */


#ifndef _NGX_HTTP_BATCH_DIAL_REQUEST_H_INCLUDED_
#define _NGX_HTTP_BATCH_DIAL_REQUEST_H_INCLUDED_


#include "ngx_http_batch_dial_module.h"
#include "bd_credential.h"
#include "bd_problem.h"


/* access: the phase of that name */

ngx_int_t ngx_http_batch_dial_access_handler(ngx_http_request_t *r);


/* credential */

/*
 * Sets *form to what the credential of a request looks like, and if it is
 * BD_CREDENTIAL_OK writes its digest, BD_MAC_SIZE bytes.  Returns NGX_OK, or
 * NGX_ERROR when OpenSSL fails.
 */
ngx_int_t ngx_http_batch_dial_credential(ngx_http_request_t *r,
    bd_credential_e *form, u_char *digest);


/* read: the precontent phase, of reads and writes */

ngx_int_t ngx_http_batch_dial_read_handler(ngx_http_request_t *r);


/* write */

/* The precontent phase of a write: announces it. */
ngx_int_t ngx_http_batch_dial_write_handler(ngx_http_request_t *r,
    ngx_http_batch_dial_ctx_t *ctx);

/* The filters of the answer to a write, or to the creation of a job. */
ngx_int_t ngx_http_batch_dial_write_header(ngx_http_request_t *r,
    ngx_http_batch_dial_ctx_t *ctx);
ngx_int_t ngx_http_batch_dial_write_body(ngx_http_request_t *r,
    ngx_http_batch_dial_ctx_t *ctx, ngx_chain_t *in);

/* The client left, or nginx gave up: settles what is not settled. */
void ngx_http_batch_dial_write_abandon(ngx_http_batch_dial_ctx_t *ctx);


/* serve */

/* The content handler of a read. */
ngx_int_t ngx_http_batch_dial_serve_handler(ngx_http_request_t *r);

/*
 * Sends a problem and returns what a content handler returns.  violation may
 * be NULL.
 */
ngx_int_t ngx_http_batch_dial_send_problem(ngx_http_request_t *r,
    bd_problem_e type, const bd_schema_violation_t *violation);

/*
 * Adds a response header; value is not copied.
 * Returns the header line or NULL.
 */
ngx_table_elt_t *ngx_http_batch_dial_add_header(ngx_http_request_t *r,
    const char *name, u_char *value, size_t len);

/* Adds Cache-Status.  Returns NGX_OK or NGX_ERROR. */
ngx_int_t ngx_http_batch_dial_add_cache_status(ngx_http_request_t *r,
    const bd_cache_status_t *cs);


/* filter: the rest of nginx's chains */

ngx_int_t ngx_http_batch_dial_next_header(ngx_http_request_t *r);
ngx_int_t ngx_http_batch_dial_next_body(ngx_http_request_t *r,
    ngx_chain_t *in);


/* purge, metrics: the content handlers of locations of their own */

ngx_int_t ngx_http_batch_dial_purge_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_batch_dial_metrics_handler(ngx_http_request_t *r);


#endif /* _NGX_HTTP_BATCH_DIAL_REQUEST_H_INCLUDED_ */
