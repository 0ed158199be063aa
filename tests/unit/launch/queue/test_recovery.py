"""Clients that are killed while they queue a job: a fork that ends without a word is one."""

import os
from pathlib import Path

import pytest

from trackboard.errors import Unavailable
from trackboard.ingest import FolderRunFiles, FolderSpools, Ingest
from trackboard.launch.context.launch_context import Site
from trackboard.launch.context.plan_file import save_plan
from trackboard.launch.context.worker_context import Place
from trackboard.launch.queue.recovery import halfway, take_further
from trackboard.launch.request import Request
from trackboard.launch.submit import submit
from trackboard.layout import WorkspacePaths
from trackboard.model import EnvironmentPlan, JobPlan, QueuedJob, RunId, RunKind, RunState
from trackboard.ports import Target
from trackboard.targets import LocalTarget
from trackboard.testing.memory import MemoryStore

RUN = RunId("demo_1_abc")


@pytest.fixture
def site(place: Place) -> Site:
    store = MemoryStore()
    folder = place.paths.folder
    ingest = Ingest(
        FolderSpools(folder / "spool", folder / "lock"),
        folder / "lock",
        store,
        FolderRunFiles(WorkspacePaths(folder)),
    )

    def target_for(*_names: str) -> Target:
        return LocalTarget(folder, "local", slots=0)  # nobody is started here

    return Site(
        **vars(place),
        name="w",
        store=store,
        drain=ingest.drain,
        target_for=target_for,
        engine_of=target_for,
    )


def _plan(site: Site) -> JobPlan:
    environment = EnvironmentPlan()
    return JobPlan(RUN, "demo", str(site.paths.folder), "cpu", "s", ("x",), environment, {}, 12.5)


def _abandon(site: Site) -> None:
    """What the kernel leaves of a client that was killed: a file, and no lock on it."""
    place = site.paths.folder / "slots" / "halfway" / RUN
    place.parent.mkdir(parents=True, exist_ok=True)
    place.touch()


def _is_clear(site: Site) -> bool:
    return os.listdir(site.paths.folder / "slots" / "halfway") == []


def test_nothing_to_do(site: Site) -> None:
    take_further(site)
    assert site.store.list_jobs() == ()


def test_with_a_run_it_is_queued_once(site: Site) -> None:
    save_plan(site.paths.job(RUN), _plan(site))
    site.recorder.create_run("demo", kind=RunKind.JOB, run_id=RUN)
    _abandon(site)
    take_further(site)
    take_further(site)
    assert site.store.list_jobs() == (QueuedJob(RUN, "cpu", 12.5, claimed=False),)
    assert _is_clear(site)


@pytest.mark.requires("root")
def test_another_users_is_left_to_that_user(site: Site) -> None:
    save_plan(site.paths.job(RUN), _plan(site))
    os.chown(site.paths.job(RUN).folder / "plan.json", 4711, 4711)
    site.recorder.create_run("demo", kind=RunKind.JOB, run_id=RUN)
    _abandon(site)
    take_further(site)
    assert site.store.list_jobs() == ()
    assert not _is_clear(site)


def test_queued_already(site: Site) -> None:
    save_plan(site.paths.job(RUN), _plan(site))
    site.recorder.create_run("demo", kind=RunKind.JOB, run_id=RUN)
    site.store.add_job(QueuedJob(RUN, "cpu", 12.5, claimed=False))
    _abandon(site)
    take_further(site)
    assert len(site.store.list_jobs()) == 1
    assert _is_clear(site)


def test_ended_already(site: Site) -> None:
    save_plan(site.paths.job(RUN), _plan(site))
    site.recorder.create_run("demo", kind=RunKind.JOB, run_id=RUN)
    site.recorder.attach(RUN, owner=True).complete()
    _abandon(site)
    take_further(site)
    assert site.store.list_jobs() == ()
    assert _is_clear(site)


def test_without_a_run_nothing_stays(site: Site) -> None:
    save_plan(site.paths.job(RUN), _plan(site))
    _abandon(site)
    take_further(site)
    assert not site.paths.job(RUN).folder.exists()
    assert site.store.list_runs() == ()
    assert _is_clear(site)


def test_a_run_without_a_plan_has_failed(site: Site) -> None:
    site.recorder.create_run("demo", kind=RunKind.JOB, run_id=RUN)
    _abandon(site)
    take_further(site)
    site.drain()
    run = site.store.find_run(RUN)
    assert run is not None
    assert run.state is RunState.FAILED
    assert "plan.json" in run.cause


def test_a_client_that_lives_is_left_alone(site: Site) -> None:
    site.recorder.create_run("demo", kind=RunKind.JOB, run_id=RUN)
    save_plan(site.paths.job(RUN), _plan(site))
    with halfway(site.paths, RUN):
        take_further(site)
        assert site.store.list_jobs() == ()
        assert site.paths.job(RUN).folder.exists()
    assert _is_clear(site)


def test_a_store_that_refuses(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who submits is told; the run does not say that it waits."""

    def refuse(_job: QueuedJob) -> None:
        raise Unavailable("the disk is full")

    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "train.py").touch()
    monkeypatch.setattr(site.store, "add_job", refuse)
    with pytest.raises(Unavailable, match="the disk is full"):
        submit(site, Request("demo", tmp_path / "source", "train.py"))
    site.drain()
    (run,) = site.store.list_runs()
    assert run.state is RunState.FAILED
    assert run.cause == "it could not be queued: the disk is full"
    assert _is_clear(site)
