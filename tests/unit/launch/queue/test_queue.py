"""The queue's decisions, on the model store and a target that notes what it is asked."""

import fcntl
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from tests.workspaces import launch_context_of

from trackboard.errors import NotFound, Unavailable, UsageError
from trackboard.launch.context.plan_file import load_plan, save_plan
from trackboard.launch.context.worker_context import WorkerContext
from trackboard.launch.queue.queue import advance_queue, cancel
from trackboard.model import (
    Distribution,
    EnvironmentPlan,
    JobPlan,
    Launcher,
    QueuedJob,
    Run,
    RunId,
    RunKind,
    RunState,
)
from trackboard.ports import TargetMachine, WorkerState, WorkerStatus
from trackboard.testing.memory import MemoryStore


class NotingTarget:
    """Has room for so many workers, which live until the test says otherwise."""

    engine = "noting"

    def __init__(self, room: int) -> None:
        self.room = room
        self.started: list[RunId] = []
        self.nodes: dict[RunId, int] = {}
        self.gone: set[str] = set()
        self.refuses = False

    def describe(self) -> TargetMachine:
        return TargetMachine(is_here=True)

    def check(self, plan: JobPlan) -> None:
        if plan.nodes > self.room:
            raise UsageError("there are not that many")

    def has_room(self, nodes: int = 1) -> bool:
        taken = sum(self.nodes[run] for run in self.started if run not in self.gone)
        return taken + nodes <= self.room

    def start(self, plan: JobPlan) -> str:
        if self.refuses:
            raise Unavailable("no more processes")
        self.started.append(plan.run)
        self.nodes[plan.run] = plan.nodes
        return plan.run

    def find(self, run: RunId) -> str | None:
        return run if run in self.started else None

    def poll(self, handles: Sequence[str]) -> Mapping[str, WorkerStatus]:
        return {
            handle: WorkerStatus(WorkerState.GONE if handle in self.gone else WorkerState.ALIVE)
            for handle in handles
        }

    def cancel_if_not_started(self, handle: str) -> bool:
        del handle
        return False

    def cancel(self, handle: str) -> None:
        raise AssertionError(f"nobody asked to end {handle}")


class Line:
    """A queue and what is behind it."""

    def __init__(self, worker_context: WorkerContext) -> None:
        self.worker_context = worker_context
        self.store = MemoryStore()
        self.removed: set[str] = set()
        self.targets = {"one": NotingTarget(1), "two": NotingTarget(2)}
        self.launch_context = launch_context_of(
            worker_context,
            self.store,
            target_for=self._target_for,
            engine_of=lambda _run, compute: self.targets[compute],
        )

    def _target_for(self, compute: str) -> NotingTarget:
        if compute in self.removed:
            raise NotFound(f"there is no compute target {compute!r}")
        return self.targets[compute]

    def add(self, *names: str, compute: str = "one", nodes: int = 1) -> None:
        for name in names:
            run = RunId(name)
            environment = EnvironmentPlan()
            folder = str(self.worker_context.paths.folder)
            plan = JobPlan(run, "e", folder, compute, "s", ("x",), environment, {}, 0.0)
            plan = replace(plan, distribution=Distribution(Launcher.PYTORCH, nodes, nodes))
            save_plan(self.worker_context.paths.job(run), plan)
            self.worker_context.recorder.create_run("e", kind=RunKind.JOB, run_id=run)
            self.store.add_job(QueuedJob(run, compute, 0.0, claimed=False))

    def run(self, name: str) -> Run:
        self.launch_context.drain()
        run = self.store.find_run(RunId(name))
        assert run is not None
        return run

    def waiting(self) -> list[str]:
        return [job.run for job in self.store.list_jobs() if not job.claimed]


@pytest.fixture
def line(worker_context: WorkerContext) -> Line:
    return Line(worker_context)


def test_a_plan_that_was_just_made_is_not_read_again(line: Line) -> None:
    line.add("a", "b", compute="two")
    job = line.worker_context.paths.job(RunId("b"))
    planned = load_plan(job)
    job.plan.unlink()
    assert advance_queue(line.launch_context, planned) == ("a", "b")


def test_starts_in_order_while_there_is_room(line: Line) -> None:
    line.add("a", "b", "c", compute="two")
    line.add("d", "e")
    assert advance_queue(line.launch_context) == ("a", "b", "d")
    assert line.waiting() == ["c", "e"]
    assert advance_queue(line.launch_context) == ()


def test_a_compute_target_that_is_gone_holds_up_its_own_jobs_only(
    line: Line, capsys: pytest.CaptureFixture[str]
) -> None:
    line.add("a", compute="two")
    line.add("b")
    line.removed = {"two"}
    assert advance_queue(line.launch_context) == ("b",)
    assert "jobs for the compute target 'two' wait: there is no" in capsys.readouterr().err
    assert line.waiting() == ["a"]
    line.removed = set()
    assert advance_queue(line.launch_context) == ("a",)


def test_a_large_job_keeps_its_turn(line: Line) -> None:
    line.add("a", compute="two")
    line.add("large", compute="two", nodes=2)
    line.add("b", compute="two")
    assert advance_queue(line.launch_context) == ("a",)
    line.targets["two"].gone.add("a")
    assert advance_queue(line.launch_context) == ("large",)


def test_one_that_can_never_run_waits_and_holds_up_nobody(line: Line) -> None:
    line.add("large", compute="two", nodes=3)
    line.add("a", "b", "c", compute="two")
    assert advance_queue(line.launch_context) == ("a", "b")
    assert line.waiting() == ["large", "c"]
    line.targets["two"].room = 6
    assert advance_queue(line.launch_context) == ("large", "c")


@pytest.mark.requires("root")
def test_another_users_waits_for_that_user_and_holds_up_nobody(line: Line) -> None:
    line.add("theirs", "ours", "also-ours")
    os.chown(line.worker_context.paths.job(RunId("theirs")).folder / "plan.json", 4711, 4711)
    assert advance_queue(line.launch_context) == ("ours",)
    line.store.remove_job(RunId("ours"))
    line.targets["one"].gone.add("ours")
    assert advance_queue(line.launch_context) == ("also-ours",)
    assert line.waiting() == ["theirs"]


def test_a_file_system_that_gives_all_files_to_somebody_else(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    line.add("a")
    monkeypatch.setattr("os.geteuid", lambda: 4711)
    assert advance_queue(line.launch_context) == ("a",)


def test_whoever_ends_makes_room(line: Line) -> None:
    line.add("a", "b")
    advance_queue(line.launch_context)
    line.store.remove_job(RunId("a"))  # as its worker does at its end
    line.targets["one"].gone.add("a")
    assert advance_queue(line.launch_context) == ("b",)


def test_a_worker_that_vanished_is_failed_once_with_what_it_said(line: Line) -> None:
    line.add("a", "b")
    advance_queue(line.launch_context)
    folder = line.worker_context.paths.job(RunId("a")).folder
    (folder / "worker.log").write_text("Fatal Python error: no memory\n")
    (folder / "work").mkdir()
    line.targets["one"].gone.add("a")
    assert advance_queue(line.launch_context) == ("b",)
    run = line.run("a")
    assert run.state is RunState.FAILED
    assert run.cause.startswith("its worker ended without a word")
    assert run.cause.endswith("Fatal Python error: no memory")
    assert not (folder / "work").exists()
    assert advance_queue(line.launch_context) == ()
    assert line.run("a").warnings == ()


def test_a_worker_that_ended_well_and_was_killed_then_keeps_its_end(line: Line) -> None:
    line.add("a")
    advance_queue(line.launch_context)
    line.worker_context.recorder.attach(RunId("a"), owner=True).complete()
    line.targets["one"].gone.add("a")
    advance_queue(line.launch_context)
    assert line.run("a").state is RunState.COMPLETED
    assert line.store.list_jobs() == ()


def test_claimed_and_never_started_goes_back_to_the_head(line: Line) -> None:
    line.add("a", "b")
    assert line.store.claim_job("one") is not None  # by somebody who was killed then
    assert advance_queue(line.launch_context) == ("a",)


def test_a_start_that_is_refused_changes_nothing_for_others(line: Line) -> None:
    line.add("a", "b")
    line.add("c", compute="two")
    line.targets["one"].refuses = True
    with pytest.raises(Unavailable, match="no more processes"):
        advance_queue(line.launch_context)
    assert line.waiting() == ["a", "b"]
    assert line.targets["two"].started == ["c"]
    line.targets["one"].refuses = False
    assert advance_queue(line.launch_context) == ("a",)


def test_a_plan_that_is_gone_fails_its_run_only(line: Line) -> None:
    line.add("a", "b")
    (line.worker_context.paths.job(RunId("a")).folder / "plan.json").unlink()
    assert advance_queue(line.launch_context) == ("b",)
    assert line.run("a").state is RunState.FAILED
    assert "plan.json" in line.run("a").cause


def test_cancel_of_a_waiting_job(line: Line) -> None:
    line.add("a", "b")
    advance_queue(line.launch_context)
    cancel(line.launch_context, RunId("b"))
    cancel(line.launch_context, RunId("b"))
    assert (line.run("b").state, line.waiting()) == (RunState.CANCELED, [])
    assert line.run("a").state is RunState.QUEUED


def test_cancel_of_a_started_job_is_the_workers_business(line: Line) -> None:
    line.add("a")
    advance_queue(line.launch_context)
    cancel(line.launch_context, RunId("a"))
    assert line.store.is_cancel_requested(RunId("a"))
    assert not line.run("a").state.is_terminal
    assert len(line.store.list_jobs()) == 1


def test_somebody_holds_the_queue(line: Line) -> None:
    line.add("a")
    lock: Path = line.worker_context.paths.folder / "slots" / "queue.lock"
    lock.parent.mkdir()
    fd = os.open(lock, os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        with pytest.raises(Unavailable, match=r"queue\.lock"):
            advance_queue(line.launch_context, lock_timeout_s=0.05)
    finally:
        os.close(fd)
    assert advance_queue(line.launch_context) == ("a",)
