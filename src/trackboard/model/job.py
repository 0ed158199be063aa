"""Jobs as plain data: what to run, where, and the frozen plan that a worker carries out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Mapping, Optional

from trackboard.model.ids import RunId


@dataclass(frozen=True)
class Compute:
    """A named compute target of the workspace. `local` is always there and is not stored."""

    name: str
    kind: str  # the SDK's word: "AmlCompute"
    vm_size: str
    min_nodes: int
    max_nodes: int  # slots: jobs that may run at once
    idle_seconds_before_scaledown: int
    created_s: float
    tags: Mapping[str, str]
    description: str = ""


@dataclass(frozen=True)
class JobPlan:
    """Everything a worker needs, decided at submit and never changed: printable, storable.

    `argv` is run as it is, in `jobs/<run id>/work`, a copy of the snapshot. `environment` holds the
    client's variables and ours; it may hold secrets, so a plan is stored with mode 0600 and printed
    with its values masked.
    """

    run: RunId
    experiment: str
    workspace: str  # absolute path of the workspace's folder
    compute: str
    snapshot: str  # digest of the snapshot's manifest
    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    submitted_s: float
    max_duration_s: Optional[float] = None
    notes: tuple[str, ...] = ()  # what planning decided for the user, said in the job's log


@dataclass(frozen=True)
class QueuedJob:
    """One row of the queue."""

    run: RunId
    compute: str
    submitted_s: float
    claimed: bool
