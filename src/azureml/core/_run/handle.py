"""What every part of `Run` stands on: the live run, and the workspace that it is stored in."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional, Set

from azureml.core._links import experiment_of, run_that_records, workspace_of_job
from azureml.exceptions._tree import UserErrorException, sdk_errors
from trackboard.model import RunId

if TYPE_CHECKING:
    from azureml.core._run.recording.outputs import OutputFolder
    from azureml.core.experiment import Experiment
    from azureml.core.run import Run
    from azureml.core.workspace import Workspace
    from trackboard.model import Run as StoredRun
    from trackboard.record import LiveRun


# What reading a history needs beside us; a job's own environment need not have it.
_READS_WITH = ("numpy", "sqlalchemy", "zstandard")


class RunHandle:
    """A run as its other parts see it; not made by itself."""

    _live_run: Optional[LiveRun] = None
    _experiment: Optional[Experiment] = None
    _outputs: Optional[OutputFolder] = None  # what is kept when the run ends

    def _init(self, live: LiveRun, experiment: Optional[Experiment]) -> None:
        self._live_run = live
        self._experiment = experiment
        self._given: Set[str] = set()  # paths of the files that were given through this object
        self._log = live.log  # looked up once: `log` is called in training loops

    @property
    def _live(self) -> LiveRun:
        assert self._live_run is not None
        return self._live_run

    @property
    def _is_recorded(self) -> bool:
        """Whether there is anything to read back."""
        return True

    @property
    def _is_silent(self) -> bool:
        """Whether nothing is recorded at all."""
        return False

    @property
    def _speaks(self) -> bool:
        """Whether this process may say what describes the run; others write to the catalogue."""
        return self._live.is_owner

    @property
    def _is_anothers(self) -> bool:
        """Whether another process runs it, and says how it ends."""
        return not self._speaks and self._live.began_elsewhere

    @property
    def _can_read(self) -> bool:
        """Whether this process can read the history: a job's environment may only be able to record."""
        if self._experiment is not None:
            return True
        return sys.version_info >= (3, 11) and all(map(find_spec, _READS_WITH))

    @property
    def id(self) -> str:
        """The run's id."""
        return self._live.id

    @property
    def experiment(self) -> Experiment:
        """The experiment it belongs to."""
        if self._experiment is None:
            if not self._can_read:
                raise UserErrorException(
                    "This job can record to its run, but not read it back: that needs Python 3.11 and"
                    f" {', '.join(_READS_WITH)}. Add them to the environment's packages, or read the"
                    " run from outside."
                )
            workspace = workspace_of_job()
            name = self._live.experiment or self._stored_in(workspace).experiment
            self._experiment = experiment_of(workspace, name)
        return self._experiment

    def _adopt(self, live: LiveRun) -> Run:
        """The run of a live run that this one began."""
        run: Run = run_that_records(live, self._experiment)
        return run

    def _folder(self) -> Path:
        return Path(self.experiment.workspace._workspace.run_folder(RunId(self.id)))

    def _drained(self) -> Any:
        """The workspace, once everything said up to now is stored."""
        workspace = self.experiment.workspace._workspace
        with sdk_errors():
            workspace.drain()
        return workspace

    def _catalogue(self) -> Any:
        """The same, for what others change about the run: it must exist by then."""
        assert self._live is not None  # a run that is not there yet begins with this
        return self._drained()

    def _stored(self) -> StoredRun:
        return self._stored_in(self.experiment.workspace)

    def _stored_in(self, workspace: Workspace) -> StoredRun:
        with sdk_errors():
            stored = workspace._workspace.find_by_id(RunId(self.id))
        if stored is None:
            raise UserErrorException(f"Run {self.id} is not in {workspace._workspace.folder}.")
        return stored
