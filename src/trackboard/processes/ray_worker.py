"""`python -m trackboard ray-worker`: carries out one job on a node of a Ray cluster. Ray starts it.

Standard library only beside our own code: the node has Ray, and nothing else is known of it.
"""

from __future__ import annotations

import argparse
import functools
import os
from collections.abc import Sequence

from trackboard.launch.context.plan_file import load_plan
from trackboard.launch.context.worker_context import WorkerContext
from trackboard.launch.worker.end_request import CancelFlag
from trackboard.launch.worker.node_adapter import NodeAdapter
from trackboard.launch.worker.worker import Worker
from trackboard.model import ResourceLimits
from trackboard.processes.node_worker import carry_out, on_this_node


def main(arguments: Sequence[str]) -> int:
    """Carry out the job of one run; see `node_worker.carry_out`."""
    parser = argparse.ArgumentParser(prog="trackboard ray-worker", allow_abbrev=False)
    parser.add_argument("--cpus", type=int, required=True)
    parser.add_argument("--gpus", type=int, default=0)
    parser.add_argument("--memory-bytes", type=int, default=0)
    return carry_out(parser, arguments, _make_worker)


def _make_worker(context: WorkerContext, given: argparse.Namespace) -> Worker:
    from trackboard.targets.ray.variables import driver_variables

    job = context.paths.job(given.run)
    adapter = NodeAdapter(context.paths.folder, driver_variables(os.environ))
    limits = ResourceLimits(cpus=given.cpus, memory_bytes=given.memory_bytes or None)
    nodes = load_plan(job).nodes
    if nodes == 1:
        return on_this_node(context, given.run, limits, adapter)
    from trackboard.launch.worker.multi_node import NodePart, SeveralNodes
    from trackboard.targets.ray.gang import RayGang

    bundle = {"CPU": given.cpus, "GPU": given.gpus, "memory": given.memory_bytes}
    make = functools.partial(NodePart, str(context.paths.folder), given.run)
    gang = RayGang(nodes, {name: n for name, n in bundle.items() if n}, make)
    machines = SeveralNodes(gang, job, [limits] * nodes)
    return Worker(context, given.run, CancelFlag(job), machines, adapter)
