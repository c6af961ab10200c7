"""The official JSON Schema Test Suite, as Debian's
libtest-json-schema-acceptance-perl carries it.

Required tests run with format as an annotation, optional/format with format
as an assertion.  Remote documents come through --resolve alone.
"""

from pathlib import Path

import pytest

from schema_harness import Unusable, dump, load, verdicts

SUITE = Path("/usr/share/perl5/auto/share/dist/Test-JSON-Schema-Acceptance")
DRAFTS = {
    "draft2020-12": "https://json-schema.org/draft/2020-12/schema",
    "draft2019-09": "https://json-schema.org/draft/2019-09/schema",
    "draft7": "http://json-schema.org/draft-07/schema#",
}

# What is left out, and why: file: (groups, reason).
LEFT_OUT = {
    "draft7/optional/content.json": (
        ["validation of string-encoded content based on media type",
         "validation of binary string-encoding",
         "validation of binary-encoded media type documents"],
        "content is an annotation here, as since 2019-09 it must be"),
}

# These ask for formats as assertions.
ASSERTED = ("optional/format/", "optional/ecmascript-regex.json")


def suite_files():
    for draft in DRAFTS:
        folder = SUITE / "tests" / draft
        for path in sorted(folder.rglob("*.json")):
            yield draft, str(path.relative_to(folder))


def with_dialect(schema, draft):
    """Says which draft a schema of the suite is of, as its folder does."""
    if isinstance(schema, dict) and "$schema" not in schema:
        return {"$schema": DRAFTS[draft], **schema}
    return schema


@pytest.mark.parametrize("draft,name", list(suite_files()))
def test_suite(draft, name, tmp_path, count):
    path = SUITE / "tests" / draft / name
    asserted = name.startswith(ASSERTED)
    options = [f"--format={'assert' if asserted else 'annotate'}",
               f"--resolve=http://localhost:1234/={SUITE}/remotes/"]
    passed = total = 0
    wrong = []
    left_out, reason = LEFT_OUT.get(f"{draft}/{name}", ([], ""))
    note = f"left out: {', '.join(left_out)}: {reason}" if left_out else ""
    for group in load(path):
        schema = dump(with_dialect(group["schema"], draft))
        tests = group["tests"]
        if group["description"] in left_out:
            continue
        total += len(tests)
        try:
            found = verdicts(tmp_path, schema,
                             [dump(test["data"]) for test in tests], *options)
        except Unusable as error:
            wrong.append(f"{group['description']}: {error}")
            continue
        for test, valid in zip(tests, found):
            if valid == test["valid"]:
                passed += 1
            else:
                wrong.append(f"{group['description']}: "
                             f"{test['description']}: {valid}")
    count(f"{draft}/{name}", passed, total, note)
    assert not wrong, "\n".join(wrong)
