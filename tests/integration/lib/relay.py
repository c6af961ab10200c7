"""Servers that run in the test itself: a Redis that misbehaves, and a relay
that stands between nginx and a real server.  Both on threads, on a free port
or on a Unix socket."""

import socket
import threading

from .ports import free_port
from .wait import readable


class Server:
    """Accepts connections and gives each a thread; see handle()."""

    def __init__(self, path=None):
        if path is None:
            self.port = free_port()
            self.path = None
            self.listener = socket.create_server(("127.0.0.1", self.port))
        else:
            self.port = None
            self.path = path
            self.listener = socket.socket(socket.AF_UNIX)
            self.listener.bind(str(path))
            self.listener.listen(64)
        self.connections = set()
        self.accepted = 0
        self.lock = threading.Lock()
        self.closing = threading.Event()
        self.threads = [threading.Thread(target=self._accept)]
        self.threads[0].start()

    def handle(self, connection):
        """Serves one connection until it ends."""
        raise NotImplementedError

    def cut(self):
        """Drops every connection there is."""
        with self.lock:
            for connection in self.connections:
                shut(connection)

    def finish(self):
        self.closing.set()
        shut(self.listener)
        self.threads[0].join()
        self.listener.close()
        self.cut()
        for thread in self.threads[1:]:
            thread.join()
        return []

    def _accept(self):
        while not self.closing.is_set():
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                self.connections.add(connection)
                self.accepted += 1
            thread = threading.Thread(target=self._serve, args=(connection,))
            self.threads.append(thread)
            thread.start()

    def _serve(self, connection):
        try:
            self.handle(connection)
        except OSError:
            pass                      # the peer has gone
        finally:
            with self.lock:
                self.connections.discard(connection)
            connection.close()


class Relay(Server):
    """Passes bytes on, late or not at all if told so."""

    def __init__(self, target, path=None):
        """target is (host, port), or the path of a Unix socket."""
        self.target = target
        self.delay = 0.0              # seconds before an answer goes back
        self.requests = 0             # reads from clients: nginx's writes
        self.flowing = threading.Event()
        self.flowing.set()
        super().__init__(path)

    def freeze(self):
        """Nothing passes either way until thaw()."""
        self.flowing.clear()

    def thaw(self):
        self.flowing.set()

    def finish(self):
        self.thaw()
        return super().finish()

    def handle(self, connection):
        with connect(self.target) as server:
            while not self.closing.is_set():
                ready = readable(connection, server)
                if connection in ready:
                    data = connection.recv(65536)
                    if not data:
                        return
                    self.requests += 1
                    self._wait(0)
                    server.sendall(data)
                if server in ready:
                    data = server.recv(65536)
                    if not data:
                        return
                    self._wait(self.delay)
                    connection.sendall(data)

    def _wait(self, delay):
        self.closing.wait(delay)
        self.flowing.wait()


class FakeRedis(Server):
    """A server that takes RESP commands and answers what a test says.

    reply is a function of the command (a list of bytes) that returns the
    bytes to send, SILENCE or CLOSE; or such a value itself.  It may be
    changed at any time.
    """

    SILENCE = None
    CLOSE = object()
    GARBAGE = b"\x00\xff<html>!\r\n\r\n$-7\r\n*9999999999\r\n"
    LOADING = b"-LOADING Redis is loading the dataset in memory\r\n"

    def __init__(self, reply, path=None):
        self.reply = reply
        self.commands = []
        super().__init__(path)

    def text(self):
        """The commands, as text to search for secrets."""
        return "\n".join(str(command) for command in self.commands
                         if command[0].upper() not in (b"AUTH", b"HELLO"))

    def handle(self, connection):
        buffer = b""
        while True:
            data = connection.recv(65536)
            if not data:
                return
            buffer += data
            while (taken := take_command(buffer)) is not None:
                words, buffer = taken
                self.commands.append(words)
                said = self.reply
                reply = said(words) if callable(said) else said
                if reply is self.CLOSE:
                    return
                if reply is not self.SILENCE:
                    connection.sendall(reply)


def empty_redis(words):
    """What a Redis with nothing in it answers to the gateway's commands."""
    if words[0] == b"HMGET":
        return b"*%d\r\n" % (len(words) - 2) + b"$-1\r\n" * (len(words) - 2)
    if words[0] == b"GET":
        return b"$-1\r\n"
    if words[0] == b"SUBSCRIBE":
        return b"*3\r\n$9\r\nsubscribe\r\n$%d\r\n%s\r\n:1\r\n" % (
            len(words[1]), words[1])
    if words[0] == b"PING":           # of a connection that has subscribed
        return b"*2\r\n$4\r\npong\r\n$0\r\n\r\n"
    if words[0] == b"EVAL" and words[1].endswith(b"return {1,x}"):
        return b"*2\r\n:1\r\n$1\r\n0\r\n"          # the lease
    return b":1\r\n" if words[0] == b"EVAL" else b":0\r\n"


def take_command(buffer):
    """(words, rest) of the first command; None while incomplete."""
    line, found, rest = buffer.partition(b"\r\n")
    if not found:
        return None
    words = []
    for _ in range(int(line[1:])):
        line, found, rest = rest.partition(b"\r\n")
        if not found or len(rest) < int(line[1:]) + 2:
            return None
        length = int(line[1:])
        words.append(rest[:length])
        rest = rest[length + 2:]
    return words, rest


def connect(target):
    if isinstance(target, tuple):
        return socket.create_connection(target)
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(str(target))
    except OSError:
        connection.close()
        raise
    return connection


def shut(connection):
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass                          # not connected any more
