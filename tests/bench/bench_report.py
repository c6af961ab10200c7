"""From samples to a table and to JSON."""

import datetime
import json
import os
import pathlib
import platform
import subprocess
from statistics import median, quantiles


def summarize(scenarios, rounds):
    """One row for each scenario; rounds are {name: sample} each."""
    return [row(scenario, rounds) for scenario in scenarios]


def row(scenario, rounds):
    samples = [samples[scenario.name] for samples in rounds]
    result = {"name": scenario.name, "baseline": scenario.baseline,
              "limit": scenario.limit}
    for figure in samples[0]:
        result[figure] = median(sample[figure] for sample in samples)
    if scenario.baseline is not None:
        ratios = [samples[scenario.name]["cpu"]
                  / samples[scenario.baseline]["cpu"] for samples in rounds]
        result["ratio"] = median(ratios)
        result["ratio_quartiles"] = quartiles(ratios)
    return result


def quartiles(values):
    if len(values) == 1:
        return [values[0], values[0]]
    cuts = quantiles(values, n=4, method="inclusive")
    return [cuts[0], cuts[2]]


COLUMNS = [
    ("scenario", "{name}"), ("req/s", "{rate:.0f}"), ("cpu us", "{cpu:.2f}"),
    ("ratio", "{ratio:.2f}"),
    ("quartiles", "{ratio_quartiles[0]:.2f}-{ratio_quartiles[1]:.2f}"),
    ("limit", "{limit:.2f}"), ("to", "{baseline}"),
    ("p50 us", "{p50:.0f}"), ("p99 us", "{p99:.0f}"),
    ("redis us", "{redis_cpu:.2f}"),
    ("commands/write", "{commands_per_write:.1f}"),
]


def cell(template, figures):
    known = {name: value for name, value in figures.items()
             if value is not None}
    try:
        return template.format(**known)
    except KeyError:
        return "-"


def table(rows):
    """The table as text; figures are medians over the rounds."""
    lines = [[title for title, _ in COLUMNS]]
    lines += [[cell(template, figures) for _, template in COLUMNS]
              for figures in rows]
    widths = [max(map(len, column)) for column in zip(*lines)]
    return "\n".join(
        "  ".join(text.ljust(width) if index == 0 else text.rjust(width)
                  for index, (text, width) in enumerate(zip(line, widths)))
        for line in lines)


def machine():
    """Where the figures come from."""
    cpuinfo = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8")
    models = [line.partition(": ")[2] for line in cpuinfo.splitlines()
              if line.startswith("model name")]
    return {
        "date": datetime.date.today().isoformat(),
        "cpu": models[0] if models else platform.machine(),
        "cpus": os.cpu_count(),
        "kernel": platform.release(),
        "nginx": version("nginx", "-v"),
        "redis": version("redis-server", "--version"),
        "wrk": version("wrk", "-v"),
    }


def version(*command):
    done = subprocess.run(command, capture_output=True, text=True,
                          check=False)
    return (done.stdout + done.stderr).splitlines()[0].strip()


def write_json(path, rows, rounds, options):
    report = {"machine": machine(), "options": options, "results": rows,
              "rounds": rounds}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
