"""A job on one machine: its processes are children of its worker."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from trackboard.environments import Prepared
from trackboard.launch.processes.interpreter import make_command
from trackboard.launch.processes.limits import merge_shares
from trackboard.launch.processes.ranks import make_ranks
from trackboard.launch.processes.supervisor import GRACE_S, Processes, Running
from trackboard.launch.worker.environment_stage import Preparing
from trackboard.launch.worker.machines import Stage
from trackboard.layout import JobPaths
from trackboard.model import JobPlan, Share


class OneMachine:
    """The machine of the worker.

    Args:
        job: The job's paths.
        shares: What each of the job's slots may use; none: nothing was decided.
        locks: Open files whose locks say that its slots are taken.
        grace_s: How long processes may take to end when they are asked to.

    Attributes:
        limit_bytes: The memory that all processes may hold together; None: no limit.
    """

    def __init__(
        self,
        job: JobPaths,
        shares: Sequence[Share] = (),
        *,
        locks: Sequence[int] = (),
        grace_s: float = GRACE_S,
    ) -> None:
        self.limit_bytes = merge_shares(shares).memory_bytes
        self._job = job
        self._shares = shares
        self._locks = locks
        self._grace_s = grace_s

    def prepare(self, stage: Stage) -> Prepared | None:
        """Find or build the interpreter; None: the job was to end meanwhile."""
        return Preparing(
            stage.plan,
            self._job.build_log,
            stage.live,
            stage.follower,
            stage.console,
            stage.is_ended,
        ).prepare()

    def start(self, plan: JobPlan, prepared: Prepared, work: Path) -> Processes:
        """Start the processes."""
        argv, variables = make_command(plan, prepared, self._job)
        ranks = make_ranks(plan, argv, variables, self._shares, self._job)
        return Running(ranks, work, self._job.folder, grace_s=self._grace_s, locks=self._locks)
