from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from azureml.core import Environment, Workspace
from azureml.core.conda_dependencies import CondaDependencies
from azureml.core.environment import EnvironmentReference
from azureml.exceptions import ServiceException, UserErrorException
from trackboard.environments import plan_environment
from trackboard.model import EnvironmentRequest


def with_packages(name: str, *packages: str) -> Environment:
    environment = Environment(name)
    environment.python.conda_dependencies = CondaDependencies.create(pip_packages=[*packages])
    return environment


# -- by name -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "name", "package"),
    [
        ("AzureML-TensorFlow-2.2-GPU", "AzureML-TensorFlow-2.2-GPU", "tensorflow~=2.2.0"),
        ("azureml-sklearn-1.5", "AzureML-sklearn-1.5", "scikit-learn~=1.5.0"),
        ("azureml-acpt-pytorch-2.2-cuda12.1", "AzureML-acpt-pytorch-2.2-cuda12.1", "torch~=2.2.0"),
    ],
)
def test_curated_ones_in_any_case(ws: Workspace, asked: str, name: str, package: str) -> None:
    environment = Environment.get(workspace=ws, name=asked, version="9")

    assert (environment.name, environment.version) == (name, "9")
    assert environment.python.conda_dependencies is not None
    assert package in environment.python.conda_dependencies.pip_packages
    assert environment._request().python == ""
    assert package in environment.clone("mine")._request().pip_packages


NAMES = [  # public code asks for each of them
    "AzureML-PyTorch-1.6-CPU",
    "AzureML-pytorch-1.9-ubuntu18.04-py37-cuda11-gpu",
    "AzureML-tensorflow-2.4-ubuntu18.04-py37-cpu-inference",
    "AzureML-tensorflow-2.4-ubuntu18.04-py37-cuda11-gpu",
    "AzureML-Dask-CPU",
    "AzureML-lightgbm-3.2-ubuntu18.04-py37-cpu",
    "azureml-sklearn-1.5",
    "AzureML-Minimal",
    "azureml-minimal",
    "mine",
]


@pytest.mark.parametrize("name", NAMES)
def test_every_door_gives_the_same_environment(ws: Workspace, name: str) -> None:
    with_packages("mine", "numpy").register(ws)
    expected = Environment.get(ws, name)

    for environments in (ws.environments, Environment.list(ws)):
        assert name in environments
        for found in (environments[name], environments.get(name)):
            assert found is not None
            assert repr(found) == repr(expected)
    assert expected.version == "1"


@pytest.mark.parametrize("name", ["nope", "AzureML-Tensorflowing", "MINE", "", None, 3])
def test_every_door_is_shut_for_what_is_not_there(ws: Workspace, name: str) -> None:
    with_packages("mine", "numpy").register(ws)
    environments = ws.environments

    assert name not in environments
    assert environments.get(name) is None
    assert environments.get(name, "other") == "other"
    with pytest.raises(KeyError):
        environments[name]
    with pytest.raises((UserErrorException, TypeError)):
        Environment.get(ws, name)


def test_what_is_listed_is_what_is_got(ws: Workspace) -> None:
    with_packages("mine", "numpy").register(ws)
    environments = ws.environments

    assert "mine" in [*environments]
    for name, environment in environments.items():
        assert environment.name == name
        assert environment.version == "1"
        assert repr(environment) == repr(Environment.get(ws, name))
    assert [*copy.deepcopy(environments)] == [*environments]
    assert repr(pickle.loads(pickle.dumps(environments))) == repr(dict(environments))


@pytest.mark.parametrize("name", ["AzureML-sklearn-1.5", "AzureML-TensorFlow-2.1-GPU"])
def test_a_curated_one_keeps_its_leniency_on_every_way(
    ws: Workspace, tmp_path: Path, name: str
) -> None:
    curated = Environment.get(ws, name)
    expected = plan_environment(curated._request()).or_newer
    assert len(expected) > 4
    clone = curated.clone("mine")
    clone.save_to_directory(str(tmp_path / "saved"))
    conda = clone.python.conda_dependencies
    assert conda is not None
    conda.save(str(tmp_path / "conda.yml"))
    conda.add_pip_package("six")

    for environment in (
        clone,
        clone.register(ws),
        Environment.load_from_directory(str(tmp_path / "saved")),
        Environment.from_conda_specification("other", str(tmp_path / "conda.yml")),
    ):
        plan = plan_environment(environment._request())
        assert plan.or_newer == expected
        assert plan.tensorflow_v1 is False


def test_minimal_is_this_python(ws: Workspace) -> None:
    request = Environment.get(ws, "AzureML-Minimal")._request()

    assert request == EnvironmentRequest("AzureML-Minimal", "1")


def test_one_made_for_tensorflow_1_says_so_under_any_name(ws: Workspace) -> None:
    environment = Environment.get(ws, "AzureML-TensorFlow-1.15-GPU").clone("mine")

    assert "tensorflow<2" in environment._request().pip_packages


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("AzureML-TensorFow-2.2-GPU", "AzureML-TensorFlow-2.2-GPU"),
        ("azureml-minmal", "Did you mean 'AzureML-Minimal'"),
        ("myne", "'mine'"),
        ("zzz", r"Environment\('zzz'\) makes one"),
    ],
)
def test_a_name_that_is_none(ws: Workspace, name: str, hint: str) -> None:
    with_packages("mine").register(ws)

    with pytest.raises(TypeError, match="not text"):
        Environment.get(ws, None)  # type: ignore[arg-type]
    with pytest.raises(UserErrorException, match=hint) as caught:
        Environment.get(ws, name)
    assert isinstance(caught.value, ServiceException)
    assert caught.value.status_code == 404


def test_registered_ones_have_versions(ws: Workspace) -> None:
    first = with_packages("mine", "numpy").register(ws)
    assert (first.name, first.version) == ("mine", "1")
    assert with_packages("mine", "numpy").register(ws).version == "1", "the same"
    assert first.register(workspace=ws).version == "1"
    assert with_packages("mine", "scipy").register(ws).version == "2"

    assert Environment.get(ws, "mine")._request().pip_packages == ("scipy",)
    old = Environment.get(ws, "mine", version="1")
    assert (old.version, old._request().pip_packages) == ("1", ("numpy",))
    assert old._request().version == "1"
    assert EnvironmentReference("mine", "1").get_environment(ws).version == "1"
    with pytest.raises(UserErrorException, match=r"no version '3'; it has: 2, 1\."):
        Environment.get(ws, "mine", "3")


def test_a_version_of_ones_own(ws: Workspace, caplog: pytest.LogCaptureFixture) -> None:
    environment = with_packages("mine", "numpy")
    environment.version = "2026-11"
    assert environment.register(ws).version == "2026-11"
    assert caplog.messages == []

    found = Environment.get(ws, "mine")
    found.environment_variables["A"] = "1"
    changed = found.register(ws)
    assert changed.version != "2026-11"
    assert "versions do not change" in caplog.messages[0]
    assert Environment.get(ws, "mine", "2026-11").environment_variables == {}
    assert Environment.get(ws, "mine").environment_variables == {"A": "1"}


def test_labels(ws: Workspace) -> None:
    for package in ("a", "b", "c"):
        with_packages("mine", package).register(ws)
    Environment.label(ws, "mine", "1", ["good", "old"])
    Environment.label(ws, "mine", "2", "good")

    assert Environment.get(ws, "mine", label="good").version == "2"
    assert Environment.get(ws, "mine", label="old").version == "1"
    assert Environment.get(ws, "mine", label="Latest").version == "3"
    assert Environment.get(ws, "AzureML-Minimal", label="Latest").name == "AzureML-Minimal"
    assert not [name for name in Environment.list(ws) if ":" in name]
    for attempt in (
        lambda: Environment.get(ws, "mine", label="bad"),
        lambda: Environment.get(ws, "mine", version="1", label="good"),
        lambda: Environment.label(ws, "mine", "9", ["good"]),
        lambda: Environment.label(ws, "mine", "1", ["latest"]),
        lambda: Environment.label(ws, "mine", "1", ["a:b"]),
        lambda: Environment.label(ws, "AzureML-Minimal", "1", ["good"]),
    ):
        with pytest.raises(UserErrorException):
            attempt()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("AzureML-mine", "begin with AzureML or Microsoft"),
        ("azuremlmine", "begin with AzureML"),
        ("Microsoft.mine", "curated"),
        ("", "1 to 255"),
        ("a/b", "1 to 255"),
        ("mine:1", "1 to 255"),
        ("mine\n", "1 to 255"),
        ("x" * 256, "1 to 255"),
    ],
)
def test_names_that_cannot_be_registered(ws: Workspace, name: str, reason: str) -> None:
    with pytest.raises(UserErrorException, match=reason):
        Environment(name).register(ws)


def test_all_of_them(ws: Workspace) -> None:
    with_packages("mine", "a").register(ws)
    with_packages("mine", "b").register(ws)
    found = Environment.list(ws)

    assert found["mine"].version == "2"
    assert found["AzureML-Minimal"].python.conda_dependencies is not None
    assert found.keys() == ws.environments.keys()
    for name, environment in found.items():
        assert environment.name == name


def test_what_is_registered_is_there_for_others(ws: Workspace) -> None:
    environment = with_packages("mine", "numpy")
    environment.environment_variables = {"A": "ü\n"}
    environment.register(ws)
    program = (
        "from azureml.core import Environment, Workspace\n"
        "one = Environment.get(Workspace.from_config(), 'mine')\n"
        "print(ascii([one.version, one.environment_variables, one._request().pip_packages]))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )

    assert answer.stdout == "['1', {'A': '\\xfc\\n'}, ('numpy',)]\n"


# -- built -------------------------------------------------------------------------------------------


def test_nothing_to_build(ws: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    details = Environment("mine").build(ws)
    details.wait_for_completion(show_output=True)

    assert details.status == "Succeeded"
    assert sys.executable in capsys.readouterr().out
    image = Environment("mine").get_image_details(ws)
    assert (image.image_exist, image.image, image.dockerfile) == (False, None, None)
    assert image.interpreter_path == sys.executable


def test_wheels_of_the_workspace(ws: Workspace, empty_folder: Path) -> None:
    wheel = empty_folder / "mine-1.0-py3-none-any.whl"
    wheel.write_bytes(b"1")
    address = Environment.add_private_pip_wheel(ws, str(wheel))
    assert address.startswith("file:///")
    assert address.endswith("/mine-1.0-py3-none-any.whl")
    with pytest.raises(UserErrorException, match="exist_ok=True"):
        Environment.add_private_pip_wheel(ws, str(wheel))
    wheel.write_bytes(b"2")
    again = Environment.add_private_pip_wheel(workspace=ws, file_path=str(wheel), exist_ok=True)
    assert again == address
    assert Path(address.removeprefix("file://")).read_bytes() == b"2"
    for wrong in ("missing.whl", str(empty_folder)):
        with pytest.raises(UserErrorException, match="no wheel"):
            Environment.add_private_pip_wheel(ws, wrong)


def test_docker_is_not_there_to_build_with(ws: Workspace) -> None:
    with pytest.raises(UserErrorException, match="no Docker"):
        Environment("mine").build_local(ws, useDocker=True)
