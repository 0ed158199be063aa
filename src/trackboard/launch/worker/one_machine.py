"""A job on one machine: its processes are children of its worker."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from trackboard.environments import Prepared
from trackboard.launch.processes.interpreter import make_command
from trackboard.launch.processes.limits import merge_limits
from trackboard.launch.processes.ranks import make_ranks
from trackboard.launch.processes.supervisor import GRACE_S, Processes, Supervisor
from trackboard.launch.worker.environment_stage import REPORT_S, Preparing
from trackboard.launch.worker.machines import Stage
from trackboard.layout import JobPaths
from trackboard.model import JobPlan, ResourceLimits


class OneMachine:
    """The machine of the worker.

    Args:
        job: The job's paths.
        slot_limits: What each of the job's slots may use; none: nothing was decided.
        locks: Open files whose locks say that its slots are taken.
        grace_s: How long processes may take to end when they are asked to.
        report_s: How often the run says how long its environment has taken.

    Attributes:
        limit_bytes: The memory that all processes may hold together; None: no limit.
    """

    def __init__(
        self,
        job: JobPaths,
        slot_limits: Sequence[ResourceLimits] = (),
        *,
        locks: Sequence[int] = (),
        grace_s: float = GRACE_S,
        report_s: float = REPORT_S,
    ) -> None:
        self.limit_bytes = merge_limits(slot_limits).memory_bytes
        self._job = job
        self._slot_limits = slot_limits
        self._locks = locks
        self._grace_s = grace_s
        self._report_s = report_s

    def prepare(self, stage: Stage) -> Prepared | None:
        """Find or build the interpreter; None: the job was to end meanwhile."""
        return Preparing(
            stage.plan,
            self._job.build_log,
            stage.live,
            stage.follower,
            stage.console,
            stage.is_ended,
            report_s=self._report_s,
        ).prepare()

    def start(self, plan: JobPlan, prepared: Prepared, work: Path) -> Processes:
        """Start the processes."""
        argv, variables = make_command(plan, prepared, self._job)
        ranks = make_ranks(plan, argv, variables, self._slot_limits, self._job)
        return Supervisor(ranks, work, self._job.folder, grace_s=self._grace_s, locks=self._locks)
