from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from azureml.core import ContainerRegistry, Environment
from azureml.core.conda_dependencies import CondaDependencies
from azureml.core.environment import (
    DEFAULT_CPU_IMAGE,
    DEFAULT_GPU_IMAGE,
    DockerBuildContext,
    RCranPackage,
    RSection,
    SparkPackage,
)
from azureml.exceptions import UserErrorException
from trackboard.model import EnvironmentRequest


def with_packages(name: str, *packages: str) -> Environment:
    environment = Environment(name)
    environment.python.conda_dependencies = CondaDependencies.create(pip_packages=[*packages])
    return environment


# -- what it is --------------------------------------------------------------------------------------


def test_a_name_is_text() -> None:
    with pytest.raises(TypeError, match="3 is int, not text"):
        Environment(3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="not text"):
        Environment("a").clone(None)  # type: ignore[arg-type]


def test_what_a_new_one_holds() -> None:
    new = Environment("mine")

    assert str(new) == "Environment(Name: mine,\nVersion: None)"
    assert new.python.user_managed_dependencies is False
    assert new.python.interpreter_path == "python"
    assert new.docker.base_image == DEFAULT_CPU_IMAGE
    assert (new.docker.enabled, new.docker.shared_volumes) == (False, True)
    assert (new.docker.arguments, new.docker.shm_size) == ([], "2g")
    assert (new.docker.platform.os, new.docker.platform.architecture) == ("Linux", "amd64")
    assert new.spark.precache_packages is True
    assert (new.r, new.asset_id, new.inferencing_stack_version) == (None, None, None)


def test_its_repr_is_all_of_it_as_json() -> None:
    environment = with_packages("mine", "numpy")
    definition = json.loads(repr(environment))

    assert definition["name"] == "mine"
    assert definition["python"]["condaDependencies"]["dependencies"][1] == {"pip": ["numpy"]}
    assert definition["docker"]["baseImage"] == DEFAULT_CPU_IMAGE
    assert definition["docker"]["platform"] == {"os": "Linux", "architecture": "amd64"}
    assert definition["environmentVariables"] == {}
    assert repr(Environment._from_definition(definition)) == repr(environment)


def test_a_definition_keeps_everything_but_secrets() -> None:
    environment = Environment("mine")
    environment.version = "3"
    environment.environment_variables = {"A": "1"}
    environment.python.interpreter_path = "/opt/python"
    environment.python.user_managed_dependencies = True
    environment.docker.base_dockerfile = "FROM ubuntu\nRUN true"
    environment.docker.base_image_registry.address = "host"
    environment.docker.base_image_registry.password = "hunter2"
    environment.spark.packages = [SparkPackage("group", "artifact", "1")]
    environment.r = RSection()
    environment.r.cran_packages = [RCranPackage("ggplot2")]

    assert "hunter2" not in repr(environment)
    again = Environment._from_definition(json.loads(repr(environment)))
    assert repr(again) == repr(environment)
    assert again.docker.base_image is None
    assert isinstance(again.spark.packages[0], SparkPackage)
    assert again.r is not None
    assert again.r.cran_packages == environment.r.cran_packages
    assert environment.docker.base_image_registry.password == "hunter2"


@pytest.mark.parametrize(
    ("change", "meant"),
    [
        (lambda one: setattr(one, "conda_dependencies", 1), r"'python\.conda_dependencies'"),
        (lambda one: setattr(one, "enviroment_variables", {}), "'environment_variables'"),
        (lambda one: setattr(one.python, "user_managed_dependency", True), "'user_managed_depend"),
        (lambda one: setattr(one.docker, "image", ""), "base_image"),
        (lambda one: one.dockr, "'docker'"),
        (lambda one: one.zzz, "there is: asset_id"),
    ],
)
def test_an_unknown_attribute_says_which_was_meant(
    change: Callable[[Environment], Any], meant: str
) -> None:
    with pytest.raises(AttributeError, match=meant):
        change(Environment("mine"))


@pytest.mark.parametrize(
    ("owner", "name", "value"),
    [
        ("", "environment_variables", ["A=1"]),
        ("", "python", "3.9"),
        ("", "docker", True),
        ("python", "user_managed_dependencies", "yes"),
        ("python", "interpreter_path", None),
        ("python", "conda_dependencies", ["numpy"]),
        ("docker", "base_dockerfile", 3),
        ("docker", "base_dockerfile", "no/Dockerfile"),
        ("docker", "base_dockerfile", Path("no/Dockerfile")),
        ("docker", "base_dockerfile", ""),
        ("docker", "build_context", "folder"),
    ],
)
def test_values_that_are_refused(owner: str, name: str, value: Any) -> None:
    environment = Environment("mine")
    before = repr(environment)

    with pytest.raises(UserErrorException):
        setattr(getattr(environment, owner) if owner else environment, name, value)
    assert repr(environment) == before


def test_one_image_at_a_time(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    docker: Any = Environment("mine").docker
    docker.base_image = "mine:1"
    assert caplog.messages == []
    docker.base_dockerfile = "FROM mine:2"
    assert caplog.messages == [
        "docker.base_dockerfile is set, so docker.base_image is None now: there is one image."
    ]
    (tmp_path / "Dockerfile").write_text("FROM mine:3")
    docker.build_context = DockerBuildContext.from_local_directory(None, str(tmp_path))
    assert (docker.base_image, docker.base_dockerfile) == (None, None)
    docker.base_dockerfile = str(tmp_path / "Dockerfile")
    assert (docker.base_dockerfile, docker.build_context) == ("FROM mine:3", None)
    docker.base_dockerfile = io.StringIO("FROM mine:4")
    assert docker.base_dockerfile == "FROM mine:4"


def test_a_clone_is_another_one() -> None:
    environment = with_packages("mine", "numpy")
    environment.version = "2"
    other = environment.clone("yours")
    other.environment_variables["A"] = "1"
    assert other.python.conda_dependencies is not None
    other.python.conda_dependencies.add_pip_package("scipy")

    assert (other.name, other.version) == ("yours", None)
    assert environment.environment_variables == {}
    assert environment._request().pip_packages == ("numpy",)
    assert other._request().pip_packages == ("numpy", "scipy")


# -- what a job asks for -----------------------------------------------------------------------------


def test_what_it_asks_for() -> None:
    environment = Environment("mine")
    conda = CondaDependencies.create(
        conda_packages=["python=3.11", "numpy=2.1", "pip=24"], pip_packages=["torch"]
    )
    conda.set_pip_option("--extra-index-url https://here")
    environment.python.conda_dependencies = conda
    environment.version = "4"

    assert environment._request() == EnvironmentRequest(
        name="mine",
        version="4",
        python="3.11",
        pip_packages=("torch",),
        conda_packages=("numpy=2.1",),
        pip_options=("--extra-index-url https://here",),
    )


def test_the_sdks_own_version_of_python_is_not_asked_for() -> None:
    assert Environment("mine")._request().python == ""
    assert with_packages("mine", "numpy")._request().python == ""


def test_a_python_as_it_is() -> None:
    environment = with_packages("mine", "numpy")
    environment.python.user_managed_dependencies = True
    assert environment._request() == EnvironmentRequest("mine", interpreter="python")
    environment.python.interpreter_path = "/opt/python"
    assert environment._request().interpreter == "/opt/python"
    environment.python.user_managed_dependencies = False
    environment.python.conda_dependencies = None
    assert environment._request() == EnvironmentRequest("mine")


def test_an_image_alone_is_refused_when_a_job_asks_for_it(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM mine")
    context = DockerBuildContext.from_local_directory(None, str(tmp_path))
    for environment, named in (
        (Environment.from_docker_image("mine", "pytorch/pytorch:2"), "base_image"),
        (Environment.from_dockerfile("mine", "FROM mine"), "base_dockerfile"),
        (Environment.from_docker_build_context("mine", context), "build_context"),
    ):
        assert environment.python.user_managed_dependencies is True
        with pytest.raises(UserErrorException, match=rf"docker\.{named} = None"):
            environment._request()
        setattr(environment.docker, named, None)
        assert environment._request() == EnvironmentRequest("mine", interpreter="python")
        assert environment._notes() == ()


def test_an_image_with_packages_is_its_packages(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("numpy\n")
    environment = Environment.from_docker_image(
        "mine",
        "registry/mine:1",
        container_registry=ContainerRegistry(),
        pip_requirements=str(tmp_path / "requirements.txt"),
    )

    assert environment._request().pip_packages == ("numpy",)
    (note,) = environment._notes()
    assert "'registry/mine:1' of environment 'mine' is not used" in note


def test_the_sdks_images_are_not_used_which_is_said() -> None:
    environment = Environment("mine")
    assert environment._notes() == ()
    environment.docker.base_image = DEFAULT_GPU_IMAGE
    assert environment._request() == EnvironmentRequest("mine")
    assert DEFAULT_GPU_IMAGE in environment._notes()[0]
    environment.docker.base_image = "mcr.microsoft.com/azureml/curated/sklearn-1.5:1"
    with pytest.raises(UserErrorException, match="without Docker"):
        environment._request()
    environment.docker.base_image = DEFAULT_CPU_IMAGE
    environment.docker.enabled = True
    assert "Docker is not used" in environment._notes()[0]


def test_variables_of_a_conda_file_are_the_jobs(tmp_path: Path) -> None:
    (tmp_path / "conda.yml").write_text("dependencies: [numpy]\nvariables: {A: 1, B: x}\n")
    environment = Environment.from_conda_specification("mine", str(tmp_path / "conda.yml"))
    environment.environment_variables = {"B": "y"}

    assert environment._job_variables() == {"A": "1", "B": "y"}


# -- from files --------------------------------------------------------------------------------------


def test_from_a_conda_file(tmp_path: Path) -> None:
    file = tmp_path / "conda.yml"
    file.write_text("dependencies: [numpy, {pip: [torch]}]\n")
    environment = Environment.from_conda_specification("mine", str(file))

    assert environment.python.conda_dependencies is not None
    assert environment.python.conda_dependencies.get_python_version() == "3.10.18"
    assert environment._request() == EnvironmentRequest(
        "mine", pip_packages=("torch",), conda_packages=("numpy",)
    )
    file.write_text("dependencies: [python=3.9]\n")
    assert Environment.from_conda_specification("mine", str(file))._request().python == "3.9"


def test_from_requirements(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "b.txt").write_text("scipy\n--extra-index-url https://here\n")
    (tmp_path / "a.txt").write_text(
        "# numbers\nnumpy==2.1.0 \\\n  ; python_version > '3'\n\n-r more/b.txt\n--pre  # all\n"
    )
    environment = Environment.from_pip_requirements("mine", str(tmp_path / "a.txt"), "21.3")
    request = environment._request()

    assert [one.split(" ")[0] for one in request.pip_packages] == ["numpy==2.1.0", "scipy"]
    assert request.pip_options == ("--extra-index-url https://here", "--pre")
    assert request.python == ""
    with pytest.raises(UserErrorException, match="nowhere"):
        Environment.from_pip_requirements("mine", str(tmp_path / "nowhere.txt"))


def test_both_kinds_of_files_at_once() -> None:
    with pytest.raises(UserErrorException, match="not both"):
        Environment.from_docker_image("a", "b", conda_specification="c", pip_requirements="d")


CONDA = """\
import sys
assert sys.argv[1:] == ["env", "export", "--no-builds", "--name", sys.argv[-1]]
if sys.argv[-1] != "theirs":
    sys.exit("EnvironmentLocationNotFound: " + sys.argv[-1])
print("name: theirs\\ndependencies: [python=3.11.4, numpy=2.1.0]")
"""


def test_from_a_conda_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert Environment.from_existing_conda_environment("mine", "theirs") is None
    assert "no command conda" in capsys.readouterr().out

    program = tmp_path / "conda"
    program.write_text(f"#!{sys.executable}\n{CONDA}")
    program.chmod(0o755)
    assert Environment.from_existing_conda_environment("mine", "nobodys") is None
    assert "EnvironmentLocationNotFound: nobodys" in capsys.readouterr().out
    found = Environment.from_existing_conda_environment(
        name="mine", conda_environment_name="theirs"
    )
    assert found is not None
    assert found._request() == EnvironmentRequest(
        "mine", python="3.11.4", conda_packages=("numpy=2.1.0",)
    )


def test_folders(empty_folder: Path) -> None:
    environment = with_packages("mine", "numpy")
    environment.docker.base_dockerfile = "FROM mine"
    environment.save_to_directory("kept")
    assert repr(Environment.load_from_directory("kept")) == repr(environment)

    with pytest.raises(UserErrorException, match="overwrite=True"):
        environment.save_to_directory("kept")
    environment.docker.base_image = DEFAULT_CPU_IMAGE
    environment.save_to_directory("kept", overwrite=True)
    assert repr(Environment.load_from_directory("kept")) == repr(environment)

    file = empty_folder / "kept" / "conda_dependencies.yml"
    file.write_text("dependencies: [python=3.11, scipy]\n")
    assert Environment.load_from_directory("kept")._request() == EnvironmentRequest(
        "mine", python="3.11", conda_packages=("scipy",)
    )
    with pytest.raises(UserErrorException, match="save_to_directory"):
        Environment.load_from_directory("nowhere")


@pytest.mark.parametrize("value", [5, True, 1.5, "x", {"name": "x"}])
def test_packages_of_other_kinds_are_lists(value: Any) -> None:
    with pytest.raises(UserErrorException, match="it must be a list"):
        Environment("e").spark.packages = value
