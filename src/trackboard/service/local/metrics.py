"""Metrics of runs in a workspace on this machine."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from trackboard.model import ArtifactKind, Run, RunId, Series, SeriesId
from trackboard.ports import Artifact, Points
from trackboard.service.local.door import Door

if TYPE_CHECKING:
    from trackboard.history import History
    from trackboard.history.band import Band
    from trackboard.history.buckets import Buckets
    from trackboard.service.contract.metrics import Metrics


class LocalMetrics:
    """`Metrics` of a workspace; see there for what each method promises."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def list(
        self,
        *,
        runs: Collection[RunId] | None = None,
        names: Collection[str] | None = None,
        text: bool | None = None,
    ) -> tuple[Series, ...]:
        """List what is known of the series that match every given condition."""
        return self._door.drained().list_series(runs=runs, names=names, text=text)

    def read(
        self, series: Sequence[SeriesId], *, limit: int | None = None
    ) -> Mapping[SeriesId, Points]:
        """Read the points of series."""
        return self._door.drained().read_points(series, limit=limit)

    def read_buckets(
        self,
        series: Sequence[Series],
        limit: int,
        *,
        first_step: int | None = None,
        last_step: int | None = None,
    ) -> Mapping[SeriesId, Buckets]:
        """Read series of numbers in few buckets of steps."""
        from trackboard.history.buckets import read_buckets  # loads numpy

        store = self._door.drained()
        return read_buckets(store, series, limit, first_step=first_step, last_step=last_step)

    def read_curves(
        self,
        series: Sequence[Series],
        limit: int,
        *,
        x: str = "step",
        first: float | None = None,
        last: float | None = None,
    ) -> Mapping[SeriesId, Buckets]:
        """Read series of numbers in few buckets of an x axis."""
        from trackboard.history.buckets import read_curves  # loads numpy
        from trackboard.history.x_axis import open_axis

        store = self._door.drained()
        return read_curves(store, series, limit, open_axis(store, x), first=first, last=last)

    def read_band(
        self,
        series: Sequence[Series],
        limit: int,
        *,
        x: str = "step",
        first: float | None = None,
        last: float | None = None,
    ) -> Band:
        """Read mean, deviation and extremes over all points of several series."""
        from trackboard.history.band import read_band  # loads numpy
        from trackboard.history.x_axis import open_axis

        store = self._door.drained()
        return read_band(store, series, limit, open_axis(store, x), first=first, last=last)

    def read_history(
        self,
        runs: Sequence[Run],
        names: Collection[str] | None = None,
        *,
        limit: int | None = None,
    ) -> History:
        """Read what runs logged as one long table."""
        from trackboard.history.points import read_history  # loads numpy

        store = self._door.drained()
        return read_history(store, runs, self._door.names.show(store, runs), names, limit=limit)

    def check_columns(self, names: Iterable[str]) -> None:
        """Raise where no run at all has a metric or a parameter of that name."""
        from trackboard.history.known_names import check_columns

        check_columns(self._door.drained(), names)

    def list_artifacts(
        self,
        *,
        runs: Collection[RunId] | None = None,
        names: Collection[str] | None = None,
        kinds: Collection[ArtifactKind] | None = None,
    ) -> tuple[Artifact, ...]:
        """List images and documents that were logged."""
        return self._door.drained().list_artifacts(runs=runs, names=names, kinds=kinds)

    def list_empty(self, runs: Sequence[RunId]) -> tuple[Run, ...]:
        """List those of the runs that have nothing to show in TensorBoard."""
        from trackboard.board.provider.empty import list_empty

        return list_empty(self._door.drained(), runs)


if TYPE_CHECKING:

    def _fits(part: LocalMetrics) -> Metrics:
        return part
