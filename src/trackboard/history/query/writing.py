"""Conditions written as people write them: what one finds runs by that have the same of a field."""

from __future__ import annotations

from trackboard.history.query.fields import written
from trackboard.model import Value
from trackboard.ports import Field, Source


def write_equal(field: Field, value: Value | None) -> str:
    """The condition that runs have a value of a field, or none.

    >>> from trackboard.history.query.fields import parse_field
    >>> write_equal(parse_field("params.lr"), 0.1), write_equal(parse_field("tags.team"), None)
    ('params.lr = 0.1', 'tags.team is null')

    Args:
        field: The field; no time, which is never equal.
        value: What they have; None: nothing. An empty text is a tag without a value, too.
    """
    name = written(field)
    if value is None:
        return f"{name} is null"
    if value == "" and field.source is Source.TAG:
        return f"({name} is not null and not {name} ~ '.')"
    if isinstance(value, bool):
        return f"{name} = {str(value).lower()}"
    if isinstance(value, (int, float)):
        return f"{name} = {value!r}"
    text = value.replace('"', '""')
    return f'{name} = "{text}"'


def write_all(conditions: list[str]) -> str:
    """The condition that all of some hold; empty ones are left out."""
    given = [each for each in conditions if each]
    return given[0] if len(given) == 1 else " and ".join(f"({each})" for each in given)
