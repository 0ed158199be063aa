"""The callback under the real Keras."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.workspaces import parts

import trackboard
from trackboard.model import RunState

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.frameworks.conftest import Train, Values


def test_a_fit(
    train: Train, workspace: trackboard.Workspace, values_of: Callable[[trackboard.Run], Values]
) -> None:
    answer = train("keras_fit.py")

    assert answer.returncode == 0, answer.stderr
    (run,) = workspace.runs()
    assert (run.experiment, run.name, run.state) == ("keras", "line", RunState.COMPLETED)
    values = values_of(run)
    per_batch = [values.pop("batch/loss"), values.pop("batch/mae")]
    assert [[step for step, _ in one] for one in per_batch] == [[2, 4, 6, 8]] * 2
    said = json.loads(answer.stdout.splitlines()[-1])
    assert sorted(said) == ["loss", "mae", "val_loss", "val_mae"]
    assert values == {name: [*enumerate(each)] for name, each in said.items()}
    parameters = dict(parts(workspace).store.list_parameters([run.id])[run.id])
    assert parameters == {"epochs": 3, "optimizer": "sgd", "learning_rate": 0.01}


def test_a_fit_that_raises(train: Train, workspace: trackboard.Workspace) -> None:
    assert train("keras_fit.py", "fail").returncode == 1

    (run,) = workspace.runs()
    assert run.state is RunState.FAILED
    assert "ended before the run was completed" in run.cause
