"""Named compute targets, and the jobs that wait for one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping, Optional

from trackboard.model.ids import RunId


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
