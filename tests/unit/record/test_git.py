"""What git is asked, with a real git, and with one that does not answer."""

import doctest
import os
import subprocess
from pathlib import Path

import psutil
import pytest
from tests.prerequisites import require
from tests.waiting import PATIENCE_S

from trackboard.record import git
from trackboard.record.git import MAX_DIFF_BYTES, has_git, read_git, without_credentials


def call(folder: Path, *words: str) -> None:
    require("git")
    who = ["-c", "user.name=me", "-c", "user.email=me@example.com"]
    subprocess.run(
        ["git", *who, *words], cwd=folder, check=True, capture_output=True, timeout=PATIENCE_S
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    call(folder, "init", "--initial-branch", "topic/a")
    (folder / "train.py").write_text("first\n")
    call(folder, "add", "train.py")
    call(folder, "commit", "-m", "first")
    return folder


def test_a_clean_checkout(checkout: Path) -> None:
    call(checkout, "remote", "add", "other", "https://other/x")
    call(checkout, "remote", "add", "origin", "https://me:secret@host/org/repo.git")
    (checkout / "below").mkdir()
    state = read_git(checkout / "below")
    assert state is not None
    assert (len(state.commit), state.branch, state.is_dirty, state.diff) == (
        40,
        "topic/a",
        False,
        "",
    )
    assert state.remote == "https://host/org/repo.git"


def test_what_differs(checkout: Path) -> None:
    (checkout / "train.py").write_text("second ü\n")
    state = read_git(checkout)
    assert state is not None
    assert state.is_dirty is True
    assert "-first\n+second ü\n" in state.diff
    assert state.remote == ""


def test_a_large_difference_is_cut(checkout: Path) -> None:
    (checkout / "train.py").write_text("x" * 79 + "\n")
    with (checkout / "train.py").open("a") as file:
        file.writelines(f"{number:079}\n" for number in range(100_000))
    state = read_git(checkout, timeout_s=20)
    assert state is not None
    assert state.is_dirty is True
    assert MAX_DIFF_BYTES < len(state.diff) < MAX_DIFF_BYTES + 200
    assert "was left out" in state.diff[-100:]


def test_a_detached_head_has_no_branch(checkout: Path) -> None:
    call(checkout, "checkout", "--detach")
    state = read_git(checkout)
    assert state is not None
    assert state.branch == ""


def test_nothing_is_asked_where_there_is_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_words: object, **_options: object) -> None:
        raise AssertionError("git was called")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    assert not has_git(tmp_path)
    assert read_git(tmp_path) is None
    assert read_git(tmp_path / "not there") is None


def test_a_checkout_without_a_commit(tmp_path: Path) -> None:
    call(tmp_path, "init")
    assert read_git(tmp_path) is None


def pretend_git(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    program = folder / "bin" / "git"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")


def test_no_git(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert read_git(checkout) is None


def test_a_git_that_fails(checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = "0" * 40
    answer = f'case "$*" in *rev-parse*) echo {commit};; *) exit 128;; esac'
    pretend_git(tmp_path, monkeypatch, answer)
    state = read_git(checkout)
    assert state is not None
    assert (state.commit, state.branch, state.is_dirty) == (commit, "", None)


def test_a_git_that_hangs_is_ended(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs = tmp_path / "hangs"
    answer = f'case "$*" in *diff*) echo $$ >{hangs}; exec sleep 600;; *) echo {"0" * 40};; esac'
    pretend_git(tmp_path, monkeypatch, answer)
    for timeout_s in (0.5, 4, 32):  # on a busy machine the questions before it take long
        state = read_git(checkout, timeout_s=timeout_s)
        if hangs.exists():
            break
    assert not psutil.pid_exists(int(hangs.read_text()))
    assert state is not None
    assert state.is_dirty is None


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("ssh://git:pw@host:22/repo", "ssh://git@host:22/repo"),
        ("https://token@host/repo?sig=1#x", "https://host/repo"),
        ("/srv/git/repo", "/srv/git/repo"),
        ("https://[broken/x", ""),
    ],
)
def test_credentials_are_left_out(url: str, shown: str) -> None:
    assert without_credentials(url) == shown


def test_examples() -> None:
    assert doctest.testmod(git).failed == 0
