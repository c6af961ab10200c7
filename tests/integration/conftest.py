"""Fixtures of the integration tests; README.md is their guide."""

import signal

import pytest

from lib import nginx
from lib.gateway import Gateway
from lib.world import World


def pytest_configure(config):
    config.addinivalue_line(
        "markers",
        "allow_log(pattern, reason): lines of error.log that match are no "
        "failure of this test")
    # a run that is told to end still ends what it has started
    signal.signal(signal.SIGTERM, lambda *_: pytest.exit("terminated"))


def pytest_report_header(config):
    return f"nginx: {nginx.BINARY}, module: {nginx.module() or 'linked in'}"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Adds the end of every log to the report of a failure."""
    report = (yield).get_result()
    world = item.funcargs.get("world") if hasattr(item, "funcargs") else None
    if report.failed and world is not None:
        item.stash[FAILED] = True
        report.sections.append(("logs", world.told()))


FAILED = pytest.StashKey[bool]()


@pytest.fixture
def world(request):
    """What the test starts.  Its end is part of every test."""
    allowed = []
    for marker in request.node.iter_markers("allow_log"):
        assert marker.kwargs.get("reason"), "allow_log needs a reason"
        allowed.append(marker.args[0])
    world = World(allowed)
    yield world
    problems = world.finish()
    if problems:
        pytest.fail("\n".join([f"kept: {world.directory}", *problems]),
                    pytrace=False)
    if not request.node.stash.get(FAILED, False):
        world.remove()


@pytest.fixture
def upstream(world):
    """The stand-in of the API."""
    return world.upstream()


@pytest.fixture
def redis_server(world):
    """A Redis on a Unix socket; world.redis() starts others."""
    return world.redis()


@pytest.fixture
def gateway(world, upstream, redis_server):
    """Starts a node of the gateway: gateway(location_extra="...", ...)."""
    return world.gateway


@pytest.fixture
def redis_tier(monkeypatch):
    """The memory tier is off: for tests of the one in Redis."""
    monkeypatch.setattr(Gateway, "memory", False)


@pytest.fixture
def nginx_test(world):
    """nginx -t of a configuration: (exit code, what it printed)."""
    def run(config, **values):
        return world.nginx(config, start=False, **values).test()
    return run
