"""`python -m trackboard node-worker`: carries out one job on a machine that sees the workspace's folder.

What the engine of a target written elsewhere runs; see `trackboard.ports.target`. Standard library only
beside our own code.
"""

from __future__ import annotations

import argparse
import os
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from trackboard.launch.context.worker_context import WorkerContext, open_worker_context
from trackboard.launch.processes.orphan_reaper import adopt_orphans
from trackboard.launch.worker.end_request import CancelFlag
from trackboard.launch.worker.node_adapter import NodeAdapter
from trackboard.launch.worker.one_machine import OneMachine
from trackboard.launch.worker.worker import Worker
from trackboard.layout import WorkspacePaths
from trackboard.layout.start_lock import take_start_lock
from trackboard.model import ResourceLimits, RunId, check_run_id


def main(arguments: Sequence[str]) -> int:
    """Carry out the job of one run; see `carry_out`."""
    parser = argparse.ArgumentParser(prog="trackboard node-worker", allow_abbrev=False)
    parser.add_argument("--cpus", type=int, help="processors that the job may use")
    parser.add_argument(
        "--memory-bytes", type=int, help="memory that its processes may hold together"
    )
    return carry_out(parser, arguments, _make_worker)


def carry_out(
    parser: argparse.ArgumentParser,
    arguments: Sequence[str],
    make_worker: Callable[[WorkerContext, argparse.Namespace], Worker],
) -> int:
    """Carry out the job of one run, unless somebody did already or the job was withdrawn.

    Args:
        parser: Knows the options of the engine.
        arguments: The run, `--workspace` and those options.
        make_worker: Makes the worker, once it is certain that the job is this process's.

    Returns:
        The exit code: 0 also when the script failed, which the run says; 1 where the folder is not seen.
    """
    parser.add_argument("run", type=check_run_id)
    parser.add_argument("--workspace", type=Path, required=True)
    given = parser.parse_args(arguments)
    job = WorkspacePaths(given.workspace).job(given.run)
    host = socket.gethostname()
    if not job.folder.is_dir():
        _log_line(f"node {host} does not see {job.folder}: all nodes must mount that folder")
        return 1
    if not take_start_lock(job, f"{host} {os.getpid()}"):
        _log_line("it was begun or canceled before: nothing is done")
        return 0
    context = open_worker_context(given.workspace)
    make_worker(context, given).carry_out()
    context.recorder.close()
    return 0


def on_this_node(
    context: WorkerContext, run: RunId, limits: ResourceLimits, adapter: NodeAdapter
) -> Worker:
    """Make the worker of a job of one node, which runs its processes itself."""
    adopt_orphans()
    job = context.paths.job(run)
    machine = OneMachine(job, [limits])
    return Worker(context, run, CancelFlag(job), machine, adapter, adopts_orphans=True)


def _make_worker(context: WorkerContext, given: argparse.Namespace) -> Worker:
    limits = ResourceLimits(cpus=given.cpus, memory_bytes=given.memory_bytes)
    return on_this_node(context, given.run, limits, NodeAdapter(context.paths.folder, os.environ))


def _log_line(text: str) -> None:
    """Into the engine's log of the job."""
    sys.stderr.write(f"{text}\n")
