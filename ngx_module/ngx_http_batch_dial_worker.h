/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * What a worker does beside requests, from init_process to exit_process.
 */


#ifndef _NGX_HTTP_BATCH_DIAL_WORKER_H_INCLUDED_
#define _NGX_HTTP_BATCH_DIAL_WORKER_H_INCLUDED_


#include "ngx_http_batch_dial_module.h"


/* Starts and ends what a worker does beside requests. */
ngx_int_t ngx_http_batch_dial_worker_init(ngx_cycle_t *cycle,
    ngx_http_batch_dial_main_conf_t *mcf);
void ngx_http_batch_dial_worker_exit(ngx_http_batch_dial_main_conf_t *mcf);


#endif /* _NGX_HTTP_BATCH_DIAL_WORKER_H_INCLUDED_ */
