"""Which clauses of the contract the model holds the gateway to.

A clause that is off is named in the summary of each run.  Tests in future/
are collected once the clauses they name (conftest.py) are on.
"""

BUILT = {
    # every answer
    "sent": True,             # bodies are ones upstream sent, byte for byte
    "tenant": True,           # ... to the credential that gets them
    "valid": True,            # ... and pass the schema
    "stored": True,           # so do the bodies found in Redis
    "no_store": True,         # a no-store answer goes to one client, once
    "fresh": True,            # nothing is served past its bound
    "flagged": True,          # what is served stale says so
    "errors": True,           # an error has its cause upstream
    "refusals": True,         # so has a refusal, within batch_dial_error_ttl
    "latency": True,          # nobody waits much longer than upstream takes

    # invalidation
    "own_node": True,         # no read after an acknowledged write or purge
                              # is answered from before it, on the same node
    "other_node": True,       # ... later than 100 ms after, on the other
    "unknown_outcome": True,  # nor after a write nobody knows the end of,
                              # save as a stale copy while upstream fails
    "fence": False,           # all three hold for fetches under way as well
    "journal": False,         # ... and for writes while Redis is away

    # who may be answered
    "liveness": False,        # only credentials accepted within reauth
    "tombstone": False,       # nobody on any node after a 401

    # what upstream is spared
    "one_fetch": False,       # one read of a (credential, job) at a time
    "backoff": False,         # none for 1 s after one that failed
    "hold_off": False,        # none of a credential until its Retry-After
    "write_through": False,   # a write's answer is stored, for 1 s
}
