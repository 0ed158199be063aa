"""The condition of a workspace, for people: who may read it, where its database is, what is not stored."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

from trackboard.config import Location, holds_workspace
from trackboard.errors import TrackboardError
from trackboard.gc.collect import collect
from trackboard.gc.sizes import measure
from trackboard.gc.usage import Usage, measure_usage
from trackboard.ingest import list_set_aside
from trackboard.layout import FileSystem, describe_others, find_file_system, is_shared
from trackboard.layout.paths import QUARANTINE, SILENT_SPOOLS, WorkspacePaths
from trackboard.spool import list_segments, list_writers
from trackboard.workspace.registration import read_registration
from trackboard.workspace.workspace import Workspace


@dataclass(frozen=True)
class DatabaseCondition:
    """A workspace's database."""

    path: Path
    exists: bool
    is_registered: bool | None  # as the one that ingests the workspace; None: nothing is registered


@dataclass(frozen=True)
class Condition:
    """What is known of a workspace without reading its history."""

    folder: Path
    exists: bool
    size_bytes: int
    file_system: FileSystem
    shared: bool = False  # with its group
    readers: str = ""  # who else may read it, in words
    obstacle: str = ""  # why nothing can be written from here, in words
    database: DatabaseCondition | None = None
    unread_bytes: int = 0  # recorded and not stored
    quarantined: tuple[Path, ...] = ()  # spools of writers that say what cannot be stored
    silent: tuple[Path, ...] = ()  # spools of writers that may be dead
    problem: TrackboardError | None = None  # why it cannot be opened
    usage: Usage | None = None  # what takes space
    trash_runs: int = 0
    collectable_bytes: int = 0  # what a garbage collection would free, trash and all


def find_condition(location: Location) -> Condition:
    """Look at a workspace, which need not exist. Nothing is made; an owner's look applies its settings.

    Raises:
        Unavailable: It is another user's, who keeps it private.
    """
    folder = location.folder
    exists = holds_workspace(folder)
    if not exists:
        return Condition(folder, folder.is_dir(), measure(folder), find_file_system(folder))
    database, unread_bytes, obstacle, problem = None, 0, "", None
    usage, trash_runs, collectable_bytes = None, 0, 0
    try:
        with contextlib.closing(Workspace.open(location, create=False)) as workspace:
            database = _look_at_database(workspace)
            unread_bytes = _recorded_bytes(workspace.spool_folder)
            usage = measure_usage(folder, database.path)
            if database.exists or database.is_registered is not None:
                obstacle = workspace.obstacle
                unread_bytes = workspace.unread_bytes()
                trash_runs = len(workspace.store.list_runs(deleted=True))
                found = collect(workspace.gc_context, older_than_s=0.0, dry_run=True)
                collectable_bytes = found.size_bytes
    except TrackboardError as error:
        problem = error
    paths = WorkspacePaths(folder)
    return Condition(
        folder,
        exists=True,
        size_bytes=measure(folder) if usage is None else usage.size_bytes,
        file_system=find_file_system(folder),
        shared=is_shared(folder),
        readers=describe_others(folder),
        obstacle=obstacle,
        database=database,
        unread_bytes=unread_bytes,
        quarantined=tuple(list_set_aside(paths.spool, QUARANTINE).values()),
        silent=tuple(list_set_aside(paths.spool, SILENT_SPOOLS).values()),
        problem=problem,
        usage=usage,
        trash_runs=trash_runs,
        collectable_bytes=collectable_bytes,
    )


def register_database(location: Location) -> None:
    """Let the database that is where the settings say, made when it is not there, and no other ingest.

    Raises:
        NotFound: There is no workspace.
        Conflict: The file is no history of ours, is damaged, or is of a newer version.
        Unavailable: The disk or another process does not let us.
    """
    Workspace.open(location, create=False).parts.register_database()


def _look_at_database(workspace: Workspace) -> DatabaseCondition:
    path = workspace.parts.database_path
    registered = read_registration(workspace.folder)
    exists = os.path.exists(path)
    is_registered = (
        None if registered is None else exists and workspace.parts.database.is_registered
    )
    return DatabaseCondition(path, exists, is_registered)


def _recorded_bytes(spool_folder: Path) -> int:
    return sum(
        size_bytes
        for writer in list_writers(spool_folder)
        for _, size_bytes in list_segments(spool_folder / writer)
    )
