"""The crowd of clients, against the stand-in."""

import time

from crowd import Crowd, get, poll
from lib.sockets import clients_of, worker_asking
from lib.upstream import ALICE, BOB
from lib.wait import wait_until


def test_each_client_gets_its_answer(upstream):
    upstream.rule(key=BOB, cut=5)
    with Crowd([upstream.address], 20) as crowd:
        crowd.send(get("job-init", ALICE))
        answers = crowd.collect(5.0)
        crowd.clients[0].sendall(get("job-init", "nobody"))
        crowd.clients[1].sendall(get("job-init", BOB))
        refused, cut, *rest = crowd.collect(0.3)
    assert [answer.status for answer in answers] == [200] * 20
    assert {answer.body for answer in answers} == {answers[0].body}
    assert "Content-Type: application/json" in answers[0].head
    assert (refused.status, cut.status, set(rest)) == (401, None, {None})
    assert upstream.calls() == 22


def test_answers_are_timed(upstream):
    upstream.rule(delay=0.2)
    with Crowd([upstream.address], 3) as crowd:
        started = time.monotonic()
        crowd.send(get("job-init", ALICE))
        for answer in crowd.collect(5.0):
            assert 0.2 <= answer.time - started < 5.0


def test_pollers_come_back(upstream):
    requests = [get("job-init", ALICE), get("job-active", BOB)] * 5
    ticks = []
    found = poll([upstream.address], requests, 1.0, 0.2, ticks.append)
    assert {answer.status for _, _, answer in found} == {200}
    assert {index for index, _, _ in found} == set(range(10))
    assert 10 * 3 <= len(found) <= 10 * 6
    assert upstream.calls() == len(found)
    assert len(ticks) > 10


def test_pollers_notice_a_lost_connection(upstream):
    upstream.rule(no_answer=True)
    found = poll([upstream.address], [get("job-init", ALICE)], 0.5, 0.1)
    assert [answer.status for _, _, answer in found] == [None]


def test_workers_are_found_by_their_connections(gateway, upstream):
    node = gateway(workers=2)
    upstream.rule(hold={"before_headers": "gate"})
    assert worker_asking(node, upstream) is None
    with Crowd([node.address], 1) as crowd:
        crowd.send(get("job-init", ALICE))
        upstream.wait_waiting("gate")
        worker = worker_asking(node, upstream)
        assert worker in node.worker_pids()
        wait_until(lambda: clients_of(node, worker) == set(crowd.ports()))
        upstream.release("gate")
        assert crowd.collect(5.0)[0].status == 200
