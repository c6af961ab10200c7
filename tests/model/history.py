"""What happened in a run, as plain records.

All times are seconds of CLOCK_MONOTONIC, which all processes of a machine
share: calls are timed by the stand-in, which answers one after the other and
so says exactly which state was true when, everything else by the driver.
"""

import dataclasses
import json
from dataclasses import dataclass, field


@dataclass
class Call:
    """A request as upstream received it."""

    number: int                       # in order of arrival
    time: float                       # of arrival: the state answered with
    ended: float                      # answer sent or given up
    kind: str                         # read, write, list, ...
    key: str
    job: str | None
    node: str | None                  # that sent it
    status: int | None                # None: not answered
    body: bytes | None                # None: not sent, or only a part of it
    no_store: bool = False
    retry_after: float | None = None
    aborted: bool = False             # the gateway left before the end
    write: int | None = None          # of the Write it was sent for


@dataclass
class Read:
    """A read by a client, and its answer."""

    start: float
    end: float
    node: str
    key: str
    job: str
    method: str
    status: int | None                # None: the connection broke
    source: int | None = None         # number of the call, from its ETag
    body: bytes = b""
    complete: bool = True
    cache: str = ""                   # Cache-Status
    reused: bool = False              # connection, which may close any time


@dataclass
class Write:
    """A write by a client; end is when it knew the outcome, or left."""

    number: int
    start: float
    end: float
    node: str
    key: str
    job: str
    what: str                         # put, pause, resume
    status: int | None                # None: it left, or the answer was lost
    left: bool = False                # before the answer came


@dataclass
class Purge:
    start: float
    end: float
    node: str
    job: str
    status: int | None


@dataclass
class Fault:
    """What was broken on purpose, and for how long; node None: of no one."""

    kind: str
    start: float
    end: float
    node: str | None = None


@dataclass
class Peek:
    """A value found in Redis."""

    time: float
    job: str
    name: str                         # of the field
    value: bytes


@dataclass
class Contract:
    """The numbers in force; what is switched off is 0."""

    ttl: dict                         # status: seconds
    stale_while_revalidate: float = 0.0
    stale_if_error: float = 0.0
    reauth: float = 0.0
    error_ttl: dict = field(default_factory=dict)
    write_through: float = 0.0        # TTL of a write's answer
    backoff: float = 0.0              # after a failed fetch
    hold_off_max: float = 60.0
    hold_off_429: float = 2.0         # without Retry-After
    other_node: float = 0.1           # until an invalidation is everywhere
    max_wait: float = 4.5             # upstream's timeouts, a dead leader's
                                      # 3 s, Redis' timeouts
    recovery: float = 3.0             # until a Redis that is back is used
    slack: float = 0.1                # what a busy machine may add


@dataclass
class History:
    calls: list = field(default_factory=list)
    reads: list = field(default_factory=list)
    writes: list = field(default_factory=list)
    purges: list = field(default_factory=list)
    faults: list = field(default_factory=list)
    peeks: list = field(default_factory=list)
    lags: list = field(default_factory=list)  # (time, seconds late)

    RECORDS = {"calls": Call, "reads": Read, "writes": Write,
               "purges": Purge, "faults": Fault, "peeks": Peek}

    def save(self, path):
        """Writes it as JSON; bytes as latin-1."""
        with open(path, "w", encoding="utf-8") as file:
            json.dump(dataclasses.asdict(self), file,
                      default=lambda data: {"latin1": data.decode("latin-1")})

    @classmethod
    def load(cls, path):
        def revive(value):
            if set(value) == {"latin1"}:
                return value["latin1"].encode("latin-1")
            return value

        with open(path, encoding="utf-8") as file:
            said = json.load(file, object_hook=revive)
        made = {name: [kind(**record) for record in said[name]]
                for name, kind in cls.RECORDS.items()}
        return cls(**made, lags=[tuple(lag) for lag in said["lags"]])
