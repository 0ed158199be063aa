"""Named compute targets, and the jobs that wait for one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Mapping, Optional

from trackboard.errors import UsageError
from trackboard.model.ids import RunId

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{1,30}[A-Za-z0-9]")
_RESERVED = ("local", "amlcompute", "containerinstance")


def is_compute_name(name: object) -> bool:
    """Whether a compute target may be called so, unless that is reserved."""
    return isinstance(name, str) and bool(_NAME.fullmatch(name))


def is_reserved_compute_name(name: str) -> bool:
    """Whether a name means something already, in the SDK or here."""
    return name.lower() in _RESERVED


def check_compute(compute: Compute) -> Compute:
    """Accept a compute target that people describe.

    Raises:
        UsageError: Its name cannot be one, or it has less than no nodes.
    """
    if not is_compute_name(compute.name):
        raise UsageError(
            f"the compute name {compute.name!r} is not allowed",
            hint="Use 3 to 32 letters, digits and -, starting with a letter, as in cpu-cluster.",
        )
    if is_reserved_compute_name(compute.name):
        raise UsageError(f"the compute name {compute.name!r} is reserved", hint="Choose another.")
    if compute.max_nodes < 0:
        raise UsageError(
            f"{compute.max_nodes} nodes are too few",
            hint="Use 1 or more, or 0 to let all jobs wait.",
        )
    return compute


@dataclass(frozen=True)
class Compute:
    """A named compute target of the workspace. `local` is always there and is not stored."""

    name: str
    kind: str  # the SDK's word: "AmlCompute", "VirtualMachine"
    vm_size: str
    min_nodes: int
    max_nodes: int  # slots: jobs that may run at once
    idle_seconds_before_scaledown: int
    created_s: float
    tags: Mapping[str, str]
    description: str = ""
    vm_priority: str = "Dedicated"
    modified_s: Optional[float] = None
    address: str = ""  # of an attached machine: user@host:port


@dataclass(frozen=True)
class QueuedJob:
    """One row of the queue."""

    run: RunId
    compute: str
    submitted_s: float
    claimed: bool
