"""Files of runs in memory; they are gone with the process."""

from __future__ import annotations

import io
import threading
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, BinaryIO

from trackboard.errors import NotFound, UsageError
from trackboard.model import RunId
from trackboard.ports import PlainFile, RunFiles, Unwritable

_NAME_BYTES = 255
_MOST_BYTES = 1 << 30


class MemoryRunFiles:
    """`trackboard.ports.RunFiles` in memory; see there for what each method promises."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._files: dict[RunId, dict[str, bytes]] = {}

    def write(self, run: RunId, path: str, offset: int, data: bytes) -> int:
        """Write bytes at an offset."""
        with self._lock:
            files = self._files.setdefault(run, {})
            path = self._check(files, path)
            if not 0 <= offset <= _MOST_BYTES - len(data):
                raise Unwritable(
                    f"{path!r} could not be written at byte {offset:,}",
                    hint=f"A file has at most {_MOST_BYTES:,} bytes.",
                )
            known = files.get(path, b"") if offset else b""
            before, behind = known[:offset].ljust(offset, b"\0"), known[offset + len(data) :]
            files[path] = before + data + behind if data else known
            return len(files[path])

    def remove(self, run: RunId, path: str) -> None:
        """Remove a file."""
        with self._lock:
            self._files.get(run, {}).pop(_normal(path), None)

    def open(self, run: RunId, path: str) -> BinaryIO:
        """Open a file for reading: what it holds now."""
        path = _normal(path)
        with self._lock:
            files = self._files.get(run, {})
            data = files.get(path)
            if any(other.startswith(f"{path}/") for other in files):
                raise UsageError(f"{path!r} is a folder", hint="Name a file.")
        if data is None:
            raise NotFound(f"there is no file {path!r}", hint="Check the path.")
        return io.BytesIO(data)

    def list(self, run: RunId) -> tuple[PlainFile, ...]:
        """Files of a run by path."""
        with self._lock:
            files = self._files.get(run, {})
            return tuple(PlainFile(path, len(files[path])) for path in sorted(files))

    def delete(self, run: RunId) -> None:
        """Remove all files of a run."""
        with self._lock:
            self._files.pop(run, None)

    def _check(self, files: dict[str, bytes], path: str) -> str:
        path = _normal(path)
        above = {str(each) for each in PurePosixPath(path).parents}
        is_folder = any(other.startswith(f"{path}/") for other in files)
        is_long = any(len(part.encode()) > _NAME_BYTES for part in PurePosixPath(path).parts)
        if is_folder or is_long or above & files.keys():
            raise Unwritable(f"{path!r} could not be written", hint="Give it another name.")
        return path


def _normal(path: str) -> str:
    pure = PurePosixPath(path)
    if pure.is_absolute() or not pure.parts or ".." in pure.parts or "\0" in path:
        raise UsageError(f"{path!r} leads out of its folder", hint="Give a relative path.")
    return str(pure)


if TYPE_CHECKING:

    def _fits(files: MemoryRunFiles) -> RunFiles:
        return files
