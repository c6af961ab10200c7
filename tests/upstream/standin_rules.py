"""Rules by which a test bends the stand-in's answers, and the gates they use.

A rule says which requests it is for and what becomes of the answer; its
members are listed in README.md.  script() turns an answer and a rule into
the steps a connection plays: ("send", bytes), ("sleep", seconds),
("gate", name) and, last, one of ("keep",), ("close",), ("reset",),
("hang",).
"""

import asyncio
import base64
import gzip
import json

from standin_api import REASONS, Answer

MATCH = {"method", "path", "path_prefix", "kind", "key"}
HOLDS = ("before_headers", "after_headers", "mid_body")
ENDS = ("keep", "close", "reset", "hang")
FRAMINGS = ("length", "chunked", "close")
MEMBERS = {
    "match", "times", "skip", "apply",
    "delay", "delay_after_headers", "delay_mid_body", "hold",
    "status", "reason", "version", "headers", "remove_headers",
    "body", "body_base64", "patch", "drop", "gzip",
    "framing", "chunk_size", "content_length", "cut",
    "raw", "raw_base64", "no_answer", "end",
}


class BadRule(ValueError):
    """A rule that says something the stand-in does not understand."""


class Rule:
    def __init__(self, number, said):
        self.number = number
        self.said = check(said)
        self.match = said.get("match", {})
        self.skip = said.get("skip", 0)
        self.times = said.get("times")
        self.hits = 0

    def takes(self, request):
        """Whether this rule bends the request; counts skip and times."""
        match = self.match
        if not all((
            match.get("method", request.method) == request.method,
            match.get("path", request.path) == request.path,
            request.path.startswith(match.get("path_prefix", "")),
            match.get("kind", request.kind) == request.kind,
            match.get("key", request.key) == request.key,
        )):
            return False
        if self.times is not None and self.hits >= self.times:
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.hits += 1
        return True

    @property
    def applies(self):
        """Whether the API carries the request out all the same."""
        return self.said.get("apply", self.said.get("status", 200) < 400)


def check(said):
    """Refuses a rule with a member or a value that has no meaning."""
    if not isinstance(said, dict):
        raise BadRule("a rule is an object")
    for unknown in set(said) - MEMBERS:
        raise BadRule(f"unknown member {unknown!r}")
    for unknown in set(said.get("match", {})) - MATCH:
        raise BadRule(f"unknown member {unknown!r} in match")
    for unknown in set(said.get("hold", {})) - set(HOLDS):
        raise BadRule(f"unknown place {unknown!r} in hold")
    if said.get("framing", "length") not in FRAMINGS:
        raise BadRule(f"unknown framing {said['framing']!r}")
    if said.get("end", "keep") not in ENDS:
        raise BadRule(f"unknown end {said['end']!r}")
    return said


class Gates:
    """Places where answers wait until the test lets them go on.

    A gate once released stays open until it is shut or all is reset.
    """

    def __init__(self):
        self.events = {}
        self.waiting = {}

    async def wait(self, name):
        event = self.events.setdefault(name, asyncio.Event())
        self.waiting[name] = self.waiting.get(name, 0) + 1
        try:
            await event.wait()
        finally:
            self.waiting[name] -= 1

    def release(self, name):
        self.events.setdefault(name, asyncio.Event()).set()

    def shut(self, name):
        self.events.pop(name, None)

    def reset(self):
        """Lets all go on and forgets which gates are open."""
        for event in self.events.values():
            event.set()
        self.events = {}


def default_answer(status):
    """What the API would say along with an error status."""
    body = {"error": {"code": f"http_{status}",
                      "message": REASONS.get(status, "error")}}
    return Answer(status, json.dumps(body).encode())


def bend(answer, said):
    """Puts the rule's status, header fields and body into the answer."""
    status = said.get("status", answer.status)
    body = answer.body
    if "body" in said:
        body = said["body"].encode()
    elif "body_base64" in said:
        body = base64.b64decode(said["body_base64"])
    elif status in (204, 304):
        body = b""
    if "patch" in said or "drop" in said:
        members = json.loads(body)
        members.update(said.get("patch", {}))
        for name in said.get("drop", ()):
            members.pop(name, None)
        body = json.dumps(members).encode()

    bent = Answer(status, body)
    given = {name.lower() for name, _ in said.get("headers", ())}
    gone = given | {name.lower() for name in said.get("remove_headers", ())}
    bent.headers = [(n, v) for n, v in answer.headers
                    if n.lower() not in gone]
    bent.headers.extend((n, v) for n, v in said.get("headers", ()))

    if said.get("gzip"):
        bent.body = gzip.compress(bent.body)
        bent.headers.append(("Content-Encoding", "gzip"))
    return bent


def head(answer, said, framing):
    """The bytes of the status line and header of a bent answer."""
    reason = said.get("reason")
    if reason is None:
        reason = REASONS.get(answer.status, "Unknown")
    lines = [f"HTTP/{said.get('version', '1.1')} {answer.status} {reason}"]
    lines += [f"{name}: {value}" for name, value in answer.headers]
    if framing == "chunked":
        lines.append("Transfer-Encoding: chunked")
    elif framing == "length" and answer.status not in (204, 304):
        length = said.get("content_length", len(answer.body))
        lines.append(f"Content-Length: {length}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def framed_body(body, said, framing):
    """The body as it goes over the wire, in two halves to pause between."""
    cut = said.get("cut")
    payload = body if cut is None else body[:cut]
    if framing != "chunked":
        middle = len(payload) // 2
        return payload[:middle], payload[middle:]

    size = said.get("chunk_size") or max(1, len(payload) // 2)
    chunks = [b"%x\r\n%s\r\n" % (len(piece), piece) for piece in
              (payload[i:i + size] for i in range(0, len(payload), size))]
    if cut is None:
        chunks.append(b"0\r\n\r\n")
    middle = len(chunks) // 2
    return b"".join(chunks[:middle]), b"".join(chunks[middle:])


def default_end(said, framing):
    if framing == "close" or said.get("version") == "1.0":
        return "close"
    if {"cut", "raw", "raw_base64", "no_answer"} & set(said):
        return "close"
    return "keep"


def script(request, answer, said):
    """The steps by which a connection plays a bent answer."""
    framing = said.get("framing", "length")
    steps = pause(said, "delay", "before_headers")
    if "raw" in said or "raw_base64" in said:
        raw = (said["raw"].encode() if "raw" in said
               else base64.b64decode(said["raw_base64"]))
        steps.append(("send", raw))
    elif not said.get("no_answer"):
        bent = bend(answer, said)
        request.status = bent.status
        request.answer = bent
        request.whole = not {"cut", "content_length"} & set(said)
        steps.append(("send", head(bent, said, framing)))
        steps += pause(said, "delay_after_headers", "after_headers")
        if request.method != "HEAD" and bent.status not in (204, 304):
            first, second = framed_body(bent.body, said, framing)
            steps.append(("send", first))
            steps += pause(said, "delay_mid_body", "mid_body")
            steps.append(("send", second))
    steps.append((said.get("end") or default_end(said, framing),))
    return merged(steps)


def pause(said, delay, place):
    steps = []
    if delay in said:
        steps.append(("sleep", said[delay]))
    if place in said.get("hold", {}):
        steps.append(("gate", said["hold"][place]))
    return steps


def merged(steps):
    """Joins sends that nothing stands between: one write, one packet."""
    out = []
    for step in steps:
        if step[0] == "send" and out and out[-1][0] == "send":
            out[-1] = ("send", out[-1][1] + step[1])
        else:
            out.append(step)
    return out
