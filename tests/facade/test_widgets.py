"""`RunDetails`."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from tests.waiting import PATIENCE_S

from azureml.core import Experiment
from azureml.exceptions import UserErrorException
from azureml.widgets import RunDetails


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
    assert "<b>" not in RunDetails(run)._page()


@pytest.mark.parametrize("run", [None, "id", 3])
def test_only_runs_are_shown(run: Any) -> None:
    with pytest.raises(UserErrorException, match="is no run"):
        RunDetails(run)


NOTEBOOK = """
import nbclient, nbformat
code = nbformat.v4.new_code_cell
show = '''
from azureml.core import Experiment, Workspace
from azureml.widgets import RunDetails
run = Experiment(Workspace.from_config(), "e").start_logging("<b>x</b>", outputs=False)
RunDetails(run).show()
'''
end = '''
import threading, time
run.complete()
for _ in range(100):
    if "RunDetails" not in {thread.name for thread in threading.enumerate()}:
        break
    time.sleep(0.1)
'''
notebook = nbformat.v4.new_notebook(cells=[code(show), code(end), code("run")])
nbclient.NotebookClient(notebook, timeout=100, kernel_name="python3").execute()
print(notebook.cells[0].outputs[-1]["data"]["text/html"])
print(notebook.cells[2].outputs[-1]["data"]["text/html"])
"""


@pytest.mark.usefixtures("empty_folder")
def test_in_a_notebook_it_follows_the_run_and_stops_with_it() -> None:
    answer = subprocess.run(
        [sys.executable, "-c", NOTEBOOK],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )

    assert answer.returncode == 0, answer.stderr
    followed, _, run = answer.stdout.partition("\n")
    assert ">Completed</span>" in followed
    assert "<svg" not in followed
    for html in (followed, run):
        assert "<b>x</b>" not in html
        assert "&lt;b&gt;x&lt;/b&gt;" in html
