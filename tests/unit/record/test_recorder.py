import os
import threading
from pathlib import Path

import pytest

from trackboard.errors import UsageError
from trackboard.model import RunKind
from trackboard.record import Recorder, get_recorder
from trackboard.spool import list_writers


def test_one_per_process_and_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    one = get_recorder(tmp_path / "spool")
    (tmp_path / "link").symlink_to(tmp_path)
    assert get_recorder("spool") is one
    assert get_recorder(tmp_path / "link" / "spool") is one
    assert get_recorder(tmp_path / "other") is not one


def test_threads_get_the_same(tmp_path: Path) -> None:
    found: list[Recorder] = []
    threads = [
        threading.Thread(target=lambda: found.append(get_recorder(tmp_path))) for _ in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 16
    assert len(set(map(id, found))) == 1


def test_runs_of_a_process_share_its_spool(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    for _ in range(5):
        recorder.create_run("exp").log("n", 1)
    assert len(list_writers(tmp_path)) == 1


def test_a_job_is_nobody_s_until_its_worker_attaches(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    run = recorder.create_run("exp", kind=RunKind.JOB)
    assert not run.is_owner
    assert run.state is None
    assert recorder.attach(run.id, owner=True).is_owner


@pytest.mark.parametrize("name", ["", "a b", "-a", "x" * 256, "a/b"])
def test_experiments_that_cannot_be(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="experiment name"):
        Recorder(tmp_path).create_run(name)
    assert os.listdir(tmp_path) == []
