"""Redis fails in every way it can, and no client is told: reads go upstream,
none waits longer than connect_timeout and timeout allow, the breaker opens
after five failures in a row and closes by itself."""

import threading

import pytest

from lib import client
from lib.gateway import bearer
from lib.relay import FakeRedis, empty_redis
from lib.upstream import JOBS
from lib.wait import wait_until

pytestmark = pytest.mark.usefixtures("redis_tier")

LONG = "batch_dial_ttl INIT=1h ACTIVE=1h PAUSED=1h COMPLETE=1h CANCELLED=1h;"

# connect_timeout and timeout by default, and what a busy machine may add
LIMIT = 0.100 + 0.050
SLACK = 0.600

OPEN = "batch_dial_redis_breaker_open"
COMMANDS = "batch_dial_redis_commands_total"
STORED = 'batch_dial_redis_stores_total{result="stored"}'
LEASE_FAILED = 'batch_dial_leases_total{result="failed"}'
FAILURES = tuple(f'batch_dial_redis_failures_total{{cause="{cause}"}}'
                 for cause in ("connect", "timeout", "protocol"))
SEEDED = ("job-init", "job-active", "job-paused", "job-complete",
          "job-cancelled")


def failures(metrics):
    return sum(metrics[name] for name in FAILURES)


def status_of(answer):
    """The words of Cache-Status behind the name."""
    return answer["cache-status"].split("; ")[1:]


def is_hit(answer):
    return status_of(answer)[0] == "hit"


def served(node, job, limit=LIMIT):
    """A read that must be right and in time."""
    answer = node.read(job)
    assert answer.status == 200, answer
    assert answer.complete
    assert b'"id": "%s"' % job.encode() in answer.body
    assert answer.elapsed < limit + SLACK
    return answer


def fill_cache(node, jobs=SEEDED):
    for job in jobs:
        node.read(job)
    for job in jobs:
        wait_until(lambda: is_hit(node.read(job)), what=f"a hit of {job}")


def opens(node, limit=LIMIT):
    """Reads until the breaker is open; never before five failures."""
    def opened():
        for job in SEEDED:
            served(node, job, limit)
        metrics = node.metrics()
        if not metrics[OPEN]:
            assert failures(metrics) < 5
        else:
            assert failures(metrics) >= 5
        return metrics[OPEN]

    assert failures(node.metrics()) == 0
    wait_until(opened, what=lambda: f"breaker: {node.metrics()}")


def closes(node):
    """Nobody reads, and still it closes; then hits resume."""
    wait_until(lambda: not node.metrics()[OPEN],
               what=lambda: f"breaker: {node.metrics()}")
    for job in SEEDED:
        wait_until(lambda: is_hit(served(node, job)), what="a hit")


def stop(redis_server):
    redis_server.stop()
    return redis_server.cont


def kill(redis_server):
    redis_server.kill()
    return redis_server.restart


def lock(redis_server):
    redis_server.require_password("pass-SECRET-7")

    def unlock():
        redis_server.config_set("requirepass", "")
        redis_server.password = None

    return unlock


def forbid(redis_server):
    """An ACL takes everything away, from connections there are as well."""
    redis_server.command("ACL", "SETUSER", "keeper", "on", ">keeper-SECRET",
                         "~*", "&*", "+@all")
    redis_server.command("ACL", "SETUSER", "default", "-@all", "+acl",
                         "+info", "+scan", "+type", "+hgetall")

    def allow():
        redis_server.command("ACL", "SETUSER", "default", "+@all")

    return allow


@pytest.mark.parametrize("fault", [stop, kill, lock, forbid])
def test_a_real_redis_that_fails(gateway, upstream, redis_server, fault):
    node = gateway(location_extra=LONG)
    fill_cache(node)
    heal = fault(redis_server)
    if fault is forbid:
        # error replies are no failures of the transport and not counted
        wait_until(lambda: [served(node, job) for job in SEEDED]
                   and node.metrics()[OPEN], what="the breaker to open")
    else:
        opens(node)
    asked = node.metrics()[COMMANDS]
    fetched = upstream.calls("read")
    for _ in range(4):
        for job in SEEDED:
            answer = served(node, job)
            assert status_of(answer)[0] == "fwd=bypass"
            assert "detail=redis-down" in status_of(answer)
    assert upstream.calls("read") == fetched + 4 * len(SEEDED)
    assert node.metrics()[COMMANDS] == asked
    heal()
    closes(node)


def test_an_open_breaker_costs_no_time(gateway, redis_server):
    """With a timeout of half a second, a read that asks shows it."""
    node = gateway(redis="unix:%%REDIS_SOCK%% timeout=500ms",
                   location_extra=LONG)
    fill_cache(node)
    redis_server.stop()
    assert served(node, "job-init", 0.5).elapsed >= 0.4
    wait_until(lambda: served(node, "job-init", 0.5)
               and node.metrics()[OPEN], what="the breaker to open")
    elapsed = [served(node, job).elapsed for job in SEEDED * 4]
    assert sorted(elapsed)[len(elapsed) // 2] < 0.2
    redis_server.cont()
    closes(node)


def test_never_there(gateway, redis_server):
    """Nothing listens where Redis should be, from the start on."""
    redis_server.kill()
    node = gateway(location_extra=LONG)
    opens(node)
    assert node.metrics()["batch_dial_redis_connections_total"] == 0
    redis_server.restart()
    closes(node)


def test_slower_than_the_timeout(world, upstream, redis_server):
    relay = world.relay(redis_server.socket)
    node = world.gateway(redis=f"redis://127.0.0.1:{relay.port}",
                         location_extra=LONG)
    fill_cache(node)
    relay.delay = 0.3
    opens(node)
    relay.delay = 0.0
    closes(node)


def test_slow_but_in_time(world, upstream, redis_server):
    relay = world.relay(redis_server.socket)
    node = world.gateway(redis=f"redis://127.0.0.1:{relay.port} timeout=5s",
                         location_extra=LONG)
    fill_cache(node)
    relay.delay = 0.1
    for job in SEEDED:
        answer = node.read(job)
        assert is_hit(answer)
        assert answer.elapsed >= 0.1
    assert failures(node.metrics()) == 0


def test_a_late_answer_is_nobodys(world, upstream, redis_server):
    """Replies have no names: one that is late must not reach the next."""
    relay = world.relay(redis_server.socket)
    node = world.gateway(redis=f"redis://127.0.0.1:{relay.port}",
                         location_extra=LONG)
    fill_cache(node)
    for delay in (0.03, 0.045, 0.05, 0.055, 0.06):
        relay.delay = delay
        for _ in range(4):
            client.parallel([lambda job=job: served(node, job)
                             for job in SEEDED])


def test_full(gateway, redis_server):
    """-OOM: what is there is served, what is new is not stored."""
    node = gateway(location_extra=LONG)
    fill_cache(node, ["job-active"])
    stored = node.metrics()[STORED]
    redis_server.fill()
    for _ in range(7):
        assert is_hit(served(node, "job-active"))
        assert status_of(served(node, "job-paused"))[0] == "fwd=uri-miss"
    wait_until(lambda: node.metrics()[LEASE_FAILED] == 7)
    metrics = node.metrics()
    assert metrics[STORED] == stored
    assert metrics[OPEN] == 0
    redis_server.config_set("maxmemory", "0")
    fill_cache(node, ["job-paused"])


def test_read_only(gateway, redis_server):
    """-READONLY: as with a full one."""
    node = gateway(location_extra=LONG)
    fill_cache(node, ["job-active"])
    redis_server.make_read_only()
    for _ in range(7):
        assert is_hit(served(node, "job-active"))
        assert status_of(served(node, "job-paused"))[0] == "fwd=uri-miss"
    wait_until(lambda: node.metrics()[LEASE_FAILED] == 7)
    assert node.metrics()[OPEN] == 0
    redis_server.command("REPLICAOF", "NO", "ONE")
    fill_cache(node, ["job-paused"])


HALF = b"*1\r\n$500\r\nBD\x01"

FAKES = {
    "loading": FakeRedis.LOADING,
    "garbage": FakeRedis.GARBAGE,
    "silent": FakeRedis.SILENCE,
    "closes": FakeRedis.CLOSE,
    "half a reply": HALF,
    "half a line": b"*1",
    "too many replies": b"*1\r\n$-1\r\n" * 2,
    "a reply of 512 MB to come": b"*1\r\n$536870912\r\nx",
    "an array of 2^31": b"*2147483647\r\n",
    "nested deep": b"*1\r\n" * 4000,
    "masterdown": b"-MASTERDOWN Link with MASTER is down\r\n",
    "noauth": b"-NOAUTH Authentication required.\r\n",
    "noperm": b"-NOPERM this user has no permissions\r\n",
    "an http server": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "too many clients": b"-ERR max number of clients reached\r\n",
}


def once_greeted(reply):
    """A new connection's question is answered, all others get reply."""
    return lambda words: b"$-1\r\n" if words[0] == b"GET" else reply


@pytest.mark.parametrize("greets", [False, True],
                         ids=["at once", "once greeted"])
@pytest.mark.parametrize("reply", FAKES.values(), ids=FAKES.keys())
def test_a_fake_that_fails(world, upstream, reply, greets):
    """The breaker may open or not; the reads are right and in time, and
    nothing is kept for them."""
    fake = world.fake_redis(once_greeted(reply) if greets else reply)
    node = world.gateway(redis=f"redis://127.0.0.1:{fake.port}",
                         location_extra=LONG)
    for _ in range(4):
        for job in SEEDED:
            answer = served(node, job)
            assert not is_hit(answer)
    assert upstream.calls("read") == 4 * len(SEEDED)


@pytest.mark.parametrize("greets", [False, True],
                         ids=["at once", "once greeted"])
@pytest.mark.parametrize("name", ["loading", "garbage", "silent", "closes",
                                  "half a reply", "masterdown", "noauth"])
def test_a_fake_that_fails_opens_the_breaker(world, upstream, name, greets):
    fake = world.fake_redis(once_greeted(FAKES[name]) if greets
                            else FAKES[name])
    node = world.gateway(redis=f"redis://127.0.0.1:{fake.port}",
                         location_extra=LONG)
    wait_until(lambda: [served(node, job) for job in SEEDED]
               and node.metrics()[OPEN], what="the breaker to open")
    fake.reply = empty_redis
    wait_until(lambda: not node.metrics()[OPEN], what="it to close")
    wait_until(lambda: status_of(served(node, "job-init"))[0]
               == "fwd=uri-miss", what="Redis to be asked again")


WRONG = {
    "an integer": b":1\r\n",
    "a status": b"+OK\r\n",
    "a string": b"$2\r\nBD\r\n",
    "nil": b"$-1\r\n",
    "a nil array": b"*-1\r\n",
    "an empty array": b"*0\r\n",
    "two values": b"*2\r\n$-1\r\n$-1\r\n",
    "an integer in an array": b"*1\r\n:7\r\n",
    "an array in an array": b"*1\r\n*1\r\n$-1\r\n",
    "an error in an array": b"*1\r\n-ERR no\r\n",
    "an error": b"-ERR unknown command\r\n",
    "an error without words": b"-\r\n",
    "a long error": b"-" + b"E" * 30000 + b"\r\n",
}


@pytest.mark.parametrize("reply", WRONG.values(), ids=WRONG.keys())
def test_a_reply_of_the_wrong_type(world, upstream, reply):
    """Whole replies that make no sense: a miss, and Redis is still asked."""
    fake = world.fake_redis(once_greeted(reply))
    node = world.gateway(redis=f"redis://127.0.0.1:{fake.port}",
                         location_extra=LONG)
    for _ in range(7):
        assert not is_hit(served(node, "job-active"))
    assert upstream.calls("read") == 7
    assert node.metrics()[OPEN] == 0


def test_closed_in_the_middle_of_a_reply(world, upstream):
    """With a timeout of ten seconds only the close can have ended it."""
    fake = world.fake_redis(once_greeted(HALF))
    node = world.gateway(redis=f"redis://127.0.0.1:{fake.port} timeout=10s",
                         location_extra=LONG)
    with node.connect() as connection:
        connection.send("GET", f"{JOBS}/job-active", bearer())
        wait_until(lambda: b"HMGET" in [words[0] for words
                                        in fake.commands],
                   what="the lookup")
        assert upstream.calls() == 0
        fake.cut()
        answer = connection.receive()
    assert answer.status == 200
    assert not is_hit(answer)


def test_clients_killed_under_load(gateway, upstream, redis_server):
    """Redis drops all connections again and again: no read is lost."""
    node = gateway(location_extra=LONG, workers=2)
    fill_cache(node)
    over = threading.Event()
    answers = []

    def load(job):
        with node.connect() as connection:
            while not over.is_set():
                answers.append(connection.request(
                    "GET", f"{JOBS}/{job}", bearer()))

    def killer():
        try:
            for number in range(20):
                goal = len(answers) + 50
                redis_server.command("CLIENT", "KILL", "TYPE", "normal",
                                     "SKIPME", "yes")
                wait_until(lambda: len(answers) >= goal,
                           what=f"reads after kill {number}")
        finally:
            over.set()

    client.parallel([killer] + [lambda job=job: load(job)
                                for job in SEEDED])
    assert {answer.status for answer in answers} == {200}
    assert all(answer.complete for answer in answers)
    wait_until(lambda: is_hit(served(node, "job-active")), what="hits again")


def test_flushed_under_load(gateway, redis_server):
    node = gateway(location_extra=LONG)

    def load(job):
        with node.connect() as connection:
            return {connection.request("GET", f"{JOBS}/{job}",
                                       bearer()).status
                    for _ in range(100)}

    def flusher():
        for _ in range(50):
            redis_server.command("FLUSHALL")
        return {200}

    assert client.parallel([flusher] + [lambda job=job: load(job)
                                        for job in SEEDED]) == [{200}] * 6
    fill_cache(node)
