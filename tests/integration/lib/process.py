"""Processes the tests start: each in a session of its own, so that whatever
it leaves behind can be found and ended, and nothing else is touched."""

import os
import pathlib
import signal
import subprocess

from .wait import TIMEOUT, wait_until


class Process:
    def __init__(self, argv, output, env=None, directory=None):
        """Starts argv; stdout and stderr go to the file output."""
        self.argv = [str(word) for word in argv]
        self.output = pathlib.Path(output)
        self.stopped = False
        with open(self.output, "ab") as file:
            self._popen = subprocess.Popen(
                self.argv, stdin=subprocess.DEVNULL, stdout=file,
                stderr=file, env=env, cwd=directory,
                start_new_session=True)
        self.pid = self._popen.pid

    @property
    def returncode(self):
        """None while it runs."""
        return self._popen.poll()

    @property
    def running(self):
        return self.returncode is None

    def text(self):
        return self.output.read_text(errors="replace")

    def signal(self, number):
        self._popen.send_signal(number)

    def stop(self):
        """SIGSTOP: there, and mute."""
        self.signal(signal.SIGSTOP)
        wait_until(lambda: state(self.pid) == "T", what="process to stop")
        self.stopped = True

    def cont(self):
        self.signal(signal.SIGCONT)
        self.stopped = False

    def wait(self, timeout=TIMEOUT):
        """The exit code."""
        return self._popen.wait(timeout)

    def kill(self):
        self.signal(signal.SIGKILL)
        self.wait()

    def strays(self):
        """Pids of the session's processes other than the one started."""
        return [pid for pid, fields in processes()
                if fields[3] == str(self.pid) and pid != self.pid
                and fields[0] != "Z"]

    def end(self):
        """Kills what is left of the session; returns the strays' pids."""
        if self.running:
            self.kill()
        strays = self.strays()
        for pid in strays:
            os.kill(pid, signal.SIGKILL)
        return strays


def processes():
    """(pid, fields of /proc/PID/stat after the name) of each process."""
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            fields = stat(int(entry))
            if fields:
                yield int(entry), fields


def stat(pid):
    """state, ppid, pgrp, session, ...; None when there is no such process."""
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    return text.rpartition(")")[2].split()


def state(pid):
    fields = stat(pid)
    return fields[0] if fields else None


def children(pid):
    return [child for child, fields in processes()
            if fields[1] == str(pid) and fields[0] != "Z"]


def title(pid):
    """The command line as ps shows it."""
    try:
        data = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return data.replace(b"\0", b" ").decode(errors="replace").strip()


def open_files(pid):
    """What the descriptors of a process lead to: {fd: link}."""
    directory = f"/proc/{pid}/fd"
    found = {}
    for fd in os.listdir(directory):
        try:
            found[int(fd)] = os.readlink(f"{directory}/{fd}")
        except FileNotFoundError:
            continue                  # closed meanwhile
    return found
