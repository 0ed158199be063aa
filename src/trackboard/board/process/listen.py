"""Where a board listens: at the wished port or the next free one, by default on this machine only."""

from __future__ import annotations

import errno
import socket

from trackboard.errors import Unavailable, UsageError

DEFAULT_PORT = 6006
_MAX_TRIES = 100
_LAST_PORT = 65535


def check_port(port: int) -> None:
    """Raise UsageError for what is no port. 0 means any free one."""
    if not 0 <= port <= _LAST_PORT:
        raise UsageError(f"port {port} does not exist", hint=f"0 (any free one) to {_LAST_PORT}")


def listen(host: str, port: int, *, max_tries: int = _MAX_TRIES) -> socket.socket:
    """Listen at a port, or at the next free one above it.

    Args:
        host: An address of this machine; `localhost` is 127.0.0.1.
        port: The wished port; 0 means any free one.
        max_tries: How many ports are tried, from the wished one on.

    Raises:
        UsageError: The address is not one of this machine.
        Unavailable: None of these ports is free.
    """
    check_port(port)
    address = "127.0.0.1" if host == "localhost" else host
    end = min(port + max_tries, _LAST_PORT + 1)
    for candidate in range(port, end):
        if candidate and _is_answered(candidate):
            continue
        listener = _try_listen(address, candidate)
        if listener is not None:
            return listener
    raise Unavailable(
        f"none of the ports {port} to {end - 1} is free",
        hint="Name another one (port=…, --port …), or 0 for any free port.",
    )


def _is_answered(port: int) -> bool:
    """Whether somebody answers at `localhost:<port>`: binding alone does not notice all of them.

    (Another program may have it on ::1, which browsers try first, or, on macOS, on all addresses.)
    """
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                probe.settimeout(1.0)
                if probe.connect_ex((address, port)) == 0:
                    return True
        except OSError as error:
            if error.errno not in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL):
                raise
    return False


def _try_listen(address: str, port: int) -> socket.socket | None:
    if not address:
        raise UsageError(
            "an address to listen at is missing", hint="127.0.0.1 is this machine only."
        )
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        # A port whose last connections are still fading out is free.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Connections inherit it: the second write of an answer must not wait 40 ms for the first one's
        # acknowledgment. (asyncio sets it by itself, but not where a socket's protocol is "any".)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind((address, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            return None
        raise UsageError(f"cannot listen at {address}:{port}: {error.strerror}") from error
    return listener
