/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The counters: one list feeds the structure in shared memory and both
 * formats of the metrics page.  Lines of one metric stand together.
 *
 *   X(member, metric without "batch_dial_", label pair or "", help)
 */


#ifndef _NGX_HTTP_BATCH_DIAL_STATS_H_INCLUDED_
#define _NGX_HTTP_BATCH_DIAL_STATS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define NGX_HTTP_BATCH_DIAL_COUNTERS(X)                                       \
    X(hit, "requests_total", "cache=\"hit\"",                                 \
      "Requests by what the cache did.")                                      \
    X(miss, "requests_total", "cache=\"miss\"", "")                           \
    X(expired, "requests_total", "cache=\"expired\"", "")                     \
    X(bypass, "requests_total", "cache=\"bypass\"", "")                       \
    X(rejected, "requests_total", "cache=\"rejected\"", "")                   \
    X(pass, "requests_total", "cache=\"pass\"", "")                           \
    X(upstream_ok, "upstream_responses_total", "outcome=\"success\"",         \
      "Fetches for reads by how they ended.")                                 \
    X(upstream_refused, "upstream_responses_total", "outcome=\"refusal\"",    \
      "")                                                                     \
    X(upstream_error, "upstream_responses_total", "outcome=\"error\"", "")    \
    X(upstream_lost, "upstream_responses_total", "outcome=\"lost\"", "")      \
    X(schema_valid, "schema_verdicts_total", "verdict=\"valid\"",             \
      "Answers judged against the schema.")                                   \
    X(schema_invalid, "schema_verdicts_total", "verdict=\"invalid\"", "")     \
    X(schema_skipped, "schema_verdicts_total", "verdict=\"skipped\"", "")     \
    X(stores, "redis_stores_total", "result=\"stored\"",                      \
      "Entries sent to Redis.")                                               \
    X(stores_failed, "redis_stores_total", "result=\"failed\"", "")           \
    X(invalidations, "invalidations_total", "result=\"done\"",                \
      "Jobs invalidated because of a write.")                                 \
    X(invalidations_failed, "invalidations_total", "result=\"failed\"", "")   \
    X(entries_refused, "redis_entries_refused_total", "",                     \
      "Values in Redis that did not check out and were deleted.")             \
    X(lookups_failed, "redis_lookups_failed_total", "",                       \
      "Lookups Redis did not answer, or answered with an error.")


/* the same of ngx_http_batch_dial_redis_stats_t, the client's own */

#define NGX_HTTP_BATCH_DIAL_REDIS_COUNTERS(X)                                 \
    X(commands, "redis_commands_total", "", "Commands sent to Redis.")        \
    X(writes, "redis_writes_total", "",                                       \
      "Writes in which the commands left.")                                   \
    X(connections, "redis_connections_total", "",                             \
      "Connections made to Redis.")                                           \
    X(connect_failures, "redis_failures_total", "cause=\"connect\"",          \
      "Failures of Redis by cause.")                                          \
    X(timeouts, "redis_failures_total", "cause=\"timeout\"", "")              \
    X(protocol_errors, "redis_failures_total", "cause=\"protocol\"", "")      \
    X(breaker_opened, "redis_breaker_opened_total", "",                       \
      "How often Redis was given up for a while.")


typedef struct {
#define ngx_http_batch_dial_counter(member, metric, label, help)              \
    ngx_atomic_t  member;
    NGX_HTTP_BATCH_DIAL_COUNTERS(ngx_http_batch_dial_counter)
#undef ngx_http_batch_dial_counter
} ngx_http_batch_dial_stats_t;


#endif /* _NGX_HTTP_BATCH_DIAL_STATS_H_INCLUDED_ */
