"""What a service keeps of source folders."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from trackboard.launch.snapshot.manifest import Manifest


class Snapshots(Protocol):
    """Copies of source folders, kept by content: a second copy of the same folder copies nothing."""

    def take(self, folder: Path) -> str:
        """Keep a copy of a folder, without what its ignore files name.

        Returns:
            The snapshot's digest.

        Raises:
            UsageError: The folder cannot be read.
        """
        ...

    def get(self, digest: str) -> Manifest:
        """Return what is in a snapshot; `Files.open_content` opens its files.

        Raises:
            NotFound: There is none.
        """
        ...
