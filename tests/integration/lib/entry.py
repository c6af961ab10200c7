"""Stored answers as bytes, and their names: bd_key.h, bd_entry.h and bd_mac.h
written a second time, from their words and not from their code."""

import hashlib
import hmac
import struct
from dataclasses import dataclass

from .world import HMAC_SECRET

STATUSES = ["UNKNOWN", "INIT", "ACTIVE", "PAUSED", "COMPLETE", "CANCELLED"]
HEADER = struct.Struct("<2sBBqIIHHHHI")
MAC_SIZE = 32


def digest(key, *parts):
    return hmac.new(key, b"".join(parts), hashlib.sha256).digest()


def derived(secret, label):
    """The key of one purpose, from the operator's one secret."""
    return digest(secret, label)


SECRET = HMAC_SECRET.rstrip("\n").encode()


def job_key(job, namespace="default"):
    return f"bd:{namespace}:{{{job}}}".encode()


def entry_field(token, secret=SECRET):
    credential = digest(derived(secret, b"credential"), token.encode())
    return b"e:" + credential.hex().encode()


def mac(data, key, field, secret=SECRET):
    return digest(derived(secret, b"entry"),
                  struct.pack("<QQ", len(key), len(field)), key, field, data)


@dataclass
class Entry:
    status: int
    fetched_ms: int
    ttl_ms: int
    content_type: bytes = b"application/json"
    etag: bytes = b'"1"'
    last_modified: bytes = b""
    cache_control: bytes = b""
    body: bytes = b""
    version: int = 1
    reserved: int = 0
    magic: bytes = b"BD"

    def head(self):
        return HEADER.pack(
            self.magic, self.version, self.status, self.fetched_ms,
            self.ttl_ms, self.reserved, len(self.content_type),
            len(self.etag), len(self.last_modified),
            len(self.cache_control), len(self.body))

    def data(self):
        return (self.head() + self.content_type + self.etag
                + self.last_modified + self.cache_control + self.body)

    def encoded(self, key, field, secret=SECRET):
        return sealed(self.data(), key, field, secret)


def sealed(data, key, field, secret=SECRET):
    """Any bytes with the MAC that makes them genuine."""
    return data + mac(data, key, field, secret)


def decoded(value, key, field, secret=SECRET):
    """The entry; fails unless every length and the MAC agree."""
    data, tail = value[:-MAC_SIZE], value[-MAC_SIZE:]
    assert hmac.compare_digest(tail, mac(data, key, field, secret))
    (magic, version, status, fetched, ttl, reserved,
     *lengths) = HEADER.unpack_from(data)
    parts, offset = [], HEADER.size
    for length in lengths:
        parts.append(data[offset:offset + length])
        offset += length
    assert offset == len(data)
    return Entry(status, fetched, ttl, *parts, version=version,
                 reserved=reserved, magic=magic)
