"""Ray as the unit tests of its target know it: answers as Ray gives them, and a clock that stands still."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from trackboard.config import ComputeSettings
from trackboard.model import EnvironmentPlan, JobPlan, RunId
from trackboard.ports import TargetSpec
from trackboard.targets.ray.asking import Answer, Call
from trackboard.targets.ray.settings import RaySettings
from trackboard.targets.ray.target import RayTarget

ADDRESS = "http://head:8265"
SESSION = "session_2026-11-21_11-09-44_307016_31352"
RUN = RunId("r1")


def make_node(number: int, **resources: float) -> dict[str, Any]:
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
    nodes: list[dict[str, Any]] = field(default_factory=lambda: [make_node(1), make_node(2)])
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
        given = ComputeSettings(**ours)
        spec = TargetSpec(
            tmp_path, "c", given.cpus, given.memory_bytes, given.gpus, max_nodes=most_nodes
        )
        return RayTarget(
            spec,
            RaySettings(**{"address": ADDRESS, **changes}),
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
