#!/usr/bin/python3
"""Measures what a request costs in the gateway; script/bench runs this.

Every round drives each scenario once, for some seconds, with 64 keep-alive
clients, beginning with another one each time.  The figure is the CPU time of
the nginx worker for one request; its ratio to the scenario's baseline is
taken within each round, so that what else the machine does meanwhile weighs
on both.
"""

import argparse
import pathlib
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/integration"))

import bench_report
import bench_scenarios
from bench_measure import Failed, drive, measure
from bench_world import World


def arguments():
    parser = argparse.ArgumentParser(
        prog="script/bench",
        description="Worker CPU per request, side by side with plain nginx.")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=int, default=2,
                        help="of each scenario in each round")
    parser.add_argument("--json", type=pathlib.Path,
                        default=ROOT / "build/bench.json")
    parser.add_argument("scenario", nargs="*", help="default: all")
    options = parser.parse_args()
    if options.rounds < 1 or options.seconds < 1:
        parser.error("--rounds and --seconds are at least 1")
    try:
        options.chosen = bench_scenarios.choose(
            options.scenario
            or [scenario.name for scenario in bench_scenarios.SCENARIOS])
    except ValueError as error:
        parser.error(error)
    return options


def run(world, options):
    """The samples: for each round {name: sample}."""
    scenarios = options.chosen
    for scenario in scenarios:
        drive(world, scenario, 1)               # pools, caches, connections
    rounds = []
    for number in range(options.rounds):
        start = number % len(scenarios)
        order = scenarios[start:] + scenarios[:start]
        rounds.append({scenario.name: measure(world, scenario,
                                              options.seconds)
                       for scenario in order})
        print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
    return rounds


def main():
    options = arguments()
    with tempfile.TemporaryDirectory(prefix="batch-dial-bench.") as directory:
        world = World(pathlib.Path(directory))
        try:
            rounds = run(world, options)
        except Failed as error:
            sys.exit(f"bench: {error}")
        finally:
            world.close()
    rows = bench_report.summarize(options.chosen, rounds)
    bench_report.write_json(options.json, rows, rounds,
                            {"rounds": options.rounds,
                             "seconds": options.seconds})
    print(bench_report.table(rows))


if __name__ == "__main__":
    main()
