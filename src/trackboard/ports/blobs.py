"""The contract of blobs: complete files, kept by the digest of what is in them.

Guarantees: a key that `put` returned can be opened until `delete`; the same content has the same key
and is stored once; a reader never sees half a blob; safe from several threads and processes.
Not promised: order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol


@dataclass(frozen=True)
class Blob:
    """A blob that is there.

    Attributes:
        key: Its key.
        size_bytes: How large it is.
    """

    key: str
    size_bytes: int


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

    def adopt(self, path: Path, key: str) -> None:
        """Move a complete file of this machine here, and store it under a key: once, as `put`.

        What the file holds is not read where it can be renamed: the caller vouches for its key. Interrupted,
        it may be repeated.

        Args:
            path: The file, to which nobody writes any more. It is gone afterwards, unless that is refused.
            key: As `put` gives it for what is in the file.

        Raises:
            FileNotFoundError: There is no such file, and no blob of that key.
            Unavailable: The disk or the object store refused; the file is where it was.
            UsageError: No key is like that.
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

    def iter_blobs(self) -> Iterator[Blob]:
        """All blobs, in no particular order. Those that come or go meanwhile may be among them or not."""
        ...

    def remove_leftovers(self, older_than_s: float, *, dry_run: bool = False) -> int:
        """Remove what was left of blobs that killed processes did not finish.

        Args:
            older_than_s: Leave alone what was written to in the last so many seconds.
            dry_run: Remove nothing.

        Returns:
            How many bytes they took.
        """
        ...
