"""One fetch for all, while what carries it breaks: nobody gets an error that
upstream did not cause, and upstream is asked once more at most."""

import time

from crowd import Crowd, get
from lib.sockets import clients_of, worker_asking
from lib.upstream import ALICE
from lib.wait import wait_until

CLIENTS = 500
REPLACED = 3.0                        # seconds until a dead leader is
MARGIN = 1.0                          # for a busy machine


def start(gateway, upstream):
    """(nodes, leader's connection): the leader's fetch waits at the gate."""
    nodes = [gateway(workers=2), gateway(workers=2)]
    upstream.rule(hold={"before_headers": "gate"}, times=1)
    leader = nodes[0].connect()
    leader.send_raw(get("job-active", ALICE))
    upstream.wait_waiting("gate")
    return nodes, leader


def crowd_of(nodes):
    """Clients who have asked for what the leader fetches."""
    crowd = Crowd([node.address for node in nodes], CLIENTS)
    crowd.send(get("job-active", ALICE))
    return crowd


def asked(nodes):
    """Whether the workers have all clients' connections."""
    return sum(len(clients_of(node, pid)) for node in nodes
               for pid in node.worker_pids()) >= CLIENTS


def same(answers):
    assert {answer and answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1


def test_leaders_client_leaves(gateway, upstream):
    nodes, leader = start(gateway, upstream)
    with crowd_of(nodes) as crowd:
        leader.reset()
        wait_until(lambda: asked(nodes))
        upstream.release("gate")
        same(crowd.collect(10.0))
    assert upstream.calls() == 1


def test_leading_worker_is_killed(gateway, upstream):
    nodes, leader = start(gateway, upstream)
    with crowd_of(nodes) as crowd:
        wait_until(lambda: asked(nodes))
        victim = wait_until(lambda: worker_asking(nodes[0], upstream))
        # who is connected to a process that dies loses the connection
        lost = clients_of(nodes[0], victim)
        killed = time.monotonic()
        nodes[0].kill_worker(victim)
        answers = crowd.collect(REPLACED + 10.0)
        others = [answer for port, answer in zip(crowd.ports(), answers)
                  if port not in lost]
    leader.close()
    assert len(others) >= CLIENTS // 2
    same(others)
    assert max(answer.time for answer in others) - killed \
        <= REPLACED + MARGIN
    assert upstream.calls() == 2


def test_redis_is_killed(gateway, upstream, redis_server):
    nodes, leader = start(gateway, upstream)
    with crowd_of(nodes) as crowd:
        wait_until(lambda: asked(nodes))
        redis_server.kill()
        upstream.release("gate")
        same(crowd.collect(10.0))
    assert leader.receive().status == 200
    # one for each host, which cannot know of each other any more
    assert upstream.calls() <= 2


def test_redis_freezes(gateway, upstream, redis_server):
    nodes, leader = start(gateway, upstream)
    with crowd_of(nodes) as crowd:
        wait_until(lambda: asked(nodes))
        redis_server.stop()
        upstream.release("gate")
        same(crowd.collect(10.0))
    assert leader.receive().status == 200
    assert upstream.calls() <= 2


def test_reload(gateway, upstream):
    nodes, leader = start(gateway, upstream)
    with crowd_of(nodes) as crowd:
        wait_until(lambda: asked(nodes))
        nodes[0].reload()
        late = nodes[0].connect()
        late.send_raw(get("job-active", ALICE))
        upstream.release("gate")
        same(crowd.collect(10.0))
    assert leader.receive().status == 200
    assert late.receive().status == 200
    assert upstream.calls() == 1
