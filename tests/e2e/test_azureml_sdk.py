"""The real Azure ML SDK's wheels before, after and beside ours: one side answers, or an error does.

The SDK is installed without its 31 requirements. That is enough to see who answers: its package then
fails inside its own files, on a module of somebody else's.
"""

import os
import re
import shlex
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.prerequisites import skip_without
from tests.waiting import PATIENCE_S

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.xdist_group("azureml-sdk")  # its wheels are fetched once
REFUSAL = "ImportError: trackboard and the Azure ML SDK both answer to the name azureml"
CORE = "import azureml.core"
BOARD = "import azureml.tensorboard"
DAMAGE = "ImportError: files of trackboard's package azureml in"


@dataclass(frozen=True)
class Answer:
    """What a Python program said."""

    status: int
    output: str


@dataclass(frozen=True)
class Sdk:
    """The real wheels."""

    core: Path
    tensorboard: Path


@dataclass(frozen=True)
class Site:
    """A virtual environment with nothing in it, not even pip: ours works on it from outside."""

    folder: Path

    @classmethod
    def make(cls, folder: Path) -> "Site":
        venv.create(folder, with_pip=False, symlinks=True)
        return cls(folder)

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def packages(self) -> Path:
        return next((self.folder / "lib").glob("python3*/site-packages"))

    def pip(self, *arguments: str | Path) -> None:
        run_pip("--python", self.python, *arguments)

    def install(self, *wheels: Path) -> None:
        self.pip("install", "--no-deps", "--no-compile", *wheels)

    def run(self, program: str, *, first: Path | None = None) -> Answer:
        """Run a program, `first` being a folder that goes before all others on the path."""
        environment = dict(os.environ)
        if first:
            environment["PYTHONPATH"] = str(first)
        answer = subprocess.run(
            [self.python, "-c", program],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        return Answer(answer.returncode, answer.stdout)


def run_pip(*arguments: str | Path) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", "-qq", *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ours")
    run_pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, ROOT)
    (wheel,) = folder.glob("trackboard-*.whl")
    return wheel


@pytest.fixture(scope="module")
def sdk(tmp_path_factory: pytest.TempPathFactory) -> Sdk:
    """The real wheels, from pip's cache when they are there."""
    folder = tmp_path_factory.mktemp("sdk")
    try:
        run_pip("download", "--no-deps", "--dest", folder, "azureml-core", "azureml-tensorboard")
    except AssertionError as error:
        skip_without("azureml-sdk", because=str(error))
    core, tensorboard = sorted(folder.glob("*.whl"))
    return Sdk(core, tensorboard)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site.make(tmp_path / "site")


def assert_ours(site: Site) -> None:
    answer = site.run("from azureml.core import Run; print(Run.__module__)")
    assert answer.status == 0, answer.output
    package = site.run("import azureml; print(azureml.__trackboard__)")
    assert package.output == "True\n"


def assert_sdk(answer: Answer, module: str) -> None:
    """The SDK's own files ran, and failed on one of the requirements that we left out."""
    assert answer.status == 1, answer.output
    assert f"{module}/__init__.py" in answer.output
    assert re.search(r"ModuleNotFoundError: No module named '(?!azureml|trackboard)", answer.output)
    assert "trackboard" not in answer.output.rpartition("ModuleNotFoundError")[2]


def assert_refused(answer: Answer, *wheels: Path, folder: Path) -> None:
    assert answer.status == 1, answer.output
    assert REFUSAL in answer.output
    for wheel in wheels:
        name, version = wheel.name.split("-")[:2]
        assert f"Installed too: {name.replace('_', '-')} {version} in {folder}\n" in answer.output


def commands(output: str) -> list[list[str]]:
    """What the message tells to type: the arguments of pip, line by line, of its first advice."""
    advice = output.partition("To use the SDK instead")[0]
    return [shlex.split(line)[3:] for line in advice.splitlines() if line.startswith("  /")]


def test_ours_alone_answers(site: Site, ours: Path) -> None:
    site.install(ours)

    assert_ours(site)


def test_the_sdk_alone_answers(site: Site, sdk: Sdk) -> None:
    site.install(sdk.core, sdk.tensorboard)

    assert_sdk(site.run(CORE), "azureml/core")


@pytest.mark.long
def test_the_sdk_then_ours_is_refused_until_its_advice_is_followed(
    site: Site, ours: Path, sdk: Sdk
) -> None:
    site.install(sdk.core, sdk.tensorboard)
    site.install(ours)

    for program in (CORE, BOARD, "import azureml", "from azureml.data import constants"):
        assert_refused(site.run(program), sdk.core, sdk.tensorboard, folder=site.packages)

    for arguments in commands(site.run(CORE).output):
        site.pip(*arguments)
    assert_ours(site)


@pytest.mark.long
def test_the_advice_for_the_sdk_brings_the_sdk(site: Site, ours: Path, sdk: Sdk) -> None:
    site.install(sdk.core, sdk.tensorboard)
    site.install(ours)
    advice = site.run(CORE).output.partition("To use the SDK instead")[2]

    for line in advice.splitlines()[1:]:
        where = ["--no-index", "--find-links", str(sdk.core.parent)] if " install " in line else []
        site.pip(*shlex.split(line)[3:], *where)

    assert_sdk(site.run(CORE), "azureml/core")
    assert "trackboard" not in {path.name for path in site.packages.iterdir()}


def test_ours_then_the_sdk_is_the_sdk_and_ours_refuses(site: Site, ours: Path, sdk: Sdk) -> None:
    site.install(ours)
    site.install(sdk.core, sdk.tensorboard)

    assert_sdk(site.run(CORE), "azureml/core")
    assert_refused(
        site.run("import azureml._guard"), sdk.core, sdk.tensorboard, folder=site.packages
    )


@pytest.mark.long
def test_our_tensorboard_never_joins_the_sdks_core(site: Site, ours: Path, sdk: Sdk) -> None:
    site.install(ours)
    site.install(sdk.core)

    assert_sdk(site.run(CORE), "azureml/core")
    assert_refused(site.run(BOARD), sdk.core, folder=site.packages)

    site.pip("uninstall", "-y", "azureml-core")
    damaged = site.run(BOARD)
    assert damaged.status == 1
    assert DAMAGE in damaged.output
    for arguments in commands(damaged.output):
        site.pip(*arguments)
    assert_ours(site)


def test_the_sdk_on_an_earlier_folder_of_the_path(
    site: Site, ours: Path, sdk: Sdk, tmp_path: Path
) -> None:
    site.install(ours)
    first = tmp_path / "first"
    run_pip("install", "--no-deps", "--no-compile", "--target", first, sdk.core)

    assert_sdk(site.run(CORE, first=first), "azureml/core")
    refused = site.run(BOARD, first=first)
    assert_refused(refused, sdk.core, folder=first)
    assert f"take {first} off the path" in refused.output
    assert commands(refused.output) == []
    assert_ours(site)


def test_ours_on_an_earlier_folder_of_the_path(
    site: Site, ours: Path, sdk: Sdk, tmp_path: Path
) -> None:
    site.install(sdk.core, sdk.tensorboard)
    first = tmp_path / "first"
    run_pip("install", "--no-deps", "--no-compile", "--target", first, ours)

    for program in (CORE, BOARD, "import azureml"):
        assert_refused(
            site.run(program, first=first), sdk.core, sdk.tensorboard, folder=site.packages
        )
