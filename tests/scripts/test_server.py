"""script/server: the one command that runs the gateway."""

import os
import pathlib
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading

import pytest

import standin_model
from conftest import ROOT, eventually, free_port

READ = "/api/batch_dial_jobs/job-complete"
LIST = "/api/batch_dial_jobs"
TOKEN = standin_model.ALICE


def test_the_printed_lines_show_a_miss_a_hit_and_a_refused_body(gateway):
    run = gateway().started()
    curls = [line.strip() for line in run.lines if "curl -i -H" in line]
    answers = [subprocess.run(line, shell=True, check=True, text=True,
                              capture_output=True).stdout for line in curls]

    statuses = [answer.split()[1] for answer in answers]
    assert statuses == ["200", "200", "502"]
    assert "Cache-Status: batch-dial; fwd=uri-miss" in answers[0]
    assert "Cache-Status: batch-dial; hit" in answers[1]
    assert "urn:batch-dial:invalid-upstream-response" in answers[2]


def test_it_prints_url_token_and_jobs(gateway):
    run = gateway().started()

    assert run.said(re.escape(run.url))
    assert run.said(f"^token  {TOKEN}$")
    assert run.said("^jobs .* job-complete .* job-broken$")
    assert run.get("/healthz").status_code == 204
    assert run.get(LIST, TOKEN).status_code == 200
    assert "batch_dial_" in run.get("/metrics").text


def test_what_nginx_logs_is_shown_and_holds_no_token(gateway):
    run = gateway().started()
    run.get(READ, "tok-unknown")

    run.wait_for(f'"GET {READ} HTTP/1.1" 401')
    assert not run.said("tok-unknown")


@pytest.mark.parametrize("number, status", [
    (signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 143)])
def test_a_signal_stops_everything(gateway, number, status):
    run = gateway().started()

    assert run.end(number) == status


def test_ctrl_c_at_a_terminal_stops_everything(gateway):
    run = gateway().started()
    os.killpg(run.process.pid, signal.SIGINT)     # all of them get it

    assert run.ended() == 130


@pytest.mark.parametrize("command, part", [
    ("redis-server", "Redis"), ("server.py", "stand-in"),
    ("nginx: master", "nginx")])
def test_when_one_part_ends_all_end(gateway, command, part):
    run = gateway().started()
    os.kill(run.pid(command), signal.SIGTERM)

    assert run.ended() == 1
    assert run.said(f"^server: .*{part} ended$")


def test_a_port_in_use_is_one_clear_line(gateway):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        run = gateway(PORT=str(port))

        assert run.ended() == 1
        said = [line for line in run.lines if line.startswith("server: ")]
        assert len(said) == 1
        assert "nginx did not start" in said[0]


@pytest.mark.parametrize("upstream", [
    "api.vogent.ai", "ftp://api.vogent.ai", "https://a b", "https://",
    "https://api.vogent.ai; return 200", "https://api.vogent.ai/api"])
def test_an_unusable_upstream_is_one_clear_line(gateway, upstream):
    run = gateway(UPSTREAM=upstream)

    assert run.ended() == 1
    assert run.said("^server: nginx did not start: gateway: UPSTREAM is not")


def test_listen_names_another_address(gateway):
    port = free_port("127.0.0.2")
    run = gateway(LISTEN=f"127.0.0.2:{port}").started()

    assert run.said(rf"http://127\.0\.0\.2:{port}")
    with socket.create_connection(("127.0.0.2", port)):
        pass


@pytest.fixture
def tls_api(stand_in, authority):
    """A stand-in behind TLS: its port, and a function for its requests."""
    def start(folder, name="localhost", ca="right"):
        signed = authority(ca)
        certificate, key = signed.sign(name)
        control = str(folder / "control.sock")
        api = stand_in("--tls-cert", str(certificate), "--tls-key", str(key),
                       "--unix", control)
        return api, control, signed
    return start


def test_an_api_behind_tls_with_a_ca_of_its_own(gateway, tls_api, tmp_path):
    api, control, ca = tls_api(tmp_path)
    run = gateway(UPSTREAM=f"https://localhost:{api.port}",
                  UPSTREAM_CA=str(ca.file)).started()

    answer = run.get(READ, TOKEN)
    requests = api.requests(control)

    assert answer.status_code == 200
    assert answer.json()["id"] == "job-complete"
    assert [request["sni"] for request in requests] == ["localhost"]
    assert ["host", f"localhost:{api.port}"] in [
        [name.lower(), value] for name, value in requests[0]["headers"]]
    assert run.said("curl -i -H 'Authorization: Bearer KEY'")


def test_a_certificate_of_another_ca_is_refused(gateway, tls_api, authority,
                                                tmp_path):
    api, control, _ = tls_api(tmp_path)
    run = gateway(UPSTREAM=f"https://localhost:{api.port}",
                  UPSTREAM_CA=str(authority("other").file)).started()

    assert run.get(READ, TOKEN).status_code == 502
    assert api.requests(control) == []
    run.wait_for("upstream SSL certificate verify error")


def test_a_certificate_for_another_name_is_refused(gateway, tls_api, tmp_path):
    api, control, ca = tls_api(tmp_path, name="api.test")
    run = gateway(UPSTREAM=f"https://localhost:{api.port}",
                  UPSTREAM_CA=str(ca.file)).started()

    assert run.get(READ, TOKEN).status_code == 502
    assert api.requests(control) == []
    run.wait_for("upstream SSL certificate does not match")


class NameServer:
    """Answers every A query with one address, good for a second."""

    def __init__(self, address):
        self.address = address
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self):
        while True:
            query, peer = self.socket.recvfrom(512)
            if query == b"stop":
                return
            end = query.index(b"\0", 12) + 5
            kind = struct.unpack("!H", query[end - 4:end - 2])[0]
            found = kind == 1
            answer = (query[:2] + struct.pack("!5H", 0x8180, 1, found, 0, 0)
                      + query[12:end])
            if found:
                answer += (struct.pack("!3HIH", 0xc00c, 1, 1, 1, 4)
                           + socket.inet_aton(self.address))
            self.socket.sendto(answer, peer)

    def stop(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"stop", ("127.0.0.1", self.port))
        self.thread.join()
        self.socket.close()


@pytest.fixture
def name_server():
    server = NameServer("127.0.0.1")
    yield server
    server.stop()


def test_the_api_s_name_is_resolved_again(gateway, stand_in, authority,
                                          name_server, tmp_path):
    ca = authority("right")
    certificate, key = ca.sign("api.test")
    tls = ["--tls-cert", str(certificate), "--tls-key", str(key)]
    controls = [str(tmp_path / "first.sock"), str(tmp_path / "second.sock")]
    first = stand_in(*tls, "--unix", controls[0])
    second = stand_in(*tls, "--unix", controls[1], "--host", "127.0.0.2",
                      "--port", str(first.port))
    run = gateway(UPSTREAM=f"https://api.test:{first.port}",
                  UPSTREAM_CA=str(ca.file),
                  RESOLVER=f"127.0.0.1:{name_server.port}").started()

    assert run.get(LIST, TOKEN).status_code == 200
    assert len(first.requests(controls[0])) == 1

    name_server.address = "127.0.0.2"

    def asks_the_second():
        assert run.get(LIST, TOKEN).status_code == 200
        return second.requests(controls[1])

    eventually("the second address is asked", asks_the_second)


def test_a_user_runs_it_from_a_fresh_copy(gateway):
    """Without root, and with nothing built yet."""
    folder = tempfile.mkdtemp(prefix="test-copy.")
    copy = pathlib.Path(folder, "batch-dial")
    shutil.copytree(ROOT, copy, ignore=lambda inside, names:
                    {".git", "build"} if inside == str(ROOT) else set())
    who = {}

    if os.getuid() == 0:
        who = {"user": "nobody", "group": "nogroup", "extra_groups": []}
        subprocess.run(["chown", "-R", "nobody:nogroup", folder], check=True)

    try:
        run = gateway(cwd=copy, **who).started()
        assert run.get(LIST, TOKEN).status_code == 200
        assert run.end() == 143
    finally:
        shutil.rmtree(folder)
