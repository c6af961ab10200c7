/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * What nginx is told when it reads the configuration, by module.c: directives,
 * configurations, variables, the place of the filters; and the schemas, which
 * conf.c has compiled.
 */


#ifndef _NGX_HTTP_BATCH_DIAL_CONF_H_INCLUDED_
#define _NGX_HTTP_BATCH_DIAL_CONF_H_INCLUDED_


#include "ngx_http_batch_dial_module.h"


/* directives */

extern ngx_command_t  ngx_http_batch_dial_commands[];


/* conf */

void *ngx_http_batch_dial_create_main_conf(ngx_conf_t *cf);
char *ngx_http_batch_dial_init_main_conf(ngx_conf_t *cf, void *conf);

/*
 * What has to wait for the end of http{}; call it from postconfiguration.
 * Returns NGX_OK, or NGX_ERROR after logging.
 */
ngx_int_t ngx_http_batch_dial_complete(ngx_conf_t *cf,
    ngx_http_batch_dial_main_conf_t *mcf);

void *ngx_http_batch_dial_create_loc_conf(ngx_conf_t *cf);
char *ngx_http_batch_dial_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);


/* schema */

ngx_int_t ngx_http_batch_dial_schemas_init(ngx_conf_t *cf,
    ngx_http_batch_dial_main_conf_t *mcf);

/*
 * Compiles the schema of a location, or takes the one compiled before from
 * the same source.  Returns NGX_CONF_OK, or NGX_CONF_ERROR after logging.
 */
char *ngx_http_batch_dial_schema_load(ngx_conf_t *cf,
    ngx_http_batch_dial_main_conf_t *mcf,
    ngx_http_batch_dial_loc_conf_t *blcf);


/* variables, filter */

ngx_int_t ngx_http_batch_dial_add_variables(ngx_conf_t *cf);
ngx_int_t ngx_http_batch_dial_filter_init(ngx_conf_t *cf);


#endif /* _NGX_HTTP_BATCH_DIAL_CONF_H_INCLUDED_ */
