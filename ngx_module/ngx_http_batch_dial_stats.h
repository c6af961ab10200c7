/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The counters: one list feeds the structure in shared memory and both
 * formats of the metrics page.  Lines of one metric stand together.
 *
 *   X(member, metric without "batch_dial_", label pairs or "", help)
 */


#ifndef _NGX_HTTP_BATCH_DIAL_STATS_H_INCLUDED_
#define _NGX_HTTP_BATCH_DIAL_STATS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define NGX_HTTP_BATCH_DIAL_COUNTERS(X)                                       \
    X(hit, "requests_total", "cache=\"hit\"",                                 \
      "Requests by what the cache did.")                                      \
    X(stale, "requests_total", "cache=\"stale\"", "")                         \
    X(updating, "requests_total", "cache=\"updating\"", "")                   \
    X(miss, "requests_total", "cache=\"miss\"", "")                           \
    X(expired, "requests_total", "cache=\"expired\"", "")                     \
    X(coalesced, "requests_total", "cache=\"coalesced\"", "")                 \
    X(negative, "requests_total", "cache=\"negative\"", "")                   \
    X(bypass, "requests_total", "cache=\"bypass\"", "")                       \
    X(rejected, "requests_total", "cache=\"rejected\"", "")                   \
    X(pass, "requests_total", "cache=\"pass\"", "")                           \
    X(hit_memory, "hits_total", "tier=\"memory\"",                            \
      "Fresh answers by where they were found.")                              \
    X(hit_redis, "hits_total", "tier=\"redis\"", "")                          \
    X(stale_revalidate, "stale_served_total", "cause=\"revalidate\"",         \
      "Stale answers by why they were served.")                               \
    X(stale_error, "stale_served_total", "cause=\"error\"", "")               \
    X(stale_invalid, "stale_served_total", "cause=\"invalid\"", "")           \
    X(stale_backoff, "stale_served_total", "cause=\"backoff\"", "")           \
    X(stale_hold_off, "stale_served_total", "cause=\"hold_off\"", "")         \
    X(stale_lock_timeout, "stale_served_total", "cause=\"lock_timeout\"", "") \
    X(saved, "upstream_calls_saved_total", "",                                \
      "Reads answered without a request to upstream of their own.")           \
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
    X(flights_host_led, "flights_total", "scope=\"host\",result=\"led\"",     \
      "Flights by who leads them: a worker of this host, or another host.")   \
    X(flights_host_joined, "flights_total",                                   \
      "scope=\"host\",result=\"joined\"", "")                                 \
    X(flights_host_timeout, "flights_total",                                  \
      "scope=\"host\",result=\"timeout\"", "")                                \
    X(flights_fleet_led, "flights_total", "scope=\"fleet\",result=\"led\"",   \
      "")                                                                     \
    X(flights_fleet_joined, "flights_total",                                  \
      "scope=\"fleet\",result=\"joined\"", "")                                \
    X(flights_fleet_timeout, "flights_total",                                 \
      "scope=\"fleet\",result=\"timeout\"", "")                               \
    X(leaders_replaced, "leaders_replaced_total", "",                         \
      "Flights taken over from a leader that had died.")                      \
    X(leases_won, "leases_total", "result=\"won\"",                           \
      "Leases asked of Redis, and what became of them.")                      \
    X(leases_lost, "leases_total", "result=\"lost\"", "")                     \
    X(leases_voided, "leases_total", "result=\"voided\"", "")                 \
    X(leases_failed, "leases_total", "result=\"failed\"", "")                 \
    X(stores, "redis_stores_total", "result=\"stored\"",                      \
      "Entries sent to Redis; fenced: refused as the job had been "           \
      "invalidated.")                                                         \
    X(stores_fenced, "redis_stores_total", "result=\"fenced\"", "")           \
    X(stores_failed, "redis_stores_total", "result=\"failed\"", "")           \
    X(memory_stores, "memory_stores_total", "result=\"stored\"",              \
      "Entries for the memory tier.")                                         \
    X(memory_stores_fenced, "memory_stores_total", "result=\"fenced\"", "")   \
    X(written_through, "write_through_total", "result=\"stored\"",            \
      "Answers to writes that could have been stored.")                       \
    X(write_through_refused, "write_through_total", "result=\"refused\"", "") \
    X(inval_write, "invalidations_total",                                     \
      "cause=\"write\",result=\"done\"",                                      \
      "Jobs invalidated by this host; journaled: Redis will be told later.")  \
    X(inval_write_journaled, "invalidations_total",                           \
      "cause=\"write\",result=\"journaled\"", "")                             \
    X(inval_unknown, "invalidations_total",                                   \
      "cause=\"unknown_outcome\",result=\"done\"", "")                        \
    X(inval_unknown_journaled, "invalidations_total",                         \
      "cause=\"unknown_outcome\",result=\"journaled\"", "")                   \
    X(inval_create, "invalidations_total",                                    \
      "cause=\"create\",result=\"done\"", "")                                 \
    X(inval_create_journaled, "invalidations_total",                          \
      "cause=\"create\",result=\"journaled\"", "")                            \
    X(inval_purge, "invalidations_total",                                     \
      "cause=\"purge\",result=\"done\"", "")                                  \
    X(inval_purge_journaled, "invalidations_total",                           \
      "cause=\"purge\",result=\"journaled\"", "")                             \
    X(journal_delivered, "journal_delivered_total", "",                       \
      "Invalidations that Redis was told of later.")                          \
    X(journal_overflows, "journal_overflows_total", "",                       \
      "How often the journal was full and a new generation was begun.")       \
    X(renewals_accepted, "liveness_renewals_total", "result=\"accepted\"",    \
      "Reads sent upstream to renew a credential.")                           \
    X(renewals_rejected, "liveness_renewals_total", "result=\"rejected\"",    \
      "")                                                                     \
    X(renewals_failed, "liveness_renewals_total", "result=\"failed\"", "")    \
    X(tombstones, "tombstones_total", "source=\"upstream\"",                  \
      "Credentials that upstream rejected, by who told.")                     \
    X(tombstones_event, "tombstones_total", "source=\"event\"", "")           \
    X(hold_offs, "hold_offs_total", "source=\"upstream\"",                    \
      "Credentials held off at upstream's wish, by who told.")                \
    X(hold_offs_event, "hold_offs_total", "source=\"event\"", "")             \
    X(events_published, "events_total", "result=\"published\"",               \
      "Events to and from the other nodes.")                                  \
    X(events_applied, "events_total", "result=\"applied\"", "")               \
    X(events_repeated, "events_total", "result=\"repeated\"", "")             \
    X(events_refused, "events_total", "result=\"refused\"", "")               \
    X(subscriptions, "subscriptions_total", "", "Subscriptions made.")        \
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
