"""The notebooks that new users open first: they run, and what is stored in them came from a run.

To store a run anew, type in examples/ (the second time, nothing is said of where the workspace is):

    jupyter nbconvert --to notebook --execute --inplace *.ipynb
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.e2e.jupyter.conftest import Kernel

EXAMPLES = Path(__file__).parents[3] / "examples"
NOTEBOOKS = sorted(EXAMPLES.glob("*.ipynb"))
_INSTALLING_S = 600.0  # TensorFlow, for one of them: see test_articles.py
_RUNNABLE = [
    pytest.param(path, id=path.stem, marks=[pytest.mark.long] if path.stem == "tensorboard" else [])
    for path in NOTEBOOKS
]
_MADE = ("exported-logs", "mnist_data", "tensorboard-demo", "__pycache__")
_FOLDERS_OF_A_MACHINE = re.compile(
    r"(?<![\w.:/])/(?:home|opt|private|root|srv|tmp|Users|var|work)/"
)


def cells_of(notebook: Path) -> list[dict[str, Any]]:
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def test_they_are_found() -> None:
    assert [notebook.stem for notebook in NOTEBOOKS] == [
        "export-run-history",
        "log-everything",
        "submit-a-job",
        "tensorboard",
    ]


@pytest.mark.timeout(_INSTALLING_S + 120)
@pytest.mark.parametrize("notebook", _RUNNABLE)
def test_it_runs(notebook: Path, kernel: Kernel) -> None:
    leave_out = shutil.ignore_patterns(".*", *_MADE)
    shutil.copytree(EXAMPLES, kernel.folder, ignore=leave_out, dirs_exist_ok=True)

    kernel.patience_s = _INSTALLING_S
    for cell in cells_of(notebook):
        kernel.run("".join(cell["source"]))


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_stored_as_it_ran(notebook: Path) -> None:
    cells = cells_of(notebook)
    kinds = {output["output_type"] for cell in cells for output in cell["outputs"]}

    assert [cell["execution_count"] for cell in cells] == [*range(1, len(cells) + 1)]
    assert "execute_result" in kinds
    assert "error" not in kinds
    assert not _FOLDERS_OF_A_MACHINE.search(json.dumps([cell["outputs"] for cell in cells]))
