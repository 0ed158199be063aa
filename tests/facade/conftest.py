"""The SDK's names on a workspace of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from azureml.core import Experiment, ScriptRunConfig, Workspace

Submitted = Callable[..., ScriptRunConfig]


@pytest.fixture(autouse=True)
def _nothing_stays(leaves_no_process: None) -> None:
    """Jobs and boards end with the test that began them."""


@pytest.fixture
def ws(empty_folder: Path) -> Iterator[Workspace]:
    """A new workspace in an empty folder, which is the current one."""
    assert Path.cwd() == empty_folder
    ws = Workspace.from_config()
    yield ws
    ws._service.recorder().close()
    ws._service.close()


@pytest.fixture
def exp(ws: Workspace) -> Experiment:
    """An experiment in it."""
    return Experiment(ws, "trial")


@pytest.fixture
def script(empty_folder: Path) -> Submitted:
    """Describes jobs that run the given text: `exp.submit(script("print(1)", arguments=["-v"]))`."""

    def describe(text: str, **more: object) -> ScriptRunConfig:
        folder = empty_folder / "source"
        folder.mkdir(exist_ok=True)
        (folder / "train.py").write_text(text)
        return ScriptRunConfig(str(folder), "train.py", **more)  # type: ignore[arg-type]

    return describe
