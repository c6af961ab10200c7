"""The API of DESIGN.md section 1 over standin_model: request in, answer out.

Synchronous and without faults; standin_http.py calls answer() once for each
request and bends what comes back as standin_rules.py says.
"""

import base64
import binascii
import http
import json

PREFIX = "/api/batch_dial_jobs"
PAGE = 20                             # default length of a list's page
JSON = "application/json"
REASONS = {status.value: status.phrase for status in http.HTTPStatus}

# Members a client may set, and the test each value must pass.
WRITABLE = {
    "name": lambda v: isinstance(v, str) and v != "",
    "callAgentId": lambda v: isinstance(v, str) and v != "",
    "maxConcurrentDials": lambda v: type(v) is int and v >= 1,
    "fromPhoneNumberIds": lambda v: v is None or (
        isinstance(v, list) and all(isinstance(i, str) for i in v)),
    "schedule": lambda v: v is None or (
        isinstance(v, dict) and isinstance(v.get("days"), list)
        and isinstance(v.get("timezone"), str)),
}


class Answer:
    """Status, header fields as (name, value) pairs, and body."""

    __slots__ = ("status", "headers", "body")

    def __init__(self, status, body=b"", headers=()):
        self.status = status
        self.body = body
        self.headers = [("Content-Type", JSON)] if body else []
        self.headers.extend(headers)


class Refused(Exception):
    """Ends the handling of a request with an error answer."""

    def __init__(self, status, code, message, headers=()):
        super().__init__(message)
        body = {"error": {"code": code, "message": message}}
        self.answer = Answer(status, json.dumps(body).encode(), headers)


def kind_of(method, path):
    """The name under which a request is counted (see counts in README)."""
    if path != PREFIX and not path.startswith(PREFIX + "/"):
        return "other"
    parts = path[len(PREFIX):].split("/")[1:]
    if method in ("GET", "HEAD"):
        if parts in ([], [""]):
            return "list"
        if len(parts) == 1:
            return "read"
        return parts[1] if parts[1] in ("dials", "queue") else "other"
    if method == "OPTIONS":
        return "options"
    if method == "POST" and parts in ([], [""]):
        return "create"
    return "write"


class Api:
    def __init__(self, state):
        self.state = state
        self.unknown_job_status = 404

    def answer(self, request):
        try:
            return self.route(request)
        except Refused as refused:
            return refused.answer

    def route(self, request):
        path = request.path
        if path != PREFIX and not path.startswith(PREFIX + "/"):
            raise Refused(404, "not_found", "no such endpoint")
        if request.method == "OPTIONS":
            return Answer(204, headers=[("Allow", "GET, HEAD, POST, PUT")])

        workspace = self.state.workspace_of(request.key)
        if workspace is None:
            raise Refused(401, "unauthorized", "invalid API key",
                          [("WWW-Authenticate", "Bearer")])

        parts = path[len(PREFIX):].split("/")[1:]
        if parts in ([], [""]):
            return self.collection(request, workspace)
        job = self.state.find(parts[0])
        if job is None or job.workspace != workspace:
            raise Refused(self.unknown_job_status, "not_found",
                          "batch dial job not found")
        if len(parts) == 1:
            return self.one_job(request, job)
        return self.part_of_job(request, job, "/".join(parts[1:]))

    def collection(self, request, workspace):
        if request.method == "POST":
            members = checked(body_object(request))
            for name in ("name", "callAgentId"):
                if name not in members:
                    raise Refused(422, "validation", f"{name} is required")
            job = self.state.create(workspace, members)
            return Answer(200, job.encoded())
        allow(request, "GET", "HEAD", "POST")
        jobs = self.state.visible(workspace)
        return page(request, [job.members for job in jobs])

    def one_job(self, request, job):
        if request.method == "PUT":
            job.change(checked(body_object(request)))
        else:
            allow(request, "GET", "HEAD", "PUT")
        return Answer(200, job.encoded())

    def part_of_job(self, request, job, part):
        if part == "paused":
            allow(request, "POST")
            return self.pause(request, job)
        if part in ("dials", "queue"):
            allow(request, "GET", "HEAD")
            dials, queue = job.dials(self.state.clock())
            return page(request, dials if part == "dials" else queue)
        raise Refused(404, "not_found", "no such endpoint")

    def pause(self, request, job):
        paused = body_object(request).get("paused")
        if not isinstance(paused, bool):
            raise Refused(422, "validation", "paused must be a boolean")
        status = job.members["status"]
        if status not in ("INIT", "ACTIVE", "PAUSED"):
            raise Refused(400, "invalid_state",
                          "the job has ended and cannot be resumed")
        if not paused:
            job.set_status("ACTIVE", self.state.clock())
        elif status == "ACTIVE":
            job.set_status("PAUSED", self.state.clock())
        return Answer(200, job.encoded())


def allow(request, *methods):
    if request.method not in methods:
        raise Refused(405, "method_not_allowed", "method not allowed",
                      [("Allow", ", ".join(methods))])


def body_object(request):
    try:
        value = json.loads(request.body)
    except ValueError:
        raise Refused(400, "bad_request", "the body is not JSON") from None
    if not isinstance(value, dict):
        raise Refused(400, "bad_request", "the body is not an object")
    return value


def checked(members):
    """The writable members of a POST or PUT; others are passed over."""
    for name, value in members.items():
        if name in WRITABLE and not WRITABLE[name](value):
            raise Refused(422, "validation", f"{name} is invalid")
    return {n: v for n, v in members.items() if n in WRITABLE}


def page(request, items):
    """One page of a list; the cursor is the next offset, made opaque."""
    start, limit = 0, PAGE
    try:
        if "cursor" in request.query:
            text = base64.urlsafe_b64decode(request.query["cursor"])
            start = int(text)
        if "limit" in request.query:
            limit = int(request.query["limit"])
    except (ValueError, binascii.Error):
        raise Refused(400, "bad_request", "invalid cursor or limit") from None
    if start < 0 or not 1 <= limit <= 100:
        raise Refused(400, "bad_request", "invalid cursor or limit")

    end = start + limit
    cursor = None
    if end < len(items):
        cursor = base64.urlsafe_b64encode(str(end).encode()).decode()
    body = {"data": items[start:end], "cursor": cursor}
    return Answer(200, json.dumps(body).encode())
