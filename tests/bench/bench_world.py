"""The servers of a bench run: upstream, Redis, the gateway, plain nginx.

Each nginx has one worker.  Upstream is an nginx of its own, so that what a
fetch costs there is in nobody's account.  The workers measured have the
first CPU for themselves, all else shares the others; with one CPU all share
it.

The processes and ports are those of the integration tests' harness, of which
this uses what needs no package beside Python.
"""

import json
import os
import socket

from lib import client, ports
from lib.nginx import Nginx, load_module
from lib.process import Process
from lib.wait import wait_until

from bench_scenarios import BODY_SIZE, JOB, ONE_JOB, TOKEN

# A connection lives for ever, on both sides of each server.
HTTP = """\
%%GLOBALS%%

http {
    %%HTTP_GLOBALS%%
    access_log off;
    server_tokens off;
    keepalive_requests 1000000000;
    keepalive_timeout 1h;
"""

API = """
    upstream api {
        server 127.0.0.1:%%UPSTREAM_PORT%%;
        keepalive 128;
        keepalive_requests 1000000000;
        keepalive_timeout 1h;
    }
"""

PROXY = """\
            proxy_pass http://api;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
"""

UPSTREAM = HTTP + """
    server {
        listen 127.0.0.1:%%PORT%%;
        default_type application/json;

        location ~ "^/api/batch_dial_jobs/(?<id>[A-Za-z0-9-]+)" {
            return 200 '%%BODY%%';
        }
    }
}
"""

GATEWAY = HTTP + API + """
    batch_dial_redis unix:%%REDIS_SOCK%% timeout=1s;
    batch_dial_secret_file %%DIR%%/secret;

    server {
        listen 127.0.0.1:%%PORT_cached%%;

        location /api/ {
            batch_dial on;
""" + PROXY + """
        }

        location = /metrics {
            batch_dial_metrics;
        }
    }

    server {
        listen 127.0.0.1:%%PORT_uncached%%;

        location /api/ {
            batch_dial on;
            batch_dial_ttl INIT=0 ACTIVE=0 PAUSED=0 COMPLETE=0 CANCELLED=0;
""" + PROXY + """
        }
    }
}
"""

PLAIN = HTTP + API + """
    server {
        listen 127.0.0.1:%%PORT_return%%;

        location /api/ {
            %%HIT_HEADERS%%
            return 200 '%%HIT_BODY%%';
        }
    }

    server {
        listen 127.0.0.1:%%PORT_proxy%%;

        location /api/ {
""" + PROXY + """
        }
    }
}
"""

# What nginx adds to an answer of return by itself.
OWN_HEADERS = {"server", "date", "content-length", "connection",
               "content-type"}


class Redis:
    """A redis-server of the run's own on a unix socket."""

    def __init__(self, directory):
        self.socket = directory / "redis.sock"
        self.process = Process(
            ["redis-server", "--port", "0", "--unixsocket", self.socket,
             "--save", "", "--appendonly", "no", "--dir", directory],
            directory / "redis.log")
        wait_until(self._answers, what=self.process.text)

    def _answers(self):
        try:
            return self.command("PING") == b"+PONG"
        except OSError:
            return False

    def command(self, line):
        """An inline command whose reply is one line."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(60)
            connection.connect(str(self.socket))
            connection.sendall(line.encode() + b"\r\n")
            with connection.makefile("rb") as reply:
                return reply.readline().rstrip()


class World:
    def __init__(self, directory):
        self.directory = directory
        self.processes = []
        cpus = sorted(os.sched_getaffinity(0))
        self.worker_cpus = set(cpus[:1])
        os.sched_setaffinity(0, set(cpus[1:] or cpus))
        try:
            self._start()
        except BaseException:
            self.close()
            raise

    def _start(self):
        body = job_body()
        upstream = self._nginx("upstream", UPSTREAM, LOAD_MODULE="",
                               BODY=body.replace(JOB, "$id"))
        self.redis = Redis(self.directory)
        self.processes.append(self.redis.process)
        (self._subdirectory("gateway") / "secret").write_text("s" * 32)
        self.gateway = self._nginx("gateway", GATEWAY,
                                   LOAD_MODULE=load_module(),
                                   UPSTREAM_PORT=upstream.port(),
                                   REDIS_SOCK=self.redis.socket)
        hit = self.store_job()
        self.etag = hit["etag"]
        self.plain = self._nginx("plain", PLAIN, LOAD_MODULE="",
                                 UPSTREAM_PORT=upstream.port(),
                                 HIT_HEADERS=header_directives(hit),
                                 HIT_BODY=hit.body.decode())
        self._compare(hit)
        for server in (self.gateway, self.plain):
            os.sched_setaffinity(self.worker(server), self.worker_cpus)

    def _subdirectory(self, name):
        directory = self.directory / name
        directory.mkdir(exist_ok=True)
        return directory

    def _nginx(self, name, config, **values):
        nginx = Nginx(self._subdirectory(name), config, log_level="warn",
                      start=False, **values)
        nginx.start()
        self.processes.append(nginx.process)
        return nginx

    def _compare(self, hit):
        """The baseline of hits must send what a hit sends."""
        plain = self.get(self.plain.port("return"), ONE_JOB)
        if plain.body != hit.body or shape(plain) != shape(hit):
            raise RuntimeError(f"return 200 sends {plain.headers}, "
                               f"a hit {hit.headers}")

    def close(self):
        for process in reversed(self.processes):
            process.end()

    # asking

    def port(self, scenario):
        return getattr(self, scenario.server).port(scenario.listen)

    def worker(self, nginx):
        return nginx.worker_pids()[0]

    def get(self, port, target):
        return client.http(("127.0.0.1", port), "GET", target,
                           {"Authorization": f"Bearer {TOKEN}"})

    def store_job(self):
        """Makes JOB a hit; the answer that is one."""
        def hit():
            answer = self.get(self.gateway.port("cached"), ONE_JOB)
            if answer.status != 200:
                raise RuntimeError(f"{ONE_JOB}: {answer}")
            return answer if "; hit" in answer["cache-status"] else None

        return wait_until(hit, what="a hit")

    def empty_redis(self):
        self.redis.command("FLUSHALL")
        self.store_job()

    def metrics(self):
        page = self.get(self.gateway.port("cached"), "/metrics?format=json")
        return json.loads(page.body)


def job_body():
    """A finished job of BODY_SIZE bytes, as the API would send it."""
    job = {
        "id": JOB, "name": "", "status": "COMPLETE", "maxConcurrentDials": 10,
        "callAgentId": "4f5bd7a1-8d4b-4a83-9c39-3f0a1c1f7e55",
        "createdAt": "2026-01-15T09:30:00.000Z",
        "fromPhoneNumberIds": ["7d0f6c1e-58f2-4d1e-9d4e-6b2f3c4d5e6f",
                               "8e1a7d2f-69a3-4e2f-8e5f-7c3a4d5e6f70"],
        "schedule": {
            "timezone": "America/New_York",
            "days": [{"dayOfWeek": day,
                      "timeSlots": [{"startTime": "09:00",
                                     "endTime": "17:00"}]}
                     for day in (1, 3)]},
    }
    text = json.dumps(job, separators=(",", ":"))
    job["name"] = "n" * (BODY_SIZE - len(text))
    return json.dumps(job, separators=(",", ":"))


def header_directives(response):
    """nginx directives that give an answer of return the same headers."""
    lines = [f"default_type {response['content-type']};"]
    lines += [f"add_header {name} '{value}';"
              for name, value in response.headers
              if name.lower() not in OWN_HEADERS]
    return "\n            ".join(lines)


def shape(response):
    """Names of the headers with the sizes of their values."""
    return sorted((name.lower(), len(value))
                  for name, value in response.headers)
