"""Which database is a workspace's: made once, registered, and never made again because it is missing.

One database ingests a workspace: the one whose id stands in the file `database`. Any other one that is
found in its place (a second host's, a file that was put there) shows the history that it holds; what is
recorded stays in the spools for the one that is registered.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from trackboard.errors import Unavailable
from trackboard.layout import PRIVATE_FILE, WorkspacePaths, give_to_group, is_shared
from trackboard.layout.locks import FileLock
from trackboard.stores import SqlStore, create_sqlite, open_read_only, open_sqlite
from trackboard.workspace.obstacle import find_obstacle
from trackboard.workspace.registration import (
    Registration,
    read_registration,
    write_registration,
)

_log = logging.getLogger("trackboard")
_LOCK_TIMEOUT_S = 30.0


class WorkspaceDatabase:
    """The database of one workspace, open. Safe from several threads.

    Args:
        folder: The workspace's.
        path: The database's file.
        network_folder: Whether it lies on a network file system.
        lock: The workspace's.
        lock_timeout_s: How long it is waited for.

    Attributes:
        obstacle: Why nothing can be written from here, in words; empty when it can.

    Raises:
        Conflict: The file is no history of ours, is damaged, or is of a newer version.
        Unavailable: It is missing where it should be, or cannot be opened.
    """

    def __init__(
        self,
        folder: Path,
        path: Path,
        *,
        network_folder: bool,
        lock: FileLock,
        lock_timeout_s: float = _LOCK_TIMEOUT_S,
    ) -> None:
        self._folder = folder
        self._path = path
        self._network_folder = network_folder
        self._lock = lock
        self._lock_timeout_s = lock_timeout_s
        self._judged: tuple[object, ...] = ()
        self._was_registered = True
        self.obstacle = find_obstacle(folder, path)
        self.store = self._open()

    def may_ingest(self) -> bool:
        """Whether what is recorded in the workspace belongs into this database, now.

        Raises:
            Unavailable: The database is not where it was.
        """
        if self.obstacle:
            return False
        return self.is_registered

    @property
    def is_registered(self) -> bool:
        """Whether this is the database that ingests the workspace, now.

        Raises:
            Unavailable: The database is not where it was.
        """
        seen = (_stamp(WorkspacePaths(self._folder).database_id), _identify(self._path))
        if seen[1] is None:
            raise missing(self._folder, self._path)
        if seen != self._judged:
            self._was_registered = self._compare()
            self._judged = seen
        return self._was_registered

    def _open(self) -> SqlStore:
        if _is_there(self._path):
            if self.obstacle:
                return open_read_only(
                    self._path, self.obstacle, network_folder=self._network_folder
                )
            store = self._open_to_write()
            if read_registration(self._folder) is None:
                self._register_first(store)
            return store
        self._refuse_another()
        with _held(self._lock, self._folder, self._lock_timeout_s):
            if not _is_there(self._path):  # nobody was faster
                self._refuse_another()
                _make(self._folder, self._path, network_folder=self._network_folder)
            store = self._open_to_write()
            if read_registration(self._folder) is None:
                _register(self._folder, self._path, store)
        return store

    def _open_to_write(self) -> SqlStore:
        return open_sqlite(self._path, network_folder=self._network_folder, create=False)

    def _register_first(self, store: SqlStore) -> None:
        """Register the database of a workspace that an older trackboard made."""
        with self._lock.attempt() as is_held:
            if is_held and read_registration(self._folder) is None:
                _register(self._folder, self._path, store)

    def _refuse_another(self) -> None:
        """See that a database may be made: not where there is or was one.

        Raises:
            Unavailable: It is missing.
        """
        if not may_be_made(self._folder):
            raise missing(self._folder, self._path)
        if self.obstacle:
            raise Unavailable(
                f"nothing of {self._folder} has been stored yet, and it cannot be written from here:"
                f" {self.obstacle}",
                hint="Type trackboard runs where it can be written; then it can be read here.",
            )

    def _compare(self) -> bool:
        registered = read_registration(self._folder)
        if registered is None or registered.id == self.store.database_id():
            return True
        _log.warning(
            "%s is not the database of the workspace %s (that is %s, id %s): it shows the history that it"
            " holds, and nothing new is stored in it. trackboard where --register-database %s makes it"
            " the workspace's.",
            *(self._path, self._folder, registered.path, registered.id, self._folder),
        )
        return False


def register_database(folder: Path, path: Path, *, network_folder: bool, lock: FileLock) -> str:
    """Let the database at `path`, made when it is not there, and no other ingest the workspace.

    Args:
        folder: The workspace's.
        path: The database's file.
        network_folder: Whether it lies on a network file system.
        lock: The workspace's.

    Returns:
        The database's id.

    Raises:
        Conflict: The file is no history of ours, is damaged, or is of a newer version.
        Unavailable: The disk or another process does not let us.
    """
    with _held(lock, folder):
        if not _is_there(path):
            _make(folder, path, network_folder=network_folder)
        store = open_sqlite(path, network_folder=network_folder, create=False)
        try:
            return _register(folder, path, store)
        finally:
            store.close()


def may_be_made(folder: Path) -> bool:
    """Whether a workspace never had a database: none is registered, and no run or job has a file in it."""
    if read_registration(folder) is not None:
        return False
    for made_by_use in _filled(folder):
        with suppress(FileNotFoundError):
            if os.listdir(made_by_use):
                return False
    return True


def _filled(folder: Path) -> tuple[Path, Path]:
    """Return the folders that only a workspace with a database fills."""
    paths = WorkspacePaths(folder)
    return paths.runs, paths.jobs


def missing(folder: Path, path: Path) -> Unavailable:
    """The error for a database that is not where it should be.

    Args:
        folder: The workspace's.
        path: Where the database should be.
    """
    registered = read_registration(folder)
    paths = (WorkspacePaths(folder).settings, *_filled(folder))
    there = [path.name for path in paths if path.exists()]
    was = f" (it was {registered.path})" if registered and registered.path != str(path) else ""
    return Unavailable(
        f"the database {path} is missing{was}; the workspace {folder} has {', '.join(there)}",
        hint="Put a copy of it back, or mount its disk; nothing is stored until then, and nothing recorded"
        f" is lost. To begin an empty one: trackboard where --register-database {folder}",
    )


def _make(folder: Path, path: Path, *, network_folder: bool) -> None:
    """Make an empty database; outside of the workspace no folder of ours keeps others from it."""
    create_sqlite(path, network_folder=network_folder)
    if folder in path.parents:
        return
    if is_shared(folder):
        give_to_group(path, folder.stat().st_gid)
    else:
        path.chmod(PRIVATE_FILE)


def _register(folder: Path, path: Path, store: SqlStore) -> str:
    found = store.database_id()
    write_registration(folder, Registration(found, str(path)))
    if not _is_there(path):  # or a workspace that is being deleted would miss it for ever
        WorkspacePaths(folder).database_id.unlink(missing_ok=True)
        raise Unavailable(
            f"the workspace {folder} was deleted while it was opened", hint="Open it again."
        )
    return found


@contextmanager
def _held(lock: FileLock, folder: Path, timeout_s: float = _LOCK_TIMEOUT_S) -> Iterator[None]:
    """Hold the workspace's lock; wait for it."""
    with lock.hold(timeout_s) as is_held:
        if not is_held:
            raise Unavailable(
                f"the workspace {folder} is locked by {lock.holder()}",
                hint="Look at that process, or end it.",
            )
        yield


def _is_there(path: Path) -> bool:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise Unavailable(f"the database {path} cannot be reached: {error.strerror}") from error
    return True


def _stamp(path: Path) -> tuple[int, ...] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _identify(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
