"""One fetch for all who ask for a (credential, job): on one worker, on two,
on two nodes; and what becomes of those who wait when it goes wrong."""

import os
import signal
import time

import pytest

from lib.client import NoAnswer
from lib.expect import cache_status, problem
from lib.fresh import (BACKOFF, JOB, LONG, PATH, SHORT, SLACK, answers_of,
                       ask, detail, is_fresh, is_stale, pass_until, reads,
                       said, settle, soon, start)
from lib.gateway import bearer
from lib.sockets import clients_of, worker_asking
from lib.upstream import ALICE, BOB
from lib.wait import wait_until

REPLACED = 3.5                        # seconds until a dead leader is

ONE_TRY = "proxy_next_upstream off;"
FLIGHTS = "batch_dial_flights"


def hold(upstream, **rule):
    """Reads of the job wait at the gate."""
    return upstream.rule(job=JOB, hold={"before_headers": "gate"}, **rule)


def same(answers):
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    assert len({answer["etag"] for answer in answers}) == 1


def led(nodes, upstream):
    """The connection of a client on the first node whose fetch waits."""
    leader = nodes[0].connect()
    leader.send("GET", PATH, bearer())
    upstream.wait_waiting("gate")
    return leader


FLEETS = pytest.mark.parametrize("number", [1, 2], ids=["host", "fleet"])


# one request

@pytest.mark.parametrize("redis", ["unix:%%REDIS_SOCK%%", None],
                         ids=["redis", "alone"])
@pytest.mark.parametrize("workers", [1, 2])
def test_one_request_for_all_on_a_host(gateway, upstream, workers, redis):
    node = start(gateway, workers=workers, redis=redis)
    hold(upstream)
    clients = ask([node], 20)
    assert node.metrics()[FLIGHTS] >= 1
    upstream.release("gate")
    answers = answers_of(clients)
    same(answers)
    assert said(answers) == ["COALESCED"] * 19 + ["MISS"]
    assert upstream.calls(job=JOB) == 1
    wait_until(lambda: node.metrics()[FLIGHTS] == 0)


def test_one_request_for_all_on_two_nodes(gateway, upstream):
    nodes = [start(gateway, workers=2), start(gateway)]
    hold(upstream)
    clients = ask(nodes, 20)
    upstream.release("gate")
    answers = answers_of(clients)
    same(answers)
    assert said(answers) == ["COALESCED"] * 19 + ["MISS"]
    assert upstream.calls(job=JOB) == 1
    for node in nodes:
        soon(lambda: is_fresh(node.read(JOB)))
    assert upstream.calls(job=JOB) == 1


def test_what_followers_are_told(gateway, upstream):
    node = start(gateway)
    hold(upstream)
    clients = ask([node], 3)
    upstream.release("gate")
    answers = {answer["x-cache"]: answer for answer in answers_of(clients)}
    assert cache_status(answers["COALESCED"]) == {"fwd": "uri-miss",
                                                  "collapsed": True}
    assert "collapsed" not in cache_status(answers["MISS"])
    for name in ("content-type", "cache-control", "etag"):
        assert answers["COALESCED"][name] == answers["MISS"][name]
    assert answers["COALESCED"]["age"] is not None
    metrics = node.metrics()
    assert metrics['batch_dial_requests_total{cache="coalesced"}'] == 2
    assert metrics["batch_dial_upstream_calls_saved_total"] >= 2


def test_those_who_wait_for_an_expired_entry(gateway, upstream):
    node = start(gateway, SHORT)
    node.read(JOB)
    hold(upstream)
    pass_until(time.monotonic() + 0.25)
    clients = ask([node], 5)
    upstream.release("gate")
    answers = answers_of(clients)
    same(answers)
    assert said(answers) == ["COALESCED"] * 4 + ["EXPIRED"]
    assert upstream.calls(job=JOB) == 2


@FLEETS
def test_each_credential_has_a_fetch_of_its_own(gateway, upstream, number):
    nodes = [start(gateway) for _ in range(number)]
    hold(upstream)
    clients = ask(nodes, 4, key=ALICE) + ask(nodes, 4, key=BOB)
    upstream.wait_waiting("gate", 2)
    upstream.release("gate")
    assert said(answers_of(clients)) == ["COALESCED"] * 6 + ["MISS"] * 2
    assert {request.key for request in reads(upstream)} == {ALICE, BOB}
    assert upstream.calls(job=JOB) == 2


def test_streams_of_one_connection(gateway, upstream):
    node = start(gateway)
    hold(upstream)
    with node.connect_h2() as connection:
        streams = [connection.send("GET", PATH, bearer()) for _ in range(10)]
        settle(node, 10)
        for stream in (streams.pop(0), streams.pop(4)):
            connection.reset(stream)
        wait_until(lambda: len([line for line in node.access(1)
                                if " 499 " in line]) == 2, what="two resets")
        upstream.release("gate")
        answers = [connection.receive(stream) for stream in streams]
    same(answers)
    assert len(answers) == 8
    assert upstream.calls(job=JOB) == 1


def test_head_follows_get(gateway, upstream):
    node = start(gateway)
    hold(upstream)
    leader = led([node], upstream)
    with node.connect() as follower:
        follower.send("HEAD", PATH, bearer())
        settle(node, 2)
        upstream.release("gate")
        answer, whole = follower.receive(), leader.receive()
    assert (answer.status, answer.body) == (200, b"")
    assert answer["content-length"] == str(len(whole.body))
    assert upstream.calls(job=JOB) == 1


def test_no_store_is_not_shared(gateway, upstream):
    nodes = [start(gateway), start(gateway)]
    upstream.settings(stamp=True)
    hold(upstream, cache_control="no-store")
    clients = ask(nodes, 6)
    upstream.release("gate")
    answers = answers_of(clients)
    assert {answer.status for answer in answers} == {200}
    assert len({answer["etag"] for answer in answers}) == 6
    assert upstream.calls(job=JOB) == 6


# leaders that go

@pytest.mark.parametrize("how, number", [("reset", 1), ("close", 2)])
def test_leaders_client_leaves(gateway, upstream, how, number):
    nodes = [start(gateway, workers=2) for _ in range(number)]
    hold(upstream)
    leader = led(nodes, upstream)
    clients = ask(nodes, 6)
    getattr(leader, how)()
    wait_until(lambda: any(" 499 " in line for line in nodes[0].access(1)))
    upstream.release("gate")
    answers = answers_of(clients)
    same(answers)
    assert said(answers) == ["COALESCED"] * 6
    assert upstream.calls(job=JOB) == 1
    assert upstream.counts().aborted == 0


def test_everybody_leaves(gateway, upstream):
    """The fetch ends all the same, for those who come later."""
    node = start(gateway)
    hold(upstream)
    for connection in ask([node], 5):
        connection.reset()
    upstream.release("gate")
    wait_until(lambda: is_fresh(node.read(JOB)))
    assert upstream.calls(job=JOB) == 1


def answered_in_time(answers, since):
    same(answers)
    assert time.monotonic() - since < REPLACED + SLACK


def test_leading_worker_is_killed(gateway, upstream):
    """Its own clients lose their connections, all others are served."""
    node = start(gateway, workers=2)
    hold(upstream, times=1)
    leader = led([node], upstream)
    victim = wait_until(lambda: worker_asking(node, upstream))
    clients = ask([node], 12)
    lost = clients_of(node, victim)
    killed = time.monotonic()
    node.kill_worker(victim)
    others = [connection for connection in clients
              if connection.socket.getsockname()[1] not in lost]
    if others:
        answered_in_time(answers_of(others), killed)
    assert node.read(JOB).status == 200
    with pytest.raises(NoAnswer):
        leader.receive()
    assert upstream.calls(job=JOB) == 2


def test_leading_node_is_killed(gateway, upstream):
    """Only Redis knows of the leader, and its lease runs out."""
    nodes = [start(gateway), start(gateway)]
    hold(upstream, times=1)
    leader = led(nodes, upstream)
    clients = ask([nodes[1]], 5)
    killed = time.monotonic()
    nodes[0].kill_worker()
    answered_in_time(answers_of(clients), killed)
    with pytest.raises(NoAnswer):
        leader.receive()
    assert upstream.calls(job=JOB) == 2


def test_leading_worker_is_frozen(gateway, upstream):
    """Once it wakes it is too late: what it fetched is not stored."""
    node = start(gateway, workers=2, redis=None)
    hold(upstream, times=1)
    leader = led([node], upstream)
    victim = wait_until(lambda: worker_asking(node, upstream))
    os.kill(victim, signal.SIGSTOP)
    try:
        upstream.patch_job(JOB, name="new")
        frozen = time.monotonic()
        clients = [node.connect() for _ in range(4)]
        for connection in clients:
            connection.send("GET", PATH, bearer())
        answers = answers_of(clients)
        answered_in_time(answers, frozen)
    finally:
        os.kill(victim, signal.SIGCONT)
    upstream.release("gate")
    assert leader.receive().status == 200
    assert b'"new"' in answers[0].body
    assert node.read(JOB).body == answers[0].body
    assert upstream.calls(job=JOB) == 2


# failures

FAILURES = {
    "500": (dict(status=500, body="broken"), 500),
    "503": (dict(status=503, body="broken"), 503),
    "lost": (dict(no_answer=True), 502),
    "invalid": (dict(status=200, patch={"status": "RUNNING"}), 502),
    "cut": (dict(status=200, cut=30), 502),
}


@pytest.mark.parametrize("rule, status", FAILURES.values(),
                         ids=FAILURES.keys())
def test_a_failure_is_shared_and_backed_off_from(gateway, upstream, rule,
                                                 status):
    nodes = [start(gateway, LONG + ONE_TRY) for _ in range(2)]
    hold(upstream, times=1, **rule)
    clients = ask(nodes, 6)
    upstream.release("gate")
    answers = answers_of(clients)
    failed = time.monotonic()
    assert {answer.status for answer in answers} == {status}
    assert len({answer.body for answer in answers}) == 1

    again = [node.read(JOB) for node in nodes * 2]
    if time.monotonic() - failed < BACKOFF * 0.9:
        assert {answer.status for answer in again} == {status}
        for answer in again:
            assert int(answer["retry-after"]) == 1
            assert answer["content-type"] == answers[0]["content-type"]
            if status != 502:
                assert answer.body == b"broken"
        assert upstream.calls(job=JOB) == 1

    wait_until(lambda: nodes[1].read(JOB).status == 200, timeout=4)
    first, second = reads(upstream)
    assert second.time - first.ended >= BACKOFF * 0.9


def test_one_jobs_back_off_is_no_others(gateway, upstream):
    node = start(gateway)
    upstream.rule(job=JOB, key=ALICE, status=500)
    assert node.read(JOB).status == 500
    assert node.read("job-init").status == 200
    assert node.read(JOB, BOB).status == 200
    assert node.read(JOB).status == 500
    assert len([request for request in reads(upstream)
                if request.key == ALICE]) == 1


# followers that do not get what they wait for

LOCK = "batch_dial_lock_timeout 300ms;"


@FLEETS
def test_lock_timeout(gateway, upstream, number):
    nodes = [start(gateway, LONG + LOCK) for _ in range(number)]
    hold(upstream)
    leader = led(nodes, upstream)
    with nodes[-1].connect() as follower:
        answer = follower.request("GET", PATH, bearer())
        problem(answer, 504, "lock-timeout")
        assert 0.25 <= answer.elapsed < 0.3 + SLACK
        # and the connection goes on
        assert follower.request("GET", "/stub").status == 200
    upstream.release("gate")
    assert leader.receive().status == 200
    wait_until(lambda: detail(nodes[-1].read(JOB)))
    assert upstream.calls(job=JOB) == 1


@FLEETS
def test_lock_timeout_with_a_stale_copy(gateway, upstream, number):
    nodes = [start(gateway, SHORT + LOCK) for _ in range(number)]
    first = nodes[0].read(JOB)
    hold(upstream)
    pass_until(time.monotonic() + 0.25)
    leader = led(nodes, upstream)
    answer = nodes[-1].read(JOB)
    assert is_stale(answer)
    assert answer["x-cache"] == "STALE"
    assert answer.body == first.body
    assert 0.25 <= answer.elapsed < 0.3 + SLACK
    upstream.release("gate")
    assert leader.receive()["x-cache"] == "EXPIRED"
