"""Points of many runs and metrics as one long table: a row for each point."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from trackboard.errors import UsageError
from trackboard.model import RunId
from trackboard.ports import FloatColumn, IntColumn

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

Codes = npt.NDArray[np.int32]
TextColumn = npt.NDArray[np.object_]

_NONE = np.array(None, dtype=object)
_INSTEAD = (
    "pip install 'trackboard[frames]', or use the numpy columns: history.steps, history.values."
)
COLUMNS = ("run", "run_name", "experiment", "metric", "step", "time", "value", "text")


@dataclass(frozen=True, eq=False)
class History:
    """What was logged, as columns of one length: a row per point, in log order within each series.

    Rows of a series follow each other: runs in the order asked for, the metrics of each as they were
    begun. Columns that repeat few texts are held as codes into a list of them (`run_codes`,
    `metric_codes`); `run`, `run_name` and `metric` write them out.

    Attributes:
        runs: Ids of the runs, each once.
        run_names: What they are called, in the same order: `experiment/name`, as in TensorBoard; unique.
        experiments: Their experiments, in the same order.
        metrics: Names of the metrics, each once; `table/column` for a column of a table.
        run_codes: (rows,) indices into `runs`.
        metric_codes: (rows,) indices into `metrics`.
        steps: (rows,) int64.
        times_s: (rows,) float64, seconds since the Unix epoch (UTC).
        values: (rows,) float64; bools are 0 and 1, text is NaN. Integers beyond 2**53 are rounded:
            `SeriesStore.read_points` has them exactly.
        texts: (rows,) str, None where the value is a number.
    """

    runs: tuple[RunId, ...]
    run_names: tuple[str, ...]
    experiments: tuple[str, ...]
    metrics: tuple[str, ...]
    run_codes: Codes
    metric_codes: Codes
    steps: IntColumn
    times_s: FloatColumn
    values: FloatColumn
    texts: TextColumn

    def __len__(self) -> int:
        """How many points there are."""
        return len(self.steps)

    def __repr__(self) -> str:
        return f"History({len(self):,} points, {len(self.runs)} runs, {len(self.metrics)} metrics)"

    @property
    def run(self) -> TextColumn:
        """(rows,) the run's id."""
        return _written_out(self.runs, self.run_codes)

    @property
    def run_name(self) -> TextColumn:
        """(rows,) what the run is called, as in TensorBoard."""
        return _written_out(self.run_names, self.run_codes)

    @property
    def experiment(self) -> TextColumn:
        """(rows,) the run's experiment."""
        return _written_out(self.experiments, self.run_codes)

    @property
    def metric(self) -> TextColumn:
        """(rows,) the metric's name."""
        return _written_out(self.metrics, self.metric_codes)

    def _experiment_codes(self) -> tuple[list[str], Codes]:
        """Experiments, each once, and (rows,) indices into them."""
        each = list(dict.fromkeys(self.experiments))
        of_run = np.array([each.index(name) for name in self.experiments], np.int32)
        return each, of_run[self.run_codes]

    def to_arrow(self) -> pa.Table:
        """The table for Arrow, Polars, DuckDB and Parquet.

        Columns: run, run_name, experiment, metric (dictionaries of string), step (int64), time (timestamp
        in µs, UTC), value (float64, null for text), text (string, null for numbers).

        Raises:
            UsageError: pyarrow is not installed.
        """
        pyarrow = load_library("pyarrow")
        is_text = np.not_equal(self.texts, _NONE)
        times = pyarrow.array(as_datetimes(self.times_s), pyarrow.timestamp("us"))
        columns = (
            _dictionary(pyarrow, self.runs, self.run_codes),
            _dictionary(pyarrow, self.run_names, self.run_codes),
            _dictionary(pyarrow, *self._experiment_codes()),
            _dictionary(pyarrow, self.metrics, self.metric_codes),
            pyarrow.array(self.steps),
            times.cast(pyarrow.timestamp("us", tz="UTC")),
            pyarrow.array(self.values, mask=is_text),
            pyarrow.array(self.texts, pyarrow.string()),
        )
        table: pa.Table = pyarrow.table(dict(zip(COLUMNS, columns, strict=True)))
        return table

    def to_pandas(self) -> pd.DataFrame:
        """The table for pandas: the columns of `to_arrow`, the first four as categories.

        Raises:
            UsageError: pandas is not installed.
        """
        pandas = load_library("pandas")
        times = pandas.Series(as_datetimes(self.times_s)).dt.tz_localize("UTC")
        columns = (
            _categories(pandas, self.runs, self.run_codes),
            _categories(pandas, self.run_names, self.run_codes),
            _categories(pandas, *self._experiment_codes()),
            _categories(pandas, self.metrics, self.metric_codes),
            self.steps,
            times,
            self.values,
            self.texts,
        )
        frame: pd.DataFrame = pandas.DataFrame(dict(zip(COLUMNS, columns, strict=True)))
        return frame


def _written_out(texts: Sequence[str], codes: Codes) -> TextColumn:
    column = np.empty(len(texts), dtype=object)
    column[:] = texts
    return column[codes]


def as_datetimes(times_s: FloatColumn) -> npt.NDArray[np.datetime64]:
    """As datetime64 in µs; what is no time of this world (NaN, infinities) as NaT."""
    micros = np.round(times_s * 1e6)
    is_time = np.abs(micros) < 2.0**62
    counted = np.where(is_time, micros, 0).astype(np.int64).astype("datetime64[us]")
    counted[~is_time] = np.datetime64("NaT")
    return counted


def _dictionary(pyarrow: ModuleType, texts: Sequence[str], codes: Codes) -> Any:
    return pyarrow.DictionaryArray.from_arrays(codes, pyarrow.array(texts, pyarrow.string()))


def _categories(pandas: ModuleType, texts: Sequence[str], codes: Codes) -> Any:
    return pandas.Categorical.from_codes(codes, categories=list(texts))


def load_library(name: str, *, instead: str = _INSTEAD) -> ModuleType:
    """Import pandas or pyarrow, which are extras.

    Args:
        name: The module.
        instead: What to type where it is missing.

    Raises:
        UsageError: It is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise UsageError(
            f"{name.partition('.')[0]} is not installed here, and this table is one of its own",
            hint=instead,
        ) from error
