"""What the conditions of a query mean, on values in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from trackboard.ports import RunQuery
from trackboard.stores.rules.condition_match import RunValues, holds
from trackboard.stores.rules.equal_text import equal_text

Text = TypeVar("Text", str, "str | None")


def matches(query: RunQuery, values: RunValues) -> bool:
    """Whether a run matches."""
    run, parameters = values.run, values.parameters
    return (
        (query.experiment is None or run.experiment == query.experiment)
        and (query.parent is None or run.parent == query.parent)
        and not (query.top_level and run.parent is not None)
        and (query.archived or query.deleted or run.archived_s is None)
        and query.deleted == (run.deleted_s is not None)
        and query.deleted_s in (None, run.deleted_s)
        and (query.kind is None or run.kind is query.kind)
        and (query.states is None or run.state in query.states)
        and _among(query.tags, values.tags)
        and _among(query.properties, values.properties)
        and all(
            name in parameters and equal_text(parameters[name]) == equal_text(value)
            for name, value in query.parameters.items()
        )
        and (query.where is None or holds(query.where, values))
    )


def _among(wanted: Mapping[str, str | None], found: Mapping[str, Text]) -> bool:
    return all(
        key in found and (value is None or found[key] == value) for key, value in wanted.items()
    )
