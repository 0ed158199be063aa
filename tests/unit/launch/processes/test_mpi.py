"""What each rank of MPI is wrapped into; tests/frameworks has a real mpirun."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from trackboard.launch.processes.mpi import find_failed_rank, mpi_command, mpi_variables
from trackboard.layout import JobPaths

_PROGRAM = "import sys; print(sys.argv[1:]); print('oops', file=sys.stderr); sys.exit({})"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mpirun").touch(mode=0o755)
    return tmp_path


def _run_rank(folder: Path, number: int, code: int, name: str = "OMPI_COMM_WORLD_RANK") -> int:
    argv = (sys.executable, "-c", _PROGRAM.format(code), "two words", "$HOME", "'")
    command = mpi_command(2, argv, JobPaths(folder), {"PATH": str(folder)})
    assert command[1:3] == ("-n", "2")
    rank = command[3:]
    return subprocess.run(rank, env={name: str(number)}, check=False).returncode


@pytest.mark.parametrize("name", ["OMPI_COMM_WORLD_RANK", "PMI_RANK"])
def test_each_rank_has_its_console(folder: Path, name: str) -> None:
    said = "['two words', '$HOME', \"'\"]\noops\n"
    assert [_run_rank(folder, number, 0, name) for number in range(2)] == [0, 0]
    assert sorted((folder / "console.txt").read_text().splitlines()) == sorted(said.splitlines())
    assert (folder / "console-1.txt").exists()
    assert find_failed_rank(JobPaths(folder)) is None


def test_the_first_that_fails_is_known(folder: Path) -> None:
    assert _run_rank(folder, 1, 3) == 3
    with (folder / "failed-ranks").open("a") as file:
        file.write("0 143\n")  # whom mpirun ended then
    assert find_failed_rank(JobPaths(folder)) == (1, 3)
    _run_rank(folder, 0, 0)  # another attempt
    assert find_failed_rank(JobPaths(folder)) is None


def test_root_is_allowed_to_run_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert mpi_variables()["OMPI_ALLOW_RUN_AS_ROOT"] == "1"
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert "OMPI_ALLOW_RUN_AS_ROOT" not in mpi_variables()
