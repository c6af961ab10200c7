"""The control path: /_control/..., JSON in and out.

Tests change the state, set rules, release gates and read what came.  The
calls are listed in README.md.  Control calls are neither counted nor
recorded.
"""

import json
import os

from standin_api import Answer
from standin_rules import BadRule

PREFIX = "/_control/"
RESETS = ("counts", "requests", "rules", "state")


class Unusable(Exception):
    """A control call that makes no sense."""


class Control:
    def __init__(self, desk):
        self.desk = desk
        self.calls = {
            ("GET", "ready"): self.ready,
            ("GET", "counts"): self.counts,
            ("GET", "requests"): self.requests,
            ("GET", "rules"): self.rules,
            ("POST", "rules"): self.add_rule,
            ("DELETE", "rules"): self.drop_rules,
            ("POST", "gates"): self.gates,
            ("GET", "jobs"): self.get_job,
            ("PUT", "jobs"): self.put_job,
            ("PATCH", "jobs"): self.patch_job,
            ("DELETE", "jobs"): self.delete_job,
            ("POST", "keys"): self.set_key,
            ("POST", "settings"): self.settings,
            ("POST", "listen"): self.listen,
            ("POST", "reset"): self.reset,
        }

    def __call__(self, request):
        name, _, rest = request.path[len(PREFIX):].partition("/")
        call = self.calls.get((request.method, name))
        if call is None:
            return answer(404, {"error": "no such control call"})
        try:
            said = json.loads(request.body) if request.body else {}
            return answer(200, call(said, rest))
        except (BadRule, Unusable, KeyError, TypeError, ValueError) as bad:
            return answer(400, {"error": f"{type(bad).__name__}: {bad}"})

    def ready(self, said, rest):
        return {"pid": os.getpid(), "port": self.desk.port}

    def counts(self, said, rest):
        counts = dict(vars(self.desk.counts))
        counts["waiting"] = {name: n for name, n
                             in self.desk.gates.waiting.items() if n}
        return counts

    def requests(self, said, rest):
        return [request.told() for request in self.desk.requests]

    def rules(self, said, rest):
        return [{"id": rule.number, "hits": rule.hits, "rule": rule.said}
                for rule in self.desk.rules]

    def add_rule(self, said, rest):
        return {"id": self.desk.add_rule(said).number}

    def drop_rules(self, said, rest):
        """All of them, or the one named in the path."""
        self.desk.rules = [rule for rule in self.desk.rules
                           if rest and rule.number != int(rest)]
        return {}

    def gates(self, said, rest):
        if "release" in said:
            self.desk.gates.release(said["release"])
        if "shut" in said:
            self.desk.gates.shut(said["shut"])
        return {}

    def job(self, job_id):
        job = self.desk.state.find(job_id)
        if job is None:
            raise Unusable(f"no job {job_id!r}")
        return job

    def get_job(self, said, rest):
        job = self.job(rest)
        return {"workspace": job.workspace, "members": job.members}

    def put_job(self, said, rest):
        self.desk.state.put_job(**said)
        return {}

    def patch_job(self, said, rest):
        """Changes members at once, as the vendor's dashboard does."""
        job = self.job(rest)
        if "status" in said:
            job.set_status(said.pop("status"), self.desk.state.clock())
        job.members.update(said)
        job.changed()
        return {}

    def delete_job(self, said, rest):
        self.job(rest)
        del self.desk.state.jobs[rest]
        return {}

    def set_key(self, said, rest):
        """Adds a key, revokes it or restores it."""
        state, key = self.desk.state, said["key"]
        if "workspace" in said:
            state.keys[key] = said["workspace"]
        if key not in state.keys:
            raise Unusable("no such key")
        if said.get("active", True):
            state.revoked.discard(key)
        else:
            state.revoked.add(key)
        return {}

    def settings(self, said, rest):
        for name, value in said.items():
            if name == "unknown_job_status":
                self.desk.api.unknown_job_status = int(value)
            elif name == "record":
                self.desk.recording = bool(value)
            elif name == "stamp":
                self.desk.state.set_stamping(bool(value))
            else:
                raise Unusable(f"no setting {name!r}")
        return {}

    def listen(self, said, rest):
        self.desk.listen(bool(said["on"]))
        return {}

    def reset(self, said, rest):
        what = said.get("what", RESETS)
        for name in what:
            if name not in RESETS:
                raise Unusable(f"nothing called {name!r} to reset")
        self.desk.reset(what)
        return {}


def answer(status, value):
    return Answer(status, json.dumps(value).encode())
