"""The stand-in of the API as a process, and its control path.

tests/upstream/README.md tells what it serves and what a rule may say.
"""

import base64
import http.client
import json
import pathlib
import signal
import socket
import sys
import types

from .ports import free_port
from .process import Process
from .wait import wait_until

SERVER = pathlib.Path(__file__).resolve().parents[2] / "upstream/server.py"

ALICE = "tok-alice-SECRET-4fd1c2"
BOB = "tok-bob-SECRET-93ab07"
CAROL = "tok-carol-SECRET-c55e18"

JOBS = "/api/batch_dial_jobs"

MATCH = ("method", "path", "path_prefix", "kind", "key")
HEADERS = {"retry_after": "Retry-After", "cache_control": "Cache-Control",
           "etag": "ETag", "set_cookie": "Set-Cookie",
           "content_type": "Content-Type"}


class ControlError(Exception):
    """The stand-in refused a control call."""


class Upstream:
    def __init__(self, directory, tls=None, state="seed"):
        """tls is a tls.Identity, state "seed" or the path of a file."""
        self.directory = pathlib.Path(directory)
        self.port = free_port()
        self.socket = self.directory / "upstream.sock"
        self.argv = [sys.executable, SERVER, "--port", self.port, "--unix",
                     self.socket, "--print-ready", "--state", state]
        if tls is not None:
            self.argv += ["--tls-cert", tls.cert, "--tls-key", tls.key]
        self.process = None
        self.start()

    @property
    def address(self):
        return "127.0.0.1", self.port

    # the process

    def start(self):
        self.process = Process(self.argv, self.directory / "upstream.log")
        wait_until(lambda: "ready" in self.process.text()
                   or not self.process.running, what="the stand-in")
        if not self.process.running:
            raise RuntimeError(self.process.text())

    def kill(self):
        self.process.kill()
        self.process.output.unlink()

    def restart(self):
        """Ends it, if it runs, and starts it afresh from its seed."""
        if self.process.running:
            self.process.kill()
        self.process.output.unlink(missing_ok=True)
        self.start()

    def stop(self):
        """SIGSTOP: connections are accepted by the kernel, never answered."""
        self.process.stop()

    def cont(self):
        self.process.cont()

    def refuse(self):
        """Connections are refused from now on, those there are dropped."""
        self.control("POST", "listen", {"on": False})

    def accept(self):
        self.control("POST", "listen", {"on": True})

    # the control path

    def control(self, method, call, said=None):
        """One control call; its answer."""
        connection = UnixHTTP(str(self.socket))
        try:
            body = None if said is None else json.dumps(said)
            connection.request(method, f"/_control/{call}", body)
            response = connection.getresponse()
            text = response.read()
        finally:
            connection.close()
        if response.status != 200:
            raise ControlError(text.decode())
        return json.loads(text)

    def rule(self, job=None, json_body=None, **said):
        """Adds a rule; returns its id.

        Takes the members of a rule; besides, members of match directly, job
        (an id: matches that job's own path), bytes as body, json_body, and
        some header fields by name (retry_after=2).
        """
        if job is not None:
            said["path"] = f"{JOBS}/{job}"
        match = {name: said.pop(name) for name in MATCH if name in said}
        fields = [[HEADERS[name], str(said.pop(name))]
                  for name in HEADERS if name in said]
        if fields:
            said["headers"] = list(said.get("headers", ())) + fields
        if json_body is not None:
            said["body"] = json.dumps(json_body)
        for name in ("body", "raw"):
            if isinstance(said.get(name), bytes):
                data = base64.b64encode(said.pop(name)).decode()
                said[f"{name}_base64"] = data
        return self.control("POST", "rules", {"match": match, **said})["id"]

    def drop_rule(self, number):
        self.control("DELETE", f"rules/{number}")

    def drop_rules(self):
        self.control("DELETE", "rules")

    def release(self, gate):
        self.control("POST", "gates", {"release": gate})

    def shut(self, gate):
        self.control("POST", "gates", {"shut": gate})

    def wait_waiting(self, gate, number=1):
        """Waits until so many answers wait at a gate."""
        wait_until(lambda: self.counts().waiting.get(gate, 0) == number,
                   what=lambda: f"{number} at {gate}: {self.counts()}")

    def counts(self):
        """The counts, as attributes."""
        return types.SimpleNamespace(**self.control("GET", "counts"))

    def calls(self, kind=None, job=None):
        """How many requests came: all, of a kind, or for a job's own path."""
        counts = self.counts()
        if kind is not None:
            return counts.by_kind.get(kind, 0)
        if job is not None:
            return sum(number for request, number
                       in counts.by_request.items()
                       if request.endswith(f" {JOBS}/{job}"))
        return counts.total

    def requests(self, kind=None):
        """The requests as received, as objects; body holds the bytes."""
        found = []
        for told in self.control("GET", "requests"):
            request = types.SimpleNamespace(**told)
            request.body = base64.b64decode(request.body_base64)
            request.headers = [tuple(pair) for pair in request.headers]
            if kind is None or request.kind == kind:
                found.append(request)
        return found

    def revoke(self, key):
        self.control("POST", "keys", {"key": key, "active": False})

    def restore(self, key):
        self.control("POST", "keys", {"key": key, "active": True})

    def add_key(self, key, workspace):
        self.control("POST", "keys", {"key": key, "workspace": workspace})

    def job(self, job_id):
        """The members of a job as they are now."""
        return self.control("GET", f"jobs/{job_id}")["members"]

    def put_job(self, job_id, workspace="north", duration=None,
                total_dials=10, **members):
        """Adds a job: job-init with the members given."""
        whole = {**self.job("job-init"), **members, "id": job_id}
        self.control("PUT", f"jobs/{job_id}", {
            "workspace": workspace, "members": whole,
            "duration": duration, "total_dials": total_dials})

    def patch_job(self, job_id, **members):
        """Changes a job behind the gateway's back."""
        self.control("PATCH", f"jobs/{job_id}", members)

    def delete_job(self, job_id):
        self.control("DELETE", f"jobs/{job_id}")

    def settings(self, **said):
        self.control("POST", "settings", said)

    def reset(self, *what):
        """Resets counts, requests, rules, state: those named, or all."""
        self.control("POST", "reset", {"what": what} if what else {})

    # the end of a test

    def settle(self, idle_connections, patience):
        """Lets everything go and waits until only idle keep-alive is left.

        Returns problems: requests or connections that somebody still holds.
        """
        self.control("POST", "reset", {"what": ["rules"]})

        def settled():
            counts = self.counts()
            return (counts.in_flight == 0
                    and counts.connections <= idle_connections)

        try:
            wait_until(settled, patience)
        except AssertionError:
            counts = self.counts()
            return [f"upstream: {counts.in_flight} requests in flight and "
                    f"{counts.connections} connections "
                    f"({idle_connections} may stay)"]
        return []

    def finish(self):
        """Ends the process; returns what it complained about."""
        problems = []
        if self.process.running:
            self.process.signal(signal.SIGTERM)
            self.process.cont()
            if self.process.wait() != 0:
                problems.append(f"upstream: exit {self.process.returncode}")
        if self.process.output.exists():
            noise = [line for line in self.process.text().splitlines()
                     if not line.startswith("ready ")]
            if noise:
                problems.append("upstream: " + "\n".join(noise))
        return problems


class UnixHTTP(http.client.HTTPConnection):
    """http.client over a Unix socket."""

    def __init__(self, path):
        super().__init__("localhost", timeout=15)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)
