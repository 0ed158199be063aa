"""The backend of a run that this process records: its own, or the job's around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Mapping, Optional, Sequence

from azureml.core._run.backends.catalogue import RunCatalogue
from azureml.core._run.backends.home import RunHome
from azureml.core._run.backends.recording import RecordingBackend

if TYPE_CHECKING:
    from azureml.core._run.backends.port import RunBackend
    from trackboard.record import LiveRun
    from trackboard.service import Service


class LiveBackend(RecordingBackend):
    """Says what describes the run in the stream, as its metrics; in forks of its process, in the catalogue.

    Args:
        live: What this process records with.
        home: Where the run is kept.
        is_job: It is the run of the job around this process.
    """

    def __init__(self, live: LiveRun, home: RunHome, *, is_job: bool = False) -> None:
        super().__init__(live, home)
        self._catalogue = RunCatalogue(home, live.id)
        self._is_job = is_job

    @property
    def is_open(self) -> bool:
        """Whether this process began the run, and has not ended it."""
        return self.live.is_owner and not (self.state and self.state.is_terminal)

    def set_tags(self, tags: Mapping[str, Optional[str]]) -> None:
        """Add or replace tags."""
        if not self._speaks:
            self._catalogue.set_tags(tags)
            return
        for key, text in tags.items():
            self.live.set_tag(key, text)

    def remove_tags(self, keys: Sequence[str]) -> None:
        """Take tags away."""
        if not self._speaks:
            self._catalogue.remove_tags(keys)
            return
        for key in keys:
            self.live.remove_tag(key)

    def add_properties(self, properties: Mapping[str, str]) -> None:
        """Add properties; where this process cannot read which there are, the first value counts."""
        if self.home.can_read:
            self._catalogue.add_properties(properties)
            return
        for key, text in properties.items():
            self.live.add_property(key, text)

    def set_name(self, name: str) -> None:
        """Rename the run."""
        self._catalogue.set_name(name)

    def set_description(self, description: str) -> None:
        """Describe the run in words."""
        self._catalogue.set_description(description)

    def catalogue(self, call: str) -> Service:
        """Return what answers for the workspace, with all that was said stored."""
        return self.home.now()

    def take_snapshot(self, folder: str) -> Optional[str]:
        """Keep a folder as the run's code."""
        return self._catalogue.take_snapshot(folder)

    def child(self, name: str, run_id: Optional[str]) -> RunBackend:
        """Begin a run below this one."""
        return LiveBackend(self.live.child(name, run_id=run_id), self.home)

    def complete(self) -> None:
        """End the run well; in a job's script: sync what was recorded."""
        self.live.complete()

    def fail(self, cause: str, code: Optional[str]) -> None:
        """End the run as failed; in a job's script: keep the reason."""
        if code is not None:
            from azureml.core._run.reading.summary import ERROR_CODE

            self.live.add_property(ERROR_CODE, code)
        self.live.fail(cause)

    def cancel(self) -> None:
        """End the run as canceled; a job's is asked to."""
        if self.live.is_owner:
            self.live.cancel()
        else:
            self.home.service.jobs.cancel(self.id)

    @property
    def _speaks(self) -> bool:
        """Whether what this process says in the stream counts: a fork's is in no order with its parent's."""
        return self._is_job or self.live.is_owner


if TYPE_CHECKING:

    def _fits(backend: LiveBackend) -> RunBackend:
        return backend
