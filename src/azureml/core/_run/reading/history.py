"""What the history of a workspace knows of a run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Dict,
    Iterator,
    List,
    Optional,
    Sequence,
    Set,
)

from azureml.core._run.backends.home import RunHome, find_run
from azureml.core._states import LOST, STATUS_NAMES, RunStatus
from trackboard.layout.safe_paths import safe_path
from trackboard.model import LOG_FOLDERS, RunId, RunKind

if TYPE_CHECKING:
    from azureml.core._run.reading.filters import RunFilter
    from azureml.core._run.reading.port import RunHistory
    from trackboard.model import JobPlan
    from trackboard.model import Run as StoredRun
    from trackboard.ports import RunFile

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
        found: StoredRun = find_run(self._home.workspace, self._id)
        return found

    def status(self) -> str:
        """Return the SDK's word for its state; queued jobs that have room are started first."""
        self._home.workspace.advance_queue()
        return self._status_of(self.stored())

    def _status_of(self, stored: StoredRun) -> str:
        """Return the SDK's word for the state, and for what is not one: asked to end, or silent."""
        workspace = self._home.workspace
        if not stored.state.is_terminal:
            if stored.kind is RunKind.JOB and workspace.store.is_cancel_requested(stored.id):
                return RunStatus.CANCEL_REQUESTED
            if stored.id in workspace.lost_runs():
                return LOST
        return STATUS_NAMES[stored.state]

    def waits_for(self) -> str:
        """Say why it does not run yet."""
        store = self._home.workspace.store
        from trackboard.launch.queue.position import queue_position

        position = queue_position(store, self._id)
        if position is not None:
            return f"number {position[1]} of those that wait for {position[0]}"
        return re.sub(_SO_LONG, "", self.stored().cause)

    def tags(self) -> Dict[str, Optional[str]]:
        """Return its tags by key."""
        return dict(self._home.drained().store.get_tags(self._id))

    def properties(self) -> Dict[str, str]:
        """Return its properties by key."""
        return dict(self._home.drained().store.get_properties(self._id))

    def files(self) -> List[RunFile]:
        """Return its files."""
        return list(self._home.drained().store.list_files(self._id))

    def file_names(self) -> Optional[Set[str]]:
        """Return the paths of its files; None where this process can only record."""
        return {file.path for file in self.files()} if self._home.can_read else None

    def metrics(
        self, name: Optional[str], *, recursive: bool, run_type: Optional[str], populate: bool
    ) -> Dict[str, Any]:
        """Return what was logged; with `recursive` by run."""
        workspace = self._home.drained()  # or it says what a job's environment lacks
        from azureml.core._run.reading.filters import is_of_type
        from azureml.core._run.reading.readback import read_metrics

        if not recursive:
            found = read_metrics(workspace, [self._id], name, populate=populate)
            return dict(found.get(self._id, {}))
        family = workspace.store.list_descendants([self._id])
        runs = [
            one.id
            for one in family
            if run_type is None or is_of_type(workspace.store, one, run_type)
        ]
        every = read_metrics(workspace, runs, name, populate=populate)
        return {str(run): metrics for run, metrics in every.items()}

    def children(self, chosen: RunFilter, *, recursive: bool) -> Iterator[StoredRun]:
        """Return the runs below it that match, newest first."""
        store = self._home.drained().store
        if recursive:
            return chosen.find_below(store, self._id)
        return chosen.find(store, parent=self._id)

    def details(self) -> Dict[str, Any]:
        """Return what is known of it; keys without a value are left out."""
        from azureml.core._run.reading.run_definition import definition_of
        from azureml.core._run.reading.summary import summary_of

        stored = self.stored()
        properties = self.properties()
        plan = self._plan_of(stored)
        return summary_of(
            stored,
            status=self._status_of(stored),
            properties=properties,
            target=plan.compute if plan else None,
            definition=definition_of(plan, self._home.registered()) if plan else None,
            log_files=self.log_files(),
        )

    def plan(self) -> Optional[JobPlan]:
        """Return the plan of a job."""
        return self._plan_of(self.stored())

    def _plan_of(self, stored: StoredRun) -> Optional[JobPlan]:
        if stored.kind is not RunKind.JOB:
            return None
        from trackboard.errors import NotFound
        from trackboard.launch.context.plan_file import load_plan

        try:
            return load_plan(self._home.workspace.launch_context.paths.job(self._id))
        except NotFound:
            return None

    def folder(self) -> Path:
        """Return the folder of its plain files."""
        return self._home.workspace.run_folder(self._id)

    def log_files(self) -> Dict[str, str]:
        """Return the addresses of its log files by path."""
        folder = self.folder()
        return {
            file.path: (folder / file.path).as_uri()
            for file in self.files()
            if not file.key and file.path.startswith(LOG_FOLDERS) and "tfevents" not in file.path
            if safe_path(file.path) is not None
        }

    def portal_url(self) -> str:
        """Say what to type to see it in TensorBoard."""
        import shlex

        folder = shlex.quote(str(self._home.workspace.folder))
        return f"trackboard tb {folder} --run {shlex.quote(self._id)}"

    def page(
        self, show: Callable[[], str], kind: str, console: str, children: Sequence[StoredRun]
    ) -> str:
        """Draw it for a notebook."""
        from azureml.core._html import run_page

        return run_page(self._home.workspace, self.stored(), kind, console, children)

    def flush(self) -> None:
        """Return when everything that was said is stored, where this process can tell."""
        if self._home.can_read:
            self._home.drained()


if TYPE_CHECKING:

    def _fits(history: StoredHistory) -> RunHistory:
        return history
