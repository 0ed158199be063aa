"""`azureml.core.run`: the run that a script or notebook logs to.

Part of the recording path: importing this loads the standard library only. What reads the history back
loads the rest when it is first called.
"""

from __future__ import annotations

import os
import time
import traceback
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Mapping, Optional, Type

from azureml import _guard as _guard
from azureml import core
from azureml._console import JobConsole, say
from azureml.exceptions._tree import (
    ActivityFailedException,
    ExperimentExecutionException,
    RunEnvironmentException,
    UserErrorException,
    sdk_errors,
    translated,
)
from trackboard.errors import NotFound, TrackboardError
from trackboard.model import RunId, RunKind, RunState, check_run_id
from trackboard.record import LiveRun, get_recorder

if TYPE_CHECKING:
    from azureml.core.experiment import Experiment
    from azureml.core.workspace import Workspace
    from trackboard.model import Run as StoredRun

STATUS_NAMES: Mapping[RunState, str] = {
    RunState.NOT_STARTED: "NotStarted",
    RunState.QUEUED: "Queued",
    RunState.PREPARING: "Preparing",
    RunState.STARTING: "Starting",
    RunState.RUNNING: "Running",
    RunState.FINALIZING: "Finalizing",
    RunState.COMPLETED: "Completed",
    RunState.FAILED: "Failed",
    RunState.CANCELED: "Canceled",
}
TERMINAL_STATUSES = ("Completed", "Failed", "Canceled")
_CONSOLE = "user_logs/std_log.txt"
_POLL_S = 0.2


class Run:
    """One run of an experiment.

    Args:
        experiment: The experiment that the run belongs to.
        run_id: An existing run.
        outputs: Accepted for the SDK's signature.

    Raises:
        UserErrorException: There is no such run.
    """

    def __init__(
        self, experiment: Experiment, run_id: str, outputs: Optional[object] = None, **kwargs: Any
    ) -> None:
        workspace = experiment.workspace._workspace
        with sdk_errors():
            stored = workspace.find_run(RunId(run_id))
            if stored is None:
                raise NotFound(
                    f"there is no run {run_id!r} in {workspace.folder}",
                    hint="List them: for run in experiment.get_runs(): print(run.id)",
                )
        live = workspace.recorder().attach(stored.id, experiment=stored.experiment, owner=False)
        self._init(live, experiment)

    def _init(self, live: LiveRun, experiment: Optional[Experiment]) -> None:
        self._live = live
        self._experiment = experiment
        self._log = live.log  # looked up once: `log` is called in training loops

    @classmethod
    def _from_live(cls, live: LiveRun, experiment: Optional[Experiment]) -> Run:
        run = cls.__new__(cls)
        run._init(live, experiment)
        return run

    @classmethod
    def _from_stored(cls, stored: StoredRun, experiment: Experiment) -> Run:
        recorder = experiment.workspace._workspace.recorder()
        live = recorder.attach(stored.id, experiment=stored.experiment, owner=False)
        return cls._from_live(live, experiment)

    @classmethod
    def get_context(cls, allow_offline: bool = True, **kwargs: Any) -> Run:
        """The run of the job that this script is, or a run of its own when it was not submitted.

        Outside of a job the run is one of the workspace found from the current folder, in an experiment
        named like the script; it ends with the process.

        Raises:
            RunEnvironmentException: Not in a job, and `allow_offline` is False.
        """
        if os.environ.get("TRACKBOARD_RUN_ID"):
            return _submitted_run()
        if not allow_offline:
            raise RunEnvironmentException
        return core._offline_run()

    # -- who it is ------------------------------------------------------------------------------

    @property
    def id(self) -> str:
        """The run's id."""
        return self._live.id

    @property
    def experiment(self) -> Experiment:
        """The experiment it belongs to."""
        if self._experiment is None:
            workspace = core.Workspace._of_job()
            name = self._stored_in(workspace).experiment
            self._experiment = core.Experiment(workspace, name)
        return self._experiment

    @property
    def name(self) -> str:
        """What people called it, else `run-<number>`."""
        return self._stored().label

    @property
    def display_name(self) -> str:
        """The same as `name`."""
        return self.name

    @property
    def number(self) -> int:
        """Counts the runs of the experiment from 1."""
        return self._stored().number

    @property
    def type(self) -> Optional[str]:
        """`azureml.scriptrun` for a submitted run, else None."""
        return "azureml.scriptrun" if self._stored().kind is RunKind.JOB else None

    @property
    def parent(self) -> Optional[Run]:
        """The run that this one is a child of, or None."""
        parent = self._stored().parent
        return None if parent is None else Run(self.experiment, parent)

    @property
    def status(self) -> str:
        """The same as `get_status()`."""
        return self.get_status()

    def __repr__(self) -> str:
        stored = self._stored()
        return (
            f"Run(Experiment: {stored.experiment},\nId: {self.id},\nType: {self.type},"
            f"\nStatus: {STATUS_NAMES[stored.state]})"
        )

    # -- recording --------------------------------------------------------------------------------

    def log(
        self, name: str, value: object, description: str = "", step: Optional[int] = None
    ) -> None:
        """Record one value of a metric; it is in TensorBoard's next answer.

        Args:
            name: The metric.
            value: A number, a bool or text.
            description: Accepted for the SDK's signature.
            step: An int; None: the count of the metric's values so far.

        Raises:
            UserErrorException: The name or the value cannot be recorded.

        Source: article, "Run experiment and log metrics".
        """
        try:
            self._log(name, value, step)
        except TrackboardError as error:
            raise translated(error) from error

    def child_run(
        self,
        name: Optional[str] = None,
        run_id: Optional[str] = None,
        outputs: Optional[object] = None,
    ) -> Run:
        """Begin a run below this one; it is running at once.

        Args:
            name: What to call it; it is shown below its parent's name.
            run_id: An id of your own.
            outputs: Accepted for the SDK's signature.

        Raises:
            UserErrorException: The id is not allowed.

        Source: article, "Run experiment and log metrics".
        """
        with sdk_errors():
            own_id = None if run_id is None else check_run_id(run_id)
            child = self._live.child(name or "", run_id=own_id)
        return Run._from_live(child, self._experiment)

    def tag(self, key: str, value: Optional[object] = None) -> None:
        """Add or replace a tag; a value that is not text becomes text."""
        self._live.set_tag(str(key), None if value is None else str(value))

    # -- its life -----------------------------------------------------------------------------------

    def complete(self, _set_status: bool = True) -> None:
        """End the run well. In a job's script, whose state is the job's: sync what was recorded.

        Source: article, "Export runs to TensorBoard".
        """
        with sdk_errors():
            self._live.complete()

    def fail(
        self,
        error_details: Optional[object] = None,
        error_code: Optional[str] = None,
        _set_status: bool = True,
    ) -> None:
        """End the run as failed, with the exception or text that says why."""
        with sdk_errors():
            self._live.fail(_cause_of(error_details))

    def cancel(self) -> None:
        """End the run; a submitted one is asked to, and its processes are ended."""
        workspace = self.experiment.workspace._workspace
        with sdk_errors():
            if self._live.is_owner:
                self._live.cancel()
            else:
                workspace.cancel(RunId(self.id))

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self,
        exc_type: Optional[Type[BaseException]],
        exc: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        state = self._live.state
        if state is not None and state.is_terminal:
            return
        left_well = exc is None or (isinstance(exc, SystemExit) and exc.code in (None, 0))
        if left_well:
            self.complete()
        else:
            self.fail(exc)

    # -- reading it back ------------------------------------------------------------------------------

    def get_status(self) -> str:
        """The run's state by the SDK's name, as it is now."""
        with sdk_errors():
            self.experiment.workspace._workspace.kick()
        return STATUS_NAMES[self._stored().state]

    def get_metrics(self, name: Optional[str] = None) -> Dict[str, Any]:
        """The metrics by name: one value as it is, several as a list in the order they were logged.

        Args:
            name: This metric only.
        """
        workspace = self.experiment.workspace._workspace
        with sdk_errors():
            workspace.drain()
            names = None if name is None else [name]
            series = workspace.store.list_series(runs=[RunId(self.id)], names=names)
            points = workspace.store.read_points([one.id for one in series])
        metrics: Dict[str, Any] = {}
        for one in series:
            values = points[one.id].values.tolist()
            metrics[one.name] = values[0] if len(values) == 1 else values
        return metrics

    def get_tags(self) -> Dict[str, Optional[str]]:
        """Tags by key, as they are now."""
        return dict(self._drained().store.get_tags(RunId(self.id)))

    def get_properties(self) -> Dict[str, str]:
        """Properties by key, as they are now."""
        return dict(self._drained().store.get_properties(RunId(self.id)))

    def get_file_names(self) -> List[str]:
        """Posix paths of the files that the run has so far."""
        return [file.path for file in self._drained().store.list_files(RunId(self.id))]

    def get_children(self, recursive: bool = False) -> Iterator[Run]:
        """The runs below this one, newest first.

        Args:
            recursive: The whole subtree, without this run.
        """
        store = self._drained().store
        if recursive:
            found = [r for r in store.list_descendants([RunId(self.id)]) if r.id != self.id]
        else:
            found = list(store.list_runs(parent=RunId(self.id)))
        for stored in reversed(found):
            yield Run._from_stored(stored, self.experiment)

    def wait_for_completion(
        self,
        show_output: bool = False,
        wait_post_processing: bool = False,
        raise_on_error: bool = True,
    ) -> Dict[str, Any]:
        """Wait for the end of the run.

        Args:
            show_output: Print the job's console while it runs.
            wait_post_processing: Accepted; files are kept before a run is Completed.
            raise_on_error: Raise when it has failed.

        Returns:
            What `get_details` returns.

        Raises:
            ActivityFailedException: The run has failed.
            ExperimentExecutionException: Ctrl-C while the console was shown; the run goes on.
        """
        console = JobConsole(self._folder() / _CONSOLE)
        if show_output:
            say(f"RunId: {self.id}")
        try:
            status = self._wait(console if show_output else None)
        except KeyboardInterrupt:
            if not show_output:
                raise
            raise ExperimentExecutionException(
                f"Stopped watching run {self.id}, which goes on. End it with run.cancel()."
            ) from None
        stored = self._stored()
        if show_output:
            say(f"Status: {status}" + (f" ({stored.cause})" if stored.cause else ""))
        if status == "Failed" and raise_on_error:
            hint = f"\nIts console: {console.path}" if console.path.exists() else ""
            raise ActivityFailedException(f"Run {self.id} failed: {stored.cause}{hint}")
        return self.get_details()

    def _wait(self, console: Optional[JobConsole]) -> str:
        """Return the status at the end; tell on the way what there is to tell."""
        waits_for = ""
        while True:
            status = self.get_status()
            is_over = status in TERMINAL_STATUSES
            if console is not None:
                cause = "" if is_over else self._stored().cause
                if cause and cause != waits_for:
                    say(f"Status: {status} ({cause})")
                waits_for = cause
                console.show(to_the_end=is_over)
            if is_over:
                return status
            time.sleep(_POLL_S)

    def get_details(self) -> Dict[str, Any]:
        """What is known of the run, under the SDK's keys; those without a value are left out."""
        stored = self._stored()
        details = {
            "runId": self.id,
            "target": self.get_properties().get("trackboard.compute"),
            "status": STATUS_NAMES[stored.state],
            "startTimeUtc": _utc(stored.started_s),
            "endTimeUtc": _utc(stored.ended_s),
            "error": {"error": {"code": "UserError", "message": stored.cause}}
            if stored.state is RunState.FAILED
            else None,
            "warnings": [{"message": warning} for warning in stored.warnings] or None,
            "properties": self.get_properties(),
            "logFiles": self._log_files(),
        }
        return {key: value for key, value in details.items() if value is not None}

    # -- inside ---------------------------------------------------------------------------------------

    def _folder(self) -> Path:
        return Path(self.experiment.workspace._workspace.run_folder(RunId(self.id)))

    def _log_files(self) -> Dict[str, str]:
        folder = self._folder()
        return {
            file.path: (folder / file.path).as_uri()
            for file in self._drained().store.list_files(RunId(self.id))
            if not file.key
        }

    def _drained(self) -> Any:
        workspace = self.experiment.workspace._workspace
        with sdk_errors():
            workspace.drain()
        return workspace

    def _stored(self) -> StoredRun:
        return self._stored_in(self.experiment.workspace)

    def _stored_in(self, workspace: Workspace) -> StoredRun:
        with sdk_errors():
            stored = workspace._workspace.find_run(RunId(self.id))
        if stored is None:
            raise UserErrorException(f"Run {self.id} is not in {workspace._workspace.folder}.")
        return stored


class _SubmittedRun(Run):
    """The run of the job around this process."""


_context: Optional[Run] = None


def _submitted_run() -> Run:
    """The job's own run: the same object at every call in this process."""
    global _context
    if _context is None:
        spool = Path(os.environ["TRACKBOARD_WORKSPACE"]) / "spool"
        live = get_recorder(spool).attach(
            RunId(os.environ["TRACKBOARD_RUN_ID"]),
            experiment=os.environ.get("TRACKBOARD_EXPERIMENT", ""),
            owner=False,
        )
        _context = _SubmittedRun._from_live(live, None)
    return _context


def __getattr__(name: str) -> object:
    if name == "_OfflineRun":  # scripts compare types with it
        return core._OfflineRun
    raise AttributeError(f"module 'azureml.core.run' has no attribute {name!r}")


def get_run(experiment: Experiment, run_id: str, rehydrate: bool = True) -> Run:
    """An existing run of an experiment."""
    return Run(experiment, run_id)


def _cause_of(details: Optional[object]) -> str:
    if isinstance(details, BaseException):
        lines = traceback.format_exception(type(details), details, details.__traceback__)
        return f"user program failed with {type(details).__name__}: {details}\n{''.join(lines)}"
    return "" if details is None else str(details)


def _utc(time_s: Optional[float]) -> Optional[str]:
    if time_s is None:
        return None
    moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time_s))
    return f"{moment}.{int(time_s % 1 * 1e6):06d}Z"
