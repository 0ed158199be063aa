"""The contract of a spool source: where a reader of the stream finds what writers have said.

What the bytes of a segment mean is `trackboard.spool.layout`'s business; a source only has them.

Guarantees: a segment's bytes never change, and only grow at its end; what was read once is read again
until the spool is removed. Safe from several threads; moving and removing are done by one process at a time
(the workspace's lock). A spool that is moved or removed goes in one step as others see it: whoever still
reads it finds no segments and no bytes, never other ones.

A spool's outbox has complete files, which its records name by key (see `ports.blobs`). A file is there before
the first record that names it can be read, unless it was moved into the blobs before. It goes with the spool.

Not promised, unless `is_local`: that names and sizes are those that were written. A source behind a network
may show segments in any order and shorter than they are, and another process's later ones before them.

Errors: an OSError says that a spool cannot be read or moved now, and that nothing of it is lost.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from trackboard.model import Liveness, Segment, WriterId
from trackboard.ports.blobs import Blobs


class SpoolArea(enum.Enum):
    """Where spools are put that are not read like the others, and that nobody deletes on a guess."""

    SILENT = "silent"  # of writers taken for dead without proof: read until they stay silent
    QUARANTINE = "quarantine"  # of writers that say what cannot be stored: kept for people


@dataclass(frozen=True)
class WriterProcess:
    """The process that writes a spool. `host` and `pid` are for people."""

    host: str
    pid: int
    is_of_this_boot: bool  # it certainly runs, or ran, under the kernel that runs us now
    is_of_this_machine: (
        bool  # before a restart, or now; machines that were copied say so of each other
    )


class Spool(Protocol):
    """One writer's spool, in one place. Two are equal when they are of the same writer and place."""

    @property
    def writer(self) -> WriterId:
        """Whose it is."""
        ...

    @property
    def location(self) -> str:
        """Where it is, for people."""
        ...

    @property
    def area(self) -> SpoolArea | None:
        """Where it was put aside; None: it is read like the others."""
        ...

    def is_there(self) -> bool:
        """Whether it is still in this place."""
        ...

    def list_segments(self, *, begin: int = 0) -> list[Segment]:
        """Segments in the order of their numbers, which may have gaps; none of a spool that is gone.

        Sizes are asked after the names are known: where the source `is_local`, a segment that has a
        successor has its final size.

        Args:
            begin: Leave out the segments before this one, and do not look at them.
        """
        ...

    def read(self, number: int, offset: int, count: int) -> bytes:
        """Bytes of a segment: fewer at its end, none where it, or the spool, is gone."""
        ...

    def list_files(self) -> tuple[str, ...]:
        """Keys of the complete files in its outbox, in no particular order; none of a spool that is gone."""
        ...

    def move_file(self, key: str, blobs: Blobs) -> bool:
        """Move a file of its outbox into the blobs. May be repeated, also where it was interrupted.

        Args:
            key: Any text that a record says.
            blobs: Where to.

        Returns:
            Whether it was in the outbox.

        Raises:
            Unavailable: The blobs refuse; it stays where it was.
        """
        ...

    def unwritten_s(self, number: int) -> float:
        """For how long a segment has not been written, as far as the source's own clock knows; or 0."""
        ...

    def probe(self) -> Liveness:
        """Whether its writer lives. DEAD is proof; who is dead writes nothing more."""
        ...

    def find_process(self) -> WriterProcess | None:
        """The process that writes it, or None where that is not known."""
        ...


class SpoolSource(Protocol):
    """Where spools are read."""

    def is_local(self) -> bool:
        """Whether names and sizes are those that were written, whoever wrote them. It never changes."""
        ...

    def prepare(self) -> None:
        """Finish what an interrupted removal left. Called by each process before it first reads."""
        ...

    def list_spools(self) -> Mapping[WriterId, Spool]:
        """All spools that were not put aside, in no particular order."""
        ...

    def list_set_aside(self, area: SpoolArea) -> Mapping[WriterId, Spool]:
        """Spools that were put aside."""
        ...

    def set_aside(self, spool: Spool, area: SpoolArea) -> Spool:
        """Put a spool aside; returns it in its new place.

        Raises:
            OSError: It could not be moved; it is where it was.
        """
        ...

    def remove(self, spool: Spool, is_stored: Callable[[], bool] = lambda: True) -> None:
        """Remove a spool from wherever it is. May be repeated.

        Where that is refused the spool stays whole, for the next one to try.

        Args:
            spool: The spool, in the place where it was found.
            is_stored: Asked last before it goes, as its bytes may be the only copy. No: it stays.
        """
        ...
