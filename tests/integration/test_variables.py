"""$batch_dial_...: each of them, in a log, for each kind of request."""

import re

import pytest

from lib.expect import cache_status, is_hit, is_stored, log_lines
from lib.gateway import bearer
from lib.upstream import ALICE, BOB, JOBS
from lib.wait import wait_until

NAMES = ["cache", "tier", "job_id", "job_status", "credential", "schema",
         "schema_error", "redis_time", "age", "ttl"]
FORMAT = ("log_format all escape=none '"
          + "|".join(f"$batch_dial_{name}" for name in NAMES) + "';")
LOGGED = "access_log %%DIR%%/all.log all;"

READ = f"{JOBS}/job-complete"
EMPTY = dict.fromkeys(NAMES, "")


def logged(node, number):
    """The variables of so many requests, one dictionary for each."""
    return [dict(zip(NAMES, line.split("|"), strict=True))
            for line in log_lines(node.directory / "all.log", number)]


def start(gateway, **options):
    return gateway(http_extra=FORMAT + options.pop("http_extra", ""),
                   server_extra=LOGGED, **options)


def test_miss_and_hit(gateway, upstream):
    node = start(gateway)
    assert is_stored(node.read("job-complete"))
    assert is_hit(node.read("job-complete"))
    assert is_hit(node.request("HEAD", READ))
    miss, hit, head = logged(node, 3)
    for said in (miss, hit, head):
        assert said["job_id"] == "job-complete"
        assert said["job_status"] == "COMPLETE"
        assert re.fullmatch("[0-9a-f]{12}", said["credential"])
        assert said["credential"] == miss["credential"]
        assert said["schema_error"] == ""
        assert said["age"] in ("0", "1")
        assert 3230 <= int(said["ttl"]) <= 3600
    assert (miss["cache"], miss["tier"]) == ("MISS", "upstream")
    assert (hit["cache"], head["cache"]) == ("HIT", "HIT")
    assert (hit["tier"], head["tier"]) == ("memory", "memory")
    assert miss["schema"] == "valid"
    assert float(miss["redis_time"]) < 5
    assert re.fullmatch(r"\d+\.\d{3}", miss["redis_time"])
    assert (hit["redis_time"], head["redis_time"]) == ("", "")


def test_hit_of_redis(gateway, upstream):
    node = start(gateway, location_extra="batch_dial_memory off;")
    assert is_stored(node.read("job-complete"))
    assert is_hit(node.read("job-complete"))
    _, hit = logged(node, 2)
    assert (hit["cache"], hit["tier"]) == ("HIT", "redis")
    assert re.fullmatch(r"\d+\.\d{3}", hit["redis_time"])


def so_far(node):
    """The variables of the requests logged by now."""
    text = (node.directory / "all.log").read_text()
    return [dict(zip(NAMES, line.split("|"), strict=True))
            for line in text.splitlines()]


def last(node):
    return so_far(node)[-1]


def of_jobs(node):
    return [said for said in so_far(node) if said["job_id"]]


def test_age_and_ttl_move(gateway, upstream):
    node = start(gateway)
    node.read("job-complete")
    first, = logged(node, 1)
    wait_until(lambda: node.read("job-complete")["age"] == "2")
    wait_until(lambda: last(node)["age"] == "2")
    assert int(last(node)["ttl"]) < int(first["ttl"])


def test_expired(gateway, upstream):
    node = start(gateway, location_extra="batch_dial_ttl COMPLETE=1s;")
    node.read("job-complete")
    wait_until(lambda: not is_hit(node.read("job-complete")), timeout=5)
    wait_until(lambda: last(node)["cache"] == "EXPIRED")
    assert last(node)["tier"] == "upstream"
    assert last(node)["age"] == "0"
    assert last(node)["ttl"] in ("0", "1")


def test_stale(gateway, upstream):
    """A copy stands in for an upstream that fails; its ttl is below 0."""
    node = start(gateway, location_extra="batch_dial_ttl COMPLETE=1s;")
    node.read("job-complete")
    upstream.rule(job="job-complete", status=503)
    wait_until(lambda: cache_status(node.read("job-complete")).get("detail")
               == "stale")
    wait_until(lambda: last(node)["cache"] == "STALE")
    said = last(node)
    assert said["tier"] in ("memory", "redis")
    assert said["job_status"] == "COMPLETE"
    assert int(said["ttl"]) < 0
    assert int(said["age"]) >= 0


def test_updating(gateway, upstream):
    """A copy is served while another is fetched in the background."""
    node = start(gateway, location_extra="""
        batch_dial_ttl COMPLETE=1s;
        batch_dial_stale_while_revalidate 1h;
    """)
    node.read("job-complete")
    upstream.rule(job="job-complete", hold={"before_headers": "gate"})
    wait_until(lambda: cache_status(node.read("job-complete")).get("detail")
               == "stale")
    upstream.wait_waiting("gate")

    def updating():
        """What is said once the copy is stale by a millisecond at least."""
        node.read("job-complete")
        said = last(node)
        return said if int(said["ttl"]) < 0 else None

    said = wait_until(updating)
    assert said["cache"] == "UPDATING"
    assert said["tier"] in ("memory", "redis")
    upstream.release("gate")


def test_coalesced(gateway, upstream):
    node = start(gateway)
    upstream.rule(job="job-complete", hold={"before_headers": "gate"})
    with node.connect() as leader, node.connect() as follower:
        leader.send("GET", READ, bearer())
        upstream.wait_waiting("gate")
        follower.send("GET", READ, bearer())
        wait_until(lambda: node.metrics()[
            'batch_dial_flights_total{scope="host",result="joined"}'] == 1)
        upstream.release("gate")
        assert leader.receive().body == follower.receive().body

    # the metrics page is logged as well
    wait_until(lambda: len(of_jobs(node)) == 2)
    assert sorted(said["cache"] for said in of_jobs(node)) \
        == ["COALESCED", "MISS"]
    for line in of_jobs(node):
        assert line["tier"] == "upstream"
        assert line["job_status"] == "COMPLETE"
        assert line["age"] in ("0", "1")


def test_negative(gateway, upstream):
    node = start(gateway)
    assert node.read("job-none").status == 404
    assert node.read("job-none").status == 404
    first, again = logged(node, 2)
    assert (first["cache"], first["tier"]) == ("MISS", "upstream")
    assert (again["cache"], again["tier"]) == ("NEGATIVE", "memory")
    for name in ("job_status", "schema", "schema_error", "age", "ttl"):
        assert again[name] == "", name


def test_credentials_differ(gateway, upstream):
    node = start(gateway)
    for key in (ALICE, BOB, ALICE):
        node.read("job-complete", key)
    one, two, again = (said["credential"] for said in logged(node, 3))
    assert one == again != two


def test_credential_depends_on_the_secret(gateway, world, upstream):
    node = start(gateway)
    other_secret = world.directory / "other"
    other_secret.write_text("another-SECRET-of-16-bytes-and-more")
    other = start(gateway, SECRET_FILE=other_secret)
    for each in (node, other):
        each.read("job-complete")
    assert logged(node, 1)[0]["credential"] \
        != logged(other, 1)[0]["credential"]


def test_rejected(gateway, upstream):
    node = start(gateway)
    node.request("GET", READ, key=None)
    node.request("GET", READ, key=None,
                 headers=[("Authorization", "Bearer a b")])
    node.read("a.b")
    missing, malformed, bad_id = logged(node, 3)
    assert malformed == missing
    assert missing == {**EMPTY, "cache": "REJECTED",
                       "job_id": "job-complete"}
    assert re.fullmatch("[0-9a-f]{12}", bad_id.pop("credential"))
    assert bad_id["cache"] == "REJECTED"
    assert bad_id["job_id"] == ""


def test_pass_and_write(gateway, upstream):
    node = start(gateway)
    node.request("GET", JOBS)
    node.request("GET", f"{READ}/dials")
    node.request("PUT", READ, body=b"{}")
    lists, dials, write = logged(node, 3)
    for said, job in ((lists, ""), (dials, "job-complete"),
                      (write, "job-complete")):
        assert said["cache"] == "PASS"
        assert said["job_id"] == job
        assert re.fullmatch("[0-9a-f]{12}", said["credential"])
        for name in ("schema_error", "age"):
            assert said[name] == ""
    assert lists["redis_time"] == ""
    assert re.fullmatch(r"\d+\.\d{3}", write["redis_time"])


def test_not_ours(gateway, upstream):
    node = start(gateway)
    node.request("OPTIONS", READ, key=None)
    node.request("GET", "/api/other")
    node.request("GET", "/metrics", key=None)
    assert logged(node, 3) == [EMPTY] * 3


@pytest.mark.parametrize("mode, schema, error", [
    ("enforce", "invalid", "/status enum"),
    ("report", "invalid", "/status enum"),
    ("off", "skipped", ""),
])
def test_schema_verdicts(gateway, upstream, mode, schema, error):
    node = start(gateway, location_extra=f"batch_dial_schema_mode {mode};")
    node.read("job-broken")
    said, = logged(node, 1)
    assert (said["schema"], said["schema_error"]) == (schema, error)
    assert (said["cache"], said["tier"]) == ("MISS", "upstream")


def test_errors_and_failures(gateway, upstream):
    node = start(gateway)
    upstream.rule(job="job-complete", no_answer=True)
    node.read("job-none")
    node.read("job-complete")
    for said in logged(node, 2):
        assert (said["cache"], said["tier"]) == ("MISS", "upstream")
        for name in ("job_status", "schema", "schema_error", "age", "ttl"):
            assert said[name] == "", name


def test_bypass(gateway, upstream, redis_server):
    node = start(gateway)
    assert is_stored(node.read("job-complete"))
    redis_server.kill()
    node.read("job-paused")
    _, said = logged(node, 2)
    assert (said["cache"], said["tier"]) == ("BYPASS", "upstream")
    assert (said["job_status"], said["schema"]) == ("PAUSED", "valid")


def test_without_redis(gateway, upstream):
    node = start(gateway, redis=None)
    assert node.read("job-complete").status == 200
    said, = logged(node, 1)
    assert (said["cache"], said["redis_time"]) == ("MISS", "")


def test_variables_in_headers_and_maps(gateway, upstream):
    node = gateway(
        http_extra="map $batch_dial_cache $cached { HIT yes; default no; }",
        location_extra="""
            add_header X-Cached $cached;
            add_header X-Job "$batch_dial_job_id/$batch_dial_job_status";
        """)
    miss, hit = node.read("job-complete"), node.read("job-complete")
    assert (miss["x-cached"], hit["x-cached"]) == ("no", "yes")
    assert miss["x-job"] == hit["x-job"] == "job-complete/COMPLETE"


def test_variables_asked_early_do_not_stick(gateway, upstream):
    """Asked before anything is known, they are empty; the log knows more."""
    node = start(gateway, location_extra="""
        set $early "$batch_dial_cache$batch_dial_job_id";
        add_header X-Early "[$early]";
    """)
    assert node.read("job-complete")["x-early"] == "[]"
    said, = logged(node, 1)
    assert (said["cache"], said["job_id"]) == ("MISS", "job-complete")
