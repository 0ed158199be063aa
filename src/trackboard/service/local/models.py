"""Registered models of a workspace on this machine."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from trackboard.ports import Model
from trackboard.service.local.door import Door

if TYPE_CHECKING:
    from trackboard.service.contract.models import Models


class LocalModels:
    """`Models` of a workspace; see there for what each method promises."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def add(self, model: Model) -> Model:
        """Register the next version of a model."""
        return self._door.catalogue().add_model(model)

    def list(self, name: str | None = None) -> tuple[Model, ...]:
        """List the models by name, the newest version of each first."""
        return self._door.catalogue().list_models(name)

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
        """Change what is said about a version."""
        return self._door.catalogue().change_model(
            name,
            version,
            description=description,
            tags=tags,
            removed_tags=removed_tags,
            properties=properties,
        )

    def delete(self, name: str, version: int) -> None:
        """Forget a version."""
        self._door.catalogue().delete_model(name, version)


if TYPE_CHECKING:

    def _fits(part: LocalModels) -> Models:
        return part
