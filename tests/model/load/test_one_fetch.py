"""However many clients ask, on however many nodes, upstream sees one
request."""

import pytest
from crowd import Crowd, get
from lib.upstream import ALICE

CLIENTS = 500
DELAY = 1.0                           # of upstream: all have asked by then
BEHIND = 0.020                        # seconds a follower may be late
ROUNDS = 5


def ask_all(nodes, job, number=CLIENTS):
    """The answers to that many clients who ask for a job at once."""
    with Crowd([node.address for node in nodes], number) as crowd:
        crowd.send(get(job, ALICE))
        return crowd.collect(DELAY + 10.0)


@pytest.mark.parametrize("redis", ["unix:%%REDIS_SOCK%%", None])
@pytest.mark.parametrize("workers", [1, 2])
def test_one_request_for_all_on_a_host(gateway, upstream, redis, workers):
    node = gateway(workers=workers, redis=redis)
    upstream.rule(delay=DELAY)
    answers = ask_all([node], "job-active")
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    assert upstream.calls() == 1


def test_one_request_for_all_on_two_nodes(gateway, upstream):
    nodes = [gateway(workers=2), gateway(workers=2)]
    upstream.rule(delay=DELAY)
    answers = ask_all(nodes, "job-active")
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    assert upstream.calls() == 1


def test_followers_are_woken_at_once(gateway, upstream):
    """A busy machine only ever adds to the time: the best round counts."""
    nodes = [gateway(), gateway()]
    upstream.rule(delay=DELAY)
    behind = []
    for number in range(ROUNDS):
        job = f"job-round-{number}"
        upstream.put_job(job)
        times = [answer.time for answer in ask_all(nodes, job)]
        behind.append(max(times) - min(times))
        if behind[-1] <= BEHIND:
            break
    assert min(behind) <= BEHIND, behind
    assert upstream.calls("read") == len(behind)


def test_one_request_for_all_followers_of_a_failure(gateway, upstream):
    nodes = [gateway(workers=2), gateway(workers=2)]
    upstream.rule(delay=DELAY, status=500)
    answers = ask_all(nodes, "job-active", 100)
    assert {answer.status for answer in answers} == {500}
    assert upstream.calls() == 1


def test_each_credential_has_a_fetch_of_its_own(gateway, upstream):
    nodes = [gateway(workers=2), gateway(workers=2)]
    keys = [f"tok-SECRET-{n}" for n in range(5)]
    for key in keys:
        upstream.add_key(key, "north")
    upstream.rule(delay=DELAY)
    with Crowd([node.address for node in nodes], 50) as crowd:
        for number, client in enumerate(crowd.clients):
            client.sendall(get("job-active", keys[number % len(keys)]))
        answers = crowd.collect(DELAY + 10.0)
    assert {answer.status for answer in answers} == {200}
    assert upstream.counts().by_key == dict.fromkeys(keys, 1)


def test_no_store_is_not_shared(gateway, upstream):
    node = gateway(workers=2)
    upstream.settings(stamp=True)
    upstream.rule(delay=0.2, cache_control="no-store")
    answers = ask_all([node], "job-active", 10)
    assert {answer.status for answer in answers} == {200}
    tags = {line for answer in answers for line in answer.head.splitlines()
            if line.lower().startswith("etag:")}
    assert len(tags) == 10
    assert upstream.calls() == 10
