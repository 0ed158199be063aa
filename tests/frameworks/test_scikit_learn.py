"""The example that logs by hand; and that all three are as short as is said."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.waiting import PATIENCE_S

import trackboard
from trackboard.model import RunState

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples/scikit_learn.py"


def test_the_example_answers_its_question(workspace: trackboard.Workspace) -> None:
    answer = subprocess.run(
        [sys.executable, str(EXAMPLE)],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )

    assert answer.returncode == 0, answer.stderr
    *rates, sweep = workspace.runs()
    assert {run.state for run in (*rates, sweep)} == {RunState.COMPLETED}
    assert {run.parent for run in rates} == {sweep.id}
    assert sorted(run.name for run in rates) == [
        "rate-0.0001",
        "rate-0.001",
        "rate-0.01",
        "rate-0.1",
    ]
    last = {run.name: workspace.history(run, "accuracy/test").values[-1] for run in rates}
    best = max(last, key=lambda name: last[name])
    assert answer.stdout == f"{best} is best: {last[best]:.1%}\n"
    assert last[best] > 0.9


@pytest.mark.parametrize("file", ["lightning.py", "keras.py", EXAMPLE.name])
def test_it_is_short(file: str) -> None:
    path = EXAMPLE if file == EXAMPLE.name else ROOT / "src/trackboard/frameworks" / file
    assert len(path.read_text("utf-8").splitlines()) < 60
