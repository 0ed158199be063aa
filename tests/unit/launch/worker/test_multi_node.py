"""Nodes that are machines of their own, played by parts in this process; tests/e2e has real ones."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.waiting import until
from tests.workspaces import launch_context_of

from trackboard.errors import Unavailable
from trackboard.launch.context.plan_file import save_plan
from trackboard.launch.context.worker_context import WorkerContext
from trackboard.launch.processes.ranks import Host, Rank, make_ranks
from trackboard.launch.snapshot.take import take_snapshot
from trackboard.launch.worker.end_request import CancelFlag
from trackboard.launch.worker.multi_node import NodePart, NodesSupervisor, SeveralNodes
from trackboard.launch.worker.node_adapter import NodeAdapter
from trackboard.launch.worker.worker import Worker
from trackboard.layout import JobPaths, WorkspacePaths
from trackboard.model import (
    CONSOLE,
    Distribution,
    EnvironmentPlan,
    JobPlan,
    Launcher,
    ResourceLimits,
    RunId,
    RunKind,
    RunState,
)
from trackboard.testing.memory import MemoryStore

HOSTS = [Host("192.0.2.1", (1001, 1002, 1003)), Host("192.0.2.2", (2001, 2002, 2003))]


class PartsHere:
    """A gang whose parts answer at once."""

    def __init__(self, parts: Sequence[NodePart]) -> None:
        self.parts = [*parts]
        self.gone = -1  # a node that answers no more
        self.is_closed = False

    def reserve(self, timeout_s: float) -> bool:
        del timeout_s
        return True

    def ask(self, node: int, method: str, *words: Any) -> object:
        if node == self.gone:
            return Unavailable("its machine is gone")
        return getattr(self.parts[node], method)(*words)

    def wait(self, asked: Sequence[object], timeout_s: float) -> Sequence[Any] | None:
        del timeout_s
        for answer in asked:
            if isinstance(answer, Unavailable):
                raise answer
        return asked

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def plan(tmp_path: Path) -> JobPlan:
    return JobPlan(
        RunId("r"),
        "e",
        str(tmp_path),
        "c",
        "s",
        ("train.py",),
        EnvironmentPlan(interpreter=sys.executable),
        {"PATH": "/usr/bin:/bin"},
        0.0,
        distribution=Distribution(Launcher.PYTORCH, 2, nodes=2),
    )


def ranks(plan: JobPlan, together: Distribution, folder: Path) -> list[dict[str, str]]:
    made = make_ranks(
        replace(plan, distribution=together),
        (),
        {},
        [ResourceLimits(), ResourceLimits()],
        JobPaths(folder),
        HOSTS,
    )
    return [dict(rank.variables) for rank in made]


def test_pytorch_meets_at_the_first_node(plan: JobPlan, tmp_path: Path) -> None:
    first, second, third, fourth = ranks(plan, Distribution(Launcher.PYTORCH, 4, nodes=2), tmp_path)
    assert {each["MASTER_ADDR"] for each in (first, second, third, fourth)} == {"192.0.2.1"}
    assert {each["MASTER_PORT"] for each in (first, second, third, fourth)} == {"1001"}
    assert [each["NODE_RANK"] for each in (first, second, third, fourth)] == ["0", "0", "1", "1"]
    assert fourth["RANK"] == "3"
    assert fourth["LOCAL_RANK"] == "1"


def test_tensorflow_knows_every_place(plan: JobPlan, tmp_path: Path) -> None:
    together = Distribution(Launcher.TENSORFLOW, 3, nodes=2, parameter_servers=1)
    made = ranks(plan, together, tmp_path)
    said = json.loads(made[1]["TF_CONFIG"])
    assert said["task"] == {"type": "worker", "index": 1}
    workers, servers = said["cluster"]["worker"], said["cluster"]["ps"]
    assert [place.split(":")[0] for place in workers] == ["192.0.2.1", "192.0.2.2"]
    assert len({*workers, *servers}) == 3


def test_mpi_has_the_variables_of_mpirun(plan: JobPlan, tmp_path: Path) -> None:
    _, second = ranks(plan, Distribution(Launcher.MPI, 2, nodes=2), tmp_path)
    assert second["OMPI_COMM_WORLD_RANK"] == "1"
    assert second["OMPI_COMM_WORLD_SIZE"] == "2"
    assert second["OMPI_COMM_WORLD_LOCAL_RANK"] == "0"
    assert second["AZ_BATCHAI_MPI_MASTER_NODE"] == "192.0.2.1"


def start(plan: JobPlan, tmp_path: Path, script: str) -> tuple[PartsHere, NodesSupervisor]:
    job = WorkspacePaths(tmp_path).job("r")
    work = job.work
    work.mkdir(parents=True)
    (work / "train.py").write_text(script)
    save_plan(job, plan)
    gang = PartsHere([NodePart(str(tmp_path), "r", "127.0.0.1", {}) for _ in range(2)])
    assert all(part.prepare() for part in gang.parts)
    made: Sequence[Rank] = make_ranks(
        plan, (), {}, [ResourceLimits(), ResourceLimits()], job, HOSTS
    )
    return gang, NodesSupervisor(gang, made, 2, work)


def wait(supervisor: NodesSupervisor) -> None:
    until(lambda: supervisor.wait(0.05))


def test_all_of_them_end(plan: JobPlan, tmp_path: Path) -> None:
    gang, supervisor = start(plan, tmp_path, "import os; print('rank', os.environ['RANK'])")
    wait(supervisor)
    supervisor.close()
    assert supervisor.failure is None
    assert gang.is_closed
    folder = tmp_path / "jobs" / "r"
    assert (folder / "console.txt").read_text() == "rank 0\n"
    assert (folder / "console-1.txt").read_text() == "rank 1\n"


def test_one_that_fails_ends_the_others(plan: JobPlan, tmp_path: Path) -> None:
    script = "import os, sys, time; os.environ['RANK'] == '1' and sys.exit(3); time.sleep(600)"
    _, supervisor = start(plan, tmp_path, script)
    wait(supervisor)
    supervisor.close()
    assert supervisor.failure is not None
    assert (supervisor.failure.rank.name, supervisor.failure.code) == ("rank 1", 3)


def test_a_node_that_is_gone(plan: JobPlan, tmp_path: Path) -> None:
    gang, supervisor = start(plan, tmp_path, "import time; time.sleep(600)")
    gang.gone = 1
    with pytest.raises(Unavailable, match="its machine is gone"):
        supervisor.wait(0.05)
    gang.gone = -1
    supervisor.close()


@pytest.mark.parametrize("is_canceled", [False, True])
def test_a_worker_leads_them(
    worker_context: WorkerContext, plan: JobPlan, tmp_path: Path, is_canceled: bool
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "train.py").write_text("import os; print('rank', os.environ['RANK'])")
    digest = take_snapshot(source, worker_context.paths.snapshots, worker_context.blobs).digest
    folder, job = worker_context.paths.folder, worker_context.paths.job(plan.run)
    save_plan(job, replace(plan, snapshot=digest, workspace=str(folder)))
    worker_context.recorder.create_run("e", kind=RunKind.JOB, run_id=plan.run)
    gang = PartsHere([NodePart(str(folder), plan.run, "127.0.0.1", {}) for _ in range(2)])
    for part in gang.parts if is_canceled else ():
        part.prepare = lambda: False  # type: ignore[method-assign]
    Worker(
        worker_context,
        plan.run,
        CancelFlag(job),
        SeveralNodes(gang, job, [ResourceLimits(), ResourceLimits()]),
        NodeAdapter(folder, {}),
        follow_s=0.02,
    ).carry_out()
    store = MemoryStore()
    launch_context_of(worker_context, store).drain()
    run = store.find_run(plan.run)
    assert run is not None
    said = (worker_context.paths.run(plan.run) / CONSOLE).read_text()
    assert "waiting for 2 nodes" in said
    if is_canceled:
        assert (run.state, run.cause) == (RunState.CANCELED, "it was canceled")
        return
    assert (run.state, run.cause) == (RunState.COMPLETED, "")
    assert "rank 0" in said
    assert gang.is_closed
