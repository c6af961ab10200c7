"""The fleet the model plays with: two nodes with two workers each, one Redis,
one upstream; and the contract's numbers, made short enough to be seen at
work in a minute."""

from built import BUILT
from history import Contract
from lib.gateway import CONFIG

# Directives that may not be there yet: (name, value, where).  Those nginx -t
# refuses are left out, and their numbers are 0 in the contract then.
OPTIONAL = {
    "batch_dial_memory": "on",
    "batch_dial_stale_while_revalidate": "200ms",
    "batch_dial_stale_if_error": "3s",
    "batch_dial_reauth": "1500ms",
    "batch_dial_error_ttl": "401=500ms 403=800ms 404=800ms 410=800ms "
                            "400=800ms 422=800ms",
    "batch_dial_lock_timeout": "3s",
}
PURGE = "batch_dial_purge"

TTL = {"INIT": 0.5, "ACTIVE": 0.4, "PAUSED": 0.6, "COMPLETE": 3.0,
       "CANCELLED": 2.0}

LOCATION = """
batch_dial_ttl %s;
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


def features(world):
    """The optional directives that this module has."""
    found = []
    for name, value in OPTIONAL.items():
        node = world.gateway(location_extra=f"{name} {value};", start=False)
        if node.test()[0] == 0:
            found.append(name)
    node = world.gateway(server_extra=PURGE_LOCATION, start=False)
    if node.test()[0] == 0:
        found.append(PURGE)
    return found


def start(world, found, while_revalidate):
    """The nodes by their names, and the contract they are held to."""
    optional = {name: value for name, value in OPTIONAL.items()
                if name in found}
    if not while_revalidate and "batch_dial_stale_while_revalidate" in found:
        optional["batch_dial_stale_while_revalidate"] = "0"
    extra = LOCATION + "\n".join(f"{name} {value};" for name, value
                                 in optional.items())
    # until a journal repairs it, an invalidation that a busy machine makes
    # late is lost: Redis is given time
    patience = "" if BUILT["journal"] else " timeout=400ms"
    nodes = {name: world.gateway(
        workers=2, location_extra=extra, NODE=name, config=CONFIG,
        server_extra=PURGE_LOCATION if PURGE in found else "",
        redis="unix:%%REDIS_SOCK%%" + patience) for name in ("a", "b")}
    return nodes, contract(optional)


def contract(optional):
    def has(name):
        return optional.get(f"batch_dial_{name}", "0") != "0"

    return Contract(
        ttl=TTL,
        stale_while_revalidate=0.2 if has("stale_while_revalidate") else 0.0,
        stale_if_error=3.0 if has("stale_if_error") else 0.0,
        reauth=1.5,
        error_ttl={401: 0.5, 403: 0.8, 404: 0.8, 410: 0.8, 400: 0.8, 422: 0.8}
        if has("error_ttl") else {},
        write_through=1.0 if BUILT["write_through"] else 0.0,
        # it comes with the flights, and they with their directive
        backoff=1.0 if has("lock_timeout") else 0.0)
