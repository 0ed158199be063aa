"""Where the processes of a job run: what a worker needs of one machine, or of several."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Protocol

from trackboard.environments import Prepared
from trackboard.launch.processes.supervisor import Processes
from trackboard.launch.worker.log_follower import Follower
from trackboard.model import JobPlan
from trackboard.record import LiveRun


class Stage(NamedTuple):
    """A job whose processes are about to start.

    Attributes:
        plan: What it is, adapted to this machine.
        live: The job's run, which is told how far things are.
        follower: Takes what is logged to where people see it.
        console: The job's console.
        is_ended: Whether the job is to end; asked a few times a second.
        beat: Says that this process lives.
    """

    plan: JobPlan
    live: LiveRun
    follower: Follower
    console: Path
    is_ended: Callable[[], bool]
    beat: Callable[[], None]


class Machines(Protocol):
    """The machines of a job.

    Attributes:
        limit_bytes: The memory that the job's processes on this machine may hold together; None: no limit.
    """

    limit_bytes: int | None

    def prepare(self, stage: Stage) -> Prepared | None:
        """Find or build the interpreter; None: the job was to end meanwhile.

        Raises:
            UsageError: It cannot be built.
            Unavailable: There is no space, or no network, or a machine is gone.
        """
        ...

    def start(self, plan: JobPlan, prepared: Prepared, work: Path) -> Processes:
        """Start the processes.

        Args:
            plan: The job, adapted to this machine.
            prepared: What `prepare` returned.
            work: The working copy, in which they run.
        """
        ...
