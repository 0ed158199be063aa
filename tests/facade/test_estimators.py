from __future__ import annotations

import copy
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from azureml import _notice
from azureml.core import Environment, Experiment, Workspace
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.core.conda_dependencies import CondaDependencies
from azureml.core.runconfig import MpiConfiguration, TensorflowConfiguration
from azureml.exceptions import TrainingException
from azureml.train.dnn import Chainer, Gloo, Mpi, Nccl, ParameterServer, PyTorch, TensorFlow
from azureml.train.estimator import Estimator, MMLBaseEstimator
from azureml.train.sklearn import SKLearn

ECHO = """
import json, os, sys
from azureml.core import Run
Run.get_context().log("seen", json.dumps([*sys.argv[1:], os.environ.get("GIVEN", "")]))
"""
ALL = [TensorFlow, PyTorch, Chainer, SKLearn, Estimator]

Make = Callable[..., Any]


@pytest.fixture
def make(empty_folder: Path) -> Make:
    """Makes an estimator of a class, with what every estimator needs."""
    (empty_folder / "project").mkdir()
    (empty_folder / "project" / "mnist.py").write_text(ECHO)

    def make(kind: type[MMLBaseEstimator], **more: Any) -> MMLBaseEstimator:
        given: dict[str, Any] = {"compute_target": "local", "entry_script": "mnist.py", **more}
        return kind("./project", **given)  # type: ignore[call-arg]

    return make


def asked_of(estimator: Any) -> tuple[str, ...]:
    """The requirements of its environment, without the SDK's own."""
    packages = estimator.run_config.environment._request().pip_packages
    return tuple(package for package in packages if package != "azureml-defaults")


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
def test_script_params(make: Make, exp: Experiment, script_params: object, seen: list[str]) -> None:
    run = exp.submit(make(TensorFlow, script_params=script_params, user_managed=True))

    run.wait_for_completion()
    assert json.loads(run.get_metrics()["seen"]) == [*seen, ""]


def test_what_is_given_at_submit_is_put_over_it(make: Make, exp: Experiment) -> None:
    estimator = make(
        SKLearn,
        script_params={"--rate": 1, "--steps": 2},
        environment_variables={"GIVEN": "here"},
        user_managed=True,
    )
    run = exp.submit(estimator, script_params={"--rate": 3})

    run.wait_for_completion()
    assert json.loads(run.get_metrics()["seen"]) == ["--rate", "3", "--steps", "2", "here"]
    assert estimator.run_config.arguments == ["--rate", 1, "--steps", 2], "the estimator's own stay"


@pytest.mark.parametrize("kind", ALL)
def test_attributes(make: Make, kind: type[MMLBaseEstimator]) -> None:
    estimator = make(kind)

    assert isinstance(estimator, MMLBaseEstimator)
    assert estimator.source_directory == "./project"
    assert (estimator.run_config.target, estimator.run_config.script) == ("local", "mnist.py")
    assert (
        estimator.conda_dependencies is estimator.run_config.environment.python.conda_dependencies
    )
    assert estimator.framework_version == getattr(kind, "DEFAULT_VERSION", None)


def test_what_is_assigned_later_counts(make: Make, exp: Experiment) -> None:
    estimator = make(Estimator)
    estimator.run_config.environment_variables["GIVEN"] = "later"
    estimator.conda_dependencies.add_pip_package("numpy==1.26.4")

    plan = json.loads(exp.submit(estimator, dry_run=True))
    assert plan["environment"]["requirements"] == ["numpy==1.26.4", "pyarrow~=20.0.0"]
    assert "GIVEN" in plan["variables"]


# -- the framework -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "versions", "packages"),
    [
        (TensorFlow, ["1.10", "1.12", "1.13", "2.0", "2.1", "2.2", "2.3"], "tensorflow==1.13.*"),
        (
            PyTorch,
            ["1.0", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6"],
            "torch torchvision tensorboard",
        ),
        (Chainer, ["5.1.0", "7.0.0"], "chainer numpy<1.24 setuptools<72"),
        (SKLearn, ["0.20.3"], "scikit-learn"),
        (Estimator, [], ""),
    ],
)
def test_the_framework_is_its_packages(
    make: Make, kind: type[MMLBaseEstimator], versions: list[str], packages: str
) -> None:
    assert kind.get_supported_versions() == versions
    assert asked_of(make(kind)) == tuple(packages.split())


def test_another_version_of_the_framework(make: Make, exp: Experiment) -> None:
    estimator = make(TensorFlow, framework_version="2.0")

    assert (estimator.framework_version, asked_of(estimator)) == ("2.0", ("tensorflow",))
    assert estimator.run_config.environment.name == "TensorFlow 2.0"
    assert "TensorFlow 2.0 can be installed on no Python of today" in exp.submit(
        estimator, dry_run=True
    )


def test_tensorflow_1_is_planned_as_such(make: Make, exp: Experiment) -> None:
    plan = json.loads(exp.submit(make(TensorFlow), dry_run=True))

    assert plan["environment"]["tensorflow_v1"] is True
    assert any("tensorflow==1.13.*" in line for line in plan["notes"])


def test_more_packages_and_the_lists_stay_as_they_are(make: Make, empty_folder: Path) -> None:
    (empty_folder / "more.txt").write_text("# more\nrequests\n\n--pre\n")
    pip, conda = ["pandas>=2", "torch==2.4.0"], ["pillow"]
    estimator = make(
        PyTorch, pip_packages=pip, conda_packages=conda, pip_requirements_file="more.txt"
    )
    make(PyTorch, pip_packages=pip, conda_packages=conda)

    request = estimator.run_config.environment._request()
    assert asked_of(estimator) == (
        "torchvision",
        "tensorboard",
        "pandas>=2",
        "torch==2.4.0",
        "requests",
    )
    assert (request.conda_packages, request.pip_options) == (("pillow",), ("--pre",))
    assert (pip, conda) == (["pandas>=2", "torch==2.4.0"], ["pillow"])


def test_a_conda_file_of_the_source_folder_instead_of_the_framework(make: Make) -> None:
    CondaDependencies.create(pip_packages=["chainer==7.8.1"]).save("project/conda.yml")
    estimator = make(Chainer, conda_dependencies_file_path="conda.yml", pip_packages=["numpy"])

    assert asked_of(estimator) == ("chainer==7.8.1", "numpy")


def test_an_environment_of_ones_own(make: Make) -> None:
    mine = Environment("mine")
    estimator = make(TensorFlow, environment_definition=mine)

    assert estimator.run_config.environment is mine


def test_without_packages_it_is_the_python_that_submits(make: Make, exp: Experiment) -> None:
    plans = [
        json.loads(exp.submit(estimator, dry_run=True))
        for estimator in (make(Estimator), make(PyTorch, user_managed=True))
    ]
    assert all(plan["environment"]["interpreter"] for plan in plans)
    assert all(plan["environment"]["requirements"] == [] for plan in plans)


@pytest.mark.parametrize("has_gpu", [True, False])
def test_use_gpu(
    make: Make, empty_folder: Path, monkeypatch: pytest.MonkeyPatch, *, has_gpu: bool
) -> None:
    tool = empty_folder / "nvidia-smi"
    if has_gpu:
        tool.write_text("#!/bin/sh\n")
        tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(empty_folder))
    estimator = make(TensorFlow, use_gpu=True, framework_version="2.3")

    said = [note for note in estimator._notes if "no GPU on this machine" in note]
    assert (asked_of(estimator), len(said)) == (
        (("tensorflow[and-cuda]",), 0) if has_gpu else (("tensorflow",), 1)
    )


def test_images_have_no_effect_and_the_log_says_so(make: Make, exp: Experiment) -> None:
    text = exp.submit(make(Estimator, custom_docker_image="my/image"), dry_run=True)

    assert "custom_docker_image= has no effect" in text


# -- several processes -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "given", "processes", "nodes", "launcher"),
    [
        (TensorFlow, {"distributed_training": Mpi(2)}, 2, 1, "mpi"),
        (
            Estimator,
            {"distributed_training": MpiConfiguration(2), "node_count": 2},
            4,
            2,
            "mpi",
        ),
        (Chainer, {"distributed_backend": "mpi", "process_count_per_node": 3}, 3, 1, "mpi"),
        (
            TensorFlow,
            {"distributed_training": ParameterServer(2, parameter_server_count=1)},
            3,
            2,
            "tensorflow",
        ),
        (
            TensorFlow,
            {"distributed_backend": "ps", "worker_count": 2, "parameter_server_count": 2},
            4,
            2,
            "tensorflow",
        ),
        (TensorFlow, {"distributed_training": TensorflowConfiguration(2, 0)}, 2, 2, "tensorflow"),
        (PyTorch, {"distributed_training": Gloo(), "node_count": 2}, 2, 2, "pytorch"),
        (PyTorch, {"distributed_training": Nccl(), "node_count": 2}, 2, 2, "pytorch"),
        (PyTorch, {"distributed_backend": "GLOO", "node_count": 2}, 2, 2, "pytorch"),
    ],
)
def test_distributed(
    make: Make,
    kind: type[MMLBaseEstimator],
    given: dict[str, Any],
    processes: int,
    nodes: int,
    launcher: str,
) -> None:
    from azureml.core._jobs.distribution import distribution_of

    found = distribution_of(make(kind, compute_target="cluster", **given).run_config)
    assert found is not None
    assert (found.processes, found.nodes, found.launcher.value) == (processes, nodes, launcher)


# -- what cannot be ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "given", "said"),
    [
        (TensorFlow, {"compute_target": None}, "TensorFlow.* needs compute_target"),
        (TensorFlow, {"entry_script": None}, "needs entry_script"),
        (TensorFlow, {"compute_target": 3}, "3 is int, which is no compute target"),
        (TensorFlow, {"framework_version": "1.99"}, "'1.99' is not supported; there is 1.10, 1.12"),
        (SKLearn, {"framework_version": "1.5"}, "there is 0.20.3"),
        (TensorFlow, {"script_params": "--x 1"}, "script_params='--x 1' is str"),
        (TensorFlow, {"script_params": 3}, "script_params=3 is int"),
        (TensorFlow, {"node_count": 2}, "node_count=2 needs distributed_training="),
        (TensorFlow, {"worker_count": 2}, "worker_count=2 needs distributed_training="),
        (TensorFlow, {"node_count": 0}, "node_count=0 is not allowed"),
        (Estimator, {"process_count_per_node": "2"}, "process_count_per_node='2' is not allowed"),
        (Estimator, {"node_count": 2, "distributed_backend": "mpi"}, "needs a cluster .* 'local'"),
        (Estimator, {"distributed_backend": "gloo"}, "'gloo' is not supported; there is 'mpi'"),
        (Chainer, {"distributed_training": Gloo()}, r"is Gloo; write MpiConfiguration"),
        (PyTorch, {"distributed_training": "mpi"}, "'mpi' is str; write"),
        (PyTorch, {"distributed_training": Mpi(), "distributed_backend": "mpi"}, "not both"),
        (Estimator, {"inputs": [object()]}, "there are no datasets"),
        (Estimator, {"pip_packages": "numpy"}, "pip_packages='numpy' is not allowed"),
        (Estimator, {"conda_packages": [3]}, r"conda_packages=\[3\] is not allowed"),
        (Estimator, {"pip_packages": ["--pre"]}, "'--pre'"),
        (Estimator, {"conda_dependencies_file": "no.yml"}, "'no.yml' is not there, neither as"),
        (
            Estimator,
            {"pip_requirements_file": "a", "pip_requirements_file_path": "b"},
            "pip_requirements_file= or pip_requirements_file_path=, not both",
        ),
        (Estimator, {"environment_definition": "mine"}, "'mine' is str; pass an Environment"),
        (
            Estimator,
            {
                "environment_definition": Environment("mine"),
                "pip_packages": ["x"],
                "shm_size": "1g",
            },
            "pip_packages=, shm_size= cannot be given as well",
        ),
        (Estimator, {"environment_variables": ["A=1"]}, r"environment_variables=\['A=1'\] is list"),
        (Estimator, {"max_run_duration_seconds": 0}, "max_run_duration_seconds=0 is not allowed"),
    ],
)
def test_what_is_wrong_is_said(
    make: Make, kind: type[MMLBaseEstimator], given: dict[str, Any], said: str
) -> None:
    with pytest.raises(TrainingException, match=said):
        make(kind, **given)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"entry_script": "mnits.py"}, "Did you mean 'mnist.py'"),
        ({"compute_target": "nowhere"}, "no compute target 'nowhere'"),
        ({"resume_from": "nothing"}, "resume_from='nothing': there is no"),
    ],
)
def test_what_submit_finds_is_a_training_exception_too(
    make: Make, exp: Experiment, given: dict[str, Any], said: str
) -> None:
    with pytest.raises(TrainingException, match=said):
        exp.submit(make(TensorFlow, **given))


def test_a_machine_for_one_job_is_this_one(make: Make, exp: Experiment) -> None:
    estimator = make(Estimator, compute_target=None, vm_size="STANDARD_D2_V2")
    plan = json.loads(exp.submit(estimator, dry_run=True))

    assert plan["compute"] == "local"
    assert "compute target 'amlcompute' is this machine" in plan["notes"]
    assert estimator.run_config.amlcompute.vm_size == "STANDARD_D2_V2"


def test_a_compute_target_itself(make: Make, ws: Workspace) -> None:
    cluster = ComputeTarget.create(
        ws, "cpu-cluster", AmlCompute.provisioning_configuration(max_nodes=1)
    )
    assert make(Estimator, compute_target=cluster).run_config.target == "cpu-cluster"


def test_that_it_is_old_is_said_once_and_not_in_the_output(
    make: Make, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    _notice.warn_once.cache_clear()
    with caplog.at_level(logging.WARNING, logger="azureml"):
        for _ in range(2):
            make(SKLearn)

    said = [record.message for record in caplog.records if "ScriptRunConfig(" in record.message]
    assert len(said) == 1
    assert capsys.readouterr().out == ""


def test_they_can_be_copied(make: Make) -> None:
    estimator = make(PyTorch)
    made = copy.deepcopy(estimator)
    made.run_config.target = "other"

    assert estimator.run_config.target == "local"
