"""A credential is served from the cache only while upstream is known to
accept it: reauth, renewal, rejection, and what an outage makes of them."""

import json
import time

import pytest

from lib.client import parallel
from lib.fresh import (JOB, LONG, SLACK, detail, is_fresh, is_stale,
                       last_served, name_of, pass_until, reads, soon, start,
                       ttl, wait_answer, wait_stored)
from lib.gateway import bearer
from lib.held_redis import silent
from lib.upstream import ALICE, BOB, JOBS
from lib.wait import wait_until

ACCEPTED = 'batch_dial_liveness_renewals_total{result="accepted"}'
REJECTED = 'batch_dial_liveness_renewals_total{result="rejected"}'


def reauth(seconds):
    return LONG + f"batch_dial_reauth {seconds * 1000:.0f}ms;"


def list_jobs(node, key=ALICE):
    return node.request("GET", JOBS, key)


# renewal

@pytest.mark.parametrize("redis", ["unix:%%REDIS_SOCK%%", None],
                         ids=["redis", "alone"])
def test_upstream_is_asked_once_in_reauth(gateway, upstream, redis):
    node = start(gateway, reauth(0.5), redis=redis)
    node.read(JOB)
    wait_until(lambda: node.read(JOB).status == 200
               and upstream.calls(job=JOB) == 3)
    times = [request.time for request in reads(upstream)]
    for one, next_one in zip(times, times[1:]):
        assert 0.45 <= next_one - one <= 0.5 + SLACK
    assert is_fresh(node.read(JOB))
    assert node.metrics()[ACCEPTED] >= 2


def test_not_served_before_upstream_has_accepted_again(gateway, upstream):
    """The entry is fresh and there, and its reader waits all the same."""
    node = start(gateway, reauth(0.3))
    node.read(JOB)
    upstream.rule(kind="read", hold={"before_headers": "gate"})
    pass_until(time.monotonic() + 0.3)
    with node.connect() as connection:
        connection.send("GET", f"{JOBS}/{JOB}", bearer())
        upstream.wait_waiting("gate")
        assert silent(connection)
        upstream.release("gate")
        assert connection.receive().status == 200


def test_one_renewal_for_many_jobs(gateway, upstream):
    """On two nodes, for whoever asks."""
    nodes = [start(gateway, reauth(1.0), workers=2) for _ in range(2)]
    jobs = [f"job-done-{number}" for number in range(10)]
    for job in jobs:
        upstream.put_job(job, status="COMPLETE")
        for node in nodes:
            assert node.read(job).status == 200
    pass_until(time.monotonic() + 1.0)
    upstream.reset("counts")
    begun = time.monotonic()
    answers = parallel([lambda node=node, job=job: node.read(job)
                        for node in nodes for job in jobs])
    assert {answer.status for answer in answers} == {200}
    for answer, job in zip(answers, jobs * 2):
        assert json.loads(answer.body)["id"] == job
    assert 1 <= upstream.calls() <= 1 + (time.monotonic() - begun) / 1.0


@pytest.mark.parametrize("number", [1, 2], ids=["host", "fleet"])
def test_other_reads_wait_for_the_renewal(gateway, upstream, number,
                                          redis_server):
    nodes = [start(gateway, reauth(0.4)) for _ in range(number)]
    for job in (JOB, "job-init"):
        nodes[0].read(job)
        wait_stored(redis_server, job)
    upstream.rule(kind="read", hold={"before_headers": "gate"})
    pass_until(time.monotonic() + 0.4)
    upstream.reset("counts")
    with nodes[0].connect() as one, nodes[-1].connect() as other:
        one.send("GET", f"{JOBS}/{JOB}", bearer())
        upstream.wait_waiting("gate")
        other.send("GET", f"{JOBS}/job-init", bearer())
        assert silent(other)
        assert upstream.calls("read") == 1
        upstream.release("gate")
        for connection, job in ((one, JOB), (other, "job-init")):
            answer = connection.receive()
            assert json.loads(answer.body)["id"] == job
    assert upstream.calls("read") == 1


def test_a_rejection_is_the_outcome_for_all_who_wait(gateway, upstream):
    node = start(gateway, reauth(0.4))
    for job in (JOB, "job-init", "job-complete"):
        node.read(job)
    upstream.rule(kind="read", hold={"before_headers": "gate"})
    pass_until(time.monotonic() + 0.4)
    upstream.revoke(ALICE)
    upstream.reset("counts")
    with node.connect() as one, node.connect() as two:
        one.send("GET", f"{JOBS}/{JOB}", bearer())
        upstream.wait_waiting("gate")
        two.send("GET", f"{JOBS}/job-init", bearer())
        assert silent(two)
        upstream.release("gate")
        assert (one.receive().status, two.receive().status) == (401, 401)
    assert node.read("job-complete").status == 401
    assert upstream.calls("read") == 1
    assert node.metrics()[REJECTED] >= 1


def test_anothers_renewal_does_not_help(gateway, upstream):
    node = start(gateway, reauth(0.4))
    for key in (ALICE, BOB):
        node.read(JOB, key)
    upstream.revoke(BOB)
    pass_until(time.monotonic() + 0.4)
    assert node.read(JOB, ALICE).status == 200
    assert node.read(JOB, BOB).status == 401
    assert node.read(JOB, ALICE).status == 200


def test_any_2xx_counts_through_any_node(gateway, upstream):
    """Lists, writes and creations renew; who does nothing goes upstream."""
    nodes = [start(gateway, reauth(2.0)) for _ in range(2)]
    acts = {
        "list": lambda key: list_jobs(nodes[1], key),
        "dials": lambda key: nodes[1].request(
            "GET", f"{JOBS}/job-init/dials", key),
        "write": lambda key: nodes[1].request(
            "PUT", f"{JOBS}/job-paused", key, body=b"{}"),
        "create": lambda key: nodes[1].request(
            "POST", JOBS, key, body=b'{"name": "n", "callAgentId": "a"}'),
        "read": lambda key: nodes[1].read("job-init", key),
        "nothing": lambda key: None}
    keys = {act: f"tok-{act}-SECRET" for act in acts}
    for key in keys.values():
        upstream.add_key(key, "north")
        nodes[0].read("job-complete", key)
    begun = time.monotonic()
    pass_until(begun + 1.0)
    for act, key in keys.items():
        answer = acts[act](key)
        assert answer is None or answer.status == 200, act
    pass_until(begun + 2.1)
    for key in keys.values():
        assert nodes[0].read("job-complete", key).status == 200
    asked = [request.key for request in reads(upstream, "job-complete")]
    assert {act: asked.count(key) for act, key in keys.items()} \
        == {**dict.fromkeys(acts, 1), "nothing": 2}


def test_acceptance_is_told_to_a_node_that_starts(gateway, upstream,
                                                  redis_server):
    first = start(gateway)
    first.read(JOB)
    wait_stored(redis_server)
    second = start(gateway)
    assert detail(second.read(JOB)) == "redis"
    assert upstream.calls("read") == 1


def test_refusals_do_not_count(gateway, upstream):
    node = start(gateway, reauth(0.5))
    node.read(JOB)
    begun = time.monotonic()
    while time.monotonic() < begun + 0.6:
        node.request("PUT", f"{JOBS}/job-init", body=b"no JSON")
        node.request("GET", f"{JOBS}/job-none/dials")
    calls = upstream.calls(job=JOB)
    assert node.read(JOB).status == 200
    assert upstream.calls(job=JOB) == calls + 1


# rejection

def filled(gateway, upstream, extra=""):
    """Two nodes that have two jobs for two credentials in memory."""
    nodes = [start(gateway, LONG + extra) for _ in range(2)]
    for node in nodes:
        for job in (JOB, "job-complete"):
            for key in (ALICE, BOB):
                wait_until(lambda: detail(node.read(job, key)) == "memory")
    upstream.reset("counts")
    return nodes


REJECT = {
    "list": lambda node: list_jobs(node),
    "write": lambda node: node.request("PUT", f"{JOBS}/job-init", body=b"{}"),
    "read": lambda node: node.read("job-init"),
}


@pytest.mark.parametrize("provoke", REJECT.values(), ids=REJECT.keys())
def test_a_401_ends_it_everywhere(gateway, upstream, provoke):
    nodes = filled(gateway, upstream)
    upstream.revoke(ALICE)
    assert provoke(nodes[0]).status == 401
    assert nodes[0].read(JOB).status == 401
    soon(lambda: nodes[1].read("job-complete").status == 401)
    for node in nodes:
        for job in (JOB, "job-complete"):
            assert node.read(job).status == 401
            assert detail(node.read(job, BOB)) == "memory"


def test_not_even_stale_after_a_401(gateway, upstream):
    """With nothing remembered, upstream down, and entries still fresh."""
    nodes = filled(gateway, upstream, "batch_dial_error_ttl 401=0;")
    upstream.revoke(ALICE)
    assert list_jobs(nodes[0]).status == 401
    upstream.refuse()
    for node in nodes:
        soon(lambda: node.read(JOB).status == 502)
        for job in (JOB, "job-complete"):
            assert node.read(job).status == 502
            assert node.read(job, BOB).status == 200


def test_nor_on_a_node_that_starts_later(gateway, upstream):
    first = filled(gateway, upstream, "batch_dial_error_ttl 401=0;")[0]
    upstream.revoke(ALICE)
    assert list_jobs(first).status == 401
    upstream.refuse()
    assert start(gateway).read(JOB).status == 502


def test_served_again_once_accepted(gateway, upstream):
    nodes = filled(gateway, upstream)
    upstream.revoke(ALICE)
    assert list_jobs(nodes[0]).status == 401
    soon(lambda: nodes[1].read(JOB).status == 401)
    upstream.restore(ALICE)
    upstream.reset("counts")
    assert list_jobs(nodes[0]).status == 200
    assert is_fresh(nodes[0].read(JOB))
    soon(lambda: is_fresh(nodes[1].read(JOB)))
    assert upstream.calls("read") == 0


def test_a_read_tries_again_once_the_401_is_forgotten(gateway, upstream):
    node = start(gateway, LONG + "batch_dial_error_ttl 401=200ms;")
    node.read(JOB)
    upstream.revoke(ALICE)
    assert list_jobs(node).status == 401
    upstream.restore(ALICE)
    wait_answer(lambda: node.read(JOB), lambda answer: answer.status == 200)
    assert is_fresh(node.read(JOB))


# outage

OUTAGES = {
    "refused": (lambda upstream: upstream.refuse(), 502),
    "500": (lambda upstream: upstream.rule(status=500), 500),
    "429": (lambda upstream: upstream.rule(status=429), 429),
}


@pytest.mark.parametrize("outage, status", OUTAGES.values(),
                         ids=OUTAGES.keys())
def test_longer_while_upstream_cannot_be_asked(gateway, upstream, outage,
                                               status):
    """reauth + stale_if_error; the entry is fresh all the time."""
    node = start(gateway, reauth(0.3) + "batch_dial_stale_if_error 500ms;")
    begun = time.monotonic()
    first = node.read(JOB)
    outage(upstream)
    assert node.read(JOB).body == first.body
    last, answer = last_served(lambda: node.read(JOB), 3.0)
    assert answer.status == status
    assert 0.5 <= last - begun <= 0.8 + SLACK


def test_accepted_at_once_when_the_outage_is_over(gateway, upstream):
    node = start(gateway, reauth(0.3))
    node.read(JOB)
    upstream.refuse()
    pass_until(time.monotonic() + 0.4)
    assert node.read(JOB).status == 200
    upstream.patch_job("job-init", name="new")
    upstream.accept()
    wait_answer(lambda: node.read("job-init"),
                lambda answer: answer.status == 200)
    assert name_of(node.read("job-init")) == "new"
    assert node.read(JOB).status == 200


# what concerns one entry

@pytest.mark.parametrize("status", [403, 404, 410])
def test_one_entry_is_dropped(gateway, upstream, status, redis_server):
    """For the one credential, on both nodes; nothing else is."""
    extra = f"batch_dial_error_ttl {status}=0;"
    nodes = [start(gateway, ttl("1h", PAUSED="300ms") + extra)
             for _ in range(2)]
    for job in (JOB, "job-complete"):
        for key in (ALICE, BOB):
            nodes[0].read(job, key)
            wait_stored(redis_server, job, key)
            nodes[1].read(job, key)
    upstream.rule(job=JOB, key=ALICE, status=status)
    wait_answer(lambda: nodes[0].read(JOB),
                lambda answer: answer.status == status)
    upstream.refuse()
    for node in nodes:
        soon(lambda: node.read(JOB).status == 502)
        assert node.read(JOB).status == 502
        assert is_fresh(node.read("job-complete"))
        wait_answer(lambda: node.read(JOB, BOB), is_stale)


def test_a_renewal_that_meets_a_404(gateway, upstream):
    """It says nothing of the credential, and everything of the job."""
    node = start(gateway, reauth(0.4))
    for job in (JOB, "job-complete"):
        node.read(job)
    upstream.delete_job(JOB)
    pass_until(time.monotonic() + 0.4)
    assert node.read(JOB).status == 404
    assert node.read("job-complete").status == 200
    assert node.read(JOB).status == 404
    assert upstream.calls(job=JOB) == 2
    assert upstream.calls(job="job-complete") == 2
