"""The memory tier: what a host has seen it serves without asking Redis, and
stops serving when the job is written or purged, here or on another node."""

import pytest

from lib import client
from lib.expect import cache_status
from lib.fresh import (JOB, LONG, PATH, detail, is_fresh, name_of, purge, put,
                       soon, start, ttl, wait_stored)
from lib.upstream import ALICE, BOB, CAROL
from lib.wait import wait_until

HITS = 'batch_dial_hits_total{tier="%s"}'
ENTRIES = "batch_dial_memory_entries"
FREE = 'batch_dial_memory_blocks{state="free"}'
EITHER = pytest.mark.parametrize("redis", ["unix:%%REDIS_SOCK%%", None],
                                 ids=["redis", "alone"])


def change(kind, node, upstream, name):
    """The job gets another name, and the cache of one node is told."""
    if kind == "write":
        assert put(node, name).status == 200
    else:
        upstream.patch_job(JOB, name=name)
        assert purge(node).status == 204


CHANGES = pytest.mark.parametrize("kind", ["write", "purge"])


@EITHER
def test_second_read_is_from_memory(gateway, upstream, redis):
    node = start(gateway, ttl("100s"), redis=redis)
    first, again = node.read(JOB), node.read(JOB)
    assert (first["x-cache"], first["x-tier"]) == ("MISS", "upstream")
    told = cache_status(again)
    assert 88 <= told.pop("ttl") <= 100
    assert told == {"hit": True, "detail": "memory"}
    assert (again["x-cache"], again["x-tier"]) == ("HIT", "memory")
    assert (again.body, again["etag"]) == (first.body, first["etag"])
    assert upstream.calls("read") == 1
    assert node.metrics()[HITS % "memory"] == 1
    assert node.metrics()[ENTRIES] == 1


def test_redis_is_not_asked_for_what_is_in_memory(gateway, redis_server):
    node = start(gateway)
    wait_until(lambda: detail(node.read(JOB)) == "memory")
    with redis_server.record() as commands:
        for _ in range(20):
            assert detail(node.read(JOB)) == "memory"
    assert not [command for command in commands if JOB in command]


def test_what_came_from_redis_is_in_memory_then(gateway, upstream,
                                                redis_server):
    one, two = start(gateway), start(gateway)
    one.read(JOB)
    wait_stored(redis_server)
    first, again = two.read(JOB), two.read(JOB)
    assert (detail(first), detail(again)) == ("redis", "memory")
    assert first["x-tier"] == "redis"
    assert first.body == again.body
    assert upstream.calls("read") == 1
    assert two.metrics()[HITS % "redis"] == 1


def test_memory_off(gateway, upstream):
    node = start(gateway, LONG + "batch_dial_memory off;")
    node.read(JOB)
    wait_until(lambda: is_fresh(node.read(JOB)))
    for _ in range(3):
        answer = node.read(JOB)
        assert (detail(answer), answer["x-tier"]) == ("redis", "redis")
    assert upstream.calls("read") == 1
    assert node.metrics()[HITS % "memory"] == 0


def test_workers_share_it(gateway, upstream):
    node = start(gateway, workers=2, redis=None)
    node.read(JOB)
    seen = set()

    def both():
        answers = client.parallel([lambda: node.read(JOB)] * 4)
        assert {detail(answer) for answer in answers} == {"memory"}
        seen.update(answer["x-pid"] for answer in answers)
        return len(seen) == 2

    wait_until(both, what="answers of both workers")
    assert upstream.calls("read") == 1


@EITHER
@CHANGES
def test_a_change_on_the_same_node(gateway, upstream, redis, kind):
    node = start(gateway, redis=redis)
    for key in (ALICE, BOB):
        node.read(JOB, key)
        wait_until(lambda: detail(node.read(JOB, key)) == "memory")
    change(kind, node, upstream, "new")
    for key in (BOB, ALICE):
        assert name_of(node.read(JOB, key)) == "new"


@CHANGES
def test_a_change_on_another_node(gateway, upstream, kind):
    """Told within 100 ms, of all credentials."""
    nodes = [start(gateway), start(gateway)]
    for node in nodes:
        for key in (ALICE, BOB):
            node.read(JOB, key)
            wait_until(lambda: detail(node.read(JOB, key)) == "memory")
    change(kind, nodes[0], upstream, "new")
    soon(lambda: name_of(nodes[1].read(JOB)) == "new")
    assert name_of(nodes[1].read(JOB, BOB)) == "new"


def test_only_the_job_that_was_changed(gateway, upstream):
    nodes = [start(gateway), start(gateway)]
    for node in nodes:
        for job in (JOB, "job-init"):
            wait_until(lambda: detail(node.read(job)) == "memory")
    put(nodes[0], "new")
    soon(lambda: name_of(nodes[1].read(JOB)) == "new")
    for node in nodes:
        assert detail(node.read("job-init")) == "memory"
    assert upstream.calls(job="job-init") == 1


def test_reload_keeps_the_entries(gateway, upstream):
    node = start(gateway, redis=None)
    node.read(JOB)
    node.reload(wait_old=True)
    assert detail(node.read(JOB)) == "memory"
    assert upstream.calls("read") == 1


def test_zone_of_another_size_starts_empty(gateway, upstream):
    node = start(gateway, redis=None)
    node.read(JOB)
    node.reload(node.config_file.read_text().replace(
        "batch_dial_zone 1m", "batch_dial_zone 2m"), wait_old=True)
    assert node.metrics()[ENTRIES] == 0
    assert node.read(JOB)["x-cache"] == "MISS"
    assert detail(node.read(JOB)) == "memory"
    assert upstream.calls("read") == 2


def test_a_killed_worker_takes_nothing_along(gateway, upstream):
    node = start(gateway, workers=2, redis=None)
    node.read(JOB)
    node.kill_worker()
    assert detail(node.read(JOB)) == "memory"
    assert upstream.calls("read") == 1


def test_the_least_recently_used_go(gateway, upstream):
    """More than a zone of 256 KB holds; what is read often stays."""
    node = start(gateway, redis=None, zone="256k")
    node.read("job-init")
    for number in range(150):
        upstream.put_job(f"job-{number}", padding="x" * 3000)
        assert node.read(f"job-{number}").status == 200
        assert detail(node.read("job-init")) == "memory"
    assert 1 < node.metrics()[ENTRIES] < 150
    assert detail(node.read("job-149")) == "memory"
    assert node.read("job-0")["x-cache"] == "MISS"
    assert node.metrics()[FREE] >= 0
    assert "[error]" not in node.log()


def test_an_entry_larger_than_the_zone(gateway, upstream):
    node = start(gateway, LONG + "batch_dial_max_body 1m;", redis=None,
                 zone="256k")
    node.read("job-init")
    upstream.patch_job(JOB, padding="x" * 500000)
    for _ in range(2):
        answer = node.read(JOB)
        assert (answer.status, len(answer.body) > 500000) == (200, True)
    assert node.read("job-init").status == 200
    assert "[error]" not in node.log()


@EITHER
def test_credentials_do_not_share(gateway, upstream, redis):
    node = start(gateway, redis=redis)
    upstream.rule(key=BOB, kind="read", patch={"name": "for Bob alone"})
    for _ in range(3):
        assert name_of(node.read(JOB, ALICE)) == "Campaign job-paused"
        assert name_of(node.read(JOB, BOB)) == "for Bob alone"
        assert node.read(JOB, CAROL).status == 404
        assert node.read(JOB, "tok-SECRET-of-nobody").status == 401
    by_key = upstream.counts().by_key
    assert (by_key[ALICE], by_key[BOB]) == (1, 1)


def test_head_and_conditions_are_answered_from_memory(gateway, upstream):
    node = start(gateway, redis=None)
    first = node.read(JOB)
    head = node.request("HEAD", PATH)
    assert (head.status, head.body, detail(head)) == (200, b"", "memory")
    assert head["content-length"] == str(len(first.body))
    same = node.read(JOB, headers=[("If-None-Match", first["etag"])])
    assert (same.status, same["x-tier"]) == (304, "memory")
    assert upstream.calls("read") == 1
