"""batch-dial-validate as its users see it: output, exit status, options, and
that what is built to take long is answered at once."""

import json
import resource
import subprocess

import pytest

from schema_harness import TOP, VALIDATE

JOB_SCHEMA = str(TOP / "schema" / "batch_dial_job.json")
OUTPUT_TESTS = ("/usr/share/perl5/auto/share/dist/Test-JSON-Schema-Acceptance"
                "/output-tests/draft2020-12")


@pytest.fixture
def run(tmp_path):
    """run(files, *arguments): the command among these files."""
    def start(files, *arguments):
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(exist_ok=True)
            text = content if isinstance(content, (str, bytes)) \
                else json.dumps(content)
            path.write_bytes(text if isinstance(text, bytes)
                             else text.encode())
        done = subprocess.run([VALIDATE, *arguments], cwd=tmp_path,
                              capture_output=True, timeout=60)
        return (done.returncode, done.stdout.decode(), done.stderr.decode())
    return start


def test_valid_and_invalid(run):
    files = {"s": {"properties": {"a": {"type": "null"}}},
             "good": {"a": None}, "bad": {"a": 1}, "text": "{"}
    assert run(files, "s", "good") == (0, "good: valid\n", "")
    assert run(files, "s", "good", "bad", "text") == (
        1, "good: valid\n"
           "bad: invalid: /a: type (/properties/a/type)\n"
           "text: invalid: : json\n", "")
    assert run(files, "s") == (0, "", "")


def test_pointer(run):
    files = {"d": {"a": {"b/c": {"type": "null"}}}, "i": "1"}
    assert run(files, "d#/a/b~1c", "i") == (
        1, "i: invalid: : type (/a/b~1c/type)\n", "")
    assert run(files, "d#", "i") == (0, "i: valid\n", "")
    code, out, error = run(files, "d#/x", "i")
    assert (code, out) == (2, "")
    assert error.startswith("batch-dial-validate: d#: ")


def test_unusable(run):
    files = {"s": {"items": {"type": 5}}, "ok": "true", "n": "1",
             "broken": "{"}
    code, out, error = run(files, "s", "n")
    assert (code, out) == (2, "")
    assert error.startswith("batch-dial-validate: s#/items/type: must name")
    assert error.count("\n") == 1
    code, out, error = run(files, "broken")
    assert (code, out) == (2, "") and "broken#: is not a JSON" in error
    code, out, error = run(files, "absent", "n")
    assert (code, out) == (2, "") and "absent: No such file" in error
    code, out, error = run(files, "ok", "n", "absent", "n")
    assert (code, out) == (2, "n: valid\nn: valid\n")
    assert "absent: No such file" in error


@pytest.mark.parametrize("arguments", [
    [], ["--all"], ["--format=no", "ok"], ["--resolve=x", "ok"],
    ["--output=xml", "ok"], ["--what", "ok"]])
def test_usage(run, arguments):
    code, out, error = run({"ok": "true"}, *arguments)
    assert (code, out) == (2, "") and error.startswith("usage: ")


def test_format(run):
    files = {"s": {"format": "ipv4"}, "i": '"x"'}
    assert run(files, "s", "i")[1] == "i: invalid: : format (/format)\n"
    assert run(files, "--format=assert", "s", "i")[0] == 1
    assert run(files, "--format=annotate", "s", "i") == (0, "i: valid\n", "")


def test_resolve(run):
    files = {
        "s": {"$ref": "http://example.com/x=y/a.json"},
        "d/a.json": {"$ref": "b.json#/$defs/n"},
        "d/b.json": {"$defs": {"n": {"type": "null"}}},
        "d/bad.json": "{", "i": "1", "n": "null",
        "t": {"$ref": "http://example.com/x=y/bad.json"},
        "u": {"$ref": "http://example.com/x=y/none.json"},
    }
    option = "--resolve=http://example.com/x=y/=d/"
    assert run(files, option, "s", "i", "n") == (
        1, "i: invalid: : type (/$defs/n/type)\nn: valid\n", "")
    assert run(files, "--resolve=http://example.com/=nowhere/", option, "s",
               "n")[0] == 0
    code, out, error = run(files, "s", "n")
    assert (code, out) == (2, "") and "no --resolve leads to" in error
    assert "is not JSON" in run(files, option, "t", "n")[2]
    assert "is not to be read" in run(files, option, "u", "n")[2]


def test_all(run):
    files = {"s": {"required": ["b"], "properties": {"a": {"minimum": 5,
                                                         "type": "string"}}},
             "i": {"a": 1}}
    assert run(files, "--all", "s", "i") == (
        1, "i: invalid: /a: type (/properties/a/type)\n"
           "i: invalid: /a: minimum (/properties/a/minimum)\n"
           "i: invalid: : required (/required)\n", "")


def test_json_output(run):
    """The form of the specification, by its own schema and the suite's."""
    files = {"s": {"$ref": "#/$defs/a b", "$defs": {"a b": {"type": "null"}}},
             "i": "1", "n": "null", "x": "{"}
    code, out, error = run(files, "--output=json", "s", "i", "n", "x")
    assert (code, error) == (1, "")
    units = [json.loads(line) for line in out.splitlines()]
    assert units[0] == {"valid": False, "errors": [{
        "valid": False, "keywordLocation": "/$ref/type",
        "absoluteKeywordLocation": "#/$defs/a%20b/type",
        "instanceLocation": "", "error": 'fails "type"'}]}
    assert units[1] == {"valid": True}
    assert units[2]["errors"][0]["error"] == 'fails "json"'


@pytest.mark.parametrize("name", ["escape", "general", "type"])
def test_official_output(run, name):
    """The suite's tests of output: those of errors, for the command collects
    no annotations."""
    with open(f"{OUTPUT_TESTS}/content/{name}.json") as file:
        groups = json.load(file)
    for group in groups:
        for test in group["tests"]:
            if "errors" not in test["output"]["basic"]["required"]:
                continue
            _, out, error = run(
                {"s": group["schema"], "i": json.dumps(test["data"])},
                "--output=json", "s", "i")
            assert error == ""
            output = json.loads(out)
            expected = {"$schema":
                        "https://json-schema.org/draft/2020-12/schema",
                        **test["output"]["basic"]}
            code, out, error = run(
                {"s": expected, "i": output}, "--resolve=https://json-schema"
                f".org/draft/2020-12/output/schema={OUTPUT_TESTS}"
                "/output-schema.json", "s", "i")
            assert (code, error) == (0, ""), (output, out)


def test_nothing_for_the_terminal(run):
    """Control characters are printed as JSON escapes, values not at all."""
    files = {"s": {"additionalProperties": {"type": "null"}},
             "i": {"a\x1b[31m\n\x7f\u0000": "secret"}}
    code, out, error = run(files, "s", "i")
    assert (code, error) == (1, "")
    assert out == ("i: invalid: /a\\u001b[31m\\n\\u007f\ufffd: type"
                   " (/additionalProperties/type)\n")
    for option in ("--all", "--output=json"):
        assert "secret" not in run(files, option, "s", "i")[1]


def test_numbers(run):
    """What the schema does not look at may be any number."""
    job = ('{"id":"a","name":"b","maxConcurrentDials":1.0,"status":"INIT",'
           '"callAgentId":"c","createdAt":"2026-03-14T09:26:53Z","x":%s}')
    files = {"big": job % ("9" * 30), "real": job % "1e400",
             "long": job % ("9" * 5000)}
    assert run(files, JOB_SCHEMA, *files)[0] == 0


SLOW = {
    "backtracking": ({"pattern": "^(a+)+$"}, json.dumps("a" * 10000 + "b"),
                     "pattern (/pattern)"),
    "search": ({"pattern": "(x+x+)+y"}, json.dumps("x" * 10000),
               "pattern (/pattern)"),
    "brackets": (True, "[" * 10000 + "]" * 10000, "json"),
    "open brackets": (True, "[" * 10000, "json"),
    "unique": ({"uniqueItems": True}, json.dumps(list(range(100000))), None),
    "twins": ({"uniqueItems": True}, json.dumps([*range(100000), 0]),
              "uniqueItems (/uniqueItems)"),
    "strings": ({"uniqueItems": True},
                json.dumps([str(i) for i in range(100000)]), None),
    "exponent": ({"multipleOf": 3}, "1e999999999999",
                 "multipleOf (/multipleOf)"),
    "digits": ({"multipleOf": 1e-30}, "1." + "1" * 100000,
               "multipleOf (/multipleOf)"),
    "references": ({"items": {"allOf": [{"$ref": "#"}, {"$ref": "#"}]}},
                   "[" * 60 + "]" * 60, "limit"),
}


@pytest.mark.parametrize("name", SLOW)
def test_slow(run, name):
    """At once: 50 ms of processor time, beyond what a start takes; three
    times that when the machine is busy, which a stall exceeds by far."""
    schema, text, verdict = SLOW[name]
    files = {"s": schema, "i": text, "one": "1", "true": "true"}

    def used(*arguments):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        result = run(files, *arguments)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return (after.ru_utime + after.ru_stime
                - before.ru_utime - before.ru_stime), result

    start, _ = used("true", "one")
    taken, (code, out, error) = used("s", "i")
    assert error == ""
    if verdict is None:
        assert (code, out) == (0, "i: valid\n")
    else:
        assert code == 1 and verdict in out
    assert taken - start < 0.15


def test_circles(run):
    for schema in ({"$ref": "#"}, {"allOf": [{"$ref": "#"}]},
                   {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#"}}}):
        code, out, error = run({"s": schema}, "s")
        assert (code, out) == (2, "")
        assert "refers to itself for the same value" in error
