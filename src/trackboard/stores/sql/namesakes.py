"""The runs that decide what others are called: the lowest numbers among those of the same name."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any

import sqlalchemy as sa

from trackboard.model import Run, RunId
from trackboard.stores.engine.database import pieces
from trackboard.stores.rows.runs import IS_SHOWN, RUNS, run_of
from trackboard.stores.rules.run_transitions import UNKNOWN
from trackboard.stores.rules.short_text import short
from trackboard.stores.schema.tables import experiment, run
from trackboard.stores.sql.condition import Clause

_UNNAMED = re.compile(r"run-([1-9][0-9]{0,17})")
_parent = run.alias("parent")
_IS_BELOW_NONE = sa.or_(
    run.c.parent.is_(None),
    ~sa.exists()
    .where(
        _parent.c.run_id == run.c.parent,
        _parent.c.experiment.is_not_distinct_from(run.c.experiment),
        _parent.c.deleted_s.is_(None),
    )
    .correlate(run),
)


def list_oldest_called(
    connection: sa.Connection,
    experiments: Collection[str],
    names: Collection[str],
    parents: Collection[RunId] | None,
) -> tuple[Run, ...]:
    """See `trackboard.ports.RunStore.list_oldest_called`."""
    found = connection.execute(
        sa.select(experiment.c.id).where(short(experiment.c.name).in_(experiments))
    )
    of_experiments: Clause = run.c.experiment.in_(found.scalars().all())
    if UNKNOWN in experiments:
        of_experiments = sa.or_(of_experiments, run.c.experiment.is_(None))
    return tuple(
        run_of(row)
        for piece in pieces(dict.fromkeys(names), 200)
        for is_below in _locations(parents)
        for query in _queries(of_experiments, is_below, piece, is_root=parents is None)
        for row in connection.execute(query)
    )


def _locations(parents: Collection[RunId] | None) -> Iterator[Clause]:
    if parents is None:
        yield _IS_BELOW_NONE
        return
    for piece in pieces(dict.fromkeys(parents)):
        yield run.c.parent.in_(piece)


def _queries(
    of_experiments: Clause, is_below: Clause, names: list[str], *, is_root: bool
) -> Iterator[sa.Select[Any]]:
    """What finds runs that were given a name, then those that are called by their numbers or ids."""
    called, among = short(run.c.name), (IS_SHOWN, of_experiments, is_below)
    keys = [run.c.experiment, called, *([] if is_root else [run.c.parent])]
    lowest = (
        sa.select(
            run.c.experiment,
            called.label("called"),
            run.c.parent if not is_root else sa.null().label("parent"),
            sa.func.min(run.c.number).label("number"),
        )
        .where(*among, called.in_(names))
        .group_by(*keys)
        .subquery("lowest")
    )
    is_lowest = sa.and_(
        run.c.experiment.is_not_distinct_from(lowest.c.experiment),
        called == sa.type_coerce(lowest.c.called, sa.Text()),
        run.c.number == lowest.c.number,
        *([] if is_root else [run.c.parent == lowest.c.parent]),
    )
    # no other index than that of all these may look better: so the experiments are not named again
    yield RUNS.join(lowest, is_lowest).where(IS_SHOWN, is_below)
    numbers = [int(each[1]) for each in map(_UNNAMED.fullmatch, names) if each]
    by_number = sa.and_(run.c.name == "", run.c.number.in_(numbers))
    by_id = sa.and_(run.c.name == "", run.c.number == 0, run.c.run_id.in_(names))
    if numbers:
        yield RUNS.where(*among, by_number)
    yield RUNS.where(*among, by_id)
