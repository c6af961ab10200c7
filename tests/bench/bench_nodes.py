"""Whether a hit costs the same when more nodes share one Redis.

Each size has a fleet of its own, in a namespace of its own.  All its nodes
are driven at once, each by as many clients; the figure is all their CPU time
over all their requests.

The workers share one CPU, which costs each of them something.  So as many
plain nginx with "return 200" are driven the same way beside them, and the
ratio is of the cost in units of theirs.
"""

import random

import bench_config
import bench_scale
from bench_build import knows
from bench_fleet import Fleet, metrics
from bench_measure import (SCRIPT, TOLERANCE, Failed, increase, wrk_all,
                           wrk_command)
from bench_scenarios import JOB, ONE_JOB, TOKEN
from bench_servers import cpu_time
from bench_world import job_body

SIZES = (1, 2, 3, 4)
LISTEN = {"memory": "cached", "redis": "redis"}


def rows(options, directory):
    tiers = ["memory", "redis"] if knows("batch_dial_memory") else ["redis"]
    sizes = (1, 3) if options.quick else SIZES
    with Fleet(directory) as fleet:
        redis = fleet.redis()
        upstream = fleet.upstream("upstream",
                                  job_body().replace(JOB, "$id"))
        fleets = {size: [node(fleet, redis, upstream.port(), size, number)
                         for number in range(size)] for size in sizes}
        plain = [fleet.measured(f"plain-{number}", bench_config.UPSTREAM,
                                BODY=job_body(), HEADERS="")
                 for number in range(max(sizes))]
        found = []
        for tier in tiers:
            rounds = measure(tier, fleets, plain, redis, options)
            found += bench_scale.summarize(
                f"nodes-{tier}", rounds, (sizes[0], sizes[0]), "relative")
    return found


def node(fleet, redis, upstream_port, size, number):
    return fleet.gateway(
        f"fleet-{size}-{number}", upstream_port, f"unix:{redis.socket}",
        [f"batch_dial_namespace fleet-{size};", "batch_dial_reauth 1h;"])


def measure(tier, fleets, plain, redis, options):
    for nodes in fleets.values():
        drive([one.port(LISTEN[tier]) for one in nodes], 1)
    rounds = []
    for _ in range(options.rounds):
        samples = {}
        for size in random.sample(list(fleets), len(fleets)):
            sample = hits(tier, fleets[size], redis, options.seconds)
            sample["plain_cpu"] = returns(plain[:size], options.seconds)
            sample["relative"] = sample["cpu"] / sample["plain_cpu"]
            samples[size] = sample
        rounds.append({(size, size): samples[size] for size in fleets})
    return rounds


def drive(ports, seconds):
    """Drives all at once; the results of each."""
    return wrk_all([
        wrk_command(port, seconds, SCRIPT, ONE_JOB, 0,
                    headers=[f"Authorization: Bearer {TOKEN}"])
        for port in ports])


def returns(plain, seconds):
    """What a request costs the plain ones."""
    pids = [pid for one in plain for pid in one.pids]
    cpu = cpu_time(pids)
    results = drive([one.port() for one in plain], seconds)
    cpu = cpu_time(pids) - cpu
    return cpu / sum(result["requests"] for result in results)


def hits(tier, nodes, redis, seconds):
    """One sample; all requests must be hits."""
    pids = [pid for one in nodes for pid in one.pids]
    counters = [metrics(one) for one in nodes]
    cpu, store_cpu = cpu_time(pids), cpu_time(redis.pids)
    results = drive([one.port(LISTEN[tier]) for one in nodes], seconds)
    cpu, store_cpu = cpu_time(pids) - cpu, cpu_time(redis.pids) - store_cpu
    requests = sum(result["requests"] for result in results)
    counted = sum(
        increase(before, metrics(one))["batch_dial_requests_total"]["hit"]
        for before, one in zip(counters, nodes))
    if counted < requests * (1 - TOLERANCE):
        raise Failed(f"{len(nodes)} nodes: {counted} hits of {requests}")
    return {"cpu": cpu / requests, "store_cpu": store_cpu / requests,
            "p50": max(result["p50"] for result in results),
            "p99": max(result["p99"] for result in results)}
