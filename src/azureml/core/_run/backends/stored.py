"""The backend of a run that another process runs, or ran."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

from azureml._notice import warn
from azureml.core._run.backends.catalogue import RunCatalogue
from azureml.core._run.backends.home import RunHome
from azureml.core._run.backends.live import LiveBackend
from azureml.core._run.backends.recording import RecordingBackend
from azureml.core._states import TERMINAL_STATUSES
from azureml.exceptions._tree import UserErrorException

if TYPE_CHECKING:
    from azureml.core._run.backends.port import RunBackend
    from trackboard.record import LiveRun
    from trackboard.service import Service


class StoredBackend(RecordingBackend):
    """Says what describes the run in the catalogue. Its own process alone says how it ends.

    Args:
        live: The run, attached to: metrics and files are recorded beside those of its own process.
        home: Where the run is kept.
    """

    is_open = False

    def __init__(self, live: LiveRun, home: RunHome) -> None:
        super().__init__(live, home)
        catalogue = RunCatalogue(home, live.id)
        self.set_tags = catalogue.set_tags
        self.remove_tags = catalogue.remove_tags
        self.add_properties = catalogue.add_properties
        self.set_name = catalogue.set_name
        self.set_description = catalogue.set_description
        self.take_snapshot = catalogue.take_snapshot

    def catalogue(self, call: str) -> Service:
        """Return what answers for the workspace, with all that was said stored."""
        return self.home.now()

    def child(self, name: str, run_id: Optional[str]) -> RunBackend:
        """Begin a run below this one; this process runs it."""
        return LiveBackend(self.live.child(name, run_id=run_id), self.home)

    def complete(self) -> None:
        """Sync what was recorded, and warn of a run that goes on."""
        self.live.complete()
        if self.history.read().status not in TERMINAL_STATUSES:
            warn(
                f"complete(): run {self.id} goes on in the process that runs it; cancel() ends it."
            )

    def fail(self, cause: str, code: Optional[str]) -> None:
        """Refuse to.

        Raises:
            UserErrorException: Always.
        """
        status = self.history.read().status
        raise UserErrorException(
            f"fail(): run {self.id} is {status}, and the process that runs it alone says how it ends."
            " run.cancel() ends it; run.tag('why', '...') keeps your words."
        )

    def cancel(self) -> None:
        """Ask the process that runs it to end it."""
        self.home.service.jobs.cancel(self.id)


if TYPE_CHECKING:

    def _fits(backend: StoredBackend) -> RunBackend:
        return backend
