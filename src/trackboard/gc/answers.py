"""What a garbage collection freed, or would free."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Freed:
    """One kind of things.

    Attributes:
        count: How many.
        size_bytes: What they took.
    """

    count: int = 0
    size_bytes: int = 0

    def add(self, size_bytes: int) -> None:
        """One more is freed."""
        self.count += 1
        self.size_bytes += size_bytes


@dataclass
class GcReport:
    """What was freed.

    Attributes:
        is_dry_run: Nothing was freed; it would be.
        runs: Runs that were forgotten for good, with their folders.
        experiments: Names of experiments that were forgotten.
        files: Complete files, each content once.
        snapshots: Copies of source folders, without their files.
        working_copies: Folders in which jobs ran that have ended.
        leftovers: What killed processes did not finish.
        database_bytes: How much smaller the database is; not known before.
        notes: What was not freed, and why.
    """

    is_dry_run: bool = False
    runs: Freed = field(default_factory=Freed)
    experiments: tuple[str, ...] = ()
    files: Freed = field(default_factory=Freed)
    snapshots: Freed = field(default_factory=Freed)
    working_copies: Freed = field(default_factory=Freed)
    leftovers: Freed = field(default_factory=Freed)
    database_bytes: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def size_bytes(self) -> int:
        """All of it."""
        kinds = (self.runs, self.files, self.snapshots, self.working_copies, self.leftovers)
        return sum(kind.size_bytes for kind in kinds) + self.database_bytes
