"""A process that has run since before an upgrade works beside new ones, on the same workspace."""

import io
import os
import random
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.prerequisites import require
from tests.waiting import until
from tests.workspaces import parts

import trackboard
from trackboard import Workspace
from trackboard.model import RunId, RunState

pytestmark = pytest.mark.long

_CHECKOUT = Path(__file__).parents[2]
_PROGRAM = Path(__file__).parents[1] / "stress" / "programs" / "record_and_read.py"
_NEW = Path(trackboard.__path__[0]).parent


@pytest.fixture(scope="module")
def old_source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source of the last commit before databases of schema 3."""
    command = ["git", "-C", str(_CHECKOUT), "archive", require("commit-83dc1e5"), "src"]
    archive = subprocess.run(command, capture_output=True, check=True)
    folder = tmp_path_factory.mktemp("old")
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as tar:
        tar.extractall(folder, filter="data")
    return folder / "src"


class Session:
    """A process that records and reads as it is told."""

    def __init__(self, source: Path, folder: Path, name: str) -> None:
        self.name, self.logged = name, 0
        self.process = subprocess.Popen(
            [sys.executable, str(_PROGRAM), str(folder), name],
            env={**os.environ, "PYTHONPATH": str(source)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def tell(self, command: str) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{command}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        assert answer, f"{self.name} has ended"
        return answer

    def log(self, count: int) -> None:
        assert self.tell(f"log {count}") == "logged"
        self.logged += count


@contextmanager
def ended(*sessions: Session) -> Iterator[None]:
    try:
        yield
    finally:
        for session in sessions:
            session.process.kill()
            session.process.communicate()


def check(folder: Path, *sessions: Session) -> None:
    workspace = Workspace.open(folder)
    parts(workspace).drain()
    for session in sessions:
        run = workspace.find_run(RunId(session.name))
        assert run is not None
        assert (run.state, run.name, run.experiment) == (
            RunState.COMPLETED,
            session.name,
            "together",
        )
        assert (run.warnings, run.lost_points) == ((), 0)
        assert parts(workspace).store.get_tags(run.id) == {"by": session.name}
        for series in parts(workspace).store.list_series(runs=[run.id]):
            points = parts(workspace).store.read_points([series.id])[series.id]
            assert [int(value) for value in points.values] == list(range(session.logged))

    def is_empty() -> bool:
        parts(workspace).drain()
        return not any(path.name[0] != "." for path in parts(workspace).spool_folder.iterdir())

    until(is_empty, "spools stay", pause_s=0.05)
    workspace.close()


@pytest.mark.parametrize("seed", range(6))
def test_old_and_new_take_turns(
    tmp_path: Path, old_source: Path, seed: int, record_property: Callable[[str, object], None]
) -> None:
    """Each stores what the other records.

    An old process that opens a database only after a new one has brought it up to date is refused
    that, in words; the others store what it records.
    """
    chance = random.Random(seed)
    first, second = (old_source, _NEW) if seed % 3 else (_NEW, old_source)
    one = Session(first, tmp_path, "one")
    with ended(one):
        one.log(chance.randrange(200))
        if first is old_source or seed % 2:
            one.tell("read")
        others = [Session(second, tmp_path, "two"), Session(_NEW, tmp_path, "three")]
        sessions = [one, *others]
        readers = sessions if first is old_source else [one, others[1]]
        with ended(*others):
            for _ in range(60):
                if chance.random() < 0.6:
                    chance.choice(sessions).log(chance.randrange(300))
                else:
                    points = int(chance.choice(readers).tell("read"))
                    assert points == 2 * sum(each.logged for each in sessions)
            for session in sessions:
                assert session.tell("end") == "ended"
            if seed % 2:
                assert int(one.tell("read")) == 2 * sum(each.logged for each in sessions)
    check(tmp_path, *sessions)
    record_property("points", 2 * sum(session.logged for session in sessions))
