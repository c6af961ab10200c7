"""The gateway beside other parts of nginx: error pages, internal redirects,
subrequests, mirrors, keep-alive, pipelining and the access log."""

import json

import pytest

from lib import client
from lib.expect import (cache_status, entries, is_hit, is_stored, log_lines,
                        problem, violation)
from lib.gateway import bearer
from lib.upstream import ALICE, JOBS
from lib.wait import wait_until

READ = f"{JOBS}/job-active"

STATES = "log_format states '$request_method $uri|$status|$upstream_status';"
LOGGED = "access_log %%DIR%%/states.log states;"


def states(node, number):
    return [line.split("|") for line
            in log_lines(node.directory / "states.log", number)]


# error_page

def test_error_page_of_an_intercepted_error(gateway, upstream, redis_server):
    node = gateway(
        location_extra="proxy_intercept_errors on; error_page 404 /missing;",
        server_extra="location = /missing { internal; "
                     "default_type text/x-own; return 404 'own page'; }")
    for _ in range(2):
        answer = node.read("job-none")
        assert (answer.status, answer.body) == (404, b"own page")
        assert answer["content-type"] == "text/x-own"
    assert is_stored(node.read("job-active"))
    assert entries(redis_server) == 1


def test_error_page_from_a_file(gateway, upstream):
    node = gateway(
        location_extra="proxy_intercept_errors on; "
                       "error_page 404 /missing.html;",
        server_extra="location = /missing.html { internal; root %%DIR%%; }")
    node.write("missing.html", "own page")
    answer = node.read("job-none", headers=[("Range", "bytes=0-2")])
    assert (answer.status, answer.body) == (404, b"own page")


@pytest.mark.parametrize("lost", [dict(status=404), dict(no_answer=True)])
def test_fallback_upstream_by_error_page(gateway, world, upstream, lost):
    """What another upstream answers instead is judged like any answer."""
    other = world.upstream()
    node = gateway(
        location_extra="proxy_intercept_errors on; "
                       "error_page 404 502 = @other;",
        server_extra="location @other { batch_dial on; "
                     f"proxy_pass http://127.0.0.1:{other.port}; }}")
    upstream.rule(job="job-active", **lost)
    upstream.rule(job="job-broken", **lost)
    answer = node.request("GET", f"{READ}?x=1")
    assert answer.status == 200
    assert json.loads(answer.body)["id"] == "job-active"
    assert violation(node.read("job-broken"))[0] == "/status"
    assert [r.target for r in other.requests()] \
        == [READ, f"{JOBS}/job-broken"]


@pytest.mark.parametrize("page, status, body", [
    ("error_page 502 504 /down;", None, None),
    ("error_page 502 504 =200 /down;", 200, b"down"),
    ("error_page 502 504 =503 /down;", 503, b"down"),
])
def test_error_page_for_an_upstream_that_is_lost(gateway, upstream, page,
                                                 status, body):
    """A page of another status is the operator's answer; else it is ours."""
    node = gateway(location_extra=page,
                   server_extra="location = /down { internal; "
                                "return 502 'down'; }" if status is None else
                                "location = /down { internal; "
                                "root %%DIR%%; }")
    node.write("down", "down")
    upstream.rule(job="job-active", no_answer=True)
    answer = node.read("job-active")
    if status is None:
        problem(answer, 502, "upstream-unreachable")
    else:
        assert (answer.status, answer.body) == (status, body)
        assert not is_stored(answer)


def test_error_page_does_not_touch_our_problems(gateway, upstream):
    node = gateway(
        server_extra="error_page 400 401 502 /own; "
                     "location = /own { return 200 own; }")
    problem(node.request("GET", READ, key=None), 401, "missing-credential")
    problem(node.read("a.b"), 400, "invalid-job-id")
    problem(node.read("job-broken"), 502, "invalid-upstream-response")


def test_guard_with_an_error_page(gateway, upstream):
    node = gateway(location_extra="deny all; error_page 403 /own;",
                   server_extra="location = /own { return 403 own; }")
    answer = node.read("job-active")
    assert (answer.status, answer.body) == (403, b"own")
    assert upstream.calls() == 0


# Internal redirects

def test_accel_redirect(gateway, upstream, redis_server):
    node = gateway(server_extra="location /files/ { internal; "
                                "alias %%DIR%%/; }")
    node.write("kept.json", '{"id": "job-active"}')
    upstream.rule(job="job-active", headers=[
        ["X-Accel-Redirect", "/files/kept.json"]])
    for _ in range(2):
        answer = node.read("job-active")
        assert (answer.status, answer.body) == (200, b'{"id": "job-active"}')
    assert upstream.calls("read") == 2
    assert entries(redis_server) == 0


def test_read_reached_by_an_internal_redirect(gateway, upstream):
    node = gateway(server_extra=f"""
        location /old/ {{ rewrite ^/old/(.*)$ {JOBS}/$1 last; }}
        location = /try {{ try_files /nothing {READ}; }}
    """)
    assert is_stored(node.request("GET", "/old/job-active"))
    assert is_hit(node.request("GET", "/try"))
    problem(node.request("GET", "/old/a.b"), 400, "invalid-job-id")
    problem(node.request("GET", "/try", key=None), 401, "missing-credential")
    assert [r.target for r in upstream.requests()] == [READ]


def test_try_files_in_the_location(gateway, upstream):
    node = gateway(server_extra=f"""
        location ^~ {JOBS}/ {{
            root %%DIR%%;
            batch_dial on;
            try_files /maintenance @api;
        }}
        location @api {{
            batch_dial on;
            proxy_pass http://api;
        }}
    """)
    assert is_stored(node.read("job-active"))
    assert is_hit(node.read("job-active"))
    problem(node.request("GET", READ, key=None), 401, "missing-credential")
    assert [r.target for r in upstream.requests()] == [READ]


# Subrequests

def test_subrequests_of_ssi_pass(gateway, upstream):
    node = gateway(server_extra="location /page { ssi on; root %%DIR%%; "
                                "default_type text/html; }")
    node.write("page", f'[<!--# include virtual="{READ}" -->]'
                       f'[<!--# include virtual="{READ}" -->]')
    body = json.dumps(upstream.job("job-active")).encode()
    answer = node.request("GET", "/page")
    assert answer.body == b"[" + body + b"][" + body + b"]"
    assert upstream.calls("read") == 2


def test_ssi_in_the_location_leaves_jobs_alone(gateway, upstream):
    node = gateway(location_extra="ssi on; ssi_types application/json;")
    upstream.rule(job="job-active", patch={"name": "<!--# echo var='a' -->"})
    assert is_stored(node.read("job-active"))
    assert is_hit(node.read("job-active"))


# mirror

def test_mirror_sees_each_request_once(gateway, world, upstream):
    other = world.upstream()
    node = gateway(location_extra="mirror /mirror;", server_extra=f"""
        location = /mirror {{
            internal;
            proxy_pass http://127.0.0.1:{other.port}$request_uri;
        }}
    """)
    assert is_stored(node.read("job-active"))
    wait_until(lambda: other.calls() == 1)
    assert is_hit(node.read("job-active"))
    wait_until(lambda: other.calls() == 2)
    node.request("PUT", READ, body=b'{"name": "mirrored"}')
    wait_until(lambda: other.calls() == 3)
    assert [(r.method, r.target) for r in other.requests()] \
        == [("GET", READ), ("GET", READ), ("PUT", READ)]
    assert upstream.calls() == 2


# Connections of clients

def pipeline(requests):
    """The bytes of requests sent at once: (method, target, body, headers)."""
    parts = []
    for method, target, body, *headers in requests:
        lines = [f"{method} {target} HTTP/1.1", "Host: gateway",
                 f"Authorization: Bearer {ALICE}", *headers]
        if body is not None and not headers:
            lines.append(f"Content-Length: {len(body)}")
        parts.append("\r\n".join(lines).encode() + b"\r\n\r\n"
                     + (body or b""))
    return b"".join(parts)


def answers_of(node, requests):
    with node.connect() as connection:
        connection.socket.sendall(pipeline(requests))
        answers = []
        for method, *_ in requests:
            connection.sent.append((method, 0))
            answers.append(connection.receive())
        return answers


def test_pipelined_requests(gateway, upstream):
    node = gateway(location_extra="batch_dial_ttl ACTIVE=1h;")
    requests = [
        ("GET", READ, None), ("GET", READ, None),
        ("HEAD", f"{JOBS}/job-paused", None), ("GET", f"{JOBS}/a.b", None),
        ("GET", f"{JOBS}/job-none", None), ("GET", f"{JOBS}/job-broken", None),
        ("GET", JOBS, None), ("GET", READ, None),
        ("PUT", f"{JOBS}/job-init", b'{"name": "x"}'), ("GET", READ, None)]
    answers = answers_of(node, requests)
    assert [a.status for a in answers] \
        == [200, 200, 200, 400, 404, 502, 200, 200, 200, 200]
    assert [is_hit(answers[n]) for n in (0, 1, 7, 9)] \
        == [False, True, True, True]
    assert json.loads(answers[8].body)["name"] == "x"
    assert json.loads(answers[9].body)["id"] == "job-active"


CHUNKED = b"5\r\nGET /\r\n0\r\n\r\n"


@pytest.mark.parametrize("body, headers", [
    (b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n", []),
    (b"x" * 300000, []),
    (b"", []),
    (CHUNKED, ["Transfer-Encoding: chunked"]),
], ids=["request", "long", "empty", "chunked"])
def test_pipelined_reads_with_bodies(gateway, upstream, body, headers):
    node = gateway(location_extra="batch_dial_ttl ACTIVE=1h;")
    requests = [("GET", READ, body, *headers), ("GET", READ, body, *headers),
                ("GET", f"{JOBS}/a.b", body, *headers),
                ("GET", f"{JOBS}/job-none", body, *headers),
                ("GET", READ, None)]
    answers = answers_of(node, requests)
    assert [a.status for a in answers] == [200, 200, 400, 404, 200]
    assert [is_hit(answers[n]) for n in (0, 1, 4)] == [False, True, True]
    assert len(node.access(len(requests))) == len(requests)
    for request in upstream.requests():
        assert request.body == b""
        names = {name.lower() for name, _ in request.headers}
        assert not names & {"content-length", "transfer-encoding"}


def test_body_that_comes_late(gateway, upstream):
    node = gateway()
    with node.connect() as connection:
        head = pipeline([("GET", READ, None, "Content-Length: 10")])
        connection.send_raw(head)
        upstream_seen = wait_until(lambda: upstream.calls("read"))
        connection.socket.sendall(b"0123456789")
        assert connection.receive().status == 200
        assert is_hit(connection.request("GET", READ, bearer()))
        assert upstream_seen == upstream.calls("read") == 1


def test_a_thousand_requests_on_one_connection(gateway, upstream):
    node = gateway(server_extra="keepalive_requests 2000;",
                   location_extra="batch_dial_ttl ACTIVE=1h INIT=0;")
    body = json.dumps(upstream.job("job-active")).encode()
    with node.connect() as connection:
        for number in range(1000):
            job = "job-init" if number % 10 == 9 else "job-active"
            answer = connection.request("GET", f"{JOBS}/{job}", bearer())
            assert answer.status == 200
            if job == "job-active":
                assert answer.body == body
                assert is_hit(answer) == (number > 0)
    assert upstream.calls("read") == 101
    assert upstream.counts().connections_total <= 2
    assert len(node.access(1000)) == 1000


def test_a_thousand_misses_on_one_http2_connection(gateway, upstream):
    node = gateway(server_extra="keepalive_requests 2000;",
                   location_extra="batch_dial_ttl ACTIVE=0;")
    with node.connect_h2() as connection:
        for _ in range(20):
            streams = [connection.send("GET", READ, bearer())
                       for _ in range(50)]
            for stream in streams:
                assert connection.receive(stream).status == 200
    assert len(node.access(1000)) == 1000


# The access log

def test_one_line_for_each_request(gateway, upstream):
    node = gateway(http_extra=STATES, server_extra=LOGGED,
                   location_extra="batch_dial_ttl INIT=0;")
    asked = [("GET", READ, ALICE), ("GET", f"{READ}?x=1", ALICE),
             ("HEAD", READ, ALICE), ("GET", f"{JOBS}/job-init", ALICE),
             ("GET", f"{JOBS}/job-none", ALICE), ("GET", READ, None),
             ("GET", f"{JOBS}/a.b", ALICE), ("GET", JOBS, ALICE),
             ("GET", f"{JOBS}/job-broken", ALICE), ("PUT", READ, ALICE)]
    for method, target, key in asked:
        node.request(method, target, key=key,
                     body=b"{}" if method == "PUT" else None)
    assert states(node, len(asked)) == [
        [f"GET {READ}", "200", "200"], [f"GET {READ}", "200", "-"],
        [f"HEAD {READ}", "200", "-"],
        [f"GET {JOBS}/job-init", "200", "200"],
        [f"GET {JOBS}/job-none", "404", "404"],
        [f"GET {READ}", "401", "-"], [f"GET {JOBS}/a.b", "400", "-"],
        [f"GET {JOBS}", "200", "200"],
        [f"GET {JOBS}/job-broken", "502", "200"],
        [f"PUT {READ}", "200", "200"]]


def test_upstream_variables_on_a_miss(gateway, upstream):
    node = gateway(
        http_extra='log_format up "$request|$upstream_addr|'
                   '$upstream_response_time|$upstream_connect_time|'
                   '$upstream_header_time|$upstream_response_length|'
                   '$request_length";',
        server_extra="access_log %%DIR%%/up.log up;")
    answer = node.request("GET", f"{READ}?x=1")
    request, address, took, connected, header, length, own = \
        log_lines(node.directory / "up.log", 1)[0].split("|")
    assert request == f"GET {READ}?x=1 HTTP/1.1"
    assert address == f"127.0.0.1:{upstream.port}"
    assert 0 <= float(connected) <= float(header) <= float(took) < 5
    assert length == str(len(answer.body))
    assert int(own) > 100


def test_stub_status_counts_clients_only(gateway, upstream):
    node = gateway(server_extra="location = /stub { stub_status; }")
    for _ in range(3):
        node.read("job-active")
    upstream.rule(job="job-paused", hold={"before_headers": "gate"})
    with node.connect() as connection:
        connection.send("GET", f"{JOBS}/job-paused", bearer())
        upstream.wait_waiting("gate")
        upstream.release("gate")
        assert connection.receive().status == 200

    def settled():
        text = client.http(node.address, "GET", "/stub").body.decode()
        active = int(text.split("\n")[0].split(":")[1])
        reading, writing = (int(text.split(word)[1].split()[0])
                            for word in ("Reading:", "Writing:"))
        return (active, reading, writing) == (1, 0, 1)

    wait_until(settled)


def test_clients_connection_limit_is_not_reached_by_fetches(gateway,
                                                            upstream):
    """limit_conn counts clients, and a fetch is none."""
    node = gateway(
        http_extra="limit_conn_zone $server_port zone=perserver:1m;",
        location_extra="limit_conn perserver 1; batch_dial_error_ttl 404=0;")
    for _ in range(3):
        assert node.read("job-active").status == 200
        assert cache_status(node.read("job-none"))["fwd-status"] == "404"
