"""The worker on a node of somebody's cluster: a shared folder is all that it has of the workspace."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from trackboard.errors import InternalError
from trackboard.launch.context.launch_context import Site
from trackboard.launch.context.worker_context import Place
from trackboard.launch.worker.worker import Worker
from trackboard.layout.cancel_flag import is_cancel_requested
from trackboard.model import ANY_PYTHON, JobPlan, RunId, Share


class NodeWorker(Worker):
    """Carries out the plan of one run where the store is not at hand.

    Args:
        place: The folder as this node sees it.
        run: The run.
        variables: Those of this node, which the job's own are laid upon.
        shares: What each node of the job may use.
        adopts_orphans: See `Worker`.
    """

    def __init__(
        self,
        place: Place,
        run: RunId,
        variables: Mapping[str, str],
        shares: Sequence[Share] = (),
        *,
        adopts_orphans: bool = False,
    ) -> None:
        super().__init__(place, run, _no_site, shares, adopts_orphans=adopts_orphans)
        self._variables = variables

    def _load(self) -> JobPlan:
        return adapt(super()._load(), self._place.paths.folder, self._variables)

    def _is_canceled(self) -> bool:
        return is_cancel_requested(self._job)


def adapt(plan: JobPlan, folder: Path, variables: Mapping[str, str]) -> JobPlan:
    """A plan as it is on this node.

    Args:
        plan: As it was made.
        folder: The workspace's folder here; it may have another path than where the plan was made.
        variables: Those of this node.
    """
    environment = plan.environment
    if environment.interpreter == ANY_PYTHON:
        environment = replace(environment, interpreter=sys.executable)
    ours = {name: _moved(value, plan.workspace, folder) for name, value in plan.variables.items()}
    return replace(
        plan,
        workspace=str(folder),
        environment=environment,
        variables={**variables, **ours},
    )


def _moved(value: str, old: str, new: Path) -> str:
    """A path below the workspace's folder, where that is now; anything else as it is."""
    path = PurePosixPath(value)
    if value.startswith("/") and path.is_relative_to(old):
        return os.fspath(new / path.relative_to(old))
    return value


def _no_site() -> Site:
    raise InternalError("a worker on a node of a cluster has no store")
