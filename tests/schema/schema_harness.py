"""Runs batch-dial-validate: on the cases of a suite, or on generated ones.

The cases keep the numbers they were written with: Python's own would make
1e400 infinite, and write 1.0e2 as 100.0.
"""

import json
import os
import subprocess
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
VALIDATE = os.environ.get(
    "BATCH_DIAL_VALIDATE", str(TOP / "build" / "batch-dial-validate"))


class Number:
    """A number as its source text."""

    def __init__(self, text):
        self.text = text


def load(path):
    """The JSON document in a file, its numbers as Number."""
    return json.loads(Path(path).read_text(encoding="utf-8"),
                      parse_float=Number, parse_int=Number)


def dump(value):
    """The text of a document as load() gave it."""
    if isinstance(value, Number):
        return value.text
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(k)}:{dump(v)}"
                              for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(dump(v) for v in value) + "]"
    return json.dumps(value)


class Unusable(Exception):
    """The schema does not compile."""


def validate(folder, schema, texts, *options):
    """What the command says of each text: a list of the lines it prints."""
    (folder / "schema.json").write_text(schema, encoding="utf-8")
    for i, text in enumerate(texts):
        (folder / f"{i}.json").write_text(text, encoding="utf-8")
    done = subprocess.run(
        [VALIDATE, *options, "schema.json",
         *(f"{i}.json" for i in range(len(texts)))],
        cwd=folder, capture_output=True, timeout=60)
    error = done.stderr.decode("utf-8", "replace")
    if done.returncode == 2 and not done.stdout:
        raise Unusable(error)
    assert error == "" and done.returncode in (0, 1), \
        f"exit {done.returncode}: {error}"
    lines = done.stdout.decode("utf-8").splitlines()
    assert done.returncode == any(": invalid: " in line for line in lines)
    return lines


def verdicts(folder, schema, texts, *options):
    """For each text whether the command calls it valid."""
    lines = validate(folder, schema, texts, *options)
    assert len(lines) == len(texts), lines
    return [line.endswith(": valid") for line in lines]
