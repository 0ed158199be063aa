"""Spools that were torn, flipped, zeroed or are no spools: the sound part is stored, nobody is held up."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.waiting import PATIENCE_S

import trackboard
from trackboard.model import RunId
from trackboard.spool.layout import SCALAR_RECORD_BYTES, SEGMENT_BYTES
from trackboard.workspace import Workspace

_RECORD = """
import os, sys
from pathlib import Path
from trackboard.record import Recorder
recorder = Recorder(Path(sys.argv[1]), segment_bytes=40_000)
run = recorder.create_run("torn", run_id="r")
for number in range(5000):
    run.log("n", number)
os.kill(os.getpid(), 9)
"""
_POINTS = 5000


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    opened = Workspace.open(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def spool(workspace: Workspace) -> Path:
    """What a process left that was killed after 5,000 points: six segments."""
    killed = subprocess.run(
        [sys.executable, "-S", "-c", _RECORD, str(workspace.spool_folder)],
        env={**os.environ, "PYTHONPATH": str(Path(trackboard.__path__[0]).parent)},
        timeout=PATIENCE_S,
    )
    assert killed.returncode == -signal.SIGKILL
    (folder,) = workspace.spool_folder.iterdir()
    assert len(segments(folder)) == 6
    return folder


def segments(spool: Path) -> list[Path]:
    return sorted(spool.glob("*.seg"), key=lambda path: int(path.stem))


def stored(workspace: Workspace) -> list[int]:
    """Store all there is, and read it; the spool is gone afterwards."""
    workspace.drain()
    assert list(workspace.spool_folder.iterdir()) == [], "a spool was kept"
    (series,) = workspace.store.list_series(runs=[RunId("r")])
    numbers: list[int] = workspace.store.read_points([series.id])[series.id].values.tolist()
    return numbers


def warnings_of(workspace: Workspace) -> str:
    run = workspace.store.find_run(RunId("r"))
    assert run is not None
    return "\n".join(run.warnings)


def test_a_flipped_byte_costs_the_rest_of_its_segment(workspace: Workspace, spool: Path) -> None:
    second = segments(spool)[1]
    content = bytearray(second.read_bytes())
    content[len(content) // 2] ^= 0xFF
    second.write_bytes(content)
    numbers = stored(workspace)
    missing = sorted(set(range(_POINTS)) - set(numbers))
    assert numbers == sorted(set(numbers))
    assert missing == list(range(missing[0], missing[-1] + 1)), "one piece is missing"
    assert 450 < len(missing) < 550
    assert f"{len(missing) * SCALAR_RECORD_BYTES} bytes" in warnings_of(workspace)


def test_a_torn_tail_is_no_damage(workspace: Workspace, spool: Path) -> None:
    last = segments(spool)[-1]
    os.truncate(last, last.stat().st_size - 13)
    assert stored(workspace) == list(range(_POINTS - 1))
    assert warnings_of(workspace) == ""


def _garbage(last: Path) -> None:
    last.with_name("6.seg").write_bytes(bytes(range(1, 256)) * 4000)


def _zeros(last: Path) -> None:
    with last.open("ab") as file:
        file.write(bytes(100_000))


def _nothing(last: Path) -> None:
    last.with_name("6.seg").touch()


def _other_files(last: Path) -> None:
    last.with_name("notes.txt").write_text("hello")
    last.with_name("007.seg").write_text("hello")
    last.with_name("x.seg").write_text("hello")


def _lies(last: Path) -> None:
    """Sound records that make no sense; no version of ours writes them."""
    from zlib import crc32

    with last.open("ab") as file:
        for payload in (
            b"{}",
            b"{",
            b'{"k":"series"}',
            b"\x04\0\0",
            b"\x63??",
            b'{"k":["series"]}',
        ):
            file.write(len(payload).to_bytes(4, "little") + crc32(payload).to_bytes(4, "little"))
            file.write(payload)


@pytest.mark.parametrize(
    ("spoil", "skipped_bytes"),
    [(_garbage, 1_020_000), (_zeros, 100_000), (_nothing, 0), (_other_files, 0), (_lies, 0)],
)
def test_what_follows_the_last_record_costs_nothing(
    workspace: Workspace, spool: Path, spoil: Callable[[Path], None], skipped_bytes: int
) -> None:
    spoil(segments(spool)[-1])
    assert stored(workspace) == list(range(_POINTS))
    if skipped_bytes:
        assert f"{skipped_bytes} bytes" in warnings_of(workspace)


def test_a_missing_segment(workspace: Workspace, spool: Path) -> None:
    segments(spool)[2].unlink()
    numbers = stored(workspace)
    assert numbers == sorted(set(numbers))
    assert 3900 < len(numbers) < 4100


def test_every_segment_damaged_at_its_begin(workspace: Workspace, spool: Path) -> None:
    for segment in segments(spool)[1:]:
        content = bytearray(segment.read_bytes())
        content[9] ^= 1
        segment.write_bytes(content)
    numbers = stored(workspace)
    assert numbers == list(range(len(numbers)))
    assert 900 < len(numbers) < 1100


@pytest.mark.usefixtures("spool")
def test_a_folder_that_is_no_spool_holds_nobody_up(workspace: Workspace) -> None:
    strange = workspace.spool_folder / "backup of spool"
    strange.mkdir()
    (strange / "0.seg").write_bytes(b"\1" * 1000)
    (workspace.spool_folder / "note").write_text("")
    workspace.drain()
    (series,) = workspace.store.list_series()
    assert series.count == _POINTS
    assert workspace.refresh() == 0


@pytest.mark.usefixtures("spool")
def test_what_killed_readers_left_is_removed(workspace: Workspace) -> None:
    left = workspace.spool_folder / ".ended-0123"
    left.mkdir()
    (left / "0.seg").write_bytes(bytes(SEGMENT_BYTES // 64))
    unfinished = workspace.spool_folder / ".4567"
    unfinished.mkdir()
    os.utime(unfinished, (0, 0))
    being_made = workspace.spool_folder / ".89ab"
    being_made.mkdir()
    workspace.drain()
    assert list(workspace.spool_folder.iterdir()) == [being_made]


def test_a_spool_that_became_shorter_than_what_was_stored(
    workspace: Workspace, tmp_path: Path
) -> None:
    """As after a crash of the machine; the writer is not proven dead."""
    recorder = workspace.recorder()
    run = recorder.create_run("short", run_id="r")
    for number in range(1000):
        run.log("n", number)
    workspace.drain()
    segment = segments(workspace.spool_folder / recorder.writer.writer)[0]
    os.truncate(segment, segment.stat().st_size - 4000)
    again = Workspace.open(tmp_path)
    try:
        again.drain()
        (series,) = again.store.list_series()
        assert series.count == 1000
        assert again.refresh() == 0
    finally:
        again.close()
