"""An HTTP/1.x client on a plain socket.

It hides nothing: header fields keep their order and repetition, an answer
cut short is an answer with complete == False, and requests can be sent
without being read, pipelined, abandoned or reset.
"""

import socket
import ssl
import struct
import threading
import time
import weakref

TIMEOUT = 15.0


class NoAnswer(Exception):
    """The connection ended before a status line came."""


class Response:
    def __init__(self, version, status, reason, headers):
        self.version = version
        self.status = status
        self.reason = reason
        self.headers = headers        # [(name, value)], in order
        self.body = b""
        self.complete = False
        self.elapsed = None           # seconds since the request was sent

    def all(self, name):
        """The values of every field of that name."""
        return [value for field, value in self.headers
                if field.lower() == name.lower()]

    def __getitem__(self, name):
        """The value of the one field of that name; None if there is none."""
        values = self.all(name)
        assert len(values) < 2, f"{name} is repeated: {values}"
        return values[0] if values else None

    def __repr__(self):
        return f"<Response {self.status} {self.headers} {self.body[:200]!r}>"


class Connection:
    """One connection to a server; used from one thread at a time."""

    alive = weakref.WeakSet()         # closed by close_all() after each test

    def __init__(self, address, tls=None, server_name=None):
        """address is (host, port), or the path of a Unix socket."""
        if isinstance(address, tuple):
            self.socket = socket.create_connection(address, TIMEOUT)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.host = f"{address[0]}:{address[1]}"
        else:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(TIMEOUT)
            self.socket.connect(str(address))
            self.host = "localhost"
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket,
                                          server_hostname=server_name)
        self.buffer = b""
        self.sent = []                # (method, time) of unread requests
        Connection.alive.add(self)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def request(self, method, target, headers=(), body=None):
        """Sends a request and reads its answer."""
        self.send(method, target, headers, body)
        return self.receive()

    def send(self, method, target, headers=(), body=None):
        """Sends a request; Host and Content-Length are added if not given."""
        fields = list(headers.items() if isinstance(headers, dict)
                      else headers)
        names = {name.lower() for name, _ in fields}
        if "host" not in names:
            fields.insert(0, ("Host", self.host))
        if body is not None and not {"content-length",
                                     "transfer-encoding"} & names:
            fields.append(("Content-Length", str(len(body))))
        lines = [f"{method} {target} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in fields]
        head = "\r\n".join(lines) + "\r\n\r\n"
        self.send_raw(head.encode("latin-1") + (body or b""), method)

    def send_raw(self, data, method="GET"):
        """Sends bytes that hold one request of that method."""
        self.sent.append((method, time.monotonic()))
        self.socket.sendall(data)

    def receive(self):
        """The answer to the oldest unread request (1xx are passed over)."""
        method, started = self.sent.pop(0)
        response = self._head()
        while 100 <= response.status < 200:
            response = self._head()
        self._body(method, response)
        response.elapsed = time.monotonic() - started
        return response

    def at_end(self):
        """Whether the server closes; fails if it sends anything first."""
        data = self.buffer or self._recv()
        assert not data, f"unexpected {data[:200]!r}"
        return True

    def close(self):
        self.socket.close()

    def reset(self):
        """Ends the connection with RST, as a crashed client does."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                               struct.pack("ii", 1, 0))
        self.socket.close()

    # reading

    def _recv(self):
        try:
            return self.socket.recv(65536)
        except (ConnectionResetError, ssl.SSLEOFError):
            return b""

    def _line(self):
        while b"\r\n" not in self.buffer:
            data = self._recv()
            if not data:
                return None
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line.decode("latin-1")

    def _head(self):
        line = self._line()
        if line is None:
            raise NoAnswer(f"after {self.buffer[:200]!r}")
        version, status, reason = (line.split(" ", 2) + [""])[:3]
        headers = []
        while True:
            line = self._line()
            if line is None:
                raise NoAnswer("in the header")
            if line == "":
                return Response(version, int(status), reason, headers)
            name, _, value = line.partition(":")
            headers.append((name, value.strip()))

    def _body(self, method, response):
        length = response["content-length"]
        if method == "HEAD" or response.status in (204, 304):
            response.complete = True
        elif (response["transfer-encoding"] or "").lower() == "chunked":
            response.complete = self._chunks(response)
        elif length is not None:
            response.body = self._take(int(length))
            response.complete = len(response.body) == int(length)
        else:
            response.body = self._take(None)
            response.complete = True

    def _take(self, length):
        """So many bytes, or all to the end; fewer if the server closes."""
        parts, have = [self.buffer], len(self.buffer)
        while length is None or have < length:
            data = self._recv()
            if not data:
                break
            parts.append(data)
            have += len(data)
        data = b"".join(parts)
        cut = len(data) if length is None else length
        self.buffer = data[cut:]
        return data[:cut]

    def _chunks(self, response):
        while True:
            line = self._line()
            if line is None:
                return False
            size = int(line.partition(";")[0], 16)
            if size == 0:
                return self._line() == ""
            data = self._take(size)
            response.body += data
            if len(data) < size or self._line() is None:
                return False


def close_all():
    for connection in list(Connection.alive):
        connection.close()


def http(address, method, target, headers=(), body=None, **tls):
    """One request on a connection of its own."""
    with Connection(address, **tls) as connection:
        return connection.request(method, target, headers, body)


def parallel(calls):
    """Runs the functions at the same time; their results, in order."""
    results = [None] * len(calls)
    errors = []
    barrier = threading.Barrier(len(calls))

    def run(index):
        try:
            barrier.wait()
            results[index] = calls[index]()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(index,))
               for index in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results
