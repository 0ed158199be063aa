"""Parameters that are equal, and those that only look so."""

import math
from dataclasses import replace

import pytest

from trackboard.errors import UsageError
from trackboard.model import Run, RunId, RunKind, RunState, Value
from trackboard.ports import RunQuery
from trackboard.stores.rules.query_match import check_query, equal_text, matches


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, 1.0), (1, True), (0, -0.0), (False, 0.0), (10**22, 1e22), (math.nan, -math.nan)],
)
def test_equal_numbers_share_their_text(one: Value, other: Value) -> None:
    assert equal_text(one) == equal_text(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, "1"),
        (1, "n1"),
        (math.nan, "nan"),
        (math.inf, -math.inf),
        (2**53, 2**53 + 1),
        (0.1, 0.1 + 2**-56),
        (1e308, 1.0000000000000002e308),
        ("", 0),
        ("a", "a "),
        ("x" * 100 + "a", "x" * 100 + "b"),
        ("h" + "0" * 40, "x" * 100),
    ],
)
def test_others_do_not(one: Value, other: Value) -> None:
    assert equal_text(one) != equal_text(other)


@pytest.mark.parametrize("value", ["x" * 10**6, 1e308, "\ud800", "grün \0", 5e-324])
def test_any_value_has_a_text_that_every_index_takes(value: Value) -> None:
    text = equal_text(value)
    assert len(text) <= 64
    assert text.isascii()
    assert text.isprintable()


@pytest.mark.parametrize("length", [62, 63, 64, 65])
def test_short_text_is_its_own_and_long_text_a_hash(length: int) -> None:
    text = equal_text("x" * length)
    assert (text == "s" + "x" * length) is (length <= 63)
    assert len(text) == (length + 1 if length <= 63 else 41)


RUN = Run(
    *(RunId("r"), "exp", 1, "name", RunId("above"), RunKind.INTERACTIVE, RunState.RUNNING, ""),
    *(1.0, None, None, 0, ()),
)
TAGS = {"set": "value", "bare": None}
LAST = {"loss": 0.5, "nan": math.nan}


def found(query: RunQuery, run: Run = RUN) -> bool:
    check_query(query)
    return matches(query, run, TAGS, {"p": "x"}, {"lr": 1, "opt": "sgd", "n": math.nan}, LAST.get)


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
        RunQuery(metrics=(("loss", "<", 0.6), ("loss", ">=", 0.5), ("loss", "!=", 0.6))),
        RunQuery(metrics=(("loss", "==", 0.5), ("loss", "<=", 0.5), ("loss", ">", 0.4))),
        RunQuery(metrics=(("nan", "!=", math.nan), ("nan", "!=", 1.0))),
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
        RunQuery(metrics=(("loss", "<", 0.5),)),
        RunQuery(metrics=(("loss", ">", 0.5),)),
        RunQuery(metrics=(("loss", "<", 0.6), ("loss", "==", 0.6))),
        RunQuery(metrics=(("missing", "!=", 1.0),)),
        RunQuery(metrics=(("nan", "==", math.nan),)),
    ],
)
def test_a_run_matches_not_when_one_does_not(query: RunQuery) -> None:
    assert not found(query)


def test_a_run_without_a_parent_is_at_the_top() -> None:
    run = replace(RUN, parent=None)
    assert found(RunQuery(top_level=True), run)
    assert not found(RunQuery(parent=RunId("above")), run)


def test_a_comparison_that_nobody_knows_is_refused() -> None:
    check_query(
        RunQuery(metrics=tuple(("m", sign, 1.0) for sign in ["<", "<=", ">", ">=", "==", "!="]))
    )
    with pytest.raises(UsageError, match="metric 'm' cannot be compared by '=~'") as caught:
        check_query(RunQuery(metrics=(("n", "<", 1.0), ("m", "=~", 1.0))))
    assert "< <= > >= == !=" in caught.value.hint
