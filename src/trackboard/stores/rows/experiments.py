"""Rows of `experiment`: its name, what people say about it, and the numbers that it gives to its runs."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa

from trackboard.ports import Experiment
from trackboard.stores.rules import catalogue_rules
from trackboard.stores.rules.short_text import short, storable
from trackboard.stores.schema.tables import experiment


def add_experiment(connection: sa.Connection, name: str) -> None:
    """Make sure that an experiment exists."""
    updates = ExperimentNumbers(connection)
    updates.key(name)


def has_experiment(connection: sa.Connection, name: str) -> bool:
    """Whether there is an experiment of this name."""
    query = sa.select(experiment.c.id).where(experiment.c.name == name)
    return connection.execute(query).first() is not None


def list_experiments(connection: sa.Connection) -> tuple[str, ...]:
    """Names of all experiments, oldest first."""
    query = sa.select(experiment.c.name).order_by(experiment.c.id)
    return tuple(connection.execute(query).scalars())


def read_experiments(connection: sa.Connection) -> tuple[Experiment, ...]:
    """All experiments with what was said about them, oldest first."""
    return tuple(
        Experiment(row.name, json.loads(row.tags), row.archived_s)
        for row in connection.execute(sa.select(experiment).order_by(experiment.c.id))
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


def get_row(connection: sa.Connection, name: str) -> sa.Row[Any]:
    """The row of an experiment. Raises NotFound for an unknown one."""
    query = sa.select(experiment).where(short(experiment.c.name) == name)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise catalogue_rules.no_experiment(name)
    return row


def _change(connection: sa.Connection, row: sa.Row[Any], **values: Any) -> None:
    connection.execute(sa.update(experiment).where(experiment.c.id == row.id).values(values))


class ExperimentNumbers:
    """Experiments by name, with the numbers they have given to their runs."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._keys: dict[str, int] = {}
        self._numbers: dict[str, int] = {}
        self._changed: dict[str, None] = {}

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
