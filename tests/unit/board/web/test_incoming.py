"""What arrives on a connection, in pieces, too much of it, or of another protocol."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from trackboard.board.web import incoming
from trackboard.board.web.incoming import HEAD_BYTES, BadHead, Incoming

REQUEST = b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n"

Ends = tuple[socket.socket, Incoming]


@pytest.fixture
def ends() -> Iterator[Ends]:
    theirs, ours = socket.socketpair()
    with theirs, ours:
        yield theirs, Incoming(ours)


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_requests_are_taken_one_by_one_however_they_are_cut(ends: Ends, end: bytes) -> None:
    theirs, arriving = ends
    request = REQUEST.replace(b"\r\n", end)

    def send() -> None:
        for byte in (request + b"body") * 2:
            theirs.sendall(bytes([byte]))

    sender = threading.Thread(target=send)
    sender.start()
    for _ in range(2):
        assert arriving.read_head() == request
        assert arriving.read_body(4) == b"body"
    sender.join()
    theirs.close()
    assert arriving.read_head() is None


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_every_method_is_waited_for_from_its_first_byte(ends: Ends, method: str) -> None:
    theirs, arriving = ends
    rest = f"{method} / HTTP/1.1\r\n\r\n".encode()
    theirs.sendall(rest)
    assert arriving.read_head() == rest


@pytest.mark.parametrize(
    "first",
    [
        b"l",  # X11, as mpirun's hwloc asks at ports 6000 and above
        b"B",  # X11 of the other byte order
        b"B\x00\x00\x0b\x00\x00\x00\x00\x00\x00\x00\x00",
        b"\x16\x03\x01\x02\x00",  # TLS
        b"\x00",
        b"\x80",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"PING\r\n",
        b"PRI * HTTP/2.0\r\n",
        b"get / HTTP/1.1\r\n",
        b"GET\t/ HTTP/1.1\r\n",
        b"\r\n",
        b" ",
    ],
)
def test_what_is_no_http_is_known_at_once(ends: Ends, first: bytes) -> None:
    """The other side has sent no more, and waits."""
    theirs, arriving = ends
    theirs.sendall(first)
    with pytest.raises(BadHead) as caught:
        arriving.read_head()
    assert caught.value.status is None


def test_a_head_that_drips_is_not_waited_for(ends: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time counts from its first byte, not from its last."""
    monkeypatch.setattr(incoming, "HEAD_S", 0.3)
    theirs, arriving = ends
    stop = threading.Event()

    def drip() -> None:
        theirs.sendall(b"GET /")
        while not stop.wait(0.02):
            theirs.sendall(b"a")

    sender = threading.Thread(target=drip)
    sender.start()
    try:
        with pytest.raises(BadHead) as caught:
            arriving.read_head()
        assert caught.value.status == 408
    finally:
        stop.set()
        sender.join()


def test_a_silent_connection_ends_after_a_while(
    ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incoming, "IDLE_S", 0.05)
    assert ends[1].read_head() is None


@pytest.mark.parametrize(
    "head",
    [
        b"GET /" + b"a" * HEAD_BYTES,
        b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * (HEAD_BYTES // 6),
        b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * (HEAD_BYTES // 6) + b"\r\n",
    ],
)
def test_a_head_has_a_greatest_size(ends: Ends, head: bytes) -> None:
    theirs, arriving = ends
    sender = threading.Thread(target=theirs.sendall, args=(head + b"x" * 8,))
    sender.start()
    with pytest.raises(BadHead) as caught:
        arriving.read_head()
    assert caught.value.status == 431
    assert len(arriving._received) < 3 * HEAD_BYTES
    sender.join()


def test_a_body_that_does_not_come_whole_is_none(
    ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incoming, "BODY_S", 0.05)
    theirs, arriving = ends
    theirs.sendall(b"abc")
    assert arriving.read_body(4) is None
    theirs.close()
    assert arriving.read_body(4) is None
