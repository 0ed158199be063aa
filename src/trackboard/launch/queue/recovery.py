"""Jobs that are being queued: a client that is killed halfway leaves none that says it waits and does not.

A run is created in the stream, its place in the queue is in the store, and a client can be killed between
the two. So it holds a lock on a file of the run's name meanwhile. A file that nobody holds is of a client
that is gone; whoever advances the queue next takes its job to where it was going.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from trackboard.errors import Conflict, InternalError, NotFound
from trackboard.launch.context.launch_context import LaunchContext
from trackboard.launch.context.plan_file import is_own_plan, load_plan
from trackboard.launch.context.working_copy import remove_work
from trackboard.layout import WorkspacePaths, make_folder, open_file
from trackboard.layout.locks import try_lock, unlock
from trackboard.model import QueuedJob, RunId, RunState


@contextlib.contextmanager
def submission_in_progress(paths: WorkspacePaths, run: RunId) -> Iterator[None]:
    """Hold a lock that says that a job is being queued, from its first record to its row in the queue.

    Args:
        paths: The paths of the workspace.
        run: The job's run.
    """
    location = paths.submissions / run
    make_folder(location.parent)
    temporary = location.with_name(f".{run}")  # nobody finds it before it is locked
    fd = open_file(temporary, os.O_RDWR | os.O_CREAT)
    try:
        try_lock(fd)
        temporary.rename(location)
        try:
            yield
        finally:
            location.unlink()
    finally:
        unlock(fd)
        os.close(fd)


def recover_submissions(context: LaunchContext) -> None:
    """Queue the jobs of clients that were killed while they queued them; forget those without a run."""
    try:
        names = [name for name in os.listdir(context.paths.submissions) if not name.startswith(".")]
    except FileNotFoundError:
        return
    for name in names:
        if not is_own_plan(context.paths.job(RunId(name))):
            continue
        with _abandoned(context.paths.submissions / name) as is_abandoned:
            if is_abandoned:
                _recover(context, RunId(name))


def _recover(context: LaunchContext, run: RunId) -> None:
    context.drain()
    found = context.store.find_run(run)
    if found is None:
        remove_work(context.paths.job(run).folder)
    elif found.state is RunState.QUEUED:
        try:
            plan = load_plan(context.paths.job(run))
            context.store.add_job(QueuedJob(run, plan.compute, plan.submitted_s, claimed=False))
        except Conflict:  # it was killed a moment later
            return
        except (NotFound, InternalError) as exc:
            context.recorder.attach(run, owner=True).fail(f"it cannot be started: {exc}")


@contextlib.contextmanager
def _abandoned(location: Path) -> Iterator[bool]:
    """Whether nobody holds this file; it is removed after the block then."""
    try:
        fd = os.open(location, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:  # just now it came to its end
        yield False
        return
    try:
        is_abandoned = try_lock(fd)
        yield is_abandoned
        if is_abandoned:
            location.unlink(missing_ok=True)
    finally:
        os.close(fd)
