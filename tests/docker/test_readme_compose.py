"""README.md's commands for containers, with podman in docker's place."""

import os
import pathlib
import shlex
import socket
import subprocess
import sys
import time

import httpx

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/integration"))

from lib import readme  # noqa: E402  (the path to it comes first)

PROJECT = "batch-dial-readme"
TOKEN = "tok-alice-SECRET-4fd1c2"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def compose(words, env):
    done = subprocess.run(["podman-compose", "-p", PROJECT, *words], cwd=ROOT,
                          env=env, text=True, check=False,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout


def statuses(port, seconds=30):
    """What two reads through the gateway say of the cache."""
    url = f"http://127.0.0.1:{port}/api/batch_dial_jobs/job-complete"
    headers = {"Authorization": f"Bearer {TOKEN}"}
    deadline = time.monotonic() + seconds
    while True:
        try:
            first = httpx.get(url, headers=headers)
            break
        except httpx.TransportError:
            assert time.monotonic() < deadline, "no answer"
            time.sleep(0.05)
    again = httpx.get(url, headers=headers)
    return [answer.headers["Cache-Status"] for answer in (first, again)]


def test_compose_commands_run_gateway_and_stand_in():
    block, = readme.sample("Quick start", "export")
    (export, _), (up, _) = readme.session(block)
    port = free_port()
    env = {**os.environ, "PORT": port, "BUILDAH_FORMAT": "docker",
           **dict(word.split("=", 1) for word in shlex.split(export)[1:])}
    words = shlex.split(up)
    assert words[:2] == ["docker", "compose"]

    try:
        compose(words[2:], env)
        first, again = statuses(port)
    finally:
        compose([*words[2:4], "down"], env)

    assert first == "batch-dial; fwd=uri-miss; fwd-status=200; stored"
    assert again.startswith("batch-dial; hit; ttl=")
