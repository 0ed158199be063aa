"""The suite that every target is held against; see `store_contract` for its use.

Workers are real: a job's script waits for a file, and so does whatever this looks at.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from trackboard.errors import UsageError
from trackboard.launch.context.plan_file import save_plan
from trackboard.launch.request import Request
from trackboard.launch.submit import prepare
from trackboard.model import Distribution, JobPlan, Launcher, RunId, RunKind, RunState
from trackboard.ports import Cluster, Target, WorkerState
from trackboard.workspace import Workspace

_DEADLINE_S = 60.0
_POLL_S = 0.1
_NOBODY = RunId("nobody")
_SCRIPT = """import os, sys, time
with open(sys.argv[1] + ".began", "a") as file:
    file.write("x")
until_s = time.monotonic() + 60
while not os.path.exists(sys.argv[1]) and time.monotonic() < until_s:
    time.sleep(0.02)
"""


class TargetContract:
    """Subclass it with a fixture `workspace`, whose compute target `compute` the target serves.

    Three jobs must have room at once.
    """

    compute = "cluster"

    @pytest.fixture
    def target(self, workspace: Workspace) -> Target:
        return workspace.launch_context.target_for(self.compute)

    def make_plan(self, workspace: Workspace, go: Path) -> JobPlan:
        """The plan of a job that ends once `go` is there; its run waits."""
        source = go.parent / "source"
        source.mkdir(exist_ok=True)
        (source / "wait.py").write_text(_SCRIPT)
        request = Request("e", source, "wait.py", [str(go)], compute=self.compute)
        plan = prepare(workspace.launch_context, request)
        save_plan(workspace.launch_context.paths.job(plan.run), plan)
        workspace.recorder().create_run("e", kind=RunKind.JOB, run_id=plan.run)
        return plan

    def test_a_worker_from_start_to_end(
        self, workspace: Workspace, target: Target, tmp_path: Path
    ) -> None:
        plans = [self.make_plan(workspace, tmp_path / f"go{number}") for number in range(2)]
        assert [target.find(plan.run) for plan in plans] == [None, None]
        assert target.has_room()
        handles = [target.start(plan) for plan in plans]
        assert len(set(handles)) == 2
        assert [target.find(plan.run) for plan in plans] == handles
        _until(lambda: all((tmp_path / f"go{number}.began").exists() for number in range(2)))
        told = target.poll(handles)
        assert {told[handle].state for handle in handles} <= {
            WorkerState.ALIVE,
            WorkerState.WAITING,  # it may have been asked just before
        }
        (tmp_path / "go0").touch()
        _until(lambda: target.poll(handles)[handles[0]].state is WorkerState.GONE)
        assert target.poll(handles)[handles[1]].state is WorkerState.ALIVE
        (tmp_path / "go1").touch()
        _until(lambda: target.poll(handles)[handles[1]].state is WorkerState.GONE)
        assert _state(workspace, plans[0]) == _state(workspace, plans[1]) == RunState.COMPLETED
        assert target.find(plans[0].run) == handles[0]
        target.cancel(handles[0])  # of what ended
        assert target.poll(handles)[handles[0]].state is WorkerState.GONE

    def test_cancel_ends_a_worker_and_what_it_started(
        self, workspace: Workspace, target: Target, tmp_path: Path
    ) -> None:
        plan = self.make_plan(workspace, tmp_path / "never")
        handle = target.start(plan)
        _until((tmp_path / "never.began").exists)
        target.cancel(handle)
        _until(lambda: target.poll([handle])[handle].state is WorkerState.GONE)
        assert _state(workspace, plan) is RunState.FAILED  # nobody had asked the run to end
        target.cancel(handle)

    def test_who_withdraws_a_job_knows_who_speaks_for_it(
        self, workspace: Workspace, target: Target, tmp_path: Path
    ) -> None:
        plan = self.make_plan(workspace, tmp_path / "never")
        handle = target.start(plan)
        workspace.drain()
        workspace.store.request_cancel(plan.run)
        if target.cancel_if_not_started(handle):
            _until(lambda: target.poll([handle])[handle].state is WorkerState.GONE)
            assert not (tmp_path / "never.began").exists()
            assert _state(workspace, plan) is RunState.QUEUED
        else:
            _until(lambda: _state(workspace, plan) is RunState.CANCELED)
            _until(lambda: target.poll([handle])[handle].state is WorkerState.GONE)
        target.cancel_if_not_started(handle)

    def test_nothing_is_polled(self, target: Target) -> None:
        assert target.poll([]) == {}
        assert target.find(_NOBODY) is None

    def test_more_nodes_than_there_are(
        self, workspace: Workspace, target: Target, tmp_path: Path
    ) -> None:
        plan = self.make_plan(workspace, tmp_path / "never")
        many = Distribution(Launcher.PYTORCH, processes=1000, nodes=1000)
        with pytest.raises(UsageError, match="1000 nodes"):
            target.check(replace(plan, distribution=many))

    def test_the_machines_of_a_cluster(self, target: Target) -> None:
        if isinstance(target, Cluster):
            nodes = target.list_nodes()
            assert nodes
            assert len({node.id for node in nodes}) == len(nodes)
            assert all(node.is_alive and node.cpus >= 0 for node in nodes)


def _state(workspace: Workspace, plan: JobPlan) -> RunState:
    found = workspace.parts.drain().find_run(plan.run)
    assert found is not None
    return found.state


def _until(condition: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + _DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline_s, "it did not happen in time"
        time.sleep(_POLL_S)
