"""Runs as a table: a row each, with columns of attributes, parameters, tags and metrics."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from trackboard.history.query.fields import parse_field, written
from trackboard.history.table import load_library
from trackboard.model import Run, Value
from trackboard.ports import Attribute, Field, Source, attribute
from trackboard.service.run_columns import TIMES, RunColumns

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from trackboard.service import RunFacts, Service

_ALWAYS = (
    Attribute.ID,
    Attribute.EXPERIMENT,
    Attribute.NAME,
    Attribute.STATE,
    Attribute.KIND,
    Attribute.PARENT,
    Attribute.CREATED,
    Attribute.STARTED,
    Attribute.ENDED,
    Attribute.DURATION,
)

Cell = Value | datetime | timedelta | None


def read_columns(
    service: Service, runs: Sequence[Run], names: Iterable[str] | None = None
) -> dict[str, list[Cell]]:
    """Columns of one length by name, a row for each run.

    Args:
        service: Answers for the runs' workspace.
        runs: The runs, in order.
        names: What is shown besides id, experiment, name, state, kind, parent, times and duration, named
            as in conditions; None: all parameters, tags and last values of metrics.

    Raises:
        NotFound: No run has what a name names.
        UsageError: A name is none.
    """
    facts = service.runs.describe(runs)
    always = {which.value: attribute(which) for which in _ALWAYS}
    if names is None:
        fields = {**always, **_all_fields(facts)}
    else:
        asked = [*names]
        service.metrics.check_columns(asked)
        fields = {**always, **{name: parse_field(name) for name in asked}}
    columns = RunColumns(service, facts)
    return {name: _cells(field, columns.read(field)) for name, field in fields.items()}


def to_pandas(columns: Mapping[str, list[Cell]]) -> pd.DataFrame:
    """Columns as a pandas DataFrame.

    Raises:
        UsageError: pandas is not installed.
    """
    pandas = load_library("pandas")
    frame: pd.DataFrame = pandas.DataFrame(
        {name: _series(pandas, name, cells) for name, cells in columns.items()}
    )
    return frame


def to_arrow(columns: Mapping[str, list[Cell]]) -> pa.Table:
    """Columns as an Arrow table.

    Raises:
        UsageError: pyarrow is not installed.
    """
    pyarrow = load_library("pyarrow")
    types = {
        **{which.value: pyarrow.timestamp("us", tz="UTC") for which in TIMES},
        Attribute.DURATION.value: pyarrow.duration("us"),
    }
    table: pa.Table = pyarrow.table(
        {name: pyarrow.array(cells, types.get(name)) for name, cells in columns.items()}
    )
    return table


def _all_fields(facts: Sequence[RunFacts]) -> dict[str, Field]:
    found = [
        *((Source.PARAMETER, name) for each in facts for name in each.parameters),
        *((Source.TAG, name) for each in facts for name in each.tags),
        *((Source.METRIC, name) for each in facts for name in each.metrics),
    ]
    fields = [Field(source, name) for source, name in dict.fromkeys(found)]
    fields.sort(key=lambda field: (_SOURCES.index(field.source), field.name))
    return {written(field): field for field in fields}


_SOURCES = (Source.PARAMETER, Source.TAG, Source.METRIC)


def _cells(field: Field, values: Sequence[Value | None]) -> list[Cell]:
    if field.source is not Source.ATTRIBUTE:
        return [*_of_one_type(values)]
    which = Attribute(field.name)
    if which in TIMES:
        return [_moment(each) for each in values]
    if which is Attribute.DURATION:
        return [timedelta(seconds=each) if isinstance(each, float) else None for each in values]
    return [*values]


def _moment(time_s: Value | None) -> datetime | None:
    if not isinstance(time_s, float):
        return None
    try:
        return datetime.fromtimestamp(time_s, UTC)
    except (OverflowError, ValueError, OSError):  # no time of this world
        return None


def _of_one_type(values: Sequence[Value | None]) -> Sequence[Value | None]:
    """The same values, as text where some are, and as floats where numbers are of several kinds."""
    types = {type(each) for each in values if each is not None}
    if len(types) < 2:
        return values
    wide = str if str in types else float
    return [None if each is None else wide(each) for each in values]


def _series(pandas: object, name: str, cells: list[Cell]) -> object:
    if name in [which.value for which in TIMES]:
        return pandas.to_datetime(pandas.Series(cells, dtype=object), utc=True)  # type: ignore[attr-defined]
    if name == Attribute.DURATION.value:
        return pandas.to_timedelta(pandas.Series(cells, dtype=object))  # type: ignore[attr-defined]
    return pandas.Series(cells)  # type: ignore[attr-defined]
