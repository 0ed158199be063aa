"""Environments as files of 2019 to 2024 name them, built from PyPI: their jobs run, and record.

Hundreds of megabytes of packages, which uv downloads once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from azureml.core import Environment, Experiment, Run, ScriptRunConfig, Workspace

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("leaves_no_process")]

Trained = Callable[[Environment, str], tuple[Run, str]]

RECORDS = """
import sys
from azureml.core import Run
run = Run.get_context()
run.log("python", sys.version_info[1])
"""
BROUGHT = RECORDS + "import numpy, pyarrow, sklearn"
TENSORFLOW_1 = """
import tensorflow as tf
from azureml.core import Run
x = tf.placeholder(tf.float32, shape=[None, 2])
y = tf.reduce_sum(tf.layers.dense(x, 1, kernel_initializer=tf.ones_initializer()))
with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    Run.get_context().log("y", float(session.run(y, {x: [[1.0, 2.0]]})))
"""
TENSORFLOW_2 = """
import numpy as np
import tensorflow.compat.v1 as tf
tf.disable_eager_execution()
""" + TENSORFLOW_1.replace("import tensorflow as tf\n", "").replace("float(", "np.float(", 1)
SCIENCE = """
import numpy as np, pandas, sklearn, mlflow, pyarrow
from azureml.core import Run
assert sklearn.__version__.startswith("1.5."), sklearn.__version__
Run.get_context().log("y", np.float(3))
"""
PANDAS = """
import mlflow, numpy, pandas, pyarrow
from azureml.core import Run
frame = pandas.DataFrame({"a": [1.0, 2.0]})
assert pandas.__version__ < "2", pandas.__version__
Run.get_context().log("y", float(frame.to_numpy().sum()))
"""


@pytest.fixture
def trained(
    empty_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Trained]:
    """Runs a script in an environment: its run when it has ended, and what its console says."""
    monkeypatch.setenv("TRACKBOARD_CACHE", str(tmp_path / "cache"))
    workspace = Workspace.from_config()

    def train(environment: Environment, script: str) -> tuple[Run, str]:
        (empty_folder / "source").mkdir(exist_ok=True)
        (empty_folder / "source" / "train.py").write_text(script)
        config = ScriptRunConfig("source", "train.py", environment=environment)
        run = Experiment(workspace, "old").submit(config)
        run.wait_for_completion(raise_on_error=False)
        log = run.get_details_with_logs()["logFiles"]["user_logs/std_log.txt"]
        assert run.get_status() == "Completed", log
        return run, log

    yield train
    workspace._service.recorder().close()
    workspace._service.close()


def of_file(text: str) -> Environment:
    """The environment of a conda file."""
    Path("environment.yml").write_text(text)
    return Environment.from_conda_specification("old", "environment.yml")


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ("3.6.2", "is a default of the Azure ML SDK"),
        ("3.7", "cannot record"),
        ("3.8.13", "is a default of the Azure ML SDK"),
        ("3.8.5", "cannot record"),
        ("3.10.18", "is a default of the Azure ML SDK"),
    ],
)
def test_a_python_of_old(trained: Trained, version: str, said: str) -> None:
    environment = of_file(
        f"dependencies:\n- python={version}\n- scikit-learn\n- pip:\n  - azureml-defaults\n"
    )
    run, log = trained(environment, BROUGHT)

    assert run.get_metrics()["python"] >= 9
    assert f"Python {version} {said}" in log


def test_a_python_of_old_and_nothing_else(trained: Trained) -> None:
    environment = of_file("dependencies:\n- python=3.7\n- pip:\n  - azureml-defaults\n")
    run, _ = trained(environment, RECORDS)

    assert run.get_metrics()["python"] >= 9


@pytest.mark.parametrize("version", ["3.6.2", "3.6.10"])
def test_tensorflow_1_12_on_python_3_6(trained: Trained, version: str) -> None:
    environment = of_file(
        f"dependencies:\n- python={version}\n- tensorflow-gpu=1.12\n- pip: [azureml-defaults]\n"
    )
    run, log = trained(environment, TENSORFLOW_1)

    assert run.get_metrics() == {"y": 3.0}
    assert "stands in for TensorFlow 1" in log


@pytest.mark.parametrize(
    ("name", "script"),
    [
        ("AzureML-sklearn-1.5", SCIENCE),
        ("AzureML-tensorflow-2.11-cuda11", TENSORFLOW_2),
        ("AzureML-TensorFlow-2.1-GPU", TENSORFLOW_2),
    ],
)
def test_a_curated_environment_and_a_script_of_its_age(
    trained: Trained, name: str, script: str
) -> None:
    workspace = Workspace.from_config()
    environment = workspace.environments[name].clone("mine")
    run, log = trained(environment, script)

    assert run.get_metrics() == {"y": 3.0}
    assert f"{name} stands for" in log


def test_what_azureml_packages_brought(trained: Trained) -> None:
    environment = of_file(
        "dependencies:\n- pip:\n  - azureml-dataset-runtime[pandas,fuse]\n  - azureml-defaults\n"
        "  - azureml-mlflow\n  - tqdm\n"
    )
    run, log = trained(environment, PANDAS)

    assert run.get_metrics() == {"y": 3.0}
    assert "nothing here answers to their names: azureml-dataset-runtime[pandas,fuse]" in log
