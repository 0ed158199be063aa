"""The stream's part of a store: what goes from the spools into it, in one transaction, exactly once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

from trackboard.model import Event, RunId, ValueKind, WriterId

if TYPE_CHECKING:  # whoever only names the contracts need not load it
    import numpy as np
    import numpy.typing as npt

IntColumn: TypeAlias = "npt.NDArray[np.int64]"
FloatColumn: TypeAlias = "npt.NDArray[np.float64]"


class Position(NamedTuple):
    """How far a spool has been stored: the next byte to read. Ordered."""

    segment: int
    offset: int


@dataclass(frozen=True)
class Refused:
    """A record that cannot be stored, kept as it was recorded.

    `at` is where it begins, `data` its payload, `run` whom it is about as far as that can be read.
    """

    writer: WriterId
    at: Position
    data: bytes
    error: str
    run: RunId | None = None


@dataclass(frozen=True)
class SavedDefinitions:
    """Definitions of the segment that `end` is in, up to there, in the order they were recorded."""

    end: Position
    records: tuple[bytes, ...] = ()


@dataclass(frozen=True, eq=False)
class SeriesPoints:
    """Numbers to append to one series, in log order.

    `has_step` is False where no step was given: that point's step becomes the series' count at that
    moment. `values` has dtype bool, int64 or float64 according to `kind`, which is never TEXT here
    (text travels as `TextLogged`).
    """

    run: RunId
    name: str
    kind: ValueKind
    steps: IntColumn
    has_step: npt.NDArray[np.bool_]
    times_s: FloatColumn
    values: npt.NDArray[Any]
    table: str = ""  # the table that this is a column of


@dataclass(frozen=True, eq=False)
class Batch:
    """A contiguous part of one writer's spool, decoded.

    Events are in the order they were written. Points are in log order within each series; their order
    relative to the events does not matter. Never holds `FileBytes`: whoever decodes writes those bytes
    to their file first and passes `FileAdded` with an empty key on (and removes a file that is gone, but
    passes `FileRemoved` on as it is).

    `definitions` are records that later ones of the same segment need (see `StreamStore.read_definitions`).
    """

    writer: WriterId
    start: Position
    end: Position
    events: tuple[Event, ...]
    points: tuple[SeriesPoints, ...]
    skipped_bytes: int = 0
    refused: tuple[Refused, ...] = ()
    definitions: tuple[
        bytes, ...
    ] = ()  # of the segment that it ends in, those behind `defined_from`
    defined_from: Position | None = None  # None: they are all between start and end
    continues: WriterId | None = None  # the former writer of the same process

    def completes(self, covered: Position | None) -> bool:
        """Whether its definitions follow those that are kept up to `covered` without a gap."""
        begin = self.start if self.defined_from is None else self.defined_from
        return begin == covered or begin == Position(self.end.segment, 0)


class StreamStore(Protocol):
    """Where the stream ends.

    A writer's records are stored in the order of its spool; between writers there is no order, but for a
    batch that `continues` another. Batches of one call become visible together.
    """

    def apply(self, batches: Sequence[Batch]) -> None:
        """Store what several spools hold, and their new positions, in one transaction.

        Records of a run that is not known make a stub run (experiment `unknown`, number 0), which
        *Created* fills in whenever it arrives; a second *Created* changes nothing. A run's number is
        given here, with *Created*; one that begins below a run that is put away joins it (see `trash`). An
        interactive run is RUNNING at once and owned by the writer of its *Created*; a job is QUEUED and
        nobody's. A state record is applied if its stamp supersedes the stored one; an odd move (a later
        record after a terminal one within one attempt) is kept out and leaves a warning on the run. A
        higher attempt has a start and an end of its own. A run ends at its start plus the elapsed time,
        where both are known. A property that exists with another value keeps the first and leaves a
        warning; so do losses and skipped bytes. Losses add up to at most 2^63 - 1. Refused records are
        kept, and counted on their run as lost, with a warning. A batch that continues another writer ends
        that one and takes its runs over. What is about runs that were forgotten for good is dropped; text
        that no database takes (lone surrogates, NUL) is escaped, steps beyond int64 are cut.
        A number widens its series' kind (bool, int, float); text under the same name is a series of its
        own. A series is a column of the table that came with its first value. When a run reaches a
        terminal state its series are compacted.

        Raises:
            Conflict: A batch does not start where that writer's stored position is: somebody else
                stored it. Nothing of any batch was stored.
            Unstorable: The database can never hold some value. Nothing of any batch was stored.
            ArithmeticError, AttributeError, LookupError, TypeError, ValueError: Some record makes no
                sense (its text where a number belongs, for example). As Unstorable: whoever reads the
                stream looks for that record, and passes it on as refused. So a store lets no trouble of its
                own out as one of these.
            Unavailable: The database does not answer in time, or takes nothing now.
        """
        ...

    def position(self, writer: WriterId) -> Position:
        """Where to read on: (0, 0) for a writer never seen."""
        ...

    def positions(self) -> Mapping[WriterId, Position]:
        """All writers that have not ended; one that spoke after it was declared ended is among them."""
        ...

    def read_definitions(self, writer: WriterId, after: Position) -> SavedDefinitions:
        """What `Batch.definitions` brought of the segment that a writer's position is in.

        Who reads on needs them; the segment would tell them too, but slowly.

        Args:
            writer: The writer.
            after: Leave out what is known to be defined before here, if it is in the same segment.

        Returns:
            The records that define, and up to where they are all: less than the position after a process
            of an earlier version has stored something; (0, 0) when nothing is known, as of writers that
            were declared ended.
        """
        ...

    def list_refused(self, writer: WriterId | None = None) -> tuple[Refused, ...]:
        """Records that could not be stored, of one writer or of all, in the order of the stream."""
        ...

    def count_refused(self, writers: Collection[WriterId]) -> Mapping[WriterId, int]:
        """How many records of these writers could not be stored; those without any are left out."""
        ...

    def list_owned(self, writers: Collection[WriterId]) -> tuple[RunId, ...]:
        """Runs that these writers own (see `end_writer`) and that have not ended, as they were stored."""
        ...

    def end_writer(self, writer: WriterId, *, cause: str, time_s: float) -> tuple[RunId, ...]:
        """Declare a writer ended; runs it owns that are not terminal become Failed with `cause`.

        What was applied before is on the disk when this returns: its spool may be removed.
        An owner is the writer whose batch brought the run's newest applied *StateChanged*, or the
        *Created* of an interactive run before there was any. If it turns up again, with whatever record,
        its runs have not failed (RUNNING, or PREPARING before their start). May be repeated.

        Returns:
            The runs that became Failed.
        """
        ...

    def list_deleted(self, runs: Collection[RunId]) -> frozenset[RunId]:
        """Those of the ids whose runs were forgotten for good (see `TrashStore.remove_runs`)."""
        ...

    def version(self) -> int:
        """A number that changes with every write that anybody made. Cheap: made for polling."""
        ...

    def limit_waits(self, wait_s: float) -> AbstractContextManager[None]:
        """Within the `with` block, writes of this thread wait at most so long for other writers.

        One that had to wait longer raises Unavailable, which names the writer where that is known.
        """
        ...
