"""Free TCP ports, safe for several test runs on one machine.

Ports are taken below the range the kernel picks client ports from, and each
stays locked by a file for as long as this process lives: neither another run
nor somebody's outgoing connection can have it between its choice and its
use.
"""

import fcntl
import os
import pathlib
import random
import socket
import tempfile

FIRST, LAST = 12000, 31999

_locks = []                           # held open until the process ends


def free_port():
    directory = pathlib.Path(tempfile.gettempdir(),
                             f"batch-dial-ports-{os.getuid()}")
    directory.mkdir(exist_ok=True)
    for port in random.sample(range(FIRST, LAST + 1), 1000):
        lock = open(directory / str(port), "w", encoding="ascii")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            continue
        if _bindable(port):
            _locks.append(lock)
            return port
        lock.close()
    raise RuntimeError("no free port")


def _bindable(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
