"""Attached machines: the one that this is runs jobs, others do not yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from trackboard.errors import UsageError
from trackboard.model import JobPlan, RunId
from trackboard.ports import TargetMachine, WorkerState, WorkerStatus


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
