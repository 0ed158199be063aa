"""What a service answers about what was logged."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from trackboard.model import ArtifactKind, Run, RunId, Series, SeriesId
from trackboard.ports import Artifact, Points

if TYPE_CHECKING:
    from trackboard.history import History
    from trackboard.history.band import Band
    from trackboard.history.buckets import Buckets


class Metrics(Protocol):
    """The metrics of runs: numbers and text in series, images and documents as artifacts."""

    def list(
        self,
        *,
        runs: Collection[RunId] | None = None,
        names: Collection[str] | None = None,
        text: bool | None = None,
    ) -> tuple[Series, ...]:
        """List what is known of the series that match every given condition, as begun.

        Args:
            runs: Only of these runs.
            names: Only under these names.
            text: True for text only, False for numbers only.
        """
        ...

    def read(
        self, series: Sequence[SeriesId], *, limit: int | None = None
    ) -> Mapping[SeriesId, Points]:
        """Read the points of series in the order they were logged; unknown ones are left out.

        Args:
            series: Ids of the series.
            limit: How many points of each at most, from 1: a sample with its first, last, least and
                greatest. None: all.
        """
        ...

    def read_buckets(
        self,
        series: Sequence[Series],
        limit: int,
        *,
        first_step: int | None = None,
        last_step: int | None = None,
    ) -> Mapping[SeriesId, Buckets]:
        """Read series of numbers in few buckets of steps, each with its exact least and greatest value.

        Args:
            series: What `list` gave; texts are left out.
            limit: How many buckets of each at most, 1 to 10,000.
            first_step: Only points from here on; None: from the first.
            last_step: Only points up to here; None: up to the last.

        Raises:
            UsageError: There cannot be so many buckets.
        """
        ...

    def read_curves(
        self,
        series: Sequence[Series],
        limit: int,
        *,
        x: str = "step",
        first: float | None = None,
        last: float | None = None,
    ) -> Mapping[SeriesId, Buckets]:
        """Read series of numbers in few buckets of an x axis, each with its exact least and greatest value.

        Args:
            series: What `list` gave; texts are left out.
            limit: How many buckets of each at most, 1 to 10,000.
            x: `step`, `time` (seconds since the epoch), `relative` (seconds after the first point), or
                `metric:NAME`, what the metric NAME of the same run was at the same step.
            first: Only points from this x on; None: from the first.
            last: Only points up to this x; None: up to the last.

        Raises:
            UsageError: There is no such axis, or there cannot be so many buckets.
        """
        ...

    def read_band(
        self,
        series: Sequence[Series],
        limit: int,
        *,
        x: str = "step",
        first: float | None = None,
        last: float | None = None,
    ) -> Band:
        """Read mean, deviation and extremes over all points of several series, a run each.

        Args:
            series: What `list` gave; texts are left out.
            limit: How many buckets at most, 1 to 10,000.
            x: See `read_curves`.
            first: Only points from this x on; None: from the first.
            last: Only points up to this x; None: up to the last.

        Raises:
            UsageError: There is no such axis, or there cannot be so many buckets.
        """
        ...

    def read_history(
        self,
        runs: Sequence[Run],
        names: Collection[str] | None = None,
        *,
        limit: int | None = None,
    ) -> History:
        """Read what runs logged as one long table.

        Args:
            runs: The runs, in the order of the table.
            names: Only these metrics; None: all.
            limit: See `read`.

        Raises:
            NotFound: None of the runs logged one of the metrics.
        """
        ...

    def check_columns(self, names: Iterable[str]) -> None:
        """Raise where no run at all has a metric or a parameter of that name.

        Raises:
            NotFound: None has; the nearest name is in the hint.
        """
        ...

    def list_artifacts(
        self,
        *,
        runs: Collection[RunId] | None = None,
        names: Collection[str] | None = None,
        kinds: Collection[ArtifactKind] | None = None,
    ) -> tuple[Artifact, ...]:
        """List images and documents that were logged, in the order they were stored."""
        ...

    def list_empty(self, runs: Sequence[RunId]) -> tuple[Run, ...]:
        """List those of the runs that have nothing to show in TensorBoard, nor has any below them."""
        ...
