"""Names that a question holds and nothing in the history has: an empty answer would hide a typing mistake."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from trackboard.errors import NotFound, UsageError
from trackboard.history.nearest import nearest_of
from trackboard.model import Run, RunId
from trackboard.ports import Order, RunQuery, Store
from trackboard.stores.rules.run_transitions import UNKNOWN

_NO_RUNS = "There are no runs."


def explain_nothing(store: Store, query: RunQuery) -> None:
    """Raise where no run matched because the query names what no run has.

    Cheap where all names are known: each is looked up by an index.

    Raises:
        NotFound: No run is of that experiment, or below that run, or has that tag, property, parameter or
            metric.
        UsageError: A metric that is compared with a number holds text.
    """
    experiment = query.experiment
    if experiment not in (None, UNKNOWN) and experiment not in store.list_experiments():
        hint = nearest_of(experiment or "", store.list_experiments(), "There are no experiments.")
        raise NotFound(f"there is no experiment {experiment!r}", hint=hint)
    if query.parent is not None and store.find_run(query.parent) is None:
        raise NotFound(
            f"no run is called {query.parent!r}", hint="Pass its parent, an id or a name."
        )
    _explain_keys(store, query)
    for name, _, _ in query.metrics:
        if not store.query_runs(_logged(name), limit=1):
            raise _no_number(store, name, None)


def _explain_keys(store: Store, query: RunQuery) -> None:
    for key in query.tags:
        if not store.query_runs(RunQuery(tags={key: None}), limit=1):
            raise _unknown("tag", key, _tags(store))
    for key in query.properties:
        if not store.query_runs(RunQuery(properties={key: None}), limit=1):
            raise _unknown("property", key, _properties(store))
    if query.parameters:
        known = parameters_of(store, _ids(store))
        for name in query.parameters.keys() - known:
            raise _unknown("parameter", name, known)


def check_order(store: Store, query: RunQuery, order: Order, found: Sequence[Run]) -> None:
    """Raise where runs were to be sorted by a metric that none of those that match has.

    Raises:
        NotFound: None logged it.
        UsageError: It holds text.
    """
    if order.metric is None or not found:
        return
    if store.list_series(runs=[found[0].id], names=[order.metric], text=False):
        return
    logged = replace(query, metrics=(*query.metrics, *_logged(order.metric).metrics))
    if not store.query_runs(logged, limit=1):
        raise _no_number(store, order.metric, [run.id for run in store.query_runs(query)])


def check_metrics(store: Store, runs: Collection[RunId], asked: Iterable[str]) -> None:
    """Raise where none of some runs logged a metric; while nothing is logged, one that goes on may do so yet.

    Raises:
        NotFound: None did.
    """
    known = metrics_of(store, runs)
    if not known and any(_goes_on(store, run) for run in runs):
        return
    for name in asked:
        if name not in known:
            raise _unlogged(name, known, "none of these runs" if len(runs) > 1 else "the run")


def _goes_on(store: Store, run: RunId) -> bool:
    found = store.find_run(run)
    return found is not None and not found.state.is_terminal


def check_columns(store: Store, asked: Iterable[str]) -> None:
    """Raise where no run at all has a metric or a parameter of that name.

    Raises:
        NotFound: None has.
    """
    for name in asked:
        if store.list_series(names=[name]):
            continue
        ids = _ids(store)
        parameters = parameters_of(store, ids)
        if name not in parameters:
            known = [*metrics_of(store, ids), *parameters]
            raise NotFound(
                f"no run has a metric or a parameter {name!r}",
                hint=nearest_of(name, known, _NO_RUNS),
            )


def metrics_of(store: Store, runs: Collection[RunId] | None) -> dict[str, None]:
    """Names of the metrics that runs logged, as begun."""
    return dict.fromkeys(each.name for each in store.list_series(runs=runs))


def parameters_of(store: Store, runs: Collection[RunId]) -> dict[str, None]:
    """Names of the parameters that runs have."""
    return dict.fromkeys(name for each in store.list_parameters(runs).values() for name in each)


def _logged(metric: str) -> RunQuery:
    """Runs with a number of that metric: every number, and NaN, differs from NaN."""
    return RunQuery(metrics=((metric, "!=", math.nan),))


def _no_number(store: Store, name: str, runs: Collection[RunId] | None) -> NotFound | UsageError:
    if store.list_series(runs=runs, names=[name], text=True):
        return UsageError(
            f"the metric {name!r} holds text", hint="Compare and sort by metrics that are numbers."
        )
    whose = "no run" if runs is None else "no run that matches"
    return _unlogged(name, metrics_of(store, runs), whose)


def _unlogged(name: str, known: Collection[str], whose: str) -> NotFound:
    below = [each for each in known if each.startswith(f"{name}/")]
    hint = (
        f"Name one of its columns: {', '.join(map(repr, below[:5]))}."
        if below
        else nearest_of(name, known, "Nothing was logged.")
    )
    has = "did not log" if whose == "the run" else "logged"
    return NotFound(f"{whose} {has} a metric {name!r}", hint=hint)


def _unknown(what: str, name: str, known: Iterable[str]) -> NotFound:
    return NotFound(f"no run has a {what} {name!r}", hint=nearest_of(name, known, "None has any."))


def _ids(store: Store) -> list[RunId]:
    return [run.id for run in store.list_runs()]


def _tags(store: Store) -> Iterator[str]:
    return (key for tags in store.list_tags(_ids(store)).values() for key in tags)


def _properties(store: Store) -> Iterator[str]:
    return (key for run in _ids(store) for key in store.get_properties(run))
