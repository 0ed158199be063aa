"""Runs and experiments that were asked for: as in the SDK, and in a notebook tables."""

import pytest

from azureml.core import Experiment, Workspace


@pytest.fixture
def _runs(exp: Experiment) -> None:
    for number in range(3):
        run = exp.start_logging(f"run {number}", outputs=False)
        run.child_run("below").complete()
        run.complete()


@pytest.mark.usefixtures("_runs")
def test_to_show_runs_takes_none_of_them_away(exp: Experiment) -> None:
    for runs in (exp.get_runs(), next(exp.get_runs()).parent is None and exp.get_runs()):
        assert runs
        html = runs._repr_html_()  # type: ignore[attr-defined]
        assert [name in html for name in ("run 2", "run 1", "run 0")] == [True] * 3
        assert [run.name for run in runs] == ["run 2", "run 1", "run 0"]
    assert next(exp.get_runs(), None) is not None
    children = next(exp.get_runs()).get_children()
    assert "below" in children._repr_html_()  # type: ignore[attr-defined]
    assert "no runs" in exp.get_runs(tags="nobody")._repr_html_()  # type: ignore[attr-defined]


@pytest.mark.usefixtures("_runs")
def test_workspaces_and_experiments_are_tables(ws: Workspace, exp: Experiment) -> None:
    listed = Experiment.list(ws)
    assert isinstance(listed, list)
    for html in (listed._repr_html_(), ws._repr_html_(), exp._repr_html_()):  # type: ignore[attr-defined]
        assert f">{exp.name}<" in html
        assert ">Completed<" in html
    assert Experiment.list(ws, "nobody")._repr_html_() == "no experiments"  # type: ignore[attr-defined]
