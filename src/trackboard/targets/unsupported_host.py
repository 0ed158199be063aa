"""Attached machines: the one that this is runs jobs, others do not yet."""

from __future__ import annotations

import ipaddress
import socket
from pathlib import Path

from trackboard.errors import UsageError
from trackboard.model import JobPlan
from trackboard.targets.local import LocalTarget


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
        place = ipaddress.ip_address(host)
    except ValueError:
        return False
    return place.is_loopback or _is_own(place)


def host_of(address: str) -> str:
    """The host of `user@host:port`; an IPv6 address may stand in brackets."""
    rest = address.rpartition("@")[2]
    if rest.startswith("["):
        return rest[1:].partition("]")[0]
    return rest.partition(":")[0] if rest.count(":") == 1 else rest


def _is_own(place: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """The kernel lets a socket be bound to addresses of this machine only."""
    family = socket.AF_INET6 if place.version == 6 else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((str(place), 0))
    except OSError:
        return False
    return True


class ElsewhereTarget(LocalTarget):
    """An attached machine that is not this one: jobs are refused, and what is queued for it waits.

    Args:
        folder: The workspace's folder.
        compute: Name of the compute target it serves.
        address: Where the machine is.
    """

    def __init__(self, folder: Path, compute: str, address: str) -> None:
        super().__init__(folder, compute, slots=1)
        self._address = address

    def check(self, plan: JobPlan) -> None:
        """Refuse every job."""
        raise UsageError(
            f"the compute target {plan.compute!r} is {self._address}, which is not this machine:"
            " SSH hosts cannot run jobs yet",
            hint="Submit to 'local' or to a cluster of this machine (AmlCompute), or run trackboard there.",
        )

    def has_room(self, nodes: int = 1) -> bool:
        """Never."""
        del nodes
        return False
