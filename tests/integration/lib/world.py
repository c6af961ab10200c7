"""All that one test has started, and the checks when it ends."""

import itertools
import pathlib
import shutil
import tempfile

from . import checks, client
from .gateway import Gateway
from .nginx import Nginx
from .redis_server import RedisServer
from .relay import FakeRedis, Relay
from .tls import Identity
from .upstream import Upstream
from .wait import TIMEOUT

# Held by nothing but the module's own memory; must never show up anywhere.
HMAC_SECRET = "hmac-SECRET-0f9a7b3c55d1e284\n"


class World:
    def __init__(self, allowed=(), patience=TIMEOUT):
        """allowed: regular expressions of log lines that are no failure.

        patience: the seconds in which things must come to rest at the end.
        """
        self.allowed = list(allowed)
        self.patience = patience
        # short, for the path of a Unix socket may have 107 bytes only
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="bd-"))
        self.secret_file = self.directory / "hmac"
        self.secret_file.write_text(HMAC_SECRET, encoding="ascii")
        self.numbers = itertools.count(1)
        self.upstreams = []
        self.redises = []
        self.fakes = []
        self.relays = []
        self.nginxes = []

    # starting

    def new_directory(self, name):
        path = self.directory / f"{name}{next(self.numbers)}"
        path.mkdir()
        return path

    def identity(self, **options):
        """A fresh CA and server certificate."""
        path = self.directory / f"tls{next(self.numbers)}"
        return Identity(path, **options)

    def upstream(self, **options):
        return self._keep(self.upstreams, Upstream,
                          self.new_directory("upstream"), **options)

    def redis(self, **options):
        return self._keep(self.redises, RedisServer,
                          self.new_directory("redis"), **options)

    def fake_redis(self, reply, path=None):
        """A server that answers reply; see relay.py."""
        return self._keep(self.fakes, FakeRedis, reply, path)

    def relay(self, target, path=None):
        """Stands between nginx and a server, to slow or cut what passes."""
        return self._keep(self.relays, Relay, target, path)

    def nginx(self, config, **options):
        """nginx with a configuration of the test's own."""
        return self._nginx(Nginx, self.new_directory("nginx"), config,
                           **options)

    def gateway(self, **options):
        """A node of the gateway; call it again for another one."""
        return self._nginx(Gateway, self.new_directory("gateway"), **options)

    def _nginx(self, kind, *words, start=True, **options):
        node = self._keep(self.nginxes, kind, *words, start=False,
                          **{**self.values(), **options})
        if start:
            node.start()
        return node

    def values(self):
        """What placeholders stand for, from the servers started first."""
        values = {"SECRET_FILE": self.secret_file}
        if self.upstreams:
            values["UPSTREAM_PORT"] = self.upstreams[0].port
        if self.redises:
            values["REDIS_SOCK"] = self.redises[0].socket
            values["REDIS_PORT"] = self.redises[0].port
            values["REDIS_TLS_PORT"] = self.redises[0].tls_port
        return values

    @staticmethod
    def _keep(shelf, kind, *words, **options):
        thing = kind(*words, **options)
        shelf.append(thing)
        return thing

    # ending

    def finish(self):
        """Ends everything; returns all problems found.

        First the clients leave; the upstream, asked while it can still
        tell, must then be at rest.  Then every peer of nginx goes, so that
        what its workers still hold open has no owner.  Then nginx ends.
        """
        client.close_all()
        problems = self._settle()
        problems += self._search_redis()
        for thing in [*self.fakes, *self.relays, *self.redises,
                      *self.upstreams]:
            problems += thing.finish()
        for node in self.nginxes:
            problems += node.finish(self.allowed, self.patience)
        for thing in [*self.nginxes, *self.redises, *self.upstreams]:
            if thing.process is not None:
                strays = thing.process.end()
                if strays:
                    problems.append(f"{thing.process.argv[0]} left processes "
                                    f"{strays}")
        return problems

    def remove(self):
        shutil.rmtree(self.directory)

    def _settle(self):
        problems = []
        idle = sum(node.idle_connections() for node in self.nginxes
                   if node.running)
        for upstream in self.upstreams:
            if upstream.process.running:
                upstream.cont()
                problems += upstream.settle(idle, self.patience)
        return problems

    def _search_redis(self):
        problems = []
        for redis in self.redises:
            if redis.process.running:
                redis.cont()
                problems += checks.secret_problems("Redis", redis.text())
        for fake in self.fakes:
            problems += checks.secret_problems("commands", fake.text())
        return problems

    def told(self):
        """The end of every log, for the report of a failed test."""
        parts = []
        for path in sorted(self.directory.glob("*/*.log")):
            lines = path.read_text(errors="replace").splitlines()
            parts.append(f"--- {path}\n" + "\n".join(lines[-60:]))
        return "\n".join(parts)
