"""What a service answers about the files of runs, and what it keeps."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO, Protocol

from trackboard.model import RunId
from trackboard.ports import RunFile
from trackboard.service.answers import FilePiece


class Files(Protocol):
    """The files of runs: complete ones, kept by content, and plain ones, which may still grow."""

    def list(self, run: RunId) -> tuple[RunFile, ...]:
        """List the files of a run by path; none for an unknown run."""
        ...

    def list_logs(self, run: RunId) -> tuple[str, ...]:
        """List the paths of a run's logs, what its script printed first."""
        ...

    def open(self, run: RunId, path: str) -> BinaryIO:
        """Open a file of a run for reading bytes; the caller closes it.

        Raises:
            NotFound: There is no such run or file.
            UsageError: The path leads out of the run.
        """
        ...

    def open_listed(self, run: RunId, file: RunFile) -> BinaryIO:
        """Open a file that `list` gave; otherwise like `open`, without looking for it again."""
        ...

    def open_content(self, key: str) -> BinaryIO:
        """Open content that is named by its key: of an artifact, a model, a snapshot.

        Raises:
            NotFound: There is none.
        """
        ...

    def kept(self) -> AbstractContextManager[None]:
        """Keep all files for the length of a `with` block, in which something is put, or found, and named.

        What nothing names is freed by a garbage collection, else also right after it was put.
        """
        ...

    def put(self, source: BinaryIO) -> str:
        """Keep all that a file still holds, and return the key of the content."""
        ...

    def tail(
        self, run: RunId, path: str, offset: int, limit_bytes: int = 1 << 18
    ) -> FilePiece | None:
        """Read on in a plain file that may grow; everybody who follows a log does it by this.

        What was said since is *not* stored first: whoever follows asks about the run as well, which does it.

        Args:
            run: The run.
            path: The file's path within the run.
            offset: Where to read on, in bytes; behind the file's end means that it was begun anew, and
                reads from its begin.
            limit_bytes: How many bytes at most.

        Returns:
            The piece; None while there is no such file.

        Raises:
            UsageError: The path leads out of the run.
        """
        ...

    def get_folder(self, run: RunId) -> Path:
        """Return the folder where the plain files of a run are, to be looked at by people."""
        ...

    def copy_outputs(self, run: RunId) -> Path | None:
        """Copy the files below `outputs/` of a run to where jobs find them; None: it has none.

        Returns:
            The folder with the copies, in which `outputs/` is left out. Made once for each set of files.
        """
        ...
