"""The rows of a table of runs: pinned ones on top, and below runs the children of those that are open."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trackboard.model import Run, RunId
from trackboard.ports import Attribute, OneOf, RunQuery, attribute
from trackboard.server.api.runs import RunPage, read_page
from trackboard.server.pages.table.view import MOST_RUNS

if TYPE_CHECKING:
    from trackboard.server.pages.table.view import RunView
    from trackboard.service import RunFacts, Service

_MOST_CHILDREN = 500  # on one page
_MOST_LEVELS = 20


@dataclass(frozen=True)
class Row:
    """A row.

    Attributes:
        facts: The run.
        level: How far below the runs of the page it stands.
        is_pinned: Whether it stands on top of every page.
        children: How many children it has that the table may show.
    """

    facts: RunFacts
    level: int = 0
    is_pinned: bool = False
    children: int = 0


@dataclass(frozen=True)
class Rows:
    """The rows of a page.

    Attributes:
        rows: The rows, in order.
        gone: Ids of runs that are pinned or the baseline, and not there any more.
        hidden: How many children are not shown, as there are too many.
    """

    rows: tuple[Row, ...] = ()
    gone: tuple[str, ...] = ()
    hidden: int = 0


def read_runs(service: Service, view: RunView) -> RunPage:
    """Read the page's own runs.

    Raises:
        UsageError, NotFound: Something in the view's condition or order cannot be meant.
    """
    after = RunId(view.after) if view.after else None
    return read_page(service, view.query(), view.orders(), limit=view.limit, after=after)


def iter_pages(service: Service, view: RunView) -> Iterator[Sequence[RunFacts]]:
    """Read all runs that match, in order, a page at a time."""
    after = None
    while True:
        page = read_page(service, view.query(), view.orders(), limit=MOST_RUNS, after=after)
        yield page.runs
        if page.next is None:
            return
        after = page.next


def read_rows(service: Service, view: RunView, runs: Sequence[RunFacts]) -> Rows:
    """Read the rows of a page.

    Args:
        service: The workspace.
        view: The table.
        runs: The page's own runs; pinned ones are not shown a second time.
    """
    named = [RunId(each) for each in dict.fromkeys((view.baseline, *view.pin)) if each]
    pinned = _by_id(service.runs.list(ids=named)) if named else {}
    on_page = [facts.run for facts in runs if facts.run.id not in pinned]
    below, hidden = _children(service, view, [*pinned.values(), *on_page])
    shown = {each.id for of_run in below.values() for each in of_run}
    more = [
        *(run for run in pinned.values() if run.id not in {facts.run.id for facts in runs}),
        *(run for of_run in below.values() for run in of_run),
    ]
    facts = {
        each.run.id: each for each in (*runs, *service.runs.describe([*_by_id(more).values()]))
    }
    top = [pinned[each] for each in named if each in pinned]
    ids = [*pinned, *(run.id for run in on_page), *shown]
    counts = {} if view.children else _count_children(service, view, ids)

    rows: list[Row] = []

    def add(run: Run, level: int, *, is_pinned: bool) -> None:
        rows.append(Row(facts[run.id], level, is_pinned, counts.get(run.id, 0)))
        for child in below.pop(run.id, ()):
            if child.id not in pinned:
                add(child, level + 1, is_pinned=is_pinned)

    for run in top:
        add(run, 0, is_pinned=True)
    for run in on_page:
        add(run, 0, is_pinned=False)
    return Rows(tuple(rows), tuple(each for each in named if each not in pinned), hidden)


def _by_id(runs: Collection[Run]) -> dict[RunId, Run]:
    return {run.id: run for run in runs}


def _children(
    service: Service, view: RunView, above: Sequence[Run]
) -> tuple[dict[RunId, list[Run]], int]:
    """The children to show by their parents, one question for a level; and how many are left out."""
    found: dict[RunId, list[Run]] = defaultdict(list)
    left, hidden = _MOST_CHILDREN, 0
    level = [run.id for run in above if run.id in view.open]
    seen = set(level)
    for _ in range(_MOST_LEVELS):
        if not level or view.children:
            break
        query = _below(view, level)
        runs = service.runs.query(query, limit=left + 1)
        if len(runs) > left:
            hidden = service.runs.count(query) - left
            runs = runs[:left]
        for run in reversed(runs):  # the oldest first, as they were begun
            if run.parent is not None:
                found[run.parent].append(run)
        left -= len(runs)
        level = [run.id for run in runs if run.id in view.open and run.id not in seen]
        seen.update(level)
        if not left:
            break
    return dict(found), hidden


def _count_children(
    service: Service, view: RunView, runs: Collection[RunId]
) -> Mapping[RunId, int]:
    (parents,) = service.runs.read_columns(_below(view, runs), [attribute(Attribute.PARENT)])
    return Counter(RunId(str(each)) for each in parents)


def _below(view: RunView, runs: Collection[RunId]) -> RunQuery:
    return RunQuery(archived=view.archived, where=OneOf(attribute(Attribute.PARENT), tuple(runs)))
