"""Files of runs in a workspace on this machine."""

from __future__ import annotations

import os
import secrets
import shutil
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from trackboard.errors import NotFound
from trackboard.history.files import open_file
from trackboard.layout import OUTPUTS, make_folder, replacing
from trackboard.layout.files_lock import keep_files
from trackboard.layout.safe_paths import place_inside, safe_path
from trackboard.model import CONSOLE, LOG_FOLDERS, RunId
from trackboard.ports import RunFile
from trackboard.service.answers import FilePiece
from trackboard.service.local.door import Door

if TYPE_CHECKING:
    from trackboard.service.contract.files import Files

_COPY_BYTES = 1 << 20


class LocalFiles:
    """`Files` of a workspace; see there for what each method promises."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def list(self, run: RunId) -> tuple[RunFile, ...]:
        """List the files of a run by path."""
        return self._door.drained().list_files(run)

    def list_logs(self, run: RunId) -> tuple[str, ...]:
        """List the paths of a run's logs, what its script printed first."""
        paths = [
            file.path
            for file in self.list(run)
            if not file.key and file.path.startswith(LOG_FOLDERS) and "tfevents" not in file.path
            if safe_path(file.path) is not None
        ]
        return tuple(sorted(paths, key=lambda path: (path != CONSOLE, path)))

    def open(self, run: RunId, path: str) -> BinaryIO:
        """Open a file of a run for reading bytes."""
        workspace = self._door.workspace
        return open_file(self._door.drained(), workspace.blobs, workspace.run_files, run, path)

    def open_listed(self, run: RunId, file: RunFile) -> BinaryIO:
        """Open a file that `list` gave."""
        if file.key:
            return self._door.workspace.blobs.open(file.key)
        return self._door.workspace.run_files.open(run, file.path)

    def open_content(self, key: str) -> BinaryIO:
        """Open content that is named by its key."""
        return self._door.workspace.blobs.open(key)

    def kept(self) -> AbstractContextManager[None]:
        """Keep all files for the length of a `with` block."""
        return keep_files(self._door.workspace.paths)

    def put(self, source: BinaryIO) -> str:
        """Keep all that a file still holds, and return the key of the content."""
        return self._door.workspace.blobs.put(source)[0]

    def tail(
        self, run: RunId, path: str, offset: int, limit_bytes: int = 1 << 18
    ) -> FilePiece | None:
        """Read on in a plain file that may grow."""
        try:
            file = self._door.workspace.run_files.open(run, path)
        except NotFound:
            return None
        with file:
            size_bytes = file.seek(0, os.SEEK_END)
            begin = offset if offset <= size_bytes else 0
            file.seek(begin)
            return FilePiece(file.read(limit_bytes), begin, size_bytes)

    def get_folder(self, run: RunId) -> Path:
        """Return the folder where the plain files of a run are."""
        return self._door.workspace.run_folder(run)

    def copy_outputs(self, run: RunId) -> Path | None:
        """Copy the files below `outputs/` of a run to where jobs find them."""
        files = [file for file in self.list(run) if file.path.startswith(f"{OUTPUTS}/")]
        if not files:
            return None
        # A run's files never change, there can only be more: so many of them are a folder, made whole.
        copies = self._door.workspace.paths.resumed / run / str(len(files))
        if copies.exists():
            return copies
        temporary = copies.with_name(f"{copies.name}.{secrets.token_hex(4)}")
        for file in files:
            target = place_inside(temporary, file.path.removeprefix(f"{OUTPUTS}/"))
            make_folder(target.parent)
            with self.open_listed(run, file) as source, replacing(target) as copy:
                shutil.copyfileobj(source, copy, _COPY_BYTES)
        try:
            temporary.rename(copies)
        except OSError:
            if not copies.exists():
                raise
            shutil.rmtree(temporary)  # another process was faster
        return copies


if TYPE_CHECKING:

    def _fits(part: LocalFiles) -> Files:
        return part
