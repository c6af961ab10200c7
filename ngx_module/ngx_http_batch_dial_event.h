/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Events: how one for the other nodes is made, and what is done with one of
 * theirs.  Whoever writes to Redis makes them; the worker, which listens to the
 * channel, has them applied.
 */


#ifndef _NGX_HTTP_BATCH_DIAL_EVENT_H_INCLUDED_
#define _NGX_HTTP_BATCH_DIAL_EVENT_H_INCLUDED_


#include "ngx_http_batch_dial_answer.h"
#include "bd_event.h"


/* What a worker has to do about an event itself, beside the host's memory. */
typedef struct {
    /* what became of a fetch of another node, or of a renewal (an empty id);
     * outcome may be NULL, and is borrowed: ask again */
    void  (*told)(ngx_http_batch_dial_main_conf_t *mcf, const bd_pair_t *pair,
                  ngx_http_batch_dial_answer_t *outcome);

    /* a job has been invalidated */
    void  (*voided)(ngx_http_batch_dial_main_conf_t *mcf, bd_slice_t id);
} ngx_http_batch_dial_event_handlers_t;


/*
 * Makes an event for the other nodes, sealed, and numbers it as this host's.
 * With number NULL it is noted as seen: it is not applied here when it comes
 * back.  Else *number is set, and whoever does here what it says notes it then;
 * if he dies before, another worker of this host applies it.  Returns the
 * bytes, to be freed by ngx_free(), or NULL.
 */
u_char *ngx_http_batch_dial_event_make(ngx_http_batch_dial_main_conf_t *mcf,
    bd_event_e type, const u_char *credential, ngx_str_t *id, int64_t time,
    bd_slice_t data, uint64_t *number, ngx_str_t *event);

/* A message of the channel: applies it to the memory, and tells the worker. */
void ngx_http_batch_dial_event_apply(ngx_http_batch_dial_main_conf_t *mcf,
    ngx_str_t *payload, const ngx_http_batch_dial_event_handlers_t *handlers);


#endif /* _NGX_HTTP_BATCH_DIAL_EVENT_H_INCLUDED_ */
