"""Whose process is at the other end of a connection: the user id of the peer's socket (Linux).

The kernel knows who opened a socket of this machine. It is asked through netlink (sock_diag), which looks
one socket up, or where that is missing through `/proc/net/tcp`, which lists all of them. Sockets of
other machines and of other network namespaces (containers) are not found.
"""

from __future__ import annotations

import contextlib
import functools
import ipaddress
import os
import platform
import socket
import struct
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

_SOCK_DIAG = 4  # NETLINK_SOCK_DIAG, which is also called NETLINK_INET_DIAG
_BY_FAMILY = 20  # SOCK_DIAG_BY_FAMILY
_REQUEST = 1  # NLM_F_REQUEST
_HEADER = struct.Struct("=IHHII")  # nlmsghdr: length, type, flags, sequence, port id
_QUESTION = struct.Struct(
    "=BBBBI"
)  # inet_diag_req_v2: family, protocol, extensions, padding, states
_PORTS = struct.Struct(">HH")  # the start of inet_diag_sockid: own port, the other's port
_NO_COOKIE = b"\0\0\0\0" + b"\xff" * 8  # the end of it: any interface, any socket cookie
_OWNER = struct.Struct("=II")  # of inet_diag_msg: user id, inode
_PORTS_AT = _HEADER.size + 4
_OWNER_AT = _HEADER.size + 64
_PATIENCE_S = 2.0
_PROC_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))

_PROC = Path("/proc")

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Endpoint = tuple[IpAddress, int]  # an address and a port
Ask = Callable[[Endpoint, Endpoint], int | None]  # OSError: this way does not tell


def find_peer_uid(connection: socket.socket, ways: Sequence[Ask] | None = None) -> int | None:
    """The user id of the process that opened the other end of a TCP connection.

    Args:
        connection: One of its ends.
        ways: How the kernel is asked, the best way first; None: `ask_netlink`, then `search_proc`.

    Returns:
        None when the system does not tell, and for a process on another machine or in another network
        namespace.
    """
    if connection.family not in (socket.AF_INET, socket.AF_INET6):
        return None
    try:
        peer, own = connection.getpeername()[:2], connection.getsockname()[:2]
    except OSError:  # it has gone
        return None
    return find_uid(peer, own, ways)


def find_uid(
    peer: tuple[str, int], own: tuple[str, int], ways: Sequence[Ask] | None = None
) -> int | None:
    """The user id of the process at the other end of a TCP connection whose ends are known.

    Args:
        peer: Address and port of that end.
        own: Address and port of this one.
        ways: How the kernel is asked, see `find_peer_uid`.

    Returns:
        None when the system does not tell.
    """
    if not sys.platform.startswith("linux"):
        return None
    try:
        there, here = (_address(peer[0]), peer[1]), (_address(own[0]), own[1])
    except ValueError:  # no addresses of the internet
        return None
    for ask in (ask_netlink, search_proc) if ways is None else ways:
        with contextlib.suppress(OSError):
            return ask(there, here)
    return None


@functools.cache
def can_find_peers(proc: Path = _PROC) -> bool:
    """Whether a process of this user is recognised as such, tried with a connection to ourselves.

    Args:
        proc: Where the kernel says which user ids there are.

    Under Windows (WSL) a browser's connections arrive through a process of root: they are not.
    """
    if not sys.platform.startswith("linux") or "microsoft" in platform.release().lower():
        return False
    if os.geteuid() == _overflow_uid(proc) and not _in_first_user_namespace(proc):
        return False  # every unknown user has this id
    try:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(_PATIENCE_S)
            with socket.create_connection(listener.getsockname(), timeout=_PATIENCE_S):
                accepted, _ = listener.accept()
                with accepted:
                    return find_peer_uid(accepted) == os.geteuid()
    except OSError:
        return False


def _address(text: str) -> IpAddress:
    address = ipaddress.ip_address(text)
    return getattr(address, "ipv4_mapped", None) or address


def ask_netlink(there: Endpoint, here: Endpoint) -> int | None:
    """Look one socket up through netlink.

    Args:
        there: Its own end.
        here: The other end.

    Raises:
        OSError: The kernel has no such socket, or does not answer such questions: it may lack the module.
    """
    family = socket.AF_INET if there[0].version == 4 else socket.AF_INET6
    question = (
        _QUESTION.pack(family, socket.IPPROTO_TCP, 0, 0, 0xFFFFFFFF)
        + _PORTS.pack(there[1], here[1])
        + there[0].packed.ljust(16, b"\0")
        + here[0].packed.ljust(16, b"\0")
        + _NO_COOKIE
    )
    header = _HEADER.pack(_HEADER.size + len(question), _BY_FAMILY, _REQUEST, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, _SOCK_DIAG) as kernel:
        kernel.settimeout(_PATIENCE_S)
        kernel.sendto(header + question, (0, 0))
        answer = kernel.recv(8192)
    _, kind, *_ = _HEADER.unpack_from(answer)
    if kind != _BY_FAMILY:  # NLMSG_ERROR and a negative number
        number = -struct.unpack_from("=i", answer, _HEADER.size)[0]
        raise OSError(number, os.strerror(number))
    # A socket that listens at the other's port answers to the question as well, and is not connected.
    if _PORTS.unpack_from(answer, _PORTS_AT) != (there[1], here[1]):
        return None
    uid, inode = _OWNER.unpack_from(answer, _OWNER_AT)
    return uid if inode else None  # without an inode it has been closed: it is nobody's


def search_proc(there: Endpoint, here: Endpoint) -> int | None:
    """Look a socket up in the tables that list all of them.

    Args:
        there: Its own end.
        here: The other end.
    """
    wanted = {
        (_as_in_proc(one, there[1]), _as_in_proc(other, here[1]))
        for one, other in ((there[0], here[0]), (_mapped(there[0]), _mapped(here[0])))
    }
    for local, remote, uid, inode in _list_proc():
        if (local, remote) in wanted and inode:
            return uid
    return None


def _list_proc() -> Iterator[tuple[str, str, int, int]]:
    """Own address, the other's address, user id and inode of every socket."""
    for table in _PROC_TABLES:
        try:
            lines = table.read_text("ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            words = line.split()
            yield words[1], words[2], int(words[7]), int(words[9])


def _as_in_proc(address: IpAddress, port: int) -> str:
    """An address as these tables have it: words of 32 bits, each in the order of this machine."""
    packed = address.packed
    words = (int.from_bytes(packed[at : at + 4], sys.byteorder) for at in range(0, len(packed), 4))
    return f"{''.join(f'{word:08X}' for word in words)}:{port:04X}"


def _mapped(address: IpAddress) -> IpAddress:
    """An IPv4 address as an IPv6 socket has it."""
    return ipaddress.ip_address(f"::ffff:{address}") if address.version == 4 else address


def _overflow_uid(proc: Path) -> int:
    try:
        return int((proc / "sys/kernel/overflowuid").read_text("ascii"))
    except OSError:
        return 65534


def _in_first_user_namespace(proc: Path) -> bool:
    try:
        return (proc / "self/uid_map").read_text("ascii").split() == ["0", "0", "4294967295"]
    except OSError:
        return True
