"""The series' part of a store: the points that were logged, read back."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from trackboard.model import RunId, Series, SeriesId
from trackboard.ports.store.stream import FloatColumn, IntColumn

if TYPE_CHECKING:
    import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class Points:
    """Points of one series as columns of one length, in the order they were logged.

    `values` has dtype bool, int64 or float64, or object (str) for a text series.
    """

    steps: IntColumn
    times_s: FloatColumn
    values: npt.NDArray[Any]

    def __len__(self) -> int:
        return len(self.steps)


class SeriesStore(Protocol):
    """Where points are read; only the stream adds any.

    Names of series have up to `model.LIMITS["series name"]` characters, and are found by all of them.
    """

    def list_series(
        self,
        *,
        runs: Collection[RunId] | None = None,
        names: Collection[str] | None = None,
        text: bool | None = None,
    ) -> tuple[Series, ...]:
        """Summaries of the series that match every given condition, in the order they were begun.

        Args:
            runs: Only of these runs; None: of all that are not in the trash.
            names: Only under these names.
            text: True for text series only, False for numbers only.
        """
        ...

    def read_points(
        self, series: Sequence[SeriesId], *, limit: int | None = None
    ) -> Mapping[SeriesId, Points]:
        """Points of several series, in log order; unknown ids are left out.

        Args:
            series: Ids of the series, in any order.
            limit: So many points of each series that has more (>= 1), or None for all. A sample always
                holds the first and the last point, and the least and the greatest value where 4 or
                more are allowed; it is stable for unchanged data. With 1 it is the last point. Text
                series are thinned evenly. An int series read with or without a limit keeps int64.
        """
        ...

    def iter_points(self, series: SeriesId) -> Iterator[Points]:
        """All points of one series in log order, a chunk at a time, never all in memory."""
        ...
