"""Jobs of a workspace on this machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from trackboard.errors import NotFound
from trackboard.launch.context.plan_file import load_plan
from trackboard.launch.queue.position import queue_position
from trackboard.model import JobPlan, RunId
from trackboard.service.answers import QueuePosition
from trackboard.service.local.door import Door

if TYPE_CHECKING:
    from trackboard.launch.queue.waiting import WaitingJob
    from trackboard.launch.request import Request
    from trackboard.service.contract.jobs import Jobs


class LocalJobs:
    """`Jobs` of a workspace; see there for what each method promises."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def submit(self, request: Request) -> RunId:
        """Queue a job, and start it if there is room."""
        return self._door.workspace.jobs.submit(request)

    def preview(self, request: Request) -> str:
        """Return what `submit` would start and take with it, in words."""
        from trackboard.launch.submit import preview

        return preview(self._door.workspace.launch_context, request)

    def rerun(
        self,
        run: RunId,
        *,
        arguments: Sequence[object] | str | None = None,
        settings: Mapping[str, str] | None = None,
        compute: str | None = None,
        name: str = "",
        tags: Mapping[str, str] | None = None,
    ) -> RunId:
        """Queue a job that does what an earlier one did."""
        from trackboard.launch.rerun import rerun

        context = self._door.workspace.launch_context
        return rerun(
            context,
            run,
            arguments=arguments,
            settings=settings,
            compute=compute,
            name=name,
            tags=tags,
        )

    def cancel(self, run: RunId) -> None:
        """Ask for the end of a run."""
        self._door.workspace.jobs.cancel(run)

    def advance_queue(self) -> None:
        """Start the jobs that wait and have room."""
        self._door.workspace.jobs.advance_queue()

    def find_position(self, run: RunId) -> QueuePosition | None:
        """Return the place of a job that waits for a slot."""
        found = queue_position(self._door.catalogue(), run)
        return None if found is None else QueuePosition(*found)

    def list_queue(self, compute: str | None = None) -> tuple[WaitingJob, ...]:
        """List the jobs that were started or wait, and what each waits for."""
        from trackboard.launch.queue.waiting import list_queue

        return list_queue(self._door.workspace.launch_context, compute)

    def find_plan(self, run: RunId) -> JobPlan | None:
        """Return the plan of a job."""
        try:
            return load_plan(self._door.workspace.paths.job(run))
        except NotFound:
            return None


if TYPE_CHECKING:

    def _fits(part: LocalJobs) -> Jobs:
        return part
