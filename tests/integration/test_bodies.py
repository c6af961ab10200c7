"""The body of an answer: byte for byte, however upstream frames it; sizes
around the limit; and what upstream's failures become."""

import gzip
import json

import pytest

from lib.expect import (cache_status, entries, is_hit, is_stored, log_lines,
                        problem, violation)
from lib.gateway import bearer
from lib.upstream import JOBS

READ = f"{JOBS}/job-active"
LONG = "batch_dial_ttl ACTIVE=1h;"

REQUIRED = (b'"id":"job-active","maxConcurrentDials":5,"name":"n",'
            b'"status":"ACTIVE","callAgentId":"a",'
            b'"createdAt":"2026-01-15T09:30:00Z"')

BODIES = {
    "compact": b"{" + REQUIRED + b"}",
    "whitespace": b"\r\n\t { " + REQUIRED.replace(b":", b" :\n\t").replace(
        b"T09 :\n\t30 :\n\t00Z", b"T09:30:00Z") + b" \r} \n\n \t",
    "utf-8": "{".encode() + REQUIRED
             + ',"t":"\u00fc\u20ac\U0001f4de\x7f\ufeff"}'.encode(),
    "escapes": b"{" + REQUIRED.replace(b'"n"', b'"\\u006E\\/\\ud83d\\udcde"')
               + b',"a\\u0000b":"\\u0000"}',
    "numbers": b"{" + REQUIRED + b',"f":1.50e+1,"z":-0.0,"i":9007199254740993,'
               b'"big":123456789012345678901234567890}',
    "nulls": b"{" + REQUIRED + b',"fromPhoneNumberIds":null,'
             b'"schedule":null}',
    "unknown members": b"{" + REQUIRED + b',"x":[[],{},[{"y":[null,true]}]],'
                       b'"":""}',
    "long": b"{" + REQUIRED + b',"x":"' + b"0123456789abcdef" * 12000
            + b'"}',
}

FRAMINGS = [
    dict(framing="length"), dict(framing="chunked"),
    dict(framing="chunked", chunk_size=7), dict(framing="close"),
    dict(version="1.0", framing="length"),
    dict(version="1.0", framing="close"),
    dict(framing="length", delay_mid_body=0.02),
]


@pytest.mark.parametrize("buffering", ["on", "off"])
@pytest.mark.parametrize("framing", FRAMINGS, ids=str)
def test_bodies_byte_for_byte(gateway, upstream, framing, buffering):
    node = gateway(location_extra=f"{LONG} proxy_buffering {buffering};")
    with node.connect() as connection:
        for number, (name, body) in enumerate(BODIES.items()):
            if "chunk_size" in framing and len(body) > 10000:
                continue              # 27,000 chunks are a test of nginx
            job = f"job-{number}"
            body = body.replace(b"job-active", job.encode())
            upstream.rule(job=job, status=200, body=body, **framing)
            for check in (is_stored, is_hit):
                answer = connection.request("GET", f"{JOBS}/{job}", bearer())
                assert answer.status == 200, (name, answer)
                assert check(answer), name
                assert answer.complete
                assert answer.body == body, name
                assert answer["content-length"] == str(len(body))


def test_bodies_over_http2(gateway, upstream):
    node = gateway(location_extra=LONG)
    upstream.rule(job="job-active", body=BODIES["long"], framing="chunked")
    with node.connect_h2() as connection:
        for check in (is_stored, is_hit):
            answer = connection.request("GET", READ, bearer())
            assert check(answer)
            assert answer.body == BODIES["long"]


def test_body_larger_than_the_buffers_of_the_proxy(gateway, upstream):
    """The body goes through a file of nginx's, and is the same."""
    node = gateway(location_extra=LONG + """
        proxy_buffer_size 1k; proxy_buffers 2 1k; proxy_busy_buffers_size 1k;
    """)
    upstream.rule(job="job-active", body=BODIES["long"])
    for check in (is_stored, is_hit):
        answer = node.read("job-active")
        assert check(answer)
        assert answer.body == BODIES["long"]


# Sizes

LIMIT = 4096


def sized(length, job="job-active"):
    """A valid body of that many bytes."""
    head = b"{" + REQUIRED.replace(b"job-active", job.encode()) + b',"pad":"'
    return head + b"x" * (length - len(head) - 2) + b'"}'


SIZED = [dict(framing="length"), dict(framing="chunked"),
         dict(framing="chunked", chunk_size=1000), dict(framing="close")]


@pytest.mark.parametrize("buffering", ["on", "off"])
@pytest.mark.parametrize("framing", SIZED, ids=str)
def test_sizes_around_the_limit(gateway, upstream, redis_server, framing,
                                buffering):
    node = gateway(location_extra=f"{LONG} batch_dial_max_body {LIMIT}; "
                                  f"proxy_buffering {buffering};")
    with node.connect() as connection:
        for length, status in ((LIMIT + 1, 502), (LIMIT * 10, 502),
                               (LIMIT - 1, 200), (LIMIT, 200)):
            job = f"job-{length}"     # one that failed is left alone for 1 s
            body = sized(length, job)
            upstream.rule(job=job, status=200, body=body, **framing)
            answer = connection.request("GET", f"{JOBS}/{job}", bearer())
            if status == 502:
                problem(answer, 502, "invalid-upstream-response")
                assert entries(redis_server) == 0
            else:
                assert answer.body == body
                assert is_stored(answer)
                hit = connection.request("GET", f"{JOBS}/{job}", bearer())
                assert is_hit(hit) and hit.body == body
                redis_server.command("FLUSHALL")


@pytest.mark.parametrize("mode", ["report", "off"])
@pytest.mark.parametrize("framing", SIZED, ids=str)
def test_too_large_a_body_streams_when_not_enforcing(gateway, upstream,
                                                     redis_server, framing,
                                                     mode):
    node = gateway(location_extra=f"batch_dial_max_body {LIMIT}; "
                                  f"batch_dial_schema_mode {mode};")
    body = sized(LIMIT * 50)
    upstream.rule(job="job-active", body=body, headers=[["X-Own", "told"]],
                  **framing)
    said = [("If-None-Match", "*"), ("X-Api-Key", "stolen")]
    with node.connect() as connection:
        for _ in range(2):
            answer = connection.request("GET", f"{READ}?x=1", bearer() + said)
            assert (answer.status, answer.body) == (200, body)
            assert answer.complete
            assert answer["x-own"] == "told"
            assert cache_status(answer)["fwd"] == "uri-miss"
            assert not is_stored(answer)
        head = connection.request("HEAD", READ, bearer())
        assert (head.status, head.body) == (200, b"")
    assert entries(redis_server) == 0
    for request in upstream.requests():
        assert request.target == READ
        assert not {"if-none-match", "x-api-key"} \
            & {name.lower() for name, _ in request.headers}


def test_too_large_an_error_streams(gateway, upstream):
    node = gateway(location_extra=f"batch_dial_max_body {LIMIT};")
    upstream.rule(job="job-active", status=404, body=sized(LIMIT * 50))
    answer = node.read("job-active")
    assert (answer.status, answer.body) == (404, sized(LIMIT * 50))


# Codings

def test_gzip_in_spite_of_identity_is_refused(gateway, upstream,
                                              redis_server):
    node = gateway()
    upstream.rule(job="job-active", gzip=True)
    answer = node.read("job-active", headers=[("Accept-Encoding", "gzip")])
    assert violation(answer)[:2] == ("", "contentEncoding")
    assert entries(redis_server) == 0


def test_gzip_is_passed_where_not_enforced(gateway, upstream, redis_server):
    node = gateway(location_extra="batch_dial_schema_mode report;")
    body = json.dumps(upstream.job("job-active")).encode()
    upstream.rule(job="job-active", gzip=True)
    answer = node.read("job-active")
    assert answer["content-encoding"] == "gzip"
    assert gzip.decompress(answer.body) == body
    assert entries(redis_server) == 0


def test_identity_named_is_no_coding(gateway, upstream):
    node = gateway()
    upstream.rule(job="job-active", headers=[["Content-Encoding",
                                              "identity"]])
    assert is_stored(node.read("job-active"))
    assert is_hit(node.read("job-active"))


# Upstream fails

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
WHOLE = BODIES["compact"]

# What stays of each, up to where it breaks, would be a valid body.
BROKEN = {
    "length not reached": dict(body=WHOLE, content_length=len(WHOLE) + 1,
                               end="close"),
    "length cut": dict(body=WHOLE, cut=20),
    "no last chunk": dict(raw=HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
                          + b"%x\r\n%b\r\n" % (len(WHOLE), WHOLE)),
    "chunk cut": dict(body=WHOLE, framing="chunked", cut=20),
    "reset in the body": dict(body=WHOLE, framing="length",
                              content_length=len(WHOLE) + 1, end="reset"),
    "reset of a chunked body": dict(
        raw=HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
        + b"%x\r\n%b\r\n" % (len(WHOLE), WHOLE), end="reset"),
    "bad chunk": dict(raw=HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
                      + b"%x\r\n%b\r\nzz\r\n" % (len(WHOLE), WHOLE)),
    "nothing after the header": dict(body=WHOLE, cut=0),
    "hung up at once": dict(no_answer=True),
    "reset at once": dict(no_answer=True, end="reset"),
    "half a status line": dict(raw=b"HTTP/1.1 20"),
    "half a header": dict(raw=HEAD + b"Content-Len"),
    "header too large": dict(raw=HEAD + b"X: " + b"x" * 70000 + b"\r\n\r\n"),
    "header malformed": dict(raw=HEAD + b"Content-Length: \0\r\n\r\n"),
}


@pytest.mark.parametrize("buffering", ["on", "off"])
@pytest.mark.parametrize("fault", BROKEN)
def test_broken_answers(gateway, upstream, redis_server, fault, buffering):
    node = gateway(location_extra=f"proxy_buffering {buffering};")
    upstream.rule(job="job-active", times=1, **BROKEN[fault])
    with node.connect() as connection:
        answer = connection.request("GET", READ, bearer())
        problem(answer, 502, "upstream-unreachable")
        assert entries(redis_server) == 0
        # the client's connection has not suffered
        assert connection.request("GET", JOBS, bearer()).status == 200
    assert node.metrics()[
        'batch_dial_upstream_responses_total{outcome="lost"}'] == 1


def test_reset_of_a_body_that_ends_with_the_connection(gateway, upstream):
    node = gateway()
    upstream.rule(job="job-active", raw=HEAD + b"Connection: close\r\n\r\n"
                  + WHOLE, end="reset")
    problem(node.read("job-active"), 502, "upstream-unreachable")


def test_close_delimited_body_cut_short_is_no_json(gateway, upstream):
    """Nothing but the missing rest tells this from a whole answer."""
    node = gateway()
    upstream.rule(job="job-active", body=WHOLE, framing="close", cut=20)
    assert violation(node.read("job-active"))[:2] == ("", "json")


def test_answer_without_a_header_is_refused(gateway, upstream):
    node = gateway()                  # nginx takes it for HTTP/0.9
    upstream.rule(job="job-active", raw=WHOLE)
    assert violation(node.read("job-active"))[:2] == ("", "contentMediaType")


def test_refused_connection(gateway, upstream):
    node = gateway()
    upstream.refuse()
    problem(node.read("job-active"), 502, "upstream-unreachable")
    upstream.accept()


SLOW = {
    "before the header": dict(no_answer=True, end="hang"),
    "in the header": dict(raw=HEAD, end="hang"),
}


@pytest.mark.parametrize("where", SLOW)
def test_timeouts_before_the_body(gateway, upstream, where):
    node = gateway(location_extra="proxy_read_timeout 200ms;")
    upstream.rule(job="job-active", **SLOW[where])
    with node.connect() as connection:
        answer = connection.request("GET", READ, bearer())
        problem(answer, 504, "upstream-timeout")
        assert 0.2 <= answer.elapsed < 5
        assert connection.request("GET", JOBS, bearer()).status == 200
    upstream.release("hang")


@pytest.mark.parametrize("buffering", ["on", "off"])
@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
def test_timeout_in_the_body(gateway, upstream, redis_server, framing,
                             buffering):
    node = gateway(location_extra="proxy_read_timeout 200ms; "
                                  f"proxy_buffering {buffering};")
    upstream.rule(job="job-active", body=WHOLE, framing=framing,
                  hold={"mid_body": "gate"})
    answer = node.read("job-active")
    if answer.status == 504:
        problem(answer, 504, "upstream-timeout")
    else:                             # nginx itself calls it 502
        problem(answer, 502, "upstream-unreachable")
    assert entries(redis_server) == 0
    upstream.release("gate")


def test_failures_of_upstream_in_the_log(gateway, upstream):
    """The access log says of a failure what it says without us."""
    node = gateway(
        http_extra='log_format states "$status|$upstream_status|'
                   '$upstream_addr";',
        server_extra="access_log %%DIR%%/states.log states;",
        location_extra="proxy_read_timeout 200ms;")
    upstream.rule(job="job-active", no_answer=True)
    upstream.rule(job="job-paused", no_answer=True, end="hang")
    upstream.rule(job="job-init", body=WHOLE, content_length=9999,
                  end="close")
    upstream.rule(job="job-complete", status=503)
    for job in ("active", "paused", "init", "complete"):
        node.read(f"job-{job}")
    address = f"127.0.0.1:{upstream.port}"
    assert log_lines(node.directory / "states.log", 4) == [
        f"502|502|{address}", f"504|504|{address}", f"502|200|{address}",
        f"503|503|{address}"]
    upstream.release("hang")
