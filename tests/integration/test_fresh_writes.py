"""Writes and what is cached: nothing of before is read once a write has been
answered, what is not known to have been done is doubted, and the answer to a
write is kept for its writer for a second."""

import gzip
import json
import time

import pytest

from lib.expect import cache_status, entries
from lib.fresh import (JOB, LONG, PATH, SLACK, TOLD, bare_writes, detail,
                       is_fresh, is_stale, name_of, pass_until, put, soon,
                       start, wait_answer, wait_stored)
from lib.gateway import bearer
from lib.held_redis import silent
from lib.upstream import ALICE, BOB, JOBS
from lib.wait import wait_until

PATIENT = "unix:%%REDIS_SOCK%% timeout=5s"
OLD = "Campaign job-paused"
THROUGH = 'batch_dial_write_through_total{result="stored"}'
UNKNOWN = ('batch_dial_invalidations_total{cause="unknown_outcome",'
           'result="done"}')
PLACES = pytest.mark.parametrize("number", [1, 2], ids=["here", "elsewhere"])


def filled(gateway, upstream, number=1, extra="", **options):
    """Nodes that have the job in memory for two credentials."""
    nodes = [start(gateway, LONG + extra, **options) for _ in range(number)]
    for node in nodes:
        for key in (ALICE, BOB):
            wait_until(lambda: detail(node.read(JOB, key)) == "memory")
    return nodes


# before the answer

@pytest.mark.parametrize("status", [200, 201, 204, 302])
def test_the_answer_waits_for_redis(gateway, upstream, redis_server, status):
    node, = filled(gateway, upstream, redis=PATIENT)
    wait_stored(redis_server)
    upstream.rule(method="PUT", status=status, apply=True,
                  body="" if status == 204 else '{"ok": 1}',
                  hold={"before_headers": "gate"})
    with node.connect() as connection:
        connection.send("PUT", PATH, bearer(), b'{"name": "new"}')
        upstream.wait_waiting("gate")
        redis_server.command("CLIENT", "PAUSE", "5000", "WRITE")
        upstream.release("gate")
        wait_until(lambda: upstream.counts().in_flight == 0)
        assert silent(connection)
        redis_server.command("CLIENT", "UNPAUSE")
        assert connection.receive().status == status
    assert entries(redis_server) == 0
    for key in (BOB, ALICE):
        assert name_of(node.read(JOB, key)) == "new"


def test_never_an_old_state_after_the_answer(gateway, upstream):
    """A hundred times, for writer and others, while others read."""
    node, = filled(gateway, upstream, workers=2)
    bare_writes(upstream)
    with node.connect() as connection, node.connect() as other:
        for number in range(100):
            other.send("GET", PATH, bearer(BOB))
            answer = connection.request(
                "PUT", PATH, bearer(), b'{"name": "n%d"}' % number)
            assert answer.status == 200
            assert other.receive().status == 200
            for key in (ALICE, BOB):
                assert name_of(node.read(JOB, key)) == f"n{number}"


def test_a_refused_write_leaves_the_entries(gateway, upstream):
    nodes = filled(gateway, upstream, 2)
    calls = upstream.calls("read")
    for status in (400, 404, 409, 429):
        upstream.rule(method="PUT", status=status, times=1)
        assert put(nodes[0], "new").status == status
        for node in nodes:
            for key in (ALICE, BOB):
                assert detail(node.read(JOB, key)) == "memory", status
    assert upstream.calls("read") == calls


# unknown outcomes

UNKNOWNS = {
    "500": (dict(status=500, apply=True), 500),
    "503": (dict(status=503, apply=True), 503),
    "lost": (dict(no_answer=True), 502),
    "timeout": (dict(no_answer=True, end="hang"), 504),
}


def doubted(nodes, upstream):
    """Not fresh, but there in need; and current as soon as can be."""
    upstream.refuse()
    assert is_stale(nodes[0].read(JOB))
    node = nodes[-1]
    for key in (ALICE, BOB):
        answer = wait_answer(lambda: node.read(JOB, key), is_stale,
                             TOLD + SLACK)
        assert name_of(answer) == OLD
    upstream.accept()
    for key in (ALICE, BOB):
        wait_answer(lambda: node.read(JOB, key),
                    lambda answer: name_of(answer) == "new")


@pytest.mark.parametrize("rule, status", UNKNOWNS.values(),
                         ids=UNKNOWNS.keys())
@PLACES
def test_an_outcome_that_is_not_known(gateway, upstream, rule, status,
                                      number):
    nodes = filled(gateway, upstream, number,
                   "proxy_read_timeout 300ms; proxy_next_upstream off;")
    upstream.rule(method="PUT", **rule)
    assert put(nodes[0], "new").status == status
    upstream.release("hang")
    assert nodes[0].metrics()[UNKNOWN] == 1
    doubted(nodes, upstream)


@pytest.mark.parametrize("how, number", [("reset", 1), ("close", 2)])
def test_the_client_leaves(gateway, upstream, how, number):
    nodes = filled(gateway, upstream, number)
    upstream.rule(method="PUT", hold={"before_headers": "gate"})
    connection = nodes[0].connect()
    connection.send("PUT", PATH, bearer(), b'{"name": "new"}')
    upstream.wait_waiting("gate")
    getattr(connection, how)()
    wait_until(lambda: nodes[0].metrics()[UNKNOWN] == 1)
    upstream.release("gate")
    doubted(nodes, upstream)


def test_an_answer_that_breaks_off(gateway, upstream):
    node, = filled(gateway, upstream)
    upstream.rule(method="PUT", cut=20)
    answer = put(node, "new")
    assert (answer.status, answer.complete) == (200, False)
    for key in (ALICE, BOB):
        assert name_of(node.read(JOB, key)) == "new"
    assert node.metrics()[THROUGH] == 0


def test_done_writes_leave_nothing_for_need(gateway, upstream):
    node, = filled(gateway, upstream)
    bare_writes(upstream)
    assert put(node, "new").status == 200
    upstream.refuse()
    for key in (ALICE, BOB):
        assert node.read(JOB, key).status == 502


# fetches that began before

@pytest.mark.parametrize("writer, late, status", [
    (0, 0, 200), (1, 0, 200), (0, 1, 200), (1, 1, 200), (0, 0, 500),
    (1, 0, 500)])
def test_a_fetch_of_before_is_neither_joined_nor_stored(
        gateway, upstream, writer, late, status):
    nodes = [start(gateway), start(gateway)]
    upstream.rule(kind="read", job=JOB, times=1,
                  hold={"before_headers": "gate"})
    upstream.rule(method="PUT", status=status, apply=True,
                  body='{"ok": 1}')
    with nodes[0].connect() as early:
        early.send("GET", PATH, bearer())
        upstream.wait_waiting("gate")
        assert put(nodes[writer], "new").status == status
        if writer != late:
            pass_until(time.monotonic() + 2 * TOLD)
        assert name_of(nodes[late].read(JOB)) == "new"
        upstream.release("gate")
        assert early.receive().status == 200
    for node in nodes * 2:
        assert name_of(node.read(JOB)) == "new"


def test_a_fetch_without_redis(gateway, upstream):
    node = start(gateway, redis=None, workers=2)
    upstream.rule(kind="read", job=JOB, times=1,
                  hold={"before_headers": "gate"})
    bare_writes(upstream)
    with node.connect() as early:
        early.send("GET", PATH, bearer())
        upstream.wait_waiting("gate")
        assert put(node, "new").status == 200
        assert name_of(node.read(JOB)) == "new"
        upstream.release("gate")
        early.receive()
    assert name_of(node.read(JOB)) == "new"
    assert upstream.calls("read") == 2


# write-through

@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
def test_the_writer_reads_what_it_wrote(gateway, upstream, framing):
    node = start(gateway)
    node.read(JOB)
    node.read(JOB, BOB)
    calls = upstream.calls("read")
    upstream.rule(method="PUT", framing=framing)
    written = time.monotonic()
    wrote = put(node, "new")
    answer = node.read(JOB)
    assert answer.body == wrote.body
    assert name_of(answer) == "new"
    if time.monotonic() < written + 0.8:
        assert is_fresh(answer)
        assert cache_status(answer)["ttl"] <= 1
        assert node.request("HEAD", PATH)["content-length"] \
            == str(len(wrote.body))
        assert upstream.calls("read") == calls
    assert node.metrics()[THROUGH] == 1
    # the others have to ask
    assert name_of(node.read(JOB, BOB)) == "new"
    assert [request.key for request in upstream.requests("read")
            if request.time > written][:1] == [BOB]


def test_for_a_second_only(gateway, upstream):
    node = start(gateway)
    node.read(JOB)
    written = time.monotonic()
    put(node, "new")
    upstream.patch_job(JOB, name="newer")
    wait_answer(lambda: node.read(JOB),
                lambda answer: name_of(answer) == "newer", timeout=3)
    assert 0.85 <= upstream.requests("read")[-1].time - written < 2.0


@pytest.mark.parametrize("paused, job, status", [
    (True, "job-paused", "PAUSED"), (False, "job-paused", "ACTIVE"),
    (False, "job-init", "ACTIVE")])
def test_paused_that_agrees(gateway, upstream, paused, job, status):
    node = start(gateway)
    answer = node.request("POST", f"{JOBS}/{job}/paused",
                          body=json.dumps({"paused": paused}).encode())
    assert json.loads(answer.body)["status"] == status
    assert node.read(job).body == answer.body
    assert upstream.calls("read") == 0


BENT = {
    "schema": dict(patch={"status": "RUNNING"}),
    "member missing": dict(drop=["name"]),
    "another job": dict(patch={"id": "job-init"}),
    "no-store": dict(cache_control="no-store"),
    "type": dict(content_type="text/plain"),
    "201": dict(status=201),
    "no JSON": dict(body="no JSON"),
    "empty": dict(body=""),
    "gzip": dict(gzip=True),
}


@pytest.mark.parametrize("rule", BENT.values(), ids=BENT.keys())
def test_what_is_not_kept_is_passed_on_all_the_same(gateway, upstream, rule):
    node, = filled(gateway, upstream)
    calls = upstream.calls("read")
    upstream.rule(method="PUT", **rule)
    answer = put(node, "new")
    assert answer.status == rule.get("status", 200)
    body = gzip.decompress(answer.body) if "gzip" in rule else answer.body
    if "body" in rule:
        assert body == rule["body"].encode()
    else:
        told = json.loads(body)
        for name, value in rule.get("patch", {}).items():
            assert told[name] == value
    assert name_of(node.read(JOB)) == "new"
    assert upstream.calls("read") == calls + 1
    assert node.metrics()[THROUGH] == 0


@pytest.mark.parametrize("paused, rule", [
    (True, dict(patch={"status": "ACTIVE"})),
    (False, dict(patch={"status": "PAUSED"})),
    (True, dict(patch={"status": "INIT"}))])
def test_paused_that_does_not_agree(gateway, upstream, paused, rule):
    """The vendor is not done yet: what it says now is no state to keep."""
    node, = filled(gateway, upstream)
    upstream.rule(method="POST", **rule)
    answer = node.request("POST", f"{PATH}/paused",
                          body=json.dumps({"paused": paused}).encode())
    assert json.loads(answer.body)["status"] == rule["patch"]["status"]
    told = json.loads(node.read(JOB).body)["status"]
    assert told == ("PAUSED" if paused else "ACTIVE")


@PLACES
def test_writes_that_overlap_are_not_kept(gateway, upstream, number):
    """What ends last was begun before the other: it is not kept."""
    nodes = [start(gateway) for _ in range(number)]
    upstream.rule(method="PUT", times=1, hold={"before_headers": "gate"})
    with nodes[0].connect() as slow:
        slow.send("PUT", PATH, bearer(), b'{"name": "slow"}')
        upstream.wait_waiting("gate")
        assert put(nodes[-1], "quick").status == 200
        assert name_of(nodes[-1].read(JOB)) == "quick"
        upstream.release("gate")
        assert json.loads(slow.receive().body)["name"] == "slow"
    # the stand-in had done the slow one first
    for node in nodes:
        soon(lambda: name_of(node.read(JOB)) == "quick")
    assert upstream.calls("read") >= 1


def test_time_0_keeps_no_answer_to_a_write(gateway, upstream):
    node = start(gateway, "batch_dial_ttl PAUSED=0;")
    put(node, "new")
    assert name_of(node.read(JOB)) == "new"
    assert upstream.calls("read") == 1


# answers that are too much to keep

@pytest.mark.parametrize("framing, buffering", [
    ("length", "on"), ("chunked", "off"), ("close", "on")])
def test_a_large_answer_is_passed_on(gateway, upstream, framing, buffering):
    node, = filled(gateway, upstream, 1, "batch_dial_max_body 4k;"
                   f"proxy_buffering {buffering};")
    upstream.rule(method="PUT", framing=framing,
                  patch={"padding": "x" * 300000})
    answer = put(node, "new")
    assert (answer.status, answer.complete) == (200, True)
    told = json.loads(answer.body)
    assert (told["name"], len(told["padding"])) == ("new", 300000)
    assert name_of(node.read(JOB)) == "new"
    assert node.metrics()[THROUGH] == 0


def test_an_answer_that_comes_slowly(gateway, upstream):
    """It is not kept back until it is whole."""
    node = start(gateway, LONG + "proxy_buffering off;")
    upstream.rule(method="PUT", framing="chunked",
                  hold={"mid_body": "gate"})
    with node.connect() as connection:
        connection.send("PUT", PATH, bearer(), b'{"name": "new"}')
        upstream.wait_waiting("gate")
        assert connection.socket.recv(5) == b"HTTP/"
        connection.buffer = b"HTTP/"
        upstream.release("gate")
        assert name_of(connection.receive()) == "new"
    assert name_of(node.read(JOB)) == "new"


@pytest.mark.parametrize("memory", ["on", "off"])
@pytest.mark.parametrize("age", [0.0, 0.4], ids=["fresh", "stale"])
def test_an_unknown_outcome_ends_stale_while_revalidate(
        gateway, upstream, redis_server, memory, age):
    """Also of an entry that was stale before: it is fetched anew first."""
    node = start(gateway, f"batch_dial_memory {memory};"
                 "batch_dial_ttl ACTIVE=300ms PAUSED=300ms;"
                 "batch_dial_stale_while_revalidate 5s;")
    node.read(JOB)
    wait_stored(redis_server)
    pass_until(time.monotonic() + age)
    upstream.rule(method="PUT", status=500, apply=True)
    assert put(node, "new").status == 500
    assert name_of(node.read(JOB)) == "new"
