"""Random reads, writes, purges, revocations and faults over two nodes; then
what happened is held against the contract.

    /usr/bin/python3 -m pytest -s tests/model --model-seconds=600

A longer run is made of episodes of a minute, each with a fleet of its own.
"""

import collections
import random

import actors
import nodes
import pytest
from checker import around, check
from history import History

EPISODE = 60.0                        # seconds; upstream remembers 50,000 calls
READERS, WRITERS = 6, 4

# What a run must have seen; a model that does not get there shows nothing.
EXERCISED = [
    "get", "polling", "head", "conditional", "burst", "leaver", "stranger",
    "neighbour", "list",
    "put", "pause_job", "resume", "refused", "leave",
    "dashboard_status", "dashboard_name", "revoke", "vanish", "peek",
    "redis_kill", "redis_freeze", "worker_kill", "reload", "overtake",
    "upstream_refuses", "upstream_500", "upstream_429", "upstream_503",
    "upstream_slow", "upstream_hangs", "upstream_cuts", "upstream_invalid",
    "upstream_no_store", "writes_slow", "writes_500",
    "200", "304", "401", "404", "500|502|503|504", "hit", "forwarded",
    "entries seen", "stale", "memory", "purge", "cut_off", "unannounced",
]
TOLD = 5                              # violations told in full


def episodes(config):
    """(seed, seconds) of each."""
    seed = config.getoption("--model-seed")
    if seed is None:
        seed = random.SystemRandom().randrange(10 ** 6)
    seconds = config.getoption("--model-seconds")
    number = max(1, round(seconds / EPISODE))
    return [(seed + n, seconds / number) for n in range(number)]


def pytest_generate_tests(metafunc):
    if "episode" in metafunc.fixturenames:
        metafunc.parametrize("episode", episodes(metafunc.config),
                             ids=lambda episode: f"seed={episode[0]}")


@pytest.mark.allow_log(r"connect\(\) to unix:\S+ failed \(2: No such file",
                       reason="a Redis that starts again makes its socket "
                       "anew, and nginx calls the moment between critical")
@pytest.mark.allow_log(r"shared memory zone \S+ was locked by",
                       reason="a worker may be killed at any point")
def test_history_keeps_the_contract(world, upstream, redis_server, episode,
                                    capsys):
    seed, seconds = episode
    fleet, contract = nodes.start(world, random.Random(seed).random() < 0.5)
    history = History()
    stage = actors.Stage(seed, fleet, upstream, redis_server, history)
    stage.prepare()
    counts = play(stage, seconds)
    upstream.drop_rules()
    assert upstream.settle(2 * 2 * 16, patience=10.0) == []
    history.calls = actors.calls_of(upstream)

    violations = check(history, contract)
    with capsys.disabled():
        print("\n" + summary(seed, counts, history, violations))
    assert not violations, told(history, violations, world.directory)
    assert unexercised(counts) == []


def play(stage, seconds):
    """Lets all actors act; what they did, counted."""
    cast = [actors.Reader(stage, f"reader {n}") for n in range(READERS)]
    cast += [actors.Writer(stage, f"writer {n}") for n in range(WRITERS)]
    cast += [actors.Operator(stage, "operator"),
             actors.Overtaker(stage, "overtaker"),
             actors.Islander(stage, "islander"),
             actors.Saboteur(stage, "saboteur"),
             actors.Metronome(stage, "metronome")]
    for actor in cast:
        actor.start()
    stage.over.wait(seconds)          # nobody else sets it
    for actor in cast:
        actor.dealt.wait()
    stage.over.set()
    for actor in cast:
        actor.join()
    for actor in cast:
        if actor.error is not None:
            raise actor.error
    return sum((actor.counts for actor in cast), collections.Counter())


def unexercised(counts):
    """What a run should have seen and has not."""
    return [name for name in EXERCISED
            if not any(counts[word] for word in name.split("|"))]


def summary(seed, counts, history, violations):
    """One line on what was done."""
    steps = " ".join(f"{name.replace(' ', '-')}={number}"
                     for name, number in sorted(counts.items()))
    return (f"model: seed={seed} reads={len(history.reads)} "
            f"writes={len(history.writes)} purges={len(history.purges)} "
            f"faults={len(history.faults)} calls={len(history.calls)} "
            f"lateness={max([late for _, late in history.lags] or [0]):.3f}s "
            f"violations={len(violations)}; {steps}")


def told(history, violations, directory):
    """The first violations with what was going on, for a failure's report."""
    path = directory / "history.json"
    history.save(path)
    kinds = collections.Counter(v.clause for v in violations)
    lines = [f"{len(violations)} violations {dict(kinds)}; all in {path}"]
    for violation in violations[:TOLD]:
        lines += [str(violation), *around(history, violation), ""]
    return "\n".join(lines)


def test_a_seed_deals_the_same_decks():
    def deck(seed):
        stage = actors.Stage(seed, {}, None, None, History())
        actor = actors.Saboteur(stage, "saboteur")
        steps = actor.deck()
        actor.dice.shuffle(steps)
        return [step.__name__ for step in steps]

    assert deck(7) == deck(7)
    assert deck(7) != deck(8)


def test_what_was_not_exercised_is_told():
    counts = collections.Counter(dict.fromkeys(EXERCISED, 1))
    assert unexercised(counts) == ["500|502|503|504"]
    counts["503"] = 1
    assert unexercised(counts) == []
    del counts["hit"]
    assert unexercised(counts) == ["hit"]
