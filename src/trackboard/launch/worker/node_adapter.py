"""A plan on a node of a cluster: its paths and variables, as that machine has them."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from trackboard.model import ANY_PYTHON, JobPlan


@dataclass(frozen=True)
class NodeAdapter:
    """Adapts plans to a node of a cluster.

    Attributes:
        folder: The workspace's folder here; it may have another path than where the plan was made.
        variables: The environment variables of this node, which the job's own are laid upon.
    """

    folder: Path
    variables: Mapping[str, str]

    def adapt(self, plan: JobPlan) -> JobPlan:
        """Return the plan as it is on this node."""
        environment = plan.environment
        if environment.interpreter == ANY_PYTHON:
            environment = replace(environment, interpreter=sys.executable)
        ours = {
            name: _moved(value, plan.workspace, self.folder)
            for name, value in plan.variables.items()
        }
        return replace(
            plan,
            workspace=str(self.folder),
            environment=environment,
            variables={**self.variables, **ours},
        )


def _moved(value: str, old: str, new: Path) -> str:
    """A path below the workspace's folder, where that is now; anything else as it is."""
    path = PurePosixPath(value)
    if value.startswith("/") and path.is_relative_to(old):
        return os.fspath(new / path.relative_to(old))
    return value
