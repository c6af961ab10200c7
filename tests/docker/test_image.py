"""The image and compose.yaml of docker/, built and run by podman.

Needs podman and podman-compose, the images debian:bookworm-slim and redis:7
here or in reach, and whatever of CONTAINERS_CONF the machine wants.
"""

import json
import os
import pathlib
import socket
import subprocess
import time

import httpx
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
IMAGE = "localhost/batch-dial-test"
SECRET = "a-secret-of-the-test-4711"
TOKEN = "tok-alice-SECRET-4fd1c2"
STRICT = ["--read-only", "--read-only-tmpfs=false", "--tmpfs", "/tmp",
          "--cap-drop", "ALL", "--security-opt", "no-new-privileges"]


def run(*command, check=True, **env):
    done = subprocess.run(command, cwd=ROOT, text=True, check=False,
                          stdin=subprocess.DEVNULL, capture_output=True,
                          env={**os.environ, "BUILDAH_FORMAT": "docker", **env})
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done


def podman(*arguments, **options):
    return run("podman", *arguments, **options).stdout.strip()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(url):
    try:
        return httpx.get(url).status_code == 204
    except httpx.TransportError:
        return False


def wait_until_up(url, seconds=30):
    deadline = time.monotonic() + seconds
    while not answers(url + "/healthz"):
        assert time.monotonic() < deadline, f"no answer from {url}"
        time.sleep(0.05)


@pytest.fixture(scope="module", autouse=True)
def image():
    podman("build", "-f", "docker/Dockerfile", "-t", IMAGE, ".")
    yield
    podman("rmi", IMAGE)


@pytest.fixture
def container(tmp_path):
    """A gateway on a read-only root, its secret in a file."""
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    secret.chmod(0o644)
    port = free_port()
    name = podman("run", "-d", *STRICT, "-p", f"127.0.0.1:{port}:8080",
                  "-v", f"{secret}:/run/secrets/key:ro",
                  "-e", "SECRET_FILE=/run/secrets/key",
                  "-e", "UPSTREAM=http://127.0.0.1:9", IMAGE)
    wait_until_up(f"http://127.0.0.1:{port}")
    yield name
    podman("rm", "-f", name)


def test_it_runs_as_uid_101_on_a_read_only_root(container):
    assert podman("exec", container, "id", "-u") == "101"
    assert run("podman", "exec", container, "touch", "/opt/x",
               check=False).returncode == 1


def test_its_health_check_tells_up_from_down(container):
    assert run("podman", "healthcheck", "run", container).returncode == 0

    podman("exec", container, "bash", "-c", "kill -STOP -1; exit 0")
    assert run("podman", "exec", container, "timeout", "1",
               "/opt/batch-dial/healthcheck", check=False).returncode != 0


def test_it_stops_at_once(container):
    start = time.monotonic()
    podman("stop", "-t", "20", container)

    assert time.monotonic() - start < 5
    state = json.loads(podman("inspect", container))[0]["State"]
    assert state["ExitCode"] == 0


def test_no_secret_stays_in_what_is_rendered(container):
    rendered = podman("exec", container, "cat", "/tmp/batch-dial/nginx.conf")

    assert 'batch_dial_secret_file "/run/secrets/key";' in rendered
    assert SECRET not in rendered


def test_an_image_without_an_upstream_says_so():
    done = run("podman", "run", "--rm", *STRICT, IMAGE, check=False)

    assert done.returncode == 1
    assert "gateway: UPSTREAM is not set" in done.stderr


def test_compose_runs_gateway_redis_and_stand_in():
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    compose = ["podman-compose", "-p", "batch-dial-test", "-f",
               "docker/compose.yaml"]
    env = {"COMPOSE_PROFILES": "stand-in", "PORT": str(port),
           "UPSTREAM": "http://stand-in:9000", "SECRET": SECRET}
    try:
        run(*compose, "up", "--build", "-d", **env)
        wait_until_up(url)
        with httpx.Client(base_url=url, headers={
                "Authorization": f"Bearer {TOKEN}"}) as client:
            path = "/api/batch_dial_jobs/job-"
            statuses = [client.get(path + job) for job in
                        ("complete", "complete", "broken")]
        keys = podman("exec", "batch-dial-test_redis_1", "redis-cli", "keys",
                      "bd:default:*")
        secret = podman("exec", "batch-dial-test_gateway_1", "cat",
                        "/tmp/batch-dial/secret")
    finally:
        run(*compose, "down", **env)

    assert [answer.status_code for answer in statuses] == [200, 200, 502]
    assert "fwd=uri-miss" in statuses[0].headers["Cache-Status"]
    assert "hit" in statuses[1].headers["Cache-Status"]
    assert "bd:default:{job-complete}" in keys
    assert secret == SECRET
