"""Writes: what the cache holds of a job is gone before the client learns that
the job was written, and the answer itself is not touched."""

import json
import threading

import pytest

from lib.entry import entry_field, job_key
from lib.fresh import bare_writes
from lib.gateway import bearer
from lib.held_redis import HeldRedis, silent
from lib.relay import FakeRedis
from lib.upstream import ALICE, BOB, JOBS
from lib.wait import wait_until

LONG = "batch_dial_ttl INIT=1h ACTIVE=1h PAUSED=1h COMPLETE=1h CANCELLED=1h;"
JOB = "job-active"
PATH = f"{JOBS}/{JOB}"
KEY = job_key(JOB)

# connect_timeout and timeout by default, and what a busy machine may add
LIMIT = 0.100 + 0.050
SLACK = 0.600

WRITES = [("PUT", PATH, b'{"name": "new"}'),
          ("POST", f"{PATH}/paused", b'{"paused": true}'),
          ("PATCH", PATH, b'{"name": "new"}'),
          ("DELETE", PATH, None),
          ("POST", f"{PATH}/some/thing", b"{}"),
          ("PURGE", PATH, None)]
NAMES = [f"{method} {path.removeprefix(JOBS)}" for method, path, _ in WRITES]


def fill(node, redis_server, tokens=(ALICE,)):
    """The cache holds the job for each of the credentials."""
    for token in tokens:
        assert node.read(JOB, token).status == 200
        wait_until(lambda: redis_server.command(
            "HEXISTS", KEY, entry_field(token)), what="the entry")


def there(redis_server):
    """Whether anything is kept of the job, besides that it is written to."""
    return any(not field.startswith(b"p:")
               for field in redis_server.command("HKEYS", KEY))


def expired(redis_server, tokens=(ALICE,)):
    """The outcome is unknown: the entries are kept, but fresh no more."""
    return all(redis_server.command("HEXISTS", KEY, field)
               for field in (b"x", *map(entry_field, tokens)))


def invalidations(node, result="done"):
    """How many there were, whatever their cause."""
    return sum(number for name, number in node.metrics().items()
               if name.startswith("batch_dial_invalidations_total{")
               and f'result="{result}"' in name)


@pytest.fixture
def held(world):
    redis = HeldRedis(world, KEY)
    yield redis
    redis.release()


@pytest.fixture
def held_node(world, upstream, held):
    def start(**options):
        return world.gateway(
            redis=f"redis://127.0.0.1:{held.fake.port} timeout=10s",
            **options)
    return start


@pytest.mark.parametrize("method, path, body", WRITES, ids=NAMES)
@pytest.mark.parametrize("status", [200, 201, 204, 302, 500, 503])
def test_gone_before_the_answer(gateway, upstream, redis_server, method, path,
                                body, status):
    node = gateway(location_extra=LONG)
    fill(node, redis_server, (ALICE, BOB))
    upstream.rule(method=method, path=path, status=status, apply=False,
                  body="" if status in (204, 302) else '{"ok": 1}',
                  headers=[["Location", "/elsewhere"]]
                  if status == 302 else [])
    answer = node.request(method, path, body=body)
    if status < 500:
        assert not there(redis_server)
    else:
        assert expired(redis_server, (ALICE, BOB))
    assert answer.status == status
    assert answer.complete
    assert "batch-dial" not in (answer["cache-status"] or "")
    assert invalidations(node) == 1
    assert [request.body for request in upstream.requests()
            if request.method == method] == [body or b""]
    assert not node.read(JOB)["cache-status"].startswith("batch-dial; hit")


def test_gone_before_each_of_many_answers(gateway, upstream, redis_server):
    node = gateway(location_extra=LONG)
    bare_writes(upstream)
    with node.connect() as connection:
        for number in range(100):
            fill(node, redis_server)
            answer = connection.request("PUT", PATH, bearer(),
                                        b'{"name": "n%d"}' % number)
            assert not there(redis_server)
            assert answer.status == 200
    assert invalidations(node) == 100


@pytest.mark.parametrize("status", [400, 409, 422, 429])
def test_a_refused_write_changes_nothing(gateway, upstream, redis_server,
                                         status):
    node = gateway(location_extra=LONG)
    fill(node, redis_server, (ALICE, BOB))
    upstream.rule(method="PUT", status=status, body='{"why": "no"}')
    before = redis_server.command("HGETALL", KEY)
    with redis_server.record() as commands:
        answer = node.request("PUT", PATH, body=b'{"name": "x"}')
        # it was announced, which is taken back
        wait_until(lambda: [command for command in commands
                            if command.startswith("HDEL ")])
    assert answer.status == status
    assert answer.body == b'{"why": "no"}'
    assert not [command for command in commands
                if command.split()[0] in ("DEL", "PUBLISH")]
    assert redis_server.command("HGETALL", KEY) == before
    assert invalidations(node) == 0


@pytest.mark.parametrize("headers, status", [
    ([], 401), ([("Authorization", "Basic eA==")], 401)])
def test_a_write_without_a_credential_changes_nothing(
        gateway, upstream, redis_server, headers, status):
    node = gateway(location_extra=LONG)
    fill(node, redis_server)
    calls = upstream.calls()
    assert node.request("PUT", PATH, None, headers, b"{}").status == status
    assert upstream.calls() == calls
    assert there(redis_server)


def test_only_the_job_that_was_written(gateway, redis_server):
    node = gateway(location_extra=LONG)
    fill(node, redis_server)
    other = job_key("job-paused")
    node.read("job-paused")
    wait_until(lambda: redis_server.command("EXISTS", other))
    assert node.request("PUT", PATH, body=b"{}").status == 200
    assert redis_server.command("EXISTS", other)


@pytest.mark.parametrize("method, path", [
    ("GET", f"{PATH}/dials"), ("GET", JOBS), ("OPTIONS", PATH),
    ("HEAD", PATH), ("HEAD", f"{PATH}/queue")])
def test_what_is_no_write_changes_nothing(gateway, redis_server, method,
                                          path):
    node = gateway(location_extra=LONG)
    fill(node, redis_server)
    assert node.request(method, path).status in (200, 204)
    assert there(redis_server)
    assert invalidations(node) == 0


@pytest.mark.parametrize("protocol", ["HTTP/1.1", "HTTP/2"])
@pytest.mark.parametrize("status, body", [
    (200, b'{"ok": 1}'), (200, b""), (204, b""), (302, b""), (500, b"no")])
def test_held_until_redis_has_answered(held_node, held, upstream, protocol,
                                       status, body):
    node = held_node()
    upstream.rule(method="PUT", status=status, body=body)
    connect = node.connect if protocol == "HTTP/1.1" else node.connect_h2
    with connect() as connection:
        stream = connection.send("PUT", PATH, bearer(), b"{}")
        held.wait_asked()
        if protocol == "HTTP/1.1":
            assert silent(connection)
            held.release()
            answer = connection.receive()
        else:
            # the settings come, the answer does not
            silent(connection)
            received = []
            reader = threading.Thread(
                target=lambda: received.append(connection.receive(stream)))
            reader.start()
            reader.join(0.2)
            assert not received
            held.release()
            reader.join()
            answer, = received
    assert answer.status == status
    assert answer.body == body
    assert answer.complete


@pytest.mark.parametrize("fault, status", [
    ({"no_answer": True, "end": "close"}, 502),
    ({"no_answer": True, "end": "reset"}, 502),
    ({"no_answer": True, "end": "hang"}, 504),
    ({"raw": "HTTP/1.1 200 OK\r\nno colon\r\n\r\n"}, 502)],
    ids=["closed", "reset", "timeout", "nonsense"])
def test_an_outcome_nobody_knows(gateway, upstream, redis_server, fault,
                                 status):
    node = gateway(location_extra=LONG + "proxy_read_timeout 500ms;"
                                         "proxy_next_upstream off;")
    fill(node, redis_server, (ALICE, BOB))
    upstream.rule(method="PUT", **fault)
    answer = node.request("PUT", PATH, body=b"{}")
    assert expired(redis_server, (ALICE, BOB))
    assert answer.status == status
    upstream.release("hang")


def test_the_answer_breaks_off(gateway, upstream, redis_server):
    node = gateway(location_extra=LONG)
    fill(node, redis_server)
    upstream.rule(method="PUT", body="x" * 1000, cut=100)
    answer = node.request("PUT", PATH, body=b"{}")
    assert not there(redis_server)
    assert answer.status == 200
    assert not answer.complete
    assert answer.body == b"x" * 100


def test_the_answer_breaks_off_while_it_is_held(held_node, held, upstream):
    node = held_node()
    upstream.rule(method="PUT", body="x" * 1000, cut=100,
                  framing="chunked")
    with node.connect() as connection:
        connection.send("PUT", PATH, bearer(), b"{}")
        held.wait_asked()
        wait_until(lambda: upstream.counts().in_flight == 0)
        assert silent(connection)
        held.release()
        answer = connection.receive()
    assert answer.status == 200
    assert not answer.complete
    assert b"x" * 100 == answer.body


# errors that nginx makes itself

def test_body_too_large(gateway, redis_server):
    """413: the write never went upstream."""
    node = gateway(location_extra=LONG + "client_max_body_size 1k;")
    fill(node, redis_server)
    answer = node.request("PUT", PATH, body=b"x" * 2000)
    assert answer.status == 413
    assert there(redis_server)
    assert invalidations(node) == 0


def test_method_denied(gateway, redis_server):
    node = gateway(location_extra=LONG
                   + "limit_except GET { deny all; }")
    fill(node, redis_server)
    assert node.request("PUT", PATH, body=b"{}").status == 403
    assert there(redis_server)


@pytest.mark.parametrize("page", ["/sorry", "@sorry"])
def test_error_page_in_place_of_upstreams_answer(gateway, upstream,
                                                 redis_server, page):
    node = gateway(
        location_extra=LONG + f"proxy_intercept_errors on;"
                              f"error_page 500 {page};",
        server_extra=f"location {page} {{ internal; return 503 sorry; }}")
    fill(node, redis_server)
    upstream.rule(method="PUT", status=500, apply=True)
    answer = node.request("PUT", PATH, body=b"{}")
    assert expired(redis_server)
    assert answer.body == b"sorry"


def test_x_accel_redirect_in_place_of_upstreams_answer(
        gateway, upstream, redis_server):
    node = gateway(
        location_extra=LONG,
        server_extra="location /inside { internal; return 200 inside; }")
    fill(node, redis_server)
    upstream.rule(method="PUT", headers=[["X-Accel-Redirect", "/inside"]])
    answer = node.request("PUT", PATH, body=b"{}")
    assert not there(redis_server)
    assert answer.body == b"inside"


# the client leaves

@pytest.mark.parametrize("leave", ["close", "reset", "h2 reset", "h2 close"])
def test_client_leaves_while_upstream_works(gateway, upstream, redis_server,
                                            leave):
    node = gateway(location_extra=LONG)
    fill(node, redis_server, (ALICE, BOB))
    upstream.rule(method="PUT", hold={"before_headers": "gate"})
    connection = (node.connect_h2() if leave.startswith("h2")
                  else node.connect())
    stream = connection.send("PUT", PATH, bearer(), b"{}")
    upstream.wait_waiting("gate")
    assert there(redis_server)
    if leave == "h2 reset":
        connection.reset(stream)
    elif leave == "reset":
        connection.reset()
    else:
        connection.close()
    wait_until(lambda: expired(redis_server, (ALICE, BOB)), what="expiry")
    wait_until(lambda: invalidations(node) == 1)
    upstream.release("gate")
    connection.close()


@pytest.mark.parametrize("buffering", ["on", "off"])
def test_client_leaves_with_half_a_body_sent(world, upstream, redis_server,
                                             buffering):
    """Buffered, upstream has seen nothing; unbuffered, it has seen half."""
    relay = world.relay(upstream.address)
    node = world.gateway(UPSTREAM_PORT=relay.port, location_extra=LONG
                         + f"proxy_request_buffering {buffering};")
    fill(node, redis_server)
    seen = relay.requests
    with node.connect() as connection:
        connection.send_raw(
            b"PUT %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n"
            b"Content-Length: 100000\r\n\r\n%s" % (
                PATH.encode(), ALICE.encode(), b"x" * 50000), "PUT")
        if buffering == "off":
            wait_until(lambda: relay.requests > seen, what="half a request")
        connection.reset()
    node.access(2)
    if buffering == "off":
        wait_until(lambda: expired(redis_server), what="expiry")
    else:
        assert relay.requests == seen
        assert there(redis_server)
        assert invalidations(node) == 0


def test_client_leaves_while_redis_is_asked(held_node, held, upstream):
    node = held_node()
    with node.connect() as connection:
        connection.send("PUT", PATH, bearer(), b"{}")
        held.wait_asked()
        connection.reset()
    node.access(1)
    held.release()
    assert node.request("PUT", PATH, body=b"{}").status == 200


# Redis fails

@pytest.mark.parametrize("protocol", ["HTTP/1.1", "HTTP/2"])
def test_redis_hangs(gateway, upstream, redis_server, protocol):
    node = gateway(location_extra=LONG)
    fill(node, redis_server)
    redis_server.stop()
    upstream.rule(method="PUT", body="z" * 100000, framing="chunked",
                  headers=[["X-Own", "kept"]])
    connect = node.connect if protocol == "HTTP/1.1" else node.connect_h2
    with connect() as connection:
        answer = connection.request("PUT", PATH, bearer(), b"{}")
    assert answer.status == 200
    assert answer.body == b"z" * 100000
    assert answer.complete
    assert answer["x-own"] == "kept"
    if protocol == "HTTP/1.1":
        assert answer.elapsed < LIMIT + SLACK
    assert invalidations(node, "journaled") == 1


@pytest.mark.parametrize("greets", [False, True],
                         ids=["at once", "once greeted"])
@pytest.mark.parametrize("reply", [
    FakeRedis.CLOSE, FakeRedis.GARBAGE, FakeRedis.LOADING, FakeRedis.SILENCE,
    b"-READONLY You can't write against a read only replica.\r\n",
    b"+OK\r\n", b"*0\r\n"],
    ids=["closes", "garbage", "loading", "silent", "read-only", "status",
         "array"])
def test_redis_fails(world, upstream, reply, greets):
    fake = world.fake_redis(lambda words: b"$-1\r\n" if greets
                            and words[0] == b"GET" else reply)
    node = world.gateway(redis=f"redis://127.0.0.1:{fake.port}")
    for number in range(8):
        answer = node.request("PUT", PATH, body=b'{"name": "n"}')
        assert answer.status == 200
        assert answer.complete
        assert json.loads(answer.body)["id"] == JOB
        assert answer.elapsed < LIMIT + SLACK
        wait_until(lambda: invalidations(node, "journaled")
                   == number + 1)


def test_redis_is_gone(gateway, redis_server):
    redis_server.kill()
    node = gateway()
    for _ in range(8):
        answer = node.request("PUT", PATH, body=b"{}")
        assert answer.status == 200
        assert answer.elapsed < LIMIT + SLACK
    assert invalidations(node, "journaled") == 8


def test_without_redis(gateway):
    node = gateway(redis=None)
    assert node.request("PUT", PATH, body=b"{}").status == 200
    assert node.read(JOB).status == 200
