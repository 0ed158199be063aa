"""`python -m trackboard worker`: the process that carries out one job. Started by a target, not by people.

A job's start waits for everything that is loaded here, so what is heavy is loaded once its script runs.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from trackboard.launch.context.worker_context import open_worker_context
from trackboard.launch.processes.orphan_reaper import adopt_orphans
from trackboard.launch.worker.end_request import StoredCancel
from trackboard.launch.worker.one_machine import OneMachine
from trackboard.launch.worker.worker import Worker
from trackboard.layout.locks import unlock
from trackboard.model import ResourceLimits, RunId, check_run_id

if TYPE_CHECKING:
    from trackboard.launch.context.launch_context import LaunchContext


def main(arguments: Sequence[str]) -> int:
    """Carry out the job of one run.

    Returns:
        The exit code: 0 also when the script failed, which the run says.
    """
    parser = argparse.ArgumentParser(prog="trackboard worker", allow_abbrev=False)
    parser.add_argument("run", type=check_run_id)
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--go-fd", type=int, required=True)
    parser.add_argument("--slot-fd", type=int, action="append", default=[])
    parser.add_argument("--share", type=_read_limits, action="append", default=[], dest="limits")
    given = parser.parse_args(arguments)
    os.setsid()  # not in the session of the shell that started it
    for number in (signal.SIGINT, signal.SIGQUIT):  # which that shell made deaf
        signal.signal(number, signal.SIG_DFL)
    if not os.read(given.go_fd, 1):
        return 0  # whoever started this was killed before it was known: do nothing
    os.close(given.go_fd)
    os.chdir(given.workspace)  # the folder of a notebook must not be held
    context = open_worker_context(given.workspace)
    adopt_orphans()
    open_context = functools.cache(functools.partial(_open_context, given.workspace))
    job = context.paths.job(given.run)
    cancel = StoredCancel(job, given.run, open_context)
    machine = OneMachine(job, given.limits, locks=given.slot_fd)
    Worker(context, given.run, cancel, machine, adopts_orphans=True).carry_out()
    context.recorder.close()
    for slot in given.slot_fd:  # also for a fork of the client that inherited it by accident
        unlock(slot)
    _start_next(open_context(), given.run)
    return 0


def _read_limits(text: str) -> ResourceLimits:
    fields = json.loads(text)
    gpus = fields.pop("gpus")
    return ResourceLimits(**fields, gpus=None if gpus is None else tuple(gpus))


def _open_context(folder: Path) -> LaunchContext:
    from trackboard.workspace import Workspace

    return Workspace.open(folder).launch_context


def _start_next(context: LaunchContext, run: RunId) -> None:
    """Leave the queue, and start who is next; nothing is lost if this fails."""
    from trackboard.launch.queue.queue import advance_queue

    context.store.remove_job(run)
    advance_queue(context)
