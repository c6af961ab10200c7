"""Tests of the harness: the Redis it starts, breaks, watches and fakes."""

import socket

import pytest
import redis

from lib.redis_server import ANONYMOUS, RedisServer
from lib.relay import FakeRedis
from lib.wait import wait_until


def test_is_killed_and_comes_back_empty(redis_server):
    redis_server.command("SET", "key", "value")
    redis_server.kill()
    with pytest.raises(redis.ConnectionError, match="refused"):
        redis_server.command("PING")
    redis_server.restart()
    assert redis_server.contents() == []


def test_stopped_accepts_and_is_mute(redis_server):
    redis_server.stop()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(redis_server.socket))
        connection.sendall(b"PING\r\n")
        connection.settimeout(0.05)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        redis_server.cont()
        connection.settimeout(10)
        assert connection.recv(7) == b"+PONG\r\n"


def test_full_refuses_writes_only(redis_server):
    redis_server.command("SET", "key", "value")
    redis_server.fill()
    with pytest.raises(redis.ResponseError, match="OOM|maxmemory"):
        redis_server.command("SET", "key", "other")
    assert redis_server.contents() == [(0, b"key", b"value")]


def test_read_only_refuses_writes_only(redis_server):
    redis_server.command("SET", "key", "value")
    redis_server.make_read_only()
    with pytest.raises(redis.ReadOnlyError):
        redis_server.command("SET", "key", "other")
    assert redis_server.contents() == [(0, b"key", b"value")]


def test_password_locks_out(redis_server):
    with redis_server.client() as early:
        assert early.ping()
        redis_server.require_password("pass-SECRET-1")
        with pytest.raises(redis.AuthenticationError):
            early.ping()
    assert redis_server.command("PING")


def test_record_holds_what_came_within(redis_server):
    redis_server.command("SET", "before", "1")
    with redis_server.record() as commands:
        redis_server.command("SET", "within", b"\x00\xff")
    redis_server.command("SET", "after", "1")
    assert commands == ['SET within \\x00\\xff']


def test_counts_the_connections_of_others(redis_server):
    assert redis_server.connections() == 0
    with redis_server.client() as client:
        client.ping()
        assert redis_server.connections() == 1


def test_contents_of_every_database_and_type(redis_server):
    redis_server.command("HSET", "hash", "field", "value")
    with redis_server.client(db=2) as client:
        client.sadd("set", "member")
    contents = redis_server.contents()
    assert contents[0] == (0, b"hash", {b"field": b"value"})
    assert b"member" in contents[1][2]


def test_tcp_and_tls(world):
    identity = world.identity()
    server = world.redis(tcp=True, tls=identity)
    with redis.Redis(port=server.port,
                     **ANONYMOUS) as client:
        assert client.ping()
    with redis.Redis(port=server.tls_port, ssl=True,
                     ssl_ca_certs=str(identity.ca),
                     **ANONYMOUS) as client:
        assert client.ping()
    with redis.Redis(port=server.tls_port, ssl=True,
                     ssl_ca_certs=str(world.identity().ca),
                     **ANONYMOUS) as client:
        with pytest.raises(redis.ConnectionError, match="VERIFY_FAILED"):
            client.ping()


def test_options_are_lines_of_its_configuration(world):
    server = world.redis(options=["maxclients 7"])
    assert server.command("CONFIG", "GET", "maxclients")[1] == b"7"


def test_relay_freezes_cuts_and_counts(world, redis_server):
    relay = world.relay(redis_server.socket)
    with redis.Redis(port=relay.port, socket_timeout=0.1,
                     **ANONYMOUS) as client:
        assert client.ping()
        assert relay.requests == 1
        relay.freeze()
        with pytest.raises(redis.TimeoutError):
            client.ping()
        relay.thaw()
        assert client.ping()
        relay.cut()
        wait_until(lambda: not relay.connections)
        assert client.ping()
        assert relay.accepted == 3


def test_relay_delays(world, redis_server):
    relay = world.relay(redis_server.socket)
    relay.delay = 0.3
    with redis.Redis(port=relay.port, socket_timeout=0.1,
                     **ANONYMOUS) as client:
        with pytest.raises(redis.TimeoutError):
            client.ping()


@pytest.mark.parametrize("reply, error, words", [
    (FakeRedis.LOADING, redis.BusyLoadingError, "loading the dataset"),
    (FakeRedis.GARBAGE, redis.InvalidResponse, "Protocol Error"),
    (FakeRedis.CLOSE, redis.ConnectionError, "closed by server"),
    (FakeRedis.SILENCE, redis.TimeoutError, "Timeout"),
])
def test_fake_answers_as_told(world, reply, error, words):
    fake = world.fake_redis(reply)
    with redis.Redis(port=fake.port, socket_timeout=0.2,
                     **ANONYMOUS) as client:
        with pytest.raises(error, match=words):
            client.ping()
    assert fake.commands[0] == [b"PING"]


def test_fake_on_a_unix_socket_with_a_function(world):
    path = world.new_directory("fake") / "sock"
    fake = world.fake_redis(lambda words: b"$%d\r\n%s\r\n" % (
        len(words[-1]), words[-1]), path)
    with redis.Redis(unix_socket_path=str(path),
                     **ANONYMOUS) as client:
        assert client.execute_command("ECHO", "x" * 70000) == b"x" * 70000
        fake.reply = FakeRedis.LOADING
        with pytest.raises(redis.BusyLoadingError):
            client.ping()


def test_server_is_a_real_redis(redis_server):
    assert isinstance(redis_server, RedisServer)
    assert redis_server.command("INFO", "server")["redis_version"]
