"""What a service does with jobs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from trackboard.model import JobPlan, Run, RunId
from trackboard.service.answers import QueuePosition

if TYPE_CHECKING:
    from trackboard.launch.queue.waiting import WaitingJob
    from trackboard.launch.request import Request


class Jobs(Protocol):
    """The jobs of a workspace. There is no daemon: whoever asks how a job is makes the queue go on."""

    def submit(self, request: Request) -> RunId:
        """Queue a job, and start it if there is room.

        Raises:
            Conflict: The run id that it shall have is taken.
            NotFound: The compute target does not exist.
            UsageError: Something asked for is not possible; nothing was kept.
            Unavailable: It is queued, but could not be started now.
        """
        ...

    def preview(self, request: Request) -> str:
        """Return what `submit` would start and take with it, in words; nothing is kept, nothing starts.

        Raises:
            Conflict, NotFound, UsageError: As `submit`.
        """
        ...

    def rerun(
        self,
        run: RunId,
        *,
        arguments: Sequence[object] | str | None = None,
        settings: Mapping[str, object] | None = None,
        compute: str | None = None,
        name: str = "",
        tags: Mapping[str, str] | None = None,
    ) -> RunId:
        """Queue a job that does what an earlier one did, as a new run of the same experiment.

        Args:
            run: The earlier one; it may still run.
            arguments: Instead of its script's arguments; words that were masked where these are shown
                stand for what they hide.
            settings: Other values of its script's named arguments; one that was not given is added, and
                False takes one away that stood without a value.
            compute: Where to, instead of where it ran.
            name: What people call the new run.
            tags: Tags of the new run.

        Raises:
            NotFound: There is no such run or compute target, or no plan or snapshot of it: it was not
                submitted, or that is gone.
            UsageError: Arguments are given to a command, or one is neither text nor a number, or a masked
                word could be several.
            Unavailable: It is queued, but could not be started now.
        """
        ...

    def cancel(self, run: RunId) -> None:
        """Ask for the end of a run: at once while it waits, else its worker or its owner ends it.

        Raises:
            NotFound: There is no such run.
        """
        ...

    def advance_queue(self) -> None:
        """Start the jobs that wait and have room; let go of those whose processes are gone."""
        ...

    def iter_ended(
        self, runs: Sequence[RunId], *, timeout_s: float | None = None
    ) -> Iterator[tuple[RunId, Run | None]]:
        """Yield each run as soon as it has ended, and make the queue go on meanwhile.

        Args:
            runs: Jobs, or what another process records; each is yielded once.
            timeout_s: Not longer than so many seconds; 0: look once; None: until the last has ended.

        Yields:
            A run's id, and the run as it ended; None: it was deleted.

        Raises:
            Unavailable: Some had not ended by then; they go on, and all others were yielded.
            UsageError: `timeout_s` is no number from 0.
        """
        ...

    def find_position(self, run: RunId) -> QueuePosition | None:
        """Return the place of a job that waits for a slot; None: it does not."""
        ...

    def list_queue(self, compute: str | None = None) -> tuple[WaitingJob, ...]:
        """List the jobs that were started or wait, and what each waits for, in the order they start.

        Args:
            compute: Only what is queued for this compute target.
        """
        ...

    def find_plan(self, run: RunId) -> JobPlan | None:
        """Return the plan of a job; None: the run is no job, or its plan is gone.

        Raises:
            InternalError: The plan cannot be read, as one of a newer version.
        """
        ...
