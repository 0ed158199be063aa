"""Full and read-only disks, from the training process to what is shown of its run.

A small tmpfs is filled where we may mount one; a limit on the size of files stands in for it elsewhere.
"""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest
from tests.waiting import PATIENCE_S

import trackboard
from trackboard.errors import Unavailable
from trackboard.model import Run, RunState
from trackboard.spool import list_writers
from trackboard.workspace import Workspace

_PROGRAM = Path(__file__).parent / "programs" / "train_by_command.py"
_RETRY_S = 0.6  # a little more than a writer waits before it asks the disk again


class Training:
    """A training process that does what it is told."""

    def __init__(self, spool: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-S", str(_PROGRAM), str(spool)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(Path(trackboard.__path__[0]).parent)},
        )

    def tell(self, command: str) -> str:
        stdin, stdout = _open(self.process.stdin), _open(self.process.stdout)
        stdin.write(f"{command}\n")
        stdin.flush()
        answer = stdout.readline().strip()
        assert answer, f"training did not go on: {_open(self.process.stderr).read()}"
        return answer

    def end(self) -> list[str]:
        """Let it end by itself; the lines that it said on the console."""
        _, said = self.process.communicate(timeout=PATIENCE_S)
        assert self.process.returncode == 0
        return said.splitlines()


def _open(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream


@contextmanager
def training(spool: Path) -> Iterator[Training]:
    started = Training(spool)
    try:
        yield started
    finally:
        started.process.kill()
        started.process.communicate()


class Disk:
    """A folder on a disk that can be filled: by a limit in the training process, or truly."""

    def __init__(self, folder: Path, *, is_real: bool) -> None:
        self.folder = folder
        self._is_real = is_real
        self._filler = folder / "filler"

    def fill(self, process: Training) -> None:
        if not self._is_real:
            process.tell("limit")
            return
        with self._filler.open("ab", buffering=0) as file:
            for size in (1 << 16, 1):
                try:
                    while file.write(bytes(size)) == size:
                        pass
                except OSError:
                    continue

    def make_room(self, process: Training) -> None:
        if self._is_real:
            self._filler.unlink()
        else:
            process.tell("unlimit")
        time.sleep(_RETRY_S)

    @contextmanager
    def full_for_us(self) -> Iterator[None]:
        """Full for this process, which reads."""
        if self._is_real:
            yield  # it was filled for everybody
            return
        old = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, old[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, old)


def _mounted(folder: Path) -> bool:
    command = ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(folder)]
    return os.geteuid() == 0 and subprocess.run(command, capture_output=True).returncode == 0


@pytest.fixture(params=["a limit", "a tmpfs"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    is_real = request.param == "a tmpfs" and _mounted(folder)
    yield Disk(folder, is_real=is_real)
    if is_real:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def workspace(disk: Disk) -> Iterator[Workspace]:
    opened = Workspace.open(disk.folder)
    assert opened.store.list_runs() == ()
    yield opened
    opened.close()


def stored_numbers(workspace: Workspace) -> list[int]:
    series = [each.id for each in workspace.store.list_series(names=["n"])]
    return [n for points in workspace.store.read_points(series).values() for n in points.values]


def the_run(workspace: Workspace) -> Run:
    (run,) = workspace.store.list_runs()
    return run


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(Unavailable) as caught:
        call()
    return str(caught.value)


def test_training_goes_on_and_the_run_says_what_is_missing(
    disk: Disk, workspace: Workspace
) -> None:
    with training(workspace.spool_folder) as process:
        process.tell("log 10000")
        workspace.drain()
        assert stored_numbers(workspace) == list(range(10_000))
        disk.fill(process)
        process.tell("log 20000")
        assert stored_numbers(workspace)[:10_000] == list(range(10_000)), "not readable any more"
        disk.make_room(process)
        process.tell("log 1000")
        assert process.tell("complete") == "completed"
        said = process.end()
    workspace.drain()
    run = the_run(workspace)
    numbers = stored_numbers(workspace)
    assert run.state is RunState.COMPLETED
    assert numbers == sorted(set(numbers))
    assert numbers[:10_000] == list(range(10_000))
    assert numbers[-1000:] == list(range(30_000, 31_000))
    assert run.lost_points == 31_000 - len(numbers)
    assert run.lost_points > 10_000
    assert len(run.warnings) == 1
    (line,) = said
    assert "Training goes on" in line


def test_what_describes_a_run_waits_for_room(disk: Disk, workspace: Workspace) -> None:
    with training(workspace.spool_folder) as process:
        disk.fill(process)
        process.tell("begin")
        process.tell("log 100")
        assert process.tell("complete") == "Unavailable"
        process.tell("log 100")
        disk.make_room(process)
        assert process.tell("complete") == "completed"
        process.end()
    workspace.drain()
    run = the_run(workspace)
    assert (run.experiment, run.name, run.state) == ("trained", "by command", RunState.COMPLETED)
    assert workspace.store.get_tags(run.id) == {"lr": "0.1"}
    assert run.lost_points + len(stored_numbers(workspace)) == 200


def test_a_process_that_ends_on_a_full_disk_says_what_is_lost(
    disk: Disk, workspace: Workspace
) -> None:
    with training(workspace.spool_folder) as process:
        process.tell("log 10000")
        disk.fill(process)
        process.tell("log 20000")
        assert process.tell("complete") == "Unavailable"
        said = process.end()
        assert len(said) == 2, said
        assert "Training goes on" in said[0]
        assert "trackboard lost" in said[1]
    if disk.folder.joinpath("filler").exists():
        disk.folder.joinpath("filler").unlink()
    workspace.drain()
    assert the_run(workspace).state is RunState.FAILED
    assert stored_numbers(workspace)[:10_000] == list(range(10_000))


def test_a_database_on_a_full_disk_leaves_the_spools_alone(
    disk: Disk, workspace: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    with training(workspace.spool_folder) as process:
        process.tell("log 50000")
        disk.fill(process)
        with disk.full_for_us():
            for _ in range(3):
                text = refused(workspace.drain)
                assert "space" in text
            for _ in range(3):
                assert workspace.refresh() > 50_000 * 40, "what is stored can be shown all the same"
        assert stored_numbers(workspace) == []
        (line,) = caplog.messages
        assert "cannot store what is recorded" in line
        disk.make_room(process)
        workspace.drain()
        assert stored_numbers(workspace) == list(range(50_000))
        assert process.tell("complete") == "completed"
        process.end()
    workspace.drain()
    assert the_run(workspace).lost_points == 0
    assert list_writers(workspace.spool_folder) == []


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """A file is in the way, which stops also the administrator."""
    (tmp_path / "file").write_text("")
    with training(tmp_path / "file" / "spool") as process:
        process.tell("log 1000")
        assert process.tell("complete") == "Unavailable"
        process.tell("log 1000")
        said = process.end()
    assert [line for line in said if "Training goes on" in line] == said[:1]
    assert len(said) == 2
    assert "2004 records" in said[1], "2,000 points, the run, its tag, two states"
