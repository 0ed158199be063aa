"""Whatever a question holds that it cannot mean is refused, with the word or the name that is nearest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.workspaces import api

from trackboard.errors import NotFound, UsageError
from trackboard.history.conditions import Filters
from trackboard.history.vocabulary import argument_meant
from trackboard.model import RunKind
from trackboard.ports import Aggregate, Field, Order, Ordered, RunQuery, Source
from trackboard.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """Two runs of `good`, the second without a loss, and one of `bad`, which logs text only."""
    workspace = Workspace.open(tmp_path)
    with api(workspace).start_run(
        "good", name="one", parameters={"lr": 0.1, "optimizer": "adam"}, tags={"team": "a"}
    ) as run:
        run.log("loss", 0.5)
        run.log_row("table", {"x": 1, "y": 2})
        with api(workspace).start_run("good", name="below", parent=run):
            pass
    with api(workspace).start_run("good", name="two") as run:
        run.log("accuracy", float("nan"))
    with api(workspace).start_run("bad", name="three") as run:
        run.log("note", "text")
    yield workspace
    workspace.close()


@pytest.mark.parametrize(
    ("word", "right"),
    [
        ("experimnt", "experiment"),
        ("params", "parameters"),
        ("param", "parameters"),
        ("tag", "tags"),
        ("metrics", "where"),
        ("sort", "order"),
        ("order_by", "order"),
        ("status", "state"),
        ("children", "top_level"),
        ("max_results", "limit"),
        ("filter_string", "where"),
    ],
)
def test_a_word_that_is_no_condition(workspace: Workspace, word: str, right: str) -> None:
    given: Any = {word: "x"}
    with pytest.raises(
        UsageError, match=rf"'{word}' is no condition on runs\nDid you mean {right}="
    ):
        api(workspace).runs(**given)


def test_every_condition_means_itself() -> None:
    arguments = [*Filters.__annotations__, "order", "limit", "offset"]
    assert [argument_meant(each, arguments) for each in arguments] == arguments
    assert argument_meant("qqq", arguments) == ""


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"experiment": "goood"}, "there is no experiment 'goood'\nDid you mean 'good'"),
        ({"experiment": "x"}, "There is 'good', 'bad'"),
        ({"tags": {"taem": None}}, "no run has a tag 'taem'\nDid you mean 'team'"),
        ({"tags": "taem=a"}, "Did you mean 'team'"),
        ({"properties": {"trackboard.hosts": "x"}}, "no run has a property .*\nDid you mean"),
        ({"parameters": {"lrr": 1}}, "no run has a parameter 'lrr'\nDid you mean 'lr'"),
        (
            {"where": "los < 3"},
            r"no run has a metric or a parameter 'los'\n    los < 3\n    \^\^\^\nDid you mean 'loss'",
        ),
        ({"where": "not los < 3"}, "Did you mean 'loss'"),
        ({"where": "loss < 3 or lrr = 1"}, r"\n {16}\^\^\^\nDid you mean 'lr'"),
        (
            {"where": "metrics.los.min < 3"},
            "no run logged a metric 'los'.*\n.*\n.*\nDid you mean 'loss'",
        ),
        ({"where": "params.loss < 3"}, "no run has a parameter 'loss'"),
        ({"where": "statee = failed"}, "Did you mean 'state'"),
        ({"where": "team = a"}, "Did you mean tags.team"),
        ({"where": "tags.taem = a"}, "no run has a tag 'taem'.*\n.*\n.*\nDid you mean 'team'"),
        (
            {"where": "experiment in (good, goood)"},
            r"no experiment 'goood'\n.*\n.*\^\nDid you mean 'good'",
        ),
        ({"where": "table < 3"}, "Name one of its columns: 'table/x', 'table/y'"),
        ({"order": "los"}, "no run has a metric or a parameter 'los'\nDid you mean 'loss'"),
        ({"order": "-los"}, "Did you mean 'loss'"),
        ({"order": "LOSS"}, "Did you mean 'loss'"),
        ({"order": Order(Field(Source.METRIC, "los"))}, "Did you mean 'loss'"),
        ({"order": ["created", "-los.min"]}, "no run logged a metric 'los'\nDid you mean 'loss'"),
        (
            {"experiment": "bad", "order": "loss"},
            "no run that matches has a metric or a parameter 'loss'",
        ),
        ({"query": RunQuery(experiment="goood")}, "Did you mean 'good'"),
        ({"parent": "nobody"}, "no run is called 'nobody'"),
    ],
)
def test_a_name_that_nothing_has(workspace: Workspace, asked: dict[str, Any], said: str) -> None:
    with pytest.raises(NotFound, match=said):
        api(workspace).runs(**asked)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"limit": -1}, "limit=-1"),
        ({"limit": 0}, "None is all"),
        ({"limit": "3"}, "limit='3'"),
        ({"limit": True}, "limit=True"),
        ({"offset": -1}, "offset=-1"),
        ({"order": 3}, "order=3 is no order"),
        ({"order": "note"}, "'note' holds text"),
        ({"order": ["loss", 3]}, "is no order"),
        ({"order": "age"}, "Say created"),
        ({"where": "note < 3"}, "'note' holds text"),
        ({"where": "loss = low"}, "'loss' is a number, and 'low' is no number"),
        ({"where": "loss ~ low"}, "'loss' is a number"),
        ({"where": "optimizer < 3"}, "'optimizer' is text"),
        ({"where": "params.optimizer >= 3"}, "'params.optimizer' is text"),
        ({"where": {"loss": 3}}, "Write it as text"),
        ({"where": 3}, "Write it as text"),
        ({"where": ["loss < 1", 3]}, "Write it as text"),
        ({"kind": "sweep"}, "interactive or job"),
        ({"state": "done"}, "no such state"),
        ({"tags": {"team": 3}}, "are text"),
        ({"tags": 3}, "Pass a dict"),
        ({"parameters": {"lr": None}}, "'lr' has no value"),
        ({"parameters": "lr"}, "--param lr=0.1"),
        ({"parameters": {"lr": [1]}}, "lr"),
        ({"experiment": 3}, "Pass its name"),
        ({"parent": 3}, "a run, its id or its name"),
        ({"top_level": "yes"}, "True or False"),
        ({"query": "good"}, 'experiment="digits"'),
        ({"query": RunQuery(states=("done",))}, "no such state"),  # type: ignore[arg-type]
        ({"query": RunQuery(where="loss << 3")}, "Did you mean <"),  # type: ignore[arg-type]
        ({"query": RunQuery(experiment=3)}, "Pass its name"),  # type: ignore[arg-type]
    ],
)
def test_a_value_that_is_none(workspace: Workspace, asked: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        api(workspace).runs(**asked)


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({"tags": {"team": "nobody"}}, []),
        ({"parameters": {"lr": 7}}, []),
        ({"where": "loss > 7"}, []),
        ({"where": []}, ["three", "two", "below", "one"]),
        ({"experiment": "good", "offset": 7}, []),
        ({"experiment": "unknown"}, []),
        ({"tags": "team=a"}, ["one"]),
        ({"tags": ["team"]}, ["one"]),
        ({"parameters": "lr=1e-1"}, ["one"]),
        ({"where": ["loss < 1", "lr = 0.1"]}, ["one"]),
        (
            {"where": "loss < 1 or tags.team is null and state = completed", "order": "name"},
            ["two", "three", "one", "below"],
        ),
        ({"where": Ordered(Field(Source.METRIC, "loss", Aggregate.MAX), "<", 1)}, ["one"]),
        ({"where": "optimizer = adam"}, ["one"]),
        ({"kind": "interactive", "limit": 1}, ["three"]),
        ({"kind": RunKind.JOB}, []),
        ({"query": RunQuery(states=("failed",))}, []),  # type: ignore[arg-type]
        ({"query": RunQuery(states=())}, []),
        ({"parent": "good/one"}, ["below"]),
        ({"experiment": "good", "top_level": True, "order": "loss"}, ["one", "two"]),
        ({"experiment": "good", "order": "accuracy", "limit": 1}, ["two"]),
    ],
)
def test_what_is_answered(workspace: Workspace, asked: dict[str, Any], names: list[str]) -> None:
    assert [run.name for run in api(workspace).runs(**asked)] == names


def test_an_empty_history_has_no_names_yet(tmp_path: Path) -> None:
    workspace = Workspace.open(tmp_path / "new")
    assert api(workspace).runs(order="loss") == ()
    with pytest.raises(NotFound, match="There are no experiments"):
        api(workspace).runs(experiment="first")
    workspace.close()


def test_metrics_of_a_history(workspace: Workspace) -> None:
    assert len(api(workspace).history(["one", "two"], ["loss", "accuracy"])) == 2
    assert len(api(workspace).history([], "nope")) == 0
    for runs, metrics, said in (
        ("one", "los", "the run did not log a metric 'los'\nDid you mean 'loss'"),
        ("one", ["loss", "accuracy"], "'accuracy'\nThere is 'loss', 'table/x', 'table/y'"),
        ("good", "note", "none of these runs logged a metric 'note'"),
        ("one", "table", "Name one of its columns: 'table/x', 'table/y'"),
        ("below", "loss", "Nothing was logged"),
    ):
        with pytest.raises(NotFound, match=said):
            api(workspace).history(runs, metrics)
    with pytest.raises(UsageError, match="limit=0"):
        api(workspace).history("one", limit=0)


def test_a_run_that_goes_on_may_log_it_yet(workspace: Workspace) -> None:
    """Whoever waits for a run's first values asks before there are any."""
    with api(workspace).start_run("good", name="going on") as run:
        assert len(api(workspace).history("going on", "loss")) == 0
        run.log("loss", 0.5)
        assert len(api(workspace).history("going on", "loss")) == 1
        with pytest.raises(NotFound, match="did not log a metric 'los'"):
            api(workspace).history("going on", "los")
