"""A Redis by which tests hold the answers to writes."""

import threading

from .wait import readable, wait_until


class HeldRedis:
    """A fake with nothing in it that answers no DEL before it may."""

    def __init__(self, world, key):
        self.key = key
        self.may = threading.Event()
        self.fake = world.fake_redis(self.reply)

    def reply(self, words):
        if words[0] == b"HMGET":
            return b"*1\r\n$-1\r\n"
        if words[0] == b"DEL":
            self.may.wait(10)
        return b":1\r\n"

    def asked(self):
        """Whether a DEL of the job has come."""
        return [b"DEL", self.key] in self.fake.commands

    def wait_asked(self):
        wait_until(self.asked, what=lambda: f"DEL: {self.fake.commands}")

    def release(self):
        self.may.set()


def silent(connection, seconds=0.2):
    """Nothing comes for a while."""
    return not readable(connection.socket, timeout=seconds)
