"""What answers, logs and Redis are expected to hold."""

import json
import re

from .wait import wait_until

TYPE = "urn:batch-dial:"

# The field of an entry in the hash of a job: ARCHITECTURE.md.
ENTRY = re.compile(rb"e:[0-9a-f]{64}")


def problem(answer, status, word):
    """The members of a problem+json of ours; violations too, if any."""
    assert answer.status == status, answer
    assert answer["content-type"] == "application/problem+json", answer
    assert answer["cache-control"] == "no-store", answer
    assert answer.complete
    told = json.loads(answer.body)
    assert told["type"] == TYPE + word, told
    assert told["status"] == status
    assert set(told) - {"violations"} == {"type", "title", "status", "detail"}
    assert told["title"] and told["detail"]
    return told


def violation(answer):
    """(instance, keyword, schema) of the one violation of a refused body."""
    told = problem(answer, 502, "invalid-upstream-response")
    one, = told["violations"]
    assert set(one) == {"instance", "keyword", "schema"}
    return one["instance"], one["keyword"], one["schema"]


def cache_status(answer):
    """Cache-Status as {parameter: value}, a bare parameter as True."""
    name, *parameters = answer["cache-status"].split("; ")
    assert name == "batch-dial"
    told = {}
    for parameter in parameters:
        word, equals, value = parameter.partition("=")
        assert word not in told, answer["cache-status"]
        told[word] = value if equals else True
    if "ttl" in told:
        told["ttl"] = int(told["ttl"])
    return told


def is_hit(answer):
    """Whether it came from the cache, fresh."""
    return "hit" in cache_status(answer)


def is_stored(answer):
    """Whether it came from upstream and went into the cache."""
    return "stored" in cache_status(answer)


def entries(redis_server):
    """How many entries Redis holds."""
    return sum(1 for _, key, value in redis_server.contents()
               if key.startswith(b"bd:") and isinstance(value, dict)
               for field in value if ENTRY.fullmatch(field))


def log_lines(path, number):
    """The lines of an access log, once there are that many, and no more."""
    def lines():
        return path.read_text().splitlines() if path.exists() else []

    wait_until(lambda: len(lines()) >= number,
               what=lambda: f"{number} lines: {lines()}")
    assert len(lines()) == number, lines()
    return lines()


def headers_of(request):
    """The header fields of a recorded request, by lower-case name."""
    fields = {}
    for name, value in request.headers:
        fields.setdefault(name.lower(), []).append(value)
    return fields
