"""Programs that train by real frameworks, each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.prerequisites import require
from tests.waiting import PATIENCE_S

import trackboard
from trackboard.model import RunId

PROGRAMS = Path(__file__).parent / "programs"

Answer = subprocess.CompletedProcess[str]
Train = Callable[..., Answer]
Values = dict[str, list[tuple[int, float]]]


@pytest.fixture
def train(empty_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Train:
    """Runs a program in the empty current folder: `train("keras_fit.py", "fail")`."""
    require("frameworks")
    assert Path.cwd() == empty_folder
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")

    def run(program: str, *arguments: str) -> Answer:
        return subprocess.run(
            [sys.executable, str(PROGRAMS / program), *arguments],
            env=dict(os.environ),
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )

    return run


@pytest.fixture
def workspace(empty_folder: Path) -> Iterator[trackboard.Workspace]:
    """The workspace that a program finds, too."""
    workspace = trackboard.Workspace.open()
    assert workspace.folder.is_relative_to(empty_folder)
    yield workspace
    workspace.recorder().close()
    workspace.close()


@pytest.fixture
def values_of(workspace: trackboard.Workspace) -> Callable[[trackboard.Run | RunId], Values]:
    """Gives what a run logged: (step, value) pairs by metric, in the order of their logging."""

    def read(run: trackboard.Run | RunId) -> Values:
        history = workspace.history(run)
        found: Values = {}
        for metric, step, value in zip(
            history.metric, history.steps.tolist(), history.values.tolist(), strict=True
        ):
            found.setdefault(metric, []).append((step, value))
        return found

    return read
