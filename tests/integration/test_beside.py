"""What else a configuration may ask of nginx beside the gateway: reads, hits,
refusals and writes are as without it."""

import pytest

from lib import client, nginx
from lib.entry import entry_field, job_key
from lib.gateway import bearer
from lib.upstream import ALICE, JOBS
from lib.wait import wait_until

LONG = "batch_dial_ttl INIT=1h ACTIVE=1h PAUSED=1h COMPLETE=1h CANCELLED=1h;"
JOB = "job-active"
PATH = f"{JOBS}/{JOB}"


def is_hit(answer):
    return answer["cache-status"].startswith("batch-dial; hit")


AROUND = {
    "lingering_close": "lingering_close always;",
    "reset_timedout": "reset_timedout_connection on; send_timeout 1s;",
    "unbuffered": "proxy_buffering off;",
    "sendfile": "sendfile on; tcp_nopush on; tcp_nodelay off;",
    "aio threads": "sendfile on; aio threads; aio_write on; directio 4k;",
    "output_buffers": "output_buffers 1 512; postpone_output 0;",
    "small buffers": "proxy_buffer_size 1k; proxy_buffers 2 1k;"
                     "proxy_busy_buffers_size 1k;",
    "proxy_cache": "proxy_cache one; proxy_cache_valid 1h;"
                   "proxy_cache_key $uri$http_authorization;",
    "proxy_cache with lock": "proxy_cache one; proxy_cache_lock on;"
                             "proxy_cache_use_stale updating;"
                             "proxy_cache_background_update on;",
    "proxy_store": "proxy_store %%DIR%%/stored$uri.$request_method;",
    "post_action": "post_action /after;",
    "mirror": "mirror /after; mirror_request_body on;",
    "auth_request": "auth_request /after;",
    "auth_request, no post": "auth_request /after; satisfy all;",
    "gzip": "gzip on; gzip_types *; gzip_min_length 1; gzip_vary on;",
    "gunzip": "gunzip on;",
    "add_header": "add_header X-Added always-there always; expires 1h;",
    "limit_rate": "limit_rate 1m;",
    "limit_req": "limit_req zone=req burst=1000 nodelay;",
    "limit_conn": "limit_conn conn 100;",
    "ignore_client_abort": "proxy_ignore_client_abort on;",
    "force_ranges": "proxy_force_ranges on;",
    "keepalive off": "keepalive_timeout 0;",
    "chunked off": "chunked_transfer_encoding off; etag off;",
    "if": 'if ($request_method = X) { return 418; } set $a "b";',
    "rewrite": "rewrite ^(.*)$ $1 break;",
    "try_files": "try_files /nothing-here @api;",
    "error_page": "error_page 404 /after; proxy_intercept_errors on;",
    "recursive error_page": "error_page 404 502 =200 /after;"
                            "recursive_error_pages on;",
    "access_log variables": "access_log %%DIR%%/vars.log vars;",
}

SERVER_EXTRA = """
location = /after { internal; proxy_pass http://api/after;
    proxy_method GET; proxy_pass_request_body off;
    proxy_set_header Content-Length ""; proxy_intercept_errors off; }
location @api { batch_dial on; proxy_pass http://api; }
location /purge/ { batch_dial_purge; }
"""

HTTP_EXTRA = """
proxy_cache_path %%DIR%%/cache keys_zone=one:1m;
limit_req_zone $binary_remote_addr zone=req:1m rate=1r/s;
limit_conn_zone $binary_remote_addr zone=conn:1m;
log_format vars '$batch_dial_cache $batch_dial_tier $batch_dial_job_id '
                '$upstream_addr $upstream_status $upstream_response_time '
                '$upstream_cache_status $request_time';
"""


@pytest.mark.parametrize("extra", AROUND.values(), ids=AROUND.keys())
def test_other_directives_around(monkeypatch, gateway, upstream, redis_server,
                                 extra):
    """A miss, hits, HEAD, 304, an error of upstream's, a refusal with a body
    and a write: all as without the directive."""
    if "rewrite" in extra:
        # nginx never frees the context it compiles its expressions in
        monkeypatch.setitem(nginx.SANITIZERS, "ASAN_OPTIONS",
                            "detect_leaks=0:halt_on_error=1:exitcode=86")
    node = gateway(http_extra=HTTP_EXTRA, server_extra=SERVER_EXTRA,
                   location_extra=LONG + extra)
    upstream.rule(path="/after", body="{}", status=200)
    for connection in (node.connect(), node.connect_h2()):
        with connection:
            for _ in range(2):
                check_round(node, connection, redis_server)


def check_round(node, connection, redis_server):
    def request(method, path, headers=(), data=None, key=ALICE):
        nonlocal connection
        if isinstance(connection, client.Connection):
            connection = node.connect()
        fields = [*(bearer(key) if key else ()), *headers]
        return connection.request(method, path, fields, data)

    assert node.request("PURGE", f"/purge/{JOB}", None).status == 204
    miss = request("GET", PATH)
    assert miss.status == 200
    assert miss.complete
    assert not is_hit(miss)
    assert b'"id": "job-active"' in miss.body
    wait_until(lambda: is_hit(request("GET", PATH)), what="a hit")

    hit = request("GET", PATH)
    assert hit.body == miss.body
    head = request("HEAD", PATH)
    assert (head.status, head.body) == (200, b"")
    assert request("GET", PATH, [("If-None-Match", hit["etag"])]).status \
        == 304
    part = request("GET", PATH, [("Range", "bytes=1-4")])
    assert part.body == miss.body[1:5]

    nobody = request("GET", f"{JOBS}/no-such-job")
    assert nobody.status in (404, 200)
    refused = request("POST", f"{PATH}/paused", (), b"x" * 10000, None)
    assert refused.status == 401

    # a write puts another entry in the place of the one before, or none
    before = redis_server.command("HGET", job_key(JOB), entry_field(ALICE))
    written = request("PUT", PATH, (), b'{"name": "%s"}' % (b"w" * 5000))
    assert written.status == 200
    assert written.complete
    assert before
    assert redis_server.command("HGET", job_key(JOB), entry_field(ALICE)) \
        != before
