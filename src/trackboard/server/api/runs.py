"""Questions about experiments and runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import trackboard
from trackboard.history.conditions import build_query, parse_orders
from trackboard.model import RunId
from trackboard.server.api.operation import Given, Operation, Parameter
from trackboard.service import wire
from trackboard.service.wire import Json

if TYPE_CHECKING:
    from trackboard.history import Filters
    from trackboard.ports import Orders, RunQuery
    from trackboard.service import RunFacts, Service

MOST_RUNS = 1000  # in one answer
RUN = Parameter("run", "The run's id.", source="path")
ARCHIVED = Parameter("archived", "Also what was archived.", bool)
CHOICE = (  # of runs
    Parameter("experiment", "Only of this experiment."),
    Parameter("parent", "Only the children of this run."),
    Parameter(
        "where",
        'Such as "loss.min < 0.5 and (lr = 0.1 or tags.team = vision)"; of several, all.',
        is_repeatable=True,
    ),
    ARCHIVED,
    Parameter("children", "Also runs that are part of another.", bool),
)


@dataclass(frozen=True)
class RunPage:
    """A page of runs.

    Attributes:
        runs: The runs.
        count: How many match, on all pages.
        next: The run after which the next page begins; None: there is none.
    """

    runs: tuple[RunFacts, ...] = ()
    count: int = 0
    next: RunId | None = None


def get_workspace(service: Service, _: Given) -> Json:
    """What is known of the workspace."""
    return wire.workspace_facts(service.describe(), trackboard.__version__, service.version())


def list_experiments(service: Service, given: Given) -> Json:
    """The experiments, the oldest first."""
    return {
        "experiments": [
            wire.experiment_facts(each)
            for each in service.experiments.describe()
            if given.flag("archived") or each.experiment.archived_s is None
        ]
    }


def list_views(service: Service, _: Given) -> Json:
    """The saved views of the table of runs."""
    return {
        "views": [
            {"name": each.name, "address": each.address, "saved": wire.moment(each.saved_s)}
            for each in service.views.list()
        ]
    }


def list_runs(service: Service, given: Given) -> Json:
    """A page of runs."""
    after = given.find_text("after")
    page = read_page(
        service,
        query_of(given),
        parse_orders(given.texts("order")),
        limit=min(max(1, given.number("limit")), MOST_RUNS),
        after=None if after is None else RunId(after),
    )
    return run_page(page)


def query_of(given: Given) -> RunQuery:
    """Which runs a question means that takes `CHOICE`."""
    filters: Filters = {
        "top_level": not given.flag("children"),
        "archived": given.flag("archived"),
        "where": given.texts("where"),
    }
    experiment, parent = given.find_text("experiment"), given.find_text("parent")
    if experiment is not None:
        filters["experiment"] = experiment
    if parent is not None:
        filters["parent"], filters["top_level"] = parent, False
    return build_query(**filters)


def read_page(
    service: Service, query: RunQuery, orders: Orders, *, limit: int, after: RunId | None
) -> RunPage:
    """Read a page of runs.

    Args:
        service: The workspace.
        query: Which runs.
        orders: By what they are sorted.
        limit: How many at most.
        after: The run after which the page goes on; None: the first page.

    Raises:
        NotFound: No run has a name that is asked for, or the run to go on after is gone.
        UsageError: Text is compared as a number, or the other way round.
    """
    found = service.runs.query(query, orders, limit=limit + 1, after=after, strict=True)
    shown = found[:limit]
    return RunPage(
        service.runs.describe(shown),
        service.runs.count(query),
        shown[-1].id if len(found) > limit else None,
    )


def check_runs(service: Service, ids: Iterable[str]) -> list[RunId]:
    """Each of some ids of runs once, all of them asked for together.

    Raises:
        NotFound: There is no such run.
    """
    runs = [RunId(each) for each in dict.fromkeys(ids)]
    known = {run.id for run in service.runs.list(ids=runs)}
    for run in runs:
        if run not in known:
            service.runs.get(run)  # says that there is none
    return runs


def run_page(page: RunPage) -> Json:
    """A page of runs becomes JSON."""
    return {
        "runs": [wire.run_facts(each) for each in page.runs],
        "count": page.count,
        "next": page.next,
    }


def get_run(service: Service, given: Given) -> Json:
    """All that is known of a run."""
    return wire.run_details(service.runs.get_details(RunId(given.text("run"))))


def compare_runs(service: Service, given: Given) -> Json:
    """Runs side by side."""
    return wire.comparison(service.runs.compare([RunId(each) for each in given.texts("run")]))


OPERATIONS = (
    Operation("/workspace", "What is known of the workspace.", "Workspace", get_workspace),
    Operation(
        "/experiments",
        "The experiments, the oldest first; runs that are part of another are not counted.",
        "Experiments",
        list_experiments,
        [ARCHIVED],
    ),
    Operation(
        "/views",
        "The saved views of the table of runs by name: `address` is what stands behind `/runs?`.",
        "SavedViews",
        list_views,
    ),
    Operation(
        "/runs",
        "Runs that match, sorted, a page at a time: `next` is the `after` of the next page.",
        "RunPage",
        list_runs,
        [
            *CHOICE,
            Parameter(
                "order",
                "By loss.min, params.lr, created ..., greatest first; -NAME: least first.",
                is_repeatable=True,
            ),
            Parameter("limit", f"At most so many, up to {MOST_RUNS:,}.", int, default=100),
            Parameter("after", "The id of the run after which the page goes on."),
        ],
    ),
    Operation("/runs/{run}", "All that is known of a run.", "RunDetails", get_run, [RUN]),
    Operation(
        "/compare",
        "Parameters, metrics, tags, code and packages of runs side by side.",
        "Comparison",
        compare_runs,
        [Parameter("run", "A run's id; repeat it.", is_required=True, is_repeatable=True)],
    ),
)
