"""The composition root: a location becomes store, blobs, spool and targets. The one file that knows all.

Recording needs none of this (see `trackboard.record`); whoever reads, submits or shows opens it.
"""

from __future__ import annotations

import functools
import os
import threading
import time
from pathlib import Path

from trackboard.blobs import open_folder
from trackboard.config import (
    Location,
    find_location,
    is_network_folder,
    make_workspace,
    read_settings,
    say_once,
)
from trackboard.errors import Unavailable
from trackboard.ingest import FileLock, Ingest
from trackboard.model import Run, RunId
from trackboard.ports import Blobs, Store
from trackboard.record import Recorder, get_recorder
from trackboard.stores import open_sqlite

_DATABASE = "trackboard.db"
_LOCK_PATIENCE_S = 30.0
_REFRESH_S = 0.2


class Workspace:
    """One workspace: its history, its files, its jobs. Safe from several threads.

    Nothing is opened before it is needed.

    Args:
        location: Where it is; see `open`.
    """

    def __init__(self, location: Location) -> None:
        self.location = location
        self.folder = location.folder
        self.settings = read_settings(self.folder)
        self._opening = threading.RLock()

    @classmethod
    def open(cls, location: str | os.PathLike[str] | Location | None = None) -> Workspace:
        """Open a workspace, and make it when it does not exist.

        Args:
            location: A folder, or None to search from the current folder (see `config.location`).

        Raises:
            UsageError: The location or its settings are wrong.
            Conflict: A newer trackboard wrote it.
            Unavailable: The folder cannot be read or written.
        """
        if not isinstance(location, Location):
            location = find_location(location)
        if make_workspace(location.folder):
            say_once(
                f"new workspace in {location.folder} (delete that folder to delete everything)"
            )
        if location.sdk_config is not None:
            say_once(
                f"{location.sdk_config.path} names workspace {location.name!r}:"
                f" its history is in {location.folder}, nothing is sent to Azure"
            )
        return cls(location)

    @property
    def name(self) -> str:
        """The workspace's name."""
        return self.location.name

    @property
    def spool_folder(self) -> Path:
        """Where processes record."""
        return self.folder / "spool"

    def run_folder(self, run: RunId) -> Path:
        """Where the plain files of a run are, to be looked at by anybody."""
        return self.folder / "runs" / run

    def recorder(self) -> Recorder:
        """This process's recorder."""
        return get_recorder(self.spool_folder)

    # -- what is opened when it is needed ---------------------------------------------------------

    @property
    def store(self) -> Store:
        """The history's database, made under the workspace's lock when it is not there."""
        with self._opening:
            return self._store

    @functools.cached_property
    def _store(self) -> Store:
        path = self.folder / (self.settings.store or _DATABASE)
        shared = self.settings.network_folder
        if shared is None:
            shared = is_network_folder(path.parent)
        if shared:
            say_once(
                f"{path.parent} is on a network file system: the database is used by one host at a time"
                f' (set store = "<a local path>" in {self.folder / "trackboard.toml"} to lift that)'
            )
        if path.exists():
            return open_sqlite(path, network_folder=shared)
        lock = self._lock
        patience_ends_s = time.monotonic() + _LOCK_PATIENCE_S
        while True:
            with lock.attempt() as is_held:
                if is_held:
                    return open_sqlite(path, network_folder=shared)
            if time.monotonic() > patience_ends_s:
                raise Unavailable(
                    f"the workspace {self.folder} is locked by {lock.holder()}",
                    hint="Look at that process, or end it.",
                )
            time.sleep(0.005)

    @functools.cached_property
    def blobs(self) -> Blobs:
        """Complete files."""
        return open_folder(self.folder / "blobs")

    @functools.cached_property
    def _lock(self) -> FileLock:
        return FileLock(self.folder / "lock")

    @property
    def _ingest(self) -> Ingest:
        with self._opening:
            return self._spools

    @functools.cached_property
    def _spools(self) -> Ingest:
        return Ingest(self.spool_folder, self.folder / "lock", self.store, self.run_folder)

    # -- seeing what was said -----------------------------------------------------------------------

    def drain(self) -> None:
        """Return when everything said before the call, by any process, is stored.

        Raises:
            Unavailable: Another process holds the lock and makes no progress for 30 s.
        """
        self._ingest.drain()

    def refresh(self) -> int:
        """Store what has arrived, for at most 200 ms; returns how many bytes are still unread."""
        return self._ingest.refresh(_REFRESH_S)

    def find_run(self, run: RunId) -> Run | None:
        """The run as it is now, or None."""
        self.drain()
        return self.store.find_run(run)

    def close(self) -> None:
        """Let go of the database. May be repeated; this process's recorder goes on."""
        with self._opening:
            if "_store" in self.__dict__:
                self._store.close()
                del self.__dict__["_store"]
                self.__dict__.pop("_spools", None)
