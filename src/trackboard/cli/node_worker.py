"""`python -m trackboard node-worker`: carries out one job on a machine that sees the workspace's folder.

What the engine of a target written elsewhere runs; see `trackboard.ports.target`. Standard library only
beside our own code.
"""

from __future__ import annotations

import argparse
import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from trackboard.launch.context.worker_context import open_worker_context
from trackboard.launch.processes.orphan_reaper import adopt_orphans
from trackboard.launch.worker.end_request import CancelFlag
from trackboard.launch.worker.one_machine import OneMachine
from trackboard.launch.worker.plan_adapter import NodeAdapter
from trackboard.launch.worker.worker import Worker
from trackboard.layout import WorkspacePaths
from trackboard.layout.start_lock import take_start_lock
from trackboard.model import ResourceLimits, check_run_id


def main(arguments: Sequence[str]) -> int:
    """Carry out the job of one run, unless somebody did already or the job was withdrawn.

    Returns:
        The exit code: 0 also when the script failed, which the run says; 1 where the folder is not seen.
    """
    parser = argparse.ArgumentParser(prog="trackboard node-worker", allow_abbrev=False)
    parser.add_argument("run", type=check_run_id)
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--cpus", type=int, help="processors that the job may use")
    parser.add_argument(
        "--memory-bytes", type=int, help="memory that its processes may hold together"
    )
    given = parser.parse_args(arguments)
    job = WorkspacePaths(given.workspace).job(given.run)
    host = socket.gethostname()
    if not job.folder.is_dir():
        sys.stderr.write(f"node {host} does not see {job.folder}: it must mount that folder\n")
        return 1
    if not take_start_lock(job, f"{host} {os.getpid()}"):
        sys.stderr.write("it was begun or withdrawn before: nothing is done\n")
        return 0
    context = open_worker_context(given.workspace)
    adopt_orphans()
    limits = ResourceLimits(cpus=given.cpus, memory_bytes=given.memory_bytes)
    adapter = NodeAdapter(context.paths.folder, os.environ)
    machine = OneMachine(job, [limits])
    Worker(context, given.run, CancelFlag(job), machine, adapter, adopts_orphans=True).carry_out()
    context.recorder.close()
    return 0
