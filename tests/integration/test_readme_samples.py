"""README.md's configurations and Redis commands at work.

A name or path that exists only in production is replaced by the test's own;
nothing else of a sample is changed, save that TLS sessions of the API are not
reused: nginx never frees the one it keeps, which is a leak to LeakSanitizer.
"""

import json
import shlex
import subprocess

import pytest

from lib import client, readme
from lib.expect import cache_status, is_hit
from lib.nginx import HTTP_GLOBALS
from lib.upstream import ALICE, BOB, JOBS
from lib.wait import wait_until

READ = f"{JOBS}/job-complete"
KEY = [("Authorization", f"Bearer {ALICE}")]

LOAD = "load_module modules/ngx_http_batch_dial_module.so;"
START = "%%LOAD_MODULE%%\ndaemon off;\nuser root;\npid %%DIR%%/nginx.pid;\n"
TEMP_PATHS = "\n".join(line for line in HTTP_GLOBALS.split("\n")
                       if "_temp_path" in line)

NO_SESSION = "proxy_ssl_session_reuse off;\n"

SMALLEST = {
    LOAD: START + "error_log %%DIR%%/error.log %%LOG_LEVEL%%;",
    "http {": f"http {{\naccess_log %%DIR%%/access.log;\n{TEMP_PATHS}",
    "redis://127.0.0.1:6379/0": "redis://127.0.0.1:%%REDIS_PORT%%/0",
    "/etc/nginx/batch_dial.secret": "%%SECRET_FILE%%",
    "listen 8080;": "listen 127.0.0.1:%%PORT%%;",
    "https://api.vogent.ai;": "https://127.0.0.1:%%UPSTREAM_PORT%%;"
                              + NO_SESSION,
}

FULL = {
    LOAD: START,
    "worker_processes auto;": "worker_processes 1;",
    "worker_rlimit_nofile 65536;": "worker_rlimit_nofile 16500;",
    "/var/log/nginx/error.log": "%%DIR%%/error.log",
    "/var/log/nginx/access.log": "%%DIR%%/access.log",
    "http {": f"http {{\n{TEMP_PATHS}",
    "redis.example.com:6379": "localhost:%%REDIS_TLS_PORT%%",
    "/etc/nginx/redis.password": "%%DIR%%/redis.password",
    "/etc/nginx/redis-ca.pem": "%%REDIS_CA%%",
    "/etc/nginx/batch_dial.secret": "%%SECRET_FILE%%",
    "server api.vogent.ai:443;": "server 127.0.0.1:%%UPSTREAM_PORT%%;",
    "listen 443 ssl http2;": "listen 127.0.0.1:%%PORT%% ssl http2;",
    "proxy_pass https://api;": "proxy_pass https://api;" + NO_SESSION,
    "/etc/nginx/gateway.pem": "%%CERT%%",
    "/etc/nginx/gateway.key": "%%KEY%%",
    "/etc/ssl/certs/ca-certificates.crt": "%%API_CA%%",
}


def configuration(number, places):
    """A sample of the section Configuration with its places filled."""
    text = readme.sample("Configuration")[number].text
    for old, new in places.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


def acl():
    """The words of README's ACL command, without redis-cli itself."""
    (command, _), = readme.session(readme.sample("Operations")[0])
    return shlex.split(command)[1:]


def test_there_are_two_configurations():
    assert len(readme.sample("Configuration")) == 2


def test_smallest_configuration_caches(world):
    api = world.upstream(tls=world.identity())
    world.redis(tcp=True)
    node = world.nginx(configuration(0, SMALLEST))

    first = client.http(node.address, "GET", READ, KEY)
    again = client.http(node.address, "GET", READ, KEY)

    assert [first.status, again.status] == [200, 200]
    assert first["Cache-Status"].endswith("; stored")
    assert again["Cache-Status"].startswith("batch-dial; hit; ttl=")
    assert again.body == first.body
    assert api.calls("read") == 1


@pytest.fixture
def production(world):
    """The full configuration; a function that sends a request to it."""
    api = world.upstream(tls=world.identity(names="DNS:api.vogent.ai"))
    of_redis = world.identity()
    redis = world.redis(tls=of_redis)
    redis.command(*acl())
    of_gateway = world.identity()

    node = world.nginx(configuration(1, FULL), start=False,
                       REDIS_CA=of_redis.ca,
                       API_CA=api.argv[api.argv.index("--tls-cert") + 1]
                       .with_name("ca.pem"),
                       CERT=of_gateway.cert, KEY=of_gateway.key)
    node.write("redis.password", "a-password\n")
    node.start()

    def send(method, target, key=ALICE, body=None, headers=()):
        return client.http(
            node.address, method, target,
            [("Authorization", f"Bearer {key}"), *headers], body,
            tls=of_gateway.client_context(), server_name="localhost")

    send.node, send.api, send.redis = node, api, redis
    return send


def test_full_configuration_caches_until_a_write(production):
    first, again = production("GET", READ), production("GET", READ)
    write = production("PUT", READ, body=b'{"name": "renamed"}')
    after = production("GET", READ)

    assert first["Cache-Status"] \
        == "batch-dial; fwd=uri-miss; fwd-status=200; stored"
    assert is_hit(again)
    assert 0 < cache_status(again)["ttl"] <= 600
    assert again.body == first.body
    assert write.status == after.status == 200
    assert json.loads(after.body)["name"] == "renamed"

    # the write's own answer may have been served for its second
    assert production.api.calls("read") in (1, 2)


def test_full_configuration_verifies_and_names_the_api(production):
    production("GET", READ)

    request, = production.api.requests("read")
    assert request.sni == "api.vogent.ai"
    assert ("Host", "api.vogent.ai") in request.headers


def test_rights_told_for_redis_are_enough(production):
    production("GET", READ)
    production("GET", READ)
    production("PUT", READ, body=b'{"name": "renamed"}')
    production("GET", READ)

    def told():
        return json.loads(production("GET", "/metrics?format=json").body)

    wait_until(lambda: told()["batch_dial_events_sure"] == 1)
    counters = told()
    assert counters["batch_dial_redis_stores_total"]["stored"] >= 1
    assert counters["batch_dial_redis_stores_total"]["failed"] == 0
    assert counters["batch_dial_leases_total"]["failed"] == 0
    assert counters["batch_dial_invalidations_total"]["write"] == {
        "done": 1, "journaled": 0}
    assert counters["batch_dial_redis_lookups_failed_total"] == 0
    assert set(counters["batch_dial_redis_failures_total"].values()) == {0}
    names = [key for _, key, _ in production.redis.contents()]
    assert b"bd:production:{job-complete}" in names
    assert not [key for key in names if not key.startswith(b"bd:production:")]


def test_log_format_tells_all_of_a_request(production):
    production("GET", READ)
    production("GET", READ)
    production("GET", f"{JOBS}/no.id")

    miss, hit, rejected = [line.split('" ', 1)[1]
                           for line in production.node.access(3)]
    words = miss.split(" ")
    assert words[2:6] == ["MISS", "upstream", "job-complete", "COMPLETE"]
    assert words[-2:] == ["schema=valid", "-"]
    words = hit.split(" ")
    assert words[2:6] == ["HIT", "memory", "job-complete", "COMPLETE"]
    assert words[7] == "age=0"
    assert words[9] == "redis=-"
    assert words[10:] == ["upstream=-", "schema=-", "-"]
    assert rejected.split(" ")[2:6] == ["REJECTED", "-", "-", "-"]


@pytest.mark.parametrize("heading", [
    key[0] for key, runner in readme.RUNNERS.items()
    if runner == "integration" and key[0].startswith("batch_dial_")])
def test_example_of_a_directive_is_accepted(nginx_test, world, heading):
    node = world.nginx("", start=False)
    schema = node.write("openapi.json", json.dumps({"components": {"schemas": {
        "BatchDialJob": {"type": "object", "required": ["id", "status"]}}}}))
    text, = [block.text for block in readme.sample(heading)]
    text = text.replace("/etc/nginx/openapi.json", str(schema))

    code, said = nginx_test(
        f"%%GLOBALS%% http {{ %%HTTP_GLOBALS%% batch_dial on; {text} "
        "batch_dial_secret_file %%SECRET_FILE%%; }")

    assert code == 0, said


def test_redis_takes_the_command_told(redis_server):
    (command, expected), = readme.session(readme.sample("Operations")[0])
    words = shlex.split(command)
    done = subprocess.run([words[0], "-s", str(redis_server.socket),
                           *words[1:]], check=True, text=True,
                          capture_output=True)
    assert readme.agree(expected, done.stdout)


# sentences that no other test of the suite is about


def test_a_request_under_another_path_is_left_alone(gateway):
    node = gateway()
    assert node.request("GET", "/api/other", key=None).status == 404
    assert node.request("GET", f"{JOBS}2/job-active", key=None).status == 404


def test_an_entry_is_the_credentials_own(gateway, upstream):
    node = gateway()
    node.read("job-active", ALICE)

    assert node.read("job-active", BOB)["Cache-Status"].startswith(
        "batch-dial; fwd=uri-miss")
    assert upstream.calls("read") == 2


def test_an_error_page_does_not_replace_a_problem(gateway):
    node = gateway(location_extra="error_page 401 502 /metrics;")

    answer = node.request("GET", READ, key=None)

    assert answer.status == 401
    assert answer["Content-Type"] == "application/problem+json"


def test_access_rules_of_nginx_guard_hits(gateway):
    node = gateway(location_extra="if ($arg_no) { return 403; }")
    node.read("job-complete")
    node.configure(node.config_file.read_text().replace(
        "if ($arg_no) { return 403; }", "deny all;"))
    node.reload()

    assert node.read("job-complete").status == 403
    assert node.request("GET", READ, key=None).status == 401


def test_satisfy_any_lets_no_request_without_a_token_by(gateway):
    node = gateway(location_extra="satisfy any; allow all;")
    assert node.request("GET", READ, key=None).status == 401


def test_an_entry_takes_what_is_told_of_redis_memory(gateway, redis_server):
    node = gateway()
    size = len(node.read("job-complete").body)

    name, = [key for _, key, _ in redis_server.contents() if b":{" in key
             and b":c:" not in key]
    taken = redis_server.command("MEMORY", "USAGE", name)

    # Redis allocates in steps, so "some 500 bytes" is a range
    assert size + 300 < taken < size + 700
