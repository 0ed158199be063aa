"""Where a run is kept: its experiment, and the workspace, as far as this process can reach them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from azureml._finder import READS_WITH, can_read
from azureml.core._links import experiment_of, unmade_experiment, workspace_of_job
from azureml.exceptions._tree import UserErrorException
from trackboard.model import RunId

if TYPE_CHECKING:
    from azureml.core._environment.names import RegisteredEnvironments
    from trackboard.service import Service


class RunHome:
    """The home of a run whose experiment is at hand.

    Args:
        experiment: The `Experiment`; None: `_find` finds it when it is first needed.
    """

    def __init__(self, experiment: Any = None) -> None:
        self._experiment = experiment
        self._lock = threading.RLock()

    @property
    def known_experiment(self) -> Any:
        """The `Experiment`, or None while nobody needed it."""
        return self._experiment

    @property
    def experiment(self) -> Any:
        """The `Experiment`."""
        if self._experiment is None:
            with self._lock:
                if self._experiment is None:
                    self._experiment = self._find()
        return self._experiment

    @property
    def service(self) -> Service:
        """What answers for the workspace."""
        service: Service = self.experiment.workspace._service
        return service

    @property
    def can_read(self) -> bool:
        """Whether this process can read the history."""
        return True

    def now(self) -> Service:
        """Return what answers for the workspace, with everything said up to now stored."""
        return self.service.now()

    def registered(self) -> RegisteredEnvironments:
        """Return the environments of the workspace."""
        from azureml.core._environment.names import RegisteredEnvironments

        return RegisteredEnvironments(self.service.environments, self.service.name)

    def _find(self) -> Any:
        raise AssertionError("a home without an experiment finds it")


class JobHome(RunHome):
    """The home of a job's run, for its script: whose environment may only be able to record.

    Args:
        run_id: The job's run.
        experiment_name: The experiment's name; empty: only the history knows it.
    """

    def __init__(self, run_id: RunId, experiment_name: str) -> None:
        super().__init__()
        self._run_id = run_id
        self._name = experiment_name

    @property
    def can_read(self) -> bool:
        """Whether this process can read the history: a job's environment need not."""
        if self._experiment is not None:
            return True
        return can_read()

    def _find(self) -> Any:
        if not self.can_read:
            raise UserErrorException(
                "This job can record to its run, but not read it back: that needs Python 3.11 and"
                f" {', '.join(READS_WITH)}. Add them to the environment's packages, or read the"
                " run from outside."
            )
        workspace = workspace_of_job()
        name = self._name or find_run(workspace._service, self._run_id).experiment
        return experiment_of(workspace, name)


class ScriptHome(RunHome):
    """The home of the run of a script that nobody submitted; asking for it makes nothing on the disk.

    Args:
        experiment_name: The experiment's name.
    """

    def __init__(self, experiment_name: str) -> None:
        super().__init__()
        self._name = experiment_name

    def _find(self) -> Any:
        return unmade_experiment(self._name)


def find_run(service: Service, run_id: RunId) -> Any:
    """Return a run as it is stored.

    Raises:
        UserErrorException: It is not.
    """
    stored = service.runs.find(run_id)
    if stored is None:
        raise UserErrorException(f"Run {run_id} is not in {service.folder}.")
    return stored
