"""A DNS server for nginx's resolver."""

import socket
import struct
import threading

from .ports import free_port


class Dns:
    """A DNS server that knows 127.0.0.1 under every name, for 0 seconds."""

    def __init__(self):
        self.port = free_port()
        self.queries = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", self.port))
        self.thread = threading.Thread(target=self._run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *exc):
        self.socket.sendto(b"", ("127.0.0.1", self.port))
        self.thread.join()
        self.socket.close()

    def _run(self):
        while True:
            query, peer = self.socket.recvfrom(512)
            if not query:
                return
            end = query.index(b"\0", 12)
            self.queries.append(query[12:end])
            self.socket.sendto(self.answer(query[:2], query[12:end + 5]),
                               peer)

    @staticmethod
    def answer(number, question):
        """One A record (RFC 1035, section 4)."""
        return (number + struct.pack(">5H", 0x8180, 1, 1, 0, 0) + question
                + struct.pack(">3HIH", 0xc00c, 1, 1, 0, 4)
                + bytes([127, 0, 0, 1]))
