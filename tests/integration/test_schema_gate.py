"""The schema gate: what is refused and how that is told, the modes, and
schemas of the operator's own."""

import json

import pytest

from lib.expect import cache_status, entries, is_hit, is_stored, violation
from lib.upstream import BOB, JOBS

READ = f"{JOBS}/job-active"


def verdict(node, name):
    return node.metrics()[f'batch_dial_schema_verdicts_total'
                          f'{{verdict="{name}"}}']


# What a member becomes, and the violation: instance, keyword, schema

INVALID = [
    (dict(patch={"status": "RUNNING"}),
     ("/status", "enum", "/properties/status/enum")),
    (dict(patch={"status": "active"}),
     ("/status", "enum", "/properties/status/enum")),
    (dict(patch={"name": None}), ("/name", "type", "/properties/name/type")),
    (dict(patch={"maxConcurrentDials": 5.5}),
     ("/maxConcurrentDials", "type", "/properties/maxConcurrentDials/type")),
    (dict(patch={"maxConcurrentDials": "5"}),
     ("/maxConcurrentDials", "type", "/properties/maxConcurrentDials/type")),
    (dict(patch={"createdAt": "yesterday"}),
     ("/createdAt", "format", "/properties/createdAt/format")),
    (dict(drop=["callAgentId"]), ("", "required", "/required")),
    (dict(patch={"fromPhoneNumberIds": ["a", 2]}),
     ("/fromPhoneNumberIds/1", "type",
      "/properties/fromPhoneNumberIds/items/type")),
    (dict(patch={"schedule": {"days": []}}),
     ("/schedule", "required", "/properties/schedule/required")),
    (dict(patch={"schedule": {"timezone": "UTC", "days": [
        {"dayOfWeek": 1, "timeSlots": []},
        {"dayOfWeek": "Monday", "timeSlots": []}]}}),
     ("/schedule/days/1/dayOfWeek", "type",
      "/properties/schedule/properties/days/items/properties/dayOfWeek"
      "/type")),
    (dict(json_body=[]), ("", "type", "/type")),
    (dict(body=b"null"), ("", "type", "/type")),
    (dict(body=b'"job-active"'), ("", "type", "/type")),
]


@pytest.mark.parametrize("bent, told", INVALID)
def test_invalid_bodies_are_refused(gateway, upstream, redis_server, bent,
                                    told):
    node = gateway()
    upstream.rule(job="job-active", **bent)
    answer = node.read("job-active")
    assert violation(answer) == told
    assert cache_status(answer)["fwd-status"] == "200"
    assert entries(redis_server) == 0
    assert verdict(node, "invalid") == 1
    line, = [line for line in node.log().splitlines() if "invalid" in line]
    assert "[error]" in line
    assert 'job "job-active"' in line
    assert f'"{told[0]}" breaks "{told[1]}" ({told[2]})' in line


def job_text(upstream, **members):
    return json.dumps({**upstream.job("job-active"), **members})


NO_JSON = {
    "html": lambda text: b"<html></html>",
    "empty": lambda text: b"",
    "space": lambda text: b" \n",
    "cut": lambda text: text.encode()[:-1],
    "trailing bytes": lambda text: text.encode() + b" x",
    "two documents": lambda text: text.encode() * 2,
    "bad utf-8": lambda text: text.replace("Campaign", "\xff").encode(
        "latin-1"),
    "lone surrogate": lambda text: text.replace(
        "Campaign", "\\ud800").encode(),
    "byte order mark": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "duplicate member": lambda text: text.replace(
        '"status"', '"name": "other", "status"').encode(),
    "duplicate by escape": lambda text: text.replace(
        '"status"', '"\\u0073tatus": "INIT", "status"').encode(),
    "duplicate further down": lambda text: text.replace(
        '"timezone"', '"x": [{"a": 1, "a": 2}], "timezone"').encode(),
    "too deep": lambda text: text.replace(
        '"timezone"', '"x": ' + "[" * 64 + "]" * 64 + ', "timezone"')
        .encode(),
    "single quotes": lambda text: text.replace('"', "'").encode(),
    "NaN": lambda text: text.replace(
        '"maxConcurrentDials": 5', '"maxConcurrentDials": NaN').encode(),
}


@pytest.mark.parametrize("fault", NO_JSON)
def test_bodies_that_are_no_json(gateway, upstream, redis_server, fault):
    node = gateway()
    text = job_text(upstream)
    body = NO_JSON[fault](text)
    assert body != text.encode()
    upstream.rule(job="job-active", body=body)
    assert violation(node.read("job-active")) == ("", "json", "")
    assert entries(redis_server) == 0


def test_depth_that_is_still_taken(gateway, upstream):
    node = gateway()
    text = job_text(upstream).replace(
        '"timezone"', '"x": ' + "[" * 60 + "]" * 60 + ', "timezone"')
    upstream.rule(job="job-active", body=text)
    answer = node.read("job-active")
    assert (answer.status, answer.body) == (200, text.encode())


@pytest.mark.parametrize("foreign", ["job-paused", "Job-active", "job-active ",
                                     "job-activ", "job-active2", ""])
def test_foreign_id_is_refused(gateway, upstream, redis_server, foreign):
    node = gateway()
    upstream.rule(job="job-active", patch={"id": foreign})
    assert violation(node.read("job-active"))[:2] == ("/id", "const")
    assert entries(redis_server) == 0


@pytest.mark.parametrize("content_type", [
    "text/html", "text/json", "application/jsonp", "application/problem+json",
    "application", "json"])
def test_wrong_content_type_is_refused(gateway, upstream, redis_server,
                                       content_type):
    node = gateway()
    upstream.rule(job="job-active", content_type=content_type)
    assert violation(node.read("job-active"))[:2] == ("", "contentMediaType")
    assert entries(redis_server) == 0


def test_missing_content_type_is_refused(gateway, upstream):
    node = gateway()
    upstream.rule(job="job-active", remove_headers=["Content-Type"])
    assert violation(node.read("job-active"))[:2] == ("", "contentMediaType")


def test_no_value_of_the_body_is_told(gateway, upstream):
    node = gateway()
    upstream.rule(job="job-active", patch={
        "status": "SECRET-status", "callAgentId": "SECRET-agent"})
    answer = node.read("job-active")
    assert b"SECRET" not in answer.body
    assert violation(answer)[0] == "/status"


OWN = {
    "components": {"schemas": {
        "BatchDialJob": {
            "type": "object", "required": ["id", "progress"],
            "properties": {
                "progress": {"$ref": "#/components/schemas/Percent"},
                "note": {"type": "string", "nullable": True},
            },
            "patternProperties": {
                "^x~/": {"type": "integer"}, "\\n": False},
        },
        "Percent": {"type": "number", "minimum": 0, "maximum": 100},
        "a/b~c": {"required": ["slashed"]},
    }},
}


def own_schema(gateway, fragment="#/components/schemas/BatchDialJob",
               extra=""):
    node = gateway(location_extra=f"batch_dial_schema %%DIR%%/openapi.json"
                                  f"{fragment}; {extra}", start=False)
    node.write("openapi.json", json.dumps(OWN))
    node.start()
    return node


PERCENT = ("/components/schemas/Percent")
OURS = ("/components/schemas/BatchDialJob")


@pytest.mark.parametrize("members, told", [
    ({}, ("", "required", f"{OURS}/required")),
    ({"progress": "1"}, ("/progress", "type", f"{PERCENT}/type")),
    ({"progress": 101}, ("/progress", "maximum", f"{PERCENT}/maximum")),
    ({"progress": -0.5}, ("/progress", "minimum", f"{PERCENT}/minimum")),
    ({"progress": 1, "note": 1},
     ("/note", "type", f"{OURS}/properties/note/type")),
    ({"progress": 1, "x~/": ""},
     ("/x~0~1", "type", f"{OURS}/patternProperties/^x~0~1/type")),
])
def test_schema_of_the_operator(gateway, upstream, members, told):
    node = own_schema(gateway)
    upstream.rule(job="job-active", json_body={"id": "job-active", **members})
    assert violation(node.read("job-active")) == told


def test_schema_of_the_operator_that_is_met(gateway, upstream, redis_server):
    node = own_schema(gateway)
    upstream.rule(job="job-active", patch={"progress": 100, "note": None})
    upstream.rule(job="job-paused", patch={"progress": 0, "status": "NEW"})
    assert is_stored(node.read("job-active"))
    assert is_hit(node.read("job-active"))
    # no TTL belongs to a status we do not know
    for _ in range(2):
        answer = node.read("job-paused")
        assert answer.status == 200 and not is_stored(answer)
    assert entries(redis_server) == 1


@pytest.mark.parametrize("fragment, word", [
    ("#/components/schemas/a~1b~0c", "required"), ("", None), ("#", None)])
def test_pointer_into_the_file(gateway, upstream, fragment, word):
    node = own_schema(gateway, fragment)
    answer = node.read("job-active")
    if word is None:                  # the document is no assertion at all
        assert is_stored(answer)
    else:
        assert violation(answer)[1] == word


@pytest.mark.allow_log(r'invalid body: "/a.{2}.n\[alert\]',
                       reason="a member's name, kept on its line")
def test_hostile_name_in_the_pointer(gateway, upstream):
    """A member's name is upstream's; in body and log it does no harm."""
    node = own_schema(gateway)
    upstream.rule(job="job-active", json_body={
        "id": "job-active", "progress": 1, 'a"\n[alert] \x1b': 1})
    instance, keyword, _ = violation(node.read("job-active"))
    assert instance == '/a"\n[alert] \x1b'
    line, = [line for line in node.log().splitlines() if "invalid" in line]
    assert '/a\\"\\n[alert] \\u001' in line


def test_each_location_has_its_schema(gateway, upstream):
    node = gateway(start=False, server_extra=f"""
        location ^~ {JOBS}/job-paused {{
            batch_dial on;
            batch_dial_schema %%DIR%%/openapi.json#{OURS};
            proxy_pass http://api;
        }}
    """)
    node.write("openapi.json", json.dumps(OWN))
    node.start()
    assert is_stored(node.read("job-active"))
    assert violation(node.read("job-paused"))[1] == "required"


# Modes

@pytest.mark.parametrize("bent", [
    dict(patch={"status": "RUNNING"}), dict(patch={"id": "job-other"}),
    dict(body=b"<html>\xff"), dict(content_type="text/html"),
    dict(body=b"")], ids=str)
def test_report_passes_and_tells(gateway, upstream, redis_server, bent):
    node = gateway(location_extra="batch_dial_schema_mode report;")
    upstream.rule(job="job-active", **bent)
    plain = node.request("GET", READ, key=BOB)
    for number in (2, 3):
        answer = node.read("job-active")
        assert (answer.status, answer.body) == (200, plain.body)
        assert answer["content-type"] == plain["content-type"]
        assert not is_stored(answer)
        assert answer["age"] is None
        assert verdict(node, "invalid") == number
        assert node.log().count("with an invalid body") == number
    assert upstream.calls("read") == 3
    assert entries(redis_server) == 0


def test_report_stores_what_is_valid(gateway, upstream):
    node = gateway(location_extra="batch_dial_schema_mode report;")
    assert is_stored(node.read("job-active"))
    assert is_hit(node.read("job-active"))
    assert verdict(node, "valid") == 1


def test_report_passes_all_headers_of_an_invalid_answer(gateway, upstream):
    node = gateway(location_extra="batch_dial_schema_mode report;")
    upstream.rule(job="job-active", patch={"status": "RUNNING"}, headers=[
        ["X-Own", "told"], ["Set-Cookie", "a=b"], ["ETag", '"v1"']])
    answer = node.read("job-active")
    assert (answer["x-own"], answer["set-cookie"]) == ("told", "a=b")
    assert answer["etag"] == '"v1"'


def test_off_judges_nothing(gateway, upstream, redis_server):
    node = gateway(location_extra="batch_dial_schema_mode off;")
    upstream.rule(job="job-active", drop=["name", "createdAt"])
    assert is_stored(node.read("job-active"))
    assert is_hit(node.read("job-active"))
    assert verdict(node, "skipped") == 1
    assert verdict(node, "valid") == verdict(node, "invalid") == 0


@pytest.mark.parametrize("bent", [
    dict(patch={"status": "RUNNING"}), dict(patch={"id": "job-other"}),
    dict(body=b"<html>\xff"), dict(content_type="text/html"),
    dict(json_body=["job-active"]), dict(drop=["status"])], ids=str)
def test_off_stores_nothing_it_cannot_place(gateway, upstream, redis_server,
                                            bent):
    node = gateway(location_extra="batch_dial_schema_mode off;")
    upstream.rule(job="job-active", **bent)
    for _ in range(2):
        answer = node.read("job-active")
        assert answer.status == 200 and not is_stored(answer)
    assert upstream.calls("read") == 2
    assert entries(redis_server) == 0
    assert "invalid" not in node.log()


def test_format_may_be_an_annotation(gateway, upstream):
    node = gateway(location_extra="batch_dial_schema_format annotate;")
    upstream.rule(job="job-active", patch={"createdAt": "yesterday"})
    assert is_stored(node.read("job-active"))


def test_modes_of_locations_differ(gateway, upstream):
    node = gateway(http_extra="batch_dial_schema_mode report;",
                   server_extra=f"""
        location ^~ {JOBS}/job-broken {{
            batch_dial on;
            batch_dial_schema_mode enforce;
            proxy_pass http://api;
        }}
    """)
    upstream.rule(job="job-active", patch={"status": "RUNNING"})
    assert node.read("job-active").status == 200
    assert violation(node.read("job-broken"))[0] == "/status"


def referring(gateway, resolve, start=True):
    """A schema that takes its status from another document."""
    node = gateway(location_extra=f"batch_dial_schema %%DIR%%/own.json; "
                                  f"{resolve}", start=False)
    node.write("own.json", json.dumps({
        "$id": "https://schemas.test/own.json",
        "properties": {"status": {"$ref": "parts/status.json#/$defs/any"}}}))
    (node.directory / "schemas" / "parts").mkdir(parents=True)
    node.write("schemas/parts/status.json", json.dumps({
        "$defs": {"any": {"enum": ["ACTIVE", "PAUSED"]}}}))
    if start:
        node.start()
    return node


@pytest.mark.parametrize("resolve", [
    "batch_dial_schema_resolve https://schemas.test/ %%DIR%%/schemas/;",
    # the first that has the file
    "batch_dial_schema_resolve https://schemas.test/ %%DIR%%/none/;"
    "batch_dial_schema_resolve https://schemas.test/p %%DIR%%/schemas/p;",
])
def test_references_of_a_schema_are_resolved(gateway, upstream, resolve):
    node = referring(gateway, resolve)
    assert node.read("job-paused").status == 200
    assert violation(node.read("job-complete")) == (
        "/status", "enum", "/$defs/any/enum")


@pytest.mark.parametrize("resolve", [
    "",
    "batch_dial_schema_resolve https://other.test/ %%DIR%%/schemas/;",
    "batch_dial_schema_resolve https://schemas.test/ %%DIR%%/none/;",
])
def test_references_that_lead_nowhere_are_refused(gateway, resolve):
    code, said = referring(gateway, resolve, start=False).test()
    assert code == 1
    assert "[emerg]" in said and "parts/status.json" in said
