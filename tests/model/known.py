"""A history made ready for questions: what upstream had said by then, what
was broken, how late the machine was.  Pure; checker.py asks."""

import bisect
import collections
import json
from dataclasses import dataclass

STATUSES = ("INIT", "ACTIVE", "PAUSED", "COMPLETE", "CANCELLED")
REFUSALS = (400, 401, 403, 404, 410, 422)
STRINGS = ("id", "name", "callAgentId", "createdAt")


@dataclass
class Invalidation:
    """From end on, what is older must not be served.

    Older means: from a call before number, if it has one (a write, as carried
    out upstream), else from one before time (a purge).
    """

    start: float
    end: float
    node: str
    job: str
    number: int | None
    what: str

    def outdates(self, call):
        if self.number is not None:
            return call.number < self.number
        return call.time < self.start


def unique(pairs):
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        raise ValueError("repeated member")
    return dict(pairs)


def members_of(body):
    """The object a body holds; None when it holds none."""
    try:
        value = json.loads(body, object_pairs_hook=unique)
    except (TypeError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def valid_job(members, job):
    """Whether an object is that job, by DESIGN section 1, told anew."""
    return (members is not None
            and all(isinstance(members.get(name), str) for name in STRINGS)
            and type(members.get("maxConcurrentDials")) is int
            and members.get("status") in STATUSES
            and members["id"] == job)


class Known:
    def __init__(self, history, contract):
        self.history = history
        self.contract = contract
        self.calls = {call.number: call for call in history.calls}
        self.members = {call.number: members_of(call.body)
                        for call in history.calls}
        self.lags = sorted(history.lags)

        self.reads = collections.defaultdict(list)      # upstream's, by pair
        self.accepted = collections.defaultdict(list)   # (ended, call), by key
        self.rejected = collections.defaultdict(list)   # the same, of 401s
        self.refusals = collections.defaultdict(list)   # calls, by pair
        self.troubles = collections.defaultdict(list)   # (from, to), by key
        self.sent_for = collections.defaultdict(list)   # calls, by Write
        for call in sorted(history.calls, key=lambda call: call.time):
            self._sort(call)
        for shelf in (self.accepted, self.rejected):
            for entries in shelf.values():
                entries.sort(key=lambda entry: entry[0])

        self.left = collections.defaultdict(list)       # (from, to), by job
        self.invalidations = collections.defaultdict(list)
        self.uncertain = collections.defaultdict(list)
        for write in history.writes:
            self._invalidation(write)
        for purge in history.purges:
            if purge.status is not None and purge.status < 300:
                self.invalidations[purge.job].append(Invalidation(
                    purge.start, purge.end, purge.node, purge.job, None,
                    "purge"))

    def _sort(self, call):
        if call.kind == "read":
            self.reads[call.key, call.job].append(call)
        if call.write is not None:
            self.sent_for[call.write].append(call)
        if self.failed(call):
            until = call.ended + max(self.contract.backoff,
                                     self.hold_off(call))
            self.troubles[call.key].append((call.time, until))
        elif call.status == 401 and not call.aborted:
            self.rejected[call.key].append((call.ended, call))
        elif call.status in REFUSALS:
            self.refusals[call.key, call.job].append(call)
        if not call.aborted and call.status is not None \
                and 200 <= call.status < 300:
            self.accepted[call.key].append((call.ended, call))

    def _invalidation(self, write):
        if write.status is None:      # the gateway cannot know what became
            self.left[write.job].append(
                (write.start, write.end + self.contract.other_node
                 + self.slack(write.end, write.end)))
        calls = [call for call in self.sent_for[write.number]
                 if call.status is None or not 400 <= call.status < 500]
        if not calls:
            return                    # it never got there, or was refused
        done = [call for call in calls
                if call.status is not None and call.status < 400]
        if write.status is not None and write.status < 400:
            if done:
                self.invalidations[write.job].append(Invalidation(
                    write.start, write.end, write.node, write.job,
                    done[-1].number, f"write {write.number}"))
        elif write.status is None or write.status >= 500:
            end = max([write.end] + [call.ended for call in calls])
            if self.broken("worker_kill", write.start, end, write.node):
                return                # nobody was left to tell
            if write.left:            # who left was not answered: no moment
                end += self.contract.other_node + self.slack(end, end)
            self.uncertain[write.job].append(Invalidation(
                write.start, end, write.node, write.job, calls[-1].number,
                f"write {write.number} of unknown outcome"))

    # calls

    def source(self, read):
        """The call that a read's answer comes from."""
        return self.calls.get(read.source)

    def valid(self, call):
        return valid_job(self.members[call.number], call.job)

    def failed(self, call):
        """Whether it told nothing: no reason to stop serving what is here."""
        if call.status is None or call.status >= 500 or call.status == 429:
            return True
        if call.kind != "read":
            return False
        return (call.aborted or call.body is None
                or (call.status == 200 and not self.valid(call)))

    def hold_off(self, call):
        """For how long upstream asked to be left alone."""
        if call.kind != "read":
            return 0.0
        if call.retry_after is not None and call.status in (429, 503):
            return min(call.retry_after, self.contract.hold_off_max)
        return self.contract.hold_off_429 if call.status == 429 else 0.0

    def ttl(self, call):
        """For how long what a call brought is fresh."""
        if call.no_store or not self.valid(call):
            return 0.0
        if call.kind == "write":
            return self.contract.write_through
        return self.contract.ttl[self.members[call.number]["status"]]

    def accepted_since(self, key, since, until):
        """Whether upstream accepted a credential, by a call begun before
        until that ended after since."""
        entries = self.accepted[key]
        at = bisect.bisect_left(entries, since, key=lambda entry: entry[0])
        return any(call.time <= until for _, call in entries[at:])

    # faults

    def broken(self, kind, start, end, node=None):
        """The faults of a kind (or kinds so beginning) that touch a time."""
        return [fault for fault in self.history.faults
                if fault.kind.startswith(kind)
                and fault.node in (None, node)
                and fault.start <= end + self.contract.slack
                and fault.end >= start - self.contract.slack]

    def redis_away(self, start, end):
        """The faults of Redis that may be felt in a time."""
        return self.broken("redis", start - self.contract.recovery, end)

    def heard_until(self, invalidation):
        """Until when a node may hear of an invalidation, and end what it has
        under way: it may come from the journal, once Redis is back."""
        away = self.redis_away(invalidation.start,
                               invalidation.end + self.contract.other_node)
        return max([invalidation.end]
                   + [fault.end + self.contract.recovery + self.contract.slack
                      for fault in away])

    def troubled(self, key, start, end):
        """Whether upstream failed a credential, or was known to, in a time."""
        if self.broken("refused", start - self.contract.backoff, end):
            return True
        slack = self.slack(start, end)
        return any(since <= end + slack and until >= start - slack
                   for since, until in self.troubles[key])

    def slack(self, start, end):
        """What the machine may have added in a time, in seconds."""
        low = bisect.bisect_left(self.lags, (start - 0.2,))
        high = bisect.bisect_right(self.lags, (end + 0.2,))
        return self.contract.slack + max(
            (late for _, late in self.lags[low:high]), default=0.0)
