"""Who is at the other end: real sockets, also of processes of other users where this one may make them."""

from __future__ import annotations

import contextlib
import os
import platform
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from trackboard.board.web import peer
from trackboard.board.web.peer import can_find_peers, find_peer_uid

pytestmark = pytest.mark.requires("linux")

STRANGER = 54321  # a user id that nobody has a name for

# Connects as another user, says so, and stays until its input ends.
OTHER = """
import encodings.idna, os, socket, sys
if sys.argv[1]:
    os.setgroups([])
    os.setresuid(*[int(sys.argv[1])] * 3)
peer = socket.create_connection((sys.argv[2], int(sys.argv[3])))
print("connected", flush=True)
sys.stdin.read()
"""


def listening(address: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return socket.create_server((address, 0), family=family, dualstack_ipv6=address == "::")


def has_ipv6() -> bool:
    try:
        listening("::1").close()
    except OSError:
        return False
    return True


@contextlib.contextmanager
def connected(
    listener: socket.socket, address: str
) -> Iterator[tuple[socket.socket, socket.socket]]:
    with socket.create_connection((address, listener.getsockname()[1]), timeout=10) as client:
        accepted, _ = listener.accept()
        with accepted:
            yield client, accepted


ROUTES = [("127.0.0.1", "127.0.0.1"), ("127.3.2.1", "127.3.2.1")]
if has_ipv6():
    ROUTES += [
        ("127.0.0.1", "::ffff:127.0.0.1"),  # an IPv6 socket
        ("::1", "::1"),
        ("::", "127.0.0.1"),  # which this side sees as ::ffff:127.0.0.1
        ("::", "::1"),
    ]


@pytest.fixture(params=["netlink", "proc"])
def how(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each way to ask the kernel, by itself."""
    if request.param == "proc":

        def refuse(*_: object) -> int | None:
            raise OSError("this kernel has no such question")

        monkeypatch.setattr(peer, "_ask_kernel", refuse)
    else:
        monkeypatch.setattr(peer, "_search_proc", lambda *_: None)
    return str(request.param)


@pytest.mark.parametrize(("here", "there"), ROUTES)
@pytest.mark.usefixtures("how")
def test_a_process_of_this_user_is_recognised(here: str, there: str) -> None:
    with listening(here) as listener, connected(listener, there) as (_, accepted):
        assert find_peer_uid(accepted) == os.geteuid()


@pytest.mark.parametrize(("here", "there"), ROUTES)
@pytest.mark.usefixtures("how")
@pytest.mark.requires("other-users")
def test_a_process_of_another_user_is_told_apart(here: str, there: str) -> None:
    with listening(here) as listener:
        words = [sys.executable, "-c", OTHER, str(STRANGER), there, str(listener.getsockname()[1])]
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
            assert other.stdout is not None
            assert other.stdout.readline() == b"connected\n"
            accepted, _ = listener.accept()
            with accepted:
                assert find_peer_uid(accepted) == STRANGER
            other.communicate()


@pytest.mark.usefixtures("how")
def test_a_connection_that_was_closed_is_nobodys() -> None:
    """Its socket has no owner any more, which some tables call user 0."""
    with listening("127.0.0.1") as listener, connected(listener, "127.0.0.1") as (client, accepted):
        client.close()
        assert find_peer_uid(accepted) is None


@pytest.mark.usefixtures("how")
def test_a_socket_that_only_listens_at_the_peers_port_is_not_the_peer() -> None:
    with listening("127.0.0.1") as one, listening("127.0.0.1") as other:
        far_away = ("127.0.0.1", other.getsockname()[1])
        with connected(one, "127.0.0.1") as (_, accepted):

            class Forwarded(socket.socket):
                """As from another network namespace, by chance from a port that is used here."""

                def getpeername(self) -> tuple[str, int]:
                    return far_away

            forwarded = Forwarded(fileno=os.dup(accepted.fileno()))
            with forwarded:
                assert find_peer_uid(forwarded) is None


def test_no_tcp_connection_is_nobodys() -> None:
    one, other = socket.socketpair()
    with one, other:
        assert find_peer_uid(one) is None


def test_whether_it_works_here_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    assert can_find_peers.__wrapped__()
    monkeypatch.setattr(peer, "find_peer_uid", lambda _: None)
    assert not can_find_peers.__wrapped__()


def test_under_windows_connections_come_from_a_process_of_root(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(platform, "release", lambda: "5.15.90.1-microsoft-standard-WSL2")
    assert not can_find_peers.__wrapped__()


def test_the_user_id_of_everybody_unknown_is_not_taken_for_ones_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(peer, "_overflow_uid", os.geteuid)
    monkeypatch.setattr(peer, "_in_first_user_namespace", lambda: False)
    assert not can_find_peers.__wrapped__()
