"""The fleet the model plays with: two nodes with two workers each, one Redis,
one upstream; and the contract's numbers, made short enough to be seen at
work in a minute."""

from history import Contract
from lib.gateway import CONFIG

TTL = {"INIT": 0.5, "ACTIVE": 0.4, "PAUSED": 0.6, "COMPLETE": 3.0,
       "CANCELLED": 2.0}

LOCATION = """
batch_dial_memory on;
batch_dial_ttl %s;
batch_dial_stale_if_error 3s;
batch_dial_reauth 1500ms;
batch_dial_error_ttl 401=500ms 403=800ms 404=800ms 410=800ms 400=800ms
                     422=800ms;
batch_dial_lock_timeout 3s;
proxy_connect_timeout 500ms;
proxy_read_timeout 1s;
proxy_set_header X-Model-Node %%%%NODE%%%%;
""" % " ".join(f"{status}={seconds * 1000:.0f}ms"
               for status, seconds in TTL.items())

PURGE_LOCATION = """
location /purge/ {
    batch_dial_purge;
    allow 127.0.0.1;
    deny all;
}
"""


def start(world, while_revalidate):
    """The nodes by their names, and the contract they are held to."""
    extra = LOCATION + "batch_dial_stale_while_revalidate %s;" % (
        "200ms" if while_revalidate else "0")
    nodes = {name: world.gateway(
        workers=2, location_extra=extra, NODE=name, config=CONFIG,
        server_extra=PURGE_LOCATION) for name in ("a", "b")}
    return nodes, contract(while_revalidate)


def contract(while_revalidate):
    return Contract(
        ttl=TTL, stale_while_revalidate=0.2 if while_revalidate else 0.0,
        stale_if_error=3.0, reauth=1.5,
        error_ttl={401: 0.5, 403: 0.8, 404: 0.8, 410: 0.8, 400: 0.8, 422: 0.8},
        write_through=1.0, backoff=1.0)
