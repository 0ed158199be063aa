"""The parts of a workspace, put together as opening one does, or between what people hold and its parts."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from trackboard import Workspace
from trackboard.blobs import open_folder
from trackboard.ingest import FolderRunFiles, FolderSpools, Ingest
from trackboard.launch.context.launch_context import LaunchContext
from trackboard.launch.context.worker_context import WorkerContext
from trackboard.layout import WorkspacePaths
from trackboard.model import Event, RunId, new_writer_id
from trackboard.ports import Batch, Blobs, Position, SeriesPoints, SpoolSource, Store, Target
from trackboard.service import LocalService, Service
from trackboard.workspace import Workspace as Parts


def api(parts: Parts) -> Workspace:
    """Return what people type for a workspace whose parts are at hand."""
    return Workspace(LocalService(parts))


def parts(opened: Workspace | Service) -> Parts:
    """Return the parts of a workspace that people opened."""
    service = opened.service if isinstance(opened, Workspace) else opened
    assert isinstance(service, LocalService)
    return service._workspace


def ingest_of(
    folder: Path,
    store: Store,
    *,
    source: SpoolSource | None = None,
    is_local: bool | None = None,
    blobs: Blobs | None = None,
    may_ingest: Callable[[], bool] = lambda: True,
    clock: Callable[[], float] = time.monotonic,
) -> Ingest:
    """Return what stores the spools of the workspace in a folder.

    Args:
        folder: The workspace's.
        store: Where to store.
        source: Where the spools are, when not in the folder.
        is_local: Whether only this machine has the folder mounted; None: to be found out.
        blobs: Where complete files belong, when not in the folder.
        may_ingest: As for `Ingest`.
        clock: As for `Ingest`.
    """
    paths = WorkspacePaths(folder)
    return Ingest(
        source or FolderSpools(paths.spool, paths.lock, is_local=is_local),
        paths.lock,
        store,
        FolderRunFiles(paths),
        blobs or open_folder(paths.blobs),
        may_ingest,
        clock=clock,
    )


def no_target(*_names: str) -> Target:
    """Stand for targets where nobody may be asked for one."""
    raise AssertionError("nobody may be asked for a target here")


def launch_context_of(
    worker: WorkerContext,
    store: Store,
    *,
    target_for: Callable[[str], Target] = no_target,
    engine_of: Callable[[RunId, str], Target] = no_target,
) -> LaunchContext:
    """Return the parts of a workspace that submitting and queueing use, of those that a worker has.

    Args:
        worker: The parts that a worker has.
        store: Where what is recorded is stored.
        target_for: As in `LaunchContext`.
        engine_of: As in `LaunchContext`.
    """
    ingest = ingest_of(worker.paths.folder, store, blobs=worker.blobs)
    return LaunchContext(
        **vars(worker),
        name="w",
        store=store,
        drain=ingest.drain,
        target_for=target_for,
        engine_of=engine_of,
    )


def store_events(store: Store, *events: Event, points: tuple[SeriesPoints, ...] = ()) -> None:
    """Store what a process of its own said."""
    batch = Batch(new_writer_id(), Position(0, 0), Position(0, 1), events, points)
    store.apply([batch])
