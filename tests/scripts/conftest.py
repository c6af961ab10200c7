"""What the tests of script/ and docker/ share: runs of script/server."""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import httpx
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEADLINE = 120                        # seconds; the first run builds

sys.path.insert(0, str(ROOT / "tests/upstream"))


def free_port(host="127.0.0.1"):
    with socket.socket() as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]


def eventually(what, condition, seconds=10):
    """Waits until the condition holds; its value."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds} s: {what}")


class Program:
    """A program in a process group of its own, its output kept as it comes."""

    def __init__(self, command, env, **options):
        self.lines = []
        self.process = subprocess.Popen(
            command, cwd=options.pop("cwd", ROOT), env={**os.environ, **env}, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True, **options)
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def said(self, pattern):
        """The first line that the pattern is found in, as a match, or None."""
        for line in list(self.lines):
            match = re.search(pattern, line)
            if match:
                return match
        return None

    def wait_for(self, pattern):
        def found():
            ended = self.process.poll() is not None
            match = self.said(pattern)
            assert match or not ended, "\n".join(self.lines)
            return match
        return eventually(pattern, found, DEADLINE)

    def end(self, number=signal.SIGTERM):
        """Signals the script alone, unless it ended; its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.ended()

    def ended(self):
        status = self.process.wait(DEADLINE)
        self.reader.join(DEADLINE)
        return status

    def group_is_empty(self):
        try:
            os.killpg(self.process.pid, 0)
        except ProcessLookupError:
            return True
        return False


class Gateway(Program):
    """A run of script/server in a temporary folder of its own."""

    def __init__(self, tmpdir, env, **options):
        self.tmpdir = tmpdir
        self.port = int(env.get("PORT", free_port()))
        super().__init__(["script/server"], {
            "PORT": str(self.port), "TMPDIR": str(tmpdir), **env}, **options)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def started(self):
        self.wait_for("Ctrl-C stops all")
        return self

    def get(self, path, token=None):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.get(self.url + path, headers=headers, timeout=20)

    def pid(self, name):
        """The process id of one of its parts, by its command line."""
        for folder in pathlib.Path("/proc").iterdir():
            if not folder.name.isdigit():
                continue
            with contextlib.suppress(OSError):
                if os.getpgid(int(folder.name)) != self.process.pid:
                    continue
                command = (folder / "cmdline").read_bytes().decode()
                if name in command:
                    return int(folder.name)
        raise AssertionError(f"no {name} among the server's processes")


@pytest.fixture
def gateway():
    """Starts script/server with variables; every run ends with nothing left."""
    runs = []

    def start(cwd=ROOT, user=None, group=None, extra_groups=None, **env):
        # Not tmp_path: only its owner may enter it, and the workers of a
        # server started by root run as somebody else.
        tmpdir = pathlib.Path(tempfile.mkdtemp(prefix="test-server."))
        tmpdir.chmod(0o777)
        runs.append(Gateway(tmpdir, env, cwd=cwd, user=user, group=group,
                            extra_groups=extra_groups))
        return runs[-1]

    yield start

    for run in runs:
        run.end()
    for run in runs:
        eventually("all processes gone", run.group_is_empty)
        left = list(run.tmpdir.rglob("*"))
        shutil.rmtree(run.tmpdir)
        assert left == []


class StandIn(Program):
    """The stand-in of the API, started for a test alone."""

    def __init__(self, *options):
        super().__init__(["/usr/bin/python3", "tests/upstream/server.py",
                          "--print-ready", *options], {})
        self.port = int(self.wait_for(r"ready port=(\d+)").group(1))

    def requests(self, control):
        with httpx.Client(transport=httpx.HTTPTransport(uds=control)) as call:
            return call.get("http://control/_control/requests").json()


@pytest.fixture
def stand_in():
    runs = []

    def start(*options):
        runs.append(StandIn(*options))
        return runs[-1]

    yield start

    for run in runs:
        run.end()


class Authority:
    """A certificate authority and what it signs."""

    def __init__(self, folder, name):
        self.folder = folder / name
        self.folder.mkdir()
        self.file = self.folder / "ca.pem"
        self.key = self.folder / "ca.key"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", f"/CN={name}", "-keyout", self.key, "-out", self.file)

    def sign(self, host):
        """A certificate for the host: its file and that of its key."""
        key = self.folder / f"{host}.key"
        request = self.folder / f"{host}.csr"
        extensions = self.folder / f"{host}.ext"
        certificate = self.folder / f"{host}.pem"
        extensions.write_text(f"subjectAltName=DNS:{host}\n")
        openssl("req", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:prime256v1", "-nodes",
                "-subj", "/CN=server", "-keyout", key, "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", self.file, "-CAkey",
                self.key, "-CAcreateserial", "-days", "2", "-extfile",
                extensions, "-out", certificate)
        return certificate, key


def openssl(*arguments):
    subprocess.run([shutil.which("openssl"), *map(str, arguments)],
                   check=True, capture_output=True)


@pytest.fixture
def authority(tmp_path):
    return lambda name: Authority(tmp_path, name)
