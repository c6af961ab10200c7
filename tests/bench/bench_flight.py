"""What it costs when many clients wait for one answer.

Upstream holds its answer until all clients have asked and the gateway has
come to rest.  From then on the time until the answer reaches the last client
is told by the kernel, which stamps what arrives: how fast the bench itself
reads does not matter.  proxy_cache_lock is measured beside.
"""

import dataclasses
import select
import socket
import struct
import time

import bench_config
from bench_build import knows
from bench_fleet import Fleet
from bench_measure import Failed
from bench_scenarios import BODY_SIZE, PATH, TOKEN
from bench_servers import cpu_time
from bench_stats import medians
from bench_world import job_body

SIZES = (1, 10, 100, 1000, 5000)
PEER = "proxy_cache_lock"
PATIENCE = 20               # seconds
REST = 400                  # microseconds of 20 ms; an idle worker's tick
                            # takes up to a quarter of it
OK = b"HTTP/1.1 200 "

# Not in Python's socket module; the numbers are those of every Linux of ours.
SO_TIMESTAMPNS = 35

LOCK = bench_config.HTTP + bench_config.API + """
    proxy_cache_path %%DIR%%/cache levels=1:2 keys_zone=jobs:16m inactive=1h;

    server {
        listen 127.0.0.1:%%PORT_cached%% backlog=8192;

        location /api/ {
""" + bench_config.CACHE + """
            proxy_cache_lock on;
            proxy_cache_lock_timeout 10s;
            proxy_cache_lock_age 10s;
        }
    }
}
"""


@dataclasses.dataclass
class Case:
    """One flight: who leads the clients to whom."""
    server: object
    origin: "HeldOrigin"
    job: str
    clients: int
    peer: bool              # may fetch more: nginx wraps its count of uses


class HeldOrigin:
    """An upstream that answers when told to."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=8192)
        self.listener.settimeout(PATIENCE)
        self.port = self.listener.getsockname()[1]
        self.connections, self.answered = [], 0

    def close(self):
        self.listener.close()
        self.forget()

    def forget(self):
        for connection in self.connections:
            connection.close()
        self.connections, self.answered = [], 0

    def asked(self):
        """Waits for the fetch, which must be alone."""
        connection, _ = self.listener.accept()
        self.connections.append(connection)
        connection.settimeout(PATIENCE)
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(65536)

    def answer(self, job):
        """Answers whoever has asked, or asks by now."""
        while select.select([self.listener], [], [], 0)[0]:
            self.asked()
        body = job_body(job).encode()
        head = ("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n")
        for connection in self.connections[self.answered:]:
            connection.sendall(head.encode() + body)
        self.answered = len(self.connections)


def rows(options, directory):
    sizes = (1, 100, 1000) if options.quick else SIZES
    servers = {}
    with Fleet(directory) as fleet:
        origin = HeldOrigin()
        if knows("batch_dial_memory"):
            servers["flight"] = fleet.gateway("gateway", origin.port)
            servers["flight-2-workers"] = fleet.gateway(
                "two", origin.port, WORKERS=2)
        servers[PEER] = fleet.measured(
            "lock", LOCK, UPSTREAM_PORT=origin.port)
        rounds = [{(name, size): fly(Case(server, origin,
                                          f"job-{size}-{number:06d}", size,
                                          name == PEER))
                   for name, server in servers.items() for size in sizes}
                  for number in range(options.rounds)]
        origin.close()
    return [{"part": name, "size": size,
             "group": "peer" if name == PEER else "gateway",
             **medians([samples[name, size] for samples in rounds])}
            for name, size in rounds[0]]


def fly(case):
    """One flight; CPU time for one client, and milliseconds to the last."""
    address = ("127.0.0.1", case.server.port("cached"))
    clients = [connect(address) for _ in range(case.clients)]
    try:
        settled(case.server.pids)
        start = cpu_time(case.server.pids)
        request = (f"GET {PATH}/{case.job} HTTP/1.1\r\nHost: bench\r\n"
                   f"Authorization: Bearer {TOKEN}\r\n\r\n").encode()
        for client in clients:
            client.sendall(request)
        case.origin.asked()
        waiting = settled(case.server.pids)
        released = time.clock_gettime(time.CLOCK_REALTIME)
        case.origin.answer(case.job)
        last = answered(clients, case)
        end = settled(case.server.pids)
        fetches = len(case.origin.connections)
    finally:
        for client in clients:
            client.close()
        case.origin.forget()
    if fetches > 1 and not case.peer:
        raise Failed(f"{case.clients} clients: {fetches} fetches")
    return {"cpu": (end - start) / case.clients, "fetches": fetches,
            "wake_cpu": (end - waiting) / case.clients,
            "last_ms": (last - released) * 1000}


def connect(address):
    client = socket.create_connection(address, PATIENCE)
    client.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    return client


def settled(pids):
    """Waits until the workers rest; the CPU time they have used by then."""
    deadline = time.monotonic() + PATIENCE
    used, still = cpu_time(pids), 0
    while still < 4:
        time.sleep(0.02)
        now = cpu_time(pids)
        still = still + 1 if now - used < REST else 0
        used = now
        if time.monotonic() > deadline:
            raise Failed("the worker does not come to rest")
    return used


def answered(clients, case):
    """Waits for all answers; the moment the last one arrived."""
    poll = select.epoll()
    by_fd = {client.fileno(): client for client in clients}
    texts = dict.fromkeys(by_fd, b"")
    for fd in by_fd:
        poll.register(fd, select.EPOLLIN)
    poll.register(case.origin.listener, select.EPOLLIN)
    last, missing = 0, set(by_fd)
    while missing:
        case.origin.answer(case.job)
        ready = poll.poll(PATIENCE)
        if not ready:
            raise Failed(f"{len(missing)} clients got no answer")
        for fd in {fd for fd, _ in ready} & missing:
            data, arrived = receive(by_fd[fd])
            texts[fd] += data
            last = max(last, arrived)
            if whole(texts[fd]):
                missing.discard(fd)
            elif not data or not texts[fd].startswith(OK):
                raise Failed(f"{len(missing)} of {len(clients)} clients have "
                             f"no answer, one got {texts[fd][:400]!r}")
    poll.close()
    return last


def whole(text):
    """Whether that is all of a 200 with the job."""
    head, _, body = text.partition(b"\r\n\r\n")
    return head.startswith(OK) and len(body) >= BODY_SIZE


def receive(client):
    """What came, and when it arrived at this host."""
    data, ancillary, _, _ = client.recvmsg(65536, 128)
    for level, kind, value in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS):
            seconds, nanoseconds = struct.unpack("qq", value[:16])
            return data, seconds + nanoseconds / 1e9
    return data, time.clock_gettime(time.CLOCK_REALTIME)
