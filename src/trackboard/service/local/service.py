"""The service of a workspace on this machine."""

from __future__ import annotations

import contextlib
import logging
import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from trackboard.config import Location, holds_workspace, make_workspace
from trackboard.ports import Damaged, Store
from trackboard.service.answers import WorkspaceFacts
from trackboard.service.local.door import Door
from trackboard.service.local.experiments import LocalExperiments
from trackboard.service.local.metrics import LocalMetrics
from trackboard.service.local.run_names import RunNames
from trackboard.service.local.runs import LocalRuns
from trackboard.service.principal import Principal
from trackboard.workspace import Workspace

if TYPE_CHECKING:
    from trackboard.record import Recorder
    from trackboard.service.contract.service import Service
    from trackboard.service.local.compute import LocalComputeTargets
    from trackboard.service.local.environments import LocalEnvironments
    from trackboard.service.local.files import LocalFiles
    from trackboard.service.local.jobs import LocalJobs
    from trackboard.service.local.models import LocalModels
    from trackboard.service.local.moving.transfer import LocalTransfer
    from trackboard.service.local.snapshots import LocalSnapshots
    from trackboard.service.local.upkeep.trash import LocalTrash
    from trackboard.service.local.views import LocalViews

_log = logging.getLogger(__name__)


def open_service(
    location: str | os.PathLike[str] | Location | None = None, *, create: bool = True
) -> LocalService:
    """Open the service of a workspace, which is made when it does not exist.

    Args:
        location: A folder, or None to search from the current folder (see `config.location`).
        create: Make the workspace; False: only one that is there is opened.

    Raises:
        UsageError: The location or its settings are wrong.
        NotFound: There is no workspace, and none shall be made.
        Conflict: A newer trackboard wrote it.
        Unavailable: The folder cannot be read or written.
    """
    return LocalService(Workspace.open(location, create=create))


@contextlib.contextmanager
def open_unmade(location: Location) -> Iterator[LocalService]:
    """Open the service of a workspace without making it.

    Where there is no workspace an empty one in a temporary folder answers, which is removed afterwards.

    Args:
        location: Where the workspace is, or would be.
    """
    with contextlib.ExitStack() as stack:
        folder = location.folder
        if not holds_workspace(folder):
            temporary = tempfile.TemporaryDirectory(prefix="trackboard-dry-run-")
            folder = Path(stack.enter_context(temporary), location.name)
            make_workspace(folder)
        service = LocalService(Workspace(replace(location, folder=folder)))
        stack.callback(service.close)
        yield service


class LocalService:
    """`Service` of a workspace on this machine; see there for what each part promises.

    Args:
        workspace: The workspace.
        principal: Who asks; None: the user of this process.
        store: Holds already what shall be seen; None: what was said is stored before each answer.
        names: Names runs; None: names of its own.
    """

    def __init__(
        self,
        workspace: Workspace,
        principal: Principal | None = None,
        *,
        store: Store | None = None,
        names: RunNames | None = None,
    ) -> None:
        self._workspace = workspace
        self._principal = principal
        self._door = Door(workspace, store, names)
        self._damage: Damaged | None = None
        self.name = workspace.name
        self.folder = workspace.folder

    @cached_property
    def principal(self) -> Principal:
        """Who asks."""
        return self._principal or Principal.of_process()

    @cached_property
    def experiments(self) -> LocalExperiments:
        """Experiments."""
        return LocalExperiments(self._door)

    @cached_property
    def runs(self) -> LocalRuns:
        """Runs."""
        return LocalRuns(self._door)

    @cached_property
    def metrics(self) -> LocalMetrics:
        """What was logged."""
        return LocalMetrics(self._door)

    # -- what few readers need is loaded when it is asked ------------------------------------------

    @cached_property
    def files(self) -> LocalFiles:
        """Files of runs."""
        from trackboard.service.local.files import LocalFiles

        return LocalFiles(self._door)

    @cached_property
    def snapshots(self) -> LocalSnapshots:
        """Copies of source folders."""
        from trackboard.service.local.snapshots import LocalSnapshots

        return LocalSnapshots(self._door)

    @cached_property
    def trash(self) -> LocalTrash:
        """What was deleted."""
        from trackboard.service.local.upkeep.trash import LocalTrash

        return LocalTrash(self._door)

    @cached_property
    def views(self) -> LocalViews:
        """Saved views."""
        from trackboard.service.local.views import LocalViews

        return LocalViews(self._door)

    @cached_property
    def jobs(self) -> LocalJobs:
        """Jobs and their queue."""
        from trackboard.service.local.jobs import LocalJobs

        return LocalJobs(self._door)

    @cached_property
    def compute(self) -> LocalComputeTargets:
        """Compute targets."""
        from trackboard.service.local.compute import LocalComputeTargets

        return LocalComputeTargets(self._door)

    @cached_property
    def models(self) -> LocalModels:
        """Registered models."""
        from trackboard.service.local.models import LocalModels

        return LocalModels(self._door)

    @cached_property
    def environments(self) -> LocalEnvironments:
        """Registered environments."""
        from trackboard.service.local.environments import LocalEnvironments

        return LocalEnvironments(self._door)

    @cached_property
    def transfer(self) -> LocalTransfer:
        """Ways into the workspace and out of it."""
        from trackboard.service.local.moving.transfer import LocalTransfer

        return LocalTransfer(self._door, self)

    # -- the workspace as a whole ------------------------------------------------------------------

    def stored(self) -> LocalService:
        """Return a service that answers from what is stored, and stores nothing more."""
        return self._with(self._workspace.store)

    def now(self) -> LocalService:
        """Store what was said up to now, and return what `stored` returns."""
        return self._with(self._door.drained())

    def _with(self, store: Store) -> LocalService:
        names = self._door.names
        return LocalService(self._workspace, self._principal, store=store, names=names)

    def read_on(self, budget_s: float = 0.2) -> tuple[LocalService, int]:
        """Store what was said, for about so long, and return what `stored` returns, and what is left."""
        try:
            unread_bytes = self._workspace.parts.read_on(budget_s)
        except Damaged as error:  # what is recorded waits in the spools
            if self._damage is None:
                _log.warning("trackboard cannot store what is recorded: %s", error)
            self._damage = error
            return self.stored(), 0
        self._damage = None
        return self.stored(), unread_bytes

    def find_damage(self) -> Damaged | None:
        """Return why `read_on` stored nothing."""
        return self._damage

    def version(self) -> int:
        """Return a number that is another one after everything that was stored or changed."""
        return self._workspace.store.version()

    def describe(self) -> WorkspaceFacts:
        """Return what is known of the workspace."""
        return WorkspaceFacts(
            id=self._workspace.settings.id,
            name=self.name,
            folder=self.folder,
            created_s=self._workspace.paths.settings.stat().st_mtime,
        )

    def recorder(self) -> Recorder:
        """Return what this process records with."""
        return self._workspace.recorder()

    def close(self) -> None:
        """Let go of the workspace."""
        self._workspace.close()

    def __repr__(self) -> str:
        return f"LocalService({str(self.folder)!r})"


if TYPE_CHECKING:

    def _fits(service: LocalService) -> Service:
        return service
