#!/usr/bin/python3
"""A stand-in of the API that the gateway is deployed in front of.

Serves the batch dial jobs API on a TCP port (with TLS if asked to) and, for
control while that port is closed, on a Unix socket.  README.md tells the
jobs and keys it starts with and the control path.
"""

import argparse
import asyncio
import collections
import itertools
import json
import signal
import socket
import ssl
import time

import standin_model
from standin_api import Api
from standin_control import Control
from standin_http import Connection, Counts
from standin_rules import Gates, Rule

RECORDED = 50000                      # requests kept, oldest go first


class Desk:
    """What all connections share: state, rules, counts and the listener."""

    def __init__(self, args, seed):
        self.args = args
        self.port = args.port
        self.state = standin_model.State(time.monotonic, seed)
        self.api = Api(self.state)
        self.control = Control(self)
        self.counts = Counts()
        self.gates = Gates()
        self.rules = []
        self.rule_numbers = itertools.count(1)
        self.request_numbers = itertools.count(1)
        self.requests = collections.deque(maxlen=RECORDED)
        self.recording = True
        self.connections = set()
        self.socket = None
        self.listener = None
        self.tls = tls_context(args)

    def begin(self, request):
        """Counts and records a request; the rule that bends it, or None."""
        request.number = next(self.request_numbers)
        self.counts.begin(request)
        if self.recording:
            self.requests.append(request)
        for rule in self.rules:
            if rule.takes(request):
                return rule
        return None

    def add_rule(self, said):
        rule = Rule(next(self.rule_numbers), said)
        self.rules.append(rule)
        return rule

    def reset(self, what):
        if "rules" in what:
            self.rules = []
            self.gates.reset()
        if "state" in what:
            self.state.reset()
            self.api.unknown_job_status = 404
        if "counts" in what:
            self.counts.reset()
        if "requests" in what:
            self.requests.clear()

    def bind(self):
        """Listens on the API's port, the same one each time."""
        self.socket = socket.create_server((self.args.host, self.port),
                                           backlog=1024)
        self.port = self.socket.getsockname()[1]
        self.accepting = asyncio.ensure_future(self.accept())

    async def accept(self):
        loop = asyncio.get_running_loop()
        self.listener = await loop.create_server(
            lambda: Connection(self, counted=True), sock=self.socket,
            ssl=self.tls)

    def listen(self, on):
        """Refuses connections and drops those there are, or accepts again.

        When this returns, the next connect() fails or succeeds.
        """
        if on and self.socket is None:
            self.bind()
        elif not on and self.socket is not None:
            self.accepting.cancel()
            if self.listener is not None:
                self.listener.close()
                self.listener = None
            self.socket.close()
            self.socket = None
            for connection in list(self.connections):
                connection.transport.abort()


def tls_context(args):
    if not args.tls_cert:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(args.tls_cert, args.tls_key)

    def note_name(ssl_object, name, _context):
        ssl_object.standin_sni = name

    context.sni_callback = note_name
    return context


def read_seed(name):
    if name == "seed":
        return standin_model.seed()
    with open(name, encoding="utf-8") as file:
        return json.load(file)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0,
                        help="0, the default, is any free port")
    parser.add_argument("--unix", metavar="PATH",
                        help="serve on this Unix socket too")
    parser.add_argument("--tls-cert", metavar="FILE")
    parser.add_argument("--tls-key", metavar="FILE")
    parser.add_argument("--state", default="seed", metavar="seed|FILE",
                        help="the built-in state, or a JSON file of that form")
    parser.add_argument("--print-ready", action="store_true",
                        help="print a line once listening")
    return parser.parse_args()


async def serve(args):
    desk = Desk(args, read_seed(args.state))
    loop = asyncio.get_running_loop()
    stopped = loop.create_future()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.cancel)

    desk.bind()
    if args.unix:
        await loop.create_unix_server(
            lambda: Connection(desk, counted=False), args.unix)
    if args.print_ready:
        print(f"ready port={desk.port} unix={args.unix or '-'}", flush=True)
    try:
        await stopped
    except asyncio.CancelledError:
        pass


if __name__ == "__main__":
    asyncio.run(serve(arguments()))
