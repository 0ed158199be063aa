"""A target by somebody else: jobs are files in a folder, and a shell loop runs them.

Written with nothing but the docstrings of `trackboard.ports`; it imports what those name.
"""

from __future__ import annotations

import os
import shlex
import signal
import sys
import time
from collections.abc import Hashable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from trackboard.config import check_options
from trackboard.errors import UsageError
from trackboard.layout import WorkspacePaths, replace_file
from trackboard.layout.cancel_flag import request_cancel
from trackboard.layout.handle import read_handle, save_handle
from trackboard.layout.start_lock import take_start_lock
from trackboard.model import JobPlan, RunId
from trackboard.ports import (
    Target,
    TargetMachine,
    TargetSpec,
    WorkerState,
    WorkerStatus,
    worker_command,
)

LOOP = """
cd "$1" || exit 1
while [ ! -e stop ]; do
    for job in *.sh; do
        [ -e "$job" ] || continue
        name=${job%.sh}
        mv "$job" "$name.running"
        ( sh "./$name.running" & echo $! >"$name.pid"; wait; mv "$name.running" "$name.done" ) &
    done
    sleep 0.05
done
wait
"""
_PATIENCE_S = 30.0


class FolderQueue:
    """Hands jobs to the loop that watches a folder; a handle is the run's id."""

    engine = "folder-queue"

    def __init__(self, spec: TargetSpec) -> None:
        self._paths = WorkspacePaths(spec.folder)
        self._queue = Path(str(spec.options))

    def describe(self) -> TargetMachine:
        """Return this machine: the loop runs here."""
        return TargetMachine(is_here=True)

    def check(self, plan: JobPlan) -> None:
        """Refuse jobs of several nodes."""
        if plan.nodes > 1:
            raise UsageError(f"the job needs {plan.nodes} nodes, and a folder is one")

    def has_room(self, nodes: int = 1) -> bool:
        """Return True: the folder is a queue of its own."""
        del nodes
        return True

    def start(self, plan: JobPlan) -> str:
        """Put a file into the folder."""
        job = self._paths.job(plan.run)
        save_handle(job, plan.run)
        words = worker_command(plan.run, str(self._paths.folder), sys.executable)
        text = f"exec {shlex.join(words)} 2>>{shlex.quote(str(job.worker_log))}\n"
        replace_file(self._file(plan.run, "sh"), text)
        return plan.run

    def find(self, run: RunId) -> str | None:
        """Return the handle, if the folder ever got the file."""
        handle = read_handle(self._paths.job(run))
        known = any(self._file(run, kind).exists() for kind in ("sh", "running", "done"))
        return handle if known else None

    def poll(self, handles: Sequence[str]) -> Mapping[str, WorkerStatus]:
        """Look at the files."""
        return {handle: WorkerStatus(self._state(handle)) for handle in handles}

    def cancel_if_not_started(self, handle: str) -> bool:
        """Set the cancel flag; a worker that has not begun never will."""
        job = self._paths.job(handle)
        request_cancel(job)
        is_ours = take_start_lock(job, "withdrawn")
        if is_ours:
            with suppress(FileNotFoundError):  # the loop has it, and its worker will do nothing
                self._file(handle, "sh").rename(self._file(handle, "done"))
        return is_ours

    def cancel(self, handle: str) -> None:
        """End the worker: politely, then by force."""
        deadline_s = time.monotonic() + _PATIENCE_S
        number = signal.SIGTERM
        while self._state(handle) is WorkerState.ALIVE:
            with suppress(FileNotFoundError, ValueError, ProcessLookupError):
                os.kill(int(self._file(handle, "pid").read_text()), number)
            if time.monotonic() > deadline_s:
                number = signal.SIGKILL
            time.sleep(0.2)

    def _state(self, handle: str) -> WorkerState:
        if self._file(handle, "sh").exists():
            return WorkerState.WAITING
        if self._file(handle, "running").exists():
            return WorkerState.ALIVE
        return WorkerState.GONE

    def _file(self, run: str, kind: str) -> Path:
        return self._queue / f"{run}.{kind}"


class _Engine:
    def read_options(self, where: str, options: Mapping[str, Any]) -> Hashable:
        known = check_options(where, options, {"queue": str})
        if "queue" not in known:
            raise UsageError(f"{where} names no queue", hint='Write queue = "/the/folder".')
        return str(known["queue"])

    def open(self, spec: TargetSpec) -> Target:
        return FolderQueue(spec)


ENGINE = _Engine()
