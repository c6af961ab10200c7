"""The bodies of writes and of their answers, whole though the answer is held
until Redis has dropped the job."""

import json

import pytest

from lib.entry import entry_field, job_key
from lib.gateway import bearer
from lib.held_redis import HeldRedis, silent
from lib.upstream import ALICE, JOBS
from lib.wait import wait_until

LONG = "batch_dial_ttl INIT=1h ACTIVE=1h PAUSED=1h COMPLETE=1h CANCELLED=1h;"
JOB = "job-active"
PATH = f"{JOBS}/{JOB}"
KEY = job_key(JOB)


def fill(node, redis_server):
    """The cache holds the job."""
    assert node.read(JOB).status == 200
    wait_until(lambda: redis_server.command("HEXISTS", KEY,
                                            entry_field(ALICE)),
               what="the entry")


def there(redis_server):
    """Whether anything is kept of the job, besides that it is written to."""
    return any(not field.startswith(b"p:")
               for field in redis_server.command("HKEYS", KEY))


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


BIG = bytes(range(256)) * (5 << 12)           # 5 MiB


@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
@pytest.mark.parametrize("buffering", ["on", "off"])
@pytest.mark.parametrize("protocol", ["HTTP/1.1", "HTTP/2"])
def test_a_large_answer_is_held_whole(held_node, held, upstream, framing,
                                      buffering, protocol):
    node = held_node(location_extra=f"proxy_buffering {buffering};")
    upstream.rule(method="PUT", body=BIG, framing=framing,
                  content_type="application/octet-stream")
    connect = node.connect if protocol == "HTTP/1.1" else node.connect_h2
    with connect() as connection:
        stream = connection.send("PUT", PATH, bearer(), b"{}")
        held.wait_asked()
        if protocol == "HTTP/1.1":
            assert silent(connection)
        held.release()
        answer = (connection.receive() if protocol == "HTTP/1.1"
                  else connection.receive(stream))
    assert answer.status == 200
    assert answer.complete
    assert answer.body == BIG


@pytest.mark.parametrize("extra", [
    "proxy_max_temp_file_size 0;", "proxy_buffers 4 4k; sendfile on;",
    "gzip on; gzip_types *;", "sub_filter aaa bbb; sub_filter_types *;",
    "add_header X-More yes always;"])
def test_a_large_answer_with_other_filters(held_node, held, upstream, extra):
    node = held_node(location_extra=extra)
    body = json.dumps({"text": "ab" * 500000}).encode()
    upstream.rule(method="PUT", body=body, framing="chunked",
                  content_type="application/json")
    with node.connect() as connection:
        connection.send("PUT", PATH, bearer(), b"{}")
        held.wait_asked()
        assert silent(connection)
        held.release()
        answer = connection.receive()
    assert answer.status == 200
    assert answer.complete
    assert answer.body == body


def test_an_answer_in_pieces_is_passed_on_in_pieces(gateway, upstream,
                                                    redis_server):
    """Once Redis has answered the body flows: a body too large to be stored
    is not collected."""
    node = gateway(location_extra="proxy_buffering off;"
                                  "batch_dial_max_body 100;")
    upstream.rule(method="PUT", body="first" * 100 + "later" * 100,
                  hold={"mid_body": "gate"})
    with node.connect() as connection:
        connection.send("PUT", PATH, bearer(), b"{}")
        upstream.wait_waiting("gate")
        assert connection.socket.recv(5) == b"HTTP/"
        upstream.release("gate")
        connection.buffer = b"HTTP/"
        answer = connection.receive()
    assert answer.body == b"first" * 100 + b"later" * 100


@pytest.mark.parametrize("buffering", ["on", "off"])
@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("protocol", ["HTTP/1.1", "HTTP/2"])
def test_a_request_body_of_a_mebibyte(gateway, upstream, redis_server,
                                      buffering, chunked, protocol):
    node = gateway(location_extra=LONG + "client_max_body_size 8m;"
                   f"proxy_request_buffering {buffering};")
    fill(node, redis_server)
    upstream.rule(method="PUT", status=200, apply=False, body='{"ok": 1}')
    body = json.dumps({"name": "n" * (1 << 20)}).encode()
    if protocol == "HTTP/2":
        with node.connect_h2() as connection:
            answer = send_h2(connection, body)
    elif chunked:
        answer = node.request(
            "PUT", PATH, headers=[("Transfer-Encoding", "chunked")],
            body=in_chunks(body))
    else:
        answer = node.request("PUT", PATH, body=body)
    assert not there(redis_server)
    assert answer.status == 200
    assert answer.body == b'{"ok": 1}'
    assert [request.body for request in upstream.requests("write")] == [body]


def in_chunks(body, size=10007):
    parts = [body[start:start + size]
             for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part)
                    for part in parts) + b"0\r\n\r\n"


def send_h2(connection, body):
    """A body larger than the window, sent as the server lets it in."""
    engine = connection.h2
    stream = engine.get_next_available_stream_id()
    engine.send_headers(stream, [
        (":method", "PUT"), (":path", PATH), (":scheme", "http"),
        (":authority", connection.authority),
        *((name.lower(), value) for name, value in bearer())])
    sent = 0
    while sent < len(body):
        room = min(engine.local_flow_control_window(stream),
                   engine.max_outbound_frame_size, len(body) - sent)
        if room:
            engine.send_data(stream, body[sent:sent + room],
                             end_stream=sent + room == len(body))
            sent += room
        connection.socket.sendall(engine.data_to_send())
        if not room:
            engine.receive_data(connection.socket.recv(65536))
    return connection.receive(stream)


def test_expect_100_continue(gateway, redis_server):
    node = gateway(location_extra=LONG)
    fill(node, redis_server)
    before = redis_server.command("HGET", KEY, entry_field(ALICE))
    body = b'{"name": "later"}'
    with node.connect() as connection:
        connection.send("PUT", PATH, [
            *bearer(), ("Expect", "100-continue"),
            ("Content-Length", str(len(body)))])
        said = connection.socket.recv(65536)
        assert said == b"HTTP/1.1 100 Continue\r\n\r\n"
        assert there(redis_server)
        connection.socket.sendall(body)
        answer = connection.receive()
        assert redis_server.command("HGET", KEY, entry_field(ALICE)) != before
        assert json.loads(answer.body)["id"] == JOB
        again = connection.request("GET", PATH, bearer())
        assert again.status == 200


def test_pipelined_writes_and_reads(gateway, upstream, redis_server):
    node = gateway(location_extra=LONG)
    fill(node, redis_server)
    put = (b"PUT %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n"
           b"Content-Length: 20\r\n\r\n%s" % (
               PATH.encode(), ALICE.encode(), b'{"name": "pipeline"}'))
    get = (b"GET %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n"
           % (PATH.encode(), ALICE.encode()))
    with node.connect() as connection:
        connection.send_raw(put + get + put + get + get)
        connection.sent += [("GET", connection.sent[0][1])] * 4
        answers = [connection.receive() for _ in range(5)]
    assert [answer.status for answer in answers] == [200] * 5
    assert len(upstream.requests("write")) == 2


def test_a_protocol_switched(held_node, held, upstream):
    """101 opens a tunnel, which nginx serves without filters: its header
    cannot be held."""
    node = held_node(location_extra="proxy_set_header Upgrade $http_upgrade;"
                                    "proxy_set_header Connection upgrade;")
    upstream.rule(method="PUT", raw="HTTP/1.1 101 Switching Protocols\r\n"
                  "Upgrade: own\r\nConnection: upgrade\r\n\r\nhello")
    with node.connect() as connection:
        connection.send("PUT", PATH, [*bearer(), ("Upgrade", "own"),
                                      ("Connection", "upgrade")], b"{}")
        held.wait_asked()
        held.release()
        said = b""
        while not said.endswith(b"hello"):
            said += connection.socket.recv(65536)
    assert said.startswith(b"HTTP/1.1 101 Switching Protocols\r\n")
