"""Fetches in the background: nobody's client waits for them, and yet they go
upstream the way the location says, with what he brought who set them off."""

import pytest

from lib.client import Connection
from lib.dns import Dns
from lib.expect import headers_of, problem
from lib.fresh import (JOB, PATH, SHORT, is_fresh, is_stale, reads, start,
                       ttl, wait_answer)
from lib.gateway import CONFIG, bearer
from lib.process import children
from lib.upstream import ALICE, JOBS
from lib.wait import wait_until

WHILE = "batch_dial_stale_while_revalidate 10s;"
ONCE = ttl("150ms", COMPLETE="1h") + WHILE

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def updating(answer):
    return answer["x-cache"] == "UPDATING"


def revalidated(node, upstream, job=JOB, first=(), then=(), read=None):
    """Reads a job, and again until it has been fetched in the background;
    what upstream saw of both fetches."""
    read = read or (lambda headers: node.read(job, headers=headers))
    assert read(first).status == 200
    upstream.patch_job(job, status="COMPLETE")
    wait_answer(lambda: read(then), updating)
    answer = wait_answer(lambda: read(then), is_fresh)
    assert b'"COMPLETE"' in answer.body
    fetch, background = reads(upstream, job)
    return fetch, background


def test_headers_of_the_client_who_set_it_off(gateway, upstream):
    node = start(gateway, ONCE)
    fetch, background = revalidated(
        node, upstream,
        first=[("X-Request-Id", "one"), ("traceparent", TRACE)],
        then=[("X-Request-Id", "two"), ("traceparent", TRACE[:-1] + "0"),
              ("User-Agent", "poller/2"), ("X-Twice", "a"),
              ("X-Twice", "b")])
    fields = headers_of(fetch)
    assert fields["x-request-id"] == ["one"]
    assert fields["traceparent"] == [TRACE]
    fields = headers_of(background)
    assert fields["x-request-id"] == ["two"]
    assert fields["traceparent"] == [TRACE[:-1] + "0"]
    assert fields["user-agent"] == ["poller/2"]
    assert fields["x-twice"] == ["a", "b"]
    assert fields["authorization"] == [f"Bearer {ALICE}"]
    assert (background.method, background.target, background.body) \
        == ("GET", PATH, b"")


def test_what_concerns_the_clients_own_answer_stays_behind(gateway,
                                                           upstream):
    node = start(gateway, ONCE)
    own = [("If-None-Match", '"never"'), ("Accept-Encoding", "gzip"),
           ("Cookie", "session=1"), ("X-API-Key", "stolen")]
    _, background = revalidated(node, upstream, then=own)
    assert not {name.lower() for name, _ in own} & set(headers_of(background))


def test_variables(gateway, upstream):
    node = start(gateway, ONCE + """
        set $flag "yes-$http_x_tenant";
        proxy_set_header X-Tenant $tenant;
        proxy_set_header X-Flag $flag;
        proxy_set_header X-Real-IP $remote_addr;
        proxy_set_header X-Port $server_port;
        proxy_set_header X-Job $batch_dial_job_id;
        proxy_set_header X-Method $request_method;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        """, http_extra="map $http_x_tenant $tenant { a north; b south; }")
    fetches = revalidated(node, upstream, first=[("X-Tenant", "a")],
                          then=[("X-Tenant", "b")])
    for request, tenant, flag in zip(fetches, ("north", "south"),
                                     ("yes-a", "yes-b")):
        fields = headers_of(request)
        assert fields["x-tenant"] == [tenant]
        assert fields["x-flag"] == [flag]
        assert fields["x-real-ip"] == ["127.0.0.1"]
        assert fields["x-port"] == [str(node.port())]
        assert fields["x-job"] == [JOB]
        assert fields["x-method"] == ["GET"]
        assert fields["x-forwarded-for"] == ["127.0.0.1"]


def test_captures_of_a_regex_location(gateway, upstream):
    node = start(gateway, ONCE, r"""
        location ~ ^/api/(?<what>batch_dial_jobs)/(.+)$ {
            batch_dial on;
        """ + ONCE + r"""
            add_header X-Cache $batch_dial_cache;
            proxy_set_header X-Captured "$what $2";
            proxy_pass http://api/api/$what/$2;
        }
    """)
    for request in revalidated(node, upstream):
        assert headers_of(request)["x-captured"] \
            == [f"batch_dial_jobs {JOB}"]
        assert request.target == PATH


@pytest.mark.parametrize("kind", ["HEAD", "HTTP/2", "query"])
def test_set_off_by_other_requests(gateway, upstream, kind):
    node = start(gateway, ONCE)

    def read(headers):
        if kind == "HTTP/2":
            with node.connect_h2() as connection:
                return connection.request("GET", PATH,
                                          [*bearer(), *headers])
        return node.request("GET", PATH + "?a=1", headers=headers)

    node.read(JOB)
    upstream.patch_job(JOB, status="COMPLETE")
    if kind == "HEAD":
        wait_answer(lambda: node.request("HEAD", PATH), updating)
    else:
        wait_answer(lambda: read([]), updating)
    wait_answer(lambda: node.read(JOB), is_fresh)
    _, background = reads(upstream)
    assert (background.method, background.target) == ("GET", PATH)


def test_connections_to_upstream_are_kept(gateway, upstream):
    node = start(gateway, ttl("50ms", COMPLETE="1h") + WHILE)
    for number in range(10):
        upstream.put_job(f"job-{number}")
        revalidated(node, upstream, f"job-{number}")
    assert upstream.calls("read") == 20
    assert upstream.counts().connections_total <= 2


# TLS to upstream

TLS = CONFIG.replace("proxy_pass http://api;", """
    proxy_pass https://api;
    proxy_ssl_trusted_certificate %%CA%%;
    proxy_ssl_verify on;
    proxy_ssl_session_reuse off;      # nginx never frees the last session
    proxy_ssl_server_name on;
    proxy_ssl_name localhost;
""")


def test_tls_to_upstream(world, redis_server):
    identity = world.identity()
    api = world.upstream(tls=identity)
    node = start(world.gateway, ONCE, config=TLS, CA=identity.ca)
    for request in revalidated(node, api):
        assert request.sni == "localhost"
        assert headers_of(request)["authorization"] == [f"Bearer {ALICE}"]
    assert is_fresh(node.read(JOB))


def test_tls_that_does_not_check_out(world, redis_server):
    world.upstream(tls=world.identity())
    node = start(world.gateway, ONCE, config=TLS, CA=world.identity().ca)
    problem(node.read(JOB), 502, "upstream-unreachable")


def test_tls_of_the_client_who_has_left(gateway, world, upstream):
    """What is told of his connection is still known."""
    identity = world.identity()
    node = start(gateway, ONCE + """
        proxy_set_header X-Scheme $scheme;
        proxy_set_header X-Sni $ssl_server_name;
        """, f"""
            listen 127.0.0.1:%%PORT_tls%% ssl;
            ssl_certificate {identity.cert};
            ssl_certificate_key {identity.key};
        """)
    node.read(JOB)
    upstream.patch_job(JOB, status="COMPLETE")
    upstream.rule(job=JOB, hold={"before_headers": "gate"})
    with Connection(("127.0.0.1", node.port("tls")),
                    tls=identity.client_context(),
                    server_name="localhost") as connection:
        wait_answer(lambda: connection.request("GET", PATH, bearer()),
                    updating)
        connection.reset()
    upstream.wait_waiting("gate")
    upstream.release("gate")
    wait_answer(lambda: node.read(JOB), is_fresh)
    fields = headers_of(reads(upstream)[1])
    assert fields["x-scheme"] == ["https"]
    assert fields["x-sni"] == ["localhost"]


# names

def test_a_name_resolved_at_run_time(gateway, upstream):
    with Dns() as dns:
        node = start(gateway, ONCE, f"""
            resolver 127.0.0.1:{dns.port} ipv6=off;
            location ^~ {JOBS}/ {{
                batch_dial on;
                {ONCE}
                add_header X-Cache $batch_dial_cache;
                set $backend api.test;
                proxy_pass http://$backend:%%UPSTREAM_PORT%%;
            }}
        """)
        for request in revalidated(node, upstream):
            assert headers_of(request)["host"] == [f"api.test:{upstream.port}"]
            assert request.target == PATH
        # a resolver keeps its socket for as long as its worker lives
        node.quit()
    assert set(dns.queries) == {b"\3api\4test"}


def test_upstream_chosen_by_a_variable(gateway, world, upstream):
    other = world.upstream()
    node = start(gateway, SHORT, f"""
        location ^~ {JOBS}/ {{
            batch_dial on;
            {ONCE}
            add_header X-Cache $batch_dial_cache;
            proxy_pass http://127.0.0.1:$chosen;
        }}
    """, http_extra=f"map $http_x_where $chosen {{ other {other.port}; "
                    "default %%UPSTREAM_PORT%%; }")
    node.read(JOB)
    other.patch_job(JOB, status="COMPLETE")
    where = [("X-Where", "other")]
    wait_answer(lambda: node.read(JOB, headers=where), updating)
    answer = wait_answer(lambda: node.read(JOB), is_fresh)
    assert b'"COMPLETE"' in answer.body
    assert (upstream.calls("read"), other.calls("read")) == (1, 1)


# what goes on around it

def test_guards_are_not_asked_again(gateway, world, upstream):
    """One question to auth_request for each request of a client."""
    guard = world.upstream()
    guard.rule(status=204, apply=False)
    node = start(gateway, ONCE + "auth_request /guard;", f"""
        location = /guard {{
            internal;
            proxy_pass http://127.0.0.1:{guard.port}/guard;
            proxy_pass_request_body off;
            proxy_set_header Content-Length "";
        }}
    """)
    count = 0

    def read(_):
        nonlocal count
        count += 1
        return node.read(JOB)

    revalidated(node, upstream, read=read)
    assert guard.calls() == count


def test_reload_while_one_is_under_way(gateway, upstream):
    node = start(gateway, ONCE)
    node.read(JOB)
    upstream.patch_job(JOB, status="COMPLETE")
    upstream.rule(job=JOB, hold={"before_headers": "gate"})
    wait_answer(lambda: node.read(JOB), updating)
    upstream.wait_waiting("gate")
    old, = node.worker_pids()
    node.reload()
    assert is_stale(node.read(JOB))
    upstream.release("gate")
    wait_until(lambda: old not in children(node.process.pid))
    wait_answer(lambda: node.read(JOB), is_fresh)
    assert upstream.calls(job=JOB) == 2
