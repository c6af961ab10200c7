"""An HTTP/2 client (prior knowledge) with a handle on each stream."""

import socket

import h2.config
import h2.connection
import h2.events

from . import client


class Connection:
    """One connection with any number of streams."""

    def __init__(self, address):
        self.authority = f"{address[0]}:{address[1]}"
        self.socket = socket.create_connection(address, client.TIMEOUT)
        self.h2 = h2.connection.H2Connection(
            h2.config.H2Configuration(header_encoding="latin-1"))
        self.h2.initiate_connection()
        self.responses = {}           # stream: Response
        self.resets = {}              # stream: error code
        self._flush()
        client.Connection.alive.add(self)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def request(self, method, path, headers=(), body=None):
        """Sends a request and reads its answer."""
        return self.receive(self.send(method, path, headers, body))

    def send(self, method, path, headers=(), body=None):
        """Sends a request; returns its stream."""
        stream = self.h2.get_next_available_stream_id()
        pseudo = [(":method", method), (":path", path),
                  (":scheme", "http"), (":authority", self.authority)]
        fields = list(headers.items() if isinstance(headers, dict)
                      else headers)
        fields = [(name.lower(), value) for name, value in fields]
        self.h2.send_headers(stream, pseudo + fields,
                             end_stream=body is None)
        if body is not None:
            self.h2.send_data(stream, body, end_stream=True)
        self._flush()
        return stream

    def reset(self, stream):
        """Gives one stream up, as a browser's stop button does."""
        self.h2.reset_stream(stream, error_code=8)
        self._flush()

    def receive(self, stream):
        """The answer on a stream; complete is False if it was reset."""
        while not self._done(stream):
            data = self.socket.recv(65536)
            if not data:
                break
            for event in self.h2.receive_data(data):
                self._take(event)
            self._flush()
        if stream not in self.responses:
            raise client.NoAnswer(f"reset: {self.resets.get(stream)}")
        return self.responses.pop(stream)

    def close(self):
        self.socket.close()

    def _done(self, stream):
        response = self.responses.get(stream)
        return stream in self.resets or (response and response.complete)

    def _take(self, event):
        if isinstance(event, h2.events.ResponseReceived):
            fields = [(n, v) for n, v in event.headers if n != ":status"]
            status = int(dict(event.headers)[":status"])
            self.responses[event.stream_id] = client.Response(
                "HTTP/2", status, "", fields)
        elif isinstance(event, h2.events.DataReceived):
            self.responses[event.stream_id].body += event.data
            self.h2.acknowledge_received_data(
                event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            self.responses[event.stream_id].complete = True
        elif isinstance(event, h2.events.StreamReset):
            self.resets[event.stream_id] = event.error_code

    def _flush(self):
        self.socket.sendall(self.h2.data_to_send())
