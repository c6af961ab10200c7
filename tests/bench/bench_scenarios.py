"""What is measured, and against what.

A scenario's cost is compared with that of its baseline in the same round; a
baseline is compared with nothing.
"""

import dataclasses

from bench_equal import SLACK

JOB = "job-0000000001"
BODY_SIZE = 600
TOKEN = "bench-" + "k" * 34
PATH = "/api/batch_dial_jobs"

# %s stands for an id that no other request of the bench has.
ONE_JOB = f"{PATH}/{JOB}"
NEW_JOB = f"{PATH}/%s"


@dataclasses.dataclass(frozen=True)
class Scenario:
    name: str
    group: str              # "baseline", "gateway" or "peer"
    server: str             # which server of bench_world
    listen: str             # which of its ports
    target: str
    baseline: str = None
    limit: float = None     # the ratio to the baseline that was promised
    also: str = None        # a second baseline, for the reader
    answer: str = "hit"     # what it answers: "hit", "304", "miss", "pass"
    outcome: str = None     # label of requests_total that must count them
    tier: str = None        # of the gateway's hits: "memory" or "redis"
    store: str = None       # "redis" or "memcached", whose CPU is told too
    store_limit: float = None       # microseconds of it for a request
    needs: str = None       # a directive, and with it the build, it needs
    fills: bool = False     # empty the stores before each round
    slack: int = SLACK      # bytes of header that its answer may differ by

    @property
    def revalidates(self):
        """Whether clients send If-None-Match with the job's ETag."""
        return self.answer == "304"

    @property
    def asks_origin(self):
        """Whether each request reaches the origin, or none does."""
        return "%s" in self.target


def _baseline(name, listen, target=ONE_JOB, **more):
    return Scenario(name, "baseline", "plain", listen, target, **more)


def _hit(name, listen, **more):
    more = {"baseline": "return-200", "outcome": "hit", **more}
    return Scenario(name, "gateway", "gateway", listen, ONE_JOB, **more)


def _fetch(name, server, listen, **more):
    more = {"baseline": "proxy-pass", "limit": 1.20, "outcome": "miss",
            "answer": "miss", **more}
    return Scenario(name, "gateway", server, listen, NEW_JOB, **more)


def _peer(name, server, listen, **more):
    more = {"baseline": "return-200", **more}
    return Scenario(name, "peer", server, listen, ONE_JOB, **more)


MEMORY = "batch_dial_memory"

SCENARIOS = [
    _baseline("return-200", "return"),
    # nginx's own 304 of return has a Content-Type and a Content-Length
    _baseline("return-304", "return_304", answer="304",
              baseline="return-200", slack=64),
    _baseline("proxy-pass", "proxy", NEW_JOB, answer="pass"),

    _hit("memory-hit", "cached", limit=1.20, tier="memory", needs=MEMORY),
    _hit("memory-304", "cached", limit=1.10, also="return-304",
         answer="304", tier="memory", needs=MEMORY),
    _hit("redis-hit", "redis", limit=1.40, tier="redis", store="redis",
         store_limit=2.5),
    _hit("redis-304", "redis", also="return-304", answer="304",
         tier="redis", store="redis"),
    _fetch("miss", "alone", "cached", needs=MEMORY),
    _fetch("miss-redis", "gateway", "cached", store="redis", fills=True),
    _fetch("miss-unstored", "gateway", "unstored", store="redis"),
    Scenario("pass", "gateway", "gateway", "cached", NEW_JOB + "/dials",
             baseline="proxy-pass", limit=1.05, answer="pass",
             outcome="pass"),

    _peer("proxy-cache", "plain", "cache"),
    _peer("proxy-cache-304", "plain", "cache", also="return-304",
          answer="304"),
    _peer("proxy-cache-open", "plain", "cache_open"),
    _peer("srcache-memc", "srcache", "srcache", store="memcached"),
    _peer("varnish", "varnish", "varnish"),
    _peer("varnish-304", "varnish", "varnish", also="return-304",
          answer="304"),
]


def choose(names):
    """The scenarios named, with the baselines they need, in order."""
    known = {scenario.name: scenario for scenario in SCENARIOS}
    unknown = set(names) - set(known)
    if unknown:
        raise ValueError(f"no scenario {', '.join(sorted(unknown))}; "
                         f"there are {', '.join(known)}")
    wanted, more = set(), set(names)
    while more:
        wanted |= more
        more = {other for name in more
                for other in (known[name].baseline, known[name].also)
                if other} - wanted
    return [scenario for scenario in SCENARIOS if scenario.name in wanted]
