"""One measurement: wrk drives a scenario while CPU time is read.

CPU time is utime + stime of a process in nanoseconds, as the scheduler
counts it; /proc/PID/stat has the same rounded to 10 ms.
"""

import itertools
import json
import pathlib
import subprocess

from bench_scenarios import TOKEN

CLIENTS = 64
RUNS = itertools.count()
SCRIPT = pathlib.Path(__file__).with_name("bench_wrk.lua")


class Failed(Exception):
    """What was driven did not do what its scenario says."""


def cpu_time(pid):
    """Microseconds of CPU that a process of one thread has used."""
    text = pathlib.Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii")
    return int(text.split()[0]) / 1000


def drive(world, scenario, seconds):
    """Runs wrk for so long; what it says of the run."""
    argv = ["wrk", "-t", "1", "-c", CLIENTS, "-d", f"{seconds}s",
            "-s", SCRIPT, "-H", f"Authorization: Bearer {TOKEN}"]
    if scenario.revalidate:
        argv += ["-H", f"If-None-Match: {world.etag}"]
    argv += [f"http://127.0.0.1:{world.port(scenario)}", "--",
             scenario.target, next(RUNS)]
    done = subprocess.run([str(word) for word in argv],
                          stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"wrk: {done.stderr or done.stdout}")
    result = json.loads(done.stdout.splitlines()[-1])
    if result["errors"] or not result["requests"]:
        raise Failed(f"{scenario.name}: {result}")
    return result


def measure(world, scenario, seconds):
    """One sample of a scenario."""
    if scenario.fills_redis:
        world.empty_redis()
    worker = world.worker(getattr(world, scenario.server))
    redis = world.redis.process.pid

    counters = world.metrics()
    cpu, redis_cpu = cpu_time(worker), cpu_time(redis)
    result = drive(world, scenario, seconds)
    cpu, redis_cpu = cpu_time(worker) - cpu, cpu_time(redis) - redis_cpu
    counters = increase(counters, world.metrics())

    requests = result["requests"]
    check_outcome(scenario, requests, counters)
    commands = counters["batch_dial_redis_commands_total"]
    writes = counters["batch_dial_redis_writes_total"]
    sample = {
        "rate": requests / result["microseconds"] * 1e6,
        "cpu": cpu / requests,
        "p50": result["p50"],
        "p99": result["p99"],
    }
    if commands:
        sample["redis_cpu"] = redis_cpu / requests
        sample["commands_per_write"] = commands / writes
    return sample


def increase(before, after):
    """How much each counter of the metrics page has grown."""
    if isinstance(after, dict):
        return {name: increase(before.get(name, 0), value)
                for name, value in after.items()}
    return after - before


def check_outcome(scenario, requests, counters):
    """The requests must have gone the way the scenario is about."""
    if scenario.outcome is None:
        return
    counted = counters["batch_dial_requests_total"]
    if counted[scenario.outcome] < requests:
        raise Failed(f"{scenario.name}: {requests} requests, {counted}")
