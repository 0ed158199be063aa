"""What a page with a table of runs shows, all of it in its address: a view is kept by keeping its address."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from trackboard.errors import UsageError
from trackboard.history.conditions import build_query, parse_orders
from trackboard.history.query.fields import parse_field, written

if TYPE_CHECKING:
    from starlette.datastructures import QueryParams

    from trackboard.history import Filters
    from trackboard.ports import Field, Orders, RunQuery

MOST_RUNS = 500  # on one page
_LIMIT = 50
_FLAGS = ("archived", "children")
_LISTS = ("order", "column", "group", "pin", "open")
_PART = re.compile(r'(?:"[^"]*"|[^,])+')  # between commas, none of which is within quotes
_WIDTH = "width:"  # begins the name of a column's width in an address
WIDTHS = range(4, 121)  # characters
MOST_NAMED = 50  # runs that are pinned, and runs whose children are shown


@dataclass(frozen=True)
class RunView:
    """A table of runs.

    Attributes:
        experiment: Only of this experiment; empty: of all.
        where: A condition; empty: none.
        order: By what they are sorted, as people write it.
        column: The columns, as people write them; none: those that most of the runs have.
        group: What runs are grouped by, as people write it; none: each run is a row.
        pin: Runs that stand on top of every page, by their ids.
        baseline: The run that others are compared with, by its id; empty: none.
        open: Runs whose children are shown below them, by their ids.
        width: How many characters wide columns are, by what people write.
        archived: Also what was archived.
        children: Also runs that are part of another.
        limit: How many on a page.
        after: The run, or the group, after which the page goes on; empty: the first page.
    """

    experiment: str = ""
    where: str = ""
    order: tuple[str, ...] = ()
    column: tuple[str, ...] = ()
    group: tuple[str, ...] = ()
    pin: tuple[str, ...] = ()
    baseline: str = ""
    open: tuple[str, ...] = ()
    width: tuple[tuple[str, int], ...] = ()
    archived: bool = False
    children: bool = False
    limit: int = _LIMIT
    after: str = ""

    @classmethod
    def read(cls, said: QueryParams) -> RunView:
        """Read it from an address; what is not known there is passed over, as links may have more."""
        limit = said.get("limit") or str(_LIMIT)
        if not (limit.isascii() and limit.isdecimal() and 1 <= int(limit[:9]) <= MOST_RUNS):
            raise UsageError(
                f"limit={limit[:40]!r} is no number of runs", hint=f"1 to {MOST_RUNS}."
            )
        return cls(
            experiment=said.get("experiment", ""),
            where=said.get("where", "").strip(),
            order=tuple(filter(None, said.getlist("order"))),
            column=_split(said.getlist("column")),
            group=_split(said.getlist("group")),
            pin=_ids("pin", said.getlist("pin")),
            baseline=said.get("baseline", ""),
            open=_ids("open", said.getlist("open")),
            width=_widths(said.multi_items()),
            archived=bool(said.get("archived")),
            children=bool(said.get("children")),
            limit=int(limit),
            after=said.get("after", ""),
        )

    def address(self, suffix: str = "", *, page: str = "runs", **changes: Any) -> str:
        """The address of this view, or of one that differs in something.

        Args:
            suffix: `.json` or `.csv` for its data.
            page: The page that shows it: the table, or `charts`.
            changes: What is different; the page begins anew unless it says `after`.
        """
        view = replace(self, **{"after": "", **changes})
        query = urllib.parse.urlencode(view.pairs())
        return f"{page}{suffix}?{query}" if query else f"{page}{suffix}"

    def pairs(self, *without: str) -> list[tuple[str, str]]:
        """What its address says, for forms that say the rest.

        Args:
            without: Names that the form says.
        """
        given = [(name, text) for name, texts in _said(self) for text in texts]
        return [each for each in given if each[0] not in without]

    def query(self) -> RunQuery:
        """Which runs are meant.

        Raises:
            UsageError: The condition is none.
        """
        filters: Filters = {"top_level": not self.children, "archived": self.archived}
        if self.where:
            filters["where"] = self.where
        if self.experiment:
            filters["experiment"] = self.experiment
        return build_query(**filters)

    def orders(self) -> Orders:
        """By what they are sorted.

        Raises:
            UsageError: A name is none.
        """
        return parse_orders(self.order)

    def fields(self) -> tuple[Field, ...]:
        """The columns that were asked for.

        Raises:
            UsageError: A name is none.
        """
        return tuple(dict.fromkeys(map(parse_field, self.column)))

    def groups(self) -> tuple[Field, ...]:
        """What runs are grouped by.

        Raises:
            UsageError: A name is none.
        """
        return tuple(dict.fromkeys(map(parse_field, self.group)))

    def width_of(self, field: Field) -> int:
        """How many characters wide a column is; 0: as wide as what is in it."""
        return next((width for name, width in self.width if parse_field(name) == field), 0)

    def toggled(self, which: str, run: str) -> str:
        """The address of the same page with a run pinned, opened or as the baseline, or no longer.

        Args:
            which: `pin`, `open` or `baseline`.
            run: Its id.
        """
        if which == "baseline":
            return self.address(baseline="" if self.baseline == run else run, after=self.after)
        ids: tuple[str, ...] = getattr(self, which)
        others = tuple(each for each in ids if each != run)
        changes: dict[str, Any] = {which: others if run in ids else (*ids, run)}
        return self.address(**changes, after=self.after)

    def direction(self, field: Field) -> str:
        """How the table is sorted by a field, as `aria-sort` says it; empty: not at all, or not first."""
        if not self.order or parse_field(self.order[0].removeprefix("-")) != field:
            return ""
        return "ascending" if self.order[0].startswith("-") else "descending"

    def sorted_by(self, field: Field) -> str:
        """The address of the same table sorted by a field first, or the other way round; then as before."""
        name = written(field)
        first = f"-{name}" if self.direction(field) == "descending" else name
        others = tuple(each for each in self.order if parse_field(each.removeprefix("-")) != field)
        return self.address(order=(first, *others))


def _split(texts: Iterable[str]) -> tuple[str, ...]:
    """Columns may be said one by one, or with commas between them as people type them."""
    return tuple(part.strip() for text in texts for part in _parts(text) if part.strip())


def _parts(text: str) -> Sequence[str]:
    return _PART.findall(text)


def _ids(name: str, given: Iterable[str]) -> tuple[str, ...]:
    ids = tuple(dict.fromkeys(filter(None, given)))
    if len(ids) > MOST_NAMED:
        raise UsageError(f"{name}= names {len(ids)} runs", hint=f"Name up to {MOST_NAMED}.")
    return ids


def _widths(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, int], ...]:
    found = {}
    for name, text in pairs:
        column = name.removeprefix(_WIDTH)
        if column == name or not text:
            continue
        is_number = text.isascii() and text.isdecimal() and len(text) < 4
        if not is_number or int(text) not in WIDTHS:
            raise UsageError(
                f"{column[:80]!r} is to be {text[:40]!r} characters wide",
                hint=f"{WIDTHS.start} to {WIDTHS.stop - 1}; nothing: as wide as what is in it.",
            )
        parse_field(column)
        found[column] = int(text)
    return tuple(found.items())


def _said(view: RunView) -> Iterable[tuple[str, Sequence[str]]]:
    for each in fields(view):
        value = getattr(view, each.name)
        if value == each.default:
            continue
        if each.name == "width":
            yield from ((f"{_WIDTH}{name}", [str(width)]) for name, width in value)
        elif each.name in _LISTS:
            yield each.name, value
        else:
            yield each.name, ["1" if each.name in _FLAGS else str(value)]
