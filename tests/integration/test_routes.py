"""Which requests the gateway looks at, and what upstream sees of them:
classes, job ids, the rebuilt URI, headers that go along and that do not."""

import pytest

from lib import client
from lib.dns import Dns
from lib.entry import credential_key
from lib.expect import (entries, headers_of, is_hit, is_stored, log_lines,
                        problem)
from lib.gateway import bearer
from lib.upstream import ALICE, JOBS

LOG = 'log_format class "$batch_dial_cache|$batch_dial_job_id";'
LOGGED = "access_log %%DIR%%/class.log class;"

READ = f"{JOBS}/job-active"


def classes(node, number):
    """(cache, job id) of that many requests, from the log."""
    return [tuple(line.split("|"))
            for line in log_lines(node.directory / "class.log", number)]


# The table of classes: method, target, what upstream sees, class, job id.

CLASSES = [
    ("GET", READ, ("GET", READ), "MISS", "job-active"),
    ("HEAD", f"{JOBS}/job-paused", ("GET", f"{JOBS}/job-paused"), "MISS",
     "job-paused"),
    ("PUT", READ, ("PUT", READ), "PASS", "job-active"),
    ("POST", READ, ("POST", READ), "PASS", "job-active"),
    ("DELETE", READ, ("DELETE", READ), "PASS", "job-active"),
    ("PATCH", READ, ("PATCH", READ), "PASS", "job-active"),
    ("BREW", READ, ("BREW", READ), "PASS", "job-active"),
    ("POST", f"{READ}/paused", ("POST", f"{READ}/paused"), "PASS",
     "job-active"),
    ("GET", f"{READ}/dials", ("GET", f"{READ}/dials"), "PASS", "job-active"),
    ("GET", f"{READ}/queue?limit=2", ("GET", f"{READ}/queue?limit=2"),
     "PASS", "job-active"),
    ("GET", f"{READ}/", ("GET", f"{READ}/"), "PASS", "job-active"),
    ("GET", JOBS, ("GET", JOBS), "PASS", "-"),
    ("GET", f"{JOBS}/", ("GET", f"{JOBS}/"), "PASS", "-"),
    ("HEAD", f"{JOBS}?cursor=a%20b", ("HEAD", f"{JOBS}?cursor=a%20b"),
     "PASS", "-"),
    ("POST", JOBS, ("POST", JOBS), "PASS", "-"),
    ("GET", "/api/batch_dial_jobs2/x", ("GET", "/api/batch_dial_jobs2/x"),
     "-", "-"),
    ("GET", "/api/other", ("GET", "/api/other"), "-", "-"),
]


def test_table_of_classes(gateway, upstream):
    node = gateway(http_extra=LOG, server_extra=LOGGED)
    for method, target, *_ in CLASSES:
        body = b"{}" if method in ("POST", "PUT", "PATCH") else None
        node.request(method, target, body=body)
    assert [(r.method, r.target) for r in upstream.requests()] \
        == [row[2] for row in CLASSES]
    assert classes(node, len(CLASSES)) == [row[3:] for row in CLASSES]


def test_only_reads_are_cached(gateway, upstream, redis_server):
    node = gateway()
    for _ in range(2):
        for target in (JOBS, f"{JOBS}/", f"{READ}/dials", f"{READ}/"):
            answer = node.request("GET", target)
            assert answer["cache-status"] is None
    assert upstream.calls() == 8
    # that the credential was accepted is all there is to keep
    assert [key for _, key, _ in redis_server.contents()] \
        == [credential_key(ALICE)]


def test_options_passes_untouched(gateway, upstream):
    node = gateway(http_extra=LOG, server_extra=LOGGED)
    targets = [JOBS, READ, f"{READ}/paused", f"{JOBS}/no.id",
               f"{JOBS}/%20?x=1"]
    for target in targets:
        answer = node.request("OPTIONS", target, key=None)
        assert answer["www-authenticate"] is None
        assert answer["content-type"] != "application/problem+json"
    assert [(r.method, r.target) for r in upstream.requests()] \
        == [("OPTIONS", target) for target in targets]
    assert set(classes(node, len(targets))) == {("-", "-")}


def test_outside_of_the_path_needs_no_credential(gateway, upstream):
    node = gateway()
    for target in ("/api/other", f"{JOBS}2", f"{JOBS}2/job-active",
                   "/api/batch_dial_job", "/api/BATCH_DIAL_JOBS/job-active"):
        node.request("GET", target, key=None)
    assert upstream.calls() == 5


def test_paths_that_nginx_normalises_to_a_read(gateway, upstream):
    node = gateway()
    targets = [
        f"{READ}?", f"{READ}?x=1&api_key=stolen", f"{READ}#part",
        "/api/batch%5Fdial%5Fjobs/job%2Dactive",
        "/%61pi/batch_dial_jobs/%6Aob-active",
        "/api/x/../batch_dial_jobs/./job-active",
        "/api/batch_dial_jobs/x%2F..%2Fjob-active",
        "//api//batch_dial_jobs///job-active",
        f"http://gateway.test{READ}",
    ]
    assert is_stored(node.read("job-active"))
    for target in targets:
        assert is_hit(node.request("GET", target)), target
    assert [r.target for r in upstream.requests()] == [READ]


@pytest.mark.parametrize("target", [
    f"{READ}?x=1&api_key=stolen",
    "/api/batch%5Fdial%5Fjobs/job%2Dactive?a",
    "/api/x/../batch_dial_jobs/x%2F..%2Fjob-active",
    f"http://gateway.test{READ}?y",
])
def test_upstream_uri_is_rebuilt(gateway, upstream, target):
    node = gateway(location_extra="""
        proxy_set_header X-Uri "$uri";
        proxy_set_header X-Request-Uri "$request_uri";
        proxy_set_header X-Request "$request";
        proxy_set_header X-Args "[$args$is_args$query_string$arg_x]";
    """)
    assert is_stored(node.request("HEAD", target))
    request, = upstream.requests()
    assert (request.method, request.target) == ("GET", READ)
    fields = headers_of(request)
    assert fields["x-uri"] == fields["x-request-uri"] == [READ]
    assert fields["x-request"] == [f"GET {READ} HTTP/1.1"]
    assert fields["x-args"] == ["[]"]


ILLEGAL = ["a.b", "a:b", "a;b", "a+b", "a,b", "a=b", "a@b", "a~b", "a*b",
           "job-active%20", "%20", "%C3%A9", "%3F", "a%23b", "a%0Ab", "a%0D",
           "job%252Dactive", "%2525", "a%25", "x" * 129, "%7Bid%7D", "$id",
           "...", "\xe9"]


def test_illegal_ids_never_reach_upstream(gateway, upstream, redis_server):
    node = gateway(http_extra=LOG, server_extra=LOGGED)
    asked = [(method, f"{JOBS}/{word}{rest}") for word in ILLEGAL
             for method, rest in (("GET", ""), ("PUT", ""), ("GET", "/dials"),
                                  ("POST", "/paused"))]
    with node.connect() as connection:
        for method, target in asked:
            body = b"{}" if method in ("PUT", "POST") else None
            answer = connection.request(method, target, bearer(), body)
            problem(answer, 400, "invalid-job-id")
    answer = node.request("HEAD", f"{JOBS}/a.b")
    assert (answer.status, answer.body) == (400, b"")
    assert classes(node, len(asked) + 1) \
        == [("REJECTED", "-")] * (len(asked) + 1)
    assert upstream.calls() == 0
    assert redis_server.contents() == []


def test_illegal_id_over_http2(gateway, upstream):
    node = gateway()
    with node.connect_h2() as connection:
        answer = connection.request("GET", f"{JOBS}/a.b", bearer())
        problem(answer, 400, "invalid-job-id")
    assert upstream.calls() == 0


def test_longest_id_and_every_legal_character(gateway, upstream):
    node = gateway()
    longest = "A-Z_az-09" + "x" * 119
    assert len(longest) == 128
    for job in (longest, "-", "_", "0", "paused", "dials"):
        upstream.put_job(job, status="ACTIVE")
        assert is_stored(node.read(job)), job
        assert is_hit(node.read(job)), job
    assert upstream.calls("read") == 6


def test_slashes_are_merged_or_not_as_nginx_is_told(gateway, upstream):
    merging = gateway()
    strict = gateway(server_extra="merge_slashes off;")
    assert merging.request("GET", f"{JOBS}//job-active").status == 200
    problem(strict.request("GET", f"{JOBS}//job-active"),
            400, "invalid-job-id")
    assert [r.target for r in upstream.requests()] == [READ]


def test_leaving_the_path_by_dots_is_not_ours(gateway, upstream):
    node = gateway()
    target = f"{JOBS}/../other"
    answer = node.request("GET", target, key=None)
    assert answer["www-authenticate"] == "Bearer"       # upstream's own
    assert [r.target for r in upstream.requests()] == [target]


def test_path_other_than_the_default(gateway, upstream):
    node = gateway(http_extra=LOG, server_extra=LOGGED + """
        location /v2/ {
            batch_dial on;
            batch_dial_path /v2/jobs/;
            proxy_pass http://api;
        }
    """)
    upstream.rule(path="/v2/jobs/job-active", apply=False, status=200,
                  json_body=upstream.job("job-active"))
    assert is_stored(node.request("GET", "/v2/jobs/job-active?x"))
    assert is_hit(node.request("GET", "/v2/x/../jobs/job-active"))
    problem(node.request("GET", "/v2/jobs/a.b"), 400, "invalid-job-id")
    node.request("GET", "/v2/jobs")
    node.request("GET", "/v2/api/batch_dial_jobs/job-active", key=None)
    assert [r.target for r in upstream.requests()] == [
        "/v2/jobs/job-active", "/v2/jobs",
        "/v2/api/batch_dial_jobs/job-active"]
    assert [cache for cache, _ in classes(node, 5)] \
        == ["MISS", "HIT", "REJECTED", "PASS", "-"]


CONTEXTS = """\
%%GLOBALS%%

http {
    %%HTTP_GLOBALS%%
    batch_dial_redis unix:%%REDIS_SOCK%%;
    batch_dial_secret_file %%SECRET_FILE%%;
    batch_dial_zone 1m;
    %%IN_HTTP%%

    server {
        listen 127.0.0.1:%%PORT%%;
        %%IN_SERVER%%

        location / {
            %%IN_LOCATION%%
            proxy_pass http://127.0.0.1:%%UPSTREAM_PORT%%;
        }
    }
}
"""


@pytest.mark.parametrize("http, server, location, on", [
    ("on", "", "", True),
    ("", "on", "", True),
    ("", "", "on", True),
    ("on", "", "off", False),
    ("on", "off", "", False),
    ("off", "off", "on", True),
    ("", "", "", False),
])
def test_switched_in_each_context(world, upstream, redis_server, http,
                                  server, location, on):
    said = {"": "", "on": "batch_dial on;", "off": "batch_dial off;"}
    node = world.nginx(CONTEXTS, IN_HTTP=said[http], IN_SERVER=said[server],
                       IN_LOCATION=said[location])
    for _ in range(2):
        answer = client.http(node.address, "GET", READ, bearer())
        assert answer.status == 200
    assert upstream.calls("read") == (1 if on else 2)
    assert entries(redis_server) == (1 if on else 0)


# What goes along

# What a client may ask of its own answer, which nginx then makes of a 200.

STRIPPED = [
    ("Range", "bytes=0-3", 206),
    ("If-None-Match", '"x"', 200),
    ("If-Match", '"x"', 412),
    ("If-Modified-Since", "Mon, 23 Nov 2026 20:00:00 GMT", 200),
    ("If-Unmodified-Since", "Mon, 23 Nov 2026 20:00:00 GMT", 412),
    ("If-Range", '"x"', 200),
    ("If-Anything", "else", 200),
    ("Accept-Encoding", "gzip, br", 200),
    ("Cookie", "session=stolen", 200),
    ("api_key", "stolen", 200),
    ("api-key", "stolen", 200),
    ("X-API-Key", "stolen", 200),
    ("Proxy-Authorization", "Basic c3RvbGVu", 200),
    ("TE", "trailers", 200),
    ("Expect", "100-continue", 200),
    ("Content-Type", "text/plain", 200),
]

FORWARDED = [
    ("X-Request-Id", "7f3a"),
    ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    ("User-Agent", "poller/1.0"), ("Accept", "application/json"),
    ("Accept-Language", "de"), ("X-Forwarded-For", "198.51.100.7"),
    ("X-Empty", ""), ("X-Twice", "one"), ("X-Twice", "two"),
]


def test_headers_that_go_along_on_a_read(gateway, upstream):
    node = gateway(server_extra="underscores_in_headers on;")
    for number, (name, value, status) in enumerate(STRIPPED):
        job = f"stripped-{number}"
        upstream.put_job(job)
        answer = node.read(job, headers=[(name, value), *FORWARDED])
        assert answer.status == status, name
    requests = upstream.requests()
    assert len(requests) == len(STRIPPED)
    for (name, *_), request in zip(STRIPPED, requests):
        fields = headers_of(request)
        assert name.lower() not in fields, request.headers
        assert fields.pop("host") == ["api"]
        assert fields.pop("authorization") == [f"Bearer {ALICE}"]
        wanted = {}
        for field, value in FORWARDED:
            wanted.setdefault(field.lower(), []).append(value)
        assert fields == wanted


def test_stripped_headers_are_no_variables_of_the_fetch(gateway, upstream):
    node = gateway(location_extra="""
        proxy_set_header X-Seen
            "[$http_cookie$cookie_session$http_range$http_x_api_key]";
    """)
    answer = node.read("job-active", headers=[
        ("Cookie", "session=stolen"), ("X-API-Key", "stolen")])
    assert answer.status == 200
    request, = upstream.requests()
    assert headers_of(request)["x-seen"] == ["[]"]


def test_headers_stay_on_what_is_no_read(gateway, upstream):
    node = gateway(server_extra="underscores_in_headers on;")
    said = [("Range", "bytes=0-3"), ("Accept-Encoding", "gzip"),
            ("Cookie", "a=b"), ("api_key", "mine"), ("X-API-Key", "mine")]
    node.request("GET", JOBS, headers=said)
    node.request("PUT", READ, headers=said, body=b"{}")
    for request in upstream.requests():
        fields = headers_of(request)
        for name, value in said:
            assert fields[name.lower()] == [value]


def test_variables_in_proxy_set_header(gateway, upstream):
    node = gateway(
        http_extra="""
            map $http_x_tenant $tenant { default none; a north; }
            map $batch_dial_job_id $prefix { ~^(?<head>[a-z]+)- $head; }
            log_format id "$request_id $remote_port";
        """,
        location_extra="""
            access_log %%DIR%%/id.log id;
            set $flag "yes-$host";
            proxy_set_header Host $http_host;
            proxy_set_header X-Tenant $tenant;
            proxy_set_header X-Prefix $prefix;
            proxy_set_header X-Flag $flag;
            proxy_set_header X-Real-IP $remote_addr;
            proxy_set_header X-Port "$server_addr:$server_port";
            proxy_set_header X-Peer "$request_id $remote_port";
            proxy_set_header X-Scheme "$scheme [$https]";
            proxy_set_header X-Method "$request_method $server_protocol";
            proxy_set_header X-Agent $http_user_agent;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        """)
    answer = node.read("job-active", headers=[
        ("X-Tenant", "a"), ("User-Agent", "poller"),
        ("X-Forwarded-For", "198.51.100.7")])
    assert is_stored(answer)
    request, = upstream.requests()
    fields = headers_of(request)
    host = f"127.0.0.1:{node.port()}"
    assert fields["host"] == [host]
    assert fields["x-tenant"] == ["north"]
    assert fields["x-prefix"] == ["job"]
    assert fields["x-flag"] == ["yes-127.0.0.1"]
    assert fields["x-real-ip"] == ["127.0.0.1"]
    assert fields["x-port"] == [host]
    assert fields["x-scheme"] == ["http []"]
    assert fields["x-method"] == ["GET HTTP/1.1"]
    assert fields["x-agent"] == ["poller"]
    assert fields["x-forwarded-for"] == ["198.51.100.7, 127.0.0.1"]
    assert fields["x-peer"] == log_lines(node.directory / "id.log", 1)


def test_forwarded_for_without_one_of_the_clients(gateway, upstream):
    node = gateway(location_extra="""
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    """)
    assert node.read("job-active").status == 200
    request, = upstream.requests()
    assert headers_of(request)["x-forwarded-for"] == ["127.0.0.1"]


def test_address_by_realip(gateway, upstream):
    node = gateway(
        server_extra="set_real_ip_from 127.0.0.1; real_ip_header X-Real-IP;",
        location_extra="""
            proxy_set_header X-From "$remote_addr $realip_remote_addr";
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        """)
    node.read("job-active", headers=[("X-Real-IP", "192.0.2.1")])
    request, = upstream.requests()
    fields = headers_of(request)
    assert fields["x-from"] == ["192.0.2.1 127.0.0.1"]
    assert fields["x-forwarded-for"] == ["192.0.2.1"]


def test_variables_of_tls(gateway, world, upstream):
    identity = world.identity()
    node = gateway(
        server_extra=f"""
            listen 127.0.0.1:%%PORT_tls%% ssl;
            ssl_certificate {identity.cert};
            ssl_certificate_key {identity.key};
        """,
        location_extra="""
            proxy_set_header X-Scheme "$scheme [$https]";
            proxy_set_header X-Tls "$ssl_protocol $ssl_cipher";
            proxy_set_header X-Sni $ssl_server_name;
        """)
    with client.Connection(("127.0.0.1", node.port("tls")),
                           tls=identity.client_context(),
                           server_name="localhost") as connection:
        answer = connection.request("GET", READ, bearer())
        assert is_stored(answer)
        cipher, version, _ = connection.socket.cipher()
        assert is_hit(connection.request("GET", READ, bearer()))
    request, = upstream.requests()
    fields = headers_of(request)
    assert fields["x-scheme"] == ["https [on]"]
    assert fields["x-tls"] == [f"{version} {cipher}"]
    assert fields["x-sni"] == ["localhost"]


def test_reads_over_http2(gateway, upstream):
    node = gateway(location_extra="""
        proxy_set_header X-Protocol "$server_protocol $http2";
    """)
    with node.connect_h2() as connection:
        streams = [connection.send("GET", f"{JOBS}/job-{name}?x", bearer())
                   for name in ("init", "active", "paused")]
        assert all(is_stored(connection.receive(s)) for s in streams)
        head = connection.request("HEAD", READ, bearer())
        assert is_hit(head) and head.body == b""
    assert sorted(r.target for r in upstream.requests()) == [
        READ, f"{JOBS}/job-init", f"{JOBS}/job-paused"]
    assert headers_of(upstream.requests()[0])["x-protocol"] \
        == ["HTTP/2.0 h2c"]


def test_client_of_http_1_0(gateway, upstream):
    node = gateway()
    head = (f"GET {READ} HTTP/1.0\r\n"
            f"Authorization: Bearer {ALICE}\r\n\r\n").encode()
    bodies = []
    for _ in range(2):
        with node.connect() as connection:
            connection.send_raw(head)
            answer = connection.receive()
            assert answer.status == 200 and answer.complete
            bodies.append(answer.body)
    assert bodies[0] == bodies[1]
    assert upstream.calls("read") == 1


# Locations

@pytest.mark.parametrize("location, target", [
    (r"location ~ ^/api/(?<what>batch_dial_jobs)/(.+)$ "
     "{ proxy_set_header X-Captured $what/$2; proxy_pass http://api;", READ),
    (r"location ~ ^/api/(?<what>batch_dial_jobs)/(.+)$ "
     "{ proxy_set_header X-Captured $what/$2; proxy_pass http://api/v9/$what/"
     "$2;", "/v9/batch_dial_jobs/job-active"),
    ("location ^~ /api/batch_dial_jobs/ { proxy_set_header X-Captured "
     "batch_dial_jobs/job-active; proxy_pass http://api/v9/;",
     "/v9/job-active"),
])
def test_location_and_proxy_pass(gateway, upstream, location, target):
    node = gateway(server_extra=f"{location} batch_dial on; }}")
    upstream.rule(path=target, apply=False, status=200,
                  json_body=upstream.job("job-active"))
    assert is_stored(node.request("GET", f"{READ}?x=1"))
    assert is_hit(node.request("GET", READ))
    request, = upstream.requests()
    assert request.target == target
    assert headers_of(request)["x-captured"] == ["batch_dial_jobs/job-active"]


def test_read_after_a_rewrite(gateway, upstream):
    node = gateway(server_extra="""
        location /short/ {
            rewrite ^/short/(.*)$ /api/batch_dial_jobs/$1 break;
            batch_dial on;
            proxy_set_header X-One $1;
            proxy_pass http://api;
        }
    """)
    assert is_stored(node.request("GET", "/short/job-active?x=1"))
    assert is_hit(node.read("job-active"))
    problem(node.request("GET", "/short/a.b"), 400, "invalid-job-id")
    request, = upstream.requests()
    assert request.target == READ
    assert headers_of(request)["x-one"] == ["job-active"]


def test_if_in_location_chooses_the_upstream(gateway, world, upstream):
    other = world.upstream()
    node = gateway(server_extra=f"""
        location ^~ {JOBS}/ {{
            batch_dial on;
            if ($http_x_other) {{
                proxy_pass http://127.0.0.1:{other.port};
            }}
            proxy_pass http://api;
        }}
    """)
    assert is_stored(node.read("job-active"))
    assert is_stored(node.read("job-paused", headers=[("X-Other", "1")]))
    assert [r.target for r in upstream.requests()] == [READ]
    assert [r.target for r in other.requests()] == [f"{JOBS}/job-paused"]


def test_name_resolved_at_run_time(gateway, upstream):
    with Dns() as dns:
        node = gateway(server_extra=f"""
            resolver 127.0.0.1:{dns.port} ipv6=off;
            set $backend api.test;
            location ^~ {JOBS}/ {{
                batch_dial on;
                proxy_pass http://$backend:%%UPSTREAM_PORT%%;
            }}
        """)
        assert is_stored(node.request("GET", f"{READ}?x=1"))
        assert is_hit(node.read("job-active"))
        assert is_stored(node.read("job-paused"))
        # a resolver keeps its socket for as long as its worker lives
        node.quit()
    assert set(dns.queries) == {b"\3api\4test"}
    assert [r.target for r in upstream.requests()] \
        == [READ, f"{JOBS}/job-paused"]
    assert headers_of(upstream.requests()[0])["host"] \
        == [f"api.test:{upstream.port}"]


def test_name_that_does_not_resolve(gateway):
    node = gateway(server_extra=f"""
        resolver 127.0.0.1:%%PORT_nobody%% ipv6=off;
        resolver_timeout 100ms;
        location ^~ {JOBS}/ {{
            batch_dial on;
            set $backend api.test;
            proxy_pass http://$backend;
        }}
    """)
    problem(node.read("job-active"), 502, "upstream-unreachable")
    node.quit()


def test_misses_in_a_row_share_one_upstream_connection(gateway, upstream):
    node = gateway()
    jobs = ["init", "active", "paused", "complete", "cancelled"]
    for job in jobs:
        assert is_stored(node.read(f"job-{job}"))
    assert upstream.calls("read") == len(jobs)
    assert upstream.counts().connections_total == 1


def test_upstream_that_is_down_is_passed_over(gateway, upstream):
    node = gateway(
        http_extra="""
            upstream pair {
                server 127.0.0.1:%%PORT_nobody%%;
                server 127.0.0.1:%%UPSTREAM_PORT%% backup;
            }
            log_format states "$upstream_addr|$upstream_status";
        """,
        server_extra=f"""
            access_log %%DIR%%/states.log states;
            location ^~ {JOBS}/ {{
                batch_dial on;
                proxy_pass http://pair;
            }}
        """)
    assert is_stored(node.read("job-active"))
    assert log_lines(node.directory / "states.log", 1) == [
        f"127.0.0.1:{node.port('nobody')}, 127.0.0.1:{upstream.port}"
        "|502, 200"]


def test_location_without_an_upstream(gateway, upstream, redis_server):
    node = gateway(server_extra=f"""
        location ^~ {JOBS}/ {{
            batch_dial on;
            root %%DIR%%;
            default_type application/json;
        }}
    """)
    path = node.directory / "api/batch_dial_jobs/job-file"
    path.parent.mkdir(parents=True)
    path.write_text('{"id": "job-file"}')
    answer = node.read("job-file")
    assert (answer.status, answer.body) == (200, b'{"id": "job-file"}')
    assert node.read("job-none").status == 404
    assert upstream.calls() == 0
    assert entries(redis_server) == 0
