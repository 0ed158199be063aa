from __future__ import annotations

import errno
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tensorboard.backend.event_processing import event_file_loader
from tensorboard.util import tensor_util
from tests.workspaces import store_events

from trackboard.blobs import open_folder
from trackboard.board.export.export import HISTORY_FILE, Export, _Progress, export_runs
from trackboard.board.view.source import Source
from trackboard.errors import Conflict, NotFound, Unavailable, UsageError
from trackboard.eventfile import encode
from trackboard.model import (
    Created,
    RunId,
    RunKind,
    SeriesId,
    TextLogged,
    ValueKind,
)
from trackboard.model.tensorboard_files import SMALL_BYTES
from trackboard.ports import Points, SeriesPoints
from trackboard.stores import open_sqlite

ROOT = Path(__file__).parents[4]
T0 = 1.7e9
Rows = list[tuple[int, float, object]]


class Bench:
    """A workspace with as much in it as a test says."""

    def __init__(self, folder: Path) -> None:
        self.store = open_sqlite(folder / "trackboard.db")
        self.runs_folder = folder / "runs"
        self.target = folder / "out"
        self.said: list[str] = []
        self.source = Source(
            "bench",
            self.store,
            lambda: 0,
            lambda run: self.runs_folder / run,
            open_folder(folder / "blobs"),
        )

    def add_run(self, run: str, *, name: str = "", parent: str | None = None) -> RunId:
        above = RunId(parent) if parent else None
        self._apply(Created(RunId(run), "exp", name or run, above, RunKind.INTERACTIVE, T0))
        return RunId(run)

    def log(self, run: str, name: str, steps: list[int], values: Any = None) -> None:
        numbers = np.asarray(np.arange(len(steps), dtype=float) if values is None else values)
        kind = {"f": ValueKind.FLOAT, "i": ValueKind.INT, "b": ValueKind.BOOL}[numbers.dtype.kind]
        column = np.array(steps, dtype=np.int64)
        times_s = T0 + np.arange(len(steps)) / 8
        has_step = np.ones(len(steps), dtype=bool)
        self._apply(points=SeriesPoints(RunId(run), name, kind, column, has_step, times_s, numbers))

    def log_text(self, run: str, name: str, step: int, value: str) -> None:
        self._apply(TextLogged(RunId(run), name, value, step, T0))

    def add_file(self, run: str, path: str, content: bytes) -> Path:
        file = self.runs_folder / run / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        return file

    def export(self, *runs: str, recursive: bool = True) -> Export:
        ids = [RunId(run) for run in runs]
        return export_runs(
            self.source, ids, self.target, recursive=recursive, report=self.said.append
        )

    def files(self) -> dict[str, tuple[int, int, bytes]]:
        """Every file of the export: its inode, when it was changed, and what is in it."""
        found = {}
        for path in sorted(self.target.rglob("*")):
            if path.is_file():
                status = path.stat()
                place = path.relative_to(self.target).as_posix()
                found[place] = (status.st_ino, status.st_mtime_ns, path.read_bytes())
        return found

    def _apply(self, *events: Created | TextLogged, points: SeriesPoints | None = None) -> None:
        store_events(self.store, *events, points=(points,) if points else ())


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.store.close()


def rows(path: Path) -> dict[str, Rows]:
    """Values by tag, in file order, as TensorBoard's own reader gives them."""
    found: dict[str, Rows] = {}
    for event in event_file_loader.EventFileLoader(str(path)).Load():
        for value in event.summary.value:
            content = np.asarray(tensor_util.make_ndarray(value.tensor)).item()
            found.setdefault(value.tag, []).append((event.step, event.wall_time, content))
    return found


def native(*steps: int, tag: str = "native", time_s: float = 5.0) -> bytes:
    """An event file that is not ours."""
    header = b"".join(encode.texts("made", [0], [time_s], ["elsewhere"]))
    column = np.array(steps, dtype=np.int64)
    points = encode.scalars(tag, column, column.astype(float), column.astype(np.float32))
    return header + b"".join(points)


def test_a_run_becomes_one_file_under_its_live_name(bench: Bench) -> None:
    run = bench.add_run("r1", name="first")
    bench.log(run, "loss", [0, 1, 2], [0.1, float("nan"), float("-inf")])
    bench.log(run, "count", [5, 6], np.array([2**24 + 1, -3]))
    bench.log(run, "ok", [0, 1], np.array([True, False]))
    bench.log_text(run, "note", 3, "# hello")
    done = bench.export(run)
    place = f"exp/first/{HISTORY_FILE}"
    assert list(bench.files()) == [place]
    found = rows(bench.target / place)
    assert [row[:2] for row in found["loss"]] == [(0, T0), (1, T0 + 0.125), (2, T0 + 0.25)]
    np.testing.assert_array_equal(
        np.array([row[2] for row in found["loss"]]),
        np.array([0.1, np.nan, -np.inf], dtype=np.float32),
    )
    assert [row[2] for row in found["count"]] == [2**24, -3]
    assert [row[2] for row in found["ok"]] == [1, 0]
    assert found["note"] == [(3, T0, b"# hello")]
    assert done == Export(bench.target, 1, 1, 1, 8, (), ())
    assert bench.said == []


def test_exporting_twice_changes_nothing(bench: Bench) -> None:
    bench.log(bench.add_run("r1"), "loss", list(range(300)))
    bench.add_file("r1", "logs/events.out.tfevents.1", native(1, 2))
    first = bench.export("r1")
    before = bench.files()
    again = bench.export("r1")
    assert bench.files() == before
    assert (first.files, first.written) == (2, 2)
    assert (again.files, again.written, again.points) == (2, 0, 300)


def test_a_run_that_goes_on_is_brought_up_to_date(bench: Bench) -> None:
    bench.log(bench.add_run("r1"), "loss", [0, 1])
    source = bench.add_file("r1", "logs/events.out.tfevents.1", native(1, 2))
    bench.export("r1")
    bench.log("r1", "loss", [2, 3])
    source.write_bytes(native(1, 2, 3))
    assert bench.export("r1").written == 2
    files = bench.files()
    assert len(files) == 2
    assert files["exp/r1/events.out.tfevents.1"][2] == native(1, 2, 3)
    assert [row[0] for row in rows(bench.target / "exp/r1" / HISTORY_FILE)["loss"]] == [0, 1, 2, 3]


def test_steps_that_go_back_are_written_in_order_and_none_is_lost(bench: Bench) -> None:
    run = bench.add_run("r1")
    bench.log(run, "before", [1, 2])
    steps = [*range(5000), 4500, 10, 10]
    bench.log(run, "loss", steps)
    bench.log(run, "after", [7])
    done = bench.export(run)
    found = rows(bench.target / "exp/r1" / HISTORY_FILE)
    expected = sorted(range(len(steps)), key=lambda i: steps[i])
    assert found["loss"] == [(steps[i], T0 + i / 8, float(i)) for i in expected]
    assert [row[0] for row in found["before"] + found["after"]] == [1, 2, 7]
    assert done.points == 5003 + 3
    (note,) = done.notes
    assert note.startswith("exp/r1: loss: 3 of 5,003 points repeat a step")


def test_a_repeat_between_two_chunks_is_noted(bench: Bench) -> None:
    run = bench.add_run("r1")
    bench.log(run, "loss", [0, 1])
    bench.log(run, "loss", [1, 2])
    assert "1 of 4 points repeat" in bench.export(run).notes[0]


def test_what_float32_cannot_hold_is_noted(bench: Bench) -> None:
    run = bench.add_run("r1")
    bench.log(run, "loss", [0, 1, 2], [1e300, float("inf"), 1.0])
    done = bench.export(run)
    assert "loss: 1 of 3 values are greater than TensorBoard's float32 holds" in done.notes[0]


def test_text_with_the_name_of_numbers_gets_its_own_tag(bench: Bench) -> None:
    run = bench.add_run("r1")
    bench.log(run, "state", [0])
    bench.log_text(run, "state", 0, "good")
    bench.log(run, "state/text", [0])
    done = bench.export(run)
    found = rows(bench.target / "exp/r1" / HISTORY_FILE)
    assert found["state/text/text"] == [(0, T0, b"good")]
    assert [row[2] for row in found["state"] + found["state/text"]] == [0.0, 0.0]
    assert "its texts are under state/text/text" in done.notes[0]


def test_children_come_along_unless_told_otherwise(bench: Bench) -> None:
    bench.log(bench.add_run("top"), "loss", [0])
    bench.log(bench.add_run("child", parent="top"), "loss", [0])
    bench.log(bench.add_run("other"), "loss", [0])
    assert bench.export("top", recursive=False).runs == 1
    assert list(bench.files()) == [f"exp/top/{HISTORY_FILE}"]
    assert bench.export("top").runs == 2
    assert list(bench.files()) == [f"exp/top/child/{HISTORY_FILE}", f"exp/top/{HISTORY_FILE}"]


def test_names_do_not_depend_on_what_is_exported(bench: Bench) -> None:
    for run in ("a", "b"):
        bench.log(bench.add_run(run, name="same"), "loss", [0])
    bench.export("b")
    assert list(bench.files()) == [f"exp/same #2/{HISTORY_FILE}"]


def test_native_files_stand_where_the_live_view_shows_them(bench: Bench) -> None:
    run = bench.add_run("r1")
    bench.add_file(run, "logs/events.out.tfevents.1", native(1))
    bench.add_file(run, "logs/train/events.out.tfevents.2", native(2))
    bench.add_file(run, "outputs/tb/events.out.tfevents.3.v2", native(3))
    bench.add_file(run, "logs/notes.txt", b"beside them")
    bench.add_file(run, "logs/large.bin", bytes(SMALL_BYTES + 1))
    bench.add_file(run, "user_logs/std_log.txt", b"not one of them")
    bench.export(run)
    assert {place: content for place, (_, _, content) in bench.files().items()} == {
        "exp/r1/events.out.tfevents.1": native(1),
        "exp/r1/notes.txt": b"beside them",
        "exp/r1/train/events.out.tfevents.2": native(2),
        "exp/r1/outputs/tb/events.out.tfevents.3.v2": native(3),
    }


def test_a_native_file_is_cut_after_its_last_whole_record(bench: Bench) -> None:
    run = bench.add_run("r1")
    bench.add_file(run, "logs/events.out.tfevents.1", native(1, 2)[:-7])
    done = bench.export(run)
    assert bench.files()["exp/r1/events.out.tfevents.1"][2] == native(1)
    assert done.skipped == ()


def test_a_damaged_native_file_is_copied_up_to_the_damage_and_said(bench: Bench) -> None:
    run = bench.add_run("r1")
    damaged = bytearray(native(1, 2, 3))
    start = len(native(1))
    damaged[start + 2] ^= 8
    source = bench.add_file(run, "logs/events.out.tfevents.1", bytes(damaged))
    (skipped,) = bench.export(run).skipped
    assert bench.files()["exp/r1/events.out.tfevents.1"][2] == native(1)
    assert skipped.what == str(source)
    assert f"damaged from byte {start} on" in skipped.why
    assert bench.said == [f"{skipped.what}: {skipped.why}"]


def test_what_has_nothing_to_show_is_said(bench: Bench) -> None:
    bench.add_run("r1")
    bench.add_run("r2")
    bench.add_file("r2", "logs/events.out.tfevents.1", b"")
    done = bench.export("r1", "r2")
    assert {skipped.why.partition(":")[0] for skipped in done.skipped} == {
        "nothing to show",
        "holds no whole record",
    }
    assert "exp/r1: nothing to show: no metrics and no event files (running)" in bench.said
    assert bench.files() == {}


def test_many_runs_with_nothing_to_show_are_one_line(bench: Bench) -> None:
    top = bench.add_run("top")
    bench.log(top, "loss", [0])
    for i in range(7):
        bench.add_run(f"child{i}", parent="top")
    done = bench.export(top)
    assert len(done.skipped) == 7
    assert bench.said == [
        "7 runs have nothing to show, no metrics and no event files (7 running):"
        " exp/top/child0, exp/top/child1, exp/top/child2 and 4 more"
    ]


def test_notes_are_said_and_many_are_counted(bench: Bench) -> None:
    run = bench.add_run("r1")
    for i in range(12):
        bench.log(run, f"m{i:02}", [0, 0])
    done = bench.export(run)
    assert len(done.notes) == 12
    assert bench.said == [*done.notes[:10], "and 2 more notes like these"]


def test_a_foreign_file_is_never_touched(bench: Bench) -> None:
    bench.log(bench.add_run("r1"), "loss", [0])
    bench.add_file("r1", "logs/events.out.tfevents.1", native(1))
    folder = bench.target / "exp/r1"
    folder.mkdir(parents=True)
    (folder / HISTORY_FILE).write_bytes(native(9, time_s=77.0))
    (folder / "events.out.tfevents.1").write_bytes(native(1, time_s=78.0))
    before = bench.files()
    done = bench.export("r1")
    assert bench.files() == before
    assert (done.files, done.points) == (0, 0)
    assert [skipped.what for skipped in done.skipped] == [
        f"exp/r1/{HISTORY_FILE}",
        "exp/r1/events.out.tfevents.1",
    ]
    assert "move it away" in done.skipped[0].why


def test_a_link_in_the_place_of_a_file_is_foreign(bench: Bench, tmp_path: Path) -> None:
    bench.log(bench.add_run("r1"), "loss", [0])
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(encode.header(1.0))
    (bench.target / "exp/r1").mkdir(parents=True)
    (bench.target / "exp/r1" / HISTORY_FILE).symlink_to(elsewhere)
    assert len(bench.export("r1").skipped) == 1
    assert elsewhere.read_bytes() == encode.header(1.0)


def test_an_unknown_run_is_refused_before_anything_is_written(bench: Bench) -> None:
    bench.log(bench.add_run("r1"), "loss", [0])
    with pytest.raises(NotFound, match="'nobody' is not in bench"):
        bench.export("r1", "nobody")
    assert not bench.target.exists()


@pytest.mark.parametrize("below", ["", "deep/er"])
def test_a_folder_that_is_a_file_is_refused(bench: Bench, below: str) -> None:
    bench.log(bench.add_run("r1"), "loss", [0])
    bench.target.write_text("mine")
    file, bench.target = bench.target, bench.target / below
    with pytest.raises(UsageError, match="it is, or is below, a file"):
        bench.export("r1")
    assert file.read_text() == "mine"


def test_a_place_taken_by_a_file_is_said_and_leaves_nothing(bench: Bench) -> None:
    bench.log(bench.add_run("r1"), "loss", [0])
    bench.target.mkdir()
    (bench.target / "exp").write_text("mine")
    with pytest.raises(Unavailable, match=r"cannot write .*exp/r1"):
        bench.export("r1")
    assert [path.name for path in bench.target.iterdir()] == ["exp"]


def test_a_run_s_own_folder_is_refused(bench: Bench) -> None:
    bench.log(bench.add_run("r1"), "loss", [0])
    bench.target = bench.runs_folder / "r1" / "logs"
    with pytest.raises(UsageError, match="is in the folder of run r1"):
        bench.export("r1")


@pytest.fixture
def small_files() -> Iterator[Callable[[int], None]]:
    """Lets the test forbid files above a size, as a full disk would."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    signal.signal(signal.SIGXFSZ, ignored)


def test_a_full_disk_leaves_the_old_file_and_no_half_one(
    bench: Bench, small_files: Callable[[int], None]
) -> None:
    bench.log(bench.add_run("r1"), "loss", list(range(10)))
    bench.log(bench.add_run("r2"), "loss", list(range(10)))
    bench.export("r1", "r2")
    before = bench.files()
    bench.log("r2", "loss", list(range(10, 5000)))
    small_files(50_000)
    with pytest.raises(Unavailable, match=r"cannot write .*exp/r2") as caught:
        bench.export("r1", "r2")
    small_files(resource.RLIM_INFINITY)
    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.__cause__.errno == errno.EFBIG
    assert "Free some space" in caught.value.hint
    assert bench.files() == before
    assert [path.name for path in bench.target.iterdir()] == ["exp"]
    assert bench.export("r1", "r2").points == 10 + 5000


def test_what_a_killed_export_left_goes_and_was_never_visible(bench: Bench) -> None:
    folder = bench.target.parent / "child"
    folder.mkdir()
    child = subprocess.run([sys.executable, "-m", __name__, folder], cwd=ROOT, check=False)
    assert child.returncode == -signal.SIGKILL
    bench.target = folder / "out"
    left = list(bench.files())
    assert left
    assert not any("tfevents" in place for place in left)
    bench.log(bench.add_run("r1"), "loss", [0])
    assert bench.export("r1").written == 1
    assert list(bench.files()) == [f"exp/r1/{HISTORY_FILE}"]


def _export_and_die(folder: Path) -> None:
    bench = Bench(folder)
    bench.log(bench.add_run("r1"), "loss", list(range(150_000)))
    read_points = bench.store.iter_points

    def iter_points(series: SeriesId) -> Iterator[Points]:
        yield from read_points(series)
        os.kill(os.getpid(), signal.SIGKILL)

    bench.store.iter_points = iter_points  # type: ignore[method-assign]
    bench.export("r1")


def test_two_exports_to_one_folder_at_once_are_refused(bench: Bench) -> None:
    bench.log(bench.add_run("r1"), "loss", [0])
    with pytest.raises(Conflict, match="another export is writing"):
        export_runs(
            replace(bench.source, run_folder=_export_again(bench)),
            [RunId("r1")],
            bench.target,
            report=bench.said.append,
        )


def _export_again(bench: Bench) -> Callable[[RunId], Path]:
    """A run folder that exports when it is asked for the second time: in the middle of an export."""
    asked: list[RunId] = []

    def run_folder(run: RunId) -> Path:
        asked.append(run)
        if len(asked) == 2:
            bench.export("r1")
        return bench.runs_folder / run

    return run_folder


def test_progress_is_said_once_a_second() -> None:
    said: list[str] = []
    now_s = 100.0
    progress = _Progress(said.append, total=3, clock=lambda: now_s)
    for _ in range(40):
        now_s += 0.1
        progress.add(1000)
    assert len(said) in (3, 4)
    assert said[0].startswith("0 of 3 runs, 1")


if __name__ == "__main__":
    _export_and_die(Path(sys.argv[1]))
