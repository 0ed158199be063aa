import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from trackboard.ingest import FolderSpools, folder_spools
from trackboard.ingest.folder_spools import FolderSpool
from trackboard.layout import FileSystem
from trackboard.model import Liveness
from trackboard.ports import SpoolArea
from trackboard.spool import SpoolWriter, machine_id

OLD_S = 1_000_000.0


@pytest.fixture
def clock(tmp_path: Path) -> Path:
    path = tmp_path / "lock"
    path.touch()
    os.utime(path, (OLD_S, OLD_S))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "spool" / "w"
    folder.mkdir(parents=True)
    (folder / "0.seg").write_bytes(b"data")
    os.utime(folder / "0.seg", (OLD_S - 50, OLD_S - 50))
    return folder


def say(folder: Path, **facts: Any) -> None:
    said = {"host": "h", "boot": "another", "pid": 7, "started_s": 1.0, "locked": True}
    (folder / "alive").write_text(json.dumps({**said, **facts}))


@pytest.mark.parametrize("is_local", [True, False])
def test_the_time_is_taken_down_where_clocks_may_differ(
    folder: Path, clock: Path, is_local: bool
) -> None:
    (folder.parent / ".ended-v").mkdir()
    FolderSpools(folder.parent, clock, is_local=is_local).prepare()
    assert (clock.stat().st_mtime == OLD_S) is is_local
    assert [path.name for path in folder.parent.iterdir()] == ["w"]


@pytest.mark.parametrize("kind", FileSystem)
def test_whether_a_file_system_is_local_is_found_out_once(
    folder: Path, clock: Path, monkeypatch: pytest.MonkeyPatch, kind: FileSystem
) -> None:
    asked: list[Path] = []

    def find(path: Path) -> FileSystem:
        asked.append(path)
        return kind

    monkeypatch.setattr(folder_spools, "find_file_system", find)
    source = FolderSpools(folder.parent, clock)
    assert [source.is_local() for _ in range(3)] == [kind is FileSystem.LOCAL] * 3
    assert asked == [folder.parent]
    assert FolderSpools(folder.parent, clock, is_local=True).is_local()
    assert not FolderSpools(folder.parent, clock, is_local=False).is_local()
    assert len(asked) == 1


@pytest.mark.parametrize("area", SpoolArea)
def test_spools_keep_what_they_know_when_they_are_put_aside(
    folder: Path, clock: Path, area: SpoolArea
) -> None:
    source = FolderSpools(folder.parent, clock, is_local=True)
    (spool,) = source.list_spools().values()
    assert spool.unwritten_s(0) == 50.0
    assert (spool.location, spool.writer, spool.area) == (str(folder), "w", None)
    moved = source.set_aside(spool, area)
    assert Path(moved.location).parent.parent == folder.parent.parent
    for aside in (moved, source.list_set_aside(area)["w"]):  # type: ignore[index]
        assert aside.unwritten_s(0) == 50.0
        assert (aside.writer, aside.area) == ("w", area)


def test_the_shelves_are_two_folders(folder: Path, clock: Path) -> None:
    source = FolderSpools(folder.parent, clock, is_local=True)
    places = {
        source.set_aside(source.list_spools()["w"], area).location: 1  # type: ignore[index]
        for area in [*SpoolArea][:1]
    }
    folder.mkdir()
    places |= {
        source.set_aside(source.list_spools()["w"], area).location: 1  # type: ignore[index]
        for area in [*SpoolArea][1:]
    }
    assert len(places) == 2


def test_without_a_clock_nothing_is_known_of_silence(folder: Path) -> None:
    assert FolderSpool(folder).unwritten_s(0) == 0.0


@pytest.mark.parametrize(
    ("is_local", "expected"), [(True, Liveness.DEAD), (False, Liveness.UNKNOWN)]
)
def test_a_lock_is_proof_on_the_own_disk_only(
    folder: Path, clock: Path, is_local: bool, expected: Liveness
) -> None:
    say(folder)
    (spool,) = FolderSpools(folder.parent, clock, is_local=is_local).list_spools().values()
    assert spool.probe() is expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"machine": "this"}, True),
        ({"machine": "another", "host": "this"}, False),
        ({"machine": "", "host": "this"}, True),
        ({"machine": "", "host": "another"}, False),
        ({"host": "this"}, True),
    ],
)
def test_a_machine_is_known_by_its_id_and_by_its_name_where_it_has_none(
    folder: Path, monkeypatch: pytest.MonkeyPatch, facts: dict[str, str], expected: bool
) -> None:
    monkeypatch.setattr(folder_spools, "machine_id", lambda: "this")
    monkeypatch.setattr(socket, "gethostname", lambda: "this")
    say(folder, **facts)
    process = FolderSpool(folder).find_process()
    assert process is not None
    assert process.is_of_this_machine is expected
    assert not process.is_of_this_boot
    assert process.pid == 7


def test_this_process_is_of_this_machine_and_boot(tmp_path: Path) -> None:
    writer = SpoolWriter(tmp_path)
    writer.append_float(writer.series("r", "loss"), 0, 0, 1.0)  # type: ignore[arg-type]
    process = FolderSpool(tmp_path / writer.writer).find_process()
    assert process is not None
    assert (process.pid, process.host) == (os.getpid(), socket.gethostname())
    assert process.is_of_this_boot
    assert process.is_of_this_machine or not machine_id()


def test_spools_of_one_place_are_equal(folder: Path, clock: Path) -> None:
    assert FolderSpool(folder) == FolderSpool(folder, None, clock, lambda: True)
    assert FolderSpool(folder) != FolderSpool(folder, SpoolArea.SILENT)
    assert FolderSpool(folder) != FolderSpool(folder.with_name("v"))
