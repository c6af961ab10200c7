#!/usr/bin/python3
"""Measures what the gateway costs; script/bench runs this.

compare drives each scenario once in every round, in an order of its own, with
64 keep-alive clients.  The figure is the CPU time of the worker for one
request; its ratio to the scenario's baseline is taken within each round, so
that what else the machine does meanwhile weighs on both.
"""

import argparse
import pathlib
import random
import signal
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/integration"))

import bench_report
import bench_scale
import bench_scenarios
import bench_soak
import bench_stats
import bench_svg
from bench_build import knows
from bench_measure import Failed, drive, measure
from bench_servers import raise_file_limit
from bench_world import World


def arguments():
    parser = argparse.ArgumentParser(prog="script/bench")
    commands = parser.add_subparsers(dest="command", required=True)
    common = common_options()
    add_compare(commands, common)
    bench_scale.add_arguments(commands, common)
    bench_soak.add_arguments(commands, common)
    options = parser.parse_args()
    defaults = options.in_quick if options.quick else options.usual
    for name, value in defaults.items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    return options


def common_options():
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--out", type=pathlib.Path,
                        default=ROOT / "build/bench",
                        help="folder of the JSON and the charts")
    common.add_argument("--quick", action="store_true",
                        help="a look, not a measurement")
    common.add_argument("--rounds", type=at_least_one)
    common.add_argument("--seconds", type=at_least_one,
                        help="of each measurement in each round")
    return common


def at_least_one(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def add_compare(commands, common):
    names = [scenario.name for scenario in bench_scenarios.SCENARIOS]
    command = commands.add_parser(
        "compare", parents=[common],
        help="worker CPU per request beside the peers'")
    command.add_argument("scenario", nargs="*", default=names,
                         help="of " + ", ".join(names))
    command.set_defaults(run=compare, usual={"rounds": 9, "seconds": 2},
                         in_quick={"rounds": 2, "seconds": 1})


def compare(options, directory):
    try:
        chosen = bench_scenarios.choose(options.scenario)
    except ValueError as error:
        sys.exit(f"bench: {error}")
    absent = [one.name for one in chosen if one.needs and not knows(one.needs)]
    chosen = [one for one in chosen if one.name not in absent]
    seed = random.randrange(2 ** 32)
    where = bench_report.machine()
    world = World(directory)
    try:
        world.compare(chosen)
        rounds = compare_rounds(world, chosen, options, random.Random(seed))
    finally:
        world.close()
    rows = bench_stats.summarize(chosen, rounds)
    bench_report.write_json(options.out / "bench.json", {
        "machine": where, "seed": seed, "seconds": options.seconds,
        "not in this build": absent, "results": rows, "rounds": rounds})
    (options.out / "bench.svg").write_text(
        bench_svg.comparison(rows, bench_report.caption(where)),
        encoding="utf-8")
    (options.out / "bench.md").write_text(
        bench_report.markdown(rows) + "\n", encoding="utf-8")
    print(bench_report.table(rows))
    for name in absent:
        print(f"{name}: not in this build")
    return 0


def compare_rounds(world, scenarios, options, shuffler):
    """The samples: for each round {name: sample}."""
    for scenario in scenarios:
        world.prepare(scenario)
        drive(world, scenario, 1)               # pools, caches, connections
    rounds = []
    for number in range(options.rounds):
        order = shuffler.sample(scenarios, len(scenarios))
        rounds.append({scenario.name: measure(world, scenario,
                                              options.seconds)
                       for scenario in order})
        print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
    return rounds


def main():
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    raise_file_limit()
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="batch-dial-bench.") as directory:
        try:
            return options.run(options, pathlib.Path(directory))
        except Failed as error:
            sys.exit(f"bench: {error}")
        except KeyboardInterrupt:
            return 130


if __name__ == "__main__":
    sys.exit(main())
