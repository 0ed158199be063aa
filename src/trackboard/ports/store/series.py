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


@dataclass(frozen=True, eq=False)
class Rollup:
    """Points of one series of numbers, aggregated over intervals of steps, as columns of one length.

    A row stands for points that were logged one after the other, with steps of one interval; the rows are
    in the order of logging.

    Attributes:
        bits: How long the intervals are: 2^bits steps, each from a multiple of that on.
        first_steps: The least step of each row.
        last_steps: The greatest.
        counts: How many points each stands for.
        nans: How many of these are NaN.
        least: The least value, NaN passed over; NaN where there is nothing else. int64 or float64.
        greatest: The greatest value, likewise.
        last: The value that was logged last.
        last_times_s: When that was, in seconds since the epoch.
    """

    bits: int
    first_steps: IntColumn
    last_steps: IntColumn
    counts: IntColumn
    nans: IntColumn
    least: npt.NDArray[Any]
    greatest: npt.NDArray[Any]
    last: npt.NDArray[Any]
    last_times_s: FloatColumn

    def __len__(self) -> int:
        return len(self.counts)


INTERVALS = 4  # for each bucket, at least: so nearly equal are buckets of whole intervals


def interval_bits(first_step: int, last_step: int, limit: int) -> int:
    """How long the intervals are that steps are divided into: 2^k steps.

    As long as can be where there are `INTERVALS` for each of `limit` buckets; a step, where there are not.

    Args:
        first_step: The least step.
        last_step: The greatest.
        limit: How many buckets are wanted.
    """
    bits = ((last_step - first_step) // (INTERVALS * limit)).bit_length() + 1
    while bits and (last_step >> bits) - (first_step >> bits) + 1 < INTERVALS * limit:
        bits -= 1
    return bits


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

    def read_rollups(
        self,
        series: Sequence[SeriesId],
        limit: int,
        *,
        first_step: int | None = None,
        last_step: int | None = None,
    ) -> Mapping[SeriesId, Rollup]:
        """Points of several series of numbers, aggregated exactly; unknown ids and texts are left out.

        Args:
            series: Ids of the series, in any order.
            limit: How many buckets are wanted, from 1. Where there are no more points, a row is a point;
                else intervals are as `interval_bits` has them for the steps that are asked for.
            first_step: Only points from this step on; None: from the first.
            last_step: Only points up to this step; None: up to the last.
        """
        ...

    def iter_points(self, series: SeriesId) -> Iterator[Points]:
        """All points of one series in log order, a chunk at a time, never all in memory."""
        ...
