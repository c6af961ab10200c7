"""Tests of the stand-in API in tests/upstream: the API, and the rules by
which tests bend it.  Every other test trusts what this one shows."""

import gzip
import json
import socket

import pytest

from lib import client
from lib.client import Connection, NoAnswer
from lib.upstream import ALICE, BOB, CAROL, JOBS, ControlError
from lib.wait import wait_until


def ask(upstream, method, target, key=ALICE, said=None, headers=()):
    """One request straight to the stand-in."""
    fields = list(headers)
    if key is not None:
        fields.append(("Authorization", f"Bearer {key}"))
    body = None if said is None else json.dumps(said).encode()
    return client.http(upstream.address, method, target, fields, body)


def read(upstream, job="job-active", key=ALICE):
    return ask(upstream, "GET", f"{JOBS}/{job}", key)


def members(answer):
    assert answer.status == 200, answer
    assert answer["content-type"] == "application/json"
    return json.loads(answer.body)


# the API

@pytest.mark.parametrize(
    "status", ["INIT", "ACTIVE", "PAUSED", "COMPLETE", "CANCELLED"])
def test_seed_has_a_job_of_each_status(upstream, status):
    job = members(read(upstream, f"job-{status.lower()}"))
    assert job["status"] == status
    assert set(job) >= {"id", "name", "status", "callAgentId",
                        "maxConcurrentDials", "createdAt"}


def test_keys_of_a_workspace_see_the_same_jobs(upstream):
    assert members(read(upstream, key=ALICE)) \
        == members(read(upstream, key=BOB))
    assert read(upstream, key=CAROL).status == 404
    assert members(read(upstream, "job-south", CAROL))["id"] == "job-south"


@pytest.mark.parametrize("key", [None, "tok-unknown-SECRET"])
def test_other_keys_are_refused(upstream, key):
    answer = read(upstream, key=key)
    assert answer.status == 401
    assert "error" in json.loads(answer.body)


def test_key_is_revoked_restored_and_added(upstream):
    upstream.revoke(BOB)
    assert read(upstream, key=BOB).status == 401
    assert read(upstream, key=ALICE).status == 200
    upstream.restore(BOB)
    assert read(upstream, key=BOB).status == 200
    upstream.add_key("tok-new-SECRET", "south")
    assert read(upstream, "job-south", "tok-new-SECRET").status == 200
    with pytest.raises(ControlError, match="no such key"):
        upstream.revoke("tok-unknown-SECRET")


def test_unknown_job_answers_as_set(upstream):
    assert read(upstream, "job-none").status == 404
    upstream.settings(unknown_job_status=422)
    assert read(upstream, "job-none").status == 422


def test_created_job_starts_in_init(upstream):
    made = members(ask(upstream, "POST", JOBS, said={
        "name": "Spring", "callAgentId": "agent-1"}))
    assert made["status"] == "INIT"
    assert made["name"] == "Spring"
    assert members(read(upstream, made["id"])) == made


@pytest.mark.parametrize("said, status", [
    ({"name": "no agent"}, 422),
    ({"name": "", "callAgentId": "a"}, 422),
    ({"name": "x", "callAgentId": "a", "maxConcurrentDials": True}, 422),
    ({"name": "x", "callAgentId": "a", "schedule": {"days": 1}}, 422),
    (["a list"], 400),
])
def test_bad_creation_is_refused(upstream, said, status):
    answer = ask(upstream, "POST", JOBS, said=said)
    assert answer.status == status
    assert "error" in json.loads(answer.body)


def test_update_of_a_resting_job_shows_at_once(upstream):
    ask(upstream, "PUT", f"{JOBS}/job-init", said={"name": "New"})
    assert members(read(upstream, "job-init"))["name"] == "New"


def test_update_of_a_running_job_waits_for_its_pause(upstream):
    old = members(read(upstream))["name"]
    answer = ask(upstream, "PUT", f"{JOBS}/job-active", said={"name": "New"})
    assert members(answer)["name"] == old
    answer = ask(upstream, "POST", f"{JOBS}/job-active/paused",
                 said={"paused": True})
    assert members(answer)["status"] == "PAUSED"
    assert members(answer)["name"] == "New"


def test_jobs_start_pause_and_resume(upstream):
    path = f"{JOBS}/job-init/paused"
    for paused, status in ((False, "ACTIVE"), (True, "PAUSED"),
                           (True, "PAUSED"), (False, "ACTIVE")):
        answer = ask(upstream, "POST", path, said={"paused": paused})
        assert members(answer)["status"] == status
        assert members(read(upstream, "job-init"))["status"] == status


@pytest.mark.parametrize("job", ["job-complete", "job-cancelled"])
def test_ended_job_does_not_resume(upstream, job):
    answer = ask(upstream, "POST", f"{JOBS}/{job}/paused",
                 said={"paused": False})
    assert answer.status == 400


def test_running_job_completes_with_time(upstream):
    upstream.put_job("job-short", status="INIT", duration=0.05)
    ask(upstream, "POST", f"{JOBS}/job-short/paused", said={"paused": False})
    wait_until(lambda: members(read(upstream, "job-short"))["status"]
               == "COMPLETE")
    dials = members(ask(upstream, "GET", f"{JOBS}/job-short/dials"))
    queue = members(ask(upstream, "GET", f"{JOBS}/job-short/queue"))
    assert len(dials["data"]) == 10
    assert queue == {"data": [], "cursor": None}


def test_paused_job_does_not_complete(upstream):
    upstream.put_job("job-paused-2", status="PAUSED", duration=0)
    assert members(read(upstream, "job-paused-2"))["status"] == "PAUSED"


def test_list_goes_page_by_page(upstream):
    seen, target = [], f"{JOBS}?limit=3"
    while True:
        page = members(ask(upstream, "GET", target))
        seen += [job["id"] for job in page["data"]]
        if page["cursor"] is None:
            break
        assert len(page["data"]) == 3
        target = f"{JOBS}?limit=3&cursor={page['cursor']}"
    assert len(seen) == len(set(seen)) == 7
    assert "job-south" not in seen


@pytest.mark.parametrize("query", ["cursor=!", "limit=0", "limit=x",
                                   "limit=101", "cursor=LTE="])
def test_bad_paging_is_refused(upstream, query):
    assert ask(upstream, "GET", f"{JOBS}?{query}").status == 400


@pytest.mark.parametrize("method, target, status", [
    ("DELETE", f"{JOBS}/job-active", 405),
    ("GET", f"{JOBS}/job-active/paused", 405),
    ("PUT", JOBS, 405),
    ("GET", f"{JOBS}/job-active/elsewhere", 404),
    ("GET", "/elsewhere", 404),
    ("GET", f"{JOBS}x", 404),
])
def test_other_calls_are_refused(upstream, method, target, status):
    assert ask(upstream, method, target).status == status


def test_head_and_options(upstream):
    full = read(upstream)
    head = ask(upstream, "HEAD", f"{JOBS}/job-active")
    assert head.headers == full.headers
    assert head.body == b""
    options = ask(upstream, "OPTIONS", JOBS, key=None)
    assert options.status == 204
    assert options["content-length"] is None


# the control of jobs

def test_job_changes_behind_the_api(upstream):
    read(upstream)
    upstream.patch_job("job-active", name=None)
    assert members(read(upstream))["name"] is None
    upstream.patch_job("job-active", status="ANYTHING")
    job = members(read(upstream))
    assert (job["status"], job["name"]) == ("ANYTHING", None)
    assert upstream.job("job-active") == job
    upstream.delete_job("job-active")
    assert read(upstream).status == 404


def test_reset_brings_the_seed_back(upstream):
    upstream.patch_job("job-active", status="PAUSED")
    upstream.revoke(ALICE)
    upstream.rule(status=500)
    upstream.reset()
    assert members(read(upstream))["status"] == "ACTIVE"
    assert upstream.calls() == 1
    assert upstream.control("GET", "rules") == []


def test_state_from_a_file(world):
    path = world.directory / "state.json"
    path.write_text(json.dumps({"w": {"keys": ["tok-SECRET"], "jobs": [
        {"members": {"id": "one", "status": "INIT"}}]}}), encoding="utf-8")
    upstream = world.upstream(state=path)
    assert members(read(upstream, "one", "tok-SECRET"))["id"] == "one"


# counting and recording

def test_counts_by_everything(upstream):
    read(upstream)
    read(upstream, key=BOB)
    read(upstream, "job-none")
    ask(upstream, "GET", f"{JOBS}?limit=1")
    ask(upstream, "GET", f"{JOBS}/job-active/dials")
    ask(upstream, "PUT", f"{JOBS}/job-init", said={})
    counts = upstream.counts()
    assert counts.total == upstream.calls() == 6
    assert counts.by_kind == {"read": 3, "list": 1, "dials": 1, "write": 1}
    assert counts.by_request[f"GET {JOBS}/job-active"] == 2
    assert counts.by_key == {ALICE: 5, BOB: 1}
    assert counts.by_status == {"200": 5, "404": 1}
    assert counts.connections_total == 6
    assert upstream.calls(job="job-active") == 2
    upstream.reset("counts")
    assert upstream.calls() == 0


def test_records_requests_as_received(upstream):
    fields = [("Host", "h"), ("x-ONE", "1"), ("X-Two", "a b"),
              ("x-one", "again"), ("Content-Length", "4")]
    with Connection(upstream.address) as connection:
        connection.send("PUT", f"{JOBS}/job%2Dinit?q=%41", fields, b"\0\xffab")
        assert connection.receive().status == 401
    request, = upstream.requests()
    assert request.method == "PUT"
    assert request.target == f"{JOBS}/job%2Dinit?q=%41"
    assert request.version == "HTTP/1.1"
    assert request.headers == fields
    assert request.body == b"\0\xffab"
    assert (request.key, request.status) == (None, 401)
    assert upstream.requests("read") == []


def test_reads_chunked_bodies(upstream):
    with Connection(upstream.address) as connection:
        connection.send_raw(
            b"PUT %s/job-init HTTP/1.1\r\nTransfer-Encoding: chunked\r\n"
            b"Authorization: Bearer %s\r\n\r\n"
            b"7\r\n{\"name\"\r\nC;x=y\r\n: \"chunked\"}\r\n0\r\n\r\n"
            % (JOBS.encode(), ALICE.encode()))
        assert members(connection.receive())["name"] == "chunked"


def test_counts_what_is_in_flight(upstream):
    upstream.rule(hold={"before_headers": "gate"})
    connections = [Connection(upstream.address) for _ in range(3)]
    for connection in connections:
        connection.send("GET", f"{JOBS}/job-active")
    upstream.wait_waiting("gate", 3)
    assert upstream.counts().in_flight == 3
    upstream.release("gate")
    for connection in connections:
        assert connection.receive().status == 401
        connection.close()
    counts = upstream.counts()
    assert (counts.in_flight, counts.max_in_flight) == (0, 3)
    assert counts.connections_max == 3
    wait_until(lambda: upstream.counts().connections == 0)


def test_counts_peers_that_leave(upstream):
    upstream.rule(hold={"mid_body": "gate"})
    with Connection(upstream.address) as connection:
        connection.send("GET", f"{JOBS}/job-active")
        upstream.wait_waiting("gate")
    wait_until(lambda: upstream.counts().aborted == 1)
    assert upstream.requests()[0].aborted
    assert upstream.counts().in_flight == 0


def test_pipelined_requests_are_answered_in_order(upstream):
    upstream.rule(job="job-active", delay=0.05)
    with Connection(upstream.address) as connection:
        for job in ("job-active", "job-paused", "job-init"):
            connection.send("GET", f"{JOBS}/{job}",
                            [("Authorization", f"Bearer {ALICE}")])
        got = [members(connection.receive())["id"] for _ in range(3)]
    assert got == ["job-active", "job-paused", "job-init"]


@pytest.mark.parametrize("data", [
    b"nonsense\r\n\r\n", b"GET / HTTP/2.0\r\n\r\n",
    b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
    b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    b"PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
])
def test_malformed_requests_are_refused(upstream, data):
    with Connection(upstream.address) as connection:
        connection.send_raw(data)
        assert connection.receive().status == 400
        assert connection.at_end()
    assert upstream.counts().malformed == 1


def test_http_10_closes_unless_asked(upstream):
    with Connection(upstream.address) as connection:
        connection.send_raw(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n"
                            b"\r\n")
        assert connection.receive()["connection"] == "keep-alive"
        connection.send_raw(b"GET / HTTP/1.0\r\n\r\n")
        assert connection.receive()["connection"] == "close"
        assert connection.at_end()


# rules

def test_rule_matches_all_it_names(upstream):
    upstream.rule(method="GET", kind="read", key=BOB, job="job-active",
                  status=500)
    assert read(upstream, "job-active", BOB).status == 500
    assert read(upstream, "job-paused", BOB).status == 200
    assert read(upstream, "job-active", ALICE).status == 200
    assert ask(upstream, "HEAD", f"{JOBS}/job-active", BOB).status == 200


def test_rule_skips_and_runs_out_and_the_next_takes_over(upstream):
    upstream.rule(skip=1, times=2, status=500)
    upstream.rule(times=1, status=429)
    got = [read(upstream).status for _ in range(5)]
    assert got == [429, 500, 500, 200, 200]
    assert [rule["hits"] for rule in upstream.control("GET", "rules")] \
        == [2, 1]


def test_rules_are_dropped(upstream):
    first = upstream.rule(status=500)
    upstream.rule(status=502)
    upstream.drop_rule(first)
    assert read(upstream).status == 502
    upstream.drop_rules()
    assert read(upstream).status == 200


@pytest.mark.parametrize("rule", [
    {"colour": "red"}, {"framing": "none"}, {"end": "never"},
    {"hold": {"somewhere": "gate"}},
])
def test_senseless_rules_are_refused(upstream, rule):
    with pytest.raises(ControlError, match="unknown"):
        upstream.rule(**rule)


def test_writes_take_place_unless_refused(upstream):
    path = f"{JOBS}/job-init"
    upstream.rule(times=1, status=503)
    upstream.rule(times=1, status=503, apply=True)
    assert ask(upstream, "PUT", path, said={"name": "A"}).status == 503
    assert upstream.job("job-init")["name"] != "A"
    assert ask(upstream, "PUT", path, said={"name": "B"}).status == 503
    assert upstream.job("job-init")["name"] == "B"


def test_status_reason_version_and_headers(upstream):
    upstream.rule(status=503, reason="Too Busy", version="1.0",
                  retry_after=7, cache_control="no-store",
                  headers=[["Set-Cookie", "a=1"], ["Set-Cookie", "b=2"]],
                  etag='"x"', content_type="text/plain", body="no")
    answer = read(upstream)
    assert (answer.version, answer.status, answer.reason) \
        == ("HTTP/1.0", 503, "Too Busy")
    assert answer["retry-after"] == "7"
    assert answer["cache-control"] == "no-store"
    assert answer["etag"] == '"x"'
    assert answer["content-type"] == "text/plain"
    assert answer.all("set-cookie") == ["a=1", "b=2"]
    assert answer.body == b"no"


def test_error_status_has_a_plausible_body(upstream):
    upstream.rule(status=429)
    answer = read(upstream)
    assert json.loads(answer.body)["error"]["message"] == "Too Many Requests"
    upstream.drop_rules()
    upstream.rule(status=599)
    assert read(upstream).status == 599


@pytest.mark.parametrize("status", [204, 304])
def test_bodyless_status(upstream, status):
    upstream.rule(status=status)
    answer = read(upstream)
    assert (answer.status, answer.body) == (status, b"")
    assert answer["content-length"] is None


def test_headers_are_removed(upstream):
    upstream.rule(remove_headers=["content-type"])
    assert read(upstream)["content-type"] is None


def test_body_is_given_patched_and_bereft(upstream):
    upstream.rule(times=1, body=b"\x00\xff{not json")
    upstream.rule(times=1, patch={"status": "X", "more": 1}, drop=["name"])
    upstream.rule(times=1, json_body=[1])
    assert read(upstream).body == b"\x00\xff{not json"
    job = members(read(upstream))
    assert (job["status"], job["more"]) == ("X", 1)
    assert "name" not in job
    assert members(read(upstream)) == [1]


def test_gzip(upstream):
    whole = read(upstream).body
    upstream.rule(gzip=True)
    answer = read(upstream)
    assert answer["content-encoding"] == "gzip"
    assert gzip.decompress(answer.body) == whole


@pytest.mark.parametrize("size", [None, 1, 100000])
def test_chunked(upstream, size):
    whole = read(upstream).body
    upstream.rule(framing="chunked",
                  **({} if size is None else {"chunk_size": size}))
    with Connection(upstream.address) as connection:
        for _ in range(2):
            answer = connection.request(
                "GET", f"{JOBS}/job-active",
                [("Authorization", f"Bearer {ALICE}")])
            assert answer["transfer-encoding"] == "chunked"
            assert answer["content-length"] is None
            assert (answer.body, answer.complete) == (whole, True)


def test_close_delimited(upstream):
    whole = read(upstream).body
    upstream.rule(framing="close")
    answer = read(upstream)
    assert answer["content-length"] is answer["transfer-encoding"] is None
    assert answer.body == whole


@pytest.mark.parametrize("rule", [
    {"content_length": 5000, "end": "close"},
    {"cut": 10},
    {"cut": 10, "framing": "chunked"},
    {"cut": 0, "framing": "chunked"},
    {"cut": 10, "end": "reset"},
])
def test_truncated(upstream, rule):
    whole = read(upstream).body
    upstream.rule(**rule)
    answer = read(upstream)
    assert not answer.complete
    assert answer.body == whole[:rule.get("cut")]


def test_reset_arrives_as_reset(upstream):
    upstream.rule(cut=10, framing="close", end="reset")
    with socket.create_connection(upstream.address, 10) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            while connection.recv(65536):
                pass


@pytest.mark.parametrize("end", ["close", "reset"])
def test_no_answer_at_all(upstream, end):
    upstream.rule(no_answer=True, end=end)
    with pytest.raises(NoAnswer):
        read(upstream)
    assert upstream.counts().by_status == {"None": 1}


def test_raw_answer(upstream):
    upstream.rule(raw=b"HTTP/1.1 100 Continue\r\n\r\n"
                      b"HTTP/1.1 200 OK\r\nX:y\r\n\r\nraw")
    answer = read(upstream)
    assert (answer["x"], answer.body) == ("y", b"raw")


@pytest.mark.parametrize("rule", [
    {"no_answer": True, "end": "hang"},
    {"cut": 10, "end": "hang"},
])
def test_hangs_until_released(upstream, rule):
    upstream.rule(**rule)
    with Connection(upstream.address) as connection:
        connection.send("GET", f"{JOBS}/job-active",
                        [("Authorization", f"Bearer {ALICE}")])
        upstream.wait_waiting("hang")
        upstream.release("hang")
        if "cut" in rule:
            assert len(connection.receive().body) == 10
        assert connection.at_end()


@pytest.mark.parametrize("place", ["before_headers", "after_headers",
                                   "mid_body"])
def test_holds_at_each_place(upstream, place):
    whole = read(upstream).body
    upstream.rule(hold={place: "gate"})
    with Connection(upstream.address) as connection:
        connection.send("GET", f"{JOBS}/job-active",
                        [("Authorization", f"Bearer {ALICE}")])
        upstream.wait_waiting("gate")
        had = {"before_headers": b"", "after_headers": b"\r\n\r\n",
               "mid_body": whole[:len(whole) // 2]}[place]
        if had:
            while not connection.buffer.endswith(had):
                connection.buffer += connection.socket.recv(65536)
        upstream.release("gate")
        assert connection.receive().body == whole


def test_gate_stays_open_until_shut(upstream):
    upstream.rule(hold={"before_headers": "gate"})
    upstream.release("gate")
    assert read(upstream).status == 200
    upstream.shut("gate")
    with Connection(upstream.address) as connection:
        connection.send("GET", f"{JOBS}/job-active")
        upstream.wait_waiting("gate")


def test_held_answer_tells_the_state_of_its_arrival(upstream):
    upstream.rule(times=1, hold={"before_headers": "gate"})
    with Connection(upstream.address) as connection:
        connection.send("GET", f"{JOBS}/job-active",
                        [("Authorization", f"Bearer {ALICE}")])
        upstream.wait_waiting("gate")
        upstream.patch_job("job-active", status="COMPLETE")
        assert members(read(upstream))["status"] == "COMPLETE"
        upstream.release("gate")
        assert members(connection.receive())["status"] == "ACTIVE"


@pytest.mark.parametrize("member", ["delay", "delay_after_headers",
                                    "delay_mid_body"])
def test_delays(upstream, member):
    whole = read(upstream).body
    upstream.rule(**{member: 0.1})
    answer = read(upstream)
    assert answer.elapsed >= 0.1
    assert answer.body == whole


def test_large_bodies_pass_whole(upstream):
    body = b"x" * 5_000_000
    upstream.rule(body=body)
    assert read(upstream).body == body


# the listener

def test_refuses_and_accepts_connections(upstream):
    with Connection(upstream.address) as connection:
        connection.request("GET", "/")
        upstream.refuse()
        upstream.refuse()
        assert connection.at_end()
    with pytest.raises(ConnectionRefusedError):
        read(upstream)
    upstream.accept()
    upstream.accept()
    assert read(upstream).status == 200


def test_restarts_on_the_same_port(upstream):
    upstream.kill()
    with pytest.raises(ConnectionRefusedError):
        read(upstream)
    upstream.restart()
    assert read(upstream).status == 200


def test_tls_tells_the_name_asked_for(world):
    identity = world.identity()
    upstream = world.upstream(tls=identity)
    answer = client.http(upstream.address, "GET", f"{JOBS}/job-active",
                         [("Authorization", f"Bearer {ALICE}")],
                         tls=identity.client_context(),
                         server_name="localhost")
    assert answer.status == 200
    assert upstream.requests()[0].sni == "localhost"


def test_job_that_breaks_the_schema(upstream):
    assert members(read(upstream, "job-broken"))["status"] == "RUNNING"
