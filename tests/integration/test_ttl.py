"""For how long an answer is fresh: by status, as configured, with jitter."""

import json

import pytest

from lib.expect import cache_status, entries, is_hit, is_stored
from lib.fresh import wait_sure
from lib.gateway import bearer
from lib.upstream import JOBS
from lib.wait import wait_until

DEFAULTS = {"INIT": 5, "ACTIVE": 3, "PAUSED": 5, "COMPLETE": 3600,
            "CANCELLED": 3600}


def job_of(status):
    return f"job-{status.lower()}"


def assert_fresh_for(node, status, seconds):
    """A miss, then a hit whose TTL is at most so long, and 10 % less.

    ttl is rounded down, and a second may have passed.  Until the node hears
    the others, three seconds are the most.
    """
    wait_sure(node)
    assert is_stored(node.read(job_of(status))), status
    ttl = cache_status(node.read(job_of(status)))["ttl"]
    assert int(seconds * 0.9) - 1 <= ttl <= seconds, (status, ttl)


def test_defaults(gateway, upstream):
    node = gateway()
    for status, seconds in DEFAULTS.items():
        assert_fresh_for(node, status, seconds)


def test_list_changes_only_what_it_names(gateway, upstream):
    node = gateway(location_extra="batch_dial_ttl COMPLETE=100s ACTIVE=50s;")
    for status, seconds in {**DEFAULTS, "COMPLETE": 100,
                            "ACTIVE": 50}.items():
        assert_fresh_for(node, status, seconds)


def test_own_time_for_every_status(gateway, upstream):
    node = gateway(location_extra="batch_dial_ttl INIT=100s ACTIVE=200s "
                                  "PAUSED=5m CANCELLED=2h COMPLETE=1d;")
    for status, seconds in {"INIT": 100, "ACTIVE": 200, "PAUSED": 300,
                            "CANCELLED": 7200, "COMPLETE": 86400}.items():
        assert_fresh_for(node, status, seconds)


def test_list_of_an_outer_level(gateway, upstream):
    node = gateway(http_extra="batch_dial_ttl ACTIVE=100s;", server_extra=f"""
        location ^~ {JOBS}/job-paused {{
            batch_dial on;
            batch_dial_ttl PAUSED=200s;
            proxy_pass http://api;
        }}
    """)
    assert_fresh_for(node, "ACTIVE", 100)
    assert_fresh_for(node, "PAUSED", 200)


def test_zero_means_do_not_store(gateway, upstream, redis_server):
    node = gateway(location_extra="batch_dial_ttl ACTIVE=0;")
    for _ in range(3):
        answer = node.read("job-active")
        assert answer.status == 200
        assert not is_stored(answer)
    assert upstream.calls("read") == 3
    assert entries(redis_server) == 0
    assert_fresh_for(node, "INIT", 5)


def test_jitter_shortens_by_up_to_a_tenth(gateway, upstream):
    node = gateway(location_extra="batch_dial_ttl INIT=10000s;")
    wait_sure(node)
    seen = []
    for number in range(60):
        upstream.put_job(f"job-{number}")
        assert is_stored(node.read(f"job-{number}"))
        seen.append(cache_status(node.read(f"job-{number}"))["ttl"])
    assert 8990 <= min(seen) < 9300
    assert 9700 < max(seen) <= 10000
    assert len(set(seen)) > 50


def test_key_in_redis_expires(gateway, upstream, redis_server):
    node = gateway()
    for status in DEFAULTS:
        node.read(job_of(status))
    with redis_server.client() as client:
        keys = client.keys("*")
        assert {f"bd:default:{{{job_of(status)}}}".encode()
                for status in DEFAULTS} <= set(keys)
        for key in keys:
            assert client.pttl(key) > 0, key


def test_expiry_leads_to_a_new_fetch(gateway, upstream):
    node = gateway(location_extra="batch_dial_ttl ACTIVE=1s;")
    first = node.read("job-active")
    upstream.patch_job("job-active", name="renamed")
    hit = node.read("job-active")
    assert is_hit(hit) and hit.body == first.body

    def fetched():
        answer = node.read("job-active")
        return None if is_hit(answer) else answer

    again = wait_until(fetched, timeout=5)
    assert json.loads(again.body)["name"] == "renamed"
    assert again["age"] == "0"
    assert again["etag"] != first["etag"]
    assert cache_status(again)["fwd"] in ("stale", "uri-miss")
    assert is_stored(again)
    assert upstream.calls("read") == 2
    assert is_hit(node.read("job-active"))


def test_status_that_changes_changes_the_time(gateway, upstream):
    node = gateway(location_extra="batch_dial_ttl ACTIVE=1s COMPLETE=500s;")
    wait_sure(node)
    assert is_stored(node.read("job-active"))
    upstream.patch_job("job-active", status="COMPLETE")
    wait_until(lambda: not is_hit(node.read("job-active")), timeout=5)
    assert 448 <= cache_status(node.read("job-active"))["ttl"] <= 500


def test_hits_do_not_lengthen_an_entry(gateway, upstream):
    node = gateway(location_extra="batch_dial_ttl ACTIVE=1s;")
    with node.connect() as connection:
        def hit():
            return is_hit(connection.request("GET", f"{JOBS}/job-active",
                                             bearer()))

        assert not hit()
        assert hit()
        wait_until(lambda: not hit(), timeout=2)
    assert upstream.calls("read") == 2


@pytest.mark.parametrize("headers", [
    ["max-age=1"], ["s-maxage=0"], ["private"], ["no-cache"]])
def test_upstreams_own_times_do_not_count(gateway, upstream, headers):
    node = gateway()
    upstream.rule(job="job-complete", headers=[
        ["Cache-Control", value] for value in headers]
        + [["Expires", "Thu, 01 Jan 1970 00:00:01 GMT"]])
    assert_fresh_for(node, "COMPLETE", 3600)
