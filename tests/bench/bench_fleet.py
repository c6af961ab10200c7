"""Servers of a run: started as they are asked for, ended together."""

import json

from lib import client
from lib.nginx import Nginx, load_module

import bench_config
from bench_build import knows, where_known
from bench_servers import Redis, claim_cpus, pin


class Fleet:
    def __init__(self, directory):
        self.directory = directory
        self.processes = []
        claim_cpus()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def close(self):
        for process in reversed(self.processes):
            process.end()

    def subdirectory(self, name):
        directory = self.directory / name
        directory.mkdir(exist_ok=True)
        return directory

    def adopt(self, server):
        """A server that is to end with the others."""
        self.processes.append(server.process)
        return server

    def nginx(self, name, config, **values):
        """An nginx that is not measured."""
        directory = self.subdirectory(name)
        (directory / "secret").write_text("s" * 32, encoding="ascii")
        nginx = Nginx(directory, config, start=False, **{
            "log_level": "warn", "LOAD_MODULE": "", "IDLE": "1h", **values})
        nginx.workers = values.get("WORKERS", 1)
        nginx.start()
        return self.adopt(nginx)

    def measured(self, name, config, **values):
        """An nginx whose workers have the CPU of the measured."""
        nginx = self.nginx(name, config, **values)
        nginx.pids = nginx.worker_pids()
        pin(nginx.pids)
        return nginx

    def redis(self):
        return self.adopt(Redis(self.subdirectory("redis")))

    def upstream(self, name, body, headers=""):
        """An upstream that knows every job; $id in the body is its id."""
        return self.nginx(name, bench_config.UPSTREAM, BODY=body,
                          HEADERS=headers)

    def gateway(self, name, upstream_port, redis="", directives=(),
                config=bench_config.GATEWAY, **values):
        """A gateway; redis is the URL.  Of the directives, those that the
        build knows are used."""
        if redis:
            redis = f"batch_dial_redis {redis} timeout=1s;"
        purge = ("location /purge/ { batch_dial_purge; }"
                 if knows("batch_dial_purge") else "")
        return self.measured(
            name, config, PURGE=purge, LOAD_MODULE=load_module(), REDIS=redis,
            UPSTREAM_PORT=upstream_port, OPTIONS=where_known(*directives),
            MEMORY_OFF=where_known("batch_dial_memory off;"), **values)


def get(port, target, token, **headers):
    return client.http(("127.0.0.1", port), "GET", target,
                       {"Authorization": f"Bearer {token}", **headers})


def metrics(nginx):
    """The counters of a gateway."""
    page = client.http(("127.0.0.1", nginx.port("cached")), "GET",
                       "/metrics?format=json")
    return json.loads(page.body)
