from __future__ import annotations

import json
from pathlib import Path

import pytest

from azureml.core import Experiment
from azureml.exceptions import TrainingException
from azureml.train.dnn import TensorFlow

ECHO = """
import json, sys
from azureml.core import Run
Run.get_context().log("seen", json.dumps(sys.argv[1:]))
"""


@pytest.mark.parametrize(
    ("script_params", "seen"),
    [
        ({"--log_dir": "./logs", "--steps": 0}, ["--log_dir", "./logs", "--steps", "0"]),
        (["--log_dir", "./logs"], ["--log_dir", "./logs"]),
        (
            {"--sizes": [1, 2], "--verbose": "", "--quiet": None},
            ["--sizes", "1", "2", "--verbose", "--quiet"],
        ),
        (None, []),
    ],
    ids=["article of 2020-07-02", "article of 2020-07-28", "lists and flags", "none"],
)
def test_script_params(
    exp: Experiment, empty_folder: Path, script_params: object, seen: list[str]
) -> None:
    (empty_folder / "project").mkdir()
    (empty_folder / "project" / "mnist.py").write_text(ECHO)
    estimator = TensorFlow(
        source_directory="./project",
        compute_target="local",
        entry_script="mnist.py",
        script_params=script_params,  # type: ignore[arg-type]
    )

    run = exp.submit(estimator)
    run.wait_for_completion()
    assert json.loads(run.get_metrics()["seen"]) == seen


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"entry_script": "a.py"}, "needs compute_target"),
        ({"compute_target": "local"}, "needs entry_script"),
        ({"compute_target": "local", "entry_script": "a.py", "node_count": 2}, "node_count cannot"),
    ],
)
def test_what_is_missing_is_said(given: dict[str, object], said: str) -> None:
    with pytest.raises(TrainingException, match=said):
        TensorFlow(".", **given)  # type: ignore[arg-type]
