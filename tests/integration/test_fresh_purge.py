"""batch_dial_purge: a job is dropped everywhere, by PURGE or DELETE of its
id, and who may is nginx's allow and deny."""

import pytest

from lib.expect import entries, problem
from lib.fresh import (JOB, JOURNAL, LONG, PATH, detail, name_of, purge, soon,
                       start, wait_stored)
from lib.gateway import bearer
from lib.upstream import ALICE, BOB
from lib.wait import wait_until

DONE = 'batch_dial_invalidations_total{cause="purge",result="done"}'
JOURNALED = 'batch_dial_invalidations_total{cause="purge",result="journaled"}'
METHODS = pytest.mark.parametrize("method", ["PURGE", "DELETE"])


def filled(node, redis_server=None):
    for key in (ALICE, BOB):
        wait_until(lambda: detail(node.read(JOB, key)) == "memory")
        if redis_server is not None:
            wait_stored(redis_server, key=key)


@METHODS
def test_gone_for_all_credentials(gateway, upstream, redis_server, method):
    node = start(gateway)
    filled(node, redis_server)
    upstream.patch_job(JOB, name="new")
    answer = purge(node, method=method)
    assert (answer.status, answer.body) == (204, b"")
    assert entries(redis_server) == 0
    for key in (ALICE, BOB):
        assert name_of(node.read(JOB, key)) == "new"
    assert upstream.calls("read") == 4
    assert upstream.calls() == 4
    assert node.metrics()[DONE] == 1


@METHODS
def test_without_redis(gateway, upstream, method):
    node = start(gateway, redis=None, workers=2)
    filled(node)
    upstream.patch_job(JOB, name="new")
    assert purge(node, method=method).status == 204
    assert name_of(node.read(JOB)) == "new"


@pytest.mark.parametrize("had", [True, False])
def test_on_both_nodes(gateway, upstream, had):
    """Also if the purging node never had it."""
    one, two = start(gateway), start(gateway)
    for node in [one, two] if had else [two]:
        filled(node)
    upstream.patch_job(JOB, name="new")
    assert purge(one).status == 204
    assert name_of(one.read(JOB)) == "new"
    soon(lambda: name_of(two.read(JOB)) == "new")
    assert name_of(two.read(JOB, BOB)) == "new"


def test_only_the_job_that_is_named(gateway, upstream):
    node = start(gateway)
    filled(node)
    assert purge(node, "job-unknown").status == 204
    assert purge(node, "job-pause").status == 204
    assert purge(node, JOB.upper()).status == 204
    assert detail(node.read(JOB)) == "memory"


def test_other_methods(gateway):
    node = start(gateway, redis=None)
    filled(node)
    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "OPTIONS"):
        body = None if method in ("GET", "HEAD", "OPTIONS") else b"{}"
        answer = node.request(method, f"/purge/{JOB}", key=None, body=body)
        assert answer.status == 405, method
        assert detail(node.read(JOB)) == "memory", method


@METHODS
def test_bad_ids(gateway, method):
    node = start(gateway, redis=None)
    for job in ("", "a.b", "a%20b", "x" * 129, "%c3%a9", "a*"):
        problem(purge(node, job, method), 400, "invalid-job-id")


def test_the_longest_id(gateway, upstream):
    node = start(gateway)
    job = "x" * 128
    upstream.put_job(job)
    node.read(job)
    upstream.patch_job(job, name="new")
    assert purge(node, job).status == 204
    assert name_of(node.read(job)) == "new"


@pytest.mark.parametrize("guard, status", [
    ("deny all;", 403), ("allow 127.0.0.2; deny all;", 403),
    ("allow 127.0.0.1; deny all;", 204), ("return 404;", 404)])
def test_allow_and_deny(gateway, upstream, guard, status):
    node = start(gateway, LONG,
                 f"location /own/ {{ batch_dial_purge; {guard} }}")
    filled(node)
    calls = upstream.calls("read")
    answer = node.request("PURGE", f"/own/{JOB}", key=None)
    assert answer.status == status
    node.read(JOB)
    assert upstream.calls("read") == calls + (status == 204)


def test_a_location_of_any_name(gateway, upstream):
    node = start(gateway, LONG, "location ~ ^/cache/v(1|2)/jobs/ "
                                "{ batch_dial_purge; }")
    for number, target in enumerate([f"/cache/v1/jobs/{JOB}",
                                     f"/cache/v2/jobs/{JOB}?why=not"]):
        filled(node)
        upstream.patch_job(JOB, name=f"n{number}")
        assert node.request("DELETE", target, key=None).status == 204
        assert name_of(node.read(JOB)) == f"n{number}"


def test_a_body_is_taken_and_ignored(gateway):
    node = start(gateway, redis=None)
    with node.connect() as connection:
        for body in (b"{}", b"x" * 100000):
            assert connection.request("DELETE", f"/purge/{JOB}", [],
                                      body).status == 204
        assert connection.request("GET", PATH, bearer()).status == 200


def test_over_http2(gateway, upstream):
    node = start(gateway)
    filled(node)
    upstream.patch_job(JOB, name="new")
    with node.connect_h2() as connection:
        answer = connection.request("DELETE", f"/purge/{JOB}")
    assert answer.status == 204
    assert name_of(node.read(JOB)) == "new"


def test_a_fetch_of_before_is_not_kept(gateway, upstream):
    node = start(gateway)
    upstream.rule(job=JOB, times=1, hold={"before_headers": "gate"})
    with node.connect() as early:
        early.send("GET", PATH, bearer())
        upstream.wait_waiting("gate")
        upstream.patch_job(JOB, name="new")
        assert purge(node).status == 204
        assert name_of(node.read(JOB)) == "new"
        upstream.release("gate")
        assert early.receive().status == 200
    assert name_of(node.read(JOB)) == "new"


def test_again_and_again(gateway, upstream):
    node = start(gateway)
    for _ in range(50):
        assert purge(node).status == 204
    assert node.metrics()[DONE] == 50
    assert upstream.calls() == 0


@pytest.mark.parametrize("fault", ["stop", "kill"])
def test_redis_is_down(gateway, upstream, redis_server, fault):
    """204 all the same, in time, and Redis is told later."""
    node = start(gateway)
    filled(node, redis_server)
    getattr(redis_server, fault)()
    upstream.patch_job(JOB, name="new")
    answer = purge(node)
    assert answer.status == 204
    assert answer.elapsed < 0.75
    assert name_of(node.read(JOB)) == "new"
    assert node.metrics()[JOURNAL] == 1
    assert node.metrics()[JOURNALED] == 1
    if fault == "stop":
        redis_server.cont()
    else:
        redis_server.restart()

    def delivered():
        assert name_of(node.read(JOB)) == "new"
        return node.metrics()[JOURNAL] == 0

    wait_until(delivered, what="the journal to be empty")
