"""The run that a framework records into: found, or begun, at its first use.

Loggers are built on it. In a job it needs the standard library only.
"""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from typing import Mapping, Optional, Union

from trackboard.errors import NotFound
from trackboard.layout import WorkspacePaths
from trackboard.model import RunId
from trackboard.record import LiveRun, get_recorder, identify
from trackboard.record.capture import capture
from trackboard.record.conversion.settings import plain_settings
from trackboard.record.session import close_run

AnyRun = Union[LiveRun, str, None]


class JoinedRun:
    """Joins a run that somebody else ends, or begins one and ends it.

    Args:
        run: A run, or its id. None: within a job the job's own run, else a new one in the workspace
            found from the current folder.
        experiment: A new run's experiment.
        name: A new run's name.
    """

    def __init__(self, run: AnyRun, experiment: str, name: str) -> None:
        self._given, self._experiment, self._name = run, experiment, name
        self._live: Optional[LiveRun] = None

    @property
    def experiment(self) -> str:
        """The experiment's name, without beginning a run."""
        return self._live.experiment if self._live else self._experiment

    @property
    def live(self) -> LiveRun:
        """The run.

        Raises:
            NotFound: There is no run with the id given.
            UsageError: The experiment's name is not allowed.
        """
        if self._live is None:
            self._live = self._join()
        return self._live

    @property
    def outputs_folder(self) -> Optional[str]:
        """The job's folder of files that are kept; None outside of a job."""
        return os.environ.get("AZUREML_OUTPUT_DIRECTORY")

    def begin_again(self) -> None:
        """Leave a run that was begun here and has ended: the next value begins another."""
        if self._given is None and _has_ended(self._live):
            self._live = None

    def log(self, values: Mapping[str, object], step: Optional[int], prefix: str = "") -> None:
        """Record values by name, at one step."""
        for name, value in values.items():
            self.live.log(prefix + name, value, step)

    def set_parameters(self, settings: object) -> None:
        """Record settings; see `plain_settings`. Of a framework's nobody is warned."""
        self.live.set_parameters(plain_settings(settings)[0])

    def end(self, *, well: bool, cause: str = "") -> None:
        """End the run if it began here and has not ended.

        Args:
            well: It is completed; else the exception that is being handled says how it ends.
            cause: Why it failed if there is no exception.
        """
        if self._live is None or self._given is not None or _has_ended(self._live):
            return
        error = sys.exc_info()[1]
        if well:
            self._live.complete()
        elif error is not None:
            close_run(self._live, error)
        else:
            self._live.fail(cause)

    def _join(self) -> LiveRun:
        if isinstance(self._given, LiveRun):
            return self._given
        job = os.environ.get("TRACKBOARD_RUN_ID")
        if job and self._given in (None, job):
            recorder = get_recorder(WorkspacePaths.of_job().spool)
            of = os.environ.get("TRACKBOARD_EXPERIMENT", "")
            return recorder.attach(RunId(job), experiment=of, owner=False, rank=identify().rank)
        from trackboard.api.workspace import Workspace  # loads the database

        workspace = Workspace.open()
        if self._given is None:
            live = workspace.recorder().create_run(self._experiment, name=self._name)
            capture(live)
            return live
        stored = workspace.find_run(self._given)
        if stored is None:
            raise NotFound(
                f"there is no run {self._given!r} in {workspace.folder}",
                hint="Pass the id or the name of a run that has begun, a live run, or nothing for a new one.",
            )
        return workspace.recorder().attach(stored.id, experiment=stored.experiment, owner=False)


def package_in_use(*names: str) -> str:
    """Of packages with the same content, the one imported already, else the first one installed."""
    loaded = [name for name in names if name in sys.modules]
    installed = [name for name in names if find_spec(name.partition(".")[0]) is not None]
    return [*loaded, *installed, *names][0]


def _has_ended(live: Optional[LiveRun]) -> bool:
    return live is not None and live.state is not None and live.state.is_terminal
