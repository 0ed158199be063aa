"""What goes from the spools into a store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from trackboard.model import Event, RunId, ValueKind, WriterId

IntColumn = npt.NDArray[np.int64]
FloatColumn = npt.NDArray[np.float64]


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

    `definitions` are records that later ones of the same segment need (see `Store.read_definitions`).
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
