"""What is measured, and against what.

A scenario's cost is compared with that of its baseline in the same round; a
baseline is compared with nothing.
"""

import dataclasses

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
    server: str             # "plain" (nginx without the module) or "gateway"
    listen: str             # which of its servers, see bench_world
    target: str
    baseline: str = None
    limit: float = None     # the ratio to the baseline that was promised
    outcome: str = None     # label of requests_total that must count them
    revalidate: bool = False        # send If-None-Match with the job's ETag
    fills_redis: bool = False       # empty Redis before each round


SCENARIOS = [
    Scenario("return-200", "plain", "return", ONE_JOB),
    Scenario("redis-hit", "gateway", "cached", ONE_JOB,
             baseline="return-200", limit=1.60, outcome="hit"),
    Scenario("redis-304", "gateway", "cached", ONE_JOB,
             baseline="return-200", outcome="hit", revalidate=True),
    Scenario("proxy-pass", "plain", "proxy", NEW_JOB),
    Scenario("miss", "gateway", "uncached", NEW_JOB,
             baseline="proxy-pass", limit=1.25, outcome="miss"),
    Scenario("miss-stored", "gateway", "cached", NEW_JOB,
             baseline="proxy-pass", outcome="miss", fills_redis=True),
    Scenario("pass", "gateway", "cached", NEW_JOB + "/dials",
             baseline="proxy-pass", outcome="pass"),
]


def choose(names):
    """The scenarios named, with the baselines they need, in order."""
    known = {scenario.name: scenario for scenario in SCENARIOS}
    unknown = set(names) - set(known)
    if unknown:
        raise ValueError(f"no scenario {', '.join(sorted(unknown))}; "
                         f"there are {', '.join(known)}")
    wanted = set(names) | {known[name].baseline for name in names}
    return [scenario for scenario in SCENARIOS if scenario.name in wanted]
