"""What the gateway leaves in Redis, and what it believes of what it finds
there: layout, expiry, and values that somebody has tampered with."""

import dataclasses
import time

import pytest

from lib.entry import (HEADER, KINDS, MAC_SIZE, PROBLEMS, SECRET, STATUSES,
                       Entry, credential_key, decoded, entry_field, job_key,
                       pairs, sealed)
from lib.upstream import ALICE, BOB
from lib.wait import wait_until

pytestmark = pytest.mark.usefixtures("redis_tier")

LONG = "batch_dial_ttl INIT=1h ACTIVE=1h PAUSED=1h COMPLETE=1h CANCELLED=1h;"
STALE = 300000                        # batch_dial_stale_if_error, in ms
JOB = "job-active"
KEY = job_key(JOB)
FIELD = entry_field(ALICE)

REFUSED = "batch_dial_redis_entries_refused_total"


def outcome(answer):
    """What the cache did: "hit", "uri-miss", "stale", "bypass"."""
    words = answer["cache-status"].split("; ")[1:]
    return words[0].removeprefix("fwd=")


def stored(redis_server, job=JOB, token=ALICE, namespace="default"):
    """The value of an entry, once it is there: a store delays nobody."""
    return wait_until(
        lambda: redis_server.command("HGET", job_key(job, namespace),
                                     entry_field(token)),
        what=f"an entry of {job}: {redis_server.contents()}")


def put(redis_server, value, key=KEY, field=FIELD):
    redis_server.command("HSET", key, field, value)
    redis_server.command("PEXPIRE", key, 600000)


def now_ms():
    return int(time.time() * 1000)


@pytest.mark.parametrize("status", STATUSES[1:])
def test_layout(gateway, upstream, redis_server, status):
    node = gateway()
    job = f"job-{status.lower()}"
    upstream.rule(job=job, headers=[
        ["ETag", '"v1"'], ["Cache-Control", "private, max-age=1"],
        ["Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT"],
        ["Content-Type", "application/json; charset=utf-8"],
        ["Set-Cookie", "session=1"]])
    before = now_ms()
    answer = node.read(job)
    after = now_ms()
    value = stored(redis_server, job)

    assert sorted(key for _, key, _ in redis_server.contents()) == sorted(
        [job_key(job), credential_key(ALICE)])
    assert redis_server.command("HKEYS", job_key(job)) == [FIELD]

    entry = decoded(value, job_key(job), FIELD)
    assert entry.magic == b"BD"
    assert entry.version == 2
    assert entry.kind == KINDS.index("JOB")
    assert entry.problem == 0
    assert entry.http_status == 200
    assert entry.flags == 0
    assert entry.extra == b""
    assert STATUSES[entry.status] == status
    assert before - 1000 <= entry.fetched_ms <= after + 1000
    assert entry.content_type == b"application/json; charset=utf-8"
    assert entry.etag == b'"v1"'
    assert entry.last_modified == b"Thu, 01 Jan 2026 00:00:00 GMT"
    assert entry.cache_control == b"private, max-age=1"
    assert entry.body == answer.body

    whole = {"INIT": 5, "ACTIVE": 3, "PAUSED": 5,
             "COMPLETE": 3600, "CANCELLED": 3600}[status] * 1000
    assert 0.9 * whole <= entry.ttl_ms <= whole
    assert STALE < redis_server.command("PTTL", job_key(job)) <= whole + STALE


def test_every_credential_has_a_field(gateway, redis_server):
    node = gateway(location_extra=LONG)
    node.read(JOB)
    node.read(JOB, BOB)
    stored(redis_server)
    stored(redis_server, token=BOB)
    assert sorted(redis_server.command("HKEYS", KEY)) == sorted(
        [entry_field(ALICE), entry_field(BOB)])


def test_a_short_entry_does_not_shorten_the_life_of_the_key(
        gateway, redis_server):
    node = gateway(location_extra="batch_dial_ttl ACTIVE=1h;")
    node.read(JOB)
    stored(redis_server)
    node.configure(node.config_file.read_text().replace(
        "ACTIVE=1h", "ACTIVE=2s"))
    node.reload(wait_old=True)
    node.read(JOB, BOB)
    stored(redis_server, token=BOB)
    assert redis_server.command("PTTL", KEY) > 60000


def test_a_key_gone_is_a_miss(gateway, upstream, redis_server):
    node = gateway(location_extra=LONG)
    node.read(JOB)
    stored(redis_server)
    assert outcome(node.read(JOB)) == "hit"
    redis_server.command("FLUSHALL")
    assert outcome(node.read(JOB)) == "uri-miss"
    stored(redis_server)
    assert outcome(node.read(JOB)) == "hit"
    assert upstream.calls("read") == 2


def genuine(**change):
    """An entry such as the gateway writes, with some members changed."""
    entry = Entry(status=STATUSES.index("ACTIVE"), fetched_ms=now_ms(),
                  ttl_ms=3600000,
                  body=b'{"id": "job-active", "made": "by hand"}')
    return dataclasses.replace(entry, **change)


def test_a_genuine_entry_is_served(gateway, upstream, redis_server):
    """The control of all tests below: the same bytes, sealed, do count."""
    node = gateway(location_extra=LONG)
    put(redis_server, genuine().encoded(KEY, FIELD))
    answer = node.read(JOB)
    assert outcome(answer) == "hit"
    assert answer.body == genuine().body
    assert upstream.calls() == 0
    assert node.metrics()[REFUSED] == 0


def test_an_expired_entry_is_not(gateway, upstream, redis_server):
    node = gateway(location_extra=LONG)
    old = genuine(fetched_ms=now_ms() - 10000, ttl_ms=9000)
    put(redis_server, old.encoded(KEY, FIELD))
    answer = node.read(JOB)
    assert outcome(answer) == "stale"
    assert b"by hand" not in answer.body
    assert upstream.calls("read") == 1
    assert node.metrics()[REFUSED] == 0


def meets(node, upstream, redis_server, value):
    """A read that finds value, while upstream has nothing to be stored."""
    put(redis_server, value)
    answer = node.read(JOB)
    assert answer.status == 404, answer
    assert outcome(answer) == "uri-miss", answer
    wait_until(lambda: not redis_server.command("HEXISTS", KEY, FIELD),
               what=f"{value!r} to be deleted")


def refuses(gateway, upstream, redis_server, values):
    """Each of the values is a miss, counted, and deleted."""
    node = gateway(location_extra=LONG + "batch_dial_error_ttl 404=0;")
    upstream.rule(job=JOB, status=404)
    for value in values:
        meets(node, upstream, redis_server, value)
    assert node.metrics()[REFUSED] == len(values)
    assert upstream.calls("read") == len(values)
    assert node.log().count("did not check out") == len(values)


def test_any_byte_changed(gateway, upstream, redis_server):
    value = genuine().encoded(KEY, FIELD)
    values = []
    for place in range(len(value)):
        changed = bytearray(value)
        changed[place] ^= 1 << place % 8
        values.append(bytes(changed))
    refuses(gateway, upstream, redis_server, values)


def test_cut_or_longer(gateway, upstream, redis_server):
    value = genuine().encoded(KEY, FIELD)
    body = genuine().body
    cuts = [0, 1, MAC_SIZE - 1, MAC_SIZE, HEADER.size,
            HEADER.size + MAC_SIZE - 1, HEADER.size + MAC_SIZE,
            len(value) - MAC_SIZE, len(value) - 1]
    refuses(gateway, upstream, redis_server,
            [value[:cut] for cut in cuts]
            + [value + b"x", value * 2, b"x" * (1 << 20),
               value.replace(body, body + b" ")])


def test_another_layout_though_sealed(gateway, upstream, redis_server):
    """What only another version, or a faulty one, could have written."""
    data = genuine().data()
    lengths = HEADER.size - 16
    layouts = [genuine(version=version).data() for version in (0, 1, 3, 255)]
    layouts += [genuine(status=status).data()
                for status in (len(STATUSES), 6, 255)]
    layouts += [genuine(kind=kind).data() for kind in (len(KINDS), 255)]
    layouts += [genuine(kind=2, problem=problem).data()
                for problem in (len(PROBLEMS), 255)]
    layouts += [genuine(http_status=status).data()
                for status in (0, 99, 600, 65535)]
    layouts += [genuine(extra=pairs((b"name", b"value"))[:cut]).data()
                for cut in (1, 3, 4, 12)]
    layouts += [genuine(problem=1).data(), genuine(flags=2).data(),
                genuine(magic=b"XX").data()]
    for place in range(lengths, HEADER.size, 2):
        for length in (b"\xff\xff", b"\x01\x10", b"\x01\x00"):
            if data[place:place + 2] != length:
                layouts.append(data[:place] + length + data[place + 2:])
    layouts += [data[:HEADER.size - 1], data[:HEADER.size], data + b"x", b""]
    refuses(gateway, upstream, redis_server,
            [sealed(layout, KEY, FIELD) for layout in layouts])


def test_a_field_that_is_too_long_though_sealed(gateway, upstream,
                                                redis_server):
    refuses(gateway, upstream, redis_server,
            [genuine(etag=b"x" * 4097).encoded(KEY, FIELD)])


def test_sealed_for_another_place(gateway, upstream, redis_server):
    """Another job, another credential, another namespace, the same pair
    of names cut elsewhere, another secret."""
    entry = genuine()
    refuses(gateway, upstream, redis_server, [
        entry.encoded(job_key("job-paused"), FIELD),
        entry.encoded(KEY, entry_field(BOB)),
        entry.encoded(job_key(JOB, "other"), FIELD),
        entry.encoded(KEY + FIELD[:1], FIELD[1:]),
        entry.encoded(FIELD, KEY),
        entry.encoded(KEY, FIELD, SECRET + b"x"),
    ])


def test_entries_of_two_credentials_swapped(gateway, upstream, redis_server):
    node = gateway(location_extra=LONG)
    upstream.rule(job=JOB, key=BOB, patch={"name": "for bob"})
    node.read(JOB, ALICE)
    node.read(JOB, BOB)
    alices, bobs = stored(redis_server), stored(redis_server, token=BOB)
    put(redis_server, bobs)
    put(redis_server, alices, field=entry_field(BOB))
    for token, for_bob in ((ALICE, False), (BOB, True)):
        answer = node.read(JOB, token)
        assert outcome(answer) == "uri-miss"
        assert (b"for bob" in answer.body) is for_bob
    assert node.metrics()[REFUSED] == 2


def test_entries_of_two_jobs_swapped(gateway, redis_server):
    node = gateway(location_extra=LONG)
    jobs = ("job-active", "job-paused")
    values = {}
    for job in jobs:
        node.read(job)
        values[job] = stored(redis_server, job)
    for job, other in (jobs, jobs[::-1]):
        put(redis_server, values[other], key=job_key(job))
        answer = node.read(job)
        assert outcome(answer) == "uri-miss"
        assert b'"id": "%s"' % job.encode() in answer.body


def test_what_was_refused_is_fetched_and_stored_anew(
        gateway, upstream, redis_server):
    node = gateway(location_extra=LONG)
    put(redis_server, b"garbage")
    assert outcome(node.read(JOB)) == "uri-miss"
    wait_until(lambda: redis_server.command("HGET", KEY, FIELD)
               not in (None, b"garbage"), what="the new entry")
    assert outcome(node.read(JOB)) == "hit"
    assert upstream.calls("read") == 1


def test_an_entry_of_a_mebibyte(gateway, upstream, redis_server):
    """Far more than is read from Redis at once."""
    node = gateway(location_extra=LONG + "batch_dial_max_body 4m;",
                   redis="unix:%%REDIS_SOCK%% timeout=10s")
    upstream.rule(job=JOB, patch={"name": "n" * (1 << 20)})
    first = node.read(JOB)
    stored(redis_server)
    again = node.read(JOB)
    assert outcome(again) == "hit"
    assert again.body == first.body
    assert len(again.body) > 1 << 20


@pytest.mark.parametrize("kind", ["string", "list", "set"])
def test_a_key_of_another_type(gateway, upstream, redis_server, kind):
    """Redis answers -WRONGTYPE: served from upstream, and no breaker."""
    node = gateway(location_extra=LONG)
    words = {"string": ("SET", KEY, "x"), "list": ("LPUSH", KEY, "x"),
             "set": ("SADD", KEY, "x")}[kind]
    redis_server.command(*words)
    redis_server.command("PEXPIRE", KEY, 600000)
    for _ in range(7):
        assert node.read(JOB).status == 200
    assert upstream.calls("read") == 7
    assert node.metrics()["batch_dial_redis_breaker_open"] == 0
    node.read("job-paused")
    stored(redis_server, "job-paused")
    assert outcome(node.read("job-paused")) == "hit"
