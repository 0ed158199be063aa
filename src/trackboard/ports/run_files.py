"""The contract of run files: the plain files of runs that may still grow, such as logs.

A file is named by its run and a posix path within it, relative and without `..`. What the names may be is
the caller's to check; an implementation never writes outside of a run for a wrong one.

Guarantees: what `write` returned from is found by every reader, whoever it is; the same writes again, in
their order, end in the same bytes, so that a writer that was interrupted begins again. Reading is safe from
several threads and processes while one process writes (the workspace's lock). A piece at offset 0 makes
another file: whoever has the former one open reads on in that one.

Not promised: that a file that is open shows what is written later; that it survives a power cut.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, Protocol

from trackboard.errors import UsageError
from trackboard.model import RunId


class Unwritable(UsageError):
    """A file that can never be written: its name is too long, or names a folder, or lies below a file.

    The same call fails again; nothing was changed.
    """


@dataclass(frozen=True)
class PlainFile:
    """A file of a run, as long as it was when it was looked at."""

    path: str
    size_bytes: int


class RunFiles(Protocol):
    """Where the files of runs are that may still grow."""

    def write(self, run: RunId, path: str, offset: int, data: bytes) -> int:
        """Write bytes at an offset, and make the file where there is none.

        Args:
            run: The run.
            path: The file's path within the run.
            offset: Where in the file; 0 begins it anew. Behind its end: what is between is zero.
            data: May be empty.

        Returns:
            How many bytes the file has now.

        Raises:
            Unavailable: The disk refuses, or the workspace is gone; the same piece may be written later.
            Unwritable: There can be no such file, or none with such an offset.
        """
        ...

    def remove(self, run: RunId, path: str) -> None:
        """Remove a file. May be repeated; what is no plain file stays.

        Raises:
            Unavailable: The disk refuses.
            Unwritable: There can be no such file.
        """
        ...

    def open(self, run: RunId, path: str) -> BinaryIO:
        """Open a file for reading, at its begin; the caller closes it.

        Raises:
            NotFound: There is none.
            UsageError: The path leads out of the run, or to something that is no file or cannot be read.
        """
        ...

    def list(self, run: RunId) -> tuple[PlainFile, ...]:
        """Files of a run by path, in the order of code points; none for an unknown run."""
        ...

    def delete(self, run: RunId) -> None:
        """Remove all files of a run. May be repeated.

        Raises:
            Unavailable: The disk refuses; some may be left.
        """
        ...
