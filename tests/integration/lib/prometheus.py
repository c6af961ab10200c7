"""A strict parser of Prometheus' text exposition format, version 0.0.4.

It refuses more than a scraper would: a metric without HELP or TYPE, lines of
one metric that do not stand together, a sample twice, labels out of order.
"""

import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*"'
HELP = re.compile(rf"# HELP ({NAME}) (\S.*)")
TYPE = re.compile(rf"# TYPE ({NAME}) (counter|gauge)")
SAMPLE = re.compile(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)\}})? (\d+)")


class Metric:
    def __init__(self, name, help_text):
        self.name = name
        self.help = help_text
        self.type = None
        self.samples = {}             # labels as written, or "": value


def parse(text):
    """{name: Metric}; raises AssertionError at the first fault."""
    assert text.endswith("\n") and "\r" not in text
    metrics, current = {}, None
    for line in text[:-1].split("\n"):
        if match := HELP.fullmatch(line):
            name, told = match.groups()
            assert name not in metrics, line
            assert current is None or current.samples, line
            current = metrics[name] = Metric(name, told)
        elif match := TYPE.fullmatch(line):
            assert current is not None and current.name == match[1], line
            assert current.type is None and not current.samples, line
            current.type = match[2]
        else:
            match = SAMPLE.fullmatch(line)
            assert match, line
            name, labels, value = match.groups()
            assert current is not None and current.name == name, line
            assert current.type is not None, line
            assert (labels or "") not in current.samples, line
            current.samples[labels or ""] = int(value)
    assert current is not None and current.samples
    return metrics
