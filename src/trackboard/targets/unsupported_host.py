"""Attached machines: the one that this is runs jobs, others do not yet."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping, Sequence

from trackboard.errors import UsageError
from trackboard.model import JobPlan, RunId
from trackboard.ports import TargetMachine, WorkerState, WorkerStatus


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


class UnsupportedHost:
    """An attached machine that is not this one: jobs are refused, and what is queued for it waits.

    Args:
        compute: The name of the compute target.
        address: Where the machine is.
    """

    engine = "local"

    def __init__(self, compute: str, address: str) -> None:
        self._compute = compute
        self._address = address

    def describe(self) -> TargetMachine:
        """Return a machine that is not this one."""
        return TargetMachine(is_here=False)

    def check(self, plan: JobPlan) -> None:
        """Refuse every job."""
        raise self._refusal(plan.compute)

    def has_room(self, nodes: int = 1) -> bool:
        """Return False: there is never room."""
        del nodes
        return False

    def start(self, plan: JobPlan) -> str:
        """Refuse every job."""
        raise self._refusal(plan.compute)

    def find(self, run: RunId) -> str | None:
        """Return None: nothing was ever started."""
        del run
        return None

    def poll(self, handles: Sequence[str]) -> Mapping[str, WorkerStatus]:
        """Return nothing that is known of any worker."""
        return {handle: WorkerStatus(WorkerState.GONE) for handle in handles}

    def cancel_if_not_started(self, handle: str) -> bool:
        """Return True: no worker ever begins."""
        del handle
        return True

    def cancel(self, handle: str) -> None:
        """Do nothing: no worker runs."""

    def _refusal(self, compute: str) -> UsageError:
        return UsageError(
            f"the compute target {compute!r} is {self._address}, which is not this machine:"
            " SSH hosts cannot run jobs yet",
            hint="Submit to 'local' or to a cluster of this machine (AmlCompute), or run trackboard there.",
        )
