"""The checker finds each kind of bad history, and nothing in good ones.

Stories are told in seconds.  alice and bob see the same jobs, "a" and "b" are
the nodes; an answer names the call it comes from.
"""

import dataclasses
import json

import pytest
from checker import around, check
from history import (Call, Contract, Fault, History, Peek, Purge, Read,
                     Write)

CONTRACT = Contract(
    ttl={"INIT": 1.0, "ACTIVE": 1.0, "PAUSED": 1.0, "COMPLETE": 9.0,
         "CANCELLED": 9.0},
    stale_while_revalidate=0.5, stale_if_error=5.0, reauth=20.0,
    error_ttl={401: 1.0, 404: 2.0}, write_through=1.0, backoff=1.0)


class Story:
    """A history, told in order; each call upstream changes the job's name."""

    def __init__(self, job="j"):
        self.history = History()
        self.job = job

    def body(self, number, **members):
        whole = {"id": self.job, "name": f"v{number}", "status": "ACTIVE",
                 "callAgentId": "x", "maxConcurrentDials": 1,
                 "createdAt": "2026-01-15T09:30:00Z", **members}
        return json.dumps(whole).encode()

    def call(self, time, ended=None, key="alice", node="a", kind="read",
             status=200, members=(), **more):
        """A call; its number."""
        number = len(self.history.calls) + 1
        ended = time + 0.01 if ended is None else ended
        if "body" not in more:
            more["body"] = (self.body(number, **dict(members))
                            if status == 200 else b"{}")
        self.history.calls.append(Call(
            number, time, ended, kind, key, self.job, node, status, **more))
        return number

    def read(self, start, source=None, end=None, key="alice", node="a",
             status=200, method="GET", **more):
        if source and "body" not in more and (status, method) == (200, "GET"):
            more["body"] = self.history.calls[source - 1].body
        self.history.reads.append(Read(
            start, start + 0.02 if end is None else end, node, key, self.job,
            method, status, source, **more))

    def fetched(self, time, **more):
        """A read that goes upstream; the number of its call."""
        source = self.call(time + 0.001, **more)
        self.read(time, source, key=more.get("key", "alice"),
                  node=more.get("node", "a"))
        return source

    def write(self, start, end=None, status=200, node="a", key="alice",
              what="put", left=False, call_status=200, calls=1, **more):
        """A write that arrives upstream at once; the number of its call."""
        end = start + 0.02 if end is None else end
        number = len(self.history.writes) + 1
        self.history.writes.append(Write(
            number, start, end, node, key, self.job, what, status, left))
        for _ in range(calls):
            self.call(start + 0.001, end - 0.001, key, node, "write",
                      call_status, write=number, **more)
        return len(self.history.calls)

    def purge(self, start, node="a", status=204):
        self.history.purges.append(
            Purge(start, start + 0.01, node, self.job, status))

    def fault(self, kind, start, end, node=None):
        self.history.faults.append(Fault(kind, start, end, node))

    def peek(self, time, value):
        self.history.peeks.append(Peek(time, self.job, "e:1", value))

    def found(self, contract=CONTRACT):
        """The clauses violated."""
        return {violation.clause
                for violation in check(self.history, contract)}


@pytest.fixture
def story():
    return Story()


# good histories


def test_a_day_as_it_should_be(story):
    first = story.fetched(1.0)
    story.read(1.5, first)
    story.read(1.6, first, status=304)
    story.read(1.6, first, method="HEAD", body=b"")
    story.fetched(1.7, key="bob")
    story.read(1.9, first, node="b")
    write = story.write(2.0)
    story.read(2.1, write)
    second = story.fetched(2.2, node="b", key="bob")
    story.purge(2.4)
    third = story.fetched(2.5)
    story.call(3.6, status=503)
    story.read(3.6, third, cache="batch-dial; hit; ttl=-1; detail=stale")
    story.peek(3.7, b"BD" + story.history.calls[second - 1].body + b"mac")
    assert story.found() == set()


def test_saved_and_loaded_it_is_the_same(story, tmp_path):
    first = story.fetched(1.0)
    story.write(2.0)
    story.purge(2.4)
    story.fault("reload", 3.0, 3.1, "a")
    story.peek(3.7, b"\x00\xff")
    story.history.lags.append((1.0, 0.5))
    story.read(5.0, first)
    story.history.save(tmp_path / "h.json")
    loaded = History.load(tmp_path / "h.json")
    assert loaded == story.history
    assert check(loaded, CONTRACT) == check(story.history, CONTRACT)


# bodies


def test_body_never_sent(story):
    first = story.call(1.0)
    story.read(1.0, first, body=story.body(77))
    assert story.found() == {"sent"}


def test_body_cut_short(story):
    first = story.call(1.0)
    story.read(1.0, first, body=story.body(1)[:9], complete=False)
    assert story.found() == {"sent", "valid", "errors"}


def test_answer_that_names_no_call(story):
    story.read(1.0, 0, body=story.body(1))
    assert story.found() == {"sent"}


@pytest.mark.parametrize("method, status", [("GET", 304), ("HEAD", 200)])
def test_answer_without_body_that_names_no_call(story, method, status):
    story.read(1.0, 5, status=status, method=method)
    assert story.found() == {"sent"}


def test_answer_from_before_its_call(story):
    first = story.call(2.0)
    story.read(1.0, first)
    assert "sent" in story.found()


def test_answer_of_another_job(story):
    other = Story("other")
    first = other.call(1.0)
    story.history.calls = other.history.calls
    story.read(1.0, first)
    assert story.found() == {"sent", "valid"}


def test_answer_of_another_credential(story):
    first = story.fetched(1.0)
    story.fetched(1.0, key="bob")
    story.read(1.2, first, key="bob")
    assert story.found() == {"tenant"}


@pytest.mark.parametrize("members", [
    {"status": "RUNNING"}, {"id": "other"}, {"name": None},
    {"maxConcurrentDials": "5"}])
def test_invalid_body(story, members):
    story.fetched(1.0, members=members)
    assert story.found() == {"valid"}


def test_body_with_a_repeated_member(story):
    body = story.body(1)[:-1] + b', "name": "again"}'
    story.fetched(1.0, body=body)
    assert story.found() == {"valid"}


def test_stored_what_was_never_sent(story):
    story.fetched(1.0)
    story.peek(2.0, b"BD" + story.body(77))
    assert story.found() == {"stored"}


def test_stored_before_it_was_sent(story):
    first = story.fetched(1.0)
    story.peek(0.5, story.history.calls[first - 1].body)
    assert story.found() == {"stored"}


@pytest.mark.parametrize("more", [{"no_store": True},
                                  {"members": {"status": "RUNNING"}}])
def test_stored_what_must_not_be(story, more):
    first = story.call(1.0, **more)
    story.peek(2.0, story.history.calls[first - 1].body)
    assert story.found() == {"stored"}


def test_lease_is_no_entry(story):
    story.peek(2.0, b"a lease")
    assert story.found() == set()


def test_no_store_shared(story):
    first = story.call(1.0, 1.1, no_store=True)
    story.read(1.0, first, end=1.2)
    assert story.found() == set()
    story.read(1.05, first, end=1.2)
    assert story.found() == {"no_store"}


def test_no_store_kept(story):
    first = story.call(1.0, no_store=True)
    story.read(1.5, first)
    assert story.found() == {"fresh", "flagged"}


# age


def test_older_than_its_ttl(story):
    first = story.fetched(1.0)
    story.read(2.8, first, cache="detail=stale")
    assert story.found() == {"fresh"}


def test_ttl_is_that_of_the_status(story):
    first = story.fetched(1.0, members={"status": "COMPLETE"})
    story.read(9.0, first)
    assert story.found() == set()
    story.read(11.0, first)
    assert story.found() == {"fresh", "flagged"}


def test_stale_while_it_is_revalidated(story):
    first = story.fetched(1.0)
    story.read(2.4, first, cache="batch-dial; hit; ttl=0; detail=stale")
    assert story.found() == set()
    no_stale = dataclasses.replace(CONTRACT, stale_while_revalidate=0.0)
    assert story.found(no_stale) == {"fresh"}


def test_stale_that_says_it_is_fresh(story):
    first = story.fetched(1.0)
    story.read(2.4, first, cache="batch-dial; hit; ttl=1; detail=memory")
    assert story.found() == {"flagged"}


@pytest.mark.parametrize("failure", [
    {"status": 500}, {"status": 429}, {"status": None, "body": None},
    {"body": None}, {"members": {"status": "RUNNING"}}, {"aborted": True},
    {"status": 401, "aborted": True}])
def test_stale_while_upstream_fails(story, failure):
    first = story.fetched(1.0)
    story.call(4.0, **failure)
    story.read(4.0, first, cache="detail=stale")
    story.read(4.5, first, cache="detail=stale")
    assert story.found() == set()
    story.read(6.5, first, cache="detail=stale")
    assert story.found() == {"fresh"}


def test_stale_while_upstream_is_away(story):
    first = story.fetched(1.0)
    story.fault("refused", 3.0, 4.0)
    story.read(4.5, first, cache="detail=stale")
    assert story.found() == set()


def test_stale_for_too_long(story):
    first = story.fetched(1.0)
    story.call(7.9, status=500)
    story.read(8.0, first, cache="detail=stale")
    assert story.found() == {"fresh"}


def test_another_credentials_trouble_is_no_excuse(story):
    first = story.fetched(1.0)
    story.call(4.0, status=500, key="bob")
    story.read(4.0, first, cache="detail=stale")
    assert story.found() == {"fresh"}


def test_late_machine_is_no_violation(story):
    first = story.fetched(1.0)
    story.read(2.8, first)
    story.history.lags.append((2.5, 0.7))
    assert story.found() == set()


def test_write_through_is_short(story):
    write = story.write(1.0, members={"status": "COMPLETE"})
    story.read(1.9, write)
    assert story.found() == set()
    story.read(2.7, write)
    assert story.found() == {"fresh", "flagged"}


def test_nothing_may_be_served_of_a_write_without_write_through(story):
    write = story.write(1.0)
    story.read(1.9, write)
    assert story.found(dataclasses.replace(CONTRACT, write_through=0.0,
                                           stale_while_revalidate=0.0)) \
        == {"fresh", "flagged"}


# errors


@pytest.mark.parametrize("status", [500, 502, 504, 429])
def test_error_without_a_cause(story, status):
    story.fetched(1.0)
    story.read(3.0, status=status)
    assert story.found() == {"errors"}
    story.call(3.0, status=503)
    assert story.found() == set()


def test_status_that_nobody_says(story):
    story.read(3.0, status=206)
    assert story.found() == {"errors"}


def test_lost_answer(story):
    story.read(3.0, status=None)
    assert story.found() == {"errors"}
    story.fault("worker_kill", 3.01, 3.1, "b")
    assert story.found() == {"errors"}
    story.fault("worker_kill", 3.01, 3.1, "a")
    assert story.found() == set()


def test_idle_connection_may_close(story):
    story.read(3.0, status=None, reused=True)
    assert story.found() == set()


@pytest.mark.parametrize("status", [502, None])
def test_failed_write_without_a_cause(story, status):
    story.write(3.0, status=status)
    assert story.found() == {"errors"}


def test_failed_write_with_a_cause(story):
    story.write(3.0, status=500, call_status=500)
    story.write(4.0, status=None, left=True)
    assert story.found() == set()


def test_refusal_without_a_cause(story):
    story.fetched(1.0)
    story.read(2.0, status=404)
    assert story.found() == {"refusals"}


@pytest.mark.parametrize("status, late", [(401, 2.3), (404, 3.4)])
def test_refusal_remembered_for_too_long(story, status, late):
    story.call(1.0, status=status)
    story.read(1.0, status=status)
    story.read(late - 0.5, status=status)
    assert story.found() == set()
    story.read(late, status=status)
    assert story.found() == {"refusals"}


def test_refusal_of_another(story):
    story.call(1.0, status=404, key="bob")
    story.read(1.0, status=404)
    assert story.found() == {"refusals"}


def test_refusal_from_before_a_write(story):
    story.call(1.0, status=404)
    story.write(1.2, key="bob")
    story.read(1.3, status=404)
    assert story.found() == {"own_node"}


def test_endless_wait(story):
    first = story.call(1.0, 6.0)
    story.read(1.0, first, end=6.1)
    assert story.found() == {"latency"}


# invalidation


def test_old_state_after_a_write_on_the_same_node(story):
    first = story.fetched(1.0)
    story.write(1.2)
    story.read(1.2201, first)
    assert story.found() == {"own_node"}


def test_old_state_while_the_write_goes_on(story):
    first = story.fetched(1.0)
    story.write(1.2, end=1.5)
    story.read(1.4, first)
    story.read(1.4, first, node="b")
    assert story.found() == set()


def test_old_state_after_a_write_on_the_other_node(story):
    first = story.fetched(1.0)
    story.write(1.2)
    story.read(1.3, first, node="b")
    assert story.found() == set()
    story.read(1.45, first, node="b")
    assert story.found() == {"other_node"}


def test_write_invalidates_for_all_credentials(story):
    first = story.fetched(1.0, key="bob")
    story.write(1.2, key="alice")
    story.read(1.3, first, key="bob")
    assert story.found() == {"own_node"}


def test_refused_write_invalidates_nothing(story):
    first = story.fetched(1.0)
    story.write(1.2, status=400, call_status=400)
    story.read(1.5, first)
    assert story.found() == set()


def test_not_even_stale_after_a_write(story):
    first = story.fetched(1.0)
    story.write(1.2)
    story.call(1.3, status=500)
    story.read(1.3, first, cache="detail=stale")
    assert story.found() == {"own_node"}


def test_fetch_from_before_a_write_lands_after_it(story):
    early = story.call(1.19, 1.3)
    story.write(1.2)
    story.read(1.19, early, end=1.31)
    assert story.found() == set()
    story.read(1.5, early)
    assert story.found() == {"own_node"}


def test_reader_joins_a_fetch_from_before_a_write(story):
    early = story.call(1.19, 1.5)
    story.write(1.2)
    story.read(1.3, early, end=1.51)
    assert story.found() == {"own_node"}


def test_fetch_well_before_a_write(story):
    first = story.fetched(1.0)
    story.write(1.4)
    story.read(1.5, first)
    assert story.found() == {"own_node"}


def test_write_without_redis(story):
    first = story.fetched(1.0, members={"status": "COMPLETE"})
    story.fault("redis_freeze", 1.1, 1.3)
    story.write(1.2)
    story.read(1.4, first, node="b")
    assert story.found() == set()
    story.read(1.4, first)
    assert story.found() == {"own_node"}
    story.read(5.0, first, node="b")
    assert story.found() == {"own_node", "other_node"}


def test_old_state_after_a_purge(story):
    first = story.fetched(1.0)
    story.purge(1.2)
    story.read(1.25, first)
    assert story.found() == {"own_node"}
    story.history.reads[-1].node = "b"
    story.history.reads[-1].start = 1.5
    assert story.found() == {"other_node"}


def test_failed_purge(story):
    first = story.fetched(1.0)
    story.purge(1.2, status=None)
    story.read(1.25, first)
    assert story.found() == set()


@pytest.mark.parametrize("outcome", [
    {"status": 500, "call_status": 500}, {"status": 504, "call_status": None,
                                          "body": None, "aborted": True}])
def test_old_state_after_a_write_of_unknown_outcome(story, outcome):
    first = story.fetched(1.0)
    story.write(1.2, **outcome)
    story.read(1.3, first)
    assert story.found() == {"unknown_outcome"}
    story.history.reads.pop()
    story.read(1.3, first, cache="detail=stale")
    assert story.found() == set()


def test_expired_is_stale_only_while_upstream_fails(story):
    first = story.fetched(1.0, members={"status": "COMPLETE"})
    story.write(1.2, status=500, call_status=500)
    story.read(4.0, first, cache="detail=stale")
    assert story.found() == {"unknown_outcome"}


def test_old_state_after_a_writer_left(story):
    first = story.fetched(1.0)
    story.write(1.2, status=None, left=True)
    story.read(1.3, first)
    assert story.found() == set()
    story.read(1.5, first)
    assert story.found() == {"unknown_outcome"}


def test_write_that_never_arrived_invalidates_nothing(story):
    first = story.fetched(1.0)
    story.fault("refused", 1.2, 1.25)
    story.write(1.2, status=502, calls=0)
    story.read(1.5, first)
    assert story.found() == set()


def test_writer_who_left_was_refused(story):
    first = story.fetched(1.0)
    story.write(1.2, status=None, left=True, call_status=400)
    story.read(1.8, first)
    assert story.found() == set()


def test_write_lost_with_its_worker(story):
    first = story.fetched(1.0)
    story.fault("worker_kill", 1.21, 1.25, "a")
    story.write(1.2, status=None)
    story.read(1.5, first)
    assert story.found() == set()


# who may be answered


def late(story, **more):
    """A finished job, asked for again after reauth has passed."""
    short = dataclasses.replace(CONTRACT, reauth=2.0)
    first = story.fetched(1.0, members={"status": "COMPLETE"})
    story.read(4.0, first, **more)
    return short


def test_liveness_ignored(story):
    assert story.found(late(story)) == {"liveness"}


@pytest.mark.parametrize("call", [
    {"kind": "read"}, {"kind": "list"}, {"kind": "write"}, {"node": "b"}])
def test_any_acceptance_counts(story, call):
    short = late(story)
    story.call(2.5, **call)
    assert story.found(short) == set()


@pytest.mark.parametrize("call", [{"status": 404}, {"key": "bob"}])
def test_no_other_answer_is_an_acceptance(story, call):
    short = late(story)
    story.call(2.5, **call)
    assert story.found(short) == {"liveness"}


def test_acceptance_lasts_longer_while_upstream_is_away(story):
    short = late(story)
    story.call(4.0, status=503)
    assert story.found(short) == set()
    first = 1
    story.call(8.9, status=503)
    story.read(8.9, first)
    assert story.found(short) == {"liveness"}


def test_served_after_a_401(story):
    first = story.fetched(1.0)
    story.call(1.2, status=401)
    story.read(1.25, first)
    assert story.found() == set()
    story.read(1.4, first)
    assert story.found() == {"tombstone"}


def test_served_after_a_401_by_the_other_node(story):
    first = story.fetched(1.0)
    story.call(1.2, status=401, kind="list")
    story.read(1.4, first, node="b")
    assert story.found() == set()
    story.read(1.5, first, node="b")
    assert story.found() == {"tombstone"}
    story.fault("redis_kill", 1.1, 1.3)
    assert story.found() == set()


def test_accepted_again_after_a_401(story):
    first = story.fetched(1.0)
    story.call(1.2, status=401)
    story.call(1.3)
    story.read(1.5, first)
    assert story.found() == set()


def test_401_or_200_that_never_came(story):
    first = story.fetched(1.0)
    story.call(1.1, status=401, aborted=True)
    story.read(1.4, first)
    assert story.found() == set()
    story.call(1.5, status=401)
    story.call(1.55, kind="list", aborted=True)
    story.read(1.8, first)
    assert story.found() == {"tombstone"}


def test_401_of_another_credential(story):
    first = story.fetched(1.0)
    story.call(1.2, status=401, key="bob")
    story.read(1.5, first)
    assert story.found() == set()


# what upstream is spared


def two_calls(story, **second):
    story.call(1.0, 1.3)
    story.call(1.1, 1.4, **second)


def test_two_fetches_at_once(story):
    two_calls(story)
    assert story.found() == {"one_fetch"}


@pytest.mark.parametrize("second", [{"key": "bob"}, {"kind": "list"}])
def test_fetches_of_different_things(story, second):
    two_calls(story, **second)
    assert story.found() == set()


def test_write_parts_two_fetches(story):
    story.call(1.0, 1.3)
    story.write(1.05, end=1.08)
    story.call(1.1, 1.4)
    assert story.found() == set()


def test_write_that_is_told_late_parts_two_fetches(story):
    """It was journaled, and delivered once Redis was back."""
    story.write(0.5, node="b")
    two_calls(story)
    assert story.found() == {"one_fetch"}
    story.fault("redis_freeze", 0.4, 0.9)
    assert story.found() == set()
    story.call(5.0, 5.3)
    story.call(5.1, 5.4)
    assert story.found() == {"one_fetch"}


def test_nodes_do_not_know_of_each_other_without_redis(story):
    two_calls(story, node="b")
    assert story.found() == {"one_fetch"}
    story.fault("redis_kill", 0.9, 1.2)
    assert story.found() == set()


def test_redis_is_no_excuse_on_one_node(story):
    two_calls(story)
    story.fault("redis_kill", 0.9, 1.2)
    assert story.found() == {"one_fetch"}


def test_dead_leader_is_replaced(story):
    two_calls(story)
    story.fault("worker_kill", 1.05, 1.08, "a")
    assert story.found() == set()


def test_no_rest_after_a_failed_fetch(story):
    story.call(1.0, status=500)
    story.call(1.5)
    assert story.found() == {"backoff"}


def test_rest_after_a_failed_fetch(story):
    story.call(1.0, status=500)
    story.call(2.1)
    story.call(1.5, key="bob")
    assert story.found() == set()


def test_invalidation_ends_the_rest(story):
    story.call(1.0, status=500)
    story.purge(1.2)
    story.call(1.5)
    assert story.found() == set()


@pytest.mark.parametrize("more", [
    {"status": 429}, {"status": 429, "retry_after": 3.0},
    {"status": 503, "retry_after": 3.0}])
def test_asked_again_before_retry_after(story, more):
    story.call(1.0, **more)
    story.call(2.6, node="b")
    assert story.found() == {"hold_off"}
    story.history.calls[-1].time += 3.0
    story.history.calls[-1].ended += 3.0
    assert story.found() == set()


def test_hold_off_is_for_all_jobs_but_no_writes(story):
    other = Story("other")
    other.history = story.history
    story.call(1.0, status=429)
    story.write(1.6)
    assert story.found() == set()
    other.call(1.6)
    assert story.found() == {"hold_off"}


# reports


def test_around_tells_what_happened_to_the_job(story):
    first = story.fetched(1.0)
    story.write(1.2)
    story.purge(1.22)
    story.fault("reload", 1.23, 1.3, "a")
    story.read(1.25, first)
    violation, = check(story.history, CONTRACT)
    told = "\n".join(around(story.history, violation))
    for word in ("call 1", "write 1", "purge", "reload", "from 1"):
        assert word in told
    assert str(violation).startswith("own_node at 1.250: GET j by alice")
