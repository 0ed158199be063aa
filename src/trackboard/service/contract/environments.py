"""What a service answers about registered environments."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from trackboard.ports import EnvironmentVersion


class Environments(Protocol):
    """The registered environments of a workspace, by name and version."""

    def add(
        self, name: str, definition: Mapping[str, object], *, version: str = ""
    ) -> EnvironmentVersion:
        """Register an environment; the same definition again is the newest version.

        Args:
            name: The environment's name.
            definition: JSON.
            version: Instead of the next number; one that exists gets this definition.
        """
        ...

    def list(self, name: str | None = None) -> tuple[EnvironmentVersion, ...]:
        """List the environments by name, the version registered last first."""
        ...

    def get_wheels_folder(self) -> Path:
        """Return the folder where private wheels are kept for jobs."""
        ...
