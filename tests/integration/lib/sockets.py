"""Which process holds a connection: from /proc, for nodes that share none."""

import pathlib

from .process import open_files

ESTABLISHED = "01"


def sockets(wanted):
    """The inodes of established TCP sockets: {(local, remote port): inode}
    of those for which wanted(local, remote)."""
    found = {}
    for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        local, remote = (int(fields[n].rpartition(":")[2], 16)
                         for n in (1, 2))
        if fields[3] == ESTABLISHED and wanted(local, remote):
            found[local, remote] = fields[9]
    return found


def holders(node):
    """{inode: pid} of the sockets that a node's workers hold."""
    return {link[len("socket:["):-1]: pid for pid in node.worker_pids()
            for link in open_files(pid).values()
            if link.startswith("socket:[")}


def worker_asking(node, upstream):
    """The worker of a node that has a connection to upstream; None: none."""
    owners = holders(node)
    asking = {owners[inode] for inode in sockets(
        lambda local, remote: remote == upstream.port).values()
        if inode in owners}
    assert len(asking) < 2, asking
    return asking.pop() if asking else None


def clients_of(node, pid):
    """The ports of the clients whose connections a worker holds."""
    owners = holders(node)
    return {remote for (_, remote), inode in sockets(
        lambda local, remote: local == node.port()).items()
        if owners.get(inode) == pid}
