"""Answers as bytes, seals, moments and names: bd_key.h, bd_entry.h, bd_seal.h,
bd_liveness.h and bd_mac.h written a second time, from their words and not from
their code."""

import hashlib
import hmac
import struct
from dataclasses import dataclass

from .world import HMAC_SECRET

STATUSES = ["UNKNOWN", "INIT", "ACTIVE", "PAUSED", "COMPLETE", "CANCELLED"]
KINDS = ["JOB", "PASS", "PROBLEM"]
PROBLEMS = ["missing-credential", "invalid-credential", "invalid-job-id",
            "invalid-upstream-response", "upstream-unreachable",
            "upstream-timeout", "lock-timeout", "rate-limited"]
NO_STORE = 1
HEADER = struct.Struct("<2sBBBBHqIIQQHHHHII")
MOMENT = struct.Struct("<2sB5sq")
MAC_SIZE = 32


def digest(key, *parts):
    return hmac.new(key, b"".join(parts), hashlib.sha256).digest()


def derived(secret, label):
    """The key of one purpose, from the operator's one secret."""
    return digest(secret, label)


SECRET = HMAC_SECRET.rstrip("\n").encode()


def credential(token, secret=SECRET):
    return digest(derived(secret, b"credential"), token.encode())


def job_key(job, namespace="default"):
    return f"bd:{namespace}:{{{job}}}".encode()


def credential_key(token, namespace="default", secret=SECRET):
    return f"bd:{namespace}:c:{{{credential(token, secret).hex()}}}".encode()


def word_key(word, namespace="default"):
    """The key or channel of a word: "generation", "events"."""
    return f"bd:{namespace}:{word}".encode()


def field(prefix, token, secret=SECRET):
    """The field of a credential in the hash of a job."""
    return f"{prefix}:{credential(token, secret).hex()}".encode()


def entry_field(token, secret=SECRET):
    return field("e", token, secret)


def mac(data, key, field, secret=SECRET):
    return digest(derived(secret, b"entry"),
                  struct.pack("<QQ", len(key), len(field)), key, field, data)


def sealed(data, key, field, secret=SECRET):
    """Any bytes with the MAC that makes them genuine at a place."""
    return data + mac(data, key, field, secret)


def unsealed(value, key, field, secret=SECRET):
    """The bytes without their MAC; fails unless it is theirs."""
    data, tail = value[:-MAC_SIZE], value[-MAC_SIZE:]
    assert hmac.compare_digest(tail, mac(data, key, field, secret))
    return data


@dataclass
class Entry:
    status: int
    fetched_ms: int
    ttl_ms: int
    content_type: bytes = b"application/json"
    etag: bytes = b'"1"'
    last_modified: bytes = b""
    cache_control: bytes = b""
    extra: bytes = b""
    body: bytes = b""
    kind: int = 0
    problem: int = 0
    http_status: int = 200
    flags: int = 0
    expiry: int = 0
    generation: int = 0
    version: int = 2
    magic: bytes = b"BD"

    def head(self):
        return HEADER.pack(
            self.magic, self.version, self.kind, self.status, self.problem,
            self.http_status, self.fetched_ms, self.ttl_ms, self.flags,
            self.expiry, self.generation, len(self.content_type),
            len(self.etag), len(self.last_modified),
            len(self.cache_control), len(self.extra), len(self.body))

    def data(self):
        return (self.head() + self.content_type + self.etag
                + self.last_modified + self.cache_control + self.extra
                + self.body)

    def encoded(self, key, field, secret=SECRET):
        """The bytes as they lie in Redis."""
        return sealed(self.data(), key, field, secret)


def parsed(data):
    """The entry of bytes without a seal; fails unless all lengths agree."""
    (magic, version, kind, status, problem, http_status, fetched, ttl, flags,
     expiry, generation, *lengths) = HEADER.unpack_from(data)
    parts, offset = [], HEADER.size
    for length in lengths:
        parts.append(data[offset:offset + length])
        offset += length
    assert offset == len(data)
    return Entry(status, fetched, ttl, *parts, kind=kind, problem=problem,
                 http_status=http_status, flags=flags, expiry=expiry,
                 generation=generation, version=version, magic=magic)


def decoded(value, key, field, secret=SECRET):
    """The entry of bytes from Redis; fails unless their seal is genuine."""
    return parsed(unsealed(value, key, field, secret))


def pairs(*items):
    """Names and values as the extra pairs of an entry."""
    return b"".join(struct.pack("<HH", len(name), len(value)) + name + value
                    for name, value in items)


def parsed_pairs(extra):
    """The names and values; fails unless the last one is whole."""
    items, offset = [], 0
    while offset < len(extra):
        name, value = struct.unpack_from("<HH", extra, offset)
        middle, end = offset + 4 + name, offset + 4 + name + value
        assert end <= len(extra)
        items.append((extra[offset + 4:middle], extra[middle:end]))
        offset = end
    return items


def moment(ms, key, field, secret=SECRET):
    """A moment of a credential as it lies in Redis."""
    return sealed(MOMENT.pack(b"BL", 1, bytes(5), ms), key, field, secret)


def decoded_moment(value, key, field, secret=SECRET):
    """The moment, in ms; fails unless its seal is genuine."""
    magic, version, zeros, ms = MOMENT.unpack(
        unsealed(value, key, field, secret))
    assert (magic, version, zeros) == (b"BL", 1, bytes(5))
    return ms
