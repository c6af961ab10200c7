"""Whether a hit costs the same with much of everything.

Each size has a gateway of its own that holds so much, all run side by side
and are driven in turn.  Hits are spread evenly over all that is stored, and
in a second measurement over as much as the smallest size has: the first also
tells what the CPU's caches no longer hold, the second what the gateway's own
tables cost.
"""

import dataclasses
import itertools
import pathlib
import random
import sys

import bench_flight
import bench_nodes
import bench_report
import bench_stats
import bench_svg
from bench_build import knows
from bench_fleet import Fleet, metrics
from bench_measure import CLIENTS, TOLERANCE, Failed, increase, wrk
from bench_scenarios import JOB, ONE_JOB, PATH, TOKEN
from bench_servers import cpu_time
from bench_world import job_body

SCRIPT = pathlib.Path(__file__).with_name("bench_wrk_scale.lua")
LIMIT = 1.10
SEEDS = itertools.count(1)


@dataclasses.dataclass(frozen=True)
class Population:
    name: str
    target: str
    token: str
    tier: str               # "memory" or "redis"
    sizes: tuple
    quick_sizes: tuple

    @property
    def present(self):
        return self.tier == "redis" or knows("batch_dial_memory")


JOBS = {"target": f"{PATH}/job-%s", "token": TOKEN}
CREDENTIALS = {"target": ONE_JOB, "token": "bench-" + "k" * 24 + "%s"}

POPULATIONS = [
    Population("jobs-memory", tier="memory", **JOBS, sizes=(
        10 ** 2, 10 ** 3, 10 ** 4, 10 ** 5), quick_sizes=(100, 10 ** 4)),
    Population("jobs-redis", tier="redis", **JOBS, sizes=(
        10 ** 2, 10 ** 4, 10 ** 6), quick_sizes=(100, 10 ** 5)),
    Population("credentials-memory", tier="memory", **CREDENTIALS, sizes=(
        1, 10 ** 2, 10 ** 4, 10 ** 5), quick_sizes=(1, 10 ** 4)),
    Population("credentials-redis", tier="redis", **CREDENTIALS, sizes=(
        1, 10 ** 2, 10 ** 4, 10 ** 5), quick_sizes=(1, 10 ** 4)),
]

COLUMNS = [
    ("part", "{part}"), ("of", "{size}"), ("asked", "{asked}"),
    ("cpu us", "{cpu:.2f}"), ("plain us", "{plain_cpu:.2f}"),
    ("ratio", "{ratio:.2f}"),
    ("quartiles", "{ratio_quartiles[0]:.2f}-{ratio_quartiles[1]:.2f}"),
    ("goal", "{limit:.2f}"), ("met", "{met}"), ("p50 us", "{p50:.0f}"),
    ("p99 us", "{p99:.0f}"), ("redis us", "{store_cpu:.2f}"),
    ("wake us", "{wake_cpu:.2f}"), ("last ms", "{last_ms:.2f}"),
    ("fetches", "{fetches:.0f}"),
]


def add_arguments(commands, common):
    parts = [one.name for one in POPULATIONS] + ["flight", "nodes"]
    command = commands.add_parser(
        "scale", parents=[common],
        help="whether a hit costs the same with much of everything")
    command.add_argument("part", nargs="*", default=parts,
                         help="of " + ", ".join(parts))
    command.set_defaults(run=run, parts=parts,
                         usual={"rounds": 7, "seconds": 1},
                         in_quick={"rounds": 2, "seconds": 1})


def run(options, directory):
    unknown = set(options.part) - set(options.parts)
    if unknown:
        sys.exit(f"bench: no part {', '.join(sorted(unknown))}; there are "
                 f"{', '.join(options.parts)}")
    where = bench_report.machine()
    rows, absent = [], []
    for name in options.part:
        print(f"part {name}", file=sys.stderr)
        place = directory / name
        place.mkdir()
        found = part(name)(options, place)
        if found is None:
            absent.append(name)
        rows += found or []
    report(options, where, rows, absent)
    return 0


def part(name):
    """What measures it: rows, or None when the build has no such thing."""
    others = {"flight": bench_flight.rows, "nodes": bench_nodes.rows}
    if name in others:
        return others[name]
    population = next(one for one in POPULATIONS if one.name == name)
    return lambda options, place: population_rows(population, options, place)


def report(options, where, rows, absent):
    bench_report.write_json(options.out / "scale.json", {
        "machine": where, "seconds": options.seconds,
        "rounds": options.rounds, "not in this build": absent,
        "results": rows})
    if rows:
        (options.out / "scale.svg").write_text(
            chart(rows, bench_report.caption(where)), encoding="utf-8")
        (options.out / "scale.md").write_text(
            bench_report.markdown(rows, COLUMNS) + "\n", encoding="utf-8")
        print(bench_report.table(rows, COLUMNS))
    for name in absent:
        print(f"{name}: not in this build")


def chart(rows, caption):
    sections = [(name, [bar(row) for row in found])
                for name, found in itertools.groupby(
                    rows, key=lambda row: row["part"])]
    return bench_svg.chart("Worker CPU of a request as things grow, in "
                           "microseconds (orange: Redis')", caption, sections,
                           together=False)


def bar(row):
    asked = row.get("asked", row["size"])
    label = f"{row['size']}" + (f", {asked} asked for"
                                if asked != row["size"] else "")
    note = f"{row['ratio']:.2f} x" if "ratio" in row else ""
    if "last_ms" in row:
        note = f"the last one after {row['last_ms']:.1f} ms"
    return bench_svg.Bar(label, row["cpu"], row.get("group", "gateway"),
                         note, row.get("store_cpu", 0))


# populations

def population_rows(population, options, directory):
    if not population.present:
        return None
    sizes = population.quick_sizes if options.quick else population.sizes
    with Fleet(directory) as fleet:
        redis = fleet.redis() if population.tier == "redis" else None
        upstream = fleet.upstream("upstream",
                                  job_body().replace(JOB, "$id"))
        nodes = {size: filled(fleet, population, size, upstream.port(), redis)
                 for size in sizes}
        rounds = population_rounds(population, nodes, redis, options)
    return summarize(population.name, rounds, next(iter(rounds[0])))


def filled(fleet, population, size, upstream_port, redis):
    """A gateway that holds so much."""
    megabytes = max(16, size * 5 // 1000)
    namespace = f"{population.name}-{size}"
    url = f"unix:{redis.socket}" if redis else ""
    node = fleet.gateway(
        f"of-{size}", upstream_port, url,
        ["batch_dial_reauth 1h;", f"batch_dial_namespace {namespace};",
         f"batch_dial_zone {megabytes if not redis else 16}m;"])
    done = 0
    while done < size:                  # the last ones may not have come
        result = ask(population, node, 5 if size > 10 ** 5 else 1, size,
                     "fill", done)
        done += max(result["requests"] - CLIENTS, 1)
    return node


def ask(population, node, seconds, count, order, number):
    """Asks for the jobs, or with the credentials, in that order."""
    listen = "redis" if population.tier == "redis" else "cached"
    result = wrk(node.port(listen), seconds, SCRIPT, population.target,
                 population.token, count, order, number)
    if result["refused"]:
        raise Failed(f"{population.name}: {result}")
    return result


def population_rounds(population, nodes, redis, options):
    """For each round {(size, how many of them are asked for): sample}."""
    smallest = min(nodes)
    cases = [(size, asked) for size in nodes
             for asked in sorted({size, smallest})]
    for size, asked in cases:
        ask(population, nodes[size], 1, asked, "random", next(SEEDS))
    rounds = []
    for _ in range(options.rounds):
        order = random.sample(cases, len(cases))
        rounds.append({case: hits(population, nodes[case[0]], case[1], redis,
                                  options.seconds) for case in order})
        rounds[-1] = {case: rounds[-1][case] for case in cases}
    return rounds


def hits(population, node, asked, redis, seconds):
    """One sample; all requests must be hits."""
    counters = metrics(node)
    cpu = cpu_time(node.pids)
    store_cpu = cpu_time(redis.pids) if redis else 0
    result = ask(population, node, seconds, asked, "random", next(SEEDS))
    cpu = cpu_time(node.pids) - cpu
    sample = {"p50": result["p50"], "p99": result["p99"],
              "cpu": cpu / result["requests"]}
    if redis:
        store_cpu = cpu_time(redis.pids) - store_cpu
        sample["store_cpu"] = store_cpu / result["requests"]
    counted = increase(counters, metrics(node))["batch_dial_requests_total"]
    if counted["hit"] < result["requests"] * (1 - TOLERANCE):
        raise Failed(f"{population.name}: {result['requests']} requests for "
                     f"{asked}, {counted}")
    return sample


def summarize(name, rounds, base, figure="cpu", limit=LIMIT):
    """Rows of (size, asked) cases; ratios of the figure are to the case
    base."""
    rows = []
    for case in rounds[0]:
        row = {"part": name, "size": case[0], "asked": case[1],
               **bench_stats.medians([samples[case] for samples in rounds])}
        if case != base:
            row["limit"] = limit
            row["ratio"], row["ratio_quartiles"] = bench_stats.ratio(
                rounds, case, base, figure)
            row["met"] = bench_stats.met(row)
        rows.append(row)
    return rows
