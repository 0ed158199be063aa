"""What of a workspace is opened when it is needed: its database, and the ingest that fills it."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from trackboard.blobs import open_folder
from trackboard.config import SettingsFile, holds_workspace, make_workspace
from trackboard.errors import Unavailable
from trackboard.ingest import FolderRunFiles, FolderSpools, Ingest
from trackboard.layout import WorkspacePaths, is_network_folder
from trackboard.layout.locks import FileLock
from trackboard.notice import say_once
from trackboard.ports import Store
from trackboard.workspace.database import WorkspaceDatabase, may_be_made, register_database


class OpenParts:
    """The database and the ingest of one workspace, each opened at its first use. Safe from several threads.

    Args:
        paths: The paths of the workspace.
        settings: The settings of the workspace.
    """

    def __init__(self, paths: WorkspacePaths, settings: SettingsFile) -> None:
        self._paths = paths
        self._folder = paths.folder
        self._settings = settings
        self._lock = FileLock(paths.lock)
        self._opening = threading.RLock()
        self._database: WorkspaceDatabase | None = None
        self._ingest: Ingest | None = None
        self._said_unread = False

    @property
    def database_path(self) -> Path:
        """Where the database is, or should be."""
        told = self._settings.read().store
        return self._folder / told if told else self._paths.database

    @property
    def database(self) -> WorkspaceDatabase:
        """The database, made under the workspace's lock when there was never one."""
        with self._opening:
            if self._database is not None:
                self._leave_what_is_gone()
            if self._database is None:
                self._database = WorkspaceDatabase(
                    self._folder,
                    self.database_path,
                    network_folder=self._is_on_network(),
                    lock=self._lock,
                )
            return self._database

    @property
    def store(self) -> Store:
        """What is stored."""
        return self.database.store

    @property
    def ingest(self) -> Ingest:
        """What stores what is recorded."""
        with self._opening:
            return self._ingest_into(self.database)

    def _ingest_into(self, database: WorkspaceDatabase) -> Ingest:
        with self._opening:
            if self._ingest is None:
                told = self._settings.read().network_folder
                is_local = None if told is None else not told
                self._ingest = Ingest(
                    FolderSpools(self._paths.spool, self._lock.path, is_local=is_local),
                    self._lock.path,
                    database.store,
                    FolderRunFiles(self._paths),
                    open_folder(self._paths.blobs),
                    database.may_ingest,
                )
            return self._ingest

    def prepare_to_write(self, *, needs_to: bool = True) -> None:
        """Make a workspace anew that was deleted or moved away, as recording does.

        Args:
            needs_to: Refuse where nothing can be written.

        Raises:
            Unavailable: Nothing can be written from here.
        """
        if not self._settings.is_there():
            make_workspace(self._folder)
        if needs_to and self.database.obstacle:
            raise Unavailable(
                f"the workspace {self._folder} cannot be written from here: {self.database.obstacle}",
                hint="It can be read. Work in a folder of your own, or ask its owner to share it.",
            )

    def drain(self) -> Store:
        """Store what was recorded before the call; where nothing can be written, say what is left.

        Returns:
            What is stored.

        Raises:
            Unavailable: Another process holds the lock and makes no progress for 30 s.
        """
        with self._opening:
            database = self.database
            ingest = self._ingest_into(database)
        ingest.drain()
        if database.obstacle and (unread_bytes := ingest.unread_bytes()):
            self._say_unread(unread_bytes)
        return database.store

    def read_on(self, budget_s: float) -> int:
        """Store what has arrived, for about `budget_s`, for a page that shows what is stored.

        Returns:
            The bytes that are left for the next call: none where nothing is stored from here.
        """
        unread_bytes = self.ingest.refresh(budget_s)
        if not unread_bytes or self.database.may_ingest():
            return unread_bytes
        self._say_unread(unread_bytes)
        return 0

    def register_database(self) -> str:
        """Let the database at `database_path`, made when it is not there, and no other ingest it.

        Returns:
            Its id.
        """
        self.close()
        return register_database(
            self._folder,
            self.database_path,
            network_folder=self._is_on_network(),
            lock=self._lock,
        )

    def close(self) -> None:
        """Let go of the database. May be repeated; the next use opens it again."""
        with self._opening:
            database, self._database, self._ingest = self._database, None, None
            if database is not None:
                database.store.close()

    def _say_unread(self, unread_bytes: int) -> None:
        if self.database.obstacle and not self._said_unread:
            self._said_unread = True
            say_once(
                f"{unread_bytes:,} bytes are recorded in {self._folder} and not stored: this workspace"
                f" cannot be written from here ({self.database.obstacle})"
            )

    def _leave_what_is_gone(self) -> None:
        """Where the folder was deleted or moved away, go on with what was recorded in its place since."""
        if os.path.exists(self.database_path) or not may_be_made(self._folder):
            return  # where it is only the database that is missing, its next use says so
        if not holds_workspace(self._folder):
            raise Unavailable(
                f"the workspace {self._folder} is gone: it was deleted or moved",
                hint="Open a workspace again; the next run that is recorded makes a new one, too.",
            )
        self.close()
        make_workspace(self._folder)

    def _is_on_network(self) -> bool:
        path, told = self.database_path, self._settings.read().network_folder
        shared = is_network_folder(path.parent) if told is None else told
        if shared:
            say_once(
                f"{path.parent} is on a network file system: the database is used by one host at a time"
                f' (set store = "<a local path>" in {self._paths.settings} to lift that)'
            )
        return shared
