"""The series' part of the SQL store: points as they were logged, sampled, or aggregated."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from trackboard.model import RunId, Series, SeriesId
from trackboard.ports import Points, Rollup
from trackboard.stores.engine.database import Database
from trackboard.stores.points import summaries
from trackboard.stores.points.damage import Damage, DamageReport

if TYPE_CHECKING:
    from trackboard.stores.points.rollups import RollupCache


class SqlSeries:
    """`trackboard.ports.SeriesStore` on tables; see there for what each method promises."""

    _database: Database
    _damage: DamageReport

    @cached_property
    def _rollups(self) -> RollupCache:
        from trackboard.stores.points.rollups import RollupCache

        return RollupCache()

    def list_series(
        self,
        *,
        runs: Collection[RunId] | None = None,
        names: Collection[str] | None = None,
        text: bool | None = None,
    ) -> tuple[Series, ...]:
        """Summaries of the series that match every given condition."""
        with self._database.read() as connection:
            return summaries.list_series(connection, runs=runs, names=names, text=text)

    def read_points(
        self, series: Sequence[SeriesId], *, limit: int | None = None
    ) -> Mapping[SeriesId, Points]:
        """Points of several series, in log order."""
        from trackboard.stores.points import reader

        damages: list[Damage] = []
        with self._database.read() as connection:
            found = reader.read_points(connection, series, limit, damages)
        self._damage.report(damages)
        return found

    def read_rollups(
        self,
        series: Sequence[SeriesId],
        limit: int,
        *,
        first_step: int | None = None,
        last_step: int | None = None,
    ) -> Mapping[SeriesId, Rollup]:
        """Points of several series of numbers, aggregated."""
        from trackboard.stores.points.rollup_reader import RollupReader

        damages: list[Damage] = []
        with self._database.read() as connection:
            generation = self._database.generation
            reader = RollupReader(connection, self._rollups, generation, damages)
            found = reader.read(series, limit, first_step, last_step)
        self._damage.report(damages)
        return found

    def iter_points(self, series: SeriesId) -> Iterator[Points]:
        """All points of one series, a chunk at a time."""
        from trackboard.stores.points import reader

        return reader.iter_points(self._database, series, self._damage.report)
