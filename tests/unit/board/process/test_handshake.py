from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from trackboard import errors
from trackboard.board.process import handshake

Ends = tuple[socket.socket, socket.socket]


@pytest.fixture
def ends() -> Iterator[Ends]:
    starter, board = socket.socketpair()
    with starter, board:
        starter.settimeout(5)
        yield starter, board


def test_a_board_says_where_it_is(ends: Ends) -> None:
    starter, board = ends
    ready = handshake.Ready("http://localhost:6007/", 6007)
    handshake.send_ready(board, ready)
    assert handshake.receive(starter) == ready


@pytest.mark.parametrize(
    "family",
    [errors.UsageError, errors.NotFound, errors.Conflict, errors.Unavailable, errors.InternalError],
)
def test_an_error_arrives_as_it_was_raised(
    ends: Ends, family: type[errors.TrackboardError]
) -> None:
    starter, board = ends
    handshake.send_error(board, family("größe\nwas wrong", hint="do that"))
    with pytest.raises(family) as caught:
        handshake.receive(starter)
    assert (caught.value.message, caught.value.hint) == ("größe\nwas wrong", "do that")


@pytest.mark.parametrize("said", [b"", b'{"url": "http://loc'])
def test_a_board_that_died_said_nothing(ends: Ends, said: bytes) -> None:
    starter, board = ends
    board.sendall(said)
    board.close()
    assert handshake.receive(starter) is None


def test_a_silent_board_is_not_waited_for_longer_than_told(ends: Ends) -> None:
    starter, _ = ends
    starter.settimeout(0.01)
    with pytest.raises(TimeoutError):
        handshake.receive(starter)


def test_a_starter_that_is_gone_is_no_error_for_the_board(ends: Ends) -> None:
    starter, board = ends
    starter.close()
    handshake.send_ready(board, handshake.Ready("http://localhost:6007/", 6007))
