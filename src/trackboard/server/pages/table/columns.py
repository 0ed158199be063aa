"""The columns of a table of runs: which there are, what stands above them, and what is in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trackboard.history.query.fields import heading, written
from trackboard.model import Value
from trackboard.ports import Aggregate, Attribute, Field, Source, attribute, iter_comparisons
from trackboard.server.pages import text
from trackboard.service.run_columns import RunColumns

if TYPE_CHECKING:
    from trackboard.server.pages.table.view import RunView
    from trackboard.service import RunFacts, Service

_MOST_COLUMNS = 8  # of metrics, and of parameters, that nobody asked for
ALWAYS = (attribute(Attribute.NAME), attribute(Attribute.STATE))
_USUAL = (attribute(Attribute.CREATED), attribute(Attribute.DURATION))
_NARROW_PX, _CHARACTER_PX = 20, 7.5  # what is beside a cell's text, and how wide a character is


@dataclass(frozen=True)
class Column:
    """A column.

    Attributes:
        field: What it shows.
        title: What stands above it.
        values: What each run has.
        cells: The same as texts.
        differences: How far each is from the baseline; None where that means nothing.
        changes: The same as texts, also in percent; empty where there is nothing to say.
        is_number: Whether it is aligned to the right.
        width: How many characters wide it is; 0: as wide as what is in it.
        sort: How the table is sorted by it, see `RunView.direction`.
        sorted_address: The address of the table sorted by it.
    """

    field: Field
    title: str
    values: Sequence[Value | None]
    cells: Sequence[str]
    differences: Sequence[float | None]
    changes: Sequence[str]
    is_number: bool
    width: int
    sort: str
    sorted_address: str

    @property
    def width_px(self) -> int:
        """How wide it is in a browser."""
        return round(_NARROW_PX + _CHARACTER_PX * self.width)


def read_columns(
    service: Service, view: RunView, runs: Sequence[RunFacts], fields: Sequence[Field]
) -> list[Column]:
    """Read the columns of some runs.

    Args:
        service: The workspace.
        view: The table.
        runs: The rows; the baseline is one of them, where there is one.
        fields: What is shown beside names and states.
    """
    table = RunColumns(service, runs)
    every = [*dict.fromkeys((*ALWAYS, *fields))]
    titles = title_of(every)
    rows = [facts.run.id for facts in runs]
    base = rows.index(view.baseline) if view.baseline in rows else None  # type: ignore[arg-type]
    columns = []
    for field in every:
        values = table.read(field)
        is_number = text.is_numeric(field, values)
        compared = None if base is None or not is_number else values[base]
        columns.append(
            Column(
                field,
                titles[field],
                values,
                [text.cell(field, each) for each in values],
                [text.subtract(each, compared) for each in values],
                [text.difference(field, each, compared) for each in values],
                is_number,
                view.width_of(field),
                view.direction(field),
                view.sorted_by(field),
            )
        )
    return columns


def title_of(fields: Sequence[Field]) -> Mapping[Field, str]:
    """What stands above columns: the name alone where nobody wrote more and it is nobody else's."""
    known = Counter(each.name for each in dict.fromkeys(fields))
    return {
        each: each.name
        if each.origin is None and known[each.name] == 1 and each.aggregate is Aggregate.LAST
        else heading(each)
        for each in fields
    }


def usual_fields(view: RunView, runs: Sequence[RunFacts]) -> list[Field]:
    """What is shown where nothing was asked for: what is sorted by and compared, then what runs have."""
    query = view.query()
    compared = iter_comparisons(query.where) if query.where is not None else ()
    asked = [
        *(order.by for order in (view.orders() if view.order else ())),
        *(comparison.field for comparison in compared),
    ]
    parameters = Counter(name for facts in runs for name in facts.parameters)
    found = [
        *_USUAL,
        *(each for each in asked if each not in ALWAYS),
        *usual_metrics(runs),
        *(Field(Source.PARAMETER, name) for name, _ in parameters.most_common(_MOST_COLUMNS)),
    ]
    unique: dict[tuple[str, str, str], Field] = {}
    for each in found:
        source = Source.METRIC if each.source is Source.METRIC_OR_PARAMETER else each.source
        unique.setdefault((source.value, each.name, each.aggregate.value), each)
    return [*unique.values()]


def usual_metrics(runs: Sequence[RunFacts]) -> list[Field]:
    """The metrics that most of some runs have."""
    metrics = Counter(name for facts in runs for name in facts.metrics)
    return [Field(Source.METRIC, name) for name, _ in metrics.most_common(_MOST_COLUMNS)]


@dataclass(frozen=True)
class ColumnChoice:
    """A column in the list of those that are shown, and the addresses of tables where it is elsewhere.

    Attributes:
        name: As people write it.
        width: How many characters wide it is; empty: as wide as what is in it.
        earlier: The address of the table with it one further to the left; empty: it is the first.
        later: The address with it one further to the right; empty: it is the last.
        without: The address without it.
    """

    name: str
    width: str
    earlier: str
    later: str
    without: str


def list_choices(view: RunView, fields: Sequence[Field]) -> list[ColumnChoice]:
    """List what can be done with the columns beside names and states.

    Args:
        view: The table.
        fields: The columns, in order.
    """
    names = [heading(each) if each.origin else written(each) for each in fields]
    last = len(names) - 1

    def moved(position: int, to: int) -> str:
        others = names[:position] + names[position + 1 :]
        return view.address(column=(*others[:to], names[position], *others[to:]), after=view.after)

    return [
        ColumnChoice(
            name,
            str(view.width_of(field) or ""),
            moved(position, position - 1) if position else "",
            moved(position, position + 1) if position < last else "",
            view.address(column=tuple(names[:position] + names[position + 1 :]), after=view.after),
        )
        for position, (name, field) in enumerate(zip(names, fields, strict=True))
    ]
