"""The ways to Redis: Unix sockets, TCP, TLS, users, passwords, databases,
namespaces, several nodes on one Redis, and how its commands travel."""

import json
import os
import signal
import subprocess

import pytest

from lib.entry import credential_key, entry_field, job_key
from lib.fresh import put, wait_sure
from lib.gateway import bearer
from lib.process import state
from lib.upstream import ALICE, JOBS
from lib.wait import wait_until

pytestmark = pytest.mark.usefixtures("redis_tier")

LONG = "batch_dial_ttl INIT=1h ACTIVE=1h PAUSED=1h COMPLETE=1h CANCELLED=1h;"
JOB = "job-active"

CONNECTIONS = "batch_dial_redis_connections_total"
CONNECT_FAILED = 'batch_dial_redis_failures_total{cause="connect"}'
LEASE_FAILED = 'batch_dial_leases_total{result="failed"}'
JOURNALED = \
    'batch_dial_invalidations_total{cause="write",result="journaled"}'
STORE_FAILED = 'batch_dial_redis_stores_total{result="failed"}'


def is_hit(answer):
    return answer["cache-status"].startswith("batch-dial; hit")


def caches(node, job=JOB):
    """It stores and serves; true only with a Redis that it can use."""
    assert node.read(job).status == 200
    wait_until(lambda: is_hit(node.read(job)),
               what=lambda: f"a hit: {node.metrics()}")
    return True


def never_caches(node):
    """Reads are served, and Redis gets nothing to keep."""
    for _ in range(3):
        answer = node.read(JOB)
        assert answer.status == 200
        assert not is_hit(answer)
    metrics = node.metrics()
    assert metrics[CONNECTIONS] == 0
    assert metrics[CONNECT_FAILED] >= 1
    return True


def entry_of(redis_server, job=JOB, namespace="default"):
    return redis_server.command("HGET", job_key(job, namespace),
                                entry_field(ALICE))


def databases(redis_server):
    return {db for db, _, _ in redis_server.contents()}


def test_unix_socket_and_database(gateway, redis_server):
    assert caches(gateway(redis="unix:%%REDIS_SOCK%%?db=7"))
    assert databases(redis_server) == {7}


@pytest.mark.parametrize("host, db", [
    ("127.0.0.1", ""), ("127.0.0.1", "/0"), ("127.0.0.1", "/"),
    ("127.0.0.1", "/15"), ("localhost", "/3"), ("LOCALHOST", "")])
def test_tcp(world, upstream, host, db):
    server = world.redis(tcp=True)
    assert caches(world.gateway(redis=f"redis://{host}:%%REDIS_PORT%%{db}"))
    assert databases(server) == {int(db[1:] or 0)}


def test_no_such_database(gateway, redis_server):
    assert never_caches(gateway(redis="unix:%%REDIS_SOCK%%?db=99"))
    assert redis_server.contents() == []


def test_password(world, upstream):
    server = world.redis(tcp=True)
    server.require_password("p@ss:/SECRET#?%")
    node = world.gateway(
        redis="redis://:p%40ss%3a%2FSECRET%23%3f%25@127.0.0.1:%%REDIS_PORT%%")
    assert caches(node)


@pytest.mark.parametrize("user", ["", ":wrong-SECRET@", "nobody:SECRET@"])
def test_wrong_password(world, upstream, user):
    server = world.redis(tcp=True)
    server.require_password("right-SECRET")
    node = world.gateway(redis=f"redis://{user}127.0.0.1:%%REDIS_PORT%%")
    if user:
        assert never_caches(node)
    else:
        for _ in range(3):
            answer = node.read(JOB)
            assert answer.status == 200
            assert not is_hit(answer)
    assert server.contents() == []


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_password_file(world, upstream, end):
    server = world.redis()
    server.require_password("from-a-file-SECRET")
    path = world.directory / "password"
    path.write_bytes(b"from-a-file-SECRET" + end.encode())
    assert caches(world.gateway(
        http_extra=f"batch_dial_redis_password_file {path};"))


def test_password_file_and_user(world, upstream):
    server = world.redis(tcp=True)
    server.command("ACL", "SETUSER", "gate", "on", ">file-SECRET",
                   "~bd:*", "+@all")
    path = world.directory / "password"
    path.write_text("file-SECRET\n", encoding="ascii")
    node = world.gateway(redis="redis://gate:@127.0.0.1:%%REDIS_PORT%%",
                         http_extra=f"batch_dial_redis_password_file {path};")
    assert caches(node)


def test_password_file_is_read_again_at_reload(world, upstream):
    server = world.redis()
    server.require_password("first-SECRET")
    path = world.directory / "password"
    path.write_text("first-SECRET", encoding="ascii")
    node = world.gateway(http_extra=f"batch_dial_redis_password_file {path};")
    assert caches(node)
    server.require_password("second-SECRET")
    path.write_text("second-SECRET", encoding="ascii")
    node.reload()
    assert caches(node)


def acl(server, *rules):
    server.command("ACL", "SETUSER", "gate", "on", ">gate-SECRET", *rules)
    return "redis://gate:gate-SECRET@127.0.0.1:%%REDIS_PORT%%"


def test_user_with_just_the_rights_it_needs(world, upstream):
    server = world.redis(tcp=True)
    node = world.gateway(redis=acl(
        server, "~bd:default:*", "&bd:default:*", "+hmget", "+hget", "+hset",
        "+hdel", "+exists", "+del", "+get", "+set", "+eval", "+time", "+pttl",
        "+pexpire", "+publish", "+subscribe", "+ping"))
    assert caches(node)
    before = entry_of(server)
    assert node.request("PUT", f"{JOBS}/{JOB}", body=b"{}").status == 200
    assert entry_of(server) != before
    wait_sure(node)
    metrics = node.metrics()
    assert metrics[STORE_FAILED] == metrics[LEASE_FAILED] == 0
    assert metrics[JOURNALED] == 0
    assert server.command("ACL", "LOG") == []


def test_user_that_may_only_read(world, upstream):
    server = world.redis(tcp=True)
    node = world.gateway(location_extra=LONG,
                         redis=acl(server, "~*", "+@read"))
    for _ in range(3):
        answer = node.read(JOB)
        assert answer.status == 200
        assert not is_hit(answer)
    wait_until(lambda: node.metrics()[LEASE_FAILED] >= 1)
    assert server.contents() == []


def test_user_of_other_keys(world, upstream):
    server = world.redis(tcp=True)
    node = world.gateway(redis=acl(server, "~other:*", "+@all"))
    for _ in range(3):
        answer = node.read(JOB)
        assert answer.status == 200
        assert not is_hit(answer)
    assert server.contents() == []


def tls_gateway(world, host, ca=None, password=""):
    extra = f"batch_dial_redis_ca_file {ca};" if ca else ""
    return world.gateway(
        redis=f"rediss://{password}{host}:%%REDIS_TLS_PORT%%/2"
              " connect_timeout=5s timeout=5s",
        http_extra=extra, location_extra=LONG)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_tls(world, upstream, host):
    identity = world.identity()
    server = world.redis(tls=identity)
    server.require_password("tls-SECRET")
    assert caches(tls_gateway(world, host, identity.ca, ":tls-SECRET@"))
    assert databases(server) == {2}


def test_tls_again_after_the_connection_was_lost(world, upstream):
    identity = world.identity()
    server = world.redis(tls=identity)
    node = tls_gateway(world, "127.0.0.1", identity.ca)
    assert caches(node)
    server.command("CLIENT", "KILL", "TYPE", "normal")
    assert caches(node)
    assert node.metrics()[CONNECTIONS] == 2


def test_tls_large_value(world, upstream):
    """Many TLS records, and a write that the socket does not take whole."""
    identity = world.identity()
    world.redis(tls=identity)
    node = world.gateway(
        redis="rediss://127.0.0.1:%%REDIS_TLS_PORT%% timeout=5s",
        http_extra=f"batch_dial_redis_ca_file {identity.ca};",
        location_extra=LONG + "batch_dial_max_body 8m;")
    upstream.rule(job=JOB, patch={"name": "n" * (4 << 20)})
    first = node.read(JOB)
    assert caches(node)
    assert node.read(JOB).body == first.body


REFUSED = r"batch_dial|SSL_do_handshake\(\) failed"


@pytest.mark.allow_log(REFUSED, reason="the certificate is to be refused")
@pytest.mark.parametrize("flaw", ["another CA", "no CA file", "wrong name",
                                  "expired", "not TLS"])
def test_tls_refused(world, upstream, flaw):
    names = ("DNS:other.example" if flaw == "wrong name"
             else "DNS:localhost,IP:127.0.0.1")
    identity = world.identity(names=names)
    if flaw == "expired":
        expire(identity)
    server = world.redis(tcp=True, tls=identity)
    ca = {"another CA": world.identity().ca,
          "no CA file": None}.get(flaw, identity.ca)
    if flaw == "not TLS":
        node = world.gateway(
            redis="rediss://localhost:%%REDIS_PORT%% connect_timeout=300ms",
            http_extra=f"batch_dial_redis_ca_file {ca};")
    else:
        node = tls_gateway(world, "localhost", ca, ":never-SECRET@")
    with server.record() as commands:
        assert never_caches(node)
    assert commands == []


def expire(identity):
    """Signs the server's certificate again, as of yesterday."""
    sign = ["openssl", "x509", "-req", "-in", "request.pem", "-CA", "ca.pem",
            "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "extensions",
            "-out", "cert.pem"]
    # OpenSSL 3.0 has no dates for this, 3.5 takes no negative days
    for when in (["-days", "-1"], ["-not_before", "20200101000000Z",
                                   "-not_after", "20200102000000Z"]):
        done = subprocess.run(sign + when, cwd=identity.directory,
                              check=False, capture_output=True)
        if done.returncode == 0:
            return
    raise AssertionError(done.stderr)


def test_plain_redis_on_a_tls_port(world, upstream):
    server = world.redis(tls=world.identity())
    node = world.gateway(redis="redis://127.0.0.1:%%REDIS_TLS_PORT%%")
    for _ in range(3):
        answer = node.read(JOB)
        assert answer.status == 200
        assert not is_hit(answer)
    assert server.contents() == []


def test_namespaces_are_apart(gateway, upstream, redis_server):
    nodes = [gateway(http_extra="batch_dial_namespace blue;",
                     location_extra=LONG),
             gateway(http_extra="batch_dial_namespace green.2_x-y;",
                     location_extra=LONG)]
    for node in nodes:
        assert not is_hit(node.read(JOB))
        assert caches(node)
    assert upstream.calls("read") == 2
    assert {key for _, key, _ in redis_server.contents()} == {
        name_of(each, namespace) for namespace in ("blue", "green.2_x-y")
        for name_of, each in ((job_key, JOB), (credential_key, ALICE))}
    blue, green = (entry_of(redis_server, namespace=namespace)
                   for namespace in ("blue", "green.2_x-y"))
    assert nodes[0].request("PUT", f"{JOBS}/{JOB}", body=b"{}").status == 200
    assert entry_of(redis_server, namespace="blue") != blue
    assert entry_of(redis_server, namespace="green.2_x-y") == green


def test_databases_are_apart(gateway, upstream, redis_server):
    nodes = [gateway(redis=f"unix:%%REDIS_SOCK%%?db={db}",
                     location_extra=LONG) for db in (1, 2)]
    for node in nodes:
        assert not is_hit(node.read(JOB))
        assert caches(node)
    assert upstream.calls("read") == 2
    assert databases(redis_server) == {1, 2}


def test_secrets_are_apart(gateway, world, upstream, redis_server):
    """Nodes of different secrets neither find nor believe each other's."""
    path = world.directory / "other-secret"
    path.write_text("another-hmac-SECRET-of-32-bytes\n", encoding="ascii")
    nodes = [gateway(location_extra=LONG),
             gateway(location_extra=LONG, SECRET_FILE=path)]
    for node in nodes:
        assert not is_hit(node.read(JOB))
        assert caches(node)
    assert upstream.calls("read") == 2
    assert len(redis_server.command("HKEYS", job_key(JOB))) == 2


def test_two_nodes_share_entries_and_invalidations(gateway, upstream,
                                                   redis_server):
    first, second = gateway(location_extra=LONG), gateway(location_extra=LONG)
    assert caches(first, "job-paused")
    assert is_hit(second.read("job-paused"))
    assert upstream.calls("read") == 1
    assert put(second, "renamed", "job-paused").status == 200
    assert json.loads(first.read("job-paused").body)["name"] == "renamed"


def test_workers_share_entries_and_counters(gateway, upstream):
    node = gateway(location_extra=LONG, workers=2)
    assert caches(node)
    assert all(is_hit(node.read(JOB)) for _ in range(40))
    assert upstream.calls("read") == 1
    assert node.metrics()['batch_dial_requests_total{cache="hit"}'] >= 40


def test_two_connections_for_each_worker(gateway, redis_server):
    node = gateway(location_extra=LONG)
    for job in ("job-init", "job-active", "job-paused") * 5:
        assert node.read(job).status == 200
    assert node.metrics()[CONNECTIONS] == 1
    assert redis_server.connections() == 2      # the other is subscribed


def test_a_hit_is_one_hmget(gateway, redis_server):
    node = gateway(location_extra=LONG)
    wait_sure(node)                   # until then the credential is asked for
    assert caches(node)
    hmget = f"HMGET {job_key(JOB).decode()} {entry_field(ALICE).decode()} x"
    with redis_server.record() as commands:
        for _ in range(3):
            assert is_hit(node.read(JOB))
    assert [command for command in commands if command != "PING"] \
        == [hmget] * 3


def test_commands_of_a_turn_leave_in_one_write(gateway, redis_server):
    """64 keep-alive clients whose requests lie ready when the worker looks:
    at least five commands to a write."""
    node = gateway(location_extra=LONG)
    wait_sure(node)
    assert caches(node)
    worker, = node.worker_pids()
    clients = [node.connect() for _ in range(64)]
    for connection in clients:
        assert is_hit(connection.request("GET", f"{JOBS}/{JOB}", bearer()))

    before = node.metrics()
    for _ in range(10):
        os.kill(worker, signal.SIGSTOP)
        try:
            wait_until(lambda: state(worker) == "T", what="it to stop")
            for connection in clients:
                connection.send("GET", f"{JOBS}/{JOB}", bearer())
        finally:
            os.kill(worker, signal.SIGCONT)
        assert all(is_hit(connection.receive()) for connection in clients)
    after = node.metrics()

    commands, writes = (after[name] - before[name] for name in (
        "batch_dial_redis_commands_total", "batch_dial_redis_writes_total"))
    assert commands == 640
    assert commands / writes >= 5
