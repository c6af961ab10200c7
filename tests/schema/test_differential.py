"""The same verdicts as python3-jsonschema and as ajv, for the built-in schema
and for mutations of it, on generated bodies."""

import datetime
import json
import subprocess

import jsonschema
import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from schema_harness import TOP, verdicts
from schema_strategies import SCHEMA, bodies, mutations

PACKAGES = ["ajv@8.20.0", "ajv-formats@3.0.1"]
SEEN = {"schemas": set(), "bodies": 0, "valid": 0}

formats = jsonschema.FormatChecker(formats=())


@formats.checks("date-time")
def is_date_time(value):
    """Enough for the strings that schema_strategies knows."""
    if not isinstance(value, str):
        return True
    try:
        return datetime.datetime.fromisoformat(
            value.replace("Z", "+00:00")).tzinfo is not None
    except ValueError:
        return False


@pytest.fixture(scope="module")
def ajv():
    """ajv(schema, texts): its verdicts; from npm, into build/."""
    folder = TOP / "build" / "npm"
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "node_modules" / "ajv-formats").exists():
        subprocess.run(
            ["npm", "install", "--prefix", str(folder), "--no-package-lock",
             "--no-audit", "--no-fund", "--ignore-scripts", *PACKAGES],
            check=True, capture_output=True, timeout=300)
    process = subprocess.Popen(
        ["node", str(TOP / "tests" / "schema" / "ajv_oracle.js"),
         str(folder)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def judge(schema, texts):
        process.stdin.write(json.dumps({"schema": schema, "bodies": texts})
                            + "\n")
        process.stdin.flush()
        answer = json.loads(process.stdout.readline())
        assert isinstance(answer, list), answer
        return answer

    yield judge
    process.stdin.close()
    assert process.wait(timeout=10) == 0
    process.stdout.close()


def compare(folder, ajv, schema, values):
    texts = [json.dumps(value) for value in values]
    validator = jsonschema.Draft202012Validator(schema, format_checker=formats)
    ours = verdicts(folder, json.dumps(schema), texts)
    note(f"schema: {json.dumps(schema)}")
    for text, value, mine, other in zip(texts, values, ours,
                                        ajv(schema, texts)):
        assert mine == other, f"ajv says {other}: {text}"
        python = validator.is_valid(value)
        assert mine == python, f"python3-jsonschema says {python}: {text}"
    SEEN["schemas"].add(json.dumps(schema, sort_keys=True))
    SEEN["bodies"] += len(texts)
    SEEN["valid"] += sum(ours)


COMMON = settings(deadline=None, derandomize=True, database=None,
                  suppress_health_check=list(HealthCheck))
MANY = st.lists(bodies(), min_size=20, max_size=40)


@settings(COMMON, max_examples=30)
@given(values=MANY)
def test_built_in_schema(tmp_path_factory, ajv, values):
    compare(tmp_path_factory.mktemp("job"), ajv, SCHEMA, values)


@settings(COMMON, max_examples=250)
@given(schema=mutations(), values=MANY)
def test_mutations(tmp_path_factory, ajv, schema, values):
    compare(tmp_path_factory.mktemp("job"), ajv, schema, values)


def test_there_were_enough():
    """The comparisons above were many, and of both verdicts."""
    assert len(SEEN["schemas"]) > 100
    assert SEEN["bodies"] > 5000
    assert SEEN["bodies"] / 20 < SEEN["valid"] < SEEN["bodies"] * 19 / 20
