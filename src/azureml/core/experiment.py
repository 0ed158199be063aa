"""`azureml.core.experiment`: runs that belong together."""

from __future__ import annotations

import contextlib
import os
import shlex
import time
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Any,
    Dict,
    Iterable,
    Iterator,
    List,
    Literal,
    Mapping,
    Optional,
    Union,
    overload,
)

from azureml import _guard as _guard
from azureml._finder import other_names
from azureml.core._lists import ExperimentList
from azureml.core._refused import RefusedCall
from azureml.core._run.backends.home import RunHome
from azureml.core._run.backends.live import LiveBackend
from azureml.core._run.reading.filters import TagFilter
from azureml.core._run.reading.snapshot_files import keep_folder, kept_files
from azureml.core._run.recording.outputs import DEFAULT_FOLDER, OutputFolder
from azureml.core._run.recording.tags import plain_tags
from azureml.core.run import DOCS_URL, Run
from azureml.exceptions import AzureMLException, UserErrorException
from azureml.exceptions._tree import MissingException, sdk_errors
from trackboard.errors import UsageError
from trackboard.model import SNAPSHOT_ID, RunId, check_experiment_name, check_run_id
from trackboard.record.capture import capture

if TYPE_CHECKING:
    from azureml.core._run.reading.filters import Filter
    from azureml.core.workspace import Workspace
    from trackboard.ports import Experiment as StoredExperiment
    from trackboard.service import Service

__getattr__ = other_names(__name__)


class ViewType:
    """Which experiments to list."""

    ActiveOnly = "ActiveOnly"
    ArchivedOnly = "ArchivedOnly"
    All = "All"


class _NotAsked(str):
    """A default that can be told from the same text given by the caller."""


_CURRENT_FOLDER = _NotAsked(".")


class Experiment:
    """An experiment; it is made when it does not exist.

    Args:
        workspace: Where.
        name: 1 to 255 letters, digits, _ and -, starting with a letter or a digit.

    Raises:
        UserErrorException: The name is not allowed.

    Source: article, "Configure experiment".
    """

    def __init__(self, workspace: Workspace, name: str, **kwargs: Any) -> None:
        with sdk_errors():
            self._name = check_experiment_name(name)
            workspace._service.experiments.add(name)
        self._workspace = workspace

    _is_made = True

    @classmethod
    def _unmade(cls, workspace: Workspace, name: str) -> Experiment:
        """One that is made when it is first used."""
        experiment = cls._of(workspace, name)
        experiment._is_made = False
        return experiment

    @property
    def _service(self) -> Service:
        """The workspace itself; the experiment is there from now on."""
        service = self._workspace._service
        if not self._is_made:
            self._is_made = True
            with sdk_errors():
                service.experiments.add(self._name)
        return service

    @property
    def name(self) -> str:
        """The experiment's name."""
        return self._name

    @property
    def workspace(self) -> Workspace:
        """Where it is."""
        return self._workspace

    @property
    def id(self) -> str:
        """Its name: experiments have no other id."""
        return self._name

    @property
    def archived_time(self) -> Optional[str]:
        """When it was archived, in UTC; None while it is active."""
        stored = self._stored().archived_s
        if stored is None:
            return None
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(stored))

    @property
    def tags(self) -> Dict[str, Optional[str]]:
        """Its tags, as they are now."""
        return dict(self._stored().tags)

    def get_portal_url(self) -> str:
        """What to type to see the experiment in TensorBoard: there is no portal."""
        folder = shlex.quote(str(self._service.folder))
        return f"trackboard tb {folder} --experiment {shlex.quote(self._name)}"

    portal_url = property(get_portal_url, doc="The same as `get_portal_url()`.")
    from_directory = RefusedCall(
        "A folder belongs to no experiment here. Write Experiment(Workspace.from_config(), name)."
    )

    @property
    def workspace_object(self) -> Workspace:
        """The same as `workspace`."""
        return self._workspace

    @property
    def identity(self) -> str:
        """Its name."""
        return self._name

    @staticmethod
    def get_docs_url() -> str:
        """Return where the SDK's documents are."""
        return DOCS_URL

    @staticmethod
    def list(
        workspace: Workspace,
        experiment_name: Optional[str] = None,
        view_type: str = ViewType.ActiveOnly,
        tags: Filter = None,
    ) -> List[Experiment]:
        """Experiments of a workspace, oldest first.

        Args:
            workspace: Where.
            experiment_name: Only the one of this name.
            view_type: One of `ViewType`.
            tags: A tag's key, or values by key; None as a value: a tag without one.

        Raises:
            UserErrorException: There is no such view.
            ValueError: The tags are neither text nor a dict.
        """
        if view_type not in (ViewType.ActiveOnly, ViewType.ArchivedOnly, ViewType.All):
            raise UserErrorException(
                f"There is no view {view_type!r}; use 'ActiveOnly', 'ArchivedOnly' or 'All'."
            )
        chosen = TagFilter(tags)
        with sdk_errors():
            found = workspace._service.experiments.list()
        return ExperimentList(
            Experiment._of(workspace, one.name)
            for one in found
            if experiment_name in (None, one.name)
            and (
                view_type == ViewType.All
                or (one.archived_s is None) == (view_type == ViewType.ActiveOnly)
            )
            and chosen.holds(one.tags)
        )

    @classmethod
    def _of(cls, workspace: Workspace, name: str) -> Experiment:
        """One that exists."""
        experiment = cls.__new__(cls)
        experiment._name = name
        experiment._workspace = workspace
        return experiment

    def _stored(self) -> StoredExperiment:
        service = self._service
        with sdk_errors():
            found = service.experiments.find(self._name)
        if found is not None:
            return found
        raise MissingException(
            f"There is no experiment {self._name!r} in {service.folder}; it was deleted.",
            status_code=404,
        )

    def __repr__(self) -> str:
        return f"Experiment(Name: {self._name},\nWorkspace: {self._workspace.name})"

    def _repr_html_(self) -> str:
        from azureml.core._html import experiment_page

        with sdk_errors():
            return experiment_page(self._workspace._service, self._name)

    def start_logging(
        self,
        name: Optional[str] = None,
        run_id: Optional[str] = None,
        outputs: Union[str, bool, None] = None,
        snapshot_directory: Optional[str] = _CURRENT_FOLDER,
        **kwargs: Any,
    ) -> Run:
        """Begin a run that this process logs to; it is running at once.

        Args:
            name: What to call it; without one it is `run-<number>`.
            run_id: An id of your own.
            outputs: The folder whose new and changed files are kept when the run ends, made when it is
                missing. None or True: `./outputs`. False: none.
            snapshot_directory: The folder whose code is kept with the run. When it is left out, none is;
                pass `"."` for the current folder.
            kwargs: `display_name`, `description` and `tags`.

        Raises:
            UserErrorException: The id or a tag is not allowed, a folder cannot be made, or there is no
                such argument; no run was begun.
            SnapshotException: The folder cannot be read; no run was begun.

        Source: article, "Set up experiment".
        """
        unknown = sorted(kwargs.keys() - {"display_name", "description", "tags"})
        if unknown:
            raise UserErrorException(
                f"start_logging: {', '.join(unknown)} cannot be used."
                " Use name=, run_id=, display_name=, description= and tags=."
            )
        service = self._service
        given = kwargs.get("tags")
        tags = plain_tags({} if given is None else given)
        with sdk_errors():
            own_id = None if run_id is None else check_run_id(run_id)
            if own_id is not None and service.runs.list_deleted([own_id]):
                raise UsageError(
                    f"the run {own_id!r} was deleted, and its id with it", hint="Choose another id."
                )
        code = os.curdir if snapshot_directory is None else str(snapshot_directory)
        folder = (
            None if outputs is False else outputs if isinstance(outputs, str) else DEFAULT_FOLDER
        )
        takes_code = snapshot_directory is not None and snapshot_directory is not _CURRENT_FOLDER
        with kept_files(service) if takes_code else contextlib.nullcontext():
            snapshot = keep_folder(service, code) if takes_code else None
            kept = None if folder is None else OutputFolder(folder)
            with sdk_errors():
                live = service.recorder().create_run(
                    self._name,
                    name=str(kwargs.get("display_name") or "" if name is None else name),
                    run_id=own_id,
                    description=str(kwargs.get("description") or ""),
                )
                capture(live, folder=Path(code))
                if snapshot is not None:
                    live.add_property(SNAPSHOT_ID, snapshot)
        run = Run._with(LiveBackend(live, RunHome(self)))
        run._outputs = kept
        run.set_tags(tags)
        return run

    @overload
    def submit(
        self,
        config: object,
        tags: Optional[Dict[str, Any]] = None,
        *,
        dry_run: Literal[False] = False,
        **kwargs: Any,
    ) -> Run: ...

    @overload
    def submit(
        self,
        config: object,
        tags: Optional[Dict[str, Any]] = None,
        *,
        dry_run: Literal[True],
        **kwargs: Any,
    ) -> str: ...

    def submit(
        self,
        config: object,
        tags: Optional[Dict[str, Any]] = None,
        *,
        dry_run: bool = False,
        **kwargs: Any,
    ) -> Union[Run, str]:
        """Queue a job and return at once. What becomes of `config` afterwards does not matter to it.

        Args:
            config: A ScriptRunConfig or an estimator.
            tags: Tags of the run.
            dry_run: Start nothing; print the plan that would start, values of variables masked, and
                return it as text. The snapshot is taken, so that a later submit copies less.
            kwargs: `run_id`, the id of the run; `display_name`, its name; of estimators also
                `script_params`, which are put over its own.

        Raises:
            AzureMLException: That is nothing that can be submitted.
            ExperimentExecutionException: The script is not in the source folder, or the compute target
                does not exist.
            RunConfigurationException: The processes of a distributed job cannot be started.
            ServiceException: The run id is taken.
            TrainingException: Whatever is wrong with an estimator.
            UserErrorException: An argument cannot be used.

        Source: article, "Submit run".
        """
        submitted: Union[Run, str] = self._submit(config, tags, dry_run=dry_run, **kwargs)
        return submitted

    def _submit(
        self,
        config: object,
        tags: Optional[Dict[str, Any]],
        *,
        parent: Optional[RunId] = None,
        dry_run: bool = False,
        **kwargs: Any,
    ) -> Any:
        assert self._service is not None  # the experiment is there
        submit = getattr(config, "_submit", None)
        if submit is None or isinstance(config, type):
            raise AzureMLException(
                f"{config!r} is {type(config).__name__}, which cannot be submitted; a ScriptRunConfig or"
                " an estimator can."
            )
        known = config._submit_arguments  # type: ignore[attr-defined]
        unknown = sorted(kwargs.keys() - {*known})
        if unknown:
            raise UserErrorException(
                f"submit: {', '.join(unknown)} cannot be used with a {type(config).__name__};"
                f" there is: tags, dry_run, {', '.join(known)}."
            )
        return submit(self, tags or {}, parent=parent, dry_run=dry_run, **kwargs)

    def get_runs(
        self,
        type: Optional[str] = None,
        tags: Filter = None,
        properties: Filter = None,
        include_children: bool = False,
    ) -> Iterator[Run]:
        """Runs of the experiment that match every given condition, newest first.

        Args:
            type: The type of run.
            tags: A tag's key, or values by key; None as a value: a tag without one.
            properties: The same of properties.
            include_children: Also the runs below others.

        Raises:
            ValueError: A filter is neither text nor a dict.
        """
        return Run.list(self, type, tags, properties, include_children=include_children)

    # -- what is said about it ---------------------------------------------------------------------

    def refresh(self) -> None:
        """Does nothing: everything is read when it is asked for."""

    def tag(self, key: str, value: Optional[object] = None) -> None:
        """Add or replace a tag; a value that is not text becomes text.

        Args:
            key: Which tag.
            value: None: a tag without a value.

        Raises:
            UserErrorException: The key is not text, or the experiment was deleted.
        """
        self.set_tags({key: value})

    def set_tags(self, tags: Mapping[str, object]) -> None:
        """Add or replace tags; values that are not text become text.

        Args:
            tags: Values by key.

        Raises:
            UserErrorException: That is none, or the experiment was deleted.
        """
        plain = plain_tags(tags)
        with sdk_errors():
            self._service.experiments.set_tags(self._name, plain)

    def remove_tags(self, tags: Iterable[str]) -> Dict[str, Optional[str]]:
        """Take tags away; those that are not there are passed over.

        Args:
            tags: Their keys, or one.

        Returns:
            The tags that are left.
        """
        keys = [tags] if isinstance(tags, str) else [*tags]
        with sdk_errors():
            self._service.experiments.remove_tags(self._name, keys)
        return self.tags

    def archive(self) -> None:
        """Put it away: it is not listed among the active ones, nor shown in TensorBoard with everything.

        Nothing is lost: by its name it is found and shown as before, and new runs can be begun in it.
        """
        with sdk_errors():
            self._service.experiments.archive(self._name)

    def reactivate(self, new_name: Optional[str] = None) -> None:
        """Take it back.

        Raises:
            UserErrorException: A name was given.
        """
        if new_name is not None:
            raise UserErrorException(f"reactivate({new_name!r}): an experiment keeps its name.")
        with sdk_errors():
            self._service.experiments.reactivate(self._name)

    @staticmethod
    def delete(workspace: Workspace, experiment_id: str) -> None:
        """Delete an experiment with its runs; `archive` puts it away instead.

        All of it is in the trash: `trackboard restore --experiment` brings it back until `trackboard gc`
        frees what it takes. What a process still says about such a run goes with it, and no run may have
        its id again.

        Args:
            workspace: Where.
            experiment_id: Its id, which is its name.

        Raises:
            ServiceException: Some of its runs have not ended, and nothing was deleted.
            UserErrorException: There is no such experiment.
        """
        with sdk_errors():
            workspace._service.trash.delete_experiment(experiment_id)
