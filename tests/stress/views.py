"""A spool as a network file system may show it to another host: names and sizes late, in any order.

A real spool is shown piece by piece: any segment may appear before any other, empty or grown to any size;
bytes that have not arrived may read as zeros. Its writer is on another machine, of which nothing is known.
"""

import json
import os
import random
import shutil
from pathlib import Path

from tests.workspaces import parts

from trackboard import Workspace
from trackboard.model import RunId
from trackboard.record import Recorder

_SEGMENT_BYTES = 2_000
_TEXTS_EVERY = 7


def record(folder: Path, points: int) -> Path:
    """Record numbers, every seventh with a text, into a spool of many segments; that spool's folder."""
    recorder = Recorder(folder, segment_bytes=_SEGMENT_BYTES)
    run = recorder.create_run("views", run_id="seen")
    for number in range(points):
        run.log("n", float(number))
        if number % _TEXTS_EVERY == 0:
            run.log("text", str(number))
    run.complete()
    spool = folder / recorder.writer.writer
    kept = folder.with_name("whole")
    shutil.copytree(spool, kept)  # closing says that it ended
    recorder.close()
    return kept


class View:
    """What a reader sees of a spool.

    Args:
        whole: The spool's folder.
        shown: The folder that a reader sees.
    """

    def __init__(self, whole: Path, shown: Path) -> None:
        self._shown = shown
        self._content = {
            int(path.stem): path.read_bytes() for path in whole.glob("*.seg") if path.stat().st_size
        }
        self._sizes: dict[int, int] = {}
        shown.mkdir(parents=True)
        alive = json.loads((whole / "alive").read_bytes())
        elsewhere = {k: "elsewhere" if isinstance(v, str) else v for k, v in alive.items()}
        (shown / "alive").write_text(json.dumps(elsewhere))

    @property
    def is_whole(self) -> bool:
        """Whether all of it is shown."""
        return self._sizes == {number: len(data) for number, data in self._content.items()}

    def show_more(self, chance: random.Random) -> None:
        """Let one segment appear, or grow."""
        left = [n for n, data in self._content.items() if self._sizes.get(n, -1) < len(data)]
        number = chance.choice(left[: chance.choice((1, 2, len(left)))])
        data, size = self._content[number], self._sizes.get(number, 0)
        grown = chance.choice((len(data), len(data), size, chance.randint(size, len(data))))
        with open(self._shown / f"{number}.seg", "ab", buffering=0) as file:
            os.truncate(file.fileno(), size)
            file.write(data[size:grown])
            if chance.random() < 0.2:  # the end of the file is known before what is in it
                os.truncate(file.fileno(), chance.randint(grown, len(data)))
        self._sizes[number] = grown


def see_by_and_by(whole: Path, folder: Path, points: int, *, seed: int) -> None:
    """Read a spool while it comes into sight; every look is right, and the last one sees everything."""
    chance = random.Random(seed)
    workspace = Workspace.open(folder)
    with (workspace.folder / "trackboard.toml").open("a") as settings:
        settings.write("network_folder = true\n")
    view = View(whole, parts(workspace).spool_folder / whole_id(whole))
    while not view.is_whole:
        for _ in range(chance.choice((1, 1, 3, 10))):
            if not view.is_whole:
                view.show_more(chance)
        if chance.random() < 0.1:
            workspace.close()  # another reader goes on
            workspace = Workspace.open(folder)
        parts(workspace).refresh()
        _check(workspace, points, is_whole=False, seed=seed)
    parts(workspace).drain()
    _check(workspace, points, is_whole=True, seed=seed)
    workspace.close()


def whole_id(whole: Path) -> str:
    """A name for the spool; any will do."""
    return whole.name.rjust(32, "0")


def _check(workspace: Workspace, points: int, *, is_whole: bool, seed: int) -> None:
    run = parts(workspace).store.find_run(RunId("seen"))
    assert run is not None or not is_whole
    if run is None:
        return
    assert (run.warnings, run.lost_points) == ((), 0), f"seed {seed}: {run}"
    for series in parts(workspace).store.list_series(runs=[run.id]):
        stored = parts(workspace).store.read_points([series.id])[series.id]
        expected = [*range(0, points, _TEXTS_EVERY if series.name == "text" else 1)]
        found = [int(value) for value in stored.values]
        assert found == expected[: len(found)], f"seed {seed}: {series.name}"
        assert not is_whole or len(found) == len(expected), f"seed {seed}: {len(found)} are there"
