"""What the history of a workspace knows of a run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Any,
    BinaryIO,
    Callable,
    Dict,
    Iterator,
    List,
    Optional,
    Sequence,
    Set,
)

from azureml.core._run.backends.home import RunHome, find_run
from azureml.core._run.reading.port import RunReading
from azureml.core._states import LOST, STATUS_NAMES, RunStatus
from trackboard.model import RunId, RunKind

if TYPE_CHECKING:
    from azureml.core._run.reading.filters import RunFilter
    from azureml.core._run.reading.port import RunHistory
    from trackboard.model import JobPlan
    from trackboard.model import Run as StoredRun
    from trackboard.ports import RunFile
    from trackboard.service import FilePiece, Service

_SO_LONG = r" \(\d+ s\)$"  # which changes all the time


class StoredHistory:
    """`RunHistory` out of a workspace.

    Args:
        home: Where the run is kept.
        run_id: The run.
    """

    def __init__(self, home: RunHome, run_id: RunId) -> None:
        self._home = home
        self._id = run_id

    def stored(self) -> StoredRun:
        """Return the run itself."""
        found: StoredRun = find_run(self._home.service, self._id)
        return found

    def read(self) -> RunReading:
        """Return the run and the SDK's word for its state; jobs that have room are started first."""
        return _read(self._home.service, self._id)

    def waits_for(self) -> str:
        """Say why it does not run yet."""
        now = self._home.now()
        position = now.jobs.find_position(self._id)
        if position is not None:
            return f"number {position.number} of those that wait for {position.compute}"
        return re.sub(_SO_LONG, "", now.runs.get(self._id).cause)

    def tags(self) -> Dict[str, Optional[str]]:
        """Return its tags by key."""
        return dict(self._home.service.runs.get_tags(self._id))

    def properties(self) -> Dict[str, str]:
        """Return its properties by key."""
        return dict(self._home.service.runs.get_properties(self._id))

    def files(self) -> List[RunFile]:
        """Return its files."""
        return list(self._home.service.files.list(self._id))

    def file_names(self) -> Optional[Set[str]]:
        """Return the paths of its files; None where this process can only record."""
        return {file.path for file in self.files()} if self._home.can_read else None

    def open(self, path: str) -> BinaryIO:
        """Open a file of it."""
        return self._home.service.files.open(self._id, path)

    def open_listed(self, file: RunFile) -> BinaryIO:
        """Open a file that `files` returned."""
        return self._home.service.files.open_listed(self._id, file)

    def tail(self, path: str, offset: int, limit_bytes: int) -> Optional[FilePiece]:
        """Read on in a log."""
        return self._home.service.files.tail(self._id, path, offset, limit_bytes)

    def metrics(
        self, name: Optional[str], *, recursive: bool, run_type: Optional[str], populate: bool
    ) -> Dict[str, Any]:
        """Return what was logged; with `recursive` by run."""
        now = self._home.now()  # or it says what a job's environment lacks
        from azureml.core._run.reading.filters import is_of_type
        from azureml.core._run.reading.readback import read_metrics

        if not recursive:
            found = read_metrics(now, [self._id], name, populate=populate)
            return dict(found.get(self._id, {}))
        family = now.runs.list_below([self._id])
        runs = [one.id for one in family if run_type is None or is_of_type(now.runs, one, run_type)]
        every = read_metrics(now, runs, name, populate=populate)
        return {str(run): metrics for run, metrics in every.items()}

    def children(self, chosen: RunFilter, *, recursive: bool) -> Iterator[StoredRun]:
        """Return the runs below it that match, newest first."""
        runs = self._home.now().runs
        if recursive:
            return chosen.find_below(runs, self._id)
        return chosen.find(runs, parent=self._id)

    def details(self, reading: Optional[RunReading] = None) -> Dict[str, Any]:
        """Return what is known of it; keys without a value are left out."""
        from azureml.core._run.reading.run_definition import definition_of
        from azureml.core._run.reading.summary import summary_of

        if reading is None or not reading.stored.state.is_terminal:
            service = self._home.now()
            reading = _read(service, self._id)
        else:
            service = self._home.service.stored()  # nothing more is said of a run that has ended
        plan = service.jobs.find_plan(self._id) if reading.stored.kind is RunKind.JOB else None
        return summary_of(
            reading.stored,
            status=reading.status,
            properties=dict(service.runs.get_properties(self._id)),
            target=plan.compute if plan else None,
            definition=definition_of(plan, self._home.registered()) if plan else None,
            log_files=self._addresses(service),
        )

    def plan(self) -> Optional[JobPlan]:
        """Return the plan of a job."""
        is_job = self.stored().kind is RunKind.JOB
        return self._home.service.jobs.find_plan(self._id) if is_job else None

    def folder(self) -> Path:
        """Return the folder of its plain files."""
        return self._home.service.files.get_folder(self._id)

    def log_files(self) -> Dict[str, str]:
        """Return the addresses of its log files by path."""
        return self._addresses(self._home.service)

    def _addresses(self, service: Service) -> Dict[str, str]:
        folder = service.files.get_folder(self._id)
        return {
            path: (folder / path).as_uri() for path in sorted(service.files.list_logs(self._id))
        }

    def portal_url(self) -> str:
        """Say what to type to see it in TensorBoard."""
        import shlex

        folder = shlex.quote(str(self._home.service.folder))
        return f"trackboard tb {folder} --run {shlex.quote(self._id)}"

    def page(
        self, show: Callable[[], str], kind: str, console: str, children: Sequence[StoredRun]
    ) -> str:
        """Draw it for a notebook."""
        from azureml.core._html import run_page

        return run_page(self._home.service, self.stored(), kind, console, children)

    def flush(self) -> None:
        """Return when everything that was said is stored, where this process can tell."""
        if self._home.can_read:
            self._home.now()


def _read(service: Service, run: RunId) -> RunReading:
    """Return a run and the SDK's word for its state, and for what is not one: asked to end, or silent."""
    found = service.runs.get_status(run)
    status = STATUS_NAMES[found.run.state]
    if found.is_cancel_requested:
        status = RunStatus.CANCEL_REQUESTED
    elif found.is_lost:
        status = LOST
    return RunReading(found.run, status)


if TYPE_CHECKING:

    def _fits(history: StoredHistory) -> RunHistory:
        return history
