"""What a script left in `outputs/`: kept whole, in the blobs, when it has ended."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from trackboard.launch.follow import printable
from trackboard.launch.place import OUTPUTS
from trackboard.record import LiveRun

if TYPE_CHECKING:
    from trackboard.ports import Blobs


def keep_outputs(work: Path, blobs: Blobs, live: LiveRun, sent: Collection[str]) -> list[str]:
    """Put every file of `outputs/` into the blobs and tell the run.

    Args:
        work: The working copy; `outputs` may be gone.
        blobs: Where the contents go.
        live: The run.
        sent: Paths that were followed while the script ran and are complete.

    Returns:
        What could not be read, and why.

    Raises:
        Unavailable: The blobs refused.
    """
    unreadable: list[str] = []
    for place in _files(work):
        path = printable(place.relative_to(work).as_posix())
        if path in sent:
            continue
        try:
            file = open(place, "rb")  # noqa: SIM115 - what `put` raises must not be mistaken for this
        except OSError as exc:
            unreadable.append(f"{path}: {exc.strerror or exc}")
            continue
        with file:
            key, size_bytes = blobs.put(file)
        live.add_file(path, key, size_bytes)
    return unreadable


def _files(work: Path) -> Iterator[Path]:
    """Regular files, and links to some that are in the working copy too."""
    root = work.resolve()
    for folder, _, names in os.walk(work / OUTPUTS):
        for name in sorted(names):
            place = Path(folder, name)
            if place.is_file() and place.resolve().is_relative_to(root):
                yield place
