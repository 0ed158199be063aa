"""Who is at the other end: real sockets, also of processes of other users where this one may make them."""

from __future__ import annotations

import contextlib
import os
import platform
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from trackboard.board.web import peer
from trackboard.board.web.peer import ask_netlink, can_find_peers, find_peer_uid, search_proc

pytestmark = pytest.mark.requires("linux")

Find = Callable[[socket.socket], int | None]

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


@pytest.fixture(params=[ask_netlink, search_proc])
def find(request: pytest.FixtureRequest) -> Find:
    """Each way to ask the kernel, by itself."""
    return lambda connection: find_peer_uid(connection, [request.param])


@pytest.mark.parametrize(("here", "there"), ROUTES)
def test_a_process_of_this_user_is_recognised(find: Find, here: str, there: str) -> None:
    with listening(here) as listener, connected(listener, there) as (_, accepted):
        assert find(accepted) == os.geteuid()


@pytest.mark.parametrize(("here", "there"), ROUTES)
@pytest.mark.requires("other-users")
def test_a_process_of_another_user_is_told_apart(find: Find, here: str, there: str) -> None:
    with listening(here) as listener:
        words = [sys.executable, "-c", OTHER, str(STRANGER), there, str(listener.getsockname()[1])]
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
            assert other.stdout is not None
            assert other.stdout.readline() == b"connected\n"
            accepted, _ = listener.accept()
            with accepted:
                assert find(accepted) == STRANGER
            other.communicate()


def test_a_connection_that_was_closed_is_nobodys(find: Find) -> None:
    """Its socket has no owner any more, which some tables call user 0."""
    with listening("127.0.0.1") as listener, connected(listener, "127.0.0.1") as (client, accepted):
        client.close()
        assert find(accepted) is None


def test_a_socket_that_only_listens_at_the_peers_port_is_not_the_peer(find: Find) -> None:
    with listening("127.0.0.1") as one, listening("127.0.0.1") as other:
        far_away = ("127.0.0.1", other.getsockname()[1])
        with connected(one, "127.0.0.1") as (_, accepted):

            class Forwarded(socket.socket):
                """As from another network namespace, by chance from a port that is used here."""

                def getpeername(self) -> tuple[str, int]:
                    return far_away

            forwarded = Forwarded(fileno=os.dup(accepted.fileno()))
            with forwarded:
                assert find(forwarded) is None


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


def test_a_way_that_does_not_tell_is_followed_by_the_next() -> None:
    def refuse(*_: object) -> int | None:
        raise OSError("this kernel has no such question")

    with listening("127.0.0.1") as listener, connected(listener, "127.0.0.1") as (_, accepted):
        assert find_peer_uid(accepted, [refuse, search_proc]) == os.geteuid()
        assert find_peer_uid(accepted, [refuse]) is None


@pytest.mark.parametrize(("first_uid", "is_found"), [(0, True), (1000, False)])
def test_the_user_id_of_everybody_unknown_is_not_taken_for_ones_own(
    tmp_path: Path, first_uid: int, is_found: bool
) -> None:
    (tmp_path / "sys/kernel").mkdir(parents=True)
    (tmp_path / "sys/kernel/overflowuid").write_text(f"{os.geteuid()}\n")
    (tmp_path / "self").mkdir()
    (tmp_path / "self/uid_map").write_text(f"         0 {first_uid:10} 4294967295\n")
    assert can_find_peers.__wrapped__(tmp_path) is is_found
