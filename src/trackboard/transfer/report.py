"""What an import did, or would do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from trackboard.model import RunId
from trackboard.transfer.run_source import LeftOut

Progress = Callable[[int, int, int], None]
"""Is told how many runs of how many are done, and how many points that was."""

_MOST_LISTED = 1_000


@dataclass(frozen=True)
class ImportReport:
    """What an import did.

    Attributes:
        kind: What was imported: `MLflow`, for example.
        location: Where it lies.
        is_dry_run: Nothing was written: it is what would be done.
        new: Runs that were not here before.
        changed: Runs that were imported before and have gone on since, or were interrupted midway.
        unchanged: Runs that were here already, just as they are.
        points: Numbers and texts that were stored.
        files: Files that were stored, images and sounds included.
        size_bytes: The size of those files.
        left_out: What could not be kept; at most 1,000 are listed.
        left_out_count: How many there are.
        runs: All runs of the source that are here now, as the source lists them.
    """

    kind: str
    location: str
    is_dry_run: bool
    new: int
    changed: int
    unchanged: int
    points: int
    files: int
    size_bytes: int
    left_out: tuple[LeftOut, ...]
    left_out_count: int
    runs: tuple[RunId, ...]

    def summarize_left_out(self) -> tuple[tuple[str, int, str], ...]:
        """List each reason once: why, how often, and of what for example; the most frequent first."""
        counts = Counter(each.why for each in self.left_out)
        first = {each.why: each.what for each in reversed(self.left_out)}
        return tuple((why, count, first[why]) for why, count in counts.most_common())


@dataclass
class Tally:
    """Counts what an import does, as it goes."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    points: int = 0
    files: int = 0
    size_bytes: int = 0
    left_out_count: int = 0
    left_out: list[LeftOut] = field(default_factory=list)
    runs: list[RunId] = field(default_factory=list)

    def leave_out(self, what: str, reasons: Iterable[str]) -> None:
        """Count what cannot be kept."""
        for why in reasons:
            self.left_out_count += 1
            if len(self.left_out) < _MOST_LISTED:
                self.left_out.append(LeftOut(what, why))

    def report(self, kind: str, location: str, *, is_dry_run: bool) -> ImportReport:
        """Say what was counted."""
        return ImportReport(
            kind=kind,
            location=location,
            is_dry_run=is_dry_run,
            new=self.new,
            changed=self.changed,
            unchanged=self.unchanged,
            points=self.points,
            files=self.files,
            size_bytes=self.size_bytes,
            left_out=tuple(self.left_out),
            left_out_count=self.left_out_count,
            runs=tuple(self.runs),
        )
