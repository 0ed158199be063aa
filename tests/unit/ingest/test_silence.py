"""Runs of hosts that cannot be asked: lost when nothing comes, back when something does."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.workspaces import api

from trackboard.ingest.silence import ELSEWHERE_S, SAME_BOOT_S, Silence
from trackboard.layout import FileSystem
from trackboard.model import RunId, RunState
from trackboard.record import LiveRun, Recorder
from trackboard.spool import Liveness, list_writers, probe
from trackboard.spool.layout import ALIVE
from trackboard.workspace import Workspace

RUN = RunId("run")


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture(autouse=True)
def on_a_network_file_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "trackboard.spool.alive.find_file_system", lambda _folder: FileSystem.NETWORK
    )


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def workspace(tmp_path: Path, clock: Clock) -> Iterator[Workspace]:
    workspace = Workspace.open(tmp_path)
    workspace.silence = Silence(workspace.spool_folder, workspace.folder / "lock", clock)
    yield workspace
    workspace.close()


@pytest.fixture
def recorder(workspace: Workspace) -> Iterator[Recorder]:
    recorder = Recorder(workspace.spool_folder)
    yield recorder
    recorder.close()


@pytest.fixture
def live(recorder: Recorder) -> LiveRun:
    return recorder.create_run("e", run_id=RUN)


def pretend(workspace: Workspace, **facts: object) -> None:
    """Let what the only writer says of itself be something else."""
    (writer,) = list_writers(workspace.spool_folder)
    path = workspace.spool_folder / writer / ALIVE
    path.write_text(json.dumps({**json.loads(path.read_text()), **facts}))


def state(workspace: Workspace) -> RunState:
    run = api(workspace).find_run(RUN)
    assert run is not None
    return run.state


@pytest.mark.parametrize(
    ("facts", "limit_s"),
    [
        ({"host": "elsewhere", "boot": "another"}, ELSEWHERE_S),
        ({"locked": False}, SAME_BOOT_S),
        ({"host": "elsewhere", "boot": "another", "locked": False}, ELSEWHERE_S),
        ({"host": "elsewhere", "locked": False}, SAME_BOOT_S),
    ],
)
def test_lost_after_a_silence_and_back_with_the_next_word(
    workspace: Workspace, live: LiveRun, clock: Clock, facts: dict[str, object], limit_s: float
) -> None:
    child = live.child()
    pretend(workspace, **facts)
    assert api(workspace).lost_runs() == frozenset()
    clock.now_s += limit_s - 1
    assert api(workspace).lost_runs() == frozenset()
    clock.now_s += 2
    assert api(workspace).lost_runs() == {RUN, child.id}
    assert state(workspace) is RunState.RUNNING  # nothing is stored: there is no proof
    live.log("loss", 0.5)
    clock.now_s += 2
    assert api(workspace).lost_runs() == frozenset()
    clock.now_s += limit_s + 1
    assert api(workspace).lost_runs() == {RUN, child.id}
    child.complete()
    clock.now_s += 2
    assert api(workspace).lost_runs() == frozenset()
    clock.now_s += limit_s + 1
    assert api(workspace).lost_runs() == {RUN}


def test_a_reader_that_has_just_started_knows(
    workspace: Workspace, live: LiveRun, clock: Clock
) -> None:
    live.log("loss", 0.5)
    pretend(workspace, host="elsewhere", boot="another")
    (writer,) = list_writers(workspace.spool_folder)
    segment = workspace.spool_folder / writer / "0.seg"
    os.utime(segment, (0, time.time() - ELSEWHERE_S - 10))
    assert api(workspace).lost_runs() == {RUN}
    live.log("loss", 0.25)
    clock.now_s += 2
    assert api(workspace).lost_runs() == frozenset()


def test_a_heartbeat_is_a_word(
    workspace: Workspace, recorder: Recorder, live: LiveRun, clock: Clock
) -> None:
    pretend(workspace, host="elsewhere", boot="another")
    assert api(workspace).lost_runs() == frozenset()
    clock.now_s += ELSEWHERE_S + 1
    recorder.beat()
    recorder.beat()  # within 10 s: nothing
    assert api(workspace).lost_runs() == frozenset()
    clock.now_s += ELSEWHERE_S + 1
    recorder.beat()
    assert api(workspace).lost_runs() == {RUN}
    live.complete()
    clock.now_s += 2
    assert api(workspace).lost_runs() == frozenset()


def test_who_can_be_asked_is_never_lost(workspace: Workspace, live: LiveRun, clock: Clock) -> None:
    assert live.is_owner
    (writer,) = list_writers(workspace.spool_folder)
    assert probe(workspace.spool_folder / writer) is Liveness.ALIVE
    for _ in range(3):
        clock.now_s += 1000
        assert api(workspace).lost_runs() == frozenset()


def test_a_workspace_without_spools(workspace: Workspace) -> None:
    assert api(workspace).lost_runs() == frozenset()


def test_the_first_look_is_at_once_whatever_the_clock_says(
    workspace: Workspace, live: LiveRun
) -> None:
    live.log("loss", 0.5)
    pretend(workspace, host="elsewhere", boot="another")
    (writer,) = list_writers(workspace.spool_folder)
    os.utime(workspace.spool_folder / writer / "0.seg", (0, time.time() - ELSEWHERE_S - 10))
    lock = workspace.folder / "lock"
    lock.touch()
    assert Silence(workspace.spool_folder, lock, lambda: 0.0).list_lost() == {writer}
