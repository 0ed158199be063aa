"""The names that runs have, and which are metrics and which parameters: one of them needs no look at both."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from trackboard.ports import AllOf, AnyOf, Condition, Field, Not, Source
from trackboard.stores.rules.short_text import WHOLE, Text, short
from trackboard.stores.schema.tables import parameter, property_, series, tag

_NAME: sa.BindParameter[str] = sa.bindparam("name")
_METRIC = sa.select(sa.exists().where(short(series.c.name) == _NAME, series.c.is_text.is_(False)))
_PARAMETER = sa.select(sa.exists().where(short(parameter.c.name) == _NAME))


_COLUMNS = {
    Source.METRIC: series.c.name,
    Source.PARAMETER: parameter.c.name,
    Source.TAG: tag.c.key,
    Source.PROPERTY: property_.c.key,
}


def _each_once(column: sa.Column[Any]) -> sa.Select[Any]:
    """Each name once: an index is asked for the next one, not read: there may be millions of rows."""
    name = short(column)
    names = sa.select(sa.func.min(name).label("name")).cte("names", recursive=True)
    following = sa.select(sa.func.min(name)).where(name > names.c.name).scalar_subquery()
    names = names.union_all(sa.select(following).where(names.c.name.is_not(None)))
    return sa.select(names.c.name).where(names.c.name.is_not(None))


_EACH_ONCE = {source: _each_once(column) for source, column in _COLUMNS.items()}


def list_names(connection: sa.Connection, source: Source) -> tuple[str, ...]:
    """See `trackboard.ports.RunStore.list_names`."""
    column = _COLUMNS[source]
    found = [*connection.execute(_EACH_ONCE[source]).scalars()]
    for number, name in enumerate(found):
        if len(name) > WHOLE:  # where an index has short forms, its begin only
            named = sa.select(column).where(short(column) == sa.literal(name, Text)).limit(1)
            found[number] = connection.execute(named).scalar_one_or_none() or name
    return tuple(sorted(found))


class NamesInUse:
    """The names of a history, looked up when they are asked for.

    Args:
        connection: To a database within a transaction.
    """

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._known: dict[str, Source] = {}

    def resolve(self, field: Field) -> Field:
        """The same field, narrowed to metrics or to parameters where the other are never called so."""
        if field.source is not Source.METRIC_OR_PARAMETER:
            return field
        if field.name not in self._known:
            self._known[field.name] = self._look_up(field.name)
        return replace(field, source=self._known[field.name])

    def resolve_all(self, condition: Condition) -> Condition:
        """The same condition with each of its fields narrowed."""
        if isinstance(condition, Not):
            return Not(self.resolve_all(condition.condition))
        if isinstance(condition, AllOf):
            return AllOf(tuple(map(self.resolve_all, condition.conditions)))
        if isinstance(condition, AnyOf):
            return AnyOf(tuple(map(self.resolve_all, condition.conditions)))
        return replace(condition, field=self.resolve(condition.field))

    def _look_up(self, name: str) -> Source:
        if not self._connection.execute(_PARAMETER, {"name": name}).scalar_one():
            return Source.METRIC
        is_metric = self._connection.execute(_METRIC, {"name": name}).scalar_one()
        return Source.METRIC_OR_PARAMETER if is_metric else Source.PARAMETER
