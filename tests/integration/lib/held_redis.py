"""A Redis by which tests hold the answers to writes."""

import threading

from .relay import empty_redis
from .wait import readable, wait_until


class HeldRedis:
    """A fake with nothing in it that answers no invalidation of a job before
    it may."""

    def __init__(self, world, key):
        self.key = key
        self.may = threading.Event()
        self.fake = world.fake_redis(self.reply)

    def reply(self, words):
        if self.invalidates(words):
            self.may.wait(10)
            return b":0\r\n"          # and nothing took its place
        return empty_redis(words)

    def invalidates(self, words):
        """Whether it is one of the scripts by which a job is gone, or has
        expired: both tell other nodes."""
        return (words[0] == b"EVAL" and words[3] == self.key
                and (b"'DEL'" in words[1] or b"'EXISTS'" in words[1]))

    def asked(self):
        """Whether the job was invalidated."""
        return any(map(self.invalidates, self.fake.commands))

    def wait_asked(self):
        wait_until(self.asked, what=lambda: f"it: {self.fake.commands}")

    def release(self):
        self.may.set()


def silent(connection, seconds=0.2):
    """Nothing comes for a while."""
    return not readable(connection.socket, timeout=seconds)
