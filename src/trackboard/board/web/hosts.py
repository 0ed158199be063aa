"""Names and addresses that a board is asked for: what a Host header or an Origin says."""

from __future__ import annotations

import ipaddress
import re
import urllib.parse
from collections.abc import Collection

_HOST = re.compile(r"(?:\[([0-9a-f:.]+)\]|([a-z0-9_.-]+))(?::(\d{1,5}))?", re.ASCII)
_DEFAULT_PORTS = {"http": 80, "https": 443}


def split_host(text: str) -> tuple[str, int | None] | None:
    """Name or address (lower case, no brackets, no final dot) and port of a Host header.

    Returns:
        None for what is no host, as several in one.
    """
    found = _HOST.fullmatch(text.strip().lower())
    if found is None:
        return None
    name = found[1] or found[2].removesuffix(".")
    return (name, int(found[3]) if found[3] else None) if name else None


def is_loopback(host: str) -> bool:
    """Whether a name or an address is this machine's own, whatever a name server says.

    An address counts only as it is usually written: browsers turn `127.1`, `0177.0.0.1` and
    `2130706433` into that before they ask.
    """
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def is_wildcard(host: str) -> bool:
    """Whether listening at an address means listening at all of them."""
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def answers_to(host_header: str, allowed: Collection[str]) -> bool:
    """Whether a Host header names this machine's loopback or one of the names that were allowed."""
    found = split_host(host_header)
    return found is not None and (is_loopback(found[0]) or found[0] in allowed)


def is_same_origin(origin: str, host_header: str, allowed: Collection[str]) -> bool:
    """Whether a page of an origin is one that was served as `host_header`, or of an allowed name."""
    try:
        parts = urllib.parse.urlsplit(origin)
    except ValueError:
        return False
    default = _DEFAULT_PORTS.get(parts.scheme)
    there, here = split_host(parts.netloc), split_host(host_header)
    if there is None or here is None or default is None:
        return False
    if there[0] in allowed:
        return True
    return there[0] == here[0] and (there[1] or default) == (here[1] or default)
