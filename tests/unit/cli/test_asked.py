"""What the options of `trackboard submit` become."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from trackboard.cli import asked
from trackboard.cli.asked import Asked
from trackboard.errors import NotFound, TrackboardError, UsageError
from trackboard.model import Distribution, EnvironmentRequest, Launcher
from trackboard.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    workspace = Workspace.open(tmp_path / "history")
    yield workspace
    workspace.close()


def _request(workspace: Workspace, given: Asked) -> EnvironmentRequest:
    return asked.environment(workspace, given)[0]


def test_nothing_asked_for(workspace: Workspace) -> None:
    assert asked.environment(workspace, Asked()) == (EnvironmentRequest(), {})


def test_packages_by_files_and_by_name(workspace: Workspace, tmp_path: Path) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("# ours\nnumpy>=1.26\n--extra-index-url https://example.org/simple\n")
    found = _request(workspace, Asked(requirements=requirements, packages=("tqdm",), python="3.12"))
    assert (found.python, found.pip_packages) == ("3.12", ("numpy>=1.26", "tqdm"))
    assert found.pip_options == ("--extra-index-url", "https://example.org/simple")

    conda = tmp_path / "environment.yml"
    conda.write_text("name: mine\ndependencies: [python=3.11, scipy, {pip: [rich]}]\n")
    found = _request(workspace, Asked(conda=conda, packages=("tqdm",)))
    assert (found.name, found.python) == ("mine", "3.11")
    assert (found.conda_packages, found.pip_packages) == (("scipy",), ("rich", "tqdm"))


def test_an_interpreter(workspace: Workspace) -> None:
    assert _request(workspace, Asked(python="/usr/bin/python3")).interpreter == "/usr/bin/python3"


def test_curated_and_registered(workspace: Workspace) -> None:
    name = "azureml-tensorflow-2.2-gpu"
    assert _request(workspace, Asked(name=name)) == EnvironmentRequest(name=name)

    conda = {"name": "x", "dependencies": ["python=3.10.18", "scipy", {"pip": ["rich"]}]}
    python = {"condaDependencies": conda}
    variables = {"COLOUR": "red"}
    workspace.store.add_environment("train", {"python": {"condaDependencies": {}}})
    workspace.store.add_environment("train", {"python": python, "environmentVariables": variables})
    own = {"userManagedDependencies": True, "interpreterPath": "/opt/python"}
    workspace.store.add_environment("own", {"python": own})
    expected = EnvironmentRequest("train", "2", "", "3.10.18", ("rich",), ("scipy",))
    assert asked.environment(workspace, Asked(name="Train")) == (expected, variables)
    assert _request(workspace, Asked(name="train:1")) == EnvironmentRequest("train", "1")
    expected = EnvironmentRequest("own", "1", interpreter="/opt/python")
    assert _request(workspace, Asked(name="own")) == expected


@pytest.mark.parametrize(
    ("given", "family", "said"),
    [
        (Asked(name="trian"), NotFound, "'train'"),
        (Asked(name="train:7"), NotFound, "It has: 1."),
        (Asked(name="quite-else"), NotFound, "--requirements FILE"),
        (Asked(name="train", packages=("x",)), UsageError, "--env and --package"),
        (Asked(conda=Path("a"), requirements=Path("b")), UsageError, "--requirements and --conda"),
        (Asked(requirements=Path("/nowhere.txt")), NotFound, "/nowhere.txt"),
    ],
)
def test_what_cannot_be_asked(
    workspace: Workspace, given: Asked, family: type[TrackboardError], said: str
) -> None:
    workspace.store.add_environment("train", json.loads("{}"))
    with pytest.raises(family) as caught:
        asked.environment(workspace, given)
    assert said in str(caught.value)


def test_distributions() -> None:
    assert asked.distribution(None, None, 1) is None
    assert asked.distribution(None, 1, 1) is None
    assert asked.distribution("pytorch", 4, 2) == Distribution(Launcher.PYTORCH, 4, 2)
    assert asked.distribution("mpi", None, 2) == Distribution(Launcher.MPI, 2, 2)
    with pytest.raises(UsageError, match="2 processes needs a launcher"):
        asked.distribution(None, 2, 1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("90", 90), ("90s", 90), ("30m", 1_800), ("1.5h", 5_400), ("2d", 172_800), (None, None)],
)
def test_durations(text: str | None, expected: float | None) -> None:
    assert asked.seconds(text) == expected


@pytest.mark.parametrize("text", ["", "h", "1x", "-1", "0", "nan", "inf", "1hm", "1 hour"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(UsageError, match="no duration"):
        asked.seconds(text)


def test_variables() -> None:
    assert asked.variables(("A=1", "B=x=y", "C=")) == {"A": "1", "B": "x=y", "C": ""}
    for text in ("A", "=1"):
        with pytest.raises(UsageError, match="sets nothing"):
            asked.variables((text,))


def test_an_experiment_is_named_like_its_folder(tmp_path: Path) -> None:
    assert asked.experiment_of(tmp_path / "My digits (2)") == "My-digits-2"
    assert asked.experiment_of(tmp_path / "a" / "..") == asked.experiment_of(tmp_path)
    with pytest.raises(UsageError, match="--experiment"):
        asked.experiment_of(Path("/"))
