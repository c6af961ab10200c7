"""What a read answers: validators, conditions, ranges, HEAD, compression, the
headers of an answer, and upstream's errors as they are."""

import gzip
import json
import re

import pytest

from lib.expect import cache_status, entries, is_hit, is_stored
from lib.fresh import wait_sure
from lib.gateway import bearer
from lib.upstream import JOBS
from lib.wait import wait_until

READ = f"{JOBS}/job-active"
LONG = "batch_dial_ttl ACTIVE=1h;"
DATE = "Mon, 23 Nov 2026 20:00:00 GMT"
LATER = "Mon, 23 Nov 2026 21:00:00 GMT"


def body_of(upstream, job="job-active"):
    return json.dumps(upstream.job(job)).encode()


# ETag and conditions

def test_etag_is_minted_from_the_body(gateway, upstream):
    node = gateway(location_extra="batch_dial_ttl ACTIVE=1h INIT=0;")
    miss, hit = node.read("job-active"), node.read("job-active")
    assert is_hit(hit)
    assert re.fullmatch(r'"[0-9a-f]{32}"', miss["etag"])
    assert hit["etag"] == miss["etag"]
    one, two = node.read("job-init"), node.read("job-init")
    assert one["etag"] == two["etag"] != miss["etag"]
    upstream.patch_job("job-init", name="another")
    assert node.read("job-init")["etag"] != one["etag"]


@pytest.mark.parametrize("etag", ['"v1"', 'W/"v1"', '""'])
def test_etag_of_upstream_is_kept(gateway, upstream, etag):
    node = gateway(location_extra=LONG)
    upstream.rule(job="job-active", etag=etag)
    for answer in (node.read("job-active"), node.read("job-active")):
        assert answer["etag"] == etag
        assert answer.body == body_of(upstream)
    assert upstream.calls("read") == 1


def not_modified(answer, etag):
    assert (answer.status, answer.body) == (304, b"")
    assert answer["etag"] == etag
    assert answer["cache-control"] == "private, no-cache"
    assert answer["content-length"] is None


@pytest.mark.parametrize("etag, condition", [
    ('"v1"', '"v1"'), ('"v1"', 'W/"v1"'), ('W/"v1"', '"v1"'),
    ('"v1"', '"v0", "v1"'), ('"v1"', "*"),
])
def test_if_none_match_is_answered_from_the_cache(gateway, upstream, etag,
                                                  condition):
    node = gateway(location_extra=LONG)
    upstream.rule(job="job-active", etag=etag)
    for method in ("GET", "GET", "HEAD"):       # a miss, and two hits
        not_modified(node.request(method, READ, headers=[
            ("If-None-Match", condition)]), etag)
    other = node.read("job-active", headers=[("If-None-Match", '"v2"')])
    assert (other.status, other.body) == (200, body_of(upstream))
    assert upstream.calls("read") == 1


def test_if_none_match_of_a_minted_etag(gateway, upstream):
    node = gateway(location_extra=LONG)
    etag = node.read("job-active")["etag"]
    answer = node.read("job-active", headers=[("If-None-Match", etag)])
    assert is_hit(answer)
    not_modified(answer, etag)


def test_if_modified_since(gateway, upstream):
    node = gateway(location_extra=LONG)
    upstream.rule(job="job-active", headers=[["Last-Modified", DATE]])
    since = [("If-Modified-Since", DATE)]
    miss = node.read("job-active", headers=since)
    hit = node.read("job-active", headers=since)
    assert is_stored(miss) and is_hit(hit)
    for answer in (miss, hit):
        assert (answer.status, answer.body) == (304, b"")
        assert answer["last-modified"] == DATE
    changed = node.read("job-active", headers=[("If-Modified-Since", LATER)])
    assert changed.status == 200          # if_modified_since exact
    assert changed["last-modified"] == DATE
    assert upstream.calls("read") == 1


def test_if_match_and_if_unmodified_since(gateway, upstream):
    node = gateway(location_extra=LONG)
    upstream.rule(job="job-active", etag='"v1"',
                  headers=[["Last-Modified", LATER]])
    for headers, status in (
            ([("If-Match", '"v1"')], 200), ([("If-Match", '"v0"')], 412),
            ([("If-Unmodified-Since", LATER)], 200),
            ([("If-Unmodified-Since", DATE)], 412)):
        assert node.read("job-active", headers=headers).status == status
    assert upstream.calls("read") == 1


# HEAD

def test_head_that_misses_is_fetched_as_get(gateway, upstream):
    node = gateway(location_extra=LONG)
    body = body_of(upstream)
    with node.connect() as connection:
        for method in ("HEAD", "HEAD", "GET", "HEAD"):
            answer = connection.request(method, READ, bearer())
            assert answer.status == 200
            assert answer["content-length"] == str(len(body))
            assert answer["content-type"] == "application/json"
            assert answer.body == (body if method == "GET" else b"")
    assert [r.method for r in upstream.requests()] == ["GET"]


def test_head_of_what_is_no_entry(gateway, upstream):
    node = gateway()
    upstream.rule(job="job-paused", patch={"name": None})
    with node.connect() as connection:
        gone = connection.request("HEAD", f"{JOBS}/job-none", bearer())
        broken = connection.request("HEAD", f"{JOBS}/job-paused", bearer())
        # nothing of a body stands in the way of the next answer
        assert connection.request("GET", READ, bearer()).status == 200
    assert (gone.status, broken.status) == (404, 502)
    assert int(gone["content-length"]) > 0
    assert int(broken["content-length"]) > 0
    assert [r.method for r in upstream.requests()] == ["GET"] * 3


# Ranges

def test_ranges_on_miss_and_hit(gateway, upstream):
    node = gateway(location_extra="batch_dial_ttl INIT=0 ACTIVE=1h;")
    for job, calls in (("job-active", 1), ("job-init", 2)):
        upstream.reset("counts")
        body = body_of(upstream, job)
        for _ in range(2):
            answer = node.read(job, headers=[("Range", "bytes=5-9")])
            assert (answer.status, answer.body) == (206, body[5:10])
            assert answer["content-range"] == f"bytes 5-9/{len(body)}"
        assert upstream.calls("read") == calls


@pytest.mark.parametrize("value, parts", [
    ("bytes=0-0", [(0, 1)]), ("bytes=-7", [(-7, None)]),
    ("bytes=10-", [(10, None)]), ("bytes=0-1,4-5", [(0, 2), (4, 6)]),
])
def test_range(gateway, upstream, value, parts):
    node = gateway(location_extra=LONG)
    body = body_of(upstream)
    for _ in range(2):
        answer = node.read("job-active", headers=[("Range", value)])
        assert answer.status == 206
        for start, end in parts:
            assert body[start:end] in answer.body
        if len(parts) == 1:
            assert answer.body == body[slice(*parts[0])]
        else:
            assert answer["content-type"].startswith("multipart/byteranges")
    assert upstream.calls("read") == 1


def test_range_that_is_not_satisfiable(gateway, upstream):
    node = gateway(location_extra=LONG)
    length = len(body_of(upstream))
    for _ in range(2):
        answer = node.read("job-active", headers=[
            ("Range", f"bytes={length}-")])
        assert answer.status == 416
        assert answer["content-range"] == f"bytes */{length}"
    assert upstream.calls("read") == 1


def test_if_range(gateway, upstream):
    node = gateway(location_extra=LONG)
    etag = node.read("job-active")["etag"]
    for validator, status in ((etag, 206), ('"old"', 200)):
        answer = node.read("job-active", headers=[
            ("Range", "bytes=0-3"), ("If-Range", validator)])
        assert answer.status == status
    assert upstream.calls("read") == 1


# Compression

@pytest.mark.parametrize("content_type", [
    "application/json", "application/json; charset=utf-8"])
def test_gzip_to_the_client(gateway, upstream, content_type):
    node = gateway(location_extra=LONG + """
        gzip on; gzip_types application/json; gzip_min_length 1; gzip_vary on;
    """)
    upstream.rule(job="job-active", content_type=content_type)
    body = body_of(upstream)
    accept = [("Accept-Encoding", "gzip")]
    miss, hit = (node.read("job-active", headers=accept) for _ in range(2))
    assert is_hit(hit)
    for answer in (miss, hit):
        assert answer["content-encoding"] == "gzip"
        assert gzip.decompress(answer.body) == body
        assert answer["content-type"] == content_type
        assert answer["vary"] == "Accept-Encoding"
        assert answer["etag"].startswith('W/"')
    plain = node.read("job-active")
    assert (plain.body, plain["content-encoding"]) == (body, None)
    etag = hit["etag"]
    not_modified(node.read("job-active", headers=[
        *accept, ("If-None-Match", etag)]), plain["etag"])
    assert upstream.calls("read") == 1


# Headers of an answer

def test_age_grows(gateway, upstream):
    node = gateway(location_extra=LONG)
    assert node.read("job-active")["age"] == "0"
    wait_until(lambda: node.read("job-active")["age"] == "1")
    wait_until(lambda: node.read("job-active")["age"] == "2")
    assert upstream.calls("read") == 1


def test_cache_control_by_default(gateway, upstream):
    node = gateway()
    for _ in range(2):
        answer = node.read("job-active")
        assert answer["cache-control"] == "private, no-cache"


@pytest.mark.parametrize("value", [
    "max-age=7, private", "max-age=0, must-revalidate", "public",
    'private="x-no-store", no-cache', "extension=no-store"])
def test_cache_control_of_upstream_is_kept(gateway, upstream, value):
    node = gateway()
    upstream.rule(job="job-active", cache_control=value)
    miss, hit = node.read("job-active"), node.read("job-active")
    assert is_stored(miss) and is_hit(hit)
    assert miss["cache-control"] == hit["cache-control"] == value


def test_cache_control_on_several_lines_is_one_list(gateway, upstream):
    node = gateway()
    upstream.rule(job="job-active", headers=[
        ["Cache-Control", "private"], ["Cache-Control", "max-age=7"]])
    for _ in range(2):
        assert node.read("job-active")["cache-control"] \
            == "private, max-age=7"


@pytest.mark.parametrize("lines", [
    ["no-store"], ["private, NO-STORE"], ["max-age=9", "no-store"],
    ['x="a, b", no-store'], ["no-store=1"],
])
def test_no_store_is_honoured(gateway, upstream, redis_server, lines):
    node = gateway(location_extra=LONG)
    upstream.rule(job="job-active",
                  headers=[["Cache-Control", line] for line in lines])
    for _ in range(2):
        answer = node.read("job-active")
        assert answer.status == 200
        assert not is_stored(answer)
        assert answer["cache-control"] == ", ".join(lines)
    assert upstream.calls("read") == 2
    assert entries(redis_server) == 0


@pytest.mark.parametrize("headers", [
    [("Cache-Control", "no-cache")], [("Cache-Control", "no-store")],
    [("Cache-Control", "max-age=0")], [("Pragma", "no-cache")],
    [("Accept", "text/html")],
])
def test_clients_cannot_force_a_call(gateway, upstream, headers):
    node = gateway(location_extra=LONG)
    assert is_stored(node.read("job-active", headers=headers))
    assert is_hit(node.read("job-active", headers=headers))
    assert upstream.calls("read") == 1


def test_nothing_else_is_replayed(gateway, upstream):
    node = gateway(location_extra=LONG)
    extra = [["Set-Cookie", "session=stolen"], ["Set-Cookie", "b=c"],
             ["X-Request-Id", "7f3a"], ["Vary", "Origin"], ["Expires", DATE],
             ["Date", DATE], ["Age", "77"], ["Server", "vogent"],
             ["Retry-After", "9"], ["Location", "/elsewhere"],
             ["Link", "</x>; rel=next"], ["X-Accel-Expires", "9"],
             ["Content-Language", "de"], ["WWW-Authenticate", "Basic"]]
    upstream.rule(job="job-active", headers=extra)
    own = {"server", "date", "content-type", "content-length", "connection",
           "cache-status", "etag", "cache-control", "age", "accept-ranges"}
    for check in (is_stored, is_hit):
        answer = node.read("job-active")
        assert check(answer)
        assert {name.lower() for name, _ in answer.headers} == own
        assert answer["date"] != DATE
        assert answer["server"].startswith("nginx")
        assert answer["age"] == "0"


def test_content_type_is_kept(gateway, upstream):
    node = gateway(location_extra=LONG)
    value = 'APPLICATION/json ; Charset="utf-8"'
    upstream.rule(job="job-active", content_type=value)
    for check in (is_stored, is_hit):
        answer = node.read("job-active")
        assert check(answer)
        assert answer["content-type"] == value


def test_add_header_and_expires_work_on_hits(gateway, upstream):
    node = gateway(location_extra=LONG + """
        add_header X-Cache $batch_dial_cache always;
        add_header X-Status $batch_dial_job_status;
    """)
    said = [node.read("job-active"), node.read("job-active"),
            node.read("job-active", key=None)]
    assert [a["x-cache"] for a in said] == ["MISS", "HIT", "REJECTED"]
    assert [a["x-status"] for a in said] == ["ACTIVE", "ACTIVE", None]


# Cache-Status

def test_cache_status_of_miss_and_hit(gateway, upstream):
    node = gateway(location_extra="batch_dial_ttl INIT=0;")
    wait_sure(node)                   # until then 3 s are the most
    assert node.read("job-complete")["cache-status"] \
        == "batch-dial; fwd=uri-miss; fwd-status=200; stored"
    told = cache_status(node.read("job-complete"))
    assert 3230 <= told.pop("ttl") <= 3600
    assert told.pop("detail") in ("memory", "redis")
    assert told == {"hit": True}
    assert node.read("job-init")["cache-status"] \
        == "batch-dial; fwd=uri-miss; fwd-status=200"


def test_cache_status_of_failures(gateway, upstream):
    node = gateway(location_extra="proxy_read_timeout 200ms;")
    upstream.rule(job="job-complete", status=503)
    upstream.rule(job="job-cancelled", no_answer=True)
    upstream.rule(job="job-paused", end="hang", no_answer=True)
    for job, words in (("job-none", "; fwd-status=404"),
                       ("job-complete", "; fwd-status=503"),
                       ("job-broken", "; fwd-status=200"),
                       ("job-cancelled", ""), ("job-paused", "")):
        assert node.read(job)["cache-status"] \
            == f"batch-dial; fwd=uri-miss{words}"
    upstream.release("hang")


def test_cache_status_without_redis(gateway, redis_server):
    redis_server.kill()
    node = gateway()
    assert node.read("job-active")["cache-status"] \
        == "batch-dial; fwd=bypass; fwd-status=200; stored; detail=redis-down"


def test_only_reads_have_a_cache_status(gateway, upstream):
    node = gateway()
    for method, target, key in (("GET", JOBS, "x"), ("PUT", READ, "x"),
                                ("GET", f"{READ}/dials", "x"),
                                ("OPTIONS", READ, None), ("GET", READ, None)):
        answer = node.request(method, target, key=key)
        assert answer["cache-status"] is None


# Upstream's errors

ERRORS = [204, 206, 301, 302, 303, 307, 308, 400, 402, 403, 404, 405, 409,
          410, 418, 422, 451, 500, 501, 503, 504, 599]


@pytest.mark.parametrize("status", ERRORS)
def test_errors_are_passed_as_they_are(gateway, upstream, redis_server,
                                       status):
    node = gateway()
    body = b"" if status == 204 else b"<html>\xff not JSON\r\n"
    upstream.rule(job="job-active", status=status, body=body, headers=[
        ["Content-Type", "text/x-error"], ["X-Reason", "because"],
        ["Location", "http://elsewhere.test/x"], ["Set-Cookie", "a=b"],
        ["Set-Cookie", "c=d"], ["Retry-After", "17"],
        ["Link", "</help>; rel=help"], ["ETag", '"e"'],
        ["Content-Range", "bytes 0-3/9"]])
    answer = node.read("job-active")
    assert (answer.status, answer.body) == (status, body)
    assert answer.complete
    # nginx gives a 204 no type, behind a plain proxy_pass neither
    assert answer["content-type"] == (None if status == 204
                                      else "text/x-error")
    assert answer["x-reason"] == "because"
    assert answer["location"] == "http://elsewhere.test/x"
    assert answer.all("set-cookie") == ["a=b", "c=d"]
    assert answer["retry-after"] == "17"
    assert answer["link"] == "</help>; rel=help"
    assert answer["etag"] == '"e"'
    assert answer["content-range"] == "bytes 0-3/9"
    assert answer["age"] is None
    assert cache_status(answer) == {"fwd": "uri-miss",
                                    "fwd-status": str(status)}
    assert upstream.calls("read") == 1
    assert entries(redis_server) == 0


def test_unauthorized_is_passed_with_its_challenge(gateway, upstream):
    node = gateway()
    upstream.rule(job="job-active", status=401, headers=[
        ["WWW-Authenticate", 'Bearer realm="vogent", error="expired"']])
    answer = node.read("job-active")
    assert answer.status == 401
    assert answer["www-authenticate"] \
        == 'Bearer realm="vogent", error="expired"'


def test_rate_limit_is_passed_with_retry_after(gateway, upstream):
    node = gateway()
    upstream.rule(job="job-active", status=429, retry_after=2)
    answer = node.read("job-active")
    assert (answer.status, answer["retry-after"]) == (429, "2")


def test_conditions_do_not_touch_errors(gateway, upstream):
    node = gateway()
    upstream.rule(job="job-active", status=404, etag='"e"',
                  body=b"0123456789")
    answer = node.read("job-active", headers=[
        ("If-None-Match", '"e"'), ("Range", "bytes=0-3")])
    assert (answer.status, answer.body) == (404, b"0123456789")


def test_error_in_gzip_is_passed_in_gzip(gateway, upstream):
    node = gateway()
    upstream.rule(job="job-active", status=500, gzip=True)
    answer = node.read("job-active")
    assert answer["content-encoding"] == "gzip"
    assert json.loads(gzip.decompress(answer.body))["error"]
    assert answer.status == 500


def test_hidden_headers_stay_hidden(gateway, upstream):
    node = gateway(location_extra="proxy_hide_header X-Secret;")
    upstream.rule(job="job-active", status=404, headers=[
        ["X-Secret", "internal"], ["X-Other", "told"]])
    answer = node.read("job-active")
    assert (answer["x-secret"], answer["x-other"]) == (None, "told")
