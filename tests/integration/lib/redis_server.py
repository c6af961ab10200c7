"""A real Redis of a test's own, and the ways to make its life hard."""

import contextlib
import os
import pathlib
import threading

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from .ports import free_port
from .process import Process
from .wait import wait_until

BINARY = os.environ.get("REDIS_SERVER", "redis-server")

# redis-py from 5 on tells its name on each connection, unless it has none,
# and from 6 on tries again what fails, unless it is told not to
ANONYMOUS = ({"lib_name": None, "lib_version": None,
              "retry": Retry(NoBackoff(), 0)}
             if int(redis.__version__.split(".", maxsplit=1)[0]) >= 5 else {})


class RedisServer:
    def __init__(self, directory, tcp=False, tls=None, options=()):
        """Always on a Unix socket; tcp and tls (a tls.Identity) add ports.

        options are lines of redis.conf.
        """
        self.directory = pathlib.Path(directory)
        self.socket = self.directory / "redis.sock"
        self.port = free_port() if tcp else 0
        self.tls_port = free_port() if tls else 0
        self.password = None
        lines = [f"unixsocket {self.socket}", "unixsocketperm 777",
                 f"port {self.port}", "bind 127.0.0.1", 'save ""',
                 "appendonly no", f"dir {self.directory}"]
        if tls is not None:
            lines += [f"tls-port {self.tls_port}", "tls-auth-clients no",
                      f"tls-cert-file {tls.cert}",
                      f"tls-key-file {tls.key}",
                      f"tls-ca-cert-file {tls.ca}"]
        self.config = self.directory / "redis.conf"
        self.config.write_text("\n".join([*lines, *options]) + "\n",
                               encoding="utf-8")
        self.process = None
        self.start()

    # the process

    def start(self):
        self.socket.unlink(missing_ok=True)
        self.process = Process([BINARY, self.config],
                               self.directory / "redis.log")
        wait_until(self.answers, what=self.process.text)

    def answers(self):
        try:
            with self.client() as client:
                return client.ping()
        except (redis.ConnectionError, redis.BusyLoadingError):
            return False

    def kill(self):
        """kill -9: the socket's file stays, connections are refused."""
        self.process.kill()

    def restart(self):
        """Starts it again, empty, on the same addresses."""
        if self.process.running:
            self.process.kill()
        self.start()

    def stop(self):
        """SIGSTOP: connections are accepted by the kernel, never answered."""
        self.process.stop()

    def cont(self):
        self.process.cont()

    # the data

    def client(self, db=0):
        """A redis-py client that returns bytes; close it, or use with."""
        return redis.Redis(unix_socket_path=str(self.socket), db=db,
                           password=self.password, socket_timeout=10,
                           **ANONYMOUS)

    def command(self, *words):
        """One command; its reply."""
        with self.client() as client:
            return client.execute_command(*words)

    def contents(self):
        """Everything stored, in every database: [(db, key, value)]."""
        found = []
        with self.client() as client:
            dbs = [int(name[2:]) for name in client.info("keyspace")]
        for db in dbs:
            with self.client(db) as client:
                for key in client.scan_iter(count=1000):
                    found.append((db, key, read_value(client, key)))
        return found

    def config_set(self, name, value):
        self.command("CONFIG", "SET", name, value)

    def fill(self):
        """No memory is left: every write gets -OOM."""
        self.config_set("maxmemory-policy", "noeviction")
        self.config_set("maxmemory", "1")

    def make_read_only(self):
        """A replica whose master is away: every write gets -READONLY."""
        self.command("REPLICAOF", "127.0.0.1", free_port())

    def require_password(self, password):
        """From now on for new connections; the old ones are dropped."""
        self.config_set("requirepass", password)
        self.password = password
        for kind in ("normal", "pubsub"):
            self.command("CLIENT", "KILL", "TYPE", kind)

    def connections(self):
        """The connections of others than this one call."""
        with self.client() as client:
            return len(client.client_list()) - 1

    @contextlib.contextmanager
    def record(self):
        """Records commands while it lasts: a list of MONITOR's lines.

        Once the block has ended, every command that Redis carried out
        within it is in the list, in order.
        """
        recorder = Recorder(self)
        try:
            yield recorder.commands
        finally:
            recorder.end()

    # the end of a test

    def text(self):
        """All that is stored, as text to search for secrets."""
        return "\n".join(f"{db} {key} {value}"
                         for db, key, value in self.contents())

    def finish(self):
        """Ends the process so that its addresses refuse connections.

        SIGKILL, because a shutdown would remove the socket's file, and
        nginx calls connecting to a missing file critical.
        """
        if self.process.running:
            self.process.kill()
        return []


class Recorder:
    """MONITOR on a connection and a thread of its own."""

    END = "end-of-record"

    def __init__(self, server):
        self.server = server
        self.commands = []
        self.client = server.client()
        self.monitor = self.client.monitor()
        self.monitor.__enter__()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        for said in self.monitor.listen():
            if self.END in said["command"]:
                return
            self.commands.append(said["command"])

    def end(self):
        self.server.command("ECHO", self.END)
        self.thread.join()
        self.monitor.__exit__(None, None, None)
        self.client.close()


def read_value(client, key):
    kind = client.type(key)
    if kind == b"hash":
        return client.hgetall(key)
    if kind == b"string":
        return client.get(key)
    return client.dump(key)
