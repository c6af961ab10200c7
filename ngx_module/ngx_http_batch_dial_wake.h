/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Wakes other workers of this host: a datagram socket per worker, in the
 * abstract namespace, named after the zone and the worker's slot.  A datagram
 * says nothing but "look": a forged one does no harm, a lost one is made up
 * for by the tick of the worker.  Workers of an older configuration that
 * shares the zone are reached as well.
 */


#ifndef _NGX_HTTP_BATCH_DIAL_WAKE_H_INCLUDED_
#define _NGX_HTTP_BATCH_DIAL_WAKE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include "bd_flight.h"


typedef struct ngx_http_batch_dial_wake_s  ngx_http_batch_dial_wake_t;

typedef void (*ngx_http_batch_dial_wake_handler_pt)(void *data);


/*
 * Opens the socket of a worker; call from init_process.  zone is a random
 * number of the zone.  handler is called from the event loop when somebody has
 * woken this worker, once for any number of datagrams.  Returns NULL after
 * logging: nobody can wake this worker then.
 */
ngx_http_batch_dial_wake_t *ngx_http_batch_dial_wake_open(ngx_cycle_t *cycle,
    uint64_t zone, ngx_uint_t slot,
    ngx_http_batch_dial_wake_handler_pt handler, void *data);

/*
 * Closes it; call from exit_process, before the slot is given back: the next
 * worker in it needs the name.  Does nothing when wake is NULL.
 */
void ngx_http_batch_dial_wake_close(ngx_http_batch_dial_wake_t *wake);

/*
 * Wakes the workers of all slots in the set but the caller's own.  Does
 * nothing when wake is NULL.
 */
void ngx_http_batch_dial_wake_send(ngx_http_batch_dial_wake_t *wake,
    const bd_slots_t *slots);


#endif /* _NGX_HTTP_BATCH_DIAL_WAKE_H_INCLUDED_ */
