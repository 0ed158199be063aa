"""The jobs of a workspace: what submitting, queueing and canceling need of it, put together.

Apart from `Workspace`, so that reading a history loads nothing of all this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackboard.launch.context.launch_context import LaunchContext
from trackboard.launch.queue.queue import advance_queue, cancel
from trackboard.launch.submit import submit
from trackboard.targets import Targets

if TYPE_CHECKING:
    from trackboard.launch.request import Request
    from trackboard.model import RunId
    from trackboard.workspace.workspace import Workspace


class WorkspaceJobs:
    """Submits and ends the jobs of one workspace.

    Args:
        workspace: The workspace.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    @property
    def launch_context(self) -> LaunchContext:
        """The workspace as submitting and queueing see it."""
        workspace = self._workspace
        config = workspace.location.sdk_config
        targets = Targets(
            workspace.folder, workspace.settings.compute, workspace.store.find_compute
        )
        return LaunchContext(
            paths=workspace.paths,
            blobs=workspace.blobs,
            recorder=workspace.recorder(),
            name=workspace.name,
            store=workspace.store,
            drain=workspace.drain,
            target_for=targets.open,
            engine_of=targets.open_engine,
            engines=targets.engines,
            subscription_id=config.subscription_id if config else "",
            resource_group=config.resource_group if config else "",
        )

    def submit(self, request: Request) -> RunId:
        """Queue a job, and start it if there is room; see `launch.submit`."""
        self._workspace.parts.prepare_to_write()
        return submit(self.launch_context, request)

    def cancel(self, run: RunId) -> None:
        """Ask a job to end; see `launch.queue`."""
        self._workspace.parts.prepare_to_write()
        cancel(self.launch_context, run)

    def advance_queue(self) -> None:
        """Start queued jobs that have room; every status call does it, as there is no daemon."""
        if not self._workspace.obstacle:
            advance_queue(self.launch_context)
