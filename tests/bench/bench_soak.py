"""Whether a gateway that works for long grows.

Requests of all kinds, in random order, on two workers with both tiers.  After
each stretch, with no request under way, it is read what memory the workers
have of their own, what they hold open, and what the zone holds.  The first
tenth is warm-up, in a short soak up to half of it: malloc reaches its high
water after some 300 000 requests.  Jobs and credentials are few enough for
the zone to hold them all: what it holds beyond that is a leak.
"""

import pathlib
import re
import sys
import time

from lib import checks
from lib.process import open_files

import bench_config
import bench_growth
import bench_report
from bench_build import knows
from bench_fleet import Fleet, metrics
from bench_measure import Failed, increase, wrk_all, wrk_command
from bench_scenarios import JOB
from bench_world import job_body

SCRIPT = pathlib.Path(__file__).with_name("bench_wrk_soak.lua")
IDLE = 1                    # seconds that an idle upstream connection lives

UPSTREAM = bench_config.HTTP + """
    server {
        listen 127.0.0.1:%%PORT%%;
        default_type application/json;
        error_page 599 = @limited;

        location = /api/batch_dial_jobs {
            return 200 '{"data":[],"cursor":null}';
        }

        location ~ "^/api/batch_dial_jobs/(?<id>[A-Za-z0-9-]+)" {
            add_header ETag '"soak"';
            if ($http_authorization ~ "revoked") { return 401 '{}'; }
            if ($http_authorization ~ "limited") { return 599; }
            if ($id ~ "^missing") { return 404 '{}'; }
            if ($id ~ "^failed") { return 500 '{}'; }
            if ($id ~ "^broken") { return 200 '{"id":"$id"}'; }
            if ($id ~ "^lost") { return 444; }
            if ($id ~ "[5-9]$") { return 200 '%%ACTIVE%%'; }
            return 200 '%%COMPLETE%%';
        }

        location @limited {
            add_header Retry-After 1 always;
            return 429 '{}';
        }
    }
}
"""

COLUMNS = [
    ("figure", "{figure}"), ("after warm-up", "{before:.0f}"),
    ("at the end", "{after:.0f}"), ("growth", "{growth:.0f}"),
    ("limit", "{limit:.0f}"), ("within", "{met}"),
]


def add_arguments(commands, common):
    command = commands.add_parser(
        "soak", parents=[common],
        help="whether memory, descriptors or the zone grow")
    command.add_argument("requests", nargs="?", type=int)
    command.set_defaults(
        run=run, usual={"requests": 10_000_000, "seconds": 20, "rounds": 6},
        in_quick={"requests": 300_000, "seconds": 2, "rounds": 3})


def run(options, directory):
    where = bench_report.machine()
    with Fleet(directory) as fleet:
        redis = fleet.redis()
        upstream = fleet.nginx(
            "upstream", UPSTREAM,
            **{status: job_body(status=status).replace(JOB, "$id")
               for status in ("ACTIVE", "COMPLETE")})
        node = fleet.gateway(
            "gateway", upstream.port(), f"unix:{redis.socket}",
            ["batch_dial_zone 64m;"], log_level="crit", WORKERS=2, IDLE=IDLE)
        samples, done, counted = soak(node, options)
        problems = (checks.worker_problems(node.expected, node.worker_pids())
                    + checks.log_problems(node.text()))
    found = bench_growth.judge(samples)
    report(options, where, found, samples, done, counted, problems)
    return 1 if problems or any(one.within is False for one in found) else 0


def soak(node, options):
    """Samples after warm-up, how many requests there were, and counters."""
    start, done, samples = metrics(node), 0, []
    while done < options.requests or len(samples) < options.rounds:
        done += stretch(node, options.seconds, done)
        if done >= warm_up(options.requests):
            samples.append(at_rest(node))
        print(f"{done} of {options.requests} requests", file=sys.stderr)
    return samples, done, increase(start, metrics(node))


def warm_up(requests):
    """How many of them are not judged."""
    return max(requests / 10, min(500_000, requests / 2))


def stretch(node, seconds, seed):
    """Both servers of the gateway, with the memory tier and without."""
    purge = ["purge"] if knows("batch_dial_purge") else []
    results = wrk_all([
        wrk_command(node.port(listen), seconds, SCRIPT, seed + number, *purge,
                    clients=32)
        for number, listen in enumerate(("cached", "redis"))])
    return sum(result["requests"] for result in results)


def at_rest(node):
    """One sample, taken when idle upstream connections are gone."""
    deadline, files = time.monotonic() + 30, None
    while files != (files := open_count(node)):
        if time.monotonic() > deadline:
            raise Failed("open files do not come to rest")
        time.sleep(IDLE + 0.5)
    return {**memory(node), "files": files,
            **bench_growth.gauges(metrics(node))}


def open_count(node):
    return sum(len(open_files(pid)) for pid in node.pids)


def memory(node):
    """Kilobytes of all workers; private is what the zone has no part in."""
    total = {"rss_kb": 0, "pss_kb": 0, "private_kb": 0}
    for pid in node.pids:
        text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(
            encoding="ascii")
        for figure, field in (("rss_kb", "Rss"), ("pss_kb", "Pss"),
                              ("private_kb", "Anonymous")):
            total[figure] += int(re.search(rf"^{field}: +(\d+) kB", text,
                                           re.M)[1])
    return total


def report(options, where, found, samples, done, counted, problems):
    rows = [{"figure": one.figure, "before": one.before, "after": one.after,
             "growth": one.growth, "limit": one.limit, "met": one.within}
            for one in found]
    bench_report.write_json(options.out / "soak.json", {
        "machine": where, "requests": done, "counters": counted,
        "problems": problems, "results": rows, "samples": samples})
    outcomes = counted["batch_dial_requests_total"]
    print(f"{done} requests: " + ", ".join(
        f"{count} {name}" for name, count in outcomes.items() if count))
    print(bench_report.table(rows, COLUMNS))
    for problem in problems:
        print(problem)
