from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from trackboard.board.process.listen import listen
from trackboard.errors import Unavailable, UsageError


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens at, with a free one above it."""
    with listen("127.0.0.1", 0) as listener:
        yield listener.getsockname()[1]


def test_zero_is_any_free_port() -> None:
    with listen("127.0.0.1", 0) as one, listen("localhost", 0) as other:
        assert one.getsockname()[1] != other.getsockname()[1]
        assert other.getsockname()[0] == "127.0.0.1"


def test_no_answer_waits_for_an_acknowledgment() -> None:
    with listen("127.0.0.1", 0) as listener:
        client = socket.create_connection(listener.getsockname())
        accepted, _ = listener.accept()
        with client, accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_taken_port_moves_on(taken: int) -> None:
    with listen("127.0.0.1", taken) as listener:
        assert taken < listener.getsockname()[1] < taken + 100


def test_a_port_that_only_ipv6_has_taken_moves_on() -> None:
    try:
        blocker = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        return  # a machine without IPv6: there is nothing to avoid
    with blocker, listen("127.0.0.1", blocker.getsockname()[1]) as listener:
        assert listener.getsockname()[1] != blocker.getsockname()[1]


def test_a_port_that_was_used_a_moment_ago_is_free() -> None:
    with listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            accepted, _ = first.accept()
            accepted.close()  # this side closes first: its end fades out for a minute
            assert client.recv(1) == b""
    with listen("127.0.0.1", port) as second:
        assert second.getsockname()[1] == port


@pytest.mark.parametrize("host", ["192.0.2.77", "no-such-host.invalid", "", "300.1.1.1"])
def test_an_address_that_is_not_this_machines_is_refused(host: str) -> None:
    with pytest.raises(UsageError):
        listen(host, 0)


@pytest.mark.parametrize("port", [-1, 65536])
def test_what_is_no_port_is_refused(port: int) -> None:
    with pytest.raises(UsageError, match=str(port)):
        listen("127.0.0.1", port)


def test_no_free_port_is_said() -> None:
    with (
        listen("127.0.0.1", 0) as listener,
        pytest.raises(Unavailable, match=str(listener.getsockname()[1])),
    ):
        listen("127.0.0.1", listener.getsockname()[1], max_tries=1)
