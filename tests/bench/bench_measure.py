"""One measurement: wrk drives a scenario while CPU time is read."""

import itertools
import json
import pathlib
import subprocess

from bench_scenarios import TOKEN
from bench_servers import cpu_time

CLIENTS = 64
RUNS = itertools.count()
SCRIPT = pathlib.Path(__file__).with_name("bench_wrk.lua")

# The share of requests that may go another way: once in a while a hit must
# be renewed, and those who come meanwhile wait for it.
TOLERANCE = 0.005


class Failed(Exception):
    """What was driven did not do what its scenario says."""


def wrk_command(port, seconds, script, *arguments, clients=CLIENTS,
                headers=()):
    argv = ["wrk", "-t", 1, "-c", clients, "-d", f"{seconds}s", "-s", script,
            "--timeout", "15s"]
    for header in headers:
        argv += ["-H", header]
    argv += [f"http://127.0.0.1:{port}", "--", *arguments]
    return [str(word) for word in argv]


def wrk_all(commands):
    """Runs several at once; the results of each."""
    running = [subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True) for command in commands]
    results = []
    for process in running:
        out, err = process.communicate()
        results.append(wrk_result(subprocess.CompletedProcess(
            process.args, process.returncode, out, err)))
    return results


def wrk_result(done):
    """What a run's script printed last."""
    if done.returncode != 0:
        raise Failed(f"wrk: {done.stderr or done.stdout}")
    result = json.loads(done.stdout.splitlines()[-1])
    if result["errors"] or not result["requests"]:
        raise Failed(f"wrk: {result}")
    return result


def wrk(*arguments, **options):
    """Runs wrk to its end."""
    return wrk_result(subprocess.run(
        wrk_command(*arguments, **options), stdin=subprocess.DEVNULL,
        capture_output=True, text=True, check=False))


def drive(world, scenario, seconds):
    """Runs wrk for so long; what it says of the run."""
    headers = [f"Authorization: Bearer {TOKEN}"]
    if scenario.revalidates:
        headers.append(f"If-None-Match: {world.etag}")
    result = wrk(world.port(scenario), seconds, SCRIPT, scenario.target,
                 next(RUNS), headers=headers)
    if result["refused"]:
        raise Failed(f"{scenario.name}: {result}")
    return result


def measure(world, scenario, seconds):
    """One sample of a scenario."""
    world.prepare(scenario)
    workers, store = world.pids(scenario), world.store(scenario)
    counters, origin = world.metrics(scenario), world.origin_requests()
    cpu = cpu_time(workers)
    store_cpu = cpu_time(store.pids) if store else 0

    result = drive(world, scenario, seconds)

    cpu = cpu_time(workers) - cpu
    store_cpu = cpu_time(store.pids) - store_cpu if store else 0
    origin = world.origin_requests() - origin
    counters = increase(counters, world.metrics(scenario))

    requests = result["requests"]
    check_outcome(scenario, requests, counters, origin)
    sample = {
        "rate": requests / result["microseconds"] * 1e6,
        "cpu": cpu / requests,
        "p50": result["p50"],
        "p99": result["p99"],
    }
    if store:
        sample["store_cpu"] = store_cpu / requests
    return sample


def increase(before, after):
    """How much each counter of the metrics page has grown."""
    if isinstance(after, dict):
        return {name: increase(before.get(name, 0 if not
                                          isinstance(value, dict) else {}),
                               value)
                for name, value in after.items()}
    return after - before


def check_outcome(scenario, requests, counters, origin):
    """The requests must have gone the way the scenario is about."""
    wanted = requests * (1 - TOLERANCE)
    if scenario.asks_origin and origin < wanted:
        raise Failed(f"{scenario.name}: {requests} requests, {origin} of "
                     f"them at the origin")
    if not scenario.asks_origin and origin > requests - wanted + 8:
        raise Failed(f"{scenario.name}: {origin} of {requests} at the origin")
    if scenario.outcome is None:
        return
    counted = counters["batch_dial_requests_total"]
    if counted[scenario.outcome] < wanted:
        raise Failed(f"{scenario.name}: {requests} requests, {counted}")
    tiers = counters.get("batch_dial_hits_total")
    if scenario.tier and tiers and tiers[scenario.tier] < wanted:
        raise Failed(f"{scenario.name}: {requests} requests, {tiers}")
