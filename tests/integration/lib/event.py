"""Events as bytes: bd_event.h written a second time, from its words and not
from its code."""

import struct
from dataclasses import dataclass

from .entry import SECRET, sealed, unsealed, word_key

TYPES = ["", "GONE", "EXPIRED", "STORED", "ENDED", "ACCEPTED", "REJECTED",
         "HELD", "GENERATION"]
HEADER = struct.Struct("<2sBBB3sQQq32s")


def channel(namespace="default"):
    return word_key("events", namespace)


@dataclass
class Event:
    type: int
    node: int = 1
    number: int = 1
    time: int = 0
    credential: bytes = bytes(32)
    id: bytes = b""
    data: bytes = b""
    version: int = 1
    reserved: bytes = bytes(3)
    magic: bytes = b"BE"

    def plain(self):
        """The bytes without their seal."""
        return HEADER.pack(
            self.magic, self.version, self.type, len(self.id), self.reserved,
            self.node, self.number, self.time, self.credential
        ) + self.id + self.data

    def encoded(self, namespace="default", secret=SECRET):
        """The message as it is published."""
        return sealed(self.plain(), channel(namespace), b"", secret)


def decoded(message, namespace="default", secret=SECRET):
    """The event; fails unless its seal is genuine."""
    plain = unsealed(message, channel(namespace), b"", secret)
    (magic, version, kind, length, reserved, node, number, time,
     credential) = HEADER.unpack_from(plain)
    rest = plain[HEADER.size:]
    assert length <= len(rest)
    return Event(kind, node, number, time, credential, rest[:length],
                 rest[length:], version=version, reserved=reserved,
                 magic=magic)
