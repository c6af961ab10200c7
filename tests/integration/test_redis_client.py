"""The Redis client of a worker, alone, against real and false servers."""

import http.client
import os
import signal
import socket
import threading
import time

import pytest

import redis_client_lib as lib

MEGABYTE = 1024 * 1024

# where a test is not about deadlines, a busy machine shall not make it so
PATIENT = "connect_timeout=5s timeout=5s"

# a scheduler's worth more than the deadlines the tests speak of
SLACK = 0.25


@pytest.fixture(scope="session")
def module():
    return lib.build()


@pytest.fixture
def start(module, tmp_path):
    with lib.starter(module, tmp_path) as start:
        yield start


def start_tcp(start, *options, timeouts=PATIENT):
    redis = start.redis(*options)
    return redis, start.nginx("redis_test redis://127.0.0.1:%d %s;"
                              % (redis.port, timeouts))


def start_tls(start, host, port, ca):
    return start.nginx("redis_test rediss://%s:%d %s; redis_test_ca_file %s;"
                       % (host, port, PATIENT, ca))


def start_named(start, port, dns, valid="30s"):
    return start.nginx("redis_test redis://redis.example:%d %s; "
                       "resolver 127.0.0.1:%d valid=%s ipv6=off;"
                       % (port, PATIENT, dns.port, valid))


def pong(words):
    return b"+PONG\r\n" if words[0] == "PING" else b"$1\r\nx\r\n"


def start_fake(start, answer, timeouts=PATIENT, **named):
    fake = start.fake(answer, **named)
    return fake, start.nginx("redis_test redis://127.0.0.1:%d %s;"
                             % (fake.port, timeouts))


# Ways to Redis


@pytest.fixture(params=["tcp", "unix", "tls"])
def way(request, start, tmp_path):
    if request.param == "tcp":
        return start_tcp(start)
    if request.param == "unix":
        redis = start.redis(unix=True)
        return redis, start.nginx("redis_test unix:%s %s;"
                                  % (redis.unix, PATIENT))
    tls = lib.Certificates(tmp_path, "DNS:localhost,IP:127.0.0.1")
    redis = start.redis(tls=tls)
    return redis, start_tls(start, "localhost", redis.port, tls.ca)


def test_command_and_reply(way):
    redis, nginx = way
    assert nginx.get("SET key value") == (200, "OK")
    assert nginx.get("GET key") == (200, "value")
    assert nginx.get("HMGET none a b") == (200, "[nil,nil,]")
    assert nginx.get("INCR n") == (200, "1")
    assert nginx.get("GET none") == (200, "nil")
    assert nginx.get("LPUSH key x")[1].startswith("-WRONGTYPE")
    assert nginx.stats()["connections"] == 1
    assert nginx.lines("warn") == []


def test_value_of_a_megabyte(way):
    redis, nginx = way
    assert nginx.get("SET key", fill=MEGABYTE) == (200, "OK")
    assert redis.cli("strlen", "key").strip() == str(MEGABYTE)
    for _ in range(3):
        assert nginx.get("GET key") == (200, "x" * MEGABYTE)


def test_idle_connection_does_not_delay_quit(way):
    redis, nginx = way
    assert nginx.answers()
    assert nginx.quit() < 1


def test_redis_gone_and_back(way):
    redis, nginx = way
    assert nginx.answers()
    redis.kill()
    assert nginx.get("PING")[0] in (503, 504)
    redis.start()
    lib.wait_for(nginx.answers, "the client to come back")
    assert len(nginx.lines("warn")) <= 2


# TLS


@pytest.mark.parametrize("names, host, good", [
    ("DNS:localhost", "localhost", True),
    ("IP:127.0.0.1", "127.0.0.1", True),
    ("DNS:redis.example", "localhost", False),
    ("DNS:127.0.0.1", "127.0.0.1", False),
    ("IP:127.0.0.2", "127.0.0.1", False),
])
def test_tls_name(start, tmp_path, names, host, good):
    tls = lib.Certificates(tmp_path, names)
    redis = start.redis("--requirepass", "hunter2", tls=tls)
    nginx = start_tls(start, ":hunter2@" + host, redis.port, tls.ca)
    nginx.secrets.append("hunter2")
    assert nginx.answers() == good
    if not good:
        assert "TLS certificate of another name" in nginx.lines("warn")[0]
        # the one AUTH is the one of this redis-cli
        assert "cmdstat_auth:calls=1," in redis.cli("-a", "hunter2", "info",
                                                    "commandstats")


@pytest.mark.parametrize("host, name", [
    ("localhost", "localhost"), ("127.0.0.1", None)])
def test_tls_server_name(start, tmp_path, host, name):
    tls = lib.Certificates(tmp_path, "DNS:localhost,IP:127.0.0.1")
    fake = start.fake(pong, tls=tls)
    nginx = start_tls(start, host, fake.port, tls.ca)
    assert nginx.answers()
    assert fake.names == [name]


def test_tls_wrong_authority(start, tmp_path):
    (tmp_path / "other").mkdir()
    other = lib.Certificates(tmp_path / "other", "DNS:localhost")
    tls = lib.Certificates(tmp_path, "DNS:localhost")
    redis = start.redis(tls=tls)
    nginx = start_tls(start, "localhost", redis.port, other.ca)
    assert nginx.get("PING")[0] == 504
    assert "certificate" in nginx.lines("warn")[0]


def test_tls_system_store_does_not_know_us(start, tmp_path):
    redis = start.redis(tls=lib.Certificates(tmp_path, "DNS:localhost"))
    nginx = start.nginx("redis_test rediss://localhost:%d %s;"
                        % (redis.port, PATIENT))
    assert nginx.get("PING")[0] == 504
    assert "certificate" in nginx.lines("warn")[0]


def test_tls_asked_of_a_plain_redis(start):
    redis = start.redis()
    nginx = start.nginx("redis_test rediss://127.0.0.1:%d connect_timeout=1s;"
                        % redis.port)
    assert nginx.get("PING")[0] == 504
    assert nginx.stats()["connect_failures"] == 1


# AUTH and SELECT


ACL = ("--user", "gate", "on", ">s3cret-of-gate", "~bd:*", "+@all",
       "--user", "open", "on", "nopass", "~bd:*", "+@all")


@pytest.mark.parametrize("url, probe", [
    (":hunter2@", ""),
    ("gate:s3cret-of-gate@", "redis_test_probe_key bd:probe;"),
    ("open:@", "redis_test_probe_key bd:probe;"),
])
def test_auth(start, url, probe):
    redis = start.redis("--requirepass", "hunter2", *ACL)
    nginx = start.nginx("redis_test redis://%s127.0.0.1:%d %s; %s"
                        % (url, redis.port, PATIENT, probe))
    nginx.secrets += ["hunter2", "s3cret-of-gate"]
    assert nginx.get("SET bd:a 1") == (200, "OK")


def test_password_of_a_file(start):
    redis = start.redis("--requirepass", "hunter2")
    nginx = start.nginx("redis_test redis://127.0.0.1:%d %s; "
                        "redis_test_password hunter2;"
                        % (redis.port, PATIENT))
    nginx.secrets.append("hunter2")
    assert nginx.answers()


@pytest.mark.parametrize("url, extra, answer", [
    ("", "", 'PING was answered "NOAUTH"'),
    (":wrong-word@", "", 'AUTH was answered "WRONGPASS"'),
    ("gate:wrong-word@", "", 'AUTH was answered "WRONGPASS"'),
    ("gate:s3cret-of-gate@", "redis_test_probe_key other;",
     'HMGET was answered "NOPERM"'),
])
def test_auth_refused(start, url, extra, answer):
    redis = start.redis("--requirepass", "hunter2", *ACL)
    nginx = start.nginx("redis_test redis://%s127.0.0.1:%d %s; %s"
                        % (url, redis.port, PATIENT, extra))
    nginx.secrets += ["wrong-word", "s3cret-of-gate"]
    assert nginx.get("SET bd:a 1")[0] == 504

    def opened():
        nginx.get("SET bd:a 1")
        return nginx.stats()["breaker_open"]

    lib.wait_for(opened, "the breaker")
    first, breaker = nginx.lines("warn")
    assert answer in first
    assert "is not asked until it answers again" in breaker
    assert redis.cli("-a", "hunter2", "dbsize").split()[-1] == "0"


def test_select(start):
    redis = start.redis()
    nginx = start.nginx("redis_test redis://127.0.0.1:%d/5 %s;"
                        % (redis.port, PATIENT))
    assert nginx.get("SET a 1") == (200, "OK")
    assert redis.cli("-n", "5", "get", "a").strip() == "1"
    assert redis.cli("-n", "0", "get", "a").strip() == ""


def test_database_that_is_not_there(start):
    redis = start.redis()
    nginx = start.nginx("redis_test redis://127.0.0.1:%d/99 %s;"
                        % (redis.port, PATIENT))
    assert nginx.get("SET a 1")[0] == 504
    assert 'SELECT was answered "ERR"' in nginx.lines("warn")[0]
    assert redis.cli("dbsize").strip() == "0"


# Pipelining and order


class Stopped:
    """A worker stopped while clients do as they like: all of it then comes
    in one turn of its event loop."""

    def __init__(self, pid):
        self.pid = pid

    def __enter__(self):
        os.kill(self.pid, signal.SIGSTOP)
        lib.wait_for(self.stopped, "the worker to stop")

    def stopped(self):
        with open("/proc/%d/stat" % self.pid) as stat:
            return stat.read().rpartition(")")[2].split()[0] == "T"

    def __exit__(self, *_):
        os.kill(self.pid, signal.SIGCONT)


def connect(nginx, number):
    """Connections that the worker has accepted."""
    connections = [http.client.HTTPConnection("127.0.0.1", nginx.port)
                   for _ in range(number)]
    for connection in connections:
        assert nginx.get("PING", connection=connection)[0] == 200
    return connections


def test_commands_of_one_turn_leave_in_one_write(start):
    redis, nginx = start_tcp(start)
    connections = connect(nginx, 64)
    before = nginx.stats()
    with Stopped(nginx.worker()):
        for n, connection in enumerate(connections):
            connection.request("GET", "/redis?cmd=ECHO+%d" % n)
    for n, connection in enumerate(connections):
        assert connection.getresponse().read().decode() == str(n)
        connection.close()
    after = nginx.stats()
    assert after["commands"] - before["commands"] == 64
    assert after["writes"] - before["writes"] <= 64 / 5


def test_handler_issues_and_cancels(start):
    redis, nginx = start_tcp(start)
    assert nginx.get("SET a 1", then="GET a", spare="GET b") == (200, "1")
    assert nginx.get("GET a") == (200, "1")


def test_client_leaves_while_waiting(start):
    redis, nginx = start_tcp(start, timeouts="timeout=5s")
    assert nginx.answers()
    with_sleep = redis.cli("debug", "sleep", "0.3", background=True)
    lib.wait_for(lambda: not listens_promptly(redis), "Redis to sleep")
    leaver = socket.create_connection(("127.0.0.1", nginx.port))
    leaver.sendall(b"GET /redis?cmd=ECHO+left&spare=ECHO+spare HTTP/1.0\r\n"
                   b"\r\n")
    lib.wait_for(lambda: nginx.stats()["commands"] == 3, "the command")
    leaver.close()
    assert nginx.get("ECHO stayed") == (200, "stayed")
    with_sleep.wait()
    assert nginx.stats()["connections"] == 1


def listens_promptly(redis):
    with socket.create_connection(("127.0.0.1", redis.port)) as s:
        s.settimeout(0.05)
        s.sendall(b"PING\r\n")
        try:
            return s.recv(16) != b""
        except socket.timeout:
            return False


def test_reply_in_pieces(start):
    _, nginx = start_fake(start, lambda words: b"+PONG\r\n"
                          if words[0] == "PING" else
                          [bytes([b]) for b in b"*2\r\n$1\r\nx\r\n:7\r\n"],
                          timeouts="timeout=5s")
    assert nginx.get("GET a") == (200, "[x,7,]")


# Connections that end


def test_connection_closed_while_idle_is_no_failure(start):
    redis, nginx = start_tcp(start)
    for turn in range(1, 4):
        assert nginx.get("SET a %d" % turn) == (200, "OK")
        redis.cli("client", "kill", "type", "normal", "skipme", "yes")
    redis.kill()
    redis.start()
    assert nginx.answers()
    stats = nginx.stats()
    assert stats["connections"] == 4
    assert stats["connect_failures"] == 0
    assert nginx.lines("warn") == []


def test_command_queued_before_the_close_is_seen_moves_on(start):
    redis, nginx = start_tcp(start)
    (connection,) = connect(nginx, 1)
    with Stopped(nginx.worker()):
        connection.request("GET", "/redis?cmd=ECHO+moved")
        redis.cli("client", "kill", "type", "normal", "skipme", "yes")
    assert connection.getresponse().read() == b"moved"
    connection.close()
    assert nginx.stats()["connections"] == 2
    assert nginx.lines("warn") == []


def test_server_that_closes_at_once_is_not_asked_forever(start):
    fake, nginx = start_fake(start, lambda words: None
                             if words[0] != "PING" else b"+PONG\r\n")
    assert nginx.get("GET a")[0] == 504
    assert len(fake.commands) == 2
    assert len(nginx.lines("warn")) == 1


def test_redis_that_greets_and_leaves(start):
    fake, nginx = start_fake(start, lambda words: [b"+PONG\r\n", None])
    assert nginx.get("GET a")[0] == 504
    assert fake.commands.count(["PING"]) <= 2


def test_restart_under_load(start):
    redis, nginx = start_tcp(start)
    stop = threading.Event()
    seen = set()

    def client():
        connection = http.client.HTTPConnection("127.0.0.1", nginx.port)
        while not stop.is_set():
            seen.add(nginx.get("ECHO load", connection=connection))
        connection.close()

    threads = [threading.Thread(target=client) for _ in range(8)]
    for thread in threads:
        thread.start()
    lib.wait_for(lambda: nginx.stats()["commands"] > 500, "load")
    redis.kill()
    lib.wait_for(lambda: nginx.stats()["connect_failures"] >= 2, "failures")
    redis.start()
    done = nginx.stats()["commands"] + 500
    lib.wait_for(lambda: nginx.stats()["commands"] > done, "more load")
    stop.set()
    for thread in threads:
        thread.join()
    assert seen == {(200, "load"), (503, "refused"), (504, "unanswered")}
    # a back-off, not an attempt per request
    assert nginx.stats()["connect_failures"] < 20


# Deadlines and the breaker


def test_stopped_redis(start):
    redis, nginx = start_tcp(start, timeouts="")
    assert nginx.answers()
    redis.signal(signal.SIGSTOP)
    status, seconds = nginx.timed("PING")
    assert status == 504 and 0.05 <= seconds < 0.05 + SLACK
    assert nginx.stats()["timeouts"] == 1

    # backing off: refused without delay
    assert nginx.get("PING")[0] == 503

    slowest = 0

    def opened():
        nonlocal slowest
        slowest = max(slowest, nginx.timed("PING")[1])
        return nginx.stats()["breaker_open"]

    lib.wait_for(opened, "the breaker to open")
    assert slowest < 0.15 + SLACK
    assert nginx.stats()["breaker_opened"] == 1
    before = nginx.stats()["commands"]
    assert [nginx.get("PING")[0] for _ in range(20)] == [503] * 20
    assert nginx.stats()["commands"] == before

    redis.signal(signal.SIGCONT)
    lib.wait_for(nginx.answers, "the probe to close the breaker")
    assert len(nginx.lines("warn")) == 2
    assert any("is asked again" in line for line in nginx.lines("notice"))


def test_nothing_answers_at_first(start):
    redis = start.redis()
    redis.signal(signal.SIGSTOP)
    nginx = start.nginx("redis_test redis://127.0.0.1:%d "
                        "connect_timeout=200ms;" % redis.port)
    status, seconds = nginx.timed("PING")
    assert status == 504 and 0.2 <= seconds < 0.2 + SLACK
    assert nginx.stats()["connect_failures"] == 1


def test_slow_command_takes_the_connection_along(start):
    redis, nginx = start_tcp(start, timeouts="")
    connections = connect(nginx, 2)
    connections[0].request("GET", "/redis?cmd=DEBUG+SLEEP+0.2")
    lib.wait_for(lambda: nginx.stats()["commands"] == 3, "the command")
    connections[1].request("GET", "/redis?cmd=ECHO+behind")
    for connection in connections:
        assert connection.getresponse().status == 504
        connection.close()
    stats = nginx.stats()
    assert stats["timeouts"] == 1 and stats["breaker_open"] == 0
    lib.wait_for(nginx.answers, "Redis to wake")


def test_deadline_is_of_the_oldest_command(start):
    """A connection never idle has its timer set by a command long answered:
    those behind it are judged by their own age."""
    delay = 0.06

    def answer(words):
        if words[0] == "PING":
            return b"+PONG\r\n"
        time.sleep(delay)
        return b"$1\r\nx\r\n"

    _, nginx = start_fake(start, answer, timeouts="timeout=200ms")
    seen = []

    def client():
        for _ in range(10):
            seen.append(nginx.get("GET a")[0])

    threads = [threading.Thread(target=client) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [200] * 20
    assert nginx.stats()["timeouts"] == 0


def test_clock_of_a_command_starts_when_it_can_be_sent(start):
    def answer(words):
        time.sleep(0.15)
        return pong(words)

    _, nginx = start_fake(start, answer,
                          timeouts="connect_timeout=2s timeout=280ms")
    assert nginx.get("GET a") == (200, "x")


def test_breaker_is_of_all_workers(start):
    redis = start.redis()
    nginx = start.nginx("redis_test redis://127.0.0.1:%d %s;"
                        % (redis.port, PATIENT), workers=2)
    workers = nginx.workers(2).values()
    redis.kill()

    def opened():
        for connection in workers:
            nginx.get("PING", connection=connection)
        return nginx.stats()["breaker_open"]

    lib.wait_for(opened, "the breaker to open")
    for connection in workers:
        assert nginx.get("PING", connection=connection)[0] == 503

    # one prober for both: at most one attempt per 75 ms
    failures, began = nginx.stats()["connect_failures"], time.monotonic()
    lib.wait_for(lambda: nginx.stats()["connect_failures"] >= failures + 3,
                 "probes")
    probes = nginx.stats()["connect_failures"] - failures
    assert probes <= 2 + (time.monotonic() - began) / 0.075

    redis.start()
    lib.wait_for(lambda: not nginx.stats()["breaker_open"], "a probe")
    for connection in workers:
        assert nginx.get("PING", connection=connection)[0] == 200
        connection.close()


def test_breaker_closed_by_another_ends_a_back_off(start):
    redis = start.redis()
    nginx = start.nginx("redis_test redis://127.0.0.1:%d %s;"
                        % (redis.port, PATIENT), workers=2)
    workers = nginx.workers(2)
    (pid, failing), (_, other) = workers.items()
    redis.kill()

    # all five failures in one worker: its back-off is over a second by then
    def opened():
        nginx.get("PING", connection=failing)
        return nginx.stats(failing)["breaker_open"]

    lib.wait_for(opened, "the breaker to open")

    with Stopped(pid):
        assert nginx.get("PING", connection=other)[0] == 503
        redis.start()
        lib.wait_for(lambda: not nginx.stats(other)["breaker_open"], "a probe")

    for connection in (failing, other):
        assert nginx.get("PING", connection=connection)[0] == 200
        connection.close()


def test_redis_that_greets_and_then_hangs(start):
    _, nginx = start_fake(start, lambda words: b"+PONG\r\n"
                          if words[0] == "PING" else b"",
                          timeouts="connect_timeout=5s")

    def opened():
        assert nginx.get("GET a")[0] in (503, 504)
        return nginx.stats()["breaker_opened"]

    lib.wait_for(opened, "the breaker to open")


@pytest.mark.parametrize("refusal", ["LOADING", "MASTERDOWN", "NOPERM"])
def test_refusing_replies_open_the_breaker(start, refusal):
    state = {"refuse": True}

    def answer(words):
        if words[0] == "PING" and words[-1] == "PING":
            return b"+PONG\r\n"
        if state["refuse"]:
            return b"-%s no: GET secret-key\r\n" % refusal.encode()
        return b"$1\r\nx\r\n"

    _, nginx = start_fake(start, answer)
    nginx.secrets.append("secret-key")
    for _ in range(5):
        assert nginx.get("GET a")[1].startswith("-" + refusal)
    assert nginx.stats()["breaker_opened"] == 1
    assert len(nginx.lines("warn")) == 2
    state["refuse"] = False
    lib.wait_for(nginx.answers, "the probe to close the breaker")


def test_loading_at_connect(start):
    state = {"loading": True}
    fake, nginx = start_fake(start, lambda words: b"-LOADING data\r\n"
                             if state["loading"] else pong(words))
    assert nginx.get("GET a")[0] == 504
    assert 'PING was answered "LOADING"' in nginx.lines("warn")[0]
    assert ["GET", "a"] not in fake.commands
    state["loading"] = False
    lib.wait_for(nginx.answers, "Redis to have loaded")


@pytest.mark.parametrize("error", [
    "OOM command not allowed", "READONLY no write", "MISCONF errors",
    "NOSCRIPT none", "WRONGTYPE other",
])
def test_errors_of_a_command_are_answers(start, error):
    _, nginx = start_fake(start, lambda words: b"+PONG\r\n"
                          if words[0] == "PING" else
                          b"-%s\r\n" % error.encode())
    for _ in range(8):
        assert nginx.get("SET a 1") == (200, "-" + error)
    stats = nginx.stats()
    assert stats["breaker_opened"] == 0 and stats["connections"] == 1
    assert nginx.lines("warn") == []


def test_too_many_clients(start):
    _, nginx = start_fake(start, None,
                          on_connect=b"-ERR max number of clients reached\r\n")
    assert nginx.get("PING")[0] == 504
    assert nginx.stats()["connections"] == 0


# Servers gone mad


@pytest.mark.parametrize("garbage", [
    b"HTTP/1.1 400 Bad Request\r\n\r\n",
    b"*1000000000\r\n",
    b"*9\r\n" * 32 + b":1\r\n",
    b"*2147483648\r\n",
    b"$9999999999999999999\r\n",
    b"\x00" * 4096,
    b"$1\r\nx\r\n$5\r\nextra\r\n",
])
def test_garbage(start, garbage):
    _, nginx = start_fake(start, lambda words: b"+PONG\r\n"
                          if words[0] == "PING" else garbage,
                          timeouts="timeout=5s")
    status = nginx.get("GET a")[0]
    assert status == (200 if b"extra" in garbage else 504)
    lib.wait_for(lambda: nginx.stats()["protocol_errors"] == 1, "the drop")
    assert len(nginx.lines("warn")) == 1
    assert "extra" not in nginx.log()


def test_garbage_at_connect(start):
    fake, nginx = start_fake(start, lambda words: b"220 mail.example\r\n")
    assert nginx.get("GET a")[0] == 504
    assert ["GET", "a"] not in fake.commands


@pytest.mark.parametrize("reply, most", [
    ([b"$1000000000\r\n"] + [b"x" * MEGABYTE] * 100, 80),
    ([b"x" * MEGABYTE] * 100, 16),
    ([b"+" + b"x" * MEGABYTE] + [b"x" * MEGABYTE] * 100, 16),
    ([b"*60000\r\n"] + [b"$10000\r\n" + b"x" * 10000 + b"\r\n"] * 20000,
     80),
    ([b"*1000\r\n"] + [b"*1000\r\n" + b":1\r\n" * 1000] * 1000, 80),
], ids=["bulk", "garbage", "status", "array", "nested"])
def test_endless_reply_does_not_eat_memory(start, reply, most):
    fake, nginx = start_fake(start, lambda words: b"+PONG\r\n"
                          if words[0] == "PING" else reply,
                          timeouts="timeout=30s")
    assert nginx.get("GET a")[0] == 504
    assert nginx.stats()["protocol_errors"] == 1
    assert fake.sent < most * MEGABYTE
    if not lib.SANITIZE:
        with open("/proc/%d/status" % nginx.worker()) as status:
            peak = [line for line in status if line.startswith("VmHWM")]
        assert int(peak[0].split()[1]) * 1024 < 256 * MEGABYTE


def test_queue_is_bounded(start):
    redis, nginx = start_tcp(start, timeouts="timeout=3s")
    assert nginx.answers()
    redis.signal(signal.SIGSTOP)
    connections = [http.client.HTTPConnection("127.0.0.1", nginx.port)
                   for _ in range(40)]
    for connection in connections:
        connection.request("GET", "/redis?cmd=SET+a&fill=%d" % MEGABYTE)
    lib.wait_for(lambda: nginx.stats()["commands"] >= 17, "a full queue")
    assert nginx.get("PING")[0] == 503
    redis.signal(signal.SIGCONT)
    seen = [connection.getresponse().status for connection in connections]
    for connection in connections:
        connection.close()
    assert set(seen) == {200, 503}
    assert nginx.answers()


# Names


def test_name_by_resolver(start):
    redis, dns = start.redis(), start.dns("127.0.0.1")
    nginx = start_named(start, redis.port, dns, valid="1s")
    assert nginx.answers()

    # asked again at a reconnect: nothing listens on the new address
    dns.addresses = ("127.0.0.9",)
    redis.cli("client", "kill", "type", "normal", "skipme", "yes")

    def moved():
        answer = nginx.get("PING")[0]
        if answer == 200:
            redis.cli("client", "kill", "type", "normal", "skipme", "yes")
        return answer != 200

    lib.wait_for(moved, "the cached name to expire")
    dns.addresses = ("127.0.0.1",)
    lib.wait_for(nginx.answers, "the old address")


def test_name_of_two_addresses(start):
    """One of the two refuses: that fails no command."""
    redis, dns = start.redis(), start.dns("127.0.0.9", "127.0.0.1")
    nginx = start_named(start, redis.port, dns)

    # nginx shuffles them: connects until it was the turn of that one
    def refused():
        assert nginx.answers()
        redis.cli("client", "kill", "type", "normal", "skipme", "yes")
        return "connect() failed" in nginx.log()

    lib.wait_for(refused, "the address that refuses")
    assert nginx.stats()["connect_failures"] == 0


def test_name_unknown_to_the_resolver(start):
    nginx = start_named(start, 6379, start.dns())
    assert nginx.get("PING")[0] in (503, 504)
    assert "name not resolved" in nginx.lines("warn")[0]


def test_resolver_that_is_silent(start):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        nginx = start.nginx("redis_test redis://redis.example:6379 "
                            "connect_timeout=200ms; "
                            "resolver 127.0.0.1:%d ipv6=off;"
                            % silent.getsockname()[1])
        status, seconds = nginx.timed("PING")
        assert status == 504 and seconds < 0.25 + SLACK
        assert nginx.quit() < 1


def test_name_resolved_at_configuration(start):
    redis = start.redis()
    nginx = start.nginx("redis_test redis://localhost:%d %s;"
                        % (redis.port, PATIENT))
    assert nginx.answers()


@pytest.mark.parametrize("directives, words", [
    ("redis_test redis://nowhere.invalid;",
     ["batch_dial_redis", "redis://nowhere.invalid:6379", "resolver"]),
    ("redis_test unix:/%s;" % ("x" * 200),
     ["batch_dial_redis", "unix:/x", "path"]),
    ("redis_test rediss://127.0.0.1; redis_test_ca_file none.pem;",
     ["batch_dial_redis_ca_file", "none.pem", "PEM"]),
    ("redis_test redis://127.0.0.1; redis_test_ca_file some.pem;",
     ["batch_dial_redis_ca_file", "some.pem", "rediss://"]),
    ("redis_test redis://:hunter2@127.0.0.1; redis_test_password other;",
     ["batch_dial_redis", "redis://127.0.0.1:6379",
      "batch_dial_redis_password_file"]),
])
def test_configuration_refused(start, directives, words):
    nginx = start.nginx(directives, run=False)
    (line,) = nginx.refused()
    assert all(word in line for word in words + ["expected"])
    assert "hunter2" not in line


# Life of a worker


def test_request_waiting_at_quit_is_answered(start):
    redis, nginx = start_tcp(start, timeouts="timeout=5s")
    assert nginx.answers()
    (connection,) = connect(nginx, 1)
    connection.request("GET", "/redis?cmd=DEBUG+SLEEP+0.5&then=ECHO+done")
    lib.wait_for(lambda: nginx.stats()["commands"] == 3, "the command")
    assert 0.3 < nginx.quit() < 2
    assert connection.getresponse().read() == b"done"
    connection.close()


def test_reload_loses_no_request(start):
    redis, nginx = start_tcp(start, timeouts="timeout=2s")
    stop = threading.Event()
    seen = []

    def client():
        while not stop.is_set():
            seen.append(nginx.get("ECHO load")[0])

    threads = [threading.Thread(target=client) for _ in range(4)]
    for thread in threads:
        thread.start()
    for turn in range(1, 4):
        worker = nginx.worker()
        nginx.process.send_signal(signal.SIGHUP)
        lib.wait_for(lambda: nginx.worker() != worker, "a new worker")
        lib.wait_for(lambda: not os.path.exists("/proc/%d" % worker),
                     "the old worker to exit")
    stop.set()
    for thread in threads:
        thread.join()
    assert set(seen) == {200}
    # a worker that exits may connect once more for its last requests
    assert 4 <= nginx.stats()["connections"] <= 7


def test_quit_while_the_breaker_is_open(start):
    redis, nginx = start_tcp(start)
    redis.kill()

    def opened():
        nginx.get("PING")
        return nginx.stats()["breaker_open"]

    lib.wait_for(opened, "the breaker")
    assert nginx.stats()["connect_failures"] >= 5
    assert nginx.log().count("connect() ") == 1     # by nginx, once a row
    assert nginx.quit() < 1


def test_debug_log(start):
    """The events of the client are fit for nginx's debug log, and neither
    the password nor a value gets there."""
    redis = start.redis("--requirepass", "hunter2")
    nginx = start.nginx("redis_test redis://:hunter2@127.0.0.1:%d;"
                        % redis.port, level="debug")
    nginx.secrets += ["hunter2", "xxxxxxxx"]
    assert nginx.get("SET a", fill=64) == (200, "OK")
    redis.signal(signal.SIGSTOP)
    assert nginx.get("PING")[0] == 504
    redis.signal(signal.SIGCONT)
    lib.wait_for(nginx.answers, "Redis")


def test_no_descriptor_is_leaked(start):
    redis, nginx = start_tcp(start)
    assert nginx.answers()
    folder = "/proc/%d/fd" % nginx.worker()
    before = len(os.listdir(folder))
    for _ in range(20):
        redis.cli("client", "kill", "type", "normal", "skipme", "yes")
        assert nginx.answers()
    lib.wait_for(lambda: len(os.listdir(folder)) <= before, "descriptors")
