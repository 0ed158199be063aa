"""What a run is told about its surroundings."""

import getpass
import importlib.metadata
import os
import socket
import sys
import threading
from pathlib import Path

import pytest

from trackboard.model import RunId
from trackboard.record import capture as capture_module
from trackboard.record.capture import (
    DIFF_PATH,
    PACKAGES_PATH,
    capture,
    capture_surroundings,
    list_packages,
)
from trackboard.record.git import GitState
from trackboard.workspace import Workspace

RUN = RunId("run")
STATE = GitState("c" * 40, "main", "https://host/repo", is_dirty=True, diff="+line ü\n")


@pytest.fixture
def _dirty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture_module, "read_git", lambda _folder: STATE)


@pytest.mark.usefixtures("_dirty")
def test_a_run_gets_properties_and_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["train.py", "--token", "S"])
    monkeypatch.setenv("SLURM_JOB_ID", "77")
    monkeypatch.setenv("LOGNAME", "me")
    workspace = Workspace.open(tmp_path)
    live = workspace.recorder().create_run("e", run_id=RUN)
    threads = threading.active_count()
    capture(live, packages=True)
    assert threading.active_count() == threads
    workspace.drain()
    known = workspace.store.get_properties(RUN)
    assert known["azureml.git.commit"] == known["mlflow.source.git.commit"] == "c" * 40
    assert known["azureml.git.repository_uri"] == known["mlflow.source.git.repoURL"]
    assert known["azureml.git.dirty"] == "True"
    assert known["trackboard.command"] == "train.py --token '***'"
    assert known["trackboard.host"] == socket.gethostname()
    assert known["trackboard.user"] == "me"
    assert known["trackboard.python"] == ".".join(map(str, sys.version_info[:3]))
    assert known["trackboard.slurm_job_id"] == "77"
    assert "trackboard.slurm_array_job_id" not in known
    assert "trackboard.world_size" not in known
    folder = workspace.run_folder(RUN)
    assert (folder / DIFF_PATH).read_text() == "+line ü\n"
    pytest_version = importlib.metadata.version("pytest")
    assert f"pytest=={pytest_version}\n" in (folder / PACKAGES_PATH).read_text()
    assert workspace.store.find_run(RUN).warnings == ()  # type: ignore[union-attr]
    workspace.close()


@pytest.mark.usefixtures("_dirty")
def test_the_environment_knows_better(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZUREML_GIT_BRANCH", "release")
    monkeypatch.setenv("AZUREML_GIT_REPOSITORY_URI", "https://me:pw@host/other")
    known = capture_surroundings().properties
    assert known["azureml.git.branch"] == known["mlflow.source.git.branch"] == "release"
    assert known["azureml.git.repository_uri"] == "https://host/other"
    assert known["azureml.git.commit"] == "c" * 40


def test_git_is_left_alone_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture_module, "read_git", lambda _folder: pytest.fail("asked"))
    found = capture_surroundings(git=False)
    assert found.diff == ""
    assert found.packages == ""
    assert "azureml.git.commit" not in found.properties


def test_nothing_is_raised_where_nothing_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_name() -> str:
        raise KeyError("getpwuid(): uid not found")

    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    monkeypatch.setattr(getpass, "getuser", no_name)
    monkeypatch.delattr(sys.modules["__main__"], "__file__", raising=False)
    known = capture_surroundings().properties
    assert known["trackboard.user"] == str(os.getuid())
    assert "trackboard.folder" not in known


def test_packages_are_sorted_and_listed_once() -> None:
    lines = list_packages().splitlines()
    assert lines == sorted(set(lines), key=str.lower)
