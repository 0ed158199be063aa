"""Which runs match which questions."""

import math
from dataclasses import replace

import pytest

from trackboard.model import Run, RunId, RunKind, RunState, Series, SeriesId, Value, ValueKind
from trackboard.ports import Field, Ordered, RunQuery, Source
from trackboard.stores.rules.condition_match import RunValues
from trackboard.stores.rules.query_match import matches

RUN = Run(
    *(RunId("r"), "exp", 1, "name", RunId("above"), RunKind.INTERACTIVE, RunState.RUNNING, ""),
    *(1.0, None, None, 0, ()),
)
TAGS = {"set": "value", "bare": None}
LOSS = Field(Source.METRIC, "loss")
SERIES = Series(SeriesId(1), RUN.id, "loss", ValueKind.FLOAT, 2, 0.5, 7, 1.0, 0.25, 0.75, 7)


def found(query: RunQuery, run: Run = RUN) -> bool:
    parameters: dict[str, Value] = {"lr": 1, "opt": "sgd", "n": math.nan}
    series = {"loss": SERIES}
    return matches(query, RunValues(run, TAGS, {"p": "x"}, parameters, series.get))


@pytest.mark.parametrize(
    "query",
    [
        RunQuery(),
        RunQuery(experiment="exp", parent=RunId("above"), kind=RunKind.INTERACTIVE),
        RunQuery(states=(RunState.FAILED, RunState.RUNNING)),
        RunQuery(tags={"set": "value"}),
        RunQuery(tags={"set": None, "bare": None}, properties={"p": "x"}),
        RunQuery(properties={"p": None}),
        RunQuery(parameters={"lr": 1.0, "opt": "sgd", "n": -math.nan}),
        RunQuery(where=Ordered(LOSS, "<", 0.6), tags={"bare": None}),
    ],
)
def test_a_run_matches_when_all_conditions_hold(query: RunQuery) -> None:
    assert found(query)


@pytest.mark.parametrize(
    "query",
    [
        RunQuery(experiment="other"),
        RunQuery(experiment=""),
        RunQuery(parent=RunId("other")),
        RunQuery(top_level=True),
        RunQuery(kind=RunKind.JOB),
        RunQuery(states=(RunState.FAILED,)),
        RunQuery(states=()),
        RunQuery(tags={"set": "other"}),
        RunQuery(tags={"missing": None}),
        RunQuery(tags={"set": "value", "bare": "value"}),
        RunQuery(properties={"p": "y"}),
        RunQuery(properties={"q": None}),
        RunQuery(parameters={"lr": 2}),
        RunQuery(parameters={"lr": 1, "missing": 1}),
        RunQuery(parameters={"lr": "1"}),
        RunQuery(where=Ordered(LOSS, "<", 0.6), tags={"missing": None}),
        RunQuery(where=Ordered(LOSS, ">", 0.6), tags={"bare": None}),
    ],
)
def test_a_run_matches_not_when_one_does_not(query: RunQuery) -> None:
    assert not found(query)


def test_a_run_without_a_parent_is_at_the_top() -> None:
    run = replace(RUN, parent=None)
    assert found(RunQuery(top_level=True), run)
    assert not found(RunQuery(parent=RunId("above")), run)
