"""Blobs in a folder.

<folder>/<first two hex digits>/<other 62>    a blob
<folder>/new/<random>                         one that is being written
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from trackboard.errors import NotFound, Unavailable, UsageError
from trackboard.layout import make_folder, open_file

if TYPE_CHECKING:  # the ports load numpy
    from trackboard.ports import Blob, Blobs

_KEY = re.compile(r"sha256:([0-9a-f]{2})([0-9a-f]{62})")
_FOLDER = re.compile(r"[0-9a-f]{2}")
_NAME = re.compile(r"[0-9a-f]{62}")
_OTHER_DISK = frozenset((errno.EXDEV, errno.EACCES, errno.EPERM))  # or somebody else's folder
_PIECE_BYTES = 1024 * 1024


def open_folder(path: Path) -> Blobs:
    """The blobs below `path`; the folder is made when the first one is put."""
    return FolderBlobs(path)


class FolderBlobs:
    """`trackboard.ports.Blobs` on a folder; see there for what each method promises."""

    def __init__(self, path: Path) -> None:
        self._path = path.absolute()

    def put(self, source: BinaryIO) -> tuple[str, int]:
        """Store everything that `source` still holds; returns its key and size."""
        temporary = self._path / "new" / os.urandom(8).hex()
        try:
            digest, size_bytes = self._write(source, temporary)
            home = self._path / digest[:2] / digest[2:]
            if not home.exists():
                make_folder(home.parent)
                os.replace(temporary, home)
        except OSError as error:
            raise Unavailable(
                f"a file could not be kept in {self._path}: {error.strerror or error}",
                hint="Check that you may write to it and that its disk has space.",
            ) from error
        finally:
            self._forget(temporary)
        return f"sha256:{digest}", size_bytes

    def adopt(self, path: Path, key: str) -> None:
        """Move a file of this machine here: a rename on one disk, otherwise a copy."""
        home = self._home(key)
        if home is None:
            raise UsageError(f"no blob can have the key {key!r}", hint="Give it one of `put`.")
        try:
            if not home.exists():
                make_folder(home.parent)
                self._move(path, home)
        except FileNotFoundError:
            if not home.exists():  # nobody else was faster
                raise
        except OSError as error:
            raise Unavailable(
                f"the file {path} could not be moved to {self._path}: {error.strerror or error}",
                hint="Check that you may write to both and that the disk has space.",
            ) from error
        with contextlib.suppress(OSError):  # a copy, which somebody else may remove only
            os.unlink(path)

    def open(self, key: str) -> BinaryIO:
        """Open a blob for reading; the caller closes it."""
        home = self._home(key)
        try:
            if home is not None:
                return open(home, "rb")
        except FileNotFoundError:
            pass
        except OSError as error:
            raise Unavailable(
                f"the file {key!r} in {self._path} could not be read: {error.strerror or error}",
                hint="Check that you may read it.",
            ) from error
        raise self._missing(key)

    def locate(self, key: str) -> Path:
        """Where a blob is as a plain file."""
        home = self._home(key)
        if home is None or not home.exists():
            raise self._missing(key)
        return home

    def exists(self, key: str) -> bool:
        """Whether there is a blob under this key."""
        home = self._home(key)
        return home is not None and home.exists()

    def delete(self, key: str) -> None:
        """Forget a blob."""
        home = self._home(key)
        if home is not None:
            self._forget(home)

    def iter_blobs(self) -> Iterator[Blob]:
        """All blobs, in no particular order."""
        from trackboard.ports import Blob  # whoever only puts and opens need not load it

        for folder in _scan(self._path):
            if not _FOLDER.fullmatch(folder.name):
                continue
            for entry in _scan(Path(folder.path)):
                if _NAME.fullmatch(entry.name):
                    with contextlib.suppress(FileNotFoundError):  # it was deleted meanwhile
                        size_bytes = entry.stat(follow_symlinks=False).st_size
                        yield Blob(f"sha256:{folder.name}{entry.name}", size_bytes)

    def remove_leftovers(self, older_than_s: float, *, dry_run: bool = False) -> int:
        """Remove what was left of blobs that killed processes did not finish."""
        removed_bytes, now_s = 0, time.time()
        for entry in _scan(self._path / "new"):
            with contextlib.suppress(FileNotFoundError):
                found = entry.stat(follow_symlinks=False)
                if now_s - found.st_mtime < older_than_s:
                    continue
                removed_bytes += found.st_size
                if not dry_run:
                    self._forget(Path(entry.path))
        return removed_bytes

    def _missing(self, key: str) -> NotFound:
        return NotFound(
            f"there is no file {key!r} in {self._path}", hint="It may have been deleted."
        )

    def _home(self, key: str) -> Path | None:
        """Where a blob lies; None for a key that `put` cannot have given: it never becomes a path."""
        match = _KEY.fullmatch(key)
        return self._path / match[1] / match[2] if match else None

    def _write(self, source: BinaryIO, temporary: Path) -> tuple[str, int]:
        import hashlib  # recording starts without it

        digest, size_bytes = hashlib.sha256(), 0
        make_folder(temporary.parent)
        with open(temporary, "wb", opener=open_file) as sink:
            while piece := source.read(_PIECE_BYTES):
                digest.update(piece)
                sink.write(piece)
                size_bytes += len(piece)
        return digest.hexdigest(), size_bytes

    def _move(self, path: Path, home: Path) -> None:
        try:
            os.rename(path, home)
            return
        except OSError as error:
            if error.errno not in _OTHER_DISK:
                raise
        temporary = self._path / "new" / os.urandom(8).hex()
        try:
            with open(path, "rb") as source:
                self._write(source, temporary)
            os.replace(temporary, home)
        finally:
            self._forget(temporary)

    def _forget(self, path: Path) -> None:
        try:
            os.unlink(path)
        except (FileNotFoundError, NotADirectoryError):
            pass
        except OSError as error:
            raise Unavailable(
                f"the file {path} could not be deleted: {error.strerror or error}",
                hint="Check that you may write to its folder.",
            ) from error


def _scan(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise Unavailable(
            f"{folder} could not be listed: {error.strerror or error}",
            hint="Check that you may read it.",
        ) from error


if TYPE_CHECKING:

    def _fits(blobs: FolderBlobs) -> Blobs:
        return blobs
