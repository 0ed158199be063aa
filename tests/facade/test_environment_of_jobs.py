"""Environments as jobs get them: built from wheels of a folder, without a network."""

from __future__ import annotations

import json
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from azureml.core import Environment, Experiment, ScriptRunConfig, Workspace
from azureml.core.conda_dependencies import CondaDependencies
from azureml.exceptions import (
    ActivityFailedException,
    ExperimentExecutionException,
    UserErrorException,
)

Submitted = Callable[..., ScriptRunConfig]
PRINT_IT = "import sys, tiny; print('tiny', tiny.version, sys.prefix != sys.base_prefix)"


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the package `tiny` in versions 1.0 and 2.0: the only packages there are."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    for version in ("1.0", "2.0"):
        stem = f"tiny-{version}"
        about = f"{stem}.dist-info"
        with zipfile.ZipFile(folder / f"{stem}-py3-none-any.whl", "w") as wheel:
            wheel.writestr("tiny.py", f"version = {version!r}\n")
            metadata = f"Metadata-Version: 2.1\nName: tiny\nVersion: {version}\n"
            wheel.writestr(f"{about}/METADATA", metadata)
            wheel.writestr(
                f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            )
            wheel.writestr(f"{about}/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("TRACKBOARD_CACHE", str(tmp_path / "cache"))
    return folder


def asking_for(*packages: str, name: str = "mine") -> Environment:
    environment = Environment(name)
    environment.python.conda_dependencies = CondaDependencies.create(pip_packages=[*packages])
    return environment


@pytest.mark.usefixtures("wheels")
def test_a_job_gets_what_it_asks_for(ws: Workspace, exp: Experiment, script: Submitted) -> None:
    registered = asking_for("tiny<2", "azureml-defaults").register(ws)
    run = exp.submit(script(PRINT_IT, environment=registered))
    run.wait_for_completion()

    log = run.get_details_with_logs()["logFiles"]["user_logs/std_log.txt"]
    assert "tiny 1.0 True" in log
    environment = run.get_environment()
    assert (environment.name, environment.version) == ("mine", "1")
    assert repr(environment) == repr(registered)
    shown = run.get_details()["runDefinition"]["environment"]
    assert shown == json.loads(repr(registered))


@pytest.mark.usefixtures("wheels")
def test_an_environment_that_nobody_registered(exp: Experiment, script: Submitted) -> None:
    environment = asking_for("tiny", name="free")
    assert environment.python.conda_dependencies is not None
    environment.python.conda_dependencies.set_pip_option(
        "--extra-index-url https://me:hunter2@127.0.0.1:1/simple"
    )
    run = exp.submit(script("", environment=environment))
    run.cancel()
    run.wait_for_completion()

    found = run.get_environment()
    assert (found.name, found.version) == ("free", None)
    assert found._request().pip_packages == ("tiny",)
    assert "hunter2" in found._request().pip_options[0]
    assert "hunter2" not in repr(run.get_details())


def test_this_python_as_it_is(exp: Experiment, script: Submitted) -> None:
    run = exp.submit(script("import sys; print(sys.executable)"))
    run.wait_for_completion()

    found = run.get_environment()
    assert found.python.user_managed_dependencies is True
    assert found.python.interpreter_path == sys.executable
    with pytest.raises(UserErrorException, match="no environment of its own"):
        exp.start_logging(outputs=False).get_environment()


def test_an_image_without_packages_is_refused_at_submit(exp: Experiment, script: Submitted) -> None:
    environment = Environment.from_docker_image("mine", "pytorch/pytorch:2")

    with pytest.raises(UserErrorException, match="run without Docker here"):
        exp.submit(script("", environment=environment))
    assert [*exp.get_runs()] == []


def test_variables_of_an_environment(exp: Experiment, script: Submitted, tmp_path: Path) -> None:
    (tmp_path / "conda.yml").write_text("dependencies: []\nvariables: {FROM_CONDA: 1}\n")
    environment = Environment.from_conda_specification("mine", str(tmp_path / "conda.yml"))
    environment.environment_variables["OWN"] = "2"
    run = exp.submit(
        script(
            "import os; print(os.environ['FROM_CONDA'] + os.environ['OWN'])",
            environment=environment,
        )
    )
    run.wait_for_completion()

    assert "12\n" in run.get_details_with_logs()["logFiles"]["user_logs/std_log.txt"]


@pytest.mark.usefixtures("wheels")
def test_built_before_a_job_asks(ws: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    details = asking_for("tiny").build(ws)
    assert details.status == "Succeeded"
    assert details.get_log() != ""
    assert "1 package" in capsys.readouterr().out
    details.wait_for_completion(show_output=True)
    assert "Environment is ready: " in capsys.readouterr().out


@pytest.mark.usefixtures("wheels")
def test_what_cannot_be_built_says_so_in_the_resolvers_words(ws: Workspace) -> None:
    details = asking_for("nothing-of-that-name", name="bad").build(ws)

    assert details.status == "Failed"
    assert "nothing-of-that-name" in details.get_log()
    for attempt in (
        details.wait_for_completion,
        lambda: asking_for("tiny==3", name="bad").build_local(ws),
    ):
        with pytest.raises(ActivityFailedException, match="'bad' cannot be built"):
            attempt()


@pytest.mark.usefixtures("wheels")
def test_a_failed_build_fails_the_run(exp: Experiment, script: Submitted) -> None:
    run = exp.submit(script("print('never')", environment=asking_for("tiny==3")))

    with pytest.raises(ActivityFailedException, match="tiny==3"):
        run.wait_for_completion()


def test_what_contradicts_itself_is_refused_at_submit(exp: Experiment, script: Submitted) -> None:
    environment = asking_for("numpy ==")

    with pytest.raises((ExperimentExecutionException, UserErrorException), match="numpy =="):
        exp.submit(script("", environment=environment))
    assert [*exp.get_runs()] == []


def test_a_wheel_of_the_workspace(
    ws: Workspace, exp: Experiment, script: Submitted, wheels: Path
) -> None:
    address = Environment.add_private_pip_wheel(ws, str(wheels / "tiny-1.0-py3-none-any.whl"))
    environment = asking_for(address)
    run = exp.submit(script(PRINT_IT, environment=environment))
    run.wait_for_completion()

    assert "tiny 1.0 True" in run.get_details_with_logs()["logFiles"]["user_logs/std_log.txt"]
