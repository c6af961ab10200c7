"""Prints how many cases of each file of the official suite passed."""

import pytest

COUNTS = {}


@pytest.fixture
def count():
    """count(name, passed, total, note) adds a line to the table."""
    def add(name, passed, total, note=""):
        COUNTS[name] = (passed, total, note)
    return add


def pytest_terminal_summary(terminalreporter):
    if not COUNTS:
        return
    terminalreporter.section("JSON Schema Test Suite, passed/total")
    for name, (passed, total, note) in sorted(COUNTS.items()):
        terminalreporter.line(f"{passed:5}/{total:<5} {name}"
                              + (f"  ({note})" if note else ""))
    passed = sum(c[0] for c in COUNTS.values())
    total = sum(c[1] for c in COUNTS.values())
    terminalreporter.line(f"{passed:5}/{total:<5} in all")
