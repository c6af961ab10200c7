"""The metrics page: its two formats, its names, and what it counts."""

import json
import re

import pytest

from lib import client
from lib.expect import ENTRY, is_hit, is_stored
from lib.gateway import bearer
from lib.prometheus import parse
from lib.upstream import ALICE, JOBS
from lib.wait import wait_until

READ = f"{JOBS}/job-active"
ACCEPT_JSON = [("Accept", "application/json")]


GAUGES = {
    "batch_dial_redis_breaker_open", "batch_dial_events_sure",
    "batch_dial_journal_length", "batch_dial_flights",
    "batch_dial_memory_blocks", "batch_dial_memory_entries",
    "batch_dial_memory_outcomes", "batch_dial_memory_credentials",
}


def page(node, target="/metrics", headers=(), method="GET"):
    return client.http(node.address, method, target, headers)


def text_metrics(node):
    answer = page(node)
    assert answer.status == 200
    assert answer["content-type"] \
        == "text/plain; version=0.0.4; charset=utf-8"
    return parse(answer.body.decode("ascii"))


def json_metrics(node):
    answer = page(node, "/metrics?format=json")
    assert answer.status == 200
    assert answer["content-type"] == "application/json"
    return json.loads(answer.body)


def flat_text(metrics):
    """{(name, value of a label, ...): value} of the text."""
    return {(name, *re.findall(r'="(\w+)"', labels)): value
            for name, metric in metrics.items()
            for labels, value in metric.samples.items()}


def flat_json(tree, *path):
    """The same of JSON, where each label is a level."""
    if not isinstance(tree, dict):
        return {path: tree}
    return {key: value for name, below in tree.items()
            for key, value in flat_json(below, *path, name).items()}


def test_text_is_well_formed(gateway):
    metrics = text_metrics(gateway())
    for name, metric in metrics.items():
        assert name.startswith("batch_dial_")
        assert (metric.type == "counter") == name.endswith("_total"), name
        assert metric.help.endswith("."), name
        names = {tuple(re.findall(r'(\w+)="', labels))
                 for labels in metric.samples}
        assert len(names) == 1, name
    assert {
        "batch_dial_requests_total", "batch_dial_upstream_responses_total",
        "batch_dial_schema_verdicts_total", "batch_dial_invalidations_total",
        "batch_dial_redis_commands_total", "batch_dial_redis_writes_total",
        "batch_dial_redis_failures_total", "batch_dial_redis_breaker_open",
        "batch_dial_hits_total", "batch_dial_flights_total", *GAUGES,
    } <= set(metrics)
    for cache in ("hit", "stale", "updating", "miss", "expired", "coalesced",
                  "negative", "bypass", "rejected", "pass"):
        assert metrics["batch_dial_requests_total"].samples[
            f'cache="{cache}"'] == 0


def test_gauges_are_those(gateway):
    assert {name for name, metric in text_metrics(gateway()).items()
            if metric.type == "gauge"} == GAUGES


def test_two_labels_in_both_formats(gateway):
    node = gateway()
    name = "batch_dial_flights_total"
    assert list(text_metrics(node)[name].samples) == [
        f'scope="{scope}",result="{result}"' for scope in ("host", "fleet")
        for result in ("led", "joined", "timeout")]
    none = {"led": 0, "joined": 0, "timeout": 0}
    assert json_metrics(node)[name] == {"host": none, "fleet": none}


def test_both_formats_say_the_same(gateway, upstream):
    # nothing goes on by itself meanwhile: no Redis, no subscription
    node = gateway(redis=None)
    for job in ("job-active", "job-active", "job-none", "job-broken", "a.b"):
        node.read(job)
    text = flat_text(text_metrics(node))
    assert text == flat_json(json_metrics(node))
    assert text["batch_dial_requests_total", "miss"] == 3
    assert text["batch_dial_requests_total", "hit"] == 1
    assert text["batch_dial_flights_total", "host", "led"] == 3


@pytest.mark.parametrize("target, headers, kind", [
    ("/metrics", [], "text/plain"),
    ("/metrics", [("Accept", "*/*")], "text/plain"),
    ("/metrics", [("Accept", "text/plain;version=0.0.4;q=0.5,*/*;q=0.1")],
     "text/plain"),
    ("/metrics", ACCEPT_JSON, "application/json"),
    ("/metrics", [("Accept", "text/html, Application/JSON;q=0.9")],
     "application/json"),
    ("/metrics?format=json", [], "application/json"),
    ("/metrics?x=1&format=json", [], "application/json"),
    ("/metrics?format=text", ACCEPT_JSON, "text/plain"),
    ("/metrics?format=", ACCEPT_JSON, "text/plain"),
    ("/metrics?informat=json", [], "text/plain"),
])
def test_format_is_chosen(gateway, target, headers, kind):
    answer = page(gateway(), target, headers)
    assert answer.status == 200
    assert answer["content-type"].partition(";")[0] == kind
    if kind == "application/json":
        json.loads(answer.body)
    else:
        parse(answer.body.decode())


def test_methods(gateway):
    node = gateway()
    with client.Connection(node.address) as connection:
        head = connection.request("HEAD", "/metrics")
        assert (head.status, head.body) == (200, b"")
        whole = connection.request("GET", "/metrics", (), b"with a body")
        assert head["content-length"] == whole["content-length"]
        for method in ("POST", "PUT", "DELETE", "OPTIONS"):
            answer = connection.request(method, "/metrics", (), b"{}")
            assert answer.status == 405, method
        assert connection.request("GET", "/metrics").status == 200


def test_page_over_http2_and_in_gzip(gateway):
    node = gateway(server_extra="gzip on; gzip_types text/plain; "
                                "gzip_min_length 1;")
    with node.connect_h2() as connection:
        parse(connection.request("GET", "/metrics").body.decode())
    packed = page(node, headers=[("Accept-Encoding", "gzip")])
    assert packed["content-encoding"] == "gzip"


def test_location_may_be_guarded_and_anywhere(gateway):
    node = gateway(server_extra="""
        location /status/ { batch_dial_metrics; allow 192.0.2.1; deny all; }
        location /open/ { batch_dial_metrics; }
    """)
    assert page(node, "/status/batch").status == 403
    assert page(node, "/open/batch").status == 200


# What is counted

def count(node, **wanted):
    """Asserts values of batch_dial_requests_total; others are 0."""
    seen = text_metrics(node)["batch_dial_requests_total"].samples
    assert {label: value for label, value in seen.items() if value} \
        == {f'cache="{cache}"': value for cache, value in wanted.items()}


def test_requests_by_what_the_cache_did(gateway, upstream):
    node = gateway()
    node.read("job-active")
    count(node, miss=1)
    node.read("job-active")
    node.request("HEAD", READ)
    count(node, miss=1, hit=2)
    node.request("GET", READ, key=None)
    node.read("a.b")
    count(node, miss=1, hit=2, rejected=2)
    node.request("GET", JOBS)
    node.request("PUT", READ, body=b"{}")
    node.request("OPTIONS", READ)
    count(node, miss=1, hit=2, rejected=2, **{"pass": 2})


def test_requests_past_redis(gateway, upstream, redis_server):
    redis_server.kill()
    node = gateway()
    node.read("job-active")
    count(node, bypass=1)


def samples(node, name):
    return text_metrics(node)[f"batch_dial_{name}"].samples


def test_upstream_responses(gateway, upstream):
    node = gateway(location_extra="proxy_read_timeout 200ms;")
    upstream.rule(job="job-init", status=503)
    upstream.rule(job="job-paused", status=429)
    upstream.rule(job="job-complete", no_answer=True)
    upstream.rule(job="job-cancelled", no_answer=True, end="hang")
    for job in ("job-active", "job-broken", "job-none", "job-init",
                "job-complete", "job-cancelled", "job-paused"):
        node.read(job)
    upstream.release("hang")
    assert samples(node, "upstream_responses_total") == {
        'outcome="success"': 2, 'outcome="refusal"': 1,
        'outcome="error"': 2, 'outcome="lost"': 2}


def test_schema_verdicts(gateway, upstream):
    node = gateway(server_extra=f"""
        location = {JOBS}/job-paused {{
            batch_dial on;
            batch_dial_schema_mode off;
            proxy_pass http://api;
        }}
    """)
    for job in ("job-active", "job-active", "job-broken", "job-none",
                "job-paused"):
        node.read(job)
    assert samples(node, "schema_verdicts_total") == {
        'verdict="valid"': 1, 'verdict="invalid"': 1, 'verdict="skipped"': 1}


def invalidations(node):
    """{(cause, result): number}, those of 0 left out."""
    return {tuple(re.findall(r'="(\w+)"', labels)): value for labels, value
            in samples(node, "invalidations_total").items() if value}


def test_invalidations(gateway, upstream, redis_server):
    node = gateway()
    node.request("PUT", READ, body=b"{}")
    node.request("PUT", f"{JOBS}/job-none", body=b"{}")      # a 404
    assert invalidations(node) == {("write", "done"): 1}
    upstream.rule(job="job-paused", status=502)
    node.request("PUT", f"{JOBS}/job-paused", body=b"{}")
    assert invalidations(node) == {("write", "done"): 1,
                                   ("unknown_outcome", "done"): 1}
    redis_server.kill()
    node.request("PUT", READ, body=b"{}")
    assert invalidations(node) == {("write", "done"): 1,
                                   ("unknown_outcome", "done"): 1,
                                   ("write", "journaled"): 1}
    assert samples(node, "journal_length") == {"": 1}


def test_journal_is_delivered(gateway, upstream, redis_server):
    node = gateway()
    redis_server.kill()
    node.request("PUT", READ, body=b"{}")
    assert samples(node, "journal_length") == {"": 1}
    redis_server.restart()
    wait_until(lambda: samples(node, "journal_length") == {"": 0})
    assert samples(node, "journal_delivered_total") == {"": 1}


def test_events_are_sure_with_a_subscription(gateway, redis_server):
    node = gateway()
    wait_until(lambda: samples(node, "events_sure") == {"": 1})
    assert samples(node, "subscriptions_total")[""] >= 1
    redis_server.kill()
    wait_until(lambda: samples(node, "events_sure") == {"": 0})


def test_events_are_sure_where_there_are_none(gateway):
    assert samples(gateway(redis=None), "events_sure") == {"": 1}


def test_what_memory_holds(gateway, upstream):
    node = gateway()
    empty = samples(node, "memory_blocks")
    assert set(empty) == {'state="free"', 'state="used"'}
    for name in ("memory_entries", "memory_outcomes", "memory_evictions_total",
                 "memory_resets_total", "flights"):
        assert samples(node, name) == {"": 0}, name

    for job in ("job-active", "job-complete", "job-none"):
        node.read(job)

    assert samples(node, "memory_entries") == {"": 2}
    assert samples(node, "memory_outcomes") == {"": 1}
    assert samples(node, "memory_credentials") == {"": 1}
    blocks = samples(node, "memory_blocks")
    assert sum(blocks.values()) == sum(empty.values())
    assert blocks['state="used"'] >= empty['state="used"'] + 3


def test_flights_by_who_leads(gateway, upstream):
    node = gateway(redis=None)
    upstream.rule(job="job-active", hold={"before_headers": "gate"})
    with node.connect() as leader, node.connect() as follower:
        leader.send("GET", READ, bearer())
        upstream.wait_waiting("gate")
        assert samples(node, "flights") == {"": 1}
        follower.send("GET", READ, bearer())
        wait_until(lambda: samples(node, "flights_total")[
            'scope="host",result="joined"'] == 1)
        upstream.release("gate")
        assert leader.receive().status == follower.receive().status == 200
    count(node, miss=1, coalesced=1)
    assert samples(node, "flights_total") == {
        'scope="host",result="led"': 1, 'scope="host",result="joined"': 1,
        'scope="host",result="timeout"': 0, 'scope="fleet",result="led"': 0,
        'scope="fleet",result="joined"': 0,
        'scope="fleet",result="timeout"': 0}
    assert samples(node, "upstream_calls_saved_total") == {"": 1}


def test_hits_by_tier(gateway, upstream):
    first = gateway(location_extra="batch_dial_ttl ACTIVE=1h;")
    second = gateway(location_extra="batch_dial_ttl ACTIVE=1h;")
    assert is_stored(first.read("job-active"))
    assert is_hit(first.read("job-active"))
    assert samples(first, "hits_total") == {'tier="memory"': 1,
                                            'tier="redis"': 0}
    assert is_hit(second.read("job-active"))
    assert is_hit(second.read("job-active"))
    assert samples(second, "hits_total") == {'tier="memory"': 1,
                                             'tier="redis"': 1}


def test_refusals_that_are_remembered(gateway, upstream):
    node = gateway()
    for _ in range(3):
        node.read("job-none")
    count(node, miss=1, negative=2)


def test_values_of_redis_that_do_not_check_out(gateway, upstream,
                                              redis_server):
    node = gateway(location_extra="batch_dial_ttl ACTIVE=1h;"
                                  "batch_dial_memory off;")
    assert is_stored(node.read("job-active"))
    with redis_server.client() as redis:
        key, = [each for each in redis.keys("bd:*") if b":c:" not in each]
        field, = [name for name in redis.hkeys(key) if ENTRY.fullmatch(name)]
        redis.hset(key, field, b"tampered")
    assert is_stored(node.read("job-active"))
    assert is_hit(node.read("job-active"))
    assert samples(node, "redis_entries_refused_total") == {"": 1}


def test_counters_live_through_a_reload(gateway, upstream):
    node = gateway(workers=2)
    node.read("job-active")
    node.reload(wait_old=True)
    node.read("job-active")
    count(node, miss=1, hit=1)


def test_workers_count_together(gateway, upstream):
    node = gateway(workers=2)
    client.parallel([lambda: node.request("GET", READ, key=None)] * 32)
    count(node, rejected=32)


def test_counting_of_commands(gateway, upstream):
    node = gateway()
    for job in ("job-active", "job-paused"):
        node.read(job)
    # a lookup each, a lease and a store
    wait_until(lambda: samples(node, "redis_commands_total")[""] >= 6)
    wait_until(lambda: samples(node, "redis_stores_total")
               == {'result="stored"': 2, 'result="fenced"': 0,
                   'result="failed"': 0}, what=lambda: page(node).body)
    assert samples(node, "redis_connections_total")[""] >= 1


def test_page_tells_neither_ids_nor_credentials(gateway, upstream):
    node = gateway()
    for key in (ALICE, "tok-unknown-SECRET"):
        for job in ("job-active", "job-secret-id"):
            node.read(job, key)
    for target in ("/metrics", "/metrics?format=json"):
        body = page(node, target, bearer()).body
        assert b"job-" not in body and b"SECRET" not in body
        assert b"tok-" not in body
