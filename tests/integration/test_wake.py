"""The wake-up of workers, alone: two workers and strangers."""

import array
import json
import os
import signal
import socket

import pytest

import redis_client_lib as client
from lib.process import open_files
from lib.wait import wait_until

LOCATIONS = """
location /send { wake_test_send; }
location /stats { wake_test_stats; }
"""

# what a wake-up may take where nothing else is to be done
LIMIT_US = 5000


@pytest.fixture(scope="session")
def module():
    return client.build("wake")


@pytest.fixture
def start(module, tmp_path):
    with client.starter(module, tmp_path) as start:
        yield start


class Node:
    """nginx, and its zone."""

    def __init__(self, start, first=0, workers=2, zone=None, **named):
        # with zeros in front: they belong to the name
        self.zone = zone or int.from_bytes(os.urandom(6), "big")
        self.first = first
        self.nginx = start.nginx("wake_test %x %d;" % (self.zone, first),
                                 workers=workers, locations=LOCATIONS, **named)
        wait_until(lambda: sum(1 for slot in self.slots().values()
                               if slot["pid"]) == workers)

    def name(self, number):
        return b"\0batch-dial-%016x-%d" % (self.zone, self.first + number)

    def slots(self):
        """By number, from 0 on: those of one node."""
        slots = self.nginx.stats()["slots"]
        return {int(slot) - self.first: told for slot, told in slots.items()}

    def woken(self, number):
        return self.slots()[number]["woken"]

    def send(self, connection, *numbers):
        """From one worker; the microsecond at which it did."""
        slots = "+".join(str(self.first + number) for number in numbers)
        return int(self.nginx.ask("/send?slots=" + slots, connection))

    def workers(self):
        """A connection to each, by the number of its slot."""
        by_pid = self.nginx.workers(2)
        return {number: by_pid[slot["pid"]]
                for number, slot in self.slots().items() if slot["pid"]}


@pytest.fixture
def node(start):
    return Node(start)


@pytest.fixture(params=[0, 62, 252])
def placed(start, request):
    """At the ends of the words of a set."""
    return Node(start, request.param)


@pytest.fixture
def stranger():
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        yield s


def woken_once(node, sender, number):
    """Wakes a worker and returns the microseconds it took."""
    before = node.woken(number)
    sent = node.send(sender, number)
    wait_until(lambda: node.woken(number) == before + 1, what=node.nginx.log)
    return node.slots()[number]["at"] - sent


def test_one_wakes_the_other(placed):
    workers = placed.workers()
    for number in (0, 1):
        took = [woken_once(placed, workers[1 - number], number)
                for _ in range(10)]
        assert min(took) < LIMIT_US, took
    for connection in workers.values():
        connection.close()


def test_nobody_else_is_woken(placed):
    workers = placed.workers()
    # its own, and slots of nobody
    placed.send(workers[0], 0, 2, 3)
    woken_once(placed, workers[1], 0)
    woken_once(placed, workers[0], 1)
    assert placed.woken(0) == placed.woken(1) == 1
    for connection in workers.values():
        connection.close()


def test_other_zones_are_not_woken(start, node):
    other = Node(start, zone=node.zone ^ 1 << 63)
    workers = other.workers()
    woken_once(other, workers[0], 1)
    assert node.woken(1) == 0
    for connection in workers.values():
        connection.close()


def test_many_datagrams_are_one_call(node, stranger):
    """All that have come while a worker was busy."""
    slots = node.slots()
    pid = slots[1]["pid"]
    workers = node.workers()
    os.kill(pid, signal.SIGSTOP)
    stranger.setblocking(False)
    for _ in range(5):
        stranger.sendto(b"x", node.name(1))
    os.kill(pid, signal.SIGCONT)
    wait_until(lambda: node.woken(1))
    woken_once(node, workers[0], 1)
    assert node.woken(1) == 2
    for connection in workers.values():
        connection.close()


@pytest.mark.parametrize("data", [b"", b"x", b"\0" * 60000, os.urandom(100)],
                         ids=["empty", "byte", "large", "random"])
def test_datagrams_of_a_stranger(node, stranger, data):
    workers = node.workers()
    for number in (0, 1):
        before = node.woken(number)
        stranger.sendto(data, node.name(number))
        wait_until(lambda n=number, b=before: node.woken(n) > b)
    woken_once(node, workers[0], 1)
    for connection in workers.values():
        connection.close()


def test_descriptors_of_a_stranger_are_not_kept(node, stranger, tmp_path):
    passed = tmp_path / "passed"
    passed.touch()
    for count in range(1, 6):
        with open(passed, "rb") as file:
            stranger.sendmsg([b"x"], [(
                socket.SOL_SOCKET, socket.SCM_RIGHTS,
                array.array("i", [file.fileno()]))], 0, node.name(0))
        wait_until(lambda c=count: node.woken(0) >= c)
    files = open_files(node.slots()[0]["pid"])
    assert str(passed) not in files.values()


def test_flood_of_a_stranger(node, stranger):
    """The worker that is flooded still answers, and is still woken."""
    workers = node.workers()
    sent = 0
    while sent < 20000:
        stranger.sendto(b"x", node.name(0))
        sent += 1
        if sent % 2000 == 0:
            assert json.loads(node.nginx.ask("/stats", workers[0]))["open"]
    woken = node.woken(0)
    node.send(workers[1], 0)
    wait_until(lambda: node.woken(0) > woken)
    for connection in workers.values():
        connection.close()


def test_worker_is_at_rest_between_wake_ups(node, stranger):
    stranger.sendto(b"x", node.name(0))
    wait_until(lambda: node.woken(0))
    assert client.is_at_rest(node.slots()[0]["pid"])


def test_worker_that_is_stopped_holds_nobody_up(node):
    """Its queue fills: the others neither wait nor fail."""
    pid = node.slots()[1]["pid"]
    workers = node.workers()
    os.kill(pid, signal.SIGSTOP)
    for _ in range(1000):
        node.send(workers[0], 1)
    os.kill(pid, signal.SIGCONT)
    wait_until(lambda: node.nginx.ask("/stats", workers[1]) and node.woken(1))
    woken_once(node, workers[0], 1)
    for connection in workers.values():
        connection.close()


def test_killed_worker_gets_its_name_back(node):
    for _ in range(3):
        victim = node.slots()[0]["pid"]
        node.nginx.kill_worker(victim)
        wait_until(lambda v=victim: node.slots()[0]["pid"] not in (0, v))
        workers = node.workers()
        woken_once(node, workers[1], 0)
        woken_once(node, workers[0], 1)
        for connection in workers.values():
            connection.close()
    assert node.nginx.lines("warn") == []


def test_killed_worker_is_not_waited_for(node):
    """To a name of nobody a datagram is lost, and that is all."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        with pytest.raises(ConnectionRefusedError):
            s.sendto(b"x", node.name(3))
    (connection, *others) = node.workers().values()
    assert node.send(connection, 2, 3)
    assert node.nginx.lines("warn") == node.nginx.lines("error") == []
    for each in (connection, *others):
        each.close()


def test_reload_keeps_old_and_new_reachable(node):
    old = {slot["pid"] for slot in node.slots().values()} - {0}
    node.nginx.process.send_signal(signal.SIGHUP)
    wait_until(lambda: not old & {slot["pid"]
                                  for slot in node.slots().values()})
    living = [number for number, slot in node.slots().items() if slot["pid"]]
    (connection, *others) = node.workers().values()
    for number in living:
        if node.slots()[number]["pid"] != json.loads(
                node.nginx.ask("/stats", connection))["pid"]:
            woken_once(node, connection, number)
    assert node.nginx.lines("warn") == []
    for each in (connection, *others):
        each.close()


def test_name_that_a_stranger_has(start, stranger):
    zone = int.from_bytes(os.urandom(8), "big")
    name = b"\0batch-dial-%016x-0" % zone
    stranger.bind(name)
    node = Node(start, zone=zone)
    workers = node.workers()
    assert not json.loads(node.nginx.ask("/stats", workers[0]))["open"]
    (line,) = node.nginx.lines("warn")
    assert "cannot be woken at \"@batch-dial-%016x-0\"" % zone in line
    assert "98: Address already in use" in line
    # it cannot send either, and does no harm; the other one can
    node.send(workers[0], 1)
    node.send(workers[1], 0)
    assert stranger.recv(10) == b"\0"
    assert node.woken(0) == node.woken(1) == 0
    for connection in workers.values():
        connection.close()


def test_quit_leaves_no_socket(start, node):
    workers = node.workers()
    woken_once(node, workers[0], 1)
    for connection in workers.values():
        connection.close()
    assert node.nginx.quit() < 1
    # the names are free again
    for number in (0, 1):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.bind(node.name(number))


def test_debug_log(start):
    node = Node(start, level="debug")
    workers = node.workers()
    woken_once(node, workers[0], 1)
    node.send(workers[0], 3)
    wait_until(lambda: "worker of slot 3 not woken" in node.nginx.log())
    assert "woken by 1 datagrams" in node.nginx.log()
    for connection in workers.values():
        connection.close()
