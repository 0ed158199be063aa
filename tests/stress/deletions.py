"""Folders and databases that are deleted, moved or replaced under processes that record and read."""

import random
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.stress.victims import Marks, Verdict, Victim, judge, killed_at_the_end
from tests.workspaces import parts

from trackboard import Workspace
from trackboard.errors import TrackboardError, Unavailable

_LOOKED_AGAIN_S = 1.3  # a writer looks at its folder once a second


@dataclass
class Scene:
    """A folder with a workspace, a process that records into it and a reader that keeps it open."""

    folder: Path
    victim: Victim
    reader: Workspace
    is_over: threading.Event = field(default_factory=threading.Event)
    refusals: list[str] = field(default_factory=list)

    @property
    def root(self) -> Path:
        """The folder that holds all workspaces."""
        return self.folder / ".trackboard"

    @property
    def workspace(self) -> Path:
        """The workspace's folder."""
        return self.root / "default"

    @property
    def spool(self) -> Path:
        """Where processes record."""
        return self.workspace / "spool"

    @property
    def aside(self) -> Path:
        """Where things are moved to."""
        return self.folder / "aside"

    def read_on(self) -> None:
        """Read until the scene is over; a reader may be refused in words, and goes on."""
        while not self.is_over.wait(0.02):
            try:
                parts(self.reader).drain()
            except TrackboardError as error:
                self.refusals.append(error.message)


def _delete_root(scene: Scene) -> None:
    _delete(scene.root)


def _delete_workspace(scene: Scene) -> None:
    _delete(scene.workspace)


def _delete_spools(scene: Scene) -> None:
    _delete(scene.spool)


def _delete_one_spool(scene: Scene) -> None:
    for writer in scene.spool.glob("[0-9a-f]*"):
        _delete(writer)


def _delete_segments(scene: Scene) -> None:
    for segment in scene.spool.glob("*/*.seg"):
        segment.unlink(missing_ok=True)


def _move_root(scene: Scene) -> None:
    scene.root.rename(scene.aside)


def _move_there_and_back(scene: Scene) -> None:
    scene.root.rename(scene.aside)
    time.sleep(0.2)
    _put(scene.aside, scene.root)


def _move_back_late(scene: Scene) -> None:
    """What was begun meanwhile gives way to what was there before."""
    scene.root.rename(scene.aside)
    time.sleep(_LOOKED_AGAIN_S)
    _put(scene.aside, scene.root)


def _replace_by_a_copy(scene: Scene) -> None:
    scene.root.rename(scene.aside)
    copy = Path(shutil.copytree(scene.aside, scene.folder / "copy"))
    _put(copy, scene.root)


def _move_spools(scene: Scene) -> None:
    scene.spool.rename(scene.aside)


def _delete_database(scene: Scene) -> None:
    for file in scene.workspace.glob("trackboard.db*"):
        file.unlink(missing_ok=True)


def _delete_settings(scene: Scene) -> None:
    (scene.workspace / "trackboard.toml").unlink()


def _restore_database(scene: Scene) -> None:
    """A backup is put in its place, and the journal taken away, as its guide says."""
    backup = scene.folder / "backup.db"
    _delete_database(scene)
    shutil.copy(backup, scene.workspace / "trackboard.db")


def _put(folder: Path, place: Path) -> None:
    """Put a folder in the place of what a process may just have made there."""
    while folder.exists():
        _delete(place)
        with suppress(OSError):
            folder.rename(place)


def _delete(folder: Path) -> None:
    while folder.exists():  # a process may make a file in it meanwhile
        shutil.rmtree(folder, ignore_errors=True)


EVENTS: Mapping[str, Callable[[Scene], None]] = {
    name.strip("_"): event
    for name, event in list(globals().items())
    if name.startswith(("_delete_", "_move_", "_replace_", "_restore_"))
}
_PUTS_BACK = ("move_there_and_back", "move_back_late", "replace_by_a_copy")
_OF_DATABASE = ("delete_database", "restore_database")


def delete_under(folder: Path, event: str, *, seed: int) -> Verdict:
    """Let one thing happen to a process that records, then judge what a new reader finds."""
    chance = random.Random(seed)
    folder.mkdir(parents=True)
    reader = Workspace.open(folder)
    parts(reader).drain()
    shutil.copy(reader.folder / "trackboard.db", folder / "backup.db")
    flags = chance.choice(((), ("threads",), ("fork",)))
    victim = Victim.start(
        parts(reader).spool_folder,
        "of-0",
        "slow",
        "told",
        *flags,
        seed=seed,
        journal=folder / "journal",
    )
    scene = Scene(folder, victim, reader)
    reading = threading.Thread(target=scene.read_on)
    with killed_at_the_end(victim):
        victim.wait_until_it_records(100)
        reading.start()
        try:
            time.sleep(chance.uniform(0, 0.3))
            EVENTS[event](scene)
            gone = victim.marks()
            time.sleep(_LOOKED_AGAIN_S)
            said = victim.end()
        finally:
            scene.is_over.set()
            reading.join()
    if event == "delete_database":
        _begin_a_database(scene)
    verdict = _judge(scene, gone, in_order=event not in _PUTS_BACK)
    verdict.said = said
    if event in _OF_DATABASE and (verdict.missing or verdict.lost):
        verdict.faults.append(f"{verdict.missing} are missing, {verdict.lost} are lost")
    verdict.faults = [f"{event}: {fault}" for fault in verdict.faults]
    return verdict


def _begin_a_database(scene: Scene) -> None:
    """A missing one is never made by itself: do what the message says."""
    with pytest.raises(Unavailable, match="is missing"):
        parts(Workspace.open(scene.folder)).drain()
    words = ("where", "--register-database", str(scene.workspace))
    subprocess.run([sys.executable, "-m", "trackboard", *words], check=True, stdout=subprocess.PIPE)


def _judge(scene: Scene, gone: Marks, *, in_order: bool) -> Verdict:
    """A new reader, and the one that was open all the time, find the same."""
    fresh = Workspace.open(scene.folder)
    parts(fresh).drain()
    verdict = judge(fresh, scene.victim, gone=gone, in_order=in_order)
    with suppress(Unavailable):
        parts(scene.reader).drain()
    seen = [len(parts(each).store.list_runs()) for each in (fresh, scene.reader)]
    if seen[0] != seen[1]:
        verdict.faults.append(f"a new reader finds {seen[0]} runs, the open one {seen[1]}")
    fresh.close()
    scene.reader.close()
    return verdict
