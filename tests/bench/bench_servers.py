"""The processes of a run that are not nginx, and the CPUs of them all.

The workers measured have the first CPU for themselves, all else shares the
others; with one CPU all share it.
"""

import os
import pathlib
import resource
import socket

from lib.ports import free_port
from lib.process import Process, children
from lib.wait import wait_until

WORKER_CPUS = set()


def claim_cpus():
    """Leaves the first CPU to those given to pin(); done once."""
    if WORKER_CPUS:
        return
    cpus = sorted(os.sched_getaffinity(0))
    WORKER_CPUS.update(cpus[:1])
    os.sched_setaffinity(0, set(cpus[1:] or cpus))


def pin(pids):
    """Puts the processes, all their threads, on the CPU of the measured."""
    for pid in pids:
        for task in os.listdir(f"/proc/{pid}/task"):
            os.sched_setaffinity(int(task), WORKER_CPUS)


def raise_file_limit():
    """Thousands of clients need as many descriptors, in children too."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def cpu_time(pids):
    """Microseconds of CPU that processes have used, with all threads.

    utime + stime in nanoseconds as the scheduler counts them; /proc/PID/stat
    has the same rounded to 10 ms.
    """
    total = 0
    for pid in pids:
        for path in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat"):
            total += int(path.read_text(encoding="ascii").split()[0])
    return total / 1000


def _ask(path, line):
    """The first line of a reply on a unix socket."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(60)
        connection.connect(str(path))
        connection.sendall(line.encode() + b"\r\n")
        with connection.makefile("rb") as reply:
            return reply.readline().rstrip()


class Server:
    """A process that answers before it is of use."""

    def __init__(self, argv, log, ready):
        self.process = Process(argv, log)

        def answers():
            try:
                return ready()
            except OSError:
                return False

        try:
            wait_until(answers, what=self.process.text)
        except BaseException:
            self.process.end()
            raise

    @property
    def pids(self):
        return [self.process.pid]


class Redis(Server):
    def __init__(self, directory):
        self.socket = directory / "redis.sock"
        super().__init__(
            ["redis-server", "--port", "0", "--unixsocket", self.socket,
             "--save", "", "--appendonly", "no", "--dir", directory],
            directory / "redis.log",
            lambda: self.command("PING") == b"+PONG")

    def command(self, line):
        """An inline command whose reply is one line."""
        return _ask(self.socket, line)


class Memcached(Server):
    """One thread, on a unix socket, as Redis."""

    def __init__(self, directory):
        self.socket = directory / "memcached.sock"
        super().__init__(
            ["memcached", "-u", "root", "-t", "1", "-m", "64",
             "-s", self.socket],
            directory / "memcached.log",
            lambda: _ask(self.socket, "version").startswith(b"VERSION"))


class Varnish(Server):
    """As many threads as there are clients, all of them on one CPU."""

    def __init__(self, directory, vcl):
        (directory / "jobs.vcl").write_text(vcl, encoding="utf-8")
        self._port = free_port()
        threads = "100"
        super().__init__(
            ["varnishd", "-F", "-j", "none", "-n", directory / "work",
             "-f", directory / "jobs.vcl", "-s", "malloc,64m",
             "-a", f"127.0.0.1:{self._port}",
             "-p", "thread_pools=1", "-p", f"thread_pool_min={threads}",
             "-p", f"thread_pool_max={threads}"],
            directory / "varnish.log", self._listens)

    def _listens(self):
        with socket.create_connection(("127.0.0.1", self._port), 5):
            return True

    def port(self, _):
        return self._port

    @property
    def pids(self):
        return children(self.process.pid)
