"""Rows of `experiment`: its name, what people say about it, and the numbers that it gives to its runs."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa

from trackboard.ports import Experiment
from trackboard.stores.rules import catalogue_rules
from trackboard.stores.rules.short_text import short, storable
from trackboard.stores.schema.tables import experiment, to_column

_IS_SHOWN = experiment.c.deleted_s.is_(None)  # not in the trash


def add_experiment(connection: sa.Connection, name: str) -> None:
    """Make sure that an experiment exists."""
    updates = ExperimentNumbers(connection)
    updates.key(name)
    updates.restore(name)


def has_experiment(connection: sa.Connection, name: str) -> bool:
    """Whether there is an experiment of this name."""
    query = sa.select(experiment.c.id).where(experiment.c.name == name, _IS_SHOWN)
    return connection.execute(query).first() is not None


def list_experiments(connection: sa.Connection) -> tuple[str, ...]:
    """Names of all experiments, oldest first."""
    query = sa.select(experiment.c.name).where(_IS_SHOWN).order_by(experiment.c.id)
    return tuple(connection.execute(query).scalars())


def read_experiments(connection: sa.Connection, *, deleted: bool) -> tuple[Experiment, ...]:
    """Experiments with what was said about them, oldest first; with `deleted` those in the trash."""
    query = sa.select(experiment).where(
        experiment.c.deleted_s.is_not(None) if deleted else _IS_SHOWN
    )
    return tuple(
        Experiment(row.name, json.loads(row.tags), row.archived_s, row.deleted_s)
        for row in connection.execute(query.order_by(experiment.c.id))
    )


def set_tags(connection: sa.Connection, name: str, tags: Mapping[str, str | None]) -> None:
    """Add or replace tags."""
    row = get_row(connection, name)
    _change(connection, row, tags=json.dumps(json.loads(row.tags) | dict(tags)))


def remove_tags(connection: sa.Connection, name: str, keys: Collection[str]) -> None:
    """Take tags away; those that are not there are passed over."""
    row = get_row(connection, name)
    left = {key: value for key, value in json.loads(row.tags).items() if key not in keys}
    _change(connection, row, tags=json.dumps(left))


def set_archived(connection: sa.Connection, name: str, archived_s: float | None) -> None:
    """Put an experiment away, or take it back."""
    _change(connection, get_row(connection, name), archived_s=archived_s)


def get_row(connection: sa.Connection, name: str, *, deleted: bool = False) -> sa.Row[Any]:
    """The row of an experiment, of one in the trash with `deleted`. Raises NotFound where there is none."""
    query = sa.select(experiment).where(short(experiment.c.name) == name)
    row = connection.execute(query).one_or_none()
    if row is None or (row.deleted_s is not None) != deleted:
        raise catalogue_rules.no_experiment(name, deleted=deleted)
    return row


def set_deleted(connection: sa.Connection, row: sa.Row[Any], deleted_s: float | None) -> None:
    """Put an experiment into the trash since then, or (None) take it out."""
    _change(connection, row, deleted_s=to_column(deleted_s))


def _change(connection: sa.Connection, row: sa.Row[Any], **values: Any) -> None:
    connection.execute(sa.update(experiment).where(experiment.c.id == row.id).values(values))


class ExperimentNumbers:
    """Experiments by name, with the numbers they have given to their runs."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._keys: dict[str, int] = {}
        self._numbers: dict[str, int] = {}
        self._changed: dict[str, None] = {}
        self._deleted: set[str] = set()

    def key(self, name: str) -> int:
        """The number that other tables know the experiment by; a new one is added."""
        name = storable(name)
        if name not in self._keys:
            self._load(name)
        return self._keys[name]

    def next_number(self, name: str) -> int:
        """The number of the experiment's next run."""
        name = storable(name)
        self.key(name)
        self._numbers[name] += 1
        self._changed[name] = None
        return self._numbers[name]

    def restore(self, name: str) -> None:
        """Take an experiment that is used again out of the trash; an archived one is active again."""
        key = self.key(name)
        if storable(name) in self._deleted:
            self._deleted.discard(storable(name))
            update = sa.update(experiment).where(experiment.c.id == key)
            self._connection.execute(update.values(deleted_s=None, archived_s=None))

    def write(self) -> None:
        """Write the numbers that were given."""
        rows = [
            {"of_id": self._keys[name], "last_number": self._numbers[name]}
            for name in self._changed
        ]
        if rows:
            update = sa.update(experiment).where(experiment.c.id == sa.bindparam("of_id"))
            self._connection.execute(update, rows)

    def _load(self, name: str) -> None:
        query = sa.select(experiment).where(short(experiment.c.name) == name)
        row = self._connection.execute(query).one_or_none()
        if row is None:
            last = (
                self._connection.execute(sa.select(sa.func.max(experiment.c.id))).scalar_one() or 0
            )
            new = {"id": last + 1, "name": name, "last_number": 0, "tags": "{}"}
            self._connection.execute(sa.insert(experiment), [new])
            self._keys[name], self._numbers[name] = last + 1, 0
        else:
            self._keys[name], self._numbers[name] = row.id, row.last_number
            if row.deleted_s is not None:
                self._deleted.add(name)
