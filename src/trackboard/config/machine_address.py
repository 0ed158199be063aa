"""Addresses of machines, and which of them mean this one."""

from __future__ import annotations

import ipaddress
import socket


def is_this_machine(address: str) -> bool:
    """Whether an address means the machine that this runs on; no name server is asked.

    Args:
        address: `user@host:port`, or a part of it.
    """
    host = host_of(address).lower()
    own = socket.gethostname().lower()
    if host in ("localhost", own, own.partition(".")[0]):
        return True
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        return False
    return ip.is_loopback or _is_own(ip)


def host_of(address: str) -> str:
    """The host of `user@host:port`; an IPv6 address may stand in brackets."""
    rest = address.rpartition("@")[2]
    if rest.startswith("["):
        return rest[1:].partition("]")[0]
    return rest.partition(":")[0] if rest.count(":") == 1 else rest


def _is_own(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """The kernel lets a socket be bound to addresses of this machine only."""
    family = socket.AF_INET6 if ip.version == 6 else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((str(ip), 0))
    except OSError:
        return False
    return True
