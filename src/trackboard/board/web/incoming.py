"""Requests as they arrive on one connection: each part whole, in time, and no larger than it may be."""

from __future__ import annotations

import re
import socket
import time

IDLE_S = 75.0  # an unused connection is closed
HEAD_S = 10.0  # a request's head has to come within this time of its first byte
BODY_S = 30.0  # and its body within this time of its head
LINGER_S = 3.0  # and the rest of one that was refused
HEAD_BYTES = 64 * 1024

_METHODS = (b"GET ", b"HEAD ", b"POST ", b"PUT ", b"PATCH ", b"DELETE ", b"OPTIONS ")
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
_LONGEST_END = 4
_PART_BYTES = 64 * 1024


class BadHead(Exception):
    """A request's head that is not answered as it stands.

    Attributes:
        status: What HTTP says to it; None where the other side does not speak HTTP at all.
    """

    def __init__(self, status: int | None) -> None:
        super().__init__(status)
        self.status = status


class Incoming:
    """What comes in on a connection, beginning with its first byte."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._received = bytearray()

    def read_head(self) -> bytes | None:
        """Wait for a request and take its head: the first line and the headers, with the empty line.

        Programs that look for servers of other kinds send something else (X11 clients such as mpirun's
        hwloc ask at the ports from 6000 on) and wait for an answer: they are told at the first byte that
        no request begins with.

        Returns:
            None when the connection ends, or nothing comes on it.

        Raises:
            BadHead: It is no HTTP, too long, or does not come in time.
        """
        if not self._received and not self._receive(time.monotonic() + IDLE_S):
            return None
        deadline_s = time.monotonic() + HEAD_S
        searched = 0
        while True:
            if not begins_request(self._received):
                raise BadHead(None)
            end = _END_OF_HEAD.search(self._received, max(0, searched - _LONGEST_END))
            if end is not None and end.end() <= HEAD_BYTES:
                return self._take(end.end())
            searched = len(self._received)
            if searched > HEAD_BYTES:
                raise BadHead(431)
            if not self._receive(deadline_s):
                raise BadHead(408 if time.monotonic() >= deadline_s else None)

    def read_body(self, size_bytes: int) -> bytes | None:
        """Take a request's body; None when it does not come whole, or not in time."""
        deadline_s = time.monotonic() + BODY_S
        while len(self._received) < size_bytes:
            if not self._receive(deadline_s):
                return None
        return self._take(size_bytes)

    def discard(self) -> None:
        """Take what is still sent of a request that was answered already, until the other side ends.

        It would not see the answer otherwise: a connection that is closed with bytes unread is reset.
        """
        deadline_s = time.monotonic() + LINGER_S
        while self._receive(deadline_s):
            self._received.clear()

    def _receive(self, deadline_s: float) -> bool:
        """Wait for more; False at the end of the connection, or of the time."""
        rest_s = deadline_s - time.monotonic()
        if rest_s <= 0:
            return False
        self._connection.settimeout(rest_s)
        try:
            part = self._connection.recv(_PART_BYTES)
        except TimeoutError:
            return False
        self._received += part
        return bool(part)

    def _take(self, size_bytes: int) -> bytes:
        taken = bytes(self._received[:size_bytes])
        del self._received[:size_bytes]
        return taken


def begins_request(received: bytes | bytearray) -> bool:
    """Whether a request of HTTP begins with these bytes, or may when more of it is there."""
    return any(method.startswith(received[: len(method)]) for method in _METHODS)
