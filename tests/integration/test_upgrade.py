"""Upgrade of the binary (USR2): two masters, whose workers share nothing but
the listening sockets, are to each other as two hosts are."""

import contextlib
import os
import signal

import pytest

from lib import checks
from lib.fresh import (JOB, LONG, PATH, SERVER, SHORT, SHOWN, answers_of, ask,
                       name_of, put, said, soon, wait_stored)
from lib.gateway import bearer
from lib.nginx import BINARY, environment
from lib.process import Process, children, state, title
from lib.wait import wait_until

OTHER = "job-init"


class Masters:
    """The masters of one configuration.

    nginx takes USR2 only once its parent has changed: a shell starts the
    first one, and goes when it is there.
    """

    def __init__(self, node):
        self.node = node
        self.pid_file = node.directory / "nginx.pid"
        self.shell = Process(
            ["/bin/sh", "-c", '"$@" & until test -s nginx.pid; '
             "do sleep 0.01; done", "sh", BINARY, "-p",
             f"{node.directory}/", "-c", node.config_file,
             "-e", node.error_log],
            node.directory / "nginx.stderr", env=environment(),
            directory=node.directory)
        self.old = wait_until(self.written, what=self.text)
        self.shell.wait()
        self.new = None

    def text(self):
        return self.node.log() + self.shell.text()

    def written(self, but=None):
        """The master in the pid file, once it has its workers."""
        try:
            pid = int(self.pid_file.read_text(encoding="ascii") or 0)
        except FileNotFoundError:
            return None
        return pid if pid not in (0, but) and self.workers(pid) else None

    @staticmethod
    def workers(master):
        """Those that take connections."""
        return [pid for pid in children(master)
                if title(pid) == "nginx: worker process"]

    def upgrade(self):
        os.kill(self.old, signal.SIGUSR2)
        self.new = wait_until(lambda: self.written(self.old), what=self.text)

    def retire(self, master):
        """Its workers take no more connections, and go when they are idle."""
        os.kill(master, signal.SIGQUIT)
        wait_until(lambda: not self.workers(master), what=self.text)

    def gone(self, master):
        wait_until(lambda: state(master) in (None, "Z"), what=self.text)

    def end(self):
        """Nothing may be left, nor said, that an upgrade does not explain."""
        self.retire(self.new or self.old)
        self.gone(self.new or self.old)
        left = self.shell.strays()
        assert not left
        assert not checks.log_problems(self.text())


@pytest.fixture
def masters(gateway):
    """Starts a gateway that can be upgraded: the gateway, and its masters."""
    with contextlib.ExitStack() as stack:
        def start(location=LONG, server=""):
            node = gateway(location_extra=SHOWN + location,
                           server_extra=SERVER + server, start=False)
            started = Masters(node)
            stack.callback(started.shell.end)
            return node, started

        yield start


def test_an_upgrade_loses_no_request(masters, upstream, redis_server):
    """A client waits for a fetch of the old binary's while the new one takes
    over; what was stored before is there after."""
    node, both = masters()
    node.read(OTHER)
    wait_stored(redis_server, OTHER)
    upstream.rule(job=JOB, hold={"before_headers": "gate"})
    with node.connect() as connection:
        connection.send("GET", PATH, bearer())
        upstream.wait_waiting("gate")
        both.upgrade()
        both.retire(both.old)
        assert "hit" in node.read(OTHER)["cache-status"]
        upstream.release("gate")
        assert connection.receive().status == 200
    both.gone(both.old)
    assert "hit" in node.read(JOB)["cache-status"]
    assert upstream.calls(job=JOB) == 1
    assert upstream.calls(job=OTHER) == 1
    both.end()


def test_one_fetch_for_both_binaries(masters, upstream):
    """Who comes to the new binary waits for the fetch of the old one's."""
    node, both = masters()
    upstream.rule(job=JOB, hold={"before_headers": "gate"})
    with node.connect() as connection:
        connection.send("GET", PATH, bearer())
        upstream.wait_waiting("gate")
        both.upgrade()
        both.retire(both.old)
        clients = ask([node], 3)
        upstream.release("gate")
        assert said(answers_of(clients)) == ["COALESCED"] * 3
        assert connection.receive().status == 200
    assert upstream.calls(job=JOB) == 1
    both.gone(both.old)
    both.end()


def test_a_write_by_one_binary_is_heard_by_the_other(masters):
    node, both = masters(server="add_header X-Pid $pid;")
    both.upgrade()
    workers = [*both.workers(both.old), *both.workers(both.new)]

    def of(pid, act):
        """An answer to act of that worker."""
        return wait_until(lambda: next(
            (answer for answer in [act()] if answer["x-pid"] == str(pid)),
            None))

    def in_memory(pid):
        answer = of(pid, lambda: node.read(JOB))
        return "detail=memory" in answer["cache-status"]

    for number, writer in enumerate(workers):
        for pid in workers:
            wait_until(lambda pid=pid: in_memory(pid))
        assert of(writer, lambda: put(node, f"{number}")).status == 200
        for pid in workers:
            soon(lambda pid=pid: name_of(of(pid, lambda: node.read(JOB)))
                 == f"{number}")
    both.retire(both.old)
    both.gone(both.old)
    both.end()


def test_a_dead_old_binary_holds_nothing_up(masters, upstream):
    """Its workers are killed in the middle of a fetch: what they led is led
    anew within 3 s."""
    node, both = masters(SHORT)
    upstream.rule(job=JOB, hold={"before_headers": "gate"}, times=1)
    with node.connect() as connection:
        connection.send("GET", PATH, bearer())
        upstream.wait_waiting("gate")
        both.upgrade()
        workers = both.workers(both.old)
        os.kill(both.old, signal.SIGKILL)
        for pid in workers:
            os.kill(pid, signal.SIGKILL)
        answer = node.read(JOB)
        assert answer.status == 200
    assert upstream.calls(job=JOB) == 2
    both.end()
