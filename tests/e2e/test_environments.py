"""Jobs in environments of their own: with the real uv, small packages of PyPI, and all that goes wrong."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from tests.prerequisites import require

from trackboard.environments import list_environments
from trackboard.environments.interpreters.discovery import list_pythons
from trackboard.environments.uv.process import Uv
from trackboard.launch.queue.queue import advance_queue, cancel
from trackboard.launch.request import Request
from trackboard.launch.submit import submit
from trackboard.model import EnvironmentRequest, Run, RunId, RunState

if TYPE_CHECKING:
    from tests.e2e.conftest import Jobs

_BACKEND = Path(__file__).parent / "programs" / "slow_backend.py"
_RECORDS = """
import sys
from azureml.core import Run
run = Run.get_context()
run.log("python", sys.version_info[1])
print("recorded by", run.id)
"""


class Environments:
    """Jobs that ask for an environment, and a cache of their own."""

    def __init__(self, jobs: Jobs, cache: Path) -> None:
        self.jobs = jobs
        self.cache = cache

    def submit(self, script: str, *packages: str, python: str = "", **variables: str) -> RunId:
        (self.jobs.source / "train.py").write_text(script)
        asked = EnvironmentRequest("mine", python=python, pip_packages=packages)
        request = Request(
            "demo", self.jobs.source, "train.py", environment=asked, variables=variables
        )
        return submit(self.jobs.launch_context, request)

    def failed(self, *packages: str, python: str = "", **variables: str) -> Run:
        """The run of a job whose environment cannot be built: its script is never started."""
        run = self.submit("print('started')", *packages, python=python, **variables)
        done = self.jobs.wait(run)
        assert done.state is RunState.FAILED
        assert "started" not in self.jobs.console(run)
        assert self.whole() == []
        assert not [path for path in (self.cache / "envs").glob("*") if path.is_dir()]
        return done

    def build_log(self, run: RunId) -> str:
        self.jobs.workspace.drain()
        folder = self.jobs.workspace.run_folder(run) / "azureml-logs"
        path = folder / "20_image_build_log.txt"
        return path.read_text() if path.exists() else ""

    def whole(self) -> list[tuple[str, ...]]:
        return [kept.packages for kept in list_environments() if kept.python]


@pytest.fixture
def environments(jobs: Jobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environments:
    cache = tmp_path / "cache"
    monkeypatch.setenv("TRACKBOARD_CACHE", str(cache))
    return Environments(jobs, cache)


class Slow:
    """A package whose build waits until it is let on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "slow"
        self.folder.mkdir()
        shutil.copy(_BACKEND, self.folder / "backend.py")
        (self.folder / "pyproject.toml").write_text(
            '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
            '[project]\nname = "slow"\nversion = "1.0"\n'
        )
        self.begun, self.go_on = folder / "begun", folder / "go-on"
        self.variables = {"SLOW_BEGUN": str(self.begun), "SLOW_GO_ON": str(self.go_on)}

    @property
    def builders(self) -> list[int]:
        return [*map(int, self.begun.read_text().split())] if self.begun.exists() else []

    def is_anyone_building(self) -> bool:
        return any(
            psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
            for pid in self.builders
        )


@pytest.fixture
def slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Slow:
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    return Slow(tmp_path)


def test_a_job_with_packages_logs_from_inside(environments: Environments) -> None:
    jobs = environments.jobs
    script = f"{_RECORDS}\nimport six\nprint('six', six.__version__)"
    run = environments.submit(script, "azureml-core", "six==1.17.0")
    done = jobs.wait(run)
    console = jobs.console(run)
    assert (done.state, done.cause) == (RunState.COMPLETED, ""), console
    assert console.endswith(f"recorded by {run}\nsix 1.17.0\n")
    assert "[trackboard] not installed, as this trackboard answers to their names:" in console
    log = environments.build_log(run)
    assert "resolving six for Python" in log
    assert " + six==1.17.0" in log
    told = {line.removeprefix("[trackboard] ").strip() for line in console.splitlines()}
    assert not told & {line.strip() for line in log.splitlines()}, "each is told once"
    (series,) = jobs.workspace.store.list_series(runs=[run])
    assert (series.name, series.last_value) == ("python", sys.version_info[1])
    assert environments.whole() == [("six==1.17.0",)]
    again = environments.submit(script, "azureml-core", "six==1.17.0")
    assert jobs.wait(again).state is RunState.COMPLETED
    assert environments.build_log(again) == ""
    assert "resolving" not in jobs.console(again)


@pytest.mark.long
def test_every_python_of_this_machine_records(environments: Environments) -> None:
    said: list[str] = []
    uv = Uv(Path.cwd(), os.environ, is_canceled=lambda: False, log=said.append)
    versions = {one.version for one in list_pythons(uv)}
    assert versions
    runs = {version: environments.submit(_RECORDS, python=version) for version in versions}
    environments.jobs.wait(*runs.values())
    for version, run in runs.items():
        console = environments.jobs.console(run)
        assert console.endswith(f"recorded by {run}\n"), console
        (series,) = environments.jobs.workspace.store.list_series(runs=[run])
        assert series.last_value == int(version.split(".")[1])


def test_a_package_that_does_not_exist(environments: Environments) -> None:
    done = environments.failed("trackboard-is-no-package-of-this-name")
    assert "trackboard-is-no-package-of-this-name was not found" in done.cause
    assert "Check its spelling" in done.cause


def test_a_version_conflict(environments: Environments) -> None:
    done = environments.failed("six==1.16.0", "six>=1.17")
    assert "six==1.16.0 and six>=1.17" in done.cause
    assert "contradict" in done.cause


def test_a_python_that_nobody_has(environments: Environments) -> None:
    done = environments.failed(python="3.99")
    assert "asks for Python 3.99" in done.cause
    assert "Found: " in done.cause


def test_nobody_answers(environments: Environments, slow: Slow) -> None:
    """Nothing listens on the discard port; the folder of downloads is empty."""
    del slow
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "UV_HTTP_RETRIES": "0"}
    done = environments.failed("six", **nowhere)
    assert "does not answer" in done.cause
    assert "127.0.0.1:9" in done.cause


def test_two_at_once_build_once(environments: Environments, slow: Slow) -> None:
    jobs = environments.jobs
    script = "import slow\nprint('speed', slow.speed)"
    runs = [environments.submit(script, str(slow.folder), **slow.variables) for _ in range(3)]
    waits = "waiting for another job"
    jobs.until(lambda: sum(waits in environments.build_log(run) for run in runs) == 2)
    slow.go_on.touch()
    jobs.wait(*runs)
    assert ["speed 1" in jobs.console(run) for run in runs] == [True] * 3
    assert sum("$ uv pip sync" in environments.build_log(run) for run in runs) == 1
    assert len(slow.builders) == 1


def test_killed_in_the_middle(environments: Environments, slow: Slow) -> None:
    jobs = environments.jobs
    script = "import slow\nprint('speed', slow.speed)"
    run = environments.submit(script, str(slow.folder), **slow.variables)
    jobs.until(slow.is_anyone_building)
    jobs.worker(run).kill()
    jobs.until(lambda: not slow.is_anyone_building())
    jobs.until(
        lambda: advance_queue(jobs.launch_context) == () and not jobs.workspace.store.list_jobs()
    )
    assert jobs.wait(run).state is RunState.FAILED
    assert environments.whole() == []
    slow.go_on.touch()
    again = environments.submit(script, str(slow.folder), **slow.variables)
    assert jobs.wait(again).state is RunState.COMPLETED
    assert jobs.console(again).endswith("speed 1\n")
    (kept,) = list_environments()
    assert kept.python


def test_canceled_in_the_middle(environments: Environments, slow: Slow) -> None:
    jobs = environments.jobs
    run = environments.submit("print('started')", str(slow.folder), **slow.variables)
    jobs.until(slow.is_anyone_building)
    cancel(jobs.launch_context, run)
    assert jobs.wait(run).state is RunState.CANCELED
    assert not slow.is_anyone_building()
    assert list_environments() == ()
    assert "started" not in jobs.console(run)


def test_an_environment_in_use_stays(environments: Environments, tmp_path: Path) -> None:
    jobs = environments.jobs
    go_on = tmp_path / "go-on"
    script = (
        f"import os, time\nprint('up')\nwhile not os.path.exists({str(go_on)!r}): time.sleep(0.02)"
    )
    run = environments.submit(script, python=".".join(map(str, sys.version_info[:2])))
    jobs.until(lambda: jobs.console(run).endswith("up\n"))
    command = [sys.executable, "-m", "trackboard", "env", "rm", list_environments()[0].key]
    refused = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (refused.returncode, refused.stdout) == (4, "")
    assert "in use" in refused.stderr
    go_on.touch()
    jobs.wait(run)
    jobs.until(lambda: not list_environments()[0].is_in_use)
    subprocess.run(command, capture_output=True, check=True)
    assert list_environments() == ()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    require("root")
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.parametrize("full", ["TRACKBOARD_CACHE", "UV_CACHE_DIR"])
def test_no_space(
    environments: Environments, small_disk: Path, tmp_path: Path, full: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    wheel = tmp_path / "large-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as file:
        file.writestr("large.bin", os.urandom(4 << 20))
        file.writestr(
            "large-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: large\nVersion: 1.0\n"
        )
        file.writestr(
            "large-1.0.dist-info/WHEEL",
            "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        file.writestr("large-1.0.dist-info/RECORD", "")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv(full, str(small_disk))
    environments.cache = Path(os.environ["TRACKBOARD_CACHE"])
    done = environments.failed(str(wheel))
    assert f"no space left for the environment in {small_disk} (" in done.cause
    assert "bytes free" in done.cause
    assert "trackboard env rm" in done.cause
