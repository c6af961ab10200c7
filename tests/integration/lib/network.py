"""A network that can go down: what is started in it reaches others by Unix
sockets alone, once its one interface is down."""

import concurrent.futures
import ctypes
import fcntl
import os
import socket
import struct

CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS = 0x8914
IFF_UP = 1


class Network:
    """A network namespace, entered by a thread and by what that starts.

    Needs CAP_SYS_ADMIN.
    """

    def __init__(self):
        self.thread = concurrent.futures.ThreadPoolExecutor(1)
        self.within(_leave_network)
        self.up()

    def within(self, act, *words, **options):
        """What act returns, called in there."""
        return self.thread.submit(act, *words, **options).result()

    def up(self):
        self.within(_set_loopback, IFF_UP)

    def down(self):
        """From here on nothing is delivered, nor refused."""
        self.within(_set_loopback, 0)


def _leave_network():
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"unshare: {os.strerror(error)}")


def _set_loopback(flags):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS,
                    struct.pack("16sh22x", b"lo", flags))
