"""Groups of runs that have the same of some fields, with exact statistics of others over all runs of each."""

from __future__ import annotations

import json
import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from trackboard.errors import UsageError
from trackboard.history.lost_state import LostRuns, read_columns
from trackboard.history.query.fields import heading
from trackboard.model import Value
from trackboard.ports import Attribute, Field, Order, RunQuery, Source, Store

if TYPE_CHECKING:
    import numpy.typing as npt

MOST_FIELDS = 5  # that runs are grouped by
_UNEQUAL = (Attribute.CREATED, Attribute.STARTED, Attribute.ENDED, Attribute.DURATION)

Key = tuple[Value | None, ...]
Rank = tuple[tuple[int, float, str], ...]


@dataclass(frozen=True)
class Statistics:
    """What numbers are together, as numpy says it; those that are NaN are passed over.

    Attributes:
        count: How many numbers there are.
        mean: Their mean.
        deviation: Their standard deviation, that of these numbers themselves (`ddof=0`).
        least: The least of them.
        greatest: The greatest of them.
    """

    count: int
    mean: float
    deviation: float
    least: float
    greatest: float


@dataclass(frozen=True)
class Group:
    """Runs that have the same.

    Attributes:
        key: What they have of each field that they are grouped by; None: nothing.
        count: How many runs these are.
        statistics: Of each field that was asked for; None: no run has a number.
    """

    key: Key
    count: int
    statistics: tuple[Statistics | None, ...]


@dataclass(frozen=True)
class GroupPage:
    """A page of groups.

    Attributes:
        groups: The groups.
        count: How many there are on all pages.
        runs: How many runs are in all of them.
        next: What the next page goes on after; empty: there is none.
    """

    groups: tuple[Group, ...] = ()
    count: int = 0
    runs: int = 0
    next: str = ""


def check_grouping(by: Sequence[Field]) -> None:
    """Raise where runs cannot be grouped by some fields.

    Raises:
        UsageError: There are none or too many of them, or one is a time.
    """
    if not 1 <= len(by) <= MOST_FIELDS:
        raise UsageError(
            f"runs are to be grouped by {len(by)} names",
            hint=f"Name 1 to {MOST_FIELDS}: group=params.lr&group=tags.team",
        )
    for field in by:
        if field.source is Source.ATTRIBUTE and Attribute(field.name) in _UNEQUAL:
            raise UsageError(
                f"runs are not grouped by {heading(field)}: hardly two have the same time",
                hint="Group by a parameter, a tag, state, experiment, kind, user or host.",
            )


def read_groups(
    store: Store,
    query: RunQuery,
    by: Sequence[Field],
    fields: Sequence[Field],
    order: Order | None = None,
    *,
    limit: int,
    after: str = "",
    list_lost: LostRuns = frozenset,
) -> GroupPage:
    """Read a page of groups, sorted by what they have, or by the mean of a field.

    Args:
        store: Where the runs are.
        query: Which runs.
        by: What the runs of a group have the same of.
        fields: Of what there are statistics.
        order: By the mean of which of `fields`; None: by what they are grouped by.
        limit: How many groups at most.
        after: `next` of the page before.
        list_lost: Lists the runs that are lost.

    Raises:
        UsageError: Runs cannot be grouped so, or `after` is no `next`.
    """
    check_grouping(by)
    columns = read_columns(store, query, [*by, *fields], list_lost)
    keys, rows = _divide(columns[: len(by)])
    numbers = [_numbers(column) for column in columns[len(by) :]]
    sorting = None
    if order is not None and order.by in fields:
        sorting = numbers[fields.index(order.by)]
    means = [None if sorting is None else _statistics(sorting[each]) for each in rows]
    ranks = [
        _rank(None if mean is None else mean.mean, key, descending=_descending(order))
        for mean, key in zip(means, keys, strict=True)
    ]
    ordered = sorted(range(len(keys)), key=ranks.__getitem__)
    first = 0
    if after:
        behind = _rank(*_parse(after, len(by)), descending=_descending(order))
        first = bisect_right([ranks[each] for each in ordered], behind)
    shown = ordered[first : first + limit]
    groups = [
        Group(keys[each], len(rows[each]), tuple(_statistics(of[rows[each]]) for of in numbers))
        for each in shown
    ]
    is_last = first + limit >= len(ordered)
    last = None if is_last or not shown else shown[-1]
    return GroupPage(
        tuple(groups),
        len(keys),
        sum(map(len, rows)),
        "" if last is None else _written(means[last], keys[last]),
    )


def _descending(order: Order | None) -> bool:
    return order is not None and order.descending


def _divide(
    columns: Sequence[Sequence[Value | None]],
) -> tuple[list[Key], list[npt.NDArray[np.int64]]]:
    """The keys of the groups, and the rows of each, in order."""
    together = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        known = dict.fromkeys(column)  # a NaN is not equal to another one, and to itself
        plain = {each: math.nan if each != each else each for each in known}
        numbers = {each: number for number, each in enumerate(dict.fromkeys(plain.values()))}
        code_of = {each: numbers[same] for each, same in plain.items()}
        codes = np.fromiter(map(code_of.__getitem__, column), np.int64, len(column))
        _, together = np.unique(together * (len(known) + 1) + codes, return_inverse=True)
    if not len(together):
        return [], []
    order = np.argsort(together, kind="stable")  # within a group, the rows stay in order
    rows = np.split(order, np.cumsum(np.bincount(together))[:-1])
    return [tuple(column[each[0]] for column in columns) for each in rows], rows


def _numbers(column: Sequence[Value | None]) -> npt.NDArray[np.float64]:
    """What is no number is NaN."""
    if str not in {*map(type, column)}:
        return np.array(column, dtype=np.float64)  # None becomes NaN
    return np.array(
        [math.nan if each is None or isinstance(each, str) else each for each in column],
        dtype=np.float64,
    )


def _statistics(numbers: npt.NDArray[np.float64]) -> Statistics | None:
    known = numbers[~np.isnan(numbers)]
    if not len(known):
        return None
    with np.errstate(invalid="ignore", over="ignore"):  # of infinities
        return Statistics(
            len(known),
            float(np.mean(known)),
            float(np.std(known)),
            float(np.min(known)),
            float(np.max(known)),
        )


# -- where a page goes on --------------------------------------------------------------------------


def _rank(mean: float | None, key: Key, *, descending: bool) -> Rank:
    """By what groups are sorted: the mean, where one is asked for, then the key; nothing comes last."""
    of_mean = _rank_of(-mean if descending and mean is not None else mean)
    return (of_mean, *map(_rank_of, key))


def _rank_of(value: Value | None) -> tuple[int, float, str]:
    if isinstance(value, str):
        return 1, 0.0, value
    if value is None:
        return 3, 0.0, ""
    return (2, 0.0, "") if value != value else (0, value, "")


def _written(mean: Statistics | None, key: Key) -> str:
    return json.dumps([None if mean is None else mean.mean, *key], separators=(",", ":"))


def _parse(after: str, count: int) -> tuple[float | None, Key]:
    try:
        found: Any = json.loads(after)
        mean, *key = found
        is_key = len(key) == count and all(
            each is None or isinstance(each, (str, int, float)) for each in key
        )
        if is_key and (mean is None or isinstance(mean, (int, float))):
            return mean, tuple(key)
    except (ValueError, TypeError, RecursionError):
        pass
    raise UsageError(
        f"after={after[:80]!r} is no group to go on after", hint="Begin at the first page again."
    )
