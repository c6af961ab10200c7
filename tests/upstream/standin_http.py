"""HTTP/1.x by hand over asyncio's transports.

By hand, because a test must be able to say exactly which bytes leave and how
a connection ends.  A Connection reads requests, has them answered in order,
and plays the steps of standin_rules.script().  What no rule bends is
answered in the same turn of the event loop in which it was read.
"""

import asyncio
import base64
import collections
import itertools
import socket
import struct
import time
import urllib.parse

from standin_api import REASONS, kind_of
from standin_rules import default_answer, script

HEADER_LIMIT = 65536


class Malformed(Exception):
    """What came over the connection is not HTTP."""


class Request:
    """One request as received, and what became of it."""

    __slots__ = ("number", "connection", "sni", "time", "method", "target",
                 "version", "headers", "body", "path", "key", "kind",
                 "status", "aborted", "ended", "answer", "whole")

    def __init__(self, method, target, version, headers):
        self.method = method
        self.target = target
        self.version = version
        self.headers = headers        # [(name, value)], in order
        self.body = b""
        path = target.partition("?")[0]
        self.path = urllib.parse.unquote(path) if "%" in path else path
        self.kind = kind_of(method, self.path)
        self.key = self.bearer()
        self.number = self.connection = self.sni = None
        self.time = time.monotonic()
        self.status = None            # None: no answer was begun
        self.aborted = False          # the peer left before its end
        self.ended = None             # when the answer was sent, or given up
        self.answer = None            # the Answer as sent
        self.whole = False            # and whether all of it was to be sent

    def header(self, name):
        """The value of the first field of that lower-case name, or None."""
        for field, value in self.headers:
            if field.lower() == name:
                return value
        return None

    def bearer(self):
        scheme, _, key = (self.header("authorization") or "").partition(" ")
        return key.strip() if scheme.lower() == "bearer" else None

    @property
    def query(self):
        query = self.target.partition("?")[2]
        return dict(urllib.parse.parse_qsl(query))

    @property
    def keepalive(self):
        said = (self.header("connection") or "").lower()
        if self.version == "HTTP/1.0":
            return "keep-alive" in said
        return "close" not in said

    def told(self):
        """The request as the control path reports it."""
        return {
            "number": self.number, "connection": self.connection,
            "sni": self.sni, "time": self.time, "kind": self.kind,
            "method": self.method, "target": self.target,
            "version": self.version, "headers": self.headers,
            "body_base64": base64.b64encode(self.body).decode(),
            "key": self.key, "status": self.status, "aborted": self.aborted,
            "ended": self.ended, **self.told_answer(),
        }

    def told_answer(self):
        """The answer; its body only if no rule kept a part of it back."""
        sent = None
        if self.answer is not None and self.whole:
            body = b"" if self.method == "HEAD" else self.answer.body
            sent = base64.b64encode(body).decode()
        return {"sent_base64": sent,
                "sent_headers": self.answer.headers if self.answer else []}


class Counts:
    """How many requests of each sort came, and how many are under way."""

    def __init__(self):
        self.connections = 0          # open, on the API's port
        self.in_flight = 0
        self.reset()

    def reset(self):
        """Forgets the past; what is open or under way goes on counting."""
        self.total = 0
        self.aborted = 0
        self.malformed = 0
        self.max_in_flight = self.in_flight
        self.connections_total = self.connections
        self.connections_max = self.connections
        self.by_request = collections.Counter()
        self.by_kind = collections.Counter()
        self.by_key = collections.Counter()
        self.by_status = collections.Counter()

    def connected(self):
        self.connections += 1
        self.connections_total += 1
        self.connections_max = max(self.connections_max, self.connections)

    def begin(self, request):
        self.total += 1
        self.by_request[f"{request.method} {request.path}"] += 1
        self.by_kind[request.kind] += 1
        self.by_key[request.key or ""] += 1
        self.in_flight += 1
        if self.in_flight > self.max_in_flight:
            self.max_in_flight = self.in_flight

    def end(self, request):
        request.ended = time.monotonic()
        self.in_flight -= 1
        self.aborted += request.aborted
        self.by_status[str(request.status)] += 1


def parse_head(block):
    """The Request of a header block (without the empty line)."""
    lines = block.decode("latin-1").split("\r\n")
    parts = lines[0].split(" ")
    if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
        raise Malformed(lines[0])
    headers = []
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise Malformed(line)
        headers.append((name, value.strip(" \t")))
    return Request(*parts, headers)


def take_chunked(buffer, start):
    """(body, end) of a chunked body at start; None while incomplete."""
    body, at = [], start
    while True:
        line_end = buffer.find(b"\r\n", at)
        if line_end < 0:
            return None
        try:
            size = int(bytes(buffer[at:line_end]).partition(b";")[0], 16)
        except ValueError:
            raise Malformed("chunk size") from None
        at = line_end + 2
        if size == 0:
            end = buffer.find(b"\r\n", at)
            return (b"".join(body), end + 2) if end >= 0 else None
        if len(buffer) < at + size + 2:
            return None
        body.append(bytes(buffer[at:at + size]))
        at += size + 2


def take_request(buffer):
    """Takes one whole request off the buffer; None while incomplete."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        if len(buffer) > HEADER_LIMIT:
            raise Malformed("header too long")
        return None
    request = parse_head(bytes(buffer[:end]))
    start = end + 4

    if (request.header("transfer-encoding") or "").lower() == "chunked":
        taken = take_chunked(buffer, start)
        if taken is None:
            return None
        request.body, start = taken
    else:
        length = request.header("content-length") or "0"
        if not length.isdigit():
            raise Malformed("content length")
        if len(buffer) < start + int(length):
            return None
        request.body = bytes(buffer[start:start + int(length)])
        start += int(length)

    del buffer[:start]
    return request


def plain(request, answer):
    """The bytes of an answer that nothing bends."""
    request.status = answer.status
    request.answer = answer
    request.whole = True
    lines = [f"HTTP/1.1 {answer.status} {REASONS[answer.status]}"]
    lines += [f"{name}: {value}" for name, value in answer.headers]
    if answer.status != 204:
        lines.append(f"Content-Length: {len(answer.body)}")
    if not request.keepalive:
        lines.append("Connection: close")
    elif request.version == "HTTP/1.0":
        lines.append("Connection: keep-alive")
    head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
    return head if request.method == "HEAD" else head + answer.body


class Connection(asyncio.Protocol):
    """One connection; desk is the Desk of server.py that all share."""

    numbers = itertools.count(1)

    def __init__(self, desk, counted):
        self.desk = desk
        self.counted = counted        # connections to the API's own port are
        self.buffer = bytearray()
        self.playing = None           # the task that plays an answer
        self.request = None           # the request it answers
        self.number = next(self.numbers)
        self.writable = asyncio.Event()
        self.writable.set()

    # what asyncio calls

    def connection_made(self, transport):
        self.transport = transport
        tls = transport.get_extra_info("ssl_object")
        self.sni = getattr(tls, "standin_sni", None)
        transport.set_write_buffer_limits(high=0)
        if self.counted:
            self.desk.counts.connected()
            self.desk.connections.add(self)

    def connection_lost(self, exc):
        if self.counted:
            self.desk.counts.connections -= 1
            self.desk.connections.discard(self)
        if self.playing is not None:
            self.request.aborted = True
            self.playing.cancel()
        self.writable.set()

    def pause_writing(self):
        self.writable.clear()

    def resume_writing(self):
        self.writable.set()

    def data_received(self, data):
        self.buffer += data
        if self.playing is None:
            self.pump()

    # answering

    def pump(self):
        """Answers what is in the buffer, up to the first bent answer."""
        while self.playing is None and not self.transport.is_closing():
            try:
                request = take_request(self.buffer)
            except Malformed:
                self.desk.counts.malformed += 1
                self.transport.write(b"HTTP/1.1 400 Bad Request\r\n"
                                     b"Connection: close\r\n\r\n")
                self.transport.close()
                return
            if request is None:
                return
            request.connection = self.number
            request.sni = self.sni
            self.take(request)

    def take(self, request):
        if request.path.startswith("/_control/"):
            self.transport.write(plain(request, self.desk.control(request)))
            return

        rule = self.desk.begin(request)
        if rule is None:
            answer = self.stamped(request, self.desk.api.answer(request))
            self.transport.write(plain(request, answer))
            if not request.keepalive:
                self.transport.close()
            self.desk.counts.end(request)
            return

        answer = (self.desk.api.answer(request) if rule.applies
                  else default_answer(rule.said["status"]))
        steps = script(request, self.stamped(request, answer), rule.said)
        self.request = request
        self.playing = asyncio.ensure_future(self.play(steps))

    def stamped(self, request, answer):
        """The answer, with the request's number for an ETag if so set."""
        if self.desk.state.stamping and answer.body:
            answer.headers.append(("ETag", f'"call-{request.number}"'))
        return answer

    async def play(self, steps):
        try:
            for step in steps:
                await self.step(*step)
        finally:
            self.desk.counts.end(self.request)
            self.playing = None
        if not self.request.keepalive:
            self.transport.close()
        self.pump()

    async def step(self, what, value=None):
        if what == "send":
            self.transport.write(value)
            await self.writable.wait()
        elif what == "sleep":
            await asyncio.sleep(value)
        elif what == "gate":
            await self.desk.gates.wait(value)
        elif what == "hang":
            await self.desk.gates.wait("hang")
            self.transport.close()
        elif what == "close":
            self.transport.close()
        elif what == "reset":
            self.reset()

    def reset(self):
        """Ends with RST instead of FIN."""
        sock = self.transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                        struct.pack("ii", 1, 0))
        self.transport.abort()
