"""What Ray is asked to run for a run: the resources of its worker, and its command line."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from trackboard.model import RunId
from trackboard.ports import ComputeNode, TargetSpec
from trackboard.targets.ray.settings import RaySettings

_STOP_WAIT_S = 30  # Ray's is 3 s: our worker gives its script 10, and then keeps what there is


@dataclass(frozen=True)
class Needs:
    """What one node of a job takes of a machine."""

    cpus: int = 1  # without any, Ray would start all jobs at once, and on its head
    gpus: int = 0
    memory_bytes: int = 0

    @classmethod
    def of(cls, spec: TargetSpec) -> Needs:
        """Read what the settings of a compute target say."""
        return cls(1 if spec.cpus is None else spec.cpus, spec.gpus or 0, spec.memory_bytes or 0)

    def fits(self, node: ComputeNode) -> bool:
        """Whether a machine has this, when it is idle."""
        return (
            node.cpus >= self.cpus
            and node.gpus >= self.gpus
            and node.memory_bytes >= self.memory_bytes
        )

    def count_in(self, nodes: Iterable[ComputeNode]) -> int:
        """How often machines have this together, when they are idle."""
        return sum(self._count(node) for node in nodes)

    def _count(self, node: ComputeNode) -> int:
        has = [node.cpus // self.cpus]
        has += [node.gpus // self.gpus] if self.gpus else []
        has += [node.memory_bytes // self.memory_bytes] if self.memory_bytes else []
        return int(min(has))

    def __str__(self) -> str:
        parts = [f"cpus = {self.cpus}"]
        if self.gpus:
            parts.append(f"gpus = {self.gpus}")
        if self.memory_bytes:
            parts.append(f"memory_gb = {self.memory_bytes / 2**30:g}")
        return ", ".join(parts)


def describe_job(
    run: RunId,
    job: str,
    settings: RaySettings,
    needs: Needs,
    folder: str,
    package: str,
    nodes: int,
) -> dict[str, Any]:
    """The body of a submission; it holds nothing secret, as Ray's dashboard shows it to everybody.

    Args:
        run: The run.
        job: The id that Ray shall know it by.
        settings: How the nodes start Python.
        needs: What each node of the job takes.
        folder: The workspace's folder as the nodes see it.
        package: Where Ray has our code.
        nodes: How many nodes it takes. More than one are reserved by its driver, all or none.
    """
    words = ["-P", "-m", "trackboard", "ray-worker", run, "--workspace", folder]
    words += ["--cpus", str(needs.cpus), "--gpus", str(needs.gpus)]
    words += ["--memory-bytes", str(needs.memory_bytes)]
    asked: dict[str, Any] = {
        "submission_id": job,
        "entrypoint": f"exec {settings.python} {shlex.join(words)}",
        "runtime_env": {
            "py_modules": [package],
            "env_vars": {"RAY_JOB_STOP_WAIT_TIME_S": str(_STOP_WAIT_S)},
        },
    }
    if nodes == 1:
        asked["entrypoint_num_cpus"] = needs.cpus
        asked["entrypoint_num_gpus"] = needs.gpus
        asked["entrypoint_memory"] = needs.memory_bytes
    return asked
