"""Runs below runs, and finding runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from azureml.core import Experiment, Run, ScriptRun, ScriptRunConfig, Workspace
from azureml.exceptions import AzureMLException, ServiceException, UserErrorException


@pytest.fixture
def run(exp: Experiment) -> Run:
    return exp.start_logging(outputs=False)


def test_create_children_by_count(run: Run) -> None:
    children = run.create_children(count=3)

    assert [child.get_tags() for child in children] == [
        {"azureml.batch_child_number": str(i)} for i in range(3)
    ]
    assert {child.get_status() for child in children} == {"Running"}
    assert [one.id for one in run.get_children()] == [child.id for child in reversed(children)]


def test_create_children_by_values_and_without_a_limit(run: Run) -> None:
    children = run.create_children(tag_key="fold", tag_values=range(150))

    assert len(children) == 150
    assert children[149].get_tags() == {"fold": "149"}


@pytest.mark.parametrize(
    "arguments",
    [{}, {"count": 1, "tag_key": "a"}, {"tag_key": "a"}, {"tag_values": [1]}, {"count": -1}],
    ids=str,
)
def test_other_mixes_are_an_error(run: Run, arguments: dict[str, Any]) -> None:
    with pytest.raises(UserErrorException, match="create_children"):
        run.create_children(**arguments)


@pytest.mark.parametrize("recursive", [False, True])
@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, "cba"),
        ({"tags": "kind"}, "ba"),
        ({"tags": {"kind": "x"}}, "a"),
        ({"tags": {"kind": None}}, "b"),
        ({"tags": {"kind": "x", "missing": "y"}}, ""),
        ({"properties": "p"}, "c"),
        ({"properties": {"p": "1"}}, "c"),
        ({"properties": {"p": "2"}}, ""),
        ({"type": "special"}, "c"),
        ({"status": "Completed"}, "b"),
        ({"status": "Running", "tags": "kind"}, "a"),
    ],
    ids=str,
)
def test_filters(run: Run, recursive: bool, filters: dict[str, Any], found: str) -> None:
    a, b, c = run.child_run("a"), run.child_run("b"), run.child_run("c")
    a.tag("kind", "x")
    b.tag("kind")
    b.complete()
    c.add_properties({"p": 1, "azureml.runsource": "special"})

    names = "".join(one.name for one in run.get_children(recursive=recursive, **filters))
    assert names == found
    listed = Run.list(run.experiment, include_children=True, **filters)
    assert "".join(one.name for one in listed if one.id != run.id) == found


def test_filters_that_are_none(exp: Experiment, run: Run) -> None:
    with pytest.raises(ValueError, match="tags=3"):
        exp.get_runs(tags=3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="properties="):
        run.get_children(properties=["a"])  # type: ignore[arg-type]
    with pytest.raises(UserErrorException, match="no status 'Done'"):
        Run.list(exp, status="Done")


def test_get_runs_takes_filters(exp: Experiment) -> None:
    first, second = exp.start_logging(tags={"a": 1}), exp.start_logging(tags={"a": 2})
    first.child_run().tag("a", "1")

    assert [run.id for run in exp.get_runs(tags="a")] == [second.id, first.id]
    assert [run.id for run in exp.get_runs(tags={"a": "1"})] == [first.id]
    assert len([*exp.get_runs(include_children=True)]) == 3


def test_more_than_a_page(run: Run) -> None:
    children = run.create_children(count=1100)

    assert [one.id for one in run.get_children()] == [one.id for one in reversed(children)]


def test_submit_child(run: Run, script: Callable[..., ScriptRunConfig], ws: Workspace) -> None:
    child = run.submit_child(script("print(1)"), tags={"a": 1})

    assert isinstance(child, ScriptRun)
    assert child.parent is not None
    assert child.parent.id == run.id
    assert child.get_tags() == {"a": "1"}
    child.wait_for_completion()
    assert [type(one) for one in run.get_children(type="azureml.scriptrun")] == [ScriptRun]
    assert type(ws.get_run(child.id)) is ScriptRun
    assert child.type == "azureml.scriptrun"


def test_get_and_what_is_not_there(ws: Workspace, exp: Experiment, run: Run) -> None:
    assert Run.get(ws, run.id).id == run.id
    attempts: list[Callable[[], object]] = [
        lambda: Run.get(ws, "nobody"),
        lambda: Run(exp, "nobody"),
        lambda: ws.get_run("nobody"),
    ]
    for attempt in attempts:
        with pytest.raises(AzureMLException) as caught:
            attempt()
        assert isinstance(caught.value, UserErrorException)
        assert isinstance(caught.value, ServiceException)
        assert caught.value.status_code == 404


def test_type_providers(exp: Experiment, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    class Special(Run):
        pass

    monkeypatch.setattr(Run, "_type_providers", {})
    Run.add_type_provider("special", lambda exp, stored: Special(exp, stored.id))
    run.add_properties({"azureml.runsource": "special"})

    assert [type(one) for one in exp.get_runs()] == [Special]
