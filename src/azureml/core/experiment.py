"""`azureml.core.experiment`: runs that belong together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Iterator, Optional

from azureml import _guard as _guard
from azureml.core.run import Run
from azureml.exceptions import AzureMLException, UserErrorException
from azureml.exceptions._tree import sdk_errors
from trackboard.model import check_experiment_name

if TYPE_CHECKING:
    from azureml.core.workspace import Workspace


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

    def __repr__(self) -> str:
        return f"Experiment(Name: {self._name},\nWorkspace: {self._workspace.name})"

    def start_logging(
        self,
        name: Optional[str] = None,
        run_id: Optional[str] = None,
        outputs: Optional[object] = None,
        snapshot_directory: Optional[str] = ".",
        **kwargs: Any,
    ) -> Run:
        """Begin a run that this process logs to; it is running at once.

        Args:
            name: What to call it; without one it is `run-<number>`.
            run_id: An id of your own.
            outputs: Accepted.
            snapshot_directory: Accepted; no snapshot is taken of the current folder.
            kwargs: `display_name`, `description` and `tags`.

        Raises:
            UserErrorException: The id is not allowed, or there is no such argument.

        Source: article, "Set up experiment".
        """
        unknown = sorted(kwargs.keys() - {"display_name", "description", "tags"})
        if unknown:
            raise UserErrorException(
                f"start_logging: {', '.join(unknown)} cannot be used."
                " Use name=, run_id=, display_name=, description= and tags=."
            )
        recorder = self._workspace._workspace.recorder()
        with sdk_errors():
            live = recorder.create_run(
                self._name,
                name=str(name or kwargs.get("display_name") or ""),
                run_id=run_id,
                description=str(kwargs.get("description") or ""),
            )
        run = Run._from_live(live, self)
        tags: Dict[str, Any] = kwargs.get("tags") or {}
        for key, value in tags.items():
            run.tag(key, value)
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
        submit = getattr(config, "_submit", None)
        if submit is None:
            raise AzureMLException(
                f"A {type(config).__name__} cannot be submitted; a ScriptRunConfig or an estimator can."
            )
        if kwargs:
            raise UserErrorException(f"submit: {', '.join(sorted(kwargs))} cannot be used yet.")
        run: Run = submit(self, tags or {})
        return run

    def get_runs(
        self,
        type: Optional[str] = None,
        tags: Optional[object] = None,
        properties: Optional[object] = None,
        include_children: bool = False,
    ) -> Iterator[Run]:
        """Runs of the experiment, newest first.

        Args:
            include_children: Also the runs below others.
        """
        workspace = self._workspace._workspace
        with sdk_errors():
            workspace.drain()
            stored = workspace.store.list_runs(experiment=self._name)
        for one in reversed(stored):
            if include_children or one.parent is None:
                yield Run._from_stored(one, self)
