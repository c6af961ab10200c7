"""A node whose network goes down: its Redis, and with that what other nodes
say, is gone without a word, as by a cable that is pulled."""

import pytest

from lib.expect import cache_status
from lib.fresh import (DOUBT, JOB, SLACK, SURE, detail, is_fresh, name_of,
                       put, reads, soon, start, wait_sure)
from lib.gateway import CONFIG
from lib.network import Network
from lib.wait import wait_until


@pytest.fixture
def network():
    return Network()


@pytest.fixture
def nodes(world, network):
    """One in the network of Redis' TCP port, and one that has Redis, too,
    by its Unix socket; upstream is there for both."""
    upstream = world.upstream()
    network.within(world.redis, tcp=True)
    config = CONFIG.replace("127.0.0.1:%%UPSTREAM_PORT%%",
                            f"unix:{upstream.socket}")
    far = network.within(
        start, world.gateway, redis="redis://127.0.0.1:%%REDIS_PORT%%",
        config=config, unix=True)
    return far, start(world.gateway, config=config)


def test_a_network_goes_down(world, network, nodes):
    far, near = nodes
    upstream, = world.upstreams
    wait_until(lambda: detail(far.read(JOB)) == "memory")
    wait_until(lambda: detail(near.read(JOB)) == "memory")

    network.down()
    assert put(near, "new").status == 200
    soon(lambda: name_of(far.read(JOB)) == "new", DOUBT)

    # what is asked for now is fresh for three seconds at most

    before = len(reads(upstream))
    assert put(near, "newer").status == 200
    wait_until(lambda: far.metrics()[SURE] == 0)
    for _ in range(20):
        answer = far.read(JOB)
        assert answer.status == 200
        if is_fresh(answer):
            assert cache_status(answer)["ttl"] <= DOUBT
    assert len(reads(upstream)) - before <= 3
    soon(lambda: name_of(far.read(JOB)) == "newer", DOUBT)

    network.up()
    wait_sure(far)
    assert put(near, "newest").status == 200
    soon(lambda: name_of(far.read(JOB)) == "newest", SLACK)
