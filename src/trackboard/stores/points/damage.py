"""Points whose bytes are not what was written: what is known of them, and how that is told."""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass

import sqlalchemy as sa

from trackboard.errors import Unavailable
from trackboard.stores.engine.database import Database, pieces
from trackboard.stores.rows import runs
from trackboard.stores.rules import run_transitions
from trackboard.stores.schema.tables import run, series

_log = logging.getLogger("trackboard")
_WAIT_S = 0.2  # that a reader waits to leave a warning


@dataclass(frozen=True)
class Damage:
    """A chunk that cannot be read: whose points it holds, and what is wrong with it."""

    series: int
    start: int
    points: int
    reason: str

    def in_words(self, metric: str) -> str:
        """The warning for the run, which is the same whenever the chunk is met."""
        last = self.start + self.points - 1
        return f"metric {metric!r}: points {self.start} to {last} are damaged and left out: {self.reason}"


class DamageReport:
    """Tells what readers of one database met, each chunk once: on the log, and on its run.

    The run keeps the warning where the database can be written at once.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._told: set[Damage] = set()

    def report(self, found: Collection[Damage]) -> None:
        """Tell what has not been told yet. Called outside of transactions."""
        new = [each for each in found if each not in self._told]
        if not new:
            return
        self._told.update(new)
        with suppress(Unavailable), self._database.limit_waits(_WAIT_S):
            with self._database.read() as connection:
                said = list(_in_words(connection, new))
            for run_id, text in said:
                _log.warning("run %s: %s", run_id, text)
            with self._database.write() as connection:
                _warn(connection, said)


def note(connection: sa.Connection, found: Collection[Damage]) -> None:
    """Tell what a write transaction met, within it."""
    said = list(_in_words(connection, found))
    for run_id, text in said:
        _log.warning("run %s: %s", run_id, text)
    _warn(connection, said)


def _in_words(connection: sa.Connection, found: Collection[Damage]) -> Iterator[tuple[str, str]]:
    """The run of each damage, and the warning."""
    query = sa.select(series.c.id, series.c.name, run.c.run_id)
    query = query.join(run, run.c.id == series.c.run)
    names = {
        row.id: (row.name, row.run_id)
        for piece in pieces({each.series for each in found})
        for row in connection.execute(query.where(series.c.id.in_(piece)))
    }
    for each in found:
        if each.series in names:
            name, run_id = names[each.series]
            yield run_id, each.in_words(name)


def _warn(connection: sa.Connection, said: Collection[tuple[str, str]]) -> None:
    for run_id, text in said:
        for row in runs.read_runs(connection, run.c.run_id == run_id):
            record = runs.record_of(row)
            warned = run_transitions.warn(record, text)
            if warned is not record:
                warnings = json.dumps(warned.run.warnings)
                connection.execute(
                    sa.update(run).where(run.c.id == row.id).values(warnings=warnings)
                )
