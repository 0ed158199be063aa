"""What a service answers about registered models."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

from trackboard.ports import Model


class Models(Protocol):
    """The registered models of a workspace; `Files.open_content` opens their files."""

    def add(self, model: Model) -> Model:
        """Register the next version of a model; `model.version` is ignored.

        Returns:
            The model with the version it was given.
        """
        ...

    def list(self, name: str | None = None) -> tuple[Model, ...]:
        """List the models by name, the newest version of each first."""
        ...

    def change(
        self,
        name: str,
        version: int,
        *,
        description: str | None = None,
        tags: Mapping[str, str] | None = None,
        removed_tags: Collection[str] | None = (),
        properties: Mapping[str, str] | None = None,
    ) -> Model:
        """Change what is said about a version; its files stay.

        Args:
            name: The model's name.
            version: Which version.
            description: None: as it was.
            tags: To add or replace.
            removed_tags: Taken away before `tags` are added; None: all.
            properties: To add; the same value again is fine.

        Raises:
            Conflict: A property exists with another value; nothing was changed.
            NotFound: There is no such version.
        """
        ...

    def delete(self, name: str, version: int) -> None:
        """Forget a version; its number is never given again.

        Raises:
            NotFound: There is no such version.
        """
        ...
