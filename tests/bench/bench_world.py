"""The servers of a comparison: upstream, the gateway, its peers, the stores.

Each server that is measured has one worker.  Upstream is an nginx of its own,
so that what a fetch costs there is in nobody's account.

The processes and ports are those of the integration tests' harness, of which
this uses what needs no package beside Python.
"""

import json
import re

from lib.wait import wait_until

import bench_config
from bench_build import knows
from bench_equal import differences
from bench_fleet import Fleet, get, metrics
from bench_scenarios import BODY_SIZE, JOB, ONE_JOB, TOKEN
from bench_servers import Memcached, Varnish, pin


class World(Fleet):
    """The servers, by the names that scenarios give them."""

    def __init__(self, directory):
        super().__init__(directory)
        self.servers = {}
        try:
            self._start()
        except BaseException:
            self.close()
            raise

    def _start(self):
        body = job_body().replace(JOB, "$id")
        upstream = self.upstream("upstream", body)
        self._start_gateways(upstream.port())
        hit = self.store_job("gateway", "redis")
        self.answers = {"hit": hit}
        self.etag = hit["etag"]
        full = self.upstream("full", body,
                             bench_config.header_directives(hit.headers))
        self.origins = [upstream, full]
        self._start_peers(upstream.port(), full.port(), hit)

    def _start_gateways(self, upstream_port):
        zone = ["batch_dial_zone 32m;"]
        self.stores = {"redis": self.redis()}
        self.servers["gateway"] = self.gateway(
            "gateway", upstream_port, f"unix:{self.stores['redis'].socket}",
            zone)
        if knows("batch_dial_memory"):
            self.servers["alone"] = self.gateway("alone", upstream_port,
                                                 directives=zone)

    def _start_peers(self, upstream_port, full_port, hit):
        self.servers["plain"] = self.measured(
            "plain", bench_config.PLAIN, HIT_BODY=hit.body.decode(),
            UPSTREAM_PORT=upstream_port, FULL_PORT=full_port,
            HIT_HEADERS=bench_config.header_directives(hit.headers),
            NOT_MODIFIED_HEADERS=bench_config.header_directives(
                hit.headers, without=["accept-ranges"]))
        memcached = self.adopt(Memcached(self.subdirectory("memcached")))
        self.stores["memcached"] = memcached
        self.servers["srcache"] = self.measured(
            "srcache", bench_config.SRCACHE, UPSTREAM_PORT=full_port,
            LOAD_MODULE=bench_config.SRCACHE_MODULES,
            MEMCACHED_SOCK=memcached.socket)
        varnish = self.adopt(Varnish(
            self.subdirectory("varnish"), bench_config.VARNISH.replace(
                "%%UPSTREAM_PORT%%", str(full_port))))
        self.servers["varnish"] = varnish
        pin(varnish.pids)

    # asking

    def port(self, scenario):
        return self.servers[scenario.server].port(scenario.listen)

    def pids(self, scenario):
        return self.servers[scenario.server].pids

    def store(self, scenario):
        """The store whose CPU time counts, or None."""
        return self.stores.get(scenario.store)

    def get(self, port, target, **headers):
        return get(port, target, TOKEN, **headers)

    def store_job(self, server, listen, detail=""):
        """Makes JOB a hit of that tier; the answer that is one."""
        port = self.servers[server].port(listen)
        last = []

        def hit():
            answer = self.get(port, ONE_JOB)
            last[:] = [answer]
            if answer.status != 200:
                raise RuntimeError(f"{ONE_JOB}: {answer}")
            status = answer["cache-status"] or ""
            return answer if "; hit" in status and detail in status else None

        return wait_until(hit, what=lambda: f"a hit, but {last}")

    def metrics(self, scenario):
        """The counters of the gateway; {} of another server."""
        if scenario.outcome is None:
            return {}
        return metrics(self.servers[scenario.server])

    def origin_requests(self):
        """How many requests both origins have had."""
        total = 0
        for origin in self.origins:
            page = self.get(origin.port(), "/requests").body.decode()
            total += int(re.search(r"\n +\d+ +\d+ +(\d+)", page)[1])
        return total

    # before a measurement

    def prepare(self, scenario):
        """Makes its requests what the scenario says they are."""
        if scenario.fills:
            self.stores["redis"].command("FLUSHALL")
        if scenario.tier:
            self.store_job(scenario.server, scenario.listen,
                           f"detail={scenario.tier}"
                           if knows("batch_dial_memory") else "")
        elif scenario.group == "peer":
            self.get(self.port(scenario), ONE_JOB)

    def compare(self, scenarios):
        """All must send what the gateway sends; raises for those who do not.

        The first one with an answer of a kind is what the others of that kind
        are held against; for a hit that is the gateway's own.
        """
        for scenario in sorted(scenarios, key=lambda one: one.group
                               != "gateway"):
            if scenario.answer == "miss":
                continue                # a hit's header, but for Cache-Status
            self.prepare(scenario)
            answer = self.answer(scenario)
            reference = self.answers.setdefault(scenario.answer, answer)
            found = differences(reference, answer, scenario.slack)
            if found:
                raise RuntimeError(f"{scenario.name} sends "
                                   f"{'; '.join(found)}: {answer}")

    def answer(self, scenario):
        more = {"If-None-Match": self.etag} if scenario.revalidates else {}
        target = scenario.target.replace("%s", JOB)
        return self.get(self.port(scenario), target, **more)


def job_body(job_id=JOB, status="COMPLETE", size=BODY_SIZE):
    """A job of that many bytes, as the API would send it."""
    job = {
        "id": job_id, "name": "", "status": status, "maxConcurrentDials": 10,
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
    job["name"] = "n" * (size - len(text))
    return json.dumps(job, separators=(",", ":"))
