"""The subscription of a worker, alone, against real and false servers."""

import os
import signal
import socket
import time

import pytest

import redis_client_lib as client
from lib.wait import holds_within, wait_until

CHANNEL = "bd:test:events"

# where a test is not about deadlines, a busy machine shall not make it so
PATIENT = "connect_timeout=5s timeout=5s"

SUBSCRIBED = (b"*3\r\n$9\r\nsubscribe\r\n$14\r\nbd:test:events\r\n:1\r\n")
PONG = b"*2\r\n$4\r\npong\r\n$0\r\n\r\n"
MESSAGE = (b"*3\r\n$7\r\nmessage\r\n$14\r\nbd:test:events\r\n"
           b"$5\r\nhello\r\n")


@pytest.fixture(scope="session")
def module():
    return client.build()


@pytest.fixture
def start(module, tmp_path):
    with client.starter(module, tmp_path) as start:
        yield start


def start_nginx(start, port, timeouts=PATIENT, extra="", secret="", **named):
    return start.nginx("redis_test redis://%s127.0.0.1:%d %s; "
                       "redis_test_channel %s; %s"
                       % (secret, port, timeouts, CHANNEL, extra), **named)


@pytest.fixture
def pair(start):
    """A Redis and an nginx that is subscribed to it."""
    redis = start.redis()
    nginx = start_nginx(start, redis.port)
    wait_alive(nginx)
    return redis, nginx


def wait_alive(nginx):
    """Waits until a PING has been answered that is sent from now on."""
    now = time.monotonic() * 1000
    return wait_until(lambda: (told := nginx.subscription())["sent"] > now
                      and told, what=nginx.log)


def publish(redis, payload):
    """Returns how many got it."""
    with socket.create_connection(("127.0.0.1", redis.port)) as s:
        s.sendall(b"*3\r\n$7\r\nPUBLISH\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n"
                  % (len(CHANNEL), CHANNEL.encode(), len(payload), payload))
        return int(s.recv(64)[1:])


def subscribers(redis):
    return int(redis.cli("pubsub", "numsub", CHANNEL).split()[-1])


# What is told


def test_subscribes_and_stays_alive(pair):
    redis, nginx = pair
    first = nginx.subscription()
    for _ in range(3):
        wait_alive(nginx)
    told = nginx.subscription()
    assert told["subscribed"] == 1
    # a PING per 200 ms, and its PONG: no more of them, whatever the machine
    passed = told["sent"] - first["sent"]
    assert told["alive"] - first["alive"] <= passed / 200 + 1
    assert nginx.stats()["connections"] == 1
    assert nginx.lines("warn") == []
    (line,) = nginx.lines("notice")
    assert "subscribed at redis://127.0.0.1" in line


@pytest.mark.parametrize("payload", [
    b"", b"hello", bytes(range(256)) * 4, b"\r\n*3\r\n$-1\r\n",
    os.urandom(100 * 1024), b"\x00" * 1024 * 1024,
], ids=["empty", "word", "binary", "protocol", "100 KB", "1 MB"])
def test_message(pair, payload):
    redis, nginx = pair
    assert publish(redis, payload) == 1
    wait_until(lambda: nginx.subscription()["messages"] == 1)
    assert nginx.ask("/message") == payload
    assert nginx.subscription()["subscribed"] == 1


def test_alive_follows_what_was_published_before(pair):
    redis, nginx = pair
    for number in range(1, 6):
        for _ in range(200):
            assert publish(redis, os.urandom(1000)) == 1
        assert wait_alive(nginx)["messages"] == 200 * number


def test_other_channels_are_not_heard(pair):
    redis, nginx = pair
    redis.cli("publish", CHANNEL + "x", "other")
    assert wait_alive(nginx)["messages"] == 0


def test_every_worker_subscribes(start):
    redis = start.redis()
    nginx = start_nginx(start, redis.port, workers=2)
    wait_until(lambda: subscribers(redis) == 2)
    assert publish(redis, b"all") == 2
    for connection in nginx.workers(2).values():
        wait_until(lambda c=connection: nginx.subscription(c)["messages"])
        connection.close()


@pytest.mark.parametrize("level", ["info", "debug"])
def test_password(start, level):
    redis = start.redis("--requirepass", "hunter2")
    nginx = start_nginx(start, redis.port, secret=":hunter2@", level=level)
    nginx.secrets += ["hunter2", "payload-of-a-message"]
    wait_alive(nginx)
    redis.cli("-a", "hunter2", "publish", CHANNEL, "payload-of-a-message")
    wait_until(lambda: nginx.subscription()["messages"])


def test_tls(start, tmp_path):
    tls = client.Certificates(tmp_path, "IP:127.0.0.1")
    redis = start.redis(tls=tls)
    nginx = start.nginx("redis_test rediss://127.0.0.1:%d %s; "
                        "redis_test_ca_file %s; redis_test_channel %s;"
                        % (redis.port, PATIENT, tls.ca, CHANNEL))
    wait_alive(nginx)
    payload = "x" * 100000
    redis.cli("publish", CHANNEL, payload)
    wait_until(lambda: nginx.subscription()["messages"])
    assert nginx.ask("/message").decode() == payload
    redis.cli("client", "kill", "type", "pubsub")
    wait_until(lambda: nginx.subscription()["subscribed"] == 2)


@pytest.mark.parametrize("secret, options, cause", [
    (":wrong-word@", (), 'AUTH was answered "WRONGPASS"'),
    ("gate:s3cret-of-gate@",
     ("--user", "gate", "on", ">s3cret-of-gate", "~*", "+@all",
      "resetchannels"),
     'SUBSCRIBE was answered "NOPERM"'),
])
def test_refused(start, secret, options, cause):
    redis = start.redis("--requirepass", "hunter2", *options)
    nginx = start_nginx(start, redis.port, secret=secret)
    nginx.secrets += ["wrong-word", "s3cret-of-gate"]
    wait_until(lambda: nginx.stats()["connect_failures"] >= 3)
    (line,) = nginx.lines("warn")
    assert "subscribing at redis://127.0.0.1" in line and cause in line
    assert nginx.stats()["breaker_open"] == 0
    assert nginx.subscription()["subscribed"] == 0


# Connections that end


def test_killed_connection_is_replaced_at_once(pair):
    redis, nginx = pair
    took = []
    for turn in range(2, 5):
        redis.cli("client", "kill", "type", "pubsub")
        began = time.monotonic()
        wait_until(lambda n=turn: nginx.subscription()["subscribed"] == n)
        took.append(time.monotonic() - began)
        wait_alive(nginx)
        # old enough for the next loss to be one of a good connection
        wait_alive(nginx)
    # not even the shortest back-off
    assert max(took) < 0.5 and min(took) < 0.05, took
    assert len(nginx.lines("warn")) == 3
    assert "subscription at redis://127.0.0.1" in nginx.lines("warn")[0]
    assert "lost: connection closed" in nginx.lines("warn")[0]
    assert len(nginx.lines("notice")) == 4
    assert nginx.stats()["connect_failures"] == 0


def test_frozen_redis(pair):
    redis, nginx = pair
    redis.signal(signal.SIGSTOP)
    # the PONG of a PING sent before may still lie in the socket
    wait_until(lambda: nginx.stats()["timeouts"] == 1, what=nginx.log)
    frozen = nginx.subscription()
    assert frozen["subscribed"] == 1
    assert 1000 <= time.monotonic() * 1000 - frozen["sent"] < 2500
    assert "no answer in time" in nginx.lines("warn")[0]
    assert nginx.subscription()["alive"] == frozen["alive"]
    redis.signal(signal.SIGCONT)
    assert wait_alive(nginx)["subscribed"] == 2
    assert len(nginx.lines("warn")) == 1


def test_redis_that_is_frozen_from_the_start(start):
    redis = start.redis()
    redis.signal(signal.SIGSTOP)
    nginx = start_nginx(start, redis.port, timeouts="connect_timeout=100ms")
    wait_until(lambda: nginx.stats()["connect_failures"] >= 3)
    assert nginx.stats()["connections"] == 0
    assert "connecting took too long" in nginx.lines("warn")[0]
    assert len(nginx.lines("warn")) == 1
    redis.signal(signal.SIGCONT)
    wait_alive(nginx)


def test_redis_restarts(pair):
    redis, nginx = pair
    redis.kill()
    wait_until(lambda: nginx.stats()["connect_failures"] >= 3)
    told = nginx.subscription()
    assert len(nginx.lines("warn")) == 1
    assert "connect() failed" not in nginx.log()    # said by us already
    assert nginx.stats()["breaker_open"] == 0
    redis.start()
    assert wait_alive(nginx)["subscribed"] == told["subscribed"] + 1
    assert publish(redis, b"again") == 1
    wait_until(lambda: nginx.subscription()["messages"] == 1)
    assert len(nginx.lines("warn")) == 1


def test_redis_absent_at_start(start):
    redis = start.redis()
    redis.kill()
    nginx = start_nginx(start, redis.port)
    began = time.monotonic()
    wait_until(lambda: nginx.stats()["connect_failures"] >= 4)
    # 100, 200, 400 ms, each less up to a quarter
    assert time.monotonic() - began > 0.3
    redis.start()
    wait_alive(nginx)


def test_no_descriptor_is_leaked(pair):
    redis, nginx = pair
    folder = "/proc/%d/fd" % nginx.worker()
    before = len(os.listdir(folder))
    for _ in range(5):
        redis.cli("client", "kill", "type", "pubsub")
        wait_alive(nginx)
    wait_until(lambda: len(os.listdir(folder)) <= before)


# Servers that are no Redis


def answers(**special):
    """Answers as a Redis does, but for some words."""
    usual = {"PING": PONG, "SUBSCRIBE": SUBSCRIBED, "HMGET": b"*1\r\n$-1\r\n"}
    usual.update(special)
    return lambda words: usual[words[0]]


def start_fake(start, answer, probe="redis_test_probe_key bd:probe;",
               timeouts=PATIENT, **named):
    fake = start.fake(answer, **named)
    return fake, start_nginx(start, fake.port, timeouts, probe)


@pytest.mark.parametrize("special", [
    {"SUBSCRIBE": b"+OK\r\n"},
    {"SUBSCRIBE": PONG},
    {"SUBSCRIBE": SUBSCRIBED.replace(b"bd:test", b"bd:tost")},
    {"SUBSCRIBE": SUBSCRIBED.replace(b":1\r\n", b"+1\r\n")},
    {"SUBSCRIBE": MESSAGE},
    {"SUBSCRIBE": b"*0\r\n"},
    {"SUBSCRIBE": b"*3\r\n*0\r\n:1\r\n$-1\r\n"},
    {"SUBSCRIBE": b"\x00\xff<html>!\r\n\r\n$-7\r\n*9999999999\r\n"},
    {"HMGET": b"*1\r\n$-1\r\n" + SUBSCRIBED},
], ids=lambda special: "-".join(special))
def test_garbage_instead_of_a_confirmation(start, special):
    fake, nginx = start_fake(start, answers(**special))
    wait_until(lambda: nginx.stats()["protocol_errors"] >= 3)
    told = nginx.subscription()
    assert told["subscribed"] == told["alive"] == told["messages"] == 0
    assert len(nginx.lines("warn")) == 1
    assert nginx.stats()["breaker_open"] == 0


@pytest.mark.parametrize("reply", [
    b":1\r\n",
    b"$4\r\nPONG\r\n",
    b"+OK\r\n",
    PONG + PONG,
    SUBSCRIBED,
    MESSAGE.replace(b"bd:test", b"bd:tost"),
    MESSAGE.replace(b"$5\r\nhello\r\n", b"$-1\r\n"),
    MESSAGE.replace(b"$5\r\nhello\r\n", b"*1\r\n$1\r\nx\r\n"),
    b"*4\r\n$8\r\npmessage\r\n$1\r\n*\r\n$1\r\nx\r\n$1\r\nx\r\n",
    b"\x00" * 4096,
])
def test_garbage_once_subscribed(start, reply):
    fake, nginx = start_fake(start, answers(PING=reply))
    wait_until(lambda: nginx.stats()["protocol_errors"] >= 2)
    assert nginx.subscription()["messages"] == 0
    assert nginx.stats()["breaker_open"] == 0


def test_pong_as_a_status(start):
    """Where a PING is answered as to one that is not subscribed."""
    fake, nginx = start_fake(start, answers(PING=b"+PONG\r\n"))
    for _ in range(3):
        wait_alive(nginx)
    assert nginx.subscription()["subscribed"] == 1
    assert nginx.stats()["protocol_errors"] == 0


def test_replies_in_pieces(start):
    pieces = [bytes([byte]) for byte in MESSAGE + PONG]
    fake, nginx = start_fake(start, answers(PING=pieces))
    wait_alive(nginx)
    assert nginx.ask("/message") == b"hello"
    assert nginx.stats()["protocol_errors"] == 0


def test_error_instead_of_a_pong(start):
    fake, nginx = start_fake(start, answers(PING=b"-NOAUTH of secret-key\r\n"))
    nginx.secrets.append("secret-key")
    wait_until(lambda: 'PING was answered "NOAUTH"' in nginx.log())
    assert nginx.subscription()["alive"] == 0


def test_confirmation_that_does_not_come(start):
    fake, nginx = start_fake(start, answers(SUBSCRIBE=b""),
                             timeouts="connect_timeout=5s timeout=50ms")
    began = time.monotonic()
    wait_until(lambda: nginx.stats()["timeouts"] == 1)
    assert "no answer in time" in nginx.lines("warn")[0]
    # the first attempt began a little before nginx was seen to listen
    assert time.monotonic() - began > 0.1


@pytest.mark.parametrize("special", [
    {"SUBSCRIBE": [SUBSCRIBED, None]},
    {"PING": [PONG, None]},
], ids=["confirms", "answers once"])
def test_server_that_closes_is_not_asked_forever(start, special):
    fake, nginx = start_fake(start, answers(**special))
    began = time.monotonic()
    attempts = nginx.stats()["connections"]
    wait_until(lambda: nginx.stats()["connections"] >= attempts + 4)
    # of the time before the first of them some may have passed already
    assert time.monotonic() - began > 3 * 0.07


# The breaker


def test_open_breaker(start):
    redis = start.redis()
    nginx = start_nginx(start, redis.port)
    wait_alive(nginx)
    nginx.ask("/breaker?open=1")
    assert nginx.stats()["breaker_open"] == 1

    # a subscription that stands is no matter of the breaker
    wait_alive(nginx)

    redis.cli("client", "kill", "type", "pubsub")
    wait_until(nginx_lost(nginx))
    assert not holds_within(lambda: nginx.stats()["connections"] > 1
                            or subscribers(redis), 0.5)
    assert nginx.stats()["connect_failures"] == 0

    nginx.ask("/breaker")
    began = time.monotonic()
    wait_until(lambda: nginx.subscription()["subscribed"] == 2)
    assert time.monotonic() - began < 0.5


def nginx_lost(nginx):
    return lambda: len(nginx.lines("warn")) == 1


def test_breaker_that_closes_ends_the_back_off(start):
    """The client's breaker, with its probes: Redis away for so long that the
    subscription would wait for two seconds."""
    redis = start.redis()
    nginx = start_nginx(start, redis.port)
    wait_alive(nginx)
    redis.kill()

    def opened():
        nginx.get("PING")
        return nginx.stats()["breaker_open"]

    wait_until(opened)
    redis.start()
    wait_until(lambda: not nginx.stats()["breaker_open"])
    wait_alive(nginx)
    assert nginx.subscription()["subscribed"] == 2


# Life of a worker


def test_quit(pair):
    redis, nginx = pair
    assert nginx.quit() < 1
    wait_until(lambda: subscribers(redis) == 0)


@pytest.mark.parametrize("state", ["refused", "frozen", "breaker"])
def test_quit_while_redis_is_gone(pair, state):
    redis, nginx = pair
    if state == "breaker":
        nginx.ask("/breaker?open=1")
    if state == "frozen":
        redis.signal(signal.SIGSTOP)
        wait_until(lambda: nginx.stats()["timeouts"] == 1)
    else:
        redis.kill()
        wait_until(lambda: nginx.lines("warn"))
    assert nginx.quit() < 1


def test_terminate(pair):
    redis, nginx = pair
    nginx.process.send_signal(signal.SIGTERM)
    assert nginx.process.wait(10) == 0


def test_worker_that_is_to_exit_stays_subscribed(pair):
    """... and comes back, for as long as a request of it waits."""
    redis, nginx = pair
    waiting = socket.create_connection(("127.0.0.1", nginx.port))
    waiting.sendall(b"GET /redis?cmd=BLPOP+list+4 HTTP/1.0\r\n\r\n")
    wait_until(lambda: nginx.stats()["commands"] == 1)
    nginx.process.send_signal(signal.SIGQUIT)
    wait_until(lambda: "gracefully shutting down" in nginx.log())
    assert subscribers(redis) == 1
    redis.cli("client", "kill", "type", "pubsub")
    wait_until(lambda: subscribers(redis) == 1
               and len(nginx.lines("notice")) == 3, what=nginx.log)
    redis.cli("rpush", "list", "done")
    assert b"done" in b"".join(iter(lambda: waiting.recv(4096), b""))
    waiting.close()
    assert nginx.process.wait(10) == 0


def test_reload(pair):
    redis, nginx = pair
    for _ in range(3):
        worker = nginx.worker()
        nginx.process.send_signal(signal.SIGHUP)
        wait_until(lambda w=worker: not os.path.exists("/proc/%d" % w))
        wait_alive(nginx)
        assert subscribers(redis) == 1


def pings(redis):
    return int(redis.cli("info", "commandstats").partition(
        "cmdstat_ping:calls=")[2].partition(",")[0])


def test_idle_worker_uses_little(pair):
    """One PING per 200 ms and not a busy loop."""
    redis, nginx = pair
    before, sent = pings(redis), nginx.subscription()["sent"]
    assert client.is_at_rest(nginx.worker())
    after = pings(redis)
    passed = wait_alive(nginx)["sent"] - sent
    assert after - before <= passed / 200 + 2
