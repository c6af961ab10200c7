"""Upstream is down for a minute under many pollers, in both of the ways in
which it can be: it fails, and it is not there."""

import collections

import pytest
from crowd import get, poll
from lib.upstream import ALICE, BOB, JOBS
from lib.wait import wait_until

POLLERS = 200
INTERVAL = 0.5
SECONDS = 30                          # of each way
ATTEMPTS = 2.0                        # per second and key, fewer than that
STATUSES = ("INIT", "ACTIVE", "PAUSED", "COMPLETE", "CANCELLED")


@pytest.fixture
def fleet(gateway, upstream):
    """Two nodes that have had every job for both keys."""
    nodes = [gateway(workers=2), gateway(workers=2)]
    for job in jobs():
        upstream.put_job(job, status=STATUSES[int(job[-1]) % len(STATUSES)])
        for node in nodes:
            for key in (ALICE, BOB):
                assert node.read(job, key).status == 200
    upstream.reset("counts")
    return nodes


def jobs():
    return [f"job-{n}" for n in range(10)]


def pairs():
    """Who polls what: each pair by several, on both nodes."""
    every = [(job, key) for job in jobs() for key in (ALICE, BOB)]
    return [every[n // 2 % len(every)] for n in range(POLLERS)]


def poll_all(fleet):
    answers = poll([node.address for node in fleet],
                   [get(job, key) for job, key in pairs()], SECONDS, INTERVAL)
    assert len(answers) >= POLLERS * SECONDS / INTERVAL * 0.5
    assert collections.Counter(
        answer.status for _, _, answer in answers).keys() == {200}
    return answers


def recovers(fleet, upstream):
    """Fresh answers come back once upstream does."""
    upstream.patch_job("job-1", name="after the outage")
    wait_until(lambda: all(b"after the outage" in node.read("job-1").body
                           for node in fleet), timeout=10.0)


def test_upstream_fails(fleet, upstream):
    rule = upstream.rule(status=500)
    answers = poll_all(fleet)
    assert any("detail=stale" in answer.head for _, _, answer in answers)
    attempts = collections.Counter(
        (request.key, request.target) for request in upstream.requests("read")
        if request.status == 500)
    assert attempts
    assert all(target.startswith(JOBS) for _, target in attempts)
    assert max(attempts.values()) < ATTEMPTS * SECONDS, attempts
    upstream.drop_rule(rule)
    recovers(fleet, upstream)


def test_upstream_is_not_there(fleet, upstream):
    upstream.refuse()
    answers = poll_all(fleet)
    assert any("detail=stale" in answer.head for _, _, answer in answers)
    upstream.accept()
    recovers(fleet, upstream)
