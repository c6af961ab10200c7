"""What must not be found after a test.  Pure: text in, problems out.

test_harness.py feeds each of these what it must catch.
"""

import pathlib
import re

# Every token, password and secret of the tests holds this word.
MARK = "SECRET"

SEVERE = re.compile(r"\[(?:alert|emerg|crit)\]")
DEATH = re.compile(r"process \d+ exited (?:on signal|with (?:fatal )?code "
                   r"(?!0\b))")
SANITIZER = re.compile(r"(?:Address|Leak|UndefinedBehavior|Memory|Thread)"
                       r"Sanitizer|: runtime error: ")


def log_problems(text, allowed=()):
    """Severe lines, dead workers and sanitizer output in an nginx log.

    allowed are regular expressions; they excuse severe lines and deaths,
    never a sanitizer's words.
    """
    problems = []
    for line in text.splitlines():
        if SANITIZER.search(line):
            problems.append(f"sanitizer: {line}")
        elif SEVERE.search(line) or DEATH.search(line):
            if not any(re.search(pattern, line) for pattern in allowed):
                problems.append(f"log: {line}")
    return problems


def secret_problems(where, text):
    """The lines of a text that give a secret away."""
    return [f"a secret in {where}: {line[:300]}"
            for line in text.splitlines() if MARK in line]


def leaked_files(worker, master, sockets=frozenset()):
    """Descriptors of an idle worker that it should not have.

    worker and master are {fd: link}, sockets what wake_sockets() tells of the
    worker.  One whose peers are all gone shares everything it has open with
    the master (listening sockets, logs, both ends of every channel), save the
    epoll and eventfd descriptors of its own and the socket by which other
    workers wake it.  Nothing need be remembered from the start, so respawned
    and reloaded workers are judged by the same rule.
    """
    expected = set(master.values()) | sockets
    return {fd: link for fd, link in worker.items()
            if link not in expected and not link.startswith("anon_inode:")}


def wake_sockets(pid):
    """The links of all sockets by which workers are woken, one a worker, in
    the network of a process; none when it is gone."""
    try:
        text = pathlib.Path(f"/proc/{pid}/net/unix").read_text(
            errors="replace")
    except OSError:
        return set()
    rows = [line.split() for line in text.splitlines()[1:]]
    return {f"socket:[{row[6]}]" for row in rows
            if len(row) > 7 and row[7].startswith("@batch-dial-")}


def worker_problems(expected, present):
    """Workers that died, or appeared, when no test asked for it."""
    problems = []
    for pid in sorted(set(expected) - set(present)):
        problems.append(f"worker {pid} is gone")
    for pid in sorted(set(present) - set(expected)):
        problems.append(f"worker {pid} appeared")
    return problems
