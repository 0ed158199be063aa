"""What a board and its starter say to each other, over one pair of sockets.

    starter                                   board
    holds one end, and nobody else does       inherits the other end (--control <fd>)
                          <── one line ──     {"url": ..., "port": ..., "key": ...} once it answers
                                           or {"error": ..., "message": ..., "hint": ...}
    closes its end, or dies  ── EOF ──>       ends

EOF in the other direction, before that line, means that the board died while starting.
"""

from __future__ import annotations

import json
import socket
from dataclasses import asdict, dataclass, field

from trackboard import errors

_LINE_BYTES = 1 << 20
_FAMILIES = {
    family.__name__: family
    for family in (
        errors.UsageError,
        errors.NotFound,
        errors.Conflict,
        errors.Unavailable,
        errors.InternalError,
    )
}


@dataclass(frozen=True)
class Ready:
    """A board that answers.

    Attributes:
        url: The address to open, with the key where it is needed.
        port: Its port.
        key: What opens it to other users' programs; empty where only its digest is known.
    """

    url: str
    port: int
    key: str = field(default="", repr=False)


def send_ready(control: socket.socket, ready: Ready) -> None:
    """Tell the starter where the board is."""
    _send(control, asdict(ready))


def send_error(control: socket.socket, error: errors.TrackboardError) -> None:
    """Tell the starter why there is no board."""
    name = next((n for n, f in _FAMILIES.items() if isinstance(error, f)), "InternalError")
    _send(control, {"error": name, "message": error.message, "hint": error.hint})


def receive(control: socket.socket) -> Ready | None:
    """Wait for the board's line, as long as the socket's timeout says.

    Returns:
        None when the board died without a word.

    Raises:
        TrackboardError: What the board said.
        TimeoutError: It said nothing in time.
    """
    received = bytearray()
    while not received.endswith(b"\n"):
        try:
            part = control.recv(65536)
        except ConnectionError:
            return None
        if not part or len(received) > _LINE_BYTES:
            return None
        received += part
    said = json.loads(received)
    if "error" in said:
        raise _FAMILIES[said["error"]](said["message"], hint=said["hint"])
    return Ready(url=said["url"], port=said["port"], key=said.get("key", ""))


def _send(control: socket.socket, said: dict[str, object]) -> None:
    try:
        control.sendall(json.dumps(said).encode() + b"\n")
    except ConnectionError:
        return  # the starter is gone; its EOF ends this process
