"""Clients that are killed while they queue a job: a fork that ends without a word is one."""

import os
from pathlib import Path

import pytest
from tests.workspaces import launch_context_of

from trackboard.errors import Unavailable
from trackboard.launch.context.launch_context import LaunchContext
from trackboard.launch.context.plan_file import save_plan
from trackboard.launch.context.worker_context import WorkerContext
from trackboard.launch.queue.recovery import recover_submissions, submission_in_progress
from trackboard.launch.request import Request
from trackboard.launch.submit import submit
from trackboard.model import EnvironmentPlan, JobPlan, QueuedJob, RunId, RunKind, RunState
from trackboard.ports import Target
from trackboard.targets import LocalTarget
from trackboard.testing.memory import MemoryStore

RUN = RunId("demo_1_abc")


@pytest.fixture
def context(worker_context: WorkerContext) -> LaunchContext:
    def target_for(*_names: str) -> Target:
        return LocalTarget(worker_context.paths.folder, "local", slots=0)  # nobody is started here

    return launch_context_of(
        worker_context, MemoryStore(), target_for=target_for, engine_of=target_for
    )


def _plan(context: LaunchContext) -> JobPlan:
    environment = EnvironmentPlan()
    return JobPlan(
        RUN, "demo", str(context.paths.folder), "cpu", "s", ("x",), environment, {}, 12.5
    )


def _abandon(context: LaunchContext) -> None:
    """What the kernel leaves of a client that was killed: a file, and no lock on it."""
    file = context.paths.folder / "slots" / "halfway" / RUN
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()


def _is_clear(context: LaunchContext) -> bool:
    return os.listdir(context.paths.folder / "slots" / "halfway") == []


def test_nothing_to_do(context: LaunchContext) -> None:
    recover_submissions(context)
    assert context.store.list_jobs() == ()


def test_with_a_run_it_is_queued_once(context: LaunchContext) -> None:
    save_plan(context.paths.job(RUN), _plan(context))
    context.recorder.create_run("demo", kind=RunKind.JOB, run_id=RUN)
    _abandon(context)
    recover_submissions(context)
    recover_submissions(context)
    assert context.store.list_jobs() == (QueuedJob(RUN, "cpu", 12.5, claimed=False),)
    assert _is_clear(context)


@pytest.mark.requires("root")
def test_another_users_is_left_to_that_user(context: LaunchContext) -> None:
    save_plan(context.paths.job(RUN), _plan(context))
    os.chown(context.paths.job(RUN).folder / "plan.json", 4711, 4711)
    context.recorder.create_run("demo", kind=RunKind.JOB, run_id=RUN)
    _abandon(context)
    recover_submissions(context)
    assert context.store.list_jobs() == ()
    assert not _is_clear(context)


def test_queued_already(context: LaunchContext) -> None:
    save_plan(context.paths.job(RUN), _plan(context))
    context.recorder.create_run("demo", kind=RunKind.JOB, run_id=RUN)
    context.store.add_job(QueuedJob(RUN, "cpu", 12.5, claimed=False))
    _abandon(context)
    recover_submissions(context)
    assert len(context.store.list_jobs()) == 1
    assert _is_clear(context)


def test_ended_already(context: LaunchContext) -> None:
    save_plan(context.paths.job(RUN), _plan(context))
    context.recorder.create_run("demo", kind=RunKind.JOB, run_id=RUN)
    context.recorder.attach(RUN, owner=True).complete()
    _abandon(context)
    recover_submissions(context)
    assert context.store.list_jobs() == ()
    assert _is_clear(context)


def test_without_a_run_nothing_stays(context: LaunchContext) -> None:
    save_plan(context.paths.job(RUN), _plan(context))
    _abandon(context)
    recover_submissions(context)
    assert not context.paths.job(RUN).folder.exists()
    assert context.store.list_runs() == ()
    assert _is_clear(context)


def test_a_run_without_a_plan_has_failed(context: LaunchContext) -> None:
    context.recorder.create_run("demo", kind=RunKind.JOB, run_id=RUN)
    _abandon(context)
    recover_submissions(context)
    context.drain()
    run = context.store.find_run(RUN)
    assert run is not None
    assert run.state is RunState.FAILED
    assert "plan.json" in run.cause


def test_a_client_that_lives_is_left_alone(context: LaunchContext) -> None:
    context.recorder.create_run("demo", kind=RunKind.JOB, run_id=RUN)
    save_plan(context.paths.job(RUN), _plan(context))
    with submission_in_progress(context.paths, RUN):
        recover_submissions(context)
        assert context.store.list_jobs() == ()
        assert context.paths.job(RUN).folder.exists()
    assert _is_clear(context)


def test_a_store_that_refuses(
    context: LaunchContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who submits is told; the run does not say that it waits."""

    def refuse(_job: QueuedJob) -> None:
        raise Unavailable("the disk is full")

    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "train.py").touch()
    monkeypatch.setattr(context.store, "add_job", refuse)
    with pytest.raises(Unavailable, match="the disk is full"):
        submit(context, Request("demo", tmp_path / "source", "train.py"))
    context.drain()
    (run,) = context.store.list_runs()
    assert run.state is RunState.FAILED
    assert run.cause == "it could not be queued: the disk is full"
    assert _is_clear(context)
