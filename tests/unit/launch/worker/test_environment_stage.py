"""The stage before a script starts; who builds environments is a stand-in (tests/e2e has the real one)."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.launch.worker.conftest import RUN, Surroundings
from tests.waiting import until

from trackboard.environments import Prepared
from trackboard.errors import UsageError
from trackboard.launch.context.launch_context import LaunchContext
from trackboard.launch.context.plan_file import save_plan
from trackboard.launch.context.worker_context import WorkerContext
from trackboard.launch.snapshot.take import take_snapshot
from trackboard.launch.worker import environment_stage
from trackboard.launch.worker.end_request import StoredCancel
from trackboard.launch.worker.one_machine import OneMachine
from trackboard.launch.worker.worker import Worker
from trackboard.model import (
    BUILD_LOG,
    CONSOLE,
    EnvironmentPlan,
    JobPlan,
    Run,
    RunKind,
    RunState,
)
from trackboard.testing.memory import MemoryStore

Say = Callable[[str], None]
Build = Callable[[Say, Say, Callable[[], bool]], Prepared | None]  # report, log, is canceled


class Bench(Surroundings):
    """A job whose environment is made by a function of the test."""

    def __init__(
        self, worker_context: WorkerContext, source: Path, patch: pytest.MonkeyPatch
    ) -> None:
        super().__init__(worker_context, MemoryStore())
        self.ask_s = 0.02
        self._patch = patch
        source.mkdir()
        (source / "train.py").write_text("print('started')")
        taken = take_snapshot(
            source, worker_context.paths.folder / "snapshots", worker_context.blobs
        )
        environment = EnvironmentPlan(requirements=("numpy",))
        plan = JobPlan(
            RUN,
            "demo",
            str(worker_context.paths.folder),
            "local",
            taken.digest,
            ("train.py",),
            environment,
            {},
            0,
        )
        save_plan(worker_context.paths.job(RUN), replace(plan, variables=dict(os.environ)))
        worker_context.recorder.create_run("demo", kind=RunKind.JOB, run_id=RUN)

    def carry_out(self, build: Build) -> Run:
        def prepare(
            plan: EnvironmentPlan,
            variables: Mapping[str, str],
            *,
            report: Say,
            is_canceled: Callable[[], bool],
            build_log: Say,
        ) -> Prepared | None:
            assert plan.requirements == ("numpy",)
            assert variables["PATH"] == os.environ["PATH"]
            return build(report, build_log, is_canceled)

        self._patch.setattr(environment_stage, "prepare_environment", prepare)
        job = self.worker_context.paths.job(RUN)
        cancel = StoredCancel(job, RUN, self.launch_context)
        machine = OneMachine(job, report_s=0.02)
        Worker(
            self.worker_context, RUN, cancel, machine, follow_s=0.02, ask_s=self.ask_s
        ).carry_out()
        return self.run()

    def text(self, path: str) -> str:
        self.drain()
        file = self.worker_context.paths.folder / "runs" / RUN / path
        return file.read_text() if file.exists() else ""


@pytest.fixture
def bench(worker_context: WorkerContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(worker_context, tmp_path / "source", monkeypatch)


def test_it_is_said_how_far_it_is(bench: Bench) -> None:
    seen: list[tuple[RunState, str, str]] = []

    def build(report: Say, log: Say, is_canceled: Callable[[], bool]) -> Prepared:
        report("resolving numpy")
        log("$ uv pip compile")
        until(lambda: is_canceled() or (bench.text(BUILD_LOG) and bench.run().cause))
        assert not is_canceled()
        run = bench.run()
        seen.append((run.state, run.cause, bench.text(CONSOLE)))
        return Prepared(sys.executable)

    run = bench.carry_out(build)
    assert (run.state, run.cause) == (RunState.COMPLETED, "")
    ((state, cause, console),) = seen
    assert state is RunState.PREPARING
    assert cause == "building the environment (0 s)"
    assert console == "[trackboard] resolving numpy\n"
    assert bench.text(BUILD_LOG) == "$ uv pip compile\n"
    assert bench.text(CONSOLE) == "[trackboard] resolving numpy\nstarted\n"


def test_what_is_there_is_used_without_a_word(bench: Bench) -> None:
    run = bench.carry_out(lambda *_: Prepared(sys.executable))
    assert run.state is RunState.COMPLETED
    assert bench.text(CONSOLE) == "started\n"
    assert BUILD_LOG not in {file.path for file in bench.store.list_files(RUN)}


def test_a_build_that_fails(bench: Bench) -> None:
    """The resolver's words are the cause, and are where everybody looks."""

    def build(_report: Say, log: Say, _is_canceled: Callable[[], bool]) -> Prepared:
        log("No solution found")
        raise UsageError("there is no numpy 99", hint="Try numpy 2.")

    run = bench.carry_out(build)
    assert run.state is RunState.FAILED
    assert run.cause == "there is no numpy 99\nTry numpy 2."
    said = "[trackboard] there is no numpy 99\n[trackboard] Try numpy 2.\n"
    assert bench.text(CONSOLE) == said  # and nothing of a script
    assert bench.text(BUILD_LOG) == "No solution found\n"


def _until_canceled(_report: Say, _log: Say, is_canceled: Callable[[], bool]) -> Prepared | None:
    until(is_canceled)
    return None


def test_cancel_ends_a_build(bench: Bench) -> None:
    bench.drain()
    bench.store.request_cancel(RUN)
    run = bench.carry_out(_until_canceled)
    assert (run.state, run.cause) == (RunState.CANCELED, "it was canceled")
    assert "started" not in bench.text(CONSOLE)


def test_cancel_ends_the_making_of_the_working_copy(bench: Bench) -> None:
    bench.ask_s = 0
    bench.drain()
    bench.store.request_cancel(RUN)
    run = bench.carry_out(lambda *_: pytest.fail("an environment is prepared for nothing"))
    assert (run.state, run.cause) == (RunState.CANCELED, "it was canceled")


def test_sigterm_ends_a_build(bench: Bench) -> None:
    threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGTERM)).start()
    run = bench.carry_out(_until_canceled)
    assert (run.state, run.cause) == (RunState.FAILED, "its worker was ended by SIGTERM")


def test_the_store_is_not_opened_for_what_is_there(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes longer to load than a script to start."""
    bench.ask_s = 60.0
    opened: list[RunState] = []
    context = bench.launch_context

    def open_context() -> LaunchContext:
        opened.append(bench.run().state)
        return context()

    monkeypatch.setattr(bench, "launch_context", open_context)

    def build(_report: Say, _log: Say, is_canceled: Callable[[], bool]) -> Prepared:
        assert not is_canceled()
        return Prepared(sys.executable)

    assert bench.carry_out(build).state is RunState.COMPLETED
    assert RunState.PREPARING not in opened
