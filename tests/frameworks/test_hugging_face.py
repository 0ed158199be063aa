"""`TrainingArguments(report_to="azure_ml")`, in programs that know nothing of trackboard."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.waiting import until

import trackboard
from trackboard.launch.request import Request
from trackboard.model import RunId, RunState

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.frameworks.conftest import Train, Values

PROGRAMS = Path(__file__).parent / "programs"


def test_a_script_of_ones_own(
    train: Train, workspace: trackboard.Workspace, values_of: Callable[[trackboard.Run], Values]
) -> None:
    answer = train("hugging_face.py", "azure_ml")

    assert answer.returncode == 0, answer.stderr
    (run,) = workspace.runs()
    assert (run.experiment, run.state) == ("hugging_face", RunState.COMPLETED)
    values = values_of(run)
    said: Values = {}  # the callback gives no steps: they are counted
    for entry in json.loads(answer.stdout.splitlines()[-1]):
        del entry["step"]
        for name, value in entry.items():
            said.setdefault(name, []).append((len(said.get(name, [])), value))
    assert values == said
    assert {"loss", "eval_loss", "train_loss", "learning_rate", "grad_norm", "epoch"} <= set(said)
    assert len(said["loss"]) == 4


@pytest.mark.usefixtures("train", "leaves_no_process")
def test_a_submitted_job_logs_to_its_run_and_its_event_files_are_found(
    workspace: trackboard.Workspace, values_of: Callable[[RunId], Values]
) -> None:
    """It says nowhere where its TensorBoard files belong: the job's environment does."""
    reports = ["azure_ml", "tensorboard"]
    job = workspace.submit(
        Request("tiny", PROGRAMS, "hugging_face.py", reports, variables=dict(os.environ))
    )

    run = wait_for_the_end_of(workspace, job)
    assert (run.state, run.cause) == (RunState.COMPLETED, "")
    values = values_of(job)
    assert len(values["loss"]) == 4
    assert len(values["eval_loss"]) == 2
    assert [one.id for one in workspace.runs()] == [job], "it begins no run of its own"
    paths = [file.path for file in workspace.files(job)]
    assert [path for path in paths if path.startswith("logs/") and ".tfevents." in path], paths


def wait_for_the_end_of(workspace: trackboard.Workspace, job: RunId) -> trackboard.Run:
    def ended() -> trackboard.Run | None:
        run = workspace.find_run(job)
        return run if run is not None and run.state.is_terminal else None

    return until(ended, f"{job} did not end")
