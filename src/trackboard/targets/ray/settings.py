"""What `[compute.<name>]` says when its jobs run on a Ray cluster: `engine = "ray"` and the keys here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from trackboard.config import check_options
from trackboard.errors import UsageError

RAY_KEYS: Mapping[str, object] = {
    "address": str,
    "folder": str,
    "python": str,
    "token_file": str,
    "ca_file": str,
    "verify": bool,
    "headers": dict,
    "autoscaling": bool,
}


@dataclass(frozen=True)
class RaySettings:
    """How a Ray cluster is reached, and what its nodes see."""

    address: str = (
        ""  # of its dashboard; empty: RAY_API_SERVER_ADDRESS, RAY_ADDRESS, or this machine's
    )
    folder: str = ""  # the workspace's folder as the nodes see it; empty: the same path
    python: str = "python"  # the interpreter on the nodes, with Ray and Python 3.11 or newer
    token_file: str = ""  # empty: as Ray finds it (RAY_AUTH_TOKEN, RAY_AUTH_TOKEN_PATH, ~/.ray)
    ca_file: str = ""  # certificates to trust; empty: those of the system
    verify: bool = True  # whether the certificate is checked
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)  # for what is in between
    autoscaling: bool = False  # nodes come when they are needed: do not refuse what none has today


def read_ray(where: str, options: Mapping[str, Any]) -> RaySettings:
    """Read what `[compute.<name>]` says of a Ray cluster.

    Args:
        where: The file and the table, for messages.
        options: What the table says beside the keys that all engines know.

    Raises:
        UsageError: A key is not known, or a value cannot be.
    """
    table = check_options(where, options, RAY_KEYS)
    if "address" in table:
        check_address(f"{where}: address", table["address"])
    folder = table.get("folder", "/")
    if not PurePosixPath(folder).is_absolute():
        raise UsageError(
            f"{where}: folder = {folder!r} is not an absolute path",
            hint="Write this workspace's folder as the nodes of the cluster see it.",
        )
    for name, value in table.get("headers", {}).items():
        if not isinstance(value, str) or not f"{name}{value}".isprintable():
            raise UsageError(
                f"{where}: the header {name} is not a line of text", hint='Write "text" in quotes.'
            )
    headers = tuple(table.get("headers", {}).items())
    return RaySettings(**{**table, "headers": headers})


def check_address(what: str, address: str) -> str:
    """Accept the address of a Ray dashboard, and complete one without a scheme.

    Args:
        what: Where it was written, for messages.
        address: Such as `http://head:8265`.

    Raises:
        UsageError: It is something else, such as the address that `ray.init` takes.
    """
    full = address if "://" in address else f"http://{address}"
    parts = urlsplit(full)
    try:
        known = parts.scheme in ("http", "https") and parts.hostname and parts.port != _GCS_PORT
    except ValueError:  # a port that is no number
        known = False
    if not known:
        raise UsageError(
            f"{what} = {address!r} is not the address of a Ray dashboard",
            hint="Jobs go through the dashboard of the head node: write http://<head>:8265, as"
            " `ray start --head` prints it (not ray://, not port 6379).",
        )
    return full.rstrip("/")


_GCS_PORT = 6379  # what `ray start --address` and `ray.init` take
