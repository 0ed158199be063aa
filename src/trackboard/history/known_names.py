"""Names that a question holds and nothing in the history has: the answer would hide a typing mistake."""

from __future__ import annotations

import math
import shlex
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from trackboard.errors import NotFound, UsageError
from trackboard.history.nearest import nearest, nearest_of
from trackboard.history.query.fields import WORDS, parse_field, quoted, written
from trackboard.history.query.mistakes import mistake, unknown
from trackboard.model import Run, RunId
from trackboard.ports import (
    Aggregate,
    AllOf,
    Attribute,
    Comparison,
    Field,
    HasValue,
    Matches,
    OneOf,
    Ordered,
    Orders,
    RunQuery,
    Source,
    Store,
    attribute,
    iter_comparisons,
)
from trackboard.stores.rules.run_transitions import UNKNOWN

_WORDS = {
    Source.METRIC: "a metric",
    Source.PARAMETER: "a parameter",
    Source.METRIC_OR_PARAMETER: "a metric or a parameter",
    Source.TAG: "a tag",
    Source.PROPERTY: "a property",
}


def check_names(store: Store, query: RunQuery) -> None:
    """Raise where a condition names what no run has: it would hold of none, and its negation of all.

    Cheap where all names are known: each is looked up by an index.

    Raises:
        NotFound: No run is of that experiment, or has that tag, property, parameter or metric.
        UsageError: What is compared as a number is text, or the other way round.
    """
    for comparison in dict.fromkeys(iter_comparisons(query.where) if query.where else ()):
        _check_comparison(store, comparison)


def explain_nothing(store: Store, query: RunQuery) -> None:
    """Raise where no run matched because the query names what no run has.

    Raises:
        NotFound: No run is of that experiment, or below that run, or has that tag, property or parameter.
    """
    if query.experiment is not None:
        _check_experiment(store, query.experiment)
    if query.parent is not None and store.find_run(query.parent) is None:
        raise NotFound(
            f"no run is called {query.parent!r}", hint="Pass its parent, an id or a name."
        )
    for source, names in (
        (Source.TAG, query.tags),
        (Source.PROPERTY, query.properties),
        (Source.PARAMETER, query.parameters),
    ):
        for name in names:
            _check_field(store, Field(source, name))


def check_orders(store: Store, query: RunQuery, orders: Orders, found: Sequence[Run]) -> None:
    """Raise where runs were to be sorted by what none of those that match has.

    Raises:
        NotFound: None has it.
        UsageError: It is a metric that holds text.
    """
    for order in orders if found else ():
        if order.by.source is Source.ATTRIBUTE:
            continue
        first = RunQuery(archived=True, where=OneOf(attribute(Attribute.ID), (found[0].id,)))
        (column,) = store.read_columns(replace(first, deleted=query.deleted), [order.by])
        if any(each is not None for each in column):
            continue
        _check_field(store, order.by)
        having = HasValue(order.by)
        where = having if query.where is None else AllOf((query.where, having))
        if store.query_runs(replace(query, where=where), limit=1):
            continue
        runs = [run.id for run in store.query_runs(query)]
        raise _unknown(store, order.by, "no run that matches", runs)


def check_metrics(store: Store, runs: Collection[RunId], asked: Iterable[str]) -> None:
    """Raise where none of some runs logged a metric; while nothing is logged, one that goes on may do so yet.

    Raises:
        NotFound: None did.
    """
    known = _metrics_of(store, runs)
    if not known and any(_goes_on(store, run) for run in runs):
        return
    for name in asked:
        if name not in known:
            whose = "none of these runs logged" if len(runs) > 1 else "the run did not log"
            raise NotFound(f"{whose} a metric {name!r}", hint=_hint_on_metric(name, known))


def check_columns(store: Store, asked: Iterable[str]) -> None:
    """Raise where no run at all has what a column shows.

    Raises:
        NotFound: None has.
        UsageError: A column is none.
    """
    check_fields(store, map(parse_field, asked))


def check_fields(store: Store, fields: Iterable[Field]) -> None:
    """Raise where no run at all has what a field names.

    Raises:
        NotFound: None has.
    """
    for field in fields:
        if field.source is Source.ATTRIBUTE or store.holds_somewhere(HasValue(field)):
            continue  # an index says so; to look for text, all series of that name are read
        if not (field.is_of_metrics and store.list_series(names=[field.name], text=True)):
            raise _unknown(store, field, "no run", None)


# -- what is compared ------------------------------------------------------------------------------


def _check_comparison(store: Store, comparison: Comparison) -> None:
    field = comparison.field
    if field.source is Source.ATTRIBUTE:
        if isinstance(comparison, OneOf) and field.name == Attribute.EXPERIMENT.value:
            for name in comparison.values:
                _check_experiment(store, str(name), field)
        return
    _check_field(store, field)
    if field.source in (Source.TAG, Source.PROPERTY):
        return
    a_number = (Ordered(field, ">=", -math.inf), OneOf(field, (math.nan,)))
    if isinstance(comparison, Ordered) and not any(
        store.holds_somewhere(each) for each in a_number
    ):
        raise _wrong_kind(field, "text", "Compare it by = != in (...) like or ~.")
    is_parameter = field.source is Source.PARAMETER or store.holds_somewhere(
        HasValue(replace(field, source=Source.PARAMETER))
    )
    texts = [each for each in getattr(comparison, "values", ()) if isinstance(each, str)]
    if (texts or isinstance(comparison, Matches)) and not is_parameter:
        said = f", and {texts[0]!r} is no number" if texts else ""
        raise _wrong_kind(field, f"a number{said}", "Compare it with a number by = != < <= > >=.")


def _wrong_kind(field: Field, what: str, hint: str) -> UsageError:
    said = f"{written(field)!r} is {what}"
    return mistake(field.origin, said, hint) if field.origin else UsageError(said, hint=hint)


def _check_experiment(store: Store, name: str, field: Field | None = None) -> None:
    known = store.list_experiments()
    if name not in (*known, UNKNOWN):
        origin = field.origin if field else None
        if any(each.name == name for each in store.read_experiments(deleted=True)):
            back = f"trackboard restore --experiment {shlex.quote(name)} brings it back."
            raise unknown(origin, f"the experiment {name!r} is in the trash", back)
        hint = nearest_of(name, known, "There are no experiments.")
        what = f"there is no experiment {name!r}"
        raise unknown(origin, what, hint)


def _check_field(store: Store, field: Field) -> None:
    if not store.holds_somewhere(HasValue(field)):
        raise _unknown(store, field, "no run", None)


def _goes_on(store: Store, run: RunId) -> bool:
    found = store.find_run(run)
    return found is not None and not found.state.is_terminal


# -- what may have been meant ----------------------------------------------------------------------


def _unknown(
    store: Store, field: Field, whose: str, runs: Collection[RunId] | None
) -> NotFound | UsageError:
    name = field.name
    if field.is_of_metrics and store.list_series(runs=runs, names=[name], text=True):
        hint = "Compare and sort by metrics that are numbers."
        return UsageError(f"the metric {name!r} holds text", hint=hint)
    has = "logged" if field.source is Source.METRIC else "has"
    if runs is None and store.query_runs(RunQuery(deleted=True, where=HasValue(field)), limit=1):
        what = f"only runs in the trash have {_WORDS[field.source]} {name!r}"
        hint = "trackboard trash lists them, and trackboard restore brings them back."
        return unknown(field.origin, what, hint)
    what = f"{whose} {has} {_WORDS[field.source]} {name!r}"
    return unknown(field.origin, what, _hint(store, field, runs))


def _hint(store: Store, field: Field, runs: Collection[RunId] | None) -> str:
    if not field.is_of_metrics:
        return nearest_of(field.name, store.list_names(field.source), "None has any.")
    metrics = _metrics_of(store, runs)
    literal = f"{field.name}.{field.aggregate.value}"
    if field.aggregate is not Aggregate.LAST and literal in metrics:
        return f"Write metrics.{quoted(literal)} for the metric of that name."
    if field.source is Source.METRIC:
        return _hint_on_metric(field.name, metrics)
    for source in (Source.TAG, Source.PROPERTY):
        if field.name in store.list_names(source):
            return f"Did you mean {written(Field(source, field.name))}?"
    parameters = store.list_names(Source.PARAMETER)
    return _hint_on_metric(field.name, [*metrics, *parameters], WORDS)


def _hint_on_metric(name: str, known: Collection[str], words: Collection[str] = ()) -> str:
    below = [each for each in known if each.startswith(f"{name}/")]
    if below:
        return f"Name one of its columns: {', '.join(map(repr, below[:5]))}."
    listed = nearest_of(name, known, "Nothing was logged.")
    return nearest(name, [*known, *words], listed)


def _metrics_of(store: Store, runs: Collection[RunId] | None) -> Collection[str]:
    """Names of the metrics that runs logged, as begun; None: of all runs, in order."""
    if runs is None:
        return store.list_names(Source.METRIC)
    return dict.fromkeys(each.name for each in store.list_series(runs=runs))
