"""`azureml.core.run`: the run that a script or notebook logs to.

Part of the recording path: importing this loads the standard library only. What reads the history back
loads the rest when it is first called.
"""

from __future__ import annotations

import contextlib
import os
from types import TracebackType
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    ClassVar,
    Dict,
    Iterator,
    List,
    MutableMapping,
    Optional,
    Tuple,
    Type,
    TypeVar,
)
from weakref import WeakValueDictionary

from azureml import _guard as _guard
from azureml._finder import other_names
from azureml.core._links import (
    experiment_of,
    offline_run,
    run_in_job,
    run_of_job,
    submitted_run_class,
)
from azureml.core._run.backends.home import RunHome
from azureml.core._run.reading.details import DOCS_URL as DOCS_URL
from azureml.core._run.reading.details import DetailCalls
from azureml.core._run.reading.snapshots import SnapshotCalls
from azureml.core._run.recording.artifacts import ArtifactCalls
from azureml.core._run.recording.children import ChildCalls
from azureml.core._states import STATUS_NAMES as STATUS_NAMES
from azureml.core._states import TERMINAL_STATUSES as TERMINAL_STATUSES
from azureml.exceptions._tree import (
    AzureMLException,
    RunEnvironmentException,
    UserErrorException,
    sdk_errors,
)
from trackboard.errors import NotFound, TrackboardError
from trackboard.model import RunId, RunKind
from trackboard.record.conversion.interruption import pass_on_interruption
from trackboard.record.value import PLAIN, check_run_name, plain_text

if TYPE_CHECKING:
    from azureml.core._run.backends.port import RunBackend
    from azureml.core._run.reading.filters import Filter
    from azureml.core.experiment import Experiment
    from azureml.core.workspace import Workspace
    from trackboard.model import Run as StoredRun
    from trackboard.record import LiveRun

__getattr__ = other_names(__name__)

_Run = TypeVar("_Run", bound="Run")

TypeProvider = Callable[["Experiment", "StoredRun"], "Run"]


class Run(ArtifactCalls, ChildCalls, DetailCalls, SnapshotCalls):
    """One run of an experiment.

    Args:
        experiment: The experiment that the run belongs to.
        run_id: An existing run.
        outputs: Accepted for the SDK's signature.

    Raises:
        UserErrorException: There is no such run.
    """

    _type_providers: ClassVar[Dict[str, TypeProvider]] = {}

    def __init__(
        self, experiment: Experiment, run_id: str, outputs: Optional[object] = None, **kwargs: Any
    ) -> None:
        service = experiment.workspace._service
        with sdk_errors():
            stored = service.runs.find(RunId(run_id))
            if stored is None:
                raise NotFound(
                    f"there is no run {run_id!r} in {service.folder}",
                    hint="List them: for run in experiment.get_runs(): print(run.id)",
                )
        live = service.recorder().attach(stored.id, experiment=stored.experiment, owner=False)
        self._begin(_of_another(live, RunHome(experiment)))

    def _begin(self, backend: RunBackend) -> None:
        self._given = set()
        self._use(backend)
        if backend.is_open:
            _own[self.id] = self

    @classmethod
    def _with(cls: Type[_Run], backend: RunBackend) -> _Run:
        """The run that speaks to a backend."""
        run = cls.__new__(cls)
        run._begin(backend)
        return run

    def __reduce__(self) -> Tuple[Any, ...]:
        """In another process it is the same run, to which that one logs as well."""
        name = self._live.experiment
        return _same_run, (self._backend.home.known_experiment, self.id, name)

    def __deepcopy__(self, memo: object) -> Run:
        """A run is one thing, of which there is no second."""
        return self

    def __copy__(self) -> Run:
        """The same."""
        return self

    @classmethod
    def _from_stored(cls, stored: StoredRun, experiment: Experiment) -> Run:
        """The run of the class that fits its type."""
        if stored.experiment != experiment.name:
            experiment = experiment_of(experiment.workspace, stored.experiment)
        if cls is Run:
            provider = cls._provider_for(stored, experiment)
            if provider is not None:
                return provider(experiment, stored)
            if stored.kind is RunKind.JOB:
                cls = submitted_run_class()
        recorder = experiment.workspace._service.recorder()
        live = recorder.attach(stored.id, experiment=stored.experiment, owner=False)
        return cls._with(_of_another(live, RunHome(experiment)))

    @classmethod
    def _provider_for(cls, stored: StoredRun, experiment: Experiment) -> Optional[TypeProvider]:
        if not cls._type_providers:
            return None
        from azureml.core._run.reading.filters import type_of

        properties = experiment.workspace._service.runs.get_properties(stored.id)
        return cls._type_providers.get(type_of(stored, properties) or "")

    @staticmethod
    def add_type_provider(runtype: str, run_factory: TypeProvider) -> None:
        """Say who makes the objects of runs of a type, when they are listed.

        Args:
            runtype: The type, as `run.type` says it.
            run_factory: Takes the experiment and the stored run.
        """
        Run._type_providers[runtype] = run_factory

    # -- finding one ------------------------------------------------------------------------------

    @classmethod
    def get_context(cls, allow_offline: bool = True, **kwargs: Any) -> Run:
        """The run of the job that this script is, or a run of its own when it was not submitted.

        Outside of a job the run appears in the workspace found from the current folder as soon as
        something is recorded, in an experiment named like the script; it ends with the process. With the
        environment variable `TRACKBOARD_MODE=disabled` nothing is recorded.

        Raises:
            RunEnvironmentException: Not in a job, and `allow_offline` is False.
        """
        if os.environ.get("TRACKBOARD_RUN_ID"):
            job: Run = run_of_job()
            return job
        if not allow_offline:
            raise RunEnvironmentException
        run: Run = offline_run()
        return run

    @staticmethod
    def get_submitted_run(**kwargs: Any) -> Run:
        """The same as `get_context()`."""
        return Run.get_context(**kwargs)

    @staticmethod
    def list_by_compute(
        compute: Any,
        type: Optional[str] = None,
        tags: Filter = None,
        properties: Filter = None,
        status: Optional[str] = None,
    ) -> Iterator[Run]:
        """Runs on a compute target that have not ended: `compute.get_active_runs`."""
        runs: Iterator[Run] = compute.get_active_runs(type, tags, properties, status)
        return runs

    @staticmethod
    def get(workspace: Workspace, run_id: str, **kwargs: Any) -> Run:
        """The run with this id.

        Raises:
            UserErrorException: There is none.
        """
        return workspace.get_run(run_id)

    @staticmethod
    def list(
        experiment: Experiment,
        type: Optional[str] = None,
        tags: Filter = None,
        properties: Filter = None,
        status: Optional[str] = None,
        include_children: bool = False,
        _rehydrate_runs: bool = True,
    ) -> Iterator[Run]:
        """Runs of an experiment that match every given condition, newest first.

        Args:
            experiment: Of this one.
            type: The type of run.
            tags: A tag's key, or values by key; None as a value: a tag without one.
            properties: The same of properties.
            status: Runs in this state.
            include_children: Also runs below others.

        Raises:
            ValueError: A filter is neither text nor a dict.
        """
        from azureml.core._lists import RunIterator
        from azureml.core._run.reading.filters import RunFilter

        chosen = RunFilter(type, tags, properties, status)
        with sdk_errors():
            service = experiment.workspace._service.now()
        found = chosen.find(
            service.runs, experiment=experiment.name, top_level=not include_children
        )
        return RunIterator(Run._from_stored(stored, experiment) for stored in found)

    # -- who it is --------------------------------------------------------------------------------

    @property
    def experiment(self) -> Experiment:
        """The experiment it belongs to."""
        with sdk_errors():
            experiment: Experiment = self._backend.home.experiment
        return experiment

    @property
    def name(self) -> str:
        """What people called it, else `run-<number>`."""
        return self._stored().name

    @property
    def display_name(self) -> str:
        """The same as `name`; assign to rename the run."""
        return self.name

    @display_name.setter
    def display_name(self, display_name: str) -> None:
        if not isinstance(display_name, str):
            raise UserErrorException(f"display_name = {display_name!r}: it must be text.")
        with sdk_errors():
            self._backend.set_name(check_run_name(display_name))

    @property
    def description(self) -> str:
        """What it is, in words; assign to say it."""
        return self._stored().description

    @description.setter
    def description(self, description: str) -> None:
        if not isinstance(description, str):
            raise UserErrorException(f"description = {description!r}: it must be text.")
        with sdk_errors():
            self._backend.set_description(plain_text("a run's description", description))

    @property
    def number(self) -> int:
        """Counts the runs of the experiment from 1."""
        return self._stored().number

    @property
    def type(self) -> Optional[str]:
        """`azureml.scriptrun` for a submitted run, else its property `azureml.runsource`, or None."""
        from azureml.core._run.reading.filters import type_of

        return type_of(self._stored(), self.get_properties())

    def __repr__(self) -> str:
        stored = self._stored()
        return (
            f"Run(Experiment: {stored.experiment},\nId: {self.id},\nType: {self.type},"
            f"\nStatus: {STATUS_NAMES[stored.state]})"
        )

    def _repr_html_(self) -> str:
        with sdk_errors():
            return self._history.page(self.__repr__, self.type or "", "", ())

    # -- recording --------------------------------------------------------------------------------

    def log(
        self, name: str, value: object, description: str = "", step: Optional[int] = None
    ) -> None:
        """Record one value of a metric; it is in TensorBoard's next answer.

        Args:
            name: The metric.
            value: A number, a bool or text. None is an empty point. Anything else is kept as it fits best:
                a dict as a row, a short list or array as its items, the rest as text; a warning says so.
            description: Accepted for the SDK's signature.
            step: An int; None: the count of the metric's values so far.

        Raises:
            UserErrorException: The name is not allowed.

        Source: article, "Run experiment and log metrics".
        """
        if type(value) in PLAIN and (step is None or type(step) is int):
            try:
                self._log(name, value, step)
            except TrackboardError as error:  # beyond 64 bits, say; a bad name raises again
                pass_on_interruption(error)
            else:
                return
        self._log_anything(name, value, step)

    log_metric = log  # the SDK's own examples called it so

    def flush(self, timeout_seconds: int = 300) -> None:
        """Return when everything that was logged is stored."""
        with sdk_errors():
            self._history.flush()

    # -- its life ---------------------------------------------------------------------------------

    def start(self) -> None:
        """Does nothing: a run that this process began is running, others start by themselves."""

    def complete(self, _set_status: bool = True) -> None:
        """End the run well, its outputs kept first. In a job's script: sync what was recorded.

        A run that another process runs goes on, which a warning says.

        Source: article, "Export runs to TensorBoard".
        """
        self._keep_outputs()
        with sdk_errors():
            self._backend.complete()

    def fail(
        self,
        error_details: Optional[object] = None,
        error_code: Optional[str] = None,
        _set_status: bool = True,
    ) -> None:
        """End the run as failed. In a job's script: keep the reason, which `get_details` tells.

        A job's state follows from how its script exits. Of several reasons it keeps the first.

        Args:
            error_details: Why: an exception, or text.
            error_code: What kind of failure it is; `UserError` when there is nothing else to say.

        Raises:
            TypeError: `error_details` is neither.
            UserErrorException: Another process runs it, which alone says how it ended.
        """
        cause = _cause_of(error_details)
        self._keep_outputs()
        with sdk_errors():
            self._backend.fail(cause, None if error_code is None else str(error_code))

    def cancel(self) -> None:
        """End the run; a submitted one is asked to, and its processes are ended."""
        self._keep_outputs()
        with sdk_errors():
            self._backend.cancel()

    def clean(self) -> List[str]:
        """Does nothing: a job's working copy is removed at its end."""
        return []

    def __enter__(self) -> Run:
        location = ""
        with contextlib.suppress(OSError):  # the current folder was removed
            location = os.getcwd()
        self._entered = [*getattr(self, "_entered", []), location]
        return self

    def __exit__(
        self,
        exc_type: Optional[Type[BaseException]],
        exc: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        location = self._entered.pop()
        with contextlib.suppress(OSError):  # removed meanwhile
            os.chdir(location or os.curdir)
        state = self._backend.state
        if state is not None and state.is_terminal:
            return
        left_well = exc is None or (isinstance(exc, SystemExit) and exc.code in (None, 0))
        if not left_well:
            self._fail_beside(exc)
            return
        try:
            self._keep_outputs()
        except BaseException as error:
            self._backend.fail(_cause_of(error), None)
            raise
        self.complete()

    def _fail_beside(self, error: Optional[BaseException]) -> None:
        """End as failed while an exception is on its way: no other takes its place."""
        cause = _cause_of(error)
        try:
            self._keep_outputs()
        except (AzureMLException, OSError) as second:
            cause = f"{cause}\nand its outputs could not be kept: {second}"
        with sdk_errors():
            self._backend.fail(cause, None)


_own: MutableMapping[str, Run] = WeakValueDictionary()  # that this process, or its parent, began


def _same_run(experiment: Optional[Experiment], run_id: str, name: str) -> Run:
    """The run that was pickled, perhaps in another process."""
    if run_id in _own:
        return _own[run_id]
    if run_id == os.environ.get("TRACKBOARD_RUN_ID"):
        return Run.get_context()
    if experiment is None:
        run: Run = run_in_job(RunId(run_id), name)
        return run
    recorder = experiment.workspace._service.recorder()
    live = recorder.attach(RunId(run_id), experiment=name, owner=False)
    return Run._with(_of_another(live, RunHome(experiment)))


def get_run(experiment: Experiment, run_id: str, rehydrate: bool = True) -> Run:
    """An existing run of an experiment."""
    return Run(experiment, run_id)


def _of_another(live: LiveRun, home: RunHome) -> RunBackend:
    """The backend of a run of another process; a job that only records needs none."""
    from azureml.core._run.backends.stored import StoredBackend

    return StoredBackend(live, home)


def _cause_of(details: Optional[object]) -> str:
    if isinstance(details, BaseException):
        import traceback  # of a process that records, `logging` has loaded it

        lines = traceback.format_exception(type(details), details, details.__traceback__)
        return f"user program failed with {type(details).__name__}: {details}\n{''.join(lines)}"
    if details is not None and not isinstance(details, str):
        raise TypeError(
            f"fail(error_details): {type(details).__name__} is neither an exception nor text."
        )
    return details or ""
