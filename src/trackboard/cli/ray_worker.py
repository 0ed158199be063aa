"""`python -m trackboard ray-worker`: carries out one job on a node of a Ray cluster. Ray starts it.

Standard library only beside our own code: the node has Ray, and nothing else is known of it.
"""

from __future__ import annotations

import argparse
import functools
import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from trackboard.launch.context.plan_file import load_plan
from trackboard.launch.context.worker_context import WorkerContext, open_worker_context
from trackboard.launch.processes.orphan_reaper import adopt_orphans
from trackboard.launch.worker.end_request import CancelFlag
from trackboard.launch.worker.one_machine import OneMachine
from trackboard.launch.worker.plan_adapter import NodeAdapter
from trackboard.launch.worker.worker import Worker
from trackboard.layout import WorkspacePaths
from trackboard.layout.start_lock import take_start_lock
from trackboard.model import ResourceLimits, check_run_id


def main(arguments: Sequence[str]) -> int:
    """Carry out the job of one run, unless somebody did already or it was canceled.

    Returns:
        The exit code: 0 also when the script failed, which the run says.
    """
    parser = argparse.ArgumentParser(prog="trackboard ray-worker", allow_abbrev=False)
    parser.add_argument("run", type=check_run_id)
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--cpus", type=int, required=True)
    parser.add_argument("--gpus", type=int, default=0)
    parser.add_argument("--memory-bytes", type=int, default=0)
    given = parser.parse_args(arguments)
    job = WorkspacePaths(given.workspace).job(given.run)
    host = socket.gethostname()
    if not job.folder.is_dir():
        _say(f"node {host} does not see {job.folder}: all nodes must mount that folder")
        return 1
    if not take_start_lock(job, f"{host} {os.getpid()}"):
        _say("it was begun or canceled before: nothing is done")
        return 0
    context = open_worker_context(given.workspace)
    worker = _make_worker(context, given, load_plan(job).nodes)
    worker.carry_out()
    context.recorder.close()
    return 0


def _make_worker(context: WorkerContext, given: argparse.Namespace, nodes: int) -> Worker:
    from trackboard.targets.ray.variables import driver_variables

    job = context.paths.job(given.run)
    cancel = CancelFlag(job)
    adapter = NodeAdapter(context.paths.folder, driver_variables(os.environ))
    limits = ResourceLimits(cpus=given.cpus, memory_bytes=given.memory_bytes or None)
    if nodes == 1:
        adopt_orphans()
        machine = OneMachine(job, [limits])
        return Worker(context, given.run, cancel, machine, adapter, adopts_orphans=True)
    from trackboard.launch.worker.multi_node import NodePart, SeveralNodes
    from trackboard.targets.ray.gang import RayGang

    bundle = {"CPU": given.cpus, "GPU": given.gpus, "memory": given.memory_bytes}
    make = functools.partial(NodePart, str(context.paths.folder), given.run)
    gang = RayGang(nodes, {name: n for name, n in bundle.items() if n}, make)
    return Worker(context, given.run, cancel, SeveralNodes(gang, job, [limits] * nodes), adapter)


def _say(text: str) -> None:
    """Into Ray's log of the job."""
    sys.stderr.write(f"{text}\n")
