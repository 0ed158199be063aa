"""A workspace into a backup: written aside, and named when it is whole."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import shutil
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol

from trackboard.errors import Conflict, Unavailable, UsageError
from trackboard.layout import PRIVATE_FILE, WorkspacePaths, open_file
from trackboard.stores import SqlStore, copy_sqlite, open_read_only
from trackboard.transfer.backup.contents import (
    COMPLETE,
    FORMAT,
    MANIFEST,
    Manifest,
    database_name,
    list_files,
)
from trackboard.transfer.disk_errors import check_writable, explained

_PIECE_BYTES = 1 << 20
_GZIP = (".tar.gz", ".tgz")
_PROGRESS_EVERY = 50


@dataclass(frozen=True)
class BackupReport:
    """What a backup holds.

    Attributes:
        path: Where it is.
        runs: How many runs.
        files: How many files, the database included.
        size_bytes: Their size together.
    """

    path: Path
    runs: int
    files: int
    size_bytes: int


class Target(Protocol):
    """Where a backup is written to."""

    def add(self, name: PurePosixPath, source: BinaryIO, size_bytes: int, mode: int) -> None:
        """Write a file of that size; what the source holds beyond it is left out."""
        ...


def take_backup(
    paths: WorkspacePaths,
    database: Path,
    target: Path,
    *,
    workspace: str,
    made: str,
    progress: Callable[[int, int, int], None] | None = None,
) -> BackupReport:
    """Write a backup of a workspace. Whoever calls has stored what was said before.

    Args:
        paths: The workspace.
        database: Its database.
        target: A file that ends in `.tar`, `.tar.gz` or `.tgz`, or a folder; not there yet, or empty.
        workspace: The workspace's name.
        made: When it was begun: ISO 8601 in UTC.
        progress: Is told how many files of how many are copied.

    Raises:
        UsageError: The target is in the workspace, or its folder is not there.
        Conflict: There is something at the target.
        Unavailable: The disk refuses; there is nothing at the target then.
    """
    target = target.absolute()
    _check(paths, target)
    temporary = target.with_name(f".{target.name}.{os.urandom(8).hex()}")
    copy = temporary.with_name(f"{temporary.name}.db")
    try:
        with explained(target, "the backup"):
            copy_sqlite(database, copy)
            runs = _count_runs(copy)
            manifest = Manifest(FORMAT, workspace, made, runs)
            with _opened(temporary, target.name) as writer:
                files, size_bytes = _write(writer, paths, copy, manifest, progress)
            os.replace(temporary, target)
            _sync(target.parent)
    finally:
        _remove(temporary)
        for leftover in (copy, copy.with_name(f"{copy.name}-journal")):
            with contextlib.suppress(OSError):
                leftover.unlink()
    return BackupReport(target, runs, files, size_bytes)


def _check(paths: WorkspacePaths, target: Path) -> None:
    check_writable(target, "the backup")
    if not target.parent.is_dir():
        raise UsageError(f"there is no folder {target.parent}", hint="Make it first.")
    home = paths.folder.resolve()
    if home in (target.resolve(), *target.resolve().parents):
        raise UsageError(
            f"{target} is inside of the workspace that is to be saved",
            hint="Name a file elsewhere, best on another disk.",
        )
    if target.is_file() or (target.is_dir() and any(target.iterdir())):
        raise Conflict(f"{target} is there already", hint="Name another file, or move it away.")


def _count_runs(database: Path) -> int:
    store: SqlStore = open_read_only(database, "it is a copy")
    try:
        return sum(run.number > 0 for run in store.list_runs())
    finally:
        store.close()


def _write(
    writer: Target,
    paths: WorkspacePaths,
    database: Path,
    manifest: Manifest,
    progress: Callable[[int, int, int], None] | None,
) -> tuple[int, int]:
    _add_content(writer, MANIFEST, manifest.encode())
    files, size_bytes = 1, _add(writer, database_name(), database)
    total = sum(1 for _ in list_files(paths)) if progress is not None else 0
    for name, path in list_files(paths):
        with contextlib.suppress(FileNotFoundError):  # stored and removed meanwhile
            size_bytes += _add(writer, name, path)
            files += 1
        if progress is not None and files % _PROGRESS_EVERY == 0:
            progress(min(files, total), total, 0)
    _add_content(writer, COMPLETE, b"%d\n" % (files + 1))
    return files, size_bytes


def _add_content(writer: Target, name: str, content: bytes) -> None:
    writer.add(PurePosixPath(name), io.BytesIO(content), len(content), PRIVATE_FILE)


def _add(writer: Target, name: PurePosixPath, path: Path) -> int:
    with _open(path) as source:
        found = os.fstat(source.fileno())
        writer.add(name, source, found.st_size, found.st_mode & 0o777)
    return found.st_size


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Unavailable(
            f"{path} could not be read: {error.strerror or error}",
            hint="Nothing was saved. Ask its owner to make the backup, or to let you read it.",
        ) from error


@contextlib.contextmanager
def _opened(path: Path, name: str) -> Iterator[Target]:
    if not name.endswith((".tar", *_GZIP)):
        path.mkdir(0o700)
        yield _FolderTarget(path)
        return
    with contextlib.ExitStack() as stack:
        raw: BinaryIO = stack.enter_context(open(path, "xb", opener=open_file))
        path.chmod(PRIVATE_FILE)  # environment variables of jobs are in it
        stack.callback(os.fsync, raw.fileno())  # when all that writes into it is closed
        stack.callback(raw.flush)
        stream: BinaryIO = raw
        if name.endswith(_GZIP):
            stream = stack.enter_context(gzip.open(raw, "wb", compresslevel=1))  # type: ignore[assignment]
        yield _TarTarget(stack.enter_context(tarfile.open(fileobj=stream, mode="w")))


class _TarTarget:
    """A tar archive."""

    def __init__(self, archive: tarfile.TarFile) -> None:
        self._archive = archive

    def add(self, name: PurePosixPath, source: BinaryIO, size_bytes: int, mode: int) -> None:
        """Write a file of that size."""
        entry = tarfile.TarInfo(str(name))
        entry.size, entry.mode = size_bytes, mode
        self._archive.addfile(entry, _Padded(source))  # type: ignore[arg-type]


class _Padded:
    """A file that shrank since its size was asked ends in zeros: its archive must hold what it says."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source

    def read(self, count: int) -> bytes:
        return self._source.read(count).ljust(count, b"\0")


class _FolderTarget:
    """A folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, name: PurePosixPath, source: BinaryIO, size_bytes: int, mode: int) -> None:
        """Write a file of that size."""
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            left = size_bytes
            while left and (piece := source.read(min(left, _PIECE_BYTES))):
                file.write(piece)
                left -= len(piece)
            file.flush()
            os.fsync(file.fileno())


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    """Ask the disk to keep a folder's names; not every file system can."""
    with contextlib.suppress(OSError):
        fd = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
