"""A backup into a workspace: unpacked aside, and named when it is whole."""

from __future__ import annotations

import contextlib
import errno
import gzip
import os
import shutil
import tarfile
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from trackboard.errors import Conflict, NotFound, Unavailable, UsageError
from trackboard.layout import ROOT, WorkspacePaths, create_file, make_folder
from trackboard.spool import list_writers
from trackboard.stores import SqlStore, open_sqlite
from trackboard.transfer.backup.contents import (
    COMPLETE,
    MANIFEST,
    Manifest,
    database_name,
    is_expected,
    read_manifest,
)
from trackboard.transfer.disk_errors import explained

_PIECE_BYTES = 1 << 20
_CAUSE = "it had not ended when the backup was made"


def restore_backup(
    backup: Path,
    folder: Path,
    *,
    progress: Callable[[int, int, int], None] | None = None,
) -> Manifest:
    """Make a workspace of a backup.

    Args:
        backup: What `take_backup` wrote.
        folder: The workspace's folder, which is not there yet, or empty.
        progress: Is told how many files are unpacked.

    Returns:
        What the backup says of itself.

    Raises:
        NotFound: There is no such backup.
        UsageError: It is none.
        Conflict: There is something in the folder, or a newer trackboard made the backup, or it is damaged.
        Unavailable: The disk refuses; there is nothing in the folder then.
    """
    folder = folder.absolute()
    if not backup.exists():
        raise NotFound(f"there is no backup {backup}", hint="Name what trackboard backup wrote.")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Conflict(
            f"there is something in {folder} already: nothing was restored",
            hint="Name another folder, or move that one away.",
        )
    temporary = folder.with_name(f".{folder.name}.{os.urandom(8).hex()}")
    try:
        with explained(folder, "the restored history"):
            make_folder(folder.parent)
            if folder.parent.name == ROOT:
                create_file(folder.parent / ".gitignore", "*\n")
            temporary.mkdir(0o700)
            manifest = _restore(backup, temporary, progress)
            os.replace(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return manifest


def _restore(
    backup: Path, folder: Path, progress: Callable[[int, int, int], None] | None
) -> Manifest:
    """Make a folder a workspace of its own; returns what the backup says of itself."""
    try:
        manifest = read_manifest(_unpack(backup, folder, progress), backup)
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise Conflict(f"{backup} is damaged: {error}", hint="Nothing was restored.") from error
    for name in (MANIFEST, COMPLETE):
        (folder / name).unlink()
    try:
        _finish(WorkspacePaths(folder))
    except Unavailable as error:  # names a folder that nobody knows
        raise OSError(errno.EIO, error.message) from error
    return manifest


def _unpack(
    backup: Path, folder: Path, progress: Callable[[int, int, int], None] | None
) -> bytes | None:
    """Write the files of a backup below a folder; returns its manifest."""
    manifest: bytes | None = None
    done = 0
    for done, (name, mode, source) in enumerate(_iter_files(backup), 1):
        if manifest is None and str(name) != MANIFEST:
            raise UsageError(
                f"{backup} is no backup of trackboard", hint="Name what trackboard backup wrote."
            )
        if not is_expected(name):
            raise Conflict(f"{backup} is damaged: it holds {str(name)!r}")
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            shutil.copyfileobj(source, file, _PIECE_BYTES)
        if manifest is None:
            manifest = path.read_bytes()
            read_manifest(manifest, backup)
        if progress is not None:
            progress(done, done, 0)
    if manifest is not None and not _is_complete(folder, done - 1):
        raise Conflict(f"{backup} is damaged: files are missing", hint="Nothing was restored.")
    return manifest


def _is_complete(folder: Path, files: int) -> bool:
    """Whether as many files came as there were before the last one."""
    try:
        return int((folder / COMPLETE).read_bytes()) == files
    except (FileNotFoundError, ValueError):
        return False


def _iter_files(backup: Path) -> Iterator[tuple[PurePosixPath, int, IO[bytes]]]:
    if backup.is_dir():
        names = sorted(
            Path(parent, name).relative_to(backup).as_posix()
            for parent, _, files in os.walk(backup)
            for name in files
        )
        for name in sorted(names, key=lambda each: (each != MANIFEST, each == COMPLETE)):
            path = backup / name
            with path.open("rb") as source:
                yield PurePosixPath(name), os.fstat(source.fileno()).st_mode & 0o777, source
        return
    try:
        archive = tarfile.open(backup)  # noqa: SIM115 - closed below
    except tarfile.ReadError:
        raise UsageError(
            f"{backup} is no backup of trackboard", hint="Name what trackboard backup wrote."
        ) from None
    except OSError as error:
        raise Unavailable(
            f"the backup {backup} could not be read: {error.strerror or error}",
            hint="Nothing was restored. Check that you may read it.",
        ) from error
    with archive:
        for entry in archive:
            content = archive.extractfile(entry) if entry.isreg() else None
            if content is not None:
                with content:
                    yield PurePosixPath(entry.name), entry.mode & 0o777, content


def _finish(paths: WorkspacePaths) -> None:
    """Let the workspace stand on its own: its database is here, and who wrote elsewhere writes no more."""
    _forget_store(paths.settings)
    store: SqlStore = open_sqlite(paths.folder / database_name(), create=False)
    try:
        written = {
            writer
            for spools in (paths.spool, paths.silent_spools, paths.quarantine)
            for writer in list_writers(spools)
        }
        for writer in store.positions().keys() - written:
            store.end_writer(writer, cause=_CAUSE, time_s=time.time())
    finally:
        store.close()


def _forget_store(settings: Path) -> None:
    """Take the line that names another database out of the settings: it is in the workspace now."""
    with contextlib.suppress(FileNotFoundError):
        lines = settings.read_text().splitlines(keepends=True)
        kept = [line for line in lines if line.partition("=")[0].strip() != "store"]
        if kept != lines:
            settings.write_text("".join(kept))
