"""Two users of one group record in and read one workspace, whatever their umask."""

import json
import os
import stat
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.other_users import User, folder_for_everybody, start_as

pytestmark = pytest.mark.requires("root")

GROUP = 47_000
OWNER = User(47_001, [GROUP], umask=0o077)
FRIEND = User(47_002, [GROUP], umask=0o022)
STRANGER = User(47_003)

PROGRAM = r"""
import json, os, sys
from pathlib import Path
from trackboard import Workspace
from trackboard.errors import TrackboardError

root, group = sys.argv[1], int(sys.argv[2])
growing = {}

def share():
    folder = Workspace.open(root).folder
    os.chown(folder, -1, group)
    with open(folder / "trackboard.toml", "a") as settings:
        settings.write("shared = true\n")

def record(name):
    run = Workspace.open(root).recorder().create_run("exp", name=name)
    for value in range(3):
        run.log("loss", value)
    run.append_bytes("logs/out.txt", 0, b"first\n")
    growing[name] = run

def go_on(name):
    growing[name].append_bytes("logs/out.txt", 6, b"second\n")

def end(name):
    growing.pop(name).complete()
    Workspace.open(root).recorder().close()

def tag(name):
    workspace = Workspace.open(root)
    (run,) = workspace.runs_called(f"exp/{name}")
    workspace.add_experiment(f"by-{os.getuid()}")

def read():
    workspace = Workspace.open(root)
    said = {}
    for run in workspace.runs():
        with workspace.open_file(run, "logs/out.txt") as file:
            text = file.read().decode()
        said[run.name] = [run.state.value, workspace.history(run, "loss").values.tolist(), text]
    workspace.close()
    return said

for line in sys.stdin:
    word, *rest = line.split()
    try:
        answer = globals()[word](*rest)
    except TrackboardError as error:
        answer = [type(error).__name__, error.message]
    print(json.dumps(answer), flush=True)
"""


class Person:
    """A process of a user, which does what it is told."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def __call__(self, *words: str) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(" ".join(words) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


@contextmanager
def person(user: User, root: Path) -> Iterator[Person]:
    process = start_as(user, PROGRAM, str(root), str(GROUP), cwd=root)
    try:
        yield Person(process)
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def root() -> Iterator[Path]:
    with folder_for_everybody() as folder:
        home = folder / "team"
        home.mkdir()
        os.chown(home, OWNER.number, OWNER.number)
        yield home


def modes_below(folder: Path) -> dict[str, tuple[int, int]]:
    found = {}
    for inside, _, names in os.walk(folder):
        for path in (Path(inside), *(Path(inside, name) for name in names)):
            told = path.stat()
            found[str(path.relative_to(folder))] = (stat.S_IMODE(told.st_mode), told.st_gid)
    return found


def test_both_record_and_read(root: Path) -> None:
    points, whole = [0.0, 1.0, 2.0], "first\nsecond\n"
    with ExitStack() as stack:
        owner, friend, stranger = (
            stack.enter_context(person(each, root)) for each in (OWNER, FRIEND, STRANGER)
        )
        owner("record", "before")
        kind, _ = friend("read")
        assert kind == "Unavailable"  # it is private as long as nobody says otherwise
        owner("share")
        owner("read")
        friend("record", "b")
        owner("record", "a")
        running = {name: ["running", points, "first\n"] for name in ("a", "b", "before")}
        assert friend("read") == running
        assert owner("read") == running
        for name, who in (("a", owner), ("b", friend), ("before", owner)):
            who("go_on", name)
        assert owner("read") == {name: ["running", points, whole] for name in running}
        for name, who in (("a", owner), ("b", friend), ("before", owner)):
            who("end", name)
        ended = {name: ["completed", points, whole] for name in running}
        assert friend("read") == ended
        assert owner("read") == ended
        kind, said = stranger("read")
        assert kind == "Unavailable"
        assert f"default belongs to user {OWNER.number}" in said
        folder = root / ".trackboard" / "default"
        assert list((folder / "spool").glob("[0-9a-f]*")) == []
        for name, (mode, group) in modes_below(folder).items():
            wanted = 0o2770 if (folder / name).is_dir() else 0o660
            assert (oct(mode), group) == (oct(wanted), GROUP), name
