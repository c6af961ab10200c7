"""The credential check: who gets a 401 and how it is worded, that nothing
lets a request by, and that what other modules refuse stays refused on hits."""

import json

import pytest

from lib import client
from lib.expect import entries, is_hit, is_stored, log_lines, problem
from lib.gateway import bearer
from lib.upstream import ALICE, BOB, CAROL, JOBS

READ = f"{JOBS}/job-active"

MISSING = 'Bearer realm="batch_dial_jobs"'
MALFORMED = 'Bearer realm="batch_dial_jobs", error="invalid_token"'

# Authorization, the type of the problem, WWW-Authenticate
REFUSED = [
    (None, "missing-credential", MISSING),
    ("", "missing-credential", MISSING),
    ("Basic YTpiLVNFQ1JFVA==", "missing-credential", MISSING),
    ("Digest username=a", "missing-credential", MISSING),
    ("Token tok-SECRET", "missing-credential", MISSING),
    ("Bearer2 tok-SECRET", "missing-credential", MISSING),
    ("Bearertok-SECRET", "missing-credential", MISSING),
    ("tok-SECRET", "missing-credential", MISSING),
    ("Bearer", "invalid-credential", MALFORMED),
    ("bearer ", "invalid-credential", MALFORMED),
    ("Bearer\ttok-SECRET", "invalid-credential", MALFORMED),
    ("Bearer tok SECRET", "invalid-credential", MALFORMED),
    ("Bearer tok-SECRET, Bearer other-SECRET", "invalid-credential",
     MALFORMED),
    ("Bearer tok\"SECRET", "invalid-credential", MALFORMED),
    ("Bearer tok:SECRET", "invalid-credential", MALFORMED),
    ("Bearer =SECRET", "invalid-credential", MALFORMED),
    ("Bearer tok=SECRET", "invalid-credential", MALFORMED),
    ("Bearer =", "invalid-credential", MALFORMED),
    ("Bearer tok-SECRET-\xe9", "invalid-credential", MALFORMED),
    ("Bearer " + "SECRET" + "x" * 507, "invalid-credential", MALFORMED),
    ("Bearer " + "SECRET" + "x" * 7000, "invalid-credential", MALFORMED),
]

TARGETS = [("GET", READ), ("HEAD", READ), ("PUT", READ),
           ("POST", f"{READ}/paused"), ("GET", f"{READ}/dials"),
           ("GET", JOBS), ("POST", JOBS), ("GET", f"{JOBS}/no.id")]


def authorization(value):
    return [] if value is None else [("Authorization", value)]


@pytest.mark.parametrize("method, target", TARGETS)
def test_refused(gateway, upstream, redis_server, method, target):
    node = gateway(http_extra='log_format cache "$batch_dial_cache|'
                              '$batch_dial_credential";',
                   server_extra="access_log %%DIR%%/cache.log cache;")
    body = b"{}" if method in ("PUT", "POST") else None
    with node.connect() as connection:
        for value, word, challenge in REFUSED:
            answer = connection.request(method, target, authorization(value),
                                        body)
            assert answer["www-authenticate"] == challenge, value
            assert b"SECRET" not in answer.body
            if method == "HEAD":
                assert (answer.status, answer.body) == (401, b"")
            else:
                problem(answer, 401, word)
    assert set(log_lines(node.directory / "cache.log", len(REFUSED))) \
        == {"REJECTED|-"}
    assert node.metrics()['batch_dial_requests_total{cache="rejected"}'] \
        == len(REFUSED)
    assert upstream.calls() == 0
    assert redis_server.contents() == []


def test_refused_over_http2(gateway, upstream):
    node = gateway()
    with node.connect_h2() as connection:
        for value, word, challenge in REFUSED:
            if value is not None and value != value.strip():
                continue              # no legal field value in HTTP/2
            answer = connection.request("GET", READ, authorization(value))
            problem(answer, 401, word)
            assert answer["www-authenticate"] == challenge
    assert upstream.calls() == 0


@pytest.mark.parametrize("second", [ALICE, BOB, None])
def test_two_authorization_headers(gateway, upstream, second):
    # nginx refuses a second one itself, and says which at the level "info"
    node = gateway(log_level="notice")
    value = "Basic YTpi" if second is None else f"Bearer {second}"
    headers = [("authorization", value)]
    assert is_stored(node.read("job-active"))
    for method, target in TARGETS:
        answer = node.request(method, target, headers=headers)
        assert answer.status == 400
        assert answer["www-authenticate"] is None
    with node.connect_h2() as connection:
        answer = connection.request("GET", READ, bearer() + headers)
        assert answer.status == 400
    assert upstream.calls() == 1


def test_scheme_in_any_case_is_one_credential(gateway, upstream):
    node = gateway()
    for scheme in ("Bearer", "bearer", "BEARER", "bEaReR", "Bearer  "):
        answer = node.request("GET", READ, key=None, headers=[
            ("Authorization", f"{scheme} {ALICE}")])
        assert answer.status == 200
    assert upstream.calls() == 1


@pytest.mark.parametrize("token", [
    "SECRET" + "x" * 506,             # 512 bytes
    "S", "tok.SECRET~_-+/09aZ", "SECRET=", "SECRET==", "SECRET====",
])
def test_well_formed_tokens_go_upstream_unchanged(gateway, upstream, token):
    upstream.add_key(token, "north")
    node = gateway()
    assert is_stored(node.read("job-active", token))
    assert is_hit(node.read("job-active", token))
    assert [r.key for r in upstream.requests()] == [token]


def test_whether_a_credential_is_good_is_upstreams_word(gateway, upstream,
                                                       redis_server):
    node = gateway()
    answer = node.read("job-active", "tok-unknown-SECRET")
    assert answer.status == 401
    assert answer["www-authenticate"] == "Bearer"
    assert json.loads(answer.body)["error"]["code"] == "unauthorized"
    assert upstream.calls("read") == 1
    assert entries(redis_server) == 0


def test_rejected_body_is_no_next_request(gateway, upstream):
    """The body of a refused request is not taken for a request."""
    node = gateway()
    smuggled = f"GET {READ} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    with node.connect() as connection:
        problem(connection.request("PUT", READ, [], smuggled), 401,
                "missing-credential")
        answer = connection.request("GET", READ, bearer())
        assert is_stored(answer)
    assert len(node.access(2)) == 2


# One credential, one entry

def test_credentials_share_no_entry(gateway, upstream, redis_server):
    node = gateway()
    keys = [ALICE, BOB, ALICE.upper(), ALICE + "=", ALICE[:-1]]
    for key in keys[2:]:
        upstream.add_key(key, "north")
    for number, key in enumerate(keys):
        upstream.rule(job="job-active", key=key,
                      patch={"name": f"for {number}"})
    for _ in range(2):
        for number, key in enumerate(keys):
            answer = node.read("job-active", key)
            assert json.loads(answer.body)["name"] == f"for {number}"
    assert upstream.calls("read") == len(keys)
    assert entries(redis_server) == len(keys)


def test_a_hit_of_one_does_not_help_another(gateway, upstream):
    node = gateway()
    assert is_stored(node.read("job-active", ALICE))
    assert node.read("job-active", CAROL).status == 404
    assert node.read("job-active", "tok-unknown-SECRET").status == 401
    assert is_hit(node.read("job-active", ALICE))


def test_no_token_is_told(gateway, upstream, redis_server):
    """The harness searches Redis and logs; here, what clients are told."""
    node = gateway(log_level="info")
    upstream.rule(job="job-init", patch={"status": "RUNNING"})
    upstream.rule(job="job-paused", no_answer=True)
    said = []
    for job in ("job-active", "job-active", "job-init", "job-paused", "a.b"):
        said.append(node.read(job))
    said.append(node.request("PUT", READ, body=b"{}"))
    said += [client.http(node.address, "GET", target)
             for target in ("/metrics", "/metrics?format=json")]
    for answer in said:
        assert "SECRET" not in str(answer.headers)
        assert b"SECRET" not in answer.body
    contents = redis_server.text()
    assert ALICE not in contents and "Bearer" not in contents


# Other modules' guards

def test_satisfy_any_lets_no_request_by(gateway, upstream):
    node = gateway(location_extra="satisfy any; allow all;")
    for method, target in TARGETS:
        answer = node.request(method, target, key=None)
        assert answer.status == 401
        assert answer["www-authenticate"] == MISSING
    assert upstream.calls() == 0
    assert is_stored(node.read("job-active"))
    assert is_hit(node.read("job-active"))
    assert node.request("PUT", READ, body=b"{}").status == 200


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_satisfy_any_is_not_satisfied_by_a_credential(gateway, upstream,
                                                      method):
    node = gateway(location_extra="satisfy any; deny all; auth_basic x; "
                                  "auth_basic_user_file %%DIR%%/users;")
    node.write("users", "someone:{PLAIN}password\n")
    answer = node.request(method, READ)
    assert answer.status == 401
    assert answer["www-authenticate"] == 'Basic realm="x"'
    assert upstream.calls() == 0


GUARDED = """
    location /guarded/ {{
        batch_dial on;
        batch_dial_path /guarded/batch_dial_jobs;
        proxy_pass http://api/api/;
        {guard}
    }}
    location = /ask {{
        internal;
        if ($http_x_pass) {{ return 204; }}
        return 403;
    }}
"""
ENTRANCE = "/guarded/batch_dial_jobs/job-active"


@pytest.mark.parametrize("guard, status", [
    ("auth_basic x; auth_basic_user_file %%DIR%%/users;", 401),
    ("deny all;", 403),
    ("allow 192.0.2.1; deny all;", 403),
    ("auth_request /ask;", 403),
    ("limit_except PUT { deny all; }", 403),
    ("if ($http_x_pass = '') { return 410; }", 410),
])
def test_guards_of_nginx_hold_on_hits(gateway, upstream, guard, status):
    node = gateway(server_extra=GUARDED.format(guard=guard))
    node.write("users", "someone:{PLAIN}password\n")
    assert is_stored(node.read("job-active"))
    assert is_hit(node.read("job-active"))
    answer = node.request("GET", ENTRANCE)
    assert answer.status == status
    assert b"job-active" not in answer.body
    assert upstream.calls() == 1


def test_auth_request_that_agrees(gateway, upstream):
    node = gateway(server_extra=GUARDED.format(guard="auth_request /ask;"))
    assert is_stored(node.read("job-active"))
    allowed = node.request("GET", ENTRANCE, headers=[("X-Pass", "1")])
    assert is_hit(allowed)
    assert node.request("GET", ENTRANCE).status == 403
    assert upstream.calls() == 1


def test_auth_request_on_a_miss_asks_once(gateway, world, upstream):
    """What the guard is told is the client's request, and it is told once."""
    judge = world.upstream()
    judge.rule(status=204)
    node = gateway(
        location_extra="""
            auth_request /judge;
            auth_request_set $judged $upstream_http_x_judged;
            proxy_set_header X-Judged $judged;
        """,
        server_extra=f"""
            location = /judge {{
                internal;
                proxy_pass http://127.0.0.1:{judge.port};
                proxy_pass_request_body off;
                proxy_set_header Content-Length "";
                proxy_set_header X-Original $request_uri;
            }}
        """)
    judge.drop_rules()
    judge.rule(status=204, headers=[["X-Judged", "by-guard"]])
    assert is_stored(node.request("GET", f"{READ}?x=1"))
    assert is_hit(node.request("GET", f"{READ}?x=2"))
    asked = [dict(r.headers)["X-Original"] for r in judge.requests()]
    assert asked == [f"{READ}?x=1", f"{READ}?x=2"]
    request, = upstream.requests()
    assert dict(request.headers)["X-Judged"] == "by-guard"


def test_limit_req_counts_hits(gateway, upstream):
    node = gateway(
        http_extra="limit_req_zone $remote_addr zone=one:1m rate=1r/m;",
        location_extra="limit_req zone=one burst=1 nodelay; "
                       "limit_req_status 429;")
    statuses = [node.read("job-active").status for _ in range(4)]
    assert statuses == [200, 200, 429, 429]
    assert upstream.calls() == 1


def test_credential_is_checked_before_nginx_counts_on_it(gateway, upstream):
    """auth_basic takes a Basic credential; ours is still missing then."""
    node = gateway(location_extra="auth_basic x; "
                                  "auth_basic_user_file %%DIR%%/users;")
    node.write("users", "someone:{PLAIN}password\n")
    answer = node.request("GET", READ, key=None, headers=[
        ("Authorization", "Basic c29tZW9uZTpwYXNzd29yZA==")])
    assert answer["www-authenticate"] == MISSING
    problem(answer, 401, "missing-credential")
    assert upstream.calls() == 0
