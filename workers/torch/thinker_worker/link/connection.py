"""One rank's connection to Node: whole messages, in order, from any thread."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from typing import Any
from urllib.parse import urlsplit

from thinker_worker.link.frames import PREFIX, decode_frame, encode_frame

# Node may be restarting: a rank on another host waits this long for it.
CONNECT_SECONDS = 600.0
RETRY_SECONDS = 1.0


class ConnectionEnded(Exception):
    """The other side has closed the connection, or it broke."""


class Connection:
    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._sending = threading.Lock()

    def send(self, message: dict[str, Any]) -> None:
        pieces = encode_frame(message)
        try:
            with self._sending:
                for piece in pieces:
                    self._channel.sendall(piece)
        except OSError as error:
            raise ConnectionEnded(str(error)) from error

    def receive(self) -> dict[str, Any]:
        """The next message; waits for it without a limit."""
        header_length, blob_length = PREFIX.unpack(self._read(PREFIX.size))
        header = self._read(header_length)
        return decode_frame(bytes(header), self._read(blob_length))

    def close(self) -> None:
        self._channel.close()

    def _read(self, length: int) -> bytearray:
        data = bytearray(length)
        rest = memoryview(data)
        while rest:
            try:
                count = self._channel.recv_into(rest)
            except OSError as error:
                raise ConnectionEnded(str(error)) from error
            if count == 0:
                raise ConnectionEnded("The other side has closed the connection.")
            rest = rest[count:]
        return data


def connect(url: str, authority_file: str | None) -> Connection:
    """Opens the connection. Over a network a refused one is repeated for CONNECT_SECONDS.

    @raises OSError when nobody listens there
    @raises ValueError for an address of another form
    """
    parts = urlsplit(url)
    if parts.scheme == "unix":
        channel = socket.socket(socket.AF_UNIX)
        channel.connect(parts.path)
        return Connection(channel)
    if parts.scheme not in ("tcp", "tls") or not parts.hostname or not parts.port:
        raise ValueError(f"THINKER_CONTROL_URL is {url!r}; it must be unix:<path>, tcp://<host>:<port> or tls://<host>:<port>.")
    channel = _dial(parts.hostname, parts.port)
    channel.settimeout(None)
    channel.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    channel.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if parts.scheme == "tls":
        context = ssl.create_default_context(cafile=authority_file)
        channel = context.wrap_socket(channel, server_hostname=parts.hostname)
    return Connection(channel)


def _dial(host: str, port: int) -> socket.socket:
    deadline = time.monotonic() + CONNECT_SECONDS
    while True:
        try:
            return socket.create_connection((host, port), timeout=30)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(RETRY_SECONDS)
