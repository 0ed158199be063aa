"""The Ray target, with answers as Ray gives them and a clock that stands still; tests/e2e has real ones."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from trackboard.config import ComputeSettings, RaySettings
from trackboard.errors import InternalError, Unavailable, UsageError
from trackboard.model import Distribution, EnvironmentPlan, JobPlan, Launcher, RunId
from trackboard.ports import WorkerState, WorkerStatus
from trackboard.spool.turn import is_end_wished, take_turn
from trackboard.targets.ray import RayTarget, node_probe
from trackboard.targets.ray.asking import Answer, Call
from trackboard.targets.ray.lock import hold

ADDRESS = "http://head:8265"
SESSION = "session_2026-11-21_11-09-44_307016_31352"
RUN = RunId("r1")


def _node(number: int, **resources: float) -> dict[str, Any]:
    total = {"CPU": 2.0, "memory": 8 * 2.0**30, "object_store_memory": 80e6, **resources}
    return {
        "node_id": f"n{number}",
        "node_ip": f"192.0.2.{number}",
        "is_head_node": number == 1,
        "state": "ALIVE",
        "resources_total": total,
    }


@dataclass
class RecordedRay:
    """Answers as a Ray 2.60 dashboard does."""

    version: str = "2.60.0"
    session: str = SESSION
    nodes: list[dict[str, Any]] = field(default_factory=lambda: [_node(1), _node(2)])
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    packages: set[str] = field(default_factory=set)
    calls: list[Call] = field(default_factory=list)
    sees: dict[str, dict[str, str]] = field(
        default_factory=dict
    )  # other answers of a probe, by node
    folder: Path = Path()
    is_silent: bool = False
    drops: str = ""  # the answer to this method is lost on its way

    def send(self, call: Call) -> Answer:
        self.calls.append(call)
        if self.is_silent:
            raise ConnectionRefusedError(111, "Connection refused")
        assert call.url.startswith(f"{ADDRESS}/api/")
        answer = self._answer(call.method, call.url.removeprefix(f"{ADDRESS}/api/"), call.body)
        if call.method == self.drops:
            raise TimeoutError
        status, content = answer
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        return Answer(status, body)

    def asked(self) -> list[str]:
        return [f"{call.method} {call.url.removeprefix(ADDRESS)}" for call in self.calls]

    def end(self, job: str, status: str, message: str = "", **more: object) -> None:
        self.jobs[job] |= {"status": status, "message": message, **more}

    def _answer(self, method: str, path: str, body: bytes | None) -> tuple[int, object]:
        name = path.rpartition("/")[2]
        if path == "version":
            return 200, {"version": "4", "ray_version": self.version, "session_name": self.session}
        if path.startswith("v0/nodes"):
            return 200, {"result": True, "data": {"result": {"result": self.nodes}}}
        if path.startswith("packages/"):
            if method == "PUT":
                self.packages.add(name)
            return (200 if name in self.packages else 404), b""
        if path == "jobs/" and method == "POST":
            assert body is not None
            return self._submit(json.loads(body))
        if path == "jobs/":
            return 200, [*self.jobs.values(), {"type": "DRIVER", "status": "RUNNING"}]
        job = path.split("/")[1]
        if job not in self.jobs:
            return 404, f"Job {job} does not exist".encode()
        if path.endswith("/logs"):
            return 200, {"logs": self.jobs[job]["log"]}
        if path.endswith("/stop"):
            self.jobs[job]["stopped"] = True
            return 200, {"stopped": True}
        return 200, self.jobs[job]

    def _submit(self, job: dict[str, Any]) -> tuple[int, object]:
        name = job["submission_id"]
        if name in self.jobs:
            return 500, f"ValueError: Job with submission_id {name} already exists.\n.".encode()
        self.jobs[name] = {**job, "status": "PENDING", "message": "not yet", "log": ""}
        if name.startswith("trackboard-probe-"):
            self._look(name, job["entrypoint"].split())
        return 200, {"submission_id": name}

    def _look(self, job: str, words: list[str]) -> None:
        asked = self.folder / "ray" / words[-2]
        assert asked.stat().st_mode & 0o777 == 0o600
        good = {"host": "h", "python": "3.11.7", "error": "", "nonce": asked.read_text()}
        found = {node: self.sees.get(node, good) for node in words[-1].split(",")}
        self.jobs[job] |= {
            "status": "SUCCEEDED",
            "log": f"INFO a line of Ray's\ntrackboard-probe: {json.dumps(found)}\n",
        }


@dataclass
class Clock:
    now_s: float = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ray(tmp_path: Path) -> RecordedRay:
    (tmp_path / "jobs" / RUN).mkdir(parents=True)
    return RecordedRay(folder=tmp_path)


Make = Callable[..., RayTarget]


@pytest.fixture
def make(ray: RecordedRay, clock: Clock, tmp_path: Path) -> Make:
    def make(most_nodes: int | None = None, **changes: Any) -> RayTarget:
        ours = {
            name: changes.pop(name) for name in ("cpus", "gpus", "memory_gb") if name in changes
        }
        settings = ComputeSettings(**ours, ray=RaySettings(**{"address": ADDRESS, **changes}))
        return RayTarget(
            tmp_path,
            "c",
            settings,
            most_nodes=most_nodes,
            send=ray.send,
            clock=clock,
            wall_clock=clock,
        )

    return make


@pytest.fixture
def target(make: Make) -> RayTarget:
    return make()


@pytest.fixture
def plan(tmp_path: Path) -> JobPlan:
    secret = {"SECRET": "nobody shall see this"}
    return JobPlan(RUN, "e", str(tmp_path), "c", "s", ("x",), EnvironmentPlan(), secret, 0.0)


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
    ray.nodes.append(_node(3, GPU=1.0))
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
    with pytest.raises(
        Unavailable, match=f"no Ray cluster answers at {ADDRESS}: Connection refused"
    ):
        RayTarget(
            target._folder, "c", ComputeSettings(ray=RaySettings(ADDRESS)), send=ray.send
        ).check(plan)
    ray.is_silent = False
    clock.now_s += 6
    assert target.has_room()


def test_a_head_that_forgot(target: RayTarget, plan: JobPlan, ray: RecordedRay) -> None:
    handle = target.start(plan)
    assert take_turn(target._job_folder(RUN), "its worker")
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
    assert target.withdraw(handle)
    assert ray.asked() == ["POST /api/jobs/r1/stop"]
    assert not take_turn(target._job_folder(RUN), "a worker that comes too late")


def test_a_worker_that_began_ends_itself_first(
    target: RayTarget, plan: JobPlan, ray: RecordedRay, clock: Clock
) -> None:
    handle = target.start(plan)
    folder = target._job_folder(RUN)
    assert take_turn(folder, "its worker")
    clock.now_s = 0.0
    assert not target.withdraw(handle)
    assert is_end_wished(folder)
    assert "stopped" not in ray.jobs[RUN]
    clock.now_s = 1e11  # it had its time
    assert not target.withdraw(handle)
    assert ray.jobs[RUN]["stopped"]


REFUSED: list[tuple[str, Mapping[str, Any], Callable[[RecordedRay], None], str]] = [
    ("cpus", {"cpus": 64}, lambda _: None, r"needs: cpus = 64. Its nodes: 2 CPUs.*Lower cpus"),
    ("gpus", {"gpus": 1}, lambda _: None, r"gpus = 1.*autoscaling = true"),
    (
        "old",
        {},
        lambda ray: setattr(ray, "version", "2.3.1"),
        r"is Ray 2\.3\.1.*2\.9 or newer.*pip",
    ),
    (
        "no folder",
        {},
        lambda ray: ray.sees.update(n2={"host": "two", "error": "No such file: /w"}),
        r"node two of 'c' cannot use .*No such file: /w.*folder = .*\[compute\.c\]",
    ),
    (
        "another folder",
        {},
        lambda ray: ray.sees.update(
            n1={"host": "one", "python": "3.12.1", "error": "", "nonce": "x"}
        ),
        r"node one of 'c' cannot use .*another folder in its place",
    ),
    (
        "old Python",
        {},
        lambda ray: ray.sees.update(n1={"host": "one", "python": "3.9.19", "error": ""}),
        r"node one .*Python 3\.9\.19.*3\.11",
    ),
]


@pytest.mark.parametrize(
    ("changes", "spoil", "said"), [row[1:] for row in REFUSED], ids=[r[0] for r in REFUSED]
)
def test_refused_at_submit(
    make: Make,
    plan: JobPlan,
    ray: RecordedRay,
    changes: Mapping[str, Any],
    spoil: Callable[[RecordedRay], None],
    said: str,
) -> None:
    spoil(ray)
    with pytest.raises(UsageError, match=f"(?s){said}"):
        make(**changes).check(plan)
    assert RUN not in ray.jobs


def test_more_nodes_than_have_room(make: Make, plan: JobPlan) -> None:
    together = replace(plan, distribution=Distribution(Launcher.PYTORCH, 3, nodes=3))
    with pytest.raises(UsageError, match="room for 2 of the 3 nodes"):
        make(cpus=2).check(together)
    with pytest.raises(UsageError, match=r"has 2\nAsk for fewer"):
        make(most_nodes=2).check(together)


def test_nodes_that_come_when_they_are_needed(make: Make, plan: JobPlan, ray: RecordedRay) -> None:
    make(cpus=64, autoscaling=True).check(plan)
    make(autoscaling=True).check(plan)
    ray.nodes.append(_node(3))
    probes = len(ray.jobs)
    make(autoscaling=True).check(plan)  # the worker there looks for itself
    assert len(ray.jobs) == probes


def test_a_new_node_is_looked_at(make: Make, plan: JobPlan, ray: RecordedRay) -> None:
    make().check(plan)
    ray.nodes.append(_node(3))
    ray.sees["n3"] = {"host": "three", "error": "No such file or directory: /w"}
    with pytest.raises(UsageError, match="node three"):
        make().check(plan)


def test_a_node_that_leaves_meanwhile(make: Make, plan: JobPlan, ray: RecordedRay) -> None:
    ray.sees["n2"] = {"host": "n2", "left": "the node is dead", "error": ""}
    make().check(plan)
    del ray.sees["n2"]
    probes = len(ray.jobs)
    make().check(plan)  # it was not looked at yet
    assert len(ray.jobs) == probes + 1


def test_nodes_that_all_leave_meanwhile(make: Make, plan: JobPlan, ray: RecordedRay) -> None:
    ray.sees = {f"n{n}": {"host": f"n{n}", "left": "dead", "error": ""} for n in (1, 2)}
    with pytest.raises(Unavailable, match="left the cluster while they were looked at"):
        make().check(plan)


def test_a_probe_that_never_ends(make: Make, plan: JobPlan, ray: RecordedRay, clock: Clock) -> None:
    ray._look = lambda job, words: None  # type: ignore[method-assign]  # noqa: ARG005
    target = make()
    target._sleep = lambda s: setattr(clock, "now_s", clock.now_s + max(s, 5.0))
    with pytest.raises(Unavailable, match="did not say within 60 s whether its nodes see"):
        target.check(plan)
    (probe,) = ray.jobs.values()
    assert probe["stopped"]


def test_many_at_once_are_probed_once(make: Make, plan: JobPlan, ray: RecordedRay) -> None:
    look = ray._look

    def take_long(job: str, words: list[str]) -> None:
        time.sleep(0.2)
        look(job, words)

    ray._look = take_long  # type: ignore[method-assign]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: make().check(plan), range(8)))
    assert len(ray.jobs) == 1


def test_others_are_not_waited_for_forever(
    make: Make, plan: JobPlan, tmp_path: Path, clock: Clock
) -> None:
    target = make()
    target._sleep = lambda s: setattr(clock, "now_s", clock.now_s + max(s, 5.0))
    with (
        hold(tmp_path / "ray" / "probe.lock", 0.0, clock, time.sleep),
        pytest.raises(Unavailable, match=r"has looked at the nodes of 'c' for 90 s\nSubmit again"),
    ):
        target.check(plan)
    target.check(plan)


def test_a_node_that_is_busy_is_asked_again(make: Make, plan: JobPlan, ray: RecordedRay) -> None:
    ray.sees["n2"] = {"host": "n2", "busy": "it did not answer", "error": ""}
    with pytest.raises(
        Unavailable, match=r"1 node of 'c' did not say in time .*: n2\nSubmit again"
    ):
        make().check(plan)
    del ray.sees["n2"]
    make().check(plan)
    assert list(ray.jobs.values())[-1]["entrypoint"].endswith(" n2")  # the other has shown it


def test_what_a_probe_says_of_a_node_that_does_not_answer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    errors = ("GetTimeoutError", "TaskUnschedulableError", "NodeDiedError", "OtherError")
    kinds = {name: type(name, (Exception,), {}) for name in errors}
    answers = {"slow": kinds["GetTimeoutError"], "gone": kinds["NodeDiedError"]}
    answers["odd"] = kinds["OtherError"]

    def get(node: str, timeout: float) -> dict[str, str]:
        assert 0 <= timeout <= 40
        if node in answers:
            raise answers[node]("said")
        return {"host": node, "error": ""}

    def options(*, scheduling_strategy: str, **_: object) -> SimpleNamespace:
        return SimpleNamespace(remote=lambda *_: scheduling_strategy)

    ray = SimpleNamespace(
        init=lambda **_: None,
        remote=lambda _: SimpleNamespace(options=options),
        get=get,
        exceptions=SimpleNamespace(**kinds),
    )
    strategies = SimpleNamespace(NodeAffinitySchedulingStrategy=lambda node_id, soft: node_id)  # noqa: ARG005
    monkeypatch.setitem(sys.modules, "ray", ray)
    monkeypatch.setitem(sys.modules, "ray.util.scheduling_strategies", strategies)
    monkeypatch.setattr(sys, "argv", ["probe", "/w", "name", "good,slow,gone,odd"])
    node_probe.main()
    said = json.loads(capsys.readouterr().out.removeprefix(node_probe.FOUND))
    assert {node: sorted(words) for node, words in said.items()} == {
        "good": ["error", "host"],
        "slow": ["busy", "error", "host"],
        "gone": ["error", "host", "left"],
        "odd": ["error", "host"],
    }
    assert said["slow"]["error"] == ""
    assert said["odd"]["error"] == "OtherError: said"


NO_PYTHON = "/bin/sh: 1: exec: python: not found\n"
EXITED = "Job entrypoint command failed with exit code 127, last available logs (truncated ...):\n"


@pytest.mark.parametrize(
    ("message", "log", "said"),
    [
        (EXITED + NO_PYTHON, NO_PYTHON, "/bin/sh: 1: exec: python: not found"),
        ("the runtime_env is broken", "", "the runtime_env is broken"),
        ("the node died", "INFO it begins\n", "the node died\nINFO it begins"),
    ],
)
def test_a_probe_that_cannot_run(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    plan: JobPlan,
    ray: RecordedRay,
    message: str,
    log: str,
    said: str,
) -> None:
    ray._look = lambda job, words: ray.end(job, "FAILED", message, log=log)  # type: ignore[method-assign]  # noqa: ARG005
    monkeypatch.setattr("trackboard.targets.ray.api._HERE", ADDRESS)
    for name in ("RAY_ADDRESS", "RAY_API_SERVER_ADDRESS"):
        monkeypatch.delenv(name, raising=False)
    target = RayTarget(tmp_path, "c", ComputeSettings(ray=RaySettings()), send=ray.send)
    with pytest.raises(UsageError) as caught:
        target.check(plan)
    assert caught.value.message == (
        f"the nodes of 'c' cannot run our probe with python = 'python':\n{said}"
    )
    assert str(caught.value).endswith(f"to [compute.c] in {tmp_path / 'trackboard.toml'}.")


def test_the_nodes_of_a_cluster(target: RayTarget, plan: JobPlan, ray: RecordedRay) -> None:
    ray.nodes.append({**_node(3), "state": "DEAD"})
    target.start(plan)
    ray.end(RUN, "RUNNING", driver_node_id="n2")
    ray.jobs["other"] = {"submission_id": "other", "status": "RUNNING", "driver_node_id": "n1"}
    assert [(node.id, node.cpus, node.address, node.runs) for node in target.list_nodes()] == [
        ("n1", 2.0, "192.0.2.1", ()),
        ("n2", 2.0, "192.0.2.2", (RUN,)),
    ]
