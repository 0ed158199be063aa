"""What people say about experiments, environments and models: rules that are the same for every store."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from trackboard.errors import Conflict, NotFound
from trackboard.ports import EnvironmentVersion, Model


def change_model(
    known: Model,
    *,
    description: str | None,
    tags: Mapping[str, str] | None,
    removed_tags: Collection[str] | None,
    properties: Mapping[str, str] | None,
) -> Model:
    """A version as it is after the change. Raises Conflict when a property would change."""
    for key, value in (properties or {}).items():
        old = known.properties.get(key, value)
        if old != value:
            raise Conflict(
                f"property {key!r} of model {known.name}:{known.version} is {old!r} and cannot"
                f" become {value!r}",
                hint="Properties never change: use a tag, or another key.",
            )
    kept = {
        key: value
        for key, value in known.tags.items()
        if removed_tags is not None and key not in removed_tags
    }
    return replace(
        known,
        description=known.description if description is None else description,
        tags={**kept, **(tags or {})},
        properties={**known.properties, **(properties or {})},
    )


def next_version(known: Iterable[EnvironmentVersion]) -> str:
    """The number after the greatest one; versions that are no numbers do not count."""
    numbers = [int(each.version) for each in known if each.version.isdecimal()]
    return str(max(numbers, default=0) + 1)


def no_compute(name: str) -> NotFound:
    """The error for a compute target that nobody knows."""
    return NotFound(
        f"there is no compute target {name!r} in this workspace",
        hint="Check the name; it may have been deleted.",
    )


def busy_compute(name: str, jobs: int) -> Conflict:
    """The error for a compute target that is still needed."""
    return Conflict(
        f"{jobs} jobs of compute target {name!r} have not ended",
        hint="Wait for them, or cancel them first.",
    )


def no_experiment(name: str, *, deleted: bool = False) -> NotFound:
    """The error for an experiment that nobody knows, or that is not in the trash."""
    return NotFound(
        f"there is no experiment {name!r} in {'the trash of ' if deleted else ''}this workspace",
        hint="Check the name; it may have been deleted.",
    )


def no_model(name: str, version: int) -> NotFound:
    """The error for a version that nobody knows."""
    return NotFound(
        f"there is no model {name}:{version} in this workspace",
        hint="Check the name and the version; it may have been deleted.",
    )


def no_view(name: str) -> NotFound:
    """The error for a saved view that there is not."""
    return NotFound(
        f"there is no saved view {name[:80]!r}",
        hint="The page of experiments lists those there are.",
    )


def taken_view(name: str) -> Conflict:
    """The error for a name that another saved view has."""
    return Conflict(
        f"a view is saved as {name[:80]!r} already",
        hint="Choose another name, or delete or rename that view first.",
    )
