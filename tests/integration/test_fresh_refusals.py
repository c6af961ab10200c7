"""Refusals are remembered: per credential and job, a 401 per credential; for
their time, on this host, until the job is written."""

import json

import pytest

from lib.fresh import (JOB, LONG, PATH, detail, name_of, purge, put, reads,
                       soon, start)
from lib.gateway import bearer
from lib.upstream import ALICE, BOB, CAROL, JOBS
from lib.wait import wait_until

REMEMBERED = [400, 403, 404, 410, 422]
NEW = b'{"name": "n", "callAgentId": "a"}'
NEGATIVE = 'batch_dial_requests_total{cache="negative"}'


def errors(**times):
    return LONG + "batch_dial_error_ttl " + " ".join(
        f"{code.strip('_')}={time}" for code, time in times.items()) + ";"


def test_remembered(gateway, upstream):
    node = start(gateway, redis=None)
    for status in REMEMBERED:
        job = f"job-{status}"
        upstream.rule(job=job, status=status, body="why not",
                      headers=[["X-Reason", "because"],
                               ["Content-Type", "text/x-error"]])
        first, again = node.read(job), node.read(job)
        assert (first["x-cache"], first["x-tier"]) == ("MISS", "upstream")
        assert again["x-cache"] == "NEGATIVE"
        for answer in (first, again):
            assert (answer.status, answer.body) == (status, b"why not")
            assert answer["content-type"] == "text/x-error"
        # what is remembered is told without what was for the first alone
        assert (first["x-reason"], again["x-reason"]) == ("because", None)
        assert upstream.calls(job=job) == 1
    assert node.metrics()[NEGATIVE] == len(REMEMBERED)


def test_each_credential_and_job_has_its_own(gateway, upstream):
    node = start(gateway)
    upstream.rule(job=JOB, key=ALICE, status=403)
    for _ in range(2):
        assert node.read(JOB, ALICE).status == 403
        assert node.read(JOB, BOB).status == 200
        assert node.read("job-init", ALICE).status == 200
        assert node.read(JOB, CAROL).status == 404
    assert upstream.calls(job=JOB) == 3


def test_a_401_is_of_the_credential(gateway, upstream):
    node = start(gateway)
    upstream.revoke(ALICE)
    first = node.read(JOB)
    for job in ("job-init", JOB, "job-complete"):
        again = node.read(job)
        assert (again.status, again.body) == (401, first.body)
        assert again["www-authenticate"] == "Bearer"
        assert again["x-cache"] == "NEGATIVE"
        assert node.read(job, BOB).status == 200
    assert upstream.counts().by_key[ALICE] == 1
    # what is no read is upstream's to answer
    assert node.request("GET", JOBS).status == 401
    assert upstream.counts().by_key[ALICE] == 2


def test_others_are_not_remembered(gateway, upstream):
    node = start(gateway, redis=None)
    for status in (402, 405, 409, 451):
        job = f"job-{status}"
        upstream.rule(job=job, status=status)
        for _ in range(3):
            assert node.read(job).status == status
        assert upstream.calls(job=job) == 3


def test_head_of_a_refusal(gateway, upstream):
    node = start(gateway, redis=None)
    whole = node.read("job-none")
    with node.connect() as connection:
        head = connection.request("HEAD", f"{JOBS}/job-none", bearer())
        assert (head.status, head.body) == (404, b"")
        assert head["content-length"] == str(len(whole.body))
        assert connection.request("GET", PATH, bearer()).status == 200
    assert upstream.calls(job="job-none") == 1


# for how long

@pytest.mark.parametrize("status", [404, 401])
def test_forgotten_after_its_time(gateway, upstream, status):
    node = start(gateway, errors(**{f"_{status}": "300ms"}))
    upstream.rule(job=JOB, status=status, times=1)
    assert node.read(JOB).status == status
    assert node.read(JOB).status == status
    wait_until(lambda: node.read(JOB).status == 200, timeout=2)
    first, second = reads(upstream)
    assert second.time - first.time >= 0.3


def test_time_0_and_what_the_list_does_not_name(gateway, upstream):
    node = start(gateway, errors(_404="0", _401="0"))
    upstream.rule(job=JOB, status=403)
    upstream.rule(job="job-init", status=401)
    for _ in range(3):
        assert node.read("job-none").status == 404
        assert node.read(JOB).status == 403
        assert node.read("job-init", BOB).status == 401
    assert upstream.calls(job="job-none") == 3
    assert upstream.calls(job="job-init") == 3
    assert upstream.calls(job=JOB) == 1


def test_workers_know_them_together(gateway, upstream):
    node = start(gateway, workers=2)
    seen = set()
    wait_until(lambda: seen.add(node.read("job-none")["x-pid"])
               or len(seen) == 2, what="answers of both workers")
    assert upstream.calls("read") == 1


# writes

def refused(gateway, upstream, job=JOB):
    """Two nodes that remember that there is no such job."""
    nodes = [start(gateway), start(gateway)]
    rule = upstream.rule(kind="read", job=job, status=404)
    for node in nodes:
        assert node.read(job).status == 404
        assert node.read(job)["x-cache"] == "NEGATIVE"
    upstream.drop_rule(rule)
    return nodes


@pytest.mark.parametrize("status", [200, 302, 500])
def test_a_write_drops_those_of_its_job(gateway, upstream, status):
    nodes = refused(gateway, upstream)
    upstream.rule(method="PUT", status=status, body='{"ok": 1}')
    assert put(nodes[0], "new").status == status
    assert nodes[0].read(JOB).status == 200
    soon(lambda: nodes[1].read(JOB).status == 200)


def test_a_refused_write_drops_nothing(gateway, upstream):
    nodes = refused(gateway, upstream)
    assert put(nodes[0], "").status == 422
    assert put(nodes[0], "new", "job-init").status == 200
    for node in nodes:
        assert node.read(JOB)["x-cache"] == "NEGATIVE"


def test_a_creation_drops_those_of_the_new_id(gateway, upstream):
    nodes = refused(gateway, upstream, "job-new")
    upstream.put_job("job-new")
    upstream.rule(kind="create",
                  body=json.dumps(upstream.job("job-new")).encode())
    answer = nodes[0].request("POST", JOBS, body=NEW)
    assert json.loads(answer.body)["id"] == "job-new"
    assert nodes[0].read("job-new").status == 200
    soon(lambda: nodes[1].read("job-new").status == 200)


def test_a_creation_that_answers_something_else(gateway, upstream):
    """It is passed on unharmed, whatever it is."""
    nodes = refused(gateway, upstream, "job-new")
    for rule in (dict(body="no JSON"), dict(body="[1]"), dict(body=b""),
                 dict(body='{"id": "a.b"}'), dict(body='{"id": 5}'),
                 dict(body="x" * 1000000), dict(status=400),
                 dict(cut=5, body="0123456789")):
        number = upstream.rule(kind="create", **rule)
        answer = nodes[0].request("POST", JOBS, body=NEW)
        assert answer.status == rule.get("status", 200)
        if "cut" in rule:
            assert answer.body == b"01234" and not answer.complete
        elif "body" in rule:
            assert len(answer.body) == len(rule["body"])
        upstream.drop_rule(number)
    assert nodes[0].read("job-new")["x-cache"] == "NEGATIVE"


def test_a_purge_drops_them_as_well(gateway, upstream):
    nodes = refused(gateway, upstream)
    assert purge(nodes[0]).status == 204
    assert nodes[0].read(JOB).status == 200
    soon(lambda: nodes[1].read(JOB).status == 200)


# what they must not do

@pytest.mark.parametrize("what", ["ids", "tokens"])
def test_a_flood_does_not_push_out_entries(gateway, upstream, what):
    node = start(gateway, redis=None, zone="256k")
    jobs = ("job-init", "job-paused", "job-complete")
    for job in jobs:
        node.read(job)
    with node.connect() as connection:
        for number in range(1500):
            job, key = ((f"none-{number}", ALICE) if what == "ids" else
                        ("job-init", f"tok-SECRET-{number}"))
            answer = connection.request("GET", f"{JOBS}/{job}", bearer(key))
            assert answer.status == (404 if what == "ids" else 401)
            if number % 900 == 899:
                connection.close()
                connection = node.connect()
    for job in jobs:
        assert detail(node.read(job)) == "memory"
    assert "[error]" not in node.log()


def test_nothing_of_them_stays_in_redis(gateway, upstream, redis_server):
    node = start(gateway)
    upstream.rule(job=JOB, status=403, body="a telling body")
    node.read("job-complete")
    for number in range(20):
        assert node.read(f"none-{number}").status == 404
        assert node.read("job-init", f"tok-SECRET-{number}").status == 401
    assert node.read(JOB).status == 403
    found = redis_server.contents()
    with redis_server.client() as client:
        for _, key, value in found:
            assert b"telling" not in repr(value).encode()
            assert client.pttl(key) > 0 or not client.exists(key), key
    wait_until(lambda: not [
        key for _, key, _ in redis_server.contents()
        if b"{none-" in key or b"{%s}" % JOB.encode() in key],
        what=redis_server.contents)


def test_a_refusal_that_turns_into_an_answer(gateway, upstream):
    """As soon as it is forgotten, what is answered is stored."""
    node = start(gateway, errors(_404="200ms"))
    assert node.read("job-late").status == 404
    upstream.put_job("job-late", name="late")
    wait_until(lambda: node.read("job-late").status == 200, timeout=2)
    answer = node.read("job-late")
    assert (name_of(answer), detail(answer)) == ("late", "memory")
    assert upstream.calls(job="job-late") == 2
