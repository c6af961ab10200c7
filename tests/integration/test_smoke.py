"""The harness at work: nginx proxies to the stand-in, without the module's
directives.  Proves that nodes, stand-in, client and teardown fit together."""

from lib import client, client_h2
from lib.upstream import ALICE, JOBS
from lib.wait import wait_until

PROXY = """\
%%GLOBALS%%

http {
    %%HTTP_GLOBALS%%

    upstream api {
        server 127.0.0.1:%%UPSTREAM_PORT%%;
        keepalive 16;
    }

    server {
        listen 127.0.0.1:%%PORT%%;
        listen 127.0.0.1:%%PORT_h2%% http2;

        location /api/ {
            proxy_pass http://api;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_read_timeout 30s;
        }
    }
}
"""

KEY = [("Authorization", f"Bearer {ALICE}")]


def test_proxies(world, upstream):
    node = world.nginx(PROXY)
    answer = client.http(node.address, "GET", f"{JOBS}/job-active", KEY)
    assert answer.status == 200
    assert answer.complete
    assert b'"status": "ACTIVE"' in answer.body
    assert upstream.calls("read") == 1
    assert f"GET {JOBS}/job-active" in node.access(1)[0]


def test_proxies_http2(world, upstream):
    node = world.nginx(PROXY)
    address = ("127.0.0.1", node.port("h2"))
    with client_h2.Connection(address) as connection:
        upstream.rule(job="job-paused", hold={"before_headers": "later"})
        slow = connection.send("GET", f"{JOBS}/job-paused", KEY)
        gone = connection.send("GET", f"{JOBS}/job-paused", KEY)
        upstream.wait_waiting("later", 2)
        connection.reset(gone)
        wait_until(lambda: upstream.counts().aborted == 1)
        upstream.release("later")
        assert connection.receive(slow).status == 200
        created = connection.request(
            "POST", f"{JOBS}/job-paused/paused", KEY, b'{"paused": false}')
        assert b'"status": "ACTIVE"' in created.body


def test_reload_replaces_workers_and_loses_nothing(world, upstream):
    node = world.nginx(PROXY, workers=2)
    upstream.rule(hold={"before_headers": "gate"})
    with client.Connection(node.address) as connection:
        connection.send("GET", f"{JOBS}/job-active", KEY)
        upstream.wait_waiting("gate")
        before = node.worker_pids()
        node.reload()
        assert not set(before) & set(node.worker_pids())
        upstream.release("gate")
        assert connection.receive().status == 200


def test_killed_worker_is_replaced(world, upstream):
    node = world.nginx(PROXY, workers=2)
    fresh = node.kill_worker()
    assert fresh in node.worker_pids()
    answer = client.http(node.address, "GET", f"{JOBS}/job-active", KEY)
    assert answer.status == 200


def test_two_nodes_many_clients(world, upstream):
    nodes = [world.nginx(PROXY), world.nginx(PROXY, workers=2)]
    calls = [lambda node=node: client.http(
        node.address, "GET", f"{JOBS}/job-active", KEY)
        for node in nodes * 16]
    assert {a.status for a in client.parallel(calls)} == {200}
    assert upstream.calls("read") == 32


def test_quits_at_once_with_idle_connections(world, upstream):
    node = world.nginx(PROXY)
    with client.Connection(node.address) as connection:
        connection.request("GET", f"{JOBS}/job-active", KEY)
        assert node.quit() < 1.0
        assert connection.at_end()


def test_configuration_test(nginx_test):
    code, said = nginx_test("%%GLOBALS%% http { %%HTTP_GLOBALS%% }")
    assert code == 0, said
    code, said = nginx_test("%%GLOBALS%% nonsense;")
    assert code == 1
    assert 'unknown directive "nonsense"' in said
