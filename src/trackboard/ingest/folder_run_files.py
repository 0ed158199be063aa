"""The files of runs in a workspace's folder: `runs/<run id>/<path>`."""

from __future__ import annotations

import builtins
import contextlib
import errno
import os
import shutil
import stat
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from trackboard.errors import TrackboardError, Unavailable
from trackboard.layout import WorkspacePaths, make_folder, open_file
from trackboard.layout.reading import open_regular
from trackboard.layout.safe_paths import place_inside
from trackboard.model import RunId
from trackboard.ports import PlainFile, RunFiles, Unwritable

# A file that can never be written is given up, or nothing behind it in the stream would ever be stored.
_NEVER = frozenset(
    (
        *(errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG),
        *(errno.ELOOP, errno.EINVAL, errno.EFBIG),
    )
)


class FolderRunFiles:
    """`trackboard.ports.RunFiles` in a workspace; see there for what each method promises.

    Args:
        paths: The workspace.
    """

    def __init__(self, paths: WorkspacePaths) -> None:
        self._paths = paths

    def write(self, run: RunId, path: str, offset: int, data: bytes) -> int:
        """Write bytes at an offset."""
        target = self._path_of(run, path)
        try:
            self._check_workspace_exists()
            return _write(target, offset, data)
        except OSError as error:
            raise _refused(target, path, error) from error

    def remove(self, run: RunId, path: str) -> None:
        """Remove a file."""
        target = self._path_of(run, path)
        try:
            self._check_workspace_exists()
            _forget(target)
        except OSError as error:
            raise _refused(target, path, error) from error

    def open(self, run: RunId, path: str) -> BinaryIO:
        """Open a file for reading."""
        return builtins.open(open_regular(self._path_of(run, path), "file"), "rb")

    def list(self, run: RunId) -> tuple[PlainFile, ...]:
        """Files of a run by path."""
        home = self._paths.run(run)
        found = []
        for folder, _, names in os.walk(home):
            for name in names:
                location = Path(folder, name)
                with contextlib.suppress(FileNotFoundError):  # it was removed meanwhile
                    seen = location.lstat()
                    if stat.S_ISREG(seen.st_mode):
                        path = location.relative_to(home).as_posix()
                        found.append(PlainFile(path, seen.st_size))
        return tuple(sorted(found, key=lambda file: file.path))

    def delete(self, run: RunId) -> None:
        """Remove the folder of a run."""
        home = self._paths.run(run)
        try:
            shutil.rmtree(home)
        except FileNotFoundError:
            return
        except OSError as error:
            raise Unavailable(
                f"{home} could not be removed: {error.strerror or error}",
                hint="Mend its rights, or remove it by hand.",
            ) from error

    def _path_of(self, run: RunId, path: str) -> Path:
        return place_inside(self._paths.run(run), path)

    def _check_workspace_exists(self) -> None:
        """Make no folder for a workspace that was deleted: it would be one with runs and no database."""
        folder = self._paths.folder
        if not folder.is_dir():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(folder))


def _write(target: Path, offset: int, data: bytes) -> int:
    """Write one piece; how long the file is now."""
    make_folder(target.parent)
    if offset == 0:
        _forget(target)
    fd = open_file(target, os.O_WRONLY | os.O_CREAT | (0 if offset else os.O_TRUNC))
    try:
        rest = memoryview(data)
        while rest:  # a disk that is almost full takes a part
            written = os.pwrite(fd, rest, offset)
            rest, offset = rest[written:], offset + written
        return os.fstat(fd).st_size
    finally:
        os.close(fd)


def _forget(target: Path) -> None:
    """Remove a plain file; what else somebody put in its place stays, and writing to it tells."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        if stat.S_ISREG(target.lstat().st_mode):
            target.unlink()


def _refused(target: Path, path: str, error: OSError) -> TrackboardError:
    if error.errno in _NEVER:
        return Unwritable(
            f"{path!r} could not be written: {error.strerror}", hint="Give it another name."
        )
    return Unavailable(
        f"{target} could not be written: {error.strerror or error}",
        hint="Make room or mend its rights; what is missing is written then.",
    )


if TYPE_CHECKING:

    def _fits(files: FolderRunFiles) -> RunFiles:
        return files
