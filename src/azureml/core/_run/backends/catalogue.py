"""What anybody may say of a run, said in the catalogue of its workspace, where it is at once for all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Mapping, Optional, Sequence

from azureml.core._run.backends.home import RunHome
from trackboard.model import SNAPSHOT_ID, RunId

if TYPE_CHECKING:
    from trackboard.service.contract.runs import Runs


class RunCatalogue:
    """The catalogue's side of one run. Every call stores first what was said of the run up to now.

    Args:
        home: Where the run is kept.
        run_id: The run.
    """

    def __init__(self, home: RunHome, run_id: RunId) -> None:
        self._home = home
        self._id = run_id

    def set_tags(self, tags: Mapping[str, Optional[str]]) -> None:
        """Add or replace tags."""
        self._runs.set_tags(self._id, tags)

    def remove_tags(self, keys: Sequence[str]) -> None:
        """Take tags away; those that are not there are passed over."""
        if keys:
            self._runs.remove_tags(self._id, keys)

    def add_properties(self, properties: Mapping[str, str]) -> None:
        """Add properties, all or none."""
        self._runs.add_properties(self._id, properties)

    def set_name(self, name: str) -> None:
        """Rename the run."""
        self._runs.set_name(self._id, name)

    def set_description(self, description: str) -> None:
        """Describe the run in words."""
        self._runs.set_description(self._id, description)

    def take_snapshot(self, folder: str) -> str:
        """Keep a folder as the run's code, and return the snapshot's id."""
        from azureml.core._run.reading.snapshot_files import keep_folder

        with self._home.service.files.kept():
            digest = keep_folder(self._home.service, folder)
            self.add_properties({SNAPSHOT_ID: digest})
        return digest

    @property
    def _runs(self) -> Runs:
        return self._home.service.runs
