"""What the options of `trackboard submit` become."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from trackboard.cli import arguments
from trackboard.cli.arguments import EnvironmentOptions as Options
from trackboard.errors import NotFound, TrackboardError, UsageError
from trackboard.model import Distribution, EnvironmentRequest, Launcher
from trackboard.service import LocalService, open_service


@pytest.fixture
def service(tmp_path: Path) -> Iterator[LocalService]:
    service = open_service(tmp_path / "history")
    yield service
    service.close()


def _request(service: LocalService, given: Options) -> EnvironmentRequest:
    return arguments.read_environment(service, given)[0]


def test_nothing_asked_for(service: LocalService) -> None:
    assert arguments.read_environment(service, Options()) == (EnvironmentRequest(), {})


def test_packages_by_files_and_by_name(service: LocalService, tmp_path: Path) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("# ours\nnumpy>=1.26\n--extra-index-url https://example.org/simple\n")
    found = _request(service, Options(requirements=requirements, packages=("tqdm",), python="3.12"))
    assert (found.python, found.pip_packages) == ("3.12", ("numpy>=1.26", "tqdm"))
    assert found.pip_options == ("--extra-index-url", "https://example.org/simple")

    conda = tmp_path / "environment.yml"
    conda.write_text("name: mine\ndependencies: [python=3.11, scipy, {pip: [rich]}]\n")
    found = _request(service, Options(conda=conda, packages=("tqdm",)))
    assert (found.name, found.python) == ("mine", "3.11")
    assert (found.conda_packages, found.pip_packages) == (("scipy",), ("rich", "tqdm"))


def test_an_interpreter(service: LocalService) -> None:
    assert _request(service, Options(python="/usr/bin/python3")).interpreter == "/usr/bin/python3"


def test_curated_and_registered(service: LocalService) -> None:
    name = "azureml-tensorflow-2.2-gpu"
    assert _request(service, Options(name=name)) == EnvironmentRequest(name=name)

    conda = {"name": "x", "dependencies": ["python=3.10.18", "scipy", {"pip": ["rich"]}]}
    python = {"condaDependencies": conda}
    variables = {"COLOUR": "red"}
    service.environments.add("train", {"python": {"condaDependencies": {}}})
    service.environments.add("train", {"python": python, "environmentVariables": variables})
    own = {"userManagedDependencies": True, "interpreterPath": "/opt/python"}
    service.environments.add("own", {"python": own})
    expected = EnvironmentRequest("train", "2", "", "3.10.18", ("rich",), ("scipy",))
    assert arguments.read_environment(service, Options(name="Train")) == (
        expected,
        variables,
    )
    assert _request(service, Options(name="train:1")) == EnvironmentRequest("train", "1")
    expected = EnvironmentRequest("own", "1", interpreter="/opt/python")
    assert _request(service, Options(name="own")) == expected


@pytest.mark.parametrize(
    ("given", "family", "said"),
    [
        (Options(name="trian"), NotFound, "'train'"),
        (Options(name="train:7"), NotFound, "It has: 1."),
        (Options(name="quite-else"), NotFound, "--requirements FILE"),
        (Options(name="train", packages=("x",)), UsageError, "--env and --package"),
        (
            Options(conda=Path("a"), requirements=Path("b")),
            UsageError,
            "--requirements and --conda",
        ),
        (Options(requirements=Path("/nowhere.txt")), NotFound, "/nowhere.txt"),
    ],
)
def test_what_cannot_be_asked(
    service: LocalService, given: Options, family: type[TrackboardError], said: str
) -> None:
    service.environments.add("train", json.loads("{}"))
    with pytest.raises(family) as caught:
        arguments.read_environment(service, given)
    assert said in str(caught.value)


def test_distributions() -> None:
    assert arguments.read_distribution(None, None, 1) is None
    assert arguments.read_distribution(None, 1, 1) is None
    assert arguments.read_distribution("pytorch", 4, 2) == Distribution(Launcher.PYTORCH, 4, 2)
    assert arguments.read_distribution("mpi", None, 2) == Distribution(Launcher.MPI, 2, 2)
    with pytest.raises(UsageError, match="2 processes needs a launcher"):
        arguments.read_distribution(None, 2, 1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("90", 90), ("90s", 90), ("30m", 1_800), ("1.5h", 5_400), ("2d", 172_800), (None, None)],
)
def test_durations(text: str | None, expected: float | None) -> None:
    assert arguments.read_seconds(text) == expected


@pytest.mark.parametrize("text", ["", "h", "1x", "-1", "0", "nan", "inf", "1hm", "1 hour"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(UsageError, match="no duration"):
        arguments.read_seconds(text)


def test_variables() -> None:
    assert arguments.read_variables(("A=1", "B=x=y", "C=")) == {"A": "1", "B": "x=y", "C": ""}
    for text in ("A", "=1"):
        with pytest.raises(UsageError, match="sets nothing"):
            arguments.read_variables((text,))


def test_an_experiment_is_named_like_its_folder(tmp_path: Path) -> None:
    assert arguments.name_experiment(tmp_path / "My digits (2)") == "My-digits-2"
    assert arguments.name_experiment(tmp_path / "a" / "..") == arguments.name_experiment(tmp_path)
    with pytest.raises(UsageError, match="--experiment"):
        arguments.name_experiment(Path("/"))
