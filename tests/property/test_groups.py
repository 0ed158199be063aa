"""Statistics of groups are numpy's over all runs, and pages of groups hold each group once."""

import math
from collections import defaultdict
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackboard.errors import UsageError
from trackboard.history.conditions import parse_orders
from trackboard.history.groups import Group, read_groups
from trackboard.history.query.fields import parse_field
from trackboard.history.query.parser import parse_condition
from trackboard.history.query.writing import write_equal
from trackboard.model import Event, ParameterSet, RunId, Tagged, Value
from trackboard.ports import RunQuery
from trackboard.testing.memory import MemoryStore
from trackboard.testing.speaker import Speaker, created, numbers

VALUES = st.sampled_from([0.1, 1, 1.0, True, "1", "", "ä", math.nan, -math.inf, 2**53 + 1])
NUMBERS = st.floats(-1e9, 1e9) | st.sampled_from([math.nan, math.inf, -math.inf, 0.0])
RUNS = st.lists(
    st.tuples(st.none() | VALUES, st.none() | st.text("ab", max_size=1), st.none() | NUMBERS)
)
BY = [parse_field("params.lr"), parse_field("tags.team")]
LOSS = parse_field("metrics.loss")
Run = tuple[Value | None, str | None, float | None]


def stored(runs: list[Run]) -> MemoryStore:
    store = MemoryStore()
    events: list[Event] = []
    points = []
    for number, (rate, team, loss) in enumerate(runs):
        run = RunId(f"r{number}")
        events.append(created(run, time_s=float(number)))
        events += [] if rate is None else [ParameterSet(run, "lr", rate)]
        events += [] if team is None else [Tagged(run, "team", team)]
        points += [] if loss is None else [numbers(run, "loss", [loss])]
    store.apply([Speaker().batch(*events, points=points)])
    return store


def same(value: Value | None) -> object:
    return "nan" if value != value else value


def pages(store: MemoryStore, limit: int, order: str = "") -> list[Group]:
    groups: list[Group] = []
    after = ""
    by_mean = parse_orders([order])[0] if order else None
    while True:
        page = read_groups(store, RunQuery(), BY, [LOSS], by_mean, limit=limit, after=after)
        groups += page.groups
        assert page.next != after or not after
        after = page.next
        if not after:
            assert page.count == len(groups)
            return groups


def expected(runs: list[Run]) -> Mapping[tuple[object, object], list[Run]]:
    found: dict[tuple[object, object], list[Run]] = defaultdict(list)
    for run in reversed(runs):  # the newest first
        found[same(run[0]), run[1]].append(run)
    return found


@given(RUNS, st.integers(1, 4))
def test_statistics_are_those_of_numpy_over_all_runs_of_a_group(
    runs: list[Run], limit: int
) -> None:
    groups = pages(stored(runs), limit)
    by_key = expected(runs)
    assert {(same(each.key[0]), each.key[1]) for each in groups} == set(by_key)
    assert len(groups) == len(by_key)
    for group in groups:
        members = by_key[same(group.key[0]), group.key[1]]
        assert group.count == len(members)
        losses = np.array([loss for *_, loss in members if loss is not None], float)
        known = losses[~np.isnan(losses)]
        (statistics,) = group.statistics
        if not len(known):
            assert statistics is None
            continue
        assert statistics is not None
        with np.errstate(all="ignore"):
            wanted = [known.mean(), known.std(), known.min(), known.max()]
        got = [statistics.mean, statistics.deviation, statistics.least, statistics.greatest]
        assert statistics.count == len(known)
        np.testing.assert_array_equal(got, wanted)


@given(RUNS, st.integers(1, 3), st.sampled_from(["metrics.loss", "-metrics.loss"]))
def test_groups_are_sorted_by_a_mean_page_by_page(runs: list[Run], limit: int, order: str) -> None:
    groups = pages(stored(runs), limit, order)
    assert len(groups) == len(expected(runs))
    means = [
        math.nan if each is None else each.mean for group in groups for each in group.statistics
    ]
    known = [each for each in means if not math.isnan(each)]
    assert known == sorted(known, reverse=not order.startswith("-"))
    assert means[len(known) :] == [] or all(map(math.isnan, means[len(known) :]))


@pytest.mark.parametrize(
    "after", ["x", "[]", "[1]", '["a",1,"b"]', "{}", "[" * 100_000, "[null,[],1]"]
)
def test_what_is_no_group_is_told(after: str) -> None:
    with pytest.raises(UsageError, match="is no group to go on after"):
        read_groups(stored([(1, "a", 1.0)]), RunQuery(), BY, [LOSS], limit=1, after=after)


@pytest.mark.parametrize("by", [[], ["created"], ["params.a"] * 6])
def test_what_runs_cannot_be_grouped_by_is_told(by: list[str]) -> None:
    with pytest.raises(UsageError, match="group"):
        read_groups(stored([]), RunQuery(), [*map(parse_field, by)], [], limit=1)


@given(
    RUNS, st.sampled_from(["params.lr", "tags.team", "lr", "metrics.loss", "state", "experiment"])
)
def test_the_condition_of_a_group_finds_its_runs(runs: list[Run], name: str) -> None:
    """Also of numbers that are no JSON, of texts in quotes, and of what runs do not have."""
    store = stored(runs)
    by = [parse_field(name)]
    for group in read_groups(store, RunQuery(), by, [], limit=1000).groups:
        condition = parse_condition(write_equal(by[0], group.key[0]))
        assert store.count_runs(RunQuery(where=condition)) == group.count
