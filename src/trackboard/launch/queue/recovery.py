"""Jobs that are being queued: a client that is killed halfway leaves none that says it waits and does not.

A run is created in the stream, its place in the queue is in the store, and a client can be killed between
the two. So it holds a lock on a file of the run's name meanwhile. A file that nobody holds is of a client
that is gone; whoever kicks the queue next takes its job to where it was going.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from trackboard.errors import Conflict, InternalError, NotFound
from trackboard.launch.context.launch_context import Site
from trackboard.launch.context.plan_file import is_own_plan, load_plan
from trackboard.launch.context.working_copy import remove_work
from trackboard.layout import WorkspacePaths, make_folder, open_file
from trackboard.layout.locks import try_lock, unlock
from trackboard.model import QueuedJob, RunId, RunState


@contextlib.contextmanager
def halfway(paths: WorkspacePaths, run: RunId) -> Iterator[None]:
    """Between the first word about a job and its place in the queue.

    Args:
        paths: The paths of the workspace.
        run: The job's run.
    """
    place = paths.submissions / run
    make_folder(place.parent)
    aside = place.with_name(f".{run}")  # nobody finds it before it is locked
    fd = open_file(aside, os.O_RDWR | os.O_CREAT)
    try:
        try_lock(fd)
        aside.rename(place)
        try:
            yield
        finally:
            place.unlink()
    finally:
        unlock(fd)
        os.close(fd)


def take_further(site: Site) -> None:
    """Queue the jobs of clients that were killed halfway; forget those that have no run yet."""
    try:
        names = [name for name in os.listdir(site.paths.submissions) if not name.startswith(".")]
    except FileNotFoundError:
        return
    for name in names:
        if not is_own_plan(site.paths.job(RunId(name))):
            continue
        with _abandoned(site.paths.submissions / name) as is_abandoned:
            if is_abandoned:
                _take_further(site, RunId(name))


def _take_further(site: Site, run: RunId) -> None:
    site.drain()
    found = site.store.find_run(run)
    if found is None:
        remove_work(site.paths.job(run).folder)
    elif found.state is RunState.QUEUED:
        try:
            plan = load_plan(site.paths.job(run))
            site.store.add_job(QueuedJob(run, plan.compute, plan.submitted_s, claimed=False))
        except Conflict:  # it was killed a moment later
            return
        except (NotFound, InternalError) as exc:
            site.recorder.attach(run, owner=True).fail(f"it cannot be started: {exc}")


@contextlib.contextmanager
def _abandoned(place: Path) -> Iterator[bool]:
    """Whether nobody holds this file; it is removed after the block then."""
    try:
        fd = os.open(place, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:  # just now it came to its end
        yield False
        return
    try:
        is_abandoned = try_lock(fd)
        yield is_abandoned
        if is_abandoned:
            place.unlink(missing_ok=True)
    finally:
        os.close(fd)
