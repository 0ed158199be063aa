"""The working copy: made from a snapshot, and gone afterwards whatever was done to it."""

import shutil
from pathlib import Path

from trackboard.launch.place import Place
from trackboard.launch.snapshot import take_snapshot
from trackboard.launch.work import make_work, remove_work
from trackboard.model import JobPlan, RunId


def _plan(place: Place, source: Path) -> JobPlan:
    digest = take_snapshot(source, place.folder / "snapshots", place.blobs).digest
    return JobPlan(RunId("r"), "e", str(place.folder), "local", digest, ("x",), {}, 0.0)


def test_made_from_the_snapshot(place: Place, tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "logs").mkdir(parents=True)
    (source / "logs" / "old").write_text("kept")
    (source / "train.py").write_text("x")
    plan = _plan(place, source)
    work = make_work(place, plan)
    (work / "of-an-earlier-attempt").write_text("")
    assert make_work(place, plan) == work == place.folder / "jobs" / "r" / "work"
    found = sorted(path.relative_to(work).as_posix() for path in work.rglob("*"))
    assert found == ["logs", "logs/old", "outputs", "train.py"]


def test_removed_although_read_only(tmp_path: Path) -> None:
    work = tmp_path / "work"
    (work / "a" / "b").mkdir(parents=True)
    (work / "a" / "b" / "c").write_text("")
    (work / "a" / "b").chmod(0o500)
    (work / "a").chmod(0)
    assert remove_work(work) == []
    assert not work.exists()


def test_removal_stays_inside(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("")
    work = tmp_path / "work"
    work.mkdir()
    (work / "link").symlink_to(outside)
    assert remove_work(work) == []
    assert (outside / "kept").exists()


def test_removed_already(tmp_path: Path) -> None:
    assert remove_work(tmp_path / "work") == []


def test_source_is_only_read(place: Place, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "train.py").write_text("x")
    work = make_work(place, _plan(place, source))
    (work / "train.py").write_text("changed by the job")
    shutil.rmtree(work)
    assert (source / "train.py").read_text() == "x"
