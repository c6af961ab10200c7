"""From rows to a table and to JSON."""

import datetime
import json
import os
import pathlib
import platform
import subprocess

COLUMNS = [
    ("scenario", "{name}"), ("cpu us", "{cpu:.2f}"), ("ratio", "{ratio:.2f}"),
    ("quartiles", "{ratio_quartiles[0]:.2f}-{ratio_quartiles[1]:.2f}"),
    ("to", "{baseline}"), ("goal", "{limit:.2f}"), ("met", "{met}"),
    ("also", "{also_ratio:.2f} {also}"),
    ("p50 us", "{p50:.0f}"), ("p99 us", "{p99:.0f}"),
    ("req/s", "{rate:.0f}"), ("store us", "{store_cpu:.2f} {store}"),
]

LEFT = {"scenario", "to", "also", "store us"}
WORDS = {True: "yes", False: "NO"}


def cell(template, figures):
    known = {name: WORDS.get(value, value) if name == "met" else value
             for name, value in figures.items() if value is not None}
    try:
        return template.format(**known)
    except KeyError:
        return "-"


def cells(rows, columns=COLUMNS):
    """The texts of the table, titles first, without columns of no figure."""
    lines = [[cell(template, figures) for _, template in columns]
             for figures in rows]
    used = [index for index in range(len(columns))
            if any(line[index] != "-" for line in lines)]
    titles = [title for title, _ in columns]
    return [[line[index] for index in used] for line in [titles, *lines]]


def table(rows, columns=COLUMNS):
    """The table as text; figures are medians over the rounds."""
    lines = cells(rows, columns)
    widths = [max(map(len, column)) for column in zip(*lines)]
    left = [title in LEFT or index == 0
            for index, title in enumerate(lines[0])]
    return "\n".join(
        "  ".join(text.ljust(width) if flush else text.rjust(width)
                  for flush, text, width in zip(left, line, widths)).rstrip()
        for line in lines)


def markdown(rows, columns=COLUMNS):
    """The same for a README."""
    titles, *lines = cells(rows, columns)
    rules = ["---" if title in LEFT or index == 0 else "--:"
             for index, title in enumerate(titles)]
    return "\n".join(f"| {' | '.join(line)} |"
                     for line in [titles, rules, *lines])


def machine():
    """Where the figures come from."""
    cpuinfo = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8")
    models = [line.partition(": ")[2] for line in cpuinfo.splitlines()
              if line.startswith("model name")]
    return {
        "date": datetime.date.today().isoformat(),
        "commit": version("git", "describe", "--always", "--dirty"),
        "cpu": models[0] if models else platform.machine(),
        "cpus": os.cpu_count(),
        "kernel": platform.release(),
        "load": round(os.getloadavg()[0], 2),
        "nginx": version("nginx", "-v"),
        "redis": version("redis-server", "--version"),
        "memcached": version("memcached", "--version"),
        "varnish": version("varnishd", "-V"),
        "wrk": version("wrk", "-v"),
    }


def version(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True,
                              check=False)
    except FileNotFoundError:
        return "not installed"
    return ((done.stdout + done.stderr).splitlines() or [""])[0].strip()


def write_json(path, report):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def caption(where):
    """The machine in a line."""
    return (f"{where['date']}, {where['cpus']} x {where['cpu']}, Linux "
            f"{where['kernel']}, {where['nginx'].partition(': ')[2]}")
