"""The working copy: made from a snapshot, and gone afterwards whatever was done to it."""

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from trackboard.launch.context.worker_context import WorkerContext
from trackboard.launch.context.working_copy import make_work, remove_work
from trackboard.launch.snapshot.take import take_snapshot
from trackboard.model import EnvironmentPlan, JobPlan, RunId

_NOBODY = 65534


def _plan(worker_context: WorkerContext, source: Path) -> JobPlan:
    digest = take_snapshot(
        source, worker_context.paths.folder / "snapshots", worker_context.blobs
    ).digest
    environment = EnvironmentPlan()
    return JobPlan(
        RunId("r"),
        "e",
        str(worker_context.paths.folder),
        "local",
        digest,
        ("x",),
        environment,
        {},
        0.0,
    )


def test_made_from_the_snapshot(worker_context: WorkerContext, tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "logs").mkdir(parents=True)
    (source / "logs" / "old").write_text("kept")
    (source / "train.py").write_text("x")
    plan = _plan(worker_context, source)
    work = worker_context.paths.folder / "jobs" / "r" / "work"
    assert make_work(worker_context, plan)
    (work / "of-an-earlier-attempt").write_text("")
    assert make_work(worker_context, plan)
    found = sorted(path.relative_to(work).as_posix() for path in work.rglob("*"))
    assert found == ["logs", "logs/old", "outputs", "train.py"]


def test_removed_although_read_only() -> None:
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder) / "work"
        (work / "a" / "b" / "c").mkdir(parents=True)
        (work / "a" / "b" / "c" / "d").write_text("")
        if os.geteuid() == 0:  # whom modes do not stop: be somebody else
            for path in (Path(folder), *Path(folder).rglob("*")):
                os.chown(path, _NOBODY, _NOBODY)
        pid = os.fork()
        if pid == 0:
            code = 1
            with suppress(BaseException):
                if os.geteuid() == 0:
                    os.setuid(_NOBODY)
                for name, mode in (("a/b/c", 0), ("a/b", 0o500), ("a", 0)):
                    (work / name).chmod(mode)
                code = 0 if remove_work(work) == [] and not work.exists() else 2
            os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


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


def test_source_is_only_read(worker_context: WorkerContext, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "train.py").write_text("x")
    work = worker_context.paths.folder / "jobs" / "r" / "work"
    assert make_work(worker_context, _plan(worker_context, source))
    (work / "train.py").write_text("changed by the job")
    shutil.rmtree(work)
    assert (source / "train.py").read_text() == "x"
