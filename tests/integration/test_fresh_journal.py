"""Redis is lost while a write passes: what it still holds of the job is not
served until Redis has been told, however it comes back."""

import time

import pytest

from lib.fresh import (JOB, JOURNAL, LONG, SLACK, bare_writes, detail,
                       name_of, put, soon, start, wait_answer, wait_stored)
from lib.gateway import bearer
from lib.upstream import JOBS
from lib.wait import wait_until

REDIS_ALONE = LONG + "batch_dial_memory off;"
DELIVERED = "batch_dial_journal_delivered_total"
OVERFLOWS = "batch_dial_journal_overflows_total"
JOURNALED = ('batch_dial_invalidations_total{cause="%s",'
             'result="journaled"}')

# connect_timeout and timeout by default
LIMIT = 0.150


def freeze(redis_server):
    redis_server.stop()
    return redis_server.cont


def kill(redis_server):
    redis_server.kill()
    return redis_server.restart


def make_read_only(redis_server):
    """It answers lookups and takes no invalidation."""
    redis_server.make_read_only()
    return lambda: redis_server.command("REPLICAOF", "NO", "ONE")


FAULTS = pytest.mark.parametrize("fault", [freeze, kill, make_read_only])


def filled(gateway, redis_server, location=LONG, **options):
    """A node, and an old state in Redis."""
    node = start(gateway, location, **options)
    node.read(JOB)
    wait_stored(redis_server)
    return node


def delivered(node, name="new"):
    """Waits until Redis has been told; no read shows another state."""
    def told():
        assert name_of(node.read(JOB)) == name
        return node.metrics()[JOURNAL] == 0

    wait_until(told, what=lambda: f"the journal: {node.metrics()[JOURNAL]}")


def served_by_redis(node, name="new"):
    answer = wait_answer(lambda: node.read(JOB),
                         lambda each: detail(each) == "redis")
    assert name_of(answer) == name


@FAULTS
@pytest.mark.parametrize("location", [LONG, REDIS_ALONE],
                         ids=["memory", "redis alone"])
def test_a_write_without_redis(gateway, upstream, redis_server, fault,
                               location):
    node = filled(gateway, redis_server, location)
    bare_writes(upstream)
    heal = fault(redis_server)
    answer = put(node, "new")
    assert answer.status == 200
    assert answer.elapsed < LIMIT + SLACK
    assert node.metrics()[JOURNAL] == 1
    assert node.metrics()[JOURNALED % "write"] == 1
    for _ in range(5):
        assert name_of(node.read(JOB)) == "new"
    heal()
    delivered(node)
    assert node.metrics()[DELIVERED] >= 1
    if location == REDIS_ALONE:
        served_by_redis(node)


@FAULTS
def test_an_unknown_outcome_without_redis(gateway, upstream, redis_server,
                                          fault):
    node = filled(gateway, redis_server, REDIS_ALONE)
    heal = fault(redis_server)
    upstream.rule(method="PUT", status=500, apply=True)
    assert put(node, "new").status == 500
    assert node.metrics()[JOURNALED % "unknown_outcome"] == 1
    assert name_of(node.read(JOB)) == "new"
    heal()
    delivered(node)
    served_by_redis(node)


def test_other_jobs_are_served_meanwhile(gateway, upstream, redis_server):
    """Redis answers lookups: only what was written is kept out."""
    node = filled(gateway, redis_server, REDIS_ALONE)
    node.read("job-init")
    wait_stored(redis_server, "job-init")
    bare_writes(upstream)
    heal = make_read_only(redis_server)
    put(node, "new")
    assert name_of(node.read(JOB)) == "new"
    assert detail(node.read("job-init")) == "redis"
    heal()
    delivered(node)


def test_many_writes_of_one_job_are_one_record(gateway, upstream,
                                               redis_server):
    node = filled(gateway, redis_server, REDIS_ALONE)
    bare_writes(upstream)
    heal = make_read_only(redis_server)
    for number in range(20):
        put(node, f"n{number}")
        assert name_of(node.read(JOB)) == f"n{number}"
    put(node, "other", "job-init")
    assert node.metrics()[JOURNAL] == 2
    heal()
    delivered(node, "n19")


@pytest.mark.parametrize("how", ["reload", "worker killed"])
def test_it_outlives_the_worker(gateway, upstream, redis_server, how):
    node = filled(gateway, redis_server, REDIS_ALONE)
    bare_writes(upstream)
    heal = make_read_only(redis_server)
    put(node, "new")
    if how == "reload":
        node.reload(wait_old=True)
    else:
        node.kill_worker()
    assert node.metrics()[JOURNAL] == 1
    assert name_of(node.read(JOB)) == "new"
    heal()
    delivered(node)
    served_by_redis(node)


def test_another_node_after_delivery(gateway, world, upstream, redis_server):
    """Only the writer's way to Redis is cut; the other one knows nothing
    until then, and within 100 ms after."""
    relay = world.relay(redis_server.socket)
    one = filled(gateway, redis_server,
                 redis=f"redis://127.0.0.1:{relay.port}")
    two = start(gateway)
    wait_until(lambda: detail(two.read(JOB)) == "memory")
    bare_writes(upstream)
    relay.freeze()
    assert put(one, "new").status == 200
    assert name_of(one.read(JOB)) == "new"
    assert one.metrics()[JOURNAL] == 1
    relay.thaw()
    delivered(one)
    soon(lambda: name_of(two.read(JOB)) == "new")
    assert name_of(two.read(JOB)) == "new"


def test_a_fetch_that_redis_was_promised(gateway, upstream, redis_server):
    """Its lease stands in Redis while the job is written without Redis:
    what it brings is older than the write, and not kept."""
    node = start(gateway, REDIS_ALONE)
    upstream.rule(kind="read", job=JOB, times=1,
                  hold={"before_headers": "gate"})
    bare_writes(upstream)
    with node.connect() as early:
        early.send("GET", f"{JOBS}/{JOB}", bearer())
        upstream.wait_waiting("gate")
        heal = make_read_only(redis_server)
        put(node, "new")
        upstream.release("gate")
        early.receive()
        assert name_of(node.read(JOB)) == "new"
        heal()
        delivered(node)
    served_by_redis(node)


def test_more_than_the_journal_holds(gateway, upstream, redis_server):
    """Then nothing of before is believed: a new generation begins."""
    node = filled(gateway, redis_server, REDIS_ALONE, zone="256k")
    upstream.patch_job(JOB, name="new")
    upstream.rule(kind="write", status=200, apply=False, body="{}")
    redis_server.stop()
    written = 0
    deadline = time.monotonic() + 30
    connection = node.connect()
    while node.metrics()[OVERFLOWS] == 0:
        assert time.monotonic() < deadline, f"{written} writes"
        for _ in range(200):
            if written % 900 == 899:
                connection.close()
                connection = node.connect()
            assert connection.request("PUT", f"{JOBS}/other-{written}",
                                      bearer(), b"{}").status == 200
            written += 1
    assert name_of(node.read(JOB)) == "new"
    redis_server.cont()
    delivered(node)
    served_by_redis(node)
    served_by_redis(start(gateway, REDIS_ALONE))
    with redis_server.client() as client:
        for key in client.keys("*"):
            assert client.pttl(key) > 0 or not client.exists(key), key


def test_nothing_is_journaled_while_all_is_well(gateway, upstream,
                                                redis_server):
    node = filled(gateway, redis_server)
    for number in range(5):
        put(node, f"n{number}")
        assert node.metrics()[JOURNAL] == 0
    assert node.metrics()[DELIVERED] == 0
    upstream.rule(kind="write", status=500)
    put(node, "x")
    assert node.metrics()[JOURNAL] == 0


def test_without_redis_there_is_no_journal(gateway, upstream):
    node = start(gateway, redis=None)
    node.read(JOB)
    put(node, "new")
    assert node.metrics()[JOURNAL] == 0
    assert name_of(node.read(JOB)) == "new"


def test_quit_is_quick_with_a_journal(gateway, upstream, redis_server):
    node = filled(gateway, redis_server)
    redis_server.stop()
    put(node, "new")
    assert node.metrics()[JOURNAL] == 1
    assert node.quit() < 1.0
