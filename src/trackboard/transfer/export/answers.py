"""What an export wrote, or would write."""

from __future__ import annotations

from dataclasses import dataclass

from trackboard.transfer.export.destination import Destination


@dataclass(frozen=True)
class ExportReport:
    """What an export wrote.

    Attributes:
        destination: Where, and in which format.
        is_dry_run: Nothing was written: it is what would be.
        runs: How many runs.
        points: How many numbers and texts.
        files: How many files are there because of it.
        size_bytes: The size of the file that was written; 0 for a folder.
        notes: What a reader should know, and what was left out and why.
    """

    destination: Destination
    is_dry_run: bool
    runs: int
    points: int
    files: int = 1
    size_bytes: int = 0
    notes: tuple[str, ...] = ()
