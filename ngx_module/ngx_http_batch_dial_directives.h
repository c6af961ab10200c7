/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * What the files of the directives share: the setters the table of commands
 * names, and the line by which each of them refuses.
 */


#ifndef _NGX_HTTP_BATCH_DIAL_DIRECTIVES_H_INCLUDED_
#define _NGX_HTTP_BATCH_DIAL_DIRECTIVES_H_INCLUDED_


#include "ngx_http_batch_dial_module.h"


/*
 * Logs that a word of the directive being read is not what was expected, in
 * one line.  Returns NGX_CONF_ERROR.
 */
char *ngx_http_batch_dial_refuse(ngx_conf_t *cf, ngx_str_t *value,
    const char *expected);


/* batch_dial_redis */

char *ngx_http_batch_dial_redis(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


/* batch_dial_schema, ..._resolve, ..._format, ..._mode */

extern ngx_conf_enum_t  ngx_http_batch_dial_formats[];
extern ngx_conf_enum_t  ngx_http_batch_dial_modes[];

char *ngx_http_batch_dial_schema(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_batch_dial_schema_resolve(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* An ngx_uint_t at cmd->offset, by the names of cmd->post. */
char *ngx_http_batch_dial_enum(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


/* batch_dial_ttl, ..._error_ttl, and those of one time */

/* What a time may be, in milliseconds, and how that is said. */
typedef struct {
    ngx_int_t    min;
    ngx_int_t    max;
    const char  *expected;
} ngx_http_batch_dial_time_t;

extern ngx_http_batch_dial_time_t  ngx_http_batch_dial_reauth_bounds;
extern ngx_http_batch_dial_time_t  ngx_http_batch_dial_lock_bounds;
extern ngx_http_batch_dial_time_t  ngx_http_batch_dial_stale_bounds;

char *ngx_http_batch_dial_ttl(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_batch_dial_set_error_ttl(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* An ngx_msec_t at cmd->offset, within the bounds of cmd->post. */
char *ngx_http_batch_dial_time(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/*
 * What conf inherits of all times, and what is worked out from them.
 * Returns NGX_CONF_OK, or NGX_CONF_ERROR when memory is short.
 */
char *ngx_http_batch_dial_merge_times(ngx_conf_t *cf,
    ngx_http_batch_dial_loc_conf_t *conf,
    ngx_http_batch_dial_loc_conf_t *prev);


#endif /* _NGX_HTTP_BATCH_DIAL_DIRECTIVES_H_INCLUDED_ */
