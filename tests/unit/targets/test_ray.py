"""The Ray target, with answers as Ray gives them and a clock that stands still; tests/e2e has real ones."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.targets.conftest import ADDRESS, RUN, Clock, Make, RecordedRay, make_node

from trackboard.errors import InternalError, Unavailable
from trackboard.layout.cancel_flag import is_cancel_requested
from trackboard.layout.start_lock import take_start_lock
from trackboard.model import Distribution, JobPlan, Launcher, RunId
from trackboard.ports import TargetSpec, WorkerState, WorkerStatus
from trackboard.targets.ray.settings import RaySettings
from trackboard.targets.ray.target import RayTarget


def test_what_ray_is_told(
    target: RayTarget, plan: JobPlan, ray: RecordedRay, tmp_path: Path
) -> None:
    target.start(plan)
    job = ray.jobs[RUN]
    assert job["entrypoint"] == (
        f"exec python -P -m trackboard ray-worker r1 --workspace {tmp_path}"
        " --cpus 1 --gpus 0 --memory-bytes 0"
    )
    assert (job["entrypoint_num_cpus"], job["entrypoint_num_gpus"]) == (1, 0)
    assert job["metadata"] == {"trackboard.run": RUN, "trackboard.workspace": str(tmp_path)}
    assert job["runtime_env"]["env_vars"] == {"RAY_JOB_STOP_WAIT_TIME_S": "30"}
    (package,) = job["runtime_env"]["py_modules"]
    assert package.removeprefix("gcs://") in ray.packages
    assert "nobody shall see this" not in json.dumps(ray.jobs)


def test_settings_reach_ray(make: Make, plan: JobPlan, ray: RecordedRay) -> None:
    target = make(cpus=2, gpus=1, memory_gb=1.5, folder="/mnt/w", python="/opt/ray/bin/python")
    ray.nodes.append(make_node(3, GPU=1.0))
    target.start(plan)
    job = ray.jobs[RUN]
    assert job["entrypoint"].startswith("exec /opt/ray/bin/python -P -m trackboard ray-worker")
    assert "--workspace /mnt/w --cpus 2 --gpus 1" in job["entrypoint"]
    assert (job["entrypoint_num_cpus"], job["entrypoint_num_gpus"]) == (2, 1)
    assert job["entrypoint_memory"] == 1536 * 2**20


def test_nodes_of_a_distributed_job_are_reserved_by_its_driver(
    target: RayTarget, plan: JobPlan, ray: RecordedRay
) -> None:
    together = replace(plan, distribution=Distribution(Launcher.PYTORCH, 2, nodes=2))
    target.check(together)
    target.start(together)
    assert "entrypoint_num_cpus" not in ray.jobs[RUN]


def test_what_was_just_looked_at_is_not_asked_again(
    target: RayTarget, plan: JobPlan, ray: RecordedRay, clock: Clock
) -> None:
    target.check(plan)
    ray.calls.clear()
    target.check(plan)
    target.start(plan)
    assert ray.asked() == ["POST /api/jobs/"]
    clock.now_s += 60
    ray.calls.clear()
    target.check(plan)
    paths = [one.split("/api/")[1].split("/")[0].partition("?")[0] for one in ray.asked()]
    assert paths == ["version", "v0", "packages"]  # and no probe: these nodes have shown it


def test_many_are_polled_in_one_question(
    target: RayTarget, plan: JobPlan, ray: RecordedRay, clock: Clock
) -> None:
    handles = []
    for run in ("a", "b", "c", "d"):
        (Path(plan.workspace) / "jobs" / run).mkdir()
        handles.append(target.start(replace(plan, run=RunId(run))))
    ray.end("b", "RUNNING")
    ray.end("c", "FAILED", "Job supervisor actor died: the node is gone")
    ray.end("d", "STOPPED", "Job was intentionally stopped.")
    ray.calls.clear()
    told = target.poll(handles)
    assert ray.asked() == ["GET /api/jobs/"]
    assert [told[handle].state.value for handle in handles] == ["waiting", "alive", "gone", "gone"]
    assert "supervisor actor died: the node is gone" in told[handles[2]].cause
    target.poll(handles)
    assert len(ray.calls) == 1  # it was just asked
    clock.now_s += 2
    target.poll(handles)
    assert len(ray.calls) == 2


def test_last_words_may_take_a_while(
    target: RayTarget, plan: JobPlan, ray: RecordedRay, clock: Clock
) -> None:
    handle = target.start(plan)
    ray.end(RUN, "SUCCEEDED", end_time=clock.now_s * 1000)
    assert target.poll([handle])[handle] == WorkerStatus(WorkerState.GONE, is_settled=False)
    clock.now_s += 121
    assert target.poll([handle])[handle] == WorkerStatus(WorkerState.GONE)


def test_a_head_that_is_silent_proves_nothing(
    target: RayTarget, plan: JobPlan, ray: RecordedRay, clock: Clock
) -> None:
    handle = target.start(plan)
    ray.is_silent = True
    assert target.poll([handle])[handle].state is WorkerState.ALIVE
    asked = len(ray.calls)
    clock.now_s += 5
    assert not target.has_room()
    assert target.poll([handle])[handle].state is WorkerState.ALIVE
    assert len(ray.calls) == asked  # it is left alone for a while
    other = RayTarget(TargetSpec(target._paths.folder, "c"), RaySettings(ADDRESS), send=ray.send)
    with pytest.raises(
        Unavailable, match=f"no Ray cluster answers at {ADDRESS}: Connection refused"
    ):
        other.check(plan)
    ray.is_silent = False
    clock.now_s += 6
    assert target.has_room()


def test_a_head_that_forgot(target: RayTarget, plan: JobPlan, ray: RecordedRay) -> None:
    handle = target.start(plan)
    assert take_start_lock(target._paths.job(RUN), "its worker")
    ray.jobs.clear()
    ray.session = "another"
    status = target.poll([handle])[handle]
    assert status.state is WorkerState.GONE
    assert "its head was restarted" in status.cause
    assert target.find(plan.run) == handle  # never started again


def test_what_a_head_forgot_before_it_began_goes_back(
    target: RayTarget, plan: JobPlan, ray: RecordedRay
) -> None:
    handle = target.start(plan)
    ray.jobs.clear()
    ray.packages.clear()
    ray.session = "another"
    assert target.poll([handle])[handle].state is WorkerState.WAITING
    assert target.find(plan.run) is None  # so the queue starts it again
    again = target.start(plan)
    assert list(ray.jobs)[-1] == "r1.2"
    assert json.loads(again)["session"] == "another"
    assert ray.packages  # the new head was looked at


def test_a_job_that_was_deleted(target: RayTarget, plan: JobPlan, ray: RecordedRay) -> None:
    handle = target.start(plan)
    ray.jobs.clear()
    status = target.poll([handle])[handle]
    assert status.state is WorkerState.GONE
    assert "was deleted there" in status.cause


def test_a_lost_answer_starts_nothing_twice(
    target: RayTarget, plan: JobPlan, ray: RecordedRay
) -> None:
    target.check(plan)
    ray.drops = "POST"
    with pytest.raises(Unavailable, match="timed out"):
        target.start(plan)
    ray.drops = ""
    assert target.find(plan.run) is not None  # Ray has it
    target.start(plan)
    assert [job for job in ray.jobs if job == RUN] == [RUN]


def test_an_unsent_request_leaves_nothing(
    target: RayTarget, plan: JobPlan, ray: RecordedRay
) -> None:
    target.check(plan)
    ray.is_silent = True
    with pytest.raises(Unavailable):
        target.start(plan)
    ray.is_silent = False
    assert target.find(plan.run) is None  # the proof that it may be started
    target.start(plan)


def test_the_id_of_another_workspace(target: RayTarget, plan: JobPlan, ray: RecordedRay) -> None:
    target.check(plan)
    ray.jobs[RUN] = {"submission_id": RUN, "status": "RUNNING", "metadata": {"trackboard.run": RUN}}
    with pytest.raises(InternalError, match="of another workspace"):
        target.start(plan)


def test_what_ray_gave_up_waiting_for_goes_back(
    target: RayTarget, plan: JobPlan, ray: RecordedRay
) -> None:
    handle = target.start(plan)
    ray.end(RUN, "FAILED", "within 900 s", error_type="JOB_SUPERVISOR_ACTOR_START_TIMEOUT")
    assert target.poll([handle])[handle].state is WorkerState.WAITING
    assert target.find(plan.run) is None  # so the queue starts it again
    target.start(plan)
    assert list(ray.jobs)[-1] == "r1.2"


def test_withdrawn_before_it_began(target: RayTarget, plan: JobPlan, ray: RecordedRay) -> None:
    handle = target.start(plan)
    ray.calls.clear()
    assert target.cancel_if_not_started(handle)
    assert ray.asked() == ["POST /api/jobs/r1/stop"]
    assert not take_start_lock(target._paths.job(RUN), "a worker that comes too late")


def test_a_worker_that_began_ends_itself_first(
    target: RayTarget, plan: JobPlan, ray: RecordedRay, clock: Clock
) -> None:
    handle = target.start(plan)
    folder = target._paths.job(RUN)
    assert take_start_lock(folder, "its worker")
    clock.now_s = 0.0
    assert not target.cancel_if_not_started(handle)
    assert is_cancel_requested(folder)
    assert "stopped" not in ray.jobs[RUN]
    clock.now_s = 1e11  # it had its time
    assert not target.cancel_if_not_started(handle)
    assert ray.jobs[RUN]["stopped"]


def test_the_nodes_of_a_cluster(target: RayTarget, plan: JobPlan, ray: RecordedRay) -> None:
    ray.nodes.append({**make_node(3), "state": "DEAD"})
    target.start(plan)
    ray.end(RUN, "RUNNING", driver_node_id="n2")
    ray.jobs["other"] = {"submission_id": "other", "status": "RUNNING", "driver_node_id": "n1"}
    assert [(node.id, node.cpus, node.address, node.runs) for node in target.list_nodes()] == [
        ("n1", 2.0, "192.0.2.1", ()),
        ("n2", 2.0, "192.0.2.2", (RUN,)),
    ]
