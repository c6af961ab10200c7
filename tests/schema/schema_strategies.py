"""Bodies like a job's and schemas like the built-in one, for Hypothesis.

Only what the oracles decide as the specification does is generated: no
fraction that binary cannot hold for multipleOf, no date-time that is a matter
of taste, no pattern that Python and ECMA-262 read in two ways.
"""

import copy
import json

from hypothesis import strategies as st

from schema_harness import TOP

SCHEMA = json.loads((TOP / "schema" / "batch_dial_job.json").read_text())
STATUSES = SCHEMA["properties"]["status"]["enum"]
DATES = ["2026-03-14T09:26:53.589Z", "1999-12-31T23:59:59+05:30"]
NO_DATES = ["yesterday", "2026-03-14", "2026-13-01T00:00:00Z", ""]
NAMES = sorted(SCHEMA["properties"]) + ["days", "timezone", "extra", "ex-1"]

JOB = {
    "id": "j-1", "name": "Spring", "maxConcurrentDials": 3,
    "status": "ACTIVE", "callAgentId": "agent", "createdAt": DATES[0],
}

numbers = st.one_of(
    st.integers(-4, 12), st.sampled_from([1.0, 2.5, -0.5, 4.0, 1e3, 2**53]))
texts = st.one_of(
    st.sampled_from(["", "a", "j-1", "ACTIVE", "Ünï", "😀😀", "09:00",
                     "ex-1", *DATES, *NO_DATES]),
    st.text("ab1-é漢😀 ", max_size=6))
scalars = st.one_of(st.none(), st.booleans(), numbers, texts)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.sampled_from(NAMES), inner, max_size=3)),
    max_leaves=8)

slots = st.fixed_dictionaries(
    {"startTime": texts, "endTime": texts}, optional={"extra": values})
days = st.fixed_dictionaries(
    {"dayOfWeek": numbers, "timeSlots": st.lists(slots, max_size=2)})
schedules = st.one_of(
    st.none(),
    st.fixed_dictionaries({"days": st.lists(days, max_size=2),
                           "timezone": texts}))


@st.composite
def bodies(draw):
    """A job, most often, with some members changed, dropped or added."""
    if draw(st.integers(0, 9)) == 0:
        return draw(values)
    body = dict(JOB)
    body["status"] = draw(st.sampled_from(STATUSES + ["active"]))
    body["createdAt"] = draw(st.sampled_from(DATES * 3 + NO_DATES))
    if draw(st.booleans()):
        body["schedule"] = draw(schedules)
    if draw(st.booleans()):
        body["fromPhoneNumberIds"] = draw(
            st.one_of(st.none(), st.lists(texts, max_size=4)))
    for name in draw(st.lists(st.sampled_from(NAMES), max_size=2)):
        if draw(st.booleans()):
            body[name] = draw(values)
        else:
            body.pop(name, None)
    return body


@st.composite
def subschemas(draw, depth=0):
    """A schema with a few keywords of every kind."""
    schema = {}
    counts = st.integers(0, 3)
    deeper = subschemas(depth + 1) if depth < 2 else st.sampled_from(
        [True, False, {"type": "string"}, {"minimum": 2}])
    kinds = {
        "type": st.one_of(
            st.sampled_from(["string", "integer", "number", "object",
                             "array", "null", "boolean"]),
            st.just(["string", "null"]), st.just(["integer", "array"])),
        "enum": st.lists(values, min_size=1, max_size=4,
                         unique_by=lambda v: json.dumps(v, sort_keys=True)),
        "const": values,
        "minimum": numbers, "maximum": numbers,
        "exclusiveMinimum": numbers, "exclusiveMaximum": numbers,
        "multipleOf": st.sampled_from([1, 2, 3, 0.5, 0.25]),
        "minLength": counts, "maxLength": counts,
        "pattern": st.sampled_from(["^[a-z]", "1$", "^.{2}$", "a|b", "-"]),
        "format": st.just("date-time"),
        "minItems": counts, "maxItems": counts,
        "uniqueItems": st.booleans(),
        "items": deeper, "prefixItems": st.lists(deeper, min_size=1,
                                                 max_size=2),
        "contains": deeper, "unevaluatedItems": deeper,
        "minProperties": counts, "maxProperties": counts,
        "required": st.lists(st.sampled_from(NAMES), max_size=2, unique=True),
        "properties": st.dictionaries(st.sampled_from(NAMES), deeper,
                                      max_size=3),
        "patternProperties": st.dictionaries(
            st.sampled_from(["^ex", "s$", "d"]), deeper, max_size=2),
        "additionalProperties": deeper, "unevaluatedProperties": deeper,
        "propertyNames": deeper,
        "dependentRequired": st.dictionaries(
            st.sampled_from(NAMES),
            st.lists(st.sampled_from(NAMES), max_size=2, unique=True),
            max_size=2),
        "dependentSchemas": st.dictionaries(st.sampled_from(NAMES), deeper,
                                            max_size=2),
        "allOf": st.lists(deeper, min_size=1, max_size=2),
        "anyOf": st.lists(deeper, min_size=1, max_size=3),
        "oneOf": st.lists(deeper, min_size=1, max_size=3),
        "not": deeper, "if": deeper, "then": deeper, "else": deeper,
    }
    for keyword in draw(st.lists(st.sampled_from(sorted(kinds)), max_size=3,
                                 unique=True)):
        schema[keyword] = draw(kinds[keyword])
    if "contains" in schema and draw(st.booleans()):
        schema["minContains"] = draw(counts)
        schema["maxContains"] = draw(counts)
    return schema


def places(schema, path=()):
    """The paths of all subschemas of the built-in schema."""
    yield path
    for name, below in schema.get("properties", {}).items():
        yield from places(below, (*path, "properties", name))
    if "items" in schema:
        yield from places(schema["items"], (*path, "items"))


@st.composite
def mutations(draw):
    """The built-in schema, changed at one to three places."""
    schema = copy.deepcopy(SCHEMA)
    del schema["$id"]
    for path in draw(st.lists(st.sampled_from(list(places(schema))),
                              min_size=1, max_size=3, unique=True)):
        target = schema
        for step in path:
            target = target.get(step) if isinstance(target, dict) else None
        if not isinstance(target, dict):
            continue
        for keyword in draw(st.lists(st.sampled_from(sorted(target)),
                                     max_size=2, unique=True)):
            if keyword != "$schema":
                del target[keyword]
        change = draw(subschemas())
        if draw(st.booleans()):
            target.update(change)
        else:
            schema.setdefault("$defs", {})["extra"] = change
            target["$ref"] = "#/$defs/extra"
    return schema
