"""Clients that leave, workers that come and go, and what runs short."""

import contextlib
import json
import pathlib
import re
import signal
import threading

import pytest

from lib import nginx
from lib.client import NoAnswer
from lib.entry import entry_field, job_key
from lib.gateway import CONFIG, bearer
from lib.nginx import GLOBALS
from lib.process import children
from lib.relay import empty_redis
from lib.upstream import ALICE, JOBS
from lib.wait import wait_until

LONG = "batch_dial_ttl INIT=1h ACTIVE=1h PAUSED=1h COMPLETE=1h CANCELLED=1h;"
JOB = "job-active"
PATH = f"{JOBS}/{JOB}"
SEEDED = ("job-init", "job-active", "job-paused", "job-complete",
          "job-cancelled")

MISSES = 'batch_dial_requests_total{cache="miss"}'
REFUSED = "batch_dial_redis_entries_refused_total"


def is_hit(answer):
    return answer["cache-status"].startswith("batch-dial; hit")


def caches(node, job=JOB):
    """Reads until the job comes from the cache; the answer."""
    return wait_until(lambda: hit_or_none(node, job), what="a hit")


def hit_or_none(node, job):
    answer = node.read(job)
    assert answer.status == 200, answer
    return answer if is_hit(answer) else None


def own_files(node):
    """What the one worker holds open of its own: to Redis, to upstream, for
    its clients and its fetches."""
    leaks = node.leaks()
    return len(next(iter(leaks.values()), ()))


def back_to(node, number):
    wait_until(lambda: own_files(node) == number,
               what=lambda: f"{number} descriptors: {node.leaks()}")


@pytest.fixture
def fast_end(monkeypatch):
    """At TERM nginx frees neither its connections nor their requests: to a
    leak sanitizer, leaks of nginx's own."""
    monkeypatch.setitem(nginx.SANITIZERS, "ASAN_OPTIONS",
                        "detect_leaks=0:halt_on_error=1:exitcode=86")


def is_lookup(words):
    """Whether it asks for an entry."""
    return words[0] == b"HMGET" and words[1] == job_key(JOB)


def looked_up(fake):
    """Whether a fake Redis has been asked for an entry."""
    return any(map(is_lookup, fake.commands))


# Commands to Redis, the subscription, and one kept to upstream.
REST = 3


def leave(connection, stream, how):
    if how == "h2 reset":
        connection.reset(stream)
    elif how == "reset":
        connection.reset()
    else:
        connection.close()


def connect(node, how):
    return node.connect_h2() if how.startswith("h2") else node.connect()


LEAVING = pytest.mark.parametrize(
    "how", ["close", "reset", "h2 reset", "h2 close"])


# clients that leave

@LEAVING
def test_leaves_while_redis_is_asked(world, upstream, how):
    """The lookup is answered after its client has gone."""
    may = threading.Event()

    def reply(words):
        if is_lookup(words):
            may.wait(10)
        return empty_redis(words)

    fake = world.fake_redis(reply)
    node = world.gateway(
        redis=f"redis://127.0.0.1:{fake.port} timeout=10s")
    connection = connect(node, how)
    stream = connection.send("GET", PATH, bearer())
    wait_until(lambda: looked_up(fake), what="the lookup")
    leave(connection, stream, how)
    assert " 499 " in node.access(1)[0]
    may.set()
    assert node.read(JOB).status == 200
    assert upstream.calls("read") == 1
    connection.close()


@LEAVING
def test_leaves_while_redis_hangs(gateway, upstream, redis_server, how):
    """Nobody reads the reply: its deadline ends the wait of the worker."""
    node = gateway(redis="unix:%%REDIS_SOCK%% timeout=500ms",
                   location_extra=LONG, memory=False)
    caches(node)
    redis_server.stop()
    connection = connect(node, how)
    stream = connection.send("GET", PATH, bearer())
    wait_until(lambda: node.metrics()["batch_dial_redis_commands_total"]
               > node.metrics()["batch_dial_redis_writes_total"] - 1)
    leave(connection, stream, how)
    assert re.search(" (499|200) ", node.access(3)[-1])
    redis_server.cont()
    caches(node)
    connection.close()


@LEAVING
def test_leaves_while_upstream_works(gateway, upstream, redis_server, how):
    """The fetch goes on without its client, and its answer is stored."""
    node = gateway(location_extra=LONG)
    caches(node, "job-paused")
    back_to(node, REST)
    upstream.rule(job=JOB, hold={"before_headers": "gate"})
    connection = connect(node, how)
    stream = connection.send("GET", PATH, bearer())
    upstream.wait_waiting("gate")
    lines = len(node.access(2))
    leave(connection, stream, how)
    assert " 499 " in node.access(lines + 1)[-1]
    assert upstream.counts().in_flight == 1
    upstream.release("gate")
    wait_until(lambda: redis_server.command("HEXISTS", job_key(JOB),
                                            entry_field(ALICE)))
    connection.close()
    assert is_hit(node.read(JOB))
    assert upstream.calls(job=JOB) == 1
    assert upstream.counts().aborted == 0
    back_to(node, REST)


def test_leave_and_leave(gateway, upstream, redis_server):
    """A hundred clients that all go; nothing of them stays behind."""
    node = gateway(location_extra=LONG)
    caches(node, "job-paused")
    back_to(node, REST)
    upstream.rule(job=JOB, hold={"before_headers": "gate"})
    for number in range(100):
        connection = node.connect()
        connection.send("GET", PATH, bearer())
        if number % 10 == 9:
            wait_until(lambda: upstream.counts().in_flight > 0)
        if number % 2:
            connection.reset()
        else:
            connection.close()
    upstream.release("gate")
    wait_until(lambda: upstream.counts().in_flight == 0)
    caches(node)
    # what upstream keeps open is bounded by "keepalive"
    wait_until(lambda: own_files(node) <= 2 + 16, what=node.leaks)


def test_leaves_before_the_answer_is_sent(gateway, upstream):
    """The client's window is shut: the answer meets a connection gone."""
    node = gateway(location_extra=LONG + "batch_dial_max_body 8m;",
                   redis="unix:%%REDIS_SOCK%% timeout=10s")
    upstream.rule(job=JOB, patch={"name": "n" * (6 << 20)})
    connection = node.connect()
    connection.send("GET", PATH, bearer())
    assert connection.socket.recv(1) == b"H"
    connection.reset()
    node.access(1)
    assert len(node.read(JOB).body) > 6 << 20
    back_to(node, REST)


# workers that come and go

class Load:
    """Reads on new connections, and writes, from several threads."""

    def __init__(self, node, threads=6):
        self.node = node
        self.over = threading.Event()
        self.answers = []
        self.errors = []
        self.threads = [threading.Thread(target=self._run, args=(number,))
                        for number in range(threads)]
        for thread in self.threads:
            thread.start()

    def _run(self, number):
        try:
            while not self.over.is_set():
                self.answers.append(self._one(number))
        except (OSError, NoAnswer) as error:
            self.errors.append(error)

    def _one(self, number):
        if number == 0:
            return self.node.request("PUT", f"{JOBS}/job-paused",
                                     headers=[("Connection", "close")],
                                     body=b'{"name": "x"}')
        return self.node.read(SEEDED[number % len(SEEDED)],
                              headers=[("Connection", "close")])

    def pass_by(self, number=100):
        """Waits until so many more have been answered."""
        goal = len(self.answers) + number
        wait_until(lambda: len(self.answers) >= goal or self.errors,
                   timeout=60, what="answers")

    def end(self):
        """All threads have ended; every request had its answer."""
        self.over.set()
        for thread in self.threads:
            thread.join()
        assert not self.errors
        assert {answer.status for answer in self.answers} == {200}
        assert all(answer.complete for answer in self.answers)


def test_reload_under_load(gateway, redis_server):
    node = gateway(location_extra="batch_dial_ttl ACTIVE=1s INIT=0;",
                   workers=2)
    load = Load(node)
    try:
        for _ in range(3):
            load.pass_by()
            node.reload(wait_old=True)
        load.pass_by()
    finally:
        load.end()


def test_reload_while_a_client_waits_for_the_fetch(gateway, upstream):
    node = gateway(location_extra=LONG)
    upstream.rule(job=JOB, hold={"before_headers": "gate"})
    with node.connect() as connection:
        connection.send("GET", PATH, bearer())
        upstream.wait_waiting("gate")
        old, = node.worker_pids()
        node.reload()
        assert old in children(node.process.pid)
        assert node.read("job-paused").status == 200
        upstream.release("gate")
        answer = connection.receive()
        assert answer.status == 200
        assert answer["connection"] == "close"
        assert connection.at_end()
    wait_until(lambda: old not in children(node.process.pid))
    assert is_hit(node.read(JOB))
    assert upstream.calls(job=JOB) == 1


def test_reload_after_the_client_has_left(gateway, upstream):
    """Only a fetch without a client keeps the old worker: it is not lost."""
    node = gateway(location_extra=LONG)
    upstream.rule(job=JOB, hold={"before_headers": "gate"})
    with node.connect() as connection:
        connection.send("GET", PATH, bearer())
        upstream.wait_waiting("gate")
        connection.reset()
    node.access(1)
    old, = node.worker_pids()
    node.reload()
    upstream.release("gate")
    wait_until(lambda: old not in children(node.process.pid))
    assert is_hit(node.read(JOB))
    assert upstream.calls(job=JOB) == 1


def test_reload_while_a_client_waits_for_redis(world, upstream):
    may = threading.Event()

    def reply(words):
        if is_lookup(words):
            may.wait(10)
        return empty_redis(words)

    fake = world.fake_redis(reply)
    node = world.gateway(
        redis=f"redis://127.0.0.1:{fake.port} timeout=10s")
    with node.connect() as connection:
        connection.send("GET", PATH, bearer())
        wait_until(lambda: looked_up(fake), what="the lookup")
        node.reload()
        may.set()
        assert connection.receive().status == 200


def test_reload_with_another_zone_size(gateway):
    """A new zone: the counters begin again, entries in Redis stay."""
    node = gateway(location_extra=LONG, zone="1m")
    caches(node)
    assert node.metrics()[MISSES] == 1
    node.reload(node.config_file.read_text().replace(
        "batch_dial_zone 1m", "batch_dial_zone 2m"), wait_old=True)
    assert node.metrics()[MISSES] == 0
    assert is_hit(node.read(JOB))
    node.reload(wait_old=True)
    assert node.metrics()['batch_dial_requests_total{cache="hit"}'] == 1


def test_reload_keeps_the_counters(gateway):
    node = gateway(location_extra=LONG)
    caches(node)
    before = node.metrics()
    node.reload(wait_old=True)
    after = node.metrics()
    assert after[MISSES] == before[MISSES] == 1


def test_reload_with_another_secret(world, gateway, upstream):
    """What the old secret sealed is not found; nothing of it is served."""
    path = world.directory / "changing"
    path.write_text("the-first-SECRET-of-this-node", encoding="ascii")
    node = gateway(location_extra=LONG, SECRET_FILE=path)
    caches(node)
    path.write_text("the-second-SECRET-of-this-node", encoding="ascii")
    node.reload(wait_old=True)
    assert not is_hit(node.read(JOB))
    caches(node)
    assert upstream.calls("read") == 2
    assert node.metrics()[REFUSED] == 0


def test_reload_with_another_namespace_and_schema(gateway, upstream):
    node = gateway(location_extra=LONG)
    caches(node)
    strict = node.write("strict.json", '{"required": ["nothing like it"]}')
    config = node.config_file.read_text()
    node.reload(config.replace(
        "batch_dial on;", f"batch_dial on; batch_dial_schema {strict};"
    ).replace("batch_dial_zone", "batch_dial_namespace b; batch_dial_zone"),
        wait_old=True)
    assert node.read(JOB).status == 502
    node.reload(config, wait_old=True)
    assert is_hit(node.read(JOB))


@pytest.mark.allow_log(r"\[emerg\]", reason="the new configuration is bad")
def test_a_bad_reload_changes_nothing(gateway):
    node = gateway(location_extra=LONG)
    caches(node)
    workers = node.worker_pids()
    mark = len(node.log())
    node.configure(node.config_file.read_text().replace(
        "batch_dial on;", "batch_dial maybe;"))
    node.process.signal(signal.SIGHUP)
    wait_until(lambda: "[emerg]" in node.log()[mark:])
    assert is_hit(node.read(JOB))
    assert node.worker_pids() == workers


def test_quit_is_quick_with_idle_connections(gateway, upstream):
    """Kept open by clients, to Redis, and to upstream.  (With HTTP/2 nginx
    waits for the client to close, five seconds, with or without us.)"""
    node = gateway(location_extra=LONG, workers=2)
    with node.connect() as first, node.connect() as second:
        assert first.request("GET", PATH, bearer()).status == 200
        assert second.request("GET", f"{JOBS}/job-paused",
                              bearer()).status == 200
        caches(node)
        assert node.quit() < 1.0
        assert first.at_end()
        assert second.at_end()


def test_quit_is_quick_with_redis_away(gateway, redis_server):
    """Neither the breaker's probes nor back-off keep a worker."""
    node = gateway(location_extra=LONG, memory=False)
    redis_server.stop()
    wait_until(lambda: node.read(JOB).status == 200 and node.metrics()[
        "batch_dial_redis_breaker_open"], what="the breaker to open")
    assert node.quit() < 1.0


def test_quit_lets_a_read_end(gateway, upstream):
    node = gateway(location_extra=LONG)
    upstream.rule(job=JOB, hold={"before_headers": "gate"})
    with node.connect() as connection:
        connection.send("GET", PATH, bearer())
        upstream.wait_waiting("gate")
        node.process.signal(signal.SIGQUIT)
        wait_until(lambda: "gracefully shutting down" in node.log())
        upstream.release("gate")
        assert connection.receive().status == 200
    assert node.process.wait() == 0


def test_quit_does_not_outlast_worker_shutdown_timeout(gateway, upstream):
    """A fetch has a connection too, and nginx closes what is left."""
    node = gateway(config=CONFIG.replace(
        "%%GLOBALS%%", "%%GLOBALS%%\nworker_shutdown_timeout 200ms;"))
    upstream.rule(job=JOB, hold={"before_headers": "gate"})
    with node.connect() as connection:
        connection.send("GET", PATH, bearer())
        upstream.wait_waiting("gate")
        assert node.quit() < 5.0
        with pytest.raises(NoAnswer):
            connection.receive()


def test_stop_ends_at_once(fast_end, gateway, upstream):
    node = gateway(location_extra=LONG)
    upstream.rule(job=JOB, hold={"before_headers": "gate"})
    with node.connect() as connection:
        connection.send("GET", PATH, bearer())
        upstream.wait_waiting("gate")
        assert node.terminate() < 1.5
        with pytest.raises(NoAnswer):
            connection.receive()


def test_stop_while_redis_is_asked(fast_end, world, upstream):
    fake = world.fake_redis(lambda words: None if is_lookup(words)
                            else empty_redis(words))
    node = world.gateway(
        redis=f"redis://127.0.0.1:{fake.port} timeout=60s")
    with node.connect() as connection:
        connection.send("GET", PATH, bearer())
        wait_until(lambda: looked_up(fake), what="the lookup")
        assert node.terminate() < 1.5
        with pytest.raises(NoAnswer):
            connection.receive()


def test_a_killed_worker_is_replaced(gateway, upstream):
    node = gateway(location_extra=LONG)
    caches(node, "job-paused")
    upstream.rule(job=JOB, hold={"before_headers": "gate"})
    with node.connect() as connection:
        connection.send("GET", PATH, bearer())
        upstream.wait_waiting("gate")
        node.kill_worker()
        with pytest.raises(NoAnswer):
            connection.receive()
    upstream.drop_rules()
    upstream.release("gate")
    assert is_hit(node.read("job-paused"))
    caches(node)
    assert node.metrics()[MISSES] >= 2


def test_workers_killed_under_load(gateway):
    """Whoever was in the worker is lost, nobody else, and it goes on."""
    node = gateway(location_extra="batch_dial_ttl ACTIVE=1s INIT=0;",
                   workers=2)
    for _ in range(5):
        node.kill_worker()
        for job in SEEDED:
            assert node.read(job).status == 200
    caches(node)


# other shapes of nginx, and want

def test_without_a_master(gateway, upstream, redis_server):
    node = gateway(location_extra=LONG, start=False, GLOBALS=GLOBALS.replace(
        "master_process on", "master_process off"))
    node.workers = 0                  # processes other than the one started
    node.start()
    node.workers = 1                  # that keep connections
    caches(node)
    before = redis_server.command("HGET", job_key(JOB), entry_field(ALICE))
    assert node.request("PUT", PATH, body=b"{}").status == 200
    assert before
    assert redis_server.command("HGET", job_key(JOB), entry_field(ALICE)) \
        != before
    assert node.metrics()[MISSES] == 1


@pytest.mark.allow_log("worker_connections are not enough",
                       reason="that is what happens here")
def test_no_connections_left(gateway, upstream):
    """Each read takes three: the client's, its fetch's, and upstream's."""
    node = gateway(location_extra=LONG, GLOBALS=GLOBALS.replace(
        "worker_connections 1024", "worker_connections 26"))
    caches(node, "job-paused")
    worker = node.worker_pids()
    answers, lost = [], []

    def read(job):
        try:
            answers.append(node.read(job))
        except (NoAnswer, ConnectionResetError):
            lost.append(1)

    # of one job there would be one fetch for all
    jobs = [f"job-{number}" for number in range(20)]
    for job in jobs:
        upstream.rule(job=job, status=200, hold={"before_headers": "gate"},
                      body=json.dumps({**upstream.job(JOB), "id": job}))
    threads = [threading.Thread(target=read, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    wait_until(lambda: any(answer.status == 502 for answer in answers),
               what=lambda: f"a refusal: {answers}")
    upstream.release("gate")
    for thread in threads:
        thread.join()
    assert {answer.status for answer in answers} == {200, 502}
    for answer in answers:
        if answer.status == 502:
            assert answer["content-type"] == "application/problem+json"
            assert b"urn:batch-dial:upstream-unreachable" in answer.body
    assert node.worker_pids() == worker
    caches(node)


@pytest.mark.allow_log(r"failed \(24:", reason="that is what happens here")
def test_no_descriptors_left(gateway, upstream):
    """All are taken by clients: none is left to ask upstream with."""
    limit = 40
    node = gateway(location_extra=LONG, GLOBALS=GLOBALS
                   + f"\nworker_rlimit_nofile {limit};")
    worker = node.worker_pids()
    upstream.rule(hold={"before_headers": "gate"})

    with contextlib.ExitStack() as stack:
        def client():
            return stack.enter_context(node.connect())

        first, second = client(), client()
        first.send("GET", PATH, bearer())         # Redis and upstream
        upstream.wait_waiting("gate")

        descriptors = pathlib.Path(f"/proc/{worker[0]}/fd")
        while len(list(descriptors.iterdir())) < limit:
            taken = len(list(descriptors.iterdir()))
            client()
            wait_until(lambda: len(list(descriptors.iterdir())) > taken)

        second.send("GET", f"{JOBS}/job-paused", bearer())
        answer = second.receive()
        assert answer.status == 502
        assert answer["content-type"] == "application/problem+json"
        assert b"urn:batch-dial:upstream-unreachable" in answer.body

        upstream.release("gate")
        assert first.receive().status == 200

    assert node.worker_pids() == worker
    caches(node)
