"""The part of the model in memory that finds and sorts runs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterable, Mapping

from trackboard.errors import NotFound
from trackboard.model import Run, RunId
from trackboard.ports import (
    NEWEST_FIRST,
    OLDEST_FIRST,
    ExperimentRuns,
    Order,
    Orders,
    RunQuery,
    Source,
)
from trackboard.stores.rules.condition_match import RunValues, sort_key
from trackboard.stores.rules.query_match import Text, matches

_RANKS = (0, 1, 2)  # of a sort key: numbers, text, what has no value


def find_runs(
    runs: Iterable[Run], values_of: Callable[[Run], RunValues], query: RunQuery, orders: Orders
) -> list[Run]:
    """Runs that match, sorted.

    Args:
        runs: All of them, in the order they were stored.
        values_of: Gives all that is known of a run.
        query: The conditions.
        orders: By what they are sorted.
    """
    return _in_order([run for run in runs if matches(query, values_of(run))], values_of, orders)


def find_runs_after(
    runs: Iterable[Run],
    values_of: Callable[[Run], RunValues],
    found: Iterable[Run],
    orders: Orders,
    after: RunId,
) -> list[Run]:
    """Those of some runs that stand behind another, whether that is among them or not."""
    every = [run.id for run in _in_order([*runs], values_of, orders)]
    if after not in every:
        raise NotFound(f"there is no run {after!r} to go on after")
    behind = set(every[every.index(after) + 1 :])
    return [run for run in found if run.id in behind]


def count_by_experiment(runs: Iterable[Run]) -> dict[str, ExperimentRuns]:
    """How many of some runs are of each experiment; those below others are passed over."""
    found: dict[str, ExperimentRuns] = {}
    for run in runs:
        if run.parent is None:
            known = found.get(run.experiment, ExperimentRuns(0, 0, 0.0))
            found[run.experiment] = ExperimentRuns(
                known.count + 1,
                known.going_on + (not run.state.is_terminal),
                max(known.newest_s, run.created_s),
            )
    return found


def list_oldest_called(
    runs: Collection[Run],
    experiments: Collection[str],
    names: Collection[str],
    parents: Collection[RunId] | None,
) -> tuple[Run, ...]:
    """See `trackboard.ports.RunStore.list_oldest_called`; none of `runs` is in the trash."""
    experiment_of = {run.id: run.experiment for run in runs}
    found: dict[tuple[object, ...], list[Run]] = {}
    for run in runs:
        if run.experiment not in experiments or run.name not in names:
            continue
        is_below = run.parent is not None and experiment_of.get(run.parent) == run.experiment
        if not is_below if parents is None else run.parent in parents:
            key = (run.experiment, run.name, None if parents is None else run.parent)
            found.setdefault(key, []).append(run)
    lowest = {key: min(run.number for run in each) for key, each in found.items()}
    return tuple(run for key, each in found.items() for run in each if run.number == lowest[key])


def _in_order(found: list[Run], values_of: Callable[[Run], RunValues], orders: Orders) -> list[Run]:
    found.reverse()  # sorting keeps what is equal in place: the newest stored first
    found.sort(key=lambda run: -run.created_s)
    if orders == OLDEST_FIRST:
        return found[::-1]
    if orders != NEWEST_FIRST:
        for order in reversed(orders):
            found = _sorted(found, values_of, order)
    return found


def sorted_by_key(
    said: Mapping[RunId, Mapping[str, Text]], known: Container[RunId], runs: Iterable[RunId]
) -> dict[RunId, dict[str, Text]]:
    """What is said of those of some runs that are known, by key."""
    return {run: dict(sorted(said.get(run, {}).items())) for run in runs if run in known}


def _sorted(runs: list[Run], values_of: Callable[[Run], RunValues], order: Order) -> list[Run]:
    keys = {run.id: _key(values_of(run), order) for run in runs}
    found: list[Run] = []
    for rank in _RANKS:
        same = [run for run in runs if keys[run.id][0] == rank]
        if rank != _RANKS[-1]:
            same.sort(key=lambda run: keys[run.id], reverse=order.descending)
        found += same
    return found


def _key(values: RunValues, order: Order) -> tuple[int, float, str]:
    field = order.by
    is_logged = field.is_of_metrics and values.find_series(field.name) is not None
    is_parameter = field.source in (Source.PARAMETER, Source.METRIC_OR_PARAMETER) and not is_logged
    return sort_key(values.value(field), is_parameter=is_parameter)
