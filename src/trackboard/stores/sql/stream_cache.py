"""What the stream's last transaction knew of a database, kept for the next one until somebody else writes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from trackboard.model import RunId, WriterId
from trackboard.ports import Position
from trackboard.stores.points.series import SeriesKey, SeriesState

_MOST = 20_000  # series, and runs, that are kept between two transactions


class WriterState(NamedTuple):
    """A row of `writer`: where to read on, up to where its definitions are kept, whether it has ended."""

    position: Position
    covered: Position | None
    ended: bool


@dataclass(eq=False)
class Known:
    """What is known of a database within one write transaction.

    Attributes:
        writers: Those that said something, as they are stored.
        runs: The numbers that other tables know stored runs by, by the ids as they are stored.
        series: Those that were appended to.
    """

    writers: dict[WriterId, WriterState] = field(default_factory=dict)
    runs: dict[RunId, int] = field(default_factory=dict)
    series: dict[SeriesKey, SeriesState] = field(default_factory=dict)


class StreamCache:
    """Keeps what is known of a database together with its generation and the number of its last write.

    When anybody else wrote in between, or the database was replaced, nothing of it is believed.
    """

    def __init__(self) -> None:
        self._kept: tuple[tuple[int, int], Known] | None = None

    def take(self, version: tuple[int, int]) -> Known:
        """Return what is known in the write transaction that makes `version`; `keep` gives it back."""
        kept, self._kept = self._kept, None
        if kept is None or kept[0] != (version[0], version[1] - 1):
            return Known()
        known = kept[1]
        if max(len(known.series), len(known.runs), len(known.writers)) > _MOST:
            return Known()
        return known

    def keep(self, version: tuple[int, int], known: Known) -> None:
        """Remember what is true since that transaction was committed."""
        self._kept = (version, known)
