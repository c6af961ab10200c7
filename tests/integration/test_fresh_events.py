"""What the nodes tell each other: the channel is not believed blindly, and
what a host cannot have heard of does not stay fresh with it."""

import os
import time

from lib.event import TYPES, decoded
from lib.expect import cache_status
from lib.fresh import (DOUBT, JOB, LONG, SLACK, SURE, answers_of, ask,
                       bare_writes, detail, is_fresh, is_stale, name_of, put,
                       reads, said, soon, start, wait_answer, wait_stored,
                       wait_sure)
from lib.upstream import ALICE
from lib.wait import wait_until

CHANNEL = "bd:default:events"
EVENTS = 'batch_dial_events_total{result="%s"}'
JOINED = 'batch_dial_flights_total{scope="fleet",result="joined"}'
SUBSCRIPTIONS = "batch_dial_subscriptions_total"

NOTICED = 1.0                         # until a silent Redis is noticed


def count(node, result):
    return node.metrics()[EVENTS % result]


def in_memory(node, job=JOB):
    wait_until(lambda: detail(node.read(job)) == "memory")


def publish(redis_server, payload):
    redis_server.command("PUBLISH", CHANNEL, payload)


# who is told of a fetch

def kinds(events):
    return [TYPES[decoded(event).type] for event in events]


def test_a_fetch_is_told_to_those_who_wait(gateway, upstream, redis_server):
    one, two = start(gateway), start(gateway)
    upstream.rule(job=JOB, hold={"before_headers": "gate"})

    def act():
        leader, = ask([one], 1)
        upstream.wait_waiting("gate")
        follower, = ask([two], 1)
        wait_until(lambda: two.metrics()[JOINED] == 1)
        upstream.release("gate")
        assert said(answers_of([leader, follower])) == ["COALESCED", "MISS"]

    events = recorded(redis_server, act)
    stored, = [event for event in events if kinds([event]) == ["STORED"]]
    assert decoded(stored).id.decode() == JOB


def test_a_fetch_that_nobody_waits_for_is_not_told(gateway, upstream,
                                                   redis_server):
    one, _ = start(gateway), start(gateway)

    def act():
        one.read(JOB)
        wait_stored(redis_server)

    assert "STORED" not in kinds(recorded(redis_server, act))


# what comes late

def late(gateway, redis_server, events, kind):
    """A node that hears of an event after the moment it tells has passed."""
    event, = [event for event in events if kinds([event]) == [kind]]
    wait_until(lambda: time.time() * 1000 > decoded(event).time)
    node = start(gateway)
    before = count(node, "applied")
    publish(redis_server, event)
    wait_until(lambda: count(node, "applied") == before + 1)
    return node


def test_a_late_event_holds_nobody_off(gateway, upstream, redis_server):
    """Redis may have kept it for a while."""
    one = start(gateway)
    rule = upstream.rule(job=JOB, status=429, retry_after=1)
    events = recorded(redis_server, lambda: one.read(JOB))
    upstream.drop_rule(rule)
    assert late(gateway, redis_server, events, "HELD").read(JOB).status == 200


def test_a_late_event_backs_nobody_off(gateway, upstream, redis_server):
    one = start(gateway)
    rule = upstream.rule(job=JOB, status=500)
    events = recorded(redis_server, lambda: one.read(JOB))
    upstream.drop_rule(rule)
    assert late(gateway, redis_server, events, "ENDED").read(JOB).status == 200


# garbage

GARBAGE = {
    "empty": b"", "short": b"BE", "zeros": b"\0" * 96,
    "header": b"BE\x01\x01\x0a\0\0\0" + b"\0" * 56 + b"job-paused"
              + b"\0" * 32,
    "next version": b"BE\x02" + b"\xff" * 200, "noise": os.urandom(300),
    "long": b"BE\x01\x01" + b"x" * 100000, "text": b"FLUSH job-paused",
}


def test_garbage_is_counted_and_ignored(gateway, upstream, redis_server):
    node = start(gateway)
    in_memory(node)
    before = node.metrics()
    for number, payload in enumerate(GARBAGE.values(), 1):
        publish(redis_server, payload)
        wait_until(lambda: count(node, "refused")
                   == before[EVENTS % "refused"] + number)
    assert detail(node.read(JOB)) == "memory"
    after = node.metrics()
    assert after[SUBSCRIPTIONS] == before[SUBSCRIPTIONS]
    assert after[SURE] == 1


def recorded(redis_server, act):
    """The events that are published while something is done."""
    with redis_server.client() as client:
        with client.pubsub() as listener:
            listener.subscribe(CHANNEL)
            assert listener.get_message(timeout=5)["type"] == "subscribe"
            act()
            found = []
            while message := listener.get_message(timeout=0.3):
                found.append(message["data"])
    return found


def test_events_are_sealed(gateway, upstream, redis_server):
    """One bit is changed, or they come from another fleet: refused."""
    node, far = start(gateway), start(
        gateway, http_extra="batch_dial_namespace far;")
    in_memory(node)
    events = recorded(redis_server, lambda: put(node, "new"))
    assert events
    in_memory(node)
    before = count(node, "refused")
    for number, event in enumerate(events, 1):
        publish(redis_server, event[:20] + bytes([event[20] ^ 1])
                + event[21:])
        wait_until(lambda: count(node, "refused") == before + number)
        assert detail(node.read(JOB)) == "memory"
    foreign = count(far, "refused")
    redis_server.command("PUBLISH", "bd:far:events", events[0])
    wait_until(lambda: count(far, "refused") == foreign + 1)


def test_an_event_of_old_does_nothing_again(gateway, upstream, redis_server):
    one, two = start(gateway), start(gateway)
    bare_writes(upstream)
    for node in (one, two):
        in_memory(node)
    events = recorded(redis_server, lambda: put(one, "new"))
    soon(lambda: name_of(two.read(JOB)) == "new")
    in_memory(two)
    before = count(two, "repeated")
    for event in events:
        publish(redis_server, event)
    wait_until(lambda: count(two, "repeated") >= before + len(events))
    assert detail(two.read(JOB)) == "memory"
    assert name_of(one.read(JOB)) == name_of(two.read(JOB)) == "new"


def test_events_hold_no_token(gateway, upstream, redis_server):
    node = start(gateway)

    def act():
        node.read(JOB)
        put(node, "new")
        upstream.revoke(ALICE)
        node.read("job-init")

    events = recorded(redis_server, act)
    assert events
    for event in events:
        assert b"SECRET" not in event
        assert event[:2] == b"BE"


# a subscription that is lost

def test_memory_starts_clean_after_a_loss(gateway, upstream, redis_server):
    node = start(gateway)
    node.read(JOB)
    wait_stored(redis_server)
    in_memory(node)
    before = node.metrics()[SUBSCRIPTIONS]
    redis_server.command("CLIENT", "KILL", "TYPE", "pubsub")
    wait_until(lambda: node.metrics()[SUBSCRIPTIONS] > before)
    wait_sure(node)
    assert detail(node.read(JOB)) == "redis"
    assert detail(node.read(JOB)) == "memory"
    assert upstream.calls("read") == 1


def test_a_write_that_was_not_heard_of(gateway, upstream, redis_server):
    """Again and again: the loss, and at once the write elsewhere."""
    one, two = start(gateway), start(gateway)
    for number in range(5):
        for node in (one, two):
            in_memory(node)
        redis_server.command("CLIENT", "KILL", "TYPE", "pubsub")
        assert put(one, f"n{number}").status == 200
        assert name_of(one.read(JOB)) == f"n{number}"
        soon(lambda: name_of(two.read(JOB)) == f"n{number}", DOUBT)
        for node in (one, two):
            wait_sure(node)


def test_a_host_that_hears_nothing(gateway, upstream, redis_server):
    """It serves what it finds in Redis, for three seconds at most."""
    one, two = start(gateway), start(gateway)
    bare_writes(upstream)
    one.read(JOB)
    wait_stored(redis_server)
    in_memory(two)
    redis_server.command("ACL", "SETUSER", "default", "-subscribe")
    redis_server.command("CLIENT", "KILL", "TYPE", "pubsub")
    wait_until(lambda: two.metrics()[SURE] == 0)
    assert detail(two.read(JOB)) != "memory"
    assert put(one, "new").status == 200
    assert name_of(one.read(JOB)) == "new"
    wait_until(lambda: name_of(two.read(JOB)) == "new", DOUBT + SLACK)
    for _ in range(5):
        answer = two.read(JOB)
        assert name_of(answer) == "new"
        if detail(answer) == "memory":
            assert cache_status(answer)["ttl"] <= DOUBT

    redis_server.command("ACL", "SETUSER", "default", "+@all")
    for node in (one, two):
        wait_sure(node)
        in_memory(node)
    assert cache_status(two.read(JOB))["ttl"] > DOUBT
    assert put(one, "newer").status == 200
    soon(lambda: name_of(two.read(JOB)) == "newer")


# a Redis that is frozen, or never was

def test_redis_freezes(gateway, upstream, redis_server):
    """Memory of before is no longer fresh, and what is fetched now is, for
    three seconds: upstream is not flooded."""
    node = start(gateway)
    in_memory(node)
    upstream.patch_job(JOB, name="new")
    redis_server.stop()
    wait_until(lambda: node.metrics()[SURE] == 0, NOTICED + 2 * SLACK,
               what="the worker to notice")
    first = node.read(JOB)
    assert name_of(first) == "new"
    fetched = time.monotonic()
    while time.monotonic() < fetched + 1.5:
        answer = node.read(JOB)
        assert answer.status == 200
        assert answer.elapsed < 0.75
        if is_fresh(answer):
            assert cache_status(answer)["ttl"] <= DOUBT
    assert len(reads(upstream)) <= 3
    upstream.patch_job(JOB, name="newer")
    wait_until(lambda: name_of(node.read(JOB)) == "newer",
               DOUBT + SLACK)
    redis_server.cont()
    wait_sure(node)
    in_memory(node)


def test_redis_and_upstream_are_gone(gateway, upstream, redis_server):
    """What memory held is still there for need."""
    node = start(gateway)
    in_memory(node)
    redis_server.stop()
    wait_until(lambda: node.metrics()[SURE] == 0)
    upstream.refuse()
    answer = node.read(JOB)
    assert is_stale(answer)
    assert answer["x-cache"] == "STALE"
    redis_server.cont()


def test_redis_never_was_there(gateway, upstream, redis_server):
    redis_server.kill()
    node = start(gateway, LONG, sure=False)
    assert node.read(JOB).status == 200
    answer = wait_answer(lambda: node.read(JOB), is_fresh)
    assert (detail(answer), cache_status(answer)["ttl"] <= DOUBT) \
        == ("memory", True)
    assert node.metrics()[SURE] == 0
    redis_server.restart()
    wait_sure(node)
    wait_answer(lambda: node.read(JOB), lambda each: is_fresh(each)
                and cache_status(each)["ttl"] > DOUBT)


def test_each_worker_hears_and_one_applies(gateway, upstream):
    """Two workers on a host: an event counts once, whoever was first."""
    one, two = start(gateway), start(gateway, workers=2)
    wait_until(lambda: two.metrics()[SUBSCRIPTIONS] == 2)
    in_memory(two)
    applied = count(two, "applied")
    for number in range(10):
        in_memory(two)
        put(one, f"n{number}")
        soon(lambda: name_of(two.read(JOB)) == f"n{number}")
    wait_until(lambda: count(two, "applied") >= applied + 10)
    assert count(two, "repeated") >= 1
    assert count(two, "refused") == 0


def test_load_of_events(gateway, upstream):
    """A thousand invalidations of other jobs pass by; nothing is lost."""
    one, two = start(gateway), start(gateway)
    in_memory(two)
    with one.connect() as connection:
        for number in range(900):
            answer = connection.request("PURGE", f"/purge/other-{number}")
            assert answer.status == 204
    put(one, "new")
    soon(lambda: name_of(two.read(JOB)) == "new")
    assert two.metrics()[SURE] == 1
