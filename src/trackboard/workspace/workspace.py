"""The composition root: a location becomes store, blobs and spool; `jobs` adds targets.

Recording needs none of this (see `trackboard.record`). Its parts are for those that stand right on it: the
service, which answers everybody else, and the processes of workers and boards.
"""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import TYPE_CHECKING

from trackboard.blobs import open_folder
from trackboard.config import (
    Location,
    Settings,
    SettingsFile,
    apply_sharing,
    find_location,
    holds_workspace,
    make_workspace,
)
from trackboard.errors import NotFound
from trackboard.ingest import FolderRunFiles, FolderSpools, Silence
from trackboard.layout import WorkspacePaths
from trackboard.model import RunId
from trackboard.notice import say_once
from trackboard.ports import Blobs, RunFiles, Store
from trackboard.workspace.parts import OpenParts

if TYPE_CHECKING:
    from trackboard.board.view.source import Source
    from trackboard.gc.context import GcContext
    from trackboard.launch.context.launch_context import LaunchContext
    from trackboard.record import Recorder
    from trackboard.workspace.jobs import WorkspaceJobs

_REFRESH_S = 0.1


class Workspace:
    """The parts of one workspace, put together. Safe from several threads.

    Nothing is opened before it is needed.

    Args:
        location: Where it is; see `open`.

    Attributes:
        paths: Where each of its files is.
        parts: Its database and what fills that, opened when they are needed.
    """

    def __init__(self, location: Location) -> None:
        self.location = location
        self.folder = location.folder
        self.paths = WorkspacePaths(self.folder)
        self._settings_file = SettingsFile(self.folder)
        self.parts = OpenParts(self.paths, self._settings_file)

    @classmethod
    def open(
        cls, location: str | os.PathLike[str] | Location | None = None, *, create: bool = True
    ) -> Workspace:
        """Open a workspace, and make it when it does not exist.

        Its owner's opening also gives it to the folder's group, or takes it back, as its settings say.

        Args:
            location: A folder, or None to search from the current folder (see `config.location`).
            create: Make it; False: only one that is there is opened.

        Raises:
            UsageError: The location or its settings are wrong.
            NotFound: There is none, and none shall be made.
            Conflict: A newer trackboard wrote it.
            Unavailable: The folder cannot be read or written.
        """
        if not isinstance(location, Location):
            location = find_location(location)
        if not create and not holds_workspace(location.folder):
            raise NotFound(
                f"there is no history in {location.folder}",
                hint="Go to the folder where you train, or name it. The first run makes it.",
            )
        if make_workspace(location.folder):
            say_once(
                f"new workspace in {location.folder} (delete that folder to delete everything)"
            )
        if location.sdk_config is not None:
            say_once(
                f"{location.sdk_config.path} names workspace {location.name!r}:"
                f" its history is in {location.folder}, nothing is sent to Azure"
            )
        workspace = cls(location)
        apply_sharing(location.folder, workspace.settings)
        return workspace

    @property
    def name(self) -> str:
        """The workspace's name."""
        return self.location.name

    @property
    def spool_folder(self) -> Path:
        """Where processes record."""
        return self.paths.spool

    def run_folder(self, run: RunId) -> Path:
        """Where the plain files of a run are, to be looked at by anybody."""
        return self.paths.run(run)

    def recorder(self) -> Recorder:
        """This process's recorder."""
        from trackboard.record import get_recorder  # to read, nothing that records is loaded

        return get_recorder(self.spool_folder)

    # -- what is opened when it is needed ---------------------------------------------------------

    @property
    def settings(self) -> Settings:
        """What `trackboard.toml` says now: a notebook stays open while people write to it."""
        return self._settings_file.read()

    @property
    def store(self) -> Store:
        """The history's database, made under the workspace's lock when there was never one."""
        return self.parts.store

    @property
    def obstacle(self) -> str:
        """Why nothing can be written from here, in words; empty when it can."""
        return self.parts.database.obstacle

    @functools.cached_property
    def blobs(self) -> Blobs:
        """Complete files."""
        return open_folder(self.paths.blobs)

    @functools.cached_property
    def run_files(self) -> RunFiles:
        """Plain files of runs, which may still grow."""
        return FolderRunFiles(self.paths)

    @functools.cached_property
    def silence(self) -> Silence:
        """Tells which writers may be dead."""
        return Silence(self.paths.spool, self.paths.lock)

    # -- what stands on it --------------------------------------------------------------------------

    @property
    def source(self) -> Source:
        """The workspace as the board sees it."""
        from trackboard.board.view.source import Source

        read_on = functools.partial(self.parts.read_on, _REFRESH_S)
        return Source(self.name, self.store, read_on, self.run_folder, self.blobs, self.folder)

    @functools.cached_property
    def jobs(self) -> WorkspaceJobs:
        """The jobs of the workspace."""
        from trackboard.workspace.jobs import WorkspaceJobs  # few readers need it

        return WorkspaceJobs(self)

    @property
    def gc_context(self) -> GcContext:
        """The workspace as a garbage collection sees it."""
        from trackboard.gc.context import GcContext

        spools = FolderSpools(self.paths.spool, self.paths.lock)
        return GcContext(self.paths, self.store, self.blobs, spools, self.drain)

    @property
    def launch_context(self) -> LaunchContext:
        """The workspace as submitting and queueing see it."""
        return self.jobs.launch_context

    def __repr__(self) -> str:
        return f"Workspace({str(self.folder)!r})"

    # -- seeing what was said -----------------------------------------------------------------------

    def drain(self) -> None:
        """Return when everything said before the call, by any process, is stored.

        Raises:
            Unavailable: Another process holds the lock and makes no progress for 30 s.
        """
        self.parts.drain()

    def refresh(self) -> int:
        """Store what has arrived, for at most 100 ms; returns how many bytes are still unread."""
        return self.parts.ingest.refresh(_REFRESH_S)

    def unread_bytes(self) -> int:
        """Bytes that are recorded and not stored."""
        return self.parts.ingest.unread_bytes()

    def close(self) -> None:
        """Let go of the database. May be repeated; this process's recorder goes on."""
        self.parts.close()
