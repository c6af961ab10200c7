"""Upstream asks to be left alone, by 429 or 503 with Retry-After: until then
none of that credential's reads goes there, from any node."""

import time
from email.utils import formatdate

import pytest

from lib.fresh import (JOB, SLACK, TOLD, detail, is_stale, pass_until, put,
                       start, ttl, wait_answer)
from lib.upstream import ALICE, BOB, JOBS
from lib.wait import wait_until

HELD = 'batch_dial_hold_offs_total{source="upstream"}'


def asked(upstream, key=ALICE):
    """The reads of a credential that upstream has seen, in order."""
    return [request for request in upstream.requests("read")
            if request.key == key]


def hold_off(gateway, upstream, status=429, **rule):
    """Two nodes of which the first was told, and when it was."""
    nodes = [start(gateway), start(gateway)]
    upstream.rule(job=JOB, key=ALICE, status=status, body="not now",
                  times=1, **rule)
    answer = nodes[0].read(JOB)
    assert (answer.status, answer.body) == (status, b"not now")
    told = time.monotonic()
    pass_until(told + TOLD)
    return nodes, told


def recovers(nodes, upstream):
    """Waits until the first of the nodes reads again; for how many seconds
    after the answer upstream was left alone."""
    calls = len(asked(upstream))
    wait_answer(lambda: nodes[0].read(JOB),
                lambda answer: answer.status == 200, timeout=6)
    last, first = asked(upstream)[calls - 1:calls + 1]
    return first.time - last.ended


@pytest.mark.parametrize("status", [429, 503])
def test_nothing_of_the_credential_goes_upstream(gateway, upstream, status):
    nodes, told = hold_off(gateway, upstream, status=status, retry_after=1)
    answers = [node.read(job) for node in nodes
               for job in (JOB, "job-init", "job-none", JOB)]
    if time.monotonic() < told + 0.9:
        for answer in answers:
            assert (answer.status, answer.body) == (status, b"not now")
            assert answer["retry-after"] == "1"
        assert len(asked(upstream)) == 1
    assert 0.9 <= recovers(nodes, upstream) <= 1.0 + 1.0 + SLACK
    for node in nodes:
        assert node.read("job-init").status == 200
    assert nodes[0].metrics()[HELD] == 1


def test_other_credentials_are_not_concerned(gateway, upstream):
    nodes, _ = hold_off(gateway, upstream, retry_after=30)
    for node in nodes:
        for job in (JOB, "job-init"):
            assert node.read(job, BOB).status == 200
            assert node.read(job, ALICE).status == 429


@pytest.mark.parametrize("value", [None, "soon", "-5"])
def test_429_that_names_no_time(gateway, upstream, value):
    """Two seconds, then."""
    rule = {} if value is None else {"retry_after": value}
    nodes, told = hold_off(gateway, upstream, **rule)
    again = nodes[1].read("job-init")
    if time.monotonic() < told + 1.8:
        assert again.status == 429
        assert again["retry-after"] in ("1", "2")
    assert 1.9 <= recovers(nodes, upstream) <= 2.0 + SLACK


def test_retry_after_as_a_date(gateway, upstream):
    nodes, told = hold_off(gateway, upstream, status=503,
                           retry_after=formatdate(time.time() + 3,
                                                  usegmt=True))
    again = nodes[1].read("job-init")
    if time.monotonic() < told + 1.5:
        assert again.status == 503
        assert 1 <= int(again["retry-after"]) <= 3
    # a date has whole seconds
    assert 1.5 <= recovers(nodes, upstream) <= 3.0 + 1.0 + SLACK


def test_a_date_that_has_passed_holds_nobody_off(gateway, upstream):
    nodes, _ = hold_off(gateway, upstream, status=503,
                        retry_after="Thu, 01 Jan 1970 00:00:01 GMT")
    assert nodes[0].read("job-init").status == 200
    assert nodes[1].read("job-init").status == 200


def test_503_without_a_time_holds_nobody_off(gateway, upstream):
    nodes, _ = hold_off(gateway, upstream, status=503)
    for node in nodes:
        assert node.read("job-init").status == 200


@pytest.mark.parametrize("value", ["3600", "9999999999",
                                   "Fri, 01 Jan 2100 00:00:00 GMT"])
def test_no_longer_than_a_minute(gateway, upstream, value):
    nodes, _ = hold_off(gateway, upstream, retry_after=value)
    for node in nodes:
        again = node.read("job-init")
        assert again.status == 429
        assert 50 <= int(again["retry-after"]) <= 60


def test_hits_and_stale_copies_are_served(gateway, upstream):
    node = start(gateway, ttl("1h", INIT="200ms"))
    for job in ("job-complete", "job-init"):
        node.read(job)
    upstream.rule(job=JOB, status=429, retry_after=30)
    assert node.read(JOB).status == 429
    calls = len(asked(upstream))
    stale = wait_answer(lambda: node.read("job-init"), is_stale)
    assert stale["x-cache"] == "STALE"
    assert detail(node.read("job-complete")) == "memory"
    assert node.read("job-cancelled").status == 429
    # while job-init was fresh nobody was to ask, and then nobody might
    assert len(asked(upstream)) == calls


def test_writes_and_lists_go_upstream_all_the_same(gateway, upstream):
    nodes, _ = hold_off(gateway, upstream, retry_after=30)
    assert put(nodes[0], "new", "job-init").status == 200
    assert nodes[1].request("GET", JOBS).status == 200
    assert nodes[1].read("job-complete").status == 429


def test_a_429_to_a_write_holds_no_read_off(gateway, upstream):
    node = start(gateway)
    upstream.rule(method="PUT", status=429, retry_after=30)
    assert put(node, "new").status == 429
    assert node.read(JOB).status == 200
    assert node.read("job-init").status == 200


def test_a_node_alone(gateway, upstream):
    node = start(gateway, redis=None, workers=2)
    upstream.rule(job=JOB, status=429, retry_after=1, times=1)
    assert node.read(JOB).status == 429
    assert node.read("job-init").status == 429
    assert 0.9 <= recovers([node], upstream) <= 2.0 + SLACK


def test_a_node_that_starts_later(gateway, upstream):
    hold_off(gateway, upstream, retry_after=30)
    late = start(gateway)
    assert late.read("job-init").status == 429
    assert late.read("job-init", BOB).status == 200
    assert len(asked(upstream)) == 1


def test_a_client_that_polls_through_it(gateway, upstream):
    """Upstream sees one call before and one after."""
    nodes, _ = hold_off(gateway, upstream, retry_after=1)
    polls = 0

    def poll():
        nonlocal polls
        polls += 1
        return nodes[polls % 2].read(JOB).status == 200

    wait_until(poll, timeout=4)
    assert polls > 5
    assert len(asked(upstream)) == 2
