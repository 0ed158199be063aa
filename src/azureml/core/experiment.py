"""`azureml.core.experiment`: runs that belong together."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Any,
    Dict,
    Iterable,
    Iterator,
    List,
    Mapping,
    NoReturn,
    Optional,
    Union,
)

from azureml import _guard as _guard
from azureml.core._outputs import DEFAULT_FOLDER, OutputFolder
from azureml.core._snapshot_files import keep_folder
from azureml.core._snapshots import SNAPSHOT_ID
from azureml.core.run import Run
from azureml.exceptions import AzureMLException, UserErrorException
from azureml.exceptions._tree import sdk_errors
from trackboard.model import RunId, check_experiment_name, check_run_id
from trackboard.record.capture import capture

if TYPE_CHECKING:
    from azureml.core._filters import Filter
    from azureml.core.workspace import Workspace


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
            workspace._workspace.store.add_experiment(name)
        self._workspace = workspace

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
    def archived_time(self) -> None:
        """None: experiments cannot be archived yet."""

    @property
    def tags(self) -> Dict[str, str]:
        """Empty: experiments cannot be tagged yet; their runs can."""
        return {}

    def get_portal_url(self) -> str:
        """What to type to see the experiment in TensorBoard: there is no portal."""
        folder = shlex.quote(str(self._workspace._workspace.folder))
        return f"trackboard tb {folder} --experiment {shlex.quote(self._name)}"

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
            view_type: One of `ViewType`; none is archived yet.
            tags: Only those with these tags; none has any yet.

        Raises:
            UserErrorException: There is no such view.
        """
        if view_type not in (ViewType.ActiveOnly, ViewType.ArchivedOnly, ViewType.All):
            raise UserErrorException(
                f"There is no view {view_type!r}; use 'ActiveOnly', 'ArchivedOnly' or 'All'."
            )
        if tags or view_type == ViewType.ArchivedOnly:
            return []
        found = workspace.experiments
        return [one for name, one in found.items() if experiment_name in (None, name)]

    def __repr__(self) -> str:
        return f"Experiment(Name: {self._name},\nWorkspace: {self._workspace.name})"

    def _repr_html_(self) -> str:
        from azureml.core._html import table

        return table(
            {
                "Name": self._name,
                "Workspace": self._workspace.name,
                "See it": self.get_portal_url(),
            }
        )

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
            UserErrorException: The id is not allowed, a folder cannot be made, or there is no such
                argument; no run was begun.
            SnapshotException: The folder cannot be read; no run was begun.

        Source: article, "Set up experiment".
        """
        unknown = sorted(kwargs.keys() - {"display_name", "description", "tags"})
        if unknown:
            raise UserErrorException(
                f"start_logging: {', '.join(unknown)} cannot be used."
                " Use name=, run_id=, display_name=, description= and tags=."
            )
        workspace = self._workspace._workspace
        with sdk_errors():
            own_id = None if run_id is None else check_run_id(run_id)
        code = os.curdir if snapshot_directory is None else str(snapshot_directory)
        snapshot = None
        if snapshot_directory is not None and snapshot_directory is not _CURRENT_FOLDER:
            snapshot = keep_folder(workspace, snapshot_directory)
        folder = (
            None if outputs is False else outputs if isinstance(outputs, str) else DEFAULT_FOLDER
        )
        kept = None if folder is None else OutputFolder(folder)
        with sdk_errors():
            live = workspace.recorder().create_run(
                self._name,
                name=str(name or kwargs.get("display_name") or ""),
                run_id=own_id,
                description=str(kwargs.get("description") or ""),
            )
            capture(live, folder=Path(code))
            if snapshot is not None:
                live.add_property(SNAPSHOT_ID, snapshot)
        run = Run._from_live(live, self)
        run._outputs = kept
        run.set_tags(kwargs.get("tags") or {})
        return run

    def submit(self, config: object, tags: Optional[Dict[str, Any]] = None, **kwargs: Any) -> Run:
        """Queue a job and return at once.

        Args:
            config: A ScriptRunConfig or an estimator.
            tags: Tags of the run.
            kwargs: None can be used yet.

        Raises:
            AzureMLException: That is nothing that can be submitted.
            ExperimentExecutionException: The script is not in the source folder, or the compute target
                does not exist.

        Source: article, "Submit run".
        """
        return self._submit(config, tags, **kwargs)

    def _submit(
        self,
        config: object,
        tags: Optional[Dict[str, Any]],
        *,
        parent: Optional[RunId] = None,
        **kwargs: Any,
    ) -> Run:
        submit = getattr(config, "_submit", None)
        if submit is None:
            raise AzureMLException(
                f"A {type(config).__name__} cannot be submitted; a ScriptRunConfig or an estimator can."
            )
        if kwargs:
            raise UserErrorException(f"submit: {', '.join(sorted(kwargs))} cannot be used yet.")
        run: Run = submit(self, tags or {}, parent=parent)
        return run

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

    # -- what the history cannot keep yet ---------------------------------------------------------

    def refresh(self) -> None:
        """Does nothing: everything is read when it is asked for."""

    def archive(self) -> None:
        """Refused, for now.

        Raises:
            UserErrorException: Always.
        """
        self._refuse("archived")

    def reactivate(self, new_name: Optional[str] = None) -> None:
        """Does nothing: an experiment that cannot be archived is active.

        Raises:
            UserErrorException: A name was given.
        """
        if new_name is not None:
            raise UserErrorException(f"reactivate({new_name!r}): an experiment keeps its name.")

    @staticmethod
    def delete(workspace: Workspace, experiment_id: str) -> None:
        """Refused, for now.

        Raises:
            UserErrorException: Always.
        """
        raise UserErrorException(_refusal(experiment_id, "deleted"))

    def tag(self, key: str, value: Optional[object] = None) -> None:
        """Refused, for now.

        Raises:
            UserErrorException: Always.
        """
        self._refuse("tagged")

    def set_tags(self, tags: Mapping[str, object]) -> None:
        """Refused, for now; like `tag`."""
        self._refuse("tagged")

    def remove_tags(self, tags: Iterable[str]) -> Dict[str, str]:
        """Nothing to remove: an experiment has no tags yet."""
        return {}

    def _refuse(self, what: str) -> NoReturn:
        raise UserErrorException(_refusal(self._name, what))


def _refusal(name: str, what: str) -> str:
    return f"The experiment {name!r} cannot be {what} yet. Its runs can be tagged: run.tag(...)."
