"""The contract of blobs: complete files, kept by the digest of what is in them.

Guarantees: a key that `put` returned can be opened until `delete`; the same content has the same key
and is stored once; a reader never sees half a blob; safe from several threads and processes.
Not promised: order, or listing.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO, Protocol


class Blobs(Protocol):
    """Where complete files live."""

    def put(self, source: BinaryIO) -> tuple[str, int]:
        """Store everything that `source` still holds.

        Returns:
            The key (`sha256:<64 hex digits>`) and the size in bytes.

        Raises:
            Unavailable: The disk or the object store refused; nothing was stored.
        """
        ...

    def open(self, key: str) -> BinaryIO:
        """Open a blob for reading; the caller closes it.

        Raises:
            NotFound: There is none under this key.
        """
        ...

    def locate(self, key: str) -> Path:
        """Where a blob is as a plain file of this machine, for programs that take a path only.

        It is there until `delete`, and nobody may write to it.

        Raises:
            NotFound: There is none under this key.
        """
        ...

    def exists(self, key: str) -> bool:
        """Whether there is a blob under this key."""
        ...

    def delete(self, key: str) -> None:
        """Forget a blob. May be repeated."""
        ...
