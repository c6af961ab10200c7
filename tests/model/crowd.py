"""Many clients from one thread, so that the clients are not what is slow.

A Crowd asks once and all together; poll() asks again and again.
"""

import re
import selectors
import socket
import time
from dataclasses import dataclass

from lib.upstream import JOBS


def get(job, key, host="gateway"):
    """The bytes of a read."""
    return (f"GET {JOBS}/{job} HTTP/1.1\r\nHost: {host}\r\n"
            f"Authorization: Bearer {key}\r\n\r\n").encode()


@dataclass
class Answer:
    """What one client got; status None: the connection ended before."""

    time: float                       # of the last byte
    status: int | None
    head: str = ""
    body: bytes = b""


def parse(data, now):
    """The Answer in data; None while it is not complete."""
    head, found, body = data.partition(b"\r\n\r\n")
    if not found:
        return None
    head = head.decode("latin-1")
    length = re.search(r"(?i)^content-length: *(\d+)", head, re.M)
    if length is None or len(body) < int(length.group(1)):
        return None
    return Answer(now, int(head.split(" ", 2)[1]), head, body)


class Crowd:
    """Clients, each with a connection, dealt round the addresses."""

    def __init__(self, addresses, number):
        self.clients = []
        for n in range(number):
            client = socket.create_connection(addresses[n % len(addresses)])
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.clients.append(client)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        for client in self.clients:
            client.close()

    def send(self, request):
        for client in self.clients:
            client.sendall(request)

    def ports(self):
        """Each client's own port."""
        return [client.getsockname()[1] for client in self.clients]

    def collect(self, timeout):
        """Each client's Answer, in order; None: none came in time."""
        answers = [None] * len(self.clients)
        data = [b""] * len(self.clients)
        deadline = time.monotonic() + timeout
        with selectors.DefaultSelector() as selector:
            for n, client in enumerate(self.clients):
                selector.register(client, selectors.EVENT_READ, n)
            while selector.get_map() and time.monotonic() < deadline:
                for key, _ in selector.select(deadline - time.monotonic()):
                    n = key.data
                    more = received(key.fileobj)
                    now = time.monotonic()
                    data[n] += more
                    answers[n] = parse(data[n], now) if more \
                        else Answer(now, None)
                    if answers[n] is not None:
                        selector.unregister(key.fileobj)
        return answers


def received(client):
    try:
        return client.recv(65536)
    except ConnectionResetError:
        return b""


def poll(addresses, requests, seconds, interval, on_tick=lambda now: None):
    """One client for each request asks interval seconds after each answer.

    Returns the answers as [(index of the request, seconds waited, Answer)].
    on_tick is called about every 10 ms.
    """
    found = []
    end = time.monotonic() + seconds
    with Crowd(addresses, len(requests)) as crowd, \
            selectors.DefaultSelector() as selector:
        # spread over the first interval, as those are who came at any time
        due = {n: time.monotonic() + interval * n / len(requests)
               for n in range(len(requests))}
        waiting = {}                  # n: (time sent, data)
        for n, client in enumerate(crowd.clients):
            selector.register(client, selectors.EVENT_READ, n)
        while due or waiting:
            now = time.monotonic()
            on_tick(now)
            for n in [n for n, time_due in due.items() if time_due <= now]:
                del due[n]
                if now < end:
                    waiting[n] = now, b""
                    crowd.clients[n].sendall(requests[n])
            for key, _ in selector.select(0.01):
                n = key.data
                sent, data = waiting.pop(n)
                more = received(key.fileobj)
                now = time.monotonic()
                answer = parse(data + more, now) if more \
                    else Answer(now, None)
                if answer is None:
                    waiting[n] = sent, data + more
                    continue
                found.append((n, now - sent, answer))
                if answer.status is None:
                    selector.unregister(key.fileobj)
                else:
                    due[n] = now + interval
    return found
