"""Runs that were asked for: a tuple, and a table in notebooks, for pandas and for Arrow."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from trackboard.errors import UsageError
from trackboard.model import Run

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from trackboard.service import Service
    from trackboard.service.run_table import Cell


class RunList(tuple[Run, ...]):
    """Runs, in the order that was asked for."""

    _service: Service | None = None

    @classmethod
    def of(cls, runs: Iterable[Run], service: Service) -> RunList:
        """Runs of a workspace that is looked at when they are shown."""
        found = cls(runs)
        found._service = service
        return found

    def to_pandas(self, columns: Iterable[str] | None = None) -> pd.DataFrame:
        """A row for each run, as it is now.

        Columns: id, experiment, name, state, kind, parent, created, started, ended (timestamps in UTC),
        duration; then `params.NAME`, `tags.KEY` and `metrics.NAME` (last values), or those asked for.

        Args:
            columns: Names as in conditions, such as `loss.min` or `user`; None: all parameters, tags
                and metrics.

        Raises:
            NotFound: No run has what a name names.
            UsageError: A name is none, or pandas is not installed.
        """
        from trackboard.service.run_table import to_pandas

        return to_pandas(self._columns(columns))

    def to_arrow(self, columns: Iterable[str] | None = None) -> pa.Table:
        """The same for Arrow, Polars, DuckDB and Parquet; see `to_pandas`.

        Raises:
            NotFound: No run has what a name names.
            UsageError: A name is none, or pyarrow is not installed.
        """
        from trackboard.service.run_table import to_arrow

        return to_arrow(self._columns(columns))

    def _columns(self, names: Iterable[str] | None) -> dict[str, list[Cell]]:
        from trackboard.service.run_table import read_columns

        if self._service is None:
            raise UsageError(
                "these runs belong to no workspace any more", hint="Ask workspace.runs(...) anew."
            )
        return read_columns(self._service, self, [names] if isinstance(names, str) else names)

    def _repr_html_(self) -> str | None:
        if self._service is None:
            return None
        from trackboard.api.notebook import (  # loads what boards are found with
            PageContext,
            runs_html,
        )

        return runs_html(PageContext.of(self._service), self)

    def __reduce__(self) -> tuple[type[tuple[Run, ...]], tuple[tuple[Run, ...]]]:
        return tuple, (tuple(self),)  # a copy is a value, wherever it goes
