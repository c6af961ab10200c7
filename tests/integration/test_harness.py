"""Tests of the harness: each check of a test's end finds what it is for.

First the pure checks are fed what they must catch; then whole worlds are
started, something is broken in them, and finish() must say so.
"""

import os
import pathlib
import signal
import subprocess
import sys

import pytest

from lib import checks, client
from lib.process import Process
from lib.upstream import ALICE, JOBS
from lib.wait import wait_until
from lib.world import World
from test_smoke import KEY, PROXY

STAMP = "2026/01/01 10:00:00"


@pytest.mark.parametrize("line", [
    f"{STAMP} [alert] 1#1: *3 open socket #9 left in connection 3",
    f"{STAMP} [emerg] 1#1: bind() to 127.0.0.1:80 failed",
    f"{STAMP} [crit] 1#1: ngx_slab_alloc() failed: no memory",
    f"{STAMP} [notice] 1#1: worker process 7 exited on signal 11",
    f"{STAMP} [notice] 1#1: worker process 7 exited with code 86",
    f"{STAMP} [notice] 1#1: worker process 7 exited with fatal code 2 and",
    "==7==ERROR: AddressSanitizer: heap-use-after-free on address 0x1",
    "==7==ERROR: LeakSanitizer: detected memory leaks",
    "a.c:3:5: runtime error: signed integer overflow",
])
def test_log_problem_is_seen(line):
    text = f"{STAMP} [notice] 1#1: before\n{line}\n{STAMP} [info] after\n"
    assert len(checks.log_problems(text)) == 1


@pytest.mark.parametrize("line", [
    f"{STAMP} [notice] 1#1: worker process 7 exited with code 0",
    f"{STAMP} [error] 1#1: *3 connect() failed (111: Connection refused)",
    f"{STAMP} [warn] 1#1: *3 an upstream response is buffered",
    f"{STAMP} [info] 1#1: *3 client closed connection",
])
def test_common_log_lines_are_no_problem(line):
    assert checks.log_problems(line) == []


def test_allowed_lines_are_excused_and_others_are_not():
    text = "[crit] connect() failed\n[crit] something else\n"
    assert checks.log_problems(text, [r"connect\(\)"]) \
        == ["log: [crit] something else"]


def test_nothing_excuses_a_sanitizer():
    text = "==7==ERROR: AddressSanitizer: SEGV [alert]"
    assert checks.log_problems(text, [".*"])


def test_secrets_are_seen():
    text = f"one\nAuthorization: Bearer {ALICE}\nthree"
    assert len(checks.secret_problems("x", text)) == 1
    assert checks.secret_problems("x", "one\ntwo") == []


def test_leaked_files_are_what_the_master_does_not_share():
    master = {3: "/d/error.log", 5: "socket:[10]", 6: "socket:[11]"}
    worker = {1: "/d/error.log", 5: "socket:[10]", 9: "socket:[77]",
              10: "anon_inode:[eventpoll]", 12: "/d/proxy_temp/1"}
    assert checks.leaked_files(worker, master) \
        == {9: "socket:[77]", 12: "/d/proxy_temp/1"}


def test_workers_gone_and_come_are_seen():
    assert checks.worker_problems({1, 2}, {1, 2}) == []
    assert checks.worker_problems({1, 2}, {1, 3}) \
        == ["worker 2 is gone", "worker 3 appeared"]


@pytest.fixture
def planted():
    """A world whose end the test itself looks at."""
    world = World(patience=0.3)
    yield world
    world.finish()
    world.remove()


def found(world, word):
    """Ends the world; whether word is in one of the problems it has."""
    problems = world.finish()
    return any(word in problem for problem in problems), problems


def test_a_sound_world_has_no_problem():
    world = World()
    world.upstream()
    world.redis().command("SET", "key", "value")
    node = world.nginx(PROXY)
    assert client.http(node.address, "GET", f"{JOBS}/job-active",
                       KEY).status == 200
    assert world.finish() == []
    world.remove()


def test_finds_an_alert(planted):
    planted.upstream()
    node = planted.nginx(PROXY)
    with open(node.error_log, "a", encoding="ascii") as log:
        log.write("[alert] planted\n")
    assert found(planted, "planted") == (True, ["log: [alert] planted"])


def test_finds_a_dead_worker(planted):
    planted.upstream()
    node = planted.nginx(PROXY)
    victim, = node.worker_pids()
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: victim not in node.worker_pids()
               and node.worker_pids())
    seen, problems = found(planted, f"worker {victim} is gone")
    assert seen
    assert any("exited on signal 9" in problem for problem in problems)


def test_finds_a_leaked_descriptor(planted):
    """A client that the harness does not know of keeps a connection."""
    planted.upstream()
    node = planted.nginx(PROXY)
    stranger = client.Connection(node.address)
    client.Connection.alive.discard(stranger)
    stranger.request("GET", f"{JOBS}/job-active", KEY)
    seen, problems = found(planted, "descriptors leaked")
    stranger.close()
    assert seen, problems


def test_finds_a_request_the_upstream_still_answers(planted):
    """A request outlives its clients and every rule."""
    upstream = planted.upstream()
    upstream.rule(delay=60)
    stranger = client.Connection(upstream.address)
    client.Connection.alive.discard(stranger)
    stranger.send("GET", f"{JOBS}/job-active", KEY)
    wait_until(lambda: upstream.counts().in_flight == 1)
    seen, problems = found(planted, "1 requests in flight")
    stranger.close()
    assert seen, problems


def test_finds_too_many_upstream_connections(planted):
    upstream = planted.upstream()
    node = planted.nginx(PROXY.replace("keepalive 16", "keepalive 1"))
    assert node.idle_connections() == 1
    strangers = [client.Connection(upstream.address) for _ in range(2)]
    client.Connection.alive.clear()
    seen, problems = found(planted, "2 connections (1 may stay)")
    for stranger in strangers:
        stranger.close()
    assert seen, problems


def test_finds_a_secret_in_a_log(planted):
    """nginx itself logs what stands in a query string."""
    planted.upstream()
    node = planted.nginx(PROXY)
    client.http(node.address, "GET", f"{JOBS}/job-active?{ALICE}", KEY)
    assert found(planted, "a secret in access.log")[0]


def test_finds_a_secret_in_redis(planted):
    redis = planted.redis()
    with redis.client(db=3) as store:
        store.hset("key", "field", f"Bearer {ALICE}")
    redis.stop()
    assert found(planted, "a secret in Redis")[0]


def test_finds_a_secret_sent_to_a_fake_redis(planted):
    fake = planted.fake_redis(b"+OK\r\n")
    with client.Connection(("127.0.0.1", fake.port)) as connection:
        connection.send_raw(b"*2\r\n$3\r\nGET\r\n$6\r\nSECRET\r\n")
        assert connection.socket.recv(5) == b"+OK\r\n"
    assert found(planted, "a secret in commands")[0]


def test_finds_what_a_process_leaves_behind(planted):
    upstream = planted.upstream()
    upstream.kill()
    upstream.process = Process(["sh", "-c", "sleep 600 & exit 0"],
                               planted.directory / "sh.log")
    upstream.process.wait()
    assert found(planted, "left processes")[0]
    wait_until(lambda: not upstream.process.strays())


def test_finds_an_upstream_that_fails(planted):
    """The stand-in ends well on SIGTERM, and says nothing."""
    upstream = planted.upstream()
    with open(upstream.process.output, "a", encoding="ascii") as log:
        log.write("Traceback (most recent call last):\n")
    assert found(planted, "Traceback")[0]


def test_wait_until_fails_at_its_deadline():
    with pytest.raises(AssertionError, match="not within 0.05 s: a miracle"):
        wait_until(lambda: False, timeout=0.05, what="a miracle")


def test_gateway_is_configured_as_told(gateway, upstream, redis_server):
    node = gateway(start=False, workers=2, zone="256k",
                   location_extra="batch_dial_ttl ACTIVE=1s;",
                   http_extra="# %%PORT_other%%")
    config = node.config_file.read_text(encoding="utf-8")
    assert f"batch_dial_redis unix:{redis_server.socket};" in config
    assert f"server 127.0.0.1:{upstream.port};" in config
    assert f"listen 127.0.0.1:{node.port()};" in config
    assert f"# {node.port('other')}" in config
    assert "batch_dial_zone 256k;" in config
    assert "batch_dial_ttl ACTIVE=1s;" in config
    assert "worker_processes 2;" in config
    assert node.idle_connections() == 32
    alone = gateway(start=False, redis=None)
    assert "batch_dial_redis" not in alone.config_file.read_text()
    with pytest.raises(KeyError, match="%%NOTHING%% has no value"):
        gateway(start=False, http_extra="%%NOTHING%%")


PLANTED = """
import pytest

def test_alert(world, upstream):
    node = world.nginx("%%GLOBALS%% http { %%HTTP_GLOBALS%% }")
    with open(node.error_log, "a", encoding="ascii") as log:
        log.write("[alert] planted\\n")

@pytest.mark.allow_log("planted", reason="the test plants it")
def test_allowed(world):
    test_alert(world, None)

@pytest.mark.allow_log("planted")
def test_no_reason(world):
    pass
"""


def test_problems_fail_the_test(tmp_path):
    """pytest itself reports them, unless a marker with a reason excuses."""
    here = pathlib.Path(__file__).parent
    file = tmp_path / "test_planted.py"
    file.write_text(PLANTED, encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "conftest", "-c",
         here / "pytest.ini", "-p", "no:cacheprovider", file],
        env={**os.environ, "PYTHONPATH": str(here), "TMPDIR": str(tmp_path)},
        capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 1
    assert "ERROR at teardown of test_alert" in run.stdout
    assert "log: [alert] planted" in run.stdout
    assert "allow_log needs a reason" in run.stdout
    assert "2 passed, 2 errors" in run.stdout
