from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from azureml.core import Environment, RunConfiguration, Workspace
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.core.runconfig import (
    DEFAULT_CPU_IMAGE,
    DEFAULT_GPU_IMAGE,
    CondaDependencies,
    DockerConfiguration,
    MpiConfiguration,
    ParallelTaskConfiguration,
    PyTorchConfiguration,
    TensorflowConfiguration,
)
from azureml.exceptions import RunConfigurationException, UserErrorException
from trackboard.environments import plan_environment


@pytest.fixture
def config() -> RunConfiguration:
    """One in which nearly everything is said."""
    config = RunConfiguration(script="train.py", arguments=["--rate", 0.1], framework="PyTorch")
    config.target = "cluster"
    config.node_count = 2
    config.communicator = "Gloo"
    config.pytorch = PyTorchConfiguration("Gloo", process_count=4, node_count=2)
    config.environment_variables["GIVEN"] = "ä b"
    config.max_run_duration_seconds = 60
    config.environment = Environment("mine")
    config.environment.python.conda_dependencies = CondaDependencies.create(
        pip_packages=["numpy==1.26.4"], conda_packages=["pillow"], python_version="3.11"
    )
    return config


def test_what_there_is_from_the_start() -> None:
    config = RunConfiguration()

    assert (config.script, config.arguments, config.command, config.target) == (
        None,
        [],
        None,
        "local",
    )
    assert (config.framework, config.communicator, config.node_count) == ("Python", "None", 1)
    assert config.environment.name == "default-environment"
    assert config.environment_variables == config.data == config.data_references == {}
    assert config.history.directories_to_watch == ["logs"]
    assert config.docker == DockerConfiguration()
    assert (config.datacaches, config.output_data, config.services) == ([], {}, {})
    assert (config.priority, config.max_run_duration_seconds) == (None, None)
    assert config.mpi.process_count_per_node == config.tensorflow.worker_count == 1
    assert (config.spark.configuration, config.hdi.yarn_deploy_mode) == ({}, "cluster")
    assert DEFAULT_CPU_IMAGE != DEFAULT_GPU_IMAGE


def test_the_notebooks_way_to_say_packages() -> None:
    config = RunConfiguration()
    config.environment.docker.enabled = True
    config.environment.docker.base_image = DEFAULT_CPU_IMAGE
    config.environment.python.user_managed_dependencies = False
    config.environment.python.conda_dependencies = CondaDependencies.create(
        conda_packages=["scikit-learn"]
    )
    given = RunConfiguration(
        conda_dependencies=CondaDependencies.create(conda_packages=["scikit-learn"])
    )

    for one in (config, given):
        assert one.environment._request().conda_packages == ("scikit-learn",)


def test_instances_share_nothing() -> None:
    first, second = RunConfiguration(), RunConfiguration()
    first.environment_variables["A"] = "1"
    first.history.directories_to_watch.append("more")
    first.docker.arguments.append("--gpus")
    first.environment.python.interpreter_path = "other"

    assert repr(second) == repr(RunConfiguration())
    assert first.docker.arguments == ["--gpus"]


def test_copies_share_nothing(config: RunConfiguration) -> None:
    made = copy.deepcopy(config)
    assert repr(made) == repr(config)
    made.environment_variables["MORE"] = "1"
    made.pytorch.process_count = 8

    assert [*config.environment_variables] == ["GIVEN"]
    assert config.pytorch.process_count == 4


@pytest.mark.parametrize(
    ("name", "meant"),
    [("node_cont", "node_count"), ("enviroment", "environment"), ("Target", "target")],
)
def test_an_attribute_that_there_is_not_names_the_nearest(name: str, meant: str) -> None:
    config = RunConfiguration()

    with pytest.raises(AttributeError, match=f"no attribute '{name}'; did you mean '{meant}'"):
        setattr(config, name, 1)
    with pytest.raises(AttributeError, match=f"did you mean '{meant}'"):
        getattr(config, name)


def test_an_attribute_that_is_like_none_lists_what_there_is() -> None:
    with pytest.raises(
        AttributeError, match="there is: arguments, shared_volumes, shm_size, use_d"
    ):
        DockerConfiguration().xyz = 1
    assert not hasattr(RunConfiguration(), "_repr_html_")


def test_target_is_a_compute_target_or_a_name(ws: Workspace) -> None:
    cluster = ComputeTarget.create(
        ws, "cpu-cluster", AmlCompute.provisioning_configuration(max_nodes=1)
    )
    config = RunConfiguration()
    config.target = cluster
    assert config.target == "cpu-cluster"
    config.target = "local"
    assert config.target == "local"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("target", 3, "3 is int, which is no compute target. Write its name"),
        ("target", None, "None is NoneType"),
        ("target", "", "no compute target"),
        ("target", ComputeTarget, "no compute target"),
        ("environment", "mine", r"environment='mine' is not an Environment.*Environment\(name\)"),
        ("environment_variables", ["A=1"], "is list; pass a dict"),
        ("arguments", {"--rate": 1}, "is dict; pass a list"),
        ("arguments", 3, "arguments=3 is int"),
        ("command", 3, "command=3 is int; pass a text"),
        ("max_run_duration_seconds", -1, "max_run_duration_seconds=-1 is not allowed"),
        ("max_run_duration_seconds", "60", "'60' is not allowed; pass a number"),
        ("docker", True, r"docker=True is bool; write DockerConfiguration\(use_docker=True\)"),
    ],
)
def test_values_of_the_wrong_type_are_refused(name: str, value: Any, said: str) -> None:
    config = RunConfiguration()
    before = repr(config)

    with pytest.raises(UserErrorException, match=said):
        setattr(config, name, value)
    assert repr(config) == before


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: MpiConfiguration(0), "MpiConfiguration: process_count_per_node=0 is not allowed"),
        (lambda: MpiConfiguration(node_count=1.5), "node_count=1.5 is not allowed"),  # type: ignore[arg-type]
        (
            lambda: PyTorchConfiguration("mpi"),
            "communication_backend='mpi' is not allowed; use 'Gloo'",
        ),
        (lambda: PyTorchConfiguration(process_count=0), "process_count=0 is not allowed"),
        (lambda: TensorflowConfiguration(0), "worker_count=0 is not allowed"),
        (lambda: TensorflowConfiguration(1, -1), "a whole number from 0 on"),
        (lambda: setattr(RunConfiguration(), "node_count", True), "node_count=True is not allowed"),
        (lambda: setattr(RunConfiguration().mpi, "node_count", "2"), "'2' is not allowed"),
    ],
)
def test_numbers_of_processes_are_checked(make: Any, said: str) -> None:
    with pytest.raises(RunConfigurationException, match=said):
        make()


def test_what_describes_processes() -> None:
    assert PyTorchConfiguration().communication_backend == "nccl"
    assert PyTorchConfiguration("Gloo", 4).process_count == 4
    assert ParallelTaskConfiguration().worker_count_per_node == 1
    assert json.loads(repr(MpiConfiguration(2, 3))) == {"processCountPerNode": 2, "nodeCount": 3}


def test_repr_is_json_under_the_sdks_keys(config: RunConfiguration) -> None:
    found = json.loads(repr(config))

    assert (found["script"], found["nodeCount"], found["target"]) == ("train.py", 2, "cluster")
    assert found["environmentVariables"] == {"GIVEN": "ä b"}
    assert found["pyTorch"]["processCount"] == 4
    assert found["environment"]["python"]["condaDependencies"]["dependencies"][0] == "python=3.11"
    assert {"amlCompute", "parallelTask", "maxRunDurationSeconds", "dataReferences"} <= {*found}


# -- files -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("separate", [False, True])
def test_what_was_saved_is_loaded(
    config: RunConfiguration, empty_folder: Path, *, separate: bool
) -> None:
    config.save(name="train", separate_environment_yaml=separate)
    folder = empty_folder / ".azureml"

    assert repr(RunConfiguration.load(".", "train")) == repr(config)
    assert repr(RunConfiguration.load(".")) == repr(config), "the only one"
    assert repr(RunConfiguration.load(str(folder / "train.runconfig"))) == repr(config)
    conda = CondaDependencies(str(folder / "train.conda_dependencies.yml"))
    assert [*conda.pip_packages] == ["numpy==1.26.4"]
    assert (folder / "train.environment.yml").exists() is separate


def test_a_default_python_stays_one_that_nobody_wrote(empty_folder: Path) -> None:
    RunConfiguration().save(str(empty_folder / "new" / "folder"))
    loaded = RunConfiguration.load(str(empty_folder / "new" / "folder"), "default")

    assert plan_environment(loaded.environment._request()).python == ""


def test_several_do_not_share_files(empty_folder: Path) -> None:
    for name, package in (("a", "numpy"), ("b", "pandas")):
        config = RunConfiguration(
            conda_dependencies=CondaDependencies.create(pip_packages=[package])
        )
        config.save(name=name)

    assert RunConfiguration.load(".", "a").environment._request().pip_packages[-1] == "numpy"
    with pytest.raises(UserErrorException, match="'a', 'b'; which one is not said: pass name="):
        RunConfiguration.load(".")
    RunConfiguration.delete(".", "a")
    with pytest.raises(UserErrorException, match="'b'; no 'a'"):
        RunConfiguration.load(".", "a")
    assert (empty_folder / ".azureml" / "b.runconfig").exists()


def test_a_file_by_its_own_name(config: RunConfiguration, empty_folder: Path) -> None:
    config.save("configs/mine.yml")

    assert (empty_folder / "configs" / "mine.yml").exists()
    assert repr(RunConfiguration.load("configs/mine.yml")) == repr(config)


def test_files_of_the_sdk_are_read(empty_folder: Path) -> None:
    """As the SDK wrote them: keys of its own, the conda file named from the folder above."""
    folder = empty_folder / "aml_config"
    folder.mkdir()
    (folder / "conda_dependencies.yml").write_text(
        "name: project_environment\ndependencies:\n- python=3.11\n- pip:\n  - numpy\n"
    )
    (folder / "docker.runconfig").write_text(
        yaml.safe_dump(
            {
                "script": "train.py",
                "arguments": [],
                "target": "cpu-cluster",
                "jobName": None,
                "autoPrepareEnvironment": True,
                "nodeCount": 1,
                "environment": {
                    "name": None,
                    "python": {
                        "userManagedDependencies": False,
                        "condaDependenciesFile": "aml_config/conda_dependencies.yml",
                    },
                    "docker": {"enabled": True, "gpuSupport": False},
                },
                "history": {"outputCollection": True, "isEnabled": True},
                "mpi": {"processCountPerNode": 2},
            }
        )
    )
    config = RunConfiguration.load(".", "docker")

    assert (config.target, config.mpi.process_count_per_node) == ("cpu-cluster", 2)
    request = config.environment._request()
    assert (request.python, request.pip_packages) == ("3.11", ("numpy",))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- a\n", "holds no settings"),
        ("a: [\n", "not valid YAML"),
        ("mpi: 3\n", "mpi: 3 are no settings"),
        ("environment: 3\n", "environment: 3 are no settings"),
        ("environment: other.yml\n", "there is no run configuration .*other.yml"),
        ("nodeCount: many\n", "node_count='many' is not allowed"),
    ],
)
def test_files_that_are_damaged(empty_folder: Path, text: str, said: str) -> None:
    (empty_folder / "my.runconfig").write_text(text)

    with pytest.raises((UserErrorException, RunConfigurationException), match=said):
        RunConfiguration.load("my.runconfig")


@pytest.mark.usefixtures("empty_folder")
@pytest.mark.parametrize("name", ["", "a/b", "..", "../a"])
def test_names_that_lead_elsewhere(name: str) -> None:
    with pytest.raises(UserErrorException, match="is not allowed: it is the name of a file"):
        RunConfiguration().save(name=name)
    with pytest.raises(UserErrorException, match="is not allowed"):
        RunConfiguration.load(".", name)


def test_where_nothing_can_be_written(empty_folder: Path) -> None:
    (empty_folder / ".azureml").write_text("a file")

    with pytest.raises(UserErrorException, match="cannot be written to"):
        RunConfiguration().save()
