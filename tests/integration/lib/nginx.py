"""One nginx of a test's own, in a directory of its own.

The configuration is a template: %%NAME%% stands for a value given by the
test or the harness, %%PORT%% and %%PORT_word%% for free ports.
"""

import os
import pathlib
import re
import signal
import subprocess
import time

from . import checks
from .ports import free_port
from .process import Process, children, open_files, title
from .wait import holds_within, wait_until

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]
BINARY = os.environ.get("NGINX_BINARY", "/usr/sbin/nginx")

QUIT_LIMIT = 10.0                     # seconds; a test of speed times quit()

SANITIZERS = {
    "ASAN_OPTIONS": "detect_leaks=1:halt_on_error=1:exitcode=86",
    "LSAN_OPTIONS": "print_suppressions=0:suppressions="
                    f"{pathlib.Path(__file__).with_name('lsan.supp')}",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
}

GLOBALS = """\
%%LOAD_MODULE%%
daemon off;
master_process on;
user root;
worker_processes %%WORKERS%%;
pid %%DIR%%/nginx.pid;
error_log %%DIR%%/error.log %%LOG_LEVEL%%;
events { worker_connections 1024; }
"""

HTTP_GLOBALS = """\
access_log %%DIR%%/access.log;
client_body_temp_path %%DIR%%/body_temp;
proxy_temp_path %%DIR%%/proxy_temp;
fastcgi_temp_path %%DIR%%/fastcgi_temp;
uwsgi_temp_path %%DIR%%/uwsgi_temp;
scgi_temp_path %%DIR%%/scgi_temp;
"""


def module():
    """The module's file; None when it is linked into the binary."""
    path = os.environ.get("BATCH_DIAL_MODULE")
    if path is None:
        return REPOSITORY / "build/ngx_http_batch_dial_module.so"
    return pathlib.Path(path).resolve() if path else None


def environment(**more):
    """What nginx gets: sanitizers set up, and no NGINX, which names the
    sockets that a binary upgrade hands on."""
    inherited = {name: value for name, value in os.environ.items()
                 if name != "NGINX"}
    return {**inherited, **SANITIZERS, **more}


def load_module():
    """The load_module directive; empty when there is nothing to load."""
    path = module()
    if path is None or not path.exists():
        return ""
    return f"load_module {path};"


def expand(template, values, ports):
    """Fills a template; a value may hold placeholders itself."""
    def value_of(match):
        name = match.group(1)
        if name in values:
            return str(values[name])
        if name == "PORT" or name.startswith("PORT_"):
            if name not in ports:
                ports[name] = free_port()
            return str(ports[name])
        raise KeyError(f"%%{name}%% has no value")

    placeholder = re.compile("%%([A-Za-z0-9_]+)%%")
    while placeholder.search(template):
        template = placeholder.sub(value_of, template)
    return template


class StartFailed(Exception):
    """nginx did not start; the text is its log."""


class Nginx:
    def __init__(self, directory, config, workers=1, log_level="info",
                 start=True, **values):
        self.directory = pathlib.Path(directory)
        self.workers = workers
        self.log_level = log_level
        self.ports = {}
        self.values = {
            "GLOBALS": GLOBALS, "HTTP_GLOBALS": HTTP_GLOBALS,
            "LOAD_MODULE": load_module(), "DIR": self.directory,
            "WORKERS": workers, "LOG_LEVEL": log_level, **values}
        self.error_log = self.directory / "error.log"
        self.access_log = self.directory / "access.log"
        self.config_file = self.directory / "nginx.conf"
        self.process = None
        self.expected = set()         # pids the workers should have
        self.excused = []             # log lines a test asked for by its acts
        self.configure(config)
        if start:
            self.start()

    # configuration

    def configure(self, config):
        """Writes the configuration; reload() or start() makes it count."""
        text = expand(config, self.values, self.ports)
        self.config_file.write_text(text, encoding="utf-8")

    def write(self, name, data):
        """Writes a file beside the configuration; its path."""
        path = self.directory / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    def test(self):
        """nginx -t: (exit code, what it printed)."""
        # the process that tests a configuration frees nothing at its end
        done = subprocess.run(
            [BINARY, "-t", *self._arguments()],
            env=environment(ASAN_OPTIONS="detect_leaks=0:exitcode=86"),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=60, check=False)
        said = done.stdout.decode(errors="replace")
        assert not checks.SANITIZER.search(said), said
        return done.returncode, said

    def _arguments(self):
        return ["-p", f"{self.directory}/", "-c", str(self.config_file),
                "-e", str(self.error_log)]

    # the process

    def start(self):
        self.process = Process([BINARY, *self._arguments()],
                               self.directory / "nginx.stderr",
                               env=environment())
        pid_file = self.directory / "nginx.pid"
        try:
            wait_until(lambda: not self.process.running
                       or (pid_file.exists() and pid_file.read_text().strip()
                           == str(self.process.pid)
                           and len(self.worker_pids()) == self.workers),
                       timeout=30)
        except AssertionError:
            raise StartFailed(self.text()) from None
        if not self.process.running:
            raise StartFailed(self.text())
        self.adopt()

    @property
    def running(self):
        return self.process is not None and self.process.running

    def worker_pids(self):
        """The workers that take connections, not those shutting down."""
        return [pid for pid in children(self.process.pid)
                if title(pid) == "nginx: worker process"]

    def adopt(self):
        """The workers there are now are the ones there should be."""
        self.expected = set(self.worker_pids())

    def reload(self, config=None, wait_old=False):
        """HUP; returns once the new workers are there, or raises.

        wait_old: return only when the old ones are gone.
        """
        if config is not None:
            self.configure(config)
        old = set(self.worker_pids())
        mark = self.error_log.stat().st_size
        self.process.signal(signal.SIGHUP)

        def settled():
            new = set(self.worker_pids())
            return ("[emerg]" in self.log_since(mark)
                    or (len(new) == self.workers and not new & old))

        wait_until(settled, timeout=30, what=self.text)
        if "[emerg]" in self.log_since(mark):
            raise StartFailed(self.log_since(mark))
        if wait_old:
            wait_until(lambda: not old & set(children(self.process.pid)),
                       timeout=30, what="old workers to leave")
        self.adopt()

    def kill_worker(self, pid=None, number=signal.SIGKILL):
        """Kills a worker and waits for its successor; the successor's pid."""
        before = set(self.worker_pids())
        victim = pid if pid is not None else min(before)
        self.excused.append(f"worker process {victim} exited on signal")
        os.kill(victim, number)
        wait_until(lambda: victim not in self.worker_pids()
                   and len(self.worker_pids()) == self.workers,
                   what="a new worker")
        self.adopt()
        return (set(self.worker_pids()) - before).pop()

    def quit(self, timeout=QUIT_LIMIT):
        """QUIT; the seconds it took to end."""
        return self._end(signal.SIGQUIT, timeout)

    def terminate(self, timeout=QUIT_LIMIT):
        """TERM; the seconds it took to end."""
        return self._end(signal.SIGTERM, timeout)

    def _end(self, number, timeout):
        started = time.monotonic()
        self.process.signal(number)
        code = self.process.wait(timeout)
        assert code == 0, f"exited with {code}"
        return time.monotonic() - started

    # what it left behind

    def port(self, name=None):
        return self.ports["PORT" if name is None else f"PORT_{name}"]

    @property
    def address(self):
        return "127.0.0.1", self.port()

    def log(self):
        """error.log as it is now."""
        if not self.error_log.exists():
            return ""
        return self.error_log.read_text(errors="replace")

    def log_since(self, size):
        return self.log().encode()[size:].decode(errors="replace")

    def text(self):
        """error.log and stderr, for messages of failed tests."""
        return self.log() + (self.process.text() if self.process else "")

    def access(self, number):
        """The lines of access.log, once there are so many.

        nginx writes a line after the answer has gone out, so a client may
        look before it is there.
        """
        def lines():
            text = self.access_log.read_text(errors="replace")
            return text.splitlines()

        wait_until(lambda: len(lines()) >= number,
                   what=lambda: f"{number} lines: {lines()}")
        return lines()

    # the end of a test

    def idle_connections(self):
        """How many idle upstream connections the configuration allows."""
        config = self.config_file.read_text(encoding="utf-8")
        kept = re.findall(r"(?:^|[{;])\s*keepalive\s+(\d+)\s*;", config,
                          re.M)
        return self.workers * sum(map(int, kept))

    def leaks(self):
        """What idle workers hold open and should not: see checks.py."""
        found = {}
        master = open_files(self.process.pid)
        for pid in self.worker_pids():
            leaked = checks.leaked_files(open_files(pid), master,
                                         checks.wake_sockets(pid))
            if leaked:
                found[pid] = leaked
        return found

    def finish(self, allowed, patience):
        """Ends it; returns all problems.  Its peers must be gone by now."""
        problems = []
        if self.running:
            problems += checks.worker_problems(self.expected,
                                               self.worker_pids())
            if not holds_within(lambda: not self.leaks(), patience):
                problems.append(f"descriptors leaked: {self.leaks()}")
            try:
                self.quit()
            except (AssertionError, subprocess.TimeoutExpired) as error:
                problems.append(f"nginx: {error}")
        if self.process is not None:  # else only tested: it may refuse
            problems += checks.log_problems(self.text(),
                                            [*allowed, *self.excused])
        if self.log_level != "debug":
            for path in sorted(self.directory.glob("*.log")):
                problems += checks.secret_problems(
                    path.name, path.read_text(errors="replace"))
        return problems
