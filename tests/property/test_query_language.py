"""Conditions as text: nothing but UsageError comes of any, and each finds what plain Python finds."""

from __future__ import annotations

import contextlib
import math
import operator
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from trackboard.errors import UsageError
from trackboard.history.query.fields import parse_field, written
from trackboard.history.query.mistakes import pointed
from trackboard.history.query.parser import parse_condition
from trackboard.model import Event, ParameterSet, RunId, Tagged, Value
from trackboard.ports import Field, RunQuery, Source, Store
from trackboard.stores import open_sqlite
from trackboard.testing.memory import MemoryStore
from trackboard.testing.speaker import Speaker, created, numbers

PIECES = st.sampled_from(
    [
        *("and", "or", "not", "in", "like", "is", "null", "(", ")", ",", "'", '"', "`", "''"),
        *("=", "==", "!=", "<", "<=", ">", ">=", "~", "!~", "&&", "<>", "!", "-", ".", "[", "*"),
        *("loss", "loss.min", "metrics.", "params.lr", "tags.team", "state", "created", "age"),
        *("duration", "number", "0.5", "nan", "-inf", "1e999", "7d", "2026-11-29", "true", "a b"),
        *("'a''b'", '"val loss"', "failed", "(?P<x>", "\\", "\0", "\ud800", "ä", "\n", "; DROP TABLE run"),
    ]
)  # fmt: skip
TEXTS = st.lists(PIECES | st.text(max_size=4), max_size=12).map(" ".join) | st.text()


@given(TEXTS)
@example("metrics.''.min < 1")
@example("created > 0001-01-01 and created < 9999-12-31T23:59:59.999999")
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    with contextlib.suppress(UsageError):
        parse_condition(text, now_s=1.7e9)
    with contextlib.suppress(UsageError):
        parse_field(text)


@given(st.text(min_size=1).filter(lambda name: "\0" not in name), st.sampled_from(Source))
def test_a_written_name_is_read_again(name: str, source: Source) -> None:
    if source not in (Source.ATTRIBUTE, Source.METRIC_OR_PARAMETER):
        assert parse_field(written(Field(source, name))) == Field(source, name)


class Run(NamedTuple):
    """What is known of a run, as plain values."""

    losses: list[float]
    lr: Value | None
    team: str | None


Holds = Callable[[Run], bool]
Text = tuple[str, Holds]

SIGNS: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
FLOATS = st.sampled_from([-math.inf, -1.5, 0.0, 0.1, 0.5, 1.0, 3.0, math.inf])
AGGREGATES: Mapping[str, Callable[[list[float]], float]] = {
    "loss": lambda values: values[-1],
    "metrics.loss": lambda values: values[-1],
    "loss.min": lambda values: min((v for v in values if v == v), default=math.nan),
    "loss:max": lambda values: max((v for v in values if v == v), default=math.nan),
    "loss.step": lambda values: len(values) - 1,
    "metrics.loss.count": len,
}


def _metric(name: str, sign: str, number: float) -> Text:
    read, compare = AGGREGATES[name], SIGNS[sign]
    return (
        f"{name}{sign}{number}",
        lambda run: bool(run.losses) and compare(read(run.losses), number),
    )


def _equal(name: str, number: float, negated: bool) -> Text:
    read = AGGREGATES[name]
    return (
        f"{name} {'!' * negated}= {number}",
        lambda run: bool(run.losses) and _same(read(run.losses), number) != negated,
    )


def _parameter(name: str, sign: str, number: float) -> Text:
    compare = SIGNS[sign]
    return (
        f"{name} {sign} {number}",
        lambda run: isinstance(run.lr, bool | int | float) and compare(float(run.lr), number),
    )


def _one_of(name: str, values: list[Value], negated: bool) -> Text:
    said = ", ".join(f"'{v}'" if isinstance(v, str) else str(v) for v in values)
    return (
        f"{name} {'NOT ' * negated}in ({said})",
        lambda run: (run.lr is not None and any(_same(run.lr, each) for each in values)) != negated,
    )


def _tag(team: str, negated: bool) -> Text:
    quoted = team.replace("'", "''")
    return (
        f"tags.team {'!' * negated}= '{quoted}'",
        lambda run: run.team is not None and (run.team == team) != negated,
    )


def _like(team: str) -> Text:
    return f"tags.team like '%{team}%'", lambda run: run.team is not None and team in run.team


def _same(one: Value, other: Value) -> bool:
    if isinstance(one, str) or isinstance(other, str):
        return type(one) is type(other) and one == other
    return one == other or (one != one and other != other)


NAN_TOO = FLOATS | st.just(math.nan)
VALUES = st.sampled_from([0.1, 1, 1.0, True, math.nan, "adam", "1", 2**53 + 1, -math.inf])
TEAMS = st.sampled_from(["vision", "it's", "", "a b", "ä", "x.z", "1"])
LR = st.sampled_from(["lr", "params.lr"])
LEAVES: st.SearchStrategy[Text] = st.one_of(
    st.builds(_metric, st.sampled_from([*AGGREGATES]), st.sampled_from([*SIGNS]), FLOATS),
    st.builds(_equal, st.sampled_from([*AGGREGATES]), NAN_TOO, st.booleans()),
    st.builds(_parameter, LR, st.sampled_from([*SIGNS]), FLOATS),
    st.builds(_one_of, LR, st.lists(VALUES, min_size=1, max_size=3), st.booleans()),
    st.builds(_tag, TEAMS, st.booleans()),
    st.builds(_like, TEAMS.filter(lambda team: "'" not in team)),
    st.just(("tags.team is null", lambda run: run.team is None)),
    st.just(("loss is not null", lambda run: bool(run.losses))),
)


def _both(one: Text, other: Text) -> Text:
    return f"({one[0]} and {other[0]})", lambda run: one[1](run) and other[1](run)


def _either(one: Text, other: Text) -> Text:
    return f"({one[0]} or {other[0]})", lambda run: one[1](run) or other[1](run)


CONDITIONS: st.SearchStrategy[Text] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(_both, inner, inner),
        st.builds(_either, inner, inner),
        inner.map(lambda one: (f"not {one[0]}", lambda run: not one[1](run))),
    ),
    max_leaves=6,
)
RUNS = [
    Run(losses, lr, team)
    for number, losses in enumerate(
        [[], [0.5], [3.0, 0.1], [math.nan], [0.1, math.nan, -1.5], [math.inf, 1.0], [-math.inf]]
    )
    for lr, team in [
        ([None, 0.1, 1, True, "adam", "1", math.nan][number], "vision"),
        ([2**53 + 1, 0.5, None, 3, -math.inf, 1.0, 0.1][number], [None, "it's", "", "ä"][number % 4]),
        ([None, "x", 0.0, 1, 0.1, None, 2][number], ["a b", "x.z", "1", None][number % 4]),
    ]
]  # fmt: skip


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Store]]:
    """The same runs in memory and in SQLite."""
    sqlite, memory = open_sqlite(tmp_path_factory.mktemp("store") / "trackboard.db"), MemoryStore()
    for store in (sqlite, memory):
        ids = [str(number) for number in range(len(RUNS))]
        points = [numbers(i, "loss", r.losses) for i, r in zip(ids, RUNS, strict=True) if r.losses]
        said: list[Event] = []
        for i, run in zip(map(RunId, ids), RUNS, strict=True):
            if run.lr is not None:
                said.append(ParameterSet(i, "lr", run.lr))
            if run.team is not None:
                said.append(Tagged(i, "team", run.team))
        store.apply([Speaker().batch(*map(created, ids), *said, points=points)])
    yield sqlite, memory
    sqlite.close()


@settings(max_examples=150)
@given(condition=CONDITIONS)
def test_a_condition_finds_what_python_finds(stores: tuple[Store, Store], condition: Text) -> None:
    text, holds = condition
    expected = {str(number) for number, run in enumerate(RUNS) if holds(run)}
    query = RunQuery(where=parse_condition(text))
    for store in stores:
        assert {run.id for run in store.query_runs(query)} == expected, text


def test_marks_stand_below_what_they_mark() -> None:
    origin = parse_field("'x y'").origin
    assert origin is not None
    assert pointed(origin) == "    'x y'\n    ^^^^^"
