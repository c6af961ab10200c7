"""The bytes of entries, seals, moments and events as the unit tests of the
core have them too (test_bd_entry.c, _seal.c, _liveness.c, _event.c): what
lib/entry.py and lib/event.py make is what the module makes."""

import pytest

from lib import entry, event

SECRET = b"0123456789abcdef"
KEY, FIELD = b"bd:default:{job-1}", b"e:00ff"
MS = 0x0123456789abcdef

ENTRY = entry.Entry(
    status=2, fetched_ms=MS, ttl_ms=3000, kind=2, problem=3, http_status=502,
    flags=entry.NO_STORE, expiry=0x1122334455667788,
    generation=0x99aabbccddeeff00, etag=b'"abc"',
    last_modified=b"Sun, 06 Nov 1994 08:49:37 GMT", cache_control=b"private",
    extra=entry.pairs((b"age", b"v"), (b"", b"")),
    body=b'{"id":"job-1","status":"ACTIVE"}')
ENTRY_BYTES = (
    bytes.fromhex(
        "4244 02 02 02 03 f601 efcdab8967452301 b80b0000 01000000"
        "8877665544332211 00ffeeddccbbaa99 1000 0500 1d00 0700"
        "0c000000 20000000")
    + b'application/json"abc"Sun, 06 Nov 1994 08:49:37 GMTprivate'
    + b"\x03\x00\x01\x00agev" + bytes(4)
    + b'{"id":"job-1","status":"ACTIVE"}')

SEAL = bytes.fromhex("100d89e036d4bd6cbc5b9e5c316088cb"
                     "fa81d4c50f54149bda8bdd9a69911a0b")

EVENT = event.Event(
    type=event.TYPES.index("ENDED"), node=0x1122334455667788,
    number=0x99aabbccddeeff00, time=MS, credential=bytes(range(32)),
    id=b"job-1", data=b"data")
EVENT_BYTES = (
    bytes.fromhex("4245 01 04 05 000000 8877665544332211 00ffeeddccbbaa99"
                  "efcdab8967452301")
    + bytes(range(32)) + b"job-1data"
    + bytes.fromhex("74b6f3b791896a41bb197d0fc0a8fafe"
                    "3fece2fc8da52bc461998056722ed0c1"))


def test_entry():
    assert ENTRY.data() == ENTRY_BYTES
    assert entry.parsed(ENTRY_BYTES) == ENTRY
    assert entry.parsed_pairs(ENTRY.extra) == [(b"age", b"v"), (b"", b"")]


def test_seal():
    assert entry.sealed(b"data", KEY, FIELD, SECRET) == b"data" + SEAL
    assert entry.unsealed(b"data" + SEAL, KEY, FIELD, SECRET) == b"data"
    value = ENTRY.encoded(KEY, FIELD, SECRET)
    assert entry.decoded(value, KEY, FIELD, SECRET) == ENTRY


@pytest.mark.parametrize("value, key, field, secret", [
    (b"date" + SEAL, KEY, FIELD, SECRET),
    (b"data" + SEAL, KEY + b"e", FIELD[1:], SECRET),
    (b"data" + SEAL, KEY, FIELD, SECRET + b"x"),
    (SEAL[:-1], KEY, FIELD, SECRET),
])
def test_seal_broken(value, key, field, secret):
    with pytest.raises(AssertionError):
        entry.unsealed(value, key, field, secret)


def test_moment():
    value = entry.moment(MS, KEY, FIELD, SECRET)
    assert value[:16] == b"BL\x01" + bytes(5) + MS.to_bytes(8, "little")
    assert entry.decoded_moment(value, KEY, FIELD, SECRET) == MS


def test_event():
    assert EVENT.encoded(secret=SECRET) == EVENT_BYTES
    assert event.decoded(EVENT_BYTES, secret=SECRET) == EVENT
    with pytest.raises(AssertionError):
        event.decoded(EVENT_BYTES, "other", secret=SECRET)


def test_names():
    digits = entry.credential("key", SECRET).hex()
    assert len(digits) == 64
    assert entry.job_key("job-1") == b"bd:default:{job-1}"
    assert (entry.credential_key("key", "a", SECRET)
            == f"bd:a:c:{{{digits}}}".encode())
    assert entry.word_key("generation", "a") == b"bd:a:generation"
    assert event.channel() == b"bd:default:events"
    assert entry.entry_field("key", SECRET) == f"e:{digits}".encode()
    assert entry.field("l", "key", SECRET) == f"l:{digits}".encode()
