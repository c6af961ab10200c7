"""Waiting for conditions.  Tests never sleep for a guessed time."""

import select
import time

TIMEOUT = 10.0


def wait_until(condition, timeout=TIMEOUT, what=None, interval=0.005):
    """Returns the first true value of condition(); fails at the deadline.

    what says what is waited for: a string, or a function that tells, at the
    deadline, how things stand.
    """
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= deadline:
            told = what() if callable(what) else what
            raise AssertionError(
                f"not within {timeout:g} s: {told or condition.__name__}")
        time.sleep(interval)


def holds_within(condition, timeout=TIMEOUT):
    """Whether condition() becomes true before the deadline."""
    try:
        return bool(wait_until(condition, timeout))
    except AssertionError:
        return False


def readable(*sockets, timeout=None):
    """Those of the sockets that have something to read, or have ended; waits
    for the first, at most timeout seconds.  Not select(), which takes no
    descriptor from 1024 on."""
    poll = select.poll()
    for each in sockets:
        poll.register(each, select.POLLIN)
    ready = {fd for fd, _ in poll.poll(None if timeout is None
                                       else timeout * 1000)}
    return [each for each in sockets if each.fileno() in ready]
