"""The contract of a service as a whole."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from trackboard.errors import TrackboardError
from trackboard.service.answers import WorkspaceFacts
from trackboard.service.contract.compute import ComputeTargets
from trackboard.service.contract.environments import Environments
from trackboard.service.contract.experiments import Experiments
from trackboard.service.contract.files import Files
from trackboard.service.contract.jobs import Jobs
from trackboard.service.contract.metrics import Metrics
from trackboard.service.contract.models import Models
from trackboard.service.contract.runs import Runs
from trackboard.service.contract.snapshots import Snapshots
from trackboard.service.contract.transfer import Transfer
from trackboard.service.contract.trash import Trash
from trackboard.service.contract.views import Views
from trackboard.service.principal import Principal

if TYPE_CHECKING:
    from trackboard.record import Recorder


class Service(Protocol):
    """What anybody may ask of one workspace. Safe from several threads."""

    @property
    def principal(self) -> Principal:
        """Who asks."""
        ...

    @property
    def name(self) -> str:
        """The workspace's name."""
        ...

    @property
    def folder(self) -> Path:
        """Where the workspace is."""
        ...

    @property
    def experiments(self) -> Experiments:
        """Experiments."""
        ...

    @property
    def runs(self) -> Runs:
        """Runs."""
        ...

    @property
    def trash(self) -> Trash:
        """What was deleted."""
        ...

    @property
    def views(self) -> Views:
        """Saved views of the table of runs."""
        ...

    @property
    def metrics(self) -> Metrics:
        """What was logged."""
        ...

    @property
    def files(self) -> Files:
        """Files of runs."""
        ...

    @property
    def snapshots(self) -> Snapshots:
        """Copies of source folders."""
        ...

    @property
    def jobs(self) -> Jobs:
        """Jobs and their queue."""
        ...

    @property
    def compute(self) -> ComputeTargets:
        """Compute targets."""
        ...

    @property
    def models(self) -> Models:
        """Registered models."""
        ...

    @property
    def environments(self) -> Environments:
        """Registered environments."""
        ...

    @property
    def transfer(self) -> Transfer:
        """Ways into the workspace and out of it."""
        ...

    def stored(self) -> Service:
        """Return a service that answers from what is stored, and stores nothing more.

        For who asks on, right after an answer that stored what was said.
        """
        ...

    def now(self) -> Service:
        """Store what was said up to now, and return what `stored` returns.

        For several questions that belong together: only the first of them waits.

        Raises:
            Unavailable: Another process holds the lock and makes no progress for 30 s.
        """
        ...

    def read_on(self, budget_s: float = 0.2) -> tuple[Service, int]:
        """Store what was said, for about so long, for a page that shows what is stored by then.

        Returns:
            What `stored` returns, and how many bytes are left for the next call.
        """
        ...

    def find_damage(self) -> TrackboardError | None:
        """Return why the last `read_on` could store nothing: the database is damaged; None: it did."""
        ...

    def version(self) -> int:
        """Return a number that is another one after everything that was stored or changed; cheap."""
        ...

    def describe(self) -> WorkspaceFacts:
        """Return what is known of the workspace."""
        ...

    def recorder(self) -> Recorder:
        """Return what this process records with."""
        ...

    def close(self) -> None:
        """Let go of the workspace. May be repeated; this process's recorder goes on."""
        ...
