"""What the tests of the Redis client, of its subscription and of the wake-up
stand on: nginx with a module that drives one of them alone, real Redis
servers, and false ones.

BATCH_DIAL_SANITIZE=1 builds the modules with ASan and UBSan.
"""

import contextlib
import glob
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import socketserver
import ssl
import struct
import subprocess
import threading
import time
import urllib.parse

from lib.process import stat
from lib.wait import holds_within

ROOT = pathlib.Path(__file__).resolve().parents[2]
SANITIZE = os.environ.get("BATCH_DIAL_SANITIZE") == "1"
SANITIZER = "-g -O1 -fPIC -fsanitize=address,undefined -fno-omit-frame-pointer"

BUILD = r"""
set -e
mkdir -p "$(dirname "$OUT")"
exec 9> "$OUT.lock"                 # tests may run side by side
flock 9
cd /usr/share/nginx/src
. ./conf_flags
if [ ! -f "$OUT/Makefile" ] || [ "$MODULE/config" -nt "$OUT/Makefile" ]; then
    rm -rf "$OUT"
    if [ -n "$SANITIZER" ]; then cc=$SANITIZER; ld=$SANITIZER; else
        cc="$(dpkg-buildflags --get CFLAGS) $(dpkg-buildflags --get CPPFLAGS)"
        ld="$(dpkg-buildflags --get LDFLAGS)"
    fi
    ./configure --with-cc-opt="$cc -fPIC" --with-ld-opt="$ld -fPIC" \
        "${NGX_CONF_FLAGS[@]}" --add-dynamic-module="$MODULE" --builddir="$OUT"
fi
make -f "$OUT/Makefile" -C /usr/share/nginx/src modules
"""


def build(name="redis_client"):
    """Builds a module; returns the path of the shared object."""
    out = ROOT / "build" / (name + "_asan" * SANITIZE)
    env = dict(os.environ, OUT=str(out), SANITIZER=SANITIZER * SANITIZE,
               MODULE=str(ROOT / "tests/integration/modules" / name))
    done = subprocess.run(["bash", "-c", BUILD], env=env, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout[-4000:]
    return out / f"ngx_http_{name}_test_module.so"


@contextlib.contextmanager
def starter(module, tmp_path):
    """Starts whatever has a stop(); stops it, last first."""
    started = []

    def start():
        """Only to hang the functions on."""

    def redis(*options, **named):
        folder = tmp_path / ("redis%d" % len(started))
        folder.mkdir()
        started.append(Redis(folder, *options, **named))
        return started[-1]

    def fake(*arguments, **named):
        started.append(FakeRedis(*arguments, **named))
        return started[-1]

    def dns(*addresses):
        started.append(FakeDns(*addresses))
        return started[-1]

    def nginx(directives, run=True, **named):
        folder = tmp_path / ("nginx%d" % len(started))
        folder.mkdir()
        started.append(Nginx(module, folder, directives, **named))
        return started[-1].start() if run else started[-1]

    start.redis, start.fake, start.dns, start.nginx = redis, fake, dns, nginx
    yield start

    errors = []
    for thing in reversed(started):
        try:
            thing.stop()
        except AssertionError as error:
            errors.append(error)
    if errors:
        raise errors[0]


def wait_for(condition, what, seconds=30):
    """Polls condition until it is true; returns its value."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise AssertionError("timed out waiting for " + what)


def is_at_rest(pid, seconds=0.6):
    """Whether a process uses less than a third of a processor so long."""
    ticks = os.sysconf("SC_CLK_TCK") * seconds / 3

    def used():
        return sum(map(int, stat(pid)[11:13]))

    before = used()
    return not holds_within(lambda: used() - before > ticks, seconds)


def free_port(host="127.0.0.1"):
    with socket.socket() as s:
        s.bind((host, 0))
        return s.getsockname()[1]


class Redis:
    """A real redis-server; started at once, stopped by stop()."""

    def __init__(self, folder, *options, port=None, unix=False, tls=None):
        self.folder = folder
        self.port = port or free_port()
        self.unix = str(folder / "redis.sock") if unix else None
        self.tls = tls
        self.options = options
        self.process = None
        self.start()

    def start(self):
        command = ["redis-server", "--save", "", "--bind", "127.0.0.1",
                   "--dir", str(self.folder), "--logfile", "redis.log",
                   "--enable-debug-command", "yes"]
        if self.unix:
            command += ["--port", "0", "--unixsocket", self.unix]
        elif self.tls:
            command += ["--port", "0", "--tls-port", str(self.port),
                        "--tls-cert-file", str(self.tls.cert),
                        "--tls-key-file", str(self.tls.key),
                        "--tls-auth-clients", "no"]
        else:
            command += ["--port", str(self.port)]
        self.process = subprocess.Popen(command + list(self.options))
        try:
            wait_for(self.answers, "redis-server")
        except AssertionError:
            self.kill()
            raise

    def answers(self):
        done = self.cli("ping", check=False)
        return "PONG" in done or "NOAUTH" in done

    def cli(self, *words, check=True, background=False):
        command = ["redis-cli"]
        if self.unix:
            command += ["-s", self.unix]
        else:
            command += ["-p", str(self.port)]
        if self.tls:
            command += ["--tls", "--insecure"]
        command += list(words)
        if background:
            return subprocess.Popen(command, stdout=subprocess.DEVNULL)
        done = subprocess.run(command, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=check)
        return done.stdout

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        self.signal(signal.SIGCONT)
        self.process.kill()
        self.process.wait()

    stop = kill


class Certificates:
    """An authority, and a certificate of a server signed by it."""

    def __init__(self, folder, names):
        self.ca = folder / "ca.pem"
        self.cert = folder / "server.pem"
        self.key = folder / "server.key"
        csr, ca_key, ext = (folder / n for n in ("csr", "ca.key", "ext"))
        ext.write_text("subjectAltName=" + names + "\n")
        new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
               "-nodes"]
        for command in (
                ["req", "-x509", *new, "-keyout", ca_key, "-out", self.ca,
                 "-subj", "/CN=test authority", "-days", "2"],
                ["req", *new, "-keyout", self.key, "-out", csr,
                 "-subj", "/CN=server"],
                ["x509", "-req", "-in", csr, "-CA", self.ca, "-CAkey", ca_key,
                 "-CAcreateserial", "-out", self.cert, "-days", "2",
                 "-extfile", ext]):
            subprocess.run(["openssl", *map(str, command)], check=True,
                           capture_output=True)


CONF = """
load_module %(module)s;
daemon off;
user root;
worker_processes %(workers)d;
pid nginx.pid;
error_log error.log %(level)s;
events { worker_connections 512; }
http {
    access_log off;
    client_body_temp_path temp; proxy_temp_path temp; fastcgi_temp_path temp;
    uwsgi_temp_path temp; scgi_temp_path temp;
    keepalive_requests 100000;
    %(directives)s
    server {
        listen 127.0.0.1:%(port)d;
        %(locations)s
    }
}
"""

LOCATIONS = """
location /redis { redis_test_command; }
location /stats { redis_test_stats; }
location /subscription { redis_test_subscription; }
location /message { redis_test_message; }
location /breaker { redis_test_breaker; }
"""


def check_report(report):
    """Fails on what the sanitizer found, but for leaks of nginx alone: its
    arrays of connections and events live as long as the worker, and whether
    something still points to them at its end is chance.  The frames of the
    module and of hiredis are nameless there: both are unloaded by then."""
    if "detected memory leaks" in report:
        assert "<unknown module>" not in report, report
    else:
        raise AssertionError(report)


class Nginx:
    """nginx with what is under test; stop() asserts that all was well."""

    def __init__(self, module, folder, directives, workers=1, level="info",
                 locations=LOCATIONS):
        self.folder = folder
        self.port = free_port()
        self.log_path = folder / "error.log"
        self.conf_path = folder / "nginx.conf"
        self.conf_path.write_text(CONF % dict(
            module=module, port=self.port, workers=workers, level=level,
            directives=directives, locations=locations))
        self.killed = set()
        self.process = None
        self.secrets = []

    def command(self):
        return ["/usr/sbin/nginx", "-p", str(self.folder) + "/", "-c",
                str(self.conf_path), "-e", str(self.log_path)]

    def environment(self, leaks=1):
        if not SANITIZE:
            return None
        libraries = [subprocess.check_output(
            ["gcc", "-print-file-name=lib%s.so" % name], text=True).strip()
            for name in ("asan", "ubsan")]
        return dict(os.environ, LD_PRELOAD=" ".join(libraries),
                    ASAN_OPTIONS="log_path=%s/asan:detect_leaks=%d:"
                    "fast_unwind_on_malloc=0:exitcode=0"
                    % (self.folder, leaks))

    def start(self):
        with open(self.folder / "stderr", "wb") as stderr:
            self.process = subprocess.Popen(self.command(), stderr=stderr,
                                            env=self.environment())
        wait_for(self.listens, "nginx")
        return self

    def listens(self):
        assert self.process.poll() is None, self.log()
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.port)) == 0

    def refused(self):
        """The [emerg] lines of nginx -t, which has to fail."""
        done = subprocess.run(self.command() + ["-t"], text=True,
                              env=self.environment(leaks=0),
                              capture_output=True)
        assert done.returncode != 0
        return [line for line in done.stderr.splitlines() if "[emerg]" in line]

    def log(self):
        return self.log_path.read_text(errors="replace")

    def lines(self, level):
        """The client's own lines of a level."""
        return [line for line in self.log().splitlines()
                if "[%s]" % level in line and "batch_dial: " in line]

    def get(self, command, connection=None, **arguments):
        """Runs a command; returns (status, body)."""
        own = connection is None
        if own:
            connection = http.client.HTTPConnection("127.0.0.1", self.port)
        query = urllib.parse.urlencode(
            {name: value.replace(" ", "+") if isinstance(value, str) else value
             for name, value in dict(arguments, cmd=command).items()})
        connection.request("GET", "/redis?" + query)
        answer = connection.getresponse()
        body = answer.read()
        if own:
            connection.close()
        return answer.status, body.decode()

    def timed(self, command, **arguments):
        """Runs a command; returns (status, seconds)."""
        start = time.monotonic()
        status, _ = self.get(command, **arguments)
        return status, time.monotonic() - start

    def ask(self, path, connection=None):
        """The body of an answer."""
        own = connection is None
        if own:
            connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request("GET", path)
        body = connection.getresponse().read()
        if own:
            connection.close()
        return body

    def stats(self, connection=None):
        return json.loads(self.ask("/stats", connection))

    def subscription(self, connection=None):
        return json.loads(self.ask("/subscription", connection))

    def workers(self, number):
        """Connections to that many workers, by their process ids."""
        found = {}

        def more():
            connection = http.client.HTTPConnection("127.0.0.1", self.port)
            pid = self.stats(connection)["pid"]
            if found.setdefault(pid, connection) is not connection:
                connection.close()
            return len(found) == number

        wait_for(more, "a connection to every worker")
        return found

    def answers(self, command="PING"):
        return self.get(command)[0] == 200

    def worker(self):
        return self.stats()["pid"]

    def kill_worker(self, pid):
        self.killed.add(pid)
        os.kill(pid, signal.SIGKILL)

    def quit(self):
        """Returns the seconds it took."""
        start = time.monotonic()
        self.process.send_signal(signal.SIGQUIT)
        assert self.process.wait(30) == 0
        return time.monotonic() - start

    def stop(self):
        if self.process is None:
            return
        if self.process.poll() is None:
            self.quit()
        log = self.log()
        stderr = (self.folder / "stderr").read_text(errors="replace")
        alerts = [line for line in log.splitlines() if "[alert]" in line
                  and not any("process %d exited" % pid in line
                              for pid in self.killed)]
        assert not alerts and "[crit]" not in log.replace(
            "connect() to unix:", ""), log
        dead = re.findall(
            r"process (\d+) exited (?:on signal|with code [1-9])", log)
        assert {int(pid) for pid in dead} <= self.killed, log
        assert "runtime error" not in log + stderr
        for report in glob.glob(str(self.folder / "asan.*")):
            check_report(pathlib.Path(report).read_text())
        for secret in self.secrets:
            assert secret not in log + stderr


class FakeRedis:
    """A server that answers by a function: command words -> bytes, or a list
    of bytes to send one by one; None, there or in the list, closes.
    on_connect, if given, is sent to whoever connects.  With certificates it
    talks TLS and notes the server names it was asked for."""

    def __init__(self, answer, on_connect=None, tls=None):
        outer = self
        self.answer = answer
        self.commands = []
        self.sent = 0
        self.names = []
        context = tls and self.context(tls)

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                with contextlib.suppress(OSError):
                    if on_connect is not None:
                        self.request.sendall(on_connect)
                        return
                    outer.serve(context.wrap_socket(
                        self.request, server_side=True) if context
                        else self.request)

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True
            block_on_close = False

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever,
                                       args=(0.01,))
        self.thread.start()

    def context(self, tls):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls.cert, tls.key)
        context.sni_callback = lambda _, name, __: self.names.append(name)
        return context

    def serve(self, s):
        stream = s.makefile("rb")
        for line in stream:
            words = []
            for _ in range(int(line[1:])):
                size = int(stream.readline()[1:])
                words.append(stream.read(size + 2)[:-2].decode())
            self.commands.append(words)
            answer = self.answer(words)
            for piece in answer if isinstance(answer, list) else [answer]:
                if piece is None:
                    return
                s.sendall(piece)
                self.sent += len(piece)

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class FakeDns:
    """Answers every A query with self.addresses, or NXDOMAIN when there are
    none; other queries with no records."""

    def __init__(self, *addresses):
        self.addresses = addresses
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self):
        while True:
            query, client = self.socket.recvfrom(512)
            if not query:
                return
            end = query.index(b"\0", 12) + 5
            kind = struct.unpack(">H", query[end - 4:end - 2])[0]
            found = self.addresses if kind == 1 else ()
            flags = 0x8180 if self.addresses else 0x8183
            answer = query[:2] + struct.pack(">HHHHH", flags, 1, len(found),
                                             0, 0)
            answer += query[12:end]
            for address in found:
                answer += struct.pack(">HHHIH", 0xc00c, 1, 1, 1, 4)
                answer += socket.inet_aton(address)
            self.socket.sendto(answer, client)

    def stop(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.sendto(b"", ("127.0.0.1", self.port))
        self.thread.join()
        self.socket.close()
