"""Registered environments of a workspace on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from trackboard.ports import EnvironmentVersion
from trackboard.service.local.door import Door

if TYPE_CHECKING:
    from trackboard.service.contract.environments import Environments


class LocalEnvironments:
    """`Environments` of a workspace; see there for what each method promises."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def add(
        self, name: str, definition: Mapping[str, object], *, version: str = ""
    ) -> EnvironmentVersion:
        """Register an environment."""
        return self._door.catalogue().add_environment(name, definition, version=version)

    def list(self, name: str | None = None) -> tuple[EnvironmentVersion, ...]:
        """List the environments by name, the version registered last first."""
        return self._door.catalogue().list_environments(name)

    def get_wheels_folder(self) -> Path:
        """Return the folder where private wheels are kept for jobs."""
        return self._door.workspace.paths.wheels


if TYPE_CHECKING:

    def _fits(part: LocalEnvironments) -> Environments:
        return part
