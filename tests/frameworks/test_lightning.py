"""The logger under the real Lightning, from either of its packages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.workspaces import parts

import trackboard
from trackboard.model import RunState

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.frameworks.conftest import Train, Values


@pytest.mark.parametrize("package", ["lightning.pytorch", "pytorch_lightning"])
def test_a_fit(
    train: Train,
    workspace: trackboard.Workspace,
    values_of: Callable[[trackboard.Run], Values],
    package: str,
) -> None:
    answer = train("lightning_fit.py", package)

    assert answer.returncode == 0, answer.stderr
    (run,) = workspace.runs()
    assert (run.experiment, run.name, run.state) == ("lightning", "line", RunState.COMPLETED)
    values = values_of(run)
    said = json.loads(answer.stdout.splitlines()[-1])
    assert values["loss"] == [*enumerate(said)]
    assert len(said) == 4
    assert [step for step, _ in values["val/loss"]] == [1, 3]
    assert [value for _, value in values["epoch"]] == [0, 0, 0, 1, 1, 1]
    parameters = dict(parts(workspace).store.list_parameters([run.id])[run.id])
    assert parameters == {"rate": 0.1, "shape/kind": "linear", "shape/layers": "[1, 1]"}
    assert [*Path("lightning", run.id, "checkpoints").glob("*.ckpt")]


def test_a_fit_that_raises(train: Train, workspace: trackboard.Workspace) -> None:
    answer = train("lightning_fit.py", "lightning.pytorch", "fail")

    assert answer.returncode == 1
    assert "ValueError: the data ran out" in answer.stderr
    (run,) = workspace.runs()
    assert run.state is RunState.FAILED
    assert run.cause.startswith("ValueError: the data ran out\n")
