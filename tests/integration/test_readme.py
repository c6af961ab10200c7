"""README.md against the sources: whatever it lists is all there is."""

import itertools
import re
import types

from lib import client, readme, sources


def directive(name):
    """A directive's section: its syntax, default and contexts, as written."""
    line, text = readme.section(name).split("\n", 1)
    said = dict(re.findall(r"\*\*(\w+)\*\* (.*?)(?: · |\\$)", line))
    return types.SimpleNamespace(prose=text, **said)


def documented():
    found = re.findall(r"(?m)^### (\w+)$",
                       readme.README.read_text(encoding="utf-8"))
    return {name: directive(name) for name in found}


def test_every_sample_has_its_runner():
    there = {(block.heading, block.language, block.command)
             for block in readme.samples()}
    assert there == set(readme.RUNNERS)


def test_samples_are_compared_line_by_line():
    assert readme.agree("a\n...\nd ... f\n", "a\nb\nc\nd e f\n")
    assert readme.agree("a\n  ...\n", "a\nb\nc")
    assert not readme.agree("a\nd ... f\n", "a\nd e\nf\n")
    assert not readme.agree("a\n", "a\nb\n")
    assert not readme.agree("a.\n", "ab\n")


def test_directives_are_those_of_the_table_in_its_order():
    assert list(documented()) == list(sources.directives())


def test_contexts_are_those_of_the_table():
    told = {name: said.context.split(", ")
            for name, said in documented().items()}
    assert told == {name: contexts for name, (contexts, _)
                    in sources.directives().items()}


def test_syntax_names_the_directive_and_its_arguments():
    for name, (_, arguments) in sources.directives().items():
        syntax = documented()[name].syntax
        match = re.fullmatch(rf"`{name}( .+)?;`", syntax)
        assert match and bool(match.group(1)) == arguments, syntax


def test_defaults_are_those_of_the_sources():
    told = {name: readme.coded(said.default)
            for name, said in documented().items()}
    assert ({name: words for name, words in told.items() if words}
            == {name: [word] for name, word in sources.defaults().items()})


def test_variables_are_those_of_the_table():
    told = {readme.coded(name)[0]: readme.coded(values)
            for name, values in readme.rows("Variables")}
    assert list(told) == list(sources.variables())
    for name, values in sources.variables().items():
        if values:
            assert [word for word in told[name]
                    if word != "off"] == values, name


def metrics():
    """{name: (type, {label: values})} of the table."""
    found = {}
    for name, kind, labels, _ in readme.rows("Metrics"):
        told = {}
        for label in filter(None, labels.split("; ")):
            word, *values = readme.coded(label)
            told[word] = values
        found[readme.coded(name)[0]] = (kind, told)
    return found


def test_counters_are_those_of_the_lists():
    assert ({name: labels for name, (kind, labels)
             in metrics().items() if kind == "counter"}
            == sources.counters())


def test_metrics_are_those_of_the_page(gateway):
    page = client.http(gateway().address, "GET", "/metrics").body.decode()

    types_told = dict(re.findall(r"# TYPE (\w+) (\w+)", page))
    assert types_told == {name: kind for name, (kind, _)
                          in metrics().items()}

    samples = {line.rpartition(" ")[0] for line in page.splitlines()
               if not line.startswith("#")}
    expected = set()
    for name, (_, labels) in metrics().items():
        for values in itertools.product(*labels.values()):
            pairs = ",".join(f'{label}="{value}"' for label, value
                             in zip(labels, values))
            expected.add(f"{name}{{{pairs}}}" if pairs else name)
    assert samples == expected


def test_problems_are_those_the_module_makes():
    told = {readme.coded(kind)[0].removeprefix("urn:batch-dial:"):
            int(status.split(",")[0])
            for kind, status, _ in readme.rows("Errors")}
    assert told == sources.problems()


def test_messages_are_those_of_the_sources():
    formats = [re.sub(r"%(?:\*)?[a-zA-Z]+", "…", text)
               for text in sources.log_formats()]
    told = [f"batch_dial: {message}" for row in readme.rows("Operations")
            for message in readme.coded(row[0])]
    assert len(told) > 8
    for message in told:
        assert message in formats, message


def test_headers_not_sent_upstream_are_told():
    dropped = sources.names(sources.glue("canonical.c"),
                            "ngx_http_batch_dial_dropped_headers")
    of_clients = dropped[:dropped.index("content-length")]
    told = [word.lower() for word in
            readme.coded(readme.section("How it works"))]
    for name in [*of_clients, "if-*"]:
        assert name in told, name


def test_links_lead_somewhere():
    text = readme.README.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)]+)\)", text):
        name, _, anchor = target.partition("#")
        path = readme.ROOT / name if name else readme.README
        assert path.exists(), target
        if anchor:
            headings = re.findall(r"(?m)^#+ (.*)$",
                                  path.read_text(encoding="utf-8"))
            anchors = [re.sub(r"[^\w -]", "", heading.lower())
                       .replace(" ", "-") for heading in headings]
            assert anchor in anchors, target
