"""Stale copies: in place of an answer that upstream cannot give, and while a
new one is fetched in the background; within their bounds only."""

import time

import pytest

from lib.client import parallel
from lib.expect import cache_status, log_lines, problem
from lib.fresh import (BACKOFF, JOB, LONG, PATH, SHORT, SLACK, is_fresh,
                       is_stale, last_served, name_of, pass_until, put,
                       reads, start, ttl, wait_answer, wait_stored)
from lib.gateway import bearer
from lib.upstream import ALICE, BOB
from lib.wait import wait_until

TIMEOUT = "proxy_read_timeout 200ms;"
FRESH = 0.2                           # seconds, SHORT
SERVED = 'batch_dial_stale_served_total{cause="%s"}'


def refuse(upstream):
    upstream.refuse()


def bend(**rule):
    return lambda upstream: upstream.rule(job=JOB, **rule)


FAULTS = {
    "refused": (refuse, "error"),
    "lost": (bend(no_answer=True), "error"),
    "timeout": (bend(no_answer=True, end="hang"), "error"),
    "500": (bend(status=500), "error"),
    "503": (bend(status=503), "error"),
    "429": (bend(status=429), "error"),
    "truncated": (bend(cut=20), "error"),
    "invalid": (bend(patch={"status": "RUNNING"}), "invalid"),
    "foreign": (bend(patch={"id": "job-init"}), "invalid"),
    "not JSON": (bend(body="<html>"), "invalid"),
    "no type": (bend(content_type="text/html"), "invalid"),
}


# in place of a failure

@pytest.mark.parametrize("fault, cause", FAULTS.values(), ids=FAULTS.keys())
def test_stale_in_place_of_a_failure(gateway, upstream, fault, cause):
    node = start(gateway, SHORT + TIMEOUT)
    first = node.read(JOB)
    fault(upstream)
    answer = wait_answer(lambda: node.read(JOB), is_stale)
    assert (answer.body, answer["etag"]) == (first.body, first["etag"])
    told = cache_status(answer)
    assert told.pop("ttl") <= 0
    assert told == {"hit": True, "detail": "stale"}
    assert answer["x-cache"] == "STALE"
    assert answer["content-type"] == "application/json"
    if cause == "invalid":
        assert node.metrics()[SERVED % cause] >= 1
    upstream.release("hang")


def test_it_grows_older(gateway, upstream):
    node = start(gateway, SHORT)
    begun = time.monotonic()
    node.read(JOB)
    upstream.rule(job=JOB, status=500)
    answer = wait_answer(lambda: node.read(JOB), lambda each: is_stale(each)
                         and cache_status(each)["ttl"] <= -3)
    # -3: stale for more than two seconds
    assert int(answer["age"]) >= 2
    assert node.metrics()[SERVED % "error"] >= 1
    # upstream is asked again once a back-off is over, not each time
    took = time.monotonic() - begun
    assert 3 <= len(reads(upstream)) <= 2 + took / (BACKOFF * 0.9)


def test_conditions_and_head_on_a_stale_copy(gateway, upstream):
    node = start(gateway, SHORT)
    first = node.read(JOB)
    upstream.refuse()
    wait_until(lambda: is_stale(node.read(JOB)))
    head = node.request("HEAD", PATH)
    assert (head.status, head.body) == (200, b"")
    assert head["content-length"] == str(len(first.body))
    same = node.read(JOB, headers=[("If-None-Match", first["etag"])])
    assert (same.status, same["x-cache"]) == (304, "STALE")


def test_a_node_that_never_had_it(gateway, upstream, redis_server):
    """What is stale is kept in Redis as well."""
    one, two = start(gateway, SHORT), start(gateway, SHORT)
    first = one.read(JOB)
    wait_stored(redis_server)
    upstream.refuse()
    pass_until(time.monotonic() + FRESH)
    answer = two.read(JOB)
    assert is_stale(answer)
    assert answer.body == first.body


def test_no_other_credentials_copy(gateway, upstream):
    node = start(gateway, SHORT)
    node.read(JOB, ALICE)
    upstream.refuse()
    wait_until(lambda: is_stale(node.read(JOB, ALICE)))
    problem(node.read(JOB, BOB), 502, "upstream-unreachable")


def test_fresh_once_upstream_is_back(gateway, upstream):
    node = start(gateway, SHORT)
    node.read(JOB)
    rule = upstream.rule(job=JOB, status=500)
    wait_until(lambda: is_stale(node.read(JOB)))
    upstream.patch_job(JOB, name="new")
    upstream.drop_rule(rule)
    answer = wait_answer(lambda: node.read(JOB),
                         lambda each: not is_stale(each), BACKOFF + SLACK)
    assert name_of(answer) == "new"
    assert not is_stale(node.read(JOB))


BOUND = 0.4
LAST = {
    "refused": (refuse, 502, "upstream-unreachable"),
    "timeout": (bend(no_answer=True, end="hang"), 504, "upstream-timeout"),
    "invalid": (bend(patch={"status": "RUNNING"}), 502,
                "invalid-upstream-response"),
    "500": (bend(status=500, body="broken"), 500, None),
    "503": (bend(status=503, body="broken"), 503, None),
    "429": (bend(status=429, body="broken"), 429, None),
}


@pytest.mark.parametrize("fault, status, word", LAST.values(),
                         ids=LAST.keys())
def test_no_longer_than_stale_if_error(gateway, upstream, fault, status,
                                       word):
    node = start(gateway, SHORT + TIMEOUT
                 + "batch_dial_stale_if_error 400ms;")
    begun = time.monotonic()
    node.read(JOB)
    fault(upstream)
    last, answer = last_served(lambda: node.read(JOB), 3.0)
    assert answer.status == status
    assert FRESH * 0.9 + BOUND / 2 <= last - begun <= FRESH + BOUND + SLACK
    if word:
        problem(answer, status, word)
    else:
        assert answer.body == b"broken"
    assert node.read(JOB).status == status
    upstream.release("hang")


def test_stale_if_error_0(gateway, upstream):
    node = start(gateway, SHORT + "batch_dial_stale_if_error 0;")
    node.read(JOB)
    upstream.rule(job=JOB, status=500)
    wait_until(lambda: node.read(JOB).status == 500)
    assert not any(is_stale(node.read(JOB)) for _ in range(5))


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_refusal_is_no_failure(gateway, upstream, status):
    """It is passed on, and the copy is not there any more afterwards."""
    node = start(gateway, SHORT + f"batch_dial_error_ttl {status}=0;")
    node.read(JOB)
    rule = upstream.rule(job=JOB, status=status)
    wait_until(lambda: node.read(JOB).status == status)
    upstream.drop_rule(rule)
    upstream.refuse()
    assert node.read(JOB).status == 502


def test_default_is_five_minutes(gateway, upstream, redis_server):
    node = start(gateway, SHORT)
    node.read(JOB)
    wait_stored(redis_server)
    left = redis_server.command("PTTL", f"bd:default:{{{JOB}}}")
    assert 290_000 < left <= 310_000


# report and off

def test_report_passes_an_invalid_answer_on(gateway, upstream):
    node = start(gateway, SHORT + "batch_dial_schema_mode report;")
    first = node.read(JOB)
    rule = upstream.rule(job=JOB, patch={"status": "RUNNING"})
    wait_until(lambda: b"RUNNING" in node.read(JOB).body)
    answer = node.read(JOB)
    assert (answer.status, b"RUNNING" in answer.body) == (200, True)
    assert not is_fresh(answer) and not is_stale(answer)
    upstream.drop_rule(rule)
    upstream.rule(job=JOB, status=500)
    answer = wait_answer(lambda: node.read(JOB), is_stale)
    assert answer.body == first.body


# while it is fetched again

WHILE = "batch_dial_stale_while_revalidate 10s;"
REVALIDATE = SHORT + WHILE
# nothing is fetched once more: the new copy is a finished job
ONCE = ttl("200ms", COMPLETE="1h") + WHILE


def updating(node, connection=None):
    """Reads until the answer is a copy that is being replaced; that one."""
    def read():
        answer = (node.read(JOB) if connection is None else
                  connection.request("GET", PATH, bearer()))
        assert answer.status == 200
        return answer if answer["x-cache"] == "UPDATING" else None

    return wait_until(read, what="an answer that is UPDATING")


def hold(upstream, **rule):
    return upstream.rule(job=JOB, hold={"before_headers": "gate"}, **rule)


def test_off_by_default(gateway, upstream):
    node = start(gateway, SHORT)
    node.read(JOB)
    upstream.patch_job(JOB, name="new")
    pass_until(time.monotonic() + FRESH)
    answer = node.read(JOB)
    assert name_of(answer) == "new"
    assert answer["x-cache"] == "EXPIRED"
    assert cache_status(answer) == {"fwd": "stale", "fwd-status": "200",
                                    "stored": True}


@pytest.mark.parametrize("redis", ["unix:%%REDIS_SOCK%%", None],
                         ids=["redis", "alone"])
def test_nobody_waits_for_the_background(gateway, upstream, redis):
    """Neither he who sets it off nor the next on his connection."""
    node = start(gateway, ONCE, redis=redis)
    with node.connect() as connection:
        first = connection.request("GET", PATH, bearer())
        hold(upstream)
        upstream.patch_job(JOB, status="COMPLETE")
        answer = updating(node, connection)
        assert is_stale(answer)
        assert answer.body == first.body
        again = connection.request("GET", PATH, bearer())
        assert again["x-cache"] == "UPDATING"
        assert connection.request("GET", "/stub").status == 200
        assert connection.request("GET", PATH.replace(JOB, "job-init"),
                                  bearer()).status == 200
        assert max(answer.elapsed, again.elapsed) < SLACK
        upstream.wait_waiting("gate")
        upstream.release("gate")
        wait_until(lambda: is_fresh(node.read(JOB)))
        assert b'"COMPLETE"' in node.read(JOB).body
    assert upstream.calls(job=JOB) == 2
    assert node.metrics()[SERVED % "revalidate"] >= 2


def test_one_background_fetch_for_two_nodes(gateway, upstream, redis_server):
    nodes = [start(gateway, ttl("1s", COMPLETE="1h") + WHILE, workers=2)
             for _ in range(2)]
    nodes[0].read(JOB)
    wait_stored(redis_server)
    nodes[1].read(JOB)
    before = upstream.calls(job=JOB)
    hold(upstream)
    upstream.patch_job(JOB, status="COMPLETE")
    for node in nodes:
        updating(node)
    upstream.wait_waiting("gate")
    answers = parallel([lambda node=node: node.read(JOB)
                        for node in nodes * 8])
    assert all(is_stale(answer) for answer in answers)
    assert upstream.calls(job=JOB) == before + 1
    upstream.release("gate")
    for node in nodes:
        wait_until(lambda: is_fresh(node.read(JOB)))
        assert b'"COMPLETE"' in node.read(JOB).body
    assert upstream.calls(job=JOB) == before + 1


def test_the_client_that_set_it_off_may_leave(gateway, upstream):
    node = start(gateway, ONCE)
    node.read(JOB)
    hold(upstream)
    upstream.patch_job(JOB, status="COMPLETE")
    with node.connect() as connection:
        updating(node, connection)
        connection.reset()
    upstream.release("gate")
    wait_until(lambda: is_fresh(node.read(JOB)))
    assert upstream.calls(job=JOB) == 2
    assert upstream.counts().aborted == 0


def test_no_longer_than_stale_while_revalidate(gateway, upstream):
    node = start(gateway, SHORT + "batch_dial_stale_while_revalidate 100ms;")
    node.read(JOB)
    upstream.patch_job(JOB, name="new")
    pass_until(time.monotonic() + FRESH + 0.1)
    answer = node.read(JOB)
    assert answer["x-cache"] == "EXPIRED"
    assert name_of(answer) == "new"


def test_background_fetch_that_fails(gateway, upstream):
    """The copy is served on, and upstream is asked once in a back-off."""
    node = start(gateway, REVALIDATE)
    node.read(JOB)
    upstream.rule(job=JOB, status=500)
    updating(node)
    end = time.monotonic() + 0.8
    while time.monotonic() < end:
        assert is_stale(node.read(JOB))
    assert upstream.calls(job=JOB) <= 3


def test_a_write_ends_it(gateway, upstream):
    """A copy of before a write is not served while it is replaced."""
    node = start(gateway, REVALIDATE)
    node.read(JOB)
    hold(upstream, times=1)
    updating(node)
    upstream.rule(method="PUT", body='{"ok": 1}')
    assert put(node, "new").status == 200
    assert name_of(node.read(JOB)) == "new"
    upstream.release("gate")
    assert name_of(node.read(JOB)) == "new"


def test_a_background_fetch_has_no_line_in_the_log(gateway, upstream):
    node = start(gateway, ONCE, "access_log %%DIR%%/own.log; "
                 "log_subrequest on;", redis=None)
    count = 0
    with node.connect() as connection:
        def read():
            nonlocal count
            count += 1
            return connection.request("GET", PATH, bearer())

        read()
        upstream.patch_job(JOB, status="COMPLETE")
        wait_until(lambda: read()["x-cache"] == "UPDATING")
        wait_until(lambda: is_fresh(read()))
    assert upstream.calls(job=JOB) == 2
    assert len(log_lines(node.directory / "own.log", count)) == count


def test_times_by_status(gateway, upstream):
    """How long it is stale counts from when it was no longer fresh."""
    node = start(gateway, ttl("1h", PAUSED="200ms"))
    node.read(JOB)
    node.read("job-complete")
    upstream.refuse()
    wait_until(lambda: is_stale(node.read(JOB)))
    assert is_fresh(node.read("job-complete"))


def test_a_long_life_is_not_stale(gateway, upstream):
    node = start(gateway, LONG)
    node.read(JOB)
    upstream.refuse()
    assert is_fresh(node.read(JOB))
    assert upstream.calls(job=JOB) == 1
