"""Who takes part in a run, each on a thread and with dice of its own.

An actor works off a deck of steps: all of them once in an order of its own,
then again in another.  So nothing is left out, and a seed says who does what
in which order; when exactly, and how the threads meet, is the machine's.
"""

import base64
import collections
import contextlib
import itertools
import json
import random
import re
import threading
import time

from history import Call, Fault, Peek, Purge, Read, Write
from lib.client import Connection, NoAnswer
from lib.upstream import JOBS

NORTH = ("tok-model-SECRET-1", "tok-model-SECRET-2", "tok-model-SECRET-3")
SOUTH = ("tok-model-SECRET-4", "tok-model-SECRET-5")
KEYS = dict.fromkeys(NORTH, "north") | dict.fromkeys(SOUTH, "south")
STRANGER = "tok-model-SECRET-nobody"
FICKLE = (NORTH[2], SOUTH[1])         # are revoked now and then

HOME = {"n-one": "north", "n-two": "north", "n-three": "north",
        "n-four": "north", "n-gone": "north", "s-one": "south",
        "s-two": "south"}
GONE = "n-gone"                       # is deleted and created now and then
ISLE = "n-isle"                       # the Islander's own
STATUSES = ("INIT", "ACTIVE", "PAUSED", "COMPLETE", "CANCELLED")

SOURCE = re.compile(r'"call-(\d+)"')
WRITE_HEADER = "X-Model-Write"
NODE_HEADER = "x-model-node"

LATENCY = 0.015                       # of upstream, when nothing is wrong


class Stage:
    """What the actors share."""

    def __init__(self, seed, nodes, upstream, redis, history):
        self.seed = seed
        self.nodes = nodes
        self.upstream = upstream
        self.redis = redis
        self.history = history
        self.over = threading.Event()
        self.write_numbers = itertools.count(1)
        self.redis_lock = threading.Lock()  # held to break it or look into it
        self.etags = {}               # (key, job): the last one seen

    def prepare(self):
        """Upstream's jobs and keys, and its latency."""
        self.upstream.settings(stamp=True)
        for number, (job, workspace) in enumerate(HOME.items()):
            self.upstream.put_job(job, workspace,
                                  status=STATUSES[number % len(STATUSES)])
        self.upstream.put_job(ISLE, "north", status="COMPLETE")
        for key, workspace in KEYS.items():
            self.upstream.add_key(key, workspace)
        self.steady = self.upstream.rule(delay=LATENCY)

    def redis_is_well(self):
        """For those who hold its lock."""
        process = self.redis.process
        return process.running and not process.stopped

    @contextlib.contextmanager
    def bent(self, **rule):
        """A rule that holds for a time; the first rule of all wins."""
        self.upstream.drop_rule(self.steady)
        number = self.upstream.rule(**{"delay": LATENCY, **rule})
        self.steady = self.upstream.rule(delay=LATENCY)
        try:
            yield
        finally:
            self.upstream.drop_rule(number)

    @contextlib.contextmanager
    def fault(self, kind, node=None):
        """Records that something is broken while the block lasts."""
        start = time.monotonic()
        try:
            yield
        finally:
            self.history.faults.append(
                Fault(kind, start, time.monotonic(), node))


class Actor(threading.Thread):
    """One who does steps, with pauses, until the run is over."""

    pause = (0.0, 0.04)               # seconds between steps, least and most

    def __init__(self, stage, name):
        super().__init__(name=name)
        self.stage = stage
        self.dice = random.Random(f"{stage.seed} {name}")
        self.counts = collections.Counter()
        self.dealt = threading.Event()  # the whole deck was done once
        self.error = None
        self.kept = {}                # node: a connection to use again

    def deck(self):
        """The steps, each as often as in one deal."""
        raise NotImplementedError

    def run(self):
        try:
            while not self.stage.over.is_set():
                deck = self.deck()
                self.dice.shuffle(deck)
                for step in deck:
                    if self.stage.over.is_set():
                        return
                    step()
                    self.counts[step.__name__] += 1
                    self.stage.over.wait(self.dice.uniform(*self.pause))
                self.dealt.set()
        except BaseException as error:  # told by the test
            self.error = error
            self.dealt.set()
        finally:
            for connection in self.kept.values():
                connection.close()

    # choices

    def node(self):
        return self.dice.choice(list(self.stage.nodes))

    def key_of(self, job):
        return self.dice.choice(NORTH if HOME[job] == "north" else SOUTH)

    def job(self):
        return self.dice.choice(list(HOME))

    # requests

    def connection(self, node, keep):
        """(connection, whether it was used before)."""
        if keep and node in self.kept:
            return self.kept.pop(node), True
        return Connection(self.stage.nodes[node].address), False

    def ask(self, node, method, target, key, headers=(), body=None,
            keep=False):
        """(start, end, answer or None, whether the connection was used)."""
        fields = [("Authorization", f"Bearer {key}"), *headers]
        start = time.monotonic()
        connection, reused = None, False
        try:
            connection, reused = self.connection(node, keep)
            answer = connection.request(method, target, fields, body)
        except (NoAnswer, OSError):
            answer = None
        end = time.monotonic()
        if connection is not None:
            if keep and answer is not None and answer.complete \
                    and answer["connection"] != "close":
                self.kept[node] = connection
            else:
                connection.close()
        return start, end, answer, reused

    def read(self, node, job, key, method="GET", headers=(), keep=False):
        """Reads a job and records it."""
        start, end, answer, reused = self.ask(
            node, method, f"{JOBS}/{job}", key, headers, keep=keep)
        self.note(node, job, key, method, start, end, answer, reused)

    def note(self, node, job, key, method, start, end, answer, reused=False):
        record = Read(start, end, node, key, job, method, None, reused=reused)
        if answer is None:
            self.counts["lost"] += 1
        else:
            etag = answer["etag"] or ""
            source = SOURCE.fullmatch(etag)
            record.status = answer.status
            record.source = int(source.group(1)) if source else None
            record.body = answer.body
            record.complete = answer.complete
            record.cache = answer["cache-status"] or ""
            self.count(record)
            if answer.status == 200 and etag:
                self.stage.etags[key, job] = etag
        self.stage.history.reads.append(record)

    def count(self, record):
        self.counts[str(record.status)] += 1
        if record.status in (200, 304):
            said = record.cache.replace("detail=", "").split("; ")
            for word in ("hit", "memory", "redis", "stale", "collapsed"):
                self.counts[word] += word in said
            self.counts["forwarded"] += "fwd=" in record.cache


class Reader(Actor):
    """Polls jobs, as clients of all sorts do."""

    def deck(self):
        return ([self.get] * 12 + [self.polling] * 8 + [self.head] * 2
                + [self.conditional] * 4 + [self.burst] * 3
                + [self.leaver, self.stranger, self.neighbour, self.list])

    def get(self):
        job = self.job()
        self.read(self.node(), job, self.key_of(job))

    def polling(self):
        """On a connection that is kept."""
        job = self.job()
        self.read(self.node(), job, self.key_of(job), keep=True)

    def head(self):
        job = self.job()
        self.read(self.node(), job, self.key_of(job), "HEAD")

    def conditional(self):
        job = self.job()
        key = self.key_of(job)
        etag = self.stage.etags.get((key, job), '"none"')
        self.read(self.node(), job, key, headers=[("If-None-Match", etag)])

    def burst(self):
        """Several at once, on both nodes."""
        job = self.job()
        key = self.key_of(job)
        with contextlib.ExitStack() as stack:
            started = []
            for _ in range(self.dice.randint(3, 6)):
                node = self.node()
                start = time.monotonic()
                connection = stack.enter_context(
                    Connection(self.stage.nodes[node].address))
                connection.send("GET", f"{JOBS}/{job}",
                                [("Authorization", f"Bearer {key}")])
                started.append((node, start, connection))
            for node, start, connection in started:
                try:
                    answer = connection.receive()
                except (NoAnswer, OSError):
                    answer = None
                self.note(node, job, key, "GET", start, time.monotonic(),
                          answer)

    def leaver(self):
        """Asks and does not wait."""
        job = self.job()
        with Connection(self.stage.nodes[self.node()].address) as connection:
            connection.send(
                "GET", f"{JOBS}/{job}",
                [("Authorization", f"Bearer {self.key_of(job)}")])
            self.stage.over.wait(self.dice.uniform(0.0, 0.02))
            connection.reset()

    def stranger(self):
        self.read(self.node(), self.job(), STRANGER)

    def neighbour(self):
        """A key of another workspace."""
        job = self.job()
        other = SOUTH if HOME[job] == "north" else NORTH
        self.read(self.node(), job, self.dice.choice(other))

    def list(self):
        self.ask(self.node(), "GET", JOBS, self.dice.choice(list(KEYS)))


class Writer(Actor):
    """Changes jobs, and looks at once what the gateway makes of it."""

    pause = (0.05, 0.25)

    def deck(self):
        return ([self.put] * 3 + [self.pause_job] * 2 + [self.resume] * 2
                + [self.refused, self.leave, self.leave])

    def put(self):
        job = self.job()
        said = {"name": f"Campaign {self.dice.randrange(10 ** 6)}"}
        self.write(job, "put", "PUT", "", said)

    def pause_job(self):
        self.write(self.job(), "pause", "POST", "/paused", {"paused": True})

    def resume(self):
        self.write(self.job(), "resume", "POST", "/paused", {"paused": False})

    def refused(self):
        self.write(self.job(), "refused", "PUT", "", {"name": ""})

    def leave(self):
        """Writes and does not wait for the outcome."""
        job, node = self.job(), self.node()
        key = self.key_of(job)
        number, fields, body = self.told(key, {"paused": False})
        start = time.monotonic()
        with Connection(self.stage.nodes[node].address) as connection:
            connection.send("POST", f"{JOBS}/{job}/paused", fields, body)
            self.stage.over.wait(self.dice.uniform(0.0, 0.03))
            connection.reset()
        self.stage.history.writes.append(Write(
            number, start, time.monotonic(), node, key, job, "resume", None,
            left=True))
        self.stage.over.wait(self.dice.uniform(0.25, 0.35))
        self.look(job, node)

    def told(self, key, said):
        """(number, header fields, body) of a write."""
        number = next(self.stage.write_numbers)
        return number, [("Authorization", f"Bearer {key}"),
                        (WRITE_HEADER, str(number))], json.dumps(said).encode()

    def write(self, job, what, method, part, said, node=None):
        node, key = node or self.node(), self.key_of(job)
        number, fields, body = self.told(key, said)
        start, end, answer, _ = self.ask(
            node, method, f"{JOBS}/{job}{part}", key, fields[1:], body)
        self.stage.history.writes.append(Write(
            number, start, end, node, key, job, what,
            None if answer is None else answer.status))
        self.look(job, node)

    def look(self, job, node):
        """Reads at once on the same node, a little later on both."""
        for _ in range(2):
            self.read(node, job, self.key_of(job))
        other, = set(self.stage.nodes) - {node}
        self.read(other, job, self.key_of(job))
        self.stage.over.wait(self.dice.uniform(0.1, 0.3))
        self.read(other, job, self.key_of(job))
        self.read(node, job, self.key_of(job))


class Overtaker(Writer):
    """Reads right behind a write, while Redis is slow to write but not to
    read: whoever does not wait for an invalidation is overtaken."""

    pause = (0.1, 0.4)
    SLOW = 0.02                       # seconds
    TOO_SLOW = 0.04                   # the gateway's patience is 0.05: on a
                                      # busy machine the end may come so late
                                      # that Redis is away

    def deck(self):
        return [self.overtake]

    def overtake(self):
        job, node = self.job(), self.node()
        self.key = self.key_of(job)
        self.read(node, job, self.key)
        # else what is read might be taken for a fetch begun with the write
        self.stage.over.wait(0.15)
        said = {"paused": self.dice.random() < 0.5}
        with self.stage.redis_lock:
            if not self.stage.redis_is_well():
                return
            # its end is told it, for Redis looks at its clock every 100 ms
            start = time.monotonic()
            self.stage.redis.command("CLIENT", "PAUSE", "1000", "WRITE")
            ender = threading.Timer(self.SLOW, self.unpause, (start,))
            ender.start()
            self.write(job, "pause", "POST", "/paused", said, node)
            ender.join()

    def unpause(self, start):
        self.stage.redis.command("CLIENT", "UNPAUSE")
        end = time.monotonic()
        if end - start > self.TOO_SLOW:
            self.stage.history.faults.append(Fault("redis_pause", start, end))

    def look(self, job, node):
        for _ in range(4):
            self.read(node, job, self.key)


class Islander(Writer):
    """Writes on a node that cannot tell Redis, and reads there when it can
    again: whatever the node had forgotten by then would still be in Redis.

    The job is nobody else's, whose reads would put something newer there, and
    fresh for long, but not until the next step; who reads is not who writes,
    for whom the write's answer is stored.  It is rare, for what Redis' faults
    excuse on the other node is not checked."""

    pause = (7.0, 11.0)
    READER, WRITER = NORTH[:2]

    def deck(self):
        return [self.cut_off, self.unannounced]

    def cut_off(self):
        """Redis hangs for so long that the node does not ask it any more: a
        command it was still sent it would find when it goes on."""
        with self.redis() as redis, self.stage.fault("redis_freeze"):
            node = self.node()
            self.settle(node)
            redis.stop()
            try:
                for _ in range(12):
                    self.read(node, self.job(), self.READER)
                    self.stage.over.wait(0.05)
                self.change(node)
            finally:
                redis.cont()
        self.look(ISLE, node)

    def unannounced(self):
        """Redis answers reads but takes no write."""
        with self.redis() as redis, self.stage.fault("redis_read_only"):
            node = self.node()
            self.settle(node)
            redis.make_read_only()
            try:
                self.change(node)
                self.look(ISLE, node)
            finally:
                redis.command("REPLICAOF", "NO", "ONE")
        self.look(ISLE, node)

    @contextlib.contextmanager
    def redis(self):
        """Redis, when it is well."""
        while True:
            with self.stage.redis_lock:
                if self.stage.redis_is_well():
                    yield self.stage.redis
                    return
            time.sleep(0.05)

    def settle(self, node):
        """A state in Redis, of which the write is news."""
        for _ in range(3):
            self.read(node, ISLE, self.READER)
            self.stage.over.wait(0.05)

    def change(self, node):
        number, fields, body = self.told(
            self.WRITER, {"name": f"Isle {self.dice.randrange(10 ** 6)}"})
        start, end, answer, _ = self.ask(node, "PUT", f"{JOBS}/{ISLE}",
                                         self.WRITER, fields[1:], body)
        self.stage.history.writes.append(Write(
            number, start, end, node, self.WRITER, ISLE, "put",
            None if answer is None else answer.status))

    def look(self, job, node):
        for _ in range(10):
            self.read(node, job, self.READER)
            self.stage.over.wait(0.05)


class Operator(Actor):
    """The vendor's dashboard, the administrator, and a look into Redis."""

    pause = (0.1, 0.3)

    def deck(self):
        return ([self.dashboard_status] * 4 + [self.dashboard_name] * 2
                 + [self.revoke, self.vanish, self.peek, self.peek]
                 + [self.purge] * 3)

    def dashboard_status(self):
        self.stage.upstream.patch_job(
            self.dice.choice([job for job in HOME if job != GONE]),
            status=self.dice.choice(STATUSES))

    def dashboard_name(self):
        self.stage.upstream.patch_job(
            self.dice.choice([job for job in HOME if job != GONE]),
            name=f"Dashboard {self.dice.randrange(10 ** 6)}")

    def revoke(self):
        """Revokes a key and restores it."""
        key = self.dice.choice(FICKLE)
        self.stage.upstream.revoke(key)
        self.stage.over.wait(self.dice.uniform(0.5, 2.5))
        self.stage.upstream.restore(key)

    def vanish(self):
        """Deletes a job and creates it again."""
        self.stage.upstream.delete_job(GONE)
        self.stage.over.wait(self.dice.uniform(0.5, 1.5))
        self.stage.upstream.put_job(GONE, HOME[GONE], status="PAUSED")

    def purge(self):
        job, node = self.job(), self.node()
        start, end, answer, _ = self.ask(node, "PURGE", f"/purge/{job}",
                                         STRANGER)
        self.stage.history.purges.append(Purge(
            start, end, node, job, None if answer is None else answer.status))
        self.read(node, job, self.key_of(job))

    def peek(self):
        """Everything Redis holds, unless it is down or frozen."""
        with self.stage.redis_lock:
            if self.stage.redis_is_well():
                for _, key, value in self.stage.redis.contents():
                    self.peeked(key, value)

    def peeked(self, key, value):
        job = re.search(rb"\{(.*)\}", key)
        if job is None or not isinstance(value, dict):
            return
        for name, data in value.items():
            if not name.startswith(b"e:"):
                continue              # a lease, a moment, an announcement
            self.counts["entries seen"] += b"{" in data
            self.stage.history.peeks.append(Peek(
                time.monotonic(), job.group(1).decode(),
                name.decode("latin-1"), data))


class Saboteur(Actor):
    """Breaks one thing after the other, and mends it."""

    pause = (0.2, 0.7)

    def deck(self):
        return [self.redis_kill, self.redis_freeze, self.worker_kill,
                self.worker_kill, self.reload, self.upstream_refuses,
                self.upstream_500, self.upstream_429, self.upstream_503,
                self.upstream_slow, self.upstream_hangs, self.upstream_cuts,
                self.upstream_invalid, self.upstream_no_store,
                self.writes_slow, self.writes_500]

    def wait(self, least, most):
        time.sleep(self.dice.uniform(least, most))

    def redis_kill(self):
        with self.stage.fault("redis_kill"):
            with self.stage.redis_lock:
                self.stage.redis.kill()
            self.wait(0.3, 1.0)
            with self.stage.redis_lock:
                self.stage.redis.restart()

    def redis_freeze(self):
        with self.stage.fault("redis_freeze"):
            with self.stage.redis_lock:
                self.stage.redis.stop()
            self.wait(0.2, 0.8)
            self.stage.redis.cont()

    def worker_kill(self):
        name = self.node()
        node = self.stage.nodes[name]
        with self.stage.fault("worker_kill", name):
            node.kill_worker(self.dice.choice(sorted(node.worker_pids())))

    def reload(self):
        name = self.node()
        with self.stage.fault("reload", name):
            self.stage.nodes[name].reload(wait_old=True)

    def upstream_refuses(self):
        with self.stage.fault("refused"):
            self.stage.upstream.refuse()
            self.wait(0.4, 1.0)
            self.stage.upstream.accept()

    def bend(self, least=0.4, most=1.0, **rule):
        with self.stage.bent(**rule):
            self.wait(least, most)

    def upstream_500(self):
        self.bend(status=self.dice.choice([500, 502, 504]), kind="read")

    def upstream_429(self):
        self.bend(status=429, kind="read", retry_after=1, times=2)

    def upstream_503(self):
        self.bend(status=503, kind="read", retry_after=1, times=2,
                  key=self.dice.choice(list(KEYS)))

    def upstream_slow(self):
        self.bend(delay=self.dice.uniform(0.1, 0.4), kind="read")

    def upstream_hangs(self):
        self.bend(delay=1.5, kind="read", times=3)

    def upstream_cuts(self):
        self.bend(kind="read", cut=self.dice.randint(0, 60),
                  framing=self.dice.choice(["length", "chunked"]))

    def upstream_invalid(self):
        self.bend(kind="read", patch=self.dice.choice([
            {"status": "RUNNING"}, {"id": "another"}, {"name": 5}]))

    def upstream_no_store(self):
        self.bend(kind="read", cache_control="no-store")

    def writes_slow(self):
        self.bend(0.8, 1.2, kind="write",
                  delay=self.dice.uniform(0.05, 0.3))

    def writes_500(self):
        """Carried out, but that is not what the answer says."""
        self.bend(0.8, 1.2, kind="write", status=500, apply=True)


class Metronome(Actor):
    """Notes how late the machine is."""

    BEAT = 0.02

    def run(self):
        self.dealt.set()
        due = time.monotonic() + self.BEAT
        while not self.stage.over.wait(max(0.0, due - time.monotonic())):
            late = time.monotonic() - due
            if late > 0.01:
                self.stage.history.lags.append((due, late))
            due = time.monotonic() + self.BEAT


def calls_of(upstream):
    """What upstream has recorded, as calls."""
    found = []
    for request in upstream.requests():
        headers = {name.lower(): value for name, value in request.headers}
        sent = {name.lower(): value for name, value in request.sent_headers}
        parts = request.target.partition("?")[0].split("/")
        write = headers.get(WRITE_HEADER.lower())
        retry, body = sent.get("retry-after"), request.sent_base64
        found.append(Call(
            request.number, request.time, request.ended, request.kind,
            request.key, parts[3] if len(parts) > 3 else None,
            headers.get(NODE_HEADER), request.status,
            None if body is None else base64.b64decode(body),
            "no-store" in sent.get("cache-control", ""),
            None if retry is None else float(retry), request.aborted,
            None if write is None else int(write)))
    return found
