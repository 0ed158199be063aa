"""The catalogue's part of a store: experiments, registered models and environments, compute targets."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from trackboard.model import Compute, RunId


@dataclass(frozen=True)
class Experiment:
    """An experiment, as people describe it; its runs are listed by its name."""

    name: str
    tags: Mapping[str, str | None]
    archived_s: float | None  # when it was put away, or None
    deleted_s: float | None = None  # since when it is in the trash, or None


@dataclass(frozen=True)
class EnvironmentVersion:
    """One version of a registered environment; what its definition says is the client's business."""

    name: str
    version: str
    definition: Mapping[str, object]  # JSON
    created_s: float


@dataclass(frozen=True)
class SavedView:
    """The address of a page under a name.

    Attributes:
        name: What people call it.
        address: What stands behind the page's question mark.
        saved_s: When it was saved, in seconds since the Unix epoch.
    """

    name: str
    address: str
    saved_s: float


@dataclass(frozen=True)
class Model:
    """One version of a registered model; its files are in the blobs, by posix path."""

    name: str
    version: int  # counts up within the name, from 1
    run: RunId | None
    files: Mapping[str, str]  # path -> key
    tags: Mapping[str, str]
    properties: Mapping[str, str]
    description: str
    framework: str
    framework_version: str
    created_s: float


class CatalogueStore(Protocol):
    """What people made and registered, apart from runs. Each write is a transaction of its own."""

    def add_experiment(self, name: str) -> None:
        """Make sure that an experiment exists, and is not in the trash. May be repeated."""
        ...

    def list_experiments(self) -> tuple[str, ...]:
        """Names of all experiments that are not in the trash, oldest first.

        `unknown` is listed only when somebody added it.
        """
        ...

    def read_experiments(self, *, deleted: bool = False) -> tuple[Experiment, ...]:
        """Experiments with what was said about them, oldest first; with `deleted` those in the trash."""
        ...

    def set_experiment_tags(self, name: str, tags: Mapping[str, str | None]) -> None:
        """Add or replace tags. Raises NotFound for an unknown experiment, as the next two do."""
        ...

    def remove_experiment_tags(self, name: str, keys: Collection[str]) -> None:
        """Take tags away; those that are not there are passed over."""
        ...

    def set_archived(self, name: str, archived_s: float | None) -> None:
        """Put an experiment away since then, or (None) take it back. Its runs stay as they are."""
        ...

    def add_model(self, model: Model) -> Model:
        """Register the next version of a model; `model.version` is ignored.

        Returns:
            The model with the version it was given.
        """
        ...

    def list_models(self, name: str | None = None) -> tuple[Model, ...]:
        """Registered models by name, the newest version of each first."""
        ...

    def change_model(
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
            version: Which one.
            description: None: as it was.
            tags: To add or replace.
            removed_tags: Taken away before `tags` are added; None: all.
            properties: To add; the same value again is fine.

        Raises:
            Conflict: A property exists with another value; nothing was changed.
            NotFound: There is no such version.
        """
        ...

    def delete_model(self, name: str, version: int) -> None:
        """Forget a version; its number is never given again. Raises NotFound for an unknown one."""
        ...

    def add_environment(
        self, name: str, definition: Mapping[str, object], *, version: str = ""
    ) -> EnvironmentVersion:
        """Register an environment; the same definition again is the newest version.

        Args:
            name: Its name.
            definition: JSON.
            version: Instead of the next number; one that exists gets this definition.
        """
        ...

    def list_environments(self, name: str | None = None) -> tuple[EnvironmentVersion, ...]:
        """Registered environments by name, the version registered last first."""
        ...

    def add_view(self, view: SavedView) -> None:
        """Save a view. Raises Conflict where its name is taken."""
        ...

    def list_views(self) -> tuple[SavedView, ...]:
        """Saved views by name."""
        ...

    def rename_view(self, name: str, new_name: str) -> None:
        """Give a saved view another name.

        Raises:
            Conflict: Another view has it.
            NotFound: There is no such view.
        """
        ...

    def remove_view(self, name: str) -> None:
        """Forget a saved view. Raises NotFound for an unknown one."""
        ...

    def add_compute(self, compute: Compute) -> None:
        """Create a compute target. May be repeated with the same settings, whenever they were made.

        Raises:
            Conflict: The name exists with other settings.
        """
        ...

    def set_compute(self, compute: Compute) -> None:
        """Create or replace a compute target; a replaced one keeps its place in the list."""
        ...

    def find_compute(self, name: str) -> Compute | None:
        """The compute target of that name, or None."""
        ...

    def list_computes(self) -> tuple[Compute, ...]:
        """All compute targets, oldest first."""
        ...

    def delete_compute(self, name: str) -> None:
        """Forget a compute target.

        Raises:
            Conflict: Jobs are queued for it.
            NotFound: There is none of that name.
        """
        ...
