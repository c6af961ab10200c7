"""What the tests of freshness, test_fresh_*.py, have in common."""

import itertools
import json
import time

from . import client
from .entry import entry_field, job_key
from .expect import cache_status
from .gateway import bearer
from .upstream import ALICE, JOBS
from .wait import wait_until

STATUSES = ("INIT", "ACTIVE", "PAUSED", "COMPLETE", "CANCELLED")

JOB = "job-paused"                    # what a PUT changes shows at once
PATH = f"{JOBS}/{JOB}"

# The contract's numbers, and what a busy machine may add to each.
TOLD = 0.1                            # until other nodes know
BACKOFF = 1.0
DOUBT = 3.0                           # for which a host may be behind
SLACK = 0.6

SURE = "batch_dial_events_sure"
JOURNAL = "batch_dial_journal_length"

SHOWN = """
add_header X-Cache $batch_dial_cache always;
add_header X-Tier $batch_dial_tier always;
add_header X-Pid $pid always;
"""
SERVER = """
location /purge/ { batch_dial_purge; }
location = /stub { stub_status; }
"""

numbers = itertools.count()


def ttl(each, **others):
    """batch_dial_ttl: the same for every status, but for those named."""
    times = {**dict.fromkeys(STATUSES, each), **others}
    return "batch_dial_ttl " + " ".join(
        f"{status}={time}" for status, time in times.items()) + ";"


LONG = ttl("1h")
SHORT = ttl("200ms")


def start(gateway, location=LONG, server="", sure=True, **options):
    """A node that tells in header fields what it did; sure: once it hears
    the other nodes."""
    node = gateway(location_extra=SHOWN + location,
                   server_extra=SERVER + server, **options)
    if sure and options.get("redis", "some") is not None:
        wait_sure(node)
    return node


def wait_sure(node):
    wait_until(lambda: node.metrics()[SURE] == 1, what="a subscription")


# time

def pass_until(moment):
    """Waits until the clock says so, for what comes by time alone."""
    wait_until(lambda: time.monotonic() >= moment,
               max(0.0, moment - time.monotonic()) + 10.0)


def soon(condition, seconds=TOLD, what=None):
    """Waits for what must come within the time that the contract gives."""
    return wait_until(condition, seconds + SLACK, what)


def wait_answer(read, good, timeout=10.0, what=None):
    """Reads until an answer is good; that answer."""
    return wait_until(lambda: next(filter(good, [read()]), None), timeout,
                      what or good.__name__)


def last_served(read, limit):
    """Reads until it fails: (when the last 200 came, the first other)."""
    last = time.monotonic()
    deadline = last + limit
    while (answer := read()).status == 200:
        last = time.monotonic()
        assert last < deadline, f"served after {limit:g} s: {answer}"
    return last, answer


# answers

def is_stale(answer):
    return (answer.status == 200 and answer["cache-status"] is not None
            and cache_status(answer).get("detail") == "stale")


def is_fresh(answer):
    """Whether it came from the cache, and was fresh."""
    return (answer.status == 200 and answer["cache-status"] is not None
            and "hit" in cache_status(answer) and not is_stale(answer))


def detail(answer):
    """Where a hit was found; None: it is none."""
    return cache_status(answer).get("detail") if is_fresh(answer) else None


def name_of(answer):
    assert answer.status == 200, answer
    return json.loads(answer.body)["name"]


def reads(upstream, job=JOB):
    """The reads of a job that upstream has seen, in order."""
    return [request for request in upstream.requests("read")
            if request.target == f"{JOBS}/{job}"]


def wait_stored(redis_server, job=JOB, key=ALICE):
    """Waits until Redis holds the entry: a store delays nobody."""
    wait_until(lambda: redis_server.command("HEXISTS", job_key(job),
                                            entry_field(key)),
               what=f"an entry of {job}")


# writes

def put(node, name, job=JOB, key=ALICE, headers=()):
    """A write that gives a job another name."""
    return node.request("PUT", f"{JOBS}/{job}", key, headers,
                        json.dumps({"name": name}).encode())


def purge(node, job=JOB, method="PURGE"):
    """Needs no credential: who may is the business of allow and deny."""
    return node.request(method, f"/purge/{job}", key=None)


def bare_writes(upstream):
    """Writes are carried out and answered with nothing to store."""
    upstream.rule(kind="write", body='{"ok": 1}')


# many clients

def busy(node):
    """How many requests of clients a node works on, besides this one."""
    page = client.http(node.address, "GET", "/stub").body.decode()
    return int(page.split("Writing:")[1].split()[0]) - 1


def settle(node, number):
    """Waits until a node works on so many requests, and until these have
    got as far as they can: what is asked after them is answered."""
    wait_until(lambda: busy(node) >= number,
               what=lambda: f"{number} requests: {busy(node)}")
    for _ in range(2 * node.workers):
        node.read(f"barrier-{next(numbers)}")


def ask(nodes, number, job=JOB, key=ALICE):
    """Clients, dealt round the nodes, that read a job: their connections,
    once all have asked.  Nothing but this job may be held up."""
    before = [busy(node) for node in nodes]
    connections = []
    for n in range(number):
        connection = nodes[n % len(nodes)].connect()
        connection.send("GET", f"{JOBS}/{job}", bearer(key))
        connections.append(connection)
    for n, node in enumerate(nodes):
        settle(node, before[n] + len(range(n, number, len(nodes))))
    return connections


def answers_of(connections):
    return [connection.receive() for connection in connections]


def said(answers):
    """What the cache did for each, in order of the words."""
    return sorted(answer["x-cache"] for answer in answers)
