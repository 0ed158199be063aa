"""`RunDetails`."""

from __future__ import annotations

from typing import Any

import pytest

from azureml.core import Experiment
from azureml.exceptions import UserErrorException
from azureml.widgets import RunDetails
from azureml.widgets._run_details import _as_html


def test_outside_of_a_notebook_it_prints_once_and_returns(
    exp: Experiment, capsys: pytest.CaptureFixture[str]
) -> None:
    run = exp.start_logging("first", outputs=False)
    run.log_list("loss", range(10))

    RunDetails(run).show(widget_settings={"debug": True})

    said = capsys.readouterr().out
    assert "Run: first\n" in said
    assert "Status: Running\n" in said
    assert "loss: 10 values, last 9\n" in said


def test_what_is_shown(exp: Experiment) -> None:
    run = exp.start_logging(outputs=False)
    run.child_run("<b>").complete()
    run.log("loss", 1)

    data = RunDetails(run).get_widget_data()

    assert (data["run_id"], data["status"], data["run_metrics"]) == (run.id, "Running", {"loss": 1})
    assert [(one["name"], one["status"]) for one in data["child_runs"]] == [("<b>", "Completed")]
    assert "<b>" not in _as_html(data)


@pytest.mark.parametrize("run", [None, "id", 3])
def test_only_runs_are_shown(run: Any) -> None:
    with pytest.raises(UserErrorException, match="is no run"):
        RunDetails(run)
