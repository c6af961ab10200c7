"""The contract as functions over a history.  Pure: no I/O, no clock.

A clause takes a Known and yields the violations it finds.  test_checker.py
shows for each that it finds what it must, and nothing in a good history.
"""

import collections
from dataclasses import dataclass

from known import REFUSALS, Known, members_of, valid_job

SERVED = (200, 304)                   # answers that tell a state of the job


@dataclass
class Violation:
    clause: str
    time: float
    job: str | None
    text: str

    def __str__(self):
        return f"{self.clause} at {self.time:.3f}: {self.text}"


def check(history, contract):
    """All violations, in order of time."""
    known = Known(history, contract)
    found = [violation for clause in CLAUSES for violation in clause(known)]
    return sorted(found, key=lambda violation: violation.time)


def wrong(clause, read, text):
    return Violation(clause, read.start, read.job,
                     f"{read.method} {read.job} by {read.key} on {read.node} "
                     f"was answered {read.status}: {text}")


def served(known):
    """Reads that told a state of their job, with the call it comes from."""
    for read in known.history.reads:
        call = known.source(read)
        if read.status in SERVED and call is not None:
            yield read, call


# every answer


def sent(known):
    for read in known.history.reads:
        if read.status not in SERVED:
            continue
        call = known.source(read)
        if call is None:
            yield wrong("sent", read, "from no call of upstream")
        elif call.job != read.job or call.time > read.end:
            yield wrong("sent", read, f"from call {call.number}, of another "
                        "job or time")
        elif (read.status, read.method) == (200, "GET"):
            if not read.complete or read.body != call.body:
                yield wrong("sent", read, f"call {call.number} had another "
                            f"body: {read.body[:300]}")


def tenant(known):
    for read, call in served(known):
        if call.key != read.key:
            yield wrong("tenant", read, f"call {call.number} was {call.key}'s")


def valid(known):
    for read in known.history.reads:
        if (read.status, read.method) == (200, "GET") \
                and not valid_job(members_of(read.body), read.job):
            yield wrong("valid", read, f"an invalid body: {read.body[:300]}")


def stored(known):
    sent_bodies = collections.defaultdict(dict)   # job: {body: first time}
    for call in known.calls.values():
        if call.body and not call.no_store and known.valid(call):
            times = sent_bodies[call.job]
            times[call.body] = min(call.time, times.get(call.body, call.time))
    for peek in known.history.peeks:
        if b"{" in peek.value and not any(
                time <= peek.time and body in peek.value
                for body, time in sent_bodies[peek.job].items()):
            yield Violation("stored", peek.time, peek.job,
                            f"Redis holds what upstream never sent: "
                            f"{peek.name} {peek.value[:500]}")


def no_store(known):
    readers = collections.Counter()
    for read, call in served(known):
        readers[call.number] += call.no_store
        if readers[call.number] > 1:
            yield wrong("no_store", read, f"call {call.number} said no-store "
                        "and had answered another")


def fresh(known):
    contract = known.contract
    for read, call in served(known):
        age = read.start - call.ended
        ttl = known.ttl(call)
        bound = ttl + contract.stale_while_revalidate if ttl else 0.0
        if age <= bound:
            continue
        slack = known.slack(call.ended, read.start)
        if age > bound + slack:
            bound = ttl + contract.stale_if_error if ttl else 0.0
            if age > bound + slack:
                yield wrong("fresh", read, f"call {call.number} is {age:.3f} "
                            f"old, {bound:g} is the most")
            elif not known.troubled(read.key, read.start, read.end):
                yield wrong("fresh", read, f"call {call.number} is {age:.3f} "
                            "old, and upstream was well")


def flagged(known):
    for read, call in served(known):
        age = read.start - call.ended
        if age > known.ttl(call) and not told_stale(read) \
                and age > known.ttl(call) + known.slack(call.ended,
                                                        read.start):
            yield wrong("flagged", read, f"call {call.number} is {age:.3f} "
                        f"old, but said {read.cache!r}")


def told_stale(read):
    return "detail=stale" in read.cache


def errors(known):
    for read in known.history.reads:
        if read.status is None or not read.complete:
            if not (read.reused or known.broken("worker_kill", read.start,
                                                read.end, read.node)):
                yield wrong("errors", read, "and cut off")
        elif read.status >= 500 or read.status == 429:
            if not known.troubled(read.key, read.start, read.end):
                yield wrong("errors", read, "but upstream was well")
        elif read.status not in SERVED + REFUSALS:
            yield wrong("errors", read, "which nobody says")
    for write in known.history.writes:
        yield from write_errors(known, write)


def write_errors(known, write):
    if write.left or (write.status is not None and write.status < 500):
        return
    if known.broken("worker_kill", write.start, write.end, write.node) \
            or known.broken("refused", write.start, write.end) \
            or any(known.failed(call) or call.aborted
                   for call in known.sent_for[write.number]):
        return
    yield Violation("errors", write.start, write.job,
                    f"write {write.number} on {write.node} was answered "
                    f"{write.status}, but upstream was well")


def refusals(known):
    for read in known.history.reads:
        if read.status in REFUSALS and refused_by(known, read) is None:
            yield wrong("refusals", read, "but upstream did not say so")


def refused_by(known, read):
    """The last call that explains why a read was refused."""
    if read.status == 401:
        calls = [call for _, call in known.rejected[read.key]]
    else:
        calls = [call for call in known.refusals[read.key, read.job]
                 if call.status == read.status]
    ttl = known.contract.error_ttl.get(read.status, 0.0)
    for call in reversed(calls):
        if call.time <= read.end and read.start <= (
                call.ended + ttl + known.slack(call.ended, read.start)):
            return call
    return None


def latency(known):
    for read in known.history.reads:
        took = read.end - read.start
        if took > known.contract.max_wait + known.slack(read.start, read.end):
            yield wrong("latency", read, f"after {took:.3f} s")


# invalidation


def own_node(known):
    yield from outdated("own_node", known, lambda i, read: i.node == read.node)


def other_node(known):
    yield from outdated("other_node", known,
                        lambda i, read: i.node != read.node)


def outdated(clause, known, concerns):
    """Reads answered from before an acknowledged write or purge."""
    for read, call in told(known):
        for invalidation in known.invalidations[read.job]:
            if invalidation.outdates(call) and concerns(invalidation, read) \
                    and reached(known, invalidation, read) \
                    and not excused(known, invalidation, read):
                yield wrong(clause, read, f"call {call.number} is from before "
                            f"{invalidation.what}, done at "
                            f"{invalidation.end:.3f} on {invalidation.node}")
                break


def unknown_outcome(known):
    for read, call in told(known):
        for invalidation in known.uncertain[read.job]:
            if invalidation.outdates(call) \
                    and reached(known, invalidation, read) \
                    and not excused(known, invalidation, read) \
                    and not (told_stale(read) and known.troubled(
                        read.key, read.start, read.end)):
                yield wrong("unknown_outcome", read,
                            f"call {call.number} is from before "
                            f"{invalidation.what}, over at "
                            f"{invalidation.end:.3f}")
                break


def told(known):
    """Reads that told something of their job, and the call it comes from."""
    yield from served(known)
    for read in known.history.reads:
        if read.status in REFUSALS and read.status != 401:
            call = refused_by(known, read)
            if call is not None:
                yield read, call


def reached(known, invalidation, read):
    """Whether an invalidation must be known where and when a read began."""
    if read.start < invalidation.end:
        return False
    if invalidation.node == read.node:
        return True
    since = invalidation.end + known.contract.other_node
    return read.start > since \
        and read.start > since + known.slack(invalidation.end, read.start)


def excused(known, invalidation, read):
    """Whether Redis is why the other node does not know: it learns of an
    invalidation once Redis is back and has been told."""
    away = known.redis_away(invalidation.start,
                            invalidation.end + known.contract.other_node)
    return invalidation.node != read.node and any(
        read.start <= fault.end + known.contract.recovery
        + known.contract.slack for fault in away)


# who may be answered


def liveness(known):
    contract = known.contract
    for read, _ in served(known):
        since = read.start - contract.reauth
        if known.accepted_since(read.key, since, read.end):
            continue
        since -= known.slack(since, read.start)
        if known.accepted_since(read.key, since, read.end):
            continue
        if known.troubled(read.key, read.start, read.end) \
                and known.accepted_since(
                    read.key, since - contract.stale_if_error, read.end):
            continue
        yield wrong("liveness", read, "upstream had not accepted that "
                    "credential for too long")


def tombstone(known):
    for read, _ in served(known):
        last = rejection(known, read)
        if last is not None \
                and not known.accepted_since(read.key, last.time, read.end):
            yield wrong("tombstone", read, f"call {last.number} had been "
                        "answered 401")


def rejection(known, read):
    """The last 401 that must be known where and when a read began."""
    for ended, call in reversed(known.rejected[read.key]):
        if ended >= read.start:
            continue
        grace = known.slack(ended, read.start)
        if call.node != read.node:
            if known.redis_away(ended, read.start):
                continue              # liveness bounds it
            grace += known.contract.other_node
        if read.start > ended + grace:
            return call
    return None


# what upstream is spared


def one_fetch(known):
    for (_, job), calls in known.reads.items():
        for number, later in enumerate(calls):
            others = [call for call in calls[:number]
                      if under_way(known, call, later.time)
                      and not parted(known, call, later)]
            if others:
                yield Violation("one_fetch", later.time, job, f"call "
                                f"{later.number} came while "
                                f"{others[-1].number} was under way")


def under_way(known, call, time):
    """Whether a call was; upstream learns late of one that is given up."""
    margin = known.slack(call.time, time) if call.aborted else 0.0
    return call.ended > time + margin


def strangers(known, call, later):
    """Whether those who made two calls may not know of each other."""
    return bool(known.broken("worker_kill", call.time, later.time, call.node)
                or (call.node != later.node
                    and known.redis_away(call.time, later.time)))


def parted(known, call, later):
    """Whether a later call for the same need not care for an earlier one."""
    start = call.time - known.slack(call.time, call.time)
    return strangers(known, call, later) \
        or any(i.start <= later.time and start <= known.heard_until(i)
               for i in (known.invalidations[call.job]
                         + known.uncertain[call.job])) \
        or any(call.time <= ended and rejected.time <= later.time
               for ended, rejected in known.rejected[call.key]) \
        or any(start <= until and since <= later.time
               for since, until in known.left[call.job]) \
        or unshared(known, call)


def unshared(known, call):
    """Whether a call was made for one client alone: it, or one that this
    client had waited for, was answered with no-store."""
    since = call.time - known.slack(call.time, call.time)
    return call.no_store or any(
        other.no_store and since <= other.ended <= call.time
        for other in known.reads[call.key, call.job])


def backoff(known):
    for (_, job), calls in known.reads.items():
        for number, call in enumerate(calls):
            if not known.failed(call) or known.hold_off(call) > 0:
                continue
            until = call.ended + known.contract.backoff
            for later in calls[number + 1:]:
                if too_soon(known, call, later, until) \
                        and not parted(known, call, later):
                    yield Violation("backoff", later.time, job, f"call "
                                    f"{later.number} came after "
                                    f"{call.number} had failed")


def hold_off(known):
    by_key = collections.defaultdict(list)
    for (key, _), calls in known.reads.items():
        by_key[key] += calls
    for calls in by_key.values():
        for call in calls:
            if known.hold_off(call) == 0:
                continue
            until = call.ended + known.hold_off(call)
            for later in calls:
                if too_soon(known, call, later, until):
                    yield Violation("hold_off", later.time, later.job,
                                    f"call {later.number} came before the "
                                    f"Retry-After of {call.number}")


def too_soon(known, call, later, until):
    """Whether a call came before until, in spite of what another brought."""
    if not call.ended < later.time < until:
        return False
    slack = known.slack(call.ended, later.time)
    grace = slack
    if call.node != later.node:
        grace += known.contract.other_node
    return call.ended + grace < later.time < until - slack \
        and not strangers(known, call, later)


CLAUSES = (
    # every answer
    sent,             # bodies are ones upstream sent, byte for byte
    tenant,           # ... to the credential that gets them
    valid,            # ... and pass the schema
    stored,           # so do the bodies found in Redis
    no_store,         # a no-store answer goes to one client, once
    fresh,            # nothing is served past its bound
    flagged,          # what is served stale says so
    errors,           # an error has its cause upstream
    refusals,         # so has a refusal, within batch_dial_error_ttl
    latency,          # nobody waits much longer than upstream takes

    # invalidation, also of fetches under way and while Redis is away
    own_node,         # no read after an acknowledged write or purge is
                      # answered from before it, on the same node
    other_node,       # ... later than 100 ms after, on the other
    unknown_outcome,  # nor after a write nobody knows the end of, save as a
                      # stale copy while upstream fails

    # who may be answered
    liveness,         # only credentials accepted within reauth
    tombstone,        # nobody on any node after a 401

    # what upstream is spared
    one_fetch,        # one read of a (credential, job) at a time
    backoff,          # none for 1 s after one that failed
    hold_off,         # none of a credential until its Retry-After
)


# for the report of a violation


def around(history, violation, before=1.5, after=0.1, most=50):
    """What happened to the job of a violation about that time, as lines."""
    start, end = violation.time - before, violation.time + after
    events = []
    for call in history.calls:
        if call.job == violation.job:
            body = members_of(call.body) or {}
            events.append((call.time, f"call {call.number} {call.kind} by "
                           f"{call.key} from {call.node}: {call.status} "
                           f"revision {body.get('revision')} "
                           f"ended {call.ended:.4f}"))
    for read in history.reads:
        if read.job == violation.job:
            events.append((read.start, f"  {read.method} by {read.key} on "
                           f"{read.node}: {read.status} from {read.source} "
                           f"ended {read.end:.4f} {read.cache}"))
    for write in history.writes:
        if write.job == violation.job:
            events.append((write.start, f"  write {write.number} "
                           f"{write.what} on {write.node}: {write.status} "
                           f"ended {write.end:.4f}"))
    for purge in history.purges:
        if purge.job == violation.job:
            events.append((purge.start, f"  purge on {purge.node}: "
                           f"{purge.status} ended {purge.end:.4f}"))
    for fault in history.faults:
        events.append((fault.start, f"! {fault.kind} {fault.node or ''} "
                       f"ended {fault.end:.4f}"))
    lines = [f"{time:.4f} {text}" for time, text in sorted(events)
             if start <= time <= end]
    return lines[-most:]
