"""Jobs of a workspace on this machine."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from trackboard.errors import NotFound, Unavailable, UsageError
from trackboard.launch.context.plan_file import load_plan
from trackboard.launch.queue.position import queue_position
from trackboard.model import JobPlan, Run, RunId
from trackboard.service.answers import QueuePosition
from trackboard.service.local.door import Door

if TYPE_CHECKING:
    from trackboard.launch.queue.waiting import WaitingJob
    from trackboard.launch.request import Request
    from trackboard.service.contract.jobs import Jobs

_FIRST_S, _LAST_S = 0.05, 2.0  # between two looks at runs that are waited for


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
        settings: Mapping[str, object] | None = None,
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

    def iter_ended(
        self, runs: Sequence[RunId], *, timeout_s: float | None = None
    ) -> Iterator[tuple[RunId, Run | None]]:
        """Yield each run as soon as it has ended."""
        _check_timeout(timeout_s)
        begun_s, pause_s, waiting = time.monotonic(), _FIRST_S, dict.fromkeys(runs)
        while waiting:
            with contextlib.suppress(Unavailable):  # what waits goes on waiting, and is tried again
                self.advance_queue()
            store = self._door.drained()
            known = {run.id: run for run in store.list_runs(ids=waiting)}
            for each in [*waiting]:
                run = known.get(each)
                if run is None or run.state.is_terminal:
                    del waiting[each]
                    yield each, run
            if not waiting:
                return
            if timeout_s is not None and time.monotonic() - begun_s >= timeout_s:
                names = self._door.names.show(store, [known[each] for each in waiting])
                raise Unavailable(
                    f"still not over: {', '.join(names.values())}", hint="They go on; wait again."
                )
            time.sleep(pause_s)
            pause_s = min(_LAST_S, pause_s * 1.5)

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


def _check_timeout(timeout_s: object) -> None:
    if timeout_s is None:
        return
    if isinstance(timeout_s, bool) or not isinstance(timeout_s, int | float) or not timeout_s >= 0:
        raise UsageError(
            f"timeout_s={timeout_s!r} is no number of seconds",
            hint="Pass a number from 0, or None to wait until the end.",
        )


if TYPE_CHECKING:

    def _fits(part: LocalJobs) -> Jobs:
        return part
